"""From facts to words: numbers, dates and statements in English and Chinese, by tables of `words/*.yml`.

Both languages show the same digits because both read the same `Figure`; only words, units and their order differ.
A template names parameters as `{name}`, `{name:form}` or `{name?one|other}` (English agreement in number). Forms of a
figure: `bare` without its noun, `short` with no more than its measure word, `interval` its two ends, `likely` the
likelihood word of ICD 203 with the number.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml

from horizon.errors import RenderError
from horizon.weeks import IsoWeek
from reports.facts import (
    BriefKind,
    DayParam,
    Figure,
    FigureParam,
    ListParam,
    NameParam,
    Param,
    Statement,
    Text,
    VerbatimParam,
    WeekParam,
    WordParam,
)
from reports.likelihood import word_of

LanguageCode = Literal["zh", "en"]
LANGUAGES: tuple[LanguageCode, ...] = get_args(LanguageCode)
_SLOT = re.compile(r"\{(\w+)(?::(\w+))?(?:\?([^|{}]*)\|([^|{}]*))?\}")
_SEAM = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u4e00-\u9fff])")
"""Where Chinese meets Latin letters or digits, which good setting parts by a space."""
_COUNTED = re.compile(
    r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u2018-\u201d\u2026]|[^\s\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u2018-\u201d\u2026]+"
)
_MINUS = "\N{MINUS SIGN}"
_SIGNED = ("percent_per_year", "percentage_points")
_DECIMALS = {"times": 1, "loss": 3, "skill": 2, "similarity": 2}
_BARS = (10, 25, 75, 90)
"""Per cent of P(rising) where verdicts change: a number near one has a decimal, lest it contradict the word."""
_PHRASE = re.compile(r"([A-Z])([a-z]+)(?=[-\s,]|$)")
"""The first word of an ordinary phrase: a capital and small letters, unlike LiDAR, QKD or III-V."""


@dataclass(frozen=True)
class Language:
    """One language's words."""

    code: LanguageCode
    words: Mapping[str, Any]

    def word(self, table: str, key: str) -> str:
        """A word of a table; raises RenderError when the table lacks it."""
        try:
            return str(self.words[table][key])
        except KeyError:
            message = f"expected {table}.{key} in words/{self.code}.yml, found nothing; add the word in every language"
            raise RenderError(message) from None

    def name(self, text: Text) -> str:
        return text.zh if self.code == "zh" else text.en

    def week(self, week: IsoWeek) -> str:
        return self.word("forms", "week").format(year=week.year, number=week.number)

    def day(self, day: date) -> str:
        month = self.words["months"][day.month - 1]
        return self.word("forms", "day").format(year=day.year, month=month, day=day.day)

    def instant(self, instant: datetime) -> str:
        """An aware UTC time to the minute."""
        return f"{self.day(instant.date())} {instant:%H:%M} UTC"

    def bare(self, figure: Figure) -> str:
        """The number without its noun, for table cells."""
        return self.word("forms", "unknown") if figure.value is None else _shown(figure)

    def interval(self, figure: Figure) -> str:
        """The two ends of the interval; the word for unknown where there is none."""
        if figure.low is None or figure.high is None:
            return self.word("forms", "unknown")
        ends = {"low": _digits(figure.low, figure.unit), "high": _digits(figure.high, figure.unit)}
        return self.word("forms", "interval").format(**ends)

    def number(self, figure: Figure) -> str:
        """The number with its unit, in the right grammatical number."""
        if figure.value is None:
            return self.word("forms", "unknown")
        forms = self.words["units"][figure.unit]
        form = forms["one"] if figure.value == 1 and "one" in forms else forms["other"]
        return str(form).format(n=_shown(figure))

    def short(self, figure: Figure) -> str:
        """The number with the measure word that its noun takes; in English without any."""
        if figure.value is None:
            return self.word("forms", "unknown")
        return str(self.words["units"][figure.unit].get("short", "{n}")).format(n=_shown(figure))

    def likely(self, figure: Figure) -> str:
        """A probability as a word and the number: `very likely (92%)`."""
        if figure.value is None:
            return self.word("forms", "unknown")
        word = self.word("likelihood", word_of(figure.value))
        return word + self.word("forms", "brackets").format(text=_shown(figure))

    def within(self, text: Text) -> str:
        """A name in the middle of a sentence: an ordinary English phrase loses its capital, a proper name does not."""
        name = self.name(text)
        first = _PHRASE.match(name) if self.code == "en" else None
        return name if first is None or first[0] in self.words["proper"] else name[0].lower() + name[1:]

    def compose(self, statement: Statement) -> str:
        """Put a statement into words."""
        template = self.word("statements", statement.template)
        text = _SLOT.sub(lambda slot: self._fill(slot, statement), template)
        return self.spaced(text)

    def joined(self, sentences: Sequence[str]) -> str:
        """Sentences in a row, with the language's own gap between them."""
        return ("" if self.code == "zh" else " ").join(self.spaced(each) for each in sentences)

    def spaced(self, text: str) -> str:
        """Chinese with a space where it meets Latin letters; other languages as they are."""
        return _SEAM.sub(" ", text) if self.code == "zh" else text

    def _fill(self, slot: re.Match[str], statement: Statement) -> str:
        name, form, one, other = slot.groups()
        try:
            param = statement.params[name]
        except KeyError:
            known = ", ".join(sorted(statement.params))
            raise RenderError(f"statement {statement.template!r} asks for {name!r}; it has: {known}") from None
        if one is not None and isinstance(param, FigureParam):
            return str(one if param.figure.value == 1 else other)
        if one is not None and isinstance(param, ListParam):
            return str(one if len(param.parts) == 1 else other)
        return self._word_of(param, form)

    def _word_of(self, param: Param, form: str | None) -> str:
        match param:
            case FigureParam(figure=figure):
                return self._figure(figure, form)
            case NameParam(name=text):
                return self.within(text) if form == "within" else self.name(text)
            case WordParam(table=table, word=key):
                return self.word(table, key)
            case WeekParam(week=week):
                return self.week(week)
            case DayParam(day=day):
                return self.day(day)
            case VerbatimParam(text=text):
                return text
            case ListParam(parts=parts):
                return self._listed([self.compose(part) for part in parts], form)

    def _listed(self, said: Sequence[str], form: str | None) -> str:
        """Parts as a list, `apart` where they hold commas, `said` where they are sentences."""
        if form == "said":
            return self.joined(said)
        return self.word("forms", "separator" if form == "apart" else "list").join(said)

    def _figure(self, figure: Figure, form: str | None) -> str:
        forms = {"bare": self.bare, "short": self.short, "interval": self.interval, "likely": self.likely}
        return self.number(figure) if form is None else forms[form](figure)


@cache
def language(code: LanguageCode, kind: BriefKind = "weekly") -> Language:
    """The words of one language, read once; an issue of many weeks has some words of its own (table `longer`)."""
    path = files("reports") / "words" / f"{code}.yml"
    words = yaml.safe_load(path.read_text(encoding="utf-8"))
    if kind == "weekly":
        return Language(code, words)
    return Language(code, words | {table: words[table] | own for table, own in words["longer"].items()})


def length(text: str, code: LanguageCode) -> int:
    """Words of an English text; of a Chinese one its characters with punctuation, a Latin word or number as one."""
    return len(_COUNTED.findall(text) if code == "zh" else text.split())


def slots(template: str) -> set[str]:
    """The parameters that a template shows."""
    return {match[1] for match in _SLOT.finditer(template)}


def _shown(figure: Figure) -> str:
    value = figure.value or 0.0
    rising = figure.unit == "probability" and figure.query.args.get("field") in ("p_rising", "p_falling")
    if rising and any(abs(100 * value - bar) <= 1 for bar in _BARS):
        return f"{100 * value:.1f}%"
    return _digits(value, figure.unit)


def _digits(value: float, unit: str) -> str:
    if unit == "probability":
        return _probability(value)
    if unit == "share":
        return f"{_significant(100 * value)}%"
    if unit in _SIGNED:
        return _signed(value, unit)
    if unit in _DECIMALS:
        return f"{value:.{_DECIMALS[unit]}f}".replace("-", _MINUS)
    return f"{round(value):,}".replace("-", _MINUS)


def _probability(value: float) -> str:
    percent = round(100 * value)
    if percent >= 100:
        return ">99%"
    return "<1%" if percent < 1 else f"{percent}%"


def _significant(percent: float) -> str:
    """Two decimals below 1 %, one below 10 %, none above: a share is never known better."""
    decimals = 2 if abs(percent) < 1 else 1 if abs(percent) < 10 else 0
    return f"{percent:.{decimals}f}"


def _signed(value: float, unit: str) -> str:
    tenths = abs(value) < (10 if unit == "percentage_points" else 1)
    text = f"{value:+.1f}" if tenths else f"{value:+.0f}"
    if float(text) == 0:
        text = "0"
    return text.replace("-", _MINUS) + ("%" if unit == "percent_per_year" else "")
