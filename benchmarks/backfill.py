"""A backfill of half a million abstracts by `horizon classify FILE`: rate, memory, and going on after kill -9.

    python -m benchmarks.backfill [ROWS]

Real records of HORIZON_SHARED_DATA (or ../shared/data), each once while they last. With fewer ROWS than 500,000 the
minutes of the whole are reckoned from the rate and said to be so. The killed run is over a tenth of the rows: killed
(SIGKILL, all its processes) once a third is written, run again, and compared byte by byte with an undisturbed one.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from horizon.errors import UsageError

RESULT = Path(__file__).parent / "results" / "backfill.md"
SHARED = Path(os.environ.get("HORIZON_SHARED_DATA", "../shared/data"))
WHOLE = 500_000
ASKED_MINUTES = 40
_SOURCES = {
    "arxiv/*.parquet": ("arxiv_id", "categories"),
    "lifescience/*.parquet": ("ext_id", None),
    "patents/*.parquet": ("publication_number", None),
}


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and write the table."""
    rows = int(arguments[0]) if arguments else WHOLE
    if not (SHARED / "arxiv").is_dir():
        raise UsageError(f"expected records in {SHARED}, found none; set HORIZON_SHARED_DATA")
    with TemporaryDirectory() as name:
        folder = Path(name)
        written = _write(folder / "all.jsonl", rows)
        begin = time.perf_counter()
        _run(folder / "all.jsonl", folder / "all.out").wait()
        seconds, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        size = (folder / "all.out").stat().st_size
        _write(folder / "part.jsonl", rows // 10)
        same, at = _killed(folder)
    table = _table(written, seconds, used, size, same, at)
    RESULT.write_text(table, encoding="utf-8")
    print(table)


def _records() -> Iterator[dict[str, object]]:
    """All records with an abstract, each id once, in the order of the files."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types

    seen: set[str] = set()
    for pattern, (key, codes) in _SOURCES.items():
        for path in sorted(SHARED.glob(pattern)):
            columns = [key, "title", "abstract", *([codes] if codes else [])]
            for batch in pq.ParquetFile(path).iter_batches(5000, columns=columns):
                for row in batch.to_pylist():
                    name = str(row[key])
                    if row["abstract"] and name not in seen:
                        seen.add(name)
                        found = row[codes] if codes else None
                        yield {"id": name, "title": row["title"], "abstract": row["abstract"], "codes": found}


def _write(path: Path, rows: int) -> int:
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for row in islice(_records(), rows):
            file.write(json.dumps(row) + "\n")
            written += 1
    return written


def _run(source: Path, output: Path) -> "subprocess.Popen[bytes]":
    """The product's own command, in a session of its own so that it can be killed whole."""
    command = [sys.executable, "-m", "horizon", "classify", str(source), "-o", str(output)]
    return subprocess.Popen(command, start_new_session=True)


def _killed(folder: Path) -> tuple[bool, int]:
    """Whether a killed and resumed run ends in the bytes of an undisturbed one, and the lines written before."""
    source, output = folder / "part.jsonl", folder / "killed.out"
    _run(source, folder / "part.out").wait()
    third = (folder / "part.out").stat().st_size // 3
    run = _run(source, output)
    while run.poll() is None and sum(path.stat().st_size for path in folder.glob("killed.out.*.part")) < third:
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    lines = sum(path.read_bytes().count(b"\n") for path in folder.glob("killed.out.*.part"))
    _run(source, output).wait()
    return output.read_bytes() == (folder / "part.out").read_bytes(), lines


def _table(rows: int, seconds: float, used: resource.struct_rusage, size: int, same: bool, at: int) -> str:
    cpu = used.ru_utime + used.ru_stime
    minutes = WHOLE / rows * seconds / 60
    how = "measured" if rows >= WHOLE else f"reckoned from {rows:,}"
    end = "the same bytes" if same else "OTHER BYTES"
    return "\n".join(
        [
            "# Backfill",
            "",
            f"{rows:,} distinct records with an abstract through `horizon classify FILE`, {os.cpu_count()} cores, "
            f"model load included (`python -m benchmarks.backfill {rows}`). Asked for: {WHOLE:,} in under "
            f"{ASKED_MINUTES} minutes, resumable, progress shown.",
            "",
            "| what | found |",
            "|---|---|",
            f"| items a second | {rows / seconds:,.0f} |",
            f"| items a CPU-second of all processes together | {rows / cpu:,.0f} |",
            f"| minutes for {WHOLE:,} | {minutes:.1f} ({how}) |",
            f"| peak memory of one process | {used.ru_maxrss // 1024:,} MB |",
            f"| labels written | {size / 1e6:,.0f} MB |",
            f"| killed with SIGKILL after {at:,} lines, run again | {end} as undisturbed |",
        ]
    ) + "\n"  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
