"""The routes of an area against one another: who leads, who may overtake, whether they converge."""

from collections.abc import Iterator
from typing import Any

from reports.details import Lead
from reports.facts import (
    FigureParam,
    NameParam,
    Param,
    RaceFact,
    StandingFact,
    Statement,
    Text,
    Unit,
    WeekParam,
    WordParam,
)
from reports.findings import Race
from reports.inputs import Known
from reports.routes import text_of
from reports.trace import figure
from taxonomy.schema import RouteGroup

CLEARLY_LEADS = 0.75
"""A leader less sure is only ahead."""
WORTH_SAYING = 0.25
"""A less likely overtaking is not told."""


def race_facts(known: Known) -> tuple[RaceFact, ...]:
    """In the taxonomy's order, each in the source that has most labels of the group."""
    return tuple(
        _fact(known, race, group)
        for area in known.areas.values()
        for group in area.route_groups
        for race in known.inputs.findings.races
        if (race.area, race.group) == (area.id, group.id)
    )


def _fact(known: Known, race: Race, group: RouteGroup) -> RaceFact:
    names = {route.id: text_of(route.name) for route in group.routes}
    of: dict[str, Any] = {"area": race.area, "group": race.group, "source": race.source}
    standings = tuple(
        StandingFact(
            route=each.route,
            name=names[each.route],
            share=figure(known, "share", "race", **of, route=each.route, field="share"),
            forecast=figure(known, "share", "race", **of, route=each.route, field="forecast"),
        )
        for each in race.standings
        if each.route in names
    )
    area = known.areas[race.area]
    leads = tuple(
        Lead(
            last=window.last,
            shares=tuple(
                figure(known, "share", "race", **of, route=each.route, window=window.last, field="share")
                for each in standings
            ),
        )
        for window in race.windows
    )
    statements = tuple(_statements(known, race, names, of))
    return RaceFact(
        area=race.area,
        name=text_of(area.name),
        group=text_of(group.name),
        source=race.source,
        standings=standings,
        leads=leads,
        statements=statements,
        method=race.method,
    )


def _statements(known: Known, race: Race, names: dict[str, Text], of: dict[str, Any]) -> Iterator[Statement]:
    def told(unit: Unit, field: str, **more: Any) -> FigureParam:
        return FigureParam(figure=figure(known, unit, "race", **of, **more, field=field))

    leader: dict[str, Param] = {
        "leader": NameParam(name=names[race.leader]),
        "share": told("share", "share", route=race.leader),
        "weeks": told("weeks", "led_weeks"),
        "p": told("probability", "p_leads"),
    }
    led = "race_led_throughout" if race.led_since_start else "race_led"
    yield Statement(template=led if race.p_leads >= CLEARLY_LEADS else "race_ahead", params=leader)
    if race.overtook in names and race.overtook_in is not None and race.p_leads >= CLEARLY_LEADS:
        yield Statement(
            template="race_overtook",
            params={
                "leader": NameParam(name=names[race.leader]),
                "loser": NameParam(name=names[race.overtook]),
                "week": WeekParam(week=race.overtook_in),
            },
        )
    if race.overtaker and race.overtaken and (race.p_overtakes or 0.0) >= WORTH_SAYING:
        yield Statement(
            template="race_overtaking",
            params={
                "overtaker": NameParam(name=names[race.overtaker]),
                "overtaken": NameParam(name=names[race.overtaken]),
                "p": told("probability", "p_overtakes"),
            },
        )
    if race.convergence is not None and race.convergence_word:
        word = WordParam(table="convergence", word=race.convergence_word)
        yield Statement(template="race_convergence", params={"word": word, "p": told("probability", "p_converging")})
    elif race.asked_by_policy:
        yield Statement(template="race_convergence_unknown")
