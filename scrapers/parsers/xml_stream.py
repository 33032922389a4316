"""XML of feeds as a stream: record by record in bounded memory, and nothing that a hostile document asks for.

One home of the rules: no entities of the document's own, no DTD, no network, no HTML page taken for an answer.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from lxml import etree

from horizon.errors import ParseError

RULES: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    # Depth and text limits of libxml2 stay on; a limit on the whole is the caller's, as a bulk file may have any size.
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}
"""What every parser of a feed's XML is told."""
_SNIFFED = 4_096
_LARGEST_RECORD = 64 << 20
# What may stand before the document: mark of byte order, declaration, style sheets, comments.
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf|\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_HTML = re.compile(rb"<(?:!doctype\s+)?html\b", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!DOCTYPE(?!\s+html)", re.IGNORECASE)
_ENTITY = re.compile(rb"\x00?<\x00?!\x00?E\x00?N\x00?T\x00?I\x00?T\x00?Y")

_HALF_PAIR = re.compile(
    rb"&#(?:x0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*(?:55(?:29[6-9]|[3-9]\d\d)|56\d{3}|57(?:[0-2]\d\d|3[0-3]\d|34[0-3])))"
    rb"(?![0-9a-fA-F]);?"
)


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


class _Metered(Rejoined):
    """Ends a record that grows without end."""

    since_record = 0

    def read(self, size: int = -1, /) -> bytes:
        data = super().read(size)
        self.since_record += len(data)
        if self.since_record > _LARGEST_RECORD:
            raise ParseError(f"expected records of at most {_LARGEST_RECORD >> 20} MB, found a larger one; refused")
        return data


def sniff(stream: Readable, expected: str, *, doctype: bool, first: bytes = b"") -> bytes:
    """The first bytes of a stream, `first` (read already) among them.

    Raises ParseError for an HTML page, for entities, and for a DOCTYPE where none is allowed.
    """
    head = first + stream.read(_SNIFFED)
    prolog = _PROLOG.match(head)
    begins = head[prolog.end() if prolog else 0 :]
    if _HTML.match(begins):
        raise ParseError(f"expected {expected}, found an HTML page: the feed is down or has moved; refetch")
    if not doctype and _DOCTYPE.match(begins):
        raise _hostile(expected)
    if doctype and _ENTITY.search(head):
        raise ParseError(f"expected {expected} without entities of its own, found some: refused as hostile")
    return head


def _hostile(expected: str) -> ParseError:
    return ParseError(f"expected {expected} without a DOCTYPE, found one: refused, it may carry hostile entities")


def without_half_pairs(data: bytes) -> bytes:
    """For documents that are read over their faults: libxml2 makes of `&#xD800;` a text that cannot be decoded."""
    return _HALF_PAIR.sub("\ufffd".encode(), data)


@contextmanager
def reading(expected: str) -> Iterator[None]:
    """What libxml2 and the decoders raise within, as ParseError."""
    try:
        yield
    except etree.XMLSyntaxError as error:
        raise ParseError(f"expected {expected} as complete XML, found {str(error)[:200]}; refetch") from None
    except (UnicodeError, LookupError) as error:
        raise ParseError(f"expected {expected} in a readable encoding, found {error}; refetch") from None


def closed_elements(stream: Readable, tags: tuple[str, ...] | None = None, *, recover: bool = False) -> Any:
    """lxml's iterator over ("end", element) under the rules of this module; its `root` is set at the end."""
    return etree.iterparse(stream, events=("end",), tag=tags, recover=recover, **RULES)


def check_document(element: Any, expected: str, *, doctype: bool) -> Any:
    """The root above an element. Raises ParseError where the document declares entities, or has any DOCTYPE at all."""
    declared = element.getroottree().docinfo.internalDTD
    if declared is not None and not doctype:
        raise _hostile(expected)
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        raise ParseError(f"expected {expected} without entities of its own, found some: refused as hostile")
    return element.getroottree().getroot()


def iterate_records(
    stream: Readable,
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
    metered = _Metered(sniff(stream, expected, doctype=True), stream)
    left_out, allowed = frozenset(dropped), frozenset(roots)
    with reading(expected):
        events = closed_elements(metered, tuple(f"{{*}}{name}" for name in (*names, *left_out)), recover=recover)
        checked = False
        for _, element in events:
            checked = checked or _check_root(element, allowed, expected)
            if local_name(element.tag) in left_out:
                element.clear(keep_tail=False)
                continue
            yield element
            metered.since_record = 0
            forget(element)
        if events.root is None:
            raise ParseError(f"expected {expected}, found no document; refetch")
        _check_root(events.root, allowed, expected)


def _check_root(element: Any, roots: frozenset[str], expected: str) -> bool:
    root = check_document(element, expected, doctype=True)
    if local_name(root.tag) not in roots:
        raise ParseError(f"expected {expected}, found <{str(root.tag)[:80]}>; look whether the file is of this source")
    return True


def forget(element: Any) -> None:
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


def fold(text: str | None) -> str:
    """White space, line breaks included, to single spaces."""
    return " ".join(text.split()) if text else ""
