"""Training: a rule model shared by all areas, and for each area a logistic regression on TF-IDF and its verdict.

Every text is seen twice, once as it is and once with codes and half of the known terms dropped, so that items without
codes and texts for which the taxonomy was not written do as well. The taxonomy's own examples are weak labels: they
count for the area they were written for and say nothing of the others. Probabilities are calibrated by Platt's
sigmoid on decision values from cross-validation; the heads' thresholds maximise F-beta there, the rules' threshold F1.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from horizon.errors import UsageError
from nlp.features import RULE_FEATURES, Document, Floats, Reader, Reading, drop_evidence, rule_features
from nlp.labelled import LabelledDocument, read_labels
from nlp.matcher import Matcher
from nlp.model_file import AreaMetrics, Calibration, Card, TrainedModel, library_versions, model_bytes, save_model
from nlp.normalize import VERSION as NORMALISER
from nlp.vectorizer import Vectorizer
from taxonomy.load import Taxonomy

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types

RULE_WEIGHT = 0.5
"""Scale of the shared rule verdict beside TF-IDF rows of length one; with DROPPED chosen by cross-validation."""
DROPPED = 0.5
"""Share of an item's known terms left out of its second copy."""
STRENGTH = 20.0
"""Inverse regularisation C of the heads."""
MIN_DF = 2
FEWEST_POSITIVES = 10
"""An area with fewer labelled items is left to the shared rule model."""
WEAK_WEIGHT = 0.5
FOLDS = 5
THRESHOLD_BETA = 0.6
"""The heads' thresholds count recall 0.6 times as much as precision: a week's stream holds far more items of no area
than the labelled items do, and a false label costs a brief more than a missing one. The rules alone, which decide
Chinese texts and unseen areas, are unsure of everything and keep the threshold of the best F1."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TrainingSet:
    """Texts with labels by area, and how much each label counts (0: unknown)."""

    readings: list[Reading]
    labels: Ints
    weights: Floats
    labelled: int
    """The first so many rows are labelled by hand; the rest are weak."""


@dataclass(frozen=True)
class _Tables:
    """Numbers of every row in both copies: as it is, and with evidence dropped."""

    text: "csr_matrix"
    full: Floats
    dropped: Floats


@dataclass(frozen=True)
class _Fitted:
    rule_mean: Floats
    rule_scale: Floats
    rules: "LogisticRegression"
    heads: dict[str, "LogisticRegression"]


def train(
    labels_path: Path, taxonomy: Taxonomy, out_dir: Path, *, seed: int = 0, use_rules: bool = True, weak: bool = True
) -> Card:
    """Train on a labelled file, write model and card into a folder, and return the card.

    Raises UsageError for unusable labels and ModelError for an unwritable folder.
    """
    labelled, digest = read_labels(labels_path)
    model, metrics = fit(labelled, taxonomy, seed=seed, use_rules=use_rules, weak=weak)
    content = model_bytes(model)
    card = Card(
        sha256=hashlib.sha256(content).hexdigest(),
        data_sha256=digest,
        rows=len(labelled),
        taxonomy=taxonomy.version,
        normaliser=NORMALISER,
        seed=seed,
        settings=_settings(use_rules, weak),
        rule_features=RULE_FEATURES,
        ngrams=len(model.vectorizer.vocabulary),
        areas=metrics,
        macro_f1=round(float(np.mean([each.f1 for each in metrics.values()])), 4),
        libraries=library_versions(),
    )
    save_model(model, card, content, out_dir)
    return card


def fit(
    labelled: Sequence[LabelledDocument],
    taxonomy: Taxonomy,
    *,
    seed: int = 0,
    use_rules: bool = True,
    weak: bool = True,
) -> tuple[TrainedModel, dict[str, AreaMetrics]]:
    """Fit and cross-validate; `use_rules=False` is the plain TF-IDF baseline."""
    examples = _training_set(labelled, taxonomy, weak=weak)
    vectorizer = Vectorizer.fit([reading.words for reading in examples.readings], min_df=MIN_DF)
    tables = _tabulate(examples, vectorizer, taxonomy, seed)
    if not use_rules:
        tables = _Tables(tables.text, np.zeros_like(tables.full), np.zeros_like(tables.full))
    columns = {area.id: place for place, area in enumerate(taxonomy.areas)}
    with_heads = _areas_with_labels(examples, columns)
    everything = np.arange(len(examples.readings))
    fitted = _fit_once(examples, tables, everything, with_heads, columns)
    values = _cross_validate(examples, tables, with_heads, columns, seed)
    calibrations = {"": _calibrate(values[""], _both_copies(examples.labels[: examples.labelled]).ravel(), 1.0)}
    metrics = {}
    for area in with_heads:
        truth = _both_copies(examples.labels[: examples.labelled, columns[area]])
        calibrations[area] = _calibrate(values[area], truth, THRESHOLD_BETA)
        metrics[area] = _measure(values[area][: examples.labelled], truth[: examples.labelled], calibrations[area])
    model = TrainedModel(
        vectorizer, fitted.rule_mean, fitted.rule_scale, fitted.rules, dict(sorted(fitted.heads.items())), calibrations
    )
    return model, metrics


def sigmoid(value: Floats) -> Floats:
    from scipy.special import expit

    result: Floats = expit(value)
    return result


def _settings(use_rules: bool, weak: bool) -> dict[str, float | int | str | bool]:
    return {
        "rules": use_rules,
        "weak_labels": weak,
        "rule_weight": RULE_WEIGHT,
        "dropped": DROPPED,
        "C": STRENGTH,
        "min_df": MIN_DF,
        "ngrams": "words 1-2, Chinese characters 1-3",
        "folds": FOLDS,
        "weak_weight": WEAK_WEIGHT,
        "threshold_beta": THRESHOLD_BETA,
    }


def _training_set(labelled: Sequence[LabelledDocument], taxonomy: Taxonomy, *, weak: bool) -> TrainingSet:
    reader = Reader(taxonomy, Matcher(taxonomy))
    readings = [reader.read(each.document) for each in labelled]
    labels = [[int(area.id in each.areas) for area in taxonomy.areas] for each in labelled]
    weights = [[1.0] * len(taxonomy.areas) for _ in labelled]
    for document, column, truth in _weak_documents(taxonomy) if weak else ():
        readings.append(reader.read(document))
        labels.append([truth if place == column else 0 for place in range(len(taxonomy.areas))])
        weights.append([WEAK_WEIGHT if place == column else 0.0 for place in range(len(taxonomy.areas))])
    return TrainingSet(readings, np.array(labels, dtype=np.int64), np.array(weights), len(labelled))


def _weak_documents(taxonomy: Taxonomy) -> list[tuple[Document, int, int]]:
    """(document, area, label) of what the area files themselves say: examples and definitions."""
    found: list[tuple[Document, int, int]] = []
    for column, area in enumerate(taxonomy.areas):
        for truth, examples in ((1, area.examples.yes), (0, area.examples.no)):
            found += [(Document(area.id, each.title, each.abstract), column, truth) for each in examples]
        found.append((Document(area.id, area.name.en, area.definition.en), column, 1))
        found.append((Document(area.id, area.name.zh, area.definition.zh), column, 1))
    return found


def _tabulate(examples: TrainingSet, vectorizer: Vectorizer, taxonomy: Taxonomy, seed: int) -> _Tables:
    random = Random(seed)  # noqa: S311  (drop-out, not secrets)
    dropped = [drop_evidence(reading, random, DROPPED) for reading in examples.readings]
    return _Tables(
        vectorizer.transform([reading.words for reading in examples.readings]),
        rule_features(examples.readings, taxonomy),
        rule_features(dropped, taxonomy),
    )


def _areas_with_labels(examples: TrainingSet, columns: dict[str, int]) -> list[str]:
    positives = examples.labels[: examples.labelled].sum(axis=0)
    areas = [area for area, column in columns.items() if positives[column] >= FEWEST_POSITIVES]
    if not areas:
        message = f"expected at least {FEWEST_POSITIVES} labelled items of some area, found at most {positives.max()}"
        raise UsageError(f"{message}; label more items or check the area ids")
    return areas


def _both_copies(values: npt.NDArray[np.generic]) -> Ints:
    return np.concatenate([values, values]).astype(np.int64)


def _fit_once(
    examples: TrainingSet, tables: _Tables, rows: Ints, areas: Sequence[str], columns: dict[str, int]
) -> _Fitted:
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]  # ships no types

    evidence = np.concatenate([tables.full[rows], tables.dropped[rows]])
    labels = _both_copies(examples.labels[rows])
    weights = np.concatenate([examples.weights[rows]] * 2)
    flat = evidence.reshape(-1, evidence.shape[2])
    scaler = StandardScaler().fit(flat)
    rules = LogisticRegression(C=1.0, max_iter=1000).fit(
        scaler.transform(flat), labels.ravel(), sample_weight=weights.ravel()
    )
    verdicts = rules.decision_function(scaler.transform(flat)).reshape(labels.shape)
    text = vstack([tables.text[rows]] * 2).tocsr()
    heads = {}
    for area in areas:
        column = columns[area]
        known = np.flatnonzero(weights[:, column])
        head = LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear")
        head.fit(
            _head_input(text[known], verdicts[known, column]),
            labels[known, column],
            sample_weight=weights[known, column],
        )
        heads[area] = head
    return _Fitted(scaler.mean_, scaler.scale_, rules, heads)


def _head_input(text: "csr_matrix", verdicts: Floats) -> "csr_matrix":
    from scipy.sparse import csr_matrix, hstack

    return csr_matrix(hstack([text, csr_matrix(RULE_WEIGHT * verdicts[:, None])]))


def _cross_validate(
    examples: TrainingSet, tables: _Tables, areas: Sequence[str], columns: dict[str, int], seed: int
) -> dict[str, Floats]:
    """Decision values of labelled rows by models that did not see them: first as they are, then with evidence dropped.

    Under the empty string those of the shared rule model, for all areas one after the other.
    """
    from sklearn.model_selection import KFold  # type: ignore[import-untyped]  # ships no types

    n = examples.labelled
    weak = np.arange(n, len(examples.readings))
    values = {area: np.zeros(2 * n) for area in areas}
    shared = np.zeros((2 * n, len(columns)))
    for seen, unseen in KFold(FOLDS, shuffle=True, random_state=seed).split(np.arange(n)):
        fitted = _fit_once(examples, tables, np.concatenate([seen, weak]), areas, columns)
        for shift, table in ((0, tables.full), (n, tables.dropped)):
            verdicts = rule_verdicts(table[unseen], fitted.rule_mean, fitted.rule_scale, fitted.rules)
            shared[unseen + shift] = verdicts
            for area in areas:
                rows = _head_input(tables.text[unseen], verdicts[:, columns[area]])
                values[area][unseen + shift] = fitted.heads[area].decision_function(rows)
    return {**values, "": shared.ravel()}


def rule_verdicts(features: Floats, mean: Floats, scale: Floats, rules: "LogisticRegression") -> Floats:
    """Log-odds by the shared rule model, (document, area)."""
    verdicts: Floats = ((features - mean) / scale) @ rules.coef_[0] + rules.intercept_[0]
    return verdicts


def _calibrate(values: Floats, truth: Ints, beta: float) -> Calibration:
    """Platt's sigmoid (Platt 1999, with his smoothed targets) and the threshold of the best F-beta."""
    from scipy.optimize import minimize

    positives, negatives = int(truth.sum()), int((1 - truth).sum())
    target = np.where(truth == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(parameters: Floats) -> float:
        score = parameters[0] * values + parameters[1]
        return float(np.mean(np.logaddexp(0, score) - target * score))

    best = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead", options={"maxiter": 2000}).x
    slope, offset = (round(float(number), 6) for number in best)
    return Calibration(slope, offset, best_threshold(sigmoid(slope * values + offset), truth, beta))


def best_threshold(probabilities: Floats, truth: Ints, beta: float) -> float:
    """Middle of the thresholds whose F-beta is within half a point of the best, from 0.15 to 0.9."""
    candidates = np.round(np.arange(0.15, 0.901, 0.01), 2)
    scores = np.array([f_beta(truth, probabilities >= candidate, beta) for candidate in candidates])
    good = candidates[scores >= scores.max() - 0.005]
    return round(float(np.median(good)), 3)


def f_beta(truth: npt.NDArray[np.generic], decided: npt.NDArray[np.bool_], beta: float) -> float:
    """Weighted harmonic mean of precision and recall, recall counting beta times as much (van Rijsbergen 1979).

    0 when nothing is right.
    """
    right = int((truth.astype(bool) & decided).sum())
    square = beta * beta
    return (1 + square) * right / max(square * int(truth.sum()) + int(decided.sum()), 1)


def f1(truth: npt.NDArray[np.generic], decided: npt.NDArray[np.bool_]) -> float:
    """F1; 0 when nothing is right."""
    return f_beta(truth, decided, 1.0)


def _measure(values: Floats, truth: Ints, calibration: Calibration) -> AreaMetrics:
    decided = sigmoid(calibration.slope * values + calibration.offset) >= calibration.threshold
    right = int((truth.astype(bool) & decided).sum())
    return AreaMetrics(
        positives=int(truth.sum()),
        threshold=calibration.threshold,
        precision=round(right / max(int(decided.sum()), 1), 4),
        recall=round(right / max(int(truth.sum()), 1), 4),
        f1=round(f1(truth, decided), 4),
    )
