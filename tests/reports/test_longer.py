"""Area pages, negative findings, corrections, what to check, how to make the issue again: facts and words."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from horizon.records import Evidence
from reports import view
from reports.build import build_brief
from reports.details import AreaPage
from reports.facts import Brief, Statement
from reports.hindsight import CameDue, Revisions
from reports.inputs import index
from reports.language import LANGUAGES, LanguageCode, language
from reports.policy import brief_plan
from reports.quotes import QUOTE_WORDS, WORD, quotes_of, short_quote, words_at
from reports.render_html import render_html
from reports.render_json import canonical
from reports.render_markdown import render_markdown
from reports.reproduction import reproduction
from reports.trace import resolve, wilson
from reports.verify import figures, verify_brief
from reports.view import Bullets, Run, Table, page_of
from tests.reports.sample import LENSES, SKETCHES, sample_inputs
from tests.reports.sample_findings import QUOTED, WORDS, lens, longer, race, sample_findings
from tests.reports.test_language import digits

SECTIONS = ("pages", "negatives", "checks", "corrections", "reproduction")


def told(**change: Any) -> Brief:
    return build_brief(sample_inputs(findings=sample_findings(**longer(**change))))


@pytest.fixture(scope="module")
def brief() -> Brief:
    return told()


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of brief that shows nothing but these sections."""
    monkeypatch.setattr(view, "brief_plan", lambda kind: brief_plan(kind).model_copy(update={"sections": SECTIONS}))


def templates(statements: tuple[Statement, ...]) -> list[str]:
    return [each.template for each in statements]


def page(brief: Brief, tier: int) -> AreaPage:
    return next(each for each in brief.pages if each.tier == tier)


# ---- area pages ------------------------------------------------------------------------------------------------------


def test_every_area_has_a_page_with_the_aspects_of_its_tier(brief: Brief) -> None:
    assert [each.area for each in brief.pages] == [sketch.id for sketch in SKETCHES]
    assert [each.lens for each in brief.pages[0].aspects] == list(LENSES)
    first = brief.pages[0].aspects[0]
    assert (first.n.value, first.share.value, first.before.value) == (12, 0.06, 0.025)
    assert (first.share.low, first.share.high) == pytest.approx(wilson(12, 200), rel=1e-5)
    assert (first.before.low, first.before.high) == pytest.approx(wilson(4, 160), rel=1e-5)


def test_none_found_is_zero_with_an_interval_and_no_proof_of_none(brief: Brief) -> None:
    none = brief.pages[0].aspects[2]
    assert (none.n.value, none.share.value, none.share.low) == (0, 0, 0)
    assert none.share.high is not None
    assert none.share.high > 0
    assert "page_unspoken" in templates(brief.pages[0].statements)


def test_a_year_without_a_work_is_unknown_and_never_zero() -> None:
    young = told(lenses=tuple(lens(sketch.id, works_before=0) for sketch in SKETCHES))
    assert {each.before.value for each in young.pages[0].aspects} == {None}
    assert not {"page_more", "page_less"} & set(templates(young.pages[0].statements))
    empty = told(lenses=tuple(lens(sketch.id, works=0) for sketch in SKETCHES))
    assert {each.n.value for each in empty.pages[0].aspects} == {None}
    assert "page_no_works" in templates(empty.pages[0].statements)
    assert "page_unspoken" not in templates(empty.pages[0].statements)


def test_an_area_of_which_its_source_has_nothing_is_unknown_too() -> None:
    found = told(lenses=(lens(SKETCHES[1].id),)).pages[0]
    assert {each.share.value for each in found.aspects} == {None}


def test_a_page_is_read_in_the_order_of_the_gao(brief: Brief) -> None:
    order = [
        "page_policy",
        "page_growth",
        "page_before",
        "page_most",
        "page_more",
        "page_race",
        "page_where",
        "page_against",
    ]
    said = templates(brief.pages[0].statements)
    places = [min(place for place, name in enumerate(said) if name.startswith(start)) for start in order]
    assert places == sorted(places)
    assert {each.question.template for each in brief.pages if each.question} == {
        f"page_question_{n}" for n in (1, 2, 3)
    }


def test_what_moved_beyond_both_intervals_is_told(brief: Brief) -> None:
    more = next(each for each in brief.pages[0].statements if each.template == "page_more")
    assert language("en").compose(more) == "Spoken of more often than in the 52 weeks before: prototype or sample."
    assert "page_less" not in templates(brief.pages[0].statements)


def test_of_tier_three_it_is_told_whether_the_routes_converge() -> None:
    fusion = next(sketch for sketch in SKETCHES if sketch.tier == 3)
    group = race(area=fusion.id, leader=fusion.routes[0][0], overtaker=None, overtaken=None)
    group = group.model_copy(
        update={"standings": tuple(one.model_copy(update={"route": key}) for one, (key, *_) in
                                   zip(group.standings, fusion.routes, strict=True))}
    )  # fmt: skip
    found = page(told(races=(group,)), 3)
    said = [part for each in found.statements for part in getattr(each.params.get("said"), "parts", ())]
    assert found.area == fusion.id
    assert "race_convergence" in {part.template for part in said}


def test_no_readiness_level_is_claimed_and_the_rules_are_owned_up_to(brief: Brief) -> None:
    limits = " ".join(language("en").compose(each) for each in brief.limits)
    assert "70% of those shown were right in English and 46% in Chinese" in limits
    assert "needs a person's judgement" in limits
    silent = build_brief(sample_inputs(findings=sample_findings()))
    assert silent.pages == ()
    assert "limit_lens" not in templates(silent.limits)


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize("code", LANGUAGES)
def test_words_of_an_item_are_quoted_beside_its_id(brief: Brief, code: LanguageCode) -> None:
    text = render_html(brief, code).decode("utf-8")
    assert WORDS in text
    assert QUOTED.id in text
    assert "&lt;woven&gt;" in text
    assert "<woven>" not in text


@pytest.mark.usefixtures("plan")
def test_both_languages_show_the_same_numbers_and_ids(brief: Brief) -> None:
    shown = {code: render_markdown(brief, code).decode("utf-8") for code in LANGUAGES}
    said = (brief.negatives, brief.corrections, brief.reproduction, *(each.statements for each in brief.pages))
    for statement in (each for statements in said for each in statements):
        numbers = [Counter(digits(language(code).compose(statement))) for code in LANGUAGES]
        assert numbers[0] == numbers[1], statement.template
    for check in brief.checks:
        assert all(check.item.id in text for text in shown.values())


@pytest.mark.usefixtures("plan")
def test_where_there_is_room_for_few_pages_they_take_turns(brief: Brief) -> None:
    def areas(week: int) -> list[str]:
        header = brief.header.model_copy(update={"week": brief.header.week + week})
        shown = page_of(brief.model_copy(update={"header": header}), "en", "html", {"pages": 4})
        blocks = next(section.blocks for section in shown.sections if section.id == "pages")
        return [block.caption for block in blocks if isinstance(block, Table)]

    turns = [areas(week) for week in (0, 13, 26)]
    assert all(len(turn) == 4 for turn in turns)
    assert len({caption for turn in turns for caption in turn}) == len(SKETCHES)


# ---- quotes ----------------------------------------------------------------------------------------------------------


def test_every_quote_of_a_brief_stands_in_its_item(brief: Brief) -> None:
    items = {item.id: item for item in (QUOTED, *(item for item, _ in sample_inputs().labelled))}
    found = list(quotes_of(brief))
    assert {path.partition("[")[0] for path, _, _ in found} == {"items", "pages"}
    assert all(words_at(items, item_id, quote) == quote.text for _, item_id, quote in found)


@pytest.mark.parametrize("place", [0, 20, 50])
def test_a_long_sentence_is_cut_around_what_was_found(place: int) -> None:
    words = [f"word{number}" for number in range(60)]
    words[place] = "low cost"
    item = QUOTED.model_copy(update={"abstract": "Before. " + " ".join(words) + "."})
    text = " ".join(words)
    evidence = Evidence(kind="lens", text=text, field="abstract", start=8, end=8 + len(text), concept="cost: Low  cost")
    quote = short_quote(item, evidence)
    assert quote is not None
    assert "low cost" in quote.text
    assert len(WORD.findall(quote.text)) == QUOTE_WORDS
    assert (item.abstract or "")[quote.start : quote.end] == quote.text
    assert short_quote(QUOTED, evidence) is None, "not its words"


class OneItem:
    """A store that knows one item, for what verification asks of it."""

    def items(self, ids: Any, as_of: Any = None) -> Any:
        return {QUOTED.id: QUOTED} if QUOTED.id in set(ids) else {}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (
            lambda page: page["aspects"][0]["quotes"][0]["quote"].update(text="Its parts cost nothing"),
            "quotes[0].quote",
        ),
        (lambda page: page["aspects"][0]["quotes"][0]["quote"].update(start=0), "quotes[0].quote"),
        (lambda page: page["aspects"][0]["quotes"][0]["item"].update(title="Another"), "quotes[0].item.title"),
        (
            lambda page: page["aspects"][0]["quotes"][0]["item"].update(link="https://evil.example"),
            "quotes[0].item.link",
        ),
        (lambda page: page["aspects"][0]["quotes"][0]["item"].update(id="arxiv:none"), "quotes[0].item.id"),
    ],
)
def test_a_forged_quote_is_named(brief: Brief, change: Callable[[dict[str, Any]], None], place: str) -> None:
    from reports.verify import _page_items

    only = brief.model_copy(update={"checks": (), "decisions": ()})
    store: Any = OneItem()
    assert list(_page_items(only, store)) == []
    plain = json.loads(canonical(only.model_dump(mode="json")))
    change(plain["pages"][0])
    found = [each.path for each in _page_items(Brief.model_validate(plain), store)]
    assert found == [f"pages[0].aspects[0].{place}"]


def test_verification_reaches_the_pages(brief: Brief, tmp_path: Path) -> None:
    assert verify_brief.__module__ == "reports.verify"
    known = index(sample_inputs(findings=sample_findings(**longer())))
    kinds = {figure.query.kind for _, figure in figures(brief)}
    assert kinds >= {"lens", "before", "dropped", "due", "revision", "check"}
    for path, figure in figures(brief):
        assert resolve(known, figure.query) == (figure.value, figure.low, figure.high), path


# ---- what is no more, what was wrong, what to check ------------------------------------------------------------------


def test_a_gone_signal_is_told_with_the_bar_that_it_fails(brief: Brief) -> None:
    said = [language("en").compose(each) for each in brief.negatives]
    assert said[0] == "Gone: “glass weather” in arXiv, last told in week 42 of 2026: 4 groups, fewer than 6."
    assert said[1].endswith("it no longer passes every test.")
    assert any(each.startswith("Of 40 forecasts that came due, 9 lay outside") for each in said)


def test_nothing_gone_is_said_only_where_somebody_looked() -> None:
    looked = told(dropped=())
    assert "negative_none_dropped" in templates(looked.negatives)
    first = told(dropped=(), revisions=Revisions(since=None), due=CameDue(settled=0, missed=0))
    assert not {"negative_none_dropped", "negative_missed", "negative_none_missed"} & set(templates(first.negatives))


def test_races_and_areas_of_which_nothing_can_be_told_are_named() -> None:
    still = race(p_overtakes=0.05, convergence_word="no clear change")
    assert "negative_races" in templates(told(races=(still,)).negatives)
    assert "negative_races" not in templates(told(races=(race(),)).negatives)
    areas = next(each for each in told().negatives if each.template == "negative_areas")
    assert "2 areas" in language("en").compose(areas)


def test_corrections_tell_both_numbers_and_the_ids(brief: Brief) -> None:
    said = " ".join(language("en").compose(each) for each in brief.corrections)
    assert "week 45 of 2026: 40, now 52" in said
    assert f"1 record ({QUOTED.id})" in said
    assert templates(brief.corrections) == ["correction_counts", "correction_withdrawn", "correction_rejected"]


def test_that_nothing_has_to_be_corrected_is_one_line() -> None:
    clean = sample_findings().revisions
    assert clean is None
    week = told().header.week + -4
    assert templates(told(revisions=Revisions(since=week)).corrections) == ["correction_none"]
    assert templates(told(revisions=Revisions(since=None)).corrections) == ["correction_first"]
    changed = Revisions(since=week, other_model=True, other_taxonomy=True)
    assert templates(told(revisions=changed).corrections) == ["correction_taxonomy", "correction_model"]


def test_a_week_that_was_unknown_then_is_no_zero() -> None:
    revisions = longer()["revisions"]
    unknown = revisions.recounts[0].model_copy(update={"before": None})
    found = told(revisions=revisions.model_copy(update={"recounts": (unknown,)})).corrections[0]
    assert "unknown, now 52" in language("en").compose(found)
    assert "未知，现为 52" in language("zh").compose(found)


def test_what_to_check_says_why(brief: Brief) -> None:
    least, most = brief.checks
    assert language("en").compose(least.why) == "Left out with probability 41%; the area begins at about 44%."
    said = language("en").compose(most.why)
    assert "it carries the signal “lattice weaving”" in said
    assert "its work stands in 2 sources" in said


@pytest.mark.usefixtures("plan")
def test_commands_are_shown_as_they_are_typed(brief: Brief) -> None:
    header = brief.header.model_copy(update={"kind": "group", "area": SKETCHES[0].id})
    group = brief.model_copy(update={"reproduction": reproduction(header, "ab" * 32)})
    shown = next(each for each in page_of(group, "zh", "html").sections if each.id == "reproduction")
    lines = [line for block in shown.blocks if isinstance(block, Bullets) for line in block.lines]
    typed = [run.text for line in lines for run in line if isinstance(run, Run) and run.style == "code"]
    assert typed == [
        "horizon verify brief.json",
        f"horizon brief --kind group --week 2026-W46 --area {SKETCHES[0].id} --as-of 2026-11-16T06:00:00Z",
        "horizon verify --ledger --head abababababab",
    ]
