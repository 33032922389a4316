"""`horizon momentum`: any CSV of series in, one row a series out, or a clear word and nothing at all."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import HorizonError, UsageError
from horizon.weeks import IsoWeek
from trends.tables import OUT_COLUMNS, momentum_file

HEADER = "series,period,count,total\n"


def _weekly(series: str, growth_pct: float = 0.0, weeks: int = 160, seed: int = 1) -> list[str]:
    random = np.random.default_rng(seed)
    rate = 30 * (1 + growth_pct / 100) ** ((np.arange(weeks) - weeks) / 52)
    first = IsoWeek(2022, 10)
    return [f"{series},{first + week},{random.poisson(rate[week])},5000" for week in range(weeks)]


def _score(tmp_path: Path, text: str | bytes) -> dict[str, dict[str, str]]:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    momentum_file(source, output)
    rows = list(csv.DictReader(io.StringIO(output.read_text(encoding="utf-8"))))
    assert tuple(rows[0]) == OUT_COLUMNS
    return {row["series"]: row for row in rows}


def test_one_row_a_series_with_the_columns_people_script_against(tmp_path: Path) -> None:
    found = _score(tmp_path, HEADER + "\n".join(_weekly("up", 120) + _weekly("flat", 0, seed=2)))
    assert set(found) == {"up", "flat"}
    assert found["up"]["verdict"] == "rising"
    assert found["up"]["as_of"] == "2025-W13"
    assert float(found["up"]["growth_lo80"]) < float(found["up"]["growth_pct"]) < float(found["up"]["growth_hi80"])
    assert (
        float(found["flat"]["forecast_lo95"])
        < float(found["flat"]["share_52w"])
        < float(found["flat"]["forecast_hi95"])
    )


def test_months_are_read_too_and_may_stand_beside_weeks(tmp_path: Path) -> None:
    months = [f"monthly,{2015 + m // 12}-{m % 12 + 1:02d},{40 + m},9000" for m in range(96)]
    found = _score(tmp_path, HEADER + "\n".join(months + _weekly("weekly")))
    assert found["monthly"]["as_of"] == "2022-12"
    assert found["monthly"]["n_52w"] == str(sum(40 + m for m in range(84, 96)))
    assert found["weekly"]["as_of"] == "2025-W13"


def test_order_marks_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    lines = _weekly("量子科技", 40)
    straight = _score(tmp_path, HEADER + "\n".join(lines))
    turned = _score(tmp_path, ("\ufeff" + HEADER + "\n".join(reversed(lines))).replace("\n", "\r\n").encode())
    assert straight == turned


def test_empty_cells_and_absent_periods_mean_unknown(tmp_path: Path) -> None:
    lines = _weekly("s", 30)
    emptied = [line if index % 9 else f"{line.rsplit(',', 2)[0]},," for index, line in enumerate(lines)]
    absent = [line for index, line in enumerate(lines) if index % 9]
    assert _score(tmp_path, HEADER + "\n".join(emptied)) == _score(tmp_path, HEADER + "\n".join(absent))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("s,2025-W99,3,5000", "no such|expected a period"),
        ("s,soon,3,5000", "expected a period"),
        ("s,2025-W14,three,5000", "whole number as count"),
        ("s,2025-W14,-3,5000", "0 or more"),
        ("s,2025-W14,2.5,5000", "0 or more"),
        ("s,2025-W14,nan,5000", "0 or more"),
        ("s,2025-W14,7,5", "exceeds total"),
        (",2025-W14,3,5000", "no name"),
        ("s,2025-W13,3,5000", "twice"),
        ("s,2025-04,3,5000", "both weeks and months"),
        ("s,2099-W14,3,5000", "expected a year"),
        ("s,1970-W14,3,5000", "expected a year"),
        ("s", "expected a period"),
    ],
)
def test_an_unreadable_row_is_named_by_line_and_skipped(tmp_path: Path, row: str, reason: str) -> None:
    lines = _weekly("s")
    clean = _score(tmp_path, HEADER + "\n".join(lines))
    source = tmp_path / "in.csv"
    source.write_text(HEADER + "\n".join([*lines, row]) + "\n", encoding="utf-8")
    report = momentum_file(source, tmp_path / "out.csv")
    assert report.skipped == 1
    assert f"line {len(lines) + 2}" in report.problems[0]
    assert any(word in report.problems[0] for word in reason.split("|"))
    assert _score(tmp_path, source.read_bytes()) == clean


def test_many_unreadable_rows_stop_the_file_and_write_nothing(tmp_path: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(HEADER + "\n".join(_weekly("s")) + "\nx\ny\nz\n", encoding="utf-8")
    with pytest.raises(HorizonError, match="3 of 163 rows"):
        momentum_file(source, output)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("series,period,count\na,2025-W01,3\n", encoding="utf-8")
    with pytest.raises(HorizonError, match="add total") as caught:
        momentum_file(source, tmp_path / "out.csv")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("content", [b"", HEADER.encode(), b"\xff\xfe\x00s", b"\x00" * 200])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(content)
    with pytest.raises(HorizonError):
        momentum_file(source, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_an_absent_file_and_an_unwritable_output_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="readable CSV"):
        momentum_file(tmp_path / "none.csv", tmp_path / "out.csv")
    source = tmp_path / "in.csv"
    source.write_text(HEADER + "\n".join(_weekly("s")), encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write"):
        momentum_file(source, tmp_path / "nowhere" / "out.csv")


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(HEADER + "\n".join(_weekly("s")), encoding="utf-8")
    with pytest.raises(UsageError, match="other than the input"):
        momentum_file(source, source)


def test_a_name_that_a_spreadsheet_would_run_is_defused(tmp_path: Path) -> None:
    assert list(_score(tmp_path, HEADER + "\n".join(_weekly("=cmd()")))) == ["'=cmd()"]


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_are_scored_or_refused_by_name(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    source = folder / "in.csv"
    source.write_bytes(HEADER.encode() + content)
    try:
        momentum_file(source, folder / "out.csv")
    except HorizonError:
        assert not (folder / "out.csv").exists()
