"""Which days a scan asks for: the week, its overlap, and what earlier scans left unknown, no more."""

from datetime import timedelta
from pathlib import Path

import pytest

from flows.steps import Window, plan_window
from flows.workspace import Workspace
from horizon.records import FetchStatus
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from scrapers.source import load_source
from store.database import Store
from tests.store.samples import WEEK, a_fetch, at, begin

SOURCE = "arxiv"


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    return Workspace(Settings(data_dir=tmp_path))


def attempt(store: Store, week: IsoWeek, status: FetchStatus, window: Window) -> None:
    """Record what became of a planned window."""
    run_id = f"run-{week}-{status}"
    begin(store, run_id, day=(week.monday - WEEK.monday).days)
    fetch = a_fetch(status, week).model_copy(update={"since": window.since, "until": window.until})
    store.record_fetch(run_id, fetch, at((week.monday - WEEK.monday).days))


def plan(work: Workspace, week: IsoWeek) -> Window | None:
    return plan_window(work, SOURCE, week, at((week.monday - WEEK.monday).days + 1))


@pytest.mark.parametrize("status", ["ERROR", "PARTIAL"])
def test_failed_attempts_on_a_new_store_reach_back_to_the_first_and_no_further(
    work: Workspace, status: FetchStatus
) -> None:
    overlap = timedelta(days=load_source(SOURCE).overlap_days)
    assert overlap >= timedelta(days=7), "otherwise this test shows nothing"
    begun = WEEK.monday - overlap
    for number in range(4):
        window = plan(work, WEEK + number)
        assert window is not None
        assert window.since == begun, f"attempt {number}"
        attempt(work.store, WEEK + number, status, window)
    window = plan(work, WEEK + 3)
    assert window is not None
    assert window.since == begun, "the same week again"


def test_once_all_is_known_the_next_week_begins_with_its_own_overlap(work: Workspace) -> None:
    window = plan(work, WEEK)
    assert window is not None
    attempt(work.store, WEEK, "ERROR", window)
    window = plan(work, WEEK + 1)
    assert window is not None
    attempt(work.store, WEEK + 1, "OK", window)
    assert plan(work, WEEK + 1) is None
    following = plan(work, WEEK + 2)
    assert following is not None
    assert following.since == (WEEK + 2).monday - timedelta(days=load_source(SOURCE).overlap_days)


def test_weeks_that_nobody_scanned_are_caught_up(work: Workspace) -> None:
    window = plan(work, WEEK)
    assert window is not None
    attempt(work.store, WEEK, "OK", window)
    later = plan(work, WEEK + 3)
    assert later is not None
    assert later.since == (WEEK + 1).monday - timedelta(days=load_source(SOURCE).overlap_days)
    assert later.until >= (WEEK + 3).sunday
