"""Whether both languages show the same: the numbers, days and ids of each composed section, counted."""

import re
from collections import Counter
from collections.abc import Iterator

from reports.facts import Brief
from reports.language import LANGUAGES, LanguageCode, language
from reports.view import Block, Bullets, Cell, Chart, Entries, Page, Paragraph, Run, Table, page_of

_ID = re.compile(r"\b[a-z][a-z0-9_]*:[A-Za-z0-9][\w./()-]*")
_NUMBER = re.compile(r"[+\u2212-]?\d[\d,]*(?:\.\d+)?%?")
_DAY = {
    "zh": re.compile(r"(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日"),
    "en": re.compile(r"(?P<d>\d{1,2}) (?P<m>[A-Z][a-z]+) (?P<y>\d{4})"),
}


def page_texts(page: Page) -> Iterator[tuple[str, str]]:
    """Place and text of everything that a page says, place by place."""
    head = {"title": page.title, "light": page.light_reason, "footer": page.footer}
    yield from ((f"header.{name}", text) for name, text in head.items())
    yield from (("header.meta", f"{name} {value}") for name, value in page.meta)
    for section in page.sections:
        yield section.id, section.title
        for block in section.blocks:
            yield from ((section.id, text) for text in _texts(block))


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(runs=runs):
            yield _joined(runs)
        case Bullets(lines=lines):
            yield from map(_joined, lines)
        case Table(caption=caption, columns=columns, rows=rows):
            yield caption
            yield from (column.title for column in columns)
            yield from (text for row in rows for cell in row for text in _of_cell(cell))
        case Chart(title=title, alt=alt):
            yield from (title, alt)
        case Entries(entries=entries, more=more):
            for entry in entries:
                yield from (entry.group, entry.title.text, *map(_joined, entry.lines))
            if more:
                yield more


def _of_cell(cell: Cell) -> Iterator[str]:
    yield _joined(cell.runs)
    if cell.spark:
        yield cell.spark.alt
    if cell.detail:
        yield cell.detail


def _joined(runs: tuple[Run, ...]) -> str:
    return "".join(run.text for run in runs)


def shown(brief: Brief, code: LanguageCode) -> dict[str, Counter[str]]:
    """By section the numbers, days and ids that its text in one language shows, and how often."""
    found: dict[str, Counter[str]] = {}
    for place, text in page_texts(page_of(brief, code, "html")):
        found.setdefault(place, Counter()).update(_tokens(text, code))
    return found


def _tokens(text: str, code: LanguageCode) -> Iterator[str]:
    months = {str(name): number for number, name in enumerate(language(code).words["months"], 1)}

    def day(match: re.Match[str]) -> str:
        month = months.get(match["m"])
        if month is None:
            return match[0]
        found.append(f"{match['y']}-{month:02d}-{int(match['d']):02d}")
        return " "

    found: list[str] = _ID.findall(text)
    text = _DAY[code].sub(day, _ID.sub(" ", text))
    yield from found
    yield from _NUMBER.findall(text)


def disparities(brief: Brief) -> Iterator[tuple[str, str, str]]:
    """Place, what Chinese alone shows there and what English alone does."""
    zh, en = (shown(brief, code) for code in LANGUAGES)
    for place in sorted(zh.keys() | en.keys()):
        here, there = zh.get(place, Counter()), en.get(place, Counter())
        if here != there:
            yield place, _listed(here - there), _listed(there - here)


def _listed(tokens: Counter[str]) -> str:
    return ", ".join(sorted(tokens.elements())[:8]) or "nothing more"
