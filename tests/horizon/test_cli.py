"""The command line: every verb explains itself, errors are one line and a code."""

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from horizon.cli import app
from horizon.errors import UsageError
from horizon.settings import Settings
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


def test_one_raw_file_is_printed_as_items(tmp_path: Path) -> None:
    fixture = README.parent / "tests/scrapers/fixtures/arxiv/ordinary.xml"
    packed = tmp_path / "page.xml.gz"
    packed.write_bytes(gzip.compress(fixture.read_bytes()))
    found = _run("sources", "parse", "arxiv", str(packed))
    assert found.returncode == 0
    items = [json.loads(line) for line in found.stdout.splitlines()]
    assert items
    assert {item["source"] for item in items} == {"arxiv"}


def test_refused_records_go_to_standard_error_with_exit_code_1() -> None:
    found = _run(
        "sources", "parse", "arxiv", str(README.parent / "tests/scrapers/fixtures/arxiv/refused_and_remarked.xml")
    )
    assert found.returncode == 1
    assert {json.loads(line)["severity"] for line in found.stderr.splitlines()} >= {"error"}
    assert all("id" in json.loads(line) for line in found.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "code"), [(("nowhere", "x"), 2), (("arxiv", "absent.xml"), 2), (("arxiv", str(README)), 1)]
)
def test_a_file_that_cannot_be_parsed_has_its_exit_code(words: tuple[str, ...], code: int) -> None:
    found = _run("sources", "parse", *words)
    assert found.returncode == code
    assert "Traceback" not in found.stderr


def test_a_source_without_its_key_is_listed_as_disabled(tmp_path: Path) -> None:
    listed = {row["id"]: row for row in json.loads(_run("sources", "list", "--json", cwd=tmp_path).stdout)}
    assert listed["arxiv"]["state"] == "ready"
    assert listed["epo_ops"]["state"] == "disabled: no key"


def test_one_source_is_checked_by_name(tmp_path: Path) -> None:
    found = _run("sources", "check", "arxiv", "--json", cwd=tmp_path)
    assert (found.returncode, json.loads(found.stdout)[0]["state"]) == (0, "ok")
    assert _run("sources", "check", "epo_ops", cwd=tmp_path).returncode == 0


def test_a_crawl_without_a_contact_is_refused(tmp_path: Path) -> None:
    found = _run("sources", "crawl", "arxiv", "--week", "2026-W46", "--data", str(tmp_path / "data"), cwd=tmp_path)
    assert found.returncode == 2
    assert "HORIZON_CONTACT" in found.stderr
    assert _run("sources", "crawl", "arxiv", "--since", "2026-11-09", cwd=tmp_path).returncode == 2


def test_the_doctor_answers_in_json(tmp_path: Path) -> None:
    found = _run("doctor", "--data", str(tmp_path / "data"), "--json", cwd=tmp_path)
    subjects = [row["subject"] for row in json.loads(found.stdout)]
    assert {"taxonomy", "model", "disk", "database", "clock", "contact", "source arxiv"} <= set(subjects)
    assert found.returncode == 1
    assert not (tmp_path / "data").exists()


# ---- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("verify", "nosuch.json"), ("verify", "."), ("verify",)])
def test_a_brief_that_is_not_there_is_a_usage_error(words: tuple[str, ...], tmp_path: Path) -> None:
    found = _run(*words, cwd=tmp_path)
    assert (found.returncode, len(found.stderr.splitlines())) == (2, 1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words", [("verify", "brief.json"), ("verify", "--store"), ("export", "out"), ("brief",), ("score",), ("classify",)]
)
def test_a_mistyped_data_folder_is_told_and_not_made(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "brief.json").write_text("{}")
    found = _run(*words, "--data", "tpyo", cwd=tmp_path)
    assert (found.returncode, len(found.stderr.splitlines())) == (2, 1)
    assert "tpyo" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["brief.json"]


@pytest.mark.parametrize(
    ("name", "value"), [("HORIZON_CRAWL_RETRY_DELAYS_S", "soon"), ("HORIZON_CRAWL_RETRY_DELAYS_S", '["soon"]')]
)
def test_a_setting_that_cannot_be_used_is_one_line(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    found = _run("sources", "list", cwd=tmp_path)
    assert (found.returncode, len(found.stderr.splitlines())) == (2, 1)
    assert name.lower().removeprefix("horizon_") in found.stderr.lower()


def test_an_empty_setting_counts_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HORIZON_DATA_DIR", "HORIZON_REPLAY_URL", "HORIZON_DATABASE_URL"):
        monkeypatch.setenv(name, "")
    (tmp_path / ".env").write_text("HORIZON_CONTACT=\n", encoding="utf-8")
    settings = Settings()
    assert settings == Settings.model_validate({})
    assert (settings.data_dir, settings.replay_url, settings.contact) == (Path("var"), None, None)
    assert settings.url == "sqlite:///var/horizon.sqlite"


def test_a_wrong_setting_never_shows_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError) as raised:
        Settings(database_url=["postgresql://ann:secret@host/x"])
    assert "HORIZON_DATABASE_URL" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_broken_line_of_env_is_told_once_by_its_number(tmp_path: Path) -> None:
    lines = ["HORIZON_CONTACT=ann@example.org", "", "HORIZON_USPTO_API_KEY hush-hush", "# note", 'HORIZON_X="hush-hush']
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    found = _run("sources", "list", cwd=tmp_path)
    assert (found.returncode, len(found.stderr.splitlines())) == (2, 1)
    assert "line 3, 5;" in found.stderr
    assert "begin it with #" in found.stderr
    assert "hush" not in found.stdout + found.stderr


def _interrupted(body: str) -> subprocess.Popen[str]:
    """`horizon migrate` with this work in the place of its own.

    It heeds SIGINT even where the suite does not: a shell starts what it runs in the background with SIGINT ignored.
    """
    program = "import signal, sys, time, store.database as d, horizon.cli as c\n"
    program += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program += f"def work(url):\n    {body}\n"
    program += "d.migrate = work; sys.argv = ['horizon', 'migrate']; c.main()"
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], cwd=README.parent, stdout=pipe, stderr=pipe, text=True)


def test_ctrl_c_is_one_line_and_exit_code_130() -> None:
    with _interrupted("print('at work', flush=True); time.sleep(60)") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "at work\n"
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=30)
    assert running.returncode == 130
    assert told == "horizon: interrupted; run the same command again to carry on\n"


@pytest.mark.parametrize(
    "error", ["OSError(28, 'No space left on device')", "__import__('horizon.errors').errors.RenderError('a font')"]
)
def test_a_full_disk_or_a_brief_that_cannot_be_rendered_is_exit_code_3(error: str) -> None:
    with _interrupted(f"raise {error}") as running:
        _, told = running.communicate(timeout=30)
    assert (running.returncode, len(told.splitlines())) == (3, 1)


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m horizon taxonomy schema | head -1"
    found = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, cwd=README.parent)
    assert "Traceback" not in found.stderr
