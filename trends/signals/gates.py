"""Who writes about a candidate, where and when: the gates that keep proceedings, projects and single groups out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trends.signals.index import TermIndex
from trends.signals.prior import Array
from trends.signals.scan import RECENT, Candidates
from trends.terms import Ints

LEAST_GROUPS = 6
LEAST_CATEGORIES = 2
MOST_OF_ONE_WEEK = 0.35
LEAST_WEEKS = 8


@dataclass(frozen=True)
class Breadth:
    """Of each candidate, over its recent documents."""

    groups: Ints
    """Distinct last authors."""
    first_authors: Ints
    categories: Ints
    """Distinct primary categories."""
    category_entropy: Array
    """In nats."""
    weeks: Ints
    """Weeks with a document."""
    largest_week: Array
    """Share of the documents that fall in the week with most."""
    later_half: Ints
    """Documents of the last 13 weeks."""
    titles: Ints
    """Documents with the term in the title."""

    def passes(self) -> npt.NDArray[np.bool_]:
        """At least 6 groups, 2 categories and 8 active weeks, and no week with more than 35 %."""
        return (
            (self.groups >= LEAST_GROUPS)
            & (self.categories >= LEAST_CATEGORIES)
            & (self.largest_week <= MOST_OF_ONE_WEEK)
            & (self.weeks >= LEAST_WEEKS)
        )


def measure_breadth(index: TermIndex, found: Candidates) -> Breadth:
    """Of every candidate of a scan."""
    size, term, document = len(found), found.entry_term, found.entry_document
    ago = found.windows.week - index.week[document]
    by_week = np.bincount(term * RECENT + ago, minlength=size * RECENT).reshape(size, RECENT)
    shares, categories = _shares(size, term, index.category[document])
    return Breadth(
        groups=_distinct(size, term, index.last_author[document]),
        first_authors=_distinct(size, term, index.first_author[document]),
        categories=categories,
        category_entropy=shares,
        weeks=(by_week > 0).sum(axis=1),
        largest_week=by_week.max(axis=1, initial=0) / np.maximum(1, found.n_recent),
        later_half=by_week[:, : RECENT // 2].sum(axis=1),
        titles=np.bincount(term, weights=found.entry_title, minlength=size).astype(np.int64),
    )


def _distinct(size: int, term: Ints, value: npt.NDArray[np.uint64]) -> Ints:
    """Different values of each term; 0 is unknown and counts for nobody."""
    _, number = np.unique(value, return_inverse=True)
    pairs = np.unique(term[value != 0] * (len(value) + 1) + number[value != 0])
    return np.bincount(pairs // (len(value) + 1), minlength=size)


def _shares(size: int, term: Ints, category: npt.NDArray[np.int32]) -> tuple[Array, Ints]:
    """Entropy and number of the primary categories of each term."""
    known = category >= 0
    width = int(category.max(initial=0)) + 1
    pairs, counts = np.unique(term[known] * width + category[known], return_counts=True)
    owner = pairs // width
    total = np.bincount(owner, weights=counts, minlength=size)
    share = counts / total[owner]
    entropy = np.bincount(owner, weights=-share * np.log(share), minlength=size)
    return np.asarray(entropy, np.float64), np.bincount(owner, minlength=size).astype(np.int64)
