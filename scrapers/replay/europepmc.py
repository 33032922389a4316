"""Europe PMC's search over a world: cursor chains, hit counts, and the ways in which it answers 200 with nothing.

Every rule is from feeds-arxiv-lifescience.md sections 3.1 and 4. Records are SIMULATED.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from scrapers.parsers.author_names import split_authors
from scrapers.parsers.tex_accents import to_unicode
from scrapers.replay.criteria import Library
from scrapers.replay.europepmc_search import QueryError, Searched, indexed_range, read_query, words_of
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.life_science import Indexed, Shelf, dated

VERSION = "6.9"
LARGEST_PAGE = 1_000
_SORTS = frozenset({"FIRST_IDATE_D", "P_PDATE_D", "CITED", "AUTH_FIRST"})
_JSON = {"Content-Type": "application/json;charset=UTF-8"}
_DOWN = Response(503, b"<html><title>503 Service Unavailable</title></html>", {"Content-Type": "text/html"})
_HAN = range(0x3400, 0xA000)
Glitch = Literal["hollow", "error", "empty"]


@dataclass
class EuropePmc:
    """The service at `/europepmc/webservices/rest/search`."""

    end: Literal["repeated", "empty"] = "empty"
    """How a chain ends: the last page repeats the cursor that was sent, or a page without results follows it."""
    overstated: int = 0
    """So many more hits are told than are given."""
    glitches: dict[int, Glitch] = field(default_factory=dict)
    """Number of a request (from 1) to what it is answered with in place of the right answer, always with status 200."""
    paths: tuple[str, ...] = ("/europepmc/webservices/rest/search",)
    requests: int = 0
    _shelf: Shelf | None = None
    _hits: dict[tuple[str, str], list["_Hit"]] = field(default_factory=dict)
    _candidates: tuple[list[Indexed], list["_Hit"], Library[Searched]] | None = None
    """Of the last range of days."""

    def answer(self, request: Request, stage: Stage) -> Response:
        self.requests += 1
        return dated(self._answer(request, stage), stage.now)

    def _answer(self, request: Request, stage: Stage) -> Response:
        glitch = self.glitches.get(self.requests)
        if glitch == "hollow":
            return _json({"version": VERSION})
        if glitch == "error":
            return _error(500, "Internal error, please try again")
        sort = (request.get("sort") or "").split()
        if sort and sort[0] not in _SORTS:
            return _DOWN
        try:
            hits, start, size = self._search(request, stage)
        except QueryError as error:
            return _error(404, str(error))
        mark = request.get("cursorMark") or "*"
        shown = [] if glitch == "empty" else hits[start : start + size]
        return _json(self._envelope(request, mark, shown, start, len(hits)))

    def _search(self, request: Request, stage: Stage) -> tuple[list["_Hit"], int, int]:
        query = request.get("query") or ""
        size = request.get("pageSize") or "25"
        if not query:
            raise QueryError("The query parameter is missing")
        if not size.isdecimal() or not 1 <= int(size) <= LARGEST_PAGE:
            raise QueryError(f"pageSize must be from 1 to {LARGEST_PAGE}")
        return self._matching(query, stage), _read_mark(request.get("cursorMark") or "*"), int(size)

    def _matching(self, query: str, stage: Stage) -> list["_Hit"]:
        key = (query, stage.now.isoformat())
        if self._shelf is None or self._shelf.whole is not stage.world:
            self._shelf, self._hits = Shelf(stage.world), {}
        if key not in self._hits:
            hits, library = self._searchable(self._shelf, query, stage.now)
            # The pages of one query follow one another.
            self._hits = {key: [hits[place] for place in sorted(read_query(query).among(library))]}
        return self._hits[key]

    def _searchable(self, shelf: Shelf, query: str, now: datetime) -> tuple[list["_Hit"], Library[Searched]]:
        """Every record that the ranges of the query allow."""
        records = shelf.indexed(now, *_days(query, now.date(), shelf.is_planned))
        if self._candidates is None or self._candidates[0] is not records:
            hits = [_Hit.of(record) for record in records]
            self._candidates = (records, hits, Library([hit.searched for hit in hits]))
        return self._candidates[1:]

    def _envelope(self, request: Request, mark: str, shown: list["_Hit"], start: int, total: int) -> dict[str, Any]:
        form = request.get("resultType") or "lite"
        after = start + len(shown)
        ended = not shown or (self.end == "repeated" and after >= total)
        return {
            "version": VERSION,
            "hitCount": total + (self.overstated if total else 0),
            "nextCursorMark": mark if ended else _make_mark(after),
            "request": {
                "queryString": request.get("query"),
                "resultType": form,
                "cursorMark": mark,
                "pageSize": int(request.get("pageSize") or 25),
                "sort": request.get("sort") or "",
                "synonym": request.get("synonym") == "true",
            },
            "resultList": {"result": [hit.result(form) for hit in shown]},
        }


@dataclass(frozen=True, slots=True)
class _Hit:
    """One record with what a query sees of it."""

    record: Indexed
    searched: Searched

    @classmethod
    def of(cls, record: Indexed) -> "_Hit":
        text = words_of(f"{to_unicode(record.title)} {to_unicode(record.paper.abstract or '')}")
        return cls(record, Searched(text, record.source, record.indexed.isoformat(), record.published.isoformat()))

    def result(self, form: str) -> dict[str, Any]:
        """The record as `resultType` asks for it: idlist, lite or core."""
        told, paper = self.record, self.record.paper
        preprint = told.source == "PPR"
        record: dict[str, Any] = {"id": told.identifier, "source": told.source}
        record |= {} if preprint else {"pmid": told.identifier}
        if form == "idlist":
            return record
        names = split_authors(paper.authors)
        record |= {
            "doi": told.doi,
            "title": f"{to_unicode(told.title)}.",
            "authorString": ", ".join(map(_index_name, names)) + ".",
            "pubYear": str(told.published.year),
            "isOpenAccess": "N",
            "citedByCount": 0,
            "firstIndexDate": told.indexed.isoformat(),
            "firstPublicationDate": told.published.isoformat(),
        }
        kinds = ["Preprint"] if preprint else ["Journal Article"]
        kinds += ["Retracted Publication"] if paper.withdrawn else []
        if form != "core":
            return record | {"pubType": "; ".join(kinds).lower()}
        return record | self._core(names) | {"pubTypeList": {"pubType": kinds}}

    def _core(self, names: tuple[str, ...]) -> dict[str, Any]:
        told, paper = self.record, self.record.paper
        record: dict[str, Any] = {"language": "chi" if _is_chinese(paper.title) else "eng"}
        record["authorList"] = {"author": [_author(name) for name in names]}
        record["dateOfRevision"] = paper.announced.isoformat()
        if paper.abstract:
            record["abstractText"] = f"<h4>Background</h4>{to_unicode(paper.abstract)}"
        if told.source == "MED":
            heading = {"majorTopic_YN": "N", "descriptorName": "Humans"}
            record["meshHeadingList"] = {"meshHeading": [heading]}
        if told.became:
            link = {"id": told.became, "source": "MED", "type": "Preprint in"}
            record["commentCorrectionList"] = {"commentCorrection": [link]}
        return record


def _days(query: str, today: date, prompt: bool) -> tuple[date, date]:
    """Days of indexing to look at; `prompt`: every record is indexed on the day after it came out."""
    indexed, published = indexed_range(query), indexed_range(query, "FIRST_PDATE") if prompt else None
    since, until = map(date.fromisoformat, indexed or published or ("1990-01-01", today.isoformat()))
    slack = timedelta(days=1 if indexed is None and published else 0)
    return since, min(until + slack, today)


def _is_chinese(text: str) -> bool:
    return any(ord(letter) in _HAN for letter in text)


def _index_name(name: str) -> str:
    given, _, surname = name.rpartition(" ")
    return f"{surname} {''.join(part[0] for part in given.split())}".strip()


def _author(name: str) -> dict[str, Any]:
    given, _, surname = name.rpartition(" ")
    return {"fullName": _index_name(name), "firstName": given, "lastName": surname}


def _make_mark(offset: int) -> str:
    return base64.b64encode(f"AoII{offset:08d}".encode()).decode()


def _read_mark(mark: str) -> int:
    if mark == "*":
        return 0
    try:
        text = base64.b64decode(mark, validate=True).decode("ascii")
        return int(text.removeprefix("AoII"))
    except (binascii.Error, ValueError):
        raise QueryError("Invalid cursorMark") from None


def _json(data: dict[str, Any]) -> Response:
    return Response(200, json.dumps(data, ensure_ascii=False).encode(), _JSON)


def _error(code: int, message: str) -> Response:
    return _json({"version": VERSION, "errCode": code, "errMsg": message})
