"""A plain term channel to measure the clusters against: title-anchored n-grams, EB05 with two components, gates."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from horizon.weeks import IsoWeek
from trends import clusters as channel
from trends.cluster_names import title_terms

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

Floats = npt.NDArray[np.float64]
LEAST_TITLES, LEAST_RECENT, MOST_BASE, SAME = 6, 6, 80, 0.6


@dataclass(frozen=True)
class TermMatrix:
    """Which document (row) has which term (column) in title or abstract."""

    terms: tuple[str, ...]
    table: "csc_matrix"

    def rows(self, column: int) -> npt.NDArray[np.int64]:
        """Documents that have a term."""
        begin, end = self.table.indptr[column], self.table.indptr[column + 1]
        return np.sort(self.table.indices[begin:end].astype(np.int64))


def term_matrix(texts: Sequence[tuple[str, str]]) -> TermMatrix:
    """Of titles and abstracts; terms are those of enough titles."""
    from scipy.sparse import csr_matrix

    counts: Counter[str] = Counter()
    for title, _ in texts:
        counts.update(title_terms(title))
    vocabulary = {term: place for place, term in enumerate(sorted(t for t, n in counts.items() if n >= LEAST_TITLES))}
    columns: list[int] = []
    ends = [0]
    for title, abstract in texts:
        found = {vocabulary[term] for term in title_terms(f"{title} . {abstract}") if term in vocabulary}
        columns.extend(sorted(found))
        ends.append(len(columns))
    shape = (len(texts), len(vocabulary))
    table = csr_matrix((np.ones(len(columns), np.float32), np.array(columns), np.array(ends)), shape=shape)
    return TermMatrix(tuple(vocabulary), table.tocsc())


def flagged_terms(matrix: TermMatrix, known: channel.Documents, week: IsoWeek) -> list[int]:
    """Columns of the terms that grow and pass the gates, near-duplicates merged."""
    ages = known.ages(week)
    now = (ages >= 0) & (ages < channel.RECENT_WEEKS)
    before = (ages >= channel.RECENT_WEEKS) & (ages < channel.RECENT_WEEKS + channel.BASE_WEEKS)
    recent, base = np.asarray(now @ matrix.table).ravel(), np.asarray(before @ matrix.table).ravel()
    expected = (base + 0.5) * now.sum() / before.sum()
    eb05 = _two_component(recent[recent + base >= 6], expected[recent + base >= 6])
    kept: list[tuple[int, set[int]]] = []
    grows = (recent >= LEAST_RECENT) & (base <= MOST_BASE) & (recent > 1.5 * expected)
    for place in np.flatnonzero(grows):
        column = int(place)
        rows = matrix.rows(column)
        rows = rows[now[rows]]
        if eb05(int(recent[column]), float(expected[column])) > channel.LEAST_EB05 and _broad(rows, known, week):
            kept.append((column, set(rows.tolist())))
    merged: list[tuple[int, set[int]]] = []
    for found, mine in sorted(kept, key=lambda each: (-len(each[1]), each[0])):
        if all(len(mine & other) <= SAME * len(mine | other) for _, other in merged):
            merged.append((found, mine))
    return [column for column, _ in merged]


def _two_component(counts: Floats, expected: Floats) -> Callable[[int, float], float]:
    """EB05 under a mixture of a tight and a broad gamma of mean 1: shapes of a grid, the share by EM."""
    from scipy.optimize import brentq
    from scipy.special import gammainc

    best = (-np.inf, 0.0, 0.0, 0.0)
    for tight in (5.0, 10.0, 20.0, 40.0):
        for broad in (0.3, 0.6, 1.0, 2.0):
            a, b, share = _log_odds(counts, expected, tight), _log_odds(counts, expected, broad), 0.7
            for _ in range(25):
                is_tight = 1 / (1 + (1 - share) / share * np.exp(np.clip(b - a, -50, 50)))
                share = float(np.clip(is_tight.mean(), 0.001, 0.999))
            total = float(np.logaddexp(np.log(share) + a, np.log(1 - share) + b).sum())
            best = max(best, (total, tight, broad, share))
    shapes, weights = np.array(best[1:3]), np.array([best[3], 1 - best[3]])

    def eb05(count: int, usual: float) -> float:
        parts = np.log(weights) + _log_odds(np.float64(count), np.float64(usual), shapes)
        posterior = np.exp(parts - np.logaddexp(*parts))
        return float(
            brentq(lambda x: float(posterior @ gammainc(shapes + count, x * (shapes + usual))) - 0.05, 1e-9, 1e4)
        )

    return eb05


def _log_odds(counts: Any, expected: Any, shape: Any) -> Any:
    """Logarithm of the negative binomial that a gamma of mean 1 makes of the counts, but for a constant of theirs."""
    from scipy.special import gammaln

    made = gammaln(shape + counts) - gammaln(shape) + shape * np.log(shape / (shape + expected))
    return made + counts * np.log(expected / (shape + expected))


def _broad(rows: npt.NDArray[np.int64], known: channel.Documents, week: IsoWeek) -> bool:
    weekly = np.bincount(known.ages(week)[rows], minlength=channel.RECENT_WEEKS)
    broad: bool = (
        len({known.groups[row] for row in rows} - {""}) >= channel.LEAST_GROUPS
        and len({known.categories[row] for row in rows} - {""}) >= channel.LEAST_CATEGORIES
        and weekly.max() <= channel.MOST_IN_A_WEEK * len(rows)
        and int((weekly > 0).sum()) >= channel.LEAST_ACTIVE_WEEKS
    )
    return broad
