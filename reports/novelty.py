"""What is new against the previous issue: signals, the lead of a race, an area that stands out.

All of it is reckoned from the inputs, so that whoever verifies an issue finds the same.
"""

from typing import Literal

from horizon.records import Signal
from horizon.weeks import IsoWeek
from reports.facts import AreaRow, WordParam
from reports.findings import Race
from reports.inputs import YEAR_WEEKS, Known

SignalNews = Literal["new_confirmed", "confirmed", "new", "told"]
CLEAR = ("rising", "falling")
"""Verdicts that are news when they come or go; a step between the inner words may be a point of probability."""


def signal_news(known: Known, signal: Signal) -> SignalNews:
    """Against what the previous issue's scan had; where there was none, everything is told for the first time."""
    before = [told for told in known.inputs.findings.told if told.is_of(signal)]
    if not before:
        return "new_confirmed" if signal.tier == "confirmed" else "new"
    newly = signal.tier == "confirmed" and all(told.tier != "confirmed" for told in before)
    return "confirmed" if newly else "told"


def lead_taken(known: Known, race: Race) -> bool:
    """Whether another route had most labels of the 52 weeks that the previous issue saw, as counted today.

    Without a previous issue, whether the lead was taken in the newest window.
    """
    if race.overtook is None:
        return False
    since = known.inputs.previous_week
    if since is None:
        return race.overtook_in == race.week
    then = race.week + -max(known.week - since, 0)
    before, now = (_labels(known, race, week) for week in (then, race.week))
    return bool(before) and max(before.values()) > before.get(race.leader, 0) and bool(now)


def _labels(known: Known, race: Race, last: IsoWeek) -> dict[str, int]:
    """Labels of each route in the 52 weeks to `last`."""
    counts: dict[str, int] = {}
    for standing in race.standings:
        points = known.points.get((f"route:{race.area}/{standing.route}", race.source), {})
        weeks = [point.n or 0 for week, point in points.items() if last + (1 - YEAR_WEEKS) <= week <= last]
        if weeks:
            counts[standing.route] = sum(weeks)
    return counts


def stands_out(known: Known, row: AreaRow) -> bool:
    """Newly among those that pass the false-discovery rate of their issue, and passed over by the one before."""
    now, before = known.scores.get((row.series, row.source)), known.previous.get((row.series, row.source))
    if not known.comparable or now is None or before is None:
        return False
    return bool(now.discovery) and before.discovery is False


def period(known: Known) -> WordParam:
    """Of what the issue speaks: a week, a quarter."""
    return WordParam(table="period", word=known.inputs.kind)
