"""A week of which something lacks is no success: whoever crawls or stores it ends with exit code 3."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from flows.workspace import Workspace
from horizon.cli import app
from scrapers.replay.server import serve
from scrapers.replay.simulated import SimulatedWorld
from taxonomy.load import load_taxonomy
from tests.scrapers.test_uspto_xml import document


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    return SimulatedWorld(load_taxonomy(), items_per_week=3, weeks=2)


@pytest.fixture
def week(world: SimulatedWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, ...]]:
    """The words that name the drop folder's week; a good file and a damaged one lie in it."""
    folder = tmp_path / "drop" / "uspto_grants"
    folder.mkdir(parents=True)
    (folder / "damaged.zip").write_bytes(b"PK\3\4 and no more")
    (folder / "good.xml").write_bytes(document("12900001"))
    now = world.last_week.end + timedelta(days=1)
    # Neither step classifies: what a run keeps of the classifier is its fingerprint.
    monkeypatch.setattr(Workspace, "classifier", SimpleNamespace(fingerprint="0" * 64))
    with serve(world, now) as server:
        monkeypatch.setenv("HORIZON_REPLAY_URL", server.url)
        monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0")
        yield "--week", str(world.last_week), "--as-of", now.isoformat(), "--data", str(tmp_path)


def horizon(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def mend(data: Path) -> None:
    (data / "drop" / "uspto_grants" / "damaged.zip").unlink()


def test_sources_crawl_of_a_partial_week_ends_with_3(week: tuple[str, ...], tmp_path: Path) -> None:
    found = horizon("sources", "crawl", "drop", *week, "--json")
    told = json.loads(found.stdout)
    assert (found.exit_code, told["status"], told["items"]) == (3, "PARTIAL", 1)
    assert "damaged.zip" in told["reason"]
    mend(tmp_path)
    assert horizon("sources", "crawl", "drop", *week).exit_code == 0


def test_the_steps_over_a_partial_week_end_with_3_and_lose_nothing(week: tuple[str, ...], tmp_path: Path) -> None:
    crawled = horizon("crawl", "--sources", "drop", *week)
    assert (crawled.exit_code, "PARTIAL, 1 items" in crawled.stdout) == (3, True), crawled.output
    stored = horizon("ingest", "--sources", "drop", *week)
    assert (stored.exit_code, "1 items new or changed" in stored.stdout) == (3, True), stored.output
    mend(tmp_path)
    assert horizon("ingest", "--sources", "drop", *week).exit_code == 0
