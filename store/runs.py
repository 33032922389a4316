"""Runs and what belongs to them: issues and briefs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, insert, select, update

from horizon.errors import StoreError
from horizon.records import Issue, Run
from horizon.weeks import IsoWeek
from store import schema
from store.engine import insert_new
from store.payload import canonical_json, digest, read_record

RunStatus = Literal["running", "done", "failed"]


class StoredRun(NamedTuple):
    """A run as the store knows it."""

    run: Run
    status: RunStatus
    finished: datetime | None


class StoredBrief(NamedTuple):
    """A brief that was written, and where."""

    run_id: str
    known_at: datetime
    week: IsoWeek
    kind: str
    sha256: str
    path: str


def begin_run(connection: Connection, run: Run) -> bool:
    """Register a run or take it up again; False when it is done. The first `started` stays."""
    stored = find_run(connection, run.run_id)
    if stored is None:
        row = {"run_id": run.run_id, "status": "running", "week": str(run.week), "started": run.started}
        connection.execute(insert(schema.run).values(**row, finished=None, payload=canonical_json(run)))
        return True
    if stored.status == "done":
        return False
    again = update(schema.run).where(schema.run.c.run_id == run.run_id)
    connection.execute(again.values(status="running", finished=None))
    return True


def finish_run(connection: Connection, run_id: str, status: RunStatus, finished: datetime) -> None:
    require_run(connection, run_id)
    ended = update(schema.run).where(schema.run.c.run_id == run_id)
    connection.execute(ended.values(status=status, finished=finished))


def find_run(connection: Connection, run_id: str) -> StoredRun | None:
    found = list_runs(connection, run_id)
    return found[0] if found else None


def list_runs(connection: Connection, run_id: str | None = None) -> list[StoredRun]:
    """All runs, or the one named, in the order of their logical time."""
    table = schema.run.c
    query = select(table.payload, table.status, table.finished).order_by(table.started, table.run_id)
    if run_id is not None:
        query = query.where(table.run_id == run_id)
    return [StoredRun(read_record(Run, row.payload), row.status, row.finished) for row in connection.execute(query)]


def require_run(connection: Connection, run_id: str) -> Run:
    """The run that a fact belongs to; raises StoreError unless it was begun."""
    stored = find_run(connection, run_id)
    if stored is None:
        raise StoreError(f"expected a run that was begun, found {run_id!r}; call begin_run first")
    return stored.run


def add_issues(connection: Connection, run_id: str, known_at: datetime, issues: Iterable[Issue]) -> None:
    """Equal issues of one run are kept once."""
    require_run(connection, run_id)
    rows = []
    for issue in issues:
        payload = canonical_json(issue)
        rows.append(
            {
                "run_id": run_id,
                "content_sha256": digest(payload),
                "known_at": known_at,
                "source": issue.source,
                "payload": payload,
            }
        )
    if rows:
        connection.execute(insert_new(connection, schema.issue), rows)


def list_issues(connection: Connection, run_id: str | None, source: str | None, week: IsoWeek | None) -> list[Issue]:
    """Issues of a run, of a source, of the runs of a week, or of any combination."""
    table, run = schema.issue.c, schema.run.c
    query = select(table.payload).join(schema.run, run.run_id == table.run_id)
    if run_id is not None:
        query = query.where(table.run_id == run_id)
    if source is not None:
        query = query.where(table.source == source)
    if week is not None:
        query = query.where(run.week == str(week))
    query = query.order_by(table.known_at, table.run_id, table.content_sha256)
    return [read_record(Issue, payload) for payload in connection.execute(query).scalars()]


def record_brief(connection: Connection, brief: StoredBrief) -> None:
    require_run(connection, brief.run_id)
    row = {**brief._asdict(), "week": str(brief.week)}
    connection.execute(insert_new(connection, schema.brief), [row])


def list_briefs(connection: Connection) -> list[StoredBrief]:
    table = schema.brief.c
    columns = (table.run_id, table.known_at, table.week, table.kind, table.sha256, table.path)
    query = select(*columns).order_by(table.week, table.known_at, table.run_id, table.path)
    return [StoredBrief(*row[:2], IsoWeek.parse(row.week), *row[3:]) for row in connection.execute(query)]
