"""The command line: every verb explains itself, errors are one line and a code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from horizon.cli import app
from taxonomy.load import AREAS

README = Path(__file__).resolve().parents[2] / "README.md"


def _run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "horizon", *words], capture_output=True, text=True, cwd=cwd, check=False
    )


def _verbs(command: Any, prefix: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if hasattr(command, "commands"):
        return [found for name, sub in command.commands.items() for found in _verbs(sub, (*prefix, name))]
    return [(prefix, command)]


VERBS = _verbs(typer.main.get_command(app))


@pytest.mark.parametrize(("words", "command"), VERBS, ids=[" ".join(words) for words, _ in VERBS])
def test_every_verb_has_help_and_stands_in_the_readme(words: tuple[str, ...], command: Any) -> None:
    assert command.help
    assert f"horizon {' '.join(words)}" in README.read_text(encoding="utf-8")


def test_taxonomy_check_counts_the_areas() -> None:
    found = _run("taxonomy", "check", "--json")
    assert found.returncode == 0
    assert len(json.loads(found.stdout)["areas"]) == 11


def test_a_mistake_in_an_area_file_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    for path in AREAS.glob("*.yml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    target = tmp_path / "quantum_technology.yml"
    target.write_text(target.read_text(encoding="utf-8").replace("tier: 3", "tier: 7", 1), encoding="utf-8")
    found = _run("taxonomy", "check", "--taxonomy", str(tmp_path))
    assert found.returncode == 2
    assert "quantum_technology.yml:" in found.stderr
    assert "tier" in found.stderr
    assert "Traceback" not in found.stderr


def test_taxonomy_show_speaks_both_languages() -> None:
    found = _run("taxonomy", "show", "quantum_technology")
    assert "量子科技" in found.stdout
    assert "trapped" in found.stdout


def test_an_unknown_area_is_answered_with_the_known_ones() -> None:
    found = _run("taxonomy", "show", "alchemy")
    assert found.returncode == 2
    assert "quantum_technology" in found.stderr


@pytest.mark.parametrize("week", ["2026-W99", "tomorrow"])
def test_a_week_that_is_none_is_a_usage_error(week: str, tmp_path: Path) -> None:
    found = _run("scan", "--week", week, "--data", str(tmp_path))
    assert found.returncode == 2
    assert "2026-W47" in found.stderr


def test_a_week_that_has_not_ended_is_not_scanned(tmp_path: Path) -> None:
    found = _run("scan", "--week", "2026-W47", "--as-of", "2026-11-18", "--data", str(tmp_path))
    assert found.returncode == 2
    assert "has not ended" in found.stderr


def test_an_unwritable_data_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    found = _run("scan", "--week", "2026-W46", "--as-of", "2026-11-18", "--data", str(tmp_path / "file" / "below"))
    assert found.returncode == 3
    assert "file" in found.stderr
    assert "Traceback" not in found.stderr
