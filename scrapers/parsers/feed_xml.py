"""Read the entries of an RSS or Atom document one by one, with nothing that a hostile document could ask for."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

from lxml import etree

from horizon.errors import ParseError

_SNIFFED = 2_000
# What may stand before the document: mark of byte order, declaration, style sheets, comments.
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf|\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(rb"<!DOCTYPE(?!\s+html)", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+)?html\b", re.IGNORECASE)


class _Spliced:
    """A stream with its sniffed beginning put back."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = BytesIO(head), rest

    def read(self, size: int = -1) -> bytes:
        return self._head.read(size) or self._rest.read(size)


def iterate_entries(
    stream: BinaryIO, *, roots: frozenset[str], entries: frozenset[str], expected: str, first: bytes = b""
) -> Iterator[tuple[Any, Any | None]]:
    """Pairs of the document's root and one entry; at last the root alone (None), when all of it has been read.

    An entry is valid until the next is asked for; what stands outside entries stays readable below the root. Bytes that
    the caller has already read from the stream are given back as `first`. Raises ParseError for anything but one
    well-formed document with one of `roots` and without a DOCTYPE.
    """
    head = first + stream.read(_SNIFFED)
    start = _PROLOG.match(head)
    begins = head[start.end() if start else 0 :]
    if _HTML.match(begins):
        raise ParseError(f"expected {expected}, found an HTML page: the feed is down or has moved; refetch")
    if _DOCTYPE.match(begins):
        raise ParseError(f"expected {expected} without a DOCTYPE, found one: refused, it may carry hostile entities")
    try:
        yield from _iterate(_Spliced(head, stream), roots, entries, expected)
    except etree.XMLSyntaxError as error:
        raise ParseError(f"expected a complete XML document, found {error}; refetch it") from None
    except (UnicodeError, LookupError) as error:
        raise ParseError(f"expected a readable encoding, found {error}; refetch it") from None


def _iterate(
    stream: _Spliced, roots: frozenset[str], entries: frozenset[str], expected: str
) -> Iterator[tuple[Any, Any | None]]:
    events = etree.iterparse(
        stream,
        events=("end",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    root: Any = None
    before: Any = None
    for _, element in events:
        if root is None:
            root = _check_document(element, roots, expected)
        if element.tag not in entries or _inside_entry(element, entries):
            continue
        yield root, element
        # The one before, not this one: the reader still holds on to the element that it has just closed.
        _drop(before)
        element.clear(keep_tail=False)
        before = element
    if root is None:
        raise ParseError(f"expected {expected}, found an empty document; refetch it")
    _drop(before)
    yield root, None


def _check_document(element: Any, roots: frozenset[str], expected: str) -> Any:
    tree = element.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise ParseError(f"expected {expected} without a DOCTYPE, found one: refused, it may carry hostile entities")
    root = tree.getroot()
    if root.tag not in roots:
        raise ParseError(f"expected {expected}, found <{str(root.tag)[:80]}>; refetch it")
    return root


def _inside_entry(element: Any, entries: frozenset[str]) -> bool:
    return any(above.tag in entries for above in element.iterancestors())


def _drop(element: Any | None) -> None:
    parent = None if element is None else element.getparent()
    if parent is not None:
        parent.remove(element)


def local_name(tag: object) -> str:
    """The name without its namespace, at most 60 letters."""
    return str(tag).rpartition("}")[2][:60]


def fold(text: str | None) -> str:
    """White space, line breaks included, to single spaces."""
    return " ".join(text.split()) if text else ""


def field_names(stream: BinaryIO, *, roots: frozenset[str], entries: frozenset[str]) -> set[str]:
    """Every field with a value, as `entry/title` or `channel/link@href`: what a test compares with what is read."""
    found: set[str] = set()
    for root, entry in iterate_entries(stream, roots=roots, entries=entries, expected="a feed"):
        if entry is not None:
            _collect(entry, local_name(entry.tag), found)
        elif root.find("{*}channel") is None:
            _collect(root, local_name(root.tag), found)
        else:
            for part in root:
                _collect(part, local_name(part.tag), found)
    return found


def _collect(element: Any, place: str, found: set[str]) -> None:
    found.update(f"{place}@{local_name(key)}" for key in element.attrib)
    if fold(element.text) and not len(element):
        found.add(place)
    for child in element:
        _collect(child, f"{place}/{local_name(child.tag)}", found)
