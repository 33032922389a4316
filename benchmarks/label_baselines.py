"""Plain ways to label the same items, for comparison: keywords, likeness to the definitions, linear models."""

from collections.abc import Sequence

import numpy as np

from nlp.calibration import Floats, best_threshold, platt, sigmoid
from nlp.features import Document, Reader
from nlp.labelled import LabelledDocument
from nlp.matcher import Matcher
from nlp.measures import Booleans
from nlp.training_set import encoder_text
from nlp.vectorizer import Vectorizer
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy

FOLDS = 5


def truth_of(rows: Sequence[LabelledDocument], taxonomy: Taxonomy) -> Booleans:
    """(item, area)"""
    return np.array([[area.id in row.areas for area in taxonomy.areas] for row in rows])


def by_keywords(rows: Sequence[LabelledDocument], taxonomy: Taxonomy) -> Booleans:
    """A phrase that names the area by itself is in the title, or two are in the abstract."""
    reader = Reader(taxonomy, Matcher(taxonomy))
    table = np.zeros((len(rows), len(taxonomy.areas)), dtype=bool)
    for row, each in enumerate(rows):
        reading = reader.read(each.document)
        for column, area in enumerate(taxonomy.areas):
            hits = [hit for hit in reading.hits.get(area.id, []) if hit.concept.kind == "term"]
            naming = {(hit.field, hit.concept.text) for hit in hits if hit.concept.weight >= 3}
            table[row, column] = any(field == "title" for field, _ in naming) or len(naming) >= 2
    return table


def by_likeness(
    train: Sequence[LabelledDocument], rows: Sequence[LabelledDocument], taxonomy: Taxonomy, encoder: CachedEncoder
) -> Booleans:
    """Cosine to the area's definition; only the threshold is learnt."""
    cards = encoder.encode([f"{area.name.en}. {area.definition.en}" for area in taxonomy.areas])
    seen, unseen = (vectors_of(each, encoder) @ cards.T for each in (train, rows))
    truth = truth_of(train, taxonomy)
    decided = np.zeros(unseen.shape, dtype=bool)
    for column in range(len(taxonomy.areas)):
        candidates = np.quantile(seen[:, column], np.linspace(0.8, 0.999, 100))
        scores = [_f1(truth[:, column], seen[:, column] >= each) for each in candidates]
        decided[:, column] = unseen[:, column] >= candidates[int(np.argmax(scores))]
    return decided


def by_linear_model(
    train: Sequence[LabelledDocument],
    rows: Sequence[LabelledDocument],
    taxonomy: Taxonomy,
    *,
    encoder: CachedEncoder | None,
    words: bool,
) -> Booleans:
    """Logistic regression on TF-IDF, on vectors, or on both; thresholds of the best F1 in cross-validation."""
    from scipy.sparse import csr_matrix, hstack

    parts = []
    if words:
        tokens = [_words(each.document, taxonomy) for each in (*train, *rows)]
        parts.append(Vectorizer.fit(tokens[: len(train)], min_df=2).transform(tokens))
    if encoder is not None:
        parts.append(csr_matrix(vectors_of((*train, *rows), encoder)))
    table = csr_matrix(hstack(parts))
    truth = truth_of(train, taxonomy)
    n = len(train)
    columns = [_decide(table[:n], truth[:, k], table[n:]) for k in range(len(taxonomy.areas))]
    return np.stack(columns, axis=1)


def vectors_of(rows: Sequence[LabelledDocument], encoder: CachedEncoder) -> Floats:
    """(item, width)"""
    return encoder.encode([encoder_text(each.document) for each in rows]).astype(np.float64)


def _words(document: Document, taxonomy: Taxonomy) -> tuple[str, ...]:
    from nlp.normalize import normalize

    return (*normalize(document.title).words, ".", *normalize(document.abstract or "").words)


def _decide(seen, truth: Booleans, unseen) -> Booleans:  # type: ignore[no-untyped-def]  # sparse matrices
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types
    from sklearn.model_selection import KFold, cross_val_predict  # type: ignore[import-untyped]  # ships no types

    model = LogisticRegression(C=20.0, class_weight="balanced", solver="liblinear", random_state=0)
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    values = cross_val_predict(model, seen, truth, cv=folds, method="decision_function")
    slope, offset = platt(values, truth.astype(np.int64))
    threshold = best_threshold(sigmoid(slope * values + offset), truth, 0.0)
    decided: Booleans = sigmoid(slope * model.fit(seen, truth).decision_function(unseen) + offset) >= threshold
    return decided


def _f1(truth: Booleans, decided: Booleans) -> float:
    return 2.0 * float((truth & decided).sum()) / max(int(truth.sum()) + int(decided.sum()), 1)
