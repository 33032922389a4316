"""Streams of patent XML: one record at a time, nothing that a hostile document asks for, and no field unnoticed."""

import html
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, BinaryIO

from lxml import etree

from horizon.errors import ParseError

_SNIFFED = 4_096
_LARGEST_RECORD = 64 << 20
_HTML = re.compile(rb"<(?:!doctype\s+)?html\b", re.IGNORECASE)
_WIDE = re.compile(rb"\x00?<\x00?!\x00?E\x00?N\x00?T\x00?I\x00?T\x00?Y")
_SKIPPED = frozenset({"img", "drawings"})


class _Metered:
    """A stream with its sniffed beginning put back, which ends a record that grows without end."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = BytesIO(head), rest
        self.since_record = 0

    def read(self, size: int = -1) -> bytes:
        data = self._head.read(size) or self._rest.read(size)
        self.since_record += len(data)
        if self.since_record > _LARGEST_RECORD:
            raise ParseError(f"expected records of at most {_LARGEST_RECORD >> 20} MB, found a larger one; refused")
        return data


def iterate_records(
    stream: BinaryIO,
    names: Iterable[str],
    roots: Iterable[str],
    expected: str,
    *,
    dropped: Iterable[str] = (),
    recover: bool = False,
) -> Iterator[Any]:
    """Elements with one of these local names, in any namespace, as they end; each valid until the next is asked for.

    Raises ParseError for anything but one well-formed XML document with one of these roots that declares no entity.
    Elements named in `dropped` are emptied as they end. `recover` reads on over places that are not well-formed: only
    for a document that is known to be whole.
    """
    head = stream.read(_SNIFFED)
    if _HTML.search(head):
        raise ParseError(f"expected {expected}, found an HTML page: the feed is down or has moved; refetch")
    if _WIDE.search(head):
        raise ParseError(f"expected {expected} without entities of its own, found some: refused as hostile")
    try:
        yield from _iterate(_Metered(head, stream), tuple(names), tuple(dropped), frozenset(roots), expected, recover)
    except etree.XMLSyntaxError as error:
        raise ParseError(f"expected {expected} as complete XML, found {str(error)[:200]}; refetch") from None
    except (UnicodeError, LookupError) as error:
        raise ParseError(f"expected {expected} in a readable encoding, found {error}; refetch") from None


def _iterate(
    stream: _Metered,
    names: tuple[str, ...],
    dropped: tuple[str, ...],
    roots: frozenset[str],
    expected: str,
    recover: bool,
) -> Iterator[Any]:
    events = etree.iterparse(
        stream,
        events=("end",),
        tag=tuple(f"{{*}}{name}" for name in (*names, *dropped)),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        recover=recover,
        # Depth and text limits of libxml2 stay on, so its limit on the whole is ours: a bulk file may have any size.
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    checked = False
    for _, element in events:
        checked = checked or _check_document(element.getroottree(), roots, expected)
        if local_name(element.tag) in dropped:
            element.clear(keep_tail=False)
            continue
        yield element
        stream.since_record = 0
        _forget(element)
    if events.root is None:
        raise ParseError(f"expected {expected}, found no document; refetch")
    _check_document(events.root.getroottree(), roots, expected)


def _check_document(tree: Any, roots: frozenset[str], expected: str) -> bool:
    dtd = tree.docinfo.internalDTD
    if dtd is not None and next(iter(dtd.iterentities()), None) is not None:
        raise ParseError(f"expected {expected} without entities of its own, found some: refused as hostile")
    root = tree.getroot()
    if local_name(root.tag) not in roots:
        raise ParseError(f"expected {expected}, found <{str(root.tag)[:80]}>; look whether the file is of this source")
    return True


def _forget(element: Any) -> None:
    """Free what has been read, so that memory does not grow with the file."""
    parent = element.getparent()
    element.clear(keep_tail=False)
    if parent is None:
        return
    while (before := element.getprevious()) is not None:
        parent.remove(before)


def local_name(tag: object) -> str:
    """The name without its namespace."""
    return str(tag).rpartition("}")[2]


def child(element: Any, *path: str) -> Any | None:
    """The first descendant along local names."""
    for name in path:
        element = next(children(element, name), None)
        if element is None:
            return None
    return element


def children(element: Any, *names: str) -> Iterator[Any]:
    """Direct children with one of these local names; all of them without a name."""
    for below in element:
        if isinstance(below.tag, str) and (not names or local_name(below.tag) in names):
            yield below


def listed(element: Any, *path: str) -> Iterator[Any]:
    """The children named last in `path`, below the first descendants named before: none where there is no such list."""
    place = child(element, *path[:-1])
    if place is not None:
        yield from children(place, path[-1])


def fold(text: str | None) -> str:
    """White space, line breaks included, to single spaces."""
    return " ".join(text.split()) if text else ""


def text_of(element: Any | None) -> str:
    """All text inside, folded; an entity that only the absent DTD knows becomes its character where HTML has it."""
    return "" if element is None else fold("".join(_texts(element)))


def text_at(element: Any, *path: str) -> str:
    return text_of(child(element, *path))


def _texts(element: Any) -> Iterator[str]:
    if element.text:
        yield element.text
    for below in element:
        if below.tag is etree.Entity:
            yield html.unescape(below.text)
        elif isinstance(below.tag, str) and local_name(below.tag) not in _SKIPPED:
            # Blocks within a text stand apart; inline marks (sub, sup, i) do not.
            gap = " " if local_name(below.tag) in ("p", "br", "li", "heading") else ""
            yield gap
            yield from _texts(below)
            yield gap
        if below.tail:
            yield below.tail


class Fields:
    """Which fields of a record are known: read by the parser, or left out on purpose by the source's YAML.

    A field is a path of local names below the record, `bibliographic-data/parties`, or an attribute, `abstract@lang`.
    A path in `trees` or `ignored` covers all below it; `@sequence` in `ignored` covers this attribute everywhere.
    """

    def __init__(self, read: Iterable[str], trees: Iterable[str], ignored: Iterable[str]) -> None:
        listed = list(ignored)
        self._covered = frozenset([*trees, *(name for name in listed if "@" not in name)])
        self._known = frozenset([*read, *(name for name in listed if "@" in name)])

    def left_over(self, record: Any) -> list[str]:
        """Fields with a value that nobody asked for, in the order found."""
        return list(dict.fromkeys(self._left_over(record, "")))

    def _left_over(self, element: Any, path: str) -> Iterator[str]:
        for name in element.attrib:
            attribute = f"@{local_name(name)}"
            if attribute not in self._known and path + attribute not in self._known:
                yield path + attribute
        if path and path not in self._known and element.text and not element.text.isspace():
            yield path
        for below in element:
            if isinstance(below.tag, str):
                place = f"{path}/{local_name(below.tag)}" if path else local_name(below.tag)
                if place not in self._covered:
                    yield from self._left_over(below, place)
