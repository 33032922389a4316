"""One look at all terms of a week: which ones are now more frequent than their past explains, and the facts of each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trends.signals.index import TermIndex
from trends.signals.prior import Array, RatePrior, fit_prior
from trends.terms import Ints

RECENT, BASE = 26, 156
"""Weeks of the two windows."""
LEAST_BASE = 52
"""Weeks of base without which nothing can be called new."""
FEWEST = 6
"""Documents: of both windows, for a term to inform the prior; of the recent one, to be a candidate."""
MOST_BASE = 400
LEAST_EB05 = 1.5


@dataclass(frozen=True)
class Windows:
    """Half-open ranges of documents: recent, base; and their weeks."""

    week: int
    recent: tuple[int, int]
    base: tuple[int, int]

    @property
    def n_recent(self) -> int:
        return self.recent[1] - self.recent[0]

    @property
    def n_base(self) -> int:
        return self.base[1] - self.base[0]


@dataclass(frozen=True)
class Candidates:
    """Terms that grow beyond chance, one place each; nothing is said yet of who writes about them."""

    windows: Windows
    term: Ints
    n_recent: Ints
    n_base: Ints
    ratio: Array
    eb05: Array
    eb95: Array
    entry_term: Ints
    """Of every (candidate, recent document): place of the candidate."""
    entry_document: Ints
    entry_title: npt.NDArray[np.bool_]
    prior: RatePrior

    def __len__(self) -> int:
        return len(self.term)


def windows(index: TermIndex, week: int) -> Windows:
    """The last 26 weeks up to `week`, and the 156 before (or what there is of them)."""
    recent = index.documents(week - RECENT + 1, week)
    return Windows(week, recent, index.documents(week - RECENT - BASE + 1, week - RECENT))


def has_history(index: TermIndex, week: int) -> bool:
    """Whether the base window holds enough weeks for a scan."""
    if not len(index.week) or not windows(index, week).n_recent:
        return False
    return week - RECENT - int(index.week[0]) + 1 >= LEAST_BASE


def scan(index: TermIndex, week: int) -> Candidates:
    """Every term with EB05 above 1.5, at least 6 recent documents and at most 400 before."""
    found = windows(index, week)
    recent, base = count_terms(index, found.recent), count_terms(index, found.base)
    known = index.anchored < found.recent[1]
    exposure = exposure_ratio(index, found)
    prior = _fit(recent[known], base[known], exposure)
    # The lower bound is never above the plain ratio, so most terms need no posterior.
    rising = recent > LEAST_EB05 * (base + 0.5) * exposure
    term = np.flatnonzero(known & rising & (recent >= FEWEST) & (base <= MOST_BASE))
    posterior = prior.posterior(recent[term].astype(np.float64), np.asarray((base[term] + 0.5) * exposure, np.float64))
    eb05 = posterior.quantile(0.05)
    chosen = eb05 > LEAST_EB05
    term = term[chosen]
    eb95, ratio = posterior.quantile(0.95)[chosen], posterior.mean()[chosen]
    entries = _entries(index, found.recent, term)
    return Candidates(found, term, recent[term], base[term], ratio, eb05[chosen], eb95, *entries, prior)


def exposure_ratio(index: TermIndex, found: Windows) -> float:
    """Words read in the recent window for each one read in the base.

    Of words and not of documents: where abstracts are missing more often in one of the windows, every term would seem
    to rise or fall with them.
    """
    return mass(index, found.recent) / max(1, mass(index, found.base))


def mass(index: TermIndex, documents: tuple[int, int]) -> int:
    """Terms of all documents of a range, the denominator of a term's share."""
    return int(index.pointers[documents[1]] - index.pointers[documents[0]])


def count_terms(index: TermIndex, documents: tuple[int, int]) -> Ints:
    """Documents of a range that hold each term."""
    first, last = index.pointers[documents[0]], index.pointers[documents[1]]
    return np.bincount(index.terms[first:last], minlength=len(index.hashes))


def _fit(recent: Ints, base: Ints, exposure: float) -> RatePrior:
    """Pairs of counts repeat a hundredfold, so the likelihood is taken over distinct pairs."""
    enough = recent + base >= FEWEST
    width = int(base[enough].max(initial=0)) + 1
    pairs, weights = np.unique(recent[enough] * width + base[enough], return_counts=True)
    counts, before = np.divmod(pairs, width)
    if not len(pairs):
        counts, before, weights = np.zeros(1), np.zeros(1), np.ones(1, np.int64)
    return fit_prior(counts.astype(float), (before + 0.5) * exposure, weights.astype(float))


def _entries(index: TermIndex, documents: tuple[int, int], term: Ints) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    place = np.full(len(index.hashes), -1, np.int64)
    place[term] = np.arange(len(term))
    first, last = index.pointers[documents[0]], index.pointers[documents[1]]
    found = place[index.terms[first:last]]
    kept = np.flatnonzero(found >= 0)
    document = np.searchsorted(index.pointers, kept + first, side="right") - 1
    return found[kept], document, index.in_title[first:last][kept]
