"""One publication of the USPTO, from whichever of its formats, to an Item and the issues noticed on the way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import ValidationError

from horizon.records import Code, Issue, Item
from scrapers.parsers.patent_codes import family_of, read_day, symbol_of
from scrapers.parsers.patent_xml import fold

GRANTS, APPLICATIONS = "uspto_grants", "uspto_applications"
_NUMBER = re.compile(r"([A-Z]{0,2})0*([1-9]\d{0,12})")
_KIND = re.compile(r"[A-Z]\d{0,2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_NOWHERE = frozenset({"", "UNKNOWN", "OMITTED", "NONE"})
# Offices and unions in WIPO ST.3 that are no country (https://www.wipo.int/standards/en/pdf/03-03-01.pdf).
_NO_COUNTRY = frozenset("AP EA EM EP EU GC IB OA QZ WO XN XU XV XX".split())  # noqa: SIM905
_FIRST_DAY, _LAST_DAY = date(1790, 7, 31), date(2199, 12, 31)
_PCT = re.compile(r"PCT/?([A-Z]{2})(\d{2}|\d{4})/?(\d{5,6})")
_FIXED_IPC = re.compile(r"([A-H]\d{2}[A-Z])([\s\d]{3})(\d{2,4})")
_LARGEST_DATA = 200


@dataclass(frozen=True, slots=True)
class Party:
    """An applicant, assignee or inventor; `country` as written, empty when the field is absent."""

    name: str
    country: str = ""


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
    cpc: list[str] = field(default_factory=list)
    ipc: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    @property
    def source(self) -> str:
        return GRANTS if self.type == "grant" else APPLICATIONS


class _Refused(Exception):
    def __init__(self, code: str, message: str, found: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.found = code, message, found


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
    except _Refused as refusal:
        yield issues.make("error", refusal.code, refusal.message, refusal.found)
        return
    yield item
    yield from issues.noticed


class _Issues:
    def __init__(self, found: Publication, place: str) -> None:
        number, kind = _number(found.number), found.kind
        self.item_id = f"uspto:US.{number}.{kind}" if number and _KIND.fullmatch(kind) else None
        self._source, self._place = found.source, place
        self.noticed: list[Issue] = []

    def make(self, severity: Literal["info", "warning", "error"], code: str, message: str, found: str = "") -> Issue:
        data = {"found": found[:_LARGEST_DATA]} if found else {}
        if self.item_id is None:
            data["document"] = self._place[:_LARGEST_DATA]
        return Issue(
            room="scrapers",
            severity=severity,
            code=code,
            message=message,
            source=self._source,
            item_id=self.item_id,
            data=data,
        )

    def note(self, severity: Literal["info", "warning"], code: str, message: str, found: str = "") -> None:
        self.noticed.append(self.make(severity, code, message, found))


def _item(found: Publication, issues: _Issues) -> Item:
    if issues.item_id is None or found.country != "US":
        parts = f"{found.country} {found.number} {found.kind}"
        raise _Refused("number-unreadable", "expected country US, a number and a kind such as B2", parts)
    if not found.title:
        raise _Refused("title-missing", "a record without a title cannot be read by anybody; refused")
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
            language=found.language if re.fullmatch("[a-z]{2}", found.language) else "en",
            published=published,
            updated=_produced(found.produced),
            authors=_distinct(party.name for party in found.inventors),
            organisations=_distinct(party.name for party in found.organisations),
            countries=_countries(found, issues),
            codes=_codes(found, issues),
            family=_family(found),
            url=f"https://image-ppubs.uspto.gov/dirsearch-public/print/downloadPdf/{number}",
        )
    except ValidationError as error:
        raise _Refused("record-invalid", f"the record does not make an item: {error.errors()[0]['msg']}") from None


def _number(text: str) -> str:
    """`06859910` gives 6859910, `D0701016` D701016, `20200022300` itself; an empty word for no number."""
    match = _NUMBER.fullmatch(re.sub(r"[\s/,-]", "", text.upper()))
    return match[1] + match[2] if match else ""


def _published(found: Publication, issues: _Issues) -> date:
    day, coerced = read_day(found.published)
    if day is None or not _FIRST_DAY <= day <= _LAST_DAY:
        raise _Refused("date-unreadable", "expected a publication date such as 20261124", found.published or "nothing")
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
    """Of the organisations; of the inventors where no organisation tells one."""
    countries: dict[str, None] = {}
    for parties in (found.organisations, found.inventors):
        for party in parties:
            name = party.country.upper()
            if _COUNTRY.fullmatch(name) and name not in _NO_COUNTRY:
                countries[name] = None
            elif name and name != "OMITTED":
                issues.note("info", "country-unknown", f"no country of {party.name[:80] or 'a party'}", party.country)
        if countries:
            break
    return tuple(countries)


def _codes(found: Publication, issues: _Issues) -> tuple[Code, ...]:
    """CPC, main class first, then IPC; each symbol once."""
    codes: dict[Code, None] = {}
    if not found.cpc and not found.ipc:
        issues.note("info", "codes-missing", "no classification could be read")
    for text in found.cpc:
        _add(codes, "cpc", symbol_of(text), text, issues)
    for text in found.ipc:
        _add(codes, "ipc", _ipc_symbol(text), text, issues)
    return tuple(codes)


def _add(
    codes: dict[Code, None], scheme: Literal["cpc", "ipc"], symbol: str | None, text: str, issues: _Issues
) -> None:
    if symbol is None:
        issues.note("info", "code-unreadable", f"expected an {scheme.upper()} symbol such as G06N10/70; left out", text)
    else:
        codes[Code(scheme=scheme, symbol=symbol)] = None


def _ipc_symbol(text: str) -> str | None:
    """`G06F015/00`, or the fixed columns of old files: `H03M 1300` is H03M13/00, `C12Q  168` is C12Q1/68."""
    match = _FIXED_IPC.fullmatch(text)
    if match and match[2].strip().isdigit():
        return f"{match[1]}{int(match[2])}/{match[3]}"
    return symbol_of(text)


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
    return day, country if _COUNTRY.fullmatch(country) else "", number
