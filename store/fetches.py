"""Fetches: what became of every crawl, and so which weeks of a source are known."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from horizon.records import Fetch, FetchStatus
from horizon.weeks import IsoWeek, weeks_between
from store import schema
from store.engine import insert_new
from store.payload import canonical_json, digest, read_record
from store.runs import require_run

MERIT: dict[FetchStatus | None, int] = {None: 0, "ERROR": 1, "PARTIAL": 2, "NO_RESULTS": 3, "OK": 3}
"""A week once fetched completely stays known, whatever a later crawl met."""


def record_fetch(connection: Connection, run_id: str, fetch: Fetch, known_at: datetime) -> None:
    """The same fetch of the same run is kept once. Its weeks are to be counted, even if they brought no item."""
    require_run(connection, run_id)
    payload = canonical_json(fetch)
    row = {"source": fetch.source, "run_id": run_id, "content_sha256": digest(payload)}
    connection.execute(insert_new(connection, schema.fetch), [{**row, "known_at": known_at, "payload": payload}])
    if fetch.status != "ERROR":
        weeks = weeks_between(IsoWeek.of(fetch.since), IsoWeek.of(fetch.until))
        mark_weeks(connection, run_id, {(fetch.source, week) for week in weeks})


def mark_weeks(connection: Connection, run_id: str, weeks: set[tuple[str, IsoWeek]]) -> None:
    """Note that the run may have changed the counts of these weeks."""
    rows = [{"run_id": run_id, "source": source, "week": str(week)} for source, week in sorted(weeks)]
    if rows:
        connection.execute(insert_new(connection, schema.affected_week), rows)


def affected_weeks(connection: Connection, run_id: str | None) -> set[tuple[str, IsoWeek]]:
    """Weeks marked by a run; with None, by all runs that are not done."""
    table, run = schema.affected_week.c, schema.run.c
    query = select(table.source, table.week).distinct()
    if run_id is not None:
        query = query.where(table.run_id == run_id)
    else:
        query = query.join(schema.run, run.run_id == table.run_id).where(run.status != "done")
    return {(row.source, IsoWeek.parse(row.week)) for row in connection.execute(query)}


def list_fetches(connection: Connection, source: str | None, as_of: datetime | None) -> list[Fetch]:
    """Oldest knowledge first."""
    table = schema.fetch.c
    query = select(table.payload).order_by(table.known_at, table.run_id, table.source, table.content_sha256)
    if source is not None:
        query = query.where(table.source == source)
    if as_of is not None:
        query = query.where(table.known_at <= as_of)
    return [read_record(Fetch, payload) for payload in connection.execute(query).scalars()]


def week_statuses(
    connection: Connection, source: str, first: IsoWeek, last: IsoWeek, as_of: datetime | None
) -> dict[IsoWeek, FetchStatus | None]:
    """The effective status of each week from first to last; None where some day was never attempted.

    A day has the best status of the fetches whose window holds it, the newest among equals; a week that of its worst
    day. So two windows that meet within a week cover it together.
    """
    days: dict[date, FetchStatus] = {}
    for fetch in list_fetches(connection, source, as_of):
        for day in _days(max(fetch.since, first.monday), min(fetch.until, last.sunday)):
            if MERIT[fetch.status] >= MERIT[days.get(day)]:
                days[day] = fetch.status
    return {week: _status_of(week, days) for week in weeks_between(first, last)}


def _status_of(week: IsoWeek, days: dict[date, FetchStatus]) -> FetchStatus | None:
    found = [days.get(day) for day in _days(week.monday, week.sunday)]
    worst = min(found, key=MERIT.__getitem__)
    return "OK" if worst == "NO_RESULTS" and "OK" in found else worst


def _days(since: date, until: date) -> Iterator[date]:
    for offset in range((until - since).days + 1):
        yield since + timedelta(days=offset)
