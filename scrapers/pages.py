"""Raw answers on disk, each kept before it is parsed, so that a killed crawl goes on where it was."""

import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def write_atomic(path: Path, data: bytes) -> None:
    """All of it or nothing, whenever the process is killed."""
    passing = path.with_name(path.name + ".part")
    passing.write_bytes(data)
    passing.replace(path)


def link_or_copy(file: Path, target: Path) -> None:
    """The file under a second name; copied where another file system, or one without links, is meant."""
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)


@dataclass(frozen=True, slots=True)
class StoredPage:
    number: int
    body: bytes
    state: dict[str, Any]


class PageFolder:
    """Numbered pages `00001.xml.gz` with their request beside them in `00001.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, number: int, body: bytes, state: dict[str, Any]) -> None:
        """Overwrites an earlier attempt at the same page. The request is written last: it vouches for the bytes."""
        written = state | {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        write_atomic(self._body(number), gzip.compress(body, 6, mtime=0))
        write_atomic(self._state(number), json.dumps(written, sort_keys=True, indent=1).encode())

    def load(self) -> Iterator[StoredPage]:
        """Pages in order, up to the first that is absent or damaged."""
        number = 1
        while (page := self._read(number)) is not None:
            yield page
            number += 1

    def drop_from(self, number: int) -> None:
        """Forget this page and all after it."""
        for path in self._folder.iterdir():
            stem = path.name.partition(".")[0]
            if stem.isdigit() and int(stem) >= number:
                path.unlink()

    def _body(self, number: int) -> Path:
        return self._folder / f"{number:05d}.xml.gz"

    def _state(self, number: int) -> Path:
        return self._folder / f"{number:05d}.json"

    def _read(self, number: int) -> StoredPage | None:
        try:
            state = json.loads(self._state(number).read_bytes())
            body = gzip.decompress(self._body(number).read_bytes())
        except (OSError, EOFError, ValueError, zlib.error):
            # Not written, cut short by a full disk, or altered: it is fetched again.
            return None
        if not isinstance(state, dict) or state.get("sha256") != hashlib.sha256(body).hexdigest():
            return None
        return StoredPage(number, body, state)
