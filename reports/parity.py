"""Whether a brief reads alike in both languages: the same numbers, no longer than planned, every sign drawable."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reports.facts import Brief, ListParam, NameParam, Statement, Text, VerbatimParam
from reports.fonts import coverage, font_files
from reports.language import LANGUAGES, LanguageCode, language, length
from reports.policy import brief_plan
from reports.tex import SCRIPTS
from reports.view import displayable, page_of

_NUMBER = re.compile(r"[+\u2212-]?\d+(?:,\d{3})*(?:\.\d+)?%?")
_DAY = {
    "zh": re.compile(r"(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日"),
    "en": re.compile(r"(?P<d>\d{1,2}) (?P<m>[A-Z][a-z]+) (?P<y>\d{4})"),
}
_NOTHING = Text(en="", zh="")

Disparity = tuple[str, str, str]
"""Place, what was expected, what was found."""


def disparities(brief: Brief, font_dir: Path | None = None) -> Iterator[Disparity]:
    """Every sentence whose numbers differ between the languages, then what is too long, then what no font draws."""
    for path, statement in statements(brief):
        zh, en = (_tokens(_own_words(statement), code, brief) for code in LANGUAGES)
        if zh != en:
            yield path, f"the numbers of the Chinese sentence, {_listed(zh)}", f"in the English one {_listed(en)}"
    yield from _lengths(brief)
    yield from _glyphs(brief, font_dir)


def statements(value: Any, path: str = "") -> Iterator[tuple[str, Statement]]:
    """Every sentence of a document with its path; the parts of a list belong to their sentence."""
    if isinstance(value, Statement):
        yield path, value
    elif isinstance(value, tuple | list):
        for position, each in enumerate(value):
            yield from statements(each, f"{path}[{position}]")
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from statements(getattr(value, name), f"{path}.{name}" if path else name)


def _own_words(statement: Statement) -> Statement:
    """Without what is shown as it is given: ids, terms of feeds and names may hold numbers of their own."""

    def kept(param: Any) -> Any:
        if isinstance(param, ListParam):
            return ListParam(parts=tuple(map(_own_words, param.parts)))
        if isinstance(param, VerbatimParam):
            return VerbatimParam(text="")
        return NameParam(name=_NOTHING) if isinstance(param, NameParam) else param

    return Statement(
        template=statement.template, params={name: kept(param) for name, param in statement.params.items()}
    )


def _tokens(statement: Statement, code: LanguageCode, brief: Brief) -> Counter[str]:
    words = language(code, brief.header.kind)
    months = {str(name): number for number, name in enumerate(words.words["months"], 1)}
    found: list[str] = []

    def day(match: re.Match[str]) -> str:
        month = months.get(match["m"]) if code == "en" else int(match["m"])
        if month is None:
            return match[0]
        found.append(f"{match['y']}-{month:02d}-{int(match['d']):02d}")
        return " "

    text = _DAY[code].sub(day, words.compose(statement))
    return Counter([*found, *_NUMBER.findall(text)])


def _listed(tokens: Counter[str]) -> str:
    return ", ".join(sorted(tokens.elements())[:8]) or "none"


def _lengths(brief: Brief) -> Iterator[Disparity]:
    """The bottom line against what the plan allows."""
    allowed = brief_plan(brief.header.kind).lengths
    for code in LANGUAGES:
        words = language(code, brief.header.kind)
        n = sum(length(words.compose(each), code) for each in brief.bottom_line)
        most = allowed[code]
        if n > most:
            yield f"bottom_line ({code})", f"at most {most} words or characters", str(n)


def _glyphs(brief: Brief, font_dir: Path | None) -> Iterator[Disparity]:
    """Our own words; what a feed writes is shown as its code where no font has it."""
    drawn = coverage(font_files(font_dir)[0]) | {ord(char) for char in SCRIPTS}
    for code in LANGUAGES:
        page = page_of(brief, code, "html")
        told = {f"title ({code})": page.title, f"light ({code})": page.light_reason}
        told |= {f"{section.id} ({code})": section.title for section in page.sections}
        for place, text in told.items():
            missing = sorted({char for char in displayable(text) if not char.isspace() and ord(char) not in drawn})
            if missing:
                yield (
                    place,
                    "signs that the fonts of the page have",
                    ", ".join(f"U+{ord(char):04X}" for char in missing),
                )
