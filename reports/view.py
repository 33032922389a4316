"""A brief in one language as sections of plain blocks: what every renderer draws, knowing no section by name."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Literal

from horizon.errors import RenderError
from reports.facts import AreaRow, Brief, Figure, History, RaceFact, Statement, Text
from reports.language import Language, LanguageCode, language
from reports.policy import Limits, brief_plan

Style = Literal["plain", "strong", "quiet", "code", "quote"]
Tone = Literal["rising", "probably_rising", "flat", "probably_falling", "falling", "none"]
ChartName = str
"""One of `reports.charts`; of several of a kind, what it shows stands after a colon: `race:<area>/<group>`."""
ARROWS: Mapping[Tone, str] = {
    "rising": "▲",
    "probably_rising": "△",
    "flat": "–",
    "probably_falling": "▽",
    "falling": "▼",
    "none": "·",
}
SPARK_WINDOW = 13
"""Weeks of the trailing share that sparklines and share charts show: a quarter."""
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}


@dataclass(frozen=True)
class Run:
    """A piece of text in one style; `lang` where it is not the page's language."""

    text: str
    style: Style = "plain"
    lang: str | None = None
    href: str | None = None


@dataclass(frozen=True)
class Paragraph:
    runs: tuple[Run, ...]
    kind: Literal["lead", "body", "note"] = "body"


@dataclass(frozen=True)
class Bullets:
    lines: tuple[tuple[Run, ...], ...]
    kind: Literal["lead", "body", "note"] = "body"


@dataclass(frozen=True)
class Spark:
    """A small line of shares, None where unknown; the renderer draws it."""

    values: tuple[float | None, ...]
    alt: str


@dataclass(frozen=True)
class Cell:
    runs: tuple[Run, ...]
    tone: Tone | None = None
    spark: Spark | None = None
    detail: str | None = None
    """Longer words for a tooltip; never the only place where something is said."""


@dataclass(frozen=True)
class Column:
    title: str
    align: Literal["left", "right"] = "left"
    weight: float = 1.0
    """Share of the width in print."""


@dataclass(frozen=True)
class Table:
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """The first cell of a row is its header."""
    kind: Literal["plain", "matrix"] = "plain"
    """A matrix shows its caption everywhere and breaks its cells into lines."""


@dataclass(frozen=True)
class Chart:
    name: ChartName
    title: str
    alt: str


@dataclass(frozen=True)
class Entry:
    """One item with its lines of detail."""

    group: str
    title: Run
    lines: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True)
class Entries:
    entries: tuple[Entry, ...]
    more: str | None = None


Block = Paragraph | Bullets | Table | Chart | Entries


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class View:
    """What a section builder may ask: the brief, the language and how much the format shows."""

    brief: Brief
    language: Language
    limits: Limits

    @property
    def counted(self) -> tuple[str, ...]:
        """Sources with series, in the brief's order."""
        seen = {row.source for row in self.brief.areas}
        return tuple(source for source in self.brief.header.sources if source in seen)

    @property
    def leading(self) -> tuple[AreaRow, ...]:
        """Each area as the source shows it that leads it, in the areas' order."""
        return leading_rows(self.brief)

    def source_name(self, source: str) -> str:
        """A source's name; its id where the brief has no row of it."""
        row = next((row for row in self.brief.sources if row.source == source), None)
        return self.name(row.name) if row else displayable(source)

    def say(self, statement: Statement) -> str:
        return displayable(self.language.compose(statement))

    def label(self, key: str) -> str:
        return self.language.word("labels", key)

    def name(self, text: Text) -> str:
        return displayable(self.language.name(text))

    def bare(self, figure: Figure) -> str:
        return self.language.bare(figure)

    def bracketed(self, text: str) -> str:
        return self.language.word("forms", "brackets").format(text=text)


@dataclass(frozen=True)
class Page:
    """A whole rendering in one language, before its format."""

    code: LanguageCode
    tag: str
    """BCP 47."""
    title: str
    world: str
    banner: str | None
    light: str
    light_word: str
    light_label: str
    light_reason: str
    colon: str
    meta: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: str
    page_form: str
    chart_scale: float = 1.0


def leading_rows(brief: Brief) -> tuple[AreaRow, ...]:
    """Of each area the row of its leading source, in the areas' order."""
    rows = {row.area: row for row in brief.areas if row.leads}
    return tuple(rows[each.area] for each in brief.coverage)


def named_rows(brief: Brief, words: Language) -> list[AreaRow]:
    """Rows of the leading sources; where these are several, each name says which one."""
    rows = leading_rows(brief)
    names = {row.source: row.name for row in brief.sources}
    if len({row.source for row in rows}) < 2:
        return list(rows)
    form = words.word("charts", "in_source")

    def named(row: AreaRow) -> Text:
        source = names[row.source]
        return Text(
            en=form.format(area=row.name.en, source=source.en), zh=form.format(area=row.name.zh, source=source.zh)
        )

    return [row.model_copy(update={"name": named(row)}) for row in rows]


def race_chart(race: RaceFact) -> ChartName:
    """The name of a race's chart."""
    return f"race:{race.area}/{race.group.en}"


def charts_of(page: Page) -> tuple[ChartName, ...]:
    """Names of the charts that a page shows."""
    blocks = (block for section in page.sections for block in section.blocks)
    return tuple(block.name for block in blocks if isinstance(block, Chart))


def page_of(brief: Brief, code: LanguageCode, format_: str, override: Mapping[str, object] | None = None) -> Page:
    """Compose a brief for a language and a format; `override` tightens the format's limits."""
    plan = brief_plan(brief.header.kind)
    limits = plan.limits[format_]
    if override:
        limits = Limits.model_validate({**limits.model_dump(), **override})
    view = View(brief, language(code, brief.header.kind), limits)
    sections = tuple(_section(name, view) for name in plan.sections)
    return _frame(view, tuple(section for section in sections if section.blocks))


def _section(name: str, view: View) -> Section:
    try:
        module = import_module(f"reports.sections.{name}")
    except ModuleNotFoundError:
        raise RenderError(f"expected a section of briefs/*.yml as reports/sections/{name}.py, found none") from None
    section: Section = module.build(view)
    return replace(section, id=name, title=section.title or view.language.word("sections", name))


def _frame(view: View, sections: tuple[Section, ...]) -> Page:
    header, words = view.brief.header, view.language
    title = view.say(header.title)
    world = words.word("world", header.world)
    form = words.word("labels", "footer")
    return Page(
        code=words.code,
        tag=str(words.words["tag"]),
        title=title,
        world=world,
        banner=None if header.world == "live" else words.word("banner", header.world),
        light=header.light,
        light_word=words.word("light", header.light),
        light_label=words.word("light_name", "label"),
        light_reason=words.joined(
            [*(view.say(each) for each in (header.light_reason, header.light_note) if each), *_not_in_the_counts(view)]
        ),
        colon=words.word("forms", "colon"),
        meta=_meta(view),
        sections=sections,
        footer=form.format(title=title, world=world, hash=header.run_hash[:12]),
        page_form=words.word("labels", "page"),
        chart_scale=view.limits.chart_scale,
    )


def _not_in_the_counts(view: View) -> tuple[str, ...]:
    """The coverage line's words on sources that are empty or have no key; they are named whatever the light shows."""
    words, said = view.language, []
    for form, statuses in (("empty", ("NO_RESULTS",)), ("disabled", ("disabled",))):
        names = [view.name(row.name) for row in view.brief.sources if row.status in statuses]
        if names:
            status = words.word("status", statuses[0])
            said.append(words.word("forms", form).format(status=status, names=words.word("forms", "list").join(names)))
    return tuple(said)


def _meta(view: View) -> tuple[tuple[str, str], ...]:
    header, words = view.brief.header, view.language
    first, last = words.day(header.first_day), words.day(header.last_day)
    period = words.word("forms", "interval").format(low=first, high=last)
    return (
        (view.label("period"), period),
        (view.label("cut_off"), words.instant(header.cut_off)),
        (view.label("taxonomy"), displayable(header.taxonomy)[:16]),
        (view.label("model"), displayable(header.model)[:16]),
        (view.label("code"), displayable(header.code)),
        (view.label("run_hash"), header.run_hash[:16]),
    )


def displayable(text: str) -> str:
    """Text of a feed without what could deceive or break a page: controls, bidi overrides, stray whitespace."""
    kept = (" " if char.isspace() else char for char in text if char.isspace() or not _hidden(char))
    return " ".join("".join(kept).split())


def _hidden(char: str) -> bool:
    return ord(char) in _BIDI or unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn")


def language_tag(code: str) -> str | None:
    """An ISO 639 code as a tag for a run of text; None for `und` and for anything else that is no code."""
    return code if re.fullmatch(r"[a-z]{2,3}", code) and code != "und" else None


def shorten(text: str, limit: int, mark: str) -> str:
    """At most `limit` characters, cut between words where there are words, with a mark that something is left out."""
    if len(text) <= limit:
        return text
    cut = text[: limit + 1]
    space = cut.rfind(" ")
    return cut[: space if space > limit * 0.6 else limit].rstrip(" ,;:-") + mark


def trailing_share(history: History, window: int = SPARK_WINDOW) -> tuple[float | None, ...]:
    """Share over the trailing weeks that are known; None where the week itself is unknown or nothing was published.

    None as well before `window` weeks have passed since the first known one, or where fewer than half of the window
    are known: a share of few weeks is a spike, not a trend.
    """
    shares: list[float | None] = []
    first = next((at for at, total in enumerate(history.total) if total is not None), 0)
    for end in range(1, len(history.n) + 1):
        pairs = list(zip(history.n[max(0, end - window) : end], history.total[max(0, end - window) : end], strict=True))
        n = sum(count for count, total in pairs if count is not None and total is not None)
        whole = sum(total for count, total in pairs if count is not None and total is not None)
        short = end - first < window or 2 * len([pair for pair in pairs if None not in pair]) < window
        unknown = history.n[end - 1] is None or history.total[end - 1] is None
        shares.append(None if unknown or whole == 0 or short else n / whole)
    return tuple(shares)


def tone_of(row: AreaRow) -> Tone:
    """The tone of a verdict, which colour, arrow and word all follow."""
    tones: dict[str | None, Tone] = {
        "rising": "rising",
        "probably rising": "probably_rising",
        "no clear change": "flat",
        "probably falling": "probably_falling",
        "falling": "falling",
    }
    return tones.get(row.verdict, "none")


def verdict_word(view: View, row: AreaRow) -> str:
    key = {"ok": row.verdict or "unscored", "insufficient_data": "insufficient data", "unscored": "unscored"}[
        row.status
    ]
    return view.language.word("verdict", key)
