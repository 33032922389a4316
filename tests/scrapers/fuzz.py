"""Atheris (coverage-guided fuzzing) on every parser; no test needs it, so it is not among our dependencies.

    pip install atheris
    python -m tests.scrapers.fuzz --seconds 600 --out var/fuzz

Seeds are the golden files; --genuine adds a folder of recorded files. Whatever ends otherwise than in Items, Issues or
a ParseError is kept as `<out>/<parser>-<digest>.bin` with its traceback beside it; an input that takes longer than 5 s
or more than 500 MB ends that parser's run. Put such an input, made small, into fixtures/crashes/<parser>/: from then on
test_crashes.py reads it.
"""

import argparse
import hashlib
import importlib
import io
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.source import Source, load_source
from scrapers.unwrap import unwrap
from tests.scrapers.mutating import mutate

FIXTURES = Path(__file__).parent / "fixtures"
_LONGEST_S, _BASE_MB, _MOST_MB = 5, 300, 500
_LARGEST = 128 * 1024
_HOSTILE = (
    b"&#x0;",
    b"\x00",
    b"\\ud800",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE",
    b"9" * 40,
    b"-1",
    b"1e400",
    b"NaN",
    b"null",
    b"[]",
)


@dataclass(frozen=True)
class Target:
    """One parser as the product calls it."""

    source: str
    seeds: tuple[str, ...]
    """Folders of golden files."""
    parser: str | None = None
    """A module that no source names; its own source's parser otherwise."""

    def parse(self, data: bytes) -> Iterator[Item | Issue]:
        for stream in unwrap(io.BytesIO(data)):
            if self.parser is None:
                yield from self._source.parse_items(stream)
            else:
                module = importlib.import_module(f"scrapers.parsers.{self.parser}")
                yield from module.parse_items(stream, self._source)

    @property
    def _source(self) -> Source:
        if self.source not in _LOADED:
            folder = FIXTURES / "feed_rss" if self.source == "simulated_feed" else None
            _LOADED[self.source] = load_source(self.source, folder)
        return _LOADED[self.source]


_LOADED: dict[str, Source] = {}
TARGETS: dict[str, Target] = {
    "arxiv_raw": Target("arxiv", ("arxiv",)),
    "arxiv_atom": Target("arxiv_query", ("arxiv_query",)),
    "arxiv_rss": Target("arxiv_rss", ("arxiv_rss",)),
    "biorxiv_json": Target("biorxiv", ("biorxiv",)),
    "europepmc_json": Target("europepmc", ("europepmc",)),
    "pubmed_xml": Target("europepmc", ("pubmed",), "pubmed_xml"),
    "epo_ops": Target("epo_ops", ("epo_ops",)),
    "epo_ep_xml": Target("epo_publications", ("epo_publications",)),
    "uspto_grants": Target("uspto_grants", ("uspto_grants",)),
    "uspto_applications": Target("uspto_applications", ("uspto_applications",)),
    "feed_rss": Target("simulated_feed", ("feed_rss",)),
}


def check(target: Target, data: bytes) -> int:
    """Parse one input, and write what comes out as the product does. Raises whatever must not happen."""
    found = 0
    try:
        for one in target.parse(data):
            if not isinstance(one, Item | Issue):
                raise TypeError(f"expected an Item or an Issue, found {type(one).__name__}")
            one.model_dump_json().encode()
            if isinstance(one, Item) and not one.title.strip():
                raise ValueError(f"{one.id} has no title")
            found += 1
    except ParseError as error:
        str(error).encode()
    return found


def seeds_of(target: Target, genuine: Path | None = None) -> Iterator[bytes]:
    """Golden inputs, and recorded ones that are small enough to be mutated."""
    for folder in target.seeds:
        for path in sorted((FIXTURES / folder).iterdir()):
            if not path.name.endswith((".expected.json", ".yml")):
                yield path.read_bytes()
    for path in sorted(genuine.rglob("*")) if genuine else ():
        if path.is_file() and path.stat().st_size <= _LARGEST:
            yield path.read_bytes()


class Finder:
    """Keeps each kind of failure once, by where it was raised, and lets the fuzzer go on."""

    def __init__(self, name: str, out: Path) -> None:
        self._name, self._out, self._known = name, out, set[str]()
        self.inputs = 0

    def __call__(self, data: bytes) -> None:
        self.inputs += 1
        try:
            check(TARGETS[self._name], data)
        except Exception as error:
            frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)[-4:]]
            digest = hashlib.sha256(repr((type(error).__name__, frames)).encode()).hexdigest()[:10]
            if digest not in self._known:
                self._known.add(digest)
                (self._out / f"{self._name}-{digest}.bin").write_bytes(data)
                (self._out / f"{self._name}-{digest}.txt").write_text(traceback.format_exc(), "utf-8", "replace")


def fuzz_one(name: str, seconds: int, out: Path, genuine: Path | None) -> None:
    """In this process, which libFuzzer ends."""
    # Not by name: no test and no type checker may need it.
    atheris = importlib.import_module("atheris")
    target = TARGETS[name]
    module = target.parser or target._source.parser
    with atheris.instrument_imports(include=["scrapers.parsers", "scrapers.unwrap"], enable_loader_override=False):
        for loaded in [key for key in sys.modules if key.startswith("scrapers.parsers")]:
            del sys.modules[loaded]
        importlib.import_module(f"scrapers.parsers.{module}")
    corpus = out / f"corpus-{name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds_of(target, genuine):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    limits = [f"-timeout={_LONGEST_S}", f"-rss_limit_mb={_BASE_MB + _MOST_MB}", f"-max_len={_LARGEST}"]
    options = [
        f"-max_total_time={seconds}",
        f"-dict={_dictionary(target, out, name)}",
        f"-artifact_prefix={out}/{name}-",
    ]
    command = ["fuzz", *limits, *options, "-seed=7", "-print_final_stats=1", str(corpus)]

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        changed: bytes = atheris.Mutate(data, most) if seed % 5 == 0 else mutate(data, seed)
        return changed[:most]

    atheris.Setup(command, Finder(name, out), custom_mutator=mutator)
    atheris.Fuzz()


def _dictionary(target: Target, out: Path, name: str) -> Path:
    """Words of the seeds and hostile ones, in libFuzzer's form: bytes alone would hardly find an element's name."""
    words = {
        word for data in seeds_of(target) for word in re.findall(rb"</?[\w:-]+|\"[\w-]{1,40}\"|\d{4}-\d\d-\d\d", data)
    }
    words.update(_HOSTILE)
    path = out / f"{name}.dict"
    path.write_text(_escaped(sorted(words)), "utf-8")
    return path


def _escaped(words: Sequence[bytes]) -> str:
    return "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words)


def main(argv: Sequence[str] | None = None) -> int:
    """Each parser in a process of its own, one after the other; exit code 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="in total")
    parser.add_argument("--out", type=Path, default=Path("var/fuzz"))
    parser.add_argument("--genuine", type=Path, help="folder of recorded files, further seeds")
    parser.add_argument("--parser", choices=sorted(TARGETS), help="only this one, in this process")
    given = parser.parse_args(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.parser:
        fuzz_one(given.parser, given.seconds, given.out, given.genuine)
        return 0
    failed = 0
    for name in TARGETS:
        words = ["--parser", name, "--seconds", str(given.seconds // len(TARGETS)), "--out", str(given.out)]
        words += ["--genuine", str(given.genuine)] if given.genuine else []
        with (given.out / f"{name}.log").open("wb") as told:
            code = subprocess.run(
                [sys.executable, "-m", "tests.scrapers.fuzz", *words], check=False, stderr=told, stdout=told
            ).returncode
        kept = sorted(path.name for path in given.out.glob(f"{name}-*") if path.suffix != ".txt" and path.is_file())
        print(name, "exit code", code, "kept", kept, flush=True)
        failed += bool(code or kept)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
