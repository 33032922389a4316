"""The radar of the areas: tier, sector, momentum and volume on one sheet."""

from reports.view import Chart, Section, View


def build(view: View) -> Section:
    words, title = view.language, view.brief.radar_title
    if title is None:
        return Section("", "", ())
    form = words.word("charts", "radar_row")
    rows = (
        form.format(
            area=view.name(row.name),
            tier=words.word("tier_name", str(row.tier)),
            sector=words.word("sector", row.sector),
            growth=view.bare(row.growth) if row.status == "ok" else words.word("charts", "insufficient"),
            n=words.number(row.n_52w),
        )
        for row in sorted(view.leading, key=lambda row: (row.tier, row.area))
    )
    alt = words.word("charts", "radar_alt").format(rows=words.word("forms", "separator").join(rows))
    return Section("", "", (Chart("radar", view.say(title), alt),))
