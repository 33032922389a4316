"""The areas at a glance: momentum with interval, change since last issue, coverage grade; one table a source."""

from horizon.weeks import IsoWeek
from reports.facts import AreaRow, NameParam
from reports.policy import source_name
from reports.view import (
    Block,
    Bullets,
    Cell,
    Column,
    Paragraph,
    Run,
    Section,
    Spark,
    Style,
    Table,
    View,
    displayable,
    tone_of,
    trailing_share,
    verdict_word,
)

_ARROWS = {
    "rising": "▲",
    "probably_rising": "△",
    "flat": "–",
    "probably_falling": "▽",
    "falling": "▼",
    "none": "·",
}


def build(view: View) -> Section:
    blocks: list[Block] = []
    for source in view.brief.header.sources:
        blocks.append(_table(view, source))
        blocks.append(Paragraph((Run(_caption(view, source)),), "note"))
    routes = _routes(view)
    if routes and view.limits.routes_notes:
        blocks.append(Paragraph((Run(view.label("leading_routes"), "strong"),), "note"))
        blocks.append(Bullets(routes, "note"))
    return Section("", "", tuple(blocks))


def _caption(view: View, source: str) -> str:
    """What the columns mean, and which issue the changes are against."""
    name = view.name(source_name(source))
    weeks = next(row for row in view.brief.sources if row.source == source)
    year = {"first": view.language.week(weeks.year_first), "last": view.language.week(weeks.year_last)}
    parts = [view.label("areas_from").format(source=name, **year), view.label("coverage_key").format(source=name)]
    since = _since(view, source)
    if since is not None:
        parts.append(view.label("compared_with").format(week=view.language.week(since)))
    return view.language.joined(parts)


def _since(view: View, source: str) -> IsoWeek | None:
    return next((row.change.since for row in view.rows(source) if row.change.kind == "compared"), None)


def _change_title(view: View, source: str) -> str:
    """Which week the changes are against, where that is not simply the week before."""
    since = _since(view, source)
    if since is None or since == view.brief.header.week + -1:
        return view.label("change")
    week = str(since) if view.language.code == "en" else view.language.week(since)
    return view.label("change_since").format(week=week)


def _routes(view: View) -> tuple[tuple[Run, ...], ...]:
    rows = [row for row in view.rows(view.main_source) if row.route is not None]
    return tuple((Run(_route_head(view, row), "strong"), Run(view.say(row.route))) for row in rows if row.route)


def _route_head(view: View, row: AreaRow) -> str:
    """The area and by what its routes are told apart."""
    group = row.route.params["group"] if row.route else None
    by = (
        view.label("route_group").format(group=view.language.within(group.name)) if isinstance(group, NameParam) else ""
    )
    return view.name(row.name) + view.bracketed(displayable(by)) + view.language.word("forms", "colon")


def _table(view: View, source: str) -> Table:
    columns = (
        Column(view.label("area"), weight=2.15),
        Column(view.label("tier"), weight=1.15),
        Column(view.label("verdict"), weight=2.05),
        Column(view.label("momentum"), "right", weight=0.95),
        Column(view.label("interval"), "right", weight=1.65),
        Column(view.label("p_rising"), "right", weight=0.95),
        Column(view.label("share"), "right", weight=1.1),
        Column(view.label("trend"), weight=1.3),
        Column(view.label("n_week"), "right", weight=0.7),
        Column(view.label("n_52w"), "right", weight=1.1),
        Column(_change_title(view, source), weight=1.5),
        Column(view.label("grade"), weight=0.65),
    )
    rows = tuple(_row(view, row) for row in view.rows(source))
    caption = view.language.word("sections", "areas") + view.bracketed(view.name(source_name(source)))
    return Table(caption, columns, rows)


def _row(view: View, row: AreaRow) -> tuple[Cell, ...]:
    tone, words = tone_of(row), view.language
    return (
        Cell((Run(view.name(row.name)),)),
        Cell((Run(words.word("tier", str(row.tier)), "quiet"),)),
        Cell((Run(f"{_ARROWS[tone]} {verdict_word(view, row)}"),), tone),
        Cell((Run(view.bare(row.growth) if row.status == "ok" else "–", "strong"),), tone),
        Cell((Run(words.interval(row.growth) if row.status == "ok" else "–"),)),
        Cell((Run(view.bare(row.p_rising) if row.status == "ok" else "–"),)),
        Cell((Run(view.bare(row.share_52w)),)),
        Cell((), spark=_spark(view, row)),
        Cell((Run(view.bare(row.n_week)),)),
        Cell((Run(view.bare(row.n_52w)),)),
        Cell(_change(view, row)),
        Cell((Run(row.coverage.grade, "strong"),), detail=view.say(row.coverage.reason)),
    )


def _spark(view: View, row: AreaRow) -> Spark:
    values = trailing_share(row.history)
    seen = [value for value in values if value is not None]
    if not seen:
        return Spark(values, view.label("spark_unknown"))
    ends = {"first": f"{100 * seen[0]:.2f}%", "last": f"{100 * seen[-1]:.2f}%"}
    return Spark(values, view.label("spark_alt").format(**ends))


def _change(view: View, row: AreaRow) -> tuple[Run, ...]:
    words, change = view.language, row.change
    if change.kind != "compared" or change.delta is None:
        return (Run(words.word("change", change.kind), "quiet"),)
    style: Style = "quiet" if change.within else "plain"
    delta = Run(words.word("change", "compared").format(delta=words.bare(change.delta)), style)
    if not change.moved or change.before is None:
        return (delta,)
    before = words.word("change", "was").format(before=words.word("verdict", change.before))
    return (delta, Run(view.bracketed(before), "quiet"))
