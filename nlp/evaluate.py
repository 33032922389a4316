"""How good the labels are, on items labelled by hand: by area, by source and era, at the boundary, and on a stream.

Every interval is 95 % of a bootstrap over items, but for shares of counted items (reliability, near misses, and any
precision or recall of one or zero, which a bootstrap would call certain), which have Wilson's. An area that a resample
did not draw is left out of that resample's mean, not counted as zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

import numpy as np

from horizon.errors import UsageError
from nlp.classifier import Classifier
from nlp.features import Document
from nlp.labelled import LabelledDocument, read_labels
from nlp.measures import (
    BINS,
    Bin,
    Booleans,
    Floats,
    average_precision,
    calibration_error,
    calibration_error_of_candidates,
    f1_by_column,
    interval,
    precision_by_column,
    ratio,
    recall_by_column,
    reliability,
    resampled,
    weighted_average_precision,
    weighted_calibration_error,
    weighted_f1,
    wilson_interval,
)
from nlp.stream_precision import PrevalenceReport, StreamReport, by_prevalence, by_probability

RESAMPLES = 500
Interval = tuple[float, float]


@dataclass(frozen=True)
class AreaReport:
    """Quality of one area's labels."""

    area: str
    positives: int
    assigned: int
    precision: float
    precision_95: Interval
    recall: float
    recall_95: Interval
    f1: float
    f1_95: Interval
    average_precision: float
    """Of the ranking by probability, thresholds left aside."""
    average_precision_95: Interval
    calibration_error: float
    calibration_error_95: Interval
    calibration_error_listed: float
    """The same over the items that the area lists (probability of 0.05 or more)."""
    near_misses: int
    near_miss_rate: float
    """Share of the items narrowly left out that were nevertheless assigned."""
    near_miss_95: Interval
    reliability: tuple[Bin, ...]


@dataclass(frozen=True)
class SliceReport:
    """Quality over some of the items; the macro mean is over the areas that they have, the rest counts all areas."""

    name: str
    rows: int
    areas: int
    """That at least one of the items is in."""
    labels: int
    assigned: int
    macro_f1: float
    macro_f1_95: Interval
    micro_f1: float
    micro_f1_95: Interval
    precision: float
    """Of all assigned labels together, as is recall."""
    recall: float
    calibration_error: float
    """Mean over all areas."""


@dataclass(frozen=True)
class Report:
    """Quality over one labelled file."""

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
    prevalence: tuple[PrevalenceReport, ...] = ()
    """Precision where 2, 4 or 6 % of items are in some area and the others as hard as these: a floor."""
    stream: tuple[StreamReport, ...] = ()
    """Precision on an unlabelled stream, by area and over all."""

    def to_markdown(self) -> str:
        """Tables for people."""
        parts = [_summary(self), _area_table(self), _more_table(self), _slice_table(self), _reliability_table(self)]
        return "\n\n".join("\n".join(each) for each in [*parts, *_stream_tables(self)] if each) + "\n"


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
    """As `evaluate`, of rows already read; raises UsageError when none of them is in any area of the taxonomy."""
    if not any(row.areas & set(classifier.taxonomy_areas) for row in labelled):
        found = ", ".join(sorted(frozenset().union(*(row.areas for row in labelled)))[:5]) or "none"
        message = f"expected items of some area of the taxonomy, found {found} in {len(labelled)} items"
        raise UsageError(f"{message}; check the area ids or name another file")
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
    """The report of labels and decisions at hand."""
    drawn = resampled(len(judged.rows), seed=seed, resamples=RESAMPLES)
    areas = tuple(_area_report(judged, k, drawn) for k in range(len(judged.areas)))
    present = judged.truth.any(axis=0)
    whole = _slice("all", judged, np.ones(len(judged.rows), dtype=bool), seed)
    return Report(
        rows=len(judged.rows),
        data_sha256=digest,
        model=classifier.fingerprint,
        taxonomy=classifier.taxonomy.version,
        areas=areas,
        macro_f1=whole.macro_f1,
        macro_f1_lo95=whole.macro_f1_95[0],
        macro_f1_hi95=whole.macro_f1_95[1],
        micro_f1=whole.micro_f1,
        macro_precision=float(precision_by_column(judged.truth, judged.decided)[present].mean()),
        macro_recall=float(recall_by_column(judged.truth, judged.decided)[present].mean()),
        expected_calibration_error=whole.calibration_error,
        calibration_error_listed=float(np.mean([each.calibration_error_listed for each in areas if each.positives])),
        slices=tuple(_slices(judged, seed)),
        degraded=classifier.degraded,
        prevalence=by_prevalence(judged.truth, judged.decided, seed=seed),
        stream=_stream(judged, classifier, stream, seed),
    )


def _area_report(judged: Judged, k: int, drawn: Floats) -> AreaReport:
    truth, decided, probabilities = judged.truth[:, k], judged.decided[:, k], judged.probabilities[:, k]
    near, right = judged.near[:, k], truth & decided
    return AreaReport(
        area=judged.areas[k],
        positives=int(truth.sum()),
        assigned=int(decided.sum()),
        precision=float(precision_by_column(truth[:, None], decided[:, None])[0]),
        precision_95=_share_interval(drawn, right, decided),
        recall=float(recall_by_column(truth[:, None], decided[:, None])[0]),
        recall_95=_share_interval(drawn, right, truth),
        f1=float(f1_by_column(truth[:, None], decided[:, None])[0]),
        f1_95=interval(weighted_f1(drawn, truth[:, None], decided[:, None])),
        average_precision=average_precision(truth, probabilities),
        average_precision_95=interval(weighted_average_precision(drawn, truth, probabilities)),
        calibration_error=calibration_error(truth, probabilities),
        calibration_error_95=interval(weighted_calibration_error(drawn, truth, probabilities)),
        calibration_error_listed=calibration_error_of_candidates(truth, probabilities),
        near_misses=int(near.sum()),
        near_miss_rate=int((near & decided).sum()) / max(int(near.sum()), 1),
        near_miss_95=wilson_interval(int((near & decided).sum()), int(near.sum())),
        reliability=tuple(reliability(truth, probabilities)),
    )


def _share_interval(drawn: Floats, right: Booleans, among: Booleans) -> Interval:
    """Of the share of `among` that is right."""
    if int(right.sum()) in (0, int(among.sum())):
        return wilson_interval(int(right.sum()), int(among.sum()))
    return interval(ratio(drawn @ right, drawn @ among))


def _slices(judged: Judged, seed: int) -> Iterable[SliceReport]:
    rows = judged.rows
    near, doubtful = (np.array([bool(each) for each in marks]) for marks in
                      ([row.near_miss for row in rows], [row.doubtful for row in rows]))  # fmt: skip
    parts = {"near miss or doubtful": near | doubtful, "near miss": near, "doubtful": doubtful}
    parts |= {"neither": ~(near | doubtful), "without doubtful labels": ~doubtful}
    for source in sorted({row.source for row in rows} - {""}):
        parts[f"source {source}"] = np.array([row.source == source for row in rows])
    for era in sorted({row.era for row in rows} - {""}):
        parts[f"era {era}"] = np.array([row.era == era for row in rows])
    return [_slice(name, judged, inside, seed) for name, inside in parts.items() if inside.any()]


def _slice(name: str, judged: Judged, inside: Booleans, seed: int) -> SliceReport:
    truth, decided, probabilities = judged.truth[inside], judged.decided[inside], judged.probabilities[inside]
    present = truth.any(axis=0)
    right, said, true = int((truth & decided).sum()), int(decided.sum()), int(truth.sum())
    drawn = resampled(len(truth), seed=seed, resamples=RESAMPLES)
    micro = ratio(2.0 * (drawn @ (truth & decided)).sum(axis=1), (drawn @ truth + drawn @ decided).sum(axis=1))
    return SliceReport(
        name=name,
        rows=len(truth),
        areas=int(present.sum()),
        labels=true,
        assigned=said,
        macro_f1=float(f1_by_column(truth[:, present], decided[:, present]).mean()) if present.any() else 0.0,
        macro_f1_95=_macro_interval(drawn, truth[:, present], decided[:, present]),
        micro_f1=2.0 * right / max(said + true, 1),
        micro_f1_95=interval(micro),
        precision=right / max(said, 1),
        recall=right / max(true, 1),
        calibration_error=float(
            np.mean([calibration_error(truth[:, k], probabilities[:, k]) for k in range(truth.shape[1])])
        ),
    )


def _macro_interval(drawn: Floats, truth: Booleans, decided: Booleans) -> Interval:
    """Over the areas that a resample has: one that it missed by chance tells nothing of the labels."""
    scores = weighted_f1(drawn, truth, decided)
    told = (~np.isnan(scores)).sum(axis=1).astype(np.float64)
    return interval(ratio(np.nansum(scores, axis=1), told))


def _stream(judged: Judged, classifier: Classifier, stream: Iterable[Document], seed: int) -> tuple[StreamReport, ...]:
    first, second = tee(stream)
    if next(first, None) is None:
        return ()
    probabilities, thresholds = classifier.decisions(second)
    decided = probabilities >= thresholds
    seen = judged.truth, judged.decided, judged.probabilities
    return by_probability(*seen, decided, probabilities, judged.areas, seed=seed)


def _summary(report: Report) -> list[str]:
    lines = [
        f"Items: {report.rows}. Macro-F1 {report.macro_f1:.3f} (95 % {report.macro_f1_lo95:.3f} to "
        f"{report.macro_f1_hi95:.3f}), micro-F1 {report.micro_f1:.3f}, macro precision {report.macro_precision:.3f}, "
        f"macro recall {report.macro_recall:.3f}, calibration error {report.expected_calibration_error:.3f} "
        f"({report.calibration_error_listed:.3f} over listed items). Model {report.model}, "
        f"taxonomy {report.taxonomy}."
    ]
    return lines + ([f"Degraded: {report.degraded}."] if report.degraded else [])


def _with(value: float, found: Interval) -> str:
    """A figure and its interval."""
    return f"{value:.3f} ({found[0]:.2f} to {found[1]:.2f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


def _area_table(report: Report) -> list[str]:
    rows = [
        (each.area, f"{each.positives}", f"{each.assigned}", _with(each.precision, each.precision_95),
         _with(each.recall, each.recall_95), _with(each.f1, each.f1_95))
        for each in report.areas
    ]  # fmt: skip
    return _table(("area", "items", "assigned", "precision (95 %)", "recall (95 %)", "F1 (95 %)"), rows)


def _more_table(report: Report) -> list[str]:
    """Ranking, calibration and near misses."""
    rows = [
        (each.area, _with(each.average_precision, each.average_precision_95) if each.positives else "no item",
         _with(each.calibration_error, each.calibration_error_95), f"{each.calibration_error_listed:.3f}",
         f"{_with(each.near_miss_rate, each.near_miss_95)} of {each.near_misses}" if each.near_misses else "none")
        for each in report.areas
    ]  # fmt: skip
    head = ("area", "average precision (95 %)", "calibration error (95 %)", "listed", "near misses taken (95 %)")
    return _table(head, rows)


def _slice_table(report: Report) -> list[str]:
    head = ("items", "rows", "labels in areas", "assigned", "macro-F1 of these areas (95 %)", "micro-F1 (95 %)",
            "precision", "recall", "calibration error")  # fmt: skip
    return _table(head, (_slice_row(each) for each in report.slices))


def _slice_row(each: SliceReport) -> tuple[str, ...]:
    told = (_with(each.macro_f1, each.macro_f1_95), _with(each.micro_f1, each.micro_f1_95),
            f"{each.precision:.3f}", f"{each.recall:.3f}") if each.labels else ("no label", "", "", "")  # fmt: skip
    counts = (each.name, f"{each.rows}", f"{each.labels} in {each.areas}", f"{each.assigned}")
    return (*counts, *told, f"{each.calibration_error:.3f}")


def _reliability_table(report: Report) -> list[str]:
    """Of all areas together: what a probability promised, and what came."""
    rows = []
    for low in range(BINS):
        found = [bar for area in report.areas for bar in area.reliability if round(bar.low * BINS) == low]
        items = sum(bar.items for bar in found)
        if items:
            promised = sum(bar.items * bar.mean_probability for bar in found) / items
            came = sum(bar.items * bar.share_right for bar in found)
            right = _with(came / items, wilson_interval(came, items))
            rows.append((f"{low / BINS:.1f} to {(low + 1) / BINS:.1f}", f"{items}", f"{promised:.3f}", right))
    return _table(("probability", "labels", "promised", "came true (95 %)"), rows)


def _stream_tables(report: Report) -> list[list[str]]:
    tables = []
    if report.prevalence:
        told = "; ".join(f"{each.prevalence:.0%} in some area: {_with(each.precision, (each.lo95, each.hi95))}"
                         for each in report.prevalence)  # fmt: skip
        tables.append([
            "Precision of all labels on a week, estimated as a floor: these items weighted to a week's prevalence, its "
            f"other items taken to be as hard as these. {told}."
        ])  # fmt: skip
    if report.stream:
        rows = [
            (each.area, f"{each.assigned}", f"{each.assigned_share:.4f}",
             "none assigned" if each.precision is None else _with(each.precision, (each.lo95, each.hi95)),
             f"{each.unlike:.0%}")
            for each in report.stream
        ]  # fmt: skip
        head = ("area", "assigned", "share of the stream", "precision there, estimated (95 %)", "no like labelled item")
        tables.append([
            "Precision on the stream, estimated: as many right as of the labelled items assigned at like probability. "
            "The interval holds the sampling, not whether a probability means the same on both."
        ])  # fmt: skip
        tables.append(_table(head, rows))
    return tables
