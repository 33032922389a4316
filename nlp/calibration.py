"""From decision values to probabilities, thresholds and the band of doubt, all from cross-validation.

Platt's sigmoid (Platt 1999, with his smoothed targets), and where validation prefers it a monotone correction over it
(isotonic regression, its steps joined by lines between their centres so that no two items are tied by chance).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Truth = npt.NDArray[np.generic]

STATED_PRECISION = 0.7
"""Precision that a threshold must have in cross-validation over items drawn near the boundary, where most of a week's
items are not: an area's threshold is the common one, raised as far as this asks."""
CANDIDATES = np.round(np.arange(0.15, 0.901, 0.01), 2)
_SURE_PRECISION, _KEPT_RECALL = 0.95, 0.95
_FOLDS = 5
_GAIN = 0.01
"""Part of the log-loss that the correction must save in validation: two numbers are kept before twenty."""
_FEWEST_STEPS, _FEWEST_POSITIVES = 4, 40
_EDGE = 7.0


@dataclass(frozen=True)
class Calibration:
    """Log-odds of a decision value, and the probabilities from which an area is assigned, doubted or sure."""

    slope: float
    offset: float
    threshold: float
    low: float = 0.0
    """Below it only one in twenty items of the area is found."""
    high: float = 1.0
    """From it on nineteen of twenty are right; between low and high an expert should look."""
    knots: tuple[tuple[float, float], ...] = ()
    """Points of the monotone correction, log-odds to log-odds; empty for Platt's sigmoid alone."""

    def log_odds(self, values: Floats) -> Floats:
        plain: Floats = self.slope * values + self.offset
        if not self.knots:
            return plain
        xs, ys = np.array(self.knots).T
        beyond = np.minimum(plain - xs[0], 0.0) + np.maximum(plain - xs[-1], 0.0)
        corrected: Floats = np.interp(plain, xs, ys) + beyond
        return corrected

    def probabilities(self, values: Floats) -> Floats:
        return sigmoid(self.log_odds(values))


def sigmoid(value: Floats) -> Floats:
    from scipy.special import expit

    result: Floats = expit(value)
    return result


def calibrate(values: Floats, truth: Ints, *, precision: float = STATED_PRECISION) -> Calibration:
    """Fit on out-of-fold decision values; whether the correction is used is chosen by a validation of its own."""
    slope, offset = platt(values, truth)
    plain = slope * values + offset
    knots = isotonic_knots(plain, truth) if _prefers_isotonic(plain, truth) else ()
    rough = Calibration(slope, offset, 0.5, knots=knots)
    probabilities = rough.probabilities(values)
    threshold = best_threshold(probabilities, truth, precision)
    low, high = doubt_band(probabilities, truth, threshold)
    return Calibration(slope, offset, threshold, low, high, knots)


def platt(values: Floats, truth: Ints) -> tuple[float, float]:
    """Slope and offset of the sigmoid."""
    from scipy.optimize import minimize

    positives, negatives = int(truth.sum()), int((1 - truth).sum())
    target = np.where(truth == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(parameters: Floats) -> float:
        score = parameters[0] * values + parameters[1]
        return float(np.mean(np.logaddexp(0, score) - target * score))

    best = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead", options={"maxiter": 2000}).x
    return round(float(best[0]), 6), round(float(best[1]), 6)


def isotonic_knots(log_odds: Floats, truth: Ints) -> tuple[tuple[float, float], ...]:
    """Centres of the steps of an isotonic regression, as log-odds; empty when there are too few steps."""
    from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]  # ships no types

    order = np.argsort(log_odds, kind="stable")
    xs, ys = log_odds[order], truth[order].astype(np.float64)
    level = IsotonicRegression(out_of_bounds="clip").fit_transform(xs, ys)
    starts = np.flatnonzero(np.r_[True, np.diff(level) > 0])
    if len(starts) < _FEWEST_STEPS:
        return ()
    knots = []
    for begin, end in zip(starts, [*starts[1:], len(xs)], strict=True):
        share = (ys[begin:end].sum() + 0.5) / (end - begin + 1)
        knots.append((float(xs[begin:end].mean()), float(np.clip(np.log(share / (1 - share)), -_EDGE, _EDGE))))
    rising = np.maximum.accumulate([y for _, y in knots]) + 1e-6 * np.arange(len(knots))
    return tuple((round(x, 6), round(float(y), 6)) for (x, _), y in zip(knots, rising, strict=True))


def _prefers_isotonic(log_odds: Floats, truth: Ints) -> bool:
    if truth.sum() < _FEWEST_POSITIVES:
        return False
    plain = corrected = 0.0
    # Every fifth in the order of the values: a few items more hardly change the folds.
    folds = np.argsort(np.argsort(log_odds, kind="stable"), kind="stable") % _FOLDS
    for fold in range(_FOLDS):
        seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        knots = isotonic_knots(log_odds[seen], truth[seen])
        trial = Calibration(1.0, 0.0, 0.5, knots=knots)
        plain += _log_loss(log_odds[unseen], truth[unseen])
        corrected += _log_loss(trial.log_odds(log_odds[unseen]), truth[unseen])
    return corrected < plain * (1 - _GAIN)


def _log_loss(log_odds: Floats, truth: Ints) -> float:
    return float(np.sum(np.logaddexp(0, log_odds) - truth * log_odds))


def best_threshold(probabilities: Floats, truth: Truth, precision: float) -> float:
    """Middle of the thresholds whose F1 is within half a point of the best among those of the stated precision.

    Where none has it, the one that comes nearest to it.
    """
    wanted = truth.astype(bool)
    precisions = np.array([_precision(wanted, probabilities >= each) for each in CANDIDATES])
    scores = np.array([f1(wanted, probabilities >= each) for each in CANDIDATES])
    allowed = precisions >= precision
    if not allowed.any():
        allowed = precisions >= precisions.max() - 1e-9
    good = CANDIDATES[allowed & (scores >= scores[allowed].max() - 0.005)]
    return round(float(np.median(good)), 3)


def common_threshold(judged: Sequence[tuple[Floats, Truth]]) -> float:
    """Of the probabilities and truth of every area: middle of the thresholds whose macro-F1 is near the best.

    One for all, because probabilities are calibrated and each area's own best rests on a few dozen items: it jumps
    with the folds, and costs one to two points of macro-F1 on other items (benchmarks/results/labels.md, Tried).
    """
    scores = np.array([np.mean([f1(truth, found >= each) for found, truth in judged]) for each in CANDIDATES])
    return round(float(np.median(CANDIDATES[scores >= scores.max() - 0.005])), 3)


def stated_threshold(probabilities: Floats, truth: Truth, common: float, precision: float) -> float:
    """The common threshold, raised as far as the stated precision asks; where none has it, the most precise."""
    candidates = np.r_[common, CANDIDATES[common < CANDIDATES]]
    precisions = np.array([_precision(truth.astype(bool), probabilities >= each) for each in candidates])
    enough = np.flatnonzero(precisions >= min(precision, precisions.max()))
    return round(float(candidates[enough[0]]), 3)


def doubt_band(probabilities: Floats, truth: Truth, threshold: float) -> tuple[float, float]:
    """(low, high) round the threshold; see Calibration."""
    wanted = truth.astype(bool)
    found = np.sort(probabilities[wanted])
    low = float(found[int((1 - _KEPT_RECALL) * len(found))]) if len(found) else threshold
    sure = [each for each in CANDIDATES if _precision(wanted, probabilities >= each) >= _SURE_PRECISION]
    high = float(sure[0]) if sure else 1.0
    return round(min(low, threshold), 3), round(max(high, threshold), 3)


def f1(truth: Truth, decided: npt.NDArray[np.bool_]) -> float:
    """F1; 0 when nothing is right."""
    right = int((truth.astype(bool) & decided).sum())
    return 2.0 * right / max(int(truth.sum()) + int(decided.sum()), 1)


def _precision(truth: npt.NDArray[np.bool_], decided: npt.NDArray[np.bool_]) -> float:
    return int((truth & decided).sum()) / max(int(decided.sum()), 1)
