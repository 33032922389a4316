"""Cost of one weekly scan: wall time and peak memory, and how it grows when the store holds ten times the history.

Run with `python -m benchmarks.weekly_flow`; the table goes to benchmarks/results/weekly_flow.md. The scan runs as the
operator runs it, as a command of its own; memory is the sum over it and its crawl process.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.demo import without_waits
from flows.scan import BackfillParams, run_backfill
from flows.workspace import Workspace
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.simulated import SimulatedWorld
from taxonomy.load import load_taxonomy


@dataclass(frozen=True)
class Cost:
    """What one scan took."""

    items_held: int
    new_items: int
    wall_s: float
    peak_mb: float


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items-per-week", type=int, default=8000)
    parser.add_argument("--history-weeks", type=int, default=4, help="the small history")
    parser.add_argument("--times", type=int, default=14, help="weeks of the large history, in small ones")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results/weekly_flow.md"))
    given = parser.parse_args(argv)
    world = SimulatedWorld(
        load_taxonomy(), items_per_week=given.items_per_week, weeks=given.history_weeks * given.times + 1
    )
    with TemporaryDirectory() as folder, serve(world, _tuesday_after(world.last_week)) as server, without_waits():
        # The first scan warms the machine's file cache for all: the better of two small ones is compared.
        tries = [_measure(Path(folder) / f"small-{n}", server, world, given.history_weeks) for n in (1, 2)]
        small = min(tries, key=lambda cost: cost.wall_s)
        large = _measure(Path(folder) / "large", server, world, given.history_weeks * given.times)
    text = _table(small, large)
    given.results.write_text(text, encoding="utf-8")
    print(text)


def _measure(folder: Path, server: ReplayServer, world: SimulatedWorld, weeks: int) -> Cost:
    before, last = world.last_week + -1, world.last_week
    settings = Settings.in_folder(folder).model_copy(update={"replay_url": server.url})
    server.set_clock(_tuesday_after(before))
    with Workspace(settings) as work:
        run_backfill(work, BackfillParams(since=before + (1 - weeks), until=before), _tuesday_after(before))
        held = work.store.item_count()
    server.set_clock(_tuesday_after(last))
    wall_s, peak_mb = _run_scan(folder, server, last)
    with Workspace(settings) as work:
        return Cost(held, work.store.item_count() - held, wall_s, peak_mb)


def _run_scan(folder: Path, server: ReplayServer, week: IsoWeek) -> tuple[float, float]:
    command = [sys.executable, "-m", "horizon", "scan", "--week", str(week), "--data", str(folder)]
    command += ["--as-of", _tuesday_after(week).isoformat()]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | {"HORIZON_REPLAY_URL": server.url}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    peak_kb = 0
    while process.poll() is None:
        peak_kb = max(peak_kb, _group_rss_kb(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"the scan ended with exit code {process.returncode}")
    return time.perf_counter() - start, peak_kb / 1024


def _group_rss_kb(group: int) -> int:
    """Resident memory of all processes of a group; a process that has just ended counts nothing."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if os.getpgid(int(status.parent.name)) == group:
                total += next((int(line.split()[1]) for line in status.read_text().splitlines() if "VmRSS" in line), 0)
        except (ProcessLookupError, FileNotFoundError):
            continue
    return total


def _tuesday_after(week: IsoWeek) -> datetime:
    return week.end + timedelta(days=1, hours=9)


def _table(small: Cost, large: Cost) -> str:
    lines = [
        "# Cost of a weekly scan",
        "",
        f"Simulated world, {os.cpu_count()} cores, Python {platform.python_version()}; crawl from the replay server, "
        "ingest, classify, count, score, briefs in two languages and four formats, verification.",
        "",
        "| items held before | items added | wall s | peak memory MB |",
        "|---|---|---|---|",
        *(
            f"| {cost.items_held} | {cost.new_items} | {cost.wall_s:.1f} | {cost.peak_mb:.0f} |"
            for cost in (small, large)
        ),
        "",
        f"With {large.items_held / small.items_held:.1f} times the history a scan takes "
        f"{large.wall_s / small.wall_s:.2f} times as long.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
