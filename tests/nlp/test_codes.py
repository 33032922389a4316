"""Codes as evidence."""

import pytest

from horizon.records import Code
from nlp.codes import Mark, mark_of, parse_codes
from taxonomy.schema import CpcCodes

_BRAIN = CpcCodes(core=("A61B5/37", "A61B5/369"), support=("A61B5/374", "A61B5/24"), legacy=("A61B5/04",))
_TISSUE = CpcCodes(core=("A61L27/38", "A61L27/3"), support=("A61L27/",))
_FUSION = CpcCodes(core=("G21B1/", "H05H1/12"), support=("H05H1/",), report_separately=("G21B3/",), exclude=("G21C",))


@pytest.mark.parametrize(
    ("symbol", "lists", "mark"),
    [
        ("A61B5/37", _BRAIN, "core"),
        ("A61B5/374", _BRAIN, "support"),
        ("A61B5/378", _BRAIN, None),
        ("A61B5/245", _BRAIN, "support"),
        ("A61L27/3834", _TISSUE, "core"),
        ("A61L27/34", _TISSUE, "support"),
        ("G21B 1/05", _FUSION, "core"),
        ("H05H1/12", _FUSION, "core"),
        ("H05H1/46", _FUSION, "support"),
        ("G21B3/00", _FUSION, "report_separately"),
        ("G21C7/10", _FUSION, "exclude"),
        ("G01N33/50", _FUSION, None),
    ],
)
def test_the_longest_listed_symbol_decides_and_warned_symbols_match_whole(
    symbol: str, lists: CpcCodes, mark: Mark | None
) -> None:
    assert mark_of(symbol, lists) == mark


def test_codes_are_told_apart_by_shape() -> None:
    assert parse_codes("quant-ph; cs.ET; G06N 10/70; 81P68; nonsense code!") == (
        Code(scheme="arxiv", symbol="quant-ph"),
        Code(scheme="arxiv", symbol="cs.ET"),
        Code(scheme="cpc", symbol="G06N10/70"),
        Code(scheme="msc", symbol="81P68"),
    )


def test_codes_may_be_a_list_or_separated_by_spaces_and_repeats_count_once() -> None:
    assert [code.symbol for code in parse_codes(["cs.RO", "cs.RO", None, "C12P"])] == ["cs.RO", "C12P"]
    assert [code.symbol for code in parse_codes("cs.RO cs.AI cond-mat.mes-hall")] == [
        "cs.RO",
        "cs.AI",
        "cond-mat.mes-hall",
    ]
    assert parse_codes(None) == parse_codes(float("nan")) == ()
