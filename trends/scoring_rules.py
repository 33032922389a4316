"""Proper scores and calibration of forecasts, and the uncertainty of a score over rolling origins.

Gneiting & Raftery (2007), "Strictly proper scoring rules, prediction, and estimation"; MASE: Hyndman & Koehler (2006);
blocks: Künsch (1989). A forecast is quantiles at stated levels, between which it is read as a straight line on the
normal scale (exact for a normal, and for any forecast at its own levels).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from trends.dglm import Array

Booleans = NDArray[np.bool_]

_FINE = (np.arange(400) + 0.5) / 400
WORD_EDGES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Bounds of probability of the calibration table: the words of a brief, the middle one halved."""
_BINS = 10


def crps_of_quantiles(levels: Sequence[float], quantiles: Array, outcome: Array) -> Array:
    """Continuous ranked probability score of each row of `quantiles` (series, level): twice the mean pinball loss."""
    z, fine = ndtri(np.asarray(levels)), ndtri(_FINE)
    scores = [
        2 * np.mean((seen - line) * (_FINE - (seen < line)))
        for row, seen in zip(quantiles, outcome, strict=True)
        for line in [_straight(fine, z, row)]
    ]
    return np.array(scores)


def crps_of_samples(samples: Array, outcome: Array) -> Array:
    """CRPS of each row of `samples` (series, draw) as E|X - y| - E|X - X'| / 2."""
    ordered = np.sort(samples, axis=1)
    draws = ordered.shape[1]
    spread = ordered @ (2 * np.arange(1, draws + 1) - draws - 1) / draws**2
    score: Array = np.abs(samples - outcome[:, None]).mean(axis=1) - spread
    return score


def pit_of_quantiles(levels: Sequence[float], quantiles: Array, outcome: Array) -> Array:
    """Probability that each row's forecast gave to at most its outcome; uniform where forecasts are calibrated."""
    z = ndtri(np.asarray(levels))
    place = [_straight(np.array([seen]), row, z)[0] for row, seen in zip(quantiles, outcome, strict=True)]
    found: Array = ndtr(np.array(place))
    return found


def _straight(at: Array, x: Array, y: Array) -> Array:
    """Linear interpolation that goes on beyond both ends; not a number where a point is none."""
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return np.full(at.shape, np.nan)
    inside: Array = np.interp(at, x, y)
    low_slope, high_slope = _slope(x[:2], y[:2]), _slope(x[-2:], y[-2:])
    inside = np.where(at < x[0], y[0] + low_slope * (at - x[0]), inside)
    return np.where(at > x[-1], y[-1] + high_slope * (at - x[-1]), inside)


def _slope(x: Array, y: Array) -> float:
    # Two equal quantiles (a count that is surely 0) leave the tail as steep as can be told: a step.
    return float((y[1] - y[0]) / max(x[1] - x[0], 1e-9))


def brier(probability: Array, happened: Booleans) -> Array:
    """Squared distance of each probability from what happened."""
    distance: Array = (probability - happened) ** 2
    return distance


def coverage(low: Array, high: Array, outcome: Array) -> Booleans:
    """Which outcomes lie within their interval, its ends included."""
    inside: Booleans = (low <= outcome) & (outcome <= high)
    return inside


def absolute_scaled_error(forecast: Array, outcome: Array, past: Array, season: int) -> Array:
    """Mean absolute error of each row over the periods ahead, in units of the past's own seasonal-naive error.

    `forecast` and `outcome` are (series, ahead), `past` (series, before); unknown periods are left out. A past that
    repeats itself exactly has no scale: not a number.
    """
    scale = _mean_known(np.abs(past[:, season:] - past[:, :-season]))
    error = _mean_known(np.abs(forecast - outcome))
    scaled: Array = np.divide(error, scale, out=np.full(len(error), np.nan), where=scale > 0)
    return scaled


def _mean_known(values: Array) -> Array:
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    mean: Array = np.divide(total, known.sum(axis=1), out=np.full(len(values), np.nan), where=known.any(axis=1))
    return mean


def spearman(score: Array, outcome: Array) -> float:
    """Rank correlation, ties at their mean rank; not a number with fewer than three pairs or without any order."""
    told = np.isfinite(score) & np.isfinite(outcome)
    if told.sum() < 3:
        return float("nan")
    left, right = rankdata(score[told]), rankdata(outcome[told])
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def top_decile_precision(score: Array, outcome: Array) -> float:
    """Share of the tenth with the largest scores that is in the tenth with the largest outcomes (at least one series).

    Series tied at the edge of a tenth count in part, so that their order decides nothing.
    """
    told = np.isfinite(score) & np.isfinite(outcome)
    if told.sum() < 3:
        return float("nan")
    size = max(round(told.sum() / 10), 1)
    return float((_top(score[told], size) * _top(outcome[told], size)).sum() / size)


def _top(values: Array, size: int) -> Array:
    edge = np.sort(values)[-size]
    above, at = values > edge, values == edge
    weight: Array = above + at * (size - above.sum()) / at.sum()
    return weight


@dataclass(frozen=True)
class CalibrationBin:
    """Of the forecasts with a probability within the bounds: how many, their mean, and how often it happened."""

    low: float
    high: float
    items: int
    mean_probability: float
    share_happened: float


def calibration_table(
    probability: Array, happened: Booleans, edges: Sequence[float] = WORD_EDGES
) -> list[CalibrationBin]:
    """One row a bin that is not empty; a bin holds its lower bound, the last one both."""
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, len(edges) - 2)
    bins = []
    for number in np.unique(place):
        inside = place == number
        mean, share = float(probability[inside].mean()), float(happened[inside].mean())
        bins.append(CalibrationBin(edges[number], edges[number + 1], int(inside.sum()), mean, share))
    return bins


def calibration_error(probability: Array, happened: Booleans) -> float:
    """Mean distance, over ten equal bins of probability, between mean probability and share that happened."""
    if not len(probability):
        return float("nan")
    table = calibration_table(probability, happened, [step / _BINS for step in range(_BINS + 1)])
    return sum(each.items * abs(each.mean_probability - each.share_happened) for each in table) / len(probability)


def pit_histogram(pit: Array, bins: int = _BINS) -> Array:
    """Share of the values in each of equal bins from 0 to 1."""
    told = pit[np.isfinite(pit)]
    counts, _ = np.histogram(told, bins=bins, range=(0, 1))
    shares: Array = counts / max(len(told), 1)
    return shares


def pit_deviation(pit: Array, bins: int = _BINS) -> float:
    """Mean absolute distance of the bins' heights from uniform, as a share of the uniform height."""
    return float(np.abs(pit_histogram(pit, bins) * bins - 1).mean())


def block_draws(origins: int, block: int, resamples: int = 2000, seed: int = 0) -> NDArray[np.intp]:
    """(resample, origin): which origins each resample draws, in circular blocks, as neighbours share their data."""
    random = np.random.default_rng(seed)
    starts = random.integers(0, origins, (resamples, -(-origins // block)))
    places = (starts[:, :, None] + np.arange(block)) % origins
    drawn: NDArray[np.intp] = places.reshape(resamples, -1)[:, :origins]
    return drawn


def block_interval(
    origins: int, statistic: Callable[[NDArray[np.intp]], float], *, block: int = 3, resamples: int = 2000
) -> tuple[float, float]:
    """95 % interval of `statistic` of the origins drawn. Pair two methods by taking both within one statistic.

    NaN for as many origins as a block holds, or fewer: every draw would be all of them.
    """
    if origins <= block:
        return float("nan"), float("nan")
    values = np.array([statistic(drawn) for drawn in block_draws(origins, block, resamples)])
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
