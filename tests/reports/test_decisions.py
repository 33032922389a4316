"""What the readers are asked: at most three questions, news before what stands, with evidence on both sides."""

from typing import Any

import pytest

from horizon.records import Score
from reports.build import build_brief
from reports.decisions import rules
from reports.details import Decision
from reports.facts import Brief
from reports.findings import Estimated, SettledSince, Told
from reports.inputs import BriefInputs, SourceWeek
from reports.language import LANGUAGES, LanguageCode, language
from reports.policy import Limits, brief_plan
from reports.sections import adjustments as adjustments_section
from reports.sections import decisions as decisions_section
from reports.view import Entries, Paragraph, View
from tests.reports.sample import SKETCHES, WEEK, fetch, sample_inputs
from tests.reports.sample_findings import SIGNAL_ITEMS, missed, race, sample_findings, signal
from tests.reports.several import several_inputs
from tests.reports.weeks import calm_findings, issue, scores

EN = language("en")
BLIND = "regenerative_medicine"
"""An area of which arXiv has next to nothing."""


def kinds(brief: Brief) -> list[str]:
    return [decision.kind for decision in brief.decisions]


def sides(decision: Decision) -> tuple[list[str], list[str]]:
    return [each.template for each in decision.because], [each.template for each in decision.against]


def view_of(brief: Brief, code: LanguageCode = "en") -> View:
    limits: Limits = brief_plan("weekly").limits["html"]
    return View(brief, language(code), limits)


@pytest.fixture(scope="module")
def told() -> Brief:
    return build_brief(sample_inputs(findings=sample_findings()))


# ---- choice ----------------------------------------------------------------------------------------------------------


def test_at_most_three_and_the_worthiest_first(told: Brief) -> None:
    assert kinds(told) == ["verdict", "forecast", "signal"]
    many = {sketch.id: 0.97 for sketch in SKETCHES}
    assert kinds(issue(many, {}, sample_findings())) == ["verdict"] * 3


def test_every_question_has_both_sides_and_items_of_the_store(told: Brief) -> None:
    inputs = sample_inputs(findings=sample_findings())
    held = {item.id for item, _ in inputs.labelled} | {item.id for item in inputs.findings.items}
    for decision in told.decisions:
        assert decision.because
        assert decision.against
        assert decision.group is not None
        assert decision.items
        assert {each.id for each in decision.items} <= held


def test_where_nothing_speaks_against_it_that_is_said() -> None:
    found = calm_findings(signals=(signal(), signal(source="epo")), items=SIGNAL_ITEMS)
    brief = issue({}, {}, found)
    assert sides(brief.decisions[0])[1] == ["against_none"]


def test_a_quiet_week_asks_nothing_and_says_so_in_one_line() -> None:
    quiet = issue({}, {}, calm_findings())
    assert kinds(quiet) == []
    blocks = decisions_section.build(view_of(quiet)).blocks
    assert [type(block) for block in blocks] == [Paragraph]
    chinese = decisions_section.build(view_of(quiet, "zh")).blocks[0]
    assert isinstance(chinese, Paragraph)
    assert chinese.runs[0].text == "本期没有需要决定的事项。"


def test_what_the_last_issue_could_have_asked_is_not_asked_again_in_a_weekly() -> None:
    again = (Told(source="arxiv", channel="term", term="lattice weaving", tier="confirmed"),)
    found = calm_findings(signals=(signal(),), items=SIGNAL_ITEMS, told_week=WEEK + -1, told=again)
    assert kinds(issue({}, {}, found)) == []
    quarter = sample_inputs(scores=scores({}), previous_scores=scores({}, WEEK + -1), findings=found)
    assert set(kinds(build_quarterly(quarter))) == {"convergence", "signal"}


def build_quarterly(inputs: BriefInputs) -> Brief:
    """As a quarter asks; its plan may not be there yet."""
    from reports.decisions import decisions
    from reports.inputs import index

    brief = build_brief(inputs)
    known = index(inputs.model_copy(update={"kind": "quarterly"}))
    return brief.model_copy(update={"decisions": decisions(known, brief.areas)})


def test_ties_are_settled_by_the_area() -> None:
    many = {sketch.id: 0.97 for sketch in SKETCHES}
    first, second = (issue(many, {}, calm_findings()) for _ in range(2))
    assert first.decisions == second.decisions
    areas = [decision.area or "" for decision in first.decisions]
    assert areas == sorted(areas)


# ---- one kind after another ------------------------------------------------------------------------------------------


def test_the_evidence_against_a_rise_begins_with_a_source_that_says_otherwise() -> None:
    base = several_inputs()

    def patents_fall(each: Score) -> Score:
        patents = each.source == "epo_ops" and each.series == "area:silicon_photonics"
        turn = {"verdict": "falling", "p_rising": 0.05, "growth_pct": -9.0, "growth_lo80": -14.0, "growth_hi80": -4.0}
        return each.model_copy(update={**turn, "status": "ok"}) if patents else each

    brief = build_brief(base.model_copy(update={"scores": tuple(map(patents_fall, base.scores))}))
    asked = next(each for each in brief.decisions if each.area == "silicon_photonics")
    assert sides(asked)[1][0] == "against_source"
    assert "“falling”, trend −9% a year" in EN.compose(asked.against[0])


def test_a_signal_whose_chance_is_low_or_unknown_has_that_against_it() -> None:
    for change, template in (
        ({"p_sustained": 0.4, "p_sustained_lo80": 0.3, "p_sustained_hi80": 0.5}, "against_lasting"),
        ({"p_sustained": 0.6, "p_sustained_lo80": 0.4, "p_sustained_hi80": 0.8}, "against_lasting_low"),
        ({"p_sustained": None, "p_sustained_lo80": None, "p_sustained_hi80": None}, "against_lasting_unknown"),
    ):
        brief = issue({}, {}, calm_findings(signals=(signal(**change),), items=SIGNAL_ITEMS))
        assert sides(brief.decisions[0])[1] == [template, "against_one_source"]


def test_a_forecast_is_asked_of_only_when_it_lies_beyond_both_intervals() -> None:
    since: dict[str, Any] = {"told_week": WEEK + -1, "settled_since": SettledSince(settled=12, in80=9)}
    far = issue(
        {},
        {},
        calm_findings(missed=(missed(), missed(prediction_id="e2" * 32, area=SKETCHES[1].id, far=False)), **since),
    )
    assert [(each.kind, each.area) for each in far.decisions] == [("forecast", SKETCHES[0].id)]
    assert sides(far.decisions[0]) == (["for_missed_chance", "for_missed"], ["against_expected"])
    assert "3 of 12 were" in EN.compose(far.decisions[0].against[0])


def test_a_source_without_key_is_asked_for_where_nobody_can_judge_an_area() -> None:
    disabled = (SourceWeek(source="europepmc", status=None, last_success=None),)
    first = build_brief(sample_inputs(disabled=disabled, previous_week=None, previous_scores=()))
    asked = [each for each in first.decisions if each.kind == "coverage"]
    assert len(asked) == 1
    assert asked[0].ask.template == "decide_coverage_disabled"
    assert "Regenerative medicine" in EN.compose(asked[0].ask)
    assert sides(asked[0]) == (["for_unjudged", "for_reach"], ["against_history"])
    standing = issue({}, {}, calm_findings(), disabled=disabled)
    assert kinds(standing) == [], "it was not read before either, and a weekly does not repeat it"


def test_a_source_that_failed_this_week_is_asked_about_at_once() -> None:
    arxiv = sample_inputs().sources[0]
    failed = SourceWeek(
        source="europepmc",
        status="ERROR",
        fetch=fetch(source="europepmc", status="ERROR", reason="HTTP 503", records=0, items=0),
        last_success=(WEEK + -1).sunday,
    )
    brief = issue({}, {}, calm_findings(), sources=(arxiv, failed))
    asked = [each for each in brief.decisions if each.kind == "coverage"]
    assert [each.ask.template for each in asked] == ["decide_coverage_failed"]
    assert sides(asked[0])[1] == ["against_comes_back"]


def test_a_lead_whose_interval_overlaps_the_others_has_that_against_it() -> None:
    keys = [key for key, *_ in SKETCHES[0].routes]
    sure = Estimated(value=0.3, low=0.28, high=0.32)
    apart = race(overtook=keys[1], overtook_in=WEEK)
    far = tuple(
        each.model_copy(update={"share": sure if each.route == keys[1] else Estimated(value=0.7, low=0.6, high=0.8)})
        for each in apart.standings
    )
    for standings, first in ((apart.standings, "against_overlap"), (far, "against_labels")):
        found = calm_findings(races=(apart.model_copy(update={"standings": standings}),))
        brief = build_brief(sample_inputs(findings=found, previous_week=None, previous_scores=()))
        asked = next(each for each in brief.decisions if each.kind == "overtaking")
        assert sides(asked)[1][0] == first


# ---- shown -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_question_is_shown_with_both_sides_whom_to_ask_and_where_to_begin(told: Brief, code: LanguageCode) -> None:
    view = view_of(told, code)
    block = decisions_section.build(view).blocks[0]
    assert isinstance(block, Entries)
    for entry, decision in zip(block.entries, told.decisions, strict=True):
        assert entry.title.text == view.say(decision.ask)
        assert len(entry.lines) == 3
        first = decision.items[0]
        assert [run.text for run in entry.lines[2]][1:4:2] == [first.title, first.id]
        assert entry.lines[2][3].href == first.link


def test_no_adjustment_is_recommended_and_the_brief_says_so_once(told: Brief) -> None:
    assert [each.template for each in told.adjustments] == ["adjustments_none"]
    block = adjustments_section.build(view_of(told)).blocks[0]
    assert isinstance(block, Paragraph)
    assert "No adjustment of tiers or routes is recommended" in block.runs[0].text
    limits = " ".join(EN.compose(each) for each in told.limits)
    assert "recommend" not in limits


def test_no_question_recommends_a_move() -> None:
    for code in LANGUAGES:
        words = language(code).words["statements"]
        asks = {name: text for name, text in words.items() if name.startswith("decide_")}
        assert all(
            text.rstrip().endswith(("?", "？", "recommended.", "调整。", "居首。", "{word}。"))
            for text in asks.values()
        )
        assert "No move is recommended" in asks["decide_verdict"] or "不建议调整" in asks["decide_verdict"]


def test_the_rules_name_every_kind_and_every_edition() -> None:
    assert set(rules().floor) == {"weekly", "quarterly", "group"}
    assert set(rules().kinds) == {"verdict", "overtaking", "coverage", "forecast", "signal", "convergence"}
    assert rules().most == 3
