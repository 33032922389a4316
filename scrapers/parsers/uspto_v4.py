"""Grants and applications since 2005: the elements of us-patent-grant and us-patent-application, DTD 4.0 to 4.7."""

from collections.abc import Iterator
from typing import Any

from scrapers.parsers.patent_xml import text_of
from scrapers.parsers.uspto_record import Claim, Party, Publication, Symbol
from scrapers.parsers.xml_stream import fold

_NAME = ("first-name", "middle-name", "last-name", "suffix")
_PARTS = ("section", "class", "subclass", "main-group", "subgroup")


def read_v4(root: Any) -> Publication | None:
    """None when there is no bibliographic part that could be read."""
    bib = next((child for child in root if str(child.tag).startswith("us-bibliographic-data-")), None)
    if bib is None:
        return None
    number = bib.find("publication-reference/document-id")
    own = bib.find("application-reference")
    return Publication(
        type="grant" if root.tag == "us-patent-grant" else "application",
        number=_at(number, "doc-number"),
        kind=_at(number, "kind"),
        country=_at(number, "country"),
        published=_at(number, "date") or root.get("date-publ", ""),
        produced=root.get("date-produced", ""),
        application=_at(own, "document-id/doc-number"),
        filed=_at(own, "document-id/date"),
        design=_at(number, "kind").startswith("S") or (own is not None and own.get("appl-type") == "design"),
        title=text_of(bib.find("invention-title")),
        abstract=next((text for text in map(text_of, root.iterfind("abstract")) if text), ""),
        language=root.get("lang", "en").lower(),
        inventors=list(_inventors(bib)) or [_party(one) for one in _applicants(bib) if not _is_organisation(one)],
        organisations=list(_organisations(bib)),
        cpc=list(_cpc(bib)),
        ipc=list(_ipc(bib)),
        claims=list(_claims(bib)),
    )


def _at(element: Any, path: str) -> str:
    return "" if element is None else fold(element.findtext(path))


def _party(element: Any) -> Party:
    """Names are in an address book, in old grants directly; several address books are languages of one party."""
    book = element.find("addressbook")
    book = element if book is None else book
    name = text_of(book.find("orgname")) or " ".join(filter(None, (_at(book, part) for part in _NAME)))
    country = _at(book, "address/country") or _at(element, "residence/country")
    return Party(name or _at(book, "name"), country)


def _is_organisation(element: Any) -> bool:
    return element.find("addressbook/orgname") is not None or element.find("orgname") is not None


def _applicants(bib: Any) -> Iterator[Any]:
    yield from bib.iterfind("us-parties/us-applicants/us-applicant")
    yield from bib.iterfind("parties/applicants/applicant")


def _inventors(bib: Any) -> Iterator[Party]:
    """Until 2012 the inventors of an application were its applicants."""
    for path in ("us-parties/inventors", "parties/inventors"):
        yield from (_party(one) for group in bib.iterfind(path) for one in group)
    yield from (_party(one) for one in _applicants(bib) if one.get("app-type") == "applicant-inventor")


def _organisations(bib: Any) -> Iterator[Party]:
    yield from (_party(one) for one in _applicants(bib) if _is_organisation(one))
    yield from (_party(one) for one in bib.iterfind("assignees/assignee") if _is_organisation(one))


def _symbol(element: Any) -> Symbol:
    section, number, subclass, group, subgroup = (fold(element.findtext(name)) for name in _PARTS)
    return Symbol(f"{section}{number}{subclass}{group}/{subgroup}", fold(element.findtext("classification-value")))


def _cpc(bib: Any) -> Iterator[Symbol]:
    found = bib.find("classifications-cpc")
    if found is None:
        return
    # In the order of the document: main-cpc, further-cpc, the combination sets within it.
    yield from (_symbol(element) for element in found.iter("classification-cpc"))


def _ipc(bib: Any) -> Iterator[Symbol]:
    yield from (_symbol(element) for element in bib.iterfind("classifications-ipcr/classification-ipcr"))
    for element in bib.iterfind("classification-ipc"):
        yield from (Symbol(fold(each.text)) for each in element.iter("main-classification", "further-classification"))


def _claims(bib: Any) -> Iterator[Claim]:
    yield from map(_claim, bib.iterfind("priority-claims/priority-claim"))
    related = bib.find("us-related-documents")
    if related is not None:
        yield from map(_claim, related.iterfind("us-provisional-application/document-id"))
        yield from map(_claim, (parent for one in related.iter("parent-doc") for parent in one.iterfind("document-id")))
    yield from map(_claim, bib.iterfind("pct-or-regional-filing-data/document-id"))


def _claim(element: Any) -> Claim:
    return Claim(_at(element, "country"), _at(element, "doc-number"), _at(element, "date"))
