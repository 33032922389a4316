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
