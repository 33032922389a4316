"""News as statements, for the bottom line, the list of changes and the decisions: each is worded once."""

from collections.abc import Iterator, Sequence
from typing import Any

from horizon.records import Signal
from reports.facts import (
    AreaRow,
    FigureParam,
    ListParam,
    NameParam,
    Param,
    Statement,
    Unit,
    VerbatimParam,
    WeekParam,
    WordParam,
)
from reports.findings import Missed, Race
from reports.inputs import Known
from reports.novelty import lead_taken, signal_news
from reports.policy import profile_of, unit_of
from reports.routes import text_of
from reports.trace import figure
from taxonomy.schema import RouteGroup

SIGNALS_NAMED = 3
FORECASTS_NAMED = 3
LEAST_LEAD = 0.55
"""Up to here a lead is a roughly even chance."""
_TERM_CHARS = 60
_SIGNAL_KINDS = {"new_confirmed": "signals_new_confirmed", "confirmed": "signals_confirmed", "new": "signals_new"}


# ---- areas -----------------------------------------------------------------------------------------------------------


def trend_params(known: Known, row: AreaRow) -> dict[str, Param]:
    """An area's trend with its likelihood, told of the likelier way."""
    profile = known.profiles[row.source]
    rises = row.p_rising.value is None or row.p_rising.value >= 0.5
    field = "p_rising" if rises else "p_falling"
    chance = figure(known, "probability", "score", series=row.series, source=row.source, field=field)
    return {
        "area": NameParam(name=row.name),
        "source": NameParam(name=profile.name),
        "noun": WordParam(table="noun", word=unit_of(profile)),
        "way": WordParam(table="way", word="rise" if rises else "fall"),
        "growth": FigureParam(figure=row.growth),
        "p": FigureParam(figure=chance),
    }


# ---- races -----------------------------------------------------------------------------------------------------------


def race_news(known: Known) -> Iterator[tuple[float, Statement]]:
    """Leads taken since the previous issue, in the taxonomy's order, each with its sureness of 0 to 50.

    A lead that is no more than an even chance may pass back next week: it is none to tell.
    """
    for race in known.inputs.findings.races:
        if race.area in known.areas and race.p_leads > LEAST_LEAD and lead_taken(known, race):
            yield 100.0 * abs(race.p_leads - 0.5), overtook(known, race)


def overtook(known: Known, race: Race) -> Statement:
    """The leader, the one that led before and how sure the lead is."""
    names = route_names(known, race)
    params: dict[str, Param] = {
        "area": NameParam(name=text_of(known.areas[race.area].name)),
        "leader": names[race.leader],
        "loser": names[race.overtook or race.leader],
        "p": race_figure(known, race, "probability", "p_leads"),
    }
    if known.inputs.previous_week is not None:
        return Statement(template="overtook", params=params)
    week = WeekParam(week=race.overtook_in or race.week)
    return Statement(template="overtook_first", params={**params, "week": week})


def group_of(known: Known, race: Race) -> RouteGroup | None:
    return next((group for group in known.areas[race.area].route_groups if group.id == race.group), None)


def route_names(known: Known, race: Race) -> dict[str, NameParam]:
    group = group_of(known, race)
    return {route.id: NameParam(name=text_of(route.name)) for route in (group.routes if group else ())}


def race_figure(known: Known, race: Race, unit: Unit, field: str, **more: Any) -> FigureParam:
    of: dict[str, Any] = {"area": race.area, "group": race.group, "source": race.source}
    return FigureParam(figure=figure(known, unit, "race", **of, **more, field=field))


# ---- signals ---------------------------------------------------------------------------------------------------------


def signal_news_statements(known: Known) -> Iterator[tuple[str, Statement]]:
    """One statement for each kind of news on signals, with its kind; the signals in the order of the issue."""
    for news, template in _SIGNAL_KINDS.items():
        found = [each for each in known.inputs.findings.signals if signal_news(known, each) == news]
        if found:
            yield template, _naming(template, [_signal_part(known, each) for each in found[:SIGNALS_NAMED]])


def signals_gone(known: Known) -> Iterator[Statement]:
    gone = known.inputs.findings.gone[: 2 * SIGNALS_NAMED]
    if gone:
        yield _naming("signals_gone", [named(told.term) for told in gone])


def _naming(template: str, parts: Sequence[Statement]) -> Statement:
    return Statement(template=template, params={"signals": ListParam(parts=tuple(parts))})


def _signal_part(known: Known, signal: Signal) -> Statement:
    lasting = signal_figure(known, signal, "probability", "p_sustained")
    if signal.tier != "confirmed" or lasting.figure.value is None:
        return named(signal.term)
    return Statement(template="signal_lasting", params={"term": term(signal.term), "p": lasting})


def named(words: str) -> Statement:
    return Statement(template="signal_named", params={"term": term(words)})


def term(words: str) -> VerbatimParam:
    """A signal's term, cut where no sentence could hold it."""
    return VerbatimParam(text=words if len(words) <= _TERM_CHARS else words[: _TERM_CHARS - 1] + "…")


def signal_figure(known: Known, signal: Signal, unit: Unit, field: str) -> FigureParam:
    of: dict[str, Any] = {"source": signal.source, "channel": signal.channel, "term": signal.term}
    return FigureParam(figure=figure(known, unit, "signal", **of, field=field))


def signal_unit(known: Known, signal: Signal) -> Unit:
    return unit_of(known.profiles.get(signal.source) or profile_of(signal.source))


# ---- forecasts -------------------------------------------------------------------------------------------------------


def forecast_news(known: Known) -> Iterator[Statement]:
    """How many came due since the previous issue and how many lay within their intervals."""
    findings = known.inputs.findings
    if findings.settled_since is None or not findings.settled_since.settled or findings.told_week is None:
        return
    params: dict[str, Param] = {
        "n": FigureParam(figure=figure(known, "predictions", "settled_since", field="settled")),
        "in80": FigureParam(figure=figure(known, "predictions", "settled_since", field="in80")),
        "since": WeekParam(week=findings.told_week),
    }
    yield Statement(template="settled", params=params)


def forecasts_missed(known: Known) -> Iterator[Statement]:
    missed = [each for each in known.inputs.findings.missed if each.area in known.areas][:FORECASTS_NAMED]
    if missed:
        parts = tuple(Statement(template="missed_one", params=missed_params(known, each)) for each in missed)
        yield Statement(template="missed", params={"forecasts": ListParam(parts=parts)})


def missed_params(known: Known, missed: Missed) -> dict[str, Param]:
    unit = _unit_of_quantity(known, missed)

    def told(unit: Unit, field: str) -> FigureParam:
        return FigureParam(figure=figure(known, unit, "missed", prediction=missed.prediction_id, field=field))

    return {
        "area": NameParam(name=text_of(known.areas[missed.area].name)),
        "quantity": WordParam(table="quantity", word=missed.quantity),
        "weeks": told("weeks", "horizon_weeks"),
        "week": WeekParam(week=missed.week + 1),
        "said": told(unit, "said"),
        "came": told(unit, "came"),
    }


def _unit_of_quantity(known: Known, missed: Missed) -> Unit:
    if missed.quantity == "share":
        return "share"
    return unit_of(known.profiles.get(missed.source) or profile_of(missed.source))
