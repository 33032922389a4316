"""How the numbers were made and what they cannot say."""

from reports.view import Bullets, Run, Section, View


def build(view: View) -> Section:
    statements = (*(view.brief.method if view.limits.method else ()), *view.brief.limits)
    said = [view.say(statement) for statement in statements]
    lines = tuple((Run(text),) for text in (*([] if view.limits.method else [view.label("method_elsewhere")]), *said))
    return Section("", "", (Bullets(lines, "note"),))
