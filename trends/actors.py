"""Who moves an area: countries and organisations, their shares and concentration, newcomers, Shanghai and China.

A work (a paper in all its versions and sources, a patent family) counts once, when it was first published. Presence is
counted whole: a work of two countries is one of each. Shares are fractional: each of k countries has 1/k of it. Works
whose organisations or countries no source tells are unknown: they are in no denominator, and the coverage is told.
Papers and patents are never added.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from scipy.special import ndtr

from horizon.records import Item
from horizon.weeks import IsoWeek
from trends.estimate import Array, Estimate, beta_interval, estimate, proportion
from trends.organisations import displayable, names_shanghai, organisation_key

METHOD = "actors-1"
WINDOW_WEEKS = 52
MIN_WORKS = 20
"""Fewer works of known actors in a window carry no share."""
MIN_HISTORY_WEEKS = 156
"""Before it, whoever is seen first may only be seen first by us."""
MIN_GROWTH_WORKS = 6
"""Works in two years below which an actor's growth is not looked at."""
FALSE_DISCOVERY_RATE = 0.1
SURELY_GREW = 0.9
"""Probability above which an actor is said to have grown: then its 80 % interval holds no zero."""
SHOWN = 20
IDS = 10
PAPERS = ("preprint", "article")
PATENTS = ("patent_application", "patent_grant")
Kind = Literal["papers", "patents"]
_DRAWS = 400
_SEED = 20261123
_LEAST_GROWTH_SD = 0.05


@dataclass(frozen=True)
class Work:
    """One paper or patent family in the area, with what all its items together say of its actors."""

    id: str
    published: date
    sources: tuple[str, ...]
    organisations: Mapping[str, str]
    """Key to a name as written."""
    countries: tuple[str, ...]
    shanghai: bool


@dataclass(frozen=True)
class Actor:
    """One country or organisation in the last 52 weeks."""

    key: str
    name: str
    works: int
    """Whole counting."""
    share: Estimate
    """Fractional, of works with known actors."""
    ids: tuple[str, ...]
    """At most ten works, the newest first."""


@dataclass(frozen=True)
class Growth:
    """Change of an actor's share of works, whole counting, from the 52 weeks before to the last 52."""

    key: str
    name: str
    works: int
    works_before: int
    change_pct: Estimate
    probability: float
    """That the share grew."""


@dataclass(frozen=True)
class Presence:
    """Works with at least one actor of a place, among those whose actors are known (whole counting)."""

    works: int
    of: int
    share: Estimate
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Newcomers:
    """Organisations first seen in the area within the last 52 weeks."""

    history_weeks: int
    """Between the first work with a known organisation and the window."""
    organisations: tuple[Actor, ...]
    count: int
    share: Estimate
    """Newcomers among all organisations of the window."""


@dataclass(frozen=True)
class Coverage:
    """How many works tell their actors; `source` None is all of them."""

    source: str | None
    works: int
    with_organisations: int
    with_countries: int


@dataclass(frozen=True)
class Actors:
    """Who published in an area in the 52 weeks up to `week`, in papers or in patents; None is not enough evidence."""

    area: str
    kind: Kind
    week: IsoWeek
    first: IsoWeek
    coverage: tuple[Coverage, ...]
    """All works first, then by source."""
    countries: tuple[Actor, ...]
    organisations: tuple[Actor, ...]
    """The twenty with most works."""
    country_concentration: Estimate | None
    """Herfindahl index: chance that two random works, and a random actor of each, are of one country."""
    organisation_concentration: Estimate | None
    growing: tuple[Growth, ...] | None
    """Countries and organisations, held to a false-discovery rate of 10 %."""
    newcomers: Newcomers | None
    china: Presence | None
    shanghai: Presence | None
    method: str = METHOD


# ---- works -----------------------------------------------------------------------------------------------------------


def works_of(items: Iterable[tuple[str, Item]], kind: Kind) -> list[Work]:
    """The works of (work id, item) pairs, by first publication; utility models are no part of either kind."""
    kinds = PAPERS if kind == "papers" else PATENTS
    gathered: dict[str, list[Item]] = defaultdict(list)
    for work, item in items:
        if item.kind in kinds:
            # A family is one work, whether or not the store has joined its members.
            gathered[f"family:{item.family}" if kind == "patents" and item.family else work].append(item)
    works = [_work(members) for members in gathered.values()]
    return sorted(works, key=lambda work: (work.published, work.id))


def _work(members: Sequence[Item]) -> Work:
    ordered = sorted(members, key=lambda item: (item.published, item.id))
    names = [name for item in ordered for name in item.organisations]
    named = {key: displayable(name) for name in reversed(names) if (key := organisation_key(name))}
    return Work(
        id=ordered[0].id,
        published=ordered[0].published,
        sources=tuple(sorted({item.source for item in ordered})),
        organisations=dict(sorted(named.items())),
        countries=tuple(sorted({country for item in ordered for country in item.countries})),
        shanghai=names_shanghai(named.values()),
    )


# ---- one kind --------------------------------------------------------------------------------------------------------


def actors(items: Iterable[tuple[str, Item]], area: str, kind: Kind, week: IsoWeek) -> Actors:
    """Who moved the area in the 52 weeks up to `week`; `items` are (work id, item) pairs of all its history."""
    works = [work for work in works_of(items, kind) if work.published <= week.sunday]
    first = week + (1 - WINDOW_WEEKS)
    window = [work for work in works if work.published >= first.monday]
    names = display_names(works)
    return Actors(
        area=area,
        kind=kind,
        week=week,
        first=first,
        coverage=_coverage(window),
        countries=_shares(window, _countries, {}),
        organisations=_shares(window, _organisations, names),
        country_concentration=_concentration(window, _countries),
        organisation_concentration=_concentration(window, _organisations),
        growing=_growing(works, week, names),
        newcomers=_newcomers(works, week, names),
        china=_presence(window, lambda work: bool(work.countries), lambda work: "CN" in work.countries),
        shanghai=_presence(window, lambda work: bool(work.organisations), lambda work: work.shanghai),
    )


def display_names(works: Iterable[Work]) -> dict[str, str]:
    """Organisation's key to its commonest spelling, of equally common ones the first by alphabet."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for work in works:
        for key, name in work.organisations.items():
            spellings[key][name] += 1
    return {key: min(found, key=lambda name: (-found[name], name)) for key, found in spellings.items()}


def _countries(work: Work) -> tuple[str, ...]:
    return work.countries


def _organisations(work: Work) -> tuple[str, ...]:
    return tuple(work.organisations)


def _coverage(works: Sequence[Work]) -> tuple[Coverage, ...]:
    sources = sorted({source for work in works for source in work.sources})

    def of(source: str | None) -> Coverage:
        chosen = [work for work in works if source is None or source in work.sources]
        told = [sum(map(bool, map(get, chosen))) for get in (_organisations, _countries)]
        return Coverage(source, len(chosen), *told)

    return (of(None), *map(of, sources))


def _ids(works: Iterable[Work]) -> tuple[str, ...]:
    newest = sorted(works, key=lambda work: (work.published, work.id), reverse=True)
    return tuple(work.id for work in newest[:IDS])


def _shares(
    works: Sequence[Work], get: Callable[[Work], tuple[str, ...]], names: Mapping[str, str]
) -> tuple[Actor, ...]:
    """Intervals by the Beta margins of a Dirichlet whose weights are the fractional counts."""
    known = [work for work in works if get(work)]
    if len(known) < MIN_WORKS:
        return ()
    mine: dict[str, list[Work]] = defaultdict(list)
    weights: dict[str, float] = defaultdict(float)
    for work in known:
        for key in get(work):
            mine[key].append(work)
            weights[key] += 1 / len(get(work))
    ordered = sorted(mine, key=lambda key: (-len(mine[key]), -weights[key], key))[:SHOWN]
    return tuple(
        Actor(key, names.get(key, key), len(mine[key]), _fraction(weights[key], len(known)), _ids(mine[key]))
        for key in ordered
    )


def _fraction(weight: float, of: int) -> Estimate:
    low, high = beta_interval(weight, of)
    return Estimate(weight / of, min(low, weight / of), max(high, weight / of))


def _presence(
    works: Sequence[Work], is_known: Callable[[Work], bool], is_there: Callable[[Work], bool]
) -> Presence | None:
    known = list(filter(is_known, works))
    there = list(filter(is_there, known))
    if len(known) < MIN_WORKS:
        return None
    return Presence(len(there), len(known), proportion(len(there), len(known)), _ids(there))


def _concentration(works: Sequence[Work], get: Callable[[Work], tuple[str, ...]]) -> Estimate | None:
    """Unbiased Herfindahl index, its interval by the Bayesian bootstrap over works (Rubin 1981)."""
    from scipy.sparse import csr_array

    known = [get(work) for work in works if get(work)]
    if len(known) < MIN_WORKS:
        return None
    columns = {key: column for column, key in enumerate(sorted({key for keys in known for key in keys}))}
    cells = [(row, columns[key], 1 / len(keys)) for row, keys in enumerate(known) for key in keys]
    rows, places, values = (np.array(each) for each in zip(*cells, strict=True))
    table = csr_array((values, (rows, places)), shape=(len(known), len(columns)))
    weights: Array = np.random.default_rng(_SEED).standard_exponential((_DRAWS, len(known)))
    weights /= weights.sum(axis=1, keepdims=True)
    own = np.array([1 / len(keys) for keys in known])
    # A work paired with itself says nothing of how alike two works are.
    alike = ((weights @ table) ** 2).sum(axis=1) - weights**2 @ own
    return estimate((alike / (1 - (weights**2).sum(axis=1))).clip(0, 1))


def _newcomers(works: Sequence[Work], week: IsoWeek, names: Mapping[str, str]) -> Newcomers | None:
    """None before three years of works with known organisations."""
    first = week + (1 - WINDOW_WEEKS)
    told = [work for work in works if work.organisations]
    history = first - IsoWeek.of(told[0].published) if told else 0
    window = [work for work in told if work.published >= first.monday]
    if history < MIN_HISTORY_WEEKS or len(window) < MIN_WORKS:
        return None
    before = {key for work in told if work.published < first.monday for key in work.organisations}
    seen = {key for work in window for key in work.organisations}
    new = seen - before
    mine = {key: [work for work in window if key in work.organisations] for key in new}
    ordered = sorted(new, key=lambda key: (-len(mine[key]), key))[:SHOWN]
    found = tuple(
        Actor(
            key,
            names.get(key, key),
            len(mine[key]),
            _fraction(sum(1 / len(work.organisations) for work in mine[key]), len(window)),
            _ids(mine[key]),
        )
        for key in ordered
    )
    return Newcomers(history, found, len(new), proportion(len(new), len(seen)))


def _growing(works: Sequence[Work], week: IsoWeek, names: Mapping[str, str]) -> tuple[Growth, ...] | None:
    """None without two known years of enough works.

    The log ratio of two shares is about normal; its prior has the spread of all actors looked at (empirical Bayes),
    so that small actors are drawn to no change.
    """
    found: list[Growth] = []
    looked = False
    for get in (_countries, _organisations):
        year, before = (
            [work for work in works if get(work) and 0 <= week - IsoWeek.of(work.published) - back < WINDOW_WEEKS]
            for back in (0, WINDOW_WEEKS)
        )
        if min(len(year), len(before)) >= MIN_WORKS:
            looked = True
            found += _growths(year, before, get, names)
    if not looked:
        return None
    found.sort(key=lambda each: (-each.probability, each.key))
    doubt = np.cumsum([1 - each.probability for each in found]) / np.arange(1, len(found) + 1)
    # The rate is that of the whole list: carried by sure ones, its last actor alone may be no surer than a coin.
    return tuple(each for each in found[: int((doubt <= FALSE_DISCOVERY_RATE).sum())] if each.probability > SURELY_GREW)


def _growths(
    year: Sequence[Work], before: Sequence[Work], get: Callable[[Work], tuple[str, ...]], names: Mapping[str, str]
) -> list[Growth]:
    now, past = (Counter(key for work in works for key in get(work)) for works in (year, before))
    keys = sorted(key for key in now.keys() | past.keys() if now[key] + past[key] >= MIN_GROWTH_WORKS)
    if not keys:
        return []
    counts = np.array([(now[key], past[key]) for key in keys], dtype=float) + 0.5
    ratio = np.log(counts[:, 0] / len(year)) - np.log(counts[:, 1] / len(before))
    noise = (1 / counts).sum(axis=1)
    prior = max(float((ratio**2 - noise).mean()), _LEAST_GROWTH_SD**2)
    shrink = prior / (prior + noise)
    mean, sd = shrink * ratio, np.sqrt(shrink * noise)
    change = np.expm1(mean[:, None] + sd[:, None] * np.array([0.0, -1.2816, 1.2816])) * 100
    return [
        Growth(key, names.get(key, key), now[key], past[key], Estimate(*map(float, change[row])), float(p))
        for row, (key, p) in enumerate(zip(keys, ndtr(mean / sd), strict=True))
    ]
