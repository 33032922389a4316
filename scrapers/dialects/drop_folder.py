"""Files that a person has put into the drop folder: read once each, by content, whatever their names.

They lie in `<data folder>/drop/<name>/`, where `<name>` is a source whose raw files they are (`uspto_grants`) or one of
the further folders that `drop.yml` names. Needs no key and no network.

What a document is decides its source: one of the USPTO is `uspto_grants` or `uspto_applications`, exchange documents
(DOCDB, ST.36) are `drop`, because no query has found them and no total of a query counts them. Their ids are those of
the EPO's feeds (`epo:CN.121000001.A`), so that one publication stays one item, in its newest version and counted once,
under the source of that version.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import Field

from horizon.errors import ParseError, SourceError, UsageError
from horizon.records import Issue, Item
from scrapers.bulk_files import Found, Parse, read_file
from scrapers.exchange import Exchange, Pause
from scrapers.issues import Severity, make_issue
from scrapers.items_file import ItemSpool
from scrapers.pages import link_or_copy, write_atomic
from scrapers.source import Model, Module, Source, list_sources, load_source
from scrapers.unwrap import unwrap
from scrapers.walk import Tally, Window

logger = logging.getLogger(__name__)
_OF = "--"
"""Between the folder and the digest in the name of a kept file."""
_ANSWERED = ("OK", "NO_RESULTS", "PARTIAL")
_PASSING = (".part", ".partial", ".crdownload", ".tmp", ".download", ".swp", ".filepart")
_LEDGER = ".read.jsonl"
_EXCHANGE_DOCUMENTS = "epo_ops"
"""The parser of exchange documents."""


class Options(Model):
    """Where files lie, and when they are whole."""

    folder: Module = "drop"
    """Below the data folder."""
    settle_s: Annotated[float, Field(ge=0)]
    """A file that has not grown for so long is taken for whole."""
    looks: Annotated[int, Field(ge=2)]
    """Times that a growing file is looked at before it is left for the next crawl."""
    further: dict[Module, Module] = Field(default_factory=dict)
    """Folders that are no sources of their own, and the source whose parser reads their files."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the ledger: this content was taken by that crawl."""

    sha256: str
    name: str
    crawl: str
    """Crawl folder below the data folder."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One file, seen whole."""

    path: Path
    folder: str
    size: int
    modified: int


class DropFolder:
    """One look at the drop folder. Makes no request: `exchange` is there for the shape of a dialect.

    The data folder is `data_dir`, or as the window's `drop` says, or that in which `crawls/<source>/<window>` lies.
    """

    def __init__(
        self,
        window: Window,
        folder: Path,
        spool: ItemSpool,
        exchange: Exchange,
        pause: Pause,
        data_dir: Path | None = None,
    ) -> None:
        self._source, self._spool, self._pause = window.source, spool, pause
        self._options = window.source.options_as(Options)
        if data_dir is None:
            # The window names `<data>/drop/<this source>`; files lie in the folders beside it.
            data_dir = window.drop.resolve().parents[1] if window.drop else _data_dir_of(folder)
        self._data_dir = data_dir
        self._root = data_dir / self._options.folder
        self._crawl = _below(folder, self._data_dir)
        self._kept = folder / "files"
        self._parsers: dict[str, Parse] = {}
        self.tally = Tally()

    async def run(self) -> None:
        """Read every file that no finished crawl has read; what lacks is written into the tally, not raised."""
        try:
            files = await self._whole(list(self._look()))
            ledger = self._read_ledger()
            mine = self._claim(files, ledger)
            self._write_ledger(ledger)
            unread = {digest for digest, file in mine.items() if not self._take(file)}
            for digest in sorted(mine.keys() - unread):
                self._keep(mine[digest], digest)
            if unread:
                # Not read, not claimed: after a fix of the file or the parser it is tried again.
                self._write_ledger({digest: claim for digest, claim in ledger.items() if digest not in unread})
                names = ", ".join(sorted(self._name(mine[digest]) for digest in unread))[:300]
                # A file may hold thousands of records: it is never a few refused ones.
                self.tally.stopped = f"{len(unread)} dropped files cannot be read: {names}; mend them or take them away"
            self.tally.chain_ended = self.tally.reconciled = True
        except OSError as error:
            logger.exception("the drop folder cannot be read")
            self.tally.stopped = f"the drop folder cannot be read: {error.strerror or error}: {error.filename}"

    # ---- which files -------------------------------------------------------------------------------------------------

    def _look(self) -> Iterator[Dropped]:
        """Files in folders that are known, sorted; hidden ones and those still on their way by name are left alone."""
        for folder in sorted(self._root.iterdir()) if self._root.is_dir() else []:
            if folder.name.startswith("."):
                continue
            if not folder.is_dir() or folder.name not in self._known:
                self._note("warning", "drop-unknown", f"expected folders {', '.join(self._known)}", name=folder.name)
                continue
            for path in sorted(folder.rglob("*")):
                if not _is_passing(path.relative_to(folder)) and path.is_file() and not path.is_symlink():
                    yield self._seen(path, folder.name)

    @property
    def _known(self) -> list[str]:
        return sorted({*list_sources(), *self._options.further} - {self._source.id})

    @staticmethod
    def _seen(path: Path, folder: str) -> Dropped:
        status = path.stat()
        return Dropped(path, folder, status.st_size, status.st_mtime_ns)

    async def _whole(self, files: list[Dropped]) -> list[Dropped]:
        """Those that do not grow; a file still growing after the last look waits for the next crawl."""
        whole: list[Dropped] = []
        growing = files
        for _ in range(self._options.looks - 1):
            if not growing:
                break
            await self._pause(self._options.settle_s)
            seen = [(file, self._seen(file.path, file.folder)) for file in growing if file.path.is_file()]
            whole += [now for before, now in seen if now == before and now.size]
            growing = [now for before, now in seen if now != before or not now.size]
        for file in growing:
            self._note(
                "warning",
                "drop-unfinished",
                "the file is empty or still growing; left for the next crawl",
                name=self._name(file),
            )
        if growing:
            self.tally.stopped = (
                f"{len(growing)} dropped files are empty or still growing; crawl again when they are whole"
            )
        return sorted(whole, key=lambda file: file.path)

    # ---- each once ---------------------------------------------------------------------------------------------------

    def _claim(self, files: list[Dropped], ledger: dict[str, Claim]) -> dict[str, Dropped]:
        """Files of contents that this crawl has to read, by digest; the ledger gets its claims before any is read."""
        mine: dict[str, Dropped] = {}
        for file in files:
            with file.path.open("rb") as stream:
                digest = f"{file.folder}:{file_digest(stream, 'sha256').hexdigest()}"
            if digest in mine:
                self._note(
                    "info", "drop-duplicate", "the same content lies there twice; read once", name=self._name(file)
                )
            elif digest not in ledger or not self._was_read(ledger[digest]):
                ledger[digest] = Claim(digest, self._name(file), self._crawl)
                mine[digest] = file
        self.tally.listed = len(mine)
        return mine

    def _was_read(self, claim: Claim) -> bool:
        """Whether another crawl has read it to its verdict. A crawl that was killed has not."""
        if claim.crawl == self._crawl:
            return False
        try:
            verdict = json.loads((self._data_dir / claim.crawl / "fetch.json").read_bytes())
        except (OSError, ValueError):
            return False
        return isinstance(verdict, dict) and verdict.get("status") in _ANSWERED

    def _read_ledger(self) -> dict[str, Claim]:
        path = self._root / _LEDGER
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        try:
            claims = [Claim(**json.loads(line)) for line in lines]
        except (ValueError, TypeError):
            # Reading a file twice does no harm, losing one does.
            self._note("warning", "drop-ledger-damaged", "the list of files read is damaged; all files are read again")
            return {}
        return {claim.sha256: claim for claim in claims}

    def _write_ledger(self, ledger: dict[str, Claim]) -> None:
        if self._root.is_dir():
            lines = [json.dumps(asdict(ledger[digest]), sort_keys=True) for digest in sorted(ledger)]
            write_atomic(self._root / _LEDGER, "".join(f"{line}\n" for line in lines).encode())

    # ---- one file ----------------------------------------------------------------------------------------------------

    def _take(self, file: Dropped) -> bool:
        """Read a file; false when it could not be read."""
        name = self._name(file)
        try:
            found = read_file(file.path, self._parser(file.folder), self._spool)
        except (ParseError, SourceError, UsageError) as error:
            self.tally.refused.add(name)
            self._note("error", "drop-unreadable", str(error), name=name)
            return False
        self._count(file, found, name)
        return True

    def _parser(self, folder: str) -> Parse:
        if folder not in self._parsers:
            self._parsers[folder] = parser_of(self._source, folder)
        return self._parsers[folder]

    def _keep(self, file: Dropped, digest: str) -> None:
        """Link the file into the crawl folder, from where it is archived: a person may take it away."""
        folder, sha256 = digest.split(":")
        kept = self._kept / f"{folder}{_OF}{sha256[:16]}{''.join(file.path.suffixes[-2:])[-16:]}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            link_or_copy(file.path, kept)
        told = {"sha256": sha256, "name": self._name(file)}
        write_atomic(kept.with_name(f"{kept.name}.json"), json.dumps(told, sort_keys=True).encode())

    def _count(self, file: Dropped, found: Found, name: str) -> None:
        self.tally.pages += 1
        self.tally.bytes += file.size
        self.tally.records += found.records
        self.tally.refused |= found.refused
        self.tally.issues += found.issues
        if found.skipped:
            self._note("info", "members-skipped", f"{found.skipped} files in the archive are no documents", name=name)
        logger.info("%s: %d records, %d refused", name, found.records, len(found.refused))

    def _name(self, file: Dropped) -> str:
        return file.path.relative_to(self._root).as_posix()

    def _note(self, severity: Severity, code: str, message: str, **data: str) -> None:
        self.tally.issues.append(make_issue(self._source.id, severity, code, message, **data))


DIALECT = DropFolder


def parser_of(source: Source, folder: str) -> Parse:
    """How files of a folder are read. Exchange documents become this source's own: nobody knows what was not placed."""
    other = load_source(source.options_as(Options).further.get(folder, folder))
    if other.parser != _EXCHANGE_DOCUMENTS:
        return other.parse_items

    def parse_dropped(stream: BinaryIO) -> Iterator[Item | Issue]:
        for one in other.parse_items(stream):
            # An id of its own: under the one of the service asked by query, a file by hand would take its items away.
            named = {"id": f"{source.id}:{one.id.split(':', 1)[1]}"} if isinstance(one, Item) else {}
            yield one.model_copy(update={"source": source.id, **named})

    return parse_dropped


def reparse(stream: BinaryIO, state: dict[str, Any], source: Source) -> Iterator[Item | Issue]:
    """Read an archived file again; its name begins with the folder in which it lay."""
    parse = parser_of(source, str(state["name"]).split(_OF)[0])
    for document in unwrap(stream):
        yield from parse(document)


def _data_dir_of(folder: Path) -> Path:
    """Of `<data>/crawls/<source>/<window>`; a crawl folder elsewhere is its own data folder."""
    parents = folder.resolve().parents
    return parents[2] if len(parents) > 2 and parents[1].name == "crawls" else folder.resolve()


def _below(folder: Path, data_dir: Path) -> str:
    folder, data_dir = folder.resolve(), data_dir.resolve()
    return folder.relative_to(data_dir).as_posix() if folder.is_relative_to(data_dir) else folder.as_posix()


def _is_passing(path: Path) -> bool:
    """Hidden, or named as browsers and copiers name what is on its way."""
    return any(part.startswith((".", "~")) for part in path.parts) or path.suffix.lower() in _PASSING
