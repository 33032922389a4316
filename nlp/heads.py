"""Linear decisions of one area: over TF-IDF, the shared rule verdict and the text's vector.

The vector is the one guessed from n-grams in the first stage, and the encoder's in the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nlp.embeddings import Vectors
from nlp.features import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Ints = npt.NDArray[np.int64]
RULE_WEIGHT = 0.5
"""Scale of the shared rule verdict beside TF-IDF rows of length one; with the share dropped chosen by
cross-validation. The vector, of length one too, stands beside them as it is."""
STRENGTH = 20.0
"""Inverse regularisation C."""


@dataclass(frozen=True)
class Heads:
    """Of several areas, in the order of `areas`."""

    areas: tuple[str, ...]
    grams: Vectors
    """(n-gram, area)"""
    rules: Floats
    """(area): factor of the rule verdict."""
    vector: Vectors
    """(width, area); of width 0 in a first stage without the n-grams' vectors."""
    intercepts: Floats

    @property
    def width(self) -> int:
        return int(self.vector.shape[0])

    def decide(
        self, text: "csr_matrix", verdicts: Floats, vectors: Vectors | None, places: Ints | None = None
    ) -> Floats:
        """(document, area) of decision values; verdicts by the areas of these heads, or of the `places` wanted."""
        chosen = slice(None) if places is None else places
        values: Floats = np.asarray(text @ self.grams[:, chosen], dtype=np.float64)
        values = values + verdicts * self.rules[chosen] + self.intercepts[chosen]
        if vectors is not None and self.width:
            # Summed by numpy, not BLAS, whose result for a row may depend on how many rows there are.
            values = values + np.einsum("nd,da->na", vectors.astype(np.float64), self.vector[:, chosen])
        return values


def fit_head(
    text: "csr_matrix",
    verdicts: Floats,
    vectors: Vectors | None,
    labels: Ints,
    weights: Floats,
    *,
    rule_weight: float = RULE_WEIGHT,
    strength: float = STRENGTH,
) -> tuple[Floats, float]:
    """Coefficients (n-grams, rule verdict, vector) and intercept of one area."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types

    columns = [text, csr_matrix(rule_weight * verdicts[:, None])]
    if vectors is not None:
        columns.append(csr_matrix(vectors.astype(np.float64)))
    head = LogisticRegression(C=strength, class_weight="balanced", solver="liblinear", random_state=0)
    head.fit(csr_matrix(hstack(columns)), labels, sample_weight=weights)
    coefficients: Floats = head.coef_[0]
    coefficients[text.shape[1]] *= rule_weight
    return coefficients, float(head.intercept_[0])


def join_heads(fitted: Mapping[str, tuple[Floats, float]], areas: Sequence[str], grams: int) -> Heads:
    """The fitted areas side by side, coefficients in half precision as the model file keeps them."""
    table = np.stack([fitted[area][0] for area in areas], axis=1)
    rounded = table.astype(np.float16).astype(np.float32)
    return Heads(
        areas=tuple(areas),
        grams=rounded[:grams],
        rules=np.round(table[grams], 6),
        vector=rounded[grams + 1 :],
        intercepts=np.round([fitted[area][1] for area in areas], 6),
    )
