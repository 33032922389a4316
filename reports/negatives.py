"""What was looked for and not found, and what was told before and is gone: worth as much as what is new."""

from collections.abc import Iterator, Sequence
from typing import Any

from reports.coverage import name_statement
from reports.facts import (
    AreaRow,
    FigureParam,
    ListParam,
    NameParam,
    Param,
    Statement,
    Text,
    Unit,
    VerbatimParam,
    WeekParam,
    WordParam,
)
from reports.findings import Race
from reports.hindsight import Dropped, Missed
from reports.inputs import Known
from reports.policy import profile_of, unit_of
from reports.races import WORTH_SAYING
from reports.routes import text_of
from reports.trace import figure

_TESTS: dict[str, Unit] = {
    "documents_26w": "papers", "groups": "groups", "categories": "fields", "weeks_active": "weeks",
    "title_share": "share",
}  # fmt: skip
"""Tests that a gone signal may be told to fail."""


def negatives(known: Known, rows: Sequence[AreaRow]) -> tuple[Statement, ...]:
    """Gone signals first, then areas (by their leading rows), signals, races and forecasts."""
    return (
        *_dropped(known),
        *_areas(known, rows),
        *_silent(known),
        *_races(known),
        *_missed(known),
    )


def _dropped(known: Known) -> Iterator[Statement]:
    findings = known.inputs.findings
    for each in findings.dropped:
        signal = each.signal
        params: dict[str, Param] = {
            "term": VerbatimParam(text=signal.term),
            "source": NameParam(name=_profile(known, signal.source).name),
            "week": WeekParam(week=signal.week),
            "why": ListParam(parts=(_why(known, each),)),
        }
        yield Statement(template="negative_dropped", params=params)
    looked_back = findings.revisions is not None and findings.revisions.since is not None
    if looked_back and findings.scanned and not findings.dropped:
        yield Statement(template="negative_none_dropped")


def _profile(known: Known, source: str) -> Any:
    return known.profiles.get(source) or profile_of(source)


def _why(known: Known, dropped: Dropped) -> Statement:
    signal = dropped.signal
    if dropped.test not in _TESTS:
        return Statement(template="drop_unknown")
    of: dict[str, Any] = {"source": signal.source, "channel": signal.channel, "term": signal.term}
    unit = _TESTS[dropped.test]
    return Statement(
        template=f"drop_{dropped.test}",
        params={
            name: FigureParam(figure=figure(known, unit, "dropped", **of, field=name)) for name in ("value", "bar")
        },
    )


def _areas(known: Known, rows: Sequence[AreaRow]) -> Iterator[Statement]:
    """Those of which no change can be told, and those of which nothing can."""
    still = [row.name for row in rows if row.verdict == "no clear change"]
    if still:
        n = figure(known, "areas", "tally", verdicts="no clear change")
        yield Statement(template="negative_areas", params={"n": FigureParam(figure=n), "areas": _names(still)})
    unknown = [row.name for row in rows if row.status != "ok" or row.verdict == "new series"]
    if unknown:
        yield Statement(template="negative_unscored", params={"areas": _names(unknown)})


def _names(names: Sequence[Text]) -> ListParam:
    return ListParam(
        parts=tuple(Statement(template="page_name", params={"name": NameParam(name=name)}) for name in names)
    )


def _silent(known: Known) -> Iterator[Statement]:
    silent = [source for source in known.inputs.findings.silent if source in known.sources]
    if silent:
        named = ListParam(parts=tuple(name_statement(known, source) for source in silent))
        yield Statement(template="negative_silent", params={"sources": named})


def _races(known: Known) -> Iterator[Statement]:
    """Races in which neither an overtaking nor a movement together or apart can be told."""
    parts = [
        Statement(
            template="negative_race",
            params={
                "area": NameParam(name=text_of(area.name)),
                "group": NameParam(name=text_of(group.name)),
            },
        )
        for area in known.areas.values()
        for group in area.route_groups
        for race in known.inputs.findings.races
        if (race.area, race.group) == (area.id, group.id) and _is_still(race)
    ]
    if parts:
        yield Statement(template="negative_races", params={"races": ListParam(parts=tuple(parts))})


def _is_still(race: Race) -> bool:
    overtaken = race.overtook is not None or (race.p_overtakes or 0.0) >= WORTH_SAYING
    return not overtaken and race.convergence_word in (None, "no clear change")


def _missed(known: Known) -> Iterator[Statement]:
    due = known.inputs.findings.due
    if due is None or not due.settled:
        return
    params: dict[str, Param] = {
        name: FigureParam(figure=figure(known, "predictions", "due", field=name)) for name in ("settled", "missed")
    }
    yield Statement(template="negative_missed" if due.missed else "negative_none_missed", params=params)
    for each in due.farthest:
        name = _series_name(known, each.series)
        if name is not None:
            yield _miss(known, each, name)


def _miss(known: Known, missed: Missed, name: Text) -> Statement:
    profile = _profile(known, missed.source)
    unit: Unit = "share" if missed.quantity == "share" else unit_of(profile)
    weeks = figure(known, "weeks", "setting", value=missed.horizon_weeks)
    params: dict[str, Param] = {
        "name": NameParam(name=name),
        "source": NameParam(name=profile.name),
        "quantity": WordParam(table="quantity", word=missed.quantity),
        "weeks": FigureParam(figure=weeks),
    }
    for field in ("came", "said"):
        told = figure(known, unit, "due", prediction=missed.prediction_id, field=field)
        params[field] = FigureParam(figure=told)
    return Statement(template="negative_miss", params=params)


def _series_name(known: Known, series: str) -> Text | None:
    """Of an area's series or a route's; None of one whose area is not in this issue."""
    _, _, rest = series.partition(":")
    place, _, route = rest.partition("/")
    area = known.areas.get(place)
    if area is None or not route:
        return None if area is None else text_of(area.name)
    return next((text_of(each.name) for each in area.routes if each.id == route), None)
