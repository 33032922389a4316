"""The embedding side channel on real arXiv: how many clusters, what became of them, what terms had not said already.

    python -m benchmarks.arxiv_vectors FOLDER      once
    python -m benchmarks.clusters FOLDER           writes benchmarks/results/clusters.md

Panel: records with an abstract whose primary category is steady over 2010 to 2019, so that neither a category's birth
nor a file's end looks like growth. Scans every 13 weeks; outcome as in the term channel: share of the documents within
the cluster's reach in weeks +52 to +104, against the share at the flag (sustained: at least; doubled: at least twice).
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.arxiv_vectors import Corpus, corpus
from benchmarks.plain_terms import TermMatrix, flagged_terms, term_matrix
from horizon.errors import UsageError
from horizon.weeks import IsoWeek
from nlp.classifier import Classifier
from nlp.features import Document, Reader
from nlp.gram_vectors import load_gram_vectors
from nlp.matcher import matcher_of
from nlp.model_file import SHIPPED, load_model
from taxonomy.load import Taxonomy, load_taxonomy
from trends import clusters as channel
from trends.cluster_names import strongest_terms, title_terms
from trends.nearest import Centroids, Sectors, centroids_of, nearest, sector_texts
from trends.rate_ratio import GammaPrior, fit_prior

RESULT = Path(__file__).parent / "results" / "clusters.md"
SHORTEST_ABSTRACT = 200
FIRST_SCAN, LAST_SCAN, APART = IsoWeek(2014, 8), IsoWeek(2017, 51), 13
OUTCOME = (53, 104)
"""Weeks after the flag, both ends included."""
COVERED = 0.3
"""A cluster was had already by the term channel when so many of its recent documents carry one flagged term."""
_LEAST_A_YEAR, _LEAST_OF_BEFORE, _MOST_GROWTH = 30, 0.5, 3.0
Ints = npt.NDArray[np.int64]


@dataclass
class Found:
    """One matched cluster of one scan, with what became of it."""

    scan: int
    week: IsoWeek
    cluster: channel.Cluster
    rows: Ints
    eb05: float
    gated: bool
    confirmed: bool
    ratio: float
    later: float
    """Share in the weeks of the outcome over the share at the flag."""
    covered: float = 0.0
    """Largest part of its recent documents that carry one flagged term."""
    by_term: str = ""
    best_jaccard: float = 0.0


@dataclass
class Run:
    found: list[Found] = field(default_factory=list)
    clusters: list[int] = field(default_factory=list)
    matched: list[int] = field(default_factory=list)
    pool: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """CPU-seconds of one scan as the product runs it: two clusterings and the growths."""


def surroundings(taxonomy: Taxonomy) -> channel.Surroundings:
    """Centroids from the labelled items that ship with the model, sectors from their words."""
    labelled = load_model(SHIPPED)[0].labelled
    if labelled is None:
        raise UsageError("expected a model with labelled items, found one without; run horizon train")
    centroids = centroids_of(labelled.guessed_units, labelled.areas)
    reader, grams = Reader(taxonomy, matcher_of(taxonomy)), load_gram_vectors()
    names, texts = zip(*sector_texts(), strict=True)
    vectors = grams.encode([reader.read(Document("sector:field", text)).words for text in texts])
    sector_of_area = {area.id: str(area.sector) for area in taxonomy.areas}
    return channel.Surroundings(centroids, sector_of_area, Sectors.of(names, vectors))


def steady(read: Corpus) -> npt.NDArray[np.bool_]:
    """Rows with an abstract in a category that neither begins nor ends within the years."""
    frame = read.frame
    yearly = frame.groupby(["primary_category", frame.created.str[:4]]).size().unstack(fill_value=0)
    before = yearly.shift(1, axis=1).iloc[:, 1:]
    change = yearly.iloc[:, 1:] / before.clip(lower=1)
    good = (yearly.min(axis=1) >= _LEAST_A_YEAR) & (change.min(axis=1) >= _LEAST_OF_BEFORE)
    good &= change.max(axis=1) <= _MOST_GROWTH
    wanted = frame.primary_category.isin(yearly.index[good]) & (
        frame.abstract.fillna("").str.len() >= SHORTEST_ABSTRACT
    )
    return wanted.to_numpy()


def documents(read: Corpus, rows: npt.NDArray[np.bool_]) -> channel.Documents:
    """As the channel takes them."""
    frame = read.frame[rows]
    days = np.array([each.toordinal() for each in frame.created.map(lambda day: np.datetime64(day).astype("O"))])
    chances = read.probabilities[rows].max(axis=1).astype(np.float64)
    made = channel.Documents(
        tuple(frame.arxiv_id),
        days,
        read.vectors[rows],
        tuple(each.split(", ")[-1] for each in frame.authors.fillna("")),
        tuple(frame.primary_category),
        np.where(chances < channel.OUTSIDE_CHANCE, 0.0, chances),
    )
    return made.ordered()


def scans() -> Iterator[tuple[int, IsoWeek]]:
    week, number = FIRST_SCAN, 0
    while week <= LAST_SCAN:
        yield number, week
        week, number = week + APART, number + 1


def run_channel(known: channel.Documents, areas: Centroids) -> Run:
    """Every scan, with all matched clusters whether they grow or not."""
    run, outside = Run(), channel._outside(known, areas)
    for number, week in scans():
        started = time.process_time()
        before = channel.find_clusters(known, outside, week + -channel.RUN_APART_WEEKS)
        now = channel.find_clusters(known, outside, week)
        matched = [each for each in now if channel._match(each, before) >= channel.MATCH_COSINE]
        growths = [channel.growth_of(each, known, week) for each in matched]
        prior = fit_prior([len(each.recent) for each in growths], [each.expected for each in growths])
        run.found += [_found(number, week, known, *each, prior) for each in zip(matched, growths, strict=True)]
        run.seconds.append(time.process_time() - started)
        run.clusters.append(len(now))
        run.matched.append(len(matched))
        ages = known.ages(week)
        run.pool.append(int((outside & (ages >= 0) & (ages < channel.RECENT_WEEKS)).sum()))
        print(week, run.pool[-1], "outside,", len(now), "clusters,", len(matched), "matched", flush=True)
    return run


def _found(
    number: int,
    week: IsoWeek,
    known: channel.Documents,
    cluster: channel.Cluster,
    growth: channel.Growth,
    prior: GammaPrior,
) -> Found:
    ages = known.ages(week)
    count = len(growth.recent)
    eb05 = prior.interval(count, growth.expected)[0]
    half = channel.growth_of(cluster, known, week + -channel.RECENT_WEEKS)
    gated = channel.passes(growth, prior, known, week)
    confirmed = gated and channel.passes(half, prior, known, week + -channel.RECENT_WEEKS)
    within = known.vectors @ cluster.centre >= cluster.reach
    now, then = (ages >= 0) & (ages < channel.RECENT_WEEKS), (-ages >= OUTCOME[0]) & (-ages <= OUTCOME[1])
    later = (within & then).sum() / max(then.sum(), 1) / max(count / now.sum(), 1e-12)
    ratio = prior.mean_of(count, growth.expected)
    return Found(number, week, cluster, growth.recent, eb05, gated, confirmed, ratio, float(later))


def overlap(found: Sequence[Found], known: channel.Documents, matrix: TermMatrix) -> list[int]:
    """Fill in how far flagged terms cover each cluster; returns the number of flagged terms of every scan."""
    numbers = []
    for _, week in scans():
        flagged = flagged_terms(matrix, known, week)
        numbers.append(len(flagged))
        for each in (one for one in found if one.week == week):
            mine = set(each.rows.tolist())
            for term, rows in flagged:
                shared = len(mine & rows)
                if shared / len(mine) > each.covered:
                    each.covered, each.by_term = shared / len(mine), term
                each.best_jaccard = max(each.best_jaccard, shared / len(mine | rows))
    return numbers


def shuffled(known: channel.Documents, seed: int = 0) -> channel.Documents:
    """The same documents with their dates dealt anew: nothing grows."""
    days = np.random.default_rng(seed).permutation(known.days)
    return channel.Documents(known.ids, days, known.vectors, known.groups, known.categories, known.chances)


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and write the page."""
    if not arguments:
        raise UsageError("expected the folder of benchmarks.arxiv_vectors, found none; name it")
    taxonomy, read = load_taxonomy(), corpus(Path(arguments[0]))
    around, rows = surroundings(taxonomy), steady(read)
    known = documents(read, rows)
    print(f"{len(known.ids):,} documents")
    run = run_channel(known, around.areas)
    null = run_channel(shuffled(known), around.areas)
    titles = dict(zip(read.frame.arxiv_id, zip(read.frame.title, read.frame.abstract, strict=True), strict=True))
    matrix = term_matrix([titles[each] for each in known.ids])
    flagged = overlap(run.found, known, matrix)
    import pickle

    pickle.dump((run, null, flagged), open("/tmp/s2/clusters.pkl", "wb"))


if __name__ == "__main__":
    main(sys.argv[1:])
