"""What became of each source's week. Unknown is said as unknown, and why by a fixed word.

The words of the machine that failed stand in brief.json and in the annex.
"""

from reports.facts import SourceRow
from reports.failures import failure_kind
from reports.view import Cell, Column, Run, Section, Table, View


def build(view: View) -> Section:
    columns = (
        Column(view.label("source"), weight=1.4),
        Column(view.label("status"), weight=3.4),
        Column(view.label("records"), "right", weight=0.8),
        Column(view.label("items"), "right", weight=0.8),
        Column(view.label("refused"), "right", weight=0.8),
        Column(view.label("missing"), "right", weight=0.8),
        Column(view.label("unknown_weeks"), "right", weight=1.3),
        Column(view.label("source_clock"), weight=2.6),
    )
    rows = tuple(
        _disabled_row(view, source, len(columns)) if source.status == "disabled" else _row(view, source)
        for source in view.brief.sources
    )
    table = Table(view.language.word("sections", "sources"), columns, rows)
    return Section("", "", (table,) if rows else ())


def _disabled_row(view: View, source: SourceRow, columns: int) -> tuple[Cell, ...]:
    """No number at all: nothing was asked."""
    status = [Run(view.language.word("status", source.status)), *_last_success(view, source)]
    unknown = Cell((Run(view.language.word("forms", "unknown"), "quiet"),))
    return (Cell((Run(view.name(source.name)),)), Cell(tuple(status)), *([unknown] * (columns - 2)))


def _last_success(view: View, source: SourceRow) -> tuple[Run, ...]:
    """Until when it was last read whole, where this week was not."""
    if source.status in ("OK", "NO_RESULTS"):
        return ()
    words = view.language
    if source.last_success is None:
        return (Run(view.bracketed(words.word("labels", "never_read")), "quiet"),)
    last = words.word("labels", "last_success").format(day=words.day(source.last_success))
    return (Run(view.bracketed(last), "quiet"),)


def _row(view: View, source: SourceRow) -> tuple[Cell, ...]:
    words = view.language
    status = [Run(words.word("status", source.status))]
    header = view.brief.header
    if source.since and source.until and (source.since, source.until) != (header.first_day, header.last_day):
        window = words.word("forms", "interval").format(low=words.day(source.since), high=words.day(source.until))
        status.append(Run(view.bracketed(window), "quiet"))
    if source.reason and source.status in ("ERROR", "PARTIAL"):
        status.append(Run(view.bracketed(words.word("failure", failure_kind(source.reason))), "quiet"))
    status += _last_success(view, source)
    if source.profile.trust == "low":
        status.append(Run(view.bracketed(words.word("labels", "low_trust")), "quiet"))
    if not source.profile.counted:
        status.append(Run(view.bracketed(words.word("labels", "not_counted")), "quiet"))
    clock = words.instant(source.cut_off) if source.cut_off else words.word("forms", "unknown")
    numbers = (source.records, source.items, source.refused, source.missing, source.unknown_weeks)
    cells = [Cell((Run(words.bare(number)),)) for number in numbers]
    return (Cell((Run(view.name(source.name)),)), Cell(tuple(status)), *cells, Cell((Run(clock, "quiet"),)))
