"""Who moves the areas: one line an area and kind of evidence, with how much of it is known."""

from reports.facts import MoversFact
from reports.view import Bullets, Run, Section, View


def build(view: View) -> Section:
    shown = view.brief.movers[: view.limits.movers]
    lines = tuple(_line(view, each) for each in shown)
    return Section("", "", (Bullets(lines),) if lines else ())


def _line(view: View, movers: MoversFact) -> tuple[Run, ...]:
    words = view.language
    head = view.name(movers.name) + view.bracketed(words.word("noun", movers.kind)) + words.word("forms", "colon")
    return (Run(head, "strong"), Run(words.joined([view.say(each) for each in movers.statements])))
