"""What the sentence encoder would say of a text, guessed from its n-grams: one short vector for each of them.

A text's vector is the sum of its n-grams' vectors, weighted as TF-IDF, at unit length: 20 microseconds where the
encoder takes 30 milliseconds. The table is a ridge regression of the encoder's vectors (their leading principal
components) on TF-IDF over unlabelled records, learnt once by `python -m benchmarks.gram_vectors`. It holds n-grams
and numbers, no labels and no texts, so it says nothing of the items that a model is measured on.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from horizon.errors import ModelError
from nlp.embeddings import Vectors
from nlp.model_parts import canonical_bytes, read_parts
from nlp.vectorizer import Vectorizer

SHIPPED = Path(str(files("nlp") / "models" / "grams" / "grams.skops"))
SHA256 = "a04cc3055ec88940095dfad918859f5f3ad2bf16ddc7cb4ce7914182c8932615"
WIDTH = 128
RIDGE = 1.0
_ROUNDS = 12
"""Of conjugate gradients; more fit the records better and others no better."""


@dataclass(frozen=True)
class GramVectors:
    """The table, and the n-grams that it is of."""

    vectorizer: Vectorizer
    table: Vectors
    """(n-gram, width)"""
    identity: str
    """A head trained with one table must never read another's vectors."""

    @property
    def width(self) -> int:
        return int(self.table.shape[1])

    def encode(self, texts: Sequence[Sequence[str]]) -> Vectors:
        """(text, width) of texts as words in normal form; zero where no n-gram is known."""
        vectors: Vectors = np.asarray(self.vectorizer.transform(texts) @ self.table, dtype=np.float32)
        unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return unit


@cache
def load_gram_vectors(path: Path = SHIPPED) -> GramVectors:
    """The table that ships with the package; raises ModelError for a missing or altered file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"expected the n-grams' vectors, found {error.strerror} at {path}; install again") from None
    found = hashlib.sha256(content).hexdigest()
    if path == SHIPPED and found != SHA256:
        message = f"expected n-grams' vectors with SHA-256 {SHA256[:12]}..., found {found[:12]}... at {path}"
        raise ModelError(f"{message}; the file was altered: install again")
    parts = read_parts(content, path)
    grams = parts["vocabulary"].split("\n")
    table = parts["table"].astype(np.float32) * parts["scale"].astype(np.float32)[:, None]
    vectorizer = Vectorizer({gram: place for place, gram in enumerate(grams)}, parts["idf"])
    return GramVectors(vectorizer, table, found[:16])


def learn(vectorizer: Vectorizer, texts: Sequence[Sequence[str]], vectors: Vectors, *, width: int = WIDTH) -> bytes:
    """The file of a table that foretells the encoder's `vectors` of the texts; the same bytes for the same inputs."""
    from scipy.sparse import csr_matrix

    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    wanted = centred @ directions[:, ::-1][:, :width]
    seen: csr_matrix = vectorizer.transform(texts)
    table = _ridge(seen, wanted.astype(np.float32))
    scale = np.maximum(np.abs(table).max(axis=1), 1e-6) / 127
    return canonical_bytes(
        {
            "vocabulary": "\n".join(vectorizer.vocabulary),
            "idf": vectorizer.idf,
            "table": np.round(table / scale[:, None]).astype(np.int8),
            "scale": scale.astype(np.float32),
        }
    )


def _ridge(seen, wanted: Vectors) -> Vectors:  # type: ignore[no-untyped-def]  # a sparse matrix
    """Coefficients (column, target) by conjugate gradients on the normal equations, every target by itself."""
    transposed = seen.T.tocsr()
    table = np.zeros((seen.shape[1], wanted.shape[1]), dtype=np.float32)
    left = transposed @ wanted
    direction, size = left.copy(), (left * left).sum(axis=0)
    for _ in range(_ROUNDS):
        image = transposed @ (seen @ direction) + RIDGE * direction
        step = size / np.maximum((direction * image).sum(axis=0), 1e-12)
        table += step * direction
        left -= step * image
        smaller = (left * left).sum(axis=0)
        direction, size = left + (smaller / np.maximum(size, 1e-12)) * direction, smaller
    return table
