"""What comes first: at most three statements, by importance and novelty. An unknown week is said before anything.

A standing rise that the previous issue told is no news; a quiet week says so in one line, with what still stands.
"""

from collections.abc import Iterator, Sequence

from reports.facts import AreaRow, FigureParam, ListParam, NameParam, Param, Statement, WeekParam, WordParam
from reports.inputs import Known
from reports.language import LANGUAGES, LanguageCode, language, length
from reports.news import forecast_news, race_news, signal_news_statements, trend_params
from reports.novelty import CLEAR, period, stands_out
from reports.trace import figure

LIMIT = 3
MOST = {"en": 90, "zh": 150}
"""Words in English, characters in Chinese, of all statements together."""
IMPORTANCE = {
    "source_unknown": 1000, "source_partial": 900, "versions": 800, "verdict": 500, "alarm": 450, "overtook": 400,
    "forecast_failed": 380, "signals_new_confirmed": 350, "signals_confirmed": 340, "rising": 300, "falling": 200,
    "settled": 180, "verdict_inner": 150, "signals_new": 120, "tally": 50,
}  # fmt: skip
"""Of each kind of news; within a kind, up to 50 more by how far a probability is from an even chance."""
_WARNINGS = 800
"""From here on it is about the issue, not about the world."""
_FAILING_SHARE = 0.6
"""Fewer outcomes than this within their 80 % intervals is a failure of the forecasts, of at least so many:"""
_FAILING_LEAST = 5
Ranked = tuple[float, Statement]


def bottom_line(known: Known, rows: Sequence[AreaRow]) -> tuple[Statement, ...]:
    """The most important news, most important first; a quiet week is one line. `rows` are the leading ones.

    Areas of grade D have too little data to be spoken of here, and no statement rests on a source of low trust.
    """
    fit = [row for row in rows if may_be_spoken_of(known, row)]
    ranked = [*warnings(known), *_areas(known, fit), *_beside(known)]
    ranked.sort(key=lambda pair: -pair[0])
    chosen = [statement for _, statement in ranked[:LIMIT]]
    if not any(rank < _WARNINGS for rank, _ in ranked[:LIMIT]) and len(chosen) < LIMIT:
        chosen.append(_quiet(known, rows))
    elif len(chosen) < LIMIT:
        chosen += [statement for _, statement in _tally(known, fit)]
    if _nothing_assigned(known, rows) and len(chosen) < LIMIT:
        chosen.append(Statement(template="empty_week", params={"period": period(known)}))
    if known.inputs.previous_week is None and len(chosen) < LIMIT:
        chosen.append(Statement(template="first_issue"))
    return within_limits(chosen)


def within_limits(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The first ones that fit the length in both languages; one is always said."""
    kept = list(statements)
    while len(kept) > 1 and any(_length(kept, code) > MOST[code] for code in LANGUAGES):
        kept.pop()
    return tuple(kept)


def _length(statements: Sequence[Statement], code: LanguageCode) -> int:
    return sum(length(language(code).compose(statement), code) for statement in statements)


def may_be_spoken_of(known: Known, row: AreaRow) -> bool:
    """Whether a statement may rest on a row: there is data enough, of a source that is not of low trust."""
    return row.coverage.grade != "D" and known.profiles[row.source].trust != "low"


# ---- about the issue -------------------------------------------------------------------------------------------------


def warnings(known: Known) -> Iterator[Ranked]:
    """Sources that were not read, and versions that cannot be compared."""
    failed = [source for source in known.inputs.sources if source.status in (None, "ERROR")]
    if failed:
        parts = (
            _state(
                known, "source_state", source.source, status=WordParam(table="status", word=source.status or "never")
            )
            for source in failed
        )
        params: dict[str, Param] = {"sources": ListParam(parts=tuple(parts))}
        yield IMPORTANCE["source_unknown"], Statement(template="source_unknown", params=params)
    partial = [source.source for source in known.inputs.sources if source.status == "PARTIAL"]
    if partial:
        missing = {name: figure(known, "identifiers", "fetch", source=name, field="missing") for name in partial}
        parts = (_state(known, "source_missing", name, missing=FigureParam(figure=missing[name])) for name in partial)
        params = {"sources": ListParam(parts=tuple(parts))}
        yield IMPORTANCE["source_partial"], Statement(template="source_partial", params=params)
    yield from _versions(known)


def _state(known: Known, template: str, source: str, **params: Param) -> Statement:
    return Statement(template=template, params={"source": NameParam(name=known.profiles[source].name), **params})


def _versions(known: Known) -> Iterator[Ranked]:
    since = known.inputs.previous_week
    if since is not None and not known.comparable:
        yield IMPORTANCE["versions"], Statement(template="not_comparable", params={"since": WeekParam(week=since)})
    elif since is not None and known.inputs.previous_rescored:
        yield IMPORTANCE["versions"], Statement(template="rescored", params={"since": WeekParam(week=since)})


# ---- about the areas -------------------------------------------------------------------------------------------------


def _areas(known: Known, rows: Sequence[AreaRow]) -> Iterator[Ranked]:
    """Verdicts that changed and areas that stand out; of areas that cannot be compared the surest rise and fall."""
    for row in rows:
        if row.change.moved and row.verdict and row.change.before:
            kind = "verdict" if {row.change.before, row.verdict} & {*CLEAR} else "verdict_inner"
            yield IMPORTANCE[kind] + _sureness(row), verdict_changed(known, row)
        elif stands_out(known, row):
            yield IMPORTANCE["alarm"] + _sureness(row), alarm(known, row)
    yield from _extremes(known, [row for row in rows if row.change.kind != "compared"])


def verdict_changed(known: Known, row: AreaRow) -> Statement:
    """Since when is said where it is not simply since the issue before."""
    words: dict[str, Param] = {
        "before": WordParam(table="verdict", word=row.change.before or "unscored"),
        "now": WordParam(table="verdict", word=row.verdict or "unscored"),
    }
    params = {**trend_params(known, row), **words}
    if row.change.since is None or row.change.since == known.week + -known.inputs.window_weeks:
        return Statement(template="verdict_changed", params=params)
    since = WeekParam(week=row.change.since)
    return Statement(template="verdict_changed_since", params={**params, "since": since})


def alarm(known: Known, row: AreaRow) -> Statement:
    return Statement(template="alarm", params=trend_params(known, row))


def _extremes(known: Known, rows: Sequence[AreaRow]) -> Iterator[Ranked]:
    """The surest rise and the surest fall."""
    still = [row for row in rows if row.p_rising.value is not None]
    for verdict, end in (("rising", "low"), ("falling", "high")):
        found = [row for row in still if row.verdict == verdict]
        if found:
            row = max(found, key=lambda each: (abs(getattr(each.growth, end) or 0.0), each.area))
            params = {key: value for key, value in trend_params(known, row).items() if key != "way"}
            yield IMPORTANCE[verdict] + _sureness(row), Statement(template=verdict, params=params)


def _sureness(row: AreaRow) -> float:
    """How far from a coin toss, 0 to 50."""
    return 100.0 * abs((row.p_rising.value if row.p_rising.value is not None else 0.5) - 0.5)


# ---- beside the areas ------------------------------------------------------------------------------------------------


def _beside(known: Known) -> Iterator[Ranked]:
    """Races, signals, forecasts."""
    for sureness, statement in race_news(known):
        yield IMPORTANCE["overtook"] + sureness, statement
    for kind, statement in signal_news_statements(known):
        yield IMPORTANCE[kind], statement
    since = known.inputs.findings.settled_since
    for statement in forecast_news(known):
        failing = since is not None and since.settled >= _FAILING_LEAST and since.in80 < _FAILING_SHARE * since.settled
        yield IMPORTANCE["forecast_failed" if failing else "settled"], statement


def _tally(known: Known, rows: Sequence[AreaRow]) -> Iterator[Ranked]:
    """How many areas rise and fall, beside the news, where there are several."""
    if sum(row.verdict in CLEAR for row in rows) > 1:
        yield IMPORTANCE["tally"], Statement(template="also_extreme", params=tally_params(known))


def tally_params(known: Known) -> dict[str, Param]:
    """How many areas there are, were scored, rise and fall, each in the source that leads it."""
    probably = "probably rising,probably falling"
    asked = {"all": "*", "scored": "scored", "rising": "rising", "falling": "falling", "probably": probably}
    return {
        name: FigureParam(figure=figure(known, "areas", "tally", verdicts=verdicts)) for name, verdicts in asked.items()
    }


def _quiet(known: Known, rows: Sequence[AreaRow]) -> Statement:
    """That nothing is new, and what still stands."""
    if not any(row.status == "ok" for row in rows):
        needs = score_needs(known)
        return Statement(template="no_scores" if needs else "no_scores_yet", params=needs)
    tally = tally_params(known)
    # What is true of all scored areas is said of all; else only of those with enough data to be spoken of.
    thin = [row for row in rows if not may_be_spoken_of(known, row)]
    if known.inputs.previous_week is None or not known.comparable:
        clear = any(row.verdict in CLEAR for row in thin)
        return (
            Statement(template="quiet_first_thin")
            if clear
            else Statement(template="quiet_first", params={"scored": tally["scored"]})
        )
    since: dict[str, Param] = {"since": WeekParam(week=known.inputs.previous_week), "period": period(known)}
    if any(row.change.moved for row in thin):
        return Statement(template="quiet_thin", params=since)
    return Statement(
        template="quiet", params={**{name: tally[name] for name in ("scored", "rising", "falling")}, **since}
    )


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
