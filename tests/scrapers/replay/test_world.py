"""The announcement calendar, and a world seen at different instants."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from scrapers.replay.world import ListedWorld, View, announcement_times, draw, fractions
from tests.scrapers.replay.conftest import make_paper, numbered


def announced(submitted: str, moderation: int = 0) -> str:
    seconds = np.array([int(datetime.fromisoformat(submitted).timestamp())], dtype=np.int64)
    days = np.array([moderation], dtype=np.int64)
    found = announcement_times(seconds, days, np.array([5], dtype=np.int64))
    return datetime.fromtimestamp(int(found[0]), UTC).strftime("%a %d %H:%M:%S")


# 2026-11-16 is a Monday. Windows close at 14:00 Eastern (19:00 UTC), announcements come at 20:00, the next day in UTC.
@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        ("2026-11-16T18:59:00Z", "Tue 17"),
        ("2026-11-16T19:00:00Z", "Wed 18"),
        ("2026-11-17T12:00:00Z", "Wed 18"),
        ("2026-11-18T12:00:00Z", "Thu 19"),
        ("2026-11-19T12:00:00Z", "Fri 20"),
        ("2026-11-19T20:00:00Z", "Mon 23"),
        ("2026-11-20T12:00:00Z", "Mon 23"),
        ("2026-11-20T20:00:00Z", "Tue 24"),
        ("2026-11-21T12:00:00Z", "Tue 24"),
        ("2026-11-22T23:00:00Z", "Tue 24"),
    ],
)
def test_papers_are_announced_as_the_calendar_says(submitted: str, expected: str) -> None:
    assert announced(submitted).startswith(expected)


def test_metadata_show_within_half_an_hour_from_half_past_two() -> None:
    assert announced("2026-11-16T12:00:00Z") == "Tue 17 02:30:05"


def test_moderation_delays_but_never_into_a_weekend() -> None:
    assert announced("2026-11-18T12:00:00Z", 1).startswith("Fri 20")
    assert announced("2026-11-19T12:00:00Z", 2).startswith("Tue 24")


def test_random_draws_are_written_down_for_ever() -> None:
    keys = np.array([0, 1, 2], dtype=np.uint64)
    assert draw(keys, 0)[0] == 16294208416658607535  # SplitMix64's first number from state 0
    assert fractions(draw(np.arange(20_000, dtype=np.uint64), 3)).mean() == pytest.approx(0.5, abs=0.01)


def test_a_view_shows_what_had_been_announced() -> None:
    world = ListedWorld([*numbered(3, date(2026, 11, 16)), *numbered(2, date(2026, 11, 18), 50)])
    assert len(View(world, datetime(2026, 11, 15, tzinfo=UTC)).events) == 0
    assert len(View(world, datetime(2026, 11, 17, tzinfo=UTC)).events) == 3
    assert [paper.id for paper in world.records(until=date(2026, 11, 16))] == ["2611.00001", "2611.00002", "2611.00003"]
    assert len(list(world.records(until=date(2026, 11, 18)))) == 5


def test_an_administrative_change_moves_a_paper_to_the_end() -> None:
    world = ListedWorld(numbered(3, date(2026, 11, 16)))
    now = datetime(2026, 11, 24, tzinfo=UTC)
    view = View(world, now, {"2611.00001": int(now.timestamp())})
    assert [paper.id for paper in world.describe(view.events)] == ["2611.00002", "2611.00003", "2611.00001"]
    assert view.find("2611.00001") == (0, int(now.timestamp()))


def test_an_unknown_or_unannounced_paper_is_not_found() -> None:
    world = ListedWorld([make_paper("2611.00001", date(2026, 11, 16))])
    assert View(world, datetime(2026, 11, 17, tzinfo=UTC)).find("2611.00001") is not None
    assert View(world, datetime(2026, 11, 15, tzinfo=UTC)).find("2611.00001") is None
    assert View(world, datetime(2026, 11, 17, tzinfo=UTC)).find("2611.99999") is None
