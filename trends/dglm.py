"""Poisson dynamic model of a log share: filter over a grid of hyper-parameters, weights by empirical Bayes.

Model and recursions: West, Harrison & Migon (1985), "Dynamic generalized linear models and Bayesian forecasting",
in the form of our methods notes (share of the source's own total, extra-Poisson noise, damped local trend):

    y_t ~ Poisson(N_t exp(l_t + e_t)),  e_t ~ (0, phi)
    l_t = l_(t-1) + b_(t-1) + N(0, ql),  b_t = d b_(t-1) + N(0, qs)

Beside level and slope the filter carries s, the mean of the level over the year before the period asked for: what the
next year is compared with, its noise taken off. Arrays are (series, grid point). An unknown period (NaN in y or N, or
N = 0) is predicted through and never updated on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from trends.gamma_functions import gamma_functions

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]

WEEKS_PER_MONTH = 4.35
_LEVEL_VARIANCE = (1e-7, 5e-4, 2e-3, 1e-2)
_EXTRA_POISSON = (0.001, 0.01, 0.03, 0.1)
_SLOPES = ((1e-7, 0.99), (1e-6, 0.99), (4e-6, 0.99), (1e-7, 0.98), (1e-6, 0.98), (4e-6, 0.98))
"""Variance and damping of a slope that lasts for years. On arXiv origins up to 2015 it forecast better in every set
than the shorter and wilder ones of eb-dglm-1 (damping 0.80 to 0.95, variances to 4e-4)."""
_START_LEVEL_VARIANCE = 0.5
_START_SLOPE_SD = 0.01
_BREAK_VARIANCE = 0.5
_SMOOTHING = 5.0
"""Weight of an even prior over the grid, in series: a handful of series must not fix it on one point."""
_BLOCK = 64
"""Series filtered at a time: their arrays stay in the processor's cache."""


@dataclass(frozen=True)
class Grid:
    """Hyper-parameters, one entry a grid point; variances are per period."""

    level: Array
    slope: Array
    noise: Array
    damping: Array
    start_slope_variance: float

    @classmethod
    def of_frequency(cls, periods_per_year: int) -> Self:
        """The grid for monthly (12) or weekly (52) periods. Damping stays below 1: undamped forecasts are worse."""
        scale = WEEKS_PER_MONTH if periods_per_year == 52 else 1.0
        points = np.array([(q, *s, e) for q, s, e in product(_LEVEL_VARIANCE, _SLOPES, _EXTRA_POISSON)])
        return cls(
            level=points[:, 0] / scale,
            slope=points[:, 1] / scale**3,
            damping=points[:, 2] ** (1 / scale),
            noise=points[:, 3],
            start_slope_variance=(_START_SLOPE_SD / scale) ** 2,
        )


@dataclass(frozen=True)
class State:
    """Gaussian moments after a period, and the log-likelihood up to it; each (series, grid).

    `year` is the mean of the level over the year that ends there, `..._year` its covariances with level and slope.
    """

    level: Array
    slope: Array
    level_variance: Array
    covariance: Array
    slope_variance: Array
    log_likelihood: Array
    year: Array
    level_year: Array
    slope_year: Array
    year_variance: Array

    def rows(self, chosen: Booleans) -> Self:
        """The same of some series."""
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


@dataclass
class _Sum:
    """Running sum of the level over a year: its moments, changed in place, and how many periods are in it."""

    mean: Array
    with_level: Array
    with_slope: Array
    variance: Array
    periods: int = 0

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Self:
        return cls(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape))


def filter_series(
    counts: Array,
    totals: Array,
    grid: Grid,
    periods_per_year: int,
    *,
    ends: Sequence[int] = (),
    breaks: Sequence[int] = (),
) -> list[State]:
    """Filter all series (rows) over the periods (columns); the state after the first `end` periods, for each end.

    `ends` (default: the last period) count periods; those below 1 are left out. At a period of `breaks` every level may
    have shifted: variance is let in, and the year before it is moved to the new footing.
    """
    last = counts.shape[1]
    asked = sorted({end for end in (ends or (last,)) if 1 <= end <= last})
    blocks = [slice(start, start + _BLOCK) for start in range(0, counts.shape[0], _BLOCK)]
    parts = [_filter(counts[rows], totals[rows], grid, periods_per_year, asked, frozenset(breaks)) for rows in blocks]
    return [_stacked([part[index] for part in parts]) for index in range(len(asked))]


def grid_weights(log_likelihood: Array, rounds: int = 200, tolerance: float = 1e-6) -> Array:
    """Posterior weight of each grid point for each series; the prior over the grid is shared and found by EM."""
    likelihood: Array = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    series, points = likelihood.shape
    even = _SMOOTHING / points
    prior = np.full(points, 1 / points)
    for _ in range(rounds):
        each = likelihood * prior
        each /= each.sum(axis=1, keepdims=True)
        renewed = (each.sum(axis=0) + even) / (series + _SMOOTHING)
        moved = np.abs(renewed - prior).max()
        prior = renewed
        if moved < tolerance:
            break
    weights: Array = likelihood * prior
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def known_periods(counts: Array, totals: Array) -> Booleans:
    """Where there is something to learn from: both known, and a total above 0."""
    known: Booleans = np.isfinite(counts) & np.isfinite(totals) & (totals > 0)
    return known


def _filter(
    counts: Array, totals: Array, grid: Grid, year: int, ends: Sequence[int], breaks: frozenset[int]
) -> list[State]:
    known = known_periods(counts, totals)
    y, n = np.where(known, counts, 0.0), np.where(known, totals, 1.0)
    constant = gammaln(y + 1)
    started = np.logical_or.accumulate(known, axis=1)
    state = _start(y, n, known, grid, year)
    sums: dict[int, _Sum] = {}
    states = []
    for period in range(ends[-1]):
        sums |= {end: _Sum.empty(state.level.shape) for end in ends if period == max(end - year, 0)}
        if period:
            _evolve(state, grid, started[:, period - 1, None], sums)
        if period in breaks:
            _break(state, sums)
        for each in sums.values():
            _extend(each, state)
        column = np.s_[:, period, None]
        if known[column].any():
            _update(state, y[column], n[column], constant[column], known[column], grid, sums)
        if period + 1 in sums:
            states.append(_snapshot(state, sums.pop(period + 1)))
    return states


def _start(y: Array, n: Array, known: Booleans, grid: Grid, year: int) -> State:
    early = known & (np.cumsum(known, axis=1) <= year)
    events = np.where(early, y, 0).sum(axis=1)
    exposure = np.maximum(np.where(early, n, 0).sum(axis=1), 1)
    shape = (y.shape[0], grid.level.size)
    zeros = [np.zeros(shape) for _ in range(4)]
    return State(
        level=np.repeat(np.log((events + 0.5) / exposure)[:, None], grid.level.size, axis=1),
        slope=np.zeros(shape),
        level_variance=np.full(shape, _START_LEVEL_VARIANCE),
        covariance=np.zeros(shape),
        slope_variance=np.full(shape, grid.start_slope_variance),
        log_likelihood=np.zeros(shape),
        year=zeros[0],
        level_year=zeros[1],
        slope_year=zeros[2],
        year_variance=zeros[3],
    )


def _evolve(state: State, grid: Grid, started: Booleans, sums: dict[int, _Sum]) -> None:
    """One period on, in place; a series waits at its start until its first known period."""
    all_started = bool(started.all())
    damping = grid.damping if all_started else np.where(started, grid.damping, 1.0)
    moves = 1.0 if all_started else started.astype(float)
    for each in sums.values():
        each.with_level += moves * each.with_slope
        each.with_slope *= damping
    state.level[:] += moves * state.slope
    state.level_variance[:] += moves * (2 * state.covariance + state.slope_variance + grid.level)
    state.covariance[:] += moves * state.slope_variance
    state.covariance[:] *= damping
    state.slope_variance[:] *= damping * damping
    state.slope_variance[:] += moves * grid.slope
    state.slope[:] *= damping


def _break(state: State, sums: dict[int, _Sum]) -> None:
    """A shift of unknown size in every level; the sums' earlier periods shift with it."""
    state.level_variance[:] += _BREAK_VARIANCE
    for each in sums.values():
        each.with_level += each.periods * _BREAK_VARIANCE
        each.variance += each.periods**2 * _BREAK_VARIANCE


def _extend(total: _Sum, state: State) -> None:
    total.mean += state.level
    total.variance += 2 * total.with_level + state.level_variance
    total.with_level += state.level_variance
    total.with_slope += state.covariance
    total.periods += 1


def _update(
    state: State, y: Array, n: Array, constant: Array, seen: Booleans, grid: Grid, sums: dict[int, _Sum]
) -> None:
    """Linear-Bayes update on one period's counts; rows not seen stay as they are."""
    variance = state.level_variance + grid.noise
    alpha = 1 / variance + 0.5
    prior, posterior = gamma_functions(alpha), gamma_functions(alpha + y)
    log_n = np.log(n)
    log_beta = prior.digamma - state.level
    log_rate = np.logaddexp(log_beta, log_n)
    likelihood = (
        posterior.log_gamma - prior.log_gamma - constant + alpha * (log_beta - log_rate) + y * (log_n - log_rate)
    )
    gain = (posterior.digamma - log_rate - state.level) / variance
    shrink = (1 - posterior.trigamma / variance) / variance
    if not seen.all():
        likelihood, gain, shrink = (np.where(seen, each, 0.0) for each in (likelihood, gain, shrink))
    state.log_likelihood[:] += likelihood
    for each in sums.values():
        scaled = each.with_level * shrink
        each.mean += each.with_level * gain
        each.variance -= each.with_level * scaled
        each.with_slope -= state.covariance * scaled
        each.with_level -= state.level_variance * scaled
    state.level[:] += state.level_variance * gain
    state.slope[:] += state.covariance * gain
    scaled = state.covariance * shrink
    state.slope_variance[:] -= state.covariance * scaled
    state.covariance[:] -= state.level_variance * scaled
    state.level_variance[:] -= state.level_variance**2 * shrink


def _snapshot(state: State, total: _Sum) -> State:
    kept = {field.name: getattr(state, field.name).copy() for field in fields(State)}
    periods = total.periods
    kept |= {"year": total.mean / periods, "year_variance": total.variance / periods**2}
    kept |= {"level_year": total.with_level / periods, "slope_year": total.with_slope / periods}
    return State(**kept)


def _stacked(parts: Sequence[State]) -> State:
    return State(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(State)))
