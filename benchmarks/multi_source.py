"""Wall time of one whole week over all sources against the replay server, politeness off, and whose time it is.

Run with `python -m benchmarks.multi_source`; the table goes to benchmarks/results/multi_source.md. The replay server is
a process of its own. A crawl is a chain of one request after the other, so what is neither processor time of the crawl
process nor of this one is waiting: for the server's answer, for the disk, for a processor that another program has.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.kill import sources
from flows.demo import without_waits
from flows.scan import Steps, WeeklyParams, run_weekly_scan
from flows.steps import Crawl
from flows.workspace import Workspace
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from scrapers.archive import parse_archive
from scrapers.source import load_source

WEEK = IsoWeek(2026, 46)
RESULTS = Path(__file__).parent / "results"
_TICKS = os.sysconf("SC_CLK_TCK")
_START = "import scrapers.run, scrapers.spider, scrapy.crawler, twisted.internet.asyncioreactor"


@dataclass
class Cost:
    """Seconds of one part of the week."""

    wall: float = 0.0
    own: float = 0.0
    """Processor time of the scan's process."""
    crawler: float = 0.0
    """Processor time of its crawl processes."""
    server: float = 0.0
    """Processor time of the replay server, which stands for the source."""

    @property
    def ours(self) -> float:
        return self.own + self.crawler

    @property
    def waiting(self) -> float:
        return max(self.wall - self.ours, 0.0)


class Meter:
    """Costs by name; what is measured inside another measurement is taken out of the outer one by the reader."""

    def __init__(self, server: int) -> None:
        self._server, self.costs = server, dict[str, Cost]()

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        cost, start = self.costs.setdefault(name, Cost()), self._now()
        try:
            yield
        finally:
            for part, before, after in zip(fields(cost), start, self._now(), strict=True):
                setattr(cost, part.name, getattr(cost, part.name) + after - before)

    def _now(self) -> tuple[float, float, float, float]:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = Path(f"/proc/{self._server}/stat").read_text().rpartition(")")[2].split()
        server = (int(told[11]) + int(told[12])) / _TICKS
        return time.perf_counter(), time.process_time(), children.ru_utime + children.ru_stime, server

    def wrap(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        """The same step, measured; crawl and ingest by source."""

        def measured(*args: Any, **named: Any) -> Any:
            told = [arg.fetch.source if isinstance(arg, Crawl) else arg for arg in args[2:]]
            source = next((arg for arg in told if isinstance(arg, str)), None)
            with self.measure(f"{name} {source}" if source else name):
                return step(*args, **named)

        return measured


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items-per-week", type=int, default=8000, help="of arXiv; the other sources in proportion")
    parser.add_argument("--results", type=Path, default=RESULTS / "multi_source.md")
    given = parser.parse_args(argv)
    now = WEEK.end + timedelta(days=1, hours=9)
    with TemporaryDirectory() as folder, _server(now, given.items_per_week) as (url, process), without_waits():
        os.environ["TMPDIR"] = folder
        settings = Settings.in_folder(Path(folder) / "data").model_copy(update={"replay_url": url})
        with Workspace(settings) as work:
            lines = _measure(work, now, Meter(process), url)
    text = "\n".join([*_head(given.items_per_week), *lines]) + "\n"
    given.results.write_text(text, encoding="utf-8")
    print(text)


@contextmanager
def _server(now: datetime, items_per_week: int) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "scrapers.replay", "--items-per-week", str(items_per_week), "--weeks", "8"]
    command += ["--last-week", str(WEEK), "--now", now.isoformat()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"], process.pid
    finally:
        process.terminate()
        process.wait()


def _measure(work: Workspace, now: datetime, meter: Meter, url: str) -> list[str]:
    params = WeeklyParams(week=WEEK, sources=tuple(sources()))
    do = Steps(**{part.name: meter.wrap(part.name, part.default) for part in fields(Steps)})  # type: ignore[arg-type]  # every field has a function
    with meter.measure("the whole week"):
        summary = run_weekly_scan(work, params, now, do)
    if not summary.complete:
        raise RuntimeError(f"expected every source to be read, found {summary.fetches}")
    with urllib.request.urlopen(f"{url}/control/log", timeout=60) as answer:
        requests = len(json.load(answer))
    whole = meter.costs.pop("the whole week")
    rest = Cost(*(getattr(whole, part.name) - _sum(meter, part.name) for part in fields(Cost)))
    costs = {**meter.costs, "opening: taxonomy, model, database": rest, "**the whole week**": whole}
    items = {fetch.source: fetch.items for fetch in summary.fetches}
    return [*_table(costs), "", *_conclusions(whole, items, requests), "", *_parsing(work)]


def _sum(meter: Meter, part: str) -> float:
    total: float = sum(getattr(cost, part) for cost in meter.costs.values())
    return total


def _head(items_per_week: int) -> list[str]:
    return [
        "# One week over all sources",
        "",
        f"Simulated world with {items_per_week:,} arXiv papers a week and the other sources in proportion, week "
        f"{WEEK}, no history; {os.cpu_count()} cores, Python {platform.python_version()}, pauses of politeness off. "
        f"Seconds. Ours: processor time of the scan and its crawl processes; waiting: the rest of the wall time, "
        f"for the replay server's answers, for the disk, and for a processor where the machine is busy (load average "
        f"{os.getloadavg()[0]:.1f} at the end: of 2 or more the wall times say little). "
        "Written by `python -m benchmarks.multi_source`.",
        "",
    ]


def _table(costs: dict[str, Cost]) -> list[str]:
    lines = [
        "| part | wall | ours: crawl process | ours: scan | waiting | server busy |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, cost in costs.items():
        seconds = (cost.wall, cost.crawler, cost.own, cost.waiting, cost.server)
        lines.append(f"| {name.replace('_', ' ', 1)} | " + " | ".join(f"{value:.2f}" for value in seconds) + " |")
    return lines


def _conclusions(whole: Cost, items: dict[str, int], requests: int) -> list[str]:
    start = _start_s()
    told = ", ".join(f"{source} {count:,}" for source, count in items.items())
    return [
        f"Items: {told}; {requests:,} requests.",
        "",
        f"Of {whole.wall:.1f} s, {whole.ours:.1f} s ({whole.ours / whole.wall:.0%}) are ours and "
        f"{whole.waiting:.1f} s ({whole.waiting / whole.wall:.0%}) waiting, the server's own work of "
        f"{whole.server:.1f} s among it. Processor time alone: {whole.ours / (whole.ours + whole.server):.0%} ours. "
        f"Each of the {len(items)} crawl processes takes {start:.2f} s of processor time to start Python and Scrapy, "
        f"{start * len(items):.1f} s in all.",
    ]


def _start_s() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", _START], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _parsing(work: Workspace) -> list[str]:
    """The same answers parsed once more, from the archive: which part of the crawl processes' time is parsing."""
    lines = ["| source | records | parsing alone, s |", "|---|---:|---:|"]
    for name in sources():
        start = time.process_time()
        found = sum(1 for _ in parse_archive(load_source(name), work.raw))
        lines.append(f"| {name} | {found:,} | {time.process_time() - start:.2f} |")
    return [*lines, "", "Records: items and issues that the archived answers give, repeats among them."]


if __name__ == "__main__":
    main()
