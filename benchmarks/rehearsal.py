"""Rehearsal of production on real records: harvest years, then scan weeks through the replay server, some with faults.

Run it with `make rehearsal`. It proves, and writes to benchmarks/results/rehearsal.md:

* no item is lost: every record that the corpus announces in a scanned window is in the store;
* a second scan of each week adds no row and writes the same bytes;
* a scan killed in the crawl and one killed in the ingest resume and end identical to an undisturbed one.
"""

import argparse
import hashlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flows.demo import without_waits
from flows.scan import BackfillParams, ScanSummary, WeeklyParams, run_backfill, run_weekly_scan
from flows.workspace import Workspace
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from scrapers.replay.corpus import load_corpus
from scrapers.replay.faults import Fault
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.world import World

log = logging.getLogger("rehearsal")

HISTORY = (IsoWeek(2010, 1), IsoWeek(2017, 52))
WEEKS = tuple(
    IsoWeek.parse(text)
    for text in (
        "2018-W06",
        "2018-W19",
        "2018-W32",
        "2018-W46",
        "2019-W08",
        "2019-W21",
        "2019-W34",
        "2019-W47",
    )
)
FAULTS: dict[str, tuple[Fault, ...]] = {
    "2018-W19": (
        Fault(fault="unavailable", verb="ListRecords", times=2),
        Fault(fault="truncated", verb="ListRecords", token=True),
    ),
    "2019-W08": (
        Fault(fault="missing", verb="ListRecords", times=2),
        Fault(fault="too_many", verb="ListIdentifiers"),
    ),
    "2019-W34": (
        Fault(fault="html", verb="ListRecords"),
        Fault(fault="bad_token", verb="ListRecords", token=True),
        Fault(fault="duplicate", verb="ListRecords", nth=2),
    ),
}


@dataclass
class WeekResult:
    """What one scanned week proved."""

    week: IsoWeek
    summary: ScanSummary
    wall_s: float
    announced: int
    lost: int
    rows_added_by_repeat: int
    bytes_equal: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Run all; exit code 1 if anything was lost, changed or different."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var/rehearsal"), help="folder for database and briefs")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results/rehearsal.md"))
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    shutil.rmtree(given.data, ignore_errors=True)
    given.data.mkdir(parents=True)
    corpus = Settings().shared_data / "arxiv"
    world = load_corpus(corpus, since=HISTORY[0].monday, until=WEEKS[-1].sunday + timedelta(days=14))
    with serve(world, _scan_time(HISTORY[1])) as server, without_waits():
        lines = _rehearse(given.data, world, server)
    given.results.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return int(any("FAILED" in line for line in lines))


def _rehearse(folder: Path, world: World, server: ReplayServer) -> list[str]:
    settings = Settings.in_folder(folder / "main").model_copy(update={"replay_url": server.url})
    lines = ["# Rehearsal on real arXiv records", ""]
    with Workspace(settings) as work:
        start = time.perf_counter()
        history = run_backfill(work, BackfillParams(since=HISTORY[0], until=HISTORY[1]), _scan_time(HISTORY[1]))
        wall_s = time.perf_counter() - start
        lines += [
            f"Backfill {HISTORY[0]} to {HISTORY[1]}: {history.ingested} items ingested, "
            f"{history.classified} classified, {history.counted} weekly counts in {wall_s:.0f} s; "
            f"{_lost(work, _announced(world, HISTORY[0].monday, HISTORY[1].sunday))} lost.",
            "",
        ]
        results = [_scan_week(work, world, server, week) for week in WEEKS]
    return [*lines, *_table(results), "", *_killed(folder, server)]


def _scan_time(week: IsoWeek) -> datetime:
    """Tuesday after the week, 09:00 UTC, as arXiv advises."""
    return week.end + timedelta(days=1, hours=9)


def _scan_week(work: Workspace, world: World, server: ReplayServer, week: IsoWeek) -> WeekResult:
    now = _scan_time(week)
    server.set_clock(now)
    server.set_faults(FAULTS.get(str(week), ()))
    start = time.perf_counter()
    summary = run_weekly_scan(work, WeeklyParams(week=week), now)
    wall_s = time.perf_counter() - start
    server.set_faults(())
    log.info("%s %s in %.1f s", week, [fetch.status for fetch in summary.fetches], wall_s)
    fetch = summary.fetches[-1]
    announced = _announced(world, fetch.since, fetch.until)
    before, written = _rows(work), _bytes(summary.briefs)
    again = run_weekly_scan(work, WeeklyParams(week=week), now + timedelta(hours=5))
    return WeekResult(
        week=week,
        summary=summary,
        wall_s=wall_s,
        announced=len(announced),
        lost=_lost(work, announced),
        rows_added_by_repeat=_rows(work) - before,
        bytes_equal=_bytes(again.briefs) == written,
    )


def _announced(world: World, first: date, last: date) -> list[str]:
    """Ids of all that the corpus announced from `first` to `last`, read from the corpus itself and not by the feed."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()
    end = datetime(last.year, last.month, last.day, tzinfo=UTC).timestamp() + 86_400
    events = world.events
    inside = (events.modified >= start) & (events.modified < end)
    return [f"arxiv:{bytes(paper).decode()}" for paper in events.ids[inside]]


def _lost(work: Workspace, announced: Sequence[str]) -> int:
    return len(announced) - len(work.store.items(announced))


def _rows(work: Workspace) -> int:
    return sum(rows for rows, _ in work.store.table_digest().values())


def _bytes(paths: Sequence[Path]) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _table(results: Sequence[WeekResult]) -> list[str]:
    head = (
        "| week | faults | fetch | announced | lost | refused | repaired | wall s | rows a repeat adds | same bytes |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|---|---|"]
    for found in results:
        fetch = found.summary.fetches[-1]
        faults = ", ".join(fault.fault for fault in FAULTS.get(str(found.week), ())) or "none"
        lines.append(
            f"| {found.week} | {faults} | {fetch.status} | {found.announced} | {found.lost} | {fetch.refused} | "
            f"{fetch.repaired} | {found.wall_s:.1f} | {found.rows_added_by_repeat} | {found.bytes_equal} |"
        )
    good = all(
        found.lost == 0 and found.rows_added_by_repeat == 0 and found.bytes_equal and not found.summary.mismatches
        for found in results
    )
    return [*lines, "", f"Weeks: {'every check held' if good else 'FAILED'}."]


def _killed(folder: Path, server: ReplayServer) -> list[str]:
    """Scan one week undisturbed, killed in the crawl and killed in the ingest; all three must end the same."""
    week = WEEKS[0]
    server.set_clock(_scan_time(week))
    undisturbed = _scan_killed(folder / "undisturbed", server, week, None)
    lines = []
    for stage in ("crawl", "ingest"):
        found = _scan_killed(folder / f"killed-in-{stage}", server, week, stage)
        same = "identical to the undisturbed scan" if found == undisturbed else "FAILED: different"
        lines.append(f"Killed with SIGKILL in the {stage} and resumed: {same} ({len(found)} digests compared).")
    return lines


def _scan_killed(folder: Path, server: ReplayServer, week: IsoWeek, stage: str | None) -> dict[str, str]:
    """Digests of all tables and brief files after the scan, and after a kill and a resumption if a stage is named."""
    command = [sys.executable, "-m", "horizon", "scan", "--week", str(week), "--data", str(folder)]
    command += ["--as-of", _scan_time(week).isoformat()]
    environment = {**os.environ, "HORIZON_REPLAY_URL": server.url}
    if stage:
        # A page that answers late leaves time to strike in the middle of the crawl.
        server.set_faults([Fault(fault="stall", verb="ListIdentifiers", seconds=2)] if stage == "crawl" else [])
        process = subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
        _wait_for(stage, folder, process)
        os.killpg(process.pid, signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            raise RuntimeError(f"the scan ended before it could be killed in the {stage}")
        server.set_faults(())
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    with Workspace(Settings.in_folder(folder)) as work:
        tables = {name: digest for name, (_, digest) in work.store.table_digest().items()}
    return tables | _bytes(sorted((folder / "briefs" / str(week)).iterdir()))


def _wait_for(stage: str, folder: Path, process: "subprocess.Popen[bytes]") -> None:
    """Until a page lies in the crawl folder, or until the ingest has begun to write."""
    deadline = time.monotonic() + 120
    begun = _size_of_journal(folder)
    while time.monotonic() < deadline and process.poll() is None:
        if stage == "crawl" and any(folder.glob("crawls/*/*/*/pages/*")):
            return
        if any(folder.glob("crawls/*/*/*/fetch.json")):
            if stage == "ingest" and _size_of_journal(folder) > begun:
                return
        else:
            begun = _size_of_journal(folder)
    raise RuntimeError(f"the {stage} was never seen")


def _size_of_journal(folder: Path) -> int:
    path = folder / "horizon.sqlite-wal"
    return path.stat().st_size if path.exists() else 0


if __name__ == "__main__":
    sys.exit(main())
