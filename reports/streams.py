"""Papers and patents of an area side by side, each as one source tells them; sources are never added up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from horizon.weeks import IsoWeek
from reports.facts import AreaRow, Brief, Group, History, SourceProfile, Text
from reports.policy import GROUPS, REACHES, reach_of

PAPERS: tuple[Group, ...] = ("papers", "life_science")
PATENTS: tuple[Group, ...] = ("patents",)
WINDOW = 13
"""Weeks of the mean that a stream shows: a quarter."""


@dataclass(frozen=True)
class Stream:
    """An area in its leading source of papers and in that of patents; None where it has no known week there."""

    area: str
    name: Text
    papers: AreaRow | None
    patents: AreaRow | None


def streams_of(rows: Sequence[AreaRow], profiles: Mapping[str, SourceProfile]) -> tuple[Stream, ...]:
    """Of each area that has any known week, in the order of the rows."""
    found = []
    for area, name in {row.area: row.name for row in rows}.items():
        papers, patents = (
            min(_candidates(rows, area, groups, profiles), key=lambda row: _place(row, profiles), default=None)
            for groups in (PAPERS, PATENTS)
        )
        if papers or patents:
            found.append(Stream(area, name, papers, patents))
    return tuple(found)


def _candidates(
    rows: Sequence[AreaRow], area: str, groups: Sequence[Group], profiles: Mapping[str, SourceProfile]
) -> Iterator[AreaRow]:
    for row in rows:
        if row.area == area and profiles[row.source].group in groups and any(n is not None for n in row.history.n):
            yield row


def _place(row: AreaRow, profiles: Mapping[str, SourceProfile]) -> tuple[bool, int, int, int, str]:
    """The source by which the area is judged first, then the one that can hold most of it, then by rank."""
    profile = profiles[row.source]
    reach = REACHES.index(reach_of(row.source, row.area))
    return not row.leads, reach, GROUPS.index(profile.group), profile.rank, row.source


def weekly_mean(history: History, last: IsoWeek, window: int = WINDOW) -> tuple[float | None, ...]:
    """Items a week over the trailing window, up to the week `last`: those after it still fill up.

    None where the week is unknown or fewer than half of the window is known, and before `window` weeks have passed
    since the first known one.
    """
    first = next((at for at, n in enumerate(history.n) if n is not None), 0)
    means: list[float | None] = []
    for end in range(1, len(history.n) + 1):
        known = [n for n in history.n[max(0, end - window) : end] if n is not None]
        short = end - first < window or 2 * len(known) < window or history.n[end - 1] is None
        means.append(None if short or history.first_week + (end - 1) > last else sum(known) / len(known))
    return tuple(means)


def means_of(row: AreaRow | None, brief: Brief) -> tuple[float | None, ...]:
    """A row's weekly means; none where there is no row."""
    if row is None:
        return ()
    last = next(source.year_last for source in brief.sources if source.source == row.source)
    return weekly_mean(row.history, last)


def latest(means: Sequence[float | None]) -> float | None:
    """The newest that is known."""
    return next((mean for mean in reversed(means) if mean is not None), None)


def rate(mean: float | None, unknown: str) -> str:
    """Items a week, with a decimal below ten; the word for unknown where there is none."""
    if mean is None:
        return unknown
    return f"{mean:.1f}" if mean < 10 else f"{mean:,.0f}"
