"""A source that shows nothing, where the store knows better, is a failed source."""

from datetime import timedelta

from flows import steps
from flows.scan import BackfillParams, WeeklyParams, open_weekly_run, run_backfill
from scrapers.replay.faults import Fault
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from tests.flows.conftest import OpenWorkspace, tuesday_after


def test_an_emptiness_that_contradicts_the_store_is_an_error_and_asked_for_again(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work, week = open_workspace(), world.last_week
    now = tuesday_after(week)
    run_backfill(work, BackfillParams(since=week, until=week, sources=("arxiv",)), now)
    later = now + timedelta(days=1)
    server.set_clock(later)
    server.set_faults([Fault(fault="no_records", times=10_000)])
    run, _ = open_weekly_run(work, WeeklyParams(week=week, sources=("arxiv",)), later)
    window = steps.Window(week.monday + timedelta(days=1), week.sunday, week)
    doubted = steps.crawl_window(work, run, "arxiv", window)
    assert doubted.fetch.status == "ERROR", doubted.fetch
    assert "not believed" in str(doubted.fetch.reason)
    server.set_faults([])
    again = steps.crawl_window(work, run, "arxiv", window)
    assert (again.fetch.status, again.fetch.items > 0) == ("OK", True)


def test_an_empty_week_is_unusual_where_weeks_were_full(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work, week = open_workspace(), world.last_week
    now = tuesday_after(week)
    for number in range(-5, -1):
        run_backfill(work, BackfillParams(since=week + number, until=week + number, sources=("arxiv",)), now)
    server.set_faults([Fault(fault="no_records", times=10_000)])
    run, _ = open_weekly_run(work, WeeklyParams(week=week, sources=("arxiv",)), now)
    crawl = steps.crawl_window(work, run, "arxiv", steps.Window(week.monday, week.sunday, week))
    assert crawl.fetch.status == "NO_RESULTS"
    steps.ingest_crawl(work, run, crawl)
    assert "volume-unusual" in {issue.code for issue in work.store.issues(run.run_id)}
