"""`horizon signals FILE --as-of D -o OUT`: documents in, signals out, or a clear word and nothing at all."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from horizon.cli import app
from horizon.errors import HorizonError, UsageError
from horizon.records import Signal
from tests.trends.papers import AS_OF, RISING, background, planted
from trends.terms import Paper

PAPERS = (*background(weeks=240), *planted("porcelain teapots", RISING))


def _row(paper: Paper) -> dict[str, object]:
    row = {"id": paper.id, "title": paper.title, "abstract": paper.abstract, "date": paper.day.isoformat()}
    return {**row, "authors": list(paper.authors), "categories": " ".join(paper.categories)}


def _jsonl(folder: Path, rows: Sequence[object]) -> Path:
    path = folder / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _run(source: Path, output: Path, as_of: str = str(AS_OF)) -> Result:
    return CliRunner().invoke(app, ["signals", str(source), "--as-of", as_of, "-o", str(output)])


def test_signals_have_the_fields_people_script_against(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    result = _run(_jsonl(tmp_path, [_row(paper) for paper in PAPERS]), output)
    assert result.exit_code == 0, result.output
    (line,) = output.read_text(encoding="utf-8").splitlines()
    signal = json.loads(line)
    assert signal["term"] == "porcelain teapot"
    assert set(signal) == set(Signal.model_fields)
    assert 0 < signal["p_sustained"] < 1
    assert signal["nearest_area"] is None
    assert len(signal["item_ids"]) == 10


def test_parquet_says_the_same_and_later_rows_are_never_read(tmp_path: Path) -> None:
    import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types

    rows = [_row(paper) for paper in PAPERS]
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    _run(_jsonl(tmp_path, [*rows, {"date": "2031-01-01", "id": None, "title": 5}]), one)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    assert _run(tmp_path / "in.parquet", other).exit_code == 0
    assert one.read_bytes() == other.read_bytes()


def test_rows_that_cannot_be_read_are_named_and_skipped(tmp_path: Path) -> None:
    rows: list[object] = [_row(paper) for paper in PAPERS]
    rows[3:3] = [{**_row(PAPERS[0]), "id": "x:1", "date": "soon"}, {**_row(PAPERS[0]), "id": " "}, "no object"]
    result = _run(_jsonl(tmp_path, [*rows, _row(PAPERS[0])]), tmp_path / "out.jsonl")
    assert result.exit_code == 0
    assert "in.jsonl:4: expected a date" in result.output
    assert "in.jsonl:5: expected an id" in result.output
    assert "in.jsonl:6: expected a JSON object" in result.output
    assert "3 rows skipped, 1 repeated" in result.output


@pytest.mark.parametrize("missing", ["id", "authors", "date"])
def test_a_missing_column_is_told_and_nothing_is_written(tmp_path: Path, missing: str) -> None:
    rows = [{name: value for name, value in _row(paper).items() if name != missing} for paper in PAPERS[:300]]
    output = tmp_path / "out.jsonl"
    result = _run(_jsonl(tmp_path, rows), output)
    assert isinstance(result.exception, HorizonError)
    assert result.exception.exit_code == 1
    assert missing in str(result.exception)
    assert not output.exists()


def test_more_than_one_bad_row_in_a_hundred_leaves_the_old_output_alone(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("old")
    rows = [*(_row(paper) for paper in PAPERS[:100]), {"id": "x:1"}, {"id": "x:2"}]
    result = _run(_jsonl(tmp_path, rows), output)
    assert isinstance(result.exception, HorizonError)
    assert "at most 1 %" in str(result.exception)
    assert output.read_text() == "old"
    assert not list(tmp_path.glob(".*.part"))


def test_words_that_cannot_be_used_are_usage_errors(tmp_path: Path) -> None:
    source = _jsonl(tmp_path, [_row(paper) for paper in PAPERS[:50]])
    for result in (
        _run(source, source),
        _run(source, tmp_path / "out.jsonl", "soon"),
        _run(tmp_path / "none.jsonl", tmp_path / "out.jsonl"),
        _run(source, tmp_path / "no" / "folder" / "out.jsonl"),
    ):
        assert isinstance(result.exception, UsageError)


def test_no_history_is_no_signal_and_a_day_before_all_documents_an_error(tmp_path: Path) -> None:
    source, output = _jsonl(tmp_path, [_row(paper) for paper in PAPERS[:600]]), tmp_path / "out.jsonl"
    assert _run(source, output).exit_code == 0
    assert output.read_text() == ""
    assert isinstance(_run(source, output, "2001-01-01").exception, HorizonError)
