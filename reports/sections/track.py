"""What we said and what happened: forecasts that came due, against what a coin and no change would have said."""

from reports.facts import TrackRow
from reports.view import Block, Bullets, Cell, Column, Paragraph, Run, Section, Table, View, displayable


def build(view: View) -> Section:
    track = view.brief.track
    if not track.statements:
        return Section("", "", ())
    blocks: list[Block] = [Bullets(tuple((Run(view.say(each)),) for each in track.statements))]
    settled = tuple(row for row in track.rows if row.settled.value)
    if settled:
        blocks.insert(0, _table(view, settled))
        blocks.append(Paragraph((Run(view.label("track_key")),), "note"))
    if track.head and view.limits.track_head:
        head = Run(displayable(track.head), "code")
        blocks.append(Paragraph((Run(view.label("ledger_head") + " ", "quiet"), head), "note"))
    return Section("", "", tuple(blocks))


def _table(view: View, rows: tuple[TrackRow, ...]) -> Table:
    columns = (
        Column(view.label("forecast_of"), weight=2.0),
        Column(view.label("settled"), "right"),
        Column(view.label("pending"), "right"),
        Column(view.label("cov80"), "right", weight=1.6),
        Column(view.label("brier"), "right"),
        Column(view.label("brier_skill"), "right", weight=1.3),
        Column(view.label("crps_skill"), "right", weight=1.3),
    )
    return Table(view.label("track_caption"), columns, tuple(_row(view, row) for row in rows))


def _row(view: View, row: TrackRow) -> tuple[Cell, ...]:
    words = view.language
    what = view.label("forecast_row").format(quantity=words.word("quantity", row.quantity), weeks=row.horizon_weeks)
    covered = view.bare(row.cov80) + (view.bracketed(words.interval(row.cov80)) if row.cov80.low is not None else "")
    return (
        Cell((Run(what),)),
        *(Cell((Run(view.bare(each)),)) for each in (row.settled, row.pending)),
        Cell((Run(covered),)),
        *(Cell((Run(view.bare(each)),)) for each in (row.brier, row.brier_skill, row.crps_skill)),
    )
