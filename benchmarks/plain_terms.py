"""A plain term channel to measure the clusters against: title-anchored n-grams, EB05 with two components, gates."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from horizon.weeks import IsoWeek
from trends import clusters as channel
from trends.cluster_names import title_terms
from trends.rate_ratio import GammaPrior, fit_prior

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

LEAST_TITLES, LEAST_RECENT, MOST_BASE, SAME = 6, 6, 80, 0.6


@dataclass(frozen=True)
class TermMatrix:
    """Which document (row) has which term (column) in title or abstract."""

    terms: tuple[str, ...]
    table: "csc_matrix"


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


def flagged_terms(matrix: TermMatrix, known: channel.Documents, week: IsoWeek) -> list[tuple[str, set[int]]]:
    """(term, rows of its recent documents) of the terms that grow and pass the gates, near-duplicates merged."""
    ages = known.ages(week)
    now = (ages >= 0) & (ages < channel.RECENT_WEEKS)
    before = (ages >= channel.RECENT_WEEKS) & (ages < channel.RECENT_WEEKS + channel.BASE_WEEKS)
    recent, base = np.asarray(now @ matrix.table).ravel(), np.asarray(before @ matrix.table).ravel()
    expected = (base + 0.5) * now.sum() / before.sum()
    prior = _two_component(recent[recent + base >= 6], expected[recent + base >= 6])
    kept: list[tuple[str, set[int], float]] = []
    for column in np.flatnonzero((recent >= LEAST_RECENT) & (base <= MOST_BASE) & (recent > 1.5 * expected)):
        rows = matrix.table.indices[matrix.table.indptr[column] : matrix.table.indptr[column + 1]].astype(np.int64)
        rows = np.sort(rows[now[rows]])
        eb05 = prior(int(recent[column]), float(expected[column]))
        if eb05 > channel.LEAST_EB05 and _broad(rows, known, week):
            kept.append((matrix.terms[column], set(rows.tolist()), eb05))
    merged: list[tuple[str, set[int]]] = []
    for term, mine, _ in sorted(kept, key=lambda each: (-len(each[1]), each[0])):
        if all(len(mine & other) <= SAME * len(mine | other) for _, other in merged):
            merged.append((term, mine))
    return merged


def _two_component(counts, expected):  # type: ignore[no-untyped-def]
    """EB05 under a mixture of a tight and a broad gamma of mean about 1, fitted by EM on a grid of shapes."""
    from scipy.special import gammaln, gammainc
    from scipy.optimize import brentq

    def probable(shape):  # type: ignore[no-untyped-def]
        n, e = counts, expected
        return gammaln(shape + n) - gammaln(shape) + shape * np.log(shape / (shape + e)) + n * np.log(e / (shape + e))

    best = (-np.inf, 0.0, 0.0, 0.0)
    for tight in (5.0, 10.0, 20.0, 40.0):
        for broad in (0.3, 0.6, 1.0, 2.0):
            a, b, share = probable(tight), probable(broad), 0.7
            for _ in range(25):
                odds = 1 / (1 + (1 - share) / share * np.exp(np.clip(b - a, -50, 50)))
                share = float(np.clip(odds.mean(), 0.001, 0.999))
            total = float(np.logaddexp(np.log(share) + a, np.log(1 - share) + b).sum())
            best = max(best, (total, tight, broad, share))
    _, tight, broad, share = best

    def eb05(n: int, e: float) -> float:
        parts = []
        for shape, weight in ((tight, share), (broad, 1 - share)):
            like = (
                gammaln(shape + n) - gammaln(shape) + shape * np.log(shape / (shape + e)) + n * np.log(e / (shape + e))
            )
            parts.append(np.log(weight) + like)
        posterior = np.exp(np.array(parts) - np.logaddexp(*parts))

        def below(x: float) -> float:
            values = [gammainc(shape + n, x * (shape + e)) for shape in (tight, broad)]
            return float(posterior @ values) - 0.05

        return float(brentq(below, 1e-9, 1e4))

    return eb05


def _broad(rows, known: channel.Documents, week: IsoWeek) -> bool:  # type: ignore[no-untyped-def]
    weekly = np.bincount(known.ages(week)[rows], minlength=channel.RECENT_WEEKS)
    return (
        len({known.groups[row] for row in rows} - {""}) >= channel.LEAST_GROUPS
        and len({known.categories[row] for row in rows} - {""}) >= channel.LEAST_CATEGORIES
        and weekly.max() <= channel.MOST_IN_A_WEEK * len(rows)
        and int((weekly > 0).sum()) >= channel.LEAST_ACTIVE_WEEKS
    )
