"""What became of each source's week. Unknown is said as unknown."""

from reports.facts import SourceRow
from reports.policy import source_name
from reports.view import Cell, Column, Run, Section, Table, View, displayable


def build(view: View) -> Section:
    columns = (
        Column(view.label("source"), weight=1.0),
        Column(view.label("status"), weight=3.2),
        Column(view.label("records"), "right", weight=0.8),
        Column(view.label("items"), "right", weight=0.8),
        Column(view.label("refused"), "right", weight=0.8),
        Column(view.label("missing"), "right", weight=0.8),
        Column(view.label("unknown_weeks"), "right", weight=1.5),
        Column(view.label("source_clock"), weight=2.2),
    )
    disabled = tuple(_disabled_row(view, source, len(columns)) for source in view.brief.header.disabled)
    rows = (*(_row(view, source) for source in view.brief.sources), *disabled)
    table = Table(view.language.word("sections", "sources"), columns, rows)
    return Section("", "", (table,) if rows else ())


def _disabled_row(view: View, source: str, columns: int) -> tuple[Cell, ...]:
    """No number at all: nothing was asked."""
    name, status = view.name(source_name(source)), view.language.word("status", "disabled")
    unknown = Cell((Run(view.language.word("forms", "unknown"), "quiet"),))
    return (Cell((Run(name),)), Cell((Run(status),)), *([unknown] * (columns - 2)))


def _row(view: View, source: SourceRow) -> tuple[Cell, ...]:
    words = view.language
    status = [Run(words.word("status", source.status))]
    header = view.brief.header
    if source.since and source.until and (source.since, source.until) != (header.first_day, header.last_day):
        window = words.word("forms", "interval").format(low=words.day(source.since), high=words.day(source.until))
        status.append(Run(view.bracketed(window), "quiet"))
    if source.reason:
        status.append(Run(view.bracketed(displayable(source.reason)[:160]), "quiet"))
    clock = words.instant(source.cut_off) if source.cut_off else words.word("forms", "unknown")
    numbers = (source.records, source.items, source.refused, source.missing, source.unknown_weeks)
    cells = [Cell((Run(words.bare(number)),)) for number in numbers]
    return (Cell((Run(view.name(source.name)),)), Cell(tuple(status)), *cells, Cell((Run(clock, "quiet"),)))
