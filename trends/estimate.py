"""A quantity with its uncertainty, as routes and actors tell it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A posterior mean with its central 80 % interval."""

    mean: float
    lo80: float
    hi80: float


def estimate(draws: Array) -> Estimate:
    """Of draws from a posterior."""
    low, high = np.quantile(draws, [0.1, 0.9])
    return Estimate(float(draws.mean()), float(low), float(high))


def proportion(n: int, of: int) -> Estimate:
    """Of `n` among `of`, by Jeffreys' prior; the mean is the plain proportion."""
    low, high = beta.ppf([0.1, 0.9], n + 0.5, of - n + 0.5)
    return Estimate(n / of, float(low) if n else 0.0, float(high) if n < of else 1.0)
