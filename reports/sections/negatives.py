"""What was looked for and not found, and what was told before and is gone."""

from reports.view import Bullets, Run, Section, View


def build(view: View) -> Section:
    lines = tuple((Run(view.say(each)),) for each in view.brief.negatives)
    return Section("", "", (Bullets(lines),) if lines else ())
