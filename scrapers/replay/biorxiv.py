"""The bioRxiv and medRxiv API over a world: 30 records a page whatever the step, versions, and words for nothing.

Every rule is from feeds-arxiv-lifescience.md sections 3.2 and 4. Records are SIMULATED.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from scrapers.parsers.author_names import split_authors
from scrapers.parsers.tex_accents import to_unicode
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.life_science import Posting, Server, Shelf, dated

RECORDS_A_PAGE = 30
_NAMES: dict[Server, str] = {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}
_JSON = {"Content-Type": "application/json"}


@dataclass
class BiorxivApi:
    """The service at `/biorxiv/details/{server}/{from}/{to}/{cursor}/json` and `.../{doi}/na/json`."""

    records_a_page: int = RECORDS_A_PAGE
    overstated: int = 0
    """So many more records are told than are given."""
    nothing: str = "no articles found"
    """Or `no posts found`: both have been seen."""
    paths: tuple[str, ...] = ("/biorxiv/details",)
    """Below it the interval and the cursor stand in the path: a prefix, not a whole path."""
    _shelf: Shelf | None = None
    _postings: dict[tuple[str, ...], list[Posting]] = field(default_factory=dict)

    def answer(self, request: Request, stage: Stage) -> Response:
        return dated(self._answer(request, stage), stage.now)

    def _answer(self, request: Request, stage: Stage) -> Response:
        parts = [part for part in request.path.removeprefix(self.paths[0]).split("/") if part]
        server = next((name for name in _NAMES if parts[:1] == [name]), None)
        if len(parts) < 3 or server is None:
            return self._none("no articles found")
        if self._shelf is None or self._shelf.whole is not stage.world:
            self._shelf, self._postings = Shelf(stage.world), {}
        if parts[2:] and parts[-1] == "json" and parts[-2] == "na":
            return self._single(self._shelf.versions(server, "/".join(parts[1:-2]), stage.now))
        try:
            since, until = date.fromisoformat(parts[1]), date.fromisoformat(parts[2])
            cursor = int(parts[3]) if len(parts) > 3 else 0
        except ValueError:
            return self._none(self.nothing)
        category = (request.get("category") or "").replace("_", " ").lower()
        listed = self._list(self._shelf, server, since, until, stage.now)
        return self._page([each for each in listed if category in ("", each.category)], since, until, cursor, category)

    def _page(self, found: list[Posting], since: date, until: date, cursor: int, category: str) -> Response:
        shown = found[cursor : cursor + self.records_a_page]
        if not shown:
            return self._none(self.nothing)
        message = {
            "status": "ok",
            "category": category or "all",
            "interval": f"{since}:{until}",
            "funder": "all",
            "cursor": cursor,
            "count": len(shown),
            # Strings, as the live service sends them.
            "count_new_papers": str(sum(posting.version == 1 for posting in found)),
            "total": str(len(found) + self.overstated),
        }
        return _json({"messages": [message], "collection": [_record(posting) for posting in shown]})

    def _single(self, found: list[Posting]) -> Response:
        """All versions of one preprint; this answer tells no counts."""
        if not found:
            return self._none(self.nothing)
        message = {"status": "ok", "category": "all"}
        return _json({"messages": [message], "collection": [_record(posting) for posting in found]})

    def _list(self, shelf: Shelf, server: Server, since: date, until: date, now: datetime) -> list[Posting]:
        """Versions posted on these days, by day and DOI."""
        key = (server, since.isoformat(), until.isoformat(), now.isoformat())
        if key not in self._postings:
            # The window of a crawl, and the weeks that are counted in it.
            self._postings = dict([*self._postings.items()][-2:])
            self._postings[key] = shelf.posted(server, now, since, min(until, now.date()))
        return self._postings[key]

    def _none(self, words: str) -> Response:
        return _json({"messages": [{"status": words}], "collection": []})


def _record(posting: Posting) -> dict[str, Any]:
    paper, number = posting.paper, posting.number
    names = split_authors(paper.authors)
    surname = names[0].rpartition(" ")[2] if names else "Nobody"
    page = f"https://www.{posting.server}.org/content/early/{posting.day:%Y/%m/%d}/{number}.source.xml"
    return {
        "title": to_unicode(paper.title),
        "authors": "; ".join(map(_comma_name, names)),
        "author_corresponding": names[0] if names else "",
        "author_corresponding_institution": f"SIMULATED Institute of {surname}",
        "doi": posting.doi,
        "date": posting.day.isoformat(),
        "version": str(posting.version),
        "type": "withdrawn" if paper.withdrawn else "new results",
        "license": "cc_by_nc_nd" if number % 2 else "cc_no",
        "category": posting.category,
        "jatsxml": page,
        "abstract": to_unicode(paper.abstract or "NA"),
        "published": posting.article or "NA",
        "server": _NAMES[posting.server],
    }


def _comma_name(name: str) -> str:
    given, _, surname = name.rpartition(" ")
    return f"{surname}, {given}" if given else surname


def _json(data: dict[str, Any]) -> Response:
    return Response(200, json.dumps(data, ensure_ascii=False).encode(), _JSON)
