"""The second chart: each area's share of its leading source over two years."""

from reports.view import Chart, Section, View, trailing_share


def build(view: View) -> Section:
    words, parts = view.language, []
    for row in view.leading:
        seen = [value for value in trailing_share(row.history) if value is not None]
        if seen:
            value = f"{100 * seen[-1]:.2f}%"
            parts.append(words.word("charts", "shares_row").format(area=view.name(row.name), value=value))
    if not parts or not view.limits.shares:
        return Section("", "", ())
    said = words.word("charts", "shares_alt").format(rows=words.word("forms", "separator").join(parts))
    return Section("", "", (Chart("shares", view.say(view.brief.shares_title), said),))
