"""The bioRxiv and medRxiv API over a world: 30 records a page whatever the step, versions, and words for nothing.

Every rule is from feeds-arxiv-lifescience.md sections 3.2 and 4. Records are SIMULATED.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from scrapers.parsers.author_names import split_authors
from scrapers.parsers.tex_accents import to_unicode
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.life_science import Shelf, dated, day_of
from scrapers.replay.world import Paper

RECORDS_A_PAGE = 30
SERVERS = {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}
_CATEGORIES = {
    "biorxiv": (
        "bioengineering",
        "cell biology",
        "genetics",
        "immunology",
        "neuroscience",
        "synthetic biology",
        "zoology",
    ),
    "medrxiv": ("hematology", "neurology", "oncology", "rehabilitation medicine and physical therapy"),
}
_JSON = {"Content-Type": "application/json"}
_FIRST_NUMBER = 100_000
_CLINICAL = 5
"""One paper in so many is on medRxiv."""


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
    _postings: dict[tuple[str, ...], list["_Posting"]] = field(default_factory=dict)

    def answer(self, request: Request, stage: Stage) -> Response:
        return dated(self._answer(request, stage), stage.now)

    def _answer(self, request: Request, stage: Stage) -> Response:
        parts = [part for part in request.path.removeprefix(self.paths[0]).split("/") if part]
        if len(parts) < 3 or parts[0] not in SERVERS:
            return self._none("no articles found")
        if self._shelf is None or self._shelf.world is not stage.world:
            self._shelf, self._postings = Shelf(stage.world), {}
        if parts[2:] and parts[-1] == "json" and parts[-2] == "na":
            return self._single(parts[0], "/".join(parts[1:-2]), stage)
        try:
            since, until = date.fromisoformat(parts[1]), date.fromisoformat(parts[2])
            cursor = int(parts[3]) if len(parts) > 3 else 0
        except ValueError:
            return self._none(self.nothing)
        category = (request.get("category") or "").replace("_", " ").lower()
        return self._page(parts[0], since, until, cursor, category, stage)

    def _page(self, server: str, since: date, until: date, cursor: int, category: str, stage: Stage) -> Response:
        found = [p for p in self._list(server, since, until, stage) if category in ("", p.category)]
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
        return _json({"messages": [message], "collection": [posting.record for posting in shown]})

    def _single(self, server: str, doi: str, stage: Stage) -> Response:
        """All versions of one preprint; this answer tells no counts."""
        assert self._shelf is not None  # noqa: S101  (set by the caller)
        number = doi.rpartition(".")[2]
        events = self._shelf.versions_of(stage.view, int(number) - _FIRST_NUMBER) if number.isdecimal() else []
        found = [posting for posting in self._postings_of(server, events) if posting.doi == doi.lower()]
        if not found:
            return self._none(self.nothing)
        return _json(
            {"messages": [{"status": "ok", "category": "all"}], "collection": [posting.record for posting in found]}
        )

    def _list(self, server: str, since: date, until: date, stage: Stage) -> list["_Posting"]:
        """Versions posted on these days, by day and DOI."""
        key = (server, since.isoformat(), until.isoformat(), stage.now.isoformat())
        if key not in self._postings:
            assert self._shelf is not None  # noqa: S101  (set by the caller)
            events = self._shelf.announced(stage.view, since, min(until, stage.now.date()))
            made = self._postings_of(server, events)
            self._postings[key] = sorted(made, key=lambda posting: (posting.day, posting.doi, posting.version))
        return self._postings[key]

    def _postings_of(self, server: str, events: list[int]) -> list["_Posting"]:
        assert self._shelf is not None  # noqa: S101  (set by the caller)
        numbers, first_seen = self._shelf.numbers, self._shelf.first_seen
        mine = [event for event in events if _server_of(int(numbers[event])) == server]
        days = [
            (day_of(int(self._shelf.world.events.modified[event])), day_of(int(first_seen[event]))) for event in mine
        ]
        return [
            _Posting(paper, server, int(numbers[event]), day, first_day)
            for event, paper, (day, first_day) in zip(mine, self._shelf.papers(mine), days, strict=True)
        ]

    def _none(self, words: str) -> Response:
        return _json({"messages": [{"status": words}], "collection": []})


@dataclass(frozen=True, slots=True)
class _Posting:
    """One version as posted on a day."""

    paper: Paper
    server: str
    number: int
    day: date
    first_day: date

    @property
    def doi(self) -> str:
        return f"10.1101/{self.first_day:%Y.%m.%d}.{_FIRST_NUMBER + self.number:06d}"

    @property
    def version(self) -> int:
        return self.paper.versions[-1].number

    @property
    def category(self) -> str:
        names = _CATEGORIES[self.server]
        return names[self.number // 7 % len(names)]

    @property
    def record(self) -> dict[str, Any]:
        names = split_authors(self.paper.authors)
        surname = names[0].rpartition(" ")[2] if names else "Nobody"
        return {
            "title": to_unicode(self.paper.title),
            "authors": "; ".join(map(_comma_name, names)),
            "author_corresponding": names[0] if names else "",
            "author_corresponding_institution": f"SIMULATED Institute of {surname}",
            "doi": self.doi,
            "date": self.day.isoformat(),
            "version": str(self.version),
            "type": "withdrawn" if self.paper.withdrawn else "new results",
            "license": "cc_by_nc_nd" if self.number % 2 else "cc_no",
            "category": self.category,
            "jatsxml": f"https://www.{self.server}.org/content/early/{self.day:%Y/%m/%d}/{self.number}.source.xml",
            "abstract": to_unicode(self.paper.abstract or "NA"),
            "published": "NA",
            "server": SERVERS[self.server],
        }


def _comma_name(name: str) -> str:
    given, _, surname = name.rpartition(" ")
    return f"{surname}, {given}" if given else surname


def _server_of(number: int) -> str:
    return "medrxiv" if number % _CLINICAL == 0 else "biorxiv"


def _json(data: dict[str, Any]) -> Response:
    return Response(200, json.dumps(data, ensure_ascii=False).encode(), _JSON)
