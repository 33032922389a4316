"""Atom feeds (RFC 4287): an edition's issues, newest first, for readers' programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

_SPACE = UUID("5f0c2b0e-6d0b-5a52-9d3b-0a3f6c1f7e11")
"""Of our own making: ids depend on it for ever."""
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Entry:
    key: str
    """What makes it the same entry when the site is built again."""
    title: str
    updated: datetime
    page: str
    """Relative to the feed."""
    summary: str
    enclosures: tuple[tuple[str, str], ...] = ()
    """Addresses relative to the feed, and media types."""


def atom_feed(
    key: str, title: str, language: str, name: str, entries: Sequence[Entry], address: str | None = None
) -> bytes:
    """The feed in the file `name`; links are relative, or below `address` where the site will stand is known.

    `entries` are one or more.
    """
    from lxml import etree

    base = "" if address is None else address.rstrip("/") + "/"
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]  # the stubs know no default namespace
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", language)

    def add(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
        element = etree.SubElement(parent, f"{{{_ATOM}}}{tag}", attributes)
        element.text = text
        return element

    add(feed, "id", uuid5(_SPACE, key).urn)
    add(feed, "title", title)
    add(feed, "updated", _instant(max(entry.updated for entry in entries)))
    add(add(feed, "author"), "name", "Horizon")
    add(feed, "link", rel="self", type="application/atom+xml", href=base + name)
    add(feed, "link", rel="alternate", type="text/html", href=base + "index.html")
    for entry in entries:
        made = add(feed, "entry")
        add(made, "id", uuid5(_SPACE, f"{key} {entry.key}").urn)
        add(made, "title", entry.title)
        add(made, "updated", _instant(entry.updated))
        add(made, "link", rel="alternate", type="text/html", href=base + entry.page)
        for address_, media in entry.enclosures:
            add(made, "link", rel="enclosure", type=media, href=base + address_)
        add(made, "summary", entry.summary, type="text")
    return bytes(etree.tostring(feed, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
