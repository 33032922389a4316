"""Verdicts on whole crawls against what the store already knows."""

from datetime import date

import pytest

from horizon.records import Fetch, FetchStatus
from horizon.weeks import IsoWeek
from scrapers.health import check_volume, doubt_emptiness
from scrapers.source import load_source

WEEK = IsoWeek(2026, 47)


def fetch(status: FetchStatus, items: int = 0) -> Fetch:
    until = date(2026, 11, 24)
    return Fetch(
        source="arxiv", week=WEEK, since=WEEK.monday, until=until, status=status, items=items, reason="as told"
    )


def test_no_result_is_not_believed_where_items_of_the_window_are_held() -> None:
    doubted = doubt_emptiness(fetch("NO_RESULTS"), stored_items=812)
    assert doubted.status == "ERROR"
    assert doubted.reason is not None
    assert "812" in doubted.reason


def test_no_result_of_a_window_that_holds_nothing_stays_a_result() -> None:
    assert doubt_emptiness(fetch("NO_RESULTS"), stored_items=0) == fetch("NO_RESULTS")


@pytest.mark.parametrize("status", ["OK", "PARTIAL", "ERROR"])
def test_other_verdicts_are_left_alone(status: FetchStatus) -> None:
    assert doubt_emptiness(fetch(status, 5), stored_items=812) == fetch(status, 5)


def test_an_empty_week_of_a_feed_that_always_had_items_is_unusual() -> None:
    issue = check_volume(0, [800, 820, 790, 810], load_source("arxiv"))
    assert issue is not None
    assert issue.code == "volume-unusual"
    assert check_volume(0, [0, 0, 0, 0], load_source("arxiv")) is None
