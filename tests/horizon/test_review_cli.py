"""`horizon review`: its words, its exit codes and its lines."""

import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from flows.workspace import Workspace
from horizon.cli import app
from horizon.errors import UsageError
from horizon.settings import Settings
from tests.flows.test_review import FUSION, LATER, NOW, a_label, an_item, scan


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with Workspace(Settings(data_dir=tmp_path / "data")) as work:
        items = [an_item(1), an_item(2)]
        scan(work, items, [a_label(work, item, 0.5) for item in items])
    return tmp_path / "data"


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(app, ["review", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def fill_in(file: Path, *verdicts: str) -> None:
    book = openpyxl.load_workbook(file)
    for row, verdict in enumerate(verdicts, 2):
        book.worksheets[0].cell(row, 11, verdict)
    book.save(file)


def test_a_queue_is_written_filled_in_and_taken_back(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.xlsx"
    when = ("--data", data, "--as-of", NOW.isoformat())
    written = run("export", "--week", "2026-W47", "--weeks", "2", "--lang", "en", "-o", file, *when)
    assert written.output == f"{file}: 2 uncertain, 0 drawn at random\n"
    fill_in(file, "accept", "perhaps")
    taken = run("import", file, "--expert", "Ada", "--data", data, "--as-of", LATER.isoformat())
    assert taken.exit_code == 1
    assert taken.output.splitlines() == [
        "1 verdicts added, 0 known before, 0 rows without a verdict",
        f"  arxiv:2611.00001 {FUSION}: accept (Ada)",
        "NOT TAKEN row 3: expected accept, reject or relabel (接受, 驳回, 改标), found 'perhaps'",
    ]
    fill_in(file, "accept", "")
    again = run("import", file, "--expert", "Ada", "--json", "--data", data, "--as-of", LATER.isoformat())
    assert again.exit_code == 0
    told = json.loads(again.output)
    assert (told["added"], told["repeated"], told["empty"]) == ([], 1, 1)


def test_nothing_to_ask_is_said_and_no_file_written(data: Path, tmp_path: Path) -> None:
    when = ("--data", data, "--as-of", NOW.isoformat())
    found = run("export", "--week", "2026-W47", "--area", "quantum_technology", "-o", tmp_path / "q.xlsx", *when)
    assert found.output.startswith("nothing to ask")
    assert not (tmp_path / "q.xlsx").exists()


def test_a_folder_without_a_database_is_told_and_not_made(tmp_path: Path) -> None:
    for words in (("export",), ("import", tmp_path / "q.xlsx")):
        with pytest.raises(UsageError, match="expected a database"):
            run(*words, "--data", tmp_path / "none")
    assert not (tmp_path / "none").exists()
