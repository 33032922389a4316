"""What scans found outside the taxonomy, on both databases."""

from horizon.records import Signal
from store.database import Store
from store.signals import TermWeek
from tests.store.samples import (
    MODEL,
    TAXONOMY,
    WEEK,
    a_non_consensus,
    a_run,
    a_signal,
    an_item,
    at,
    begin,
)


def add(store: Store, signals: list[Signal], run_id: str = "run-1", day: int = 0, source: str = "arxiv") -> int:
    return store.add_signals(run_id, at(day), WEEK, source, "term", signals)


def test_signals_keep_their_rank_and_a_repeat_adds_nothing(store: Store) -> None:
    begin(store)
    found = [a_signal("b"), a_signal("a")]
    assert add(store, found) == 1
    assert add(store, found) == 0
    assert store.signals(WEEK) == found
    assert store.signals(WEEK, TAXONOMY, MODEL) == found
    assert store.signals(WEEK, "taxonomy-2") == []
    assert store.signals(WEEK + 1) == []


def test_a_later_scan_takes_the_place_of_an_earlier_one_as_a_whole(store: Store) -> None:
    begin(store)
    begin(store, "run-2", day=7)
    add(store, [a_signal("a"), a_signal("b")])
    add(store, [a_signal("b")], "run-2", 7)
    assert [signal.term for signal in store.signals(WEEK)] == ["b"]
    assert [signal.term for signal in store.signals(WEEK, as_of=at(6))] == ["a", "b"]


def test_a_run_taken_up_again_may_find_something_else_and_go_back(store: Store) -> None:
    begin(store)
    for found in ([a_signal("a")], [], [a_signal("a")]):
        assert add(store, found) == 1
        assert store.signals(WEEK) == found
    assert store.table_digest()["signal"][0] == 3


def test_finding_nothing_is_told_from_not_looking(store: Store) -> None:
    begin(store)
    add(store, [])
    store.add_signals("run-1", at(0), WEEK + 1, "arxiv", "cluster", [a_signal(channel="cluster", week=WEEK + 1)])
    found = store.signals_between(WEEK + -1, WEEK + 1)
    assert {place: len(signals) for place, signals in found.items()} == {
        (WEEK, "arxiv", "term"): 0,
        (WEEK + 1, "arxiv", "cluster"): 1,
    }


def test_sources_and_models_stand_side_by_side(store: Store) -> None:
    begin(store)
    store.begin_run(a_run("run-2", day=1, model="model-2"))
    add(store, [a_signal("a")])
    add(store, [a_signal("b", source="biorxiv")], source="biorxiv")
    add(store, [a_signal("c")], "run-2", 1)
    assert [signal.term for signal in store.signals(WEEK)] == ["c", "b"]
    assert [signal.term for signal in store.signals(WEEK, model=MODEL)] == ["a", "b"]


def test_items_of_no_consensus_are_kept_alike(store: Store) -> None:
    begin(store)
    found = [a_non_consensus(an_item(2)), a_non_consensus(an_item(1), reason="rare_combination", fields=("x", "y"))]
    assert store.add_non_consensus("run-1", at(0), WEEK, "arxiv", found) == 1
    assert store.add_non_consensus("run-1", at(0), WEEK, "arxiv", found) == 0
    assert store.non_consensus(WEEK) == found
    assert store.non_consensus(WEEK, as_of=at(-1)) == []
    assert store.add_non_consensus("run-1", at(0), WEEK, "arxiv", []) == 1
    assert store.non_consensus(WEEK) == []


def test_the_terms_of_a_week_are_replaced_when_its_texts_change(store: Store) -> None:
    old, new = TermWeek("a" * 64, b"\0old"), TermWeek("b" * 64, b"new")
    store.put_term_weeks("arxiv", "v1", {WEEK: old, WEEK + 1: old})
    store.put_term_weeks("arxiv", "v2", {WEEK: old})
    store.put_term_weeks("arxiv", "v1", {WEEK + 1: new})
    store.put_term_weeks("arxiv", "v1", {})
    assert store.term_weeks("arxiv", "v1", WEEK, WEEK + 9) == {WEEK: old, WEEK + 1: new}
    assert store.term_weeks("arxiv", "v1", WEEK + 1, WEEK + 1) == {WEEK + 1: new}
    assert store.term_weeks("arxiv", "v2", WEEK, WEEK + 9) == {WEEK: old}
    assert store.term_weeks("biorxiv", "v1", WEEK, WEEK + 9) == {}
