"""Other lists of what rises, over the same index: Kleinberg's bursts, bursts of yearly counts, last year's growth."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trends.signals.index import TermIndex
from trends.signals.scan import FEWEST, count_terms, windows
from trends.terms import Ints

Array = npt.NDArray[np.float64]


def periods(index: TermIndex, week: int, length: int, number: int, terms: Ints) -> tuple[Ints, Array]:
    """Documents with each term, and of all, in periods of `length` weeks up to a week; the oldest first."""
    spans = [index.documents(week - length * (back + 1) + 1, week - length * back) for back in reversed(range(number))]
    counts = np.stack([count_terms(index, span)[terms] for span in spans], axis=1)
    return counts, np.array([max(1, span[1] - span[0]) for span in spans], float)


def burst_weights(counts: Ints, totals: Array, ratio: float = 2.0, gamma: float = 1.0) -> Array:
    """Weight of the burst that lasts to the end, 0 where there is none: two states (Kleinberg 2002, section 4)."""
    low = np.clip(counts.sum(axis=1) / totals.sum(), 1e-9, 0.4)
    costs = np.stack([_cost(counts, totals, low), _cost(counts, totals, np.minimum(low * ratio, 0.9))])
    up = gamma * np.log(counts.shape[1])
    calm, burst = costs[0, :, 0].copy(), costs[1, :, 0] + up
    weight = np.zeros((2, len(counts)))
    weight[1] = np.maximum(0, costs[0, :, 0] - costs[1, :, 0])
    for t in range(1, counts.shape[1]):
        enters = calm + up < burst
        gain = costs[0, :, t] - costs[1, :, t]
        weight = np.stack([np.zeros(len(counts)), np.where(enters, 0, weight[1]) + gain])
        calm, burst = np.minimum(calm, burst) + costs[0, :, t], np.minimum(burst, calm + up) + costs[1, :, t]
    return np.where(burst < calm, np.maximum(weight[1], 0), 0.0)


def _cost(counts: Ints, totals: Array, rate: Array) -> Array:
    found: Array = -(counts * np.log(rate)[:, None] + (totals - counts) * np.log1p(-rate)[:, None])
    return found


def eligible(index: TermIndex, week: int, most_base: int | None) -> Ints:
    """Terms with as many recent documents as a flag needs and, if told, at most so many before."""
    recent = count_terms(index, index.documents(week - 25, week))
    known = (index.anchored < index.documents(week, week)[1]) & (recent >= FEWEST)
    if most_base is not None:
        known &= count_terms(index, windows(index, week).base) <= most_base
    return np.flatnonzero(known)


def kleinberg(index: TermIndex, week: int, terms: Ints) -> Array:
    """Quarters of four years."""
    return burst_weights(*periods(index, week, 13, 16, terms))


def citespace_like(index: TermIndex, week: int, terms: Ints) -> Array:
    """The same automaton over yearly counts, as CiteSpace lists bursts of terms."""
    return burst_weights(*periods(index, week, 52, 5, terms))


def last_years_growth(index: TermIndex, week: int, terms: Ints) -> Array:
    """Share of the last 52 weeks over that of the 52 before, of terms with at least 30 papers in both together."""
    counts, totals = periods(index, week, 52, 2, terms)
    ratio = (counts[:, 1] + 0.5) / totals[1] / ((counts[:, 0] + 0.5) / totals[0])
    return np.where(counts.sum(axis=1) >= 30, ratio, 0.0)


def top_terms(
    index: TermIndex, week: int, method: Callable[[TermIndex, int, Ints], Array], number: int, most_base: int | None
) -> Ints:
    """The best terms by a method; merged no further."""
    terms = eligible(index, week, most_base)
    score = method(index, week, terms)
    order = np.argsort(-score, kind="stable")[:number]
    return terms[order[score[order] > 0]]
