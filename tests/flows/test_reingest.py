"""A mended parser reads the archive again, without a crawl."""

from datetime import timedelta

import pytest

from flows.reingest import run_reingest
from flows.scan import WeeklyParams, run_weekly_scan
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from tests.flows.conftest import OpenWorkspace, tuesday_after


def test_the_archive_is_read_by_todays_parser_and_no_feed_is_asked(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, now = open_workspace(), tuesday_after(world.last_week)
    run_weekly_scan(work, WeeklyParams(week=world.last_week, sources=("arxiv",), formats=("json",)), now)
    stored = work.store.item_count()
    server.clear_log()

    same = run_reingest(work, (), now)
    assert (same.ingested, same.repeated, work.store.item_count()) == (0, False, stored)
    assert run_reingest(work, (), now).repeated

    monkeypatch.setattr("scrapers.parsers.arxiv_raw.to_unicode", lambda text: text and f"{text} (read anew)")
    monkeypatch.setattr("flows.reingest._parsers", lambda names: "another parser")
    later = now + timedelta(hours=1)
    anew = run_reingest(work, ("arxiv",), later)
    assert anew.ingested == anew.classified == stored
    assert run_reingest(work, ("arxiv",), later).repeated
    assert server.requests == ()


def test_an_archive_of_all_sources_tells_what_the_crawls_told(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work, now = open_workspace(), tuesday_after(world.last_week)
    summary = run_weekly_scan(work, WeeklyParams(week=world.last_week, formats=("json",)), now)
    assert len(summary.fetches) > 5
    before = work.store.table_digest()
    assert run_reingest(work, (), now).ingested == 0
    assert work.store.table_digest()["item_version"] == before["item_version"]


def test_without_an_archive_there_is_nothing_to_do(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work = open_workspace()
    assert run_reingest(work, ("arxiv",), tuesday_after(world.last_week)).ingested == 0
