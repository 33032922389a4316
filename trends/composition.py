"""Dynamic shares of a whole: multinomial counts whose log ratios follow damped local linear trends.

    y_t ~ Multinomial(n_t, softmax(l_t + e_t)),  e_t ~ (0, phi I)      extra-multinomial noise
    l_t = l_(t-1) + b_(t-1) + N(0, ql I),  b_t = d b_(t-1) + N(0, qs I)

Filter by the posterior mode of each period (Fahrmeir 1992, JASA 87:501) over a grid of hyper-parameters, its points
weighted by their predictive likelihood. All parts are treated alike: none is the reference, and what is common to all
cancels in the softmax. A period without known counts is predicted through and never updated on.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PERIOD_WEEKS = 4
PERIODS_PER_YEAR = 13
_LEVEL_VARIANCE = (1e-6, 5e-4, 4e-3)
_SLOPE_VARIANCE = (1e-7, 1e-5, 1e-4)
_NOISE = (0.003, 0.04)
_DAMPING = (0.80, 0.95)
_START_LEVEL_VARIANCE = 0.5
_START_SLOPE_SD = 0.03
_NEWTON_STEPS = 5
_LONGEST_STEP = 2.0


@dataclass(frozen=True)
class Grid:
    """Hyper-parameters, one entry a grid point; variances are per period of four weeks."""

    level: Array
    slope: Array
    noise: Array
    damping: Array


@dataclass(frozen=True)
class State:
    """Moments of levels l and slopes b after the last period: means (grid, part), covariances (grid, part, part)."""

    level: Array
    slope: Array
    level_covariance: Array
    cross: Array
    """Covariance of level (rows) and slope (columns)."""
    slope_covariance: Array
    log_likelihood: Array
    """(grid), without the terms that are the same at all points."""


def default_grid() -> Grid:
    """The grid that benchmarks/route_race.py measures: chosen on its origins before 2016."""
    points = np.array(list(product(_LEVEL_VARIANCE, _SLOPE_VARIANCE, _NOISE, _DAMPING)))
    return Grid(level=points[:, 0], slope=points[:, 1], noise=points[:, 2], damping=points[:, 3])


def filter_shares(counts: Array, grid: Grid) -> State:
    """Run the filter over `counts` (period, part); an unknown period is a row of NaN or of zeros."""
    known = np.isfinite(counts).all(axis=1) & (np.nan_to_num(counts).sum(axis=1) > 0)
    state = _start(counts, known, grid)
    started = False
    for period, row in enumerate(counts):
        if started:
            state = _evolve(state, grid)
        if known[period]:
            state = _update(state, row, grid)
            started = True
    return state


def draw_year(counts: Array, memberships: int, draws: int, seed: int) -> Array:
    """Counts of each part over the next 13 periods on simulated paths, (draw, part): trend, drift, noise, counting.

    `memberships` is how many are to be expected in all.
    """
    grid = default_grid()
    state = filter_shares(counts, grid)
    random = np.random.default_rng(seed)
    point = _grid_points(state.log_likelihood, draws, random)
    level, slope = _draw_states(state, point, random)
    sd = [np.sqrt(each)[point][:, None] for each in (grid.level, grid.slope, grid.noise)]
    damping = grid.damping[point][:, None]
    share = np.zeros_like(level)
    for _ in range(PERIODS_PER_YEAR):
        level = level + slope + sd[0] * random.standard_normal(level.shape)
        slope = damping * slope + sd[1] * random.standard_normal(level.shape)
        share += softmax(level + sd[2] * random.standard_normal(level.shape)) / PERIODS_PER_YEAR
    return random.multinomial(memberships, share / share.sum(axis=1, keepdims=True)).astype(float)


def softmax(logits: Array) -> Array:
    """Shares along the last axis."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Array = weights / weights.sum(axis=-1, keepdims=True)
    return shares


def _grid_points(log_likelihood: Array, draws: int, random: np.random.Generator) -> NDArray[np.intp]:
    weights = softmax(log_likelihood)
    ranks = random.permutation((np.arange(draws) + 0.5) / draws)
    chosen: NDArray[np.intp] = np.searchsorted(np.cumsum(weights), ranks).clip(max=len(weights) - 1)
    return chosen


def _draw_states(state: State, point: NDArray[np.intp], random: np.random.Generator) -> tuple[Array, Array]:
    parts = state.level.shape[1]
    mean = np.concatenate([state.level, state.slope], axis=1)
    upper = np.concatenate([state.level_covariance, state.cross], axis=2)
    lower = np.concatenate([_transposed(state.cross), state.slope_covariance], axis=2)
    covariance = np.concatenate([upper, lower], axis=1)
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(2 * parts))
    drawn = mean[point] + np.einsum("sij,sj->si", root[point], random.standard_normal((len(point), 2 * parts)))
    return drawn[:, :parts], drawn[:, parts:]


def _start(counts: Array, known: NDArray[np.bool_], grid: Grid) -> State:
    first = counts[known][:PERIODS_PER_YEAR].sum(axis=0)
    points, parts = grid.level.size, counts.shape[1]
    identity = np.broadcast_to(np.eye(parts), (points, parts, parts))
    return State(
        level=np.broadcast_to(np.log((first + 0.5) / (first.sum() + 0.5 * parts)), (points, parts)),
        slope=np.zeros((points, parts)),
        level_covariance=_START_LEVEL_VARIANCE * identity,
        cross=np.zeros((points, parts, parts)),
        slope_covariance=_START_SLOPE_SD**2 * identity,
        log_likelihood=np.zeros(points),
    )


def _evolve(state: State, grid: Grid) -> State:
    identity = np.eye(state.level.shape[1])
    damping = grid.damping[:, None, None]
    both = state.cross + _transposed(state.cross)
    return State(
        level=state.level + state.slope,
        slope=grid.damping[:, None] * state.slope,
        level_covariance=state.level_covariance + both + state.slope_covariance + grid.level[:, None, None] * identity,
        cross=damping * (state.cross + state.slope_covariance),
        slope_covariance=damping**2 * state.slope_covariance + grid.slope[:, None, None] * identity,
        log_likelihood=state.log_likelihood,
    )


def _update(state: State, row: Array, grid: Grid) -> State:
    prior = state.level_covariance + grid.noise[:, None, None] * np.eye(row.size)
    precision: Array = np.linalg.inv(prior).astype(float)
    mode, curvature = _mode(state.level, precision, row)
    moved = _times(precision, mode - state.level)
    shrink = precision @ (prior - np.linalg.inv(curvature)) @ precision
    return State(
        level=state.level + _times(state.level_covariance, moved),
        slope=state.slope + _times(_transposed(state.cross), moved),
        level_covariance=state.level_covariance - state.level_covariance @ shrink @ state.level_covariance,
        cross=state.cross - state.level_covariance @ shrink @ state.cross,
        slope_covariance=state.slope_covariance - _transposed(state.cross) @ shrink @ state.cross,
        log_likelihood=state.log_likelihood
        + (row * np.log(softmax(mode))).sum(axis=1)
        - 0.5 * ((mode - state.level) * moved).sum(axis=1)
        + 0.5 * (np.linalg.slogdet(precision)[1] - np.linalg.slogdet(curvature)[1]),
    )


def _mode(start: Array, precision: Array, row: Array) -> tuple[Array, Array]:
    """Posterior mode of the log ratios by Newton's steps, and the negative Hessian there (Laplace)."""
    mode, total = start, row.sum()
    for _ in range(_NEWTON_STEPS):
        shares = softmax(mode)
        slope = row - total * shares - _times(precision, mode - start)
        step = np.linalg.solve(precision + _information(shares, total), slope[:, :, None])[:, :, 0]
        mode = mode + step.clip(-_LONGEST_STEP, _LONGEST_STEP)
    return mode, precision + _information(softmax(mode), total)


def _information(shares: Array, total: float) -> Array:
    diagonal = shares[:, :, None] * np.eye(shares.shape[1])
    information: Array = total * (diagonal - shares[:, :, None] * shares[:, None, :])
    return information


def _times(matrices: Array, vectors: Array) -> Array:
    product_: Array = np.einsum("gij,gj->gi", matrices, vectors)
    return product_


def _transposed(matrices: Array) -> Array:
    return np.swapaxes(matrices, 1, 2)
