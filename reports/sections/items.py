"""The most telling items of the week by area, each with its link and why it was chosen."""

from collections.abc import Iterator

from reports.facts import ItemFact, Reason
from reports.tex import as_unicode
from reports.view import Entries, Entry, Run, Section, View, displayable, language_tag, shorten


def build(view: View) -> Section:
    shown = list(_shown(view))
    if not view.brief.items:
        return Section("", "", ())
    left_out = len(view.brief.items) - len(shown)
    more = view.label("more_items").format(n=left_out) if left_out else None
    return Section("", "", (Entries(tuple(_entry(view, item) for item in shown), more),))


def _shown(view: View) -> Iterator[ItemFact]:
    seen: dict[str, int] = {}
    total = 0
    for item in view.brief.items:
        place = f"{item.source}/{item.area}"
        seen[place] = seen.get(place, 0) + 1
        full = view.limits.items is not None and total >= view.limits.items
        if seen[place] <= view.limits.items_per_area and not full:
            total += 1
            yield item


def _entry(view: View, item: ItemFact) -> Entry:
    row = next(row for row in view.brief.areas if row.area == item.area)
    mark = view.language.word("forms", "truncated")
    title = shorten(as_unicode(displayable(item.title)), view.limits.title_chars, mark) or item.id
    return Entry(
        group=view.name(row.name),
        title=Run(title, "strong", lang=language_tag(item.language), href=item.link),
        lines=tuple(_lines(view, item)),
    )


def _lines(view: View, item: ItemFact) -> Iterator[tuple[Run, ...]]:
    words = view.language
    separator = words.word("forms", "separator")
    known = view.bare(item.probability)
    about = [f"{view.label('published')} {words.day(item.published)}", f"{view.label('probability')} {known}"]
    if item.link is None and view.brief.header.world == "simulated":
        about.append(view.label("no_link"))
    yield Run(item.id, "code"), Run(" · " + separator.join(about), "quiet")
    if view.limits.reasons:
        yield tuple(_reasons(view, item))


def _reasons(view: View, item: ItemFact) -> Iterator[Run]:
    separator = view.language.word("forms", "separator")
    yield Run(view.label("why") + view.language.word("forms", "colon"), "quiet")
    for position, reason in enumerate(item.reasons[: view.limits.reasons]):
        if position:
            yield Run(separator, "quiet")
        yield from _reason(view, item, reason)


def _reason(view: View, item: ItemFact, reason: Reason) -> Iterator[Run]:
    words = view.language
    form = words.word("reason", reason.kind)
    if reason.kind == "top_probability":
        row = next(row for row in view.brief.areas if row.area == item.area and row.source == item.source)
        of = len(row.n_week.ids)
        yield Run(form.format(rank=view.bare(item.rank), of=f"{of:,}"), "quiet")
        return
    if reason.kind == "route" and reason.name:
        yield Run(form.format(name=displayable(words.within(reason.name))), "quiet")
        return
    if reason.code is not None:
        yield Run(form.format(code=displayable(reason.code)), "quiet")
        return
    name = view.name(reason.name) if reason.name else ""
    yield Run(form.format(name=name) + words.word("forms", "before_quote"), "quiet")
    if reason.quote:
        yield Run(displayable(reason.quote.text), "quote", lang=language_tag(item.language))
