"""XML records one by one in bounded memory: no entities of its own, no network, no DTD."""

from collections.abc import Collection, Iterator
from typing import Any, Protocol

from lxml import etree

from horizon.errors import ParseError


class Readable(Protocol):
    """All that a parser asks of a binary stream."""

    def read(self, size: int = -1, /) -> bytes: ...


class Rejoined:
    """A stream whose first bytes have been looked at already."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            data, self._head = self._head + self._rest.read(), b""
            return data
        if not self._head:
            return self._rest.read(size)
        data, self._head = self._head[:size], self._head[size:]
        # Some readers take a short answer for the end of the file.
        return data + self._rest.read(size - len(data)) if len(data) < size else data


def local_name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def read_elements(stream: Readable, roots: Collection[str], names: Collection[str], deepest: int = 40) -> Iterator[Any]:
    """Elements with one of these local names, each valid until the next is asked for, outer ones after inner ones.

    Raises ParseError for anything but one well-formed document with one of these roots. A DOCTYPE may name a DTD, which
    is not read; one that declares entities is refused.
    """
    wanted = {f"{{*}}{name}" for name in names}
    try:
        events = etree.iterparse(
            stream,
            events=("end",),
            tag=tuple(sorted(wanted)),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
        )
        checked = False
        for _, element in events:
            if not checked:
                _check_document(element, roots)
                checked = True
            yield element
            _forget(element)
        root = events.root
    except etree.XMLSyntaxError as error:
        raise ParseError(f"expected a complete XML document, found {error}; refetch") from None
    except (UnicodeError, LookupError) as error:
        raise ParseError(f"expected a known character encoding, found {error}; refetch") from None
    if not checked:
        _check_document(root, roots)


def _check_document(element: Any, roots: Collection[str]) -> None:
    tree = element.getroottree()
    declared = tree.docinfo.internalDTD
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        raise ParseError("expected XML without entities of its own, found some: refused, as they may be hostile")
    found = local_name(tree.getroot())
    if found not in roots:
        raise ParseError(f"expected <{'> or <'.join(sorted(roots))}>, found <{found[:80]}>; refetch")


def _forget(element: Any) -> None:
    """Free what has been read, so that memory does not grow with the file."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def as_record(element: Any) -> Any:
    """An element as the same record would be in JSON: text, or an object; what stands in a `...List` becomes a list."""
    if not len(element):
        return element.text or ""
    listed = local_name(element).endswith("List")
    record: dict[str, Any] = {}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name, value = local_name(child), as_record(child)
        known = record.get(name)
        if isinstance(known, list):
            known.append(value)
        elif known is not None:
            record[name] = [known, value]
        else:
            record[name] = [value] if listed else value
    return record
