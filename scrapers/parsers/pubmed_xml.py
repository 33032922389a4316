"""PubMed XML (MEDLINE citations) to Items under the ids that Europe PMC's records have.

Elements: https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO

from horizon.records import Issue, Item
from scrapers.parsers.medline_work import Judge, Work
from scrapers.parsers.person_names import from_parts
from scrapers.parsers.record_fields import left_over
from scrapers.parsers.xml_stream import Readable, iterate_records, local_name
from scrapers.source import Source

_CITATION, _ARTICLE = "MedlineCitation", "MedlineCitation.Article"
_AUTHOR = f"{_ARTICLE}.AuthorList.Author"
_DATE_PARTS = ("Year", "Month", "Day")
_ISSUE_DATE = f"{_ARTICLE}.Journal.JournalIssue.PubDate"
_RELATION = f"{_CITATION}.CommentsCorrectionsList.CommentsCorrections"
_DESCRIPTOR = f"{_CITATION}.MeshHeadingList.MeshHeading.DescriptorName"
USED = frozenset(
    {f"{_CITATION}.PMID", f"{_ARTICLE}.ArticleTitle", f"{_ARTICLE}.VernacularTitle", f"{_ARTICLE}.Language"}
    | {f"{_ARTICLE}.Abstract.AbstractText", f"{_ARTICLE}.Abstract.AbstractText@Label"}
    | {f"{_ARTICLE}.ELocationID", f"{_ARTICLE}.ELocationID@EIdType", f"{_ARTICLE}.ELocationID@ValidYN"}
    | {f"{_ARTICLE}.PublicationTypeList.PublicationType", f"{_AUTHOR}.AffiliationInfo.Affiliation"}
    | {f"{_AUTHOR}.{name}" for name in ("LastName", "ForeName", "Initials", "Suffix", "CollectiveName")}
    | {f"{_ARTICLE}.ArticleDate.{part}" for part in _DATE_PARTS}
    | {f"{_ISSUE_DATE}.{part}" for part in (*_DATE_PARTS, "MedlineDate")}
    | {f"{_CITATION}.DateRevised.{part}" for part in _DATE_PARTS}
    | {f"PubmedData.History.PubMedPubDate.{part}" for part in _DATE_PARTS}
    | {"PubmedData.History.PubMedPubDate@PubStatus"}
    | {"PubmedData.ArticleIdList.ArticleId", "PubmedData.ArticleIdList.ArticleId@IdType"}
    | {_DESCRIPTOR, f"{_DESCRIPTOR}@MajorTopicYN", f"{_RELATION}@RefType", f"{_RELATION}.PMID"}
)
"""Fields from which an item is made; attributes are written `element@attribute`."""
_ROOTS = ("PubmedArticleSet", "PubmedArticle")
_RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
_MARKUP = frozenset({"i", "b", "u", "sub", "sup", "math", "DispFormula"})
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # noqa: SIM905
_MEDLINE_DATE = re.compile(r"\s*(\d{4})(?:\s+([A-Za-z]{3}))?")
_PUBLIC = ("entrez", "pubmed")


def parse_items(stream: BinaryIO, source: Source) -> Iterator[Item | Issue]:
    """Items and issues of a PubmedArticleSet. Raises ParseError when it is none."""
    return parse_articles(stream, source)


def parse_articles(stream: Readable, source: Source) -> Iterator[Item | Issue]:
    """Items and issues, one citation after the other in bounded memory. Raises ParseError for another document."""
    judge = Judge(source)
    fields: set[str] = set()
    for element in iterate_records(stream, _RECORDS, _ROOTS, "PubMed XML"):
        name = local_name(element.tag)
        if name == "PubmedArticle":
            fields.update(element_paths(element))
            yield from judge.judge(_work(element))
        elif name == "DeleteCitation":
            for gone in element.iter("PMID"):
                yield judge.issue("info", "record-deleted", "PubMed says that this record was deleted", _text(gone))
        else:
            told = _text(element.find(".//PMID"))
            yield judge.issue(
                "info", "book-left-out", "a book or a chapter: not among the works that are counted", told
            )
    for path in left_over(fields, USED, frozenset(source.ignore_fields)):
        yield judge.issue("info", "field-unknown", "a field that the parser does not know; once a file", path)


def element_paths(element: Any, prefix: str = "") -> Iterator[str]:
    """Dotted paths of everything below an element that says something; markup inside a text is part of the text."""
    for child in element:
        if not isinstance(child.tag, str):
            continue
        path = f"{prefix}.{local_name(child.tag)}" if prefix else local_name(child.tag)
        yield from (f"{path}@{name.rpartition('}')[2]}" for name in child.keys())  # noqa: SIM118  (an lxml element)
        inner = [local_name(part.tag) for part in child if isinstance(part.tag, str)]
        if inner and not _MARKUP.issuperset(inner):
            yield from element_paths(child, path)
        elif _text(child):
            yield path


def _text(element: Any) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _work(article: Any) -> Work:
    citation = article.find("MedlineCitation")
    if citation is None:
        return Work()
    body = citation.find("Article")
    pmid = _text(citation.find("PMID"))
    work = Work(repository="MED", number=pmid, expects_abstract=True)
    if body is None:
        return work
    work.title = _text(body.find("ArticleTitle")) or _text(body.find("VernacularTitle"))
    work.abstract = " ".join(_sections(body))
    work.language = _text(body.find("Language"))
    work.authors = list(_authors(body))
    work.affiliations = [_text(place) for place in body.iterfind("AuthorList/Author/AffiliationInfo/Affiliation")]
    work.types = [_text(kind) for kind in body.iterfind("PublicationTypeList/PublicationType")]
    work.headings = [
        (_text(name), name.get("MajorTopicYN") == "Y")
        for name in citation.iterfind("MeshHeadingList/MeshHeading/DescriptorName")
    ]
    work.doi = _doi(article, body)
    work.indexed = min(_public_days(article), default="")
    work.published = _published(body, work.indexed)
    revised = _day(citation.find("DateRevised"))
    work.updated = revised.isoformat() if revised else ""
    _read_relations(citation, work)
    return work


def _sections(body: Any) -> Iterator[str]:
    """The sections of the abstract, each after its label."""
    for section in body.iterfind("Abstract/AbstractText"):
        text, label = _text(section), str(section.get("Label", "")).strip().rstrip(":")
        if text:
            yield f"{label}: {text}" if label and label.upper() != "UNLABELLED" else text


def _authors(body: Any) -> Iterator[str]:
    for author in body.iterfind("AuthorList/Author"):
        surname = _text(author.find("LastName"))
        given = _text(author.find("ForeName")) or _text(author.find("Initials"))
        suffix = _text(author.find("Suffix"))
        yield from_parts(given, surname, suffix) if surname else _text(author.find("CollectiveName"))


def _doi(article: Any, body: Any) -> str:
    for place in body.iterfind("ELocationID"):
        if place.get("EIdType") == "doi" and place.get("ValidYN", "Y") == "Y":
            return _text(place)
    found = (
        _text(name) for name in article.iterfind("PubmedData/ArticleIdList/ArticleId") if name.get("IdType") == "doi"
    )
    return next(found, "")


def _public_days(article: Any) -> Iterator[str]:
    for moment in article.iterfind("PubmedData/History/PubMedPubDate"):
        day = _day(moment) if moment.get("PubStatus") in _PUBLIC else None
        if day is not None:
            yield day.isoformat()


def _published(body: Any, indexed: str) -> list[str]:
    """The electronic day, and the issue's date unless that is vaguer than the electronic day and not before it."""
    days = [day.isoformat() for day in map(_day, body.iterfind("ArticleDate")) if day]
    first, last = _issue_days(body.find("Journal/JournalIssue/PubDate"))
    precise = min([*days, *([indexed] if indexed else [])], default="")
    if first is not None and last is not None and (not precise or first == last or last.isoformat() < precise):
        days.append(first.isoformat())
    return sorted(days)


def _day(element: Any) -> date | None:
    """Year, month and day, all three."""
    first, last = _issue_days(element)
    return first if first == last else None


def _issue_days(element: Any) -> tuple[date | None, date | None]:
    """First and last day of what a date says: a day, a month or a year."""
    if element is None:
        return None, None
    year, month, day = (_text(element.find(part)) for part in _DATE_PARTS)
    if not year and (vague := _MEDLINE_DATE.match(_text(element.find("MedlineDate")))):
        year, month = vague[1], vague[2] or ""
    if not (year.isascii() and year.isdigit() and 1 <= int(year[:5]) <= 9999):
        return None, None
    number = _month(month)
    try:
        if number and day:
            exact = date(int(year), number, int(day[:4]))
            return exact, exact
        if number:
            return date(int(year), number, 1), date(int(year), number, monthrange(int(year), number)[1])
        return date(int(year), 1, 1), date(int(year), 12, 31)
    except ValueError:
        return None, None


def _month(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= 2:
        return int(text) if 1 <= int(text) <= 12 else None
    return _MONTHS.get(text[:3].lower())


def _read_relations(citation: Any, work: Work) -> None:
    for relation in citation.iterfind("CommentsCorrectionsList/CommentsCorrections"):
        kind, pmid = relation.get("RefType"), _text(relation.find("PMID"))
        if kind == "RetractionIn":
            work.retracted = True
        elif kind == "UpdateIn" and pmid and work.kind == "preprint":
            # PubMed's preprints name the article that they became as their update.
            work.article = f"epmc:MED{pmid}"
