"""Signals, races, movers and the track record: told with intervals and ids, escaped, counted again."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from reports.build import build_brief
from reports.facts import Brief, Figure
from reports.inputs import index
from reports.language import LANGUAGES, LanguageCode
from reports.render_html import render_html
from reports.render_markdown import render_markdown
from reports.trace import resolve
from reports.verify import figures
from tests.reports.sample import SKETCHES, sample_inputs
from tests.reports.sample_findings import race, sample_findings, signal


@pytest.fixture(scope="module")
def told() -> Brief:
    return build_brief(sample_inputs(findings=sample_findings()))


def _shown(brief: Brief, code: LanguageCode) -> str:
    return render_markdown(brief, code).decode("utf-8")


def test_a_signal_is_told_with_its_interval_its_items_and_its_place(told: Brief) -> None:
    fact = told.signals[0]
    assert (fact.rate_ratio.value, fact.rate_ratio.low, fact.rate_ratio.high, fact.rate_ratio.level) == (
        6.4,
        3.1,
        10.2,
        0.9,
    )
    assert (fact.p_sustained.low, fact.p_sustained.level) == (0.58, 0.8)
    assert fact.n_recent.ids == tuple(item.id for item in fact.items)
    assert fact.nearest is not None
    assert fact.nearest.en == SKETCHES[0].en
    assert "lattice weaving" in _shown(told, "en")


def test_a_chance_not_yet_known_is_said_to_be_so(told: Brief) -> None:
    assert told.signals[1].p_sustained.value is None
    assert "not yet known" in _shown(told, "en")
    assert "尚不可知" in _shown(told, "zh")


def test_a_term_of_a_feed_is_no_markup(told: Brief) -> None:
    text = render_html(told, "en").decode("utf-8")
    assert "moss &lt;computing&gt;" in text
    assert "moss <computing>" not in text


def test_none_found_is_another_thing_than_none_looked_for() -> None:
    silent = build_brief(sample_inputs())
    looked = build_brief(sample_inputs(findings=sample_findings(signals=(), odd=(), items=())))
    assert silent.signals_note is None
    assert "No term outside the list passed every test in arXiv this week" in _shown(looked, "en")
    assert "outside the list" not in _shown(silent, "en")


def test_an_unlikely_overtaking_is_not_told_and_a_likely_one_is(told: Brief) -> None:
    unlikely = build_brief(sample_inputs(findings=sample_findings(races=(race(p_overtakes=0.1),))))
    assert "race_overtaking" in {each.template for each in told.races[0].statements}
    assert "race_overtaking" not in {each.template for each in unlikely.races[0].statements}


def test_where_history_is_too_short_convergence_is_said_to_be_unknown() -> None:
    short = sample_findings(races=(race(convergence=None, p_converging=None, convergence_word=None),))
    assert "three years of history are needed" in _shown(build_brief(sample_inputs(findings=short)), "en")


def test_forecasts_that_came_due_are_told_with_their_coverage(told: Brief) -> None:
    row = told.track.rows[0]
    assert (row.cov80.value, row.cov80.low, row.cov80.high, row.cov80.level) == (0.81, 0.72, 0.88, 0.95)
    assert re.search(r"81%\s\(72%\sto\s88%\)", _shown(told, "en").replace("\\", ""))
    none_due = sample_findings(accuracy=(sample_findings().accuracy[0].model_copy(update={"settled": 0}),))
    assert "No forecast has come due yet" in _shown(build_brief(sample_inputs(findings=none_due)), "en")


def test_an_item_of_no_consensus_names_its_reason_and_its_nearest_predecessor(told: Brief) -> None:
    text = _shown(told, "en")
    assert "similarity to the nearest earlier item 0.21 (arxiv:2501.00001)" in text
    assert "1 earlier item has both, 14 would by chance" in text


def test_every_figure_of_the_findings_can_be_asked_again(told: Brief) -> None:
    known = index(sample_inputs(findings=sample_findings()))

    def parts() -> Iterator[Figure]:
        for part in (told.signals, told.odd, told.races, told.movers, told.track):
            yield from (figure for _, figure in figures(part))

    asked = list(parts())
    assert len(asked) > 30
    assert all(resolve(known, figure.query) == (figure.value, figure.low, figure.high) for figure in asked)


@pytest.mark.parametrize("code", LANGUAGES)
def test_both_languages_show_the_same_numbers_of_findings(told: Brief, code: LanguageCode) -> None:
    text = _shown(told, code)
    for number in ("6.4", "0.182", "0.24", "31%", "64"):
        assert number in text, number


@pytest.mark.parametrize("hostile", ["=cmd|' /C calc'!A0", "right \u202eto left", "| a | b |", "x" * 5000])
def test_hostile_terms_render(hostile: str) -> None:
    change: dict[str, Any] = {"signals": (signal(hostile),)}
    brief = build_brief(sample_inputs(findings=sample_findings(**change)))
    assert "\u202e" not in _shown(brief, "en")
    assert render_html(brief, "zh")
