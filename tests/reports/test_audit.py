"""What an expert's audit asked of every brief: nothing sounds surer, newer or more complete than it is."""

from typing import Any

import pytest

from horizon.weeks import weeks_between
from reports.build import build_brief
from reports.facts import Brief, Statement
from reports.inputs import BriefInputs, index
from reports.language import language
from reports.trace import year_count
from reports.view import Cell, Table, page_of, trailing_share
from tests.reports.sample import SKETCHES, WEEK, sample_inputs, score
from trends.momentum import score_momentum


def both(statement: Statement) -> tuple[str, str]:
    return language("en").compose(statement), language("zh").compose(statement)


def table_of(brief: Brief, code: Any) -> Table:
    section = next(each for each in page_of(brief, code, "html").sections if each.id == "areas")
    return next(block for block in section.blocks if isinstance(block, Table))


def test_yearly_counts_are_of_the_weeks_that_the_score_saw(inputs: BriefInputs) -> None:
    known = index(inputs)
    scores = score_momentum(inputs.points, WEEK, incomplete_weeks=2)
    assert len(scores) > len(SKETCHES), "routes as well"
    for each in scores:
        assert year_count(known, each.series, each.source) == each.n_52w, each.series
    late = sample_inputs(points=tuple(p for p in inputs.points if p.week > WEEK + -2))
    assert year_count(index(late), "area:quantum_technology", "arxiv") == 0


def test_the_table_says_which_52_weeks(brief: Brief) -> None:
    assert (brief.sources[0].year_first, brief.sources[0].year_last) == (WEEK + -53, WEEK + -2)
    for code, words in (("en", "week 45 of 2025 to week 44 of 2026"), ("zh", "2025 年第 45 周至 2026 年第 44 周")):
        section = next(each for each in page_of(brief, code, "html").sections if each.id == "areas")  # type: ignore[arg-type]
        assert words in str(section.blocks[1])


def test_a_change_over_several_weeks_says_since_when() -> None:
    brief = build_brief(sample_inputs(previous_week=WEEK + -14))
    assert "Since 2026-W32" in [column.title for column in table_of(brief, "en").columns]
    assert "较 2026 年第 32 周" in [column.title for column in table_of(brief, "zh").columns]
    assert "since week 32 of 2026" in both(brief.bottom_line[0])[0]


def test_a_change_small_against_its_intervals_is_muted() -> None:
    area = SKETCHES[0].id
    before = tuple(score(each, WEEK + -1, each.growth + (500.0 if each.id == area else 0.1)) for each in SKETCHES)
    brief = build_brief(sample_inputs(previous_scores=before))
    within = {row.area: row.change.within for row in brief.areas if row.change.kind == "compared"}
    assert within.pop(area) is False
    assert set(within.values()) == {True}
    cells = {row[0].runs[0].text: row[10] for row in table_of(brief, "en").rows}
    styles = [cell.runs[0].style for cell in cells.values() if isinstance(cell, Cell)]
    assert set(styles) == {"plain", "quiet"}


def thin(inputs: BriefInputs, area: str, **change: Any) -> tuple[Any, ...]:
    few = {"n_52w": 24, "growth_pct": 50.0, "growth_lo80": 20.0, "growth_hi80": 80.0, "p_rising": 0.99}
    return tuple(
        each.model_copy(update={**few, "status": "ok", "verdict": "rising", **change})
        if each.series == f"area:{area}"
        else each
        for each in inputs.scores
    )


def test_an_area_with_too_few_papers_gives_no_statement() -> None:
    calm = sample_inputs(scores=tuple(score(each, WEEK, growth=1.0, p=0.5) for each in SKETCHES))
    brief = build_brief(
        calm.model_copy(update={"scores": thin(calm, "silicon_photonics"), "previous_scores": calm.scores})
    )
    row = next(each for each in brief.areas if each.area == "silicon_photonics")
    assert (row.coverage.grade, row.verdict, row.change.moved) == ("D", "rising", True)
    assert [each.template for each in brief.bottom_line] == ["quiet_thin"], "not: none changed its verdict"
    assert row.coverage.cause == "few"
    assert both(row.coverage.reason)[0].startswith("fewer than 30 papers in 52 weeks; 24 papers in 52 weeks")
    assert "score" not in both(row.coverage.reason)[0]


def test_routes_are_labels_and_nobody_leads(brief: Brief) -> None:
    routes = {row.area: row.route for row in brief.areas if row.route}
    english, chinese = both(routes["controlled_nuclear_fusion"])
    assert english.startswith("most labelled: ")
    assert "route labels in 52 weeks" in english
    assert "次路线标注的" in chinese
    tied, chinese = both(routes["silicon_photonics"])
    assert "none clearly first" in tied
    assert "不分先后" in chinese
    everything = [text for code in ("en", "zh") for text in (str(page_of(brief, code, "html")),)]
    assert not [word for text in everything for word in (" leads", "leading", "领先") if word in text]


@pytest.mark.parametrize(("world", "light"), [("live", "green"), ("simulated", "green"), ("replayed", "amber")])
def test_a_replay_is_never_green_and_weeks_that_fill_up_are_said(world: str, light: str) -> None:
    brief = build_brief(sample_inputs(world=world))
    assert brief.header.light == light
    page = page_of(brief, "en", "html")
    assert "Every listed record of the crawl windows was read" in page.light_reason
    assert page.light_reason.endswith("Counts of this week will still rise.")
    if world == "replayed":
        assert page_of(brief, "zh", "html").banner == "历史回放：数据取自不完整档案，不反映当前情况，不得用于决策。"
    done = sample_inputs().sources[0].model_copy(update={"incomplete_weeks": 0})
    assert build_brief(sample_inputs(sources=(done,))).header.light_note is None


def test_chart_titles_count_and_never_rank_by_size(brief: Brief) -> None:
    words = [row.verdict for row in brief.areas]
    title = both(brief.forest_title)[0]
    scored = sum(word is not None for word in words)
    probably = sum(word is not None and word.startswith("probably") for word in words)
    assert title.startswith(f"{len(words)} areas, {scored} scored: {words.count('rising')} rising, ")
    assert title.endswith(f"; {probably} tending to move") if probably else True
    assert brief.shares_title.template == "shares_moved"
    calm = tuple(score(each, WEEK, growth=0.0, p=0.8) for each in SKETCHES)
    still = build_brief(sample_inputs(scores=calm))
    assert still.shares_title.template == "shares_still"
    assert "none clearly rising or falling" in both(still.forest_title)[0]
    assert "个领域中" in both(still.forest_title)[1]


def test_no_share_is_drawn_before_a_quarter_is_known(brief: Brief) -> None:
    start, weeks = 40, 104
    n, total = ((None,) * start + (value,) * (weeks - start) for value in (5, 100))
    history = brief.areas[0].history.model_copy(update={"n": n, "total": total})
    drawn = list(trailing_share(history))
    assert drawn[: start + 12] == [None] * (start + 12)
    assert set(drawn[start + 12 :]) == {0.05}
    gap = list(weeks_between(WEEK + -5, WEEK))
    holed = history.model_copy(update={"total": (*total[: -2 * len(gap)], *(None,) * 10, 100, 100)})
    assert trailing_share(holed)[-2:] == (None, None), "two weeks after ten unknown ones are no quarter"


def test_the_limits_name_what_went_wrong_and_that_labels_err(brief: Brief) -> None:
    limits = {each.template: both(each) for each in brief.limits}
    assert limits["limit_labels"][1] == "领域标注由分类器给出，难免有误；引用前请核对条目。"
    assert "3 issues were recorded" in limits["limit_issues"][0]
    assert "(abstract-missing)" in limits["limit_issues"][0], "remarks are not counted"


def test_heads_and_units_are_those_of_the_trade(brief: Brief) -> None:
    heads = [column.title for column in table_of(brief, "zh").columns]
    assert {"年度趋势", "本周已到", "近 52 周论文数（篇）", "数据等级"} <= set(heads)
    changed = [row[10].runs[0].text for row in table_of(brief, "zh").rows]
    assert any(text.endswith("个百分点") for text in changed)
