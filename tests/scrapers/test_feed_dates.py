"""Dates as feeds write them, right and wrong."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.parsers.feed_dates import read_date, read_moment


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Mon, 09 Mar 2026 10:00:00 GMT", "2026-03-09"),
        ("9 Mar 2026 10:00 EST", "2026-03-09"),
        ("Monday, 9 March 2026", "2026-03-09"),
        ("09-Mar-26", "2026-03-09"),
        ("Mon, 9 Mar 2026 23:59:60 +0000", None),
        ("2026-03-09", "2026-03-09"),
        ("2026-03-09T10:00:00.123456789Z", "2026-03-09"),
        ("2026/3/9 10:00", "2026-03-09"),
        ("2026.03.09", "2026-03-09"),
        ("2026-03-09T00:10:00+08:00", "2026-03-09"),
        ("2026年3月9日", "2026-03-09"),
        ("0000-00-00", None),
        ("2026-02-30", None),
        ("31 Foo 2026", None),
        ("now", None),
        ("", None),
        ("9" * 1000, None),
        ("2026-03-09T10:00:00+99:99", None),
    ],
)
def test_dates_as_feeds_write_them(text: str, day: str | None) -> None:
    assert str(read_date(text)) == str(day)


def test_moments_are_in_utc() -> None:
    assert read_moment("Mon, 09 Mar 2026 23:30:00 -0500") == datetime(2026, 3, 10, 4, 30, tzinfo=UTC)
    assert read_moment("0001-01-01T00:00:00+10:00") is None


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_text_is_a_date_or_none(text: str) -> None:
    read_date(text)
    read_moment(text)
