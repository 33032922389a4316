"""What each scan of a week found outside the taxonomy, and a cache of the weeks' terms.

A scan's list is one row, in its order: a term that the newest scan of a week no longer finds is gone with it, and a
scan that found nothing is told from one that never took place.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Table, delete, insert, select

from horizon.records import NonConsensus, Record, Signal
from horizon.weeks import IsoWeek
from store import schema
from store.payload import canonical_json, read_record
from store.runs import require_run


class SignalList(Record):
    """The payload of a row of `signal`."""

    signals: tuple[Signal, ...]


class NonConsensusList(Record):
    """The payload of a row of `non_consensus`."""

    items: tuple[NonConsensus, ...]


class TermWeek(NamedTuple):
    """What was reckoned from a source's week, and the digest of the texts that it was reckoned from."""

    content_sha256: str
    payload: bytes


_List = TypeVar("_List", SignalList, NonConsensusList)


def add_findings(
    connection: Connection, table: Table, run_id: str, known_at: datetime, place: Mapping[str, str], found: Record
) -> int:
    """Rows added: one, or none if the run's newest list of this place says the same. `place`: week, source, channel."""
    run = require_run(connection, run_id)
    query = select(table.c.revision, table.c.payload).where(table.c.run_id == run_id)
    query = query.where(*(table.c[name] == value for name, value in place.items()))
    newest = connection.execute(query.order_by(table.c.revision.desc()).limit(1)).first()
    payload = canonical_json(found)
    if newest is not None and newest.payload == payload:
        return 0
    revision = 0 if newest is None else newest.revision + 1
    stamp = {"taxonomy": run.taxonomy, "model": run.model, "known_at": known_at, "run_id": run_id}
    connection.execute(insert(table), [{**place, **stamp, "revision": revision, "payload": payload}])
    return 1


def read_findings(
    connection: Connection,
    table: Table,
    model: type[_List],
    weeks: tuple[IsoWeek, IsoWeek],
    pair: tuple[str | None, str | None],
    as_of: datetime | None,
) -> dict[tuple[IsoWeek, str, str], _List]:
    """The newest list of each week from the first to the last, source and channel ("" where there is none), sorted."""
    channel = [table.c.channel] if "channel" in table.c else []
    query = select(table.c.week, table.c.source, table.c.payload, *channel)
    query = query.where(table.c.week >= str(weeks[0]), table.c.week <= str(weeks[1]), *_limits(table, pair, as_of))
    newest: dict[tuple[str, str, str], str] = {}
    for row in connection.execute(query.order_by(table.c.known_at, table.c.run_id, table.c.revision)):
        newest[row.week, row.source, row.channel if channel else ""] = row.payload
    return {
        (IsoWeek.parse(week), source, name): read_record(model, newest[week, source, name])
        for week, source, name in sorted(newest)
    }


def _limits(table: Table, pair: tuple[str | None, str | None], as_of: datetime | None) -> list[Any]:
    taxonomy, model = pair
    limits = [] if taxonomy is None else [table.c.taxonomy == taxonomy]
    limits += [] if model is None else [table.c.model == model]
    return limits if as_of is None else [*limits, table.c.known_at <= as_of]


def put_term_weeks(connection: Connection, source: str, fingerprint: str, weeks: Mapping[IsoWeek, TermWeek]) -> None:
    """Keep these, in place of what was kept of the same weeks."""
    table = schema.term_week
    rows = [
        {"source": source, "fingerprint": fingerprint, "week": str(week), **kept._asdict()}
        for week, kept in sorted(weeks.items())
    ]
    if rows:
        at = (table.c.source == source, table.c.fingerprint == fingerprint)
        connection.execute(delete(table).where(*at, table.c.week.in_([row["week"] for row in rows])))
        connection.execute(insert(table), rows)


def get_term_weeks(
    connection: Connection, source: str, fingerprint: str, first: IsoWeek, last: IsoWeek
) -> dict[IsoWeek, TermWeek]:
    """What is kept of the weeks from first to last."""
    table = schema.term_week.c
    query = select(table.week, table.content_sha256, table.payload).order_by(table.week)
    query = query.where(table.source == source, table.fingerprint == fingerprint)
    rows = connection.execute(query.where(table.week >= str(first), table.week <= str(last)))
    return {IsoWeek.parse(row.week): TermWeek(row.content_sha256, bytes(row.payload)) for row in rows}
