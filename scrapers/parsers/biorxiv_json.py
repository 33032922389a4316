"""Answers of the bioRxiv and medRxiv API (`/details`) to Items: one record a version, version 1 sets the date.

Format: https://api.biorxiv.org. A later version whose first one is not in the same answer gives no item but an issue:
its own date is not the day on which the work came out. The dialect puts the versions of several answers together.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

from pydantic import ValidationError

from horizon.errors import ParseError
from horizon.records import Code, Issue, Item
from scrapers.affiliations import read_affiliations
from scrapers.issues import Refusal, make_issue
from scrapers.languages import detect_language
from scrapers.parsers.medline_work import clean_affiliations, clean_doi, read_day, says_withdrawn
from scrapers.parsers.person_names import from_comma
from scrapers.parsers.plain_text import fold, plain, plain_title
from scrapers.parsers.record_fields import field_paths, left_over, number_at, read_json, text_at
from scrapers.source import Source

USED = frozenset(
    {"doi", "title", "authors", "author_corresponding_institution", "date", "version", "type", "license", "category"}
    | {"abstract", "published"}
)
"""Fields of a record from which an item is made, or by which it is chosen."""
_NOTHING = re.compile(r"no (?:articles?|posts?|papers?|records?)\b.{0,40}\bfound", re.IGNORECASE)
_LICENCES = {"cc_no": "all rights reserved", "cc0": "CC0", "cc0_ng": "CC0"}


@dataclass(frozen=True, slots=True)
class Posting:
    """One version of a preprint, as posted on a day."""

    doi: str
    version: int
    day: date
    category: str
    """In lower case, words separated by blanks."""
    record: dict[str, Any] = field(repr=False, compare=False)


@dataclass(slots=True)
class Page:
    """What one answer holds."""

    status: str
    """`ok`, or what the service said in its place."""
    cursor: int | None = None
    count: int | None = None
    total: int | None = None
    """Of all version records in the interval."""
    new_papers: int | None = None
    """Of first versions."""
    records: int = 0
    postings: list[Posting] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    """Of records that are no posting; each has severity error."""
    fields: set[str] = field(default_factory=set)

    @property
    def empty(self) -> bool:
        """The service knows of nothing: it says so in words, with HTTP 200."""
        return not self.records and (bool(_NOTHING.search(self.status)) or self.total == 0)


def parse_page(stream: BinaryIO, source: Source) -> Page:
    """One answer. Raises ParseError when it is none, or when it reports anything but records or none found."""
    document = read_json(stream)
    messages = document.get("messages") if isinstance(document, dict) else None
    collection = document.get("collection", []) if isinstance(document, dict) else None
    if not isinstance(messages, list) or not messages or not isinstance(collection, list):
        raise ParseError("expected an object with messages and a collection, found another JSON value; refetch")
    first = messages[0]
    page = Page(
        status=fold(text_at(first, "status"))[:200],
        cursor=number_at(first, "cursor"),
        count=number_at(first, "count"),
        total=number_at(first, "total"),
        new_papers=number_at(first, "count_new_papers"),
        records=len(collection),
    )
    if page.status.lower() != "ok" and not page.empty:
        raise ParseError(f"expected the status ok or nothing found, found {page.status[:80]!r}; refetch")
    for record in collection:
        if not isinstance(record, dict):
            raise ParseError(f"expected records that are objects, found {type(record).__name__}; refetch")
        page.fields.update(field_paths(record))
        found = _posting(record, source)
        if isinstance(found, Posting):
            page.postings.append(found)
        else:
            page.issues.append(found)
    return page


def parse_items(stream: BinaryIO, source: Source) -> Iterator[Item | Issue]:
    """Items and issues of one raw answer, one item a preprint. Raises ParseError for another document."""
    page = parse_page(stream, source)
    yield from page.issues
    works: dict[str, list[Posting]] = {}
    for posting in page.postings:
        works.setdefault(posting.doi, []).append(posting)
    for versions in works.values():
        yield from item_of(versions, source)
    for name in left_over(page.fields, USED, frozenset(source.ignore_fields)):
        yield make_issue(source.id, "info", "field-unknown", "a field that the parser does not know", found=fold(name))


def item_of(versions: Iterable[Posting], source: Source, first_day: date | None = None) -> Iterator[Item | Issue]:
    """The item of a preprint's versions: text of the newest, date of the first (or `first_day`, when it is known)."""
    ordered = sorted(versions, key=lambda posting: (posting.version, posting.day))
    first, newest = ordered[0], ordered[-1]
    item_id = f"{source.id}:{newest.doi}"
    if first.version != 1 and first_day is None:
        message = "a later version; the first one, which sets the date, is not in this answer"
        yield make_issue(source.id, "info", "first-version-unseen", message, item_id, found=f"version {newest.version}")
        return
    try:
        item = _build(newest, source, first_day or first.day)
    except ValidationError as error:
        yield Refusal.invalid(error).issue(source.id, item_id)
        return
    yield item
    if item.abstract is None:
        message = "no abstract: the item is kept and judged by its title"
        yield make_issue(source.id, "info", "abstract-missing", message, item_id)


def plain_category(text: str) -> str:
    """`Cell_Biology`, `cell-biology` and `cell biology` are one category."""
    return fold(text.replace("_", " ").replace("-", " ").replace("&", " and ")).lower()


def _posting(record: dict[str, Any], source: Source) -> Posting | Issue:
    doi = clean_doi(text_at(record, "doi"))
    if doi is None:
        found = text_at(record, "doi")
        message = "expected a DOI such as 10.1101/2026.03.02.123456"
        return make_issue(source.id, "error", "id-unreadable", message, found=fold(found))
    item_id = f"{source.id}:{doi}"
    day = read_day(text_at(record, "date"))
    if day is None or day < source.earliest_published:
        message = f"expected a day from {source.earliest_published} on; refused: the record belongs to no week"
        return make_issue(source.id, "error", "date-unreadable", message, item_id, found=fold(text_at(record, "date")))
    version = number_at(record, "version")
    if not version or version > 999:
        message = "expected a version number from 1 on; refused: the first one sets the date"
        return make_issue(
            source.id, "error", "version-unreadable", message, item_id, found=fold(text_at(record, "version"))
        )
    if not plain_title(text_at(record, "title"))[0]:
        message = "a record without a title cannot be read by anybody; refused"
        return make_issue(source.id, "error", "title-missing", message, item_id)
    return Posting(doi, version, day, plain_category(text_at(record, "category")), record)


def _build(newest: Posting, source: Source, published: date) -> Item:
    record = newest.record
    title = plain_title(text_at(record, "title"))[0]
    abstract = plain(text_at(record, "abstract"))
    abstract = "" if abstract.upper() in ("NA", "N/A") else abstract
    article = clean_doi(text_at(record, "published"))
    institution = text_at(record, "author_corresponding_institution")
    places = read_affiliations(clean_affiliations([institution] if institution.upper() not in ("NA", "N/A") else []))
    withdrawn = "withdraw" in text_at(record, "type").lower() or says_withdrawn(title, abstract)
    return Item(
        id=f"{source.id}:{newest.doi}",
        source=source.id,
        kind="preprint",
        version=f"v{newest.version}",
        title=title,
        abstract=abstract or None,
        # Both servers take manuscripts in English only.
        language=detect_language(f"{title} {abstract}", "en"),
        published=published,
        updated=datetime(newest.day.year, newest.day.month, newest.day.day, tzinfo=UTC),
        authors=tuple(filter(None, (from_comma(name) for name in plain(text_at(record, "authors")).split(";")))),
        organisations=places.organisations,
        countries=places.countries,
        # Subject areas of both servers, in the service's own words.
        codes=(Code(scheme="biorxiv", symbol=newest.category),) if newest.category else (),
        # The article that the preprint became: what puts the two together across sources.
        family=f"doi:{article}" if article else None,
        doi=newest.doi,
        url=f"https://www.{source.id}.org/content/{newest.doi}v{newest.version}",
        licence=_licence(text_at(record, "license")),
        withdrawn=withdrawn,
    )


def _licence(text: str) -> str | None:
    """`cc_by_nc_nd` to `CC BY-NC-ND`."""
    name = fold(text).lower()
    if name in _LICENCES:
        return _LICENCES[name]
    kind, _, rest = name.partition("_")
    if kind != "cc" or not rest:
        return name or None
    return f"CC {rest.replace('_', '-').upper()}"
