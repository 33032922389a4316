"""The questions to the readers, each with what speaks for and against it; or, in one line, that there is none."""

from collections.abc import Iterator

from reports.details import Decision
from reports.facts import Statement
from reports.figures import ItemReference
from reports.tex import as_unicode
from reports.view import Block, Entries, Entry, Paragraph, Run, Section, View, displayable, language_tag, shorten


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
    if decision.items:
        words = view.language
        gap = Run(words.word("forms", "separator" if view.limits.decision_titles else "list"), "quiet")
        named = [run for each in decision.items for run in (gap, *_named(view, each))]
        yield (_head(view, "begin_with"), *named[1:])


def _named(view: View, item: ItemReference) -> Iterator[Run]:
    """Its id by itself, so that a page can lead from it to its item."""
    words = view.language
    if view.limits.decision_titles:
        title = shorten(as_unicode(displayable(item.title)), view.limits.title_chars, words.word("forms", "truncated"))
        yield Run(title or displayable(item.id), lang=language_tag(item.language))
        yield Run(words.word("forms", "middot"))
    yield Run(displayable(item.id), "code", href=item.link)


def _side(view: View, label: str, statements: tuple[Statement, ...]) -> tuple[Run, ...]:
    return _head(view, label), Run(view.language.joined([view.say(each) for each in statements]))


def _head(view: View, label: str) -> Run:
    return Run(view.label(label) + view.language.word("forms", "colon"), "quiet")
