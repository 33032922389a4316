"""Everything that changed since the last issue of the kind, most important first, in groups; or that nothing did."""

from collections.abc import Iterator, Sequence

from reports.bottom_line import alarm, may_be_spoken_of, verdict_changed, warnings
from reports.facts import AreaRow, FigureParam, ListParam, NameParam, Param, Statement, WeekParam, WordParam
from reports.inputs import Known
from reports.news import forecast_news, forecasts_missed, race_news, signal_news_statements, signals_gone
from reports.novelty import CLEAR, stands_out

MOST = 12
GROUPS = {
    "source_unknown": "sources", "source_partial": "sources", "not_comparable": "versions", "rescored": "versions",
    "verdict_changed": "areas", "verdict_changed_since": "areas", "areas_moved": "areas", "alarm": "areas",
    "trends_moved": "areas",
    "overtook": "routes", "overtook_first": "routes", "signals_new_confirmed": "signals",
    "signals_confirmed": "signals", "signals_new": "signals", "signals_gone": "signals", "settled": "forecasts",
    "missed": "forecasts",
}  # fmt: skip
"""Under what a statement stands, by its template."""


def changes(known: Known, rows: Sequence[AreaRow]) -> tuple[Statement, ...]:
    """At most MOST; verdicts that find no room are named together. `rows` are the leading ones."""
    since = known.inputs.previous_week
    if since is None:
        return (Statement(template="first_issue"),)
    fit = [row for row in rows if may_be_spoken_of(known, row)]
    before = [statement for _, statement in warnings(known)]
    after = [*_trends(fit), *(statement for _, statement in race_news(known))]
    after += [*(statement for _, statement in signal_news_statements(known)), *signals_gone(known)]
    after += [*forecast_news(known), *forecasts_missed(known)]
    found = [*before, *_verdicts(known, fit, max(1, MOST - len(before) - len(after))), *after]
    if any(GROUPS[statement.template] not in ("sources", "versions") for statement in found):
        return tuple(found[:MOST])
    return (*found, _nothing(known)) if known.comparable else tuple(found)


def _verdicts(known: Known, rows: Sequence[AreaRow], room: int) -> Iterator[Statement]:
    """Clear ones first; one a statement while there is room, the others in one."""
    moved = sorted(
        (row for row in rows if row.change.moved and row.verdict and row.change.before),
        key=lambda row: (not {row.change.before, row.verdict} & {*CLEAR}, row.area),
    )
    alone = moved if len(moved) <= room else moved[: room - 1]
    yield from (verdict_changed(known, row) for row in alone)
    if len(alone) < len(moved):
        parts = tuple(_moved(row) for row in moved[len(alone) :])
        yield Statement(template="areas_moved", params={"areas": ListParam(parts=parts)})
    yield from [alarm(known, row) for row in rows if not row.change.moved and stands_out(known, row)][:1]


def _moved(row: AreaRow) -> Statement:
    params: dict[str, Param] = {
        "area": NameParam(name=row.name),
        "before": WordParam(table="verdict", word=row.change.before or "unscored"),
        "now": WordParam(table="verdict", word=row.verdict or "unscored"),
    }
    return Statement(template="area_moved", params=params)


def _trends(rows: Sequence[AreaRow]) -> Iterator[Statement]:
    """Areas of the same verdict whose change is large against the two intervals."""
    found = [row for row in rows if row.change.kind == "compared" and not row.change.moved and not row.change.within]
    parts = []
    for row in found:
        if row.change.delta is not None:
            delta, growth = FigureParam(figure=row.change.delta), FigureParam(figure=row.growth)
            params: dict[str, Param] = {"area": NameParam(name=row.name), "delta": delta, "growth": growth}
            parts.append(Statement(template="trend_moved", params=params))
    if parts:
        yield Statement(template="trends_moved", params={"areas": ListParam(parts=tuple(parts))})


def _nothing(known: Known) -> Statement:
    """In one line; where signals were not looked for, nothing is said of them."""
    since: dict[str, Param] = {"since": WeekParam(week=known.inputs.previous_week or known.week)}
    looked = known.inputs.findings.scanned and known.inputs.findings.told_week is not None
    return Statement(template="nothing_changed" if looked else "nothing_changed_looked", params=since)
