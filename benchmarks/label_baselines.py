"""Plain ways to label the same items, for comparison: keywords, likeness to the definitions, linear models."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.label_scores import Bind, Decide, Rows
from nlp.calibration import Floats, best_threshold, platt, sigmoid
from nlp.features import Document, Reader
from nlp.matcher import Matcher
from nlp.measures import Booleans
from nlp.normalize import normalize
from nlp.training_set import encoder_text
from nlp.vectorizer import Vectorizer
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FOLDS = 5


def truth_of(rows: Rows, taxonomy: Taxonomy) -> Booleans:
    """(item, area)"""
    return np.array([[area.id in row.areas for area in taxonomy.areas] for row in rows])


def keywords(taxonomy: Taxonomy) -> Bind:
    """A phrase that names the area by itself is in the title, or two are in the abstract."""
    reader = Reader(taxonomy, Matcher(taxonomy))

    def decide(rows: Rows) -> Booleans:
        table = np.zeros((len(rows), len(taxonomy.areas)), dtype=bool)
        for row, each in enumerate(rows):
            reading = reader.read(each.document)
            for column, area in enumerate(taxonomy.areas):
                hits = [hit for hit in reading.hits.get(area.id, []) if hit.concept.kind == "term"]
                naming = {(hit.field, hit.concept.text) for hit in hits if hit.concept.weight >= 3}
                table[row, column] = any(field == "title" for field, _ in naming) or len(naming) >= 2
        return table

    return lambda _: decide


def likeness(train: Rows, taxonomy: Taxonomy, encoder: CachedEncoder) -> Bind:
    """Cosine to the area's definition; only the threshold is learnt."""
    cards = encoder.encode([f"{area.name.en}. {area.definition.en}" for area in taxonomy.areas])
    seen, truth = vectors_of(train, encoder) @ cards.T, truth_of(train, taxonomy)
    thresholds = []
    for column in range(len(taxonomy.areas)):
        candidates = np.quantile(seen[:, column], np.linspace(0.8, 0.999, 100))
        scores = [_f1(truth[:, column], seen[:, column] >= each) for each in candidates]
        thresholds.append(candidates[int(np.argmax(scores))])

    def bind(reading: CachedEncoder | None) -> Decide:
        return lambda rows: np.asarray(vectors_of(rows, reading or encoder) @ cards.T >= np.array(thresholds))

    return bind


def linear_model(train: Rows, taxonomy: Taxonomy, *, encoder: CachedEncoder | None, words: bool) -> Bind:
    """Logistic regression on TF-IDF, on vectors, or on both; thresholds of the best F1 in cross-validation."""
    from scipy.sparse import csr_matrix, hstack

    vectorizer = Vectorizer.fit([_words(each.document) for each in train], min_df=2) if words else None

    def table(rows: Rows, reading: CachedEncoder | None) -> "csr_matrix":
        parts = [] if vectorizer is None else [vectorizer.transform([_words(each.document) for each in rows])]
        if encoder is not None:
            parts.append(csr_matrix(vectors_of(rows, reading or encoder)))
        return csr_matrix(hstack(parts))

    seen, truth = table(train, encoder), truth_of(train, taxonomy)
    heads = [head_of(seen, truth[:, column]) for column in range(len(taxonomy.areas))]

    def bind(reading: CachedEncoder | None) -> Decide:
        def decide(rows: Rows) -> Booleans:
            unseen = table(rows, reading)
            return np.stack([head(unseen) for head in heads], axis=1)

        return decide

    return bind


def vectors_of(rows: Rows, encoder: CachedEncoder) -> Floats:
    """(item, width)"""
    return encoder.encode([encoder_text(each.document) for each in rows]).astype(np.float64)


def _words(document: Document) -> tuple[str, ...]:
    return (*normalize(document.title).words, ".", *normalize(document.abstract or "").words)


def head_of(seen: "csr_matrix", truth: Booleans) -> "Callable[[csr_matrix], Booleans]":
    """Whether items are of one area, by their table."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types
    from sklearn.model_selection import KFold, cross_val_predict  # type: ignore[import-untyped]  # ships no types

    model = LogisticRegression(C=20.0, class_weight="balanced", solver="liblinear", random_state=0)
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    values = cross_val_predict(model, seen, truth, cv=folds, method="decision_function")
    slope, offset = platt(values, truth.astype(np.int64))
    threshold = best_threshold(sigmoid(slope * values + offset), truth, 0.0)
    model.fit(seen, truth)
    return lambda unseen: np.asarray(sigmoid(slope * model.decision_function(unseen) + offset) >= threshold)


def _f1(truth: Booleans, decided: Booleans) -> float:
    return 2.0 * float((truth & decided).sum()) / max(int(truth.sum()) + int(decided.sum()), 1)
