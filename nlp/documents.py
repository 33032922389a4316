"""Documents in files: any JSONL, CSV or Parquet with id, title and abstract, and optionally codes.

A row that cannot be read is reported with its line and skipped. When more than one row in a hundred is such, or a
column is missing, nothing is written: the file is not what its reader believes it to be.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from horizon.errors import ParseError, UsageError
from horizon.json_lines import json_rows
from horizon.records import Issue
from nlp.codes import parse_codes
from nlp.features import Document

Format = Literal["jsonl", "csv", "parquet"]
COLUMNS = ("id", "title", "abstract")
_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_LONGEST_CELL = 64 * 1024 * 1024
_MOST_UNREADABLE = 0.01
_PARQUET_ROWS = 1000


@dataclass
class DocumentFile:
    """A file being read once, with what was found wrong so far."""

    path: Path
    rows: int = 0
    issues: list[Issue] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[Document]:
        """The documents in the file's order; raises ParseError at the end when the file as a whole is unsound."""
        for line, row in _rows(self.path):
            self.rows += 1
            try:
                if isinstance(row, str):
                    raise ParseError(row)
                self._seen.update(row)
                yield _document(row)
            except ParseError as error:
                message = f"{self.path.name}:{line}: {error}; row skipped"
                self.issues.append(Issue(room="nlp", severity="warning", code="row-unreadable", message=message))
        self._judge()

    def _judge(self) -> None:
        sound = self.rows - len(self.issues)
        missing = [column for column in COLUMNS if column not in self._seen]
        if missing and sound:
            raise _missing(self.path, missing, self._seen)
        if len(self.issues) > _MOST_UNREADABLE * self.rows:
            message = f"expected at most 1 % unreadable rows, found {len(self.issues)} of {self.rows} in {self.path}"
            raise ParseError(f"{message}; first: {self.issues[0].message}; mend the file, nothing was written")


def _missing(path: Path, missing: Iterable[str], found: Iterable[str]) -> ParseError:
    columns = ", ".join(sorted(map(repr, found))) or "none"
    return ParseError(
        f"expected the columns {', '.join(COLUMNS)}; missing {', '.join(missing)} (found {columns}) in {path}; "
        "add or rename them, nothing was written"
    )


def _document(row: dict[str, object]) -> Document:
    name = row.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        raise ParseError(f"expected an id, found {name!r:.60}")
    title, abstract = _text(row, "title"), _text(row, "abstract")
    return Document(_writable(str(name)), title or "", abstract, parse_codes(row.get("codes")))


def _text(row: dict[str, object], column: str) -> str | None:
    value = row.get(column)
    if value is None or value != value:  # NaN is how pandas writes an absent text
        return None
    if isinstance(value, str):
        return _writable(value)
    raise ParseError(f"expected text as {column}, found {type(value).__name__}")


def _writable(text: str) -> str:
    """Lone surrogates, which JSON can carry and UTF-8 cannot, become the replacement character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _rows(path: Path) -> Iterator[tuple[int, dict[str, object] | str]]:
    """(line, row), or (line, what is wrong with it)."""
    kind = _format(path)
    if kind == "parquet":
        return _parquet_rows(path)
    return _csv_rows(path) if kind == "csv" else json_rows(path)


def _format(path: Path) -> Format:
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        message = f"expected a JSONL, CSV or Parquet file, found {error.strerror or error} at {path}"
        raise UsageError(f"{message}; name an existing file") from None
    if head.startswith(b"PAR1"):
        return "parquet"
    if path.suffix.lower() in _SUFFIXES:
        return _SUFFIXES[path.suffix.lower()]
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return "jsonl"
    raise UsageError(
        f"expected a file name ending in {', '.join(_SUFFIXES)}, found {path.name!r}; rename or convert it"
    )


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, object] | str]]:
    csv.field_size_limit(_LONGEST_CELL)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        header = [name.strip() for name in next(reader, [])]
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise _missing(path, missing, header)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield reader.line_num, f"expected CSV, found {error}"
                continue
            if cells is None:
                return
            if cells:
                yield reader.line_num, _csv_row(header, cells)


def _csv_row(header: list[str], cells: list[str]) -> dict[str, object] | str:
    if len(cells) != len(header):
        return f"expected {len(header)} cells, found {len(cells)}"
    if any("\udc80" <= char <= "\udcff" for cell in cells for char in cell if char > "\ud7ff"):
        return "expected UTF-8, found other bytes"
    return {name: cell or None for name, cell in zip(header, cells, strict=True)}


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, object] | str]]:
    import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types

    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        missing = [column for column in COLUMNS if column not in names]
        if missing:
            raise _missing(path, missing, names)
        line = 0
        for batch in file.iter_batches(_PARQUET_ROWS, columns=[n for n in (*COLUMNS, "codes") if n in names]):
            for row in batch.to_pylist():
                line += 1
                yield line, row
    except (pa.ArrowException, OSError) as error:
        raise ParseError(f"expected a sound Parquet file, found {error} in {path}; write it again") from None
