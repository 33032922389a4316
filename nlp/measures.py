"""Measures of labels against hand labels: plain functions of arrays, each checked against scikit-learn or by hand."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
BINS = 10


@dataclass(frozen=True)
class Bin:
    """One bar of a reliability diagram."""

    low: float
    high: float
    items: int
    mean_probability: float
    share_right: float


def f1_by_column(truth: Booleans, decided: Booleans) -> Floats:
    """F1 of every column; 0 where nothing is right."""
    right = (truth & decided).sum(axis=0)
    result: Floats = 2.0 * right / np.maximum(truth.sum(axis=0) + decided.sum(axis=0), 1)
    return result


def precision_by_column(truth: Booleans, decided: Booleans) -> Floats:
    """Precision of every column; 0 where nothing is decided."""
    result: Floats = (truth & decided).sum(axis=0) / np.maximum(decided.sum(axis=0), 1)
    return result


def recall_by_column(truth: Booleans, decided: Booleans) -> Floats:
    """Recall of every column; 0 where nothing is true."""
    result: Floats = (truth & decided).sum(axis=0) / np.maximum(truth.sum(axis=0), 1)
    return result


def average_precision(truth: Booleans, scores: Floats) -> float:
    """Mean precision at the ranks of the positives, ties in the order given; 0 without positives."""
    order = np.argsort(-scores, kind="stable")
    ranked = truth[order]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return float(precision[ranked].mean()) if ranked.any() else 0.0


def reliability(truth: Booleans, probabilities: Floats) -> list[Bin]:
    """Ten bins of probability, empty ones left out."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    found = []
    for each in range(BINS):
        inside = bins == each
        if inside.any():
            mean, right = float(probabilities[inside].mean()), float(truth[inside].mean())
            found.append(Bin(each / BINS, (each + 1) / BINS, int(inside.sum()), mean, right))
    return found


def calibration_error(truth: Booleans, probabilities: Floats) -> float:
    """Mean distance, over ten bins of probability, between probability and share of right labels."""
    total = max(len(truth), 1)
    return sum(each.items / total * abs(each.share_right - each.mean_probability)
               for each in reliability(truth, probabilities))  # fmt: skip


def calibration_error_of_candidates(truth: Booleans, probabilities: Floats, floor: float = 0.05) -> float:
    """The same over the items that an area lists: most of a file is far from any one area and flatters the mean."""
    listed = probabilities >= floor
    return calibration_error(truth[listed], probabilities[listed])


def bootstrap_interval(
    rows: int, measure: Callable[[npt.NDArray[np.int64]], float], *, seed: int = 0, resamples: int = 500
) -> tuple[float, float]:
    """95 % of a bootstrap over items: `measure` of the rows drawn."""
    random = np.random.default_rng(seed)
    values = [measure(random.integers(0, rows, rows)) for _ in range(resamples)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def resampled(rows: int, *, seed: int = 0, resamples: int = 500) -> Floats:
    """(resample, row): how often each of a bootstrap's resamples of the rows drew each row."""
    random = np.random.default_rng(seed)
    return random.multinomial(rows, np.full(rows, 1.0 / rows), size=resamples).astype(np.float64)


def ratio(above: Floats, below: Floats) -> Floats:
    """Quotients; not a number where there is nothing to divide by."""
    found: Floats = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.asarray(below) > 0)
    return found


def weighted_f1(weights: Floats, truth: Booleans, decided: Booleans) -> Floats:
    """(resample, column); not a number where a resample drew no item of the column, for then it tells nothing."""
    right, true, said = weights @ (truth & decided), weights @ truth, weights @ decided
    return np.where(true > 0, ratio(2.0 * right, true + said), np.nan)


def weighted_average_precision(weights: Floats, truth: Booleans, scores: Floats) -> Floats:
    """(resample): as `average_precision`, a row counting as often as it was drawn."""
    order = np.argsort(-scores, kind="stable")
    drawn, ranked = weights[:, order], truth[order]
    precision = ratio(np.cumsum(drawn * ranked, axis=1), np.cumsum(drawn, axis=1))
    return ratio(np.nansum(precision * drawn * ranked, axis=1), (drawn * ranked).sum(axis=1))


def weighted_calibration_error(weights: Floats, truth: Booleans, probabilities: Floats) -> Floats:
    """(resample): as `calibration_error`."""
    inside = np.eye(BINS)[np.minimum((probabilities * BINS).astype(int), BINS - 1)]
    distance = np.abs(weights @ (inside * (truth.astype(np.float64) - probabilities)[:, None]))
    return ratio(distance.sum(axis=1), weights.sum(axis=1))


def interval(values: Floats) -> tuple[float, float]:
    """95 % of resampled values, those that are no number left aside; all that is possible where none is left."""
    told = values[~np.isnan(values)]
    if not len(told):
        return 0.0, 1.0
    low, high = np.quantile(told, [0.025, 0.975])
    return float(low), float(high)


def wilson_interval(right: float, total: float) -> tuple[float, float]:
    """95 % of a share (Wilson 1927), which a bootstrap would call certain when all or none are right."""
    if not total:
        return 0.0, 1.0
    z2, share = 1.96**2, right / total
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = 1.96 / (1 + z2 / total) * float(np.sqrt(share * (1 - share) / total + z2 / (4 * total**2)))
    return max(middle - half, 0.0), min(middle + half, 1.0)
