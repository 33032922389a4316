"""The weekly scan from feed to brief, on a small simulated world behind the replay server."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from flows import steps
from flows.briefs import write_briefs
from flows.scan import (
    FORMATS,
    BackfillParams,
    ScanSummary,
    Steps,
    WeeklyParams,
    open_weekly_run,
    run_backfill,
    run_weekly_scan,
)
from flows.summary import as_text
from flows.workspace import Workspace
from horizon.errors import SourceError, UsageError
from horizon.records import Run, SeriesPoint
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from reports import build
from scrapers.replay.faults import Fault
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from tests.flows.conftest import OpenWorkspace, tuesday_after

# Rendering PDF in every test would cost more than all the rest; the first one renders all.
QUICK = ("json", "md")
ARXIV = ("arxiv",)


def _scan(work: Workspace, server: ReplayServer, week: IsoWeek, formats: tuple[str, ...] = QUICK) -> ScanSummary:
    server.set_clock(tuesday_after(week))
    return run_weekly_scan(work, WeeklyParams(week=week, sources=ARXIV, formats=formats), tuesday_after(week))


def _harvest(work: Workspace, server: ReplayServer, since: IsoWeek, until: IsoWeek) -> ScanSummary:
    server.set_clock(tuesday_after(until))
    return run_backfill(work, BackfillParams(since=since, until=until, sources=ARXIV), tuesday_after(until))


def _brief(summary: ScanSummary) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(summary.briefs[0].read_text(encoding="utf-8"))
    return loaded


def _bytes(summary: ScanSummary) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in summary.briefs}


def test_a_week_is_scanned_into_verified_briefs_in_both_languages(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work = open_workspace()
    harvest = _harvest(work, server, world.first_week, world.last_week + -1)
    summary = _scan(work, server, world.last_week, FORMATS)
    assert harvest.complete
    assert summary.complete
    assert summary.exit_code == 0
    assert summary.mismatches == ()
    assert {path.name for path in summary.briefs} == {
        "brief.json", *(f"brief.{code}.{form}" for code in ("zh", "en") for form in FORMATS if form != "json"),
    }  # fmt: skip
    assert "SIMULATED" in (work.briefs / str(world.last_week) / "brief.en.md").read_text(encoding="utf-8")


def test_a_brief_that_does_not_hold_is_not_published(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = open_workspace()
    server.set_clock(tuesday_after(world.last_week))
    held = _scan(work, server, world.last_week)
    archive = {path: path.read_bytes() for path in work.briefs.rglob("*") if path.is_file()}
    monkeypatch.setattr(build, "bottom_line", lambda known, main: ())

    def tampered(run_work: Workspace, run: Run, languages: Sequence[str], formats: Sequence[str]) -> list[Path]:
        paths = write_briefs(run_work, run, languages, formats)
        monkeypatch.undo()
        return paths

    params = WeeklyParams(week=world.last_week, sources=ARXIV, formats=("md",))
    summary = run_weekly_scan(work, params, tuesday_after(world.last_week), Steps(write_briefs=tampered))
    assert held.mismatches == ()
    assert "bottom_line" in summary.mismatches[0]
    assert (summary.exit_code, summary.briefs) == (1, ())
    assert {path.parent for path in summary.refused} == {work.refused / str(world.last_week)}
    assert {path: path.read_bytes() for path in work.briefs.rglob("*") if path.is_file()} == archive
    assert len(work.store.briefs()) == 1
    assert f"REFUSED, not published: {summary.refused[0]}" in as_text(summary)
    assert _scan(work, server, world.last_week).mismatches == ()
    assert not list(work.refused.iterdir())
    assert not list(work.staging.iterdir())


def test_a_second_scan_adds_no_row_and_writes_the_same_bytes(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work = open_workspace()
    first = _scan(work, server, world.last_week, FORMATS)
    rows, written = work.store.table_digest(), _bytes(first)
    server.clear_log()
    later = tuesday_after(world.last_week + 1)
    second = run_weekly_scan(work, WeeklyParams(week=world.last_week, sources=ARXIV), later)
    assert second.repeated
    assert work.store.table_digest() == rows
    assert _bytes(second) == written
    assert server.requests == ()


def test_a_dead_source_leaves_its_week_unknown_until_the_next_scan_catches_it_up(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work = open_workspace()
    outage = world.outage_week
    _harvest(work, server, outage + -6, outage + -1)
    dark = _scan(work, server, outage)
    assert dark.exit_code == 3
    assert dark.fetches[0].status == "ERROR"
    header = _brief(dark)["header"]
    assert isinstance(header, dict)
    assert header["light"] == "red"
    unknown = [point for point in _points(work, outage, dark) if point.n is not None or point.total is not None]
    assert unknown == []
    caught_up = _scan(work, server, outage + 1)
    assert caught_up.complete
    assert all(point.total for point in _points(work, outage, caught_up))
    # What was known then stays what was known then.
    assert all(point.total is None for point in _points(work, outage, dark))


def _points(work: Workspace, week: IsoWeek, summary: ScanSummary) -> list[SeriesPoint]:
    run = work.store.run(summary.run_id)
    assert run is not None
    return list(
        work.store.weekly_counts(
            run.run.taxonomy,
            run.run.model,
            series="area:quantum_technology",
            since=week,
            until=week,
            as_of=run.run.started,
        )
    )


def test_nothing_is_lost_when_the_feed_misbehaves(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    calm, stormy = open_workspace("calm"), open_workspace("stormy")
    week = world.last_week
    server.feeds["arxiv"].page_size = 25  # type: ignore[attr-defined]  # the arXiv dialect's own knob
    _scan(calm, server, week)
    server.set_faults(
        [
            Fault(fault="unavailable", verb="ListRecords", times=2),
            Fault(fault="truncated", verb="ListRecords", token=True),
            Fault(fault="too_many", verb="ListIdentifiers"),
            Fault(fault="missing", verb="ListRecords", nth=2),
            Fault(fault="duplicate", verb="ListRecords", nth=4),
            Fault(fault="html", verb="ListRecords", nth=6),
        ]
    )
    summary = _scan(stormy, server, week)
    assert summary.complete
    assert stormy.store.item_count() == calm.store.item_count()
    assert stormy.store.table_digest()["item_version"] == calm.store.table_digest()["item_version"]


def test_a_missed_week_is_part_of_the_next_scan(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work = open_workspace()
    _scan(work, server, world.last_week + -3)
    summary = _scan(work, server, world.last_week)
    assert summary.fetches[0].since < (world.last_week + -2).monday
    statuses = work.store.week_statuses("arxiv", world.last_week + -3, world.last_week)
    assert set(statuses.values()) == {"OK"}


def test_a_data_folder_holds_one_world(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld, tmp_path: Path
) -> None:
    work = open_workspace()
    _scan(work, server, world.last_week)
    live = Workspace(Settings(data_dir=tmp_path / "main"))
    assert live.world == "simulated"
    with pytest.raises(UsageError, match="holds the simulated world"):
        _ = live.replay_url
    live.__exit__()


def test_a_replay_server_must_be_on_this_machine(tmp_path: Path) -> None:
    with Workspace(Settings(data_dir=tmp_path, replay_url="http://example.org:80")) as work, pytest.raises(SourceError):
        _ = work.world


def test_an_unfinished_week_is_refused(open_workspace: OpenWorkspace, world: SimulatedWorld) -> None:
    work = open_workspace()
    with pytest.raises(UsageError, match="has not ended"):
        run_weekly_scan(work, WeeklyParams(week=world.last_week + 1), tuesday_after(world.last_week))


def test_a_run_that_stopped_midway_is_taken_up_as_it_was(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, stopped = open_workspace("undisturbed"), open_workspace("stopped")
    _scan(undisturbed, server, world.last_week)
    from flows.scan import PLAIN, Steps

    def power_cut(*_: object) -> int:
        raise KeyboardInterrupt

    now = tuesday_after(world.last_week)
    for step in ("ingest_crawl", "classify_new", "count_weeks", "score_week", "write_briefs"):
        assert hasattr(PLAIN, step)
        params = WeeklyParams(week=world.last_week, sources=ARXIV, formats=QUICK)
        with pytest.raises(KeyboardInterrupt):
            run_weekly_scan(stopped, params, now, Steps(**{step: power_cut}))  # type: ignore[arg-type]
    summary = _scan(stopped, server, world.last_week)
    assert stopped.store.table_digest() == undisturbed.store.table_digest()
    assert (undisturbed.briefs / str(world.last_week) / "brief.json").read_bytes() == summary.briefs[0].read_bytes()


def test_no_run_begins_before_the_newest_one(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work = open_workspace()
    _scan(work, server, world.last_week)
    with pytest.raises(UsageError, match="later --as-of"):
        _scan(work, server, world.last_week + -2)


def test_a_backfill_runs_forwards(open_workspace: OpenWorkspace, world: SimulatedWorld) -> None:
    params = BackfillParams(since=world.last_week, until=world.last_week + -1)
    with pytest.raises(UsageError, match="first week before the last"):
        run_backfill(open_workspace(), params, tuesday_after(world.last_week))


def test_nothing_is_counted_before_it_is_classified(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work = open_workspace()
    server.set_clock(tuesday_after(world.last_week))
    run, _ = open_weekly_run(work, WeeklyParams(week=world.last_week), tuesday_after(world.last_week))
    crawl = steps.crawl_source(work, run, "arxiv")
    assert crawl is not None
    steps.ingest_crawl(work, run, crawl)
    with pytest.raises(UsageError, match="horizon classify"):
        steps.count_weeks(work, run)
