"""The embedding side channel on a made-up stream: a planted topic among noise."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from horizon.errors import UsageError
from horizon.records import Signal
from horizon.weeks import IsoWeek
from trends.cluster_names import strongest_terms, title_terms
from trends.clusters import HISTORY_WEEKS, Documents, Surroundings, cluster_signals, find_clusters, tightness
from trends.nearest import Centroids, Sectors, unit
from trends.rate_ratio import GammaPrior, fit_prior

WEEK = IsoWeek(2026, 40)
WIDTH = 24
A_WEEK = 12
TOPIC = np.eye(WIDTH)[0]
AROUND = Surroundings(
    Centroids(("fusion",), np.eye(WIDTH, dtype=np.float32)[1:2], np.array([0.9])),
    {"fusion": "energy"},
    Sectors.of(["space", "health"], np.eye(WIDTH, dtype=np.float32)[[0, 2]]),
)


def stream(
    planted: int = 0, *, since: int = 26, groups: int = 9, categories: int = 3, chance: float = 0.0
) -> Documents:
    """Noise of every week, and a topic of `planted` documents a week in the newest `since` weeks."""
    random = np.random.default_rng(7)
    ids, days, vectors = [], [], []
    for age in range(HISTORY_WEEKS):
        hot = planted if age < since else 0
        for number in range(A_WEEK + hot):
            ids.append(f"sim:{'topic' if number >= A_WEEK else 'noise'}-{age:03d}-{number}")
            days.append((WEEK + -age).monday.toordinal() + number % 7)
            vector = random.normal(size=WIDTH)
            vectors.append(TOPIC * 3 + vector * 0.15 if number >= A_WEEK else vector)
    count = len(ids)
    return Documents(
        tuple(ids),
        np.array(days),
        np.array(vectors, np.float32),
        tuple(f"group {row % groups}" for row in range(count)),
        tuple(f"category {row % categories}" for row in range(count)),
        np.full(count, chance),
    )


def signals(documents: Documents) -> list[Signal]:
    words = {"topic": ("orbital refuelling", "propellant depot"), "noise": ("study",)}
    terms = {each: words[each[4:9]] for each in documents.ids}
    return cluster_signals("arxiv", WEEK, documents, AROUND, terms)


def test_a_planted_topic_is_found_over_two_runs_and_placed() -> None:
    [found] = signals(stream(3))
    assert found.channel == "cluster"
    assert found.term == "orbital refuelling, propellant depot"
    assert found.n_recent == pytest.approx(78 * 0.75, abs=4)
    assert found.n_base == 0
    assert found.eb05 > 1.5
    assert (found.nearest_area, found.sector) == ("fusion", "space")
    assert found.tier == "first_sight"
    assert all("topic" in each for each in found.item_ids)
    assert len(found.item_ids) == 10
    assert found.first_seen >= (WEEK + -25).monday - timedelta(days=1)


def test_a_topic_too_young_for_two_runs_waits() -> None:
    documents = stream(3)
    young = [row for row, each in enumerate(documents.ids) if "noise" in each or int(each.split("-")[1]) < 4]
    assert signals(documents.only(np.array(young))) == []


def test_noise_gives_no_signal() -> None:
    assert signals(stream()) == []


def test_what_does_not_grow_gives_no_signal() -> None:
    assert signals(stream(3, since=HISTORY_WEEKS)) == []


@pytest.mark.parametrize("narrow", [{"groups": 4}, {"categories": 1}, {"chance": 0.3}], ids=str)
def test_one_group_one_field_or_a_listed_area_is_no_topic(narrow: dict[str, int]) -> None:
    assert signals(stream(3, **narrow)) == []


def test_what_lies_in_an_area_is_not_clustered() -> None:
    documents = stream(3)
    inside = Surroundings(
        Centroids(("fusion",), TOPIC[None, :].astype(np.float32), np.array([0.5])), {}, AROUND.sectors
    )
    assert cluster_signals("arxiv", WEEK, documents, inside, {}) == []


def test_order_repeats_and_later_documents_change_nothing() -> None:
    documents = stream(3)
    shuffled = np.random.default_rng(1).permutation(len(documents.ids))
    twice = documents.only(np.concatenate([shuffled, shuffled[:50]]))
    assert signals(twice) == signals(documents)
    junk = replace(documents, ids=tuple(f"{each}-later" for each in documents.ids), days=documents.days + 7 * 400)
    both = Documents(
        documents.ids + junk.ids,
        np.concatenate([documents.days, junk.days]),
        np.concatenate([documents.vectors, -junk.vectors]),
        documents.groups + junk.groups,
        documents.categories + junk.categories,
        np.concatenate([documents.chances, junk.chances]),
    )
    assert signals(both) == signals(documents)


def test_empty_and_hostile_inputs_give_nothing() -> None:
    empty = stream().only(np.array([], dtype=np.int64))
    assert signals(empty) == []
    documents = stream(3)
    blank = replace(documents, vectors=np.full_like(documents.vectors, np.nan))
    assert signals(blank) == []
    same = replace(documents, vectors=np.ones_like(documents.vectors))
    assert signals(same) == []
    with pytest.raises(UsageError, match="rows in every field"):
        replace(documents, groups=())


def test_clusters_are_sought_in_the_window_alone() -> None:
    documents = stream(3).ordered()
    everything = np.ones(len(documents.ids), dtype=bool)
    assert find_clusters(documents, everything, WEEK)
    found = [each.members for each in find_clusters(documents, everything, WEEK)]
    assert max(np.mean(["topic" in each for each in members]) for members in found) > 0.9
    assert all(int(each.split("-")[1]) < 26 for members in found for each in members)
    assert find_clusters(documents, everything, WEEK + 60) == []


def test_tightness_tells_a_topic_from_prose() -> None:
    random = np.random.default_rng(0)
    assert tightness(unit(TOPIC * 3 + random.normal(size=(40, WIDTH)) * 0.15)) > 0.9
    assert abs(tightness(random.normal(size=(400, WIDTH)).astype(np.float32))) < 0.05
    assert tightness(np.zeros((1, WIDTH), np.float32)) == 0.0


def test_the_prior_shrinks_small_counts_more() -> None:
    prior = GammaPrior(5.0, 5.0)
    assert 1 < prior.mean_of(4, 1.0) < prior.mean_of(400, 100.0) < 4
    low, high = prior.interval(4, 1.0)
    assert low < prior.mean_of(4, 1.0) < high


def test_the_prior_is_tight_where_nothing_happens_and_broad_where_much_does() -> None:
    random = np.random.default_rng(3)
    quiet = fit_prior(random.poisson(50, 200).tolist(), [50.0] * 200)
    busy = fit_prior(random.poisson(50 * random.gamma(1.0, 1.0, 200)).tolist(), [50.0] * 200)
    assert busy.shape < 2 < 50 < quiet.shape
    assert fit_prior([], []) == GammaPrior(2.0, 2.0)


def test_names_are_of_terms_that_the_others_lack() -> None:
    terms = {"a": ["solid state battery", "battery", "energy"], "b": ["solid state battery", "energy"],
             "c": ["solid state battery"], "x": ["energy"], "y": ["energy"], "z": ["energy", "battery"]}  # fmt: skip
    assert strongest_terms(["a", "b", "c"], ["x", "y", "z"], terms) == ("solid state battery",)
    assert strongest_terms([], [], {}) == ()


def test_title_terms_neither_begin_nor_end_empty_and_stop_at_formulas() -> None:
    found = title_terms("On the removal of space debris: $x^2$ nets")
    assert {"space debris", "removal of space", "net"} <= set(found)
    assert not {"on the", "of space", "debris net"} & set(found)
    assert title_terms("") == title_terms("$$ 12 3") == ()
