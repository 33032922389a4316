"""The coverage grade: every cap alone, the grade of an area over its sources, and a light that is never too green."""

from collections.abc import Callable
from typing import Any

import pytest

from horizon.weeks import weeks_between
from reports.build import build_brief
from reports.facts import AreaCoverage, CoverageGrade
from reports.inputs import BriefInputs
from reports.language import LANGUAGES, language
from reports.policy import coverage_rules, reach_of
from taxonomy.load import load_taxonomy
from tests.reports.sample import SKETCHES, WEEK, fetch, sample_inputs, score
from tests.reports.several import several_inputs

AREA = "quantum_technology"


def grade(inputs: BriefInputs, source: str = "arxiv", area: str = AREA) -> CoverageGrade:
    return next(row.coverage for row in build_brief(inputs).areas if (row.area, row.source) == (area, source))


def area_grade(inputs: BriefInputs, area: str = AREA) -> AreaCoverage:
    return next(each for each in build_brief(inputs).coverage if each.area == area)


def with_source(**change: Any) -> BriefInputs:
    base = sample_inputs()
    return base.model_copy(update={"sources": (base.sources[0].model_copy(update=change),)})


def with_unknown(first: int, last: int) -> BriefInputs:
    lost = set(weeks_between(WEEK + -first, WEEK + -last))
    base = sample_inputs()
    points = (p.model_copy(update={"n": None, "total": None}) if p.week in lost else p for p in base.points)
    return base.model_copy(update={"points": tuple(points)})


def with_items(n: int) -> BriefInputs:
    base = sample_inputs()
    scores = (s.model_copy(update={"n_52w": n}) if s.series == f"area:{AREA}" else s for s in base.scores)
    return base.model_copy(update={"scores": tuple(scores)})


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (sample_inputs, ("A", "none")),
        (lambda: with_items(299), ("B", "few")),
        (lambda: with_items(99), ("C", "few")),
        (lambda: with_items(29), ("D", "few")),
        (lambda: with_unknown(40, 30), ("B", "gaps")),
        (lambda: with_unknown(80, 40), ("C", "gaps")),
        (lambda: with_unknown(103, 20), ("D", "gaps")),
        (lambda: with_unknown(3, 3), ("B", "recent")),
        (lambda: with_unknown(8, 5), ("C", "recent")),
        (lambda: with_unknown(10, 3), ("D", "recent")),
        (lambda: with_source(fetch=fetch(missing=200)), ("B", "lost")),
        (lambda: with_source(fetch=fetch(refused=900)), ("C", "lost")),
        (lambda: with_source(status="PARTIAL"), ("B", "partial")),
        (lambda: with_source(status="ERROR"), ("D", "failed")),
        (lambda: with_source(status=None, fetch=None), ("D", "failed")),
        (lambda: sample_inputs(scores=()), ("C", "unscored")),
    ],
)
def test_each_cap_alone(inputs: Callable[[], BriefInputs], expected: tuple[str, str]) -> None:
    found = grade(inputs())
    assert (found.grade, found.cause) == expected


def test_a_source_without_a_score_or_a_failed_one_is_never_an_a_nor_green() -> None:
    for inputs in (sample_inputs(scores=()), with_source(status="ERROR"), with_source(status=None, fetch=None)):
        brief = build_brief(inputs)
        assert "A" not in {row.coverage.grade for row in brief.areas}
        assert "A" not in {each.grade for each in brief.coverage}
        assert brief.header.light != "green"
    assert build_brief(sample_inputs(scores=())).header.light_reason.template == "light_amber_unscored"


def test_a_source_that_was_never_read_before_has_unknown_weeks_and_not_none() -> None:
    young = sample_inputs(points=tuple(p for p in sample_inputs().points if p.week > WEEK + -3))
    assert grade(young).grade == "D"
    assert build_brief(young).sources[0].unknown_weeks.value == 101


def test_patents_tell_late_and_cap_at_b() -> None:
    found = grade(several_inputs(), "uspto_grants")
    assert found.grade == "B"
    text = language("en").compose(found.reason)
    assert "US grants holds a part of this field" in text
    assert "shows work about 24 months after it was done" in text


def test_an_area_is_an_a_only_where_both_sides_were_read() -> None:
    assert area_grade(several_inputs()).grade == "A"
    alone = area_grade(sample_inputs())
    assert (alone.grade, alone.cause) == ("B", "one_sided")
    assert "No source of industry (patents) has grade C or better" in language("en").compose(alone.reason)


@pytest.mark.parametrize("state", ["failed", "disabled"])
def test_a_source_that_was_not_read_holds_the_area_down(state: str) -> None:
    base = several_inputs()
    lost = next(each for each in base.sources if each.source == "uspto_grants")
    rest = tuple(each for each in base.sources if each is not lost)
    if state == "failed":
        inputs = base.model_copy(update={"sources": (*rest, lost.model_copy(update={"status": "ERROR"}))})
    else:
        disabled = (*base.disabled, lost.model_copy(update={"status": None, "fetch": None}))
        inputs = base.model_copy(update={"sources": rest, "disabled": disabled})
    found = area_grade(inputs)
    assert (found.grade, found.cause) == ("B", "not_read")
    assert "Not read: US grants" in language("en").compose(found.reason)


def test_without_the_life_science_feeds_three_areas_are_blind() -> None:
    grades = {each.area: each.grade for each in build_brief(sample_inputs()).coverage}
    assert {area for area, found in grades.items() if found == "D"} == {
        "biomanufacturing", "cell_and_gene_therapy", "regenerative_medicine",
    }  # fmt: skip
    several = {each.area: each.grade for each in build_brief(several_inputs()).coverage}
    assert "D" not in several.values()


def test_the_grade_and_its_words_are_printed_at_each_area() -> None:
    from reports.render_markdown import render_markdown

    brief = build_brief(several_inputs())
    for code in LANGUAGES:
        text = render_markdown(brief, code).decode()
        for each in brief.coverage:
            cause = language(code).word("cause", each.cause)
            shown = f"**{each.grade}**" if each.cause == "none" else f"**{each.grade}** {cause}"
            assert shown in text
            assert language(code).name(each.name) + {"en": ": ", "zh": "："}[code] + each.grade in text


def test_every_area_and_source_of_the_table_exists() -> None:
    areas = {area.id for area in load_taxonomy().areas}
    for source, table in coverage_rules().reach.items():
        named = {area for level in table.values() if isinstance(level, tuple) for area in level}
        assert named <= areas, source
    assert reach_of("arxiv", "regenerative_medicine") == "hardly"
    assert reach_of("nobody", AREA) == coverage_rules().reach_default


def test_every_shipped_source_is_in_the_table_or_not_counted() -> None:
    from scrapers.source import list_sources, load_source

    counted = {name for name in list_sources() if getattr(load_source(name), "counted", True)}
    assert counted - {"arxiv_query", "arxiv_rss", "epo_publications"} <= set(coverage_rules().reach)


def test_verdicts_do_not_change_a_grade() -> None:
    loud = tuple(score(each, WEEK, growth=90.0, p=0.999) for each in SKETCHES)
    assert grade(sample_inputs(scores=loud)) == grade(sample_inputs())
