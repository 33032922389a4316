"""The crawler against the replay server: whatever misbehaves, every paper of the window arrives once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from horizon.records import Fetch
from horizon.weeks import IsoWeek
from scrapers.crawl import crawl, read_issues, read_items
from scrapers.replay.arxiv_oai import ArxivOai
from scrapers.replay.faults import Fault
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.world import View
from scrapers.source import load_source
from taxonomy.load import load_taxonomy

SOURCE = load_source("arxiv")
WEEK = IsoWeek.parse("2026-W44")
NOW = datetime.combine(WEEK.sunday + timedelta(days=2), datetime.min.time(), UTC) + timedelta(hours=9)


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    return SimulatedWorld(load_taxonomy(), seed=3, items_per_week=120, last_week=IsoWeek.parse("2026-W46"), weeks=8)


@pytest.fixture
def server(
    world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReplayServer]:
    # Lock files of the crawls go there.
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.001")
    with serve(world, NOW) as running:
        feed = running.feeds["arxiv"]
        assert isinstance(feed, ArxivOai)
        feed.records_a_page, feed.identifiers_a_page = 60, 200
        yield running


def fetch_week(server: ReplayServer, out: Path) -> Fetch:
    since, until = SOURCE.window(WEEK)
    return crawl("arxiv", since, until, WEEK, out, base_url=SOURCE.at_replay(server.url), timeout_s=120)


def announced(world: SimulatedWorld) -> dict[str, str]:
    """Identifiers and newest versions that the source lists for the window at the time of the crawl."""
    since, until = SOURCE.window(WEEK)
    stood = world.describe(View(world, NOW).events)
    return {f"arxiv:{paper.id}": f"v{len(paper.versions)}" for paper in stood if since <= paper.announced <= until}


PLANS = {
    "calm": [],
    "the server fails": [
        Fault(fault="unavailable", verb="ListRecords", nth=1, times=2),
        Fault(fault="server_error", verb="ListRecords", token=True, nth=2),
        Fault(fault="too_many", verb="ListRecords", token=True, nth=4),
        Fault(fault="stall", verb="ListIdentifiers", seconds=3),
    ],
    "the answers are broken": [
        Fault(fault="truncated", verb="ListRecords", nth=1),
        Fault(fault="cut", verb="ListRecords", nth=3),
        Fault(fault="html", verb="ListRecords", token=True, nth=3),
        Fault(fault="wrong_encoding", verb="ListRecords", token=True, nth=5),
        Fault(fault="billion_laughs", verb="ListIdentifiers", nth=1),
        Fault(fault="external_entity", verb="ListIdentifiers", nth=2),
        Fault(fault="empty", verb="ListIdentifiers", nth=3),
    ],
    "the pages shift": [
        Fault(fault="missing", verb="ListRecords", token=True, nth=1),
        Fault(fault="duplicate", verb="ListRecords", token=True, nth=2),
        Fault(fault="bad_token", verb="ListRecords", token=True, nth=3),
    ],
    "a cache is wrong": [Fault(fault="no_records", verb="ListRecords", token=False)],
}


@pytest.mark.parametrize("plan", PLANS)
def test_every_paper_arrives_once_in_its_newest_version(
    plan: str, world: SimulatedWorld, server: ReplayServer, tmp_path: Path
) -> None:
    server.set_faults(PLANS[plan])
    fetch = fetch_week(server, tmp_path / "w")
    assert fetch.status == "OK", fetch.reason
    items = list(read_items(tmp_path / "w"))
    assert {item.id: item.version for item in items}.items() >= announced(world).items()
    assert len(items) == fetch.items == len({item.id for item in items})
    assert (fetch.missing, fetch.refused) == (0, 0)
    assert fetch.cut_off == NOW
    assert "error" not in {issue.severity for issue in read_issues(tmp_path / "w")}
    # A stalled answer is logged when it ends, which may be after the crawl.
    struck = {seen.fault for seen in server.requests} - {None, "stall"}
    assert struck == {fault.fault for fault in PLANS[plan]} - {"stall"}


def test_the_old_address_is_followed(world: SimulatedWorld, server: ReplayServer, tmp_path: Path) -> None:
    since, until = SOURCE.window(WEEK)
    fetch = crawl("arxiv", since, until, WEEK, tmp_path / "w", base_url=f"{server.url}/arxiv/oai2")
    assert (fetch.status, fetch.items) == ("OK", len(announced(world)))


def test_a_week_without_an_answer_is_an_error_never_zero(
    world: SimulatedWorld, server: ReplayServer, tmp_path: Path
) -> None:
    server.set_clock(world.outages[0][0] + timedelta(days=1))
    fetch = fetch_week(server, tmp_path / "w")
    assert (fetch.status, fetch.items) == ("ERROR", 0)
    assert "503" in (fetch.reason or "")
