"""Whole crawls of Europe PMC and bioRxiv against the replay server: whatever misbehaves, the items are the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from horizon.records import Fetch
from horizon.weeks import IsoWeek
from scrapers.crawl import crawl
from scrapers.replay.faults import Fault, FaultName
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.simulated import SimulatedWorld
from scrapers.source import load_source
from taxonomy.load import load_taxonomy

WEEK = IsoWeek.parse("2026-W44")
NOW = datetime.combine(WEEK.sunday + timedelta(days=2), datetime.min.time(), UTC) + timedelta(hours=9)
_FAULTS: tuple[FaultName, ...] = (
    "truncated",
    "html",
    "wrong_encoding",
    "empty_page",
    "duplicate",
    "missing",
    "unavailable",
    "too_many",
    "cut",
    "empty",
)
PLAN = [Fault(fault=name, nth=2 + 2 * place) for place, name in enumerate(_FAULTS)]


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    return SimulatedWorld(load_taxonomy(), seed=3, items_per_week=600, last_week=IsoWeek.parse("2026-W46"), weeks=8)


@pytest.fixture
def server(
    world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReplayServer]:
    # Lock files of the crawls go there.
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.001")
    with serve(world, NOW) as running:
        yield running


def fetch_week(server: ReplayServer, name: str, out: Path) -> Fetch:
    source = load_source(name)
    since, until = source.window(WEEK)
    base_url = source.at_replay(server.url)
    return crawl(name, since, until, WEEK, out, base_url=base_url, timeout_s=120, server_date=NOW.date())


@pytest.mark.parametrize("name", ["europepmc", "biorxiv", "medrxiv"])
def test_whatever_misbehaves_the_items_are_the_same(server: ReplayServer, name: str, tmp_path: Path) -> None:
    calm = fetch_week(server, name, tmp_path / "calm")
    assert (calm.status, calm.missing, calm.refused) == ("OK", 0, 0)
    assert calm.items > 20
    assert calm.cut_off == NOW
    assert not (tmp_path / "calm" / "issues.jsonl").read_text().count("clock-skewed")
    quiet = len(server.requests)
    server.set_faults(PLAN)
    stormy = fetch_week(server, name, tmp_path / "stormy")
    struck = {seen.fault for seen in server.requests if seen.fault}
    assert len(struck) > 3
    assert len(server.requests) > 2 * quiet
    assert (stormy.status, stormy.sha256) == ("OK", calm.sha256)
    denominators = [(tmp_path / folder / "denominators.json").read_bytes() for folder in ("calm", "stormy")]
    assert denominators[0] == denominators[1]


def test_one_request_at_a_time(server: ReplayServer, tmp_path: Path) -> None:
    fetch_week(server, "biorxiv", tmp_path)
    times = sorted((seen.started_s, seen.ended_s) for seen in server.requests)
    assert all(before[1] <= after[0] for before, after in pairwise(times))
