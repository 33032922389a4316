"""What changed since the last issue, in groups, each statement under the name of its group."""

from reports.changes import GROUPS
from reports.view import Bullets, Run, Section, View


def build(view: View) -> Section:
    words, lines, before = view.language, [], ""
    for statement in view.brief.changes:
        group = GROUPS.get(statement.template)
        head = words.word("change_group", group) + words.word("forms", "colon") if group else ""
        # A group's name stands once, at its first statement.
        shown = () if not head or head == before else (Run(head, "strong"),)
        lines.append((*shown, Run(view.say(statement))))
        before = head
    return Section("", "", (Bullets(tuple(lines)),) if lines else ())
