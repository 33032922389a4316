"""The bottom line: at most three sentences."""

from reports.view import Bullets, Run, Section, View


def build(view: View) -> Section:
    lines = tuple((Run(view.say(statement)),) for statement in view.brief.bottom_line)
    return Section("", "", (Bullets(lines, "lead"),) if lines else ())
