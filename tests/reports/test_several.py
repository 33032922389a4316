"""Several sources in one brief: side by side and never summed, one entry a work, nothing that rests on low trust."""

from datetime import timedelta
from typing import Any

import pytest

from horizon.records import Item, ItemKind, Label, SeriesPoint
from horizon.weeks import IsoWeek, weeks_between
from reports.build import build_brief
from reports.facts import AreaRow, Brief, ItemFact
from reports.inputs import BriefInputs, index
from reports.language import language
from reports.render_html import render_html
from reports.render_markdown import render_markdown
from reports.trace import resolve
from reports.verify import figures
from reports.view import Table, page_of
from tests.reports.sample import SKETCHES, WEEK
from tests.reports.several import FEED, PROFILES, item_of, label_of, profile, several_inputs

GENE = next(sketch for sketch in SKETCHES if sketch.id == "cell_and_gene_therapy")


@pytest.fixture(scope="module")
def several() -> Brief:
    return build_brief(several_inputs())


def rows_of(brief: Brief, area: str) -> dict[str, AreaRow]:
    return {row.source: row for row in brief.areas if row.area == area}


def items_of(brief: Brief, area: str = GENE.id) -> list[ItemFact]:
    return [item for item in brief.items if item.area == area]


def add(inputs: BriefInputs, *pairs: tuple[Item, Label], **change: Any) -> BriefInputs:
    return inputs.model_copy(update={"labelled": (*inputs.labelled, *pairs), **change})


def labelled(source: str, kind: ItemKind, item_id: str, probability: float = 0.999) -> tuple[Item, Label]:
    item = item_of(source, kind, item_id, GENE, 0)
    return item, label_of(item, GENE, probability)


def test_every_source_has_its_own_row_and_no_figure_sums_two(several: Brief) -> None:
    known = index(several_inputs())
    for path, figure in figures(several):
        assert resolve(known, figure.query) == (figure.value, figure.low, figure.high), path
    rows = rows_of(several, GENE.id)
    assert set(rows) == {"arxiv", "europepmc", "biorxiv", "epo_ops", "uspto_grants"}
    for source, row in rows.items():
        own = [score for score in several_inputs().scores if (score.series, score.source) == (row.series, source)]
        assert (row.n_52w.value, row.share_52w.query.args["source"]) == (own[0].n_52w, source)
    assert rows["epo_ops"].n_week.unit == "patents"
    assert FEED not in {row.source for row in several.areas}, "a feed without series is shown, not counted"


def test_the_coverage_table_says_which_source_leads(several: Brief) -> None:
    leading = {each.area: each.source for each in several.coverage}
    assert leading["cell_and_gene_therapy"] == leading["regenerative_medicine"] == "europepmc"
    assert leading["quantum_technology"] == "arxiv"
    assert leading["fourth_generation_semiconductors"] == "epo_ops"
    assert {row.area: row.source for row in several.areas if row.leads} == leading


def test_a_source_of_low_trust_never_leads() -> None:
    profiles = tuple(
        each.model_copy(update={"trust": "low"}) if each.source == "europepmc" else each for each in PROFILES
    )
    brief = build_brief(several_inputs(profiles=profiles))
    assert "europepmc" not in {each.source for each in brief.coverage}


@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_table_of_sources_stands_in_every_format(several: Brief, code: Any) -> None:
    section = next(each for each in page_of(several, code, "pdf").sections if each.id == "areas")
    matrix = next(block for block in section.blocks if isinstance(block, Table) and block.kind == "matrix")
    groups = {"en": ["Papers", "Life science", "Life science", "Patents", "Patents"],
              "zh": ["论文", "生命科学", "生命科学", "专利", "专利"]}[code]  # fmt: skip
    assert [column.title[: len(group)] for column, group in zip(matrix.columns[1:], groups, strict=True)] == groups
    caption = language(code).word("labels", "side_by_side")
    assert caption in render_html(several, code).decode()
    assert caption in render_markdown(several, code).decode()


def test_a_failed_source_is_unknown_in_every_place(several: Brief) -> None:
    row = rows_of(several, GENE.id)["biorxiv"]
    assert (row.n_week.value, row.history.n[-1], row.history.total[-1]) == (None, None, None)
    assert (row.coverage.grade, row.coverage.cause) == ("D", "failed")
    source = next(each for each in several.sources if each.source == "biorxiv")
    assert source.records.value is None
    assert several.header.light == "red"
    assert several.bottom_line[0].template == "source_unknown"
    text = language("en").compose(several.bottom_line[0])
    assert "bioRxiv (failed, unknown)" in text


def test_disabled_failed_and_empty_sources_stand_in_the_coverage_line(several: Brief) -> None:
    line = page_of(several, "en", "html").light_reason
    assert line == (
        "bioRxiv could not be read for this week: the counts are unknown, not zero. Nothing published: A gazette. "
        "Not read, disabled: no key: medRxiv."
    )
    shown = str(page_of(several, "en", "html").sections)
    assert "last read whole to 6 September 2026" in shown
    assert "last read whole to 8 November 2026" in shown
    assert page_of(several, "zh", "html").light_reason.endswith("未读取（停用：无密钥）：medRxiv。")


def test_a_work_is_shown_once_with_its_other_versions() -> None:
    article, preprint = (
        labelled("europepmc", "article", "epmc:MED9"),
        labelled("biorxiv", "preprint", "biorxiv:10.1101/x9", 0.99),
    )
    older = item_of("arxiv", "preprint", "arxiv:2601.00009", GENE, 0)
    work = (preprint[0].id, article[0].id, older.id)
    brief = build_brief(add(several_inputs(world="live"), article, preprint, works=(work,), versions=(older,)))
    found = [item for item in items_of(brief) if item.id in work]
    assert [item.id for item in found] == [preprint[0].id]
    assert [version.id for version in found[0].also] == [article[0].id, older.id]
    assert found[0].also[0].link == "https://europepmc.org/article/MED/1"
    assert found[0].also[1].link == "https://arxiv.org/abs/2601.00009"
    text = render_markdown(brief, "en").decode()
    assert "also: [epmc:MED9](https://europepmc.org/article/MED/1) (Europe PMC, article, 9 November 2026)" in text


def test_what_low_trust_alone_says_is_shown_nowhere() -> None:
    alone, shared = labelled(FEED, "article", f"{FEED}:0a"), labelled(FEED, "article", f"{FEED}:0b")
    paper = labelled("europepmc", "article", "epmc:MED8", 0.998)
    work = (shared[0].id, paper[0].id)
    brief = build_brief(add(several_inputs(), alone, shared, paper, works=(work,)))
    shown = {item.id for item in brief.items}
    assert alone[0].id not in shown
    assert shared[0].id not in shown, "the trusted version speaks for the work"
    assert paper[0].id in shown
    held = next(each for each in brief.limits if each.template == "limit_low_trust")
    assert "1 record is not shown" in language("en").compose(held)


def test_no_statement_rests_on_a_source_of_low_trust_though_nothing_else_moves() -> None:
    base = several_inputs()
    only = base.sources[-1].model_copy(update={"status": "OK"})
    loud = [
        score.model_copy(
            update={"source": FEED, "verdict": "rising", "p_rising": 0.99, "growth_lo80": 50.0, "n_52w": 900}
        )
        for score in base.scores
        if score.source == "arxiv"
    ]
    points = tuple(point.model_copy(update={"source": FEED}) for point in base.points if point.source == "arxiv")
    told = (profile(FEED, trust="low"),)
    alone = {
        "sources": (only,),
        "disabled": (),
        "profiles": told,
        "scores": tuple(loud),
        "points": points,
        "labelled": (),
    }
    brief = build_brief(base.model_copy(update=alone))
    assert {row.verdict for row in brief.areas} >= {"rising"}
    assert {each.grade for each in brief.coverage} == {"D"}
    assert brief.bottom_line[0].template not in ("rising", "falling", "verdict_changed", "also_extreme")
    assert brief.shares_title.template == "shares_none"
    trusted = build_brief(base.model_copy(update={**alone, "profiles": (profile(FEED, trust="high"),)}))
    assert "rising" in {each.template for each in trusted.bottom_line}, "the same numbers would be told if trusted"


def test_late_items_are_counted_apart_and_may_be_shown() -> None:
    item, label = labelled("europepmc", "article", "epmc:MED7")
    late = item.model_copy(update={"published": WEEK.monday - timedelta(days=9)})
    brief = build_brief(several_inputs(late=((late, label),)))
    row = rows_of(brief, GENE.id)["europepmc"]
    assert (row.late.value, row.late.ids) == (1, ("epmc:MED7",))
    assert "epmc:MED7" not in row.n_week.ids
    shown = next(each for each in brief.items if each.id == "epmc:MED7")
    assert shown.late
    text = render_markdown(brief, "en").decode()
    assert "published 31 October 2026 (of an earlier week, seen only now)" in text
    assert " +1 " in text
    assert "属以前各周，现在才见到" in render_markdown(brief, "zh").decode()


def test_patents_show_office_applicants_and_stage_and_utility_models_are_called_so() -> None:
    model = labelled("epo_ops", "utility_model", "epo:CN.777.U")
    points = tuple(SeriesPoint(series=f"utility:{GENE.id}", source="epo_ops", week=week, n=2, total=50)
                   for week in weeks_between(WEEK + -60, WEEK))  # fmt: skip
    base = several_inputs()
    brief = build_brief(add(base, model, points=(*base.points, *points)))
    row = rows_of(brief, GENE.id)["epo_ops"]
    assert row.utility_week is not None
    assert row.utility_52w is not None
    assert (row.utility_week.ids, row.utility_52w.value) == (("epo:CN.777.U",), 104)
    assert "epo:CN.777.U" not in row.n_week.ids, "utility models make a series of their own"
    shown = next(item for item in brief.items if item.id == "epo:CN.777.U")
    assert (shown.office, shown.countries) == ("CN", ("CN",))
    english, chinese = (render_markdown(brief, code).decode() for code in ("en", "zh"))
    assert "EPO worldwide; utility model (China); published 9 November 2026" in english
    assert "applicants: SIMULATED Works of Shanghai Co., Ltd., SIMULATED University (China)" in english
    assert "实用新型（中国）" in chinese
    assert "+104 UM" in english.replace("\N{NO-BREAK SPACE}", " ")


def test_a_total_that_is_not_told_leaves_a_gap_but_no_unknown_week() -> None:
    base = several_inputs()
    lost = {WEEK + -3, WEEK + -2}
    points = tuple(
        p.model_copy(update={"total": None}) if p.source == "europepmc" and p.week in lost else p for p in base.points
    )
    brief = build_brief(base.model_copy(update={"points": points}))
    row = rows_of(brief, GENE.id)["europepmc"]
    assert row.history.total[-4:-2] == (None, None)
    source = next(each for each in brief.sources if each.source == "europepmc")
    assert source.unknown_weeks.value == 0, "it was read, though no total was told"


def test_weeks_end_where_each_source_still_fills_up(several: Brief) -> None:
    section = next(each for each in page_of(several, "en", "html").sections if each.id == "areas")
    caption = str(section.blocks[1])
    assert "Europe PMC week 44 of 2025 to week 43 of 2026" in caption
    assert "arXiv week 45 of 2025 to week 44 of 2026" in caption
    assert isinstance(WEEK, IsoWeek)


def test_a_feed_alone_still_gives_a_brief_in_which_nothing_is_claimed() -> None:
    base = several_inputs()
    pair = labelled(FEED, "article", f"{FEED}:0c")
    told = (profile(FEED, trust="medium", counted=False, link_hosts=("gazette.example",)),)
    lone = {
        "sources": base.sources[-1:],
        "disabled": (),
        "profiles": told,
        "scores": (),
        "points": (),
        "previous_scores": (),
    }
    brief = build_brief(base.model_copy(update={**lone, "labelled": (pair,), "world": "live"}))
    assert [item.link for item in brief.items] == ["https://gazette.example/a/1"]
    assert "A" not in {each.grade for each in brief.coverage}
    assert b"SIMULATED report 0" in render_markdown(brief, "en")
