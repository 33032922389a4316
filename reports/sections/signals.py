"""Weak signals outside the list, then the items of no consensus."""

from collections.abc import Iterator, Sequence

from reports.facts import Figure, ItemReference, OddFact, SignalFact
from reports.tex import as_unicode
from reports.view import (
    Block,
    Cell,
    Column,
    Entries,
    Entry,
    Paragraph,
    Run,
    Section,
    Table,
    View,
    displayable,
    language_tag,
    shorten,
)

_LASTS = "signal_ends_share_weeks_53_to_104"


def build(view: View) -> Section:
    brief = view.brief
    if brief.signals_note is None and not brief.odd:
        return Section("", "", ())
    blocks: list[Block] = []
    shown = brief.signals[: view.limits.signals]
    if shown:
        blocks.append(_table(view, shown))
    if brief.signals_note is not None:
        blocks.append(Paragraph((Run(_note(view, len(brief.signals) - len(shown))),), "note"))
    common = _common_ends(view, brief.signals)
    if shown and common:
        blocks.append(Paragraph((_label(view, "ends_all"), Run(_joined(view, common))), "note"))
    details = tuple(_entry(view, each, common) for each in shown) if view.limits.signal_details else ()
    odd = tuple(_odd(view, each) for each in brief.odd[: view.limits.odd])
    if details or odd:
        blocks.append(Entries((*details, *odd)))
    return Section("", "", tuple(blocks))


def _common_ends(view: View, signals: tuple[SignalFact, ...]) -> tuple[str, ...]:
    """What ends every one of them alike: said once for all. By what a term lasts is each one's own, whatever it is."""
    told = [[view.say(each) for each in signal.ends if each.template != _LASTS] for signal in signals]
    return tuple(each for each in told[0] if all(each in others for others in told)) if told else ()


def _label(view: View, key: str) -> Run:
    return Run(view.label(key) + view.language.word("forms", "colon"), "quiet")


def _joined(view: View, parts: Sequence[str]) -> str:
    return view.language.word("forms", "separator").join(parts)


def _note(view: View, left_out: int) -> str:
    note = view.brief.signals_note
    parts = [view.say(note)] if note is not None else []
    if left_out:
        parts.append(view.label("more_signals").format(n=left_out))
    return view.language.joined(parts)


def _table(view: View, shown: tuple[SignalFact, ...]) -> Table:
    columns = (
        Column(view.label("signal"), weight=2.2),
        Column(view.label("signal_tier"), weight=1.1),
        Column(view.label("signal_recent"), "right", weight=0.8),
        Column(view.label("signal_base"), "right", weight=0.8),
        Column(view.label("signal_ratio"), "right", weight=1.5),
        Column(view.label("signal_breadth"), "right", weight=1.1),
        Column(view.label("p_sustained"), "right", weight=1.3),
        Column(view.label("signal_nearest"), weight=1.7),
    )
    return Table(view.label("signals_caption"), columns, tuple(_row(view, each) for each in shown))


def _row(view: View, signal: SignalFact) -> tuple[Cell, ...]:
    words = view.language
    breadth = words.word("forms", "middot").join(map(view.bare, (signal.groups, signal.categories)))
    return (
        Cell((Run(displayable(signal.term)),)),
        Cell((Run(words.word("signal_tier", signal.tier)),)),
        Cell((Run(view.bare(signal.n_recent)),)),
        Cell((Run(view.bare(signal.n_base)),)),
        Cell(_with_interval(view, signal.rate_ratio)),
        Cell((Run(breadth),)),
        Cell(_with_interval(view, signal.p_sustained)),
        Cell((Run(_nearest(view, signal)),)),
    )


def _with_interval(view: View, figure: Figure) -> tuple[Run, ...]:
    if figure.value is None:
        return (Run(view.label("not_yet_known"), "quiet"),)
    interval = view.bracketed(view.language.interval(figure)) if figure.low is not None else ""
    return (Run(view.bare(figure)), Run(interval, "quiet"))


def _nearest(view: View, signal: SignalFact) -> str:
    sector = view.language.word("sector", signal.sector) if signal.sector else ""
    area = view.name(signal.nearest) if signal.nearest else ""
    return view.language.word("forms", "middot").join(part for part in (area, sector) if part) or "–"


def _entry(view: View, signal: SignalFact, common: tuple[str, ...]) -> Entry:
    return Entry(
        group=view.language.word("signal_tier", signal.tier),
        title=Run(displayable(signal.term), "strong"),
        lines=tuple(_lines(view, signal, common)),
    )


def _lines(view: View, signal: SignalFact, common: tuple[str, ...]) -> Iterator[tuple[Run, ...]]:
    words = view.language
    about = [view.source_name(signal.source), f"{view.label('first_seen')} {words.day(signal.first_seen)}"]
    if signal.variants:
        about.append(
            view.label("variants")
            + words.word("forms", "colon")
            + displayable(words.word("forms", "list").join(signal.variants))
        )
    yield (Run(words.word("forms", "separator").join(about), "quiet"),)
    ends = [said for said in map(view.say, signal.ends) if said not in common]
    for label, parts in (("why_now", [view.say(each) for each in signal.why]), ("what_ends_it", ends)):
        if parts:
            yield (_label(view, label), Run(_joined(view, parts)))
    for item in signal.items[: view.limits.signal_items]:
        yield _reference(view, item)


def _reference(view: View, item: ItemReference) -> tuple[Run, ...]:
    mark = view.language.word("forms", "truncated")
    title = shorten(as_unicode(displayable(item.title)), view.limits.title_chars, mark) or displayable(item.id)
    return (
        Run(displayable(item.id), "code", href=item.link),
        Run(view.language.word("forms", "middot")),
        Run(title, lang=language_tag(item.language)),
    )


def _odd(view: View, odd: OddFact) -> Entry:
    mark = view.language.word("forms", "truncated")
    title = shorten(as_unicode(displayable(odd.item.title)), view.limits.title_chars, mark) or displayable(odd.item.id)
    about = view.language.word("forms", "middot").join((view.name(odd.name), view.language.day(odd.item.published)))
    return Entry(
        group=view.label("odd"),
        title=Run(title, "strong", lang=language_tag(odd.item.language), href=odd.item.link),
        lines=((Run(displayable(odd.item.id), "code"), Run(" · " + about, "quiet")), (Run(view.say(odd.reason)),)),
    )
