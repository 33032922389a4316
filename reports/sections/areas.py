"""The areas at a glance: each in the source that leads it, then the others side by side; sources are never added up."""

from horizon.weeks import IsoWeek
from reports.facts import AreaCoverage, AreaRow, NameParam
from reports.sections.side_by_side import side_by_side
from reports.view import (
    ARROWS,
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


def build(view: View) -> Section:
    if not view.leading:
        return Section("", "", ())
    blocks: list[Block] = [_table(view), Paragraph((Run(_caption(view)),), "note")]
    if view.limits.side_by_side:
        blocks += side_by_side(view)
    grades = tuple((Run(view.say(each.reason)),) for each in view.brief.coverage)
    if view.limits.coverage_notes:
        blocks.append(Paragraph((Run(view.label("grades_why"), "strong"),), "note"))
        blocks.append(Bullets(grades, "note"))
    routes = _routes(view)
    if routes and view.limits.routes_notes:
        blocks.append(Paragraph((Run(view.label("leading_routes"), "strong"),), "note"))
        blocks.append(Bullets(routes, "note"))
    return Section("", "", tuple(blocks))


def _caption(view: View) -> str:
    """What the columns mean, and which issue the changes are against."""
    words = view.language
    weeks = {row.source: (row.year_first, row.year_last) for row in view.brief.sources}
    leading = list(dict.fromkeys(row.source for row in view.leading))
    if len(leading) == 1:
        first, last = (words.week(week) for week in weeks[leading[0]])
        text = view.label("areas_from").format(source=view.source_name(leading[0]), first=first, last=last)
    else:
        form = view.label("year_of")
        spans = (
            form.format(
                source=view.source_name(source), first=words.week(weeks[source][0]), last=words.week(weeks[source][1])
            )
            for source in leading
        )
        text = view.label("areas_from_several").format(weeks=words.word("forms", "separator").join(spans))
    parts = [text, view.label("coverage_key")]
    since = _since(view)
    if since is not None:
        parts.append(view.label("compared_with").format(week=words.week(since)))
    return words.joined(parts)


def _since(view: View) -> IsoWeek | None:
    return next((row.change.since for row in view.leading if row.change.kind == "compared"), None)


def _change_title(view: View) -> str:
    """Which week the changes are against, where that is not simply the week before."""
    since = _since(view)
    if since is None or since == view.brief.header.week + -1:
        return view.label("change")
    week = str(since) if view.language.code == "en" else view.language.week(since)
    return view.label("change_since").format(week=week)


def _routes(view: View) -> tuple[tuple[Run, ...], ...]:
    rows = [row for row in view.leading if row.route is not None]
    return tuple((Run(_route_head(view, row), "strong"), Run(view.say(row.route))) for row in rows if row.route)


def _route_head(view: View, row: AreaRow) -> str:
    """The area and by what its routes are told apart."""
    group = row.route.params["group"] if row.route else None
    by = (
        view.label("route_group").format(group=view.language.within(group.name)) if isinstance(group, NameParam) else ""
    )
    return view.name(row.name) + view.bracketed(displayable(by)) + view.language.word("forms", "colon")


def _table(view: View) -> Table:
    several, chinese = len(view.counted) > 1, view.language.code == "zh"
    columns = (
        # English names are long, and without the column of sources there is room for them.
        Column(view.label("area"), weight=1.95 if several else 2.15 if chinese else 2.7),
        *([Column(view.label("source"), weight=1.3)] if several else []),
        Column(view.label("tier"), weight=1.35 if chinese else 1.15),
        Column(view.label("verdict"), weight=1.65 if chinese else 2.05 if several else 2.2),
        Column(view.label("momentum"), "right", weight=0.95),
        Column(view.label("interval"), "right", weight=1.65 if chinese or several else 1.8),
        Column(view.label("p_rising"), "right", weight=0.95),
        Column(view.label("share"), "right", weight=1.05 if several or chinese else 0.9),
        Column(view.label("trend"), weight=1.3),
        Column(view.label("n_week"), "right", weight=0.8 if several else 1.0),
        Column(view.label("n_52w_several" if several else "n_52w"), "right", weight=1.05),
        Column(_change_title(view), weight=1.7 if chinese else 1.5 if several else 2.1),
        Column(view.label("grade"), weight=1.35),
    )
    rows = tuple(_row(view, row, grade, several) for row, grade in zip(view.leading, view.brief.coverage, strict=True))
    one = view.language.word("sections", "areas") + view.bracketed(view.source_name(view.leading[0].source))
    caption = view.label("each_leading") if several else one
    return Table(caption, columns, rows)


def _row(view: View, row: AreaRow, grade: AreaCoverage, several: bool) -> tuple[Cell, ...]:
    tone, words = tone_of(row), view.language
    return (
        Cell((Run(view.name(row.name)),)),
        *([Cell((Run(view.source_name(row.source), "quiet"),))] if several else []),
        Cell((Run(words.word("tier", str(row.tier)), "quiet"),)),
        Cell((Run(f"{ARROWS[tone]} {verdict_word(view, row)}"),), tone),
        Cell((Run(view.bare(row.growth) if row.status == "ok" else "–", "strong"),), tone),
        Cell((Run(words.interval(row.growth) if row.status == "ok" else "–"),)),
        Cell((Run(view.bare(row.p_rising) if row.status == "ok" else "–"),)),
        Cell((Run(view.bare(row.share_52w)),)),
        Cell((), spark=_spark(view, row)),
        Cell(_of_week(view, row)),
        Cell((Run(view.bare(row.n_52w)),)),
        Cell(_change(view, row)),
        _grade(view, grade),
    )


def _of_week(view: View, row: AreaRow) -> tuple[Run, ...]:
    """Items of the week, and those of earlier weeks that were seen only now."""
    late = (Run(f" +{view.bare(row.late)}", "quiet"),) if row.late.value else ()
    return (Run(view.bare(row.n_week)), *late)


def _grade(view: View, grade: AreaCoverage) -> Cell:
    """The letter and, in a word, what holds it down."""
    why = () if grade.cause == "none" else (Run(" " + view.language.word("cause", grade.cause), "quiet"),)
    return Cell((Run(grade.grade, "strong"), *why), detail=view.say(grade.reason))


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
