"""What earlier issues said otherwise than is known now."""

from reports.view import Bullets, Run, Section, View


def build(view: View) -> Section:
    lines = tuple((Run(view.say(each)),) for each in view.brief.corrections)
    return Section("", "", (Bullets(lines),) if lines else ())
