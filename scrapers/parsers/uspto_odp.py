"""Answers of the USPTO's Open Data Portal in JSON: patent searches, listings of bulk products, and other documents.

https://data.uspto.gov/apis/getting-started
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.issues import make_issue
from scrapers.parsers.record_fields import each_at, number_at, read_json, text_at
from scrapers.parsers.uspto_record import APPLICATIONS, Claim, Party, Publication, Symbol, convert
from scrapers.parsers.xml_stream import fold

_FILE = re.compile(r"[A-Za-z0-9][\w.-]{0,120}")
_PUBLISHED = re.compile(r"(?:US)?(\d{7,11})([A-Z]\d)")
_DESIGN = ("DSN", "DES")
_OTHERS = ("statusCodeBag", "patentdata", "ApplicationNumber", "patentFileWrapperDataBag")
# As the portal spells the offices of foreign priorities; one that is not here makes a family of its own.
_OFFICES = {
    "AUSTRALIA": "AU", "AUSTRIA": "AT", "BELGIUM": "BE", "BRAZIL": "BR", "CANADA": "CA", "CHINA": "CN", "DENMARK": "DK",
    "EUROPEAN PATENT OFFICE (EPO)": "EP", "EUROPEAN PATENT OFFICE": "EP", "FINLAND": "FI", "FRANCE": "FR",
    "GERMANY": "DE", "HONG KONG": "HK", "INDIA": "IN", "ISRAEL": "IL", "ITALY": "IT", "JAPAN": "JP", "MEXICO": "MX",
    "NETHERLANDS": "NL", "NEW ZEALAND": "NZ", "NORWAY": "NO", "POLAND": "PL", "REPUBLIC OF KOREA": "KR",
    "RUSSIAN FEDERATION": "RU", "SINGAPORE": "SG", "SOUTH AFRICA": "ZA", "SPAIN": "ES", "SWEDEN": "SE",
    "SWITZERLAND": "CH", "TAIWAN": "TW", "UNITED KINGDOM": "GB", "UNITED STATES": "US",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BulkFile:
    """One row of a product's listing; days are those of the data, both included."""

    name: str
    url: str
    since: date | None
    until: date | None
    released: date | None
    size: int | None
    is_data: bool
    """False for DTDs and notes, which stand in the same list."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The bulk products of one answer. Their counts disagree with one another and with the rows: they are not read."""

    products: tuple[str, ...]
    files: tuple[BulkFile, ...]
    faults: int
    """Rows without a usable name or address."""


def parse_items(stream: BinaryIO) -> Iterator[Item | Issue]:
    """Items of a patent search, one for each publication of a file wrapper, without abstracts.

    Any other answer of the portal gives an issue that says what it is. Raises ParseError for what is none.
    """
    answer = read_json(stream)
    if not isinstance(answer, dict):
        raise ParseError("expected an answer of the Open Data Portal, a JSON object; found another shape")
    if "bulkDataProductBag" in answer:
        listing = read_listing(answer)
        yield _remark("listing", f"a listing of {len(listing.products)} bulk products and {len(listing.files)} files")
    elif any("applicationMetaData" in record for record in _wrappers(answer)):
        for place, record in enumerate(_wrappers(answer), start=1):
            yield from _publications(record, f"record {place}")
    elif any(name in answer for name in _OTHERS):
        yield _remark("no-records", "an answer of the portal that holds no publications")
    elif "error" in answer:
        told = f"{text_at(answer, 'code')} {text_at(answer, 'error')} {text_at(answer, 'errorDetails')}".strip()
        raise ParseError(f"expected an answer of the Open Data Portal, found its error {told[:200]}")
    else:
        raise ParseError(
            f"expected an answer of the Open Data Portal, found the fields {', '.join(map(str, answer))[:200]}"
        )


def _remark(code: str, message: str) -> Issue:
    return make_issue(APPLICATIONS, "info", code, message)


def _wrappers(answer: dict[str, Any]) -> list[Any]:
    return [record for record in each_at(answer, "patentFileWrapperDataBag") if isinstance(record, dict)]


# ---- listings --------------------------------------------------------------------------------------------------------


def read_listing(answer: Any) -> Listing:
    """The files of all products in an answer. Raises ParseError when it is no listing."""
    if not isinstance(answer, dict) or "bulkDataProductBag" not in answer:
        raise ParseError("expected a listing of bulk products, found another answer")
    products = [product for product in each_at(answer, "bulkDataProductBag") if isinstance(product, dict)]
    rows = [row for product in products for row in each_at(product, "productFileBag", "fileDataBag")]
    files = [file for file in map(_bulk_file, rows) if file is not None]
    names = tuple(text_at(product, "productIdentifier") for product in products)
    return Listing(names, tuple(files), len(rows) - len(files))


def _bulk_file(row: Any) -> BulkFile | None:
    name, url = text_at(row, "fileName"), text_at(row, "fileDownloadURI")
    if not _FILE.fullmatch(name) or not url:
        return None
    return BulkFile(
        name=name,
        url=url,
        since=_day(row, "fileDataFromDate"),
        until=_day(row, "fileDataToDate"),
        released=_day(row, "fileReleaseDate"),
        size=number_at(row, "fileSize"),
        is_data=text_at(row, "fileTypeText") == "Data",
    )


def _day(record: Any, name: str) -> date | None:
    try:
        return date.fromisoformat(text_at(record, name)[:10])
    except ValueError:
        return None


# ---- patent search ---------------------------------------------------------------------------------------------------


def _publications(record: Any, place: str) -> Iterator[Item | Issue]:
    """The publication of the application and the grant, whichever exist."""
    meta = record.get("applicationMetaData")
    published = _PUBLISHED.fullmatch(re.sub(r"[\s/-]", "", text_at(meta, "earliestPublicationNumber")))
    patent = text_at(meta, "patentNumber")
    if published:
        day = text_at(meta, "earliestPublicationDate")
        yield from convert(_publication(record, "application", published[1], published[2], day), place)
    if patent:
        # Since 2001 a grant is B2 when its application had been published, B1 when not; other kinds say so themselves.
        kind = {"PP": "P2" if not published else "P3", "RE": "E1", "D": "S1", "H": "H1"}.get(
            re.sub(r"\d", "", patent), "B2" if published else "B1"
        )
        yield from convert(_publication(record, "grant", patent, kind, text_at(meta, "grantDate")), place)
    if not published and not patent:
        yield _remark("unpublished", f"{place} is an application that is not published yet")


def _publication(record: Any, type_: Any, number: str, kind: str, day: str) -> Publication:
    meta = record.get("applicationMetaData")
    applicants = [one for one in each_at(meta, "applicantBag") if not text_at(one, "lastName")]
    return Publication(
        type=type_,
        number=number,
        kind=kind,
        published=day,
        application=re.sub(r"[^A-Za-z0-9]", "", text_at(record, "applicationNumberText")),
        filed=text_at(meta, "filingDate"),
        design=text_at(meta, "applicationTypeCode") in _DESIGN,
        title=fold(text_at(meta, "inventionTitle")),
        inventors=[Party(fold(text_at(one, "inventorNameText")), _home(one)) for one in each_at(meta, "inventorBag")],
        organisations=[Party(fold(text_at(one, "applicantNameText")), _home(one)) for one in applicants],
        cpc=[Symbol(text) for text in each_at(meta, "cpcClassificationBag") if isinstance(text, str)],
        claims=list(_claims(record)),
    )


def _home(party: Any) -> str:
    """The residence where it is told, else any address."""
    addresses = list(each_at(party, "correspondenceAddressBag"))
    residences = [one for one in addresses if text_at(one, "postalAddressCategory") == "residence"]
    for one in residences + addresses:
        if text_at(one, "countryCode"):
            return text_at(one, "countryCode")
    return text_at(party, "countryCode")


def _claims(record: Any) -> Iterator[Claim]:
    for claim in each_at(record, "foreignPriorityBag"):
        office = text_at(claim, "ipOfficeName")
        country = _OFFICES.get(office.upper(), re.sub(r"[^A-Z]", "", office.upper()))
        yield Claim(country, text_at(claim, "applicationNumberText"), text_at(claim, "filingDate"))
    for claim in each_at(record, "parentContinuityBag"):
        number, day = text_at(claim, "parentApplicationNumberText"), text_at(claim, "parentApplicationFilingDate")
        yield Claim("US", number, day)
