"""A new classifier between two issues: earlier weeks are labelled, counted and scored again before the next brief."""

import json
from dataclasses import replace

import pytest

from flows.scan import BackfillParams, ScanSummary, WeeklyParams, run_backfill, run_weekly_scan
from flows.workspace import Workspace
from nlp.classifier import Classifier
from nlp.model_file import SHIPPED, load_model
from reports.facts import Brief
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from taxonomy.load import load_taxonomy
from tests.flows.conftest import OpenWorkspace, tuesday_after

ARXIV = ("arxiv",)


@pytest.fixture(scope="module")
def generous() -> Classifier:
    """A model that assigns more: every threshold of the shipped one is 0.05."""
    model, card, _ = load_model(SHIPPED)
    easy = {area: replace(found, threshold=0.05) for area, found in model.cheap.calibrations.items()}
    words_only = replace(model, cheap=replace(model.cheap, calibrations=easy), full=None)
    return Classifier(words_only, load_taxonomy(), fingerprint="generous", card=card)


@pytest.fixture
def work(open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld) -> Workspace:
    """Months harvested and two weeks issued with the shipped model."""
    work = open_workspace()
    until = world.last_week + -3
    server.set_clock(tuesday_after(until))
    run_backfill(work, BackfillParams(since=world.first_week, until=until, sources=ARXIV), tuesday_after(until))
    for back in (2, 1):
        _scan(work, server, world, back)
    return work


def _scan(work: Workspace, server: ReplayServer, world: SimulatedWorld, back: int) -> ScanSummary:
    week = world.last_week + -back
    server.set_clock(tuesday_after(week))
    return run_weekly_scan(work, WeeklyParams(week=week, sources=ARXIV, formats=("json",)), tuesday_after(week))


def _brief(summary: ScanSummary) -> Brief:
    return Brief.model_validate(json.loads(summary.briefs[0].read_bytes()))


def test_issues_of_another_model_are_scored_again_and_compared(
    work: Workspace, server: ReplayServer, world: SimulatedWorld, generous: Classifier
) -> None:
    before = work.store.scores(world.last_week + -1)
    work.__dict__["classifier"] = generous
    summary = _scan(work, server, world, 0)
    brief = _brief(summary)
    again = work.store.scores(world.last_week + -1, model="generous")
    assert summary.rescored_weeks == 2
    assert summary.mismatches == ()
    assert sum(each.n_52w for each in again) > sum(each.n_52w for each in before)
    assert {row.change.kind for row in brief.areas} <= {"compared", "not_scored"}
    assert brief.bottom_line[0].template == "rescored"


def test_the_week_after_the_change_is_an_ordinary_one(
    work: Workspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    summary = _scan(work, server, world, 0)
    assert summary.rescored_weeks == 0
    assert "rescored" not in [statement.template for statement in _brief(summary).bottom_line]


def test_a_kill_while_scoring_again_is_carried_on(
    work: Workspace,
    server: ReplayServer,
    world: SimulatedWorld,
    generous: Classifier,
    open_workspace: OpenWorkspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work.__dict__["classifier"] = generous
    store = work.store
    written: list[int] = []
    add_scores = store.add_scores

    def add_until_the_second_week(*args: object, **kwargs: object) -> int:
        written.append(1)
        if len(written) == 3:
            raise KeyboardInterrupt
        return add_scores(*args, **kwargs)  # type: ignore[arg-type]  # passes on what it is given

    monkeypatch.setattr(store, "add_scores", add_until_the_second_week)
    with pytest.raises(KeyboardInterrupt):
        _scan(work, server, world, 0)
    monkeypatch.undo()
    summary = _scan(work, server, world, 0)
    assert summary.rescored_weeks == 1
    scored = store.weeks_scored(world.first_week, world.last_week)
    assert [len(scored[world.last_week + -back]) for back in (2, 1)] == [2, 2]
    assert summary.mismatches == ()
