"""Scores: appended when they change, read as known at any time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from horizon.records import Score
from horizon.weeks import IsoWeek
from store import schema
from store.engine import insert_new
from store.payload import canonical_json, read_record
from store.runs import require_run


def add_scores(connection: Connection, run_id: str, known_at: datetime, scores: Sequence[Score]) -> int:
    """Rows added; a score equal to the run's newest one of its series, source and week is not written again."""
    run = require_run(connection, run_id)
    rows = []
    newest = _newest_of_run(connection, run_id)
    for score in scores:
        place = (score.series, score.source, str(score.week))
        revision, old = newest.get(place, (-1, ""))
        payload = canonical_json(score)
        if payload != old:
            newest[place] = (revision + 1, payload)
            rows.append(
                {
                    "series": score.series,
                    "source": score.source,
                    "week": str(score.week),
                    "taxonomy": run.taxonomy,
                    "model": run.model,
                    "known_at": known_at,
                    "run_id": run_id,
                    "revision": revision + 1,
                    "payload": payload,
                }
            )
    if rows:
        connection.execute(insert_new(connection, schema.score), rows)
    return len(rows)


def _newest_of_run(connection: Connection, run_id: str) -> dict[tuple[str, str, str], tuple[int, str]]:
    table = schema.score.c
    query = select(table.series, table.source, table.week, table.revision, table.payload)
    rows = connection.execute(query.where(table.run_id == run_id).order_by(table.revision))
    return {(row.series, row.source, row.week): (row.revision, row.payload) for row in rows}


def read_scores(
    connection: Connection, week: IsoWeek, taxonomy: str | None, model: str | None, as_of: datetime | None
) -> list[Score]:
    """The newest score of each series and source; with no taxonomy or model named, of any."""
    table = schema.score.c
    query = select(table.series, table.source, table.payload).where(table.week == str(week))
    newest_last = (table.known_at, table.run_id, table.revision)
    rows = connection.execute(_limited(query, taxonomy, model, as_of).order_by(*newest_last))
    newest = {(row.series, row.source): row.payload for row in rows}
    return [read_record(Score, newest[key]) for key in sorted(newest)]


def previous_week(
    connection: Connection, week: IsoWeek, taxonomy: str | None, model: str | None, as_of: datetime | None
) -> IsoWeek | None:
    """The newest earlier week that has scores."""
    table = schema.score.c
    query = select(func.max(table.week)).where(table.week < str(week))
    found = connection.execute(_limited(query, taxonomy, model, as_of)).scalar()
    return None if found is None else IsoWeek.parse(found)


def weeks_scored(
    connection: Connection, since: IsoWeek, before: IsoWeek, as_of: datetime | None
) -> dict[IsoWeek, list[tuple[str, str]]]:
    """Of the weeks with scores from `since` on and before `before`, the taxonomy and model of each, the first first."""
    table = schema.score.c
    first = func.min(table.known_at)
    query = select(table.week, table.taxonomy, table.model).where(table.week >= str(since), table.week < str(before))
    limited = _limited(query, None, None, as_of)
    rows = connection.execute(
        limited.group_by(table.week, table.taxonomy, table.model).order_by(
            table.week, first, table.taxonomy, table.model
        )
    )
    found: dict[IsoWeek, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(IsoWeek.parse(row.week), []).append((row.taxonomy, row.model))
    return found


def _limited(query: Select[Any], taxonomy: str | None, model: str | None, as_of: datetime | None) -> Select[Any]:
    table = schema.score.c
    if taxonomy is not None:
        query = query.where(table.taxonomy == taxonomy)
    if model is not None:
        query = query.where(table.model == model)
    return query if as_of is None else query.where(table.known_at <= as_of)
