"""MB and records a CPU-second of every parser, and its peak memory: `python -m benchmarks.parsers`.

Inputs are the golden files' records, written again and again under numbers of their own in the form of the source. Each
parser runs in a process of its own, beside what it cannot be faster than: the bare reading of the same bytes (lxml's
tree, json.loads), and for RSS and Atom beside feedparser, which everyone uses.
"""

import io
import json
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree

from benchmarks.oai_parse import build_page
from horizon.records import Item
from tests.scrapers.fuzz import FIXTURES, TARGETS, check, seeds_of

SIZE = 8_000_000
RESULTS = Path(__file__).parent / "results"
_HEAD = [
    "| parser | input | MB/s | records a CPU-second | items of records | peak MB | beside | its MB/s |",
    "|---|---|---:|---:|---:|---:|---|---:|",
]


@dataclass(frozen=True)
class Input:
    """How a large input is made of a golden file."""

    parser: str
    golden: str
    record: str
    """Pattern of one record; in JSON the name of the list."""
    number: str
    """Pattern whose group is the number to be changed, wherever in the record it stands."""
    peer: str
    shape: str = "page"
    """`page`: all records in one envelope; `files`: one document after the other, as bulk files have them."""


INPUTS = (
    Input("arxiv_raw", "", "", "", "lxml"),
    Input(
        "arxiv_atom", "arxiv_query/ordinary.xml", r"<entry>.*?</entry>\s*", r"abs/(?:\d{4}\.|math/)(\d+)", "feedparser"
    ),
    Input("arxiv_rss", "arxiv_rss/day.xml", r"<item>.*?</item>\s*", r"abs/(?:\d{4}\.|math/)(\d+)", "feedparser"),
    Input("feed_rss", "feed_rss/rss2.xml", r"<item>.*?</item>\s*", r"(\d)</link>", "feedparser"),
    Input("biorxiv_json", "biorxiv/versions.json", "collection", r"10\.1101/[\d.]+\.(\d{6})", "json"),
    Input("europepmc_json", "europepmc/core.json", "result", r"\"id\": \"(?:PPR)?(\d+)", "json"),
    Input("pubmed_xml", "pubmed/articles.xml", r"<PubmedArticle>.*?</PubmedArticle>\s*", r"<PMID[^>]*>(\d+)", "lxml"),
    Input(
        *("epo_ops", "epo_ops/search_with_biblio.xml", r"<exchange-document .*?</exchange-document>\s*"),
        *(r"doc-number=\"(\d+)\"", "lxml"),
    ),
    Input("epo_ep_xml", "epo_publications/application.xml", "", "", "lxml", "files"),
    Input("uspto_grants", "uspto_grants/week.xml", "", "", "lxml", "files"),
    Input("uspto_applications", "uspto_applications/week.xml", "", "", "lxml", "files"),
)


def build(given: Input, size: int = SIZE) -> list[bytes]:
    """The input as one or more files of at least `size` bytes in all."""
    if given.parser == "arxiv_raw":
        return [build_page(size // 2_300)]
    golden = (FIXTURES / given.golden).read_bytes()
    if given.shape == "files":
        copies = [golden] * (size // len(golden) + 1)
        # The EPO's files come one by one, the USPTO's weeks as one file.
        return copies if given.parser == "epo_ep_xml" else [b"".join(copies)]
    if given.golden.endswith(".json"):
        return [_json_page(given, golden, size)]
    records = [found[0] for found in re.finditer(given.record.encode(), golden, re.DOTALL)]
    before, after = golden[: golden.index(records[0])], golden[golden.rindex(records[-1]) + len(records[-1]) :]
    return [before + b"".join(_renumbered(records, given, size)) + after]


def _json_page(given: Input, golden: bytes, size: int) -> bytes:
    document = json.loads(golden)
    holder = next(
        inner for inner in (document, *document.values()) if isinstance(inner, dict) and given.record in inner
    )
    records = [json.dumps(record).encode() for record in holder[given.record]]
    holder[given.record] = [json.loads(record) for record in _renumbered(records, given, size)]
    return json.dumps(document).encode()


def _renumbered(records: list[bytes], given: Input, size: int) -> Iterator[bytes]:
    """Copies of the records until there are `size` bytes, each round under other numbers of the same length."""
    written, number = 0, 0
    while written < size:
        number += 1
        for record in records:
            copy = _with_number(record, given.number, number)
            written += len(copy)
            yield copy


def _with_number(record: bytes, pattern: str, number: int) -> bytes:
    found = re.search(pattern.encode(), record)
    if found is None:
        return record
    # Enough digits for all, at the end, so that what stands before them stays as it was.
    width = len(found[1])
    changed = found[1][:-5] + f"{number:05d}".encode()[-width:] if width > 5 else f"{number:0{width}d}".encode()
    return record.replace(found[1], changed)


def _feedparser(data: bytes) -> int:
    import feedparser  # type: ignore[import-untyped]  # ships no types

    return len(feedparser.parse(io.BytesIO(data)).entries)


def _lxml(data: bytes) -> int:
    # Documents that stand one after the other are no XML: each is read alone.
    starts = [found.start() for found in re.finditer(rb"<\?xml ", data)] or [0]
    pieces = [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]
    parser = etree.XMLParser(huge_tree=True, recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    return sum(etree.parse(io.BytesIO(piece), parser) is not None for piece in pieces)


_PEERS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "feedparser": ("feedparser 6", _feedparser),
    "lxml": ("lxml.etree.parse alone", _lxml),
    "json": ("json.loads alone", json.loads),
}


def measure(parser: str, folder: Path) -> None:
    """In a process of its own: print records, items, CPU seconds, peak MB, and the peer's CPU seconds."""
    files, target = sorted(folder.iterdir()), TARGETS[parser]
    # Once before the clock runs: tables of languages, countries and categories are loaded.
    for data in seeds_of(target):
        check(target, data)
    records = items = 0
    start = time.process_time()
    for path in files:
        for one in target.parse(path.read_bytes()):
            items += isinstance(one, Item)
            records += isinstance(one, Item) or one.severity == "error"
    ours = time.process_time() - start
    peak = _peak_mb()
    peer = _PEERS[next(given.peer for given in INPUTS if given.parser == parser)][1]
    start = time.process_time()
    for path in files:
        peer(path.read_bytes())
    print(records, items, ours, peak, time.process_time() - start)


def _peak_mb() -> float:
    # Not getrusage: that begins with what the parent held when it forked.
    told = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(told.split()[1]) / 1024


def _row(given: Input, folder: Path, files: list[bytes]) -> str:
    for number, data in enumerate(files):
        (folder / f"{number:06d}").write_bytes(data)
    command = [sys.executable, "-m", "benchmarks.parsers", given.parser, str(folder)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    records, items, ours, peak, theirs = (float(word) for word in told)
    megabytes = sum(map(len, files)) / 1e6
    many = f"{len(files):,} files" if len(files) > 1 else "one file"
    return (
        f"| {given.parser} | {megabytes:.1f} MB, {many} | {megabytes / ours:,.1f} | {records / ours:,.0f} | "
        f"{items / max(records, 1):.0%} | {peak:.0f} | {_PEERS[given.peer][0]} | {megabytes / theirs:,.1f} |"
    )


def main() -> None:
    rows = []
    for given in INPUTS:
        with TemporaryDirectory() as name:
            rows.append(_row(given, Path(name), build(given)))
        print(rows[-1], flush=True)
    lines = [
        "# Parsers",
        "",
        f"About {SIZE / 1e6:.0f} MB each, made of the golden files' records (small ones, several of them faulty on "
        "purpose: they are refused with an issue), "
        f"Python {platform.python_version()}, by CPU time. Records: items and refused ones. Ours reads bytes into "
        "checked items, dates, names, countries and languages; the rival only into a tree, dictionaries or entries. "
        "Peak memory is of the whole process, the input of one file within it. "
        "Written by `python -m benchmarks.parsers`; a USPTO file of 1 GB is in uspto_stream.md.",
        "",
        *_HEAD,
        *rows,
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "parsers.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    measure(sys.argv[1], Path(sys.argv[2])) if len(sys.argv) > 1 else main()
