"""What Europe PMC and PubMed records have in common: one work before it is judged, and the judgement.

Both give the same ids (`epmc:MED<pmid>`), so that a record is one item whichever of the two it came from.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pydantic import ValidationError

from horizon.records import Code, Issue, Item, ItemKind
from scrapers.affiliations import Places, read_affiliations
from scrapers.issues import Severity, make_issue
from scrapers.languages import detect_language
from scrapers.parsers.plain_text import fold, plain, plain_title
from scrapers.source import Source

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/()-]{0,59}")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]{1,200}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MAIL = re.compile(r"(?:\bElectronic address:?|\bE-?mail:?)?\s*[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}\.?")
_WITHDRAWN_TITLE = re.compile(r"\W{0,3}(?:withdrawn|retracted|withdrawal|removed)\b[^a-z]{0,3}[:\-–—]", re.IGNORECASE)
# https://www.biorxiv.org/about/FAQ: a withdrawn preprint stays, with a statement in place of its abstract.
_STATEMENT = re.compile(
    r"\W{0,3}(?:withdrawn|retracted|withdrawal statement)\b"
    r"|.{0,200}\b(?:manuscript|preprint|article|paper|work|study)\b.{0,60}\b(?:has|have) been (?:withdrawn|retracted)\b"
    r"|.{0,100}\bauthors? (?:have|has) withdrawn\b",
    re.IGNORECASE,
)
_WITHDRAWN_TYPES = frozenset(
    {"retracted publication", "withdrawn publication", "preprint-withdrawal", "preprint-removal", "preprint withdrawal"}
)
# Notes about a work, under its title: they are not works, and counted they would count it twice.
_NOTICE_TYPES = frozenset(
    {"published erratum", "erratum", "correction", "corrigendum", "retraction of publication", "retraction notice"}
    | {"expression of concern"}
)
_PATENT, _PREPRINT = "PAT", "PPR"


@dataclass(slots=True)
class Work:
    """The fields of one record as they stand in the feed."""

    repository: str = ""
    """Europe PMC's source: MED, PMC, PPR, PAT ..."""
    number: str = ""
    title: str = ""
    abstract: str = ""
    language: str = ""
    published: list[str] = field(default_factory=list)
    """Days (YYYY-MM-DD) on which it may have come out: the earliest one counts."""
    indexed: str = ""
    """Day on which the feed first had it: it was public by then."""
    updated: str = ""
    authors: list[str] = field(default_factory=list)
    """In the order of names that an item has."""
    affiliations: list[str] = field(default_factory=list)
    headings: list[tuple[str, bool]] = field(default_factory=list)
    """MeSH descriptors with whether they are major topics."""
    doi: str = ""
    licence: str = ""
    types: list[str] = field(default_factory=list)
    version: str = ""
    retracted: bool = False
    article: str | None = None
    """Id of the article that this preprint became."""
    bare: bool = False
    """The answer's form holds identifiers only."""
    expects_abstract: bool = False
    """The answer's form has a place for an abstract."""

    @property
    def name(self) -> str:
        """`MED39709209`; Europe PMC's own numbers (PMC..., PPR...) already begin with their repository."""
        number = fold(self.number)
        return number if number.startswith(self.repository) else self.repository + number

    @property
    def kind(self) -> ItemKind:
        preprint = self.repository == _PREPRINT or "preprint" in self.kinds
        return "preprint" if preprint else "article"

    @property
    def kinds(self) -> set[str]:
        return {fold(part).lower() for text in self.types for part in text.split(";")} - {""}


def read_day(text: str) -> date | None:
    """YYYY-MM-DD and nothing else."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def says_withdrawn(title: str, abstract: str) -> bool:
    """Whether the plain text itself says that the work is withdrawn or retracted."""
    return _WITHDRAWN_TITLE.match(title) is not None or _STATEMENT.match(abstract[:400]) is not None


def clean_doi(text: str) -> str | None:
    """In lower case (DOIs do not distinguish it), without a resolver before it."""
    found = _DOI.search(text)
    return found[0].rstrip(".,;").lower() if found else None


def clean_affiliations(texts: list[str]) -> tuple[str, ...]:
    """Distinct affiliations in the order given, without the e-mail addresses that stand in them."""
    cleaned = (fold(_MAIL.sub(" ", plain(text))).strip(" .;,") for text in texts)
    return tuple(dict.fromkeys(text for text in cleaned if text))


class Judge:
    """Turns works into items and issues for one source."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def judge(self, work: Work) -> Iterator[Item | Issue]:
        """The item and what is to be said about it, or one issue: severity error for a record that was refused."""
        name = work.name
        if not work.repository or not _NUMBER.fullmatch(name):
            yield self._issue(
                None, "error", "id-unreadable", "expected a source and a number such as MED 39709209", name
            )
        elif work.bare:
            yield self._issue(
                name, "info", "identifier-only", "the answer lists identifiers; no item can be made of one"
            )
        elif work.repository == _PATENT:
            yield self._issue(name, "info", "patent-left-out", "a patent: taken from the patent offices instead")
        elif work.kinds & _NOTICE_TYPES and not work.kinds & _WITHDRAWN_TYPES:
            kinds = "; ".join(sorted(work.kinds))
            yield self._issue(name, "info", "notice-left-out", "a note about another work, no work of its own", kinds)
        else:
            yield from self._item(name, work)

    def issue(self, severity: Severity, code: str, message: str, found: str = "") -> Issue:
        """An issue about no record in particular."""
        return self._issue(None, severity, code, message, found)

    def _item(self, name: str, work: Work) -> Iterator[Item | Issue]:
        title, translated = plain_title(work.title)
        if not title:
            yield self._issue(
                name, "error", "title-missing", "a record without a title cannot be read by anybody; refused"
            )
            return
        published, remark = self._published(name, work)
        if published is None:
            yield from filter(None, [remark])
            return
        places = read_affiliations(clean_affiliations(work.affiliations))
        try:
            item = self._build(name, work, title, translated, published, places)
        except ValidationError as error:
            message = f"the record does not make an item: {error.errors()[0]['msg']}"
            yield self._issue(name, "error", "record-invalid", message)
            return
        yield item
        yield from filter(None, [remark])
        yield from self._remarks(name, item, work)
        if places.left_out:
            message = f"{places.left_out} organisations beyond the first {len(places.organisations)} were left out"
            yield self._issue(name, "warning", "organisations-capped", message)

    def _build(self, name: str, work: Work, title: str, translated: bool, published: date, places: Places) -> Item:
        abstract = plain(work.abstract) or None
        updated = read_day(work.updated)
        kinds = work.kinds
        major = sorted(work.headings, key=lambda heading: not heading[1])
        symbols = dict.fromkeys(fold(symbol) for symbol, _ in major)
        return Item(
            id=f"epmc:{name}",
            source=self._source.id,
            kind=work.kind,
            version=f"v{work.version}" if work.version else None,
            title=title,
            abstract=abstract,
            language=detect_language(f"{title} {abstract or ''}", "en" if translated else work.language),
            published=published,
            updated=datetime(updated.year, updated.month, updated.day, tzinfo=UTC) if updated else None,
            authors=tuple(filter(None, map(fold, work.authors))),
            organisations=places.organisations,
            countries=places.countries,
            codes=tuple(Code(scheme="mesh", symbol=symbol) for symbol in symbols if symbol),
            family=work.article,
            doi=clean_doi(work.doi),
            url=f"https://europepmc.org/article/{work.repository}/{fold(work.number)}",
            licence=fold(work.licence).upper() or None,
            withdrawn=work.retracted or bool(kinds & _WITHDRAWN_TYPES) or says_withdrawn(title, abstract or ""),
        )

    def _published(self, name: str, work: Work) -> tuple[date | None, Issue | None]:
        """The first public day, with what is to be said about it."""
        days = sorted(filter(None, map(read_day, work.published)))
        indexed = read_day(work.indexed)
        found = ", ".join(text for text in [*work.published, work.indexed] if text)
        if not days and indexed is None:
            message = "expected a day of publication such as 2025-06-16; refused: the record belongs to no week"
            return None, self._issue(name, "error", "date-missing", message, found)
        if not days:
            message = "no day of publication; the day on which the feed first had it stands for it"
            return indexed, self._issue(name, "warning", "date-missing", message, found)
        if days[0] < self._source.earliest_published:
            message = f"expected a day from {self._source.earliest_published} on; refused: it would distort a week"
            return None, self._issue(name, "error", "date-out-of-range", message, found)
        if indexed is not None and indexed < days[0]:
            message = "dated (for print) after the day on which the feed had it; that day counts, it was public by then"
            return indexed, self._issue(name, "info", "dated-ahead", message, found)
        return days[0], None

    def _remarks(self, name: str, item: Item, work: Work) -> Iterator[Issue]:
        if item.abstract is None and work.expects_abstract:
            yield self._issue(name, "info", "abstract-missing", "no abstract: the item is kept and judged by its title")
        if work.doi and item.doi is None:
            yield self._issue(name, "info", "doi-unreadable", "expected 10.<registrant>/<suffix>", work.doi)
        if work.updated and item.updated is None:
            yield self._issue(name, "warning", "updated-unreadable", "expected a day; left open", work.updated)
        if "\ufffd" in item.title or "\ufffd" in (item.abstract or ""):
            yield self._issue(name, "warning", "encoding-damaged", "characters were replaced by U+FFFD")

    def _issue(self, name: str | None, severity: Severity, code: str, message: str, found: str = "") -> Issue:
        item_id = f"epmc:{name}" if name and _NUMBER.fullmatch(name) else None
        return make_issue(self._source.id, severity, code, message, item_id, found=fold(found))
