"""The quarterly and the expert groups' editions: thirteen weeks, one area, words of their own, and they verify."""

import json
from pathlib import Path
from typing import Any

import pytest

from horizon.weeks import IsoWeek
from reports.build import build_brief
from reports.facts import Brief
from reports.inputs import WEEKLY, Edition
from reports.language import LANGUAGES, LanguageCode, language
from reports.policy import brief_plan
from reports.read import read_inputs
from reports.render_markdown import render_markdown
from reports.verify import verify_brief
from reports.view import page_of
from reports.write import write_brief
from store.database import Store
from tests.reports.sample import RULES, WEEK, sample_inputs
from tests.reports.test_verify import AREAS, MODEL, NOW, TAXONOMY, issue, store

__all__ = ["store"]
QUARTER, GROUP = Edition("quarterly"), Edition("group", "quantum_technology")


def quarter(**change: Any) -> Brief:
    return build_brief(sample_inputs(kind="quarterly", window_weeks=13, **change))


def test_an_edition_has_a_folder_of_its_own() -> None:
    week = IsoWeek(2026, 46)
    folders = [edition.folder(week) for edition in (WEEKLY, QUARTER, GROUP)]
    assert folders == ["2026-W46", "2026-W46-quarterly", "2026-W46-group-quantum_technology"]
    assert [edition.window_weeks for edition in (WEEKLY, QUARTER, GROUP)] == [1, 13, 13]


def test_a_quarter_counts_its_thirteen_weeks_and_lists_no_ids(store: Store, tmp_path: Path) -> None:
    path = issue(store, WEEK, NOW, tmp_path, sources=["arxiv"], edition=QUARTER)
    row = json.loads(path.read_bytes())["areas"][0]
    assert (row["n_week"]["value"], row["n_week"]["ids"]) == (60, []), "three weeks of the store were read"
    header = json.loads(path.read_bytes())["header"]
    assert (header["kind"], header["window_weeks"], header["first_day"]) == ("quarterly", 13, "2026-08-17")
    assert verify_brief(path, store, TAXONOMY) == []


def test_a_groups_edition_is_of_its_area_alone(store: Store, tmp_path: Path) -> None:
    path = issue(store, WEEK, NOW, tmp_path, sources=["arxiv"], edition=GROUP)
    plain = json.loads(path.read_bytes())
    assert (
        {row["area"] for row in plain["areas"]} == {"quantum_technology"} == {item["area"] for item in plain["items"]}
    )
    assert plain["header"]["area"] == "quantum_technology"
    assert len(plain["items"]) > brief_plan("weekly").items_per_area
    assert verify_brief(path, store, TAXONOMY) == []


def test_a_quarter_compares_with_the_scores_of_a_quarter_ago(store: Store) -> None:
    """The store's oldest scores are two weeks old: nothing to compare a quarter with, though a week has its last."""
    given: dict[str, Any] = {"world": "live", "run_id": f"scan-{WEEK}", "code": "0", "sources": ["arxiv"],
                             "score_rules": RULES}  # fmt: skip
    weekly = read_inputs(store, TAXONOMY, WEEK, MODEL, NOW, **given)
    quarterly = read_inputs(store, TAXONOMY, WEEK, MODEL, NOW, edition=QUARTER, **given)
    assert (weekly.previous_week, quarterly.previous_week) == (WEEK + -1, None)


def test_another_kind_does_not_count_as_the_last_issue(store: Store) -> None:
    """What the quarterly of last week knew is still new to the weekly's readers."""
    store.record_brief(f"scan-{WEEK + -1}", NOW, WEEK + -1, "quarterly", "0" * 64, "2026-W45-quarterly/brief.json")
    given: dict[str, Any] = {"world": "live", "run_id": f"scan-{WEEK}", "code": "0", "sources": ["arxiv"]}
    assert read_inputs(store, TAXONOMY, WEEK, MODEL, NOW, **given).late == ()


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_edition_of_a_quarter_speaks_of_this_week(code: LanguageCode) -> None:
    text = render_markdown(quarter(), code).decode()
    forbidden = {"en": ("this week", "Items of the week", "weekly"), "zh": ("本周", "周报")}[code]
    assert [word for word in forbidden if word in text] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_own_words_of_longer_issues_replace_words_that_are_there(code: LanguageCode) -> None:
    plain, longer = language(code).words, language(code, "quarterly").words
    for table, own in plain["longer"].items():
        assert own.keys() <= plain[table].keys()
        assert all(longer[table][key] == said for key, said in own.items())


def test_a_window_with_an_unknown_week_is_amber() -> None:
    inputs = sample_inputs(kind="quarterly", window_weeks=13)
    lost = WEEK + -3
    points = tuple(p.model_copy(update={"n": None, "total": None}) if p.week == lost else p for p in inputs.points)
    header = build_brief(inputs.model_copy(update={"points": points})).header
    assert (header.light, header.light_reason.template) == ("amber", "light_amber_window")


@pytest.mark.parametrize("kind", ["quarterly", "group"])
def test_every_section_of_a_plan_is_there(kind: str) -> None:
    inputs = sample_inputs(kind=kind, window_weeks=13, area=AREAS[0].id if kind == "group" else None)
    for code in LANGUAGES:
        page = page_of(build_brief(inputs), code, "html")
        assert [each.id for each in page.sections] == [
            name for name in brief_plan(kind).sections if name in {each.id for each in page.sections}
        ]
        assert page.title


def test_a_quarter_is_written_in_every_format(tmp_path: Path) -> None:
    written = {path.name for path in write_brief(quarter(), tmp_path)}
    assert "brief.json" in written
    assert {
        f"brief.{code}.{suffix}" for code in LANGUAGES for suffix in ("html", "pdf", "docx", "md", "xlsx")
    } < written
