"""The embedding side channel of weak signals: dense spots among documents far from every area, and how they grow.

Documents outside the taxonomy of 26 weeks are clustered by HDBSCAN (Campello et al. 2013) on their vectors; a cluster
counts when a run four weeks earlier finds it too. Its growth is that of the documents within its reach, now against
the 156 weeks before, as an empirical-Bayes rate ratio (DuMouchel 1999). Pure: vectors and dates in, signals out.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from horizon.errors import UsageError
from horizon.records import Signal
from horizon.weeks import IsoWeek
from trends.cluster_names import strongest_terms
from trends.nearest import Centroids, Nearest, Sectors, Vectors, is_far, nearest, unit
from trends.rate_ratio import GammaPrior, fit_prior

METHOD = "clusters-1"
RECENT_WEEKS, BASE_WEEKS = 26, 156
RUN_APART_WEEKS = 4
HISTORY_WEEKS = BASE_WEEKS + 2 * RECENT_WEEKS + RUN_APART_WEEKS
"""Of documents that a flow should pass: the same growth is asked again of the 26 weeks before."""
SMALLEST_CLUSTER, NEIGHBOURS, DIMENSIONS = 15, 2, 20
MATCH_COSINE = 0.7
REACH_QUANTILE = 0.25
"""A document is within a cluster's reach when it is as near to the centroid as three in four of the members."""
OUTSIDE_CHANCE = 0.05
"""Of a document outside no area is listed, which takes this chance (nlp.classifier.LISTED_FROM)."""
LARGEST_POOL = 20_000
"""Documents clustered at most, drawn by their ids' hash: the work grows with the square."""
LEAST_EB05, LEAST_GROUPS, LEAST_CATEGORIES, MOST_IN_A_WEEK, LEAST_ACTIVE_WEEKS = 1.5, 6, 2, 0.35, 8
_MOST_ITEMS, _NAME_TERMS = 10, 3

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Documents:
    """Documents of one source, whether in an area or not; rows of every field belong together."""

    ids: tuple[str, ...]
    days: Ints
    """`date.toordinal` of the first public date."""
    vectors: Vectors
    groups: tuple[str, ...]
    """Last author, or applicant; empty where unknown."""
    categories: tuple[str, ...]
    """Primary category."""
    chances: npt.NDArray[np.float64]
    """Of the most probable area; 0 where none is listed."""

    def __post_init__(self) -> None:
        lengths = {len(self.ids), len(self.days), len(self.groups), len(self.categories), len(self.chances)}
        if lengths != {len(self.vectors)}:
            raise UsageError(f"expected {len(self.vectors)} rows in every field of the documents, found {lengths}")

    def ordered(self) -> "Documents":
        """By id, each id once, vectors at unit length: the same for any order in which they came."""
        _, rows = np.unique(np.array(self.ids, dtype=str), return_index=True)
        return self.only(rows, unit(self.vectors[rows]))

    def only(self, rows: Ints, vectors: Vectors | None = None) -> "Documents":
        """These rows."""
        return Documents(
            tuple(self.ids[row] for row in rows),
            np.asarray(self.days, dtype=np.int64)[rows],
            self.vectors[rows] if vectors is None else vectors,
            tuple(self.groups[row] for row in rows),
            tuple(self.categories[row] for row in rows),
            np.asarray(self.chances, dtype=np.float64)[rows],
        )

    def ages(self, week: IsoWeek) -> Ints:
        """Weeks before `week`: 0 within it, negative for what came later."""
        ages: Ints = (week.monday.toordinal() - 1) // 7 - (self.days - 1) // 7
        return ages


@dataclass(frozen=True)
class Cluster:
    """A dense spot among documents outside every area."""

    centre: Vectors
    reach: float
    """The cosine from which a document belongs to it, whenever it came."""
    members: tuple[str, ...]
    """Ids that HDBSCAN gave it."""


@dataclass(frozen=True)
class Growth:
    """Documents within a cluster's reach: now, before, and what was to be expected of now."""

    recent: Ints
    """Rows of the documents."""
    base: Ints
    expected: float


@dataclass(frozen=True)
class Surroundings:
    """What clusters are placed among."""

    areas: Centroids
    sector_of_area: Mapping[str, str]
    sectors: Sectors


def cluster_signals(
    source: str, week: IsoWeek, documents: Documents, around: Surroundings, terms: Mapping[str, Sequence[str]]
) -> list[Signal]:
    """Growing clusters of the 26 weeks up to `week` that a run four weeks earlier knew too, the strongest first.

    `documents` are all of the source's HISTORY_WEEKS (later ones are not looked at), `terms` by id those of the recent
    documents, from which names are made (`cluster_names.title_terms` of a title, or another extraction).
    """
    known = documents.ordered()
    outside = _outside(known, around.areas)
    before = find_clusters(known, outside, week + -RUN_APART_WEEKS)
    matched = [each for each in find_clusters(known, outside, week) if _match(each, before) >= MATCH_COSINE]
    growths = [growth_of(each, known, week) for each in matched]
    prior = fit_prior([len(each.recent) for each in growths], [each.expected for each in growths])
    signals = []
    for cluster, growth in zip(matched, growths, strict=True):
        if passes(growth, prior, known, week):
            signals.append(_signal(source, week, known, cluster, growth, prior, around, terms))
    return sorted(signals, key=lambda each: (-each.eb05, each.term, each.item_ids))


def _outside(documents: Documents, areas: Centroids) -> Mask:
    return is_far(documents.vectors, areas) & (documents.chances < OUTSIDE_CHANCE)


def find_clusters(documents: Documents, outside: Mask, week: IsoWeek) -> list[Cluster]:
    """Clusters of the documents `outside` of the 26 weeks up to `week`; `documents` must be `ordered`."""
    from sklearn.cluster import HDBSCAN  # type: ignore[import-untyped]  # ships no types

    ages = documents.ages(week)
    rows = _sample(documents, np.flatnonzero(outside & (ages >= 0) & (ages < RECENT_WEEKS)))
    if len(rows) <= SMALLEST_CLUSTER:
        return []
    model = HDBSCAN(
        min_cluster_size=SMALLEST_CLUSTER,
        min_samples=NEIGHBOURS,
        cluster_selection_method="leaf",
        algorithm="kd_tree",
        copy=True,
    )
    labels = model.fit(_reduced(documents.vectors[rows])).labels_
    return [_cluster(documents, rows[labels == each]) for each in range(labels.max() + 1)]


def _sample(documents: Documents, rows: Ints) -> Ints:
    if len(rows) <= LARGEST_POOL:
        return rows
    keys = [hashlib.sha256(documents.ids[row].encode()).digest() for row in rows]
    chosen = sorted(range(len(rows)), key=keys.__getitem__)[:LARGEST_POOL]
    return np.sort(rows[chosen])


def _reduced(vectors: Vectors) -> npt.NDArray[np.float64]:
    """On the leading principal components, at unit length: density means little in 128 dimensions."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    reduced: npt.NDArray[np.float64] = centred @ directions[:, ::-1][:, :DIMENSIONS]
    return reduced


def _cluster(documents: Documents, rows: Ints) -> Cluster:
    vectors = documents.vectors[rows]
    centre = unit(vectors.sum(axis=0, keepdims=True))[0]
    return Cluster(
        centre, float(np.quantile(vectors @ centre, REACH_QUANTILE)), tuple(documents.ids[row] for row in rows)
    )


def _match(cluster: Cluster, earlier: Sequence[Cluster]) -> float:
    """Cosine to the nearest cluster of the earlier run."""
    return max((float(cluster.centre @ each.centre) for each in earlier), default=-1.0)


def growth_of(cluster: Cluster, documents: Documents, week: IsoWeek) -> Growth:
    """Counts within the cluster's reach as of a week, all documents of the source being the denominator."""
    ages = documents.ages(week)
    now = (ages >= 0) & (ages < RECENT_WEEKS)
    before = (ages >= RECENT_WEEKS) & (ages < RECENT_WEEKS + BASE_WEEKS)
    within = documents.vectors @ cluster.centre >= cluster.reach
    base = np.flatnonzero(within & before)
    expected = (len(base) + 0.5) * now.sum() / max(int(before.sum()), 1)
    return Growth(np.flatnonzero(within & now), base, float(expected))


def passes(growth: Growth, prior: GammaPrior, documents: Documents, week: IsoWeek) -> bool:
    """Whether it grows, and is broad enough to be a topic: many groups, two fields, many weeks, no burst."""
    rows = growth.recent
    if not len(rows) or not growth.expected or prior.interval(len(rows), growth.expected)[0] <= LEAST_EB05:
        return False
    weekly = _weekly(growth, documents, week)
    return (
        len(_distinct(documents.groups, rows)) >= LEAST_GROUPS
        and len(_distinct(documents.categories, rows)) >= LEAST_CATEGORIES
        and weekly.max() <= MOST_IN_A_WEEK * len(rows)
        and int((weekly > 0).sum()) >= LEAST_ACTIVE_WEEKS
    )


def _weekly(growth: Growth, documents: Documents, week: IsoWeek) -> Ints:
    weekly: Ints = np.bincount(documents.ages(week)[growth.recent], minlength=RECENT_WEEKS)
    return weekly


def _distinct(names: Sequence[str], rows: Ints) -> set[str]:
    return {names[row] for row in rows} - {""}


def _signal(
    source: str,
    week: IsoWeek,
    documents: Documents,
    cluster: Cluster,
    growth: Growth,
    prior: GammaPrior,
    around: Surroundings,
    terms: Mapping[str, Sequence[str]],
) -> Signal:
    rows, count = growth.recent, len(growth.recent)
    eb05, eb95 = prior.interval(count, growth.expected)
    place = nearest(cluster.centre[None, :], around.areas, around.sector_of_area, around.sectors)[0]
    name = _name(documents, rows, week, terms) or (cluster.members[0],)
    half_a_year_ago = growth_of(cluster, documents, week + -RECENT_WEEKS)
    return Signal(
        source=source,
        week=week,
        channel="cluster",
        term=", ".join(name[:_NAME_TERMS]),
        variants=name[_NAME_TERMS:],
        first_seen=date.fromordinal(int(documents.days[np.concatenate([growth.base, rows])].min())),
        n_recent=count,
        n_base=len(growth.base),
        rate_ratio=round(prior.mean_of(count, growth.expected), 4),
        eb05=round(eb05, 4),
        eb95=round(eb95, 4),
        groups=len(_distinct(documents.groups, rows)),
        categories=len(_distinct(documents.categories, rows)),
        tier="confirmed" if passes(half_a_year_ago, prior, documents, week + -RECENT_WEEKS) else "first_sight",
        nearest_area=place.area,
        sector=place.sector,
        item_ids=_typical(documents, cluster, rows),
        why_now=_why_now(growth, documents, week, cluster, place),
        killed_by={"eb05": LEAST_EB05, "groups": LEAST_GROUPS, "active_weeks": LEAST_ACTIVE_WEEKS},
        method=METHOD,
    )


def _why_now(growth: Growth, documents: Documents, week: IsoWeek, cluster: Cluster, place: Nearest) -> dict[str, float]:
    weekly = _weekly(growth, documents, week)
    return {
        "members": float(len(cluster.members)),
        "expected": round(growth.expected, 2),
        "active_weeks": float((weekly > 0).sum()),
        "largest_week_share": round(float(weekly.max() / len(growth.recent)), 3),
        "tightness": round(tightness(documents.vectors[growth.recent]), 3),
        "nearest_area_cosine": round(place.cosine, 3),
    }


def _name(documents: Documents, rows: Ints, week: IsoWeek, terms: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    ages, mine = documents.ages(week), set(rows.tolist())
    recent = np.flatnonzero((ages >= 0) & (ages < RECENT_WEEKS)).tolist()
    members, others = [documents.ids[row] for row in rows], [documents.ids[row] for row in recent if row not in mine]
    return strongest_terms(members, others, terms)


def _typical(documents: Documents, cluster: Cluster, rows: Ints) -> tuple[str, ...]:
    """The ten nearest to the centre, the newest of them first."""
    cosines = documents.vectors[rows] @ cluster.centre
    chosen = rows[np.lexsort((rows, -np.round(cosines, 6)))][:_MOST_ITEMS]
    newest = sorted(chosen.tolist(), key=lambda row: (-documents.days[row], documents.ids[row]))
    return tuple(documents.ids[row] for row in newest)


def tightness(vectors: Vectors) -> float:
    """Mean cosine of two different documents: high for a technology, low for prose that is in fashion everywhere."""
    rows = unit(vectors).astype(np.float64)
    count = len(rows)
    if count < 2:
        return 0.0
    return float(((rows.sum(axis=0) ** 2).sum() - (rows**2).sum()) / (count * (count - 1)))
