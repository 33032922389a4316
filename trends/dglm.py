"""Poisson dynamic model of a log share: filter over a grid of hyper-parameters, weights by empirical Bayes.

Model and recursions: West, Harrison & Migon (1985), "Dynamic generalized linear models and Bayesian forecasting",
in the form of our methods notes (share of the source's own total, extra-Poisson noise, damped local trend):

    y_t ~ Poisson(N_t exp(l_t + e_t)),  e_t ~ (0, phi)
    l_t = l_(t-1) + b_(t-1) + N(0, ql),  b_t = d b_(t-1) + N(0, qs)

Arrays are (series, grid point). An unknown week (NaN in y or N, or N = 0) is predicted through and never updated on.
"""

from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, zeta

Array = NDArray[np.float64]

WEEKS_PER_MONTH = 4.35
_LEVEL_VARIANCE = (1e-7, 5e-4, 4e-3)
_SLOPE_VARIANCE = (1e-6, 2e-5, 1e-4, 4e-4)
_DAMPING = (0.80, 0.90, 0.95)
_EXTRA_POISSON = {12: (0.003, 0.03), 52: (0.003, 0.06)}
_START_LEVEL_VARIANCE = 0.5
_START_SLOPE_SD = 0.03


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
        points = np.array(list(product(_LEVEL_VARIANCE, _SLOPE_VARIANCE, _EXTRA_POISSON[periods_per_year], _DAMPING)))
        return cls(
            level=points[:, 0] / scale,
            slope=points[:, 1] / scale**3,
            noise=points[:, 2],
            damping=points[:, 3] ** (1 / scale),
            start_slope_variance=(_START_SLOPE_SD / scale) ** 2,
        )


@dataclass(frozen=True)
class State:
    """Gaussian moments of level l and slope b after the last period, and the log-likelihood; each (series, grid)."""

    level: Array
    slope: Array
    level_variance: Array
    covariance: Array
    slope_variance: Array
    log_likelihood: Array


def filter_series(counts: Array, totals: Array, grid: Grid, periods_per_year: int) -> State:
    """Run the filter over all series (rows) and periods (columns) of `counts` and `totals`."""
    known = np.isfinite(counts) & np.isfinite(totals) & (totals > 0)
    state = _start(counts, totals, known, grid, periods_per_year)
    for period in range(counts.shape[1]):
        started: NDArray[np.bool_] = np.logical_or.reduce(known[:, :period], axis=1)
        if started.any():
            state = _evolve(state, grid, started[:, None])
        seen = known[:, period]
        if seen.any():
            state = _update(state, counts[:, period], totals[:, period], seen, grid)
    return state


def grid_weights(log_likelihood: Array, rounds: int = 200, tolerance: float = 1e-6) -> Array:
    """Posterior weight of each grid point for each series; the prior over the grid is shared and found by EM."""
    likelihood: Array = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    prior = np.full(likelihood.shape[1], 1 / likelihood.shape[1])
    weights: Array = likelihood * prior
    weights /= weights.sum(axis=1, keepdims=True)
    for _ in range(rounds):
        renewed = weights.mean(axis=0)
        weights = likelihood * renewed
        weights /= weights.sum(axis=1, keepdims=True)
        if np.abs(renewed - prior).max() < tolerance:
            break
        prior = renewed
    return weights


def _start(counts: Array, totals: Array, known: NDArray[np.bool_], grid: Grid, periods_per_year: int) -> State:
    early = known & (np.cumsum(known, axis=1) <= periods_per_year)
    events = np.where(early, counts, 0).sum(axis=1)
    exposure = np.maximum(np.where(early, totals, 0).sum(axis=1), 1)
    shape = (counts.shape[0], grid.level.size)
    return State(
        level=np.broadcast_to(np.log((events + 0.5) / exposure)[:, None], shape),
        slope=np.zeros(shape),
        level_variance=np.full(shape, _START_LEVEL_VARIANCE),
        covariance=np.zeros(shape),
        slope_variance=np.full(shape, grid.start_slope_variance),
        log_likelihood=np.zeros(shape),
    )


def _evolve(state: State, grid: Grid, started: NDArray[np.bool_]) -> State:
    """One period on; a series waits at its start until its first known period."""
    level_variance = state.level_variance + 2 * state.covariance + state.slope_variance + grid.level
    covariance = grid.damping * (state.covariance + state.slope_variance)
    slope_variance = grid.damping**2 * state.slope_variance + grid.slope
    return State(
        level=np.where(started, state.level + state.slope, state.level),
        slope=np.where(started, grid.damping * state.slope, state.slope),
        level_variance=np.where(started, level_variance, state.level_variance),
        covariance=np.where(started, covariance, state.covariance),
        slope_variance=np.where(started, slope_variance, state.slope_variance),
        log_likelihood=state.log_likelihood,
    )


def _update(state: State, count: Array, total: Array, seen: NDArray[np.bool_], grid: Grid) -> State:
    y = np.where(seen, count, 0.0)[:, None]
    n = np.where(seen, total, 1.0)[:, None]
    variance = state.level_variance + grid.noise
    alpha = 1 / variance + 0.5
    log_beta = digamma(alpha) - state.level
    log_rate = np.logaddexp(log_beta, np.log(n))
    likelihood = (
        gammaln(y + alpha)
        - gammaln(alpha)
        - gammaln(y + 1)
        + alpha * (log_beta - log_rate)
        + y * (np.log(n) - log_rate)
    )
    mean = digamma(alpha + y) - log_rate
    spread = zeta(2, alpha + y)  # trigamma
    gain = (mean - state.level) / variance
    shrink = (1 - spread / variance) / variance
    observed = seen[:, None]
    return State(
        level=np.where(observed, state.level + state.level_variance * gain, state.level),
        slope=np.where(observed, state.slope + state.covariance * gain, state.slope),
        level_variance=_shrunk(state.level_variance, state.level_variance, state.level_variance, shrink, observed),
        covariance=_shrunk(state.covariance, state.level_variance, state.covariance, shrink, observed),
        slope_variance=_shrunk(state.slope_variance, state.covariance, state.covariance, shrink, observed),
        log_likelihood=state.log_likelihood + np.where(observed, likelihood, 0.0),
    )


def _shrunk(moment: Array, left: Array, right: Array, shrink: Array, observed: NDArray[np.bool_]) -> Array:
    reduced: Array = np.where(observed, moment - left * right * shrink, moment)
    return reduced
