"""Fetches, and what is known of a source's week, on both databases."""

from datetime import date

import pytest

from horizon.records import FetchStatus
from store.database import Store
from tests.store.samples import WEEK, a_fetch, at, begin


def test_the_same_fetch_of_a_run_is_kept_once_and_a_second_attempt_beside_it(store: Store) -> None:
    begin(store)
    failed, done = a_fetch("ERROR", reason="HTTP 503"), a_fetch("OK", items=3)
    for fetch in (failed, failed, done):
        store.record_fetch("run-1", fetch, at(0))
    assert sorted(fetch.status for fetch in store.fetches("arxiv")) == ["ERROR", "OK"]
    assert store.fetches("epo") == []


def test_fetches_are_read_as_they_were_known_oldest_first(store: Store) -> None:
    begin(store)
    begin(store, "run-2", day=2)
    store.record_fetch("run-2", a_fetch("OK"), at(2))
    store.record_fetch("run-1", a_fetch("ERROR"), at(0))
    assert [fetch.status for fetch in store.fetches()] == ["ERROR", "OK"]
    assert [fetch.status for fetch in store.fetches(as_of=at(1))] == ["ERROR"]
    assert store.week_status("arxiv", WEEK, as_of=at(1)) == "ERROR"
    assert store.week_status("arxiv", WEEK) == "OK"


@pytest.mark.parametrize(
    ("statuses", "effective"),
    [
        ((), None),
        (("ERROR",), "ERROR"),
        (("OK", "ERROR"), "OK"),
        (("PARTIAL", "ERROR"), "PARTIAL"),
        (("ERROR", "PARTIAL"), "PARTIAL"),
        (("OK", "PARTIAL"), "OK"),
        (("NO_RESULTS", "PARTIAL"), "NO_RESULTS"),
        (("NO_RESULTS", "OK"), "OK"),
        (("OK", "NO_RESULTS"), "NO_RESULTS"),
    ],
)
def test_a_complete_fetch_outlives_a_later_failure(
    store: Store, statuses: tuple[FetchStatus, ...], effective: FetchStatus | None
) -> None:
    for day, status in enumerate(statuses):
        begin(store, f"run-{day}", day)
        store.record_fetch(f"run-{day}", a_fetch(status), at(day))
    assert store.week_status("arxiv", WEEK) == effective


def test_one_fetch_over_many_weeks_makes_each_of_them_known(store: Store) -> None:
    begin(store)
    store.record_fetch("run-1", a_fetch(first=WEEK, last=WEEK + 51), at(0))
    statuses = store.week_statuses("arxiv", WEEK + -1, WEEK + 52)
    assert list(statuses.values()) == [None, *["OK"] * 52, None]


def test_two_windows_that_meet_within_a_week_cover_it_together(store: Store) -> None:
    begin(store)
    thursday = date(2026, 11, 19)
    store.record_fetch("run-1", a_fetch(last=WEEK).model_copy(update={"until": thursday}), at(0))
    assert store.week_status("arxiv", WEEK) is None, "Friday was never asked for"
    rest = a_fetch("NO_RESULTS").model_copy(update={"since": date(2026, 11, 20)})
    store.record_fetch("run-1", rest, at(0))
    assert store.week_status("arxiv", WEEK) == "OK"


def test_a_source_says_nothing_about_another(store: Store) -> None:
    begin(store)
    store.record_fetch("run-1", a_fetch(source="epo"), at(0))
    assert store.week_status("arxiv", WEEK) is None
