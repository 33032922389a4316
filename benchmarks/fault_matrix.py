"""Every source times every misbehaviour: is the verdict right, does the next good run hold all, were manners kept?

Run with `python -m benchmarks.fault_matrix [--sources ...] [--faults ...]`; the table goes to
benchmarks/results/fault_matrix.md. A cell is two crawls of one week as the product runs them, processes of their own,
against a replay server of its own: one while the fault strikes, one after it is over.
"""

import argparse
import os
import platform
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import scrapers.source
from horizon.records import Fetch
from horizon.weeks import IsoWeek
from scrapers.crawl import crawl, read_items
from scrapers.politeness import TIME_SCALE
from scrapers.replay.faults import Fault
from scrapers.replay.server import ReplayServer, Seen, serve, speaks
from scrapers.replay.simulated import SimulatedWorld
from scrapers.source import Source, list_sources, load_source
from taxonomy.load import load_taxonomy

WEEK = IsoWeek(2026, 44)
NOW = datetime.combine(WEEK.sunday + timedelta(days=2), datetime.min.time(), UTC) + timedelta(hours=9)
SCALE = 0.001
_SMALL_PAGES = {"records_a_page": 40, "identifiers_a_page": 200}
_SLOWEST_S = 60.0
_MOST_TRIED = 6
_NOBODY, _STALL, _SHIFT = "host gone", "stall", "record modified between pages"
_STALL_S = 4.0
"""Twice as long as the shortest time that a scaled crawl waits for an answer."""
_FEED, _OWN = "simulated_feed", Path(__file__).parent.parent / "tests/scrapers/fixtures/feed_rss"
_SHIPPED = Path(scrapers.source.__file__).parent / "sources"
Kind = Literal["passing", "lasting"]


@dataclass(frozen=True)
class Trouble:
    """One row. A passing fault strikes one request and may not cost anything; a lasting one strikes all that follow."""

    name: str
    kind: Kind
    rule: Mapping[str, object] | None
    """The fault's rule; None: nobody listens at the address."""
    keyed_only: bool = False
    dialect: str | None = None
    """The only one whose pages it can damage; None: any."""

    def plan(self, source: Source, nth: int) -> list[Fault]:
        times = 1 if self.kind == "passing" else 1_000_000
        if self.rule is None:
            return []
        return [Fault.model_validate({"path": source.replay_path, "nth": nth, "times": times, **self.rule})]


def _rule(fault: str, **more: object) -> dict[str, object]:
    return {"fault": fault, **more}


TROUBLES = (
    Trouble("429", "passing", _rule("too_many")),
    Trouble("429 for ever", "lasting", _rule("too_many")),
    Trouble("503, Retry-After 0", "passing", _rule("unavailable")),
    Trouble("503 for ever", "lasting", _rule("unavailable")),
    Trouble("503, Retry-After 120", "passing", _rule("retry_after_120")),
    Trouble("503, Retry-After a date", "passing", _rule("retry_after_date")),
    Trouble(_STALL, "passing", _rule("stall", seconds=_STALL_S)),
    Trouble("reset in mid-body", "passing", _rule("cut")),
    Trouble("truncated body", "passing", _rule("truncated")),
    Trouble("HTML page", "passing", _rule("html")),
    Trouble("HTML for ever", "lasting", _rule("html")),
    Trouble("wrong charset", "passing", _rule("wrong_encoding")),
    Trouble("empty page in the middle", "passing", _rule("empty_page")),
    Trouble("empty body", "passing", _rule("empty")),
    Trouble("duplicated record", "passing", _rule("duplicate")),
    Trouble("record lost between pages", "passing", _rule("missing")),
    Trouble(_SHIFT, "passing", _rule("shift"), dialect="oai_pmh"),
    Trouble("expired token", "passing", _rule("bad_token")),
    Trouble("expired credential", "passing", _rule("expired_credential"), keyed_only=True),
    Trouble("credential refused for ever", "lasting", _rule("expired_credential"), keyed_only=True),
    Trouble("403 for ever", "lasting", _rule("forbidden")),
    Trouble("quota refusal for ever", "lasting", _rule("quota")),
    Trouble(_NOBODY, "lasting", None),
    Trouble("redirect loop", "lasting", _rule("redirect_loop")),
    Trouble("1 GB answer", "lasting", _rule("huge", megabytes=1024)),
    Trouble("slow drip", "passing", _rule("slow_drip", seconds=30)),
    Trouble("clock 400 days behind", "lasting", _rule("clock_skew")),
)
_HARMLESS = ("clock 400 days behind",)
"""Lasting, and yet nothing is missing: such a crawl may say OK."""
_NEEDS_A_TOTAL = ("record lost between pages",)
"""What only a source that tells how much there is can be caught at."""
Items = dict[str, str]


_HEAD = """# Fault matrix

One simulated week, crawled while a fault strikes and once more after it. A word is the verdict under the fault. A
cell is red (✗) when the verdict is wrong (OK without all items), when an item is lost or doubled after the next good
run, or when two requests met or one address was hammered; n/a: the fault finds nothing to damage in this feed.
Passing faults strike one request, the second or the next that holds what they damage; lasting ones strike every
request. *Record modified between pages*: a paper already read is changed, so that every later page begins one record
too late; only arXiv's OAI pages are cut by a date of change. In the other feeds *record lost between pages* stands for
it. A stalled answer takes {stall:g} s where a client waits 2. The drop folder has no network: what can happen to its
files stands in tests/scrapers/test_drop_folder.py. `simulated_feed` is an RSS source that an operator adds by one YAML.
Such a feed tells of no total: what it leaves out cannot be known (rows of lost records are n/a), and so its items make
no series. Items of the undisturbed week: {usual}.
Python {python}, waits at {scale:g} of the real ones. Written by `python -m benchmarks.fault_matrix`.
Green: {green} of {total}.

"""


@dataclass(frozen=True)
class Run:
    """One crawl: its verdict, its items as they were written, and what the server saw."""

    fetch: Fetch
    items: Items
    seen: tuple[Seen, ...]


@dataclass
class Cell:
    """What one source made of one trouble."""

    source: str
    trouble: str
    struck: Run
    after: Run
    faults: list[str] = field(default_factory=list)
    """What is wrong; none: the cell is green."""
    moved: bool = False
    """Whether a record was modified while the pages were read."""

    @property
    def bites(self) -> bool:
        """Whether the fault found anything to damage; else the cell proves nothing."""
        if self.trouble == _SHIFT:
            return self.moved
        return any(seen.fault for seen in self.struck.seen) or self.trouble == _NOBODY

    @property
    def text(self) -> str:
        if not self.bites and not self.faults:
            return "n/a"
        verdict = self.struck.fetch.status.replace("NO_RESULTS", "NONE")
        return f"{verdict} ✗" if self.faults else verdict


@cache
def world() -> SimulatedWorld:
    return SimulatedWorld(load_taxonomy(), seed=3, items_per_week=150, last_week=IsoWeek(2026, 46), weeks=8)


def sources() -> list[Source]:
    """Those that crawl over the network and that the simulated world speaks, weekly or not."""
    found = [load(name) for name in (*list_sources(_SHIPPED), _FEED)]
    return [source for source in found if speaks(source.replay_path, simulated=True)]


def load(source_id: str) -> Source:
    """A shipped source, or the RSS feed that stands for those of an operator."""
    return load_source(source_id, _OWN if source_id == _FEED else None)


def troubles_of(source: Source) -> list[Trouble]:
    spoken = [trouble for trouble in TROUBLES if trouble.dialect in (None, source.dialect)]
    if source.dialect == "rss_feed":
        spoken = [trouble for trouble in spoken if trouble.name not in _NEEDS_A_TOTAL]
    return [trouble for trouble in spoken if source.keys or not trouble.keyed_only]


@contextmanager
def quiet_waits(folder: Path) -> Iterator[None]:
    """Locks and pauses in a folder of their own, waits a thousandth of the real ones."""
    changed = {"TMPDIR": str(folder), TIME_SCALE: str(SCALE), "HORIZON_SOURCES_DIR": str(_OWN)}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def crawl_once(source: Source, server: ReplayServer, out: Path, base_url: str | None = None) -> Run:
    """One crawl in a process of its own. The pauses that it leaves are over when the next one begins."""
    server.clear_log()
    since, until = source.window(WEEK)
    with tempfile.TemporaryDirectory() as locks, quiet_waits(Path(locks)):
        url = base_url or source.at_replay(server.url)
        today = NOW.date()
        fetch = crawl(source.id, since, until, WEEK, out, base_url=url, timeout_s=_SLOWEST_S * 3, server_date=today)
    return Run(fetch, {item.id: item.model_dump_json() for item in read_items(out)}, server.requests)


@contextmanager
def _server(plan: Sequence[Fault] = ()) -> Iterator[ReplayServer]:
    with serve(world(), NOW, plan) as server:
        for feed in server.feeds.values():
            for name, size in _SMALL_PAGES.items():
                if hasattr(feed, name):
                    setattr(feed, name, size)
        yield server


@cache
def calm(source_id: str) -> Run:
    """The undisturbed crawl that every other is measured by."""
    with tempfile.TemporaryDirectory() as folder, _server() as server:
        return crawl_once(load(source_id), server, Path(folder) / "w")


def try_cell(source: Source, trouble: Trouble) -> Cell:
    """Crawl under the trouble and after it, and judge both."""
    usual = calm(source.id)
    for nth in _order(len(usual.seen), trouble):
        cell = _try_at(source, trouble, nth, usual)
        if cell.bites:
            break
    return cell


def _order(requests: int, trouble: Trouble) -> list[int]:
    """Which request is struck: the second, or the next that holds what this fault damages."""
    if trouble.kind == "lasting":
        return [1]
    return sorted(range(1, min(requests, _MOST_TRIED) + 1), key=lambda nth: (nth == 1, nth)) or [1]


def _try_at(source: Source, trouble: Trouble, nth: int, usual: Run) -> Cell:
    with tempfile.TemporaryDirectory() as folder, _server(trouble.plan(source, nth)) as server:
        out = Path(folder) / "w"
        struck = crawl_once(source, server, out, _nobody(source) if trouble.rule is None else None)
        if trouble.name == _STALL:
            # The server notes an answer when it has sent it, long after the client has given it up.
            time.sleep(_STALL_S)
            struck = replace(struck, seen=server.requests)
        server.set_faults(())
        moved = bool(server.stage.view.touched)
        # A finished crawl is not repeated; the overlap of the next week's window reads its days again.
        again = Path(folder) / "next" if struck.fetch.status in ("OK", "NO_RESULTS") else out
        after = crawl_once(source, server, again)
    cell = Cell(source.id, trouble.name, struck, after, moved=moved)
    cell.faults += [*_judge_struck(usual, struck, trouble), *_judge_after(usual, after)]
    cell.faults += _judge_manners(source, struck)
    return cell


def _nobody(source: Source) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return source.at_replay(f"http://127.0.0.1:{free.getsockname()[1]}")


def _judge_struck(usual: Run, struck: Run, trouble: Trouble) -> Iterator[str]:
    if usual.fetch.status != "OK" or not usual.items:
        yield f"the undisturbed crawl is {usual.fetch.status} with {len(usual.items)} items: {usual.fetch.reason}"
    status = struck.fetch.status
    if status in ("OK", "NO_RESULTS") and set(struck.items) != set(usual.items):
        yield f"says {status} and lacks {len(set(usual.items) - set(struck.items))} of {len(usual.items)} items"
    if status in ("OK", "NO_RESULTS") and trouble.kind == "lasting" and trouble.name not in _HARMLESS:
        yield f"says {status} though it was struck all the time"
    if status == "PARTIAL" and not struck.fetch.reason:
        yield "PARTIAL without a reason"
    if set(struck.items) - set(usual.items):
        yield f"invents {len(set(struck.items) - set(usual.items))} items"


def _judge_after(usual: Run, after: Run) -> Iterator[str]:
    if after.fetch.status != usual.fetch.status:
        yield f"after it, the next run is {after.fetch.status}: {after.fetch.reason}"
    lacking = set(usual.items) - set(after.items)
    if lacking:
        yield f"after it, {len(lacking)} of {len(usual.items)} items are lost"
    if set(after.items) - set(usual.items):
        yield f"after it, {len(set(after.items) - set(usual.items))} items too many"
    other = [item for item in set(usual.items) & set(after.items) if usual.items[item] != after.items[item]]
    if other:
        yield f"after it, {len(other)} items read otherwise, for example {min(other)}"


def _judge_manners(source: Source, run: Run) -> Iterator[str]:
    """One connection, the delay between two requests, and no hammering of one address."""
    # An answer given up by the client goes on sleeping in the server: it is no second connection.
    answered = [seen for seen in run.seen if seen.fault not in ("stall", "slow_drip", "huge")]
    ordered = sorted(answered, key=lambda seen: seen.started_s)
    for one, two in pairwise(ordered):
        if two.started_s < one.ended_s:
            yield f"two requests at once: {one.query[:80]} and {two.query[:80]}"
            break
    manners = source.politeness
    most = 2 * (1 + len(manners.retry_waits_s)) + len(manners.throttled_waits_s) + 4
    counts: dict[tuple[str, str], int] = {}
    for seen in run.seen:
        counts[seen.path, seen.query] = counts.get((seen.path, seen.query), 0) + 1
    worst = max(counts.values(), default=0)
    if worst > most:
        yield f"{worst} requests for one address, at most {most} expected"
    refused = [number for number, seen in enumerate(ordered) if seen.status == 403 and seen.fault == "forbidden"]
    if refused and refused[0] < len(ordered) - 1 and not source.keys:
        yield "asked again after 403"


def table(cells: Sequence[Cell]) -> str:
    """Markdown: the matrix, and below it every red cell with what is wrong."""
    columns = list(dict.fromkeys(cell.source for cell in cells))
    found = {(cell.source, cell.trouble): cell for cell in cells}
    rows = [trouble.name for trouble in TROUBLES if any((column, trouble.name) in found for column in columns)]
    lines = ["| trouble | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for row in rows:
        texts = [found[column, row].text if (column, row) in found else "n/a" for column in columns]
        lines.append(f"| {row} | " + " | ".join(texts) + " |")
    red = [f"- {cell.source}, {cell.trouble}: {'; '.join(cell.faults)}" for cell in cells if cell.faults]
    return "\n".join([*lines, "", *(red or ["No cell is red."]), ""])


def _head(cells: Sequence[Cell]) -> str:
    usual = ", ".join(f"{name} {len(calm(name).items)}" for name in dict.fromkeys(cell.source for cell in cells))
    biting = [cell for cell in cells if cell.bites or cell.faults]
    green = sum(not cell.faults for cell in biting)
    told = {"python": platform.python_version(), "scale": SCALE, "stall": _STALL_S}
    return _HEAD.format(usual=usual, green=green, total=len(biting), **told)


def main(argv: Sequence[str] | None = None) -> int:
    """Fill the matrix and write it; exit code 1 when a cell is red."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", help="comma-separated; default: all that the simulated world speaks")
    parser.add_argument("--faults", help="comma-separated names of rows; default: all")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results/fault_matrix.md"))
    given = parser.parse_args(argv)
    chosen = [source for source in sources() if given.sources is None or source.id in given.sources.split(",")]
    cells = []
    for source in chosen:
        for trouble in troubles_of(source):
            if given.faults is None or trouble.name in given.faults.split(","):
                cells.append(try_cell(source, trouble))
                print(source.id, "|", trouble.name, "|", cells[-1].text, *cells[-1].faults, flush=True)
    text = _head(cells) + table(cells)
    given.results.write_text(text, encoding="utf-8")
    print(text)
    return 1 if any(cell.faults for cell in cells) else 0


if __name__ == "__main__":
    sys.exit(main())
