"""What sources say they published in a week, where only the records on our subjects are fetched."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from horizon.weeks import IsoWeek
from store import schema
from store.engine import insert_new
from store.fetches import mark_weeks
from store.items import within
from store.runs import require_run


def add_denominators(
    connection: Connection, run_id: str, known_at: datetime, source: str, totals: Mapping[IsoWeek, int]
) -> None:
    """Weeks whose total is not the newest known get a row, and are to be counted again."""
    require_run(connection, run_id)
    known = newest_denominators(connection, {(source, week) for week in totals}, known_at)
    changed = {week: total for week, total in totals.items() if known.get((source, str(week))) != total}
    stamp = {"source": source, "known_at": known_at, "run_id": run_id}
    rows = [{"week": str(week), "total": total, **stamp} for week, total in sorted(changed.items())]
    if rows:
        connection.execute(insert_new(connection, schema.denominator), rows)
        mark_weeks(connection, run_id, {(source, week) for week in changed})


def newest_denominators(
    connection: Connection, weeks: Collection[tuple[str, IsoWeek]], as_of: datetime | None
) -> dict[tuple[str, str], int]:
    """(source, week) to the total last told; of two told at one logical time the greater."""
    table = schema.denominator
    query = select(table.c.source, table.c.week, table.c.total).where(*within(weeks)(table))
    if as_of is not None:
        query = query.where(table.c.known_at <= as_of)
    ordered = query.order_by(table.c.known_at, table.c.total)
    return {(row.source, row.week): row.total for row in connection.execute(ordered)}
