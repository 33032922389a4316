"""Momentum of a series: growth of its share of the same source's total, with honest uncertainty.

A pure function of weekly counts. Formulas: `trends.dglm`. Births of whole series (a new arXiv category) are not
emergence; our areas and routes are defined by text, so that their series are as old as the source.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import poisson

from horizon.records import Score, SeriesPoint
from horizon.weeks import IsoWeek
from trends.dglm import Array, Grid, State, filter_series, grid_weights

METHOD = "eb-dglm-1"
MIN_COUNT = 30
"""Fewer items than this in the last two years are too few to speak of growth."""
MIN_KNOWN_SHARE = 0.25
"""Fewer known periods than this share of the last two years are too few as well."""
PATHS = 1000
MAX_WEEKS = 364

VERDICTS = (
    (0.9, "rising"),
    (0.75, "probably rising"),
    (0.25, "no clear change"),
    (0.1, "probably falling"),
    (0.0, "falling"),
)


@dataclass(frozen=True)
class Panel:
    """Counts and totals of many series on the same periods, NaN where unknown; rows are series."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    counts: Array
    totals: Array
    periods_per_year: int


@dataclass(frozen=True)
class Momentum:
    """Results of one series; all but the first two are None when there is too little evidence."""

    n_52w: int
    share_52w: float | None
    growth_pct: float | None = None
    growth_lo80: float | None = None
    growth_hi80: float | None = None
    p_rising: float | None = None
    forecast_share_52w: float | None = None
    forecast_lo80: float | None = None
    forecast_hi80: float | None = None
    forecast_lo95: float | None = None
    forecast_hi95: float | None = None

    @property
    def verdict(self) -> str:
        """The word for the brief."""
        if self.p_rising is None:
            return "insufficient data"
        return next(word for bar, word in VERDICTS if self.p_rising > bar or bar == 0.0)


def score_momentum(points: Sequence[SeriesPoint], week: IsoWeek, *, incomplete_weeks: int = 0) -> list[Score]:
    """Score every series of `points` as of `week`, each source by itself.

    The last `incomplete_weeks` weeks are left out: by first-version date they still fill up.
    """
    last = week + -incomplete_weeks
    scores = []
    for source in sorted({point.source for point in points}):
        chosen = [point for point in points if point.source == source and last + -MAX_WEEKS < point.week <= last]
        panel = _panel(chosen, last)
        for name, found in zip(panel.names, measure(panel), strict=True):
            scores.append(_score(name, source, week, found))
    return scores


def measure(panel: Panel) -> list[Momentum]:
    """Momentum of each series of a panel, in its order; the order changes no result."""
    results: list[Momentum | None] = [None] * len(panel.names)
    for kind in sorted(set(panel.kinds)):
        rows = [row for row, name in enumerate(panel.kinds) if name == kind]
        for row, found in zip(rows, _measure_peers(panel, np.array(rows)), strict=True):
            results[row] = found
    return [found for found in results if found is not None]


def discoveries(p_rising: Sequence[float], rate: float = 0.1) -> list[int]:
    """Indices of the largest set whose mean probability of being wrong stays within `rate` (Bayesian FDR)."""
    order = sorted(range(len(p_rising)), key=lambda index: (-p_rising[index], index))
    wrong = 0.0
    kept: list[int] = []
    for index in order:
        wrong += 1 - p_rising[index]
        if wrong > rate * (len(kept) + 1):
            break
        kept.append(index)
    return kept


def kind_of(series: str) -> str:
    """`area`, `route` or another prefix before the colon: series of one kind lend each other strength."""
    return series.split(":", maxsplit=1)[0] if ":" in series else "series"


def _panel(points: Sequence[SeriesPoint], last: IsoWeek) -> Panel:
    names = sorted({point.series for point in points})
    first = min((point.week for point in points), default=last)
    rows = {name: row for row, name in enumerate(names)}
    counts = np.full((len(names), last - first + 1), np.nan)
    totals = counts.copy()
    for point in points:
        if point.n is not None and point.total is not None:
            counts[rows[point.series], point.week - first] = point.n
            totals[rows[point.series], point.week - first] = point.total
    return Panel(tuple(names), tuple(map(kind_of, names)), counts, totals, 52)


def _measure_peers(panel: Panel, rows: NDArray[np.intp]) -> list[Momentum]:
    counts, totals, year = panel.counts[rows], panel.totals[rows], panel.periods_per_year
    observed = [_observed(counts[row], totals[row], year) for row in range(len(rows))]
    enough = np.array([_has_evidence(counts[row], totals[row], year) for row in range(len(rows))])
    if not enough.any():
        return observed
    grid = Grid.of_frequency(year)
    state = filter_series(counts, totals, grid, year)
    # Series with little evidence still tell what their peers are like; they only get no number of their own.
    draws = _draw(state, grid_weights(state.log_likelihood), grid)
    growth = draws.slope * year
    forecast = _forecast(draws, _future_total(totals, year), year)
    return [
        _momentum(observed[row], growth[row], draws.p_rising[row], forecast[row]) if enough[row] else observed[row]
        for row in range(len(rows))
    ]


def _known(counts: Array, totals: Array) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = np.isfinite(counts) & np.isfinite(totals) & (totals > 0)
    return known


def _observed(counts: Array, totals: Array, year: int) -> Momentum:
    known = _known(counts[-year:], totals[-year:])
    events, exposure = counts[-year:][known].sum(), totals[-year:][known].sum()
    return Momentum(int(events), float(events / exposure) if exposure else None)


def _has_evidence(counts: Array, totals: Array, year: int) -> bool:
    known = _known(counts[-2 * year :], totals[-2 * year :])
    enough_periods = known.sum() >= MIN_KNOWN_SHARE * 2 * year
    return bool(enough_periods and counts[-2 * year :][known].sum() >= MIN_COUNT)


def _future_total(totals: Array, year: int) -> Array:
    """Items a period to expect: the mean of the last year's known ones."""
    recent = np.where(totals[:, -year:] > 0, totals[:, -year:], np.nan)
    known = np.isfinite(recent)
    mean: Array = np.where(known, recent, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return mean


@dataclass(frozen=True)
class _Draws:
    """Draws from the mixture over the grid; arrays (series, path), and P(slope > 0) in closed form (series)."""

    level: Array
    slope: Array
    level_sd: Array
    slope_sd: Array
    noise_sd: Array
    damping: Array
    p_rising: Array


def _draw(state: State, weights: Array, grid: Grid) -> _Draws:
    """Draw paths' starts. All series share the same random numbers, so that order and company change nothing."""
    random = np.random.default_rng(20261123)
    ranks = random.permutation((np.arange(PATHS) + 0.5) / PATHS)
    z_level, z_slope = random.standard_normal((2, PATHS))
    point = (np.cumsum(weights, axis=1)[:, :, None] < ranks).sum(axis=1).clip(max=weights.shape[1] - 1)
    level_sd = np.sqrt(np.take_along_axis(state.level_variance, point, axis=1))
    slope_on_level = np.take_along_axis(state.covariance, point, axis=1) / level_sd
    slope_variance = np.take_along_axis(state.slope_variance, point, axis=1)
    rest = np.sqrt(np.maximum(slope_variance - slope_on_level**2, 0))
    positive = ndtr(state.slope / np.sqrt(state.slope_variance))
    return _Draws(
        level=np.take_along_axis(state.level, point, axis=1) + level_sd * z_level,
        slope=np.take_along_axis(state.slope, point, axis=1) + slope_on_level * z_level + rest * z_slope,
        level_sd=np.sqrt(grid.level)[point],
        slope_sd=np.sqrt(grid.slope)[point],
        noise_sd=np.sqrt(grid.noise)[point],
        damping=grid.damping[point],
        p_rising=(weights * positive).sum(axis=1),
    )


def _forecast(draws: _Draws, total: Array, year: int) -> Array:
    """Share over the next year on each path, with the noise of counting in it; (series, path)."""
    random = np.random.default_rng(20261124)
    level, slope = draws.level, draws.slope
    rate = np.zeros_like(level)
    for _ in range(year):
        z_level, z_slope, z_noise = random.standard_normal((3, PATHS))
        level = level + slope + draws.level_sd * z_level
        slope = draws.damping * slope + draws.slope_sd * z_slope
        rate += np.exp(np.minimum(level + draws.noise_sd * z_noise - draws.noise_sd**2 / 2, 0.0))
    exposure = np.maximum(total, 1e-9)[:, None]
    ranks = random.permutation((np.arange(PATHS) + 0.5) / PATHS)
    counted: Array = poisson.ppf(ranks, rate * exposure) / (exposure * year)
    return counted


def _momentum(observed: Momentum, growth: Array, p_rising: float, forecast: Array) -> Momentum:
    # The mean is taken of the log rate: that of the percentages would be drawn up by the long tail of a wide posterior.
    growth_low, growth_high = np.expm1(np.quantile(growth, [0.1, 0.9])) * 100
    low95, low80, middle, high80, high95 = np.quantile(forecast, [0.025, 0.1, 0.5, 0.9, 0.975])
    return Momentum(
        n_52w=observed.n_52w,
        share_52w=observed.share_52w,
        growth_pct=float(np.expm1(growth.mean()) * 100),
        growth_lo80=float(growth_low),
        growth_hi80=float(growth_high),
        p_rising=float(p_rising),
        forecast_share_52w=float(middle),
        forecast_lo80=float(low80),
        forecast_hi80=float(high80),
        forecast_lo95=float(low95),
        forecast_hi95=float(high95),
    )


def _score(series: str, source: str, week: IsoWeek, found: Momentum) -> Score:
    return Score(
        series=series,
        source=source,
        week=week,
        status="insufficient_data" if found.p_rising is None else "ok",
        n_52w=found.n_52w,
        share_52w=found.share_52w,
        growth_pct=found.growth_pct,
        growth_lo80=found.growth_lo80,
        growth_hi80=found.growth_hi80,
        p_rising=found.p_rising,
        verdict=found.verdict,
        forecast_share_52w=found.forecast_share_52w,
        forecast_lo80=found.forecast_lo80,
        forecast_hi80=found.forecast_hi80,
        forecast_lo95=found.forecast_lo95,
        forecast_hi95=found.forecast_hi95,
        method=METHOD,
    )
