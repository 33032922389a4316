"""What a brief says of a week: unknown before anything, quiet in one line, nothing that the inputs do not carry."""

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from scipy.stats import binomtest

from horizon.records import Evidence, Item, SeriesPoint
from horizon.weeks import weeks_between
from reports.build import build_brief
from reports.facts import Brief, Statement, World
from reports.inputs import HISTORY_WEEKS, BriefInputs, SourceWeek, index
from reports.language import language
from reports.policy import link_is_allowed, link_of
from reports.render_json import render_json, render_schema
from reports.telling import quote_of
from reports.trace import resolve, wilson
from reports.verify import figures
from reports.view import trailing_share
from tests.reports.sample import MODEL, SKETCHES, WEEK, Sketch, fetch, sample_inputs, score


def said(brief: Brief) -> list[str]:
    return [statement.template for statement in brief.bottom_line]


def english(statement: Statement) -> str:
    return language("en").compose(statement)


def test_every_number_carries_the_query_that_answers_it(inputs: BriefInputs, brief: Brief) -> None:
    known = index(inputs)
    found = list(figures(brief))
    assert len(found) > 200
    for path, figure in found:
        assert resolve(known, figure.query) == (figure.value, figure.low, figure.high), path


def test_every_estimate_that_is_told_has_its_interval(brief: Brief) -> None:
    for path, figure in figures(brief):
        if ".path[" in path:
            # The way of an estimate within the year is a line of a chart, no number that anybody reads.
            continue
        if figure.unit == "percent_per_year" and figure.value is not None:
            assert figure.low is not None, path
            assert figure.high is not None, path
            assert figure.low <= figure.value <= figure.high


def test_the_same_inputs_give_the_same_bytes_and_hash(brief: Brief) -> None:
    assert render_json(build_brief(sample_inputs())) == render_json(brief)


def test_another_score_gives_another_run_hash(brief: Brief) -> None:
    other = build_brief(sample_inputs(scores=tuple(score(each, WEEK, growth=1.0) for each in SKETCHES)))
    assert other.header.run_hash != brief.header.run_hash


def test_the_json_fits_the_schema_that_ships(brief: Brief) -> None:
    shipped = (files("reports") / "brief.schema.json").read_bytes()
    assert shipped == render_schema(), "run `python -m reports.render_json` to write brief.schema.json again"
    jsonschema.Draft202012Validator(json.loads(shipped)).validate(json.loads(render_json(brief)))
    assert Brief.model_validate_json(render_json(brief)) == brief


def test_a_change_of_verdict_comes_first_and_what_stands_is_counted(brief: Brief) -> None:
    assert said(brief) == ["verdict_changed", "also_extreme"]
    assert english(brief.bottom_line[0]).startswith("Silicon photonics moves from “tending to rise” to “rising”;")


def test_a_standing_rise_is_no_news_and_a_step_between_inner_words_is_little() -> None:
    chances = {"quantum_technology": (0.99, 0.99), "silicon_photonics": (0.74, 0.78)}
    before, now = (
        tuple(score(each, WEEK, growth=1.0, p=chances.get(each.id, (0.5, 0.5))[moment]) for each in SKETCHES)
        for moment in (0, 1)
    )
    assert said(build_brief(sample_inputs(scores=now, previous_scores=before))) == ["verdict_changed"]


@pytest.mark.parametrize("status", ["ERROR", None])
def test_a_source_that_failed_is_said_first_and_is_red(status: str | None) -> None:
    failed = fetch(status="ERROR", reason="503 for six hours", records=0, items=0) if status else None
    points = [p if p.week != WEEK else p.model_copy(update={"n": None, "total": None}) for p in sample_inputs().points]
    lost = SourceWeek.model_validate({"source": "arxiv", "status": status, "fetch": failed})
    brief = build_brief(sample_inputs(sources=(lost,), labelled=(), points=tuple(points)))
    assert brief.header.light == "red"
    assert said(brief)[0] == "source_unknown"
    assert "unknown, not zero" in english(brief.bottom_line[0])
    assert {row.n_week.value for row in brief.areas} == {None}
    assert brief.sources[0].status == (status or "never")
    assert "empty_week" not in said(brief), "nothing can be said of a week that nobody read"


def test_a_source_read_in_part_is_amber_and_names_what_is_missing() -> None:
    brief = build_brief(sample_inputs(sources=(SourceWeek(source="arxiv", status="PARTIAL", fetch=fetch(missing=17)),)))
    assert brief.header.light == "amber"
    assert "17 identifiers" in english(brief.bottom_line[0])


def test_many_unknown_weeks_of_the_past_turn_the_light_amber() -> None:
    lost = set(weeks_between(WEEK + -40, WEEK + -30))
    points = [p.model_copy(update={"n": None, "total": None}) if p.week in lost else p for p in sample_inputs().points]
    brief = build_brief(sample_inputs(points=tuple(points)))
    assert brief.header.light == "amber"
    assert "13 weeks" in english(brief.header.light_reason), "eleven, and the two of the outage"
    assert "A" not in {each.grade for each in brief.coverage}


def test_the_first_issue_says_so_and_shows_no_change() -> None:
    calm = tuple(score(each, WEEK, growth=1.0, p=0.5) for each in SKETCHES)
    brief = build_brief(sample_inputs(previous_week=None, previous_scores=(), scores=calm))
    assert said(brief) == ["quiet_first", "first_issue"]
    assert {row.change.kind for row in brief.areas} == {"first_issue"}


def test_a_quiet_week_is_one_line() -> None:
    calm = tuple(score(each, WEEK, growth=1.0, p=0.5) for each in SKETCHES)
    brief = build_brief(sample_inputs(scores=calm, previous_scores=calm))
    assert said(brief) == ["quiet"]
    assert english(brief.bottom_line[0]).startswith("A quiet week: of 10 areas scored")
    assert "0 are still rising" in english(brief.bottom_line[0])


def test_without_any_score_the_brief_says_what_a_score_needs() -> None:
    brief = build_brief(sample_inputs(scores=(), previous_scores=(), previous_week=None))
    assert said(brief) == ["no_scores", "first_issue"]
    assert {row.status for row in brief.areas} == {"unscored"}
    assert brief.forest_title.template == "forest_none"


def test_an_empty_week_is_zero_and_said() -> None:
    points = [p.model_copy(update={"n": 0}) if p.week == WEEK else p for p in sample_inputs().points]
    calm = tuple(score(each, WEEK, growth=1.0, p=0.5) for each in SKETCHES)
    changes: dict[str, Any] = {"labelled": (), "points": tuple(points), "scores": calm, "previous_scores": calm}
    brief = build_brief(sample_inputs(**changes))
    assert said(brief) == ["quiet", "empty_week"]
    assert {row.n_week.value for row in brief.areas} == {0}


def test_a_store_without_history_or_items_still_gives_a_brief() -> None:
    nothing = SourceWeek(source="arxiv", status=None)
    empty: dict[str, Any] = {
        "scores": (),
        "previous_scores": (),
        "previous_week": None,
        "points": (),
        "labelled": (),
        "issues": (),
    }
    brief = build_brief(sample_inputs(sources=(nothing,), **empty))
    assert brief.header.light == "red"
    assert all(row.history.n == (None,) * HISTORY_WEEKS for row in brief.areas)


def test_after_a_change_of_model_no_change_in_momentum_is_shown() -> None:
    brief = build_brief(sample_inputs(previous_model="areas-older"))
    assert said(brief)[0] == "not_comparable"
    assert {row.change.kind for row in brief.areas} == {"model_changed"}
    assert all(row.change.delta is None for row in brief.areas)


def test_earlier_weeks_scored_again_after_a_change_of_model_are_compared_and_said() -> None:
    brief = build_brief(sample_inputs(previous_rescored=True))
    assert said(brief)[0] == "rescored"
    kinds = {row.change.kind for row in brief.areas}
    assert "compared" in kinds
    assert "model_changed" not in kinds


def test_labels_made_without_the_encoder_are_said_to_be() -> None:
    limits = [statement.template for statement in build_brief(sample_inputs(model="areas-1-words")).limits]
    assert "limit_words_only" in limits


def test_too_few_papers_are_insufficient_data_and_grade_d(brief: Brief) -> None:
    row = next(row for row in brief.areas if row.area == "regenerative_medicine")
    assert (row.status, row.verdict, row.growth.value, row.coverage.grade) == ("insufficient_data", None, None, "D")


def test_a_source_that_hardly_holds_a_field_caps_its_grade(brief: Brief) -> None:
    rows = {row.area: row.coverage for row in brief.areas}
    assert (rows["cell_and_gene_therapy"].grade, rows["cell_and_gene_therapy"].cause) == ("D", "reach")
    assert rows["quantum_technology"].grade == "A"
    areas = {each.area: (each.grade, each.cause) for each in brief.coverage}
    assert areas["quantum_technology"] == ("B", "one_sided"), "nobody sees industry without patents"


def test_a_route_sentence_needs_thirty_items(brief: Brief) -> None:
    routes = {row.area: row.route for row in brief.areas}
    assert routes["regenerative_medicine"] is None
    assert routes["controlled_nuclear_fusion"] is not None
    assert routes["controlled_nuclear_fusion"].template == "route_most"
    assert routes["silicon_photonics"] is not None
    assert routes["silicon_photonics"].template == "route_tied"


def test_wilson_interval_is_that_of_the_textbook() -> None:
    for part, whole in ((7, 10), (0, 5), (400, 401)):
        expected = binomtest(part, whole).proportion_ci(0.8, method="wilson")
        assert wilson(part, whole) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_items_lead_by_probability_step_then_by_the_tiers_lens(brief: Brief) -> None:
    chosen = [item for item in brief.items if item.area == "neuromorphic_intelligence"]
    told = next(item for item in chosen if item.title == "In-memory training on a memristor prototype")
    assert [reason.kind for reason in told.reasons] == ["lens", "route", "title_term"]
    assert told.rank.value == 2


def test_items_stand_in_the_order_of_their_rank(brief: Brief) -> None:
    for area in {item.area for item in brief.items}:
        ranks = [item.rank.value or 0 for item in brief.items if item.area == area]
        assert ranks == sorted(ranks)


def test_every_quote_stands_in_its_item(inputs: BriefInputs, brief: Brief) -> None:
    items = {item.id: item for item, _ in inputs.labelled}
    quotes = [(items[item.id], reason.quote) for item in brief.items for reason in item.reasons if reason.quote]
    assert quotes
    for item, quote in quotes:
        text = item.title if quote.field == "title" else item.abstract or ""
        assert text[quote.start : quote.end] == quote.text


def test_evidence_that_no_longer_stands_in_the_item_is_not_quoted(inputs: BriefInputs) -> None:
    item = inputs.labelled[0][0]
    stale = Evidence(kind="term", text="not there", field="title", start=0, end=9)
    assert quote_of(item, stale) is None


def test_a_withdrawn_item_is_counted_but_not_shown() -> None:
    pairs = list(sample_inputs().labelled)
    first = next(at for at, (_, label) in enumerate(pairs) if label.area == "quantum_technology")
    pairs[first] = (pairs[first][0].model_copy(update={"withdrawn": True}), pairs[first][1])
    brief = build_brief(sample_inputs(labelled=tuple(pairs)))
    row = next(row for row in brief.areas if row.area == "quantum_technology")
    assert pairs[first][0].id in row.n_week.ids
    assert pairs[first][0].id not in [item.id for item in brief.items]


def linked(item_id: str, url: str, world: World = "live", hosts: tuple[str, ...] = ()) -> str | None:
    values = {"id": item_id, "source": "any", "kind": "article", "title": "t", "published": WEEK.monday, "url": url}
    return link_of(Item.model_validate(values), hosts, world)


def test_links_go_to_the_hosts_of_the_ids_prefix() -> None:
    evil = "https://evil.example/"
    assert linked("arxiv:2611.01234", evil) == "https://arxiv.org/abs/2611.01234"
    assert linked("arxiv:quant-ph/0301001", evil, "replayed") == "https://arxiv.org/abs/quant-ph/0301001"
    assert linked("biorxiv:10.1101/2026.11.1", evil) == "https://www.biorxiv.org/content/10.1101/2026.11.1"
    for hostile in ("arxiv:2611.01234@evil.example", "arxiv:../../x", "arxiv:javascript:alert(1)", "biorxiv:10.1/../x"):
        assert linked(hostile, "https://arxiv.org/abs/1") is None
    for good in ("https://europepmc.org/article/PPR/PPR123", "https://europepmc.org/article/MED/3"):
        assert linked("epmc:PPR123", good) == good
    assert linked("epmc:PPR123", evil, hosts=("evil.example",)) is None, "a known prefix has its own hosts"
    pages = (
        "https://worldwide.espacenet.com/patent/search?q=pn%3DCN1A",
        "https://data.epo.org/a/EP1NWA1/document.html",
    )
    for page in pages:
        assert linked("epo:CN.1.A", page) == page
    grant = "https://image-ppubs.uspto.gov/dirsearch-public/print/downloadPdf/12345678"
    assert linked("uspto:US.12345678.B2", grant) == grant
    assert linked("uspto:US.12345678.B2", grant, "simulated") is None


def test_a_feed_links_to_the_hosts_that_its_file_names() -> None:
    page = "https://feed.example/news/1"
    assert linked("gazette:0123456789abcdef", page, hosts=("feed.example",)) == page
    assert linked("gazette:0123456789abcdef", page) is None
    for bad in (
        "http://a.example/1",
        "https://a.example.evil.example/",
        "https://u@a.example/",
        "https://[/",
        "javascript:x",
        "https://a.example:8443/",
        'https://a.example/"><script>',
        "https://a.example/a b",
    ):
        assert not link_is_allowed(bad, ("a.example",))


def test_the_simulated_world_links_to_nobody(brief: Brief) -> None:
    assert brief.header.world == "simulated"
    assert {item.link for item in brief.items} == {None}
    live = build_brief(sample_inputs(world="live"))
    assert all(item.link and item.link.startswith("https://arxiv.org/abs/") for item in live.items)


def test_a_twelfth_area_needs_no_code() -> None:
    routes = (("a", "Route a", "路线甲", 0.5), ("b", "Route b", "路线乙", 0.5))
    twelfth = Sketch(
        "space_robotics", "Space robotics", "空间机器人", "space", 3, 22.0, 6.0, 0.99, 0.004, routes, ("T",)
    )
    brief = build_brief(sample_inputs((*SKETCHES, twelfth)))
    assert "space_robotics" in {row.area for row in brief.areas}
    assert "space_robotics" in {item.area for item in brief.items}


def test_two_sources_are_two_tables_and_never_one_sum() -> None:
    first = sample_inputs()
    patents = [point.model_copy(update={"source": "epo"}) for point in first.points]
    second = SourceWeek(source="epo", status="OK", fetch=fetch(source="epo"))
    brief = build_brief(sample_inputs(sources=(*first.sources, second), points=(*first.points, *patents)))
    rows = [row for row in brief.areas if row.area == "quantum_technology"]
    assert [row.source for row in rows] == ["arxiv", "epo"]
    assert rows[0].n_week.value == rows[1].n_week.value
    assert rows[1].status == "unscored"


def test_trailing_share_leaves_unknown_weeks_out_and_shows_a_gap(brief: Brief) -> None:
    history = brief.areas[0].history.model_copy(update={"n": (1, None, 3, 0), "total": (10, None, 10, 0)})
    assert trailing_share(history, window=2) == (None, None, 0.3, 0.3)


def test_points_of_series_that_nobody_watches_do_no_harm() -> None:
    stray = SeriesPoint(series="area:gone", source="arxiv", week=WEEK, n=1, total=2)
    assert build_brief(sample_inputs(points=(*sample_inputs().points, stray))).header.model == MODEL


def test_words_that_speak_against_an_area_are_no_reason() -> None:
    pairs = list(sample_inputs().labelled)
    item, label = pairs[0]
    against = Evidence(kind="term", text=item.title[:8], field="title", start=0, end=8, concept="not: x", weight=-2.0)
    pairs[0] = (item, label.model_copy(update={"evidence": (against,)}))
    chosen = next(each for each in build_brief(sample_inputs(labelled=tuple(pairs))).items if each.id == item.id)
    assert [reason.kind for reason in chosen.reasons] == ["route"]


def test_the_rank_is_a_reason_only_where_there_is_no_other() -> None:
    bare = [(item, label.model_copy(update={"evidence": (), "routes": ()})) for item, label in sample_inputs().labelled]
    chosen = build_brief(sample_inputs(labelled=tuple(bare))).items
    assert {tuple(reason.kind for reason in item.reasons) for item in chosen} == {("top_probability",)}


def test_weeks_that_still_fill_up_are_said(brief: Brief) -> None:
    said_of = [english(statement) for statement in brief.limits if statement.template == "limit_incomplete"]
    assert len(said_of) == 1
    assert "still fill up" in said_of[0]
    assert "arXiv 2" in said_of[0]
