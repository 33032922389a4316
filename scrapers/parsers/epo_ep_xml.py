"""Documents of the European Publication Server (`ep-patent-document`, DTD 1.0 to 1.5.1) to Items.

ST.36 B-tags by INID numbers: https://www.epo.org/en/searching-for-patents/data/bulk-data-sets/publication-server-web-service.
Applications and grants stand alike in it. Description and claims, up to 2 MB, are passed over by rule: an item holds
title and abstract.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from horizon.errors import ParseError
from horizon.records import Code, Issue, Item
from scrapers.issues import Refusal, make_issue
from scrapers.parsers.patent_codes import classified, family_of, order_codes, publication
from scrapers.parsers.patent_names import Party
from scrapers.parsers.patent_records import (
    Contents,
    Publication,
    compose,
    epo_id,
    identify,
    unknown_fields,
)
from scrapers.parsers.patent_texts import Text
from scrapers.parsers.patent_xml import Fields, child, children, listed, text_at, text_of
from scrapers.parsers.xml_stream import iterate_records, without_half_pairs

if TYPE_CHECKING:
    from scrapers.source import Source

SOURCE = "epo_publications"
LARGEST = 32 << 20
_ROOT = "ep-patent-document"
_END = b"</ep-patent-document>"
_EXPECTED = "a document of the European Publication Server"
_LINK = "https://data.epo.org/publication-server/rest/v1.2/patents/"
_B500 = "SDOBI/B500"
_B700 = "SDOBI/B700"
# By rule: an item holds title and abstract.
_PASSED_OVER = ("description", "claims")
_OLD_IPC = ("B511", "B512", "B513", "B514", "B515", "B517EP")
READ = (
    *(f"@{name}" for name in ("country", "doc-number", "kind", "date-publ", "lang")),
    *(f"SDOBI/B100/{tag}" for tag in ("B110", "B130", "B140/date", "B190")),
    "SDOBI/B200/B210",
    *(f"SDOBI/B300/{tag}" for tag in ("B310", "B320/date", "B330/ctry")),
    *(f"{_B500}/B510/{tag}" for tag in _OLD_IPC),
    f"{_B500}/B510EP/classification-ipcr/text",
    f"{_B500}/B520EP/classifications-cpc/classification-cpc/text",
    f"{_B500}/B540/B541",
    *(f"{_B700}/{group}/{party}/snm" for group, party in (("B710", "B711"), ("B720", "B721"), ("B730", "B731"))),
    *(f"{_B700}/{group}/{party}/adr/ctry" for group, party in (("B710", "B711"), ("B730", "B731"))),
)
TREES = (f"{_B500}/B540/B542", "abstract")


def parse_items(stream: BinaryIO, source: "Source | None" = None) -> Iterator[Item | Issue]:
    """The item of one document and the issues about it. Raises ParseError when the stream is no complete document."""
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ParseError(f"expected {_EXPECTED} of at most {LARGEST >> 20} MB, found a larger one; refused")
    if source is None:
        from scrapers.source import load_source

        source = load_source(SOURCE)
    yield from parse_document(data, source)


def parse_document(data: bytes, source: "Source") -> list[Item | Issue]:
    """The same of one document in memory.

    Genuine ones hold a bare `&` here and there: a document whose end is there is read over such places, with an issue;
    one that was cut short is refused by ParseError.
    """
    fields = Fields(READ, TREES, source.ignore_fields)
    try:
        return list(_read(data, fields, recover=False))
    except ParseError:
        if not data.rstrip().endswith(_END):
            raise
    found = list(_read(without_half_pairs(data), fields, recover=True))
    message = "not well-formed XML, though complete: read over the faulty places"
    return [*found, make_issue(SOURCE, "warning", "xml-mended", message, epo_id(_number_of(found)))]


def _number_of(found: list[Item | Issue]) -> str | None:
    return next((entry.id.removeprefix("epo:") for entry in found if isinstance(entry, Item)), None)


def _read(data: bytes, fields: Fields, *, recover: bool) -> Iterator[Item | Issue]:
    documents = iterate_records(BytesIO(data), (_ROOT,), (_ROOT,), _EXPECTED, dropped=_PASSED_OVER, recover=recover)
    for root in documents:
        yield from unknown_fields(root, fields, set(), SOURCE)
        yield from _document(root)


def _document(root: Any) -> Iterator[Item | Issue]:
    printed = [text_at(root, "SDOBI", "B100", tag) for tag in ("B190", "B110", "B130")]
    told = [root.get(name) or "" for name in ("country", "doc-number", "kind")]
    name = publication(*told) or publication(*printed)
    try:
        if publication(*printed) not in (None, name):
            raise Refusal("id-mismatch", "root and B100 name different publications; refused rather than guessed")
        found = identify(name, (root.get("date-publ") or "", text_at(root, "SDOBI", "B100", "B140", "date")))
        yield compose(found, SOURCE, _contents(root, found))
    except Refusal as refusal:
        yield refusal.issue(SOURCE, epo_id(name))
        return
    yield from (make_issue(SOURCE, *issue, epo_id(name)) for issue in found.issues)


def _contents(root: Any, found: Publication) -> Contents:
    return Contents(
        titles=_titles(root),
        abstracts=[
            Text.read(text_of(each), each.get("lang") or root.get("lang") or "", found.office)
            for each in children(root, "abstract")
        ],
        inventors=_parties(root, "B720", "B721"),
        # Applications name applicants, grants the holders.
        applicants=_parties(root, "B710", "B711") or _parties(root, "B730", "B731"),
        codes=_codes(root),
        family=_family(root, found.office),
        url=f"{_LINK}{document_id(found.name)}/document.html",
    )


def _titles(root: Any) -> list[Text]:
    """B540 is a row of pairs: B541 the language, B542 the words."""
    titles: list[Text] = []
    language, row = "", child(root, *_B500.split("/"), "B540")
    for each in () if row is None else children(row):
        if each.tag == "B541":
            language = text_of(each)
        elif each.tag == "B542":
            titles.append(Text.read(text_of(each), language, "EP", root.get("lang") or ""))
    return titles


def document_id(name: str) -> str:
    """The server's name of a publication: `EP4567890NWA1` for `EP.4567890.A1`."""
    office, number, code = name.split(".")
    return f"{office}{number}NW{code}"


def _parties(root: Any, group: str, party: str) -> list[Party]:
    return [
        ("original", text_at(each, "snm"), text_at(each, "adr", "ctry"))
        for each in listed(root, *_B700.split("/"), group, party)
    ]


def _codes(root: Any) -> tuple[Code, ...]:
    lists = _B500.split("/")
    cpc = [
        text_at(each, "text") for each in listed(root, *lists, "B520EP", "classifications-cpc", "classification-cpc")
    ]
    ipc = [text_at(each, "text") for each in listed(root, *lists, "B510EP", "classification-ipcr")]
    # Before 2006 each symbol stood in a tag of its own, with the edition of the IPC before it: `7C 07C  29/44   A`.
    ipc += [text_of(each) for tag in _OLD_IPC for each in listed(root, *lists, "B510", tag)]
    return (*order_codes("cpc", map(classified, cpc)), *order_codes("ipc", map(classified, ipc)))


def _family(root: Any, office: str) -> str | None:
    """No DOCDB family here: the earliest priority (B300), else the application without its check digit (B210)."""
    days, offices, numbers = (
        [text_of(each) for each in listed(root, "SDOBI", "B300", tag)] for tag in ("B320", "B330", "B310")
    )
    application = text_at(root, "SDOBI", "B200", "B210").partition(".")[0]
    return family_of(list(zip(days, offices, numbers, strict=False)), (office, application))
