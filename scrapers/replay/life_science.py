"""What the life-science feeds show of a world: postings of preprint servers, and the records of Europe PMC.

Both speak of the same works: a preprint stands under its DOI in either, an article may say which preprint it was.
Records are SIMULATED as the world is.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from scrapers.replay.feed import Response
from scrapers.replay.literature import Fates, Literature
from scrapers.replay.world import DAY_S, NEVER, Ints, Paper, View, World

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = timedelta(days=1)
_HELD = ("q-bio", "physics.bio-ph", "physics.med-ph", "cs.HC")
_MOST_KEPT = 50_000
_FIRST_NUMBER = 100_000
_CLINICAL = 5
"""Of papers of another world than the simulated one, one in so many is on medRxiv."""
_PREPRINTS = 3
"""Of these one in so many is a preprint at Europe PMC, the others are articles."""
Server = Literal["biorxiv", "medrxiv"]
SERVERS: tuple[Server, Server] = ("biorxiv", "medrxiv")
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


def day_of(seconds: int) -> date:
    """UTC day of a time in seconds since 1970."""
    return date.fromordinal(_EPOCH + int(seconds) // DAY_S)


def dated(response: Response, now: datetime) -> Response:
    """The answer with the world's clock in its header: these services tell no other."""
    return replace(response, headers={**response.headers, "Date": format_datetime(now, usegmt=True)})


@dataclass(frozen=True, slots=True)
class Posting:
    """One version of a preprint, as posted on a day."""

    paper: Paper
    server: Server
    number: int
    day: date
    first_day: date
    category: str
    article: str | None
    """DOI of the article that it became, where the server knows."""

    @property
    def doi(self) -> str:
        return preprint_doi(self.number, self.first_day)

    @property
    def version(self) -> int:
        return self.paper.versions[-1].number


@dataclass(frozen=True, slots=True)
class Indexed:
    """One record of Europe PMC; `became` is the PubMed number of the article of a preprint."""

    paper: Paper
    source: Literal["MED", "PPR"]
    identifier: str
    doi: str
    published: date
    indexed: date
    title: str
    became: str | None = None


def preprint_doi(number: int, first_day: date) -> str:
    return f"10.1101/{first_day:%Y.%m.%d}.{_FIRST_NUMBER + number:06d}"


def article_doi(number: int) -> str:
    return f"10.5555/simulated.{number}"


def record_id(source: str, number: int) -> str:
    """`PPR1000007` or `40000007`."""
    return f"PPR{1_000_000 + number}" if source == "PPR" else str(40_000_000 + number)


def number_of(doi: str) -> int | None:
    """The work's number in a preprint's DOI."""
    text = doi.rpartition(".")[2]
    return int(text) - _FIRST_NUMBER if text.isascii() and text.isdecimal() and len(text) < 12 else None


@dataclass
class Shelf:
    """The works of a world: its literature, or of a world that has none its papers in a life-science category."""

    whole: World
    _papers: dict[int, Paper] = field(default_factory=dict)
    _records: dict[tuple[str, str, str], list[Indexed]] = field(default_factory=dict)
    _last: View | None = None

    @cached_property
    def world(self) -> World:
        return self.whole.literature

    @property
    def is_planned(self) -> bool:
        """Whether the fates of works were planted."""
        return isinstance(self.world, Literature)

    @cached_property
    def numbers(self) -> Ints:
        """For each event of the world a number that is the work's own, from 0."""
        return self._arrays[0]

    @cached_property
    def first_seen(self) -> Ints:
        """For each event of the world when its work was first announced, in seconds."""
        return self._arrays[1]

    @cached_property
    def _arrays(self) -> tuple[Ints, Ints]:
        events, order = self.world.events, self.world.by_id
        ids = events.ids[order]
        new = np.ones(len(ids), dtype=bool)
        new[1:] = ids[1:] != ids[:-1]
        group = np.cumsum(new) - 1
        numbers, first = np.empty(len(ids), dtype=np.int64), np.empty(len(ids), dtype=np.int64)
        numbers[order] = group
        first[order] = events.modified[order[new]][group]
        return numbers, first

    @cached_property
    def fates(self) -> Fates:
        """As planted; of other worlds by the works' numbers."""
        if isinstance(self.world, Literature):
            return self.world.fates
        count = int(self.numbers.max()) + 1 if len(self.numbers) else 0
        number, first = np.arange(count), np.full(count, NEVER)
        first[self.numbers] = self.first_seen
        preprint = number % _PREPRINTS == 0
        return Fates(
            server=np.where(number % _CLINICAL == 0, 2, 1).astype(np.int8),
            shown=preprint,
            article_s=np.where(preprint, NEVER, first),
            linked=np.zeros(count, dtype=bool),
            retitled=np.zeros(count, dtype=bool),
        )

    @cached_property
    def _held(self) -> npt.NDArray[np.bool_]:
        events = self.world.events
        if self.is_planned:
            return np.ones(len(events.ids), dtype=bool)
        held = [any(word.startswith(_HELD) for word in text.split()) for text in events.category_strings]
        return np.asarray(np.array(held, dtype=bool)[events.category_index], dtype=bool)

    # ---- preprint servers --------------------------------------------------------------------------------------------

    def posted(self, server: Server, now: datetime, since: date, until: date) -> list[Posting]:
        """Versions posted on these days up to now, by day, DOI and version."""
        modified = self.world.events.modified
        low, high = np.searchsorted(modified, [_seconds(since), _seconds(until) + DAY_S])
        known = np.searchsorted(modified, int(now.timestamp()), side="right")
        found = self._postings(server, np.arange(low, min(high, known), dtype=np.int64), now)
        return sorted(found, key=lambda posting: (posting.day, posting.doi, posting.version))

    def versions(self, server: Server, doi: str, now: datetime) -> list[Posting]:
        """All versions of one preprint up to now, oldest first."""
        number = number_of(doi)
        events = np.flatnonzero(self.numbers == number) if number is not None else np.zeros(0, dtype=np.int64)
        known = events[self.world.events.modified[events] <= int(now.timestamp())]
        return [posting for posting in self._postings(server, known, now) if posting.doi == doi.lower()]

    def _postings(self, server: Server, events: Ints, now: datetime) -> list[Posting]:
        fates = self.fates
        mine = events[self._held[events] & (fates.server[self.numbers[events]] == 1 + SERVERS.index(server))]
        linked = fates.linked & (fates.article_s <= int(now.timestamp()))
        return [
            self._posting(server, int(event), paper, bool(linked[self.numbers[event]]))
            for event, paper in zip(mine, self.papers(mine), strict=True)
        ]

    def _posting(self, server: Server, event: int, paper: Paper, linked: bool) -> Posting:
        number, modified = int(self.numbers[event]), self.world.events.modified
        return Posting(
            paper=paper,
            server=server,
            number=number,
            day=day_of(int(modified[event])),
            first_day=day_of(int(self.first_seen[event])),
            category=self._category(server, number, paper),
            article=article_doi(number) if linked else None,
        )

    def _category(self, server: Server, number: int, paper: Paper) -> str:
        if server == "biorxiv" and self.is_planned:
            return paper.categories
        names = _CATEGORIES[server]
        return names[number // 7 % len(names)]

    # ---- Europe PMC --------------------------------------------------------------------------------------------------

    def indexed(self, now: datetime, since: date, until: date) -> list[Indexed]:
        """Records first indexed on these days, which is the day after they came out; by day and number."""
        key = (since.isoformat(), until.isoformat(), now.isoformat())
        if key not in self._records:
            # The newest window with the weeks that are counted in it: every query of a crawl asks for the same.
            self._records = dict([*self._records.items()][-2:])
            self._records[key] = self._index(now, since, until)
        return self._records[key]

    def _index(self, now: datetime, since: date, until: date) -> list[Indexed]:
        view = self._view(now)
        events = view.events[self._held[view.events]]
        numbers = self.numbers[events]
        low, high = _seconds(since) - DAY_S, min(_seconds(until), _seconds(now.date()))
        first, article = self.first_seen[events], self.fates.article_s[numbers]
        preprints = self.fates.shown[numbers] & (first >= low) & (first < high)
        articles = (article >= low) & (article < high)
        rows = [
            (int(first[place]), int(numbers[place]), "PPR", int(events[place])) for place in np.flatnonzero(preprints)
        ]
        rows += [
            (int(article[place]), int(numbers[place]), "MED", int(events[place])) for place in np.flatnonzero(articles)
        ]
        rows.sort()
        papers = self.papers(np.array([event for *_, event in rows], dtype=np.int64))
        moment = int(now.timestamp())
        return [
            self._preprint(paper, number, second, moment) if source == "PPR" else self._article(paper, number, second)
            for (second, number, source, _), paper in zip(rows, papers, strict=True)
        ]

    def _preprint(self, paper: Paper, number: int, second: int, now: int) -> Indexed:
        day = day_of(second)
        fates = self.fates
        became = record_id("MED", number) if fates.linked[number] and fates.article_s[number] <= now else None
        identifier, doi = record_id("PPR", number), preprint_doi(number, day)
        return Indexed(paper, "PPR", identifier, doi, self._dated(paper, day), day + _DAY, paper.title, became)

    def _article(self, paper: Paper, number: int, second: int) -> Indexed:
        day = day_of(second)
        title = f"{paper.title}, with an independent replication" if self.fates.retitled[number] else paper.title
        doi = article_doi(number)
        return Indexed(paper, "MED", record_id("MED", number), doi, self._dated(paper, day), day + _DAY, title)

    def _dated(self, paper: Paper, day: date) -> date:
        """Other worlds' papers were submitted some days before they came out."""
        return day if self.is_planned else paper.versions[0].submitted.date()

    def _view(self, now: datetime) -> View:
        if self._last is None or self._last.now != now:
            self._last = View(self.world, now)
        return self._last

    def papers(self, events: Ints) -> list[Paper]:
        """The papers after these events, in the same order; each is composed once."""
        wanted = [int(event) for event in events]
        absent = [event for event in wanted if event not in self._papers]
        if len(self._papers) + len(absent) > _MOST_KEPT:
            self._papers.clear()
            absent = wanted
        self._papers.update(zip(absent, self.world.describe(absent), strict=True))
        return [self._papers[event] for event in wanted]


def _seconds(day: date) -> int:
    return (day.toordinal() - _EPOCH) * DAY_S
