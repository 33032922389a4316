"""Europe PMC's answers to Items: search results as JSON or XML (core, lite), Dublin Core and bare lists of identifiers.

Format: https://europepmc.org/RestfulWebService. Core and lite give items, Dublin Core gives items without the day of
indexing, a list of identifiers (idlist) gives one issue a record and no item, as it holds neither title nor day. A file
of PubMed XML is handed to its own parser: its records are Europe PMC's `MED` records under the same ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import unquote

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.parsers.medline_work import Judge, Work
from scrapers.parsers.person_names import from_comma, from_index, from_parts
from scrapers.parsers.pubmed_xml import USED as USED_OF_PUBMED
from scrapers.parsers.pubmed_xml import parse_articles
from scrapers.parsers.record_fields import each_at, field_paths, left_over, number_at, read_json, text_at
from scrapers.parsers.xml_stream import Readable, Rejoined, iterate_records, local_name
from scrapers.source import Source

_AUTHOR = "authorList.author"
USED = frozenset(
    {"id", "source", "doi", "title", "abstractText", "language", "license", "versionNumber", "affiliation"}
    | {"authorString", f"{_AUTHOR}.fullName", f"{_AUTHOR}.firstName", f"{_AUTHOR}.lastName", f"{_AUTHOR}.initials"}
    | {f"{_AUTHOR}.collectiveName", f"{_AUTHOR}.authorAffiliationDetailsList.authorAffiliation.affiliation"}
    | {"firstPublicationDate", "electronicPublicationDate", "journalInfo.printPublicationDate", "firstIndexDate"}
    | {"dateOfRevision", "pubType", "pubTypeList.pubType"}
    | {"meshHeadingList.meshHeading.descriptorName", "meshHeadingList.meshHeading.majorTopic_YN"}
    | {f"commentCorrectionList.commentCorrection.{name}" for name in ("type", "id", "source")}
)
"""Fields of a search result from which an item is made."""
USED_OF_DUBLIN_CORE = frozenset(
    {"rdf:Description@about", "dc:title", "dc:creator", "dc:contributor", "dc:subject", "dc:description", "dc:date"}
    | {"dc:identifier", "dc:language", "dcterms:abstract", "dcterms:created", "dcterms:available"}
)
# Without these a record holds an identifier only (resultType=idlist).
_SUBSTANCE = ("title", "firstPublicationDate", "firstIndexDate", "authorString", "journalTitle", "pubYear")
_DOI_URL = "https://doi.org/"


@dataclass(slots=True)
class Page:
    """What one answer to a search holds."""

    hit_count: int | None = None
    next_cursor: str | None = None
    error: tuple[str, str] | None = None
    """Code and text of an error that came with HTTP 200."""
    hollow: bool = True
    """Nothing but the version of the service: it must be asked again."""
    names: list[str] = field(default_factory=list)
    """Of every record, in order: source and number, for example MED39709209."""
    found: list[tuple[Item | Issue, ...]] = field(default_factory=list)
    """For each of `names`: its item and what is to be said about it."""
    fields: set[str] = field(default_factory=set)

    @property
    def records(self) -> int:
        return len(self.names)


def parse_page(stream: BinaryIO, source: Source) -> Page:
    """One answer to a search. Raises ParseError when it is none; an error told by the service is in the page."""
    page = Page()
    judge = Judge(source)
    for record, work in _works(stream, page):
        page.names.append(work.name)
        page.fields.update(record)
        page.found.append(tuple(judge.judge(work)))
    return page


def parse_items(stream: BinaryIO, source: Source) -> Iterator[Item | Issue]:
    """Items and issues of one raw answer, or of a file of PubMed XML. Raises ParseError when it is neither."""
    head = stream.read(4096)
    whole = Rejoined(head, stream)
    # Without its zero bytes UTF-16 can be told apart as well.
    if b"<PubmedArticleSet" in head.replace(b"\0", b""):
        yield from parse_articles(whole, source)
        return
    page, judge = Page(), Judge(source)
    for record, work in _works(whole, page):
        page.fields.update(record)
        yield from judge.judge(work)
    if page.error is not None:
        raise ParseError(f"expected search results, found Europe PMC's error {page.error[0]}: {page.error[1]}")
    if page.hollow:
        raise ParseError("expected search results, found an answer without any: ask again")
    for name in unknown_fields(page.fields, source):
        message = "a field that the parser does not know; once a file"
        yield judge.issue("info", "field-unknown", message, name)


def unknown_fields(seen: set[str], source: Source) -> list[str]:
    """Fields of records that are neither used nor on the source's list of ignored ones."""
    return left_over(seen, USED | USED_OF_DUBLIN_CORE | USED_OF_PUBMED, frozenset(source.ignore_fields))


def _works(stream: Readable, page: Page) -> Iterator[tuple[set[str], Work]]:
    """Each record's field paths and its work; fills in the page's own facts."""
    head = stream.read(64)
    whole = Rejoined(head, stream)
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<"):
        yield from _works_of_xml(whole, page)
    else:
        yield from _works_of_json(whole, page)


# ---- JSON ------------------------------------------------------------------------------------------------------------


def _works_of_json(stream: Readable, page: Page) -> Iterator[tuple[set[str], Work]]:
    document = read_json(stream)
    if isinstance(document, list):
        # Results that a client has collected from several answers.
        page.hollow, results = False, document
    elif isinstance(document, dict):
        results = _read_envelope(document, page)
    else:
        raise ParseError("expected an object of Europe PMC, found another JSON value; refetch")
    for result in results:
        if not isinstance(result, dict):
            raise ParseError(f"expected results that are objects, found {type(result).__name__}; refetch")
        yield set(field_paths(result)), _work_of_result(result)


def _read_envelope(document: dict[str, Any], page: Page) -> list[Any]:
    page.hit_count = number_at(document, "hitCount")
    page.next_cursor = text_at(document, "nextCursorMark") or None
    code, told = text_at(document, "errCode"), text_at(document, "errMsg")
    if code or told:
        page.error = (code[:40], " ".join(told.split())[:300])
    listed = document.get("resultList")
    results = listed.get("result") if isinstance(listed, dict) else None
    if results is not None and not isinstance(results, list):
        raise ParseError("expected resultList.result to be a list, found another JSON value; refetch")
    known = {"version", "hitCount", "resultList", "errCode", "errMsg"}
    if not known & set(document):
        raise ParseError("expected an answer of Europe PMC, found another JSON object; refetch")
    page.hollow = results is None
    return results or []


def _work_of_result(result: dict[str, Any]) -> Work:
    work = Work(
        repository=text_at(result, "source").strip(),
        number=text_at(result, "id").strip(),
        title=text_at(result, "title"),
        abstract=text_at(result, "abstractText"),
        language=text_at(result, "language"),
        indexed=text_at(result, "firstIndexDate"),
        updated=text_at(result, "dateOfRevision"),
        doi=text_at(result, "doi"),
        licence=text_at(result, "license"),
        version=str(number_at(result, "versionNumber") or ""),
        authors=list(_authors(result)),
        affiliations=list(_affiliations(result)),
        headings=list(_headings(result)),
        types=[text_at(part) for part in each_at(result, "pubTypeList", "pubType")] + [text_at(result, "pubType")],
        bare=not any(name in result for name in _SUBSTANCE),
        expects_abstract="pubTypeList" in result,
    )
    days = (("firstPublicationDate",), ("electronicPublicationDate",), ("journalInfo", "printPublicationDate"))
    work.published = [day for day in (text_at(result, *path) for path in days) if day][:1]
    _read_relations(result, work)
    return work


def _authors(result: dict[str, Any]) -> Iterator[str]:
    listed = list(each_at(result, "authorList", "author"))
    if not listed:
        listed = [{"fullName": part} for part in text_at(result, "authorString").rstrip(". ").split(", ")]
    for author in listed:
        surname = text_at(author, "lastName")
        given = text_at(author, "firstName") or text_at(author, "initials")
        if surname:
            yield from_parts(given, surname)
        else:
            yield text_at(author, "collectiveName") or from_index(text_at(author, "fullName"))


def _affiliations(result: dict[str, Any]) -> Iterator[str]:
    for author in each_at(result, "authorList", "author"):
        for place in each_at(author, "authorAffiliationDetailsList", "authorAffiliation"):
            yield text_at(place, "affiliation")
    yield text_at(result, "affiliation")


def _headings(result: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    for heading in each_at(result, "meshHeadingList", "meshHeading"):
        yield text_at(heading, "descriptorName"), text_at(heading, "majorTopic_YN") == "Y"


def _read_relations(result: dict[str, Any], work: Work) -> None:
    """Retraction, and the article that a preprint became."""
    for relation in each_at(result, "commentCorrectionList", "commentCorrection"):
        kind = text_at(relation, "type").strip().lower()
        if kind == "retraction in":
            work.retracted = True
        elif kind == "preprint in":
            article = Work(repository=text_at(relation, "source").strip(), number=text_at(relation, "id").strip())
            if article.repository and article.number:
                work.article = f"epmc:{article.name}"


# ---- XML -------------------------------------------------------------------------------------------------------------

_ENVELOPE = ("version", "hitCount", "nextCursorMark", "errCode", "errMsg", "resultList", "RDF")
_ELEMENTS = (*_ENVELOPE, "result", "Description")


def _works_of_xml(stream: Readable, page: Page) -> Iterator[tuple[set[str], Work]]:
    told: dict[str, str] = {}
    for element in iterate_records(stream, _ELEMENTS, ("responseWrapper", "error"), "search results"):
        name = local_name(element.tag)
        if name == "result":
            page.hollow = False
            result = _as_record(element)
            yield set(field_paths(result)), _work_of_result(result)
        elif name == "Description":
            page.hollow = False
            yield _work_of_description(element)
        elif name in ("resultList", "RDF"):
            page.hollow = False
        else:
            told.setdefault(name, "".join(element.itertext()).strip())
    page.hit_count = number_at(told, "hitCount")
    page.next_cursor = told.get("nextCursorMark") or None
    if told.get("errCode") or told.get("errMsg"):
        page.error = (told.get("errCode", "")[:40], told.get("errMsg", "")[:300])


def _as_record(element: Any) -> Any:
    """An element as the same record would be in JSON: text, or an object; what stands in a `...List` becomes a list."""
    if not len(element):
        return element.text or ""
    listed = local_name(element.tag).endswith("List")
    record: dict[str, Any] = {}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name, value = local_name(child.tag), _as_record(child)
        known = record.get(name)
        if isinstance(known, list):
            known.append(value)
        elif known is not None:
            record[name] = [known, value]
        else:
            record[name] = [value] if listed else value
    return record


_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_PREFIXES = {"http://purl.org/dc/elements/1.1/": "dc", "http://purl.org/dc/terms/": "dcterms"}


def _work_of_description(element: Any) -> tuple[set[str], Work]:
    """A Dublin Core record; its number stands in its address, `http://europepmc.org/abstract/MED/39709209`."""
    values: dict[str, list[str]] = {}
    for child in element:
        if isinstance(child.tag, str):
            space, _, name = child.tag.rpartition("}")
            values.setdefault(f"{_PREFIXES.get(space[1:], '?')}:{name}", []).append("".join(child.itertext()))
    about = unquote(str(element.get(_ABOUT, ""))).rstrip("/").split("/")
    doi = next((text for text in values.get("dc:identifier", ()) if text.startswith(_DOI_URL)), "")
    days = [day for name in ("dc:date", "dcterms:available", "dcterms:created") for day in values.get(name, ())]
    work = Work(
        repository=about[-2].strip() if len(about) > 1 else "",
        number=about[-1].strip(),
        title=" ".join(values.get("dc:title", ())),
        abstract=" ".join(values.get("dcterms:abstract", ())),
        language=next(iter(values.get("dc:language", ())), ""),
        published=days[:1],
        doi=doi,
        authors=[from_comma(name) for name in values.get("dc:creator", ())],
        affiliations=values.get("dc:contributor", []),
        headings=[(subject, True) for subject in values.get("dc:subject", ())],
        types=values.get("dc:description", []),
        expects_abstract=True,
    )
    return {"rdf:Description@about", *values}, work
