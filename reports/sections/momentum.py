"""The first chart: momentum of every scored area with its interval, each in its leading source."""

from reports.view import Chart, Section, View


def build(view: View) -> Section:
    words, rows = view.language, [row for row in view.leading if row.status == "ok"]
    if not rows:
        return Section("", "", ())
    form = words.word("charts", "forest_row")
    said = words.word("forms", "separator").join(
        form.format(area=view.name(row.name), growth=view.bare(row.growth), interval=words.interval(row.growth))
        for row in sorted(rows, key=lambda each: -(each.growth.value or 0.0))
    )
    chart = Chart("forest", view.say(view.brief.forest_title), words.word("charts", "forest_alt").format(rows=said))
    return Section("", "", (chart,))
