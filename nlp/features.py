"""For each area a short vector of numbers: what its rules found in an item."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log1p
from random import Random

import numpy as np
import numpy.typing as npt

from horizon.records import Code, Item
from nlp.codes import CodeSummary, summarise_codes
from nlp.matcher import Hit, Matcher, Matches
from nlp.normalize import Normalized, has_cjk, is_break
from taxonomy.load import Taxonomy

Floats = npt.NDArray[np.float64]

RULE_FEATURES = (
    "title_weight",
    "abstract_weight",
    "title_strongest",
    "abstract_strongest",
    "distinct_terms",
    "strong_terms",
    "names_the_area",
    "density",
    "opening",
    "title_exclusions",
    "abstract_exclusions",
    "net_weight",
    "arxiv_primary",
    "arxiv_best",
)
_OPENING_WORDS = 60.0
_SHORTEST_ABSTRACT = 40
_CHINESE_SHARE = 0.3
_MOST_CODE_SETS = 50_000


@dataclass(frozen=True)
class Document:
    """What the classifier reads of an item."""

    id: str
    title: str
    abstract: str | None = None
    codes: tuple[Code, ...] = ()

    @classmethod
    def of(cls, item: Item) -> "Document":
        return cls(item.id, item.title, item.abstract, item.codes)


@dataclass
class Reading:
    """A document with everything that the rules found in it."""

    document: Document
    matches: Matches
    hits: dict[str, list[Hit]]
    """Terms and exclusions by area."""
    codes: dict[str, CodeSummary] = field(default_factory=dict)
    """By area, where any code speaks."""

    @property
    def words(self) -> tuple[str, ...]:
        """All words, title first; a break keeps phrases from running from one into the other."""
        return (*self.matches.title.words, ".", *self.matches.abstract.words)

    @property
    def chinese(self) -> bool:
        """Whether the text is mostly Chinese, so that English n-grams say nothing."""
        return is_chinese(self.matches.title, self.matches.abstract)


def is_chinese(*texts: Normalized) -> bool:
    if not any(has_cjk(text.original) for text in texts):
        return False
    words = [word for text in texts for word in text.words if not is_break(word)]
    return sum(map(has_cjk, words)) > _CHINESE_SHARE * len(words)


class Reader:
    """Matches documents against one taxonomy."""

    def __init__(self, taxonomy: Taxonomy, matcher: Matcher) -> None:
        self._taxonomy = taxonomy
        self._matcher = matcher
        self._codes: dict[tuple[str, ...], dict[str, CodeSummary]] = {}

    def read(self, document: Document) -> Reading:
        """The document with all that its texts and codes say."""
        matches = self._matcher.match(document.title, document.abstract)
        return Reading(document, matches, self._matcher.area_hits(matches), self._summaries(document.codes))

    def _summaries(self, codes: tuple[Code, ...]) -> dict[str, CodeSummary]:
        """By area; remembered, for the same few combinations of categories come again and again."""
        key = tuple(f"{code.scheme} {code.symbol}" for code in codes)
        if key not in self._codes:
            if len(self._codes) >= _MOST_CODE_SETS:
                self._codes.clear()
            found = {area.id: summarise_codes(codes, area) for area in self._taxonomy.areas}
            self._codes[key] = {area: summary for area, summary in found.items() if summary.any}
        return self._codes[key]


def read(document: Document, matcher: Matcher, taxonomy: Taxonomy) -> Reading:
    """Match a single document's texts and codes against the taxonomy."""
    return Reader(taxonomy, matcher).read(document)


def rule_features(readings: Sequence[Reading], taxonomy: Taxonomy) -> Floats:
    """Array of (document, area, RULE_FEATURES); all zero where nothing was found."""
    table = np.zeros((len(readings), len(taxonomy.areas), len(RULE_FEATURES)))
    columns = {area.id: column for column, area in enumerate(taxonomy.areas)}
    nothing = CodeSummary()
    for row, reading in enumerate(readings):
        for area in reading.hits.keys() | reading.codes.keys():
            hits, codes = reading.hits.get(area, ()), reading.codes.get(area, nothing)
            table[row, columns[area]] = rule_vector(hits, codes, len(reading.matches.abstract.words))
    return table


def rule_vector(hits: Sequence[Hit], codes: CodeSummary, abstract_words: int) -> tuple[float, ...]:
    """RULE_FEATURES of one document for one area; a term that repeats counts once, but for the density."""
    title, abstract = _weights(hits, "title", "term"), _weights(hits, "abstract", "term")
    title_out, abstract_out = _weights(hits, "title", "exclusion"), _weights(hits, "abstract", "exclusion")
    terms = {**abstract, **title}
    body = [hit for hit in hits if hit.field == "abstract" and hit.concept.kind == "term"]
    for_, against = sum(title.values()) + sum(abstract.values()), sum(title_out.values()) + sum(abstract_out.values())
    return (
        log1p(sum(title.values())),
        log1p(sum(abstract.values())),
        max(title.values(), default=0.0),
        max(abstract.values(), default=0.0),
        log1p(len(terms)),
        log1p(sum(weight >= 2 for weight in terms.values())),
        float(max(terms.values(), default=0.0) >= 3),
        log1p(10 * sum(hit.concept.weight for hit in body) / max(abstract_words, _SHORTEST_ABSTRACT)),
        max((hit.concept.weight * exp(-hit.first / _OPENING_WORDS) for hit in body), default=0.0),
        log1p(sum(title_out.values())),
        log1p(sum(abstract_out.values())),
        log1p(for_) - log1p(against),
        codes.arxiv_primary,
        codes.arxiv_best,
    )


def _weights(hits: Sequence[Hit], name: str, kind: str) -> dict[str, float]:
    return {hit.concept.text: hit.concept.weight for hit in hits if hit.field == name and hit.concept.kind == kind}


def drop_evidence(reading: Reading, random: Random, share: float) -> Reading:
    """The reading as it would be of a text for which the taxonomy was not written: no codes, fewer known terms.

    Trained on full readings alone, a model trusts the rules too much, for their terms were chosen with the training
    texts in view.
    """
    names = sorted({hit.concept.text for hits in reading.hits.values() for hit in hits})
    dropped = {name for name in names if random.random() < share}
    hits = {area: [hit for hit in found if hit.concept.text not in dropped] for area, found in reading.hits.items()}
    return Reading(reading.document, reading.matches, {area: found for area, found in hits.items() if found})
