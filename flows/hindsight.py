"""What earlier issues told and is no more: signals that are gone, forecasts that came due and missed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flows.timelines import term_blocks
from flows.workspace import Workspace
from horizon.records import AreaId, Prediction, Settlement, Signal
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from reports.hindsight import CameDue, Dropped, Missed
    from store.runs import StoredBrief
    from trends.signals.standing import TermStanding

RECENT_WEEKS = 26
"""Of a signal, as the scan has it."""
DROPPED_SHOWN = 12
MISSED_SHOWN = 5
_FIRST_TOLD = ("documents_26w", "groups", "categories", "weeks_active", "title_share")
"""Tests by which a dropped signal is explained, the plainest first."""


def past_issues(work: Workspace, week: IsoWeek, window_weeks: int, as_of: datetime) -> "list[StoredBrief]":
    """The issues that an issue looks back on, one a week, the oldest first.

    A weekly looks at the newest weekly before it, a longer edition at all issues of the weeks that it speaks of.
    """
    newest: dict[IsoWeek, StoredBrief] = {}
    for issue in work.store.briefs():
        if issue.week < week and issue.known_at < as_of and (window_weeks > 1 or issue.kind == "weekly"):
            kept = newest.get(issue.week)
            newest[issue.week] = issue if kept is None or issue.known_at >= kept.known_at else kept
    issues = [newest[each] for each in sorted(newest)]
    return issues[-1:] if window_weeks == 1 else [each for each in issues if week - each.week < window_weeks]


# ---- signals ---------------------------------------------------------------------------------------------------------


def dropped_signals(
    work: Workspace, issues: "Sequence[StoredBrief]", week: IsoWeek, as_of: datetime, sources: Collection[str]
) -> "list[Dropped]":
    """Signals that these issues told and that this week's scan of their source no longer finds, in any spelling.

    A source that was not looked at this week tells nothing: its signals are unknown, not gone.
    """
    from flows.findings import ranked

    now = work.store.signals_between(week, week, as_of=as_of)
    looked = {(source, channel) for _, source, channel in now}
    alive = {(each.source, name) for found in now.values() for each in found for name in (each.term, *each.variants)}
    gone: dict[tuple[str, str, str], Signal] = {}
    for issue in issues:
        scans = work.store.signals_between(issue.week, issue.week, as_of=issue.known_at)
        for signal in ranked(each for found in scans.values() for each in found if each.source in sources):
            if (signal.source, signal.channel) in looked and (signal.source, signal.term) not in alive:
                gone[signal.source, signal.channel, signal.term] = signal
    chosen = ranked(iter(gone.values()), DROPPED_SHOWN)
    return list(_explained(work, chosen, week, as_of))


def silent_sources(work: Workspace, week: IsoWeek, pair: tuple[str, str], as_of: datetime) -> list[str]:
    """Sources in which signals were looked for in this week and none was found in any channel."""
    scans = work.store.signals_between(week, week, *pair, as_of)
    found = {source for (_, source, _), signals in scans.items() if signals}
    return sorted({source for _, source, _ in scans} - found)


def _explained(work: Workspace, signals: Sequence[Signal], week: IsoWeek, as_of: datetime) -> "Iterator[Dropped]":
    from reports.hindsight import Dropped
    from trends.signals.standing import term_standing

    standings: dict[tuple[str, str], TermStanding] = {}
    for source in sorted({signal.source for signal in signals if signal.channel == "term"}):
        terms = [signal.term for signal in signals if (signal.source, signal.channel) == (source, "term")]
        blocks = (block for _, block in term_blocks(work, source, week + (1 - RECENT_WEEKS), week, as_of))
        found = term_standing(blocks, terms)
        standings |= {(source, term): standing for term, standing in found.items()}
    for signal in signals:
        test, value = _failed(signal, standings.get((signal.source, signal.term)))
        yield Dropped(signal=signal, test=test, value=value)


def _failed(signal: Signal, standing: "TermStanding | None") -> tuple[str | None, float | None]:
    for test in _FIRST_TOLD:
        value = None if standing is None or signal.channel != "term" else standing.of(test)
        bar = signal.killed_by.get(test)
        if value is not None and bar is not None and value < bar:
            return test, float(value)
    return None, None


# ---- forecasts -------------------------------------------------------------------------------------------------------


def came_due(
    predictions: Sequence[Prediction],
    settlements: Mapping[str, Settlement],
    after: IsoWeek,
    areas: Collection[AreaId],
) -> "CameDue":
    """Forecasts of these areas and their routes that were settled in weeks after `after`."""
    from reports.hindsight import CameDue

    due = [
        (each, settled)
        for each in predictions
        if (settled := settlements.get(each.prediction_id)) is not None
        and settled.status == "settled"
        and settled.in80 is not None
        and settled.settled_in > after
        and area_of(each.series) in areas
    ]
    missed = [_missed(each, settled) for each, settled in due if not settled.in80 and settled.value is not None]
    missed.sort(key=lambda each: (-round(_distance(each), 9), each.prediction_id))
    farthest = {(each.series, each.source): each for each in reversed(missed)}
    shown = [each for each in missed if farthest[each.series, each.source] is each]
    return CameDue(settled=len(due), missed=len(missed), farthest=tuple(shown[:MISSED_SHOWN]))


def area_of(series: str) -> str:
    """`area:quantum`, `route:quantum/photonic` and `utility:quantum` are of the area quantum."""
    return series.partition(":")[2].partition("/")[0]


def _missed(prediction: Prediction, settlement: Settlement) -> "Missed":
    from reports.hindsight import Missed

    return Missed(
        prediction_id=prediction.prediction_id,
        series=prediction.series,
        source=prediction.source,
        quantity=prediction.quantity,
        horizon_weeks=prediction.horizon_weeks,
        value=settlement.value or 0.0,
        mean=prediction.mean,
        lo80=prediction.lo80,
        hi80=prediction.hi80,
    )


def _distance(missed: "Missed") -> float:
    """From the near end of the interval in units of its width: comparable between shares and counts."""
    width = max(missed.hi80 - missed.lo80, 1e-12)
    return max(missed.lo80 - missed.value, missed.value - missed.hi80) / width
