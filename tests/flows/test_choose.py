"""Which sources a scan reads, and how those without a key are told."""

import json
from pathlib import Path

import pytest

import scrapers.source as source_module
from flows.choose import Chosen, choose_sources
from flows.scan import WeeklyParams, open_weekly_run, run_weekly_scan, sources_of
from flows.summary import as_text
from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.settings import Settings
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from scrapers.source import list_sources, load_source
from tests.flows.conftest import OpenWorkspace, tuesday_after
from tests.scrapers.test_uspto_xml import document

KEYED = tuple(name for name in list_sources() if load_source(name).keys)
WEEKLY = tuple(name for name in list_sources() if load_source(name).weekly)


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name in {key for source in KEYED for key in load_source(source).keys}:
        monkeypatch.delenv(f"HORIZON_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return Workspace(Settings(data_dir=tmp_path / "live"))


def test_all_means_every_weekly_source_with_its_key(live: Workspace) -> None:
    chosen = choose_sources(live, ())
    assert chosen.read[0] == "arxiv"
    # Nothing was dropped: a source of dropped files alone has nothing to say.
    assert set(chosen.read) | set(chosen.disabled) == set(WEEKLY) - {"drop"}
    assert set(chosen.disabled) == set(KEYED) & set(WEEKLY)


@pytest.mark.parametrize("folder", ["cnipa", "docdb", "uspto_grants"])
def test_a_file_dropped_in_any_folder_enables_the_drop_folder(live: Workspace, folder: str) -> None:
    live.drop(folder).mkdir(parents=True)
    assert "drop" not in choose_sources(live, ()).read
    (live.drop(folder) / "week.xml").write_text("<SIMULATED/>")
    assert "drop" in choose_sources(live, ()).read


@pytest.mark.parametrize("world", ["simulated", "replayed"])
def test_a_world_that_is_not_live_reads_what_was_dropped_into_its_folder(live: Workspace, world: str) -> None:
    live.__dict__["world"] = world
    assert "drop" not in choose_sources(live, ()).read
    live.drop("cnipa").mkdir(parents=True)
    (live.drop("cnipa") / "week.xml").write_text("<SIMULATED/>")
    chosen = choose_sources(live, ())
    assert "drop" in chosen.read
    assert ("europepmc" in chosen.read) == (world == "simulated")


def test_in_a_simulated_world_a_dropped_document_is_stored(
    open_workspace: OpenWorkspace, world: SimulatedWorld
) -> None:
    work, now = open_workspace(), tuesday_after(world.last_week)
    work.drop("uspto_grants").mkdir(parents=True)
    (work.drop("uspto_grants") / "week.xml").write_bytes(document("12900001"))
    summary = run_weekly_scan(work, WeeklyParams(week=world.last_week, sources=("drop",), formats=("json",)), now)
    assert [(fetch.source, fetch.status, fetch.items) for fetch in summary.fetches] == [("drop", "OK", 1)]
    assert "uspto:US.12900001.B2" in work.store.items(["uspto:US.12900001.B2"])


def test_a_key_enables_its_source(live: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in load_source(KEYED[0]).keys:
        monkeypatch.setenv(f"HORIZON_{name}", "given")
    assert KEYED[0] in choose_sources(live, ("arxiv", KEYED[0])).read


def test_with_a_key_added_the_same_week_is_another_run(live: Workspace) -> None:
    without, with_key = Chosen(("arxiv",), ("epo_ops",)), Chosen(("arxiv", "epo_ops"))
    assert without.params != with_key.params != Chosen(("arxiv",)).params


def test_no_readable_source_is_a_usage_error(live: Workspace) -> None:
    with pytest.raises(UsageError, match="no key"):
        choose_sources(live, KEYED[:1])
    with pytest.raises(UsageError, match="no source 'x'"):
        choose_sources(live, ("x",))


def test_a_simulated_world_needs_no_key_and_reads_what_its_server_speaks(open_workspace: OpenWorkspace) -> None:
    chosen = choose_sources(open_workspace(), ())
    assert chosen.disabled == ()
    assert "arxiv" in chosen.read
    assert "drop" not in chosen.read


def test_a_source_without_its_key_is_named_in_the_brief_and_is_no_failure(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, now = open_workspace(), tuesday_after(world.last_week)
    monkeypatch.setattr("flows.scan.choose_sources", lambda work, asked: Chosen(("arxiv",), ("epo_ops",)))
    summary = run_weekly_scan(work, WeeklyParams(week=world.last_week, formats=("json", "md")), now)
    assert (summary.exit_code, summary.disabled, summary.mismatches) == (0, ("epo_ops",), ())
    assert "epo_ops: disabled: no key" in as_text(summary)
    brief = json.loads((work.briefs / str(world.last_week) / "brief.json").read_bytes())
    assert (brief["header"]["sources"], brief["header"]["disabled"]) == (["arxiv"], ["epo_ops"])
    english, chinese = ((work.briefs / f"{world.last_week}/brief.{code}.md").read_text() for code in ("en", "zh"))
    line = next(line for line in english.splitlines() if line.startswith("**Coverage"))
    assert "Not read, disabled: no key: " in line
    assert "停用：无密钥" in chinese
    run, _ = open_weekly_run(work, WeeklyParams(week=world.last_week), now)
    assert sources_of(run) == (("arxiv",), ("epo_ops",))


def test_sources_are_listed_by_their_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, live: Workspace) -> None:
    monkeypatch.setattr(source_module, "_FOLDER", tmp_path)
    with pytest.raises(UsageError, match="known are: none"):
        choose_sources(live, ("arxiv",))
