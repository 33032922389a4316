"""The European Publication Server over a world: HTML lists of Wednesdays and of their documents, XML documents.

Every rule is from feeds-patents.md section 3; documents are in the shape of DTD 1.5.1. Records are SIMULATED.
"""

import re
import threading
from dataclasses import dataclass, field
from datetime import date, timedelta

from scrapers.replay.arxiv_records import text_of
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.patents import Patent, PatentShelf

_PREFIX = "/epo_publications/rest/v1.2"
_DATES = f"{_PREFIX}/publication-dates"
_PATENTS = f"{_PREFIX}/patents"
_DAY_PATH = re.compile(r"/(\d{8})/patents")
_DOCUMENT_PATH = re.compile(r"/EP(\d{7})NW([AB]\d)/document\.xml")
_HTML = {"Content-Type": "text/html;charset=UTF-8"}
_NOT_FOUND = Response(404, b"<html><head><title>404</title></head><body>Not found</body></html>", _HTML)
_WEDNESDAY = 2
_SHOWN_WEEKS = 60
_LARGEST_SEARCH_DAYS = 7 * _SHOWN_WEEKS


@dataclass
class EpoPublications:
    """The service at `/epo_publications/rest/v1.2`."""

    gone: set[str] = field(default_factory=set)
    """Documents that are listed and answered with 404, by number and kind: `1000000B1`."""
    bare_ampersands: bool = False
    """Whether documents hold the bare `&` that some genuine ones have in an address."""
    paths: tuple[str, ...] = (_DATES, _PATENTS)
    _shelf: PatentShelf | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def answer(self, request: Request, stage: Stage) -> Response:
        with self._lock:
            if self._shelf is None or self._shelf.world is not stage.world:
                self._shelf = PatentShelf(stage.world)
            if request.path.rstrip("/") == _DATES:
                return _list([f"{day:%Y/%m/%d}" for day in _wednesdays(stage.now.date())])
            listed = _DAY_PATH.fullmatch(request.path.removeprefix(_DATES))
            if listed is not None:
                return self._patents(listed[1], stage)
            document = _DOCUMENT_PATH.fullmatch(request.path.removeprefix(_PATENTS))
            return _NOT_FOUND if document is None else self._document(document[1], document[2], stage)

    def _published(self, since: date, until: date, stage: Stage) -> list[Patent]:
        if self._shelf is None:
            return []
        return [each for each in self._shelf.published(stage.view, since, until) if each.office == "EP"]

    def _patents(self, text: str, stage: Stage) -> Response:
        try:
            day = date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
        except ValueError:
            return _NOT_FOUND
        found = self._published(day, day, stage)
        return _list([f"EP{patent.number}NW{patent.kind}" for patent in found]) if found else _NOT_FOUND

    def _document(self, number: str, kind: str, stage: Stage) -> Response:
        if f"{number}{kind}" in self.gone:
            return _NOT_FOUND
        since = stage.now.date() - timedelta(days=_LARGEST_SEARCH_DAYS)
        patent = None if self._shelf is None else self._shelf.find(stage.view, "EP", number, kind, since)
        if patent is None:
            return _NOT_FOUND
        body = ep_document(patent)
        if self.bare_ampersands:
            body = body.replace("<str>Invented Road 1", "<str>Invented & Road 1")
        return Response(200, body.encode(), {"Content-Type": "application/xml;charset=UTF-8"})


def _wednesdays(today: date) -> list[date]:
    last = today - timedelta(days=(today.weekday() - _WEDNESDAY) % 7)
    return [last - timedelta(weeks=weeks) for weeks in range(_SHOWN_WEEKS)]


def _list(texts: list[str]) -> Response:
    links = "\n".join(f'<a href="{text.replace("/", "")}">{text}</a><br/>' for text in texts)
    body = f"<html><head><title>European Publication Server</title></head>\n<body>\n{links}\n</body></html>\n"
    return Response(200, body.encode(), _HTML)


def ep_document(patent: Patent) -> str:
    """One document: bibliography in B-tags, then abstract, description and claims."""
    day = f"{patent.day:%Y%m%d}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE ep-patent-document PUBLIC '
        '"-//EPO//EP PATENT DOCUMENT 1.5.1//EN" "ep-patent-document-v1-5-1.dtd">\n'
        f'<ep-patent-document id="EP{patent.number}{patent.kind}" file="EP{patent.number}NW{patent.kind}.xml" '
        f'lang="en" country="EP" doc-number="{patent.number}" kind="{patent.kind}" date-publ="{day}" status="n" '
        'dtd-version="ep-patent-document-v1-5-1"><SDOBI lang="en">'
        f"<B100><B110>{patent.number}</B110><B130>{patent.kind}</B130><B140><date>{day}</date></B140><B190>EP</B190></B100>"
        f"<B200><B210>{patent.number[:8]}.0</B210><B250>en</B250></B200>"
        f"{_priority(patent)}"
        f"<B400><B405><date>{day}</date></B405></B400>"
        f"<B500>{_codes(patent)}<B540><B541>de</B541><B542>SIMULIERT {text_of(patent.title)}</B542><B541>en</B541>"
        f"<B542>{text_of(patent.title)}</B542></B540></B500>"
        f"<B700>{_inventors(patent)}{_holder(patent)}</B700>"
        f"</SDOBI>{_abstract(patent)}"
        '<description id="desc" lang="en"><p id="p0001" num="0001">SIMULATED description.</p></description>'
        '<claims id="claims01" lang="en"><claim id="c-en-0001" num="0001"><claim-text>SIMULATED claim.</claim-text>'
        "</claim></claims></ep-patent-document>\n"
    )


def _priority(patent: Patent) -> str:
    office, number, day = patent.priority or (patent.country, patent.family, date(patent.day.year - 1, 1, 1))
    return f"<B300><B310>{number}</B310><B320><date>{day:%Y%m%d}</date></B320><B330><ctry>{office}</ctry></B330></B300>"


def _codes(patent: Patent) -> str:
    rows = "".join(
        f'<classification-cpc sequence="{place}"><text>{_fixed_width(symbol)}20130101 '
        f"{'F' if place == 1 else 'L'}I20260101BCEP        </text></classification-cpc>"
        for place, symbol in enumerate(patent.cpc, start=1)
    )
    first = f"{_fixed_width(patent.cpc[0])}20060101AFI20260101BHEP        "
    ipc = f'<classification-ipcr sequence="1"><text>{first}</text>'
    cpc = f"<classifications-cpc>{rows}</classifications-cpc>"
    return f"<B510EP>{ipc}</classification-ipcr></B510EP><B520EP>{cpc}</B520EP>"


def _fixed_width(symbol: str) -> str:
    group, _, subgroup = symbol.partition("/")
    return f"{group[:4]}{group[4:]:>4}/{subgroup}".ljust(19)


def _inventors(patent: Patent) -> str:
    rows = "".join(
        f"<B721><snm>{text_of(name)}</snm><adr><str>Invented Road 1</str><city>Nowhere</city>"
        f"<ctry>{patent.country}</ctry></adr></B721>"
        for name in patent.inventors
    )
    return f"<B720>{rows}</B720>"


def _holder(patent: Patent) -> str:
    """Applications name applicants, grants the holders."""
    group, party = ("B730", "B731") if patent.kind.startswith("B") else ("B710", "B711")
    return (
        f"<{group}><{party}><snm>{text_of(patent.applicant)}</snm><iid>1</iid><adr><str>Invented Road 1</str>"
        f"<city>Nowhere</city><ctry>{patent.country}</ctry></adr></{party}></{group}>"
    )


def _abstract(patent: Patent) -> str:
    if patent.abstract is None:
        return ""
    words = f'<p id="pa01" num="0001">{text_of(patent.abstract)}</p>'
    return f'<abstract id="abst" lang="{patent.language}">{words}</abstract>'
