"""Inputs on which a parser once ended otherwise than in Items, Issues or a ParseError, as `fuzz.py` finds them."""

from pathlib import Path

import pytest

from horizon.records import Issue, Item
from tests.scrapers.fuzz import FIXTURES, TARGETS, check, seeds_of
from tests.scrapers.mutating import mutate

_CRASHES = sorted((FIXTURES / "crashes").glob("*/*"))
_DAMAGED = 200


@pytest.mark.parametrize("path", _CRASHES, ids=[f"{path.parent.name} {path.stem}" for path in _CRASHES])
def test_what_once_crashed_a_parser_is_read_or_refused(path: Path) -> None:
    check(TARGETS[path.parent.name], path.read_bytes())


@pytest.mark.parametrize("parser", TARGETS)
def test_a_damaged_answer_ends_in_items_issues_or_a_parse_error(parser: str) -> None:
    seeds = list(seeds_of(TARGETS[parser]))
    found = [check(TARGETS[parser], mutate(seeds[seed % len(seeds)], seed)) for seed in range(_DAMAGED)]
    assert any(found), "every damage was beyond reading: the changes reach no parser's inner rooms"


def test_half_a_surrogate_pair_costs_no_record_and_a_whole_one_stays() -> None:
    data = (FIXTURES / "crashes" / "biorxiv_json" / "half_surrogate_pairs.json").read_bytes()
    (item,) = [one for one in TARGETS["biorxiv_json"].parse(data) if isinstance(one, Item)]
    assert item.title.endswith("\U0001f600")


def test_a_reference_to_half_a_surrogate_pair_is_seen_as_a_lost_letter() -> None:
    folder = FIXTURES / "crashes"
    for parser, words in (
        ("uspto_grants", "SIMULATED \ufffd\ufffd switching"),
        ("epo_ep_xml", "printed \ufffd in English"),
    ):
        (path,) = sorted((folder / parser).glob("reference*"))
        items = [one for one in TARGETS[parser].parse(path.read_bytes()) if isinstance(one, Item)]
        assert [words in item.title for item in items] == [True], items


def test_a_clock_of_the_year_9999_refuses_no_paper() -> None:
    data = (FIXTURES / "crashes" / "arxiv_raw" / "clock_of_year_9999.xml").read_bytes()
    found = list(TARGETS["arxiv_raw"].parse(data))
    assert sum(isinstance(one, Item) for one in found) == 1
    assert not any(isinstance(one, Issue) and one.severity == "error" for one in found)
