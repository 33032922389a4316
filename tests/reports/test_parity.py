"""A brief reads alike in both languages, is no longer than planned, and every sign of our own words can be drawn."""

from typing import Any

import pytest

from horizon.weeks import IsoWeek
from reports import parity
from reports.build import build_brief
from reports.facts import Brief, Statement, WeekParam
from reports.language import Language, language
from reports.parity import disparities, statements
from tests.reports.golden_weeks import weeks
from tests.reports.sample import sample_inputs
from tests.reports.sample_findings import longer, sample_findings
from tests.reports.several import several_inputs
from tests.reports.test_site import hostile_inputs


@pytest.mark.parametrize("name", weeks())
def test_golden_weeks_read_alike(name: str) -> None:
    assert list(disparities(build_brief(weeks()[name]))) == []


def test_hostile_and_many_sources_read_alike() -> None:
    for inputs in (hostile_inputs(), several_inputs(), sample_inputs(findings=sample_findings())):
        assert list(disparities(build_brief(inputs))) == []


@pytest.mark.parametrize("kind", ["quarterly", "group"])
def test_longer_editions_read_alike(kind: str) -> None:
    area = "quantum_technology" if kind == "group" else None
    findings = sample_findings(**longer())
    brief = build_brief(sample_inputs(kind=kind, area=area, window_weeks=13, findings=findings))
    assert brief.pages
    assert list(disparities(brief)) == []


@pytest.fixture
def brief() -> Brief:
    return build_brief(weeks()["eventful"])


def test_every_sentence_is_looked_at(brief: Brief) -> None:
    paths = [path for path, _ in statements(brief)]
    assert {"bottom_line[0]", "header.title", "decisions[0].ask", "races[0].statements[0]"} <= set(paths)


def other_words(monkeypatch: pytest.MonkeyPatch, template: str, text: str) -> None:
    plain = language("en", "weekly")
    words: dict[str, Any] = dict(plain.words) | {"statements": plain.words["statements"] | {template: text}}

    def worded(code: str, kind: str = "weekly") -> Language:
        return Language("en", words) if code == "en" else language("zh")

    monkeypatch.setattr(parity, "language", worded)


def test_a_number_in_one_language_alone_is_named(brief: Brief, monkeypatch: pytest.MonkeyPatch) -> None:
    other_words(monkeypatch, brief.bottom_line[0].template, "Growth is 9000%.")
    assert "bottom_line[0]" in [path for path, *_ in disparities(brief)]


def test_a_bottom_line_that_is_too_long_is_named(brief: Brief, monkeypatch: pytest.MonkeyPatch) -> None:
    other_words(monkeypatch, brief.bottom_line[0].template, "word " * 91)
    assert "bottom_line (en)" in [path for path, *_ in disparities(brief)]


def test_a_sign_that_no_font_draws_is_named(brief: Brief, monkeypatch: pytest.MonkeyPatch) -> None:
    from reports import view

    plain = view._section

    def with_emoji(name: str, on: Any) -> Any:
        from dataclasses import replace

        section = plain(name, on)
        return replace(section, title=section.title + "\N{PILE OF POO}") if name == "areas" else section

    monkeypatch.setattr(view, "_section", with_emoji)
    assert ("areas (zh)", "U+1F4A9") in [(path, found) for path, _, found in disparities(brief)]


def test_days_are_compared_as_days() -> None:
    said = Statement(template="title_weekly", params={"week": WeekParam(week=IsoWeek(2026, 46))})
    assert [path for path, _ in statements((said,))] == ["[0]"]
