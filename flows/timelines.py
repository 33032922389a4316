"""How findings came about over time: races window by window, signals week by week, forecasts by what was said."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flows.workspace import Workspace
from horizon.records import Signal
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from reports.findings import Calibration, RaceWindow, SignalWeeks
    from trends.routes import GroupRace
    from trends.scorecard import ScorecardRow
    from trends.terms import WeekTerms

SIGNAL_WEEKS = 104
WINDOW_AGES = (104, 92, 80, 64, 52, 40, 24, 12, 0)
"""Weeks before the newest window of a race: quarters, as near as windows every four weeks come to them."""


def race_windows(race: "GroupRace") -> "tuple[RaceWindow, ...]":
    """Quarterly windows of the last two years from the first that is known on; an unknown one between has no shares."""
    from reports.findings import Estimated, RaceWindow

    known = {window.last: window for window in race.windows}
    found: list[RaceWindow] = []
    for last in (race.week + -age for age in WINDOW_AGES):
        shares = [each.share for each in known[last].shares] if last in known else []
        if shares or found:
            told = tuple(Estimated(value=each.mean, low=each.lo80, high=each.hi80) for each in shares)
            found.append(RaceWindow(last=last, shares=told))
    return tuple(found)


def calibration(row: "ScorecardRow") -> "tuple[Calibration, ...]":
    """The bins of a row's reliability diagram."""
    from reports.findings import Calibration, Estimated

    return tuple(
        Calibration(
            above=each.above,
            to=each.to,
            settled=each.settled,
            said=each.said,
            came=Estimated(value=each.came.value, low=each.came.lo95, high=each.came.hi95),
        )
        for each in row.calibration
    )


def signal_weeks(
    work: Workspace, signals: Sequence[Signal], week: IsoWeek, as_of: datetime
) -> "tuple[SignalWeeks, ...]":
    """Of each term that is a signal, the documents of the last 104 weeks that name it; a cluster has no such counts."""
    from reports.findings import SignalWeeks

    first = week + (1 - SIGNAL_WEEKS)
    found = []
    for source in sorted({signal.source for signal in signals if signal.channel == "term"}):
        terms = [signal.term for signal in signals if signal.source == source and signal.channel == "term"]
        counts = {term: [0] * SIGNAL_WEEKS for term in terms}
        for at, block in term_blocks(work, source, first, week, as_of):
            for term, n in _documents(block, terms).items():
                counts[term][at] = n
        found += [SignalWeeks(source=source, term=term, first_week=first, n=tuple(counts[term])) for term in terms]
    return tuple(found)


def term_blocks(
    work: Workspace, source: str, first: IsoWeek, last: IsoWeek, as_of: datetime
) -> "Iterator[tuple[int, WeekTerms]]":
    """The terms of each week that has documents, from the scan's cache where the week's texts are still the same.

    Nothing is written: whoever verifies a brief leaves the store as it is.
    """
    from flows.signals import paper_of
    from trends.terms import VERSION, extract_week, from_bytes

    kept = work.store.term_weeks(source, f"terms-{VERSION}", first, last)
    for week, digest in sorted(work.store.week_digests(source, first, last, as_of).items()):
        if week in kept and kept[week].content_sha256 == digest:
            yield week - first, from_bytes(kept[week].payload)
        else:
            items = work.store.items_published(week, source=source, as_of=as_of)
            yield week - first, extract_week([paper_of(item) for item in items])


def _documents(block: "WeekTerms", terms: Sequence[str]) -> dict[str, int]:
    from trends.terms import documents_with

    return {term: documents_with(block, term) for term in terms}
