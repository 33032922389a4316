"""Which routes of its area an item takes, by the taxonomy's words for each route.

A logistic regression learnt over seven features of these words was no better on the held-out items (micro-F1 0.780
beside 0.784, `benchmarks/results/routes.md`), so the rule stays.
"""

from collections.abc import Mapping, Sequence

from nlp.matcher import Hit
from nlp.normalize import is_break, normalize
from taxonomy.schema import AreaFile

ROUTE_HALF = 1.5
"""Weight of a route's terms at which it is as likely as not, given the area (a term in the title counts twice)."""
_EMPTY_WORDS = frozenset({"and", "or", "other", "the", "of", "in", "for", "over", "with"})
_SAME_ROUTE = 0.34
Hits = Mapping[str, Sequence[Hit]]


def route_probability(hits: Sequence[Hit]) -> float:
    """Probability of a route given its area: 1 - 2^(-weight / ROUTE_HALF), a repeated term counting once."""
    title = {hit.concept.text: hit.concept.weight for hit in hits if hit.field == "title"}
    abstract = {hit.concept.text: hit.concept.weight for hit in hits if hit.field == "abstract"}
    weight = sum(title.values()) + sum({**abstract, **title}.values())
    return round(1.0 - float(2.0 ** (-weight / ROUTE_HALF)), 6)


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
