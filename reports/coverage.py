"""How much can be known from the data: a grade for each area in a source and over its sources, by `coverage.yml`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.facts import (
    AreaCoverage,
    AreaRow,
    CoverageGrade,
    Figure,
    FigureParam,
    Grade,
    GradeCause,
    ListParam,
    NameParam,
    Param,
    Statement,
    WordParam,
)
from reports.inputs import Known
from reports.policy import coverage_rules, reach_of, unit_of
from reports.trace import figure

ORDER: tuple[Grade, ...] = ("A", "B", "C", "D")
_RESEARCH = ("papers", "life_science")


@dataclass(frozen=True)
class Cap:
    """One reason for which a grade is not better than this."""

    grade: Grade
    cause: GradeCause
    why: Statement


def worst(grades: Iterable[Grade]) -> Grade:
    return max(grades, key=ORDER.index, default="A")


def grade_area(known: Known, area: str, source: str) -> CoverageGrade:
    """The grade of an area in one source: the lowest of all caps, with every cap that holds it down."""
    caps = list(_caps(known, area, source))
    grade = worst(cap.grade for cap in caps)
    binding = [cap for cap in caps if cap.grade == grade]
    facts: dict[str, Param] = {
        "n": FigureParam(figure=items_of_year(known, f"area:{area}", source)),
        "unknown": FigureParam(figure=figure(known, "weeks", "unknown_weeks", source=source)),
    }
    if not binding:
        return CoverageGrade(grade="A", cause="none", reason=Statement(template="grade_counts", params=facts))
    why = {"why": ListParam(parts=tuple(cap.why for cap in binding))}
    return CoverageGrade(
        grade=grade, cause=binding[0].cause, reason=Statement(template="grade_why", params={**why, **facts})
    )


def items_of_year(known: Known, series: str, source: str) -> Figure:
    """Items of the 52 weeks that the score saw; without a score, of the same 52 weeks as far as known."""
    unit = unit_of(known.profiles[source])
    if (series, source) in known.scores:
        return figure(known, unit, "score", series=series, source=source, field="n_52w")
    return figure(known, unit, "count_sum", series=series, source=source)


def _caps(known: Known, area: str, source: str) -> Iterator[Cap]:
    """Every reason against an A, the gravest kinds first."""
    rules, name = coverage_rules(), NameParam(name=known.profiles[source].name)
    week = known.sources[source]
    if week.status in (None, "ERROR"):
        status = WordParam(table="status", word=week.status or "never")
        yield Cap(rules.caps["failed"], "failed", Statement(template="why_failed", params={"status": status}))
    reach = reach_of(source, area)
    if rules.reach_caps[reach] != "A":
        level = WordParam(table="reach", word=reach)
        said = Statement(template="why_reach", params={"source": name, "reach": level})
        yield Cap(rules.reach_caps[reach], "reach", said)
    if known.profiles[source].trust == "low":
        yield Cap(rules.caps["trust"], "trust", Statement(template="why_trust"))
    yield from _data_caps(known, area, source)
    if week.status == "PARTIAL":
        yield Cap(rules.caps["partial"], "partial", Statement(template="why_partial"))
    score = known.scores.get((f"area:{area}", source))
    if score is None:
        yield Cap(rules.caps["unscored"], "unscored", Statement(template="why_unscored"))
    months = rules.delays.get(source, 0)
    if months >= rules.delay_cap.months:
        delay = FigureParam(figure=figure(known, "months", "setting", value=months))
        yield Cap(rules.delay_cap.grade, "delay", Statement(template="why_delay", params={"delay": delay}))


def _data_caps(known: Known, area: str, source: str) -> Iterator[Cap]:
    """Caps by number of items, by unknown weeks of two years and of a quarter, and by what the week lost."""
    rules = coverage_rules()
    n = items_of_year(known, f"area:{area}", source)
    unknown = figure(known, "weeks", "unknown_weeks", source=source)
    recent = figure(known, "weeks", "unknown_weeks", source=source, weeks=rules.recent_weeks)
    lost = figure(known, "share", "lost_share", source=source)
    window = figure(known, "weeks", "setting", value=rules.recent_weeks)
    grade, need = _at_least(n.value or 0.0, {grade: rule.items_52w for grade, rule in rules.grades.items()})
    least = figure(known, n.unit, "setting", value=need)
    yield from _capped(grade, "few", "why_few", need=least)
    limits: dict[Grade, float]
    limits = {grade: rule.unknown_weeks for grade, rule in rules.grades.items()}
    yield from _capped(_at_most(unknown.value or 0.0, limits), "gaps", "why_gaps", unknown=unknown)
    limits = {grade: rule.unknown_recent for grade, rule in rules.grades.items()}
    yield from _capped(_at_most(recent.value or 0.0, limits), "recent", "why_recent", unknown=recent, of=window)
    limits = {grade: rule.lost_share for grade, rule in rules.grades.items()}
    yield from _capped(_at_most(lost.value or 0.0, limits), "lost", "why_lost", share=lost)


def _at_least(value: float, needs: dict[Grade, int]) -> tuple[Grade, int]:
    """The grade that a number earns, and what the next better one would take."""
    missed = 0
    for grade in ORDER[:-1]:
        if value >= needs[grade]:
            return grade, missed
        missed = needs[grade]
    return "D", missed


def _at_most(value: float, limits: dict[Grade, float]) -> Grade:
    return next((grade for grade in ORDER[:-1] if value <= limits[grade]), "D")


def _capped(grade: Grade, cause: GradeCause, template: str, **numbers: Figure) -> Iterator[Cap]:
    if grade != "A":
        params: dict[str, Param] = {name: FigureParam(figure=number) for name, number in numbers.items()}
        yield Cap(grade, cause, Statement(template=template, params=params))


def cover_area(known: Known, rows: Sequence[AreaRow]) -> AreaCoverage:
    """The grade of an area over its sources' rows: the best of them, capped where a side or a source is missing."""
    area = rows[0].area
    leading = next(row for row in rows if row.leads)
    fit = [row for row in rows if reach_of(row.source, area) != "none"] or [leading]
    best = min((row.coverage.grade for row in fit), key=ORDER.index)
    caps = list(_area_caps(known, area, fit, best))
    grade = worst([best, *(cap.grade for cap in caps)])
    binding = [cap for cap in caps if cap.grade == grade] if grade != "A" else []
    own = next(row for row in fit if row.coverage.grade == best) if leading.coverage.grade != best else leading
    cause = own.coverage.cause if best == grade and own.coverage.cause != "none" else None
    each = tuple(_source_grade(known, row) for row in sorted(fit, key=lambda row: ORDER.index(row.coverage.grade)))
    params: dict[str, Param] = {
        "area": NameParam(name=leading.name),
        "grade": WordParam(table="grade", word=grade),
        "sources": ListParam(parts=each),
    }
    if binding:
        params["why"] = ListParam(parts=tuple(cap.why for cap in binding))
    return AreaCoverage(
        area=area,
        name=leading.name,
        source=leading.source,
        grade=grade,
        cause=cause or (binding[0].cause if binding else "none"),
        reason=Statement(template="area_grade_why" if binding else "area_grade", params=params),
    )


def _source_grade(known: Known, row: AreaRow) -> Statement:
    """A source with its grade, and in a word what holds it down."""
    params: dict[str, Param] = {
        "source": NameParam(name=known.profiles[row.source].name),
        "grade": WordParam(table="grade", word=row.coverage.grade),
        "cause": WordParam(table="cause", word=row.coverage.cause),
    }
    return Statement(template="source_grade" if row.coverage.cause == "none" else "source_grade_cause", params=params)


def _area_caps(known: Known, area: str, rows: Sequence[AreaRow], best: Grade) -> Iterator[Cap]:
    rules = coverage_rules()
    good = {known.profiles[row.source].group for row in rows if ORDER.index(row.coverage.grade) <= _bar()}
    for side, groups in (("research", _RESEARCH), ("industry", ("patents",))):
        if best != "D" and not good.intersection(groups):
            params: dict[str, Param] = {
                "side": WordParam(table="side", word=side),
                "needs": WordParam(table="grade", word=rules.side_needs),
            }
            yield Cap(rules.caps["one_sided"], "one_sided", Statement(template="why_one_sided", params=params))
    lost = [
        source
        for source, week in known.sources.items()
        if week.status in (None, "ERROR") and known.profiles[source].counted and reach_of(source, area) != "none"
    ]
    if lost:
        named = ListParam(parts=tuple(name_statement(known, source) for source in lost))
        yield Cap(rules.caps["not_read"], "not_read", Statement(template="why_not_read", params={"sources": named}))


def _bar() -> int:
    return ORDER.index(coverage_rules().side_needs)


def name_statement(known: Known, source: str) -> Statement:
    """A source's name as a part of a list."""
    return Statement(template="name_alone", params={"source": NameParam(name=known.profiles[source].name)})
