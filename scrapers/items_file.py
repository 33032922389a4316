"""The items of a crawl as one file: each paper once, in its newest version, sorted; same items, same bytes."""

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self, TypeVar

from pydantic import BaseModel, ValidationError

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.pages import write_atomic

_Model = TypeVar("_Model", bound=BaseModel)
_WATCHED = ("abstract", "authors", "codes", "updated", "licence", "doi")


def _age(item: Item) -> tuple[int, str]:
    """Later is newer: version number, then the time of the version."""
    number = (item.version or "").removeprefix("v")
    return int(number) if number.isdigit() else 0, item.updated.isoformat() if item.updated else ""


class ItemSpool:
    """Collects items in any order and with repeats on disk; only identifiers and places are held in memory."""

    def __init__(self, folder: Path) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115  (closed by __exit__)
        self._places: dict[str, tuple[tuple[int, str], int, int]] = {}
        self._patterns: dict[tuple[bool, ...], tuple[bool, ...]] = {}
        self._gaps: dict[str, tuple[bool, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._places

    def add(self, item: Item) -> None:
        """Keep the item unless a version as new is there already."""
        age = _age(item)
        known = self._places.get(item.id)
        if known is not None and known[0] >= age:
            return
        line = item.model_dump_json().encode() + b"\n"
        self._places[item.id] = (age, self._file.seek(0, 2), len(line))
        self._file.write(line)
        # Few patterns of gaps exist: share the tuples, so that a backfill of a million items stays small.
        gaps = tuple(not getattr(item, name) for name in _WATCHED)
        self._gaps[item.id] = self._patterns.setdefault(gaps, gaps)

    def fill_rates(self) -> dict[str, float]:
        """Share of items with a value, by field."""
        total = max(len(self._gaps), 1)
        patterns = Counter(self._gaps.values())
        return {
            name: 1.0 - sum(count for gaps, count in patterns.items() if gaps[place]) / total
            for place, name in enumerate(_WATCHED)
        }

    def _lines(self) -> Iterator[bytes]:
        for item_id in sorted(self._places):
            _, place, length = self._places[item_id]
            self._file.seek(place)
            yield self._file.read(length)

    def write(self, path: Path) -> str:
        """Write `items.jsonl.gz` whole or not at all; gives its sha256."""
        passing = path.with_name(path.name + ".part")
        with passing.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            for line in self._lines():
                packed.write(line)
        passing.replace(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()


def write_issues(path: Path, issues: Iterable[Issue]) -> None:
    """One JSON object a line, in the order noticed, repeats left out."""
    lines = dict.fromkeys(issue.model_dump_json() for issue in issues)
    write_atomic(path, "".join(f"{line}\n" for line in lines).encode())


def _read_lines(path: Path, model: type[_Model]) -> Iterator[_Model]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield model.model_validate_json(line)
                except ValidationError as error:
                    raise ParseError(
                        f"{path.name}:{number}: expected one {model.__name__} as JSON: {error.errors()[0]['msg']}; "
                        "delete the crawl folder and crawl again"
                    ) from None
    except (OSError, EOFError) as error:
        raise ParseError(f"{path.name} cannot be read: {error}; delete the crawl folder and crawl again") from None


def read_items(out_dir: Path) -> Iterator[Item]:
    """The items of a crawl folder, sorted by id; none if the crawl wrote none. Raises ParseError for a damaged file."""
    path = out_dir / "items.jsonl.gz"
    if path.exists():
        yield from _read_lines(path, Item)


def read_issues(out_dir: Path) -> Iterator[Issue]:
    """The issues of a crawl folder, in the order noticed."""
    path = out_dir / "issues.jsonl"
    if path.exists():
        yield from _read_lines(path, Issue)
