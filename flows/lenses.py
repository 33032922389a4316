"""How the works of each area speak of the aspects of its tier's policy focus, with words that say it.

The labels of two years are read one after another; of each aspect only its works' ids and a few of the best sentences
are kept.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from flows.workspace import Workspace
from horizon.records import AreaId, Evidence
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from reports.hindsight import LensReading, LensWords
    from store.area_labels import AreaLabel

YEAR_WEEKS = 52
QUARTER_WEEKS = 13
QUOTES = 2
_CANDIDATES = 12
"""Sentences kept of an aspect: some of their items may be withdrawn."""
_STEP = 0.1
"""Sentences whose probabilities lie within one step are taken by their date."""


@dataclass
class _Sentences:
    """The works that speak of one aspect."""

    now: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    best: list[tuple[tuple[float, ...], str, str, Evidence]] = field(default_factory=list)
    """(rank, smaller is better; item; work; words)."""


@dataclass
class _Works:
    """The works of one area in one source."""

    now: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    aspects: dict[str, _Sentences] = field(default_factory=lambda: defaultdict(_Sentences))


def area_lenses(
    work: Workspace,
    areas: Collection[AreaId],
    week: IsoWeek,
    pair: tuple[str, str],
    as_of: datetime,
    sources: Sequence[str],
) -> "Iterator[LensReading]":
    """By area and source, the last 52 complete weeks against the 52 before; a source without a work has none."""
    from scrapers.source import load_source

    found: dict[tuple[str, str], LensReading] = {}
    for source in sources:
        given = load_source(source)
        if not given.counted:
            continue
        last = week + -given.incomplete_weeks
        works = _read(work, areas, source, last, pair, as_of)
        quotable = given.trust != "low"
        found |= {(area, source): _reading(work, area, source, last, read, as_of, quotable) for area, read in works}
    for area in work.taxonomy.areas:
        for source in sources:
            if (area.id, source) in found:
                yield found[area.id, source]


def _read(
    work: Workspace, areas: Collection[AreaId], source: str, last: IsoWeek, pair: tuple[str, str], as_of: datetime
) -> Iterator[tuple[str, _Works]]:
    first = last + (1 - YEAR_WEEKS)
    works: dict[str, _Works] = defaultdict(_Works)
    labels = work.store.area_labels(areas, *pair, source=source, since=first + -YEAR_WEEKS, until=last, as_of=as_of)
    for each in labels:
        if each.kind != "utility_model":
            _note(works[each.label.area], each, first, last)
    yield from sorted(works.items())


def _note(works: _Works, each: "AreaLabel", first: IsoWeek, last: IsoWeek) -> None:
    from reports.telling import lens_id

    week = IsoWeek.of(each.published)
    recent = week >= first
    (works.now if recent else works.before).add(each.work)
    for evidence in each.label.evidence:
        if evidence.kind != "lens":
            continue
        aspect = works.aspects[lens_id(evidence.concept)]
        (aspect.now if recent else aspect.before).add(each.work)
        if recent:
            steps = int((evidence.weight or 0.0) / _STEP + 1e-9)
            new = last - week < QUARTER_WEEKS
            rank = (-new, -steps, -each.published.toordinal(), -each.label.probability)
            aspect.best.append((rank, each.label.item_id, each.work, evidence))
    for aspect in works.aspects.values():
        if len(aspect.best) > 4 * _CANDIDATES:
            aspect.best = sorted(aspect.best, key=_order)[:_CANDIDATES]


def _order(best: tuple[tuple[float, ...], str, str, Evidence]) -> tuple[object, ...]:
    rank, item_id, _, evidence = best
    return rank, item_id, evidence.field != "title", evidence.start or 0


def _reading(
    work: Workspace, area: str, source: str, last: IsoWeek, works: _Works, as_of: datetime, quotable: bool
) -> "LensReading":
    from reports.hindsight import AspectReading, LensReading

    aspects = [each.id for each in work.taxonomy.area(area).lens]
    quotes = _quotes(work, works, aspects, as_of) if quotable else {}
    return LensReading(
        area=area,
        source=source,
        first=last + (1 - YEAR_WEEKS),
        last=last,
        works=len(works.now),
        works_before=len(works.before),
        aspects=tuple(
            AspectReading(
                lens=aspect,
                n=len(works.aspects[aspect].now),
                n_before=len(works.aspects[aspect].before),
                quotes=quotes.get(aspect, ()),
            )
            for aspect in aspects
        ),
    )


def _quotes(
    work: Workspace, works: _Works, aspects: Sequence[str], as_of: datetime
) -> "dict[str, tuple[LensWords, ...]]":
    """Of each aspect the words of two works, of no withdrawn item; no sentence twice."""
    from reports.hindsight import LensWords
    from reports.quotes import short_quote

    best = {aspect: sorted(works.aspects[aspect].best, key=_order)[:_CANDIDATES] for aspect in aspects}
    items = work.store.items({each[1] for found in best.values() for each in found}, as_of=as_of)
    told: dict[str, tuple[LensWords, ...]] = {}
    said: set[str] = set()
    for aspect, found in best.items():
        chosen: dict[str, LensWords] = {}
        for _, item_id, work_id, evidence in found:
            quote = short_quote(items[item_id], evidence)
            stale = quote is None or quote.text.casefold() in said or items[item_id].withdrawn
            if quote is None or stale or work_id in chosen or len(chosen) == QUOTES:
                continue
            chosen[work_id] = LensWords(item_id=item_id, quote=quote)
            said.add(quote.text.casefold())
        told[aspect] = tuple(chosen.values())
    return told


def named_items(readings: "Sequence[LensReading]") -> set[str]:
    """Ids of the items that are quoted."""
    return {words.item_id for each in readings for aspect in each.aspects for words in aspect.quotes}
