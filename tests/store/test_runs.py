"""Runs, issues and briefs, on both databases."""

import pytest

from horizon.errors import StoreError
from horizon.records import Issue
from store.database import Store
from tests.store.samples import WEEK, a_run, an_item, at, begin


def test_a_run_begins_once_and_is_taken_up_until_it_is_done(store: Store) -> None:
    assert store.begin_run(a_run())
    assert store.begin_run(a_run()), "a killed run is taken up again"
    store.finish_run("run-1", "failed", at(0))
    assert store.begin_run(a_run()), "so is a failed one"
    store.finish_run("run-1", "done", at(1))
    assert not store.begin_run(a_run())
    assert [stored.status for stored in store.runs()] == ["done"]


def test_a_run_taken_up_later_keeps_its_first_logical_time(store: Store) -> None:
    store.begin_run(a_run(day=0))
    store.begin_run(a_run(day=3))
    stored = store.run("run-1")
    assert stored is not None
    assert stored.run == a_run(day=0)
    assert stored.finished is None


def test_an_unknown_run_is_none_and_can_neither_finish_nor_write(store: Store) -> None:
    assert store.run("run-9") is None
    with pytest.raises(StoreError, match="begin_run first"):
        store.finish_run("run-9", "done", at(0))
    with pytest.raises(StoreError, match="begin_run first"):
        store.ingest("run-9", at(0), [an_item()])


def test_issues_are_kept_once_a_run_and_found_by_run_source_and_week(store: Store) -> None:
    begin(store)
    begin(store, "run-2", day=7, week=WEEK + 1)
    bad = Issue(room="scrapers", severity="warning", code="title-missing", message="a \x00 title", source="arxiv")
    other = Issue(room="nlp", severity="info", code="language-unknown", message="?", data={"b": "1", "a": "2"})
    store.add_issues("run-1", at(0), [bad, other, bad])
    same = other.model_copy(update={"data": {"a": "2", "b": "1"}})
    store.add_issues("run-1", at(0), [bad, same])
    store.add_issues("run-2", at(7), [bad])
    assert store.table_digest()["issue"][0] == 3
    assert store.issues(source="arxiv") == [bad, bad]
    assert store.issues("run-1", source="arxiv") == [bad]
    assert store.issues(week=WEEK + 1) == [bad]
    assert sorted(issue.code for issue in store.issues("run-1")) == ["language-unknown", "title-missing"]


def test_a_brief_is_recorded_once_and_a_changed_one_beside_it(store: Store) -> None:
    begin(store)
    for digit in ("a", "a", "b"):
        store.record_brief("run-1", at(0), WEEK, "weekly", digit * 64, "briefs/2026-W47")
    assert [(brief.week, brief.sha256[0], brief.known_at) for brief in store.briefs()] == [
        (WEEK, "a", at(0)),
        (WEEK, "b", at(0)),
    ]
