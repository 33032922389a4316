"""Keys: where they come from, and that they go nowhere else."""

import json
import logging
from datetime import date
from pathlib import Path

import pytest

import scrapers.crawl as crawl_module
from horizon.errors import UsageError
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from scrapers.crawl import crawl
from scrapers.exchange import Call
from scrapers.run import Job
from scrapers.secrecy import conceal, keep_out_of_logs
from scrapers.source import Source, load_source
from scrapers.walk import Window

KEYED = load_source("arxiv").model_copy(update={"keys": ("SOME_KEY", "SOME_SECRET")})
ENVIRON = {"HORIZON_SOME_KEY": "k3y-value", "HORIZON_SOME_SECRET": "s3cret-value"}


def test_secrets_are_cut_out_of_any_text() -> None:
    assert conceal("Basic k3y-value:s3cret-value", ENVIRON.values()) == "Basic [hidden]:[hidden]"
    assert conceal("abcdef", ["abcd", "abcdef"]) == "[hidden]"
    assert conceal("a cat", ["a"]) == "a cat"


def test_a_log_shows_no_secret_not_even_in_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    make = logging.getLogRecordFactory()
    try:
        keep_out_of_logs(ENVIRON.values())
        try:
            raise ValueError("expected a token for k3y-value")
        except ValueError:
            logging.getLogger("test").exception("asked with %s", "s3cret-value")
    finally:
        logging.setLogRecordFactory(make)
    assert "[hidden]" in caplog.text
    assert not any(secret in caplog.text for secret in ENVIRON.values())


def test_what_holds_a_secret_does_not_show_it() -> None:
    window = Window(KEYED, "https://x", date(2026, 3, 2), date(2026, 3, 8), None, KEYED.secrets(ENVIRON, KEYED.url))
    call = Call("https://x", headers=(("X-API-Key", "k3y-value"),), body=b"s3cret-value")
    for shown in (repr(window), repr(call)):
        assert not any(secret in shown for secret in ENVIRON.values())
    assert window.secrets == {"SOME_KEY": "k3y-value", "SOME_SECRET": "s3cret-value"}


def test_a_replay_server_is_never_told_a_real_key() -> None:
    assert KEYED.secrets(ENVIRON, "http://127.0.0.1:1/x") == {"SOME_KEY": "SIMULATED", "SOME_SECRET": "SIMULATED"}


def test_an_empty_key_is_no_key() -> None:
    assert KEYED.missing_keys({"HORIZON_SOME_KEY": "", "HORIZON_SOME_SECRET": "x"}) == ("HORIZON_SOME_KEY",)


def test_a_file_in_the_drop_folder_stands_for_a_key(tmp_path: Path) -> None:
    dropping = KEYED.model_copy(update={"drop": True})
    assert dropping.missing_keys({}, tmp_path) != ()
    assert dropping.missing_keys({}, tmp_path / "absent") != ()
    (tmp_path / "week.zip").write_bytes(b"x")
    assert dropping.missing_keys({}, tmp_path) == ()
    assert KEYED.missing_keys({}, tmp_path) != ()


@pytest.mark.parametrize(
    ("name", "in_place_of_a_key", "without_keys"),
    [
        ("ipg260106.zip", True, True),
        ("2026/w01/ipg260106_r2.zip", True, True),
        ("week.xml", False, True),
        (".ipg260106.zip", False, False),
        (".read.jsonl", False, False),
        ("folder.zip/", False, False),
    ],
)
def test_in_place_of_a_key_stands_a_zip_and_to_a_keyless_source_any_file(
    name: str, in_place_of_a_key: bool, without_keys: bool, tmp_path: Path
) -> None:
    path = tmp_path / name
    (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
    if not name.endswith("/"):
        path.write_bytes(b"x")
    dropping = KEYED.model_copy(update={"drop": True})
    keyless = dropping.model_copy(update={"keys": ()})
    assert (dropping.has_dropped(tmp_path), keyless.has_dropped(tmp_path)) == (in_place_of_a_key, without_keys)
    assert not KEYED.has_dropped(tmp_path)
    assert not keyless.has_dropped(tmp_path / "absent")
    assert not keyless.has_dropped(None)


def test_a_link_is_no_dropped_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.zip").write_bytes(b"x")
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "ipg260106.zip").symlink_to(tmp_path / "elsewhere.zip")
    assert not KEYED.model_copy(update={"drop": True}).has_dropped(tmp_path / "drop")


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setattr(crawl_module, "load_source", lambda name: KEYED)
    return KEYED


def test_a_crawl_without_its_key_is_refused_with_the_names_to_set(keyed: Source, tmp_path: Path) -> None:
    week = IsoWeek.parse("2026-W10")
    with pytest.raises(UsageError, match="disabled: no key; set HORIZON_SOME_KEY and HORIZON_SOME_SECRET"):
        crawl("arxiv", week.monday, week.sunday, week, tmp_path, contact="x@example.org", environ={})


def test_keys_go_to_the_crawler_by_its_environment_only(
    keyed: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = IsoWeek.parse("2026-W10")
    job = Job(keyed, week.monday, week.sunday, week, tmp_path, keyed.url, "x@example.org", None, ENVIRON)
    command = json.dumps(crawl_module._command(job))
    assert not any(secret in command + repr(job) for secret in ENVIRON.values())
    told: list[object] = []

    def run(*given: object) -> tuple[int, str]:
        told.extend(given)
        return 3, ""

    monkeypatch.setattr(crawl_module, "_run", run)
    crawl("arxiv", week.monday, week.sunday, week, tmp_path, contact="x@example.org", environ=ENVIRON)
    assert told[2] == ENVIRON


def test_keys_are_found_in_the_environment_and_in_env_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("HORIZON_SOME_KEY=from-file\nHORIZON_SOME_SECRET=from-file\nOTHER=x\n")
    monkeypatch.setenv("HORIZON_SOME_SECRET", "from-environment")
    settings = Settings()
    assert settings.environ["HORIZON_SOME_KEY"] == "from-file"
    assert settings.environ["HORIZON_SOME_SECRET"] == "from-environment"
    assert "OTHER" not in settings.environ
    assert "from-file" not in repr(settings)
