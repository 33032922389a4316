"""Whole crawls of the two EPO services, in a process of their own, against the replay server and its faults."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from horizon.records import Fetch
from horizon.weeks import IsoWeek
from scrapers.crawl import crawl, read_items
from scrapers.replay import server as replay
from scrapers.replay.epo_ops import EpoOps
from scrapers.replay.epo_publications import EpoPublications
from scrapers.replay.faults import Fault
from scrapers.replay.patents import PatentShelf
from scrapers.replay.simulated import SimulatedWorld
from scrapers.source import load_source
from taxonomy.load import load_taxonomy

WEEK = IsoWeek.parse("2026-W44")
NOW = datetime.combine(WEEK.sunday + timedelta(days=2), datetime.min.time(), UTC) + timedelta(hours=9)


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    return SimulatedWorld(load_taxonomy(), seed=3, items_per_week=150, last_week=IsoWeek.parse("2026-W46"), weeks=8)


@pytest.fixture
def server(
    world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[replay.ReplayServer]:
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.0001")
    monkeypatch.setitem(replay.FEEDS, "epo_ops", EpoOps)
    monkeypatch.setitem(replay.FEEDS, "epo_publications", EpoPublications)
    with replay.serve(world, NOW) as running:
        yield running


def fetch_week(server: replay.ReplayServer, name: str, out: Path) -> Fetch:
    source = load_source(name)
    since, until = WEEK.monday, WEEK.sunday
    return crawl(name, since, until, WEEK, out, base_url=source.at_replay(server.url), timeout_s=200)


def european(world: SimulatedWorld, server: replay.ReplayServer) -> set[str]:
    found = PatentShelf(world).published(server.stage.view, WEEK.monday, WEEK.sunday)
    return {f"epo:{patent.name}" for patent in found if patent.office == "EP"}


FAULTS = [
    Fault(fault="unavailable", nth=2, times=2),
    Fault(fault="too_many", nth=6),
    Fault(fault="expired_credential", nth=9),
    Fault(fault="server_error", nth=12),
    Fault(fault="truncated", nth=14),
    Fault(fault="html", nth=17),
    Fault(fault="cut", nth=20),
    Fault(fault="billion_laughs", nth=23),
    Fault(fault="empty", nth=26),
    Fault(fault="empty_page", contains="Range=1-100", nth=17),
]
BROKEN = [fault for fault in FAULTS if fault.fault not in ("too_many", "expired_credential", "empty_page")]


def test_every_patent_of_the_week_arrives_whatever_misbehaves(server: replay.ReplayServer, tmp_path: Path) -> None:
    calm = fetch_week(server, "epo_ops", tmp_path / "calm")
    assert (calm.status, calm.missing) == ("OK", 0), calm.reason
    expected = list(read_items(tmp_path / "calm"))
    assert len(expected) > 20
    server.set_faults(FAULTS)
    fetch = fetch_week(server, "epo_ops", tmp_path / "crawl")
    assert (fetch.status, fetch.missing) == ("OK", 0), fetch.reason
    assert list(read_items(tmp_path / "crawl")) == expected
    assert {seen.fault for seen in server.requests} >= {fault.fault for fault in FAULTS}


@pytest.mark.parametrize("faults", [[], BROKEN], ids=["calm", "broken"])
def test_every_european_document_arrives_whatever_misbehaves(
    faults: list[Fault], server: replay.ReplayServer, world: SimulatedWorld, tmp_path: Path
) -> None:
    server.set_faults(faults)
    fetch = fetch_week(server, "epo_publications", tmp_path / "crawl")
    assert (fetch.status, fetch.missing) == ("OK", 0), fetch.reason
    assert {item.id for item in read_items(tmp_path / "crawl")} == european(world, server)


def test_a_quota_leaves_the_week_unfinished_and_no_secret_behind(server: replay.ReplayServer, tmp_path: Path) -> None:
    server.set_faults([Fault(fault="quota", nth=10, times=999)])
    fetch = fetch_week(server, "epo_ops", tmp_path / "crawl")
    assert fetch.status in ("PARTIAL", "ERROR")
    assert "quota" in (fetch.reason or "")
    asked = len(server.requests)
    assert asked <= 11
    again = fetch_week(server, "epo_ops", tmp_path / "crawl")
    assert again.status in ("PARTIAL", "ERROR")
    written = b"".join(path.read_bytes() for path in (tmp_path / "crawl").iterdir() if path.is_file())
    assert b"SIMULATEDtoken" not in written
