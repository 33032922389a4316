"""Which routes of its area an item takes: a probability for each, learnt over what the taxonomy's words say.

One logistic regression for all routes of all areas, so that a route with three labelled items, or none, is judged as
well as one with fifty; the words of the labels are joined to the taxonomy's routes by the words they share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np

from nlp.calibration import Ints
from nlp.features import Floats
from nlp.matcher import Hit
from nlp.normalize import is_break, normalize
from taxonomy.schema import AreaFile

ROUTE_FEATURES = (
    "title_weight",
    "abstract_weight",
    "strongest",
    "distinct_terms",
    "share_of_area",
    "leads_the_area",
    "opening",
)
_OPENING_WORDS = 60.0
_EMPTY_WORDS = frozenset({"and", "or", "other", "the", "of", "in", "for", "over", "with"})
_SAME_ROUTE = 0.34
Hits = Mapping[str, Sequence[Hit]]


@dataclass(frozen=True)
class RouteModel:
    """Logistic regression over ROUTE_FEATURES."""

    weights: Floats
    intercept: float
    threshold: float
    """From which a route counts as taken; the best F1 in cross-validation."""

    def probabilities(self, hits: Hits) -> dict[str, float]:
        """Of every route with hits, given the area."""
        vectors = route_vectors(hits)
        if not vectors:
            return {}
        values = np.array(list(vectors.values())) @ self.weights + self.intercept
        return {route: round(float(1 / (1 + np.exp(-value))), 6) for route, value in zip(vectors, values, strict=True)}


def route_vectors(hits: Hits) -> dict[str, tuple[float, ...]]:
    """ROUTE_FEATURES of every route of one area with a hit; a term that repeats counts once in each field."""
    found = {route: _weights(each) for route, each in hits.items() if each}
    heaviest = max((sum(sum(field.values()) for field in fields) for fields in found.values()), default=0.0)
    total = sum(sum(sum(field.values()) for field in fields) for fields in found.values())
    vectors: dict[str, tuple[float, ...]] = {}
    for route, (title, abstract) in sorted(found.items()):
        weight = sum(title.values()) + sum(abstract.values())
        first = min((hit.first for hit in hits[route] if hit.field == "abstract"), default=400)
        vectors[route] = (
            log1p(sum(title.values())),
            log1p(sum(abstract.values())),
            max({**title, **abstract}.values()),
            log1p(len({**title, **abstract})),
            weight / total,
            float(weight == heaviest),
            float(np.exp(-first / _OPENING_WORDS)),
        )
    return vectors


def _weights(hits: Sequence[Hit]) -> tuple[dict[str, float], dict[str, float]]:
    title = {hit.concept.text: hit.concept.weight for hit in hits if hit.field == "title"}
    abstract = {hit.concept.text: hit.concept.weight for hit in hits if hit.field == "abstract"}
    return title, abstract


def route_of_words(words: str, area: AreaFile) -> str | None:
    """The area's route that an annotator's words name: of those sharing a third of all their words, the nearest."""
    said = _content(words)
    scores = {}
    for route in area.routes:
        named = _content(route.name.en)
        if said and (said <= named or named <= said):
            scores[route.id] = 1.0 + len(said & named) / len(said | named)
        elif said:
            scores[route.id] = len(said & named) / len(said | named)
    best = max(scores, key=lambda route: (scores[route], route), default=None)
    return best if best is not None and scores[best] >= _SAME_ROUTE else None


def _content(text: str) -> frozenset[str]:
    return frozenset(word for word in normalize(text).words if not is_break(word) and word not in _EMPTY_WORDS)


def fit_routes(rows: Sequence[Hits], taken: Sequence[frozenset[str]], *, seed: int = 0) -> RouteModel:
    """From items in an area: their hits by route, and the routes that the annotators named."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types
    from sklearn.model_selection import KFold, cross_val_predict  # type: ignore[import-untyped]  # ships no types

    pairs = [(vector, route in named) for hits, named in zip(rows, taken, strict=True)
             for route, vector in route_vectors(hits).items()]  # fmt: skip
    truth = np.array([each for _, each in pairs], dtype=np.int64)
    if truth.sum() < FEWEST_ROUTES or (1 - truth).sum() < FEWEST_ROUTES:
        return UNTRAINED
    features = np.array([vector for vector, _ in pairs])
    model = LogisticRegression(C=1.0, max_iter=1000)
    folds = KFold(5, shuffle=True, random_state=seed)
    unseen = cross_val_predict(model, features, truth, cv=folds, method="predict_proba")[:, 1]
    missed = sum(len(named - hits.keys()) for hits, named in zip(rows, taken, strict=True))
    model.fit(features, truth)
    threshold = _best_threshold(unseen, truth, missed)
    return RouteModel(np.round(model.coef_[0], 6), round(float(model.intercept_[0]), 6), threshold)


def _best_threshold(probabilities: Floats, truth: Ints, missed: int) -> float:
    """Of the best F1, the routes that no word showed counting as missed."""
    candidates = np.round(np.arange(0.1, 0.901, 0.01), 2)
    wanted = int(truth.sum()) + missed
    scores = np.array(
        [
            2 * float(truth[probabilities >= each].sum()) / (wanted + int((probabilities >= each).sum()))
            for each in candidates
        ]
    )
    return round(float(np.median(candidates[scores >= scores.max() - 0.005])), 3)


FEWEST_ROUTES = 20
UNTRAINED = RouteModel(np.array([1.2, 0.9, 0.3, 0.4, 1.0, 0.5, 0.5]), -2.0, 0.5)
"""Set by hand, for a model trained on labels without routes."""
