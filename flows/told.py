"""What the previous issue could say, so that the next one tells what is new: its signals, and what came due since."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows.hindsight import area_of
from flows.ledger import Foretold
from flows.workspace import Workspace
from horizon.records import Prediction, Settlement, Signal
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from reports.findings import Missed, SettledSince, Told
    from reports.inputs import Edition
    from store.runs import StoredBrief

Scans = Mapping[tuple[IsoWeek, str, str], Sequence[Signal]]
"""Signals by week, source and channel."""


def told_before(
    work: Workspace,
    week: IsoWeek,
    as_of: datetime,
    sources: Sequence[str],
    scans: Scans,
    foretold: Foretold,
    edition: "Edition | None" = None,
) -> dict[str, Any]:
    """Fields of `Findings` on the previous issue of this edition; none where there was none.

    The first quarterly or group's edition looks back on the newest weekly from before its weeks.

    `scans` are those of the present issue. What came due is told by when it was settled: a settlement made between the
    two issues, by a scan or by hand, is news.
    """
    first = week if edition is None else week + (1 - edition.window_weeks)
    name, area = ("weekly", None) if edition is None else (edition.name, edition.area)
    previous = previous_issue(work, first, as_of, name) or previous_issue(work, first, as_of)
    if previous is None:
        return {}
    told = tuple(_told(work, previous, sources, area))
    settled = [pair for pair in _settled_since(foretold, previous.known_at) if area in (None, area_of(pair[0].series))]
    return {
        "told_week": previous.week,
        "told": told,
        "gone": tuple(each for each in told if _is_gone(each, scans)),
        "settled_since": _tally(settled),
        "missed": tuple(_missed(settled)),
    }


def previous_issue(work: Workspace, week: IsoWeek, as_of: datetime, kind: str = "weekly") -> "StoredBrief | None":
    """The newest brief of this kind on an earlier week that was written before this instant."""
    issued = [each for each in work.store.briefs() if each.kind == kind and each.week < week and each.known_at < as_of]
    return max(issued, key=lambda each: (each.week, each.known_at, each.run_id), default=None)


def _told(work: Workspace, issue: "StoredBrief", sources: Sequence[str], area: str | None) -> Iterator["Told"]:
    """Those near an expert group's area, or all. Whatever model and taxonomy it had: what was said was said."""
    from reports.findings import Told

    scans = work.store.signals_between(issue.week, issue.week, as_of=issue.known_at)
    for _, signals in sorted(scans.items()):
        for each in signals:
            if each.source in sources and area in (None, each.nearest_area):
                values = {"source": each.source, "channel": each.channel, "term": each.term, "tier": each.tier}
                yield Told(**values, variants=each.variants)


def _is_gone(told: "Told", scans: Scans) -> bool:
    """Not found by a scan that took place: a source that could not be read this week says nothing."""
    found = [
        signals for (_, source, channel), signals in scans.items() if (source, channel) == (told.source, told.channel)
    ]
    return bool(found) and not any(told.is_of(signal) for signals in found for signal in signals)


def _settled_since(foretold: Foretold, since: datetime) -> list[tuple[Prediction, Settlement]]:
    said = {each.prediction_id: each for each in foretold.predictions}
    new = sorted(key for key, known_at in foretold.settled_at.items() if known_at > since and key in said)
    return [(said[key], foretold.settlements[key]) for key in new]


def _tally(settled: Sequence[tuple[Prediction, Settlement]]) -> "SettledSince":
    from reports.findings import SettledSince

    came = [each for _, each in settled if each.status == "settled"]
    return SettledSince(settled=len(came), in80=sum(bool(each.in80) for each in came), void=len(settled) - len(came))


def _missed(settled: Sequence[tuple[Prediction, Settlement]]) -> Iterator["Missed"]:
    """Of areas, the farthest outside first, in widths of their own interval."""
    from reports.findings import Estimated, Missed

    found = [
        (said, came)
        for said, came in settled
        if came.status == "settled"
        and came.in80 is False
        and came.value is not None
        and said.series.startswith("area:")
    ]
    for said, came in sorted(found, key=lambda pair: (-_distance(*pair), pair[0].prediction_id)):
        yield Missed(
            prediction_id=said.prediction_id,
            area=said.series.removeprefix("area:"),
            source=said.source,
            quantity=said.quantity,
            horizon_weeks=said.horizon_weeks,
            week=said.week,
            last=said.last,
            said=Estimated(value=said.mean, low=said.lo80, high=said.hi80),
            came=came.value or 0.0,
            p_exceeds_last=said.p_exceeds_last,
            exceeded=bool(came.exceeded),
            far=came.in95 is False,
        )


def _distance(said: Prediction, came: Settlement) -> float:
    value = came.value or 0.0
    return max(said.lo80 - value, value - said.hi80) / max(said.hi80 - said.lo80, 1e-12)
