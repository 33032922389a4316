"""How the numbers were made and what they cannot say."""

from reports.view import Bullets, Run, Section, View


def build(view: View) -> Section:
    statements = (*view.brief.method, *view.brief.limits)
    lines = tuple((Run(view.say(statement)),) for statement in statements)
    return Section("", "", (Bullets(lines, "note"),))
