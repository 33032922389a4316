"""How rates of terms change between two windows: a mixture of two gammas, fitted to all terms of a scan.

k ~ Poisson(r E), r ~ w Gamma(a1, b1) + (1 - w) Gamma(a2, b2): the gamma-Poisson shrinker of DuMouchel (1999,
The American Statistician 53, 177-202). One gamma alone learns only the bulk of terms that do not move, and then calls
nothing surprising.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammainc, gammaln, log_expit, logsumexp

Array = npt.NDArray[np.float64]
_START = np.array([-1.5, 0.0, -0.3, 3.0, 3.0])
"""Logit of the broad part's weight, logs of its shape and rate, logs of the tight part's."""
_BISECTIONS = 45


@dataclass(frozen=True)
class RatePrior:
    """Weight of the broad part, then shape and rate of the broad and of the tight part."""

    weight: float
    shape: tuple[float, float]
    rate: tuple[float, float]

    def posterior(self, counts: Array, expected: Array) -> "RatePosterior":
        """Of each rate ratio, having seen that many where `expected` were due at ratio 1."""
        parts = [
            np.log(weight) + _log_marginal(counts, expected, shape, rate)
            for weight, shape, rate in zip((self.weight, 1 - self.weight), self.shape, self.rate, strict=True)
        ]
        logs = np.stack(parts)
        shapes = np.stack([counts + shape for shape in self.shape])
        rates = np.stack([expected + rate for rate in self.rate])
        return RatePosterior(np.exp(logs - logsumexp(logs, axis=0)), shapes, rates)


@dataclass(frozen=True)
class RatePosterior:
    """Two gammas a term: weights, shapes and rates of shape (2, terms)."""

    weights: Array
    shapes: Array
    rates: Array

    def mean(self) -> Array:
        """Posterior mean of the rate ratio."""
        found: Array = (self.weights * self.shapes / self.rates).sum(axis=0)
        return found

    def quantile(self, share: float) -> Array:
        """The ratio below which this share of the posterior lies, to 1e-9 of its logarithm."""
        low = np.full(self.weights.shape[1], -14.0)
        high = np.full(self.weights.shape[1], 14.0)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            below = (self.weights * gammainc(self.shapes, self.rates * np.exp(middle))).sum(axis=0)
            low, high = np.where(below < share, middle, low), np.where(below < share, high, middle)
        found: Array = np.exp((low + high) / 2)
        return found


def fit_prior(counts: Array, expected: Array, weights: Array) -> RatePrior:
    """By maximum likelihood; `weights` says how many terms each pair of count and expectation stands for."""
    total = weights.sum()

    def loss(theta: Array) -> float:
        shape, rate = np.exp(theta[[1, 3]]), np.exp(theta[[2, 4]])
        broad = log_expit(theta[0]) + _log_marginal(counts, expected, shape[0], rate[0])
        tight = log_expit(-theta[0]) + _log_marginal(counts, expected, shape[1], rate[1])
        # A faint pull to the start keeps a scan of few terms from running to the ends of the scale.
        return float(-(weights * np.logaddexp(broad, tight)).sum() / total + 1e-4 * ((theta - _START) ** 2).sum())

    found = minimize(loss, _START, method="L-BFGS-B", bounds=[(-6, 6), *[(-4.0, 7.0)] * 4]).x
    broad_shape, broad_rate, tight_shape, tight_rate = np.exp(found[1:]).tolist()
    return RatePrior(float(1 / (1 + np.exp(-found[0]))), (broad_shape, tight_shape), (broad_rate, tight_rate))


def _log_marginal(counts: Array, expected: Array, shape: float, rate: float) -> Array:
    """Of the negative binomial, without the part that both gammas share."""
    total = rate + expected
    found: Array = gammaln(shape + counts) - gammaln(shape) + shape * np.log(rate / total) - counts * np.log(total)
    return found
