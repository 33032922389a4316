"""Backtest of any CSV of series: `horizon backtest FILE`."""

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from horizon.errors import HorizonError, UsageError
from trends.backtest import METRICS, Method, Settled, backtest, momentum_method, persistence, rolling_origins, thin
from trends.dglm import Array
from trends.momentum import METHOD, Panel
from trends.scoring_rules import block_interval, calibration_error, pit_deviation
from trends.tables import MAX_BAD_SHARE, Row, TableReport, panel_of, period_name, read_rows, row_of

HALF_COLUMNS = ("count_a", "count_b", "total_a", "total_b")
SUMMARY = ("calibration_error", "pit_deviation")
OUT_COLUMNS = ("grain", "horizon_weeks", "method", "origin", "series", *METRICS, *SUMMARY)
METHODS: dict[str, Method] = {METHOD: momentum_method(), "persistence": persistence}
"""The product's own and the one to beat: last year's share again, ranked by last year's growth."""


@dataclass(frozen=True)
class Line:
    """One method at one origin (or over all: mean, lo95, hi95), with its values by column."""

    grain: str
    horizon_weeks: int
    method: str
    origin: str
    series: int
    values: dict[str, float | None]

    def as_dict(self) -> dict[str, object]:
        head = (self.grain, self.horizon_weeks, self.method, self.origin, self.series)
        values = [self.values.get(name) for name in (*METRICS, *SUMMARY)]
        return dict(zip(OUT_COLUMNS, (*head, *values), strict=True))


def backtest_file(source: Path, horizon_weeks: int = 52) -> tuple[list[Line], TableReport]:
    """Backtest every series of a CSV as `horizon momentum` reads it, weekly ones and monthly ones apart.

    Further columns count_a, count_b, total_a and total_b are the same items in two halves, by a hash of each item's
    id; without them the counts are thinned at random (`trends.backtest.thin`). Raises HorizonError when the file cannot
    be read or its history is too short.
    """
    report = TableReport()
    rows = list(read_rows(source, report))
    if report.skipped > MAX_BAD_SHARE * report.rows:
        first = "; ".join(report.problems[:3])
        message = f"{source}: {report.skipped} of {report.rows} rows cannot be read (at most 1 % may be): {first}"
        raise HorizonError(f"{message}; mend the rows")
    halves = _read_halves(source, report)
    lines: list[Line] = []
    for weekly in (True, False):
        chosen = [row for row in rows if row.weekly == weekly]
        if chosen:
            lines += _lines(source, chosen, halves, horizon_weeks)
    report.series = len({row.series for row in rows})
    if not lines:
        raise HorizonError(f"{source}: expected rows below the header, found none")
    return lines, report


Cell = tuple[str, int]


def _read_halves(source: Path, report: TableReport) -> dict[Cell, tuple[Row, Row]] | None:
    """The halves of each cell, None where the file has no such columns; what does not add up is an error."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        there = [name for name in HALF_COLUMNS if name in (reader.fieldnames or ())]
        if not there:
            return None
        if len(there) < len(HALF_COLUMNS):
            raise HorizonError(f"{source}: expected all of {', '.join(HALF_COLUMNS)} or none, found {', '.join(there)}")
        found = {}
        for cells in reader:
            try:
                pair = tuple(
                    row_of({**cells, "count": cells[f"count_{h}"], "total": cells[f"total_{h}"]}) for h in "ab"
                )
                whole = row_of(cells)
            except ValueError as error:
                report.problems.append(f"{source.name}, line {reader.line_num}: {error}; its halves are passed over")
                continue
            if not _adds_up(whole, *pair):
                raise HorizonError(
                    f"{source}, line {reader.line_num}: expected count_a + count_b = count and total_a + total_b = "
                    f"total, found {pair[0].count:g} + {pair[1].count:g} of {whole.count:g} and "
                    f"{pair[0].total:g} + {pair[1].total:g} of {whole.total:g}; mend the halves or leave them out"
                )
            found[whole.series, whole.period] = (pair[0], pair[1])
    return found


def _adds_up(whole: Row, first: Row, second: Row) -> bool:
    sums = (first.count + second.count, first.total + second.total)
    return all(np.isnan(a) or np.isnan(b) or a == b for a, b in zip(sums, (whole.count, whole.total), strict=True))


def _lines(source: Path, rows: list[Row], halves: dict[Cell, tuple[Row, Row]] | None, horizon_weeks: int) -> list[Line]:
    panel, _ = panel_of(rows)
    year, weekly = panel.periods_per_year, rows[0].weekly
    horizon = round(horizon_weeks * year / 52)
    origins = rolling_origins(panel.counts.shape[1], year, horizon)
    if not origins:
        raise HorizonError(
            f"{source}: expected at least {4 * year + horizon} {'weeks' if weekly else 'months'} (four years before "
            f"the first origin and the horizon after it), found {panel.counts.shape[1]}; add history"
        )
    pair = thin(panel) if halves is None else _half_panels(rows, halves)
    first = min(row.period for row in rows)
    lines = []
    for name, method in METHODS.items():
        settled = backtest(panel, method, origins, horizon, pair)
        if not settled:
            raise HorizonError(
                f"{source}: expected a series with 30 items in the two years before some origin, found none; "
                "add series or history"
            )
        labels = [period_name(first + each.origin, weekly) for each in settled]
        lines += _of_method("weekly" if weekly else "monthly", horizon_weeks, name, settled, labels)
    return lines


def _half_panels(rows: Sequence[Row], halves: dict[Cell, tuple[Row, Row]]) -> tuple[Panel, Panel]:
    unknown = float("nan")
    sides = []
    for side in (0, 1):
        blank = [replace(row, count=unknown, total=unknown) for row in rows]
        sides.append(panel_of([halves.get((row.series, row.period), (row, row))[side] for row in blank])[0])
    return sides[0], sides[1]


def _of_method(grain: str, horizon_weeks: int, method: str, settled: list[Settled], labels: list[str]) -> list[Line]:
    metrics = [each.metrics() for each in settled]
    sizes = [len(each.names) for each in settled]
    lines = [
        Line(grain, horizon_weeks, method, label, size, _known(values))
        for label, size, values in zip(labels, sizes, metrics, strict=True)
    ]
    said, rose = np.concatenate([each.p_rising for each in settled]), np.concatenate([each.rose for each in settled])
    told = np.isfinite(said)
    summary = {
        "calibration_error": calibration_error(said[told], rose[told]),
        "pit_deviation": pit_deviation(np.concatenate([each.pit for each in settled])),
    }
    columns = {name: np.array([values[name] for values in metrics]) for name in METRICS}
    means = {name: _mean(column) for name, column in columns.items()}
    bounds = {name: _interval(column) for name, column in columns.items()}
    whole = round(sum(sizes) / len(sizes))
    return [
        *lines,
        Line(grain, horizon_weeks, method, "mean", whole, _known({**means, **summary})),
        Line(grain, horizon_weeks, method, "lo95", whole, _known({name: low for name, (low, _) in bounds.items()})),
        Line(grain, horizon_weeks, method, "hi95", whole, _known({name: high for name, (_, high) in bounds.items()})),
    ]


def _interval(values: Array) -> tuple[float, float]:
    return block_interval(len(values), lambda drawn: _mean(values[drawn]))


def _mean(values: Array) -> float:
    told = values[np.isfinite(values)]
    return float(told.mean()) if len(told) else float("nan")


def _known(values: dict[str, float]) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def write_lines(output: Path, lines: Iterable[Line]) -> None:
    """Write a CSV, which appears whole or not at all."""
    partial = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(OUT_COLUMNS)
            writer.writerows([_cell(value) for value in line.as_dict().values()] for line in lines)
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"cannot write {output}: {error}; name a file in a folder that can be written") from None


def as_text(lines: Sequence[Line]) -> str:
    """An aligned table for the screen."""
    cells = [list(OUT_COLUMNS), *([_cell(value, 3) for value in line.as_dict().values()] for line in lines)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(OUT_COLUMNS))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(texts)


def _cell(value: object, digits: int = 6) -> str:
    if value is None:
        return ""
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
