"""arXiv's daily announcements, RSS 2.0 or Atom 1.0: a day's ids with the kind of each line, and its new papers.

Shapes: https://github.com/arXiv/arxiv-feed (feed/serializers). The feed does not tell when the first version of a
replaced or cross-listed paper came out: these are counted and compared, and only new papers become items.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any, BinaryIO

from pydantic import ValidationError

from horizon.records import Code, Issue, Item
from scrapers.issues import Refusal, make_issue
from scrapers.parsers.arxiv_terms import ARXIV_ID, CATEGORY, DOI, language_of, named
from scrapers.parsers.author_names import split_authors
from scrapers.parsers.feed_dates import read_date, read_moment, two_days_after
from scrapers.parsers.feed_xml import iterate_entries
from scrapers.parsers.tex_accents import to_unicode
from scrapers.parsers.xml_stream import fold
from scrapers.source import Source

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ROOTS, _ENTRIES = frozenset({"rss", f"{_ATOM}feed"}), frozenset({"item", f"{_ATOM}entry"})
_GUID = re.compile(r"oai:arXiv\.org:(?P<id>\S+?)v(?P<version>[1-9]\d{0,4})")
_HEAD = re.compile(r"arXiv:\S+\s+Announce Type:\s*(?P<kind>[a-z-]+)\s*(?:Abstract:\s*)?", re.IGNORECASE)
_TITLE = re.compile(r"(?P<names>.+?) updates on arXiv\.org")
_ERROR_TITLE = "Feed error for query"
NEW = "new"
USED = frozenset(
    {
        *("channel/title", "channel/description", "channel/pubDate", "channel/lastBuildDate"),
        *("item/title", "item/description", "item/guid", "item/pubDate", "item/category", "item/creator"),
        *("item/announce_type", "item/rights", "item/DOI"),
        *("feed/title", "feed/subtitle", "feed/updated"),
        *("entry/title", "entry/summary", "entry/id", "entry/published", "entry/category@term", "entry/creator"),
        *("entry/announce_type", "entry/rights", "entry/DOI"),
    }
)
"""Fields that are read; every other one must be named in the source's `ignore_fields`."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One line of a day's mailing."""

    arxiv_id: str
    version: int
    kind: str
    """new, cross, replace or replace-cross; `new` has its primary category among those asked for."""


@dataclass(slots=True)
class Batch:
    """What one feed shows of one day."""

    names: tuple[str, ...] = ()
    """Archives or categories asked for."""
    day: date | None = None
    """Of the mailing, in US Eastern time, as the feed says: it has been wrong by a day."""
    built: datetime | None = None
    error: str | None = None
    """Why there is no batch, in the feed's words."""
    announcements: list[Announcement] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    records: int = 0
    refused: list[str] = field(default_factory=list)

    def ids(self, *kinds: str) -> set[str]:
        """arXiv ids announced, of these kinds or of any."""
        return {line.arxiv_id for line in self.announcements if not kinds or line.kind in kinds}


def parse_items(stream: BinaryIO, source: Source) -> Iterator[Item | Issue]:
    """Items and issues of one feed. Raises ParseError when it is no feed of arXiv's announcements."""
    batch = _read(stream, source)
    if batch.error is not None:
        yield make_issue(source.id, "error", "source-error", f"the feed tells of an error: {batch.error}")
    yield from batch.issues
    yield from batch.items


def read_batch(data: bytes, source: Source) -> Batch:
    """One feed. Raises ParseError when it is none."""
    return _read(BytesIO(data), source)


def _read(stream: BinaryIO, source: Source) -> Batch:
    batch = Batch()
    reader = _Lines(source, batch)
    for root, entry in iterate_entries(
        stream, roots=_ROOTS, entries=_ENTRIES, expected="arXiv's daily RSS or Atom feed"
    ):
        head = root if root.tag != "rss" else root.find("channel")
        if head is None:
            continue
        if entry is None or batch.records == 0:
            _read_head(head, batch)
        if entry is not None:
            reader.take(entry)
    reader.sum_up()
    return batch


def _first(element: Any, *tags: str) -> str:
    """The text of the first of these children that has some."""
    return next((text for tag in tags if (text := fold(element.findtext(tag)))), "")


def _read_head(head: Any, batch: Batch) -> None:
    title = _first(head, "title", f"{_ATOM}title")
    if title.startswith(_ERROR_TITLE):
        batch.error = _first(head, "description", f"{_ATOM}subtitle")[:300] or "no reason given"
    names = _TITLE.fullmatch(title)
    batch.names = tuple(re.split(r",\s*", names["names"])) if names else ()
    batch.day = read_date(_first(head, "pubDate"))
    batch.built = read_moment(_first(head, "lastBuildDate", f"{_ATOM}updated"))


class _Lines:
    """Turns the entries of one feed into announcements, items and issues."""

    def __init__(self, source: Source, batch: Batch) -> None:
        self._source, self._batch = source, batch
        self._passed = 0

    def take(self, entry: Any) -> None:
        batch = self._batch
        batch.records += 1
        guid = _GUID.fullmatch(_first(entry, "guid", f"{_ATOM}id"))
        arxiv_id = guid["id"] if guid else ""
        if guid is None or not ARXIV_ID.fullmatch(arxiv_id):
            found = _first(entry, "guid", f"{_ATOM}id")
            self._refuse(
                "", Refusal("id-unreadable", "expected a guid such as oai:arXiv.org:2611.01234v1", found=found)
            )
            return
        text = _first(entry, "description", f"{_ATOM}summary")
        head = _HEAD.match(text)
        kind = _first(entry, f"{_ARXIV}announce_type") or (head["kind"] if head else "")
        batch.announcements.append(Announcement(arxiv_id, int(guid["version"]), kind.lower()))
        if kind.lower() != NEW:
            self._passed += 1
            return
        try:
            batch.items.append(self._item(entry, arxiv_id, guid["version"], text[head.end() :] if head else text))
        except Refusal as refusal:
            self._refuse(arxiv_id, refusal)

    def sum_up(self) -> None:
        """One remark on the announcements that became no item."""
        if self._passed:
            message = f"{self._passed} cross-lists and replacements have no first date here: ids kept, no items"
            self._batch.issues.append(make_issue(self._source.id, "info", "announced-only", message))
        if self._batch.day is None:
            # Atom tells the day in the entries only.
            self._batch.day = max((item.published for item in self._batch.items), default=None)

    def _refuse(self, arxiv_id: str, refusal: Refusal) -> None:
        self._batch.refused.append(arxiv_id)
        self._batch.issues.append(refusal.issue(self._source.id, named(self._source.id, arxiv_id)))

    def _item(self, entry: Any, arxiv_id: str, version: str, abstract: str) -> Item:
        title = to_unicode(_first(entry, "title", f"{_ATOM}title"))
        if not title:
            raise Refusal("title-missing", "a record without a title cannot be read by anybody; refused")
        abstract = to_unicode(abstract)
        doi = DOI.search(_first(entry, f"{_ARXIV}DOI"))
        try:
            return Item(
                id=f"{self._source.id}:{arxiv_id}",
                source=self._source.id,
                kind=self._source.kind,
                version=f"v{version}",
                title=title,
                abstract=abstract or None,
                language=language_of(title, abstract),
                published=self._published(entry),
                authors=split_authors(_first(entry, f"{_DC}creator")),
                codes=_codes(entry),
                doi=doi[0].rstrip(".") if doi else None,
                url=f"https://arxiv.org/abs/{arxiv_id}",
                licence=_first(entry, f"{_DC}rights", f"{_ATOM}rights") or None,
            )
        except ValidationError as error:
            raise Refusal.invalid(error) from None

    def _published(self, entry: Any) -> date:
        """The day of the announcement."""
        text = _first(entry, "pubDate", f"{_ATOM}published")
        day = read_date(text) or self._batch.day
        if day is None:
            raise Refusal("date-unreadable", "expected a day such as Tue, 24 Nov 2026 00:00:00 -0500", found=text)
        built = self._batch.built
        latest = two_days_after(built.date()) if built else date.max
        if not self._source.earliest_published <= day <= latest:
            message = f"expected a day from {self._source.earliest_published} to {latest}; refused"
            raise Refusal("date-out-of-range", message, found=text)
        return day


def _codes(entry: Any) -> tuple[Code, ...]:
    words = [fold(element.get("term") or element.text) for element in entry.iterfind("{*}category")]
    return tuple(Code(scheme="arxiv", symbol=word) for word in dict.fromkeys(words) if CATEGORY.fullmatch(word))
