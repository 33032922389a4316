"""SIGKILL at ten random moments of a scan over all sources: the next scan must end as an undisturbed one.

Run with `python -m benchmarks.kill`; the table goes to benchmarks/results/kill.md. A moment is a request of the scan,
drawn by a seed, and up to half a second after it: in the middle of a download, of a parse, of an ingest between two
sources. What is compared: every table of the database and every file of the briefs.
"""

import argparse
import hashlib
import os
import platform
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.demo import without_waits
from flows.workspace import Workspace
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from scrapers.replay.server import ReplayServer, serve, speaks
from scrapers.replay.simulated import SimulatedWorld
from scrapers.source import list_sources, load_source
from taxonomy.load import load_taxonomy

WEEK = IsoWeek(2026, 44)
NOW = datetime.combine(WEEK.sunday + timedelta(days=2), datetime.min.time(), UTC) + timedelta(hours=9)
MOMENTS = 10
SEED = 20261123
RESULTS = Path(__file__).parent / "results"
_LATEST_S = 0.5
_LONGEST_S = 300.0
_WEEKLY = ("oai_pmh", "biorxiv_details", "europepmc", "epo_ops", "epo_publications", "uspto_bulk")
"""Dialects of sources for a weekly scan."""


@dataclass(frozen=True)
class Moment:
    """When a scan is killed: so long after its request of this number was answered."""

    request: int
    late_s: float


@dataclass(frozen=True)
class Killed:
    """One scan, killed and taken up again."""

    moment: Moment
    asked: str
    """Path of the last request before the kill."""
    finished: tuple[str, ...]
    """Sources whose crawl had its verdict by then."""
    different: tuple[str, ...]
    """Tables and files that differ from the undisturbed scan."""


def sources() -> list[str]:
    """Those of a weekly scan that the simulated world speaks, by name and not by what their YAML turns on today."""
    found = [load_source(name) for name in list_sources()]
    chosen = [source for source in found if source.dialect in _WEEKLY]
    return [source.id for source in chosen if speaks(source.replay_path, simulated=True)]


def world() -> SimulatedWorld:
    return SimulatedWorld(load_taxonomy(), seed=3, items_per_week=150, last_week=IsoWeek(2026, 46), weeks=8)


@contextmanager
def running() -> Iterator[ReplayServer]:
    """A replay server without faults, whose pages are small enough that a kill may come between two of them."""
    with TemporaryDirectory() as locks, serve(world(), NOW) as server, without_waits():
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = locks
        for feed in server.feeds.values():
            if hasattr(feed, "records_a_page"):
                feed.records_a_page = 40
        try:
            yield server
        finally:
            if before is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before


def draw(requests: int, seed: int = SEED, moments: int = MOMENTS) -> list[Moment]:
    """The same moments for the same seed and number of requests."""
    rng = random.Random(seed)
    return [Moment(rng.randint(1, requests), round(rng.uniform(0, _LATEST_S), 3)) for _ in range(moments)]


def scan(folder: Path, server: ReplayServer) -> Mapping[str, str]:
    """A whole scan as the operator starts it; its exit code and the digests of all tables and brief files."""
    code = subprocess.run(_command(folder), env=_environment(server), check=False, stdout=subprocess.DEVNULL).returncode
    if code not in (0, 1):
        raise RuntimeError(f"the scan ended with exit code {code}")
    with Workspace(Settings.in_folder(folder)) as work:
        tables = {f"table {name}": digest for name, (_, digest) in work.store.table_digest().items()}
    files = sorted(path for path in (folder / "briefs").rglob("*") if path.is_file())
    # 1: a check of the written brief failed, which is no matter of this measurement as long as it always does.
    told = {"exit code": str(code)}
    return told | tables | {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def kill_and_resume(folder: Path, server: ReplayServer, moment: Moment, undisturbed: Mapping[str, str]) -> Killed:
    """Kill the scan and its crawler at the moment, scan again, and compare."""
    server.clear_log()
    process = subprocess.Popen(
        _command(folder), env=_environment(server), start_new_session=True, stdout=subprocess.DEVNULL
    )
    _wait_for(moment, server, process)
    os.killpg(process.pid, signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        raise RuntimeError(f"the scan had ended before its request {moment.request} could be followed by a kill")
    asked = server.requests[-1].path
    finished = tuple(sorted(path.parent.parent.name for path in folder.glob("crawls/*/*/*/fetch.json")))
    found = scan(folder, server)
    different = {name for name in found.keys() | undisturbed.keys() if found.get(name) != undisturbed.get(name)}
    return Killed(moment, asked, finished, tuple(sorted(different)))


def _wait_for(moment: Moment, server: ReplayServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _LONGEST_S
    while len(server.requests) < moment.request:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the scan never made its request {moment.request}")
        time.sleep(0.002)
    time.sleep(moment.late_s)


def _command(folder: Path) -> list[str]:
    command = [sys.executable, "-m", "horizon", "scan", "--week", str(WEEK), "--data", str(folder)]
    return [*command, "--sources", ",".join(sources()), "--as-of", NOW.isoformat()]


def _environment(server: ReplayServer) -> dict[str, str]:
    return {**os.environ, "HORIZON_REPLAY_URL": server.url}


def table(found: Sequence[Killed], requests: int, digests: int) -> str:
    """Markdown; FAILED stands in it when a scan ended otherwise."""
    same = sum(not killed.different for killed in found)
    lines = [
        "# SIGKILL in a scan over all sources",
        "",
        f"{len(found)} scans of one simulated week over {', '.join(sources())} ({requests} requests), each killed at "
        f"a moment drawn by seed {SEED}, with its crawler, and started again. Compared with an undisturbed scan: "
        f"{digests} digests of tables and brief files. Python {platform.python_version()}. "
        "Written by `python -m benchmarks.kill`.",
        "",
        "| killed after request | and s | last asked | crawls finished by then | ends |",
        "|---:|---:|---|---:|---|",
    ]
    for killed in found:
        ends = "identical" if not killed.different else "FAILED: " + ", ".join(killed.different)
        moment = killed.moment
        lines.append(f"| {moment.request} | {moment.late_s:.2f} | {killed.asked} | {len(killed.finished)} | {ends} |")
    return "\n".join([*lines, "", f"Identical: {same} of {len(found)}.", ""])


def main(argv: Sequence[str] | None = None) -> int:
    """Ten kills; exit code 1 when a scan ended otherwise than the undisturbed one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=MOMENTS)
    parser.add_argument("--results", type=Path, default=RESULTS / "kill.md")
    given = parser.parse_args(argv)
    with TemporaryDirectory() as name, running() as server:
        undisturbed = scan(Path(name) / "undisturbed", server)
        requests = len(server.requests)
        found = []
        for number, moment in enumerate(draw(requests, moments=given.moments)):
            found.append(kill_and_resume(Path(name) / str(number), server, moment, undisturbed))
            print(found[-1], flush=True)
    text = table(found, requests, len(undisturbed))
    given.results.write_text(text, encoding="utf-8")
    print(text)
    return int(any(killed.different for killed in found))


if __name__ == "__main__":
    sys.exit(main())
