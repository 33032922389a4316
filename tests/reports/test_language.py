"""Two languages, one set of facts: the same digits, the same words available, the likelihood scale as written."""

import re
from collections import Counter
from datetime import date

import pytest

from horizon.errors import RenderError
from horizon.weeks import IsoWeek
from reports.facts import Brief, Figure, FigureParam, ListParam, NameParam, Query, Statement, Text, Unit
from reports.language import _BARS, LANGUAGES, language, slots
from reports.view import Page, Run, page_of
from tests.reports.test_pages import words_of
from trends.momentum import VERDICTS

MONTHS = language("en").words["months"]
EN, ZH = language("en"), language("zh")


def figure(value: float | None, unit: Unit, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(value=value, unit=unit, low=low, high=high, query=Query(kind="setting", args={"value": "0"}))


def keys(tree: object, path: str = "") -> set[str]:
    if not isinstance(tree, dict):
        return {path}
    return {key for name, branch in tree.items() for key in keys(branch, f"{path}/{name}")}


def digits(text: str) -> Counter[str]:
    """Numbers as read, months counted by their number."""
    for number, month in enumerate(MONTHS, start=1):
        text = re.sub(rf"\b{month}\b", str(number), text)
    return Counter(re.findall(r"\d+(?:,\d{3})*(?:\.\d+)*", text))


def test_both_word_files_have_the_same_keys() -> None:
    only_english = {key for key in keys(EN.words) ^ keys(ZH.words) if not key.endswith("/one")}
    assert only_english == set()


def test_both_templates_of_a_statement_show_the_same_parameters() -> None:
    for name, template in EN.words["statements"].items():
        assert slots(template) == slots(ZH.words["statements"][name]), name


def test_numbers_of_the_two_languages_are_the_same_word_for_word(brief: Brief) -> None:
    for statement in (*brief.bottom_line, *brief.method, *brief.limits, brief.header.title, brief.header.light_reason):
        assert digits(EN.compose(statement)) == digits(ZH.compose(statement)), statement.template
    for reason in (*(each.reason for each in brief.coverage), *(row.coverage.reason for row in brief.areas)):
        assert digits(EN.compose(reason)) == digits(ZH.compose(reason))


@pytest.mark.parametrize("format_", ["html", "markdown", "pdf"])
def test_a_whole_page_has_the_same_numbers_and_ids_in_both_languages(brief: Brief, format_: str) -> None:
    pages: dict[str, Page] = {code: page_of(brief, code, format_) for code in LANGUAGES}
    shown = {code: [run for run in words_of(page) if isinstance(run, Run)] for code, page in pages.items()}
    ids = {code: [run.text for run in runs if run.style == "code"] for code, runs in shown.items()}
    assert ids["zh"] == ids["en"] != []
    numbers = {code: digits(" ".join(run.text for run in runs)) for code, runs in shown.items()}
    assert numbers["zh"] == numbers["en"]


def test_an_unknown_number_is_a_word_and_never_a_zero() -> None:
    assert EN.number(figure(None, "papers")) == "unknown"
    assert ZH.bare(figure(None, "papers")) == "未知"
    assert EN.bare(figure(0, "papers")) == "0"


@pytest.mark.parametrize(
    ("value", "unit", "english", "chinese"),
    [
        (1, "papers", "1 paper", "1 篇论文"),
        (1234, "papers", "1,234 papers", "1,234 篇论文"),
        (-12.6, "percent_per_year", "−13% a year", "每年 −13%"),
        (0.4, "percent_per_year", "+0.4% a year", "每年 +0.4%"),
        (-0.01, "percent_per_year", "0% a year", "每年 0%"),
        (0.0042, "share", "0.42%", "0.42%"),
        (0.9991, "probability", ">99%", ">99%"),
        (0.0009, "probability", "<1%", "<1%"),
    ],
)
def test_numbers_read_as_each_language_writes_them(value: float, unit: Unit, english: str, chinese: str) -> None:
    assert (EN.number(figure(value, unit)), ZH.number(figure(value, unit))) == (english, chinese)


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.904, "90.4%"),
        (0.8951, "89.5%"),
        (0.7449, "74.5%"),
        (0.2584, "25.8%"),
        (0.1, "10.0%"),
        (0.67, "67%"),
        (0.5, "50%"),
    ],
)
def test_a_chance_near_a_bar_of_the_verdicts_has_a_decimal(probability: float, shown: str) -> None:
    near = Figure(value=probability, unit="probability", query=Query(kind="score", args={"field": "p_rising"}))
    assert (EN.bare(near), ZH.bare(near)) == (shown, shown)
    assert "." not in EN.bare(figure(probability, "probability")), "an item's probability has no bars"


@pytest.mark.parametrize(
    ("name", "within"),
    [("Non-invasive EEG", "non-invasive EEG"), ("Tokamak", "tokamak"), ("LiDAR and beam steering",) * 2,
     ("Rydberg and vapour cell",) * 2, ("QKD over fibre",) * 2, ("AI-driven design",) * 2],
)  # fmt: skip
def test_an_ordinary_phrase_loses_its_capital_within_a_sentence(name: str, within: str) -> None:
    assert EN.within(Text(en=name, zh="名")) == within
    assert ZH.within(Text(en=name, zh="名")) == "名"


def test_a_trend_is_said_as_a_trend_with_its_interval_and_likelihood(brief: Brief) -> None:
    moved = brief.bottom_line[0]
    assert re.search(
        r"a higher share of arXiv papers in the next year: very likely \(95%\), trend \+\d+% a year \(80% interval",
        EN.compose(moved),
    )
    assert re.search(r"份额上升：很可能（95%），趋势为每年 \+\d+%（80% 区间 .+至.+）", ZH.compose(moved))


def test_chinese_has_full_width_colons_without_a_space(brief: Brief) -> None:
    texts = [run if isinstance(run, str) else run.text for run in words_of(page_of(brief, "zh", "html"))]
    chinese = [text for text in texts if re.search("[\u4e00-\u9fff]", text)]
    assert chinese
    assert not [text for text in chinese if re.search("[\u4e00-\u9fff）]:|：\\s", text)]


def test_dates_and_weeks_are_written_as_each_language_does() -> None:
    assert (EN.day(date(2026, 11, 9)), ZH.day(date(2026, 11, 9))) == ("9 November 2026", "2026 年 11 月 9 日")
    assert (EN.week(IsoWeek(2026, 3)), ZH.week(IsoWeek(2026, 3))) == ("week 3 of 2026", "2026 年第 3 周")


def test_a_template_that_asks_for_what_it_has_not_is_an_error_that_says_so() -> None:
    with pytest.raises(RenderError, match="asks for"):
        EN.compose(Statement(template="quiet_first"))
    with pytest.raises(RenderError, match=r"words/en\.yml"):
        EN.compose(Statement(template="no_such_statement"))


def test_one_missing_identifier_is_singular_in_english() -> None:
    name = NameParam(name=Text(en="arXiv", zh="arXiv"))
    part = Statement(
        template="source_missing", params={"missing": FigureParam(figure=figure(1, "identifiers")), "source": name}
    )
    text = EN.compose(Statement(template="source_partial", params={"sources": ListParam(parts=(part,))}))
    assert "arXiv (1 identifier missing)" in text


def test_a_list_is_joined_as_the_language_does_and_agrees_in_number() -> None:
    parts = tuple(Statement(template="name_alone", params={"source": NameParam(name=Text(en=n, zh=n))}) for n in "ab")
    held = {"held": FigureParam(figure=figure(2, "records"))}
    two = Statement(template="limit_low_trust", params={"sources": ListParam(parts=parts), **held})
    assert "a, b: of low trust, so no statement rests on them" in EN.compose(two)
    assert ZH.compose(two).startswith("a、b：")
    one = Statement(template="limit_low_trust", params={"sources": ListParam(parts=parts[:1]), **held})
    assert "rests on it" in EN.compose(one)


def test_the_bars_near_which_a_chance_has_a_decimal_are_those_of_the_scoring() -> None:
    assert sorted(_BARS) == sorted(round(100 * bar) for bar, _ in VERDICTS if bar)
