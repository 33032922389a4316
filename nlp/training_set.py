"""What a model is trained on, as numbers: labelled items, and the taxonomy's own examples as weak labels.

Every text is seen twice, once as it is and once with codes and half of the known terms dropped, so that items without
codes and texts for which the taxonomy was not written do as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from nlp.calibration import Ints
from nlp.embeddings import Vectors
from nlp.features import Document, Floats, Reader, Reading, drop_evidence, rule_features
from nlp.gram_vectors import GramVectors
from nlp.labelled import LabelledDocument
from nlp.matcher import matcher_of
from nlp.vectorizer import Vectorizer
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

DROPPED = 0.5
"""Share of an item's known terms left out of its second copy."""
WEAK_WEIGHT = 0.5


@dataclass(frozen=True)
class TrainingSet:
    """Texts with labels by area, and how much each label counts (0: unknown)."""

    documents: list[Document]
    readings: list[Reading]
    labels: Ints
    weights: Floats
    labelled: int
    """The first so many rows are labelled by hand; the rest are weak."""


@dataclass(frozen=True)
class Tables:
    """Numbers of every row; the rules' in both copies: as it is, and with evidence dropped."""

    text: "csr_matrix"
    full: Floats
    dropped: Floats
    vectors: Vectors | None
    """The encoder's."""
    guessed: Vectors | None = None
    """From the n-grams alone."""


def training_set(labelled: Sequence[LabelledDocument], taxonomy: Taxonomy, *, weak: bool) -> TrainingSet:
    """The labelled items, then the weak ones."""
    reader = Reader(taxonomy, matcher_of(taxonomy))
    documents = [each.document for each in labelled]
    labels = [[int(area.id in each.areas) for area in taxonomy.areas] for each in labelled]
    weights = [[float(each.judged(area.id)) for area in taxonomy.areas] for each in labelled]
    for document, column, truth in weak_documents(taxonomy) if weak else ():
        documents.append(document)
        labels.append([truth if place == column else 0 for place in range(len(taxonomy.areas))])
        weights.append([WEAK_WEIGHT if place == column else 0.0 for place in range(len(taxonomy.areas))])
    readings = list(map(reader.read, documents))
    return TrainingSet(documents, readings, np.array(labels, dtype=np.int64), np.array(weights), len(labelled))


def weak_documents(taxonomy: Taxonomy) -> list[tuple[Document, int, int]]:
    """(document, area, label) of what the area files themselves say: examples and definitions."""
    found: list[tuple[Document, int, int]] = []
    for column, area in enumerate(taxonomy.areas):
        for truth, examples in ((1, area.examples.yes), (0, area.examples.no)):
            found += [(Document(area.id, each.title, each.abstract), column, truth) for each in examples]
        found.append((Document(area.id, area.name.en, area.definition.en), column, 1))
        found.append((Document(area.id, area.name.zh, area.definition.zh), column, 1))
    return found


def tabulate(
    examples: TrainingSet,
    vectorizer: Vectorizer,
    taxonomy: Taxonomy,
    encoder: CachedEncoder | None,
    seed: int,
    *,
    grams: GramVectors | None = None,
) -> Tables:
    """The numbers of all rows; without an encoder, or without the n-grams' vectors, none of these."""
    dropped = [drop_evidence(reading, _chance(reading.document, seed), DROPPED) for reading in examples.readings]
    words = [reading.words for reading in examples.readings]
    return Tables(
        vectorizer.transform(words),
        rule_features(examples.readings, taxonomy),
        rule_features(dropped, taxonomy),
        None if encoder is None else encoder.encode(list(map(encoder_text, examples.documents))),
        None if grams is None else grams.encode(words),
    )


def _chance(document: Document, seed: int) -> Random:
    """Of each document its own, so that one more in the set changes nothing of the others."""
    return Random(f"{seed} {document.id} {document.title}")  # noqa: S311  (drop-out, not secrets)


def encoder_text(document: Document) -> str:
    """What the encoder reads of a document."""
    return f"{document.title}. {document.abstract or ''}"
