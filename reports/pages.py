"""Area pages: each area read through its tier's focus, in the order in which the GAO reads a technology.

Why it matters, what changed, how mature it is as its works speak of it, its routes, where it is done, what speaks
against, and the question to decide. No technology readiness level is told: that needs a person.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from reports.details import AreaPage, Aspect, LensQuote
from reports.facts import (
    AreaCoverage,
    AreaRow,
    Figure,
    FigureParam,
    ListParam,
    MoversFact,
    NameParam,
    Param,
    RaceFact,
    Statement,
    Text,
    WeekParam,
    WordParam,
)
from reports.hindsight_answers import find_lens
from reports.inputs import Known
from reports.policy import unit_of
from reports.routes import text_of
from reports.signals import references
from reports.trace import figure
from taxonomy.schema import AreaFile

LENS_PRECISION = {"en": 0.70, "zh": 0.46}
LENS_RECALL = 0.36
"""Of sentences read one by one: how often a found one was right, and how many that were right were found
(`benchmarks/results/lens.md`, test part and Chinese)."""
WHERE = ("movers_china", "movers_shanghai", "movers_countries")
"""Statements on movers that tell where an area is done."""


def area_pages(
    known: Known,
    rows: Sequence[AreaRow],
    coverage: Sequence[AreaCoverage],
    races: Sequence[RaceFact],
    movers: Sequence[MoversFact],
) -> tuple[AreaPage, ...]:
    """One for each leading row; none where nobody read the works through their lens."""
    if not known.inputs.findings.lenses:
        return ()
    grades = {each.area: each for each in coverage}
    return tuple(_page(known, row, grades[row.area], races, movers) for row in rows)


def lens_limit(known: Known) -> Iterator[Statement]:
    """How far sentences found by rules can be trusted; nothing where none are told."""
    if known.inputs.findings.lenses:
        told = {"english": LENS_PRECISION["en"], "chinese": LENS_PRECISION["zh"], "found": LENS_RECALL}
        figures = {name: figure(known, "share", "setting", value=value) for name, value in told.items()}
        yield Statement(
            template="limit_lens", params={name: FigureParam(figure=each) for name, each in figures.items()}
        )


def _page(
    known: Known, row: AreaRow, coverage: AreaCoverage, races: Sequence[RaceFact], movers: Sequence[MoversFact]
) -> AreaPage:
    area = known.areas[row.area]
    aspects = tuple(_aspect(known, row, lens.id, text_of(lens.name)) for lens in area.lens)
    return AreaPage(
        area=row.area,
        name=row.name,
        tier=row.tier,
        source=row.source,
        statements=(
            Statement(template=f"page_policy_{row.tier}", params={"aspects": _names(each.name for each in aspects)}),
            *_changed(known, row),
            *_mature(known, row, aspects),
            *_routes(row, [each for each in races if each.area == row.area], known.inputs.area is not None),
            *_where([each for each in movers if each.area == row.area]),
            *_against(row, coverage, aspects),
        ),
        aspects=aspects,
        question=_question(area),
    )


def _names(names: Iterator[Text] | Sequence[Text]) -> ListParam:
    return ListParam(
        parts=tuple(Statement(template="page_name", params={"name": NameParam(name=name)}) for name in names)
    )


def _question(area: AreaFile) -> Statement:
    return Statement(template=f"page_question_{area.tier}", params={"area": NameParam(name=text_of(area.name))})


# ---- what changed ----------------------------------------------------------------------------------------------------


def _changed(known: Known, row: AreaRow) -> Iterator[Statement]:
    """The trend now and as the previous issue had it: a quarter ago, of a quarterly."""
    if row.status != "ok" or row.verdict is None:
        yield Statement(template="page_no_trend")
        return
    profile = known.profiles[row.source]
    params: dict[str, Param] = {
        "source": NameParam(name=profile.name),
        "noun": WordParam(table="noun", word=unit_of(profile)),
        "growth": FigureParam(figure=row.growth),
        "verdict": WordParam(table="verdict", word=row.verdict),
    }
    yield Statement(template="page_growth", params=params)
    change = row.change
    before = figure(known, "percent_per_year", "before", series=row.series, source=row.source)
    if change.kind != "compared" or change.since is None or change.before is None or before.value is None:
        yield Statement(template="page_before_none")
        return
    then: dict[str, Param] = {
        "week": WeekParam(week=change.since),
        "before": FigureParam(figure=before),
        "verdict": WordParam(table="verdict", word=change.before),
    }
    yield Statement(template="page_before_within" if change.within else "page_before", params=then)


# ---- how mature ------------------------------------------------------------------------------------------------------


def _aspect(known: Known, row: AreaRow, lens: str, name: Text) -> Aspect:
    of: dict[str, Any] = {"area": row.area, "source": row.source, "aspect": lens}
    reading = find_lens(known, row.area, row.source)
    found = next((each for each in reading.aspects if each.lens == lens), None) if reading else None
    unit = unit_of(known.profiles[row.source])
    return Aspect(
        lens=lens,
        name=name,
        n=figure(known, unit, "lens", **of, field="n"),
        share=figure(known, "share", "lens", **of, field="share"),
        before=figure(known, "share", "lens", **of, field="share", year="before"),
        quotes=tuple(
            LensQuote(item=item, quote=words.quote)
            for words in (found.quotes if found else ())
            for item in references(known, (words.item_id,))
        ),
    )


def _mature(known: Known, row: AreaRow, aspects: Sequence[Aspect]) -> Iterator[Statement]:
    reading = find_lens(known, row.area, row.source)
    if reading is None or not reading.works:
        yield Statement(template="page_no_works", params={"source": NameParam(name=known.profiles[row.source].name)})
        return
    works = figure(known, unit_of(known.profiles[row.source]), "lens", area=row.area, source=row.source)
    most = max(aspects, key=lambda each: each.n.value or 0.0)
    if most.n.value:
        params: dict[str, Param] = {
            "works": FigureParam(figure=works),
            "week": WeekParam(week=reading.last),
            "aspect": NameParam(name=most.name),
            "share": FigureParam(figure=most.share),
        }
        yield Statement(template="page_most_spoken", params=params)
    for template, moved in (("page_more", _is_above), ("page_less", _is_below)):
        named = [each.name for each in aspects if moved(each.share, each.before)]
        if named:
            yield Statement(template=template, params={"aspects": _names(named)})


def _is_above(one: Figure, other: Figure) -> bool:
    """Whether the whole interval of one lies above that of the other."""
    return one.low is not None and other.high is not None and one.low > other.high


def _is_below(one: Figure, other: Figure) -> bool:
    return _is_above(other, one)


# ---- routes, places, what speaks against -----------------------------------------------------------------------------


def _routes(row: AreaRow, races: Sequence[RaceFact], deep: bool) -> Iterator[Statement]:
    """The first group's race, all of them for an expert group; of tier 3 whether each converges, as its focus asks."""
    for place, race in enumerate(races):
        told = tuple(said for said in race.statements if place == 0 or deep or _converges(row, said))
        if told:
            params: dict[str, Param] = {"group": NameParam(name=race.group), "said": ListParam(parts=told)}
            yield Statement(template="page_race", params=params)
    if not races and row.route is not None:
        yield Statement(template="page_route", params={"said": ListParam(parts=(row.route,))})


def _converges(row: AreaRow, said: Statement) -> bool:
    return row.tier == 3 and said.template.startswith("race_convergence")


def _where(movers: Sequence[MoversFact]) -> Iterator[Statement]:
    """Papers and patents each by themselves."""
    known = False
    for each in movers:
        told = tuple(said for said in each.statements if said.template in WHERE)
        if told:
            known = True
            params: dict[str, Param] = {"noun": WordParam(table="noun", word=each.kind), "said": ListParam(parts=told)}
            yield Statement(template="page_where", params=params)
    if not known:
        yield Statement(template="page_where_unknown")


def _against(row: AreaRow, coverage: AreaCoverage, aspects: Sequence[Aspect]) -> Iterator[Statement]:
    growth = row.growth
    if growth.low is not None and growth.high is not None and growth.low <= 0 <= growth.high:
        yield Statement(template="page_against_zero")
    unspoken = [each.name for each in aspects if each.n.value == 0]
    if unspoken:
        yield Statement(template="page_unspoken", params={"aspects": _names(unspoken)})
    if coverage.grade != "A":
        yield Statement(template="page_against_data", params={"said": ListParam(parts=(coverage.reason,))})
