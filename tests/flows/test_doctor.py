"""The doctor looks at everything, finds what is broken, and leaves nothing behind."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.doctor import Finding, check_sources, examine
from flows.scan import WeeklyParams, run_weekly_scan
from flows.workspace import Workspace
from horizon.settings import Settings
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from scrapers.source import list_sources, load_source
from tests.flows.conftest import OpenWorkspace, tuesday_after

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def found(findings: list[Finding], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject == subject)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HORIZON_CONTACT", "someone@example.org")
    return Workspace(Settings(data_dir=tmp_path / "none"))


def test_an_empty_installation_is_fit_and_untouched(empty: Workspace) -> None:
    findings = examine(empty, NOW)
    subjects = [finding.subject for finding in findings]
    assert subjects[:6] == ["taxonomy", "model", "disk", "database", "clock", "contact"]
    assert [name for name in subjects if name.startswith("source ")] == [f"source {name}" for name in list_sources()]
    assert {finding.subject for finding in findings if finding.state == "failed"} <= {"disk"}
    assert found(findings, "last success arxiv").state == "warning"
    assert "last success drop" not in subjects
    assert not empty.settings.data_dir.exists()


def test_a_missing_key_disables_and_names_what_to_set(empty: Workspace) -> None:
    for finding in check_sources(empty, ()):
        keys = load_source(finding.subject.removeprefix("source ")).keys
        assert (finding.state == "disabled") == bool(keys)
        assert all(f"HORIZON_{key}" in finding.detail for key in keys)


def test_files_dropped_in_place_of_a_key_are_told(empty: Workspace) -> None:
    empty.drop("uspto_grants").mkdir(parents=True)
    (empty.drop("uspto_grants") / "ipg260106.zip").write_bytes(b"SIMULATED")
    findings = examine(empty, NOW)
    grants = found(findings, "source uspto_grants")
    assert (grants.state, grants.detail) == ("ok", "no key, reads dropped files")
    assert found(findings, "last success uspto_grants").state == "warning"
    assert found(findings, "source uspto_applications").state == "disabled"
    assert "last success uspto_applications" not in [finding.subject for finding in findings]


def test_a_missing_contact_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HORIZON_CONTACT", raising=False)
    findings = examine(Workspace(Settings(data_dir=tmp_path)), NOW)
    assert found(findings, "contact").state == "failed"


def test_little_room_on_the_disk_fails(empty: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.doctor.LEAST_FREE_GB", 1e9)
    assert found(examine(empty, NOW), "disk").state == "failed"


def test_a_damaged_database_fails(empty: Workspace) -> None:
    empty.settings.data_dir.mkdir()
    (empty.settings.data_dir / "horizon.sqlite").write_bytes(b"no database" * 1000)
    assert found(examine(empty, NOW), "database").state == "failed"


def test_after_a_scan_the_last_success_is_told_and_ages(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    work, now = open_workspace(), tuesday_after(world.last_week)
    run_weekly_scan(work, WeeklyParams(week=world.last_week, sources=("arxiv",), formats=("json",)), now)
    last = found(examine(work, now), "last success arxiv")
    tuesday = world.last_week.sunday + timedelta(days=2)  # the crawl waits for what is announced after the week
    assert (last.state, last.data["last"]) == ("ok", str(tuesday))
    assert found(examine(work, now + timedelta(days=15)), "last success arxiv").state == "warning"
    assert found(examine(work, now - timedelta(days=1)), "clock").state == "failed"
    assert found(examine(work, now), "database").state == "ok"


def test_online_each_source_is_asked_once(open_workspace: OpenWorkspace, server: ReplayServer) -> None:
    work = open_workspace()
    server.clear_log()
    finding = found(check_sources(work, ("arxiv",), online=True), "source arxiv")
    assert (finding.state, len(server.requests)) == ("ok", 1)
    assert "HTTP 200" in finding.detail
    assert found(check_sources(work, ("drop",), online=True), "source drop").detail == "keyless"
    assert len(server.requests) == 1, "the drop folder asks nobody"


def test_a_source_that_does_not_answer_is_told(tmp_path: Path) -> None:
    work = Workspace(Settings(data_dir=tmp_path, replay_url="http://127.0.0.1:9"))
    finding = found(check_sources(work, ("arxiv",), online=True), "source arxiv")
    assert (finding.state, "no answer" in finding.detail) == ("failed", True)
