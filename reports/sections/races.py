"""The route race: each route's share of its group now and over the next year; in print one area in rotation."""

from reports.facts import RaceFact
from reports.view import Block, Bullets, Cell, Chart, Column, Paragraph, Run, Section, Table, View, race_chart


def build(view: View) -> Section:
    blocks: list[Block] = []
    for at, race in enumerate(_chosen(view)):
        course = _course(view, race) if at < view.limits.race_charts else ()
        # What the chart says as its message is not said again.
        said = race.statements[1:] if course else race.statements
        blocks += [*course, _table(view, race), Bullets(tuple((Run(view.say(each)),) for each in said), "note")]
    if blocks:
        blocks.append(Paragraph((Run(view.label("races_key")),), "note"))
    return Section("", "", tuple(blocks))


def _course(view: View, race: RaceFact) -> tuple[Chart, ...]:
    """The race as a chart under its first statement, where two windows or more are known."""
    known = [lead for lead in race.leads if any(share.value is not None for share in lead.shares)]
    if len(known) < 2 or not race.statements:
        return ()
    words = view.language
    form, rows = words.word("charts", "race_row"), []
    for at, each in enumerate(race.standings):
        first = next((lead.shares[at] for lead in known if lead.shares[at].value is not None), None)
        rows.append(
            form.format(
                route=view.name(each.name),
                first=words.word("charts", "unknown") if first is None else view.bare(first),
                last=view.bare(each.share),
                forecast=view.bare(each.forecast),
                interval=words.interval(each.forecast),
            )
        )
    alt = words.word("charts", "race_alt").format(rows=words.word("forms", "separator").join(rows))
    title = words.word("charts", "race_title").format(race=_name(view, race), message=view.say(race.statements[0]))
    return (Chart(race_chart(race), title, alt),)


def _name(view: View, race: RaceFact, *more: str) -> str:
    """The area, and in brackets by what its routes are told apart."""
    by = view.label("route_group").format(group=view.language.within(race.group))
    return view.name(race.name) + view.bracketed(view.language.word("forms", "list").join((by, *more)))


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
    return Table(_name(view, race, view.source_name(race.source)), columns, rows, "matrix")
