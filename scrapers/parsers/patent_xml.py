"""Elements of patent XML by local names, their texts, and no field unnoticed."""

import html
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from scrapers.parsers.xml_stream import fold, local_name

_SKIPPED = frozenset({"img", "drawings"})


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
