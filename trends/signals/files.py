"""Signals of any file of documents: `horizon signals FILE`."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from horizon.errors import HorizonError, UsageError
from horizon.json_lines import json_rows
from horizon.records import Signal
from taxonomy.load import Taxonomy
from trends.signals.detect import Place, detect
from trends.signals.index import build_index
from trends.signals.lexicon import lexicon_terms
from trends.signals.ranking import RankingModel
from trends.terms import Paper, WeekTerms, extract_week, week_number

COLUMNS = ("id", "title", "abstract", "authors", "categories", "date")
MAX_BAD_SHARE = 0.01
_PARQUET_ROWS = 4096
_WORTH_PROCESSES = 20_000
"""Documents below which one process is done sooner than two have started."""


@dataclass
class SignalsReport:
    """What was read and found; `problems` name the line of each row that was skipped."""

    documents: int = 0
    rows: int = 0
    later: int = 0
    """Rows dated after the day asked for: passed over unread."""
    repeated: int = 0
    """Rows whose id was there already; the first one stands."""
    signals: int = 0
    problems: list[str] = field(default_factory=list)


PlaceTexts = Callable[[str, Sequence[str]], tuple[str | None, str | None]]
"""Nearest area and sector of a term and the texts that use it."""


def signals_file(
    source: Path,
    output: Path,
    as_of: date,
    taxonomy: Taxonomy,
    model: RankingModel | None = None,
    processes: int = 1,
    place: PlaceTexts | None = None,
) -> SignalsReport:
    """Write the signals as of a day as JSONL, which appears whole or not at all.

    Without `place` neither areas nor sectors are told. Raises HorizonError when a column is missing or more than 1 % of
    the rows up to that day cannot be read.
    """
    if source.resolve() == output.resolve():
        raise UsageError(f"expected an output other than the input, found {output} for both; name another file")
    report = SignalsReport()
    weeks: dict[int, list[Paper]] = {}
    for paper in read_papers(source, as_of, report):
        weeks.setdefault(week_number(paper.day), []).append(paper)
    index = build_index(extract_weeks(weeks, processes))
    found = detect(
        index,
        week_number(as_of),
        "file",
        lexicon=lexicon_terms(taxonomy),
        model=model,
        place=None if place is None else _by_id(weeks, place),
    )
    report.signals = len(found.signals)
    _write(output, found.signals)
    return report


def _by_id(weeks: Mapping[int, Sequence[Paper]], place: PlaceTexts) -> Place:
    texts = {paper.id: f"{paper.title}. {paper.abstract}" for papers in weeks.values() for paper in papers}
    return lambda term, ids: place(term, [texts[item] for item in ids])


def extract_weeks(weeks: Mapping[int, Iterable[Paper]], processes: int = 1) -> list[WeekTerms]:
    """The block of every week, the earliest first."""
    batches = [list(weeks[week]) for week in sorted(weeks)]
    if processes < 2 or sum(map(len, batches)) < _WORTH_PROCESSES:
        return [extract_week(papers) for papers in batches]
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(extract_week, batches, chunksize=8))


def read_papers(source: Path, as_of: date, report: SignalsReport) -> Iterator[Paper]:
    """Documents up to a day. What is wrong goes into the report; raises HorizonError at the end if it is too much."""
    seen: set[str] = set()
    columns: set[str] = set()
    for line, row in _rows(source):
        report.rows += 1
        try:
            if isinstance(row, str):
                raise ValueError(row)
            columns.update(row)
            day = _day(row.get("date"))
            if day > as_of:
                report.later += 1
                continue
            paper = _paper(row, day)
        except ValueError as error:
            report.problems.append(f"{source.name}:{line}: {error}; row skipped")
            continue
        if paper.id in seen:
            report.repeated += 1
            continue
        seen.add(paper.id)
        report.documents += 1
        yield paper
    _judge(source, report, columns)


def _judge(source: Path, report: SignalsReport, columns: set[str]) -> None:
    if columns:
        _check_columns(source, columns)
    read = report.rows - report.later
    if report.documents == 0 and not report.problems:
        raise HorizonError(f"{source}: expected documents up to the day, found none; give a later --as-of")
    if len(report.problems) > MAX_BAD_SHARE * read:
        first = "; ".join(report.problems[:3])
        message = f"{source}: {len(report.problems)} of {read} rows cannot be read (at most 1 % may be): {first}"
        raise HorizonError(message + "; nothing was written, mend the rows")


def _check_columns(source: Path, found: Iterable[str]) -> None:
    have = sorted(found)
    missing = [name for name in COLUMNS if name not in have]
    if missing:
        raise HorizonError(
            f"{source}: expected the columns {', '.join(COLUMNS)}, found {', '.join(have) or 'nothing'}; "
            f"add {', '.join(missing)}; nothing was written"
        )


def _paper(row: Mapping[str, Any], day: date) -> Paper:
    name = row.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        raise ValueError(f"expected an id, found {name!r:.60}")
    authors = _list(row, "authors", (";", ","))
    return Paper(
        str(name), day, _text(row, "title"), _text(row, "abstract"), authors, _list(row, "categories", (";", ",", None))
    )


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if value is None or value != value:  # NaN is how pandas writes an absent text
        return ""
    if not isinstance(value, str):
        raise ValueError(f"expected text as {column}, found {type(value).__name__}")
    # Lone surrogates, which JSON can carry, have no UTF-8.
    return value.encode("utf-8", "replace").decode()


def _list(row: Mapping[str, Any], column: str, separators: tuple[str | None, ...]) -> tuple[str, ...]:
    """A list of texts, or one text with the first of these separators that it holds (None: any space)."""
    value = row.get(column)
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(each.strip() for each in value if each.strip())
    text = _text(row, column)
    separator = next((mark for mark in separators if mark is None or mark in text), ",")
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise ValueError(f"expected a date such as 2026-11-23, found {value!r:.60}") from None


def _rows(source: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """(line, row), or (line, what is wrong with it)."""
    try:
        with source.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
    except OSError as error:
        message = f"expected a Parquet or JSONL file, found {error.strerror or error} at {source}"
        raise UsageError(f"{message}; name an existing file") from None
    return _parquet_rows(source) if parquet else json_rows(source)


def _parquet_rows(source: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types

    line = 0
    try:
        file = pq.ParquetFile(source)
        _check_columns(source, file.schema_arrow.names)
        for batch in file.iter_batches(_PARQUET_ROWS, columns=list(COLUMNS)):
            for row in batch.to_pylist():
                line += 1
                yield line, row
    except (pa.ArrowException, OSError) as error:
        raise HorizonError(f"expected a sound Parquet file, found {error} in {source}; write it again") from None


def _write(output: Path, signals: Iterable[Signal]) -> None:
    partial = output.with_name(f".{output.name}.{os.getpid()}.part")
    lines = [json.dumps(signal.model_dump(mode="json"), ensure_ascii=False) + "\n" for signal in signals]
    try:
        partial.write_text("".join(lines), encoding="utf-8")
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"cannot write {output}: {error}; name a file in a folder that can be written") from None
