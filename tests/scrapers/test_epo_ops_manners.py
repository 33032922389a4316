"""What OPS is asked and how often: queries from the taxonomy, slices that share nothing, lights, quotas, waits."""

from datetime import UTC, date, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.dialects.epo_ops_manners import Allowance, Light, read_lights, retry_after_s, until_next_week_s
from scrapers.dialects.epo_ops_query import Clause, Slice, clauses, topics
from scrapers.replay.cql import Query
from scrapers.replay.epo_ops import lights
from scrapers.replay.feed import Stage
from scrapers.replay.patents import Patent, PatentShelf
from scrapers.replay.world import ListedWorld
from taxonomy.load import load_taxonomy
from tests.scrapers.replay.conftest import make_paper

SINCE, UNTIL = date(2026, 11, 9), date(2026, 11, 22)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@cache
def published() -> list[Patent]:
    papers = [make_paper(f"2611.{n:05d}", date(2026, 11, 9 + n % 12), "quant-ph") for n in range(240)]
    world = ListedWorld(papers)
    return PatentShelf(world).published(Stage(world, NOW).view, SINCE, UNTIL)


def test_lights_are_read_and_the_worst_of_a_minute_is_obeyed() -> None:
    system, found = read_lights(lights("busy"))
    assert (system, found["search"], found["other"].a_minute) == ("busy", Light("yellow", 15), 1000)
    allowance = Allowance("search", 0.5, 1, 1)
    for mood in ("overloaded", "green"):
        allowance.note({"x-throttling-control": lights(mood)})
    assert allowance.gap_s() == 60.0
    allowance.waited(61.0)
    allowance.note({"x-throttling-control": lights("green")})
    assert allowance.gap_s() == 4.0
    allowance.note({"x-throttling-control": "no light at all"})
    assert allowance.gap_s() == 4.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("60000", 60.0), ("60", 60.0), ("120000", 120.0), ("9" * 30, 900.0), ("", 0.0), ("soon", 0.0), ("-1", 0.0)],
)
def test_retry_after_is_in_milliseconds_and_capped(header: str, seconds: float) -> None:
    assert retry_after_s(header, 900.0) == seconds


def test_a_week_ends_on_monday_at_midnight() -> None:
    assert until_next_week_s(datetime(2026, 11, 22, 23, tzinfo=UTC)) == 3600.0
    assert until_next_week_s(datetime(2026, 11, 23, tzinfo=UTC)) == 7 * 86_400.0
    assert until_next_week_s(None) == 86_400.0


def test_the_taxonomy_becomes_codes_and_phrases_in_short_queries() -> None:
    parts = clauses(load_taxonomy().areas, 3.0)
    words = [part.cql for part in parts]
    assert "cpc=/low G06N10/00" in words
    assert "cpc=/low C12P" in words
    assert 'ta="quantum error correction"' in words
    # A prefix that is no symbol of the scheme.
    assert not any(word.endswith("A61L27/3") for word in words)
    assert not any(word == 'ta="qubit"' for word in words)
    assert len(words) == len(set(words))
    packed = list(topics(parts, 10))
    assert [part for topic in packed for part in topic] == parts
    assert all(sum(part.terms for part in topic) <= 10 for topic in packed)
    assert all(len(Slice(topic, SINCE, UNTIL).cql()) < 1_500 for topic in packed)


def test_a_slice_says_its_days_and_offices() -> None:
    part = Slice((Clause("cpc=/low G21B"),), date(2026, 11, 16), date(2026, 11, 16), ("CN12",), ("CN120", "CN121"))
    expected = '(cpc=/low G21B) and pd within "20261116 20261116" and (pn=CN12*) not (pn=CN120* or pn=CN121*)'
    assert part.cql() == expected


@given(st.data())
@settings(deadline=None, max_examples=15)
def test_the_parts_of_a_slice_share_nothing_and_lack_nothing(data: st.DataObject) -> None:
    everything = published()
    todo, steps = [Slice((), SINCE, UNTIL)], 0
    while todo and steps < 25:
        steps += 1
        part = todo.pop(data.draw(st.integers(0, len(todo) - 1)))
        halves = part.split(("CN", "US", "EP"))
        if halves is None:
            continue
        whole, first, second = (
            [patent.name for patent in everything if Query(each.cql()).test(patent)] for each in (part, *halves)
        )
        assert sorted([*first, *second]) == sorted(whole)
        todo += halves
