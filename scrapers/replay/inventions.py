"""The simulated inventions: each is published by one or more offices, as application, grant or utility model.

One invention has one number, which stands in every publication of its family.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scrapers.replay.planting import Theme
from scrapers.replay.prose import templates
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.world import DAY_S, Ints, Paper, draw, fractions
from taxonomy.schema import AreaFile

_EPOCH = date(1970, 1, 1).toordinal()
_SHARE = 0.24
"""Inventions for each item of arXiv; of 1,000 come about 110 US applications and 110 US grants a week."""
_LEAD_IN_WEEKS = 116
"""Grants of the world's first weeks were applied for before it begins."""
_PATTERN, _DELAY = 9, 10
_MOST_KEPT = 30_000
_FALLBACK_CODES = ("G06F17/10",)


@dataclass(frozen=True, slots=True)
class Member:
    """A publication that a family will have: so many days after the first one, and up to `spread` more."""

    office: str
    kind: str
    after_days: int = 0
    spread: int = 1


_US = Member("US", "A1")
_CN = Member("CN", "A")
# Thousandths of all inventions, and their publications, the first one first. Chinese utility models are many, as in the
# world outside.
PATTERNS: tuple[tuple[int, tuple[Member, ...]], ...] = (
    (200, (_CN,)),
    (100, (_CN, Member("CN", "B", 400, 350))),
    (130, (Member("CN", "U"),)),
    (80, (
        _CN, Member("US", "A1", 60, 120), Member("EP", "A1", 90, 150), Member("US", "B2", 420, 300),
        Member("EP", "B1", 500, 250),
    )),
    (40, (_CN, Member("WO", "A1", 30, 90), Member("EP", "A1", 250, 120), Member("CN", "B", 420, 300))),
    (60, (_US,)),
    (250, (_US, Member("US", "B2", 350, 350))),
    (60, (_US, Member("EP", "A1", 60, 100), Member("US", "B2", 350, 350), Member("EP", "B1", 450, 300))),
    (40, (Member("WO", "A1"), Member("US", "A1", 90, 120), Member("JP", "A", 120, 120))),
    (25, (Member("JP", "A"),)),
    (15, (Member("KR", "A"),)),
)  # fmt: skip
# Weekdays of publication, Monday 0; Chinese documents come on Tuesdays and Fridays.
_WEEKDAYS = {"EP": 2, "WO": 3, "JP": 2, "KR": 0, "US A1": 3, "US B2": 1}


@dataclass(frozen=True)
class Publications:
    """Every publication of every invention, by day, invention and member."""

    day: Ints
    """Days since 1970."""
    invention: Ints
    pattern: npt.NDArray[np.int64]
    member: npt.NDArray[np.int64]
    """Its place in the pattern."""


class Inventions(SimulatedWorld):
    """Inventions up to the last week of an arXiv-like world."""

    theme = Theme(
        roles={
            "surge": "fourth_generation_semiconductors",
            "decline": "brain_computer_interface",
            "constant": "quantum_technology",
            "overtaking": "silicon_photonics",
        },
        factors={"fourth_generation_semiconductors": 2.0, "biomanufacturing": 2.0, "embodied_intelligence": 2.0},
        other_factor=1.4,
        subjects="technical_subjects",
        chinese=0.06,
        archives=False,
    )
    _salt = 2_000_003

    def __init__(self, arxiv: SimulatedWorld) -> None:
        weeks = arxiv.weeks + _LEAD_IN_WEEKS
        size = max(1, round(arxiv.items_per_week * _SHARE))
        super().__init__(arxiv.taxonomy, arxiv.seed, size, arxiv.last_week, weeks)
        self.outages = ()
        self._texts: dict[int, Paper] = {}

    @cached_property
    def _patterns(self) -> npt.NDArray[np.int64]:
        """Of each invention."""
        limits = np.cumsum([share for share, _ in PATTERNS]) / 1000.0
        drawn = np.searchsorted(limits, fractions(draw(self._keys, _PATTERN)), side="right")
        return np.minimum(drawn, len(PATTERNS) - 1).astype(np.int64)

    @cached_property
    def publications(self) -> Publications:
        parts = []
        first = self._announced // DAY_S
        delay = draw(self._keys, _DELAY)
        for number, (_, members) in enumerate(PATTERNS):
            inventions = np.flatnonzero(self._patterns == number).astype(np.int64)
            for place, member in enumerate(members):
                drawn = (delay[inventions] >> np.uint64(8 * place)) % np.uint64(member.spread)
                days = _on_weekday(first[inventions] + member.after_days + drawn.astype(np.int64), member, inventions)
                parts.append((days, inventions, np.full_like(days, number), np.full_like(days, place)))
        day, invention, pattern, place_ = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((place_, invention, day))
        return Publications(day[order], invention[order], pattern[order], place_[order])

    def between(self, since: date, until: date) -> range:
        """Places of the publications of these days, both included, in `publications`."""
        low, high = np.searchsorted(self.publications.day, [_day(since), _day(until) + 1])
        return range(int(low), int(high))

    def places_of(self, invention: int) -> list[int]:
        """Places of all publications of one invention, oldest first."""
        return [int(place) for place in np.flatnonzero(self.publications.invention == invention)]

    def text_of(self, invention: int) -> Paper:
        """Title, abstract, names and, as categories, CPC symbols: the same in the whole family."""
        if invention not in self._texts:
            if len(self._texts) > _MOST_KEPT:
                self._texts.clear()
            self._texts[invention] = self._paper(int(self._first_events[invention]))
        return self._texts[invention]

    @cached_property
    def _first_events(self) -> Ints:
        """The event of each invention's first version."""
        events = np.empty(self.items, dtype=np.int64)
        firsts = np.flatnonzero(self._event_version == 1)
        events[self._event_item[firsts]] = firsts
        return events

    def _make_id(self, item: int, place: int) -> str:
        return f"invention{item:07d}"

    def _palette(self, kind: int) -> list[str]:
        plan = self.plan
        if kind < plan.near_miss:
            return _codes_of(plan.areas[kind])
        if kind < plan.first_subject:
            return list(_FALLBACK_CODES)
        section = templates()[self.theme.subjects]
        return list(section[plan.subjects[kind - plan.first_subject]]["categories"])


def _codes_of(area: AreaFile) -> list[str]:
    """Pairs of the area's symbols."""
    symbols = [symbol_of(code) for code in area.codes.cpc.core] or list(_FALLBACK_CODES)
    return [" ".join(dict.fromkeys((symbol, symbols[(n + 1) % len(symbols)]))) for n, symbol in enumerate(symbols)]


def symbol_of(code: str) -> str:
    """A whole symbol for a prefix of the taxonomy."""
    if "/" not in code:
        return f"{code}1/00"
    group, _, subgroup = code.partition("/")
    return f"{group}/{subgroup.ljust(2, '0')}"


def _on_weekday(days: Ints, member: Member, inventions: Ints) -> Ints:
    """The next day of the office on or after each of these; 1970-01-01 was a Thursday."""
    wanted = _WEEKDAYS.get(member.office, _WEEKDAYS.get(f"{member.office} {member.kind}"))
    weekday: Ints | int = np.where(inventions % 2 == 0, 1, 4) if wanted is None else wanted
    return np.asarray(days + (weekday - (days + 3)) % 7, dtype=np.int64)


def _day(day: date) -> int:
    return day.toordinal() - _EPOCH


def as_date(days: int) -> date:
    """A day of `Publications.day`."""
    return date.fromordinal(_EPOCH + int(days))


def filed(first: date, invention: int) -> date:
    """The day of the first filing, about 18 months before the first publication."""
    return first - timedelta(days=540 + invention % 20)
