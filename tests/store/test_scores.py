"""Scores, on both databases."""

from store.database import Store
from tests.store.samples import MODEL, TAXONOMY, WEEK, a_run, a_score, at, begin


def test_the_same_scores_twice_add_nothing(store: Store) -> None:
    run = begin(store)
    scores = [a_score(), a_score("area:photonics")]
    assert store.add_scores("run-1", run.started, scores) == 2
    assert store.add_scores("run-1", run.started, scores) == 0
    assert store.scores(WEEK) == scores


def test_a_week_scored_again_shows_the_newest_and_keeps_the_old(store: Store) -> None:
    begin(store)
    begin(store, "run-2", day=7)
    old, new = a_score(n_52w=3), a_score(n_52w=4)
    store.add_scores("run-1", at(0), [old])
    store.add_scores("run-2", at(7), [new])
    assert store.scores(WEEK) == [new]
    assert store.scores(WEEK, as_of=at(6)) == [old]


def test_a_run_taken_up_again_may_score_anew(store: Store) -> None:
    run = begin(store)
    for count in (3, 4, 3):
        assert store.add_scores("run-1", run.started, [a_score(n_52w=count)]) == 1
    assert [score.n_52w for score in store.scores(WEEK)] == [3]
    assert store.table_digest()["score"][0] == 3


def test_scores_belong_to_the_taxonomy_and_model_of_their_run(store: Store) -> None:
    store.begin_run(a_run())
    store.begin_run(a_run("run-2", day=1, model="model-2"))
    store.add_scores("run-1", at(0), [a_score(n_52w=3)])
    store.add_scores("run-2", at(1), [a_score(n_52w=4)])
    assert [score.n_52w for score in store.scores(WEEK, TAXONOMY, MODEL)] == [3]
    assert [score.n_52w for score in store.scores(WEEK, TAXONOMY, "model-2")] == [4]
    assert [score.n_52w for score in store.scores(WEEK)] == [4]
    assert store.scores(WEEK, "taxonomy-2") == []


def test_the_previous_scores_are_those_of_the_newest_earlier_week_that_has_any(store: Store) -> None:
    run = begin(store)
    for week in (WEEK + -5, WEEK + -3, WEEK):
        store.add_scores("run-1", run.started, [a_score(week=week)])
    assert [score.week for score in store.previous_scores(WEEK)] == [WEEK + -3]
    assert [score.week for score in store.previous_scores(WEEK + -3, TAXONOMY, MODEL)] == [WEEK + -5]
    assert store.previous_scores(WEEK + -5) == []
    assert store.previous_scores(WEEK, as_of=at(-1)) == []
