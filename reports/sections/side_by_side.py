"""The other sources of every area, each with its own number, share, trend and verdict. Nothing here is ever summed."""

from collections.abc import Iterator

from reports.facts import AreaRow, Figure
from reports.policy import REACHES, reach_of
from reports.view import ARROWS, Block, Cell, Column, Paragraph, Run, Table, View, tone_of

_NBSP = "\N{NO-BREAK SPACE}"


def side_by_side(view: View) -> Iterator[Block]:
    """One table: areas down, sources across in their groups; nothing where there is but one source."""
    sources = view.counted
    if len(sources) < 2:
        return
    groups = {row.source: row.profile.group for row in view.brief.sources}
    heads = (
        f"{view.language.word('group', groups[source])}{view.language.word('forms', 'colon')}" for source in sources
    )
    columns = (
        Column(view.label("area"), weight=1.5),
        *(Column(head + view.source_name(source), weight=1.9) for head, source in zip(heads, sources, strict=True)),
    )
    by_place = {(row.area, row.source): row for row in view.brief.areas}
    rows = tuple(
        (
            Cell((Run(view.name(each.name)),)),
            *(_cell(view, by_place[each.area, source]) for source in sources),
        )
        for each in view.brief.coverage
    )
    yield Table(view.label("side_by_side"), columns, rows, "matrix")
    yield Paragraph((Run(view.label("side_key")),), "note")


def _cell(view: View, row: AreaRow) -> Cell:
    """Verdict and trend with its interval, then items of 52 weeks, their share, items of the week and the grade."""
    words = view.language
    if row.leads:
        return Cell((Run(view.label("see_above"), "quiet"),))
    if reach_of(row.source, row.area) == REACHES[-1]:
        return Cell((Run("–", "quiet"),))
    numbers = [*(_short(view, each) for each in (row.n_52w, row.share_52w, row.n_week)), row.coverage.grade]
    shown = _held(words.word("forms", "middot").join(numbers))
    if row.utility_52w is not None and row.utility_52w.value:
        shown += " " + _held(view.label("utility").format(n=view.bare(row.utility_52w)))
    second = Run(shown, "quiet")
    if row.status != "ok":
        return Cell((Run(_held(words.word("verdict_short", row.status)) + " ", "quiet"), second))
    tone = tone_of(row)
    # A dash for no clear change would read as a minus here.
    arrow = "" if tone == "flat" else f"{ARROWS[tone]} "
    trend = _held(arrow + view.bare(row.growth)) + " " + _held(view.bracketed(words.interval(row.growth)).strip())
    return Cell((Run(trend), Run(" "), second), tone)


def _short(view: View, figure: Figure) -> str:
    """A number, or the mark of an unknown one, which the caption explains."""
    return view.label("unknown_mark") if figure.value is None else view.bare(figure)


def _held(text: str) -> str:
    """Not broken within."""
    return text.replace(" ", _NBSP)
