"""Rate now over rate before, shrunk by what is usual: Poisson counts with a gamma prior that is learnt from them all.

DuMouchel (1999), The American Statistician 53, with one gamma component: clusters are large, and few a run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_SHAPES = np.geomspace(0.5, 200.0, 60)
_FEWEST = 5
_VAGUE_SHAPE = 2.0


@dataclass(frozen=True)
class GammaPrior:
    """Of the ratio of a count to what was expected of it."""

    shape: float
    rate: float

    def mean_of(self, count: int, expected: float) -> float:
        """Posterior mean of the ratio."""
        return (self.shape + count) / (self.rate + expected)

    def interval(self, count: int, expected: float) -> tuple[float, float]:
        """Posterior 5 % and 95 % points of the ratio (EB05, EB95)."""
        from scipy.special import gammaincinv

        low, high = gammaincinv(self.shape + count, [0.05, 0.95]) / (self.rate + expected)
        return float(low), float(high)


def fit_prior(counts: Sequence[int], expected: Sequence[float]) -> GammaPrior:
    """The gamma of mean 1 under which the counts are most probable; a vague one of mean 1 from fewer than five."""
    from scipy.special import gammaln

    if len(counts) < _FEWEST:
        return GammaPrior(_VAGUE_SHAPE, _VAGUE_SHAPE)
    n, e = np.asarray(counts, dtype=float)[:, None], np.asarray(expected, dtype=float)[:, None]
    shape = _SHAPES[None, :]
    probable = gammaln(shape + n) - gammaln(shape) + shape * np.log(shape / (shape + e)) + n * np.log(e / (shape + e))
    best = float(_SHAPES[int(probable.sum(axis=0).argmax())])
    return GammaPrior(best, best)
