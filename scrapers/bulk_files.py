"""Bulk files on disk: every document in a zip, gzip or plain file through a parser, in bounded memory."""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.items_file import ItemSpool
from scrapers.unwrap import unwrap

READABLE = frozenset({"", ".xml", ".txt", ".json", ".gz", ".zip"})
"""Suffixes of what may hold documents; pictures, DTDs and notes lie beside them in many archives."""
_LARGEST_MEMBER = 8 << 30
_MOST_MEMBERS = 1_000_000
_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What the standard library raises for archives that are cut, altered, encrypted or packed in an unknown way."""
Parse = Callable[[BinaryIO], Iterator[Item | Issue]]


@dataclass(slots=True)
class Found:
    """What was in a file, counted; the items themselves are in the spool."""

    items: int = 0
    refused: set[str] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)
    skipped: int = 0
    """Members of an archive that are no documents by their suffix."""

    @property
    def records(self) -> int:
        return self.items + len(self.refused)


def read_file(path: Path, parse: Parse, spool: ItemSpool) -> Found:
    """Parse every document of a file into the spool.

    Raises ParseError when the file is damaged or none of the parser's; items read before that stay in the spool.
    """
    found = Found()
    try:
        for name, stream in _members(path, found):
            for document in unwrap(stream):
                for one in parse(document):
                    _sort(one, name, spool, found)
    except _DAMAGED as error:
        raise ParseError(f"{path.name}: expected a whole file without a password, found {error}") from None
    return found


def _sort(one: Item | Issue, name: str, spool: ItemSpool, found: Found) -> None:
    if isinstance(one, Item):
        found.items += 1
        spool.add(one)
        return
    found.issues.append(one)
    if one.severity == "error":
        found.refused.add(one.item_id or f"{name} {one.data.get('document', len(found.refused) + 1)}")


def _members(path: Path, found: Found) -> Iterator[tuple[str, BinaryIO]]:
    if zipfile.is_zipfile(path):
        yield from _in_zip(path, found)
    else:
        with path.open("rb") as file:
            yield path.name, file


def _in_zip(path: Path, found: Found) -> Iterator[tuple[str, BinaryIO]]:
    """Members are read where they are: no name in the archive ever becomes a path on disk."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise ParseError(f"{path.name}: expected at most {_MOST_MEMBERS} files in a zip, found {len(members)}")
        for member in members:
            if member.is_dir() or PurePosixPath(member.filename).suffix.lower() not in READABLE:
                found.skipped += not member.is_dir()
                continue
            if member.file_size > _LARGEST_MEMBER:
                raise ParseError(f"{path.name}: {member.filename[:100]} is larger than {_LARGEST_MEMBER >> 30} GB")
            with archive.open(member) as stream:
                yield f"{path.name}/{member.filename}"[:200], cast(BinaryIO, stream)
