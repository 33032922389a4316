"""Announced papers that the harvest missed are found, named, fetched by id, and counted as if never missed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.completeness import Completeness, as_text, check_completeness
from flows.scan import BackfillParams, run_backfill
from flows.workspace import Workspace
from horizon.records import Item
from scrapers.crawl import read_items
from scrapers.replay.faults import Fault
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from scrapers.source import load_source
from tests.flows.conftest import OpenWorkspace, tuesday_after


def wednesday(world: SimulatedWorld) -> datetime:
    return datetime.fromisoformat(f"{world.last_week.monday + timedelta(days=2)}T22:00+00:00")


def harvest(work: Workspace, server: ReplayServer, world: SimulatedWorld) -> None:
    now = tuesday_after(world.last_week)
    server.set_clock(now)
    run_backfill(work, BackfillParams(since=world.last_week, until=world.last_week, sources=("arxiv",)), now)


@pytest.fixture
def watched(open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld) -> tuple[Workspace, list[str]]:
    """An installation that read Wednesday's announcements, and their ids; nothing is harvested yet."""
    work = open_workspace()
    server.set_clock(wednesday(world))
    found = check_completeness(work, wednesday(world))
    assert (found.announced, found.missing, found.exit_code) == (0, (), 0)
    assert found.feed is not None
    assert found.feed.status == "OK"
    assert found.awaited >= found.feed.items > 3
    return work, sorted(item.id.partition(":")[2] for item in _kept(work))


def _kept(work: Workspace) -> Iterator[Item]:
    for folder in (work.crawls / work.world / "arxiv_rss").iterdir():
        yield from read_items(folder)


def later(world: SimulatedWorld, hours: int) -> datetime:
    return tuesday_after(world.last_week) + timedelta(hours=hours)


def test_a_whole_harvest_holds_all_that_was_announced(
    watched: tuple[Workspace, list[str]], server: ReplayServer, world: SimulatedWorld
) -> None:
    work, announced = watched
    harvest(work, server, world)
    found = check_completeness(work, later(world, 1), crawl=False)
    assert found.announced >= len(announced)
    assert (found.missing, found.awaited, found.exit_code) == ((), 0, 0)
    assert work.store.issues(found.run_id) == []


def test_a_paper_that_the_harvest_missed_is_named_fetched_and_counted(
    watched: tuple[Workspace, list[str]], server: ReplayServer, world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, announced = watched
    lost = f"arxiv:{announced[1]}"
    with monkeypatch.context() as patch:
        patch.setattr(
            "scrapers.crawl.read_items", lambda folder: (item for item in read_items(folder) if item.id != lost)
        )
        harvest(work, server, world)
    before = totals(work)

    told = check_completeness(work, later(world, 1), crawl=False)
    assert (told.missing, told.repaired, told.exit_code) == ((lost,), (), 1)
    (issue,) = work.store.issues(told.run_id)
    assert (issue.code, issue.item_id, issue.severity) == ("announced-but-not-held", lost, "warning")
    assert f"missing {lost}" in as_text(told)

    mended = check_completeness(work, later(world, 2), crawl=False, repair=True)
    assert (mended.missing, mended.repaired, mended.exit_code) == ((), (lost,), 0)
    assert work.store.items([lost])[lost].source == "arxiv"
    assert [issue.severity for issue in work.store.issues(mended.run_id) if issue.item_id == lost] == ["info"]
    assert sum(totals(work).values()) == sum(before.values()) + 1
    assert check_completeness(work, later(world, 3), crawl=False).exit_code == 0


def totals(work: Workspace) -> dict[tuple[str, str], int]:
    points = work.store.weekly_counts(work.taxonomy.version, work.classifier.fingerprint)
    found = {(point.source, str(point.week)): point.total or 0 for point in points}
    assert {source for source, _ in found} == {"arxiv"}, "announcements and single papers make no series of their own"
    return found


def test_a_repeat_on_the_same_day_adds_nothing(
    watched: tuple[Workspace, list[str]], server: ReplayServer, world: SimulatedWorld
) -> None:
    work, _ = watched
    harvest(work, server, world)
    first = check_completeness(work, later(world, 1), crawl=False)
    digest = work.store.table_digest()
    assert check_completeness(work, later(world, 2), crawl=False) == first
    assert work.store.table_digest() == digest
    assert work.store.item_count("arxiv_rss") == 0


def test_feeds_that_cannot_be_read_are_no_sign_of_completeness(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work = open_workspace()
    server.set_clock(wednesday(world))
    server.set_faults([Fault(fault="server_error", path=load_source("arxiv_rss").replay_path, times=10_000)])
    found = check_completeness(work, wednesday(world))
    assert isinstance(found, Completeness)
    assert found.exit_code == 3
    stored = work.store.run(found.run_id)
    assert stored is not None
    assert stored.status == "failed"


def test_it_waits_for_no_scan(open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld) -> None:
    from horizon.errors import StoreError

    first, second = open_workspace(), open_workspace()
    with first.exclusive(), pytest.raises(StoreError, match="another scan"):
        check_completeness(second, wednesday(world))
    assert not list(Path(second.crawls).glob("*"))
