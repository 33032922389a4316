"""The questions to the readers, each with what speaks for and against it; or, in one line, that there is none."""

from collections.abc import Iterator

from reports.details import Decision
from reports.facts import Statement
from reports.view import Block, Entries, Entry, Paragraph, Run, Section, View, displayable


def build(view: View) -> Section:
    asked = view.brief.decisions
    none = Paragraph((Run(view.label("decisions_none")),))
    block: Block = Entries(tuple(_entry(view, each) for each in asked)) if asked else none
    return Section("", "", (block,))


def _entry(view: View, decision: Decision) -> Entry:
    group = decision.group
    asked = view.label("consult").format(name=displayable(view.language.within(group))) if group else ""
    to = asked or view.label("nobody_to_consult")
    return Entry(group=to, title=Run(view.say(decision.ask), "strong"), lines=tuple(_lines(view, decision)))


def _lines(view: View, decision: Decision) -> Iterator[tuple[Run, ...]]:
    yield _side(view, "evidence_for", decision.because)
    yield _side(view, "evidence_against", decision.against)
    if decision.ids:
        # Each by itself, so that a page can lead from it to its item.
        gap = Run(view.language.word("forms", "list"), "quiet")
        named = [run for each in decision.ids for run in (gap, Run(displayable(each), "code"))]
        yield (_head(view, "begin_with"), *named[1:])


def _side(view: View, label: str, statements: tuple[Statement, ...]) -> tuple[Run, ...]:
    return _head(view, label), Run(view.language.joined([view.say(each) for each in statements]))


def _head(view: View, label: str) -> Run:
    return Run(view.label(label) + view.language.word("forms", "colon"), "quiet")
