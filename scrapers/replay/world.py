"""What a replayed world holds, and how it looked at any instant: papers, their versions, the days they were announced.

A world is immutable. Its events (one for each announced version of each paper) are sorted by (time, id), so that a page
of a feed costs the page and not the world.
"""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
DAY_S = 86_400
# Submissions close at 14:00 and are announced at 20:00 US Eastern time; metadata show about two hours later, which is
# the next day in UTC. Winter time is used all the year: an hour decides nothing here (feeds-arxiv-lifescience.md 2.3).
_CLOSING_S = 19 * 3600
_METADATA_S = 2 * 3600 + 1800
_SPREAD_S = 1800
# Days from the closing day (Monday first) to the UTC day of the datestamp: never a Saturday or a Sunday.
_DAYS_TO_DATESTAMP = np.array([1, 1, 1, 1, 3, 3, 2], dtype=np.int64)
_PAPERS_AT_ONCE = 2_000


class Version(NamedTuple):
    """One version of a paper; `submitted` is aware, UTC."""

    number: int
    submitted: datetime
    size_kb: int
    source_type: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as it stood after one of its announcements: later versions are not in it."""

    id: str
    title: str
    abstract: str | None
    authors: str
    """One string with TeX accents, as the author typed it."""
    categories: str
    """Separated by spaces, primary first."""
    versions: tuple[Version, ...]
    announced: date
    """UTC day of the newest announcement: the OAI datestamp."""
    submitter: str = ""
    comments: str | None = None
    licence: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    report_no: str | None = None
    msc_class: str | None = None
    acm_class: str | None = None
    withdrawn: bool = False
    deleted: bool = False
    """Never true on the live server; kept as a branch."""


@dataclass(frozen=True, slots=True)
class Events:
    """Announcements sorted by (modified, id); times are seconds since 1970 UTC."""

    modified: Ints
    superseded: Ints
    """When the paper's next version was announced, NEVER for the newest."""
    ids: npt.NDArray[np.bytes_]
    category_index: npt.NDArray[np.int32]
    category_strings: tuple[str, ...]
    """Distinct category strings; `category_index` points into them."""


class World(ABC):
    """Papers with their announcements. Implementations hold `events` and can describe each of them."""

    name: str
    notice: str
    """Said by everything that is made from this world."""
    events: Events
    outages: tuple[tuple[datetime, datetime], ...] = ()
    """Half-open intervals of the clock in which arXiv does not answer."""

    @property
    def literature(self) -> "World":
        """Whose papers the life-science feeds tell of."""
        return self

    @property
    def inventions(self) -> "World":
        """Whose papers the patent feeds tell of, as publications of offices."""
        return self

    @abstractmethod
    def describe(self, events: Sequence[int] | Ints) -> list[Paper]:
        """The papers after the given events, in the same order."""

    def records(self, until: date) -> Iterator[Paper]:
        """Every paper announced up to and with the day `until`, as it then stood, by announcement and id."""
        view = View(self, datetime(until.year, until.month, until.day, tzinfo=UTC) + timedelta(days=1, seconds=-1))
        for start in range(0, len(view.events), _PAPERS_AT_ONCE):
            yield from self.describe(view.events[start : start + _PAPERS_AT_ONCE])

    @cached_property
    def by_id(self) -> Ints:
        """Event numbers sorted by (id, time)."""
        return np.argsort(self.events.ids, kind="stable").astype(np.int64)

    def events_of(self, paper_id: str) -> Ints:
        """Event numbers of one paper, oldest first; empty for an unknown id."""
        key = np.bytes_(paper_id.encode("ascii", "replace"))
        low = np.searchsorted(self.events.ids, key, side="left", sorter=self.by_id)
        high = np.searchsorted(self.events.ids, key, side="right", sorter=self.by_id)
        return self.by_id[low:high]


@dataclass(frozen=True)
class View:
    """A world as it was known at one instant: the newest announced version of each paper, sorted by (modified, id)."""

    world: World
    now: datetime
    touched: Mapping[str, int] = field(default_factory=dict)
    """Papers with an administrative change: id to its time in seconds. It moves their datestamp and nothing else."""

    @cached_property
    def _arrays(self) -> tuple[Ints, Ints]:
        all_events, instant = self.world.events, int(self.now.timestamp())
        known = np.searchsorted(all_events.modified, instant, side="right")
        events = np.flatnonzero(all_events.superseded[:known] > instant).astype(np.int64)
        modified = all_events.modified[events]
        if self.touched:
            modified = modified.copy()
            for paper_id, when in self.touched.items():
                modified[np.isin(events, self.world.events_of(paper_id))] = when
            order = np.lexsort((all_events.ids[events], modified))
            events, modified = events[order], modified[order]
        return events, modified

    @property
    def events(self) -> Ints:
        return self._arrays[0]

    @property
    def modified(self) -> Ints:
        """Time of the datestamp of each of `events`."""
        return self._arrays[1]

    def members(self, categories: frozenset[str]) -> "View":
        """The same view restricted to papers with at least one of the categories."""
        strings = self.world.events.category_strings
        wanted = np.array([not categories.isdisjoint(text.split()) for text in strings], dtype=bool)
        keep = wanted[self.world.events.category_index[self.events]]
        view = View(self.world, self.now, self.touched)
        view.__dict__["_arrays"] = (self.events[keep], self.modified[keep])
        return view

    def find(self, paper_id: str) -> tuple[int, int] | None:
        """Event and time of the datestamp of one paper, or None when it is unknown at this instant."""
        instant, all_events = int(self.now.timestamp()), self.world.events
        for event in self.world.events_of(paper_id):
            if all_events.modified[event] <= instant < all_events.superseded[event]:
                return int(event), self.touched.get(paper_id, int(all_events.modified[event]))
        return None


class ListedWorld(World):
    """A small world of given papers, each with one announcement: for tests and hand-made cases."""

    def __init__(self, papers: Sequence[Paper], name: str = "listed") -> None:
        self.name = name
        self.notice = "SIMULATED records, written by hand"
        times = np.array([_noon(paper.announced) for paper in papers], dtype=np.int64)
        ids = np.array([paper.id.encode() for paper in papers], dtype=np.bytes_)
        order = np.lexsort((ids, times))
        self._papers = [papers[i] for i in order]
        self.events = make_events(
            times[order], np.full(len(order), NEVER, dtype=np.int64), ids[order], [p.categories for p in self._papers]
        )

    def describe(self, events: Sequence[int] | Ints) -> list[Paper]:
        return [self._papers[int(event)] for event in events]


def make_events(modified: Ints, superseded: Ints, ids: npt.NDArray[np.bytes_], categories: Sequence[str]) -> Events:
    """Events from sorted arrays; category strings are shared."""
    strings: dict[str, int] = {}
    index = np.fromiter((strings.setdefault(text, len(strings)) for text in categories), np.int32, len(categories))
    return Events(modified, superseded, ids, index, tuple(strings))


def announcement_times(submitted: Ints, moderation_days: Ints, spread: Ints) -> Ints:
    """When metadata of papers submitted at these times appear (all in seconds since 1970 UTC).

    `moderation_days` are added to the day on which the submission window closed; `spread` (any non-negative number)
    chooses the second within the half-hour in which an announcement's records are written.
    """
    closing = (submitted + (DAY_S - _CLOSING_S)) // DAY_S + moderation_days
    # 1970-01-01 was a Thursday: adding 3 makes Monday 0.
    datestamp = closing + _DAYS_TO_DATESTAMP[(closing + 3) % 7]
    return np.asarray(datestamp * DAY_S + _METADATA_S + spread % _SPREAD_S, dtype=np.int64)


def moderation_days(draws: npt.NDArray[np.uint64]) -> Ints:
    """0, 1 or 2 days for 70, 20 and 10 % of uniform 64-bit draws."""
    return np.searchsorted(np.array([0.7, 0.9]), fractions(draws), side="right").astype(np.int64)


def key_of(text: str) -> int:
    """A small stable hash (Python's own differs from run to run)."""
    return zlib.crc32(text.encode())


def draw(keys: npt.NDArray[np.uint64], channel: int) -> npt.NDArray[np.uint64]:
    """Uniform 64-bit numbers from keys by SplitMix64 (https://prng.di.unimi.it/splitmix64.c), one stream a channel.

    Written out here because the streams of numpy's generators may change between releases.
    """
    offset = np.uint64((channel + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
    z = keys * np.uint64(0xD1342543DE82EF95) + offset
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)


def fractions(draws: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Uniform numbers in [0, 1) from 64-bit draws."""
    return (draws >> np.uint64(11)).astype(np.float64) * (1.0 / (1 << 53))


def _noon(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
