"""How good the labels are, on items labelled by hand: by area, by source and era, at the boundary, and on a stream."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

import numpy as np

from nlp.classifier import Classifier
from nlp.features import Document
from nlp.labelled import LabelledDocument, read_labels
from nlp.measures import (
    Bin,
    Booleans,
    Floats,
    average_precision,
    bootstrap_interval,
    calibration_error,
    calibration_error_of_candidates,
    f1_by_column,
    precision_by_column,
    recall_by_column,
    reliability,
)

RESAMPLES = 500
_STREAM_BINS = np.array([0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0001])


@dataclass(frozen=True)
class AreaReport:
    """Quality of one area's labels."""

    area: str
    positives: int
    assigned: int
    precision: float
    recall: float
    f1: float
    f1_lo95: float
    f1_hi95: float
    average_precision: float
    """Of the ranking by probability, thresholds left aside."""
    calibration_error: float
    calibration_error_listed: float
    """The same over the items that the area lists (probability of 0.05 or more)."""
    near_misses: int
    near_miss_rate: float
    """Share of the items narrowly left out that were nevertheless assigned."""
    reliability: tuple[Bin, ...]


@dataclass(frozen=True)
class SliceReport:
    """Quality over some of the items."""

    name: str
    rows: int
    macro_f1: float
    lo95: float
    hi95: float
    micro_f1: float


@dataclass(frozen=True)
class StreamReport:
    """An area's labels on unlabelled items as a week brings them, estimated by weighting."""

    area: str
    assigned_share: float
    precision: float | None
    """Of the labelled items of like probability, weighted by how often the stream has such; None without any."""


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
    macro_precision: float
    macro_recall: float
    expected_calibration_error: float
    """Mean over areas of the distance, over ten bins of probability, between probability and share of right labels."""
    calibration_error_listed: float
    """The same over the items that an area lists, which is the harder question."""
    slices: tuple[SliceReport, ...]
    """By source, by era, at the boundary (a near miss or a doubtful label), and the rest."""
    degraded: str | None
    stream: tuple[StreamReport, ...] = ()

    def to_markdown(self) -> str:
        """Tables for people."""
        return (
            "\n".join([*_summary(self), "", *_area_table(self), "", *_slice_table(self), *_stream_table(self)]) + "\n"
        )


def evaluate(labels_path: Path, classifier: Classifier, *, stream: Iterable[Document] = (), seed: int = 0) -> Report:
    """Compare a classifier's labels with a file of hand labels; raises UsageError for an unusable file.

    The macro mean is over areas with at least one item in the file. With a `stream` of unlabelled items, precision
    on it is estimated too.
    """
    labelled, digest = read_labels(labels_path)
    return evaluate_rows(labelled, digest, classifier, stream=stream, seed=seed)


def evaluate_rows(
    labelled: Sequence[LabelledDocument],
    digest: str,
    classifier: Classifier,
    *,
    stream: Iterable[Document] = (),
    seed: int = 0,
) -> Report:
    """As `evaluate`, of rows already read."""
    probabilities, thresholds = classifier.decisions(row.document for row in labelled)
    judged = judged_rows(labelled, classifier.taxonomy_areas, probabilities, probabilities >= thresholds)
    return report_of(judged, digest, classifier, stream=stream, seed=seed)


@dataclass(frozen=True)
class Judged:
    """Hand labels and a classifier's, as arrays of (item, area)."""

    rows: Sequence[LabelledDocument]
    areas: tuple[str, ...]
    truth: Booleans
    near: Booleans
    probabilities: Floats
    decided: Booleans


def judged_rows(
    labelled: Sequence[LabelledDocument], areas: Sequence[str], probabilities: Floats, decided: Booleans
) -> Judged:
    """Hand labels beside probabilities and decisions."""
    truth = np.array([[area in row.areas for area in areas] for row in labelled])
    near = np.array([[area in row.near_miss for area in areas] for row in labelled])
    return Judged(labelled, tuple(areas), truth, near, probabilities, decided)


def report_of(
    judged: Judged, digest: str, classifier: Classifier, *, stream: Iterable[Document] = (), seed: int = 0
) -> Report:
    """All measures of what was judged."""
    areas = tuple(_area_report(judged, k, seed) for k in range(len(judged.areas)))
    whole = _slice("all", judged, np.ones(len(judged.rows), dtype=bool), seed)
    present = judged.truth.any(axis=0)
    return Report(
        rows=len(judged.rows),
        data_sha256=digest,
        model=classifier.fingerprint,
        taxonomy=classifier.taxonomy.version,
        areas=areas,
        macro_f1=whole.macro_f1,
        macro_f1_lo95=whole.lo95,
        macro_f1_hi95=whole.hi95,
        micro_f1=whole.micro_f1,
        macro_precision=float(precision_by_column(judged.truth, judged.decided)[present].mean()),
        macro_recall=float(recall_by_column(judged.truth, judged.decided)[present].mean()),
        expected_calibration_error=float(np.mean([each.calibration_error for each in areas])),
        calibration_error_listed=float(np.mean([each.calibration_error_listed for each in areas if each.positives])),
        slices=tuple(_slices(judged, seed)),
        degraded=classifier.degraded,
        stream=_stream(judged, classifier, stream),
    )


def _area_report(judged: Judged, k: int, seed: int) -> AreaReport:
    truth, decided, probabilities = judged.truth[:, k], judged.decided[:, k], judged.probabilities[:, k]
    near = judged.near[:, k]

    def measure(rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> float:
        return float(f1_by_column(truth[rows, None], decided[rows, None])[0])

    low, high = bootstrap_interval(len(truth), measure, seed=seed, resamples=RESAMPLES)
    return AreaReport(
        area=judged.areas[k],
        positives=int(truth.sum()),
        assigned=int(decided.sum()),
        precision=float(precision_by_column(truth[:, None], decided[:, None])[0]),
        recall=float(recall_by_column(truth[:, None], decided[:, None])[0]),
        f1=float(f1_by_column(truth[:, None], decided[:, None])[0]),
        f1_lo95=low,
        f1_hi95=high,
        average_precision=average_precision(truth, probabilities),
        calibration_error=calibration_error(truth, probabilities),
        calibration_error_listed=calibration_error_of_candidates(truth, probabilities),
        near_misses=int(near.sum()),
        near_miss_rate=int((near & decided).sum()) / max(int(near.sum()), 1),
        reliability=tuple(reliability(truth, probabilities)),
    )


def _slices(judged: Judged, seed: int) -> Iterable[SliceReport]:
    rows = judged.rows
    boundary = np.array([bool(row.near_miss or row.doubtful) for row in rows])
    parts = {"near miss or doubtful": boundary, "neither": ~boundary}
    parts["without doubtful labels"] = np.array([not row.doubtful for row in rows])
    for source in sorted({row.source for row in rows} - {""}):
        parts[f"source {source}"] = np.array([row.source == source for row in rows])
    for era in sorted({row.era for row in rows} - {""}):
        parts[f"era {era}"] = np.array([row.era == era for row in rows])
    return [_slice(name, judged, inside, seed) for name, inside in parts.items() if inside.any()]


def _slice(name: str, judged: Judged, inside: Booleans, seed: int) -> SliceReport:
    truth, decided = judged.truth[inside], judged.decided[inside]
    present = truth.any(axis=0)
    if not present.any():
        return SliceReport(name, len(truth), 0.0, 0.0, 0.0, 0.0)

    def measure(rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> float:
        return float(f1_by_column(truth[rows][:, present], decided[rows][:, present]).mean())

    low, high = bootstrap_interval(len(truth), measure, seed=seed, resamples=RESAMPLES)
    macro = float(f1_by_column(truth[:, present], decided[:, present]).mean())
    micro = float(f1_by_column(truth.reshape(-1, 1), decided.reshape(-1, 1))[0])
    return SliceReport(name, len(truth), macro, low, high, micro)


def _stream(judged: Judged, classifier: Classifier, stream: Iterable[Document]) -> tuple[StreamReport, ...]:
    """Importance weighting by probability: right labels among labelled items of like probability, as often as the
    stream has such (Horvitz-Thompson within bins). Doubtful where the labelled file has few items in a bin."""
    first, second = tee(stream)
    if next(first, None) is None:
        return ()
    probabilities, thresholds = classifier.decisions(second)
    decided = probabilities >= thresholds
    found = []
    for k, area in enumerate(judged.areas):
        taken = judged.decided[:, k]
        bins = np.digitize(judged.probabilities[taken, k], _STREAM_BINS)
        weight = right = 0.0
        for each in np.unique(np.digitize(probabilities[decided[:, k], k], _STREAM_BINS)):
            count = float((np.digitize(probabilities[decided[:, k], k], _STREAM_BINS) == each).sum())
            like = judged.truth[taken, k][bins == each]
            share = float(like.mean()) if len(like) else float((_STREAM_BINS[each - 1] + _STREAM_BINS[each]) / 2)
            weight, right = weight + count, right + count * share
        found.append(StreamReport(area, float(decided[:, k].mean()), right / weight if weight else None))
    return tuple(found)


def _summary(report: Report) -> list[str]:
    lines = [
        f"Items: {report.rows}. Macro-F1 {report.macro_f1:.3f} (95 % {report.macro_f1_lo95:.3f} to "
        f"{report.macro_f1_hi95:.3f}), micro-F1 {report.micro_f1:.3f}, macro precision {report.macro_precision:.3f}, "
        f"macro recall {report.macro_recall:.3f}, calibration error {report.expected_calibration_error:.3f} "
        f"({report.calibration_error_listed:.3f} over listed items). Model {report.model}, "
        f"taxonomy {report.taxonomy}."
    ]
    return lines + ([f"Degraded: {report.degraded}."] if report.degraded else [])


def _area_table(report: Report) -> list[str]:
    head = (
        "| area | items | assigned | precision | recall | F1 | 95 % | average precision | calibration error | listed |"
    )
    rows = [
        f"| {each.area} | {each.positives} | {each.assigned} | {each.precision:.3f} | {each.recall:.3f} | "
        f"{each.f1:.3f} | {each.f1_lo95:.3f} to {each.f1_hi95:.3f} | {each.average_precision:.3f} | "
        f"{each.calibration_error:.3f} | {each.calibration_error_listed:.3f} | "
        f"{each.near_miss_rate:.2f} of {each.near_misses} |"
        for each in report.areas
    ]
    return [f"{head} near misses taken |", "|---|---|---|---|---|---|---|---|---|---|---|", *rows]


def _slice_table(report: Report) -> list[str]:
    rows = [
        f"| {each.name} | {each.rows} | {each.macro_f1:.3f} | {each.lo95:.3f} to {each.hi95:.3f} | "
        f"{each.micro_f1:.3f} |"
        for each in report.slices
    ]
    return ["| items | rows | macro-F1 | 95 % | micro-F1 |", "|---|---|---|---|---|", *rows]


def _stream_table(report: Report) -> list[str]:
    if not report.stream:
        return []
    told = {each.area: "none assigned" if each.precision is None else f"{each.precision:.2f}" for each in report.stream}
    rows = [f"| {each.area} | {each.assigned_share:.4f} | {told[each.area]} |" for each in report.stream]
    return ["", "| area | share of the stream assigned | precision there, estimated |", "|---|---|---|", *rows]
