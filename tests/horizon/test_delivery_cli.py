"""`horizon deliver`: what it says and how it ends."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from flows.delivery import Handover
from flows.workspace import Workspace
from horizon.cli import app
from horizon.errors import UsageError
from horizon.settings import Settings


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Handover]:
    """What the flow answers; a test puts hand-overs in."""
    found: list[Handover] = []
    work = Workspace(Settings(data_dir=tmp_path))
    monkeypatch.setattr("horizon.cli.delivery.open_existing", lambda _: work)
    monkeypatch.setattr("flows.delivery.deliver_week", lambda *_: found)
    return found


def handover(status: Literal["sent", "failed"]) -> Handover:
    return Handover(
        at=datetime(2026, 11, 24, tzinfo=UTC),
        week="2026-W47",
        digest="ab" * 32,
        target="committee",
        kind="mail",
        receiver="chair@example.org",
        status=status,
        attempts=3,
        reason="the server is away" if status == "failed" else None,
    )


def test_what_was_sent_is_one_line_each(told: list[Handover]) -> None:
    told.append(handover("sent"))
    result = CliRunner().invoke(app, ["deliver", "--week", "2026-W47"])
    assert result.exit_code == 0
    assert result.stdout == "2026-W47 committee chair@example.org: sent after 3 attempts\n"


def test_a_failure_ends_with_3_and_stands_in_the_json(told: list[Handover]) -> None:
    told += [handover("sent"), handover("failed")]
    result = CliRunner().invoke(app, ["deliver", "--week", "2026-W47", "--json"])
    assert result.exit_code == 3
    assert [each["status"] for each in json.loads(result.stdout)] == ["sent", "failed"]


def test_a_folder_without_a_database_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["deliver", "--data", str(tmp_path / "none")])
    assert isinstance(result.exception, UsageError)
    assert not (tmp_path / "none").exists()
