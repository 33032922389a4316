"""Files of documents in, files of labels out."""

import csv
import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types
import pytest

from horizon.errors import HorizonError, ParseError, StoreError, UsageError
from nlp.classifier import BATCH, Classifier
from nlp.classify_file import classify_file

_REFUSED = 7
_ROWS: list[dict[str, Any]] = [
    {"id": "a1", "title": "Superconducting qubits", "abstract": "A trapped ion qubit.", "codes": ["quant-ph"]},
    {"id": "a2", "title": "Whale song", "abstract": None, "codes": None},
    {
        "id": "a3",
        "title": None,
        "abstract": "A tokamak divertor, a stellarator.",
        "codes": "physics.plasm-ph; G21B1/05",
    },
]


def _jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_of_labels_has_the_promised_shape(tmp_path: Path, classifier: Classifier) -> None:
    done = classify_file(_jsonl(tmp_path / "in.jsonl", _ROWS), tmp_path / "out.jsonl", classifier)
    first, second, third = _read(tmp_path / "out.jsonl")
    assert list(first) == ["id", "areas", "model", "taxonomy"]
    assert list(first["areas"][0]) == ["area", "probability", "assigned", "routes", "evidence"]
    assert first["areas"][0]["area"] == "quantum_technology"
    assert not any(area["assigned"] for area in second["areas"])
    assert third["areas"][0]["area"] == "controlled_nuclear_fusion"
    assert (done.rows, done.written, done.in_some_area, done.issues) == (3, 3, 2, ())
    assert done.assigned["quantum_technology"] == 1


def test_jsonl_csv_and_parquet_give_the_same_labels(tmp_path: Path, classifier: Classifier) -> None:
    rows = [
        {**row, "codes": "; ".join(row["codes"]) if isinstance(row["codes"], list) else row["codes"]} for row in _ROWS
    ]
    _jsonl(tmp_path / "in.jsonl", rows)
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "title", "abstract", "codes"])
        writer.writeheader()
        writer.writerows(rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    for suffix in ("jsonl", "csv", "parquet"):
        classify_file(tmp_path / f"in.{suffix}", tmp_path / f"{suffix}.out", classifier)
    outputs = [(tmp_path / f"{suffix}.out").read_bytes() for suffix in ("jsonl", "csv", "parquet")]
    assert outputs[0] == outputs[1] == outputs[2]


def test_an_unreadable_row_is_reported_with_its_line_and_skipped(tmp_path: Path, classifier: Classifier) -> None:
    lines = [json.dumps({"id": f"r{n}", "title": "Whales", "abstract": "."}) for n in range(200)]
    lines[41] = '{"id": "broken"'
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(lines), encoding="utf-8")
    done = classify_file(source, tmp_path / "out.jsonl", classifier)
    assert (done.rows, done.written) == (200, 199)
    (issue,) = done.issues
    assert (issue.code, issue.severity) == ("row-unreadable", "warning")
    assert "in.jsonl:42:" in issue.message


_BAD = [
    "[1]",
    "nonsense",
    '{"title": "no id", "abstract": "x"}',
    '{"id": "x", "title": [1], "abstract": 2}',
    '{"id": "\xff',
]


@pytest.mark.parametrize("bad", _BAD)
def test_more_than_one_bad_row_in_a_hundred_writes_nothing(tmp_path: Path, classifier: Classifier, bad: str) -> None:
    good = [json.dumps({"id": f"r{n}", "title": "Whales", "abstract": "."}) for n in range(98)]
    source = tmp_path / "in.jsonl"
    source.write_bytes("\n".join([*good, bad, bad]).encode("latin-1"))
    (tmp_path / "out.jsonl").write_text("before")
    with pytest.raises(ParseError, match=r"2 of 100.*in\.jsonl:99:") as caught:
        classify_file(source, tmp_path / "out.jsonl", classifier)
    assert caught.value.exit_code == 1
    assert (tmp_path / "out.jsonl").read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out.jsonl"}


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_a_missing_column_is_named_and_nothing_is_written(tmp_path: Path, classifier: Classifier, name: str) -> None:
    source = tmp_path / name
    rows = [{"id": "1", "title": "Whales", "summary": "."}]
    if name == "in.csv":
        source.write_text("id,title,summary\n1,Whales,.\n")
    elif name == "in.jsonl":
        _jsonl(source, rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), source)
    with pytest.raises(ParseError, match="missing abstract") as caught:
        classify_file(source, tmp_path / "out", classifier)
    assert caught.value.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_nan_absent_and_odd_texts_are_read(tmp_path: Path, classifier: Classifier) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        '{"id": 7, "title": NaN, "abstract": NaN}\n{"id": "\\ud800x", "title": "\\ud800 a \\u0000", "abstract": ""}\n'
        '{"id": "long", "title": "T", "abstract": "' + "word " * 200_000 + '"}\n\n'
    )
    done = classify_file(source, tmp_path / "out.jsonl", classifier)
    assert [row["id"] for row in _read(tmp_path / "out.jsonl")] == ["7", "\ufffdx", "long"]
    assert done.written == 3


def test_a_csv_row_with_the_wrong_number_of_cells_is_reported(tmp_path: Path, classifier: Classifier) -> None:
    rows = "".join(f"r{n},Whales,.\n" for n in range(150))
    (tmp_path / "in.csv").write_bytes(b"\xef\xbb\xbfid,title,abstract\n" + rows.encode() + b'x,"a, b\nc",d,e\n')
    done = classify_file(tmp_path / "in.csv", tmp_path / "out.jsonl", classifier)
    assert done.written == 150
    assert "expected 3 cells, found 4" in done.issues[0].message


def test_a_broken_parquet_file_is_an_error(tmp_path: Path, classifier: Classifier) -> None:
    (tmp_path / "in.parquet").write_bytes(b"PAR1 and then nothing of use")
    with pytest.raises(ParseError, match="sound Parquet file"):
        classify_file(tmp_path / "in.parquet", tmp_path / "out.jsonl", classifier)


@pytest.mark.parametrize(
    ("source", "output", "error"),
    [
        ("absent.jsonl", "out.jsonl", UsageError),
        ("notes.doc", "out.jsonl", UsageError),
        ("in.jsonl", "in.jsonl", UsageError),
        ("in.jsonl", "no/such/folder/out.jsonl", StoreError),
    ],
)
def test_unusable_names_are_clear_errors(
    tmp_path: Path, classifier: Classifier, source: str, output: str, error: type[HorizonError]
) -> None:
    _jsonl(tmp_path / "in.jsonl", _ROWS)
    (tmp_path / "notes.doc").write_text("hello")
    with pytest.raises(error, match="expected"):
        classify_file(tmp_path / source, tmp_path / output, classifier)


def _many(path: Path, rows: int) -> Path:
    return _jsonl(path, [{**_ROWS[number % 3], "id": f"r{number}"} for number in range(rows)])


def test_progress_is_told_for_every_batch(tmp_path: Path, classifier: Classifier) -> None:
    told: list[int] = []
    classify_file(_many(tmp_path / "in.jsonl", 600), tmp_path / "o", classifier, progress=told.append)
    assert told == [0, 256, 512, 600]


class _Killed(BaseException):
    """As a process that is killed: nothing catches it."""


def _kill_after(documents: int) -> Callable[[int], None]:
    def progress(done: int) -> None:
        if done >= documents:
            raise _Killed

    return progress


@pytest.mark.parametrize("torn", [b"", b'{"id": "r512", "ar', b"\x00" * 40 + b"\n"])
def test_a_killed_run_goes_on_where_it_was_and_ends_in_the_same_bytes(
    tmp_path: Path, classifier: Classifier, torn: bytes
) -> None:
    source, output = _many(tmp_path / "in.jsonl", 900), tmp_path / "out.jsonl"
    whole = classify_file(source, tmp_path / "whole.jsonl", classifier)
    with pytest.raises(_Killed):
        classify_file(source, output, classifier, progress=_kill_after(512))
    (part,) = tmp_path.glob("out.jsonl.*.part")
    part.write_bytes(part.read_bytes() + torn)
    told: list[int] = []
    again = classify_file(source, output, classifier, progress=told.append)
    assert told == [512, 768, 900]
    assert again == whole
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_what_comes_after_a_damaged_line_is_made_again(tmp_path: Path, classifier: Classifier) -> None:
    source, output = _many(tmp_path / "in.jsonl", 900), tmp_path / "out.jsonl"
    classify_file(source, tmp_path / "whole.jsonl", classifier)
    with pytest.raises(_Killed):
        classify_file(source, output, classifier, progress=_kill_after(768))
    (part,) = tmp_path.glob("out.jsonl.*.part")
    lines = part.read_bytes().splitlines(keepends=True)
    lines[300] = b"\x00" * (len(lines[300]) - 1) + b"\n"
    part.write_bytes(b"".join(lines))
    told: list[int] = []
    classify_file(source, output, classifier, progress=told.append)
    assert told == [256, 512, 768, 900]
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_the_lines_of_another_input_are_not_taken_up(tmp_path: Path, classifier: Classifier) -> None:
    output = tmp_path / "out.jsonl"
    with pytest.raises(_Killed):
        classify_file(_many(tmp_path / "in.jsonl", 600), output, classifier, progress=_kill_after(256))
    told: list[int] = []
    classify_file(_many(tmp_path / "in.jsonl", 700), output, classifier, progress=told.append)
    assert told[0] == 0
    assert len(_read(output)) == 700
    assert not list(tmp_path.glob("*.part"))


def test_two_processes_write_the_bytes_of_one(tmp_path: Path, classifier: Classifier) -> None:
    source = _many(tmp_path / "in.jsonl", 1400)
    done = [classify_file(source, tmp_path / f"{n}.jsonl", classifier, processes=n) for n in (1, 2)]
    assert done[0] == done[1]
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


def test_a_second_run_over_the_same_output_is_refused_while_the_first_writes(
    tmp_path: Path, classifier: Classifier
) -> None:
    source, output = _jsonl(tmp_path / "in.jsonl", _ROWS * 200), tmp_path / "out.jsonl"

    def second(done: int) -> None:
        if done == BATCH:
            beside = multiprocessing.get_context("fork").Process(target=_second, args=(source, output, classifier))
            beside.start()
            beside.join()
            assert beside.exitcode == _REFUSED

    classify_file(source, output, classifier, progress=second)
    assert len(_read(output)) == 600


def _second(source: Path, output: Path, classifier: Classifier) -> None:
    try:
        classify_file(source, output, classifier)
    except StoreError as error:
        os._exit(_REFUSED if "another run" in str(error) else 1)


def test_processes_of_a_killed_run_end_with_it(tmp_path: Path, classifier: Classifier) -> None:
    source = _jsonl(tmp_path / "in.jsonl", _ROWS * 1000)
    fork = multiprocessing.get_context("fork")
    mine, theirs = fork.Pipe(duplex=False)
    run = fork.Process(target=_tells_its_processes, args=(source, tmp_path / "out.jsonl", classifier, theirs))
    run.start()
    theirs.close()
    workers = mine.recv()
    run.kill()
    run.join()
    # Every process of the run holds the other end: it closes when the last of them is gone.
    assert mine.poll(60)
    with pytest.raises(EOFError):
        mine.recv()
    assert len(workers) == 2


def _tells_its_processes(source: Path, output: Path, classifier: Classifier, told: Connection) -> None:
    def tell(done: int) -> None:
        if done:
            told.send([each.pid for each in multiprocessing.active_children()])
            signal.pause()

    classify_file(source, output, classifier, processes=2, progress=tell)
