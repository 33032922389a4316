"""What is told is what is new: two quiet weeks read differently from two eventful ones, and briefly."""

import re
from typing import Any

import pytest

from horizon.weeks import IsoWeek
from reports.bottom_line import LIMIT, MOST, within_limits
from reports.build import build_brief
from reports.changes import GROUPS, changes
from reports.changes import MOST as MOST_CHANGES
from reports.facts import Brief, Statement
from reports.findings import SettledSince, Told
from reports.inputs import SourceWeek
from reports.language import LANGUAGES, language, length
from reports.render_markdown import render_markdown
from tests.reports.sample import SKETCHES, WEEK, fetch, sample_inputs
from tests.reports.sample_findings import SIGNAL_ITEMS, race, sample_findings, signal
from tests.reports.several import several_inputs
from tests.reports.test_language import digits
from tests.reports.weeks import calm_findings, issue, scores

EN, ZH = language("en"), language("zh")


def said(brief: Brief) -> list[str]:
    return [statement.template for statement in brief.bottom_line]


def text(brief: Brief, code: str = "en") -> str:
    words = language("zh") if code == "zh" else EN
    return words.joined([words.compose(statement) for statement in brief.bottom_line])


# ---- two weeks after two weeks ---------------------------------------------------------------------------------------


def test_two_quiet_weeks_and_two_eventful_ones() -> None:
    first_event = issue({"silicon_photonics": 0.95, "neuromorphic_intelligence": 0.03}, {}, calm_findings())
    second_event = issue(
        {"silicon_photonics": 0.95, "neuromorphic_intelligence": 0.4},
        {"silicon_photonics": 0.95, "neuromorphic_intelligence": 0.03},
        calm_findings(signals=(signal(),), items=SIGNAL_ITEMS, settled_since=SettledSince(settled=10, in80=4)),
    )
    quiet = [issue({"silicon_photonics": 0.95}, {"silicon_photonics": 0.95}, calm_findings()) for _ in range(2)]
    assert said(first_event) == ["verdict_changed", "verdict_changed", "also_extreme"]
    assert said(second_event) == ["verdict_changed", "settled", "signals_new_confirmed"]
    assert [said(each) for each in quiet] == [["quiet"], ["quiet"]]
    assert "3 are still rising" in text(quiet[0])
    assert text(first_event) != text(second_event)
    assert [each.decisions for each in quiet] == [(), ()]
    assert [decision.kind for decision in first_event.decisions] == ["verdict", "verdict"]


def test_a_rise_that_the_last_issue_told_is_not_told_again() -> None:
    rises = {"silicon_photonics": 0.97}
    assert said(issue(rises, {}, calm_findings()))[0] == "verdict_changed"
    assert said(issue(rises, rises, calm_findings())) == ["quiet"]


def test_an_area_scored_for_the_first_time_is_news() -> None:
    before = tuple(each for each in scores({}, WEEK + -1) if "embodied" not in each.series)
    assert "rising" in said(issue({}, {}, calm_findings(), previous_scores=before))


# ---- signals ---------------------------------------------------------------------------------------------------------

OTHER = Told(source="arxiv", channel="term", term="something else", tier="confirmed")


@pytest.mark.parametrize(
    ("told", "template"),
    [
        ((OTHER,), "signals_new_confirmed"),
        ((Told(source="arxiv", channel="term", term="lattice weaving", tier="first_sight"),), "signals_confirmed"),
        ((Told(source="arxiv", channel="term", term="lattice-weaving", tier="first_sight"),), "signals_confirmed"),
        ((Told(source="arxiv", channel="term", term="lattice weaving", tier="confirmed"),), "quiet"),
        ((Told(source="epo", channel="term", term="lattice weaving", tier="confirmed"),), "signals_new_confirmed"),
    ],
)
def test_a_signal_is_news_when_it_is_new_or_newly_confirmed(told: tuple[Told, ...], template: str) -> None:
    found = calm_findings(signals=(signal(),), items=SIGNAL_ITEMS, told_week=WEEK + -1, told=told)
    assert said(issue({}, {}, found))[0] == template


def test_a_confirmed_signal_tells_its_likelihood_and_one_not_yet_known_none() -> None:
    known = issue({}, {}, calm_findings(signals=(signal(),), items=SIGNAL_ITEMS))
    assert "“lattice weaving”, still there in a year: likely (71%)" in text(known)
    assert "“lattice weaving”，一年后仍在：较可能（71%）" in text(known, "zh")
    blank = signal(p_sustained=None, p_sustained_lo80=None, p_sustained_hi80=None)
    assert "in a year" not in text(issue({}, {}, calm_findings(signals=(blank,), items=SIGNAL_ITEMS)))


def test_a_term_of_any_length_does_not_flood_the_bottom_line() -> None:
    long = issue({}, {}, calm_findings(signals=(signal("x" * 5000),), items=SIGNAL_ITEMS))
    assert len(text(long)) < 400


def test_a_signal_that_is_gone_is_told_among_the_changes_only() -> None:
    gone = issue({}, {}, calm_findings(told_week=WEEK + -1, told=(OTHER,), gone=(OTHER,)))
    assert said(gone) == ["quiet"]
    assert "signals_gone" in [each.template for each in gone.changes]


# ---- races and forecasts ---------------------------------------------------------------------------------------------


def overtaken(**change: Any) -> Brief:
    """A race of two routes of which the first had fewer labels a week ago."""
    sketch = SKETCHES[0]
    first, second = (key for key, *_ in sketch.routes[:2])
    counts = {first: (60, 0), second: (20, 45)}
    plain = sample_inputs()
    points = tuple(
        point.model_copy(update={"n": counts[key][1] if point.week > WEEK + -2 else counts[key][0] // 52})
        if (key := point.series.removeprefix(f"route:{sketch.id}/")) in counts and point.n is not None
        else point
        for point in plain.points
    )
    values: dict[str, Any] = {
        "leader": second,
        "overtook": first,
        "overtook_in": WEEK,
        "overtaker": None,
        "overtaken": None,
    }
    found = calm_findings(races=(race(**(values | change)),))
    return issue({}, {}, found, points=points)


def test_an_overtaking_since_the_last_issue_is_news_and_asks_whether_the_choice_holds() -> None:
    brief = overtaken()
    assert said(brief)[0] == "overtook"
    assert "a true lead: very likely (88%)" in text(brief)
    assert "overtook" in [each.template for each in brief.changes]
    asked = brief.decisions[0]
    assert (asked.kind, asked.area) == ("overtaking", SKETCHES[0].id)
    assert [each.template for each in asked.because] == ["for_lead", "for_shares"]


def test_a_lead_of_an_even_chance_is_no_news() -> None:
    brief = overtaken(p_leads=0.55)
    assert said(brief) == ["quiet"]
    assert brief.decisions == ()


def test_a_lead_that_the_last_issue_saw_already_is_no_news() -> None:
    old = calm_findings(races=(race(overtook=SKETCHES[0].routes[1][0], overtook_in=WEEK + -8),))
    leader = SKETCHES[0].routes[0][0]
    points = tuple(
        point.model_copy(update={"n": 50}) if point.series.endswith(f"/{leader}") and point.n is not None else point
        for point in sample_inputs().points
    )
    assert said(issue({}, {}, old, points=points)) == ["quiet"]


@pytest.mark.parametrize(("in80", "first"), [(9, "verdict_changed"), (3, "settled")])
def test_forecasts_that_failed_come_before_an_inner_step(in80: int, first: str) -> None:
    found = calm_findings(told_week=WEEK + -1, settled_since=SettledSince(settled=10, in80=in80))
    brief = issue({"embodied_intelligence": 0.995, "silicon_photonics": 0.8 if in80 == 3 else 0.95}, {}, found)
    assert said(brief)[0] == first
    assert f"Of 10 forecasts that came due since week 45 of 2026, {in80} have their outcomes" in text(brief)


def test_no_forecast_due_is_not_told() -> None:
    none = calm_findings(told_week=WEEK + -1, settled_since=SettledSince(settled=0, in80=0, void=3))
    assert said(issue({}, {}, none)) == ["quiet"]


def test_an_area_that_newly_stands_out_is_told_though_its_verdict_is_the_same() -> None:
    now = tuple(each.model_copy(update={"discovery": "embodied" in each.series}) for each in scores({}))
    before = tuple(each.model_copy(update={"discovery": False}) for each in scores({}, WEEK + -1))
    brief = issue({}, {}, calm_findings(), scores=now, previous_scores=before)
    assert said(brief)[0] == "alarm"
    assert "false-discovery rate of 10%" in text(brief)


# ---- length and parity -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eventful() -> list[Brief]:
    failed = SourceWeek(source="arxiv", status="ERROR", fetch=fetch(status="ERROR", reason="503", records=0, items=0))
    all_move = {sketch.id: 0.97 for sketch in SKETCHES if sketch.id not in ("embodied_intelligence",)}
    found = sample_findings(told=(), gone=())
    return [
        build_brief(sample_inputs(findings=sample_findings())),
        build_brief(several_inputs(findings=sample_findings())),
        issue(all_move, {}, found),
        issue(all_move, {}, found, sources=(failed,), previous_rescored=True),
        build_brief(sample_inputs(previous_week=None, previous_scores=(), findings=found)),
    ]


def test_the_bottom_line_keeps_its_length(eventful: list[Brief]) -> None:
    for brief in eventful:
        assert 1 <= len(brief.bottom_line) <= LIMIT
        for code in LANGUAGES:
            assert sum(length(language(code).compose(each), code) for each in brief.bottom_line) <= MOST[code]


def test_what_does_not_fit_is_left_out_from_the_end() -> None:
    quiet = issue({}, {}, calm_findings()).bottom_line[0]
    long = Statement(template="light_amber_replayed")
    assert within_limits([quiet]) == (quiet,)
    many = within_limits([quiet] + [long] * 9)
    assert many[0] == quiet
    assert len(many) < 10


@pytest.mark.parametrize(
    ("sentence", "code", "counted"),
    [("本周平静。", "zh", 5), ("在 arXiv 中占 12.5%，上升。", "zh", 9), ("A share of 12.5% is up.", "en", 6)],
)
def test_chinese_is_counted_by_characters_and_english_by_words(sentence: str, code: Any, counted: int) -> None:
    assert length(sentence, code) == counted


def test_source_failures_come_first_always(eventful: list[Brief]) -> None:
    assert said(eventful[3])[:2] == ["source_unknown", "rescored"]


def test_numbers_are_the_same_in_both_languages(eventful: list[Brief]) -> None:
    for brief in eventful:
        said_of = [*brief.bottom_line, *brief.changes, *brief.adjustments]
        for each in brief.decisions:
            said_of += [each.ask, *each.because, *each.against]
        for statement in said_of:
            assert digits(EN.compose(statement)) == digits(ZH.compose(statement)), statement.template


# ---- changes ---------------------------------------------------------------------------------------------------------


def test_changes_are_grouped_and_at_most_twelve(eventful: list[Brief]) -> None:
    for brief in eventful:
        groups = [GROUPS[each.template] for each in brief.changes if each.template in GROUPS]
        assert len(brief.changes) <= MOST_CHANGES
        order = list(dict.fromkeys(groups))
        assert groups == sorted(groups, key=order.index), "each group stands together"


def test_many_changed_verdicts_are_named_together_and_none_is_lost(eventful: list[Brief]) -> None:
    moved = [row for row in eventful[2].areas if row.leads and row.change.moved and row.coverage.grade != "D"]
    told = " ".join(EN.compose(each) for each in eventful[2].changes)
    assert len(moved) > 4
    assert [row.area for row in moved if row.name.en not in told] == []


def test_where_verdicts_find_no_room_the_clear_ones_are_told_and_the_others_named() -> None:
    told = (Told(source="arxiv", channel="term", term="woven light", tier="first_sight"),)
    signals = (signal(), signal("woven light", variants=()), signal("moss", variants=(), tier="first_sight"))
    since: dict[str, Any] = {"told_week": WEEK + -1, "told": (*told, OTHER), "gone": (OTHER,)}
    found = sample_findings(signals=signals, **since)
    chances = {sketch.id: 0.8 if place % 2 else 0.97 for place, sketch in enumerate(SKETCHES)}
    before = {sketch.id: 0.5 for sketch in SKETCHES}
    brief = issue(chances, before, found)
    templates = [each.template for each in brief.changes]
    assert len(templates) == MOST_CHANGES
    assert "changes_more" not in templates
    assert templates.count("areas_moved") == 1
    assert templates[-2:] == ["settled", "missed"]
    clear = [row.name.en for row in brief.areas if row.leads and row.verdict == "rising" and row.coverage.grade != "D"]
    assert clear
    told_whole = [EN.compose(each) for each in brief.changes if each.template == "verdict_changed"]
    assert [name for name in clear if not any(text.startswith(name) for text in told_whole)] == []


def test_all_areas_that_newly_stand_out_are_named() -> None:
    now = tuple(each.model_copy(update={"discovery": each.verdict == "rising"}) for each in scores({}))
    before = tuple(each.model_copy(update={"discovery": False}) for each in scores({}, WEEK + -1))
    brief = issue({}, {}, calm_findings(), scores=now, previous_scores=before)
    assert [each.template for each in brief.changes] == ["alarm", "areas_stand_out"]
    told = " ".join(EN.compose(each) for each in brief.changes)
    assert all(name in told for name in ("Embodied intelligence", "Quantum technology"))


def test_nothing_changed_is_one_line_and_says_only_what_was_looked_at() -> None:
    looked = issue({}, {}, calm_findings(told_week=WEEK + -1))
    assert [each.template for each in looked.changes] == ["nothing_changed"]
    blind = issue({}, {}, calm_findings(scanned=()))
    assert [each.template for each in blind.changes] == ["nothing_changed_looked"]
    first = build_brief(sample_inputs(previous_week=None, previous_scores=()))
    assert [each.template for each in first.changes] == ["first_issue"]


def test_the_titles_of_the_longer_editions_are_there() -> None:
    for words in (EN, ZH):
        for name in ("title_weekly", "title_quarterly", "title_group"):
            assert "{week}" in words.words["statements"][name]
    assert "{area}" in EN.words["statements"]["title_group"]


# ---- words -----------------------------------------------------------------------------------------------------------

MEASURES = "篇件条项"


def test_measure_words_are_not_mixed_within_a_sentence(eventful: list[Brief]) -> None:
    for brief in eventful:
        for sentence in re.split("[。\n]", render_markdown(brief, "zh").decode()):
            if sentence.startswith("|") or "本周已到" in sentence:
                continue
            used = set(re.findall(rf"\d\s?([{MEASURES}])", sentence))
            assert len(used) <= 1, sentence


def test_the_same_inputs_give_the_same_changes(brief: Brief) -> None:
    from reports.inputs import index

    known = index(sample_inputs())
    rows = [row for row in brief.areas if row.leads]
    assert changes(known, rows) == brief.changes
    assert IsoWeek(2026, 45) == known.inputs.previous_week
