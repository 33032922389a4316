"""ISO weeks, the grain of every scan; the only place that knows calendars."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Self

from horizon.errors import UsageError

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, order=True, slots=True)
class IsoWeek:
    """A week from Monday to Sunday, written `2026-W47`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        try:
            _monday(self.year, self.number)
        except ValueError as error:
            message = f"no such ISO week: {self.year}-W{self.number:02d} ({error}); write it as 2026-W47"
            raise UsageError(message) from None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2026-W47`; raises UsageError for anything else."""
        return cls(*_read(text))

    @classmethod
    def of(cls, day: date) -> Self:
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @property
    def monday(self) -> date:
        return _monday(self.year, self.number)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def end(self) -> datetime:
        """The first instant after the week, in UTC."""
        return datetime.combine(self.monday + timedelta(days=7), time(), UTC)

    def __add__(self, weeks: int) -> "IsoWeek":
        return _week_of(self.monday + timedelta(weeks=weeks))

    def __sub__(self, other: "IsoWeek") -> int:
        """Number of weeks from `other` to this one."""
        return (self.monday - other.monday).days // 7

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.number:02d}"


# A scan asks for the same few hundred weeks a million times.
@lru_cache(maxsize=8192)
def _read(text: str) -> tuple[int, int]:
    match = _WEEK.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"expected an ISO week such as 2026-W47, found {text!r}")
    return int(match[1]), int(match[2])


@lru_cache(maxsize=8192)
def _monday(year: int, number: int) -> date:
    return date.fromisocalendar(year, number, 1)


@lru_cache(maxsize=8192)
def _week_of(day: date) -> IsoWeek:
    return IsoWeek.of(day)


def weeks_between(first: IsoWeek, last: IsoWeek) -> Iterator[IsoWeek]:
    """Every week from first to last, both included."""
    for offset in range(last - first + 1):
        yield first + offset


def last_complete_week(now: datetime) -> IsoWeek:
    """The newest week that had ended at `now` (aware)."""
    return IsoWeek.of(now.astimezone(UTC).date()) + -1
