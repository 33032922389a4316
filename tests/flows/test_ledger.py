"""The ledger's steps over a store: predict, settle when the time has come, never in hindsight, never twice."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows import steps
from flows.ledger import LATE_WEEKS, issue_predictions, settle_now, settle_predictions
from flows.scan import BackfillParams, ScanSummary, Steps, WeeklyParams, run_backfill, run_weekly_scan
from flows.workspace import Workspace
from horizon.errors import StoreError
from horizon.records import FORECAST_LEVELS, Fetch, Forecast, Item, Label, Prediction, Run, Score
from horizon.settings import Settings
from horizon.weeks import IsoWeek, weeks_between
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from store.ledger import first_sha256
from tests.flows.conftest import OpenWorkspace, tuesday_after
from trends.ledger import GRACE_WEEKS

WEEK = IsoWeek(2025, 40)
SERIES = "area:fusion"
ARXIV = ("arxiv",)
TOTAL = 4
"""Items a week."""


def an_item(week: IsoWeek, number: int) -> Item:
    day = week.monday
    values = {"source": "arxiv", "kind": "preprint", "title": f"SIMULATED: {number} coils of {week}", "published": day}
    return Item.model_validate({**values, "id": f"arxiv:{week}.{number}", "url": "https://example.org/"})


def a_label(item: Item, model: str) -> Label:
    return Label(item_id=item.id, area="fusion", probability=0.9, assigned=True, taxonomy="taxonomy-1", model=model)


def a_run(work: Workspace, week: IsoWeek, model: str = "model-1", now: datetime | None = None) -> Run:
    run = Run(
        run_id=f"scan-{week}-{model}",
        kind="weekly_scan",
        week=week,
        started=now or tuesday_after(week),
        taxonomy="taxonomy-1",
        model=model,
        code="0",
        params={"world": "simulated"},
    )
    work.store.begin_run(run)
    return run


def harvest(work: Workspace, run: Run, since: IsoWeek, assigned: int) -> None:
    """Weeks up to the run's, four items each, so many of them in the area."""
    weeks = list(weeks_between(since, run.week))
    items = [an_item(week, number) for week in weeks for number in range(TOTAL)]
    labels = [a_label(item, run.model) for item in items if int(item.id[-1]) < assigned]
    work.store.ingest(run.run_id, run.started, items)
    work.store.add_labels(run.run_id, run.started, items, labels)
    fetch = Fetch(source="arxiv", week=run.week, since=since.monday, until=run.week.sunday, status="OK")
    work.store.record_fetch(run.run_id, fetch, run.started)
    places = {("arxiv", week) for week in weeks}
    work.store.recount(run.run_id, run.started, run.taxonomy, run.model, places, [SERIES])


def a_forecast(quantity: str, horizon: int) -> Forecast:
    scale = 0.25 if quantity == "share" else float(horizon)
    numbers = {"mean": scale, "lo80": 0.8 * scale, "hi80": 1.2 * scale, "lo95": 0.7 * scale, "hi95": 1.3 * scale}
    quantiles = tuple(scale * (0.75 + level / 2) for level in FORECAST_LEVELS)
    told = {"quantity": quantity, "horizon_weeks": horizon, "quantiles": quantiles, "p_exceeds_last": 0.6}
    return Forecast.model_validate({**numbers, **told})


EVERY = tuple(a_forecast(quantity, horizon) for quantity in ("share", "count") for horizon in (26, 52))


def score(work: Workspace, run: Run) -> None:
    values = dict.fromkeys(name for name, field in Score.model_fields.items() if field.is_required())
    told = {"series": SERIES, "source": "arxiv", "week": run.week, "status": "ok", "n_52w": 52, "verdict": "rising"}
    work.store.add_scores(
        run.run_id, run.started, [Score.model_validate({**values, **told, "method": "test-1", "forecasts": EVERY})]
    )


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workspace]:
    """A year and two weeks counted, a quarter of the items in the area, and scored."""
    with Workspace(Settings(data_dir=tmp_path / "data")) as opened:
        run = a_run(opened, WEEK)
        harvest(opened, run, WEEK + -53, 1)
        score(opened, run)
        yield opened


def first_run(work: Workspace) -> Run:
    return work.store.runs()[0].run


def test_the_first_scanned_week_of_a_quarter_predicts_and_a_repeat_adds_nothing(work: Workspace) -> None:
    run = first_run(work)
    assert issue_predictions(work, run, ARXIV) == 4
    rows = work.store.table_digest()
    assert issue_predictions(work, run, ARXIV) == 0
    assert settle_predictions(work, run, ARXIV) == 0
    assert work.store.table_digest() == rows
    made = work.store.predictions()
    assert {(each.base_n, each.base_total) for each in made if each.quantity == "share"} == {(52, 208)}
    assert {each.first for each in made} == {WEEK + -1}, "the last two weeks of arXiv still fill up"


def test_the_next_week_of_the_quarter_predicts_nothing(work: Workspace) -> None:
    issue_predictions(work, first_run(work), ARXIV)
    run = a_run(work, WEEK + 1)
    harvest(work, run, WEEK + 1, 1)
    score(work, run)
    assert issue_predictions(work, run, ARXIV) == 0


def test_a_week_scanned_long_after_predicts_nothing(work: Workspace) -> None:
    late = a_run(work, WEEK, now=tuesday_after(WEEK + LATE_WEEKS + 1))
    run = late.model_copy(update={"started": tuesday_after(WEEK + LATE_WEEKS + 1)})
    assert issue_predictions(work, run, ARXIV) == 0
    in_time = run.model_copy(update={"started": tuesday_after(WEEK + LATE_WEEKS)})
    assert issue_predictions(work, in_time, ARXIV) == 4


def test_a_year_later_a_scan_settles_them_and_learns_how_often_such_series_exceed(work: Workspace) -> None:
    issue_predictions(work, first_run(work), ARXIV)
    run = a_run(work, WEEK + 52)
    harvest(work, run, WEEK + -1, 2)
    score(work, run)
    assert settle_predictions(work, run, ARXIV) == 4
    assert settle_predictions(work, run, ARXIV) == 0
    found = work.store.settlements()
    assert {each.exceeded for each in found.values()} == {True}
    # Two of the weeks to come had been counted when it was said, and did not fill up.
    assert sorted(each.n or 0 for each in found.values()) == [50, 50, 102, 102]
    assert sorted(each.value or 0 for each in found.values()) == pytest.approx([50 / 104, 102 / 208, 50, 102])
    assert issue_predictions(work, run, ARXIV) == 4
    assert {each.climatology for each in work.store.predictions()[4:]} == {2 / 3}
    assert work.store.verify_chain(first_sha256("simulated")) == []


def test_another_model_moves_the_base_too(work: Workspace) -> None:
    """The new classifier assigns twice as much in every week, old and new: nothing grew, and nothing is settled so."""
    issue_predictions(work, first_run(work), ARXIV)
    later = a_run(work, WEEK + 52)
    harvest(work, later, WEEK + -1, 1)
    other = a_run(work, WEEK + 52, "model-2", tuesday_after(WEEK + 52) + timedelta(hours=1))
    assert settle_predictions(work, other, ARXIV) == 0, "nothing is counted by its labels: all wait, none is void"
    harvest(work, other, WEEK + -53, 2)
    assert settle_predictions(work, other, ARXIV) == 4
    found = work.store.settlements().values()
    assert {(each.exceeded, each.base_n) for each in found} == {(False, 104), (False, 52)}
    assert {each.value for each in found} == {0.25, 52.0, 26.0}
    assert {each.model for each in found} == {"model-2"}


def test_a_failed_week_is_waited_for_and_then_the_count_is_void(work: Workspace) -> None:
    issue_predictions(work, first_run(work), ARXIV)
    run = a_run(work, WEEK + 10)
    harvest(work, run, WEEK + 1, 1)
    waiting = a_run(work, WEEK + 52)
    harvest(work, waiting, WEEK + 12, 1)
    assert settle_predictions(work, waiting, ARXIV) == 2, "of 26 weeks one is unknown and their time of grace is over"
    assert sorted(each.status for each in work.store.settlements().values()) == ["settled", "void"]
    last = a_run(work, WEEK + 52 + GRACE_WEEKS)
    harvest(work, last, WEEK + 53, 1)
    assert settle_predictions(work, last, ARXIV) == 2
    assert sorted(each.status for each in work.store.settlements().values()) == ["settled", "settled", "void", "void"]


def test_settling_by_hand_is_a_run_of_its_own_and_a_repeat_makes_none(work: Workspace) -> None:
    issue_predictions(work, first_run(work), ARXIV)
    work.store.finish_run(first_run(work).run_id, "done", first_run(work).started)
    run = a_run(work, WEEK + 26)
    harvest(work, run, WEEK + -1, 1)
    assert settle_now(work, tuesday_after(WEEK + 24)).settlements == (), "known later"
    work.store.finish_run(run.run_id, "failed", run.started)
    now = tuesday_after(WEEK + 26) + timedelta(hours=2)
    found = settle_now(work, now)
    assert len(found.settlements) == 2
    assert [entry.known_at for entry in work.store.ledger()][-2:] == [now, now]
    made = work.store.run(found.run_id or "")
    assert made is not None
    assert (made.status, made.run.kind, made.run.model) == ("done", "settle", "model-1")
    rows = work.store.table_digest()
    assert settle_now(work, now + timedelta(hours=1)).run_id is None
    assert work.store.table_digest() == rows


def test_nothing_is_written_before_what_stands_in_the_ledger(work: Workspace) -> None:
    late = a_run(work, WEEK + 1)
    score(work, late)
    harvest(work, late, WEEK + 1, 1)
    assert issue_predictions(work, late, ARXIV) == 4
    with pytest.raises(StoreError, match="hindsight"):
        issue_predictions(work, first_run(work), ARXIV)


# Within a scan, on the simulated world


def score_with_forecasts(work: Workspace, run: Run, sources: Sequence[str]) -> int:
    added = steps.score_week(work, run, sources)
    scores = [score.model_copy(update={"forecasts": EVERY}) for score in work.store.scores(run.week)]
    return added + work.store.add_scores(run.run_id, run.started, scores)


def _scan(work: Workspace, server: ReplayServer, week: IsoWeek, do: Steps) -> ScanSummary:
    server.set_clock(tuesday_after(week))
    params = WeeklyParams(week=week, sources=ARXIV, formats=("json",))
    return run_weekly_scan(work, params, tuesday_after(week), do)


def test_a_scan_predicts_once_however_often_it_is_killed(
    open_workspace: OpenWorkspace, server: ReplayServer, world: SimulatedWorld
) -> None:
    def power_cut(*_: object) -> int:
        raise KeyboardInterrupt

    work, week = open_workspace(), world.last_week
    server.set_clock(tuesday_after(week + -1))
    params = BackfillParams(since=week + -29, until=week + -1, sources=ARXIV)
    run_backfill(work, params, tuesday_after(week + -1))
    for step in ("settle_predictions", "issue_predictions"):
        with pytest.raises(KeyboardInterrupt):
            _scan(work, server, week, Steps(**{"score_week": score_with_forecasts, step: power_cut}))  # type: ignore[arg-type]
        assert work.store.predictions() == []
    with pytest.raises(KeyboardInterrupt):
        _scan(work, server, week, Steps(score_week=score_with_forecasts, write_briefs=power_cut))  # type: ignore[arg-type]
    made = work.store.ledger()
    summary = _scan(work, server, week, Steps(score_week=score_with_forecasts))
    assert summary.predicted == 0
    assert work.store.ledger() == made != []
    said = {
        (entry.record.quantity, entry.record.horizon_weeks) for entry in made if isinstance(entry.record, Prediction)
    }
    assert said == {("count", 26)}, "no year of weeks is known"
    assert work.store.verify_chain(first_sha256("simulated")) == []
