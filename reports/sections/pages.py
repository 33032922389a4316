"""Area pages: each area through its tier's focus, with the aspects as a table and words of its works."""

from collections.abc import Iterator

from reports.details import AreaPage, Aspect, LensQuote
from reports.facts import Figure
from reports.tex import as_unicode
from reports.view import (
    Block,
    Bullets,
    Cell,
    Column,
    Paragraph,
    Run,
    Section,
    Table,
    View,
    displayable,
    language_tag,
    shorten,
)

_QUARTERS = 4
_PARTS = {
    "page_policy": "page_why",
    "page_growth": "page_changed", "page_before": "page_changed", "page_no_trend": "page_changed",
    "page_most": "page_mature", "page_more": "page_mature", "page_less": "page_mature", "page_no_works": "page_mature",
    "page_race": "page_routes", "page_route": "page_routes",
    "page_where": "page_where",
    "page_against": "page_against", "page_unspoken": "page_against",
}  # fmt: skip
"""How a statement's template begins, and the label of the part in which it stands."""


def build(view: View) -> Section:
    shown = _chosen(view)
    blocks = [block for page in shown for block in _page(view, page)]
    if blocks:
        notes = [view.label("pages_key")]
        left_out = len(view.brief.pages) - len(shown)
        if left_out:
            notes.append(view.label("more_pages").format(n=left_out))
        blocks.append(Paragraph((Run(view.language.joined(notes)),), "note"))
    return Section("", "", tuple(blocks))


def _chosen(view: View) -> tuple[AreaPage, ...]:
    """All of them; else as many as there is room for, each quarter those whose turn it is, in the areas' order."""
    pages, room = view.brief.pages, view.limits.pages
    if room >= len(pages):
        return pages
    week = view.brief.header.week
    first = (week.year * _QUARTERS + (week.number - 1) * _QUARTERS // 53) * room
    turn = {(first + place) % len(pages) for place in range(room)}
    return tuple(page for place, page in enumerate(pages) if place in turn)


def _page(view: View, page: AreaPage) -> Iterator[Block]:
    tier = view.language.word("tier", str(page.tier))
    yield Paragraph((Run(view.name(page.name), "strong"), Run(view.bracketed(tier), "quiet")), "head")
    yield Bullets(tuple(_parts(view, page)))
    yield _table(view, page)
    quotes = tuple(
        _quote(view, aspect, each) for aspect in page.aspects for each in aspect.quotes[: view.limits.aspect_quotes]
    )
    if quotes:
        yield Bullets(quotes, "note")


def _parts(view: View, page: AreaPage) -> Iterator[tuple[Run, ...]]:
    """One line a part, in the order of its first statement; the question last."""
    lines: dict[str, list[str]] = {}
    for statement in page.statements:
        label = next((_PARTS[start] for start in _PARTS if statement.template.startswith(start)), "page_against")
        lines.setdefault(label, []).append(view.say(statement))
    if page.question is not None:
        lines["page_question"] = [view.say(page.question)]
    for label, said in lines.items():
        yield Run(view.label(label) + view.language.word("forms", "colon"), "strong"), Run(view.language.joined(said))


def _table(view: View, page: AreaPage) -> Table:
    columns = (
        Column(view.label("aspect"), weight=2.2),
        Column(view.label("aspect_n"), "right", weight=0.8),
        Column(view.label("aspect_share"), "right", weight=1.5),
        Column(view.label("aspect_before"), "right", weight=1.5),
    )
    rows = tuple(
        (
            Cell((Run(view.name(each.name)),)),
            Cell((Run(view.bare(each.n)),)),
            Cell(_share(view, each.share, "strong")),
            Cell(_share(view, each.before, "plain")),
        )
        for each in page.aspects
    )
    caption = view.label("aspects_caption").format(area=view.name(page.name), source=view.source_name(page.source))
    return Table(caption, columns, rows)


def _share(view: View, figure: Figure, style: str) -> tuple[Run, ...]:
    value = Run(view.bare(figure), "strong" if style == "strong" else "plain")
    if figure.low is None:
        return (value,)
    return value, Run(view.bracketed(view.language.interval(figure)), "quiet")


def _quote(view: View, aspect: Aspect, told: LensQuote) -> tuple[Run, ...]:
    """The aspect, the words as they stand, and the item that holds them."""
    words, item = view.language, told.item
    lang = language_tag(item.language)
    mark = words.word("forms", "truncated")
    runs = [
        Run(view.name(aspect.name) + words.word("forms", "colon"), "quiet"),
        Run(displayable(told.quote.text), "quote", lang=lang),
    ]
    if told.quote.field != "title":
        title = shorten(as_unicode(displayable(item.title)), view.limits.title_chars, mark) or displayable(item.id)
        runs += [Run(words.word("forms", "middot")), Run(title, lang=lang)]
    return (*runs, Run(words.word("forms", "middot")), Run(displayable(item.id), "code", href=item.link))
