"""Every source times every misbehaviour; the whole of it is `python -m benchmarks.fault_matrix`."""

import pytest

from benchmarks.fault_matrix import (
    TROUBLES,
    WEEK,
    Run,
    _judge_after,
    _judge_manners,
    _judge_struck,
    load,
    sources,
    table,
    troubles_of,
    try_cell,
)
from horizon.records import Fetch, FetchStatus
from scrapers.replay.server import Seen
from scrapers.source import list_sources, load_source

_QUICK = ("redirect loop", "1 GB answer", "slow drip", "clock 400 days behind")
"""Rows that no other fast test goes through with a real crawl."""
_TWINS = ("medrxiv", "uspto_applications")
"""Crawled by the dialect and parser of bioRxiv and the US grants: the benchmark goes through them, CI does not."""
_CELLS = [
    (source.id, trouble.name) for source in sources() if source.id not in _TWINS for trouble in troubles_of(source)
]
_BY_NAME = {trouble.name: trouble for trouble in TROUBLES}


def _is_green(source: str, trouble: str) -> None:
    cell = try_cell(load(source), _BY_NAME[trouble])
    assert cell.faults == [], table([cell])


@pytest.mark.parametrize("trouble", _QUICK)
def test_arxiv_bears_what_no_other_test_does(trouble: str) -> None:
    _is_green("arxiv", trouble)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "trouble"), _CELLS, ids=[" ".join(cell) for cell in _CELLS])
def test_no_misbehaviour_of_a_source_costs_an_item_or_a_wrong_verdict(source: str, trouble: str) -> None:
    _is_green(source, trouble)


def test_every_weekly_source_of_the_network_stands_in_the_matrix() -> None:
    weekly = {name for name in list_sources() if load_source(name).weekly}
    assert weekly - {source.id for source in sources()} <= {"drop"}


@pytest.mark.parametrize(("twin", "other"), [("medrxiv", "biorxiv"), ("uspto_applications", "uspto_grants")])
def test_a_source_left_out_of_the_slow_tests_is_crawled_as_another_that_is_not(twin: str, other: str) -> None:
    one, two = load_source(twin), load_source(other)
    assert (one.dialect, one.parser, one.politeness) == (two.dialect, two.parser, two.politeness)


def _run(status: FetchStatus, *items: str, seen: tuple[Seen, ...] = ()) -> Run:
    fetch = Fetch(source="arxiv", week=WEEK, since=WEEK.monday, until=WEEK.sunday, status=status)
    return Run(fetch, {f"arxiv:{item}": "{}" for item in items}, seen)


def _seen(number: int, started_s: float, ended_s: float, query: str = "") -> Seen:
    return Seen(number, "GET", "/arxiv/oai", query, 200, 1, None, started_s, ended_s)


USUAL = _run("OK", "1", "2")


@pytest.mark.parametrize(
    ("struck", "trouble", "told"),
    [
        (_run("OK", "1"), "429", "lacks 1 of 2"),
        (_run("NO_RESULTS"), "429", "lacks 2 of 2"),
        (_run("OK", "1", "2"), "403 for ever", "struck all the time"),
        (_run("PARTIAL", "1"), "429", "without a reason"),
        (_run("ERROR", "3"), "429", "invents 1"),
    ],
)
def test_a_wrong_verdict_makes_a_cell_red(struck: Run, trouble: str, told: str) -> None:
    assert any(told in fault for fault in _judge_struck(USUAL, struck, _BY_NAME[trouble]))


@pytest.mark.parametrize(
    ("after", "told"),
    [(_run("PARTIAL", "1", "2"), "PARTIAL"), (_run("OK", "1"), "1 of 2"), (_run("OK", "1", "2", "3"), "too many")],
)
def test_an_item_lost_or_doubled_after_the_next_run_makes_a_cell_red(after: Run, told: str) -> None:
    assert any(told in fault for fault in _judge_after(USUAL, after))


def test_bad_manners_make_a_cell_red() -> None:
    source = load_source("arxiv")
    calm = tuple(_seen(number, number, number + 0.5) for number in range(9))
    assert list(_judge_manners(source, _run("OK", seen=calm))) == []
    met = (_seen(1, 0, 2), _seen(2, 1, 3))
    assert any("at once" in fault for fault in _judge_manners(source, _run("OK", seen=met)))
    hammered = tuple(_seen(number, number, number + 0.5) for number in range(99))
    assert any("99 requests" in fault for fault in _judge_manners(source, _run("OK", seen=hammered)))
