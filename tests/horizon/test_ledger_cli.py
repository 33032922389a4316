"""`horizon ledger` and `horizon verify --ledger`: their words, tables and exit codes."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.ledger import issue_predictions, settle_predictions
from flows.workspace import Workspace
from horizon.cli import app
from horizon.errors import UsageError
from horizon.settings import Settings
from tests.flows.conftest import tuesday_after
from tests.flows.test_ledger import ARXIV, SERIES, WEEK, a_run, harvest, score

YEAR = WEEK + 52
NOW = ("--as-of", tuesday_after(YEAR).isoformat())


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Predicted, and the year after counted but not settled."""
    folder = tmp_path_factory.mktemp("scanned")
    with Workspace(Settings(data_dir=folder)) as work:
        run = a_run(work, WEEK)
        harvest(work, run, WEEK + -53, 1)
        score(work, run)
        issue_predictions(work, run, ARXIV)
        work.store.finish_run(run.run_id, "done", run.started)
        later = a_run(work, YEAR)
        harvest(work, later, WEEK + -1, 2)
        work.store.finish_run(later.run_id, "done", later.started)
    return folder


@pytest.fixture
def data(scanned: Path, tmp_path: Path) -> Path:
    for file in scanned.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.fixture
def settled(data: Path) -> Path:
    assert run("ledger", "settle", data, *NOW).exit_code == 0
    return data


def run(*words: str | Path) -> Result:
    """The words, the folder among them named with --data."""
    named = [part for word in words for part in (["--data", str(word)] if isinstance(word, Path) else [word])]
    result = CliRunner().invoke(app, named)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_first_line_says_what_is_not_live_and_the_last_the_head(data: Path) -> None:
    lines = run("ledger", "show", data, *NOW).output.splitlines()
    assert lines[0] == "SIMULATED"
    assert lines[1].startswith("made      series       source  what       settles   p     80 %")
    assert [line.split()[3:5] for line in lines[2:6]] == [
        ["share", "26w"], ["share", "52w"], ["count", "26w"], ["count", "52w"],
    ]  # fmt: skip
    assert {line.split()[-1] for line in lines[2:6]} == {"open"}
    assert lines[6].startswith("4 rows, head ")
    assert max(map(len, lines)) <= 120


def test_settling_says_what_it_did_and_a_repeat_does_nothing(data: Path) -> None:
    first = run("ledger", "settle", data, *NOW)
    assert first.output == "2026-W40: 4 predictions settled, 0 void\n"
    assert run("ledger", "settle", data, *NOW).output == "2026-W40: nothing has come due\n"
    shown = run("ledger", "show", data, *NOW).output.splitlines()
    assert [line.split()[-4:-2] for line in shown[2:6]] == [
        ["48.1%", "yes"],
        ["49%", "yes"],
        ["50", "yes"],
        ["102", "yes"],
    ]


def test_predictions_are_chosen_by_series_source_week_and_state(settled: Path) -> None:
    def shown(*words: str) -> int:
        found = run("ledger", "show", settled, "--json", *NOW, *words)
        return len(json.loads(found.output)["predictions"])

    assert (shown(), shown("--settled"), shown("--open")) == (4, 4, 0)
    assert (shown("--series", SERIES), shown("--series", "area:"), shown("--series", "route:")) == (4, 4, 0)
    assert (shown("--source", "arxiv"), shown("--source", "biorxiv")) == (4, 0)
    assert (shown("--week", str(WEEK)), shown("--week", str(YEAR))) == (4, 0)
    before = run("ledger", "show", settled, "--json", "--as-of", tuesday_after(WEEK + 9).isoformat())
    told = json.loads(before.output)
    assert (told["world"], told["rows"], [each["settlement"] for each in told["predictions"]]) == (
        "simulated",
        4,
        [None] * 4,
    )
    with pytest.raises(UsageError, match="leave one out"):
        shown("--open", "--settled")


def test_the_scorecard_is_read_in_a_terminal_and_by_a_program(settled: Path) -> None:
    text = run("ledger", "score", settled, *NOW).output
    assert text.startswith("SIMULATED\n")
    assert "share 52w  all   all     1        0     0     1.0        0.160" in text
    assert "chance to exceed, share 52w: mean distance 0.400" in text
    told = json.loads(run("ledger", "score", settled, "--json", *NOW).output)
    row = next(row for row in told["scorecard"] if (row["quantity"], row["horizon_weeks"]) == ("share", 52))
    assert (row["settled"], row["brier"]["value"], row["brier_climatology"]) == (1, pytest.approx(0.16), 0.25)


def test_an_empty_ledger_is_said(tmp_path: Path) -> None:
    with Workspace(Settings(data_dir=tmp_path)) as work:
        a_run(work, WEEK)
    assert "nothing predicted yet" in run("ledger", "score", tmp_path).output
    assert "no prediction of this kind" in run("ledger", "show", tmp_path).output
    assert run("verify", "--ledger", tmp_path).exit_code == 0


# verify --ledger


def head_of(data: Path) -> str:
    told = json.loads(run("verify", "--ledger", data, "--json").output)
    assert told["ledger"] == []
    return str(told["head"])


def break_chain(data: Path, statement: str) -> None:
    with sqlite3.connect(data / "horizon.sqlite") as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'")
        for (name,) in names.fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(statement)
    connection.close()


def test_a_whole_chain_is_verified_with_the_heads_that_were_published(settled: Path) -> None:
    head = head_of(settled)
    found = run("verify", "--ledger", "--head", head[:12], settled)
    assert found.exit_code == 0
    assert found.output == f"the ledger is whole: 8 rows, head {head}\n"
    earlier = json.loads(
        run("ledger", "show", settled, "--json", "--as-of", tuesday_after(WEEK + 9).isoformat()).output
    )
    assert run("verify", "--ledger", "--head", earlier["head"], settled).exit_code == 0


def test_a_broken_chain_is_exit_code_1_and_its_row_is_named(settled: Path) -> None:
    break_chain(settled, "UPDATE ledger SET payload = replace(payload, '0.6', '0.9') WHERE seq = 2")
    found = run("verify", "--ledger", settled)
    assert found.exit_code == 1
    assert found.output.startswith("BROKEN ledger row 2 (prediction:")
    assert "is whole" not in found.output
    told = json.loads(run("verify", "--ledger", "--json", settled).output)
    assert len(told["ledger"]) == 1


def test_a_ledger_cut_short_is_found_by_a_published_head_alone(settled: Path) -> None:
    head = head_of(settled)
    break_chain(settled, "DELETE FROM ledger WHERE seq = 8")
    assert run("verify", "--ledger", settled).exit_code == 0
    found = run("verify", "--ledger", "--head", head, settled)
    assert found.exit_code == 1
    assert "its end was cut off, or it was written anew" in found.output


@pytest.mark.parametrize(
    "words", [("--head", "a" * 64), ("--ledger", "--head", "abc"), ("--ledger", "--head", "x" * 12)]
)
def test_a_head_that_is_none_is_a_usage_error(settled: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=r"expected (--head with --ledger|a brief)"):
        run("verify", *words, settled)


def test_nothing_is_settled_by_what_was_known_later(data: Path) -> None:
    found = run("ledger", "settle", data, "--as-of", tuesday_after(WEEK + 30).isoformat())
    assert found.output == "2026-W18: nothing has come due\n"
    with Workspace(Settings(data_dir=data)) as work:
        assert settle_predictions(work, work.store.runs()[-1].run, ARXIV) == 4
