"""What was said against what came, by steps of probability."""

from reports.view import Chart, Section, View


def build(view: View) -> Section:
    words, title = view.language, view.brief.reliability_title
    if title is None:
        return Section("", "", ())
    form = words.word("charts", "reliability_row")
    rows = (
        form.format(
            said=view.bare(each.said),
            came=view.bare(each.came),
            interval=words.interval(each.came),
            n=words.number(each.settled),
        )
        for each in view.brief.track.reliability
    )
    alt = words.word("charts", "reliability_alt").format(rows=words.word("forms", "separator").join(rows))
    return Section("", "", (Chart("reliability", view.say(title), alt),))
