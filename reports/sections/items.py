"""The most telling items of the week by area, each with its link and why it was chosen."""

from collections.abc import Iterator

from reports.countries import country
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
        place = item.area
        seen[place] = seen.get(place, 0) + 1
        full = view.limits.items is not None and total >= view.limits.items
        if seen[place] <= view.limits.items_per_area and not full:
            total += 1
            yield item


def _entry(view: View, item: ItemFact) -> Entry:
    area = next(each for each in view.brief.coverage if each.area == item.area)
    mark = view.language.word("forms", "truncated")
    title = shorten(as_unicode(displayable(item.title)), view.limits.title_chars, mark) or displayable(item.id)
    return Entry(
        group=view.name(area.name),
        title=Run(title, "strong", lang=language_tag(item.language), href=item.link),
        lines=tuple(_lines(view, item)),
    )


def _lines(view: View, item: ItemFact) -> Iterator[tuple[Run, ...]]:
    words = view.language
    separator = words.word("forms", "separator")
    published = f"{view.label('published')} {words.day(item.published)}"
    if item.late:
        published += view.bracketed(view.label("seen_now"))
    about = [*_kind(view, item), published, f"{view.label('probability')} {view.bare(item.probability)}"]
    if item.link is None and view.brief.header.world == "simulated":
        about.append(view.label("no_link"))
    yield Run(displayable(item.id), "code"), Run(" · " + separator.join(about), "quiet")
    applicants = _applicants(view, item)
    if applicants and view.limits.reasons:
        yield (Run(applicants, "quiet"),)
    if item.also:
        yield tuple(_also(view, item))
    if view.limits.reasons:
        yield tuple(_reasons(view, item))


def _kind(view: View, item: ItemFact) -> tuple[str, ...]:
    """What it is and where from, unless everything in the brief is of one source; a utility model is called one."""
    if len(view.brief.sources) == 1 and item.kind == "preprint":
        return ()
    kind = view.language.word("kind", item.kind) + (
        view.bracketed(view.name(country(item.office))) if item.office else ""
    )
    return (view.source_name(item.source), kind)


def _applicants(view: View, item: ItemFact) -> str:
    """Who files a patent and from where; of papers the names stand behind the link."""
    if item.office is None or not (item.organisations or item.countries):
        return ""
    named = view.language.word("forms", "list").join(shorten(displayable(each), 60, "…") for each in item.organisations)
    countries = view.language.word("forms", "list").join(view.name(country(each)) for each in item.countries)
    colon = view.language.word("forms", "colon")
    shown = named + (view.bracketed(countries) if countries and named else countries)
    return view.label("applicants") + colon + shown


def _also(view: View, item: ItemFact) -> Iterator[Run]:
    """The other versions of the work, each with its link."""
    words = view.language
    yield Run(view.label("also") + words.word("forms", "colon"), "quiet")
    for position, version in enumerate(item.also):
        if position:
            yield Run(words.word("forms", "separator"), "quiet")
        about = [view.source_name(version.source), words.word("kind", version.kind), words.day(version.published)]
        yield Run(displayable(version.id), "code", href=version.link)
        yield Run(view.bracketed(words.word("forms", "list").join(about)), "quiet")


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
        rows = [row for row in view.brief.areas if (row.area, row.source) == (item.area, item.source)]
        of = f"{len(rows[0].n_week.ids) + len(rows[0].late.ids):,}" if rows else words.word("forms", "unknown")
        yield Run(form.format(rank=view.bare(item.rank), of=of), "quiet")
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
