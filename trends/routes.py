"""Routes of an area against one another: shares within their group, who leads, who overtakes, whether they converge.

A share is of route labels within the group, in one source: a paper on two routes counts once for each, and its labels,
not papers, are what is divided by. A week that any route of the group lacks is unknown and left out, never zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from horizon.records import SeriesPoint
from horizon.weeks import IsoWeek
from taxonomy.schema import AreaFile, RouteGroup
from trends.composition import PERIOD_WEEKS, PERIODS_PER_YEAR, Array, draw_year
from trends.estimate import Estimate, beta_interval, estimate

METHOD = "routes-1"
MIN_LABELS = 30
"""Fewer labels than this in the last two years are too few to speak of a race."""
MIN_KNOWN_SHARE = 0.5
"""A window of 52 weeks of which fewer are known is unknown."""
MAX_YEARS = 10
DRAWS = 4000
_WINDOW_DRAWS = 1000
ConvergenceWord = Literal["converging", "probably converging", "no clear change", "probably diverging", "diverging"]
_YEARS_OF_CONVERGENCE = 3
_SPREAD_YEARS = 4
_SEED = 20261123


@dataclass(frozen=True)
class RouteShare:
    """One route in one window: its labels, and its share of the group's (Jeffreys' interval, widened by the spread)."""

    route: str
    n: int
    share: Estimate


@dataclass(frozen=True)
class Window:
    """52 weeks up to `last`."""

    last: IsoWeek
    weeks_known: int
    labels: int
    shares: tuple[RouteShare, ...]
    """In the taxonomy's order."""
    effective_routes: Estimate
    """exp of Shannon's entropy: as many equal routes would be as varied."""
    herfindahl: Estimate


@dataclass(frozen=True)
class Overtaking:
    """Chance that a route with fewer labels in the last 52 weeks has more than another in the next 52."""

    route: str
    ahead: str
    n: int
    n_ahead: int
    probability: float


@dataclass(frozen=True)
class Convergence:
    """Fall of the entropy over three years as a part of its greatest value: 1 when all became one, below 0 apart."""

    since: IsoWeek
    until: IsoWeek
    index: Estimate
    probability: float
    """That the routes converged: the index is above 0."""
    verdict: ConvergenceWord


@dataclass(frozen=True)
class GroupRace:
    """One group of routes in one source, as of a week."""

    area: str
    group: str
    source: str
    week: IsoWeek
    """The last week that was read."""
    status: Literal["ok", "insufficient_data"]
    reason: str | None
    """With insufficient data: what is lacking."""
    series: tuple[str, ...]
    """The query: whose weekly counts were read."""
    windows: tuple[Window, ...]
    """Every four weeks, the newest last; unknown windows are left out."""
    leader: str | None = None
    p_leads: float | None = None
    """That the leader's underlying share over the last 52 weeks is the greatest."""
    led_weeks: int | None = None
    """For how long each window of 52 weeks had the same leader."""
    led_since_start: bool | None = None
    """It led in every window that is known: it may have led for longer."""
    forecast: tuple[RouteShare, ...] = ()
    """Share over the next 52 weeks; `n` is the last 52 weeks'."""
    overtakings: tuple[Overtaking, ...] = ()
    """The likeliest first."""
    convergence: Convergence | None = None
    asked_by_policy: bool = False
    """Tier 3 asks whether technical routes converge."""
    method: str = METHOD

    @property
    def years(self) -> tuple[Window, ...]:
        """The windows that do not overlap, counted back from the newest week."""
        return tuple(w for w in self.windows if (self.week - w.last) % (PERIOD_WEEKS * PERIODS_PER_YEAR) == 0)


def route_race(
    points: Sequence[SeriesPoint], area: AreaFile, week: IsoWeek, *, incomplete_weeks: int = 0
) -> list[GroupRace]:
    """The race within each group of an area, in each source of `points` by itself, up to `week`.

    `points` may hold other series. The last `incomplete_weeks` weeks are left out: they still fill up.
    """
    last = week + -incomplete_weeks
    return [
        group_race(points, area, group, source, last)
        for source in sorted({point.source for point in points})
        for group in area.route_groups
    ]


def group_race(
    points: Sequence[SeriesPoint], area: AreaFile, group: RouteGroup, source: str, last: IsoWeek
) -> GroupRace:
    """The race within one group in one source, up to the week `last`."""
    routes = tuple(route.id for route in group.routes)
    series = tuple(f"route:{area.id}/{route}" for route in routes)
    counts = weekly_table([point for point in points if point.source == source], series, last)
    windows = _windows(counts, routes, last)
    reason = _lacks(counts, windows, last)
    race = GroupRace(
        area=area.id,
        group=group.id,
        source=source,
        week=last,
        status="insufficient_data" if reason else "ok",
        reason=reason,
        series=series,
        windows=tuple(windows),
        asked_by_policy=area.tier == 3,
    )
    return race if reason else _told(race, counts, routes)


def weekly_table(points: Sequence[SeriesPoint], series: Sequence[str], last: IsoWeek) -> Array:
    """(week, series), the last row being `last`; rows are NaN where any of the series is unknown."""
    weeks = MAX_YEARS * PERIODS_PER_YEAR * PERIOD_WEEKS
    table = np.full((weeks, len(series)), np.nan)
    columns = {name: column for column, name in enumerate(series)}
    for point in points:
        age = last - point.week
        if point.series in columns and point.n is not None and 0 <= age < weeks:
            table[weeks - 1 - age, columns[point.series]] = point.n
    table[~np.isfinite(table).all(axis=1)] = np.nan
    return table


def overtaking_chances(counts: Array) -> tuple[Array, Array]:
    """Counts of the last 52 weeks, and draws (draw, route) of those of the next, from a weekly table."""
    periods = _periods(counts)
    recent = _sums(counts, 0)
    known = np.isfinite(counts[-PERIODS_PER_YEAR * PERIOD_WEEKS :, 0]).mean()
    # What is unknown of the last year is taken to be like the rest of it: the next one will be known whole.
    expected = max(1, round(recent.sum() / known))
    return recent, draw_year(periods, expected, DRAWS, _SEED)


# ---- windows ---------------------------------------------------------------------------------------------------------


def _periods(counts: Array) -> Array:
    """Sums of four weeks, of those known: which weeks are unknown says nothing of the shares."""
    periods: Array = np.nan_to_num(counts).reshape(-1, PERIOD_WEEKS, counts.shape[1]).sum(axis=1)
    return periods


def _sums(counts: Array, age: int) -> Array:
    """Known counts of the 52 weeks that end `age` periods before the last week."""
    end = len(counts) - age * PERIOD_WEEKS
    sums: Array = np.nan_to_num(counts[end - PERIODS_PER_YEAR * PERIOD_WEEKS : end]).sum(axis=0)
    return sums


def _windows(counts: Array, routes: Sequence[str], last: IsoWeek) -> list[Window]:
    spread = overdispersion(_periods(counts)[-_SPREAD_YEARS * PERIODS_PER_YEAR :])
    found = []
    for age in range(len(counts) // PERIOD_WEEKS - PERIODS_PER_YEAR, -1, -1):
        end = len(counts) - age * PERIOD_WEEKS
        known = int(np.isfinite(counts[end - PERIODS_PER_YEAR * PERIOD_WEEKS : end, 0]).sum())
        sums = _sums(counts, age)
        if known >= MIN_KNOWN_SHARE * PERIODS_PER_YEAR * PERIOD_WEEKS and sums.sum() > 0:
            found.append(_window(sums, known, routes, last + -age * PERIOD_WEEKS, spread, counts))
    return found


def overdispersion(periods: Array) -> float:
    """Pearson's chi-square a degree of freedom of periods within their year, at least 1 (McCullagh & Nelder 1989, 4.5).

    A trend within the year counts as well: intervals are rather too wide than too narrow.
    """
    chi_square, freedom = 0.0, 0.0
    for start in range(0, len(periods), PERIODS_PER_YEAR):
        year = periods[start : start + PERIODS_PER_YEAR]
        sizes, seen = year.sum(axis=1), year.sum(axis=0) > 0
        if seen.sum() < 2 or (sizes > 0).sum() < 2:
            continue
        expected = np.outer(sizes[sizes > 0], year[:, seen].sum(axis=0) / sizes.sum())
        chi_square += float(((year[sizes > 0][:, seen] - expected) ** 2 / expected).sum())
        freedom += float((expected.shape[0] - 1) * (expected.shape[1] - 1))
    return max(1.0, chi_square / freedom) if freedom else 1.0


def _draw_shares(sums: Array, spread: float, everything: Array, draws: int = DRAWS) -> Array:
    """Dirichlet draws (draw, route) of a window's shares; the prior weighs one label, shared as in all the years."""
    prior = (everything + 0.5) / (everything + 0.5).sum()
    # The same seed for every window: equal counts give equal intervals.
    gamma = np.random.default_rng(_SEED).standard_gamma(prior + sums / spread, (draws, len(sums)))
    gamma = np.maximum(gamma, 1e-300)
    drawn: Array = gamma / gamma.sum(axis=1, keepdims=True)
    return drawn


def _window(sums: Array, known: int, routes: Sequence[str], last: IsoWeek, spread: float, counts: Array) -> Window:
    drawn = _draw_shares(sums, spread, np.nan_to_num(counts).sum(axis=0), _WINDOW_DRAWS)
    return Window(
        last=last,
        weeks_known=known,
        labels=int(sums.sum()),
        shares=_route_shares(routes, sums, spread),
        effective_routes=estimate(np.exp(_entropy(drawn, sums, spread)).clip(1, len(sums))),
        herfindahl=estimate(_herfindahl(drawn, sums, spread)),
    )


def _route_shares(routes: Sequence[str], sums: Array, spread: float) -> tuple[RouteShare, ...]:
    total, size = float(sums.sum()), float(sums.sum()) / spread
    found = []
    for route, n in zip(routes, sums.tolist(), strict=True):
        low, high = beta_interval(n / spread, size)
        found.append(RouteShare(route, int(n), Estimate(n / total, low if n else 0.0, high if n < total else 1.0)))
    return tuple(found)


def _entropy(drawn: Array, sums: Array, spread: float) -> Array:
    """Shannon entropy of each draw, in nats.

    Few labels make shares look uneven, once in the counts and once more in the draws round them: each lowers it by
    (k - 1) / 2n (Miller 1955). Left in, a field that only grows would seem to diverge.
    """
    parts, n = max(int((sums > 0).sum()), 1), sums.sum() / spread
    entropy: Array = -(drawn * np.log(drawn)).sum(axis=1) + (parts - 1) / n
    return entropy


def _herfindahl(drawn: Array, sums: Array, spread: float) -> Array:
    """Sum of squared shares of each draw, without what few labels add to it twice: (1 - H) / n."""
    noise = min(2 * spread / sums.sum(), 0.5)
    corrected: Array = np.clip(((drawn**2).sum(axis=1) - noise) / (1 - noise), 1 / drawn.shape[1], 1)
    return corrected


# ---- the race --------------------------------------------------------------------------------------------------------


def _lacks(counts: Array, windows: Sequence[Window], last: IsoWeek) -> str | None:
    labels = int(np.nan_to_num(counts[-2 * PERIODS_PER_YEAR * PERIOD_WEEKS :]).sum())
    if not windows or windows[-1].last != last:
        return f"fewer than {MIN_KNOWN_SHARE:.0%} of the last 52 weeks are known, or no route was labelled in them"
    if labels < MIN_LABELS:
        return f"{labels} route labels in 104 weeks, {MIN_LABELS} are needed"
    return None


def _told(race: GroupRace, counts: Array, routes: Sequence[str]) -> GroupRace:
    recent, future = overtaking_chances(counts)
    spread = overdispersion(_periods(counts)[-_SPREAD_YEARS * PERIODS_PER_YEAR :])
    drawn = _draw_shares(recent, spread, np.nan_to_num(counts).sum(axis=0))
    first = int(recent.argmax())
    led, always = _led(race.windows, routes[first])
    return replace(
        race,
        leader=routes[first],
        p_leads=float((drawn.argmax(axis=1) == first).mean()),
        led_weeks=led,
        led_since_start=always,
        forecast=_forecast(routes, recent, future / future.sum(axis=1, keepdims=True)),
        overtakings=_overtakings(routes, recent, future),
        convergence=_convergence(race, counts, spread),
    )


def _forecast(routes: Sequence[str], recent: Array, shares: Array) -> tuple[RouteShare, ...]:
    rows = enumerate(routes)
    return tuple(RouteShare(route, int(recent[column]), estimate(shares[:, column])) for column, route in rows)


def _led(windows: Sequence[Window], leader: str) -> tuple[int, bool]:
    """Weeks between the first and the newest of the last windows that `leader` leads, and whether these are all."""
    led = 0
    for window in reversed(windows):
        most = max(share.n for share in window.shares)
        if next(share.n for share in window.shares if share.route == leader) < most:
            return led, False
        led = windows[-1].last - window.last
    return led, True


def _overtakings(routes: Sequence[str], recent: Array, future: Array) -> tuple[Overtaking, ...]:
    found = [
        Overtaking(routes[b], routes[a], int(recent[b]), int(recent[a]), float((future[:, b] > future[:, a]).mean()))
        for a in range(len(routes))
        for b in range(len(routes))
        if recent[b] < recent[a]
    ]
    return tuple(sorted(found, key=lambda each: (-each.probability, each.route, each.ahead)))


def _convergence(race: GroupRace, counts: Array, spread: float) -> Convergence | None:
    """None where the window of three years ago is unknown or had too few labels."""
    age = _YEARS_OF_CONVERGENCE * PERIODS_PER_YEAR
    since = race.week + -age * PERIOD_WEEKS
    before = next((window for window in race.windows if window.last == since), None)
    if before is None or min(before.labels, race.windows[-1].labels) < MIN_LABELS:
        return None
    everything = np.nan_to_num(counts).sum(axis=0)
    old, new = _sums(counts, age), _sums(counts, 0)
    # Draws of the two windows are independent: the order of one is reversed.
    fall = _entropy(_draw_shares(old, spread, everything), old, spread)[::-1] - _entropy(
        _draw_shares(new, spread, everything), new, spread
    )
    probability = float((fall > 0).mean())
    return Convergence(
        since=since,
        until=race.week,
        index=estimate(fall / np.log(len(new))),
        probability=probability,
        verdict=_verdict(probability),
    )


def _verdict(probability: float) -> ConvergenceWord:
    """Stricter bars than those of momentum: with no change at all the probability is anything from 0 to 1 alike."""
    if probability > 0.95:
        return "converging"
    if probability > 0.85:
        return "probably converging"
    if probability >= 0.15:
        return "no clear change"
    return "probably diverging" if probability >= 0.05 else "diverging"
