"""Read the entries of an RSS or Atom document one by one, with nothing that a hostile document could ask for."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from horizon.errors import ParseError
from scrapers.parsers.xml_stream import Rejoined, check_document, closed_elements, reading, sniff


def iterate_entries(
    stream: BinaryIO, *, roots: frozenset[str], entries: frozenset[str], expected: str, first: bytes = b""
) -> Iterator[tuple[Any, Any | None]]:
    """Pairs of the document's root and one entry; at last the root alone (None), when all of it has been read.

    An entry is valid until the next is asked for; what stands outside entries stays readable below the root. Bytes that
    the caller has already read from the stream are given back as `first`. Raises ParseError for anything but one
    well-formed document with one of `roots` and without a DOCTYPE.
    """
    head = sniff(stream, expected, doctype=False, first=first)
    root: Any = None
    before: Any = None
    with reading(expected):
        for _, element in closed_elements(Rejoined(head, stream)):
            if root is None:
                root = _check_root(element, roots, expected)
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


def _check_root(element: Any, roots: frozenset[str], expected: str) -> Any:
    root = check_document(element, expected, doctype=False)
    if root.tag not in roots:
        raise ParseError(f"expected {expected}, found <{str(root.tag)[:80]}>; refetch it")
    return root


def _inside_entry(element: Any, entries: frozenset[str]) -> bool:
    return any(above.tag in entries for above in element.iterancestors())


def _drop(element: Any | None) -> None:
    parent = None if element is None else element.getparent()
    if parent is not None:
        parent.remove(element)
