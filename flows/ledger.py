"""The ledger's steps of a scan: settle what has come due, then predict. Idempotent; each writes all or nothing."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from flows.workspace import Workspace
from horizon.records import Prediction, Run, SeriesPoint, Settlement
from horizon.weeks import IsoWeek, last_complete_week

if TYPE_CHECKING:
    from trends.ledger import Basis

log = logging.getLogger(__name__)

LATE_WEEKS = 4
"""A week scanned later than this is scored but predicts nothing: what it would predict is partly known by then."""


class Settled(BaseModel):
    """What settling by hand came to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str | None
    """None when nothing had come due: no run was made."""
    week: str
    settlements: tuple[Settlement, ...]


@dataclass(frozen=True)
class Foretold:
    """What was predicted and what came of it as known at one instant, decoded once for all who tell of it."""

    predictions: Sequence[Prediction]
    """In the order in which they were made."""
    settlements: Mapping[str, Settlement]
    """By the id of the prediction."""
    settled_at: Mapping[str, datetime]


def read_foretold(work: Workspace, as_of: datetime) -> Foretold:
    """The whole ledger of that instant."""
    entries = work.store.ledger(as_of)
    settled = [(each.record, each.known_at) for each in entries if isinstance(each.record, Settlement)]
    return Foretold(
        predictions=[each.record for each in entries if isinstance(each.record, Prediction)],
        settlements={record.prediction_id: record for record, _ in settled},
        settled_at={record.prediction_id: known_at for record, known_at in settled},
    )


def settle_predictions(work: Workspace, run: Run, sources: Sequence[str]) -> int:
    """Settle what has come due of these sources by the labels of the run; the rows added."""
    found = _due_settlements(work, run.week, (run.taxonomy, run.model), sources, run.started)
    return work.store.append_ledger(run.run_id, run.started, found) if found else 0


def issue_predictions(work: Workspace, run: Run, sources: Sequence[str]) -> int:
    """Write down what this week's scores foretell, where it is due; the rows added."""
    from trends.ledger import YEAR_WEEKS, predictions_due

    if last_complete_week(run.started) - run.week > LATE_WEEKS:
        log.info("%s is scanned more than %d weeks late: nothing is predicted from it", run.week, LATE_WEEKS)
        return 0
    store, now = work.store, run.started
    # Of the run's own time too: a killed run that wrote them must find them.
    predictions, settlements = store.predictions(as_of=now), store.settlements(as_of=now)
    scores = store.scores(run.week, run.taxonomy, run.model, as_of=now)
    due: list[Prediction] = []
    for source in sorted(sources):
        mine = [score for score in scores if score.source == source and score.forecasts]
        if mine:
            basis = _basis(source, run.week, (run.taxonomy, run.model))
            since = basis.last_complete + (1 - YEAR_WEEKS)
            points = _points(work, basis, since, basis.last_complete, now)
            due += predictions_due(mine, points, predictions, settlements, basis)
    return store.append_ledger(run.run_id, now, due) if due else 0


def settle_now(work: Workspace, now: datetime) -> Settled:
    """Settle what has come due of every source, between two scans; by the labels of the newest scan that was scored."""
    from flows.scan import open_run

    week = last_complete_week(now)
    with work.exclusive():
        pair = _labels_in_force(work, now)
        sources = {prediction.source for prediction in work.store.predictions(as_of=now)}
        found = [] if pair is None else _due_settlements(work, week, pair, sources, now)
        if not found:
            return Settled(run_id=None, week=str(week), settlements=())
        run, _ = open_run(work, "settle", week, {"at": now.isoformat()}, now, pair)
        work.store.append_ledger(run.run_id, now, found)
        work.store.finish_run(run.run_id, "done", now)
    return Settled(run_id=run.run_id, week=str(week), settlements=tuple(found))


def _labels_in_force(work: Workspace, now: datetime) -> tuple[str, str] | None:
    """Taxonomy and model of the newest scan; one that was killed may have counted nothing by its own."""
    scans = [each.run for each in work.store.runs() if each.run.kind == "weekly_scan" and each.status != "running"]
    known = [run for run in scans if run.started <= now]
    return (known[-1].taxonomy, known[-1].model) if known else None


def _due_settlements(
    work: Workspace, week: IsoWeek, pair: tuple[str, str], sources: Collection[str], now: datetime
) -> list[Settlement]:
    from trends.ledger import settle

    done = work.store.settlements(as_of=now)
    pending = [each for each in work.store.predictions(as_of=now) if each.prediction_id not in done]
    found: list[Settlement] = []
    for source in sorted(sources):
        read = _newest_read(work, source, now)
        if read is None:
            continue
        # Time of grace runs while the source is read: neither a long pause nor a mistyped clock makes a week void.
        basis = _basis(source, min(week, read), pair)
        due = [each for each in pending if each.source == source and each.last <= basis.last_complete]
        if not due:
            continue
        points = _points(work, basis, min(each.base_first for each in due), max(each.last for each in due), now)
        if not points:
            # Not the series but all of its source: counted by other labels, and to be counted by these first.
            log.warning("%s: nothing is counted by the labels in force; its predictions wait", source)
            continue
        settled = [settle(each, points, basis) for each in due]
        found += [each for each in settled if each is not None]
    if found:
        log.info("ledger: %s", dict(Counter(each.status for each in found)))
    return found


def _newest_read(work: Workspace, source: str, now: datetime) -> IsoWeek | None:
    """The last week of which the source was read, whole or in part."""
    days = [fetch.until for fetch in work.store.fetches(source, as_of=now) if fetch.status != "ERROR"]
    return IsoWeek.of(max(days)) if days else None


def _basis(source: str, week: IsoWeek, pair: tuple[str, str]) -> "Basis":
    from scrapers.source import load_source
    from trends.ledger import Basis

    taxonomy, model = pair
    return Basis(source, week, load_source(source).incomplete_weeks, taxonomy, model)


def _points(work: Workspace, basis: "Basis", since: IsoWeek, until: IsoWeek, now: datetime) -> list[SeriesPoint]:
    return work.store.weekly_counts(
        basis.taxonomy, basis.model, source=basis.source, since=since, until=until, as_of=now
    )
