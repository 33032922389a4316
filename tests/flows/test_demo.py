"""The demo: every source of the simulated world in one brief, and nothing deleted but what an earlier demo left."""

import json
from pathlib import Path

import pytest

from flows.demo import run_demo
from flows.scan import FORMATS
from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.settings import Settings


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="other files"):
        run_demo(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.slow
def test_papers_life_science_and_patents_stand_in_one_brief_and_a_dead_source_is_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    paths = run_demo(folder, items_per_week=60)
    assert {path.suffix for path in paths} == {f".{form}" for form in FORMATS}
    assert {path.parent.name for path in paths} == {"2026-W47"}
    with Workspace(Settings.in_folder(folder)) as work:
        statuses = {
            source: {fetch.status for fetch in work.store.fetches(source) if str(fetch.week) == "2026-W47"}
            for source in ("arxiv", "biorxiv", "medrxiv", "europepmc", "epo_ops", "uspto_grants", "uspto_applications")
        }
        before = {fetch.status for fetch in work.store.fetches("biorxiv") if str(fetch.week) == "2026-W46"}
    assert statuses.pop("medrxiv") == {"ERROR"}
    assert set().union(*statuses.values()) == {"OK"}
    # Caught up in the last week.
    assert before == {"ERROR"}
    lines = (folder / "works.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {"literature", "family"}
    assert "SIMULATED" in (folder / "truth.json").read_text(encoding="utf-8")
