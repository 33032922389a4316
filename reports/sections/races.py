"""The route race: each route's share of its group now and over the next year; in print one area in rotation."""

from reports.facts import RaceFact
from reports.view import Block, Bullets, Cell, Column, Paragraph, Run, Section, Table, View


def build(view: View) -> Section:
    blocks: list[Block] = []
    for race in _chosen(view):
        blocks += [_table(view, race), Bullets(tuple((Run(view.say(each)),) for each in race.statements), "note")]
    if blocks:
        blocks.append(Paragraph((Run(view.label("races_key")),), "note"))
    return Section("", "", tuple(blocks))


def _chosen(view: View) -> tuple[RaceFact, ...]:
    """All of them; else those whose lead changed, then from the one whose turn it is in this week on."""
    races = view.brief.races
    if view.limits.races >= len(races):
        return races
    turn = view.brief.header.week.number % len(races)
    ordered = races[turn:] + races[:turn]
    taken = [race for race in ordered if any(each.template == "race_overtook" for each in race.statements)]
    return (*taken, *(race for race in ordered if race not in taken))[: view.limits.races]


def _table(view: View, race: RaceFact) -> Table:
    columns = (
        Column(view.label("route"), weight=2.6),
        Column(view.label("route_share"), "right"),
        Column(view.label("interval"), "right", weight=1.3),
        Column(view.label("route_forecast"), "right"),
        Column(view.label("interval"), "right", weight=1.3),
    )
    words = view.language
    rows = tuple(
        (
            Cell((Run(view.name(each.name)),)),
            Cell((Run(view.bare(each.share), "strong"),)),
            Cell((Run(words.interval(each.share)),)),
            Cell((Run(view.bare(each.forecast)),)),
            Cell((Run(words.interval(each.forecast)),)),
        )
        for each in sorted(race.standings, key=lambda each: (-(each.share.value or 0.0), each.route))
    )
    by = view.label("route_group").format(group=words.within(race.group))
    return Table(
        view.name(race.name) + view.bracketed(words.word("forms", "list").join((by, view.source_name(race.source)))),
        columns,
        rows,
        "matrix",
    )
