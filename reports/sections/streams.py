"""Papers and patents of each area, side by side and never added up."""

from reports.streams import latest, means_of, rate, streams_of
from reports.view import Chart, Section, View


def build(view: View) -> Section:
    words, title = view.language, view.brief.streams_title
    streams = streams_of(view.brief.areas, {row.source: row.profile for row in view.brief.sources})
    if title is None or not streams:
        return Section("", "", ())
    form, unknown = words.word("charts", "streams_row"), words.word("charts", "unknown")
    rows = (
        form.format(
            area=view.name(each.name),
            papers=rate(latest(means_of(each.papers, view.brief)), unknown),
            patents=rate(latest(means_of(each.patents, view.brief)), unknown),
        )
        for each in streams
    )
    alt = words.word("charts", "streams_alt").format(rows=words.word("forms", "separator").join(rows))
    return Section("", "", (Chart("streams", view.say(title), alt),))
