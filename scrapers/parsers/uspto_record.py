"""One publication of the USPTO, from whichever of its formats, to an Item and the issues noticed on the way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from pydantic import ValidationError

from horizon.records import Code, Issue, Item
from scrapers.issues import Refusal, Severity, make_issue
from scrapers.languages import labelled_language
from scrapers.parsers.patent_codes import Classified, classified, family_of, order_codes, read_day
from scrapers.parsers.patent_names import normalised
from scrapers.parsers.xml_stream import fold
from scrapers.parties import country_code, organisation

GRANTS, APPLICATIONS = "uspto_grants", "uspto_applications"
_NUMBER = re.compile(r"([A-Z]{0,2})0*([1-9]\d{0,12})")
_KIND = re.compile(r"[A-Z]\d{0,2}")
_OFFICE = re.compile(r"[A-Z]{2}")
_FIRST_DAY, _LAST_DAY = date(1790, 7, 31), date(2199, 12, 31)
_PCT = re.compile(r"PCT/?([A-Z]{2})(\d{2}|\d{4})/?(\d{5,6})")
_FIXED_IPC = re.compile(r"([A-H]\d{2}[A-Z])([\s\d]{3})(\d{2,4})")


@dataclass(frozen=True, slots=True)
class Party:
    """An applicant, assignee or inventor; `country` as written, empty when the field is absent."""

    name: str
    country: str = ""


class Symbol(NamedTuple):
    """A classification as written, with its value where that stands apart: I invented, A additional, N not invented."""

    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """An earlier filing that the document builds upon: foreign or provisional priority, parent, or PCT application."""

    country: str
    number: str
    date: str


@dataclass(slots=True)
class Publication:
    """The texts of one document as its format has them; white space folded."""

    type: Literal["grant", "application"]
    number: str = ""
    kind: str = ""
    country: str = "US"
    published: str = ""
    produced: str = ""
    application: str = ""
    filed: str = ""
    design: bool = False
    title: str = ""
    abstract: str = ""
    language: str = "en"
    inventors: list[Party] = field(default_factory=list)
    organisations: list[Party] = field(default_factory=list)
    cpc: list[Symbol] = field(default_factory=list)
    ipc: list[Symbol] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    @property
    def source(self) -> str:
        return GRANTS if self.type == "grant" else APPLICATIONS


def convert(found: Publication, place: str) -> Iterator[Item | Issue]:
    """The item, if one can be made, then the issues; an issue of severity `error` stands for a refused record.

    `place` names the document in its file, for records without a readable number.
    """
    issues = _Issues(found, place)
    if found.design:
        yield issues.make("info", "design-skipped", "a design is no technology; left out by rule")
        return
    try:
        item = _item(found, issues)
    except Refusal as refusal:
        yield issues.make(refusal.severity, refusal.code, refusal.message, **refusal.data)
        return
    yield item
    yield from issues.noticed


class _Issues:
    def __init__(self, found: Publication, place: str) -> None:
        number, kind = _number(found.number), found.kind
        self.item_id = f"uspto:US.{number}.{kind}" if number and _KIND.fullmatch(kind) else None
        self._source, self._place = found.source, place
        self.noticed: list[Issue] = []

    def make(self, severity: Severity, code: str, message: str, found: str = "") -> Issue:
        unnamed = {} if self.item_id else {"document": self._place}
        return make_issue(self._source, severity, code, message, self.item_id, found=found, **unnamed)

    def note(self, severity: Severity, code: str, message: str, found: str = "") -> None:
        self.noticed.append(self.make(severity, code, message, found))


def _item(found: Publication, issues: _Issues) -> Item:
    if issues.item_id is None or found.country != "US":
        parts = f"{found.country} {found.number} {found.kind}"
        raise Refusal("number-unreadable", "expected country US, a number and a kind such as B2", found=parts)
    if not found.title:
        raise Refusal("title-missing", "a record without a title cannot be read by anybody; refused")
    published = _published(found, issues)
    _remark(found, issues)
    number = _number(found.number)
    try:
        return Item(
            id=issues.item_id,
            source=found.source,
            kind="patent_grant" if found.type == "grant" else "patent_application",
            title=found.title,
            abstract=found.abstract or None,
            language=labelled_language(f"{found.title} {found.abstract}", found.language or "en"),
            published=published,
            updated=_produced(found.produced),
            authors=_distinct(party.name for party in found.inventors),
            organisations=normalised(_distinct(party.name for party in found.organisations)),
            countries=_countries(found, issues),
            codes=_codes(found, issues),
            family=_family(found),
            url=f"https://image-ppubs.uspto.gov/dirsearch-public/print/downloadPdf/{number}",
        )
    except ValidationError as error:
        raise Refusal.invalid(error) from None


def _number(text: str) -> str:
    """`06859910` gives 6859910, `D0701016` D701016, `20200022300` itself; an empty word for no number."""
    match = _NUMBER.fullmatch(re.sub(r"[\s/,-]", "", text.upper()))
    return match[1] + match[2] if match else ""


def _published(found: Publication, issues: _Issues) -> date:
    day, coerced = read_day(found.published)
    if day is None or not _FIRST_DAY <= day <= _LAST_DAY:
        raise Refusal(
            "date-unreadable", "expected a publication date such as 20261124", found=found.published or "nothing"
        )
    if coerced:
        message = "day or month of the publication date is 00; the first of it stands for it"
        issues.note("warning", "date-coerced", message, found.published)
    return day


def _produced(text: str) -> datetime | None:
    """The day on which the document's file was made: of two issues of a week the later one holds."""
    day, coerced = read_day(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day and not coerced else None


def _remark(found: Publication, issues: _Issues) -> None:
    if not found.abstract:
        issues.note("info", "abstract-missing", "no abstract: the item is kept and judged by its title and codes")
    if not found.inventors and not found.organisations:
        issues.note("warning", "parties-missing", "neither an inventor nor an organisation could be read")
    if "\ufffd" in found.title or "\ufffd" in found.abstract:
        issues.note("warning", "encoding-damaged", "bytes that the encoding does not know were replaced by U+FFFD")


def _distinct(names: Iterator[str]) -> tuple[str, ...]:
    """Each name once, in the order given, whatever its capitals."""
    seen: dict[str, str] = {}
    for name in names:
        if name:
            seen.setdefault(name.casefold(), name)
    return tuple(seen.values())


def _countries(found: Publication, issues: _Issues) -> tuple[str, ...]:
    """Of the organisations, told or known; of the inventors where no organisation tells one."""
    told = _told(found.organisations, issues)
    known = (organisation(party.name).country for party in found.organisations)
    return told or tuple(dict.fromkeys(filter(None, known))) or _told(found.inventors, issues)


def _told(parties: list[Party], issues: _Issues) -> tuple[str, ...]:
    countries: dict[str, None] = {}
    for party in parties:
        code = country_code(party.country)
        if code is not None:
            countries[code] = None
        elif party.country and party.country.upper() != "OMITTED":
            issues.note("info", "country-unknown", f"no country of {party.name[:80] or 'a party'}", party.country)
    return tuple(countries)


def _codes(found: Publication, issues: _Issues) -> tuple[Code, ...]:
    """CPC, main class first, then IPC; each symbol once, in the order of the document."""
    if not found.cpc and not found.ipc:
        issues.note("info", "codes-missing", "no classification could be read")
    cpc = (_classified("cpc", one, one.text, issues) for one in found.cpc)
    ipc = (_classified("ipc", one, _ipc_symbol(one.text), issues) for one in found.ipc)
    return (*order_codes("cpc", cpc), *order_codes("ipc", ipc))


def _classified(scheme: str, one: Symbol, text: str, issues: _Issues) -> Classified | None:
    found = classified(text, one.value)
    if found is None:
        message = f"expected an {scheme.upper()} symbol such as G06N10/70; left out"
        issues.note("info", "code-unreadable", message, one.text)
    # The document's own order is that of the office.
    return found and found._replace(rank=0)


def _ipc_symbol(text: str) -> str:
    """`G06F015/00`, or the fixed columns of old files: `H03M 1300` is H03M13/00, `C12Q  168` is C12Q1/68."""
    match = _FIXED_IPC.fullmatch(text)
    return f"{match[1]}{int(match[2])}/{match[3]}" if match and match[2].strip().isdigit() else text


def _family(found: Publication) -> str | None:
    """The first filing of the chain, since USPTO files know no family.

    The earliest of all filings that the document builds upon (foreign and provisional priorities, parents of
    continuations, divisions and reissues, the PCT application), else its own application: so an application and its
    grant, and the continuations of one filing, are one family. Two national routes of one priority agree with the EPO's
    families wherever both claim it as their first.
    """
    earlier = [_in_docdb_form(claim) for claim in found.claims if claim.number]
    if found.application:
        # An application without priority is the priority of those that follow.
        earlier.append(_in_docdb_form(Claim("US", found.application, found.filed)))
    return family_of(earlier, None)


def _in_docdb_form(claim: Claim) -> tuple[str, str, str]:
    """(day, office, number) with the number as DOCDB writes it, as far as that is a rule without a table.

    US: year of filing and eight digits. CN, EP and others: without the check digit. JP, KR: digits from the year on.
    PCT: receiving office, year and six digits.
    """
    day = re.sub(r"\D", "", claim.date)[:8] or "9999"
    country, number = claim.country.upper().strip(), fold(claim.number).upper().replace(" ", "")
    pct = _PCT.fullmatch(number)
    if pct:
        year = pct[2] if len(pct[2]) == 4 else ("19" if int(pct[2]) > 70 else "20") + pct[2]
        return day, pct[1], f"{year}{pct[3]:0>6}"
    number = re.sub(r"[^A-Z0-9]", "", re.sub(r"\.\w$", "", number))
    if country == "US" and number.isdigit() and len(number) == 8 and day[:4] != "9999":
        return day, country, day[:4] + number
    if country == "KR" and re.fullmatch(r"[12]0(?:19|20)\d{9}", number):
        return day, country, number[2:]
    if country == "CN" and re.fullmatch(r"20\d{10}[\dX]", number):
        return day, country, number[:12]
    return day, country if _OFFICE.fullmatch(country) else "", number
