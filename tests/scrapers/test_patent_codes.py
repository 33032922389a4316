"""Symbols, numbers, kinds, dates, names and languages of patents."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.parsers.patent_codes import (
    classified,
    family_of,
    kind_of,
    order_codes,
    publication,
    rank_of,
    read_day,
    symbol_of,
    value_of,
)
from scrapers.parsers.patent_names import countries_of, display_names, key_of
from scrapers.parsers.patent_texts import Text, choose, language_of


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("G06N   3/08", "G06N3/08"),
        ("G06N3/08", "G06N3/08"),
        ("A61K-0031/12", "A61K31/12"),
        ("H04W  84/    20            A I                    ", "H04W84/20"),
        ("C07D 271/113       20130101 LI20200617BCEP", "C07D271/113"),
        ("F16D2500/10437     20130101 LA20211026BHEP        ", "F16D2500/10437"),
        (" 7C 07C  29/44   A", "C07C29/44"),
        ("2A 01N 43/08 -", "A01N43/08"),
        ("// A01N43/08", "A01N43/08"),
        ("H10D  64/667", "H10D64/667"),
        ("G06N", "G06N"),
        ("Y02E  10/72", "Y02E10/72"),
        ("600/585", None),
        ("C12N15/86&Z", "C12N15/86"),
        ("", None),
        ("Z99Z1/00", None),
    ],
)
def test_symbols_lose_blanks_and_leading_zeros(written: str, symbol: str | None) -> None:
    assert symbol_of(written) == symbol


@pytest.mark.parametrize(
    ("office", "code", "kind"),
    [
        ("CN", "A", "patent_application"),
        ("CN", "B", "patent_grant"),
        ("CN", "C", "patent_grant"),
        ("CN", "U", "utility_model"),
        ("CN", "Y", "utility_model"),
        ("CN", "S", "design"),
        ("CN", "D", "design"),
        ("EP", "A1", "patent_application"),
        ("EP", "B1", "patent_grant"),
        ("US", "A1", "patent_application"),
        ("US", "A", "patent_grant"),
        ("US", "B2", "patent_grant"),
        ("US", "E1", "patent_grant"),
        ("JP", "A", "patent_application"),
        ("JP", "U", "utility_model"),
        ("KR", "Y1", "utility_model"),
        ("DE", "U1", "utility_model"),
        ("DE", "T5", "patent_application"),
        ("DK", "T3", "patent_grant"),
        ("WO", "A1", "patent_application"),
        ("XX", "Q", None),
    ],
)
def test_kind_codes_tell_grants_applications_and_utility_models_apart(office: str, code: str, kind: str | None) -> None:
    assert kind_of(office, code) == kind


def test_symbols_are_counted_once_the_first_of_the_document_leading() -> None:
    texts = [
        "B82Y  10/00        20130101 LA20260101BHEP",
        "G06N  10/40        20220101 LI20260101BHEP",
        "G06N  10/70        20220101 FI20260101BHEP",
        "G06N  10/40        20220101 LI20260101BHUS",
    ]
    codes = order_codes("cpc", map(classified, texts))
    assert [(code.symbol, code.value) for code in codes] == [("G06N10/70", "I"), ("G06N10/40", "I"), ("B82Y10/00", "A")]


def test_what_one_office_calls_invented_is_invented() -> None:
    found = [classified("G06N10/40", "A"), classified("G06N10/40", "I"), classified("G06N10/70"), classified("none")]
    values = {code.symbol: code.value for code in order_codes("cpc", found)}
    assert values == {"G06N10/40": "I", "G06N10/70": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("G06N  10/70        20220101 FI20260101BHEP", "I"),
        ("H04L   9/08        20060101ALN20260101BHEP", "A"),
        ("B82Y  10/00        20130101 LA20260101BHEP", "A"),
        ("G06N10/70", None),
        # The level stands where the value would.
        ("7C 07C  29/44   A", None),
        ("", None),
    ],
)
def test_the_value_of_a_symbol_is_told_or_left_open(text: str, value: str | None) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("EP", "4567890", "A1"), "EP.4567890.A1"),
        (("US", "2025/0100135", "A1"), "US.20250100135.A1"),
        (("us", " 12,345,678 ", "b2"), "US.12345678.B2"),
        (("HR", "P20251003", "T1"), "HR.P20251003.T1"),
        (("EP", "", "A1"), None),
        (("EPO", "1", "A1"), None),
        (("EP", "1", ""), None),
    ],
)
def test_numbers_are_written_in_one_way(parts: tuple[str, str, str], name: str | None) -> None:
    assert publication(*parts) == name


@pytest.mark.parametrize(
    ("text", "day", "rough"),
    [
        ("20261118", date(2026, 11, 18), False),
        ("2026-11-18", date(2026, 11, 18), False),
        ("20000600", date(2000, 6, 1), True),
        ("20000000", date(2000, 1, 1), True),
        ("20260231", None, False),
        ("2026", None, False),
        ("", None, False),
        (None, None, False),
    ],
)
def test_days_without_day_or_month_are_taken_for_the_first(text: str | None, day: date | None, rough: bool) -> None:
    assert read_day(text) == (day, rough)


def test_the_earliest_priority_stands_for_a_family() -> None:
    claims = [("20250301", "US", "202563000009 P"), ("20240501", "US", "63/000,001 P"), ("", "", "")]
    assert family_of(claims, ("EP", "25000001")) == "priority:US.63000001"
    assert family_of([], ("EP", "25000001")) == "application:EP.25000001"
    assert family_of([], None) is None


def test_an_applicant_listed_in_two_ways_is_one() -> None:
    parties = [
        ("epodoc", "SIEMENS ENERGY AS [NO]", ""),
        ("original", "SIEMENS ENERGY AS, ", ""),
        ("original", "Siemens Energy AS", ""),
    ]
    assert display_names(parties) == ("Siemens Energy AS",)
    assert countries_of(parties) == ("NO",)
    assert key_of("KYLMAENEN JARI [FI]") == key_of("Kylmänen, Jari")


@pytest.mark.parametrize("code", ["EP", "WO", "XX", "1A", "CHN"])
def test_an_office_is_no_country(code: str) -> None:
    assert countries_of([("epodoc", f"SIMULATED [{code}]", "")]) == ()


@pytest.mark.parametrize(
    ("titles", "abstracts", "title", "abstract", "language"),
    [
        ([("模拟", "zh"), ("SIMULATED", "en")], [("Words", "en")], "SIMULATED", "Words", "en"),
        ([("SIMULATED", "en")], [("模拟的方法", "ol")], "SIMULATED", "模拟的方法", "zh"),
        ([("SIMULIERT", "de"), ("SIMULÉ", "fr")], [], "SIMULIERT", None, "de"),
        ([("ENERGILAGRINGSSYSTEM", "ol")], [], "ENERGILAGRINGSSYSTEM", None, "und"),
        ([("模拟的方法", "en")], [], "模拟的方法", None, "zh"),
        ([("", "en"), ("模拟", "zh")], [("", "en")], "模拟", None, "zh"),
        ([], [], None, None, "und"),
    ],
)
def test_english_comes_first_then_the_original(
    titles: list[tuple[str, str]],
    abstracts: list[tuple[str, str]],
    title: str | None,
    abstract: str | None,
    language: str,
) -> None:
    chosen = choose(
        [Text.read(words, told, "CN") for words, told in titles],
        [Text.read(words, told, "CN") for words, told in abstracts],
    )
    assert tuple(text.words if text else None for text in chosen) == (title, abstract)
    assert language_of(*chosen) == language


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=300)
def test_any_text_is_a_symbol_or_none(text: str) -> None:
    symbol = symbol_of(text)
    if symbol is not None:
        assert symbol_of(symbol) == symbol
    assert rank_of(text) in (0, 1, 2)
