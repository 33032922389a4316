"""Every raw answer kept by its content, so that a better parser reads the past again without a new crawl.

<root>/<source>/<sha256[:2]>/<sha256>.gz       one answer, compressed
<root>/<source>/<sha256[:2]>/<sha256>.bin      one bulk file as it came, which is compressed already
<root>/<source>/crawls/<window>.jsonl          which answers a crawl was made of, one line each, in order
"""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Protocol, cast

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.issues import make_issue
from scrapers.items_file import ItemSpool
from scrapers.pages import link_or_copy, write_atomic
from scrapers.source import Source, dialect_module
from scrapers.unwrap import unwrap


@dataclass(frozen=True, slots=True)
class RawPage:
    """One archived answer and the request that it answered."""

    crawl: str
    folder: str
    number: int
    """Of a page; 0 for a bulk file, whose name is in its state."""
    sha256: str
    state: dict[str, Any]


_UNREADABLE = (OSError, EOFError, zlib.error, ParseError)


class _Rereader(Protocol):
    """What a dialect may bring whose items are made of several answers; it sees all of them twice."""

    def note(self, stream: BinaryIO, state: dict[str, Any]) -> None: ...

    def read(self, stream: BinaryIO, state: dict[str, Any]) -> Iterator[Item | Issue]: ...


class _Reparse(Protocol):
    def __call__(self, stream: BinaryIO, state: dict[str, Any], source: Source) -> Iterator[Item | Issue]: ...


def archive_crawl(crawl: Path, root: Path, source_id: str) -> int:
    """Keep every page of a crawl folder; gives how many. Repeats cost nothing: a page already there is left alone.

    Pages are linked, not copied, where the file system allows it.
    """
    home = root / source_id
    folders = [folder for folder in sorted(crawl.iterdir()) if folder.is_dir()]
    pages = [page for folder in folders for page in (*_pages_of(folder, crawl.name), *_files_of(folder, crawl.name))]
    for page, place in pages:
        _keep(place, _place(home, page))
    if pages:
        index = home / "crawls" / f"{crawl.name}.jsonl"
        index.parent.mkdir(parents=True, exist_ok=True)
        known = index.read_bytes().splitlines() if index.exists() else []
        # Answers of a repeated crawl before those of the earlier one: of two texts as new, the first read is taken.
        lines = dict.fromkeys([*(_line(page) for page, _ in pages), *known])
        write_atomic(index, b"".join(line + b"\n" for line in lines))
    return len(pages)


def _pages_of(folder: Path, crawl: str) -> Iterator[tuple[RawPage, Path]]:
    for path in sorted(folder.glob("*.json")):
        packed = sorted(folder.glob(f"{path.stem}.*.gz"))
        try:
            state = json.loads(path.read_bytes())
            digest = str(state.pop("sha256"))
        except (OSError, ValueError, KeyError, AttributeError):
            continue
        if packed and path.stem.isdigit():
            yield RawPage(crawl, folder.name, int(path.stem), digest, state), packed[0]


def _files_of(folder: Path, crawl: str) -> Iterator[tuple[RawPage, Path]]:
    """Bulk files with their digest beside them in `<name>.json`, a later revision of a week before an earlier one."""
    for told in sorted(folder.glob("*.json"), reverse=True):
        file = told.with_name(told.name.removesuffix(".json"))
        try:
            digest = str(json.loads(told.read_bytes())["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if file.is_file():
            yield RawPage(crawl, folder.name, 0, digest, {"name": file.name}), file


def _place(home: Path, page: RawPage) -> Path:
    return home / page.sha256[:2] / f"{page.sha256}{'.gz' if page.number else '.bin'}"


def _line(page: RawPage) -> bytes:
    told = {"folder": page.folder, "number": page.number, "sha256": page.sha256, "state": page.state}
    return json.dumps(told, sort_keys=True, ensure_ascii=False).encode()


def _keep(place: Path, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    passing = target.with_name(f"{target.name}.{os.getpid()}.part")
    passing.unlink(missing_ok=True)
    link_or_copy(place, passing)
    passing.replace(target)


def archived_pages(root: Path, source_id: str) -> Iterator[RawPage]:
    """Pages of all crawls, the newest window first, each crawl in its own order. Raises ParseError for a bad index."""
    for index in sorted((root / source_id / "crawls").glob("*.jsonl"), reverse=True):
        for number, line in enumerate(index.read_bytes().splitlines(), start=1):
            try:
                told = json.loads(line)
                yield RawPage(index.stem, told["folder"], told["number"], told["sha256"], told["state"])
            except (ValueError, KeyError, TypeError):
                raise ParseError(f"{index.name}:{number}: expected one page as JSON; restore the file") from None


def parse_archive(source: Source, root: Path) -> Iterator[Item | Issue]:
    """What today's parser makes of every archived answer of a source.

    Items come with repeats, those of newer crawls first. A page that is lost, damaged or cannot be read becomes an
    issue, and the others go on.
    """
    make: Callable[[Source], _Rereader] | None = getattr(dialect_module(source), "Rereader", None)
    rereader = make(source) if make else None
    if rereader is not None:
        for page in _each_once(root, source):
            # What cannot be read is told in the second pass.
            with suppress(*_UNREADABLE), _opened(root, page, source) as stream:
                rereader.note(stream, page.state)
    for page in _each_once(root, source):
        try:
            with _opened(root, page, source) as stream:
                yield from rereader.read(stream, page.state) if rereader else _read(stream, page, source)
        except _UNREADABLE as error:
            yield _lost(page, source, error)


def _each_once(root: Path, source: Source) -> Iterator[RawPage]:
    seen = set()
    for page in archived_pages(root, source.id):
        # The same bytes may answer two questions.
        if (page.sha256, key := json.dumps(page.state, sort_keys=True)) not in seen:
            seen.add((page.sha256, key))
            yield page


@contextmanager
def _opened(root: Path, page: RawPage, source: Source) -> Iterator[BinaryIO]:
    """The bytes of a page, checked. Raises ParseError when they are not those that were fetched."""
    place = _place(root / source.id, page)
    with gzip.open(place, "rb") if page.number else place.open("rb") as opened:
        stream = cast(BinaryIO, opened)
        if not _is_whole(stream, page.sha256):
            raise ParseError("the archived bytes are not those that were fetched")
        stream.seek(0)
        yield stream


def _is_whole(stream: BinaryIO, sha256: str) -> bool:
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest() == sha256


def _read(stream: BinaryIO, page: RawPage, source: Source) -> Iterator[Item | Issue]:
    reparse: _Reparse | None = getattr(dialect_module(source), "reparse", None)
    if reparse is not None:
        yield from reparse(stream, page.state, source)
        return
    for document in unwrap(stream):
        yield from source.parse_items(document)


def _lost(page: RawPage, source: Source, error: Exception) -> Issue:
    message = f"an archived answer cannot be read again: {' '.join(str(error).split())[:200]}"
    told = {"crawl": page.crawl, "page": f"{page.folder}/{page.number}", "sha256": page.sha256}
    return make_issue(source.id, "error", "raw-page-unreadable", message, **told)


def reread(source: Source, root: Path, out: Path) -> list[Issue]:
    """Write `items.jsonl.gz` into `out` from the archive alone, as a crawl would; gives the issues."""
    out.mkdir(parents=True, exist_ok=True)
    issues: dict[str, Issue] = {}
    with TemporaryDirectory(dir=out) as passing, ItemSpool(Path(passing)) as spool:
        for found in parse_archive(source, root):
            if isinstance(found, Item):
                spool.add(found)
            else:
                issues[found.model_dump_json()] = found
        spool.write(out / "items.jsonl.gz")
    return list(issues.values())
