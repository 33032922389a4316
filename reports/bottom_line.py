"""What comes first: at most three statements, chosen by importance. An unknown week is always said before anything."""

from collections.abc import Iterator, Sequence

from reports.facts import AreaRow, FigureParam, ListParam, NameParam, Param, Statement, WeekParam, WordParam
from reports.inputs import Known
from reports.policy import unit_of
from reports.trace import figure

LIMIT = 3
Ranked = tuple[float, Statement]


def bottom_line(known: Known, rows: Sequence[AreaRow]) -> tuple[Statement, ...]:
    """The most important statements, most important first; a quiet week is one line. `rows` are the leading ones.

    Areas of grade D have too little data to be spoken of here, and no statement rests on a source of low trust.
    """
    fit = [row for row in rows if may_be_spoken_of(known, row)]
    ranked = [*_source_warnings(known), *_not_comparable(known), *_verdict_changes(known, fit), *_extremes(known, fit)]
    ranked.sort(key=lambda pair: -pair[0])
    chosen = [statement for _, statement in ranked[:LIMIT]]
    news = any(statement.template in ("verdict_changed", "rising", "falling") for statement in chosen)
    if not news and len(chosen) < LIMIT:
        chosen.append(_quiet(known, rows))
    if _nothing_assigned(known, rows) and len(chosen) < LIMIT:
        chosen.append(Statement(template="empty_week"))
    if known.inputs.previous_week is None and len(chosen) < LIMIT:
        chosen.append(Statement(template="first_issue"))
    return tuple(chosen)


def may_be_spoken_of(known: Known, row: AreaRow) -> bool:
    """Whether a statement may rest on a row: there is data enough, of a source that is not of low trust."""
    return row.coverage.grade != "D" and known.profiles[row.source].trust != "low"


def _source_warnings(known: Known) -> Iterator[Ranked]:
    failed = [source for source in known.inputs.sources if source.status in (None, "ERROR")]
    if failed:
        parts = (
            _state(
                known, "source_state", source.source, status=WordParam(table="status", word=source.status or "never")
            )
            for source in failed
        )
        yield 1000.0, Statement(template="source_unknown", params={"sources": ListParam(parts=tuple(parts))})
    partial = [source.source for source in known.inputs.sources if source.status == "PARTIAL"]
    if partial:
        missing = {name: figure(known, "identifiers", "fetch", source=name, field="missing") for name in partial}
        parts = (_state(known, "source_missing", name, missing=FigureParam(figure=missing[name])) for name in partial)
        yield 900.0, Statement(template="source_partial", params={"sources": ListParam(parts=tuple(parts))})


def _state(known: Known, template: str, source: str, **params: Param) -> Statement:
    return Statement(template=template, params={"source": NameParam(name=known.profiles[source].name), **params})


def _not_comparable(known: Known) -> Iterator[Ranked]:
    if known.inputs.previous_week is not None and not known.comparable:
        yield 800.0, Statement(template="not_comparable", params={"since": WeekParam(week=known.inputs.previous_week)})
    elif known.inputs.previous_week is not None and known.inputs.previous_rescored:
        yield 800.0, Statement(template="rescored", params={"since": WeekParam(week=known.inputs.previous_week)})


def _verdict_changes(known: Known, rows: Sequence[AreaRow]) -> Iterator[Ranked]:
    for row in rows:
        if row.change.moved and row.verdict and row.change.before and row.change.since:
            words: dict[str, Param] = {
                "since": WeekParam(week=row.change.since),
                "before": WordParam(table="verdict", word=row.change.before),
                "now": WordParam(table="verdict", word=row.verdict),
            }
            # Into or out of rising or falling is news; a step between the inner words may be a point of probability.
            outer = {row.change.before, row.verdict} & {"rising", "falling"}
            yield (
                (500.0 if outer else 150.0) + _weight(row),
                Statement(template="verdict_changed", params={**_params(known, row), **words}),
            )


def _extremes(known: Known, rows: Sequence[AreaRow]) -> Iterator[Ranked]:
    """The surest rise and the surest fall, and how many there are of each."""
    still = [row for row in rows if row.p_rising.value is not None and not row.change.moved]
    rising = [row for row in still if row.verdict == "rising"]
    falling = [row for row in still if row.verdict == "falling"]
    if rising:
        row = max(rising, key=lambda each: (each.growth.low or 0.0, each.area))
        yield 300.0 + _weight(row), Statement(template="rising", params=_params(known, row))
    if falling:
        row = min(falling, key=lambda each: (each.growth.high or 0.0, each.area))
        yield 200.0 + _weight(row), Statement(template="falling", params=_params(known, row))
    if len(rising) + len(falling) > 1:
        yield 100.0, Statement(template="also_extreme", params=tally_params(known))


def _weight(row: AreaRow) -> float:
    """How far from a coin toss, 0 to 50."""
    return 100.0 * abs((row.p_rising.value if row.p_rising.value is not None else 0.5) - 0.5)


def _params(known: Known, row: AreaRow) -> dict[str, Param]:
    profile = known.profiles[row.source]
    return {
        "area": NameParam(name=row.name),
        "source": NameParam(name=profile.name),
        "noun": WordParam(table="noun", word=unit_of(profile)),
        "growth": FigureParam(figure=row.growth),
        "p": FigureParam(figure=row.p_rising),
    }


def tally_params(known: Known) -> dict[str, Param]:
    """How many areas there are, were scored, rise and fall, each in the source that leads it."""
    probably = "probably rising,probably falling"
    asked = {"all": "*", "scored": "scored", "rising": "rising", "falling": "falling", "probably": probably}
    return {
        name: FigureParam(figure=figure(known, "areas", "tally", verdicts=verdicts)) for name, verdicts in asked.items()
    }


def _quiet(known: Known, rows: Sequence[AreaRow]) -> Statement:
    if not any(row.status == "ok" for row in rows):
        needs = score_needs(known)
        return Statement(template="no_scores" if needs else "no_scores_yet", params=needs)
    scored = {"scored": tally_params(known)["scored"]}
    # What is true of all scored areas is said of all; else only of those with enough data to be spoken of.
    thin = [row for row in rows if not may_be_spoken_of(known, row)]
    if known.inputs.previous_week is None or not known.comparable:
        clear = any(row.verdict in ("rising", "falling") for row in thin)
        return Statement(template="quiet_first_thin") if clear else Statement(template="quiet_first", params=scored)
    since: dict[str, Param] = {"since": WeekParam(week=known.inputs.previous_week)}
    if any(row.change.moved for row in thin):
        return Statement(template="quiet_thin", params=since)
    return Statement(template="quiet", params={**scored, **since})


def score_needs(known: Known) -> dict[str, Param]:
    """How much evidence a score takes, as the scoring says; nothing where it was not passed on."""
    rules = known.inputs.score_rules
    if rules is None:
        return {}
    return {
        "need": FigureParam(figure=figure(known, "records", "setting", value=rules.items)),
        "weeks": FigureParam(figure=figure(known, "weeks", "setting", value=rules.known_weeks)),
    }


def _nothing_assigned(known: Known, rows: Sequence[AreaRow]) -> bool:
    read = any(source.status in ("OK", "NO_RESULTS", "PARTIAL") for source in known.inputs.sources)
    return read and not known.inputs.labelled and bool(rows)
