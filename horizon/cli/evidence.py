"""Verbs that tell what the store knows of one area: the race of its routes, and who moves it."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from horizon.cli.options import AsJson, AsOf, DataDir, WeekText, clock, emit, open_existing, week_of
from horizon.errors import UsageError
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from flows.evidence import AreaActors, Basis
    from trends.actors import Actor, Actors, Presence
    from trends.estimate import Estimate
    from trends.patent_lag import PatentLag
    from trends.routes import GroupRace

Area = Annotated[str, typer.Argument(help="Area id, such as quantum_technology (`horizon taxonomy list`).")]
_MOST_PAIRS = 5
_MOST_YEARS = 5


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (routes, actors):
        app.command()(verb)


def routes(
    area: Area,
    week: WeekText = "last",
    source: Annotated[str | None, typer.Option("--source", help="One source instead of each.")] = None,
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The technology routes of an area against one another: shares, who leads, who may overtake, convergence."""
    from flows.evidence import area_routes

    now = clock(as_of)
    with open_existing(data) as work:
        found = area_routes(work, area, _past_week(week, now), now, source)
    lines = [_basis_line(found.basis), *(line for race in found.races for line in _race_lines(race))]
    emit(as_plain(found), as_json, "\n".join(lines))


def actors(
    area: Area, week: WeekText = "last", as_of: AsOf = None, data: DataDir = None, as_json: AsJson = False
) -> None:
    """Who moves an area: countries, organisations, newcomers, Shanghai and China, from papers to patents."""
    from flows.evidence import area_actors

    now = clock(as_of)
    with open_existing(data) as work:
        found = area_actors(work, area, _past_week(week, now), now)
    emit(as_plain(found), as_json, "\n".join(_actor_page(found)))


def _past_week(text: str, now: datetime) -> IsoWeek:
    week = week_of(text, now)
    if now < week.end:
        raise UsageError(f"week {week} has not ended at {now:%Y-%m-%d %H:%M} UTC; name a complete week")
    return week


def as_plain(value: object) -> Any:
    """Records as JSON knows them; a week is written as a week."""
    if isinstance(value, IsoWeek):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (list, tuple)):
        return [as_plain(each) for each in value]
    return value


def _basis_line(basis: "Basis") -> str:
    known = f"known at {basis.as_of:%Y-%m-%d %H:%M} UTC"
    return f"{basis.area}, {basis.week}, {known}; taxonomy {basis.taxonomy}, model {basis.model}"


def _span(value: "Estimate", percent: bool = True) -> str:
    if percent:
        return f"{value.mean:6.1%} ({value.lo80:.1%} to {value.hi80:.1%})"
    return f"{value.mean:.2f} ({value.lo80:.2f} to {value.hi80:.2f})"


# ---- routes ----------------------------------------------------------------------------------------------------------


def _race_lines(race: "GroupRace") -> Iterator[str]:
    yield f"\n{race.group}, {race.source}, up to {race.week} (shares of route labels within the group, 80 % intervals)"
    if race.reason is not None:
        yield f"  insufficient data: {race.reason}"
    if not race.windows:
        return
    newest, ahead = race.windows[-1], {each.route: each.share for each in race.forecast}
    yield f"  {'route':<42}{'labels':>7}  {'last 52 weeks':<28}next 52 weeks"
    for share in sorted(newest.shares, key=lambda each: (-each.n, each.route)):
        forecast = _span(ahead[share.route]) if share.route in ahead else "-"
        yield f"  {share.route:<42}{share.n:>7}  {_span(share.share):<28}{forecast}"
    varied, herfindahl = _span(newest.effective_routes, False), _span(newest.herfindahl, False)
    yield f"  as varied as {varied} equal routes; Herfindahl {herfindahl}"
    yield from _story(race)
    for year in race.years[-_MOST_YEARS:]:
        shares = ", ".join(f"{each.route} {each.share.mean:.0%}" for each in year.shares)
        yield f"  year to {year.last}: {year.labels} labels in {year.weeks_known} known weeks: {shares}"


def _story(race: "GroupRace") -> Iterator[str]:
    if race.leader is not None and race.p_leads is not None:
        longer = " or longer" if race.led_since_start else ""
        yield f"  {race.leader} leads (probability {race.p_leads:.2f}), for {race.led_weeks} weeks{longer}"
    for each in race.overtakings[:_MOST_PAIRS]:
        yield f"  {each.route} overtakes {each.ahead} within 52 weeks: probability {each.probability:.2f}"
    if (found := race.convergence) is not None:
        policy = ", as the policy asks of its tier" if race.asked_by_policy else ""
        told = f"index {_span(found.index, False)}, probability {found.probability:.2f} of converging{policy}"
        yield f"  {found.since} to {found.until}: {found.verdict}; {told}"


# ---- actors ----------------------------------------------------------------------------------------------------------


def _actor_page(found: "AreaActors") -> Iterator[str]:
    yield _basis_line(found.basis)
    for each in (found.papers, found.patents):
        yield from _actor_lines(each)
    yield "\nfrom papers to patents"
    if (made := found.conversion) is None:
        yield "  organisations: not enough evidence"
    else:
        told = f"{made.converted} of {made.organisations} organisations with papers, {_span(made.share)}"
        yield f"  {told}, had {made.families} later patent families, the first after {made.median_years:.1f} years"
    yield f"  lag: {_lag_text(found.lag)}"


def _lag_text(lag: "PatentLag | None") -> str:
    if lag is None:
        return "not enough evidence: papers or patents are lacking"
    if lag.years is None:
        return f"not enough evidence: {lag.reason}"
    return (
        f"{lag.patents_source} follows {lag.papers_source} by {lag.years:.1f} years (80 %: {lag.lo80} to {lag.hi80}; "
        f"lags up to {lag.longest_years} years tried, probability of a relation {lag.p_related:.2f})"
    )


def _actor_lines(found: "Actors") -> Iterator[str]:
    whole = found.coverage[0]
    yield f"\n{found.kind}, {found.first} to {found.week}: {whole.works} works first published"
    for each in found.coverage:
        told = f"organisations known of {each.with_organisations}, countries of {each.with_countries}"
        yield f"  {each.source or 'all sources'}: {each.works} works, {told}"
    yield from _table("countries", found.countries)
    yield from _table("organisations", found.organisations)
    for name, value in (
        ("concentration of countries", found.country_concentration),
        ("concentration of organisations", found.organisation_concentration),
    ):
        yield f"  {name} (Herfindahl): {'not enough evidence' if value is None else _span(value, False)}"
    yield f"  China: {_presence_text(found.china)}"
    yield f"  Shanghai: {_presence_text(found.shanghai)}"
    yield from _growth_lines(found)
    yield from _newcomer_lines(found)


def _presence_text(found: "Presence | None") -> str:
    if found is None:
        return "not enough works whose actors are known"
    return f"{found.works} of {found.of} works whose actors are known, {_span(found.share).strip()}"


def _table(title: str, rows: "Sequence[Actor]") -> Iterator[str]:
    yield f"  {title}: works (whole counting), share (fractional, of works where known)"
    for each in rows:
        yield f"    {each.name:<60} {each.works:>5}  {_span(each.share)}"
    if not rows:
        yield "    not enough works where known"


def _growth_lines(found: "Actors") -> Iterator[str]:
    if found.growing is None:
        yield "  grew: not enough evidence in two years"
        return
    yield f"  grew, at a false-discovery rate of 10 %: {len(found.growing)}"
    for each in found.growing:
        change = f"{each.change_pct.mean:+.0f} % (80 %: {each.change_pct.lo80:+.0f} to {each.change_pct.hi80:+.0f})"
        yield f"    {each.name:<60} {each.works_before} to {each.works} works, share {change}"


def _newcomer_lines(found: "Actors") -> Iterator[str]:
    if found.newcomers is None:
        yield "  newcomers: not enough evidence (three years of known organisations before the window are needed)"
        return
    new = found.newcomers
    told = f"{new.count} organisations, {_span(new.share).strip()} of all"
    yield f"  newcomers: {told}; {new.history_weeks} weeks of history"
    for each in new.organisations:
        yield f"    {each.name:<60} {each.works:>5} works"
