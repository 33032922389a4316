"""Momentum of any CSV of series: `horizon momentum FILE`."""

import csv
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from horizon.errors import HorizonError, UsageError
from horizon.weeks import IsoWeek
from trends.dglm import Array
from trends.momentum import METHOD, Momentum, Panel, kind_of, measure

IN_COLUMNS = ("series", "period", "count", "total")
OUT_COLUMNS = (
    "series",
    "as_of",
    "status",
    "n_52w",
    "share_52w",
    "growth_pct",
    "growth_lo80",
    "growth_hi80",
    "p_rising",
    "verdict",
    "forecast_share_52w",
    "forecast_lo80",
    "forecast_hi80",
    "forecast_lo95",
    "forecast_hi95",
    "method",
)
MAX_BAD_SHARE = 0.01
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_YEARS = range(1980, 2061)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class TableReport:
    """What was read and scored; `problems` name the line of each row that was skipped."""

    series: int = 0
    rows: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        return len(self.problems)


@dataclass(frozen=True)
class Row:
    """One cell of a panel; count and total are NaN where the period is unknown."""

    series: str
    period: int
    weekly: bool
    count: float
    total: float


def momentum_file(source: Path, output: Path) -> TableReport:
    """Score every series of a CSV (series,period,count,total) into another CSV, which appears whole or not at all.

    A series is weekly (2026-W47) or monthly (2026-11). An empty count or total means unknown, and so does a period that
    is not there. Raises HorizonError when a column is missing or more than 1 % of the rows cannot be read.
    """
    if source.resolve() == output.resolve():
        raise UsageError(f"expected an output other than the input, found {output} for both; name another file")
    report = TableReport()
    rows = list(read_rows(source, report))
    if not rows and not report.problems:
        raise HorizonError(f"{source}: expected rows below the header, found none")
    if report.skipped > MAX_BAD_SHARE * report.rows:
        first = "; ".join(report.problems[:3])
        message = f"{source}: {report.skipped} of {report.rows} rows cannot be read (at most 1 % may be): {first}"
        raise HorizonError(message + "; nothing was written, mend the rows")
    lines = []
    for weekly in (True, False):
        if chosen := [row for row in rows if row.weekly == weekly]:
            panel, as_of = panel_of(chosen)
            lines += [_line(name, as_of, found) for name, found in zip(panel.names, measure(panel), strict=True)]
    report.series = len(lines)
    _write(output, sorted(lines))
    return report


def read_rows(source: Path, report: TableReport) -> Iterator[Row]:
    """Rows that can be used; what cannot is told in the report."""
    seen: set[tuple[str, int]] = set()
    grains: dict[str, bool] = {}
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_columns(source, reader.fieldnames)
            for cells in reader:
                report.rows += 1
                try:
                    row = row_of(cells)
                    if grains.setdefault(row.series, row.weekly) != row.weekly:
                        raise ValueError(f"{row.series!r} has both weeks and months; give each its own name")
                    if (row.series, row.period) in seen:
                        raise ValueError(f"{row.series!r} has this period twice")
                except ValueError as error:
                    report.problems.append(f"{source.name}, line {reader.line_num}: {error}; row skipped")
                    continue
                seen.add((row.series, row.period))
                yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{source}: expected a readable CSV in UTF-8, found: {error}") from None


def _check_columns(source: Path, found: object) -> None:
    names = list(found) if isinstance(found, (list, tuple)) else []
    missing = [name for name in IN_COLUMNS if name not in names]
    if missing:
        raise HorizonError(
            f"{source}: expected the columns {', '.join(IN_COLUMNS)}, found {', '.join(map(str, names)) or 'nothing'}; "
            f"add {', '.join(missing)}"
        )


def row_of(cells: dict[str, str | None]) -> Row:
    """One row; raises ValueError with what is wrong with it."""
    series = (cells["series"] or "").strip()
    if not series:
        raise ValueError("the series has no name")
    period, weekly = _period((cells["period"] or "").strip())
    count, total = _number("count", cells["count"]), _number("total", cells["total"])
    if count > total:
        raise ValueError(f"count {count:g} exceeds total {total:g}")
    return Row(series, period, weekly, count, total)


def _period(text: str) -> tuple[int, bool]:
    """A running number of the week or month, and whether it is a week."""
    if text[:4].isdigit() and int(text[:4]) not in _YEARS:
        raise ValueError(f"expected a year from {_YEARS[0]} to {_YEARS[-1]}, found {text!r}")
    if month := _MONTH.fullmatch(text):
        return int(month[1]) * 12 + int(month[2]) - 1, False
    try:
        return IsoWeek.parse(text) - IsoWeek(1970, 1), True
    except UsageError:
        raise ValueError(f"expected a period such as 2026-W47 or 2026-11, found {text!r}") from None


def _number(name: str, text: str | None) -> float:
    if text is None or not text.strip():
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"expected a whole number as {name}, found {text!r}") from None
    if not np.isfinite(value) or value < 0 or value != int(value):
        raise ValueError(f"expected a whole number of 0 or more as {name}, found {text!r}")
    return value


def panel_of(rows: list[Row]) -> tuple[Panel, str]:
    """Series by periods, and the name of the last period."""
    names = sorted({row.series for row in rows})
    first, last = min(row.period for row in rows), max(row.period for row in rows)
    index = {name: number for number, name in enumerate(names)}
    counts: Array = np.full((len(names), last - first + 1), np.nan)
    totals = counts.copy()
    for row in rows:
        counts[index[row.series], row.period - first] = row.count
        totals[index[row.series], row.period - first] = row.total
    year = 52 if rows[0].weekly else 12
    panel = Panel(tuple(names), tuple(map(kind_of, names)), counts, totals, year)
    return panel, period_name(last, rows[0].weekly)


def period_name(period: int, weekly: bool) -> str:
    """An ISO week or a month, as tables have it."""
    return str(IsoWeek(1970, 1) + period) if weekly else f"{period // 12:04d}-{period % 12 + 1:02d}"


def _line(series: str, as_of: str, found: Momentum) -> list[str]:
    numbers = [
        found.growth_pct,
        found.growth_lo80,
        found.growth_hi80,
        found.p_rising,
        found.verdict,
        found.forecast_share_52w,
        found.forecast_lo80,
        found.forecast_hi80,
        found.forecast_lo95,
        found.forecast_hi95,
    ]
    status = "insufficient_data" if found.p_rising is None else "ok"
    # A spreadsheet would run such a name as a formula (https://owasp.org/www-community/attacks/CSV_Injection).
    name = f"'{series}" if series.startswith(_FORMULA) else series
    cells = [name, as_of, status, found.n_52w, found.share_52w, *numbers, METHOD]
    return [_cell(cell) for cell in cells]


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.6g}" if isinstance(value, float) else str(value)


def _write(output: Path, lines: list[list[str]]) -> None:
    partial = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(OUT_COLUMNS)
            writer.writerows(lines)
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"cannot write {output}: {error}; name a file in a folder that can be written") from None
