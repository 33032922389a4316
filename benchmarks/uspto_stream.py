"""A weekly USPTO file of 1 GB through our parser, in bounded memory: `python -m benchmarks.uspto_stream`.

The file is built from invented documents of three sizes, in the proportions of a real week, with 60 citations each:
most of a document is its description, which is looked through and never held. Memory is the peak of a process that does
nothing else. The last row is a crawler's way: the file in a zip without compression is fetched from a server on this
machine by our downloader, kept on disk and parsed from there.
"""

import platform
import random
import resource
import subprocess
import sys
import threading
import time
import zipfile
from datetime import UTC, date, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from horizon.records import Issue, Item
from horizon.weeks import IsoWeek
from scrapers.parsers.uspto_xml import parse_items
from scrapers.replay.uspto_documents import Patent, document
from scrapers.replay.world import Paper, Version
from scrapers.source import Source, load_source
from scrapers.unwrap import unwrap

SIZE = 1 << 30
LARGEST_MB = 300
RESULTS = Path(__file__).parent / "results"
_DAY = date(2026, 3, 10)
_SENTENCE = "SIMULATED sentence {n} of a description that nobody has written, as long as a real one is on the average. "
_CITATION = (
    '<us-citation><patcit num="{n:05d}"><document-id><country>US</country><doc-number>{n}</doc-number><kind>B2</kind>'
    "<name>Nobody et al.</name><date>20100100</date></document-id></patcit><category>cited by applicant</category>"
    "<classification-national><country>US</country><main-classification>{n}</main-classification>"
    "</classification-national></us-citation>\n"
)
# The largest part of a real bibliography, and one that no item needs.
_CITED = f"<us-references-cited>{''.join(_CITATION.format(n=n) for n in range(60))}</us-references-cited>".encode()
# Kilobytes of description and how often: a week of 7,000 grants has about 1 GB.
_SIZES = ((40, 50), (130, 40), (500, 10))


def _document(number: int, kilobytes: int) -> bytes:
    paper = Paper(
        id=f"2603.{number:05d}",
        title=f"SIMULATED apparatus {number} for <cold> matter",
        abstract="".join(_SENTENCE.format(n=n) for n in range(7)),
        authors="Ann Other, B. Body, Carl Nobody",
        categories="quant-ph cs.RO eess.SP",
        versions=(Version(1, datetime(2026, 3, 2, tzinfo=UTC), 20),),
        announced=date(2026, 3, 2),
    )
    text = "".join(_SENTENCE.format(n=n) for n in range(kilobytes * 1024 // 108))
    data = document(Patent("grant", f"{12_000_000 + number}", "B2", _DAY, paper), text)
    return data.replace(b"</invention-title>", b"</invention-title>\n" + _CITED, 1)


def build(path: Path, size: int = SIZE) -> int:
    """Write a file of this size; gives the number of documents."""
    rng = random.Random(3)
    texts = {kilobytes: _document(0, kilobytes) for kilobytes, _ in _SIZES}
    written = count = 0
    with path.open("wb") as out:
        while written < size:
            kilobytes = rng.choices([k for k, _ in _SIZES], [often for _, often in _SIZES])[0]
            data = texts[kilobytes].replace(b"12000000", f"{12_000_000 + count}".encode(), 1)
            written += out.write(data)
            count += 1
            if count % 100 == 0:
                written += out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<sequence-cwu>acgt</sequence-cwu>\n')
    return count


def measure(place: str) -> None:
    """Parse one file, or fetch it first; print items, errors, CPU seconds, wall seconds, peak megabytes."""
    start, wall = time.process_time(), time.perf_counter()
    if place.startswith("http:"):
        with TemporaryDirectory() as folder:
            _parse(fetch(place, Path(folder)), start, wall)
    else:
        _parse(Path(place), start, wall)


def _parse(path: Path, start: float, wall: float) -> None:
    items = errors = 0
    with path.open("rb") as file:
        for stream in unwrap(file):
            for one in parse_items(stream):
                items += isinstance(one, Item)
                errors += isinstance(one, Issue) and one.severity == "error"
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(items, errors, seconds, wall, peak)


def fetch(url: str, folder: Path) -> Path:
    """Download one file as the crawler does: Scrapy with our handler, straight to disk."""
    from scrapy.crawler import AsyncCrawlerProcess

    from scrapers.exchange import Call, Exchange
    from scrapers.politeness import take_turn
    from scrapers.run import Job, crawl_settings
    from scrapers.spider import FeedSpider

    path = folder / "fetched.zip"
    source = _without_limits(load_source("uspto_grants"))
    job = Job(source, _DAY, _DAY, IsoWeek.of(_DAY), folder, url, None, None)

    async def walk(exchange: Exchange) -> None:
        answer = await exchange(Call(url, into=path))
        assert not answer.body

    with take_turn(source, url, 1.0) as turn:
        process = AsyncCrawlerProcess(crawl_settings(job, turn, 1.0))
        process.crawl(FeedSpider, source=source.id, walk=walk)
        process.start()
    return path


def _without_limits(source: Source) -> Source:
    manners = source.politeness.model_copy(update={"max_page_mb": 2 * SIZE >> 20})
    return source.model_copy(update={"politeness": manners})


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _measured_fetch(folder: Path, name: str) -> list[float]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            return _measured(f"http://127.0.0.1:{server.server_port}/{name}")
        finally:
            server.shutdown()


def _measured(path: Path | str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.uspto_stream", str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(word) for word in told.stdout.split()]


def _row(name: str, megabytes: float, found: list[float]) -> str:
    items, _, seconds, wall, peak = found
    return f"| {name} | {megabytes / seconds:,.0f} | {items / seconds:,.0f} | {seconds:.1f} | {wall:.1f} | {peak:.0f} |"


def main() -> None:
    with TemporaryDirectory() as name:
        plain, packed, empty = Path(name) / "week.xml", Path(name) / "week.zip", Path(name) / "one.xml"
        documents = build(plain)
        build(empty, 1)
        megabytes = plain.stat().st_size / 1e6
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.write(plain, "week.xml")
        stored = Path(name) / "stored.zip"
        with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
            archive.write(plain, "week.xml")
        results = {
            "plain XML": _measured(plain),
            "the same in a zip": _measured(packed),
            f"a zip of {stored.stat().st_size / 1e6:,.0f} MB, fetched and then parsed": _measured_fetch(
                Path(name), "stored.zip"
            ),
        }
        floor = _measured(empty)[4]
    for found in results.values():
        assert found[:2] == [documents, 0], found
        assert found[4] <= LARGEST_MB, found
    lines = [
        "# USPTO weekly file, streamed",
        "",
        f"{megabytes:,.0f} MB of {documents:,} invented grants written one after the other, "
        f"Python {platform.python_version()}. Written by `python -m benchmarks.uspto_stream`. MB and records are "
        f"counted per CPU-second, MB uncompressed. Target: peak memory at most {LARGEST_MB} MB; a process that parses "
        f"a single document needs {floor:.0f} MB, which is Python with our libraries.",
        "",
        "| file | MB/s | records a CPU-second | CPU s | wall s | peak MB |",
        "|---|---:|---:|---:|---:|---:|",
        *(_row(name, megabytes, found) for name, found in results.items()),
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "uspto_stream.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
