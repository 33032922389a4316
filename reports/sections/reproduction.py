"""How to make and check this issue again, commands as they are typed."""

from collections.abc import Iterator

from reports.facts import Statement, VerbatimParam
from reports.view import Bullets, Run, Section, View, displayable


def build(view: View) -> Section:
    lines = tuple(tuple(_line(view, each)) for each in view.brief.reproduction)
    return Section("", "", (Bullets(lines, "note"),) if lines and view.limits.reproduction else ())


def _line(view: View, statement: Statement) -> Iterator[Run]:
    said = view.say(statement)
    command = statement.params.get("command")
    shown = displayable(command.text) if isinstance(command, VerbatimParam) else ""
    if not shown:
        yield Run(said)
        return
    before, typed, after = said.partition(shown)
    yield from (run for run in (Run(before), Run(typed, "code"), Run(after)) if run.text)
