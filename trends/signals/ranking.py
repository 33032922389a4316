"""The chance that a flag lasts, learnt from earlier flags whose outcome is known or foreshadowed.

An outcome takes 104 weeks, and how often flags last changes faster than that. So flags of 52 or 78 weeks of age teach
too, with the probability that their share so far gives them; and old flags count less and less.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import yaml

from trends.signals.flags import FEATURES
from trends.signals.prior import Array

OUTCOME = (53, 104)
"""Weeks after a flag over which its share must be at least that at the flag: sustained."""
INTERIM = ((53, 78), (27, 52))
"""Earlier looks, the later first; each is known when its last week is over."""
FEWEST_FLAGS = 60
"""Known outcomes, without which nothing is learnt from own history alone."""
_FADING = 52.0
"""Weeks in which the weight of a flag falls to 1/e."""
_RIDGE = 3.0
_FREE = 1e-3
_STEPS = 50
_Z80 = 1.2815515655446004


@dataclass(frozen=True)
class PastFlag:
    """What a flag taught. A ratio is the later share over the share at the flag; None while unknown."""

    week: int
    term: str
    features: tuple[float, ...]
    ratio: float | None = None
    """Over weeks 53 to 104."""
    ratio_78: float | None = None
    """Over weeks 53 to 78."""
    ratio_52: float | None = None
    """Over weeks 27 to 52."""


@dataclass(frozen=True)
class RankingModel:
    """A logistic regression over FEATURES after (x - mean) / scale; the intercept comes first."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    """Of the coefficients, over resampled scans: flags of one scan rise and fall together."""
    flags: int
    learnt_from: str
    """Where and when, for the method page."""
    stray: float = 0.0
    """Log odds by which whole scans strayed from what was said of them, in 8 of 10 past scans; the covariance, which
    sees the scans learnt from, has been far too sure of the next one's level."""

    def predict(self, features: Sequence[tuple[float, ...]]) -> list[tuple[float, float, float]]:
        """P(sustained) and the ends of its 80 % interval, of each flag."""
        if not features:
            return []
        design = _design(np.array(features), np.array(self.mean), np.array(self.scale))
        center = design @ np.array(self.coefficients)
        width = _Z80 * np.sqrt(np.einsum("ij,jk,ik->i", design, np.array(self.covariance), design))
        width = np.maximum(width, self.stray)
        ends = [_logistic(center), _logistic(center - width), _logistic(center + width)]
        return [(float(p), float(low), float(high)) for p, low, high in zip(*ends, strict=True)]

    def to_dict(self) -> dict[str, object]:
        """Numbers only; as shipped in ranking.yml."""
        return {"features": list(FEATURES), **{name: _plain(value) for name, value in asdict(self).items()}}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value


@cache
def shipped_model() -> RankingModel:
    """Learnt on arXiv 2008-2019, in force until a store has flags of its own that came due."""
    text = (files("trends.signals") / "ranking.yml").read_text(encoding="utf-8")
    loaded = yaml.safe_load(text)
    if tuple(loaded.pop("features")) != FEATURES:
        raise ValueError("expected the shipped ranking to have the features of this version; learn it again")
    return RankingModel(
        tuple(loaded["mean"]),
        tuple(loaded["scale"]),
        tuple(loaded["coefficients"]),
        tuple(map(tuple, loaded["covariance"])),
        loaded["flags"],
        loaded["learnt_from"],
        loaded["stray"],
    )


def fit_ranking(history: Sequence[PastFlag], week: int, prior: RankingModel | None = None) -> RankingModel | None:
    """The model as of a week, from flags and outcomes that were known then; others are passed over.

    With a prior, own history moves its coefficients as far as it has weight. Without one, None while fewer than 60
    outcomes are known.
    """
    taught = teach(history, week)
    known = sum(flag.ratio is not None and flag.week + OUTCOME[1] <= week for flag in history)
    if known < FEWEST_FLAGS:
        return prior
    features = np.array([flag.features for flag, _ in taught])
    chances = np.array([chance for _, chance in taught])
    weeks = np.array([flag.week for flag, _ in taught])
    weights = np.exp(-(week - weeks) / _FADING)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    start, precision = np.zeros(len(FEATURES) + 1), np.r_[_FREE, np.full(len(FEATURES), _RIDGE)]
    if prior is not None:
        mean, scale = np.array(prior.mean), np.array(prior.scale)
        start, precision = np.array(prior.coefficients), np.r_[1.0, np.full(len(FEATURES), _RIDGE)]
    design = _design(features, mean, scale)
    fitted = _fit(design, chances, weights, start, precision)
    covariance = _covariance(design, chances, weights, fitted, precision, weeks)
    return RankingModel(
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        tuple(fitted.tolist()),
        tuple(map(tuple, covariance.tolist())),
        len(taught),
        "own flags" if prior is None else f"own flags after {prior.learnt_from}",
        0.0 if prior is None else prior.stray,
    )


def strayed(said: Sequence[float], came: Sequence[bool]) -> float:
    """How far the level of a scan lay from what was said of its flags, in log odds."""
    size, expected, seen = len(said), sum(said), sum(came)
    return float(np.log((seen + 0.5) / (size - seen + 0.5)) - np.log((expected + 0.5) / (size - expected + 0.5)))


def teach(history: Sequence[PastFlag], week: int) -> list[tuple[PastFlag, float]]:
    """Flags with the chance that they were sustained, as far as it can be known at a week."""
    full = [flag for flag in history if flag.ratio is not None and flag.week + OUTCOME[1] <= week]
    taught = [(flag, float(flag.ratio is not None and flag.ratio >= 1)) for flag in full]
    due = {id(flag) for flag in full}
    seen = set(due)
    for name, (_, last) in zip(("ratio_78", "ratio_52"), INTERIM, strict=True):
        pairs = [(flag, getattr(flag, name)) for flag in history if flag.week + last <= week]
        foreshadow = _foreshadow([pair for pair in pairs if pair[1] is not None and id(pair[0]) in due], week)
        for flag, ratio in pairs:
            if id(flag) not in seen and ratio is not None and foreshadow is not None:
                seen.add(id(flag))
                taught.append((flag, float(_logistic(foreshadow[0] + foreshadow[1] * _log(np.array(ratio))))))
    return sorted(taught, key=lambda pair: (pair[0].week, pair[0].term))


def _foreshadow(pairs: Sequence[tuple[PastFlag, float]], week: int) -> Array | None:
    """How an interim ratio tells the outcome: intercept and slope over its logarithm."""
    if len(pairs) < FEWEST_FLAGS:
        return None
    outcomes = np.array([float((flag.ratio or 0.0) >= 1) for flag, _ in pairs])
    ages = week - OUTCOME[1] - np.array([flag.week for flag, _ in pairs])
    weights = np.exp(-ages / _FADING)
    design = np.column_stack([np.ones(len(pairs)), _log(np.array([ratio for _, ratio in pairs]))])
    return _fit(design, outcomes, weights, np.zeros(2), np.array([_FREE, 1.0]))


def _log(ratio: Array) -> Array:
    found: Array = np.log(np.maximum(ratio, 0.01))
    return found


def _design(features: Array, mean: Array, scale: Array) -> Array:
    return np.column_stack([np.ones(len(features)), (features - mean) / scale])


def _fit(design: Array, chances: Array, weights: Array, start: Array, precision: Array) -> Array:
    """Newton's method with a ridge to `start`; steps are bounded, so that separable flags do not run away."""
    found = start.copy()
    for _ in range(_STEPS):
        fitted = _logistic(design @ found)
        gradient = design.T @ (weights * (chances - fitted)) - precision * (found - start)
        step = np.linalg.solve(_curvature(design, weights, fitted, precision), gradient)
        found += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return found


def _curvature(design: Array, weights: Array, fitted: Array, precision: Array) -> Array:
    found: Array = (design * (weights * fitted * (1 - fitted))[:, None]).T @ design + np.diag(precision)
    return found


def _covariance(
    design: Array, chances: Array, weights: Array, fitted: Array, precision: Array, weeks: npt.NDArray[np.int64]
) -> Array:
    """Sandwich estimator with the scans as clusters (Liang and Zeger 1986)."""
    shares = _logistic(design @ fitted)
    bread = np.linalg.inv(_curvature(design, weights, shares, precision))
    scores = design * (weights * (chances - shares))[:, None]
    by_scan = np.stack([scores[weeks == week].sum(axis=0) for week in np.unique(weeks)])
    found: Array = bread @ (by_scan.T @ by_scan) @ bread
    found[0, 0] += _drift(chances, weights, shares, weeks)
    return found


def _drift(chances: Array, weights: Array, shares: Array, weeks: npt.NDArray[np.int64]) -> float:
    """Variance between scans of the log odds that their flags last, beyond what the features say: the next scan too
    will have a level of its own."""
    scans, place = np.unique(weeks, return_inverse=True)
    size, seen, fitted, weight = (
        np.bincount(place, weights=values, minlength=len(scans))
        for values in (np.ones(len(place)), chances, shares, weights)
    )
    gap = np.log((seen + 0.5) / (size - seen + 0.5)) - np.log((fitted + 0.5) / (size - fitted + 0.5))
    return float((weight * gap**2).sum() / weight.sum())


def _logistic(values: Array) -> Array:
    found: Array = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return found
