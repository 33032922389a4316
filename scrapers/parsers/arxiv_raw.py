"""arXivRaw, arXiv's own format, to Items: first-version dates, versions and the withdrawn flag are only here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, BinaryIO

from pydantic import ValidationError

from horizon.errors import ParseError
from horizon.records import Code, Issue, Item
from scrapers.issues import Refusal, Severity, make_issue
from scrapers.parsers.arxiv_terms import ARXIV_ID, CATEGORY, DOI, language_of, named, says_withdrawn
from scrapers.parsers.author_names import split_authors
from scrapers.parsers.feed_dates import two_days_after
from scrapers.parsers.oai_envelope import Entry, OaiReader, Page, mend_encoding
from scrapers.parsers.tex_accents import to_unicode
from scrapers.parsers.xml_stream import fold, local_name
from scrapers.source import Source

_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_ROOT = f"{_RAW}arXivRaw"
_VERSION = f"{_RAW}version"
_KEPT = ("id", "title", "authors", "categories", "comments", "doi", "license", "abstract")
_FIELDS = {f"{_RAW}{name}": name for name in _KEPT}
_DATE = re.compile(
    r"(?:[A-Za-z]{3},?\s+)?(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?\s*(GMT|UTC|Z|[+-]\d{4})?"
)
_MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)  # noqa: SIM905
}


@dataclass(frozen=True, slots=True)
class _Version:
    number: int
    date_text: str
    moment: datetime | None
    source_type: str


@dataclass(slots=True)
class _Raw:
    """The fields of one record before they are judged."""

    texts: dict[str, str]
    versions: list[_Version]
    strangers: list[str]


def _text(element: Any) -> str:
    return "".join(element.itertext()) if len(element) else element.text or ""


def _read_date(text: str) -> datetime | None:
    """RFC 822 in GMT, `Mon, 2 Apr 2007 19:18:42 GMT`; None when it is no such date."""
    match = _DATE.fullmatch(text.strip())
    month = _MONTHS.get(match[2].title()) if match else None
    if match is None or month is None:
        return None
    zone: timezone = UTC
    if match[7] and match[7][0] in "+-":
        minutes = int(match[7][1:3]) * 60 + int(match[7][3:])
        zone = timezone(timedelta(minutes=-minutes if match[7][0] == "-" else minutes))
    try:
        local = datetime(
            int(match[3]), month, int(match[1]), int(match[4]), int(match[5]), int(match[6] or 0), tzinfo=zone
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_version(element: Any) -> _Version:
    label = str(element.get("version", "")).lstrip("v")
    date_text = source_type = ""
    for child in element:
        if child.tag == f"{_RAW}date":
            date_text = fold(child.text)
        elif child.tag == f"{_RAW}source_type":
            source_type = fold(child.text)
    number = int(label) if label.isascii() and label.isdigit() and len(label) < 6 else 0
    return _Version(number, date_text, _read_date(date_text), source_type)


def _read_raw(metadata: Any, ignored: frozenset[str]) -> _Raw:
    raw = _Raw({}, [], [])
    for child in metadata:
        tag = child.tag
        name = _FIELDS.get(tag)
        if name is not None:
            raw.texts[name] = _text(child)
        elif tag == _VERSION:
            raw.versions.append(_read_version(child))
        elif tag not in ignored:
            raw.strangers.append(local_name(tag)[:60])
    raw.versions.sort(key=lambda version: version.number)
    return raw


class _Records:
    """Turns the entries of one page into items and issues."""

    def __init__(self, source: Source, page: Page) -> None:
        self._source, self._page = source, page
        self._earliest = source.earliest_published
        self._latest = page.response_date.date()
        self._known = source.known_categories
        self._ignored = frozenset(f"{_RAW}{name}" for name in source.ignore_fields)
        self._strangers: set[str] = set()

    def take(self, entry: Entry) -> None:
        self._page.records += 1
        # The day of change too: a server clock that is behind must not make papers seem to be of the future.
        changed = entry.datestamp or date.min
        self._latest = two_days_after(max(self._page.response_date.date(), changed))
        try:
            self._page.items.append(self._item(entry))
        except Refusal as refusal:
            self._page.refused.append(entry.identifier)
            self._issue(entry.identifier, refusal.severity, refusal.code, refusal.message, **refusal.data)

    def _issue(self, arxiv_id: str, severity: Severity, code: str, message: str, **data: str) -> None:
        item_id = named(self._source.id, arxiv_id)
        unnamed = {} if item_id else {"identifier": arxiv_id}
        self._page.issues.append(make_issue(self._source.id, severity, code, message, item_id, **data, **unnamed))

    def _item(self, entry: Entry) -> Item:
        raw = _readable(entry, self._ignored)
        arxiv_id = self._identify(entry, raw)
        title = to_unicode(fold(raw.texts.get("title")))
        if not title:
            raise Refusal("title-missing", "a record without a title cannot be read by anybody; refused")
        published, newest = self._dates(arxiv_id, raw)
        abstract = to_unicode(fold(raw.texts.get("abstract"))) or None
        item = self._build(arxiv_id, title, abstract, published, newest, raw)
        self._remark(arxiv_id, item, raw)
        return item

    def _build(
        self, arxiv_id: str, title: str, abstract: str | None, published: date, newest: _Version, raw: _Raw
    ) -> Item:
        said = (fold(raw.texts.get("comments")), (abstract or "")[:300])
        doi = DOI.search(raw.texts.get("doi", ""))
        try:
            return Item(
                id=f"{self._source.id}:{arxiv_id}",
                source=self._source.id,
                kind=self._source.kind,
                version=f"v{newest.number}" if newest.number else None,
                title=title,
                abstract=abstract,
                language=language_of(title, abstract),
                published=published,
                updated=self._updated(arxiv_id, newest),
                authors=split_authors(raw.texts.get("authors", "")),
                codes=self._codes(arxiv_id, raw.texts.get("categories", "")),
                doi=doi[0].rstrip(".") if doi else None,
                url=f"https://arxiv.org/abs/{arxiv_id}",
                licence=fold(raw.texts.get("license")) or None,
                withdrawn="I" in newest.source_type or any(map(says_withdrawn, said)),
            )
        except ValidationError as error:
            raise Refusal.invalid(error) from None

    def _identify(self, entry: Entry, raw: _Raw) -> str:
        arxiv_id = fold(raw.texts.get("id"))
        if not ARXIV_ID.fullmatch(arxiv_id):
            raise Refusal(
                "id-unreadable", "expected an arXiv id such as 2611.01234 or math/0701001", found=arxiv_id or "nothing"
            )
        if entry.identifier != arxiv_id:
            raise Refusal(
                "id-mismatch",
                "header and metadata name different papers; refused rather than guessed",
                header=entry.identifier,
                metadata=arxiv_id,
            )
        return arxiv_id

    def _in_range(self, day: date) -> bool:
        return self._earliest <= day <= self._latest

    def _dates(self, arxiv_id: str, raw: _Raw) -> tuple[date, _Version]:
        """Date of version 1, and the newest version."""
        if not raw.versions:
            raise Refusal("version-missing", "a record without a version has no first date; refused")
        first, newest = raw.versions[0], raw.versions[-1]
        if first.moment is None:
            raise Refusal(
                "date-unreadable", "expected a date such as Mon, 2 Apr 2007 19:18:42 GMT", found=first.date_text
            )
        if not self._in_range(first.moment.date()):
            raise Refusal(
                "date-out-of-range",
                f"expected a first version from {self._earliest} to {self._latest}; refused: it would distort a week",
                found=first.date_text,
            )
        if first.number != 1:
            message = f"version 1 is not listed; the date of version {first.number} stands for it"
            self._issue(arxiv_id, "warning", "first-version-missing", message)
        return first.moment.date(), newest

    def _updated(self, arxiv_id: str, newest: _Version) -> datetime | None:
        if newest.moment is not None and self._in_range(newest.moment.date()):
            return newest.moment
        message = "the newest version's date is unreadable or out of range; left open"
        self._issue(arxiv_id, "warning", "updated-unreadable", message, found=newest.date_text)
        return None

    def _codes(self, arxiv_id: str, text: str) -> tuple[Code, ...]:
        """Primary category first. A word that is no category is left out, a new one kept, each with an issue."""
        words = list(dict.fromkeys(text.split()))
        codes = []
        for word in words:
            code = self._known.get(word)
            if code is None:
                kept = CATEGORY.fullmatch(word) is not None
                message = f"a category that arxiv.yml does not list; {'kept' if kept else 'left out'}"
                self._issue(arxiv_id, "warning", "category-unknown", message, found=word)
                code = Code(scheme="arxiv", symbol=word) if kept else None
            if code is not None:
                codes.append(code)
        return tuple(codes)

    def _remark(self, arxiv_id: str, item: Item, raw: _Raw) -> None:
        """Issues of a record that is kept."""
        if item.abstract is None:
            self._issue(arxiv_id, "info", "abstract-missing", "no abstract: the item is kept and judged by its title")
        if not item.authors:
            self._issue(
                arxiv_id, "info", "authors-missing", "no author could be read", found=raw.texts.get("authors", "")
            )
        if not item.codes:
            self._issue(arxiv_id, "warning", "categories-missing", "no category could be read")
        if raw.texts.get("doi") and item.doi is None:
            self._issue(arxiv_id, "info", "doi-unreadable", "expected 10.<registrant>/<suffix>", found=raw.texts["doi"])
        if "\ufffd" in item.title or "\ufffd" in (item.abstract or ""):
            self._issue(arxiv_id, "warning", "encoding-damaged", "bytes that are no UTF-8 were replaced by U+FFFD")
        for name in raw.strangers:
            if name not in self._strangers:
                self._strangers.add(name)
                self._issue(
                    arxiv_id, "info", "element-unknown", "arXivRaw has grown an element; once a page", name=name
                )


def _readable(entry: Entry, ignored: frozenset[str]) -> _Raw:
    if entry.deleted:
        # The protocol allows it, arXiv's server has no code for it: never met, never lost.
        raise Refusal("record-deleted", "the source says that this record was deleted")
    if entry.metadata is None:
        raise Refusal("metadata-missing", "a record without metadata")
    if entry.metadata.tag != _ROOT:
        raise Refusal("format-unexpected", f"expected {_ROOT}", found=str(entry.metadata.tag))
    return _read_raw(entry.metadata, ignored)


def parse_page(data: bytes, source: Source) -> Page:
    """Read one answer to ListRecords, GetRecord or ListIdentifiers. Raises ParseError when it is no such answer."""
    reader = OaiReader(data)
    page = Page(response_date=datetime.min.replace(tzinfo=UTC))
    records: _Records | None = None
    for entry in reader:
        if records is None:
            if reader.response_date is None:
                raise ParseError("expected the responseDate before the first record; refetch the page")
            page.response_date = reader.response_date
            records = _Records(source, page)
        if entry.identifier:
            page.identifiers.append(entry.identifier)
        if entry.datestamp and (page.last_datestamp is None or entry.datestamp > page.last_datestamp):
            page.last_datestamp = entry.datestamp
        if entry.is_record:
            records.take(entry)
    page.response_date = reader.response_date or page.response_date
    page.error, page.token = reader.error, reader.token
    return page


def parse_items(stream: BinaryIO, source: Source) -> Iterator[Item | Issue]:
    """Items, then issues, of one answer. Raises ParseError when it is none."""
    data = stream.read()
    try:
        page = parse_page(data, source)
    except ParseError:
        # As the crawl does with a page that stays damaged: a wrong byte costs a letter and not the page.
        page = parse_page(mend_encoding(data), source)
    yield from page.items
    yield from page.issues
