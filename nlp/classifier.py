"""The trained classifier: probabilities by area with the evidence for each, and routes within an area.

An area that the model was trained on is judged by its own head (TF-IDF and the rules' verdict); an area that the model
has never seen, and any text mostly in Chinese, by the rule model that all areas share.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from horizon.records import Evidence, Item, Label, RouteLabel
from nlp.codes import CodeSummary, code_evidence
from nlp.features import Document, Floats, Reader, Reading, rule_features
from nlp.matcher import Hit, Matcher
from nlp.model_file import SHIPPED, Calibration, Card, TrainedModel, load_model
from nlp.train import RULE_WEIGHT, rule_verdicts, sigmoid
from taxonomy.load import Taxonomy
from taxonomy.schema import AreaFile

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LISTED_FROM = 0.05
"""Areas of at least this probability are listed; `assigned` is the decision."""
ROUTE_LISTED_FROM = 0.3
ROUTE_HALF = 1.5
"""Weight of a route's terms at which it is as likely as not, given the area (a term in the title counts twice)."""
CPC_CORE, CPC_SUPPORT, CPC_LEGACY, CPC_EXCLUDE = 4.0, 0.8, 0.8, -1.5
"""Log-odds that CPC symbols add, set by hand after the rule for such codes (one core symbol almost accepts, two
supports make a candidate, kept-out symbols speak against), for the labelled items to train on hold no patents."""
_MOST_SUPPORT = 3
_BATCH = 256
_MOST_TERMS, _MOST_CODES, _MOST_FEATURES, _MOST_LENS, _MOST_ROUTE_TERMS = 12, 6, 4, 6, 4
_LEAST_CONTRIBUTION = 0.02


@dataclass(frozen=True)
class Judgement:
    """One document in one area."""

    area: str
    probability: float
    assigned: bool
    routes: tuple[RouteLabel, ...]
    """Probabilities are given the area."""
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class _Batch:
    readings: list[Reading]
    text: "csr_matrix"
    probabilities: Floats
    thresholds: Floats
    """(document, area): the shared model's where it decides."""


class Classifier:
    """A trained model bound to a taxonomy; immutable, and the same labels for the same items."""

    def __init__(self, model: TrainedModel, taxonomy: Taxonomy, *, fingerprint: str, card: Card | None = None) -> None:
        self.taxonomy = taxonomy
        self.fingerprint = fingerprint
        self.card = card
        self.matcher = Matcher(taxonomy)
        self._reader = Reader(taxonomy, self.matcher)
        self._columns = {area.id: column for column, area in enumerate(taxonomy.areas)}
        self._model = model
        grams = len(model.vectorizer.vocabulary)
        self._coefficients = np.zeros((grams, len(taxonomy.areas)), dtype=np.float32)
        self._rule_slopes, self._intercepts = np.ones(len(taxonomy.areas)), np.zeros(len(taxonomy.areas))
        for column, area in enumerate(taxonomy.areas):
            if area.id in model.heads:
                head = model.heads[area.id]
                self._coefficients[:, column] = head.coef_[0, :grams]
                self._rule_slopes[column] = head.coef_[0, grams] * RULE_WEIGHT
                self._intercepts[column] = head.intercept_[0]
        self._has_head = np.array([area.id in model.heads for area in taxonomy.areas])
        self._shared = _table([model.calibrations[""]] * len(taxonomy.areas))
        known = [model.calibrations[area.id if area.id in model.heads else ""] for area in taxonomy.areas]
        self._own = _table(known)
        self._grams = list(model.vectorizer.vocabulary)

    @classmethod
    def load(cls, directory: Path | None, taxonomy: Taxonomy) -> "Classifier":
        """The model of a folder (default: the shipped one); raises ModelError for a missing or altered one.

        A taxonomy other than the one of training is fine: its rules are read anew, and every label names it.
        """
        model, card, fingerprint = load_model(directory or SHIPPED)
        return cls(model, taxonomy, fingerprint=fingerprint, card=card)

    def classify(self, items: Sequence[Item]) -> list[list[Label]]:
        """For every item the areas of probability 0.05 or more, the most probable first."""
        judged = self.judge(map(Document.of, items))
        return [
            [
                Label(
                    item_id=item.id,
                    area=each.area,
                    probability=each.probability,
                    assigned=each.assigned,
                    routes=each.routes,
                    evidence=each.evidence,
                    taxonomy=self.taxonomy.version,
                    model=self.fingerprint,
                )
                for each in judgements
            ]
            for item, judgements in zip(items, judged, strict=True)
        ]

    def judge(self, documents: Iterable[Document]) -> Iterator[list[Judgement]]:
        """For every document its listed areas, in batches, so that a stream of any length can be read."""
        source = iter(documents)
        while chunk := list(islice(source, _BATCH)):
            batch = self._weigh(chunk)
            for row in range(len(chunk)):
                yield self._judge_row(batch, row)

    def probabilities(self, documents: Iterable[Document]) -> Floats:
        """(document, area), areas in the taxonomy's order."""
        source = iter(documents)
        tables = []
        while chunk := list(islice(source, _BATCH)):
            tables.append(self._weigh(chunk).probabilities)
        return np.concatenate(tables) if tables else np.zeros((0, len(self.taxonomy.areas)))

    def decisions(self, documents: Iterable[Document]) -> tuple[Floats, Floats]:
        """(document, area) of probabilities, and of the thresholds from which an area is assigned."""
        source = iter(documents)
        batches = []
        while chunk := list(islice(source, _BATCH)):
            batches.append(self._weigh(chunk))
        shape = (0, len(self.taxonomy.areas))
        return (
            np.concatenate([np.zeros(shape), *(batch.probabilities for batch in batches)]),
            np.concatenate([np.zeros(shape), *(batch.thresholds for batch in batches)]),
        )

    def _weigh(self, documents: Sequence[Document]) -> _Batch:
        readings = list(map(self._reader.read, documents))
        features = rule_features(readings, self.taxonomy)
        model = self._model
        verdicts = rule_verdicts(features, model.rule_mean, model.rule_scale, model.rules)
        text = model.vectorizer.transform([reading.words for reading in readings])
        by_heads = np.asarray(text @ self._coefficients) + self._rule_slopes * verdicts + self._intercepts
        chinese = np.array([reading.chinese for reading in readings])[:, None]
        alone = chinese | ~self._has_head
        slope, offset, threshold = (
            np.where(alone, shared, own) for shared, own in zip(self._shared, self._own, strict=True)
        )
        log_odds = slope * np.where(alone, verdicts, by_heads) + offset + self._cpc_log_odds(readings)
        return _Batch(readings, text, np.round(sigmoid(log_odds), 6), threshold)

    def _cpc_log_odds(self, readings: Sequence[Reading]) -> Floats:
        table = np.zeros((len(readings), len(self.taxonomy.areas)))
        for row, reading in enumerate(readings):
            for area, codes in reading.codes.items():
                table[row, self._columns[area]] = cpc_log_odds(codes)
        return table

    def _judge_row(self, batch: _Batch, row: int) -> list[Judgement]:
        values = batch.probabilities[row]
        columns = [column for column in np.argsort(-values, kind="stable") if values[column] >= LISTED_FROM]
        return [self._judge_area(batch, row, int(column)) for column in columns]

    def _judge_area(self, batch: _Batch, row: int, column: int) -> Judgement:
        area, reading = self.taxonomy.areas[column], batch.readings[row]
        probability = float(batch.probabilities[row, column])
        return Judgement(
            area.id,
            probability,
            probability >= float(batch.thresholds[row, column]),
            tuple(self._routes(reading, area)),
            tuple(self._evidence(batch, row, column)),
        )

    def _routes(self, reading: Reading, area: AreaFile) -> Iterator[RouteLabel]:
        hits = self.matcher.route_hits(reading.matches, area.id)
        for route in area.routes:
            found = hits.get(route.id, [])
            probability = route_probability(found)
            if probability >= ROUTE_LISTED_FROM:
                evidence = tuple(map(reading.matches.evidence, _telling(found, _MOST_ROUTE_TERMS)))
                yield RouteLabel(route=route.id, probability=probability, evidence=evidence)

    def _evidence(self, batch: _Batch, row: int, column: int) -> Iterator[Evidence]:
        area, reading = self.taxonomy.areas[column], batch.readings[row]
        yield from map(reading.matches.evidence, _telling(reading.hits.get(area.id, []), _MOST_TERMS))
        yield from code_evidence(reading.document.codes, area)[:_MOST_CODES]
        if self._has_head[column] and not reading.chinese:
            yield from self._features(batch.text, row, column)
        lens = self.matcher.lens_hits(reading.matches, area.id)
        found = [hit for part in sorted(lens) for hit in lens[part]]
        yield from map(reading.matches.evidence, _telling(found, _MOST_LENS))

    def _features(self, text: "csr_matrix", row: int, column: int) -> Iterator[Evidence]:
        """The n-grams that carried most of the decision."""
        begin, end = text.indptr[row], text.indptr[row + 1]
        places = text.indices[begin:end]
        shares = text.data[begin:end] * self._coefficients[places, column]
        for best in np.argsort(-shares, kind="stable")[:_MOST_FEATURES]:
            if shares[best] >= _LEAST_CONTRIBUTION:
                gram = self._grams[places[best]]
                yield Evidence(kind="feature", text=gram, weight=round(float(shares[best]), 4))


def cpc_log_odds(codes: CodeSummary) -> float:
    """What the CPC symbols add to the log-odds; a kept-out symbol weighs nothing beside a core one."""
    if codes.core:
        return CPC_CORE
    support = CPC_SUPPORT * min(codes.support, _MOST_SUPPORT) + CPC_LEGACY * min(codes.legacy, 2)
    return support + (CPC_EXCLUDE if codes.exclude else 0.0)


def route_probability(hits: Sequence[Hit]) -> float:
    """Probability of a route given its area: 1 - 2^(-weight / ROUTE_HALF), a repeated term counting once."""
    title = {hit.concept.text: hit.concept.weight for hit in hits if hit.field == "title"}
    abstract = {hit.concept.text: hit.concept.weight for hit in hits if hit.field == "abstract"}
    weight = sum(title.values()) + sum({**abstract, **title}.values())
    return round(1.0 - float(2.0 ** (-weight / ROUTE_HALF)), 6)


def _table(calibrations: Sequence[Calibration]) -> tuple[Floats, Floats, Floats]:
    """Slopes, offsets and thresholds."""
    return (
        np.array([each.slope for each in calibrations]),
        np.array([each.offset for each in calibrations]),
        np.array([each.threshold for each in calibrations]),
    )


def _telling(hits: Sequence[Hit], most: int) -> list[Hit]:
    """The heaviest hits, each phrase once (in the title if it is there), in the order of the text."""
    first: dict[tuple[str | None, str], Hit] = {}
    for hit in hits:
        first.setdefault((hit.concept.part, hit.concept.text), hit)
    heaviest = sorted(first.values(), key=lambda hit: (-hit.concept.weight, hit.field == "abstract", hit.first))[:most]
    return sorted(heaviest, key=lambda hit: (hit.field == "abstract", hit.first))
