"""How good the labels are, on items labelled by hand: by area and on average, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlp.classifier import Classifier
from nlp.features import Floats
from nlp.labelled import LabelledDocument, read_labels

RESAMPLES = 500
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AreaReport:
    """Quality of one area's labels."""

    area: str
    positives: int
    assigned: int
    precision: float
    recall: float
    f1: float
    average_precision: float
    """Of the ranking by probability, thresholds left aside."""
    near_misses: int
    near_miss_rate: float
    """Share of the items narrowly left out that were nevertheless assigned."""


@dataclass(frozen=True)
class Report:
    """Quality over one labelled file. Intervals are 95 % of a bootstrap over items."""

    rows: int
    data_sha256: str
    model: str
    taxonomy: str
    areas: tuple[AreaReport, ...]
    macro_f1: float
    macro_f1_lo95: float
    macro_f1_hi95: float
    micro_f1: float
    expected_calibration_error: float
    """Mean distance, over ten bins of probability, between probability and share of right labels."""

    def to_markdown(self) -> str:
        """A table for people."""
        lines = [
            f"Items: {self.rows}. Macro-F1 {self.macro_f1:.3f} (95 % {self.macro_f1_lo95:.3f} to "
            f"{self.macro_f1_hi95:.3f}), micro-F1 {self.micro_f1:.3f}, calibration error "
            f"{self.expected_calibration_error:.3f}. Model {self.model}, taxonomy {self.taxonomy}.",
            "",
            "| area | items | assigned | precision | recall | F1 | average precision | near misses taken |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {each.area} | {each.positives} | {each.assigned} | {each.precision:.3f} | {each.recall:.3f} | "
            f"{each.f1:.3f} | {each.average_precision:.3f} | {each.near_miss_rate:.2f} of {each.near_misses} |"
            for each in self.areas
        ]
        return "\n".join(lines) + "\n"


def evaluate(labels_path: Path, classifier: Classifier, *, seed: int = 0) -> Report:
    """Compare a classifier's labels with a file of hand labels; raises UsageError for an unusable file.

    The macro mean is over areas with at least one item in the file.
    """
    labelled, digest = read_labels(labels_path)
    return evaluate_rows(labelled, digest, classifier, seed=seed)


def evaluate_rows(
    labelled: Sequence[LabelledDocument], digest: str, classifier: Classifier, *, seed: int = 0
) -> Report:
    """As `evaluate`, of rows already read."""
    areas = [area.id for area in classifier.taxonomy.areas]
    truth = np.array([[area in row.areas for area in areas] for row in labelled])
    near = np.array([[area in row.near_miss for area in areas] for row in labelled])
    probabilities, thresholds = classifier.decisions(row.document for row in labelled)
    decided = probabilities >= thresholds
    present = truth.any(axis=0)
    low, high = _bootstrap(truth[:, present], decided[:, present], seed)
    columns = range(len(areas))
    return Report(
        rows=len(labelled),
        data_sha256=digest,
        model=classifier.fingerprint,
        taxonomy=classifier.taxonomy.version,
        areas=tuple(_report(areas[k], truth[:, k], decided[:, k], probabilities[:, k], near[:, k]) for k in columns),
        macro_f1=float(f1_by_column(truth[:, present], decided[:, present]).mean()),
        macro_f1_lo95=low,
        macro_f1_hi95=high,
        micro_f1=float(f1_by_column(truth.reshape(-1, 1), decided.reshape(-1, 1))[0]),
        expected_calibration_error=_calibration_error(truth.ravel(), probabilities.ravel()),
    )


def f1_by_column(truth: Booleans, decided: Booleans) -> Floats:
    """F1 of every column; 0 where nothing is right."""
    right = (truth & decided).sum(axis=0)
    result: Floats = 2.0 * right / np.maximum(truth.sum(axis=0) + decided.sum(axis=0), 1)
    return result


def average_precision(truth: Booleans, scores: Floats) -> float:
    """Mean precision at the ranks of the positives, ties in the order given; 0 without positives."""
    order = np.argsort(-scores, kind="stable")
    ranked = truth[order]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return float(precision[ranked].mean()) if ranked.any() else 0.0


def _report(area: str, truth: Booleans, decided: Booleans, probabilities: Floats, near: Booleans) -> AreaReport:
    right = int((truth & decided).sum())
    return AreaReport(
        area=area,
        positives=int(truth.sum()),
        assigned=int(decided.sum()),
        precision=right / max(int(decided.sum()), 1),
        recall=right / max(int(truth.sum()), 1),
        f1=float(f1_by_column(truth[:, None], decided[:, None])[0]),
        average_precision=average_precision(truth, probabilities),
        near_misses=int(near.sum()),
        near_miss_rate=int((near & decided).sum()) / max(int(near.sum()), 1),
    )


def _bootstrap(truth: Booleans, decided: Booleans, seed: int) -> tuple[float, float]:
    random = np.random.default_rng(seed)
    scores = []
    for _ in range(RESAMPLES):
        rows = random.integers(0, len(truth), len(truth))
        scores.append(f1_by_column(truth[rows], decided[rows]).mean())
    low, high = np.quantile(scores, [0.025, 0.975])
    return float(low), float(high)


def _calibration_error(truth: Booleans, probabilities: Floats) -> float:
    bins = np.minimum((probabilities * 10).astype(int), 9)
    error = 0.0
    for each in range(10):
        inside = bins == each
        if inside.any():
            error += float(inside.mean()) * abs(float(truth[inside].mean()) - float(probabilities[inside].mean()))
    return error
