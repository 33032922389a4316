"""The weak signals over two years."""

from reports.view import Chart, Section, View, displayable


def build(view: View) -> Section:
    words, title = view.language, view.brief.timeline_title
    if title is None:
        return Section("", "", ())
    form = words.word("charts", "timeline_row")
    rows = (
        form.format(
            term=displayable(each.term),
            tier=words.word("signal_tier", each.tier),
            day=words.day(each.first_seen),
            n=words.number(each.n_recent),
        )
        for each in view.brief.signals
        if any(n is not None for n in each.weeks)
    )
    alt = words.word("charts", "timeline_alt").format(rows=words.word("forms", "separator").join(rows))
    return Section("", "", (Chart("signal_timeline", view.say(title), alt),))
