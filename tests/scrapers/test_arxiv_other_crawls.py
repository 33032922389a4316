"""Whole crawls by arXiv's query API and daily feeds against the replay server, beside the harvest that they check."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from horizon.records import Fetch
from horizon.weeks import IsoWeek
from scrapers.announcements import check_held
from scrapers.crawl import crawl, read_items
from scrapers.dialects.arxiv_rss import read_batches
from scrapers.replay.arxiv_query import ArxivQuery
from scrapers.replay.faults import Fault, FaultName
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.simulated import SimulatedWorld
from scrapers.source import load_source
from taxonomy.load import load_taxonomy

WEEK = IsoWeek.parse("2026-W44")
NOW = datetime.combine(WEEK.sunday + timedelta(days=5), datetime.min.time(), UTC) + timedelta(hours=9)
# A Wednesday after the week in which the world's source is silent.
EVENING = datetime(2026, 11, 4, 22, tzinfo=UTC)
_FAULTS: tuple[FaultName, ...] = ("truncated", "html", "unavailable", "too_many", "cut", "empty", "server_error")
PLAN = [Fault(fault=name, nth=2 + 2 * place) for place, name in enumerate(_FAULTS)]


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    return SimulatedWorld(load_taxonomy(), seed=3, items_per_week=200, last_week=IsoWeek.parse("2026-W46"), weeks=8)


@pytest.fixture
def server(
    world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReplayServer]:
    # Lock files of the crawls go there.
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.0005")
    with serve(world, NOW) as running:
        yield running


def fetch(server: ReplayServer, name: str, out: Path) -> Fetch:
    source = load_source(name)
    base_url = source.at_replay(server.url)
    return crawl(
        name, WEEK.monday, WEEK.sunday, WEEK, out, base_url=base_url, timeout_s=120, server_date=server.stage.now.date()
    )


def test_the_query_api_gives_the_papers_that_the_harvest_has(server: ReplayServer, tmp_path: Path) -> None:
    asked = fetch(server, "arxiv_query", tmp_path / "query")
    assert (asked.status, asked.missing, asked.refused) == ("OK", 0, 0)
    assert asked.items > 100
    source = load_source("arxiv")
    crawl(
        "arxiv",
        WEEK.monday,
        NOW.date(),
        WEEK,
        tmp_path / "harvest",
        base_url=source.at_replay(server.url),
        timeout_s=120,
        server_date=NOW.date(),
    )
    harvested = {item.id: item for item in read_items(tmp_path / "harvest")}
    for item in read_items(tmp_path / "query"):
        twin = harvested[item.id]
        same = ("id", "source", "kind", "version", "title", "abstract", "language", "published", "updated", "url")
        assert {name: getattr(item, name) for name in same} == {name: getattr(twin, name) for name in same}
        assert (item.codes, item.doi, item.withdrawn) == (twin.codes, twin.doi, twin.withdrawn)


def test_whatever_misbehaves_the_answers_are_the_same(server: ReplayServer, tmp_path: Path) -> None:
    calm = fetch(server, "arxiv_query", tmp_path / "calm")
    double = server.feeds["arxiv_query"]
    assert isinstance(double, ArxivQuery)
    double.tricks = ["no_hits", "right", "empty_page", "short_page", "throttled"]
    server.set_faults([fault.model_copy(update={"path": "/arxiv/api"}) for fault in PLAN])
    stormy = fetch(server, "arxiv_query", tmp_path / "stormy")
    assert (stormy.status, stormy.sha256) == ("OK", calm.sha256)
    struck = {seen.fault for seen in server.requests if seen.fault}
    assert len(struck) >= 3


def test_the_harvest_is_checked_against_the_days_announcements(server: ReplayServer, tmp_path: Path) -> None:
    server.set_clock(EVENING)
    feeds = fetch(server, "arxiv_rss", tmp_path / "rss")
    assert feeds.status == "OK", feeds.reason
    source = load_source("arxiv")
    server.set_clock(NOW)
    crawl(
        "arxiv",
        WEEK.monday,
        NOW.date(),
        WEEK,
        tmp_path / "harvest",
        base_url=source.at_replay(server.url),
        timeout_s=120,
        server_date=NOW.date(),
    )
    held = {item.id for item in read_items(tmp_path / "harvest")}
    batches = list(read_batches(tmp_path / "rss", load_source("arxiv_rss")))
    announced = set().union(*(batch.ids() for batch in batches))
    assert len(announced) > 20
    assert check_held(batches, held) == []
    lost = sorted(announced)[7]
    assert [issue.item_id for issue in check_held(batches, held - {f"arxiv:{lost}"})] == [f"arxiv:{lost}"]


def test_feeds_that_misbehave_are_read_all_the_same(server: ReplayServer, tmp_path: Path) -> None:
    server.set_clock(EVENING)
    calm = fetch(server, "arxiv_rss", tmp_path / "calm")
    server.set_faults(PLAN)
    stormy = fetch(server, "arxiv_rss", tmp_path / "stormy")
    assert (stormy.status, stormy.sha256) == ("OK", calm.sha256)
    assert {seen.fault for seen in server.requests if seen.fault} == set(_FAULTS)


def test_all_of_arxivs_sources_share_one_lock() -> None:
    politeness = [load_source(name).politeness for name in ("arxiv", "arxiv_query", "arxiv_rss")]
    assert {manners.lock for manners in politeness} == {"arxiv"}
    assert min(manners.delay_s for manners in politeness) >= 3
    assert {manners.concurrency for manners in politeness} == {1}


def test_requests_never_overlap(server: ReplayServer, tmp_path: Path) -> None:
    fetch(server, "arxiv_query", tmp_path / "query")
    seen = sorted(server.requests, key=lambda one: one.started_s)
    assert all(before.ended_s <= after.started_s for before, after in pairwise(seen))
    assert json.loads((tmp_path / "query" / "fetch.json").read_bytes())["status"] == "OK"
