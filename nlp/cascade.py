"""Which numbers an item gets: the cheap stage for all, the encoder for what the cheap stage leaves open."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nlp.calibration import Calibration, sigmoid
from nlp.embeddings import Vectors
from nlp.features import Floats, Reading, rule_features
from nlp.model_file import Stage, TrainedModel
from nlp.train import rule_verdicts
from nlp.training_set import encoder_text
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

OPEN_WITHIN = 0.6
"""An item is open when its cheap log-odds for an area are no further than this from that area's threshold: there the
encoder changes decisions. Chosen by cross-validation and the week's budget: benchmarks/results/cascade.md."""


@dataclass(frozen=True)
class Scores:
    """Of a batch of documents."""

    text: "csr_matrix"
    probabilities: Floats
    """(document, area)"""
    calibrations: tuple[tuple[Calibration, ...], ...]
    """The same places: the thresholds and bands that hold there."""
    vectors: dict[int, Vectors]
    """By row of the documents that the encoder read."""
    guessed: Vectors | None
    """(document, width): what the n-grams say of the vector, where the model has such a table."""


class Cascade:
    """A model's stages laid over the areas of a taxonomy."""

    def __init__(self, model: TrainedModel, taxonomy: Taxonomy, encoder: CachedEncoder | None) -> None:
        self._model, self._taxonomy = model, taxonomy
        usable = encoder is not None and model.full is not None
        self._encoder = encoder if usable else None
        self._columns = {area.id: column for column, area in enumerate(taxonomy.areas)}
        self.cheap = _Laid(model.cheap, taxonomy)
        self.full = _Laid(model.full, taxonomy) if usable and model.full is not None else None
        self.centres = np.full(len(taxonomy.areas), np.inf)
        """Log-odds of the thresholds; an area without a head opens nothing, for no second stage knows it."""
        for column, calibration in zip(self.cheap.columns, self.cheap.calibrations, strict=True):
            self.centres[column] = log(calibration.threshold / (1 - calibration.threshold))
        self._shared = tuple(model.shared for _ in taxonomy.areas)

    @property
    def encoder(self) -> CachedEncoder | None:
        """The encoder of the second stage, where there is one."""
        return self._encoder

    def scores(self, readings: Sequence[Reading], code_log_odds: Floats, *, read_all: bool = False) -> Scores:
        """Probabilities of a batch; `read_all` sends every document to the encoder."""
        model = self._model
        features = rule_features(readings, self._taxonomy)
        verdicts = rule_verdicts(features, model.rule_mean, model.rule_scale, model.rules)
        words = [reading.words for reading in readings]
        text = model.vectorizer.transform(words)
        guessed = None if model.grams is None else model.grams.encode(words)
        log_odds = model.shared.log_odds(verdicts)
        calibrations = [list(self._shared) for _ in readings]
        latin = np.flatnonzero([not reading.chinese for reading in readings])
        known = None if guessed is None else guessed[latin]
        self._lay(self.cheap, latin, text, verdicts, known, log_odds, calibrations)
        wanted = np.arange(len(readings))
        if not read_all:
            wanted = np.flatnonzero(is_open(log_odds + code_log_odds, self.centres))
        vectors: dict[int, Vectors] = {}
        if self.full is not None and self._encoder is not None:
            rows = wanted if not self._encoder.english else np.intersect1d(wanted, latin)
            found = self._encoder.encode([encoder_text(readings[row].document) for row in rows])
            vectors = dict(zip(map(int, rows), found, strict=True))
            self._lay(self.full, rows, text, verdicts, found, log_odds, calibrations)
        probabilities = np.round(sigmoid(log_odds + code_log_odds), 6)
        return Scores(text, probabilities, tuple(map(tuple, calibrations)), vectors, guessed)

    def _lay(
        self,
        laid: "_Laid",
        rows: npt.NDArray[np.int64],
        text: "csr_matrix",
        verdicts: Floats,
        vectors: Vectors | None,
        log_odds: Floats,
        calibrations: list[list[Calibration]],
    ) -> None:
        """Write a stage's log-odds over those of the stage before, where it has a head."""
        if not len(rows) or not len(laid.columns):
            return
        values = laid.stage.heads.decide(text[rows], verdicts[np.ix_(rows, laid.columns)], vectors, laid.places)
        for place, (column, calibration) in enumerate(zip(laid.columns, laid.calibrations, strict=True)):
            log_odds[rows, column] = calibration.log_odds(values[:, place])
            for row in rows:
                calibrations[row][column] = calibration


class _Laid:
    """A stage's heads of which the taxonomy still has the area."""

    def __init__(self, stage: Stage, taxonomy: Taxonomy) -> None:
        self.stage = stage
        known = {area: place for place, area in enumerate(stage.heads.areas)}
        pairs = [(column, known[area.id]) for column, area in enumerate(taxonomy.areas) if area.id in known]
        self.columns = np.array([column for column, _ in pairs], dtype=np.int64)
        self.places = np.array([place for _, place in pairs], dtype=np.int64)
        self.place_of = dict(pairs)
        """Of a column of the taxonomy the place among the stage's heads."""
        self.calibrations = [stage.calibrations[stage.heads.areas[place]] for place in self.places]


def is_open(log_odds: Floats, centres: Floats) -> npt.NDArray[np.bool_]:
    """Whether words and rules leave an item (row) open; `centres` by area."""
    result: npt.NDArray[np.bool_] = np.any(np.abs(log_odds - centres) < OPEN_WITHIN, axis=1)
    return result
