"""Training: a rule model shared by all areas, and for each area a logistic regression in each stage of the cascade.

The first stage reads TF-IDF, the rules' verdict and a vector guessed from the n-grams (nlp.gram_vectors), the second
the encoder's vector instead. The taxonomy's own examples are
weak labels: they count for the area they were written for and say nothing of the others. Probabilities, thresholds
and bands of doubt come from decision values of cross-validation (nlp.calibration).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from horizon.errors import UsageError
from nlp.calibration import (
    STATED_PRECISION,
    Calibration,
    Ints,
    calibrate,
    common_threshold,
    doubt_band,
    f1,
    stated_threshold,
)
from nlp.embeddings import Vectors
from nlp.features import RULE_FEATURES, Floats
from nlp.gram_vectors import GramVectors, load_gram_vectors
from nlp.heads import RULE_WEIGHT, STRENGTH, Heads, fit_head, join_heads
from nlp.labelled import LabelledDocument, read_all_labels
from nlp.measures import Booleans, average_precision, calibration_error
from nlp.model_file import (
    AreaMetrics,
    Card,
    HeldOut,
    Labelled,
    Stage,
    TrainedModel,
    library_versions,
    model_bytes,
    save_model,
)
from nlp.normalize import VERSION as NORMALISER
from nlp.training_set import DROPPED, WEAK_WEIGHT, Tables, TrainingSet, tabulate, training_set
from nlp.vectorizer import Vectorizer
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types

MIN_DF = 2
FEWEST_POSITIVES = 10
"""An area with fewer labelled items is left to the shared rule model."""
FOLDS = 5
REPEATS = 3
"""Ways to fold: with one, thresholds and calibration jump with the chance of it."""


@dataclass(frozen=True)
class Rules:
    """The rule model that every area shares."""

    mean: Floats
    scale: Floats
    model: "LogisticRegression"

    def verdicts(self, features: Floats) -> Floats:
        return rule_verdicts(features, self.mean, self.scale, self.model)


@dataclass(frozen=True)
class Fitted:
    """One training: with cross-validation there are as many as folds, and one more on everything."""

    rules: Rules
    cheap: Heads
    full: Heads | None


@dataclass(frozen=True)
class OutOfFold:
    """Decision values of labelled rows by models that did not see them: as they are, then with evidence dropped."""

    shared: Floats
    cheap: Floats
    full: Floats | None


def train(
    labels_path: Path | Sequence[Path],
    taxonomy: Taxonomy,
    out_dir: Path,
    *,
    encoder: CachedEncoder | None = None,
    seed: int = 0,
) -> Card:
    """Train on labelled files, write model and card into a folder, and return the card.

    Without an encoder the model has the first stage only. Raises UsageError for unusable labels and ModelError for an
    unwritable folder.
    """
    labelled, digest = read_all_labels([labels_path] if isinstance(labels_path, Path) else labels_path)
    trained = train_rows(labelled, digest, taxonomy, encoder=encoder, seed=seed)
    trained.save(out_dir)
    return trained.card


@dataclass(frozen=True)
class Trained:
    """A model ready to be written."""

    model: TrainedModel
    card: Card
    content: bytes

    def with_held_out(self, held_out: HeldOut) -> "Trained":
        """The same with what was measured on items that it never saw."""
        return replace(self, card=self.card.model_copy(update={"held_out": held_out}))

    def save(self, out_dir: Path) -> None:
        """Write model and card; raises ModelError for an unwritable folder."""
        save_model(self.model, self.card, self.content, out_dir)


def train_rows(
    labelled: Sequence[LabelledDocument],
    digest: str,
    taxonomy: Taxonomy,
    *,
    encoder: CachedEncoder | None = None,
    seed: int = 0,
) -> Trained:
    """Train on rows already read; `digest` is of all that they were made from."""
    model, metrics = fit(labelled, taxonomy, encoder=encoder, seed=seed)
    content = model_bytes(model)
    card = Card(
        sha256=hashlib.sha256(content).hexdigest(),
        data_sha256=digest,
        rows=len(labelled),
        taxonomy=taxonomy.version,
        normaliser=NORMALISER,
        encoder="" if encoder is None else encoder.identity,
        seed=seed,
        settings=_settings(model.grams),
        rule_features=RULE_FEATURES,
        ngrams=len(model.vectorizer.vocabulary),
        areas=metrics,
        macro_f1=round(float(np.mean([each.f1 for each in metrics.values()])), 4),
        libraries=library_versions(),
    )
    return Trained(model, card, content)


def fit(
    labelled: Sequence[LabelledDocument],
    taxonomy: Taxonomy,
    *,
    encoder: CachedEncoder | None = None,
    seed: int = 0,
    use_rules: bool = True,
    weak: bool = True,
    use_grams: bool = True,
) -> tuple[TrainedModel, dict[str, AreaMetrics]]:
    """Fit and cross-validate.

    `use_rules=False` is the plain baseline without the taxonomy's verdict, `use_grams=False` the first stage without
    the vector guessed from n-grams.
    """
    grams = load_gram_vectors() if use_grams else None
    examples = training_set(labelled, taxonomy, weak=weak)
    vectorizer = Vectorizer.fit([reading.words for reading in examples.readings], min_df=MIN_DF)
    tables = tabulate(examples, vectorizer, taxonomy, encoder, seed, grams=grams)
    if not use_rules:
        tables = replace(tables, full=np.zeros_like(tables.full), dropped=np.zeros_like(tables.full))
    columns = _areas_with_labels(examples, taxonomy)
    fitted = fit_once(examples, tables, np.arange(len(examples.readings)), columns)
    unseen = _cross_validate(examples, tables, columns, seed)
    n = examples.labelled
    truth = both_copies(examples.labels[:n])
    judged = both_copies(examples.weights[:n] > 0).astype(bool)
    # Words and rules alone lean on terms chosen with these texts in view, so theirs are read with evidence dropped too.
    first = _calibrations(unseen.cheap, truth, judged, columns)
    cheap = Stage(fitted.cheap, _decided(first, unseen.cheap, truth, judged, columns))
    full = None
    if fitted.full is not None and unseen.full is not None:
        first = _calibrations(unseen.full[:n], truth[:n], judged[:n], columns)
        full = Stage(fitted.full, _decided(first, unseen.full, truth, judged, columns))
    values, last = (unseen.cheap, cheap) if unseen.full is None or full is None else (unseen.full, full)
    metrics = {}
    for place, (area, column) in enumerate(columns.items()):
        some = judged[:n, column]
        metrics[area] = area_metrics(values[:n][some, place], truth[:n][some, column], last.calibrations[area])
    rules = fitted.rules
    model = TrainedModel(
        vectorizer, rules.mean, rules.scale, rules.model,
        calibrate(unseen.shared[judged], truth[judged], precision=0.0),
        cheap, full, _labelled(labelled, tables), grams,
    )  # fmt: skip
    return model, metrics


def _settings(grams: GramVectors | None) -> dict[str, float | int | str | bool]:
    return {
        "rules": True,
        "weak_labels": True,
        "gram_vectors": "none" if grams is None else grams.identity,
        "rule_weight": RULE_WEIGHT,
        "dropped": DROPPED,
        "C": STRENGTH,
        "min_df": MIN_DF,
        "ngrams": "words 1-2, Chinese characters 1-3",
        "folds": FOLDS,
        "repeats": REPEATS,
        "weak_weight": WEAK_WEIGHT,
        "stated_precision": STATED_PRECISION,
    }


def _areas_with_labels(examples: TrainingSet, taxonomy: Taxonomy) -> dict[str, int]:
    """The taxonomy's column of every area that has enough labels for a head."""
    positives = examples.labels[: examples.labelled].sum(axis=0)
    found = {area.id: k for k, area in enumerate(taxonomy.areas) if positives[k] >= FEWEST_POSITIVES}
    if not found:
        message = f"expected at least {FEWEST_POSITIVES} labelled items of some area, found at most {positives.max()}"
        raise UsageError(f"{message}; label more items or check the area ids")
    return found


def both_copies(values: npt.NDArray[np.generic]) -> Ints:
    return np.concatenate([values, values]).astype(np.int64)


def fit_once(examples: TrainingSet, tables: Tables, rows: Ints, columns: dict[str, int]) -> Fitted:
    """Rules and heads from the given rows."""
    from scipy.sparse import vstack

    labels, weights = both_copies(examples.labels[rows]), np.concatenate([examples.weights[rows]] * 2)
    evidence = np.concatenate([tables.full[rows], tables.dropped[rows]])
    rules = fit_rules(evidence, labels, weights)
    verdicts = rules.verdicts(evidence)
    text = vstack([tables.text[rows]] * 2).tocsr()
    vectors = None if tables.vectors is None else np.concatenate([tables.vectors[rows]] * 2)
    guessed = None if tables.guessed is None else np.concatenate([tables.guessed[rows]] * 2)
    cheap, full = {}, {}
    for area, k in columns.items():
        known = np.flatnonzero(weights[:, k])
        parts = text[known], verdicts[known, k]
        judged = labels[known, k], weights[known, k]
        cheap[area] = fit_head(*parts, None if guessed is None else guessed[known], *judged)
        if vectors is not None:
            full[area] = fit_head(*parts, vectors[known], *judged)
    grams = text.shape[1]
    areas = list(columns)
    return Fitted(rules, join_heads(cheap, areas, grams), join_heads(full, areas, grams) if full else None)


def fit_rules(evidence: Floats, labels: Ints, weights: Floats) -> Rules:
    """The rule model from (row, area, RULE_FEATURES)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]  # ships no types

    flat = evidence.reshape(-1, evidence.shape[2])
    scaler = StandardScaler().fit(flat)
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(scaler.transform(flat), labels.ravel(), sample_weight=weights.ravel())
    return Rules(scaler.mean_, scaler.scale_, model)


def _cross_validate(examples: TrainingSet, tables: Tables, columns: dict[str, int], seed: int) -> OutOfFold:
    """Means over REPEATS ways to fold; an item's fold hangs on its id alone, so that verdicts reshuffle nothing."""
    n, places = examples.labelled, list(columns.values())
    weak = np.arange(n, len(examples.readings))
    shared = np.zeros((2 * n, examples.labels.shape[1]))
    cheap = np.zeros((2 * n, len(places)))
    full = None if tables.vectors is None else np.zeros_like(cheap)
    for seen, unseen in _folds([document.id for document in examples.documents[:n]], seed):
        fitted = fit_once(examples, tables, np.concatenate([seen, weak]), columns)
        for shift, table in ((0, tables.full), (n, tables.dropped)):
            verdicts = fitted.rules.verdicts(table[unseen])
            shared[unseen + shift] += verdicts / REPEATS
            guessed = None if tables.guessed is None else tables.guessed[unseen]
            decided = fitted.cheap.decide(tables.text[unseen], verdicts[:, places], guessed)
            cheap[unseen + shift] += decided / REPEATS
            if full is not None and fitted.full is not None and tables.vectors is not None:
                rows = tables.text[unseen], verdicts[:, places], tables.vectors[unseen]
                full[unseen + shift] += fitted.full.decide(*rows) / REPEATS
    return OutOfFold(shared, cheap, full)


def _folds(ids: Sequence[str], seed: int) -> Iterator[tuple[Ints, Ints]]:
    """(seen, unseen) rows of every fold of every repeat."""
    for repeat in range(REPEATS):
        digests = (hashlib.sha256(f"{seed} {repeat} {each}".encode()).digest() for each in ids)
        fold = np.array([int.from_bytes(digest[:4], "big") % FOLDS for digest in digests])
        for each in range(FOLDS):
            yield np.flatnonzero(fold != each), np.flatnonzero(fold == each)


def rule_verdicts(features: Floats, mean: Floats, scale: Floats, rules: "LogisticRegression") -> Floats:
    """Log-odds by the shared rule model, (document, area)."""
    verdicts: Floats = ((features - mean) / scale) @ rules.coef_[0] + rules.intercept_[0]
    return verdicts


def _calibrations(values: Floats, truth: Ints, judged: Booleans, columns: dict[str, int]) -> dict[str, Calibration]:
    """From the rows that somebody judged in the area."""
    found = {}
    for place, (area, column) in enumerate(columns.items()):
        some = judged[:, column]
        found[area] = calibrate(values[some, place], truth[some, column])
    return found


def _decided(
    calibrations: dict[str, Calibration], values: Floats, truth: Ints, judged: Booleans, columns: dict[str, int]
) -> dict[str, Calibration]:
    """Thresholds and bands of doubt.

    The threshold of all areas is half way between that of texts as they are, whose terms were chosen with them in
    view, and that of both copies, which foretells unseen texts too darkly; the stated precision and the bands are read
    from texts as they are.
    """
    told: dict[str, tuple[Floats, Ints]] = {}
    as_is: dict[str, tuple[Floats, Ints]] = {}
    half = len(values) // 2
    for place, (area, column) in enumerate(columns.items()):
        some, probabilities = judged[:, column], calibrations[area].probabilities(values[:, place])
        told[area] = probabilities[some], truth[some, column]
        as_is[area] = probabilities[:half][some[:half]], truth[:half][some[:half], column]
    common = (common_threshold(list(told.values())) + common_threshold(list(as_is.values()))) / 2
    found = {}
    for area, (probabilities, right) in as_is.items():
        threshold = stated_threshold(probabilities, right, common, STATED_PRECISION)
        low, high = doubt_band(probabilities, right, threshold)
        found[area] = replace(calibrations[area], threshold=threshold, low=low, high=high)
    return found


def _labelled(labelled: Sequence[LabelledDocument], tables: Tables) -> Labelled | None:
    if tables.vectors is None and tables.guessed is None:
        return None
    vectors, guessed = (_rounded(table, len(labelled)) for table in (tables.vectors, tables.guessed))
    ids, areas = (row.document.id for row in labelled), (frozenset(row.areas) for row in labelled)
    return Labelled(tuple(ids), tuple(areas), vectors, guessed)


def _rounded(table: Vectors | None, rows: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int8]]":
    if table is None:
        return np.zeros((rows, 0), dtype=np.int8)
    largest = np.maximum(np.abs(table[:rows]).max(axis=1, keepdims=True), 1e-9)
    rounded: np.ndarray[tuple[int, int], np.dtype[np.int8]] = np.round(table[:rows] * (127 / largest)).astype(np.int8)
    return rounded


def area_metrics(values: Floats, truth: Ints, calibration: Calibration) -> AreaMetrics:
    """Measures of decision values by models that did not see their rows."""
    probabilities = calibration.probabilities(values)
    decided = probabilities >= calibration.threshold
    right = int((truth.astype(bool) & decided).sum())
    return AreaMetrics(
        positives=int(truth.sum()),
        threshold=calibration.threshold,
        precision=round(right / max(int(decided.sum()), 1), 4),
        recall=round(right / max(int(truth.sum()), 1), 4),
        f1=round(f1(truth, decided), 4),
        average_precision=round(average_precision(truth.astype(bool), probabilities), 4),
        calibration_error=round(calibration_error(truth.astype(bool), probabilities), 4),
        calibration="isotonic" if calibration.knots else "platt",
        doubt=(calibration.low, calibration.high),
    )
