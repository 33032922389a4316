"""Every field that occurs in an RSS or Atom document: what a test compares with the fields that a parser reads."""

from typing import Any

from lxml import etree

from scrapers.parsers.xml_stream import RULES, fold, local_name

_ENTRIES = ("entry", "item")


def fields_of(data: bytes) -> set[str]:
    """Fields with a value, as `entry/title` or `channel/link@href`."""
    found: set[str] = set()
    root: Any = etree.fromstring(data, etree.XMLParser(**RULES))
    for entry in [element for element in root.iter() if local_name(element.tag) in _ENTRIES]:
        _collect(entry, local_name(entry.tag), found)
        entry.getparent().remove(entry)
    for part in root if root.find("{*}channel") is not None else (root,):
        _collect(part, local_name(part.tag), found)
    return found


def _collect(element: Any, place: str, found: set[str]) -> None:
    found.update(f"{place}@{local_name(key)}" for key in element.attrib)
    if fold(element.text) and not len(element):
        found.add(place)
    for child in element:
        _collect(child, f"{place}/{local_name(child.tag)}", found)
