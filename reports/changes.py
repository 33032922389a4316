"""Everything that changed since the last issue of the kind, most important first, in groups; or that nothing did."""

from collections.abc import Iterator, Sequence

from reports.bottom_line import alarm, may_be_spoken_of, verdict_changed, warnings
from reports.facts import AreaRow, FigureParam, ListParam, NameParam, Param, Statement, Text, WeekParam, WordParam
from reports.inputs import Known
from reports.news import forecast_news, forecasts_missed, race_news, signal_news_statements, signals_gone
from reports.novelty import CLEAR, stands_out

MOST = 12
_LEADS_TOLD = 2
GROUPS = {
    "source_unknown": "sources", "source_partial": "sources", "not_comparable": "versions", "rescored": "versions",
    "verdict_changed": "areas", "verdict_changed_since": "areas", "areas_moved": "areas", "alarm": "areas",
    "areas_stand_out": "areas", "trends_moved": "areas", "leads_taken": "routes",
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
    after = [*_standing_out(known, fit), *_trends(fit), *_leads(known)]
    after += [*(statement for _, statement in signal_news_statements(known)), *signals_gone(known)]
    after += [*forecast_news(known), *forecasts_missed(known)]
    found = [*before, *_verdicts(known, fit, max(1, MOST - len(before) - len(after))), *after]
    if not any(GROUPS[statement.template] not in ("sources", "versions") for statement in found):
        return (*found, _nothing(known)) if known.comparable else tuple(found)
    if len(found) > MOST:
        found = [*found[: MOST - 1], Statement(template="changes_more")]
    return tuple(found)


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


def _standing_out(known: Known, rows: Sequence[AreaRow]) -> Iterator[Statement]:
    """The surest with its numbers, the others by name."""
    found = [row for row in rows if not row.change.moved and stands_out(known, row)]
    found.sort(key=lambda row: (-abs((row.p_rising.value or 0.0) - 0.5), row.area))
    yield from (alarm(known, row) for row in found[:1])
    if len(found) > 1:
        yield _named("areas_stand_out", [row.name for row in found[1:]])


def _leads(known: Known) -> Iterator[Statement]:
    """The first of them whole, the others by their area."""
    races = [statement for _, statement in race_news(known)]
    yield from races[:_LEADS_TOLD]
    others = (statement.params["area"] for statement in races[_LEADS_TOLD:])
    names = [area.name for area in others if isinstance(area, NameParam)]
    if names:
        yield _named("leads_taken", list(dict.fromkeys(names)))


def _named(template: str, names: Sequence[Text]) -> Statement:
    parts = tuple(Statement(template="name_alone", params={"source": NameParam(name=name)}) for name in names)
    return Statement(template=template, params={"areas": ListParam(parts=parts)})


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
