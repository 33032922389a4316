"""Which papers of a world the life-science feeds show, numbered; their records are SIMULATED as the world is."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email.utils import format_datetime
from functools import cached_property

import numpy as np

from scrapers.replay.feed import Response
from scrapers.replay.world import DAY_S, Ints, Paper, View, World

_EPOCH = date(1970, 1, 1).toordinal()
_HELD = ("q-bio", "physics.bio-ph", "physics.med-ph", "cs.HC")
_MOST_KEPT = 50_000


def day_of(seconds: int) -> date:
    """UTC day of a time in seconds since 1970."""
    return date.fromordinal(_EPOCH + int(seconds) // DAY_S)


def dated(response: Response, now: datetime) -> Response:
    """The answer with the world's clock in its header: these services tell no other."""
    return replace(response, headers={**response.headers, "Date": format_datetime(now, usegmt=True)})


@dataclass
class Shelf:
    """A world's papers in a life-science category."""

    world: World
    _papers: dict[int, Paper] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> Ints:
        """For each event of the world a number that is the paper's own, from 0."""
        return self._arrays[0]

    @cached_property
    def first_seen(self) -> Ints:
        """For each event of the world when its paper was first announced, in seconds."""
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
    def _held(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        strings = self.world.events.category_strings
        held = np.array([any(word.startswith(_HELD) for word in text.split()) for text in strings], dtype=bool)
        return np.asarray(held[self.world.events.category_index], dtype=bool)

    def first_announced(self, view: View, since: date, until: date) -> list[int]:
        """Newest events of papers first announced on these days (both included), as known in the view; by time, id."""
        low, high = (_seconds(since), _seconds(until) + DAY_S)
        events = view.events[self._held[view.events]]
        first = self.first_seen[events]
        chosen = events[(first >= low) & (first < high)]
        order = np.lexsort((self.numbers[chosen], self.first_seen[chosen]))
        return [int(event) for event in chosen[order]]

    def announced(self, view: View, since: date, until: date) -> list[int]:
        """Events of any version announced on these days up to the view's instant; by time, id."""
        modified = self.world.events.modified
        low, high = np.searchsorted(modified, [_seconds(since), _seconds(until) + DAY_S])
        known = np.searchsorted(modified, int(view.now.timestamp()), side="right")
        events = np.arange(low, min(high, known), dtype=np.int64)
        return [int(event) for event in events[self._held[events]]]

    def versions_of(self, view: View, number: int) -> list[int]:
        """Events of one paper up to the view's instant, oldest first."""
        events = np.flatnonzero(self._held & (self.numbers == number))
        known = events[self.world.events.modified[events] <= int(view.now.timestamp())]
        return [int(event) for event in known]

    def papers(self, events: list[int]) -> list[Paper]:
        """The papers after these events, in the same order; each is composed once."""
        absent = [event for event in events if event not in self._papers]
        if len(self._papers) + len(absent) > _MOST_KEPT:
            self._papers.clear()
            absent = events
        self._papers.update(zip(absent, self.world.describe(absent), strict=True))
        return [self._papers[event] for event in events]


def _seconds(day: date) -> int:
    return (day.toordinal() - _EPOCH) * DAY_S
