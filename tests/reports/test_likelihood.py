"""The seven words of ICD 203: their bounds, their numbers, and never in one sentence with a confidence."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from reports.facts import Brief, Figure, FigureParam, ListParam, Query, Statement
from reports.language import LANGUAGES, LanguageCode, language
from reports.likelihood import SCALE, word_of
from reports.verify import figures
from tests.reports.several import several_inputs
from tests.reports.weeks import calm_findings, issue

EN, ZH = language("en"), language("zh")
CONFIDENCE = {"en": r"\bgrade|\bcoverage|confidence|\btrust", "zh": "等级|可信度|置信|覆盖"}
LIKELIHOOD: dict[str, str] = {code: "|".join(language(code).words["likelihood"].values()) for code in LANGUAGES}
STOPS = {"en": r"(?<=[.?!])\s", "zh": "(?<=[。？！])"}


def chance(value: float | None, field: str = "") -> Figure:
    args = {"field": field} if field else {"value": "0"}
    return Figure(value=value, unit="probability", query=Query(kind="score" if field else "setting", args=args))


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.0, "almost no chance"), (0.009, "almost no chance"), (0.01, "almost no chance"),
        (0.0499, "almost no chance"),
        (0.05, "very unlikely"), (0.1999, "very unlikely"), (0.2, "unlikely"), (0.4499, "unlikely"),
        (0.45, "roughly even chance"), (0.5, "roughly even chance"), (0.55, "roughly even chance"),
        (0.5501, "likely"), (0.8, "likely"), (0.8001, "very likely"), (0.95, "very likely"),
        (0.9501, "almost certain"), (0.99, "almost certain"), (0.991, "almost certain"), (1.0, "almost certain"),
    ],
)  # fmt: skip
def test_each_part_of_the_scale_has_its_word_and_a_bound_the_weaker_one(value: float, word: str) -> None:
    assert EN.words["likelihood"][word_of(value)] == word


def test_the_scale_is_that_of_icd_203_without_gap_or_overlap() -> None:
    bounds = [(round(100 * low), round(100 * high)) for low, high, _ in SCALE]
    assert bounds == [(1, 5), (5, 20), (20, 45), (45, 55), (55, 80), (80, 95), (95, 99)]


def test_a_chance_and_its_opposite_are_worded_alike() -> None:
    words = [word for _, _, word in SCALE]
    for step in range(1001):
        value = step / 1000
        assert words.index(word_of(value)) == len(words) - 1 - words.index(word_of(round(1 - value, 6))), value


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (0.92, "very likely (92%)", "很可能（92%）"),
        (0.55, "roughly even chance (55%)", "可能性约各半（55%）"),
        (0.004, "almost no chance (<1%)", "几乎不可能（<1%）"),
        (0.9991, "almost certain (>99%)", "几乎肯定（>99%）"),
        (None, "unknown", "未知"),
    ],
)
def test_the_word_stands_with_its_number(value: float | None, english: str, chinese: str) -> None:
    assert (EN.likely(chance(value)), ZH.likely(chance(value))) == (english, chinese)


def test_the_number_shown_lies_in_the_part_of_the_scale_that_the_word_names() -> None:
    for field in ("", "p_rising", "p_falling"):
        for step in range(2001):
            said = EN.likely(chance(step / 2000, field))
            low, high = next((low, high) for low, high, word in SCALE if said.startswith(EN.words["likelihood"][word]))
            number = re.search(r"\((<|>)?([\d.]+)%\)", said)
            assert number is not None
            shown = float(number[2]) / 100
            assert (low - 1e-9 <= shown <= high + 1e-9) or number[1], said


def test_seven_words_a_language_and_none_twice() -> None:
    for words in (EN, ZH):
        assert len(set(words.words["likelihood"].values())) == len(SCALE)
    assert set(EN.words["likelihood"]) == {word for _, _, word in SCALE}


def test_the_word_of_a_verdict_uses_no_word_of_the_scale() -> None:
    """`probable` is ICD 203's other word for 55 to 80 per cent; the verdict that was called so lies above 75."""
    for words in (EN, ZH):
        verdicts = [*words.words["verdict"].values(), *words.words["convergence"].values()]
        scale = [*words.words["likelihood"].values(), "probabl", "可能"]
        assert [each for each in verdicts if any(word in each for word in scale)] == []


@pytest.mark.parametrize(("p", "verdict", "words"), [
    (0.901, "rising", {"very_likely", "almost_certain"}), (0.76, "probably rising", {"likely", "very_likely"}),
    (0.9, "probably rising", {"likely", "very_likely"}), (0.5, "no clear change", {"roughly_even_chance"}),
])  # fmt: skip
def test_a_verdict_and_the_word_of_its_number_go_the_same_way(p: float, verdict: str, words: set[str]) -> None:
    from tests.reports.sample import verdict as verdict_of

    assert verdict_of(p) == verdict
    assert word_of(p) in words


# ---- never in one sentence -------------------------------------------------------------------------------------------


def is_likelihood(code: LanguageCode, sentence: str) -> bool:
    return re.search(rf":likely\}}|{LIKELIHOOD[code]}", sentence) is not None


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_template_says_a_likelihood_and_a_confidence_in_one_sentence(code: LanguageCode) -> None:
    templates = (EN if code == "en" else ZH).words["statements"]
    both = [
        name
        for name, template in templates.items()
        for sentence in re.split(STOPS[code], template)
        if is_likelihood(code, sentence) and re.search(CONFIDENCE[code] + r"|\{grade|\{cause", sentence)
    ]
    assert both == []
    assert sum(":likely}" in template for template in templates.values()) > 10


def statements(value: Any) -> Iterator[Statement]:
    """Every statement of a document, not those within lists of others."""
    if isinstance(value, Statement):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from statements(each)
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from statements(getattr(value, name))


@pytest.fixture(scope="module")
def briefs(brief: Brief) -> tuple[Brief, ...]:
    from reports.build import build_brief
    from tests.reports.sample import sample_inputs
    from tests.reports.sample_findings import sample_findings

    several = build_brief(several_inputs())
    told = build_brief(sample_inputs(findings=sample_findings()))
    moved = issue({"silicon_photonics": 0.04, "biomanufacturing": 0.97}, {}, calm_findings())
    return brief, several, told, moved


def test_no_composed_statement_says_a_likelihood_and_a_confidence_in_one_sentence(briefs: tuple[Brief, ...]) -> None:
    seen = 0
    for code in LANGUAGES:
        words = language(code)
        for said in (words.compose(each) for brief in briefs for each in statements(brief)):
            for sentence in re.split(STOPS[code], said):
                seen += is_likelihood(code, sentence)
                assert not (is_likelihood(code, sentence) and re.search(CONFIDENCE[code], sentence)), sentence
    assert seen > 20


def test_every_probability_in_a_statement_of_news_has_its_word(briefs: tuple[Brief, ...]) -> None:
    told = 0
    for brief in briefs:
        said = [*brief.bottom_line, *brief.changes, *(each for race in brief.races for each in race.statements)]
        said += [each for decision in brief.decisions for each in (*decision.because, *decision.against)]
        for each in said:
            for name, form in _probabilities(each):
                told += 1
                assert form.startswith("likely") or form == "interval", (each.template, name)
    assert told > 8


def _probabilities(statement: Statement) -> Iterator[tuple[str, str]]:
    template = EN.words["statements"][statement.template]
    for name, param in statement.params.items():
        if isinstance(param, ListParam):
            for part in param.parts:
                yield from _probabilities(part)
        elif isinstance(param, FigureParam) and param.figure.unit == "probability":
            for found in re.finditer(rf"\{{{name}(?::(\w+))?[}}?]", template):
                yield name, found[1] or ""


def test_the_chance_of_falling_is_asked_of_the_store_as_such() -> None:
    brief = issue({"silicon_photonics": 0.04}, {}, calm_findings())
    falling = [each for _, each in figures(brief.bottom_line) if each.query.args.get("field") == "p_falling"]
    assert [each.value for each in falling] == [0.96]
