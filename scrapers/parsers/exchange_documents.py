"""EPO exchange documents (ST.36) to Items: what OPS answers, what DOCDB files hold, what a drop folder may be given.

Schema: http://www.epo.org/exchange, `exchange-documents.xsd`; namespaces and prefixes differ from sender to sender, so
names are compared without them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

from horizon.records import Code, Issue, Item
from scrapers.issues import Refusal, make_issue
from scrapers.parsers.patent_codes import Classified, classified, family_of, order_codes, publication, read_day
from scrapers.parsers.patent_names import Party
from scrapers.parsers.patent_records import (
    Contents,
    Publication,
    compose,
    epo_id,
    identify,
)
from scrapers.parsers.patent_texts import Text
from scrapers.parsers.patent_xml import (
    child,
    children,
    listed,
    text_at,
    text_of,
)
from scrapers.parsers.xml_stream import fold, local_name

RECORD = "exchange-document"
ROOTS = ("world-patent-data", "exchange-documents", RECORD)
_LINK = "https://worldwide.espacenet.com/patent/search?q=pn%3D"
_PLACEHOLDERS = ("not found", "invalid result", "invalid")
_BIBLIO = "bibliographic-data"
_REFERENCE = f"{_BIBLIO}/publication-reference/document-id"
_PARTY = f"{_BIBLIO}/parties"
_CLASS = f"{_BIBLIO}/patent-classifications/patent-classification"
READ = (
    *(f"@{name}" for name in ("country", "doc-number", "kind", "family-id", "status", "date-publ")),
    "@date-of-last-exchange",
    *(f"{_REFERENCE}{part}" for part in ("@document-id-type", "/country", "/doc-number", "/kind", "/date")),
    *(
        f"{_BIBLIO}/application-reference/document-id{part}"
        for part in ("@document-id-type", "/country", "/doc-number")
    ),
    *(f"{_BIBLIO}/priority-claims/priority-claim/document-id{part}" for part in ("/country", "/doc-number", "/date")),
    f"{_BIBLIO}/priority-claims/priority-claim/document-id@document-id-type",
    f"{_BIBLIO}/classifications-ipcr/classification-ipcr/text",
    f"{_BIBLIO}/classification-ipc/text",
    *(
        f"{_CLASS}/{part}"
        for part in ("section", "class", "subclass", "main-group", "subgroup", "classification-value")
    ),
    *(f"{_CLASS}/{part}" for part in ("classification-scheme@scheme", "classification-symbol", "symbol-position")),
    *(f"{_PARTY}/{role}s/{role}@data-format" for role in ("applicant", "inventor")),
    *(f"{_PARTY}/{role}s/{role}@sequence" for role in ("applicant", "inventor")),
    f"{_BIBLIO}/language-of-publication",
)
TREES = (
    *(f"{_PARTY}/{role}s/{role}/{role}-name" for role in ("applicant", "inventor")),
    f"{_PARTY}/applicants/applicant/residence",
    f"{_BIBLIO}/invention-title",
    "abstract",
)


def record_number(record: Any) -> str | None:
    """`EP.4567890.A1` of an exchange document, from its attributes or its reference; None when there is none."""
    parts = [record.get(name) or "" for name in ("country", "doc-number", "kind")]
    if not all(parts):
        reference = _document_id(child(record, _BIBLIO, "publication-reference"), "docdb")
        if reference is not None:
            parts = [text_at(reference, name) for name in ("country", "doc-number", "kind")]
    return publication(*parts)


def read_record(record: Any, source: str) -> tuple[Item | None, list[Issue]]:
    """The item of one exchange document, None when it is refused, and the issues about it; a refusal has one too."""
    name = record_number(record)
    try:
        _check_status(record)
        found = identify(name, _days(record))
        item = compose(found, source, _contents(record, found))
    except Refusal as refusal:
        told = {} if name else {"found": " ".join(record.get(key) or "-" for key in ("country", "doc-number", "kind"))}
        return None, [refusal.issue(source, epo_id(name), **told)]
    return item, [make_issue(source, *issue, epo_id(name)) for issue in found.issues]


def _check_status(record: Any) -> None:
    status = (record.get("status") or "").strip()
    if status.casefold() in _PLACEHOLDERS:
        raise Refusal("record-not-found", f"the source has only a placeholder for it, with the status {status!r}")
    if status.upper() in ("D", "DV"):
        raise Refusal("record-deleted", "the source says that this publication was deleted", "warning")


def _days(record: Any) -> Iterator[str]:
    for reference in listed(record, _BIBLIO, "publication-reference"):
        yield from (text_at(each, "date") for each in children(reference, "document-id"))
    yield record.get("date-publ") or ""


def _contents(record: Any, found: Publication) -> Contents:
    return Contents(
        titles=_texts(record, found.office, _BIBLIO, "invention-title"),
        abstracts=_texts(record, found.office, "abstract"),
        inventors=_parties(record, "inventor"),
        applicants=_parties(record, "applicant"),
        codes=_codes(record),
        family=_family(record),
        url=_LINK + found.name.replace(".", ""),
        updated=_updated(record),
        withdrawn=(record.get("status") or "").strip().upper() == "CV",
    )


def _updated(record: Any) -> datetime | None:
    day, _ = read_day(record.get("date-of-last-exchange"))
    return datetime.combine(day, time(), UTC) if day else None


def _texts(record: Any, office: str, *path: str) -> list[Text]:
    home = text_at(record, _BIBLIO, "language-of-publication")
    return [Text.read(text_of(each), each.get("lang") or "", office, home) for each in listed(record, *path)]


def _document_id(reference: Any | None, form: str) -> Any | None:
    """The reference in one form (`docdb`, `epodoc`, `original`); DOCDB files put the form on the reference itself."""
    if reference is None:
        return None
    for each in children(reference, "document-id"):
        if (each.get("document-id-type") or reference.get("data-format") or form) == form:
            return each
    return None


def _parties(record: Any, role: str) -> list[Party]:
    """Every applicant or inventor, in all spellings."""
    return [
        (each.get("data-format") or "", text_at(each, f"{role}-name"), text_at(each, "residence", "country"))
        for each in listed(record, _BIBLIO, "parties", f"{role}s", role)
    ]


def _codes(record: Any) -> tuple[Code, ...]:
    """CPC of whatever office once each, inventive ones first, then IPC; other schemes (UC, FI) are left out."""
    cpc = [
        _cpc(each)
        for each in listed(record, _BIBLIO, "patent-classifications", "patent-classification")
        if _is_cpc(each)
    ]
    ipc = [text_at(each, "text") for each in listed(record, _BIBLIO, "classifications-ipcr", "classification-ipcr")]
    ipc += [text_of(each) for each in listed(record, _BIBLIO, "classification-ipc", "text")]
    return (*order_codes("cpc", cpc), *order_codes("ipc", map(classified, ipc)))


def _is_cpc(classification: Any) -> bool:
    scheme = child(classification, "classification-scheme")
    return scheme is not None and (scheme.get("scheme") or "").startswith("CPC")


def _cpc(classification: Any) -> Classified | None:
    text = text_at(classification, "classification-symbol")
    if not text:
        parts = [text_at(classification, name) for name in ("section", "class", "subclass", "main-group", "subgroup")]
        text = f"{''.join(parts[:3])} {parts[3]}/{parts[4]}" if all(parts) else ""
    first = text_at(classification, "symbol-position") == "F"
    return classified(text, text_at(classification, "classification-value"), first=first)


def _family(record: Any) -> str | None:
    """The DOCDB simple family; without it the earliest priority, then the application."""
    number = (record.get("family-id") or "").strip() or _family_above(record)
    if number.isdecimal() and int(number) > 0:
        return number
    claims = [_numbered(claim) for claim in listed(record, _BIBLIO, "priority-claims", "priority-claim")]
    applied = _document_id(child(record, _BIBLIO, "application-reference"), "docdb")
    application = None if applied is None else (text_at(applied, "country"), text_at(applied, "doc-number"))
    return family_of(claims, application)


def _numbered(claim: Any) -> tuple[str, str, str]:
    """(date, office, number) of one priority claim, which may come as `docdb` or as `epodoc`."""
    each = _document_id(claim, "docdb")
    if each is None:
        each = _document_id(claim, "epodoc")
    if each is None:
        return "", "", ""
    return text_at(each, "date"), text_at(each, "country"), text_at(each, "doc-number")


def _family_above(record: Any) -> str:
    """An answer to a family inquiry names the family on the member round the document."""
    above = record.getparent()
    while above is not None:
        if local_name(above.tag) == "family-member":
            return fold(above.get("family-id"))
        above = above.getparent()
    return ""
