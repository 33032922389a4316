"""How far this issue may be trusted: a grade for each area in a source, and one light for the whole."""

from reports.facts import CoverageGrade, Figure, FigureParam, Grade, Light, NameParam, Param, Statement
from reports.inputs import Known, SourceWeek
from reports.policy import coverage_rules, source_name, source_unit
from reports.trace import figure

ORDER: tuple[Grade, ...] = ("A", "B", "C", "D")


def grade_area(known: Known, area: str, source: str) -> CoverageGrade:
    """Grade by items of 52 weeks and unknown weeks of 104, capped where the source publishes little of the field."""
    rules = coverage_rules()
    n = items_of_year(known, f"area:{area}", source)
    unknown = figure(known, "weeks", "unknown_weeks", source=source)
    earned = _earned(n.value or 0.0, unknown.value or 0.0)
    thin = area in rules.thin.get(source, ())
    grade = max(earned, rules.thin_cap, key=ORDER.index) if thin else earned
    few = (n.value or 0.0) < rules.grades["C"].items_52w
    low = "grade_few" if few else "grade_unknown"
    template = low if earned == "D" else "grade_thin" if thin else "grade_counts"
    params: dict[str, Param] = {
        "need": FigureParam(figure=figure(known, source_unit(source), "setting", value=rules.grades["C"].items_52w)),
        "n": FigureParam(figure=n),
        "unknown": FigureParam(figure=unknown),
        "source": NameParam(name=source_name(source)),
    }
    return CoverageGrade(grade=grade, reason=Statement(template=template, params=params))


def items_of_year(known: Known, series: str, source: str) -> Figure:
    """Items of the 52 weeks that the score saw; without a score, of the same 52 weeks as far as known."""
    if (series, source) in known.scores:
        return figure(known, source_unit(source), "score", series=series, source=source, field="n_52w")
    return figure(known, source_unit(source), "count_sum", series=series, source=source)


def _earned(items: float, unknown: float) -> Grade:
    for grade in ORDER[:-1]:
        rule = coverage_rules().grades[grade]
        if items >= rule.items_52w and unknown <= rule.unknown_weeks:
            return grade
    return "D"


def light_of(known: Known) -> tuple[Light, Statement, Statement | None]:
    """Red when a source's week is unknown, amber when one is incomplete or history has holes, else green.

    A replayed world is never green. The second statement says that counts will still rise, while they do.
    """
    worst: list[tuple[int, Statement]] = [_source_light(known, source) for source in known.inputs.sources]
    rank, reason = max(worst, key=lambda pair: pair[0], default=(0, _green(known)))
    if rank == 0 and known.inputs.world == "replayed":
        rank, reason = 1, Statement(template="light_amber_replayed")
    filling = rank < 2 and any(source.incomplete_weeks for source in known.inputs.sources)
    return ("green", "amber", "red")[rank], reason, Statement(template="light_filling") if filling else None


def _source_light(known: Known, source: SourceWeek) -> tuple[int, Statement]:
    rules, name = coverage_rules(), NameParam(name=source_name(source.source))
    if source.status in (None, "ERROR"):
        return 2, Statement(template="light_red_unknown", params={"source": name})
    missing = figure(known, "identifiers", "fetch", source=source.source, field="missing")
    if source.status == "PARTIAL" or missing.value:
        return 1, Statement(
            template="light_amber_partial", params={"source": name, "missing": FigureParam(figure=missing)}
        )
    if source.fetch and source.fetch.refused > rules.amber_refused_share * max(source.fetch.records, 1):
        refused = figure(known, "records", "fetch", source=source.source, field="refused")
        return 1, Statement(
            template="light_amber_refused", params={"source": name, "refused": FigureParam(figure=refused)}
        )
    unknown = figure(known, "weeks", "unknown_weeks", source=source.source)
    if (unknown.value or 0) > rules.amber_unknown_weeks:
        return 1, Statement(
            template="light_amber_history", params={"source": name, "unknown": FigureParam(figure=unknown)}
        )
    return 0, _green(known)


def _green(known: Known) -> Statement:
    limit = figure(known, "weeks", "setting", value=coverage_rules().amber_unknown_weeks)
    return Statement(template="light_green", params={"limit": FigureParam(figure=limit)})
