"""The evidence for and against a question to the readers, strongest first: what the facts hold, on either side.

A likelihood and a confidence (grade, coverage) are never in one sentence.
"""

from collections.abc import Iterator, Sequence

from horizon.records import Signal
from reports.coverage import cover_area
from reports.facts import (
    AreaRow,
    FigureParam,
    Grade,
    ListParam,
    NameParam,
    Param,
    Statement,
    WeekParam,
    WordParam,
)
from reports.findings import Missed, Race
from reports.inputs import Known
from reports.news import missed_params, race_figure, route_names, signal_figure, signal_unit, trend_params
from reports.policy import reach_of
from reports.trace import figure

Sides = tuple[list[Statement], list[Statement]]
"""For and against."""
_EVEN = 0.5
_CLEARLY_LEADS = 0.75
_FEW_GROUPS = 10


# ---- a signal --------------------------------------------------------------------------------------------------------


def about_signal(known: Known, signal: Signal) -> Sides:
    lasting = signal_figure(known, signal, "probability", "p_sustained")
    chance = lasting.figure.value
    growth: dict[str, Param] = {
        "n": signal_figure(known, signal, signal_unit(known, signal), "n_recent"),
        "ratio": signal_figure(known, signal, "times", "rate_ratio"),
        "groups": signal_figure(known, signal, "groups", "groups"),
        "fields": signal_figure(known, signal, "fields", "categories"),
    }
    because = [Statement(template="for_lasting", params={"p": lasting})] if (chance or 0.0) > _EVEN else []
    because.append(Statement(template="for_signal", params=growth))
    return because, list(_against_signal(known, signal, lasting))


def _against_signal(known: Known, signal: Signal, lasting: FigureParam) -> Iterator[Statement]:
    chance, low = lasting.figure.value, lasting.figure.low
    if chance is None:
        yield Statement(template="against_lasting_unknown")
    elif chance <= _EVEN:
        yield Statement(template="against_lasting", params={"p": lasting})
    elif low is not None and low < _EVEN:
        yield Statement(template="against_lasting_low", params={"p": lasting})
    sources = {each.source for each in known.inputs.findings.signals if each.term == signal.term}
    if len(sources) == 1 and signal.source in known.profiles:
        name = NameParam(name=known.profiles[signal.source].name)
        yield Statement(template="against_one_source", params={"source": name})
    if signal.groups < _FEW_GROUPS:
        few = signal_figure(known, signal, "groups", "groups")
        yield Statement(template="against_few_groups", params={"groups": few})


# ---- a verdict -------------------------------------------------------------------------------------------------------


def about_verdict(known: Known, row: AreaRow, rows: Sequence[AreaRow], good: Sequence[Grade]) -> Sides:
    """What the leading source says, against what other sources and the other tests say; the grade is the area's."""
    cover = cover_area(known, [each for each in rows if each.area == row.area])
    trend = {key: value for key, value in trend_params(known, row).items() if key != "area"}
    because = [Statement(template="for_verdict", params=trend)]
    grade = WordParam(table="grade", word=cover.grade)
    against = list(_against_verdict(known, row, rows))
    if cover.grade in good:
        because.append(Statement(template="for_grade", params={"grade": grade}))
    else:
        cause = WordParam(table="cause", word=cover.cause)
        against.insert(0, Statement(template="against_grade", params={"grade": grade, "cause": cause}))
    return because, against


def _against_verdict(known: Known, row: AreaRow, rows: Sequence[AreaRow]) -> Iterator[Statement]:
    low, high = row.growth.low, row.growth.high
    for other in rows:
        if other.area == row.area and other.source != row.source and _disagrees(known, row, other):
            params: dict[str, Param] = {
                "source": NameParam(name=known.profiles[other.source].name),
                "verdict": WordParam(table="verdict", word=other.verdict or "unscored"),
                "growth": FigureParam(figure=other.growth),
            }
            yield Statement(template="against_source", params=params)
            break
    if low is not None and high is not None and low <= 0 <= high:
        yield Statement(template="against_zero", params={"growth": FigureParam(figure=row.growth)})
    score = known.scores.get((row.series, row.source))
    if score is not None and score.discovery is False:
        yield Statement(template="against_discovery")
    if row.change.within and row.change.since is not None:
        yield Statement(template="against_within", params={"since": WeekParam(week=row.change.since)})
    if len([each for each in rows if each.area == row.area and each.status == "ok"]) == 1:
        yield Statement(
            template="against_one_source", params={"source": NameParam(name=known.profiles[row.source].name)}
        )


def _disagrees(known: Known, row: AreaRow, other: AreaRow) -> bool:
    """A trusted source with a score that does not go the same way."""
    trusted = other.status == "ok" and known.profiles[other.source].trust != "low"
    way = "ris" if row.verdict == "rising" else "fall"
    return trusted and way not in (other.verdict or "")


# ---- a race ----------------------------------------------------------------------------------------------------------


def about_lead(known: Known, race: Race) -> Sides:
    names, loser = route_names(known, race), race.overtook or race.leader
    shares: dict[str, Param] = {
        "leader": names[race.leader],
        "loser": names[loser],
        "share": race_figure(known, race, "share", "share", route=race.leader),
        "loser_share": race_figure(known, race, "share", "share", route=loser),
    }
    leads: dict[str, Param] = {"leader": names[race.leader], "p": race_figure(known, race, "probability", "p_leads")}
    because = [Statement(template="for_lead", params=leads), Statement(template="for_shares", params=shares)]
    return because, list(_against_lead(known, race, shares))


def _against_lead(known: Known, race: Race, shares: dict[str, Param]) -> Iterator[Statement]:
    stand = {each.route: each.share for each in race.standings}
    leader, loser = stand.get(race.leader), stand.get(race.overtook or "")
    if leader and loser and (leader.low or 0.0) <= (loser.high or 0.0):
        yield Statement(template="against_overlap", params=shares)
    elif race.p_leads < _CLEARLY_LEADS:
        yield Statement(template="against_not_clear")
    yield from _one_source(known, race)
    if race.convergence is None and race.asked_by_policy:
        yield Statement(template="against_convergence_unknown")


def _one_source(known: Known, race: Race) -> Iterator[Statement]:
    if race.source in known.profiles:
        name = NameParam(name=known.profiles[race.source].name)
        yield Statement(template="against_labels", params={"source": name})


def convergence_for(known: Known, race: Race) -> list[Statement]:
    chance = race_figure(known, race, "probability", "p_converging")
    return [Statement(template="for_converging", params={"p": chance}), Statement(template="for_policy")]


def convergence_against(known: Known, race: Race) -> list[Statement]:
    index, found = race.convergence, []
    if index is not None and index.low is not None and index.low <= 0:
        turn = race_figure(known, race, "share", "convergence")
        found.append(Statement(template="against_diverging", params={"index": turn}))
    return [*found, *_one_source(known, race)]


# ---- coverage and forecasts ------------------------------------------------------------------------------------------


def about_coverage(
    known: Known, source: str, areas: Sequence[str], leading: Sequence[AreaRow], *, failed: bool
) -> Sides:
    """That nobody can judge these areas and this source could hold them, against how long it would take."""
    widest = min((reach_of(source, area) for area in areas), key=("broad", "part").index)
    reach: dict[str, Param] = {
        "source": NameParam(name=known.profiles[source].name),
        "reach": WordParam(table="reach", word=widest),
    }
    each = tuple(
        Statement(template="unjudged", params={"area": NameParam(name=row.name), "n": FigureParam(figure=row.n_52w)})
        for row in leading
    )
    because = [Statement(template="for_unjudged", params={"areas": ListParam(parts=each)})] if each else []
    because.append(Statement(template="for_reach", params=reach))
    if failed:
        return because, [Statement(template="against_comes_back")]
    needs = known.inputs.score_rules
    if needs is None:
        return because, []
    weeks = FigureParam(figure=figure(known, "weeks", "setting", value=needs.known_weeks))
    return because, [Statement(template="against_history", params={"weeks": weeks})]


def about_forecast(known: Known, missed: Missed) -> Sides:
    said = missed_params(known, missed)
    shown = {key: value for key, value in said.items() if key != "area"} | {"week": WeekParam(week=missed.last)}
    chance: dict[str, Param] = {
        "p": FigureParam(
            figure=figure(known, "probability", "missed", prediction=missed.prediction_id, field="p_exceeds_last")
        ),
        "came": WordParam(table="came", word="more" if missed.exceeded else "less"),
    }
    because = [Statement(template="for_missed_chance", params=chance), Statement(template="for_missed", params=shown)]
    since, findings = known.inputs.findings.settled_since, known.inputs.findings
    if since is None or findings.told_week is None:
        return because, []
    counted: dict[str, Param] = {
        "n": FigureParam(figure=figure(known, "predictions", "settled_since", field="settled")),
        "out": FigureParam(figure=figure(known, "predictions", "settled_since", field="out")),
        "since": WeekParam(week=findings.told_week),
    }
    return because, [Statement(template="against_expected", params=counted)]
