"""Seconds and sizes of an issue in every format and both languages, written by one call as `horizon brief` does.

    python -m benchmarks.brief_formats [BRIEF.json]

Each format in turn in one fresh process, so that the first of a kind also pays for its libraries; wall and CPU seconds.
Default is the newest brief of the demonstration (`horizon demo`). Then all once more by `write_brief`, timed as one,
and the whole command `horizon brief` of each kind, which reads the store, writes, verifies and publishes.
"""

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from horizon.errors import UsageError
from reports.facts import Brief
from reports.write import FORMATS, write_brief

RESULT = Path(__file__).parent / "results" / "brief_formats.md"
DEMO = Path("var/demo/briefs")
ASKED_S = 20
KINDS: tuple[tuple[str, ...], ...] = (("weekly",), ("quarterly",), ("group", "--area", "quantum_technology"))


class Cost(NamedTuple):
    """Of one format in both languages."""

    name: str
    wall_s: float
    cpu_s: float
    kilobytes: tuple[float, ...]


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and write the table."""
    file = Path(arguments[0]) if arguments else max(DEMO.glob("*/brief.json"), default=DEMO)
    if not file.is_file():
        raise UsageError(f"expected a brief.json, found none at {file}; run `horizon demo` or name one")
    load = os.getloadavg()[0]
    brief = Brief.model_validate_json(file.read_bytes())
    with TemporaryDirectory() as name:
        folder = Path(name)
        costs = [_cost(brief, folder, each, (each,)) for each in FORMATS]
        whole = _cost(brief, folder / "again", "all of them again", FORMATS)
    table = _table(brief, costs, whole, load) + _commands(file.parents[2], brief)
    RESULT.write_text(table, encoding="utf-8")
    print(table)


def _cost(brief: Brief, folder: Path, name: str, formats: Sequence[str]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    paths = write_brief(brief, folder, formats=formats)
    wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(name, wall_s, cpu_s, tuple(path.stat().st_size / 1000 for path in paths))


def _commands(data: Path, brief: Brief) -> str:
    """A table of the whole command of each kind, in a process of its own; the issues in `data` are written again."""
    rows = []
    for kind in KINDS:
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        when = ["--week", str(brief.header.week), "--as-of", brief.header.cut_off.isoformat()]
        command = [sys.executable, "-m", "horizon", "brief", "--data", str(data), *when, "--kind", *kind]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wall_s, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        rows.append(f"| {kind[0]} | {wall_s:.1f} | {cpu_s:.1f} |")
    head = ["", "`horizon brief --kind`, six formats, both languages, read, written, verified and published:", ""]
    return "\n".join([*head, "| kind | wall s | CPU s |", "|---|---|---|", *rows]) + "\n"


def _table(brief: Brief, costs: Sequence[Cost], whole: Cost, load: float) -> str:
    total = sum(cost.wall_s for cost in costs)
    rows = [
        f"| {cost.name} | {cost.wall_s:.2f} | {cost.cpu_s:.2f} | {' + '.join(f'{size:,.0f}' for size in sizes)} |"
        for cost in (*costs, whole)
        if (sizes := cost.kilobytes if len(cost.kilobytes) < 3 else (sum(cost.kilobytes),))
    ]
    return "\n".join(
        [
            "# Formats of a brief",
            "",
            f"The brief of {brief.header.week} ({brief.header.world} world, {len(brief.sources)} sources, "
            f"{len(brief.areas)} rows of areas, {len(brief.items)} items) in Chinese and English, "
            f"{os.cpu_count()} cores, Python {platform.python_version()} (`python -m benchmarks.brief_formats`). "
            f"Other work on the machine when it began: load {load:.1f}. The first format of a kind also pays for "
            "loading its libraries.",
            "",
            "| format | wall s, both languages | CPU s | kB, zh + en |",
            "|---|---|---|---|",
            *rows,
            "",
            f"In all {total:.1f} s, {sum(cost.cpu_s for cost in costs):.1f} of them of the processor, from a cold "
            f"start (asked for: {ASKED_S}).",
        ]
    ) + "\n"  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
