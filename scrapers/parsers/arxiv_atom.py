"""Atom answers of arXiv's query API to Items: `published` is the day of version 1, `updated` that of the version shown.

Shape: https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any, BinaryIO

from pydantic import ValidationError

from horizon.errors import ParseError
from horizon.records import Code, Issue, Item
from scrapers.affiliations import Places, read_affiliations
from scrapers.issues import Refusal, Severity, make_issue
from scrapers.parsers.arxiv_terms import ARXIV_ID, CATEGORY, DOI, language_of, named, says_withdrawn
from scrapers.parsers.feed_dates import two_days_after
from scrapers.parsers.feed_xml import iterate_entries
from scrapers.parsers.tex_accents import to_unicode
from scrapers.parsers.xml_stream import fold
from scrapers.source import Source

ARXIV_SOURCE = "arxiv"
"""What this API shows are the papers of the source `arxiv`: same ids, so that a repair mends and does not double."""
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_ROOTS, _ENTRIES = frozenset({f"{_ATOM}feed"}), frozenset({f"{_ATOM}entry"})
_CATEGORY, _AUTHOR = f"{_ATOM}category", f"{_ATOM}author"
_ABSTRACT_PAGE = re.compile(r"https?://(?:\w+\.)?arxiv\.org/abs/(?P<id>\S+?)(?:v(?P<version>[1-9]\d{0,4}))?")
_MSC = re.compile(r"\d{2}[A-Z-][\dx]{2}")
_ACM = re.compile(r"[A-K]\.\d{1,2}(?:\.(?:\d{1,2}|m))?")
_CLASS_SEPARATOR = re.compile(r"[\s,;]+")
_CLASS_NOTES = re.compile(r"\((?:primary|secondary)\)|\b(?:primary|secondary)\b:?", re.IGNORECASE)
_LARGEST_WRAPPED = 64 << 20
USED = frozenset(
    {
        *("feed/updated", "feed/totalResults", "feed/itemsPerPage", "feed/startIndex"),
        *("entry/id", "entry/title", "entry/summary", "entry/published", "entry/updated", "entry/comment", "entry/doi"),
        *("entry/category@term", "entry/primary_category@term", "entry/author/name", "entry/author/affiliation"),
    }
)
"""Fields that are read; every other one must be named in the source's `ignore_fields`."""


@dataclass(slots=True)
class AtomPage:
    """What one answer holds."""

    total: int | None = None
    """Hits of the whole query as the server counts them; None when it does not say."""
    start: int | None = None
    size: int | None = None
    """Entries asked for, as the server understood it."""
    clock: datetime | None = None
    error: str | None = None
    """The text of an `Error` entry, which older servers sent with status 200."""
    identifiers: list[str] = field(default_factory=list)
    """Of every entry, without version, in the order given."""
    items: list[Item] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    records: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry, judged."""

    identifier: str
    item: Item | None
    issues: tuple[Issue, ...]
    error: str | None = None


def unwrap(data: bytes) -> bytes:
    """The body of a recorded answer `{"url", "status_code", "body"}`; anything that is not JSON comes back as it is.

    The recordings at hand were decoded as Latin-1 by their recorder: where that explains every letter it is undone.
    """
    if data.lstrip()[:1] != b"{":
        return data
    try:
        body = json.loads(data)["body"]
    except (ValueError, KeyError, TypeError, RecursionError):
        body = None
    if not isinstance(body, str):
        raise ParseError('expected Atom, or JSON with a text "body" that holds Atom, found other JSON; refetch it')
    try:
        as_sent = body.encode("latin-1")
        as_sent.decode("utf-8")
    except UnicodeError:
        return body.encode("utf-8", "replace")
    return as_sent


def parse_items(stream: BinaryIO, source: Source) -> Iterator[Item | Issue]:
    """Items and issues of one answer, plain or JSON-wrapped. Raises ParseError when it is no answer of this API."""
    for _, found in _read(stream, source):
        if found is None:
            continue
        if found.error is not None:
            yield make_issue(source.id, "error", "source-error", f"the API answered with an error: {found.error}")
        yield from found.issues
        if found.item is not None:
            yield found.item


def read_page(data: bytes, source: Source) -> AtomPage:
    """One answer with what paging needs. Raises ParseError when it is no answer of this API."""
    page = AtomPage()
    for root, found in _read(BytesIO(data), source):
        if found is None:
            page.total, page.start = _number(root, "totalResults"), _number(root, "startIndex")
            page.size, page.clock = _number(root, "itemsPerPage"), _clock(root)
        elif found.error is not None:
            page.error = found.error
        else:
            _count(page, found)
    return page


def _count(page: AtomPage, found: _Found) -> None:
    page.records += 1
    page.issues.extend(found.issues)
    if found.identifier:
        page.identifiers.append(found.identifier)
    if found.item is None:
        page.refused.append(found.identifier)
    else:
        page.items.append(found.item)


def _read(stream: BinaryIO, source: Source) -> Iterator[tuple[Any, _Found | None]]:
    first = stream.read(1)
    if first in (b"{", b" ", b"\n", b"\t", b"\r"):
        whole = first + stream.read(_LARGEST_WRAPPED)
        stream, first = BytesIO(unwrap(whole)), b""
    entries = iterate_entries(stream, roots=_ROOTS, entries=_ENTRIES, expected="an Atom feed of arXiv", first=first)
    for root, entry in entries:
        yield root, None if entry is None else _judge(entry, _clock(root), source)


def _number(root: Any, name: str) -> int | None:
    text = fold(root.findtext(f"{_SEARCH}{name}"))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _clock(root: Any) -> datetime | None:
    return _moment(root.findtext(f"{_ATOM}updated"))


def _moment(text: str | None) -> datetime | None:
    """RFC 3339, `2017-07-27T08:18:33Z`; None when it is no such time."""
    try:
        moment = datetime.fromisoformat(fold(text))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _judge(entry: Any, clock: datetime | None, source: Source) -> _Found:
    link, title = fold(entry.findtext(f"{_ATOM}id")), fold(entry.findtext(f"{_ATOM}title"))
    if "/api/errors" in link or (title == "Error" and _ABSTRACT_PAGE.fullmatch(link) is None):
        return _Found("", None, (), error=fold(entry.findtext(f"{_ATOM}summary"))[:300] or "no reason given")
    record = _Record(entry, clock, source)
    try:
        item = record.item(link, title)
    except Refusal as refusal:
        unnamed = {} if record.arxiv_id else {"identifier": link}
        told = refusal.issue(source.id, named(ARXIV_SOURCE, record.arxiv_id), **unnamed)
        return _Found(record.arxiv_id, None, (*record.issues, told))
    return _Found(record.arxiv_id, item, tuple(record.issues))


class _Record:
    """Turns one entry into an item; what is noticed on the way is in `issues`."""

    def __init__(self, entry: Any, clock: datetime | None, source: Source) -> None:
        self._entry, self._source = entry, source
        self._latest = two_days_after(clock.date()) if clock else date.max
        self.arxiv_id = ""
        self.issues: list[Issue] = []

    def item(self, link: str, title: str) -> Item:
        address = _ABSTRACT_PAGE.fullmatch(link)
        if address is None or not ARXIV_ID.fullmatch(address["id"]):
            raise Refusal("id-unreadable", "expected an id such as http://arxiv.org/abs/2611.01234v1")
        self.arxiv_id = address["id"]
        if not title:
            raise Refusal("title-missing", "a record without a title cannot be read by anybody; refused")
        number = address["version"]
        return self._build(to_unicode(title), f"v{number}" if number else None, self._published())

    def _build(self, title: str, version: str | None, published: date) -> Item:
        abstract = to_unicode(self._text(f"{_ATOM}summary")) or None
        comment, doi = self._text(f"{_ARXIV}comment"), self._doi()
        authors, places = self._authors()
        try:
            item = Item(
                id=f"{ARXIV_SOURCE}:{self.arxiv_id}",
                source=ARXIV_SOURCE,
                kind="preprint",
                version=version,
                title=title,
                abstract=abstract,
                language=language_of(title, abstract),
                published=published,
                updated=self._updated(),
                authors=authors,
                organisations=places.organisations,
                countries=places.countries,
                codes=self._codes(),
                doi=doi,
                url=f"https://arxiv.org/abs/{self.arxiv_id}",
                withdrawn=says_withdrawn(comment) or says_withdrawn((abstract or "")[:300]),
            )
        except ValidationError as error:
            raise Refusal.invalid(error) from None
        self._remark(item)
        return item

    def _note(self, severity: Severity, code: str, message: str, **data: str) -> None:
        item_id = named(ARXIV_SOURCE, self.arxiv_id)
        self.issues.append(make_issue(self._source.id, severity, code, message, item_id, **data))

    def _text(self, tag: str) -> str:
        return fold(self._entry.findtext(tag))

    def _in_range(self, moment: datetime) -> bool:
        return self._source.earliest_published <= moment.date() <= self._latest

    def _published(self) -> date:
        text = self._text(f"{_ATOM}published")
        moment = _moment(text)
        if moment is None:
            raise Refusal("date-unreadable", "expected a first date such as 2017-07-27T08:18:33Z", found=text)
        if not self._in_range(moment):
            message = f"expected a first date from {self._source.earliest_published} to {self._latest}; refused"
            raise Refusal("date-out-of-range", message, found=text)
        return moment.date()

    def _updated(self) -> datetime | None:
        text = self._text(f"{_ATOM}updated")
        moment = _moment(text)
        if moment is not None and self._in_range(moment):
            return moment
        self._note("warning", "updated-unreadable", "the version's date is unreadable or out of range", found=text)
        return None

    def _authors(self) -> tuple[tuple[str, ...], Places]:
        names: dict[str, None] = {}
        affiliations: dict[str, None] = {}
        for author in self._entry.iterfind(_AUTHOR):
            names[to_unicode(fold(author.findtext(f"{_ATOM}name")))] = None
            for affiliation in author.iterfind(f"{_ARXIV}affiliation"):
                affiliations[to_unicode(fold(affiliation.text))] = None
        places = read_affiliations(filter(None, affiliations))
        if places.left_out:
            message = f"{places.left_out} organisations beyond the first {len(places.organisations)} were left out"
            self._note("warning", "organisations-capped", message)
        return tuple(filter(None, names)), places

    def _doi(self) -> str | None:
        text = self._text(f"{_ARXIV}doi")
        found = DOI.search(text)
        if text and found is None:
            self._note("info", "doi-unreadable", "expected 10.<registrant>/<suffix>", found=text)
        return found[0].rstrip(".") if found else None

    def _codes(self) -> tuple[Code, ...]:
        """Primary category first; classes of MSC and ACM stand among the categories and are told by their shape."""
        primary = self._entry.find(f"{_ARXIV}primary_category")
        terms = [] if primary is None else [fold(primary.get("term"))]
        terms += [fold(element.get("term")) for element in self._entry.iterfind(_CATEGORY)]
        codes: dict[Code, None] = {}
        for term in terms:
            if CATEGORY.fullmatch(term):
                codes[Code(scheme="arxiv", symbol=term)] = None
            else:
                codes.update(dict.fromkeys(self._classes(term)))
        return tuple(codes)

    def _classes(self, term: str) -> Iterator[Code]:
        for word in filter(None, _CLASS_SEPARATOR.split(_CLASS_NOTES.sub(" ", term))):
            if _MSC.fullmatch(word):
                yield Code(scheme="msc", symbol=word)
            elif _ACM.fullmatch(word):
                yield Code(scheme="acm", symbol=word)
            else:
                self._note("info", "category-unreadable", "neither a category nor an MSC or ACM class", found=word)

    def _remark(self, item: Item) -> None:
        if item.abstract is None:
            self._note("info", "abstract-missing", "no abstract: the item is kept and judged by its title")
        if not item.authors:
            self._note("info", "authors-missing", "no author could be read")
        if not item.codes:
            self._note("warning", "categories-missing", "no category could be read")
        if "\ufffd" in item.title or "\ufffd" in (item.abstract or ""):
            self._note("warning", "encoding-damaged", "bytes that are no UTF-8 were replaced by U+FFFD")
