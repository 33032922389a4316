"""ISO weeks: no day is lost at the turn of a year."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from horizon.errors import UsageError
from horizon.weeks import IsoWeek, last_complete_week, weeks_between

DAYS = st.dates(date(1991, 1, 1), date(2100, 1, 1))


@given(DAYS)
def test_every_day_lies_in_its_week(day: date) -> None:
    week = IsoWeek.of(day)
    assert week.monday <= day <= week.sunday
    assert IsoWeek.parse(str(week)) == week


@given(DAYS, st.integers(-600, 600))
def test_adding_and_subtracting_weeks_agree(day: date, weeks: int) -> None:
    week = IsoWeek.of(day)
    assert (week + weeks) - week == weeks
    assert (week + weeks).monday == week.monday + timedelta(weeks=weeks)


@given(DAYS, st.integers(0, 120))
def test_a_span_holds_each_week_once(day: date, length: int) -> None:
    first = IsoWeek.of(day)
    span = list(weeks_between(first, first + length))
    assert len(span) == length + 1
    assert span == sorted(set(span))
    assert (span[0], span[-1]) == (first, first + length)


def test_a_year_of_53_weeks_has_its_last_week() -> None:
    assert str(IsoWeek.parse("2020-W53") + 1) == "2021-W01"


@pytest.mark.parametrize("text", ["2021-W53", "2021-W00", "2021-53", "2021W05", "", "2021-W5", "next"])
def test_what_is_no_week_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="2026-W47"):
        IsoWeek.parse(text)


# Hypothesis takes naive bounds and adds the zone itself.
MOMENTS = st.datetimes(datetime(1991, 1, 8), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_the_last_complete_week_has_ended_and_the_next_has_not(now: datetime) -> None:
    week = last_complete_week(now)
    assert week.end <= now < (week + 1).end
