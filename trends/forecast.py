"""What a filtered series will do next: its share and count over the next half year and year, and whether it rises.

The mean of the level over a horizon is Gaussian at each grid point, in closed form; shares and counts are drawn from
the mixture over the grid. All series share the same random numbers, so that order and company change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from horizon.records import FORECAST_LEVELS, Forecast
from trends.dglm import Array, Grid, State, filter_series, grid_weights, known_periods

PATHS = 1000
HORIZONS: tuple[Literal[26, 52], ...] = (26, 52)
FADING = {"term": -0.07}
"""Change of the log share over the next year that the filter does not see, by kind. Terms drawn at random from those
with 30 papers in two years did that much worse than forecast (-0.05 to -0.14 at seven arXiv origins 2012 to 2015: new
words crowd out the old); categories and named topics did not, so that no other kind has one."""
CAUTION = 0.85
"""How far the score behind P(rising) is believed, learnt on the same origins: taken in full, 0.2 and 0.8 came true too
often and too seldom by 0.05 to 0.07."""
_LEVELS = (0.025, *FORECAST_LEVELS, 0.975)
_SEASONS = 3
_random = np.random.default_rng(20261123)
_RANKS = (np.arange(PATHS) + 0.5) / PATHS
_Z_STATE, _Z_COUNT = (ndtri(_random.permutation(_RANKS)) for _ in range(2))
_SHUFFLED = _random.permutation(PATHS)


@dataclass(frozen=True)
class Mixture:
    """Of Gaussians: mean, variance and weight of each grid point; each (series, grid)."""

    mean: Array
    variance: Array
    weights: Array

    def average(self) -> Array:
        mean: Array = (self.weights * self.mean).sum(axis=1)
        return mean

    def draws(self) -> Array:
        """PATHS values a series, spread evenly over the grid's weights."""
        points = np.stack([np.searchsorted(row, _RANKS) for row in np.cumsum(self.weights, axis=1)])
        points = points.clip(max=self.weights.shape[1] - 1)
        spread: Array = np.sqrt(np.maximum(np.take_along_axis(self.variance, points, axis=1), 0.0))
        return np.take_along_axis(self.mean, points, axis=1) + spread * _Z_STATE

    def interval80(self) -> Array:
        """Lower and upper ends, (2, series)."""
        ends: Array = np.quantile(self.draws(), [0.1, 0.9], axis=1)
        return ends


@dataclass(frozen=True)
class View:
    """What the filter knows at one period of series of one kind."""

    state: State
    grid: Grid
    weights: Array
    year: int
    """Periods in it."""
    kind: str = ""

    def level_now(self) -> Mixture:
        """The log share now. Noise averages to more than its logarithm does, hence half its variance."""
        return Mixture(self.state.level + self.grid.noise / 2, self.state.level_variance, self.weights)

    def level_ahead(self, periods: int) -> Mixture:
        """The log of the mean share over the next periods."""
        mean, variance = self._level(periods)
        noise = self.grid.noise
        return Mixture(mean + noise / 2, variance + noise / periods, self.weights)

    def year_on_year(self) -> Mixture:
        """The log of the next year's share over the last year's, noise of weeks and of counting taken off both."""
        state = self.state
        mean, variance = self._level(self.year)
        carried = _horizon(self.grid, self.year)[0]
        variance = variance + state.year_variance - 2 * (state.level_year + carried * state.slope_year)
        return Mixture(mean - state.year, np.maximum(variance, 0.0), self.weights)

    def _level(self, periods: int) -> tuple[Array, Array]:
        """Mean and variance of the mean level over the next periods."""
        state, (carried, shocks) = self.state, _horizon(self.grid, periods)
        mean = state.level + carried * state.slope + FADING.get(self.kind, 0.0) * periods / self.year
        variance = state.level_variance + 2 * carried * state.covariance + carried**2 * state.slope_variance
        return mean, variance + shocks


def p_rising(now: View, last_total: Array, next_total: Array) -> Array:
    """Chance that the next year's share exceeds the last one's, were the last year counted afresh; one a series.

    With the last year's own noise left in, chance would call a series rising wherever a year came out low: one constant
    series in twenty would pass 95 %.
    """
    share = np.exp(np.minimum(now.state.year, 0.0))
    last, ahead = (np.maximum(share * total[:, None], 0.5) for total in (last_total, next_total))
    change = now.year_on_year()
    variance = change.variance + 1 / last + 1 / ahead + 2 * now.grid.noise / now.year
    risen: Array = (now.weights * ndtr(CAUTION * change.mean / np.sqrt(variance))).sum(axis=1)
    return risen


@dataclass(frozen=True)
class Past:
    """What forecasts are compared with; each by series."""

    share: Array
    """Of the last year."""
    counts: dict[int, Array]
    """Of the last 26 and 52 weeks, unknown periods made up for at the mean of the known ones."""


def forecasts(now: View, totals: dict[int, Array], past: Past) -> list[tuple[Forecast, ...]]:
    """The four forecasts of each series. `totals`: draws of the source's total by horizon, (series, path)."""
    columns = []
    for weeks in HORIZONS:
        share = np.exp(np.minimum(now.level_ahead(now.year * weeks // 52).draws(), 0.0))
        total = np.maximum(totals[weeks], 1.0)
        typical = np.median(total, axis=1, keepdims=True)
        columns.append(_records("share", weeks, _counted(share, typical) / typical, past.share))
        columns.append(_records("count", weeks, _counted(share, total), past.counts[weeks]))
    return list(zip(*columns, strict=True))


def total_ahead(totals: Array, grid: Grid, year: int, breaks: Sequence[int] = ()) -> dict[int, Array]:
    """Draws of the source's total over each horizon, (series, path): its own log level, slope, noise and season.

    Each row is modelled by itself; rows that are equal are modelled once.
    """
    place: dict[bytes, int] = {}
    where = [place.setdefault(row.tobytes(), len(place)) for row in totals]
    distinct = totals[[where.index(index) for index in range(len(place))]]
    known = np.where(known_periods(distinct, distinct), distinct, np.nan)
    state = filter_series(known, np.ones_like(known), grid, year, breaks=breaks)[0]
    view = View(state, grid, np.concatenate([grid_weights(row[None]) for row in state.log_likelihood]), year)
    found: dict[int, Array] = {}
    for weeks in HORIZONS:
        periods = year * weeks // 52
        season = np.array([_season(row, periods, year, breaks) for row in known])
        # In an order of its own: a source that grows is not one where the series gains.
        level = view.level_ahead(periods).draws()[:, _SHUFFLED] + season[:, None]
        found[weeks] = (periods * np.exp(np.minimum(level, 25.0)))[where]
    return found


def _season(total: Array, periods: int, year: int, breaks: Sequence[int]) -> float:
    """Log of what the coming periods are over the year round them, as they were in up to three years before."""
    if periods >= year:
        return 0.0
    around = (year - periods) // 2
    ratios = []
    for back in range(1, _SEASONS + 1):
        start = total.size - back * year
        first, last = start - around, start - around + year
        window = total[max(first, 0) : last]
        if first < 0 or any(first < each < total.size for each in breaks) or np.isnan(window).sum() > year // 4:
            break
        inner = total[start : start + periods]
        if np.isfinite(inner).any():
            ratios.append(float(np.log(np.nanmean(inner) / np.nanmean(window))))
    return sum(ratios) / (len(ratios) + 1)


def _horizon(grid: Grid, periods: int) -> tuple[Array, Array]:
    """What a unit of slope adds to the mean level over the next periods, and the variance that shocks add to it."""
    steps = np.arange(periods)
    reached = np.cumsum(grid.damping[:, None] ** steps, axis=1)  # by a slope of 1, after 1, 2 ... periods
    of_level = ((steps + 1) / periods) ** 2
    of_slope = (np.cumsum(reached, axis=1)[:, :-1] / periods) ** 2
    return reached.mean(axis=1), grid.level * of_level.sum() + grid.slope * of_slope.sum(axis=1)


def _counted(share: Array, total: Array) -> Array:
    """Counts with the noise of counting: Cornish and Fisher's quantile of a Poisson or binomial, never out of range."""
    expected = share * total
    spread = np.sqrt(expected * (1 - share))
    skew = (1 - 2 * share) * (_Z_COUNT**2 - 1) / 6
    counted: Array = np.clip(expected + spread * _Z_COUNT + skew, 0.0, total)
    return counted


def _records(quantity: Literal["share", "count"], weeks: Literal[26, 52], drawn: Array, last: Array) -> list[Forecast]:
    drawn = np.sort(drawn, axis=1)
    levels = np.quantile(drawn, _LEVELS, axis=1)
    # Half a draw on either side: no statement is ever quite certain.
    exceeding = ((drawn > last[:, None]).sum(axis=1) + 0.5) / (PATHS + 1)
    means = drawn.mean(axis=1)
    records = []
    for mean, values, chance in zip(means.tolist(), levels.T.tolist(), exceeding.tolist(), strict=True):
        quantiles = tuple(values[1:-1])
        at = dict(zip(FORECAST_LEVELS, quantiles, strict=True))
        records.append(
            Forecast(
                quantity=quantity,
                horizon_weeks=weeks,
                mean=mean,
                lo80=at[0.1],
                hi80=at[0.9],
                lo95=values[0],
                hi95=values[-1],
                quantiles=quantiles,
                p_exceeds_last=chance,
            )
        )
    return records
