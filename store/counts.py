"""Weekly counts: appended when they change, read as known at any time, and None where the source's week is unknown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Connection, and_, func, null, select, union_all

from horizon.records import SeriesPoint
from horizon.weeks import IsoWeek, weeks_between
from store import schema
from store.denominators import newest_denominators
from store.engine import insert_new
from store.fetches import week_statuses
from store.items import between, in_force, within
from store.runs import require_run
from store.works import note_uncounted, uncounted

ROUTE_COUNTS_FROM = 0.5
"""Probability from which an assigned item counts for a route."""

Place = tuple[str, str, str]
"""Series, source, week."""


@dataclass(frozen=True)
class Basis:
    """What a count was made with, and when it was known."""

    run_id: str
    known_at: datetime
    taxonomy: str
    model: str
    preference: tuple[str, ...] = ()
    """Sources in the order in which a preprint that several show is counted."""


def recount(
    connection: Connection,
    basis: Basis,
    weeks: Collection[tuple[str, IsoWeek]],
    series: Sequence[str],
    told_by: Collection[str] = (),
) -> int:
    """Count these (source, week) pairs from what was known at `basis.known_at`; returns the rows added.

    Every series of `series`, and every one counted before, gets its row even if nothing belongs to it; a row equal to
    the newest is not written again. A week of the sources `told_by` gets none until its total was told.
    """
    require_run(connection, basis.run_id)
    left_out = uncounted(connection, weeks, basis.preference, basis.known_at)
    totals, found = _count(connection, basis, weeks, left_out)
    told = newest_denominators(connection, [place for place in weeks if place[0] in told_by], basis.known_at)
    weeks = {(source, week) for source, week in weeks if source not in told_by or (source, str(week)) in told}
    totals |= told
    newest = _newest(connection, basis, weeks)
    names = dict.fromkeys(series)
    counted = {(source, str(week)) for source, week in weeks}
    places = {(name, *place) for name in names for place in counted} | found.keys() | newest.keys()
    rows = []
    for place in sorted(place for place in places if place[1:] in counted):
        value = (found.get(place, 0), totals.get(place[1:], 0))
        known_at, revision, *old = newest.get(place, (None, -1))
        if tuple(old) != value:
            rows.append(_row(basis, place, revision + 1 if known_at == basis.known_at else 0, value))
    if rows:
        connection.execute(insert_new(connection, schema.weekly_count), rows)
    return len(rows)


def _row(basis: Basis, place: Place, revision: int, value: tuple[int, int]) -> dict[str, object]:
    series, source, week = place
    n, total = value
    return {
        "run_id": basis.run_id,
        "known_at": basis.known_at,
        "taxonomy": basis.taxonomy,
        "model": basis.model,
        "series": series,
        "source": source,
        "week": week,
        "revision": revision,
        "n": n,
        "total": total,
    }


def _count(
    connection: Connection, basis: Basis, weeks: Collection[tuple[str, IsoWeek]], left_out: Collection[str]
) -> tuple[dict[tuple[str, str], int], dict[Place, int]]:
    """Items of each (source, week), and of each series in it, in one query."""
    totals: dict[tuple[str, str], int] = {}
    found: dict[Place, int] = {}
    for source, week, utility, area, route, n in connection.execute(_count_query(connection, basis, weeks, left_out)):
        if area is None:
            totals[source, week] = totals.get((source, week), 0) + n
        elif not utility:
            found[f"area:{area}" if route is None else f"route:{area}/{route}", source, week] = n
        elif route is None:
            found[f"utility:{area}", source, week] = n
    return totals, found


def _count_query(
    connection: Connection, basis: Basis, weeks: Collection[tuple[str, IsoWeek]], left_out: Collection[str]
) -> CompoundSelect[Any]:
    current, other = in_force(basis.known_at, where=within(weeks)), note_uncounted(connection, left_out)
    utility = (current.c.kind == "utility_model").label("utility")
    item = select(current, utility).where(current.c.id.not_in(select(other.c.item_id))).cte("item_in_force")
    place = (item.c.source, item.c.week, item.c.utility)
    label, route = schema.label.c, schema.label_route.c
    of_text = and_(
        label.item_id == item.c.id,
        label.content_sha256 == item.c.content_sha256,
        label.taxonomy == basis.taxonomy,
        label.model == basis.model,
        label.known_at <= basis.known_at,
        label.assigned.is_(True),
    )
    of_label = and_(
        *(route[name] == label[name] for name in ("item_id", "content_sha256", "taxonomy", "model", "area")),
        route.probability >= ROUTE_COUNTS_FROM,
    )
    labelled = item.join(schema.label, of_text)
    routed = labelled.join(schema.label_route, of_label)
    n = func.count()
    return union_all(
        select(*place, null().label("area"), null().label("route"), n).group_by(*place),
        select(*place, label.area, null(), n).select_from(labelled).group_by(*place, label.area),
        select(*place, label.area, route.route, n).select_from(routed).group_by(*place, label.area, route.route),
    )


def _newest(
    connection: Connection, basis: Basis, weeks: Collection[tuple[str, IsoWeek]]
) -> dict[Place, tuple[datetime, int, int, int]]:
    """Known time, revision, n and total of the newest rows."""
    count = schema.weekly_count
    query = (
        select(count)
        .where(count.c.taxonomy == basis.taxonomy, count.c.model == basis.model, count.c.known_at <= basis.known_at)
        .where(*within(weeks)(count))
        .order_by(count.c.known_at, count.c.revision)
    )
    return {
        (row.series, row.source, row.week): (row.known_at, row.revision, row.n, row.total)
        for row in connection.execute(query)
    }


def weekly_counts(
    connection: Connection,
    pair: tuple[str, str],
    source: str | None,
    series: str | Sequence[str] | None,
    span: tuple[IsoWeek | None, IsoWeek | None],
    as_of: datetime | None,
) -> list[SeriesPoint]:
    """Points by series, source and week, without gaps from the first to the last week asked for (or counted).

    A week is None where it was not counted, and where its fetch failed or never took place, whatever lies in the store.
    """
    counted = _counted(connection, pair, source, series, span, as_of)
    if not counted:
        return []
    # Weeks sort as they are written, and there are many.
    written = {week for weeks in counted.values() for week in weeks}
    first = span[0] or IsoWeek.parse(min(written))
    last = span[1] or IsoWeek.parse(max(written))
    sources = sorted({found for _, found in counted})
    statuses = {found: week_statuses(connection, found, first, last, as_of) for found in sources}
    told = set(connection.execute(select(schema.denominator.c.source).distinct()).scalars())
    weeks = [(week, str(week)) for week in weeks_between(first, last)]
    # Half of a week's items would be divided by the whole week's total.
    unknown = {name: (None, "ERROR", "PARTIAL") if name in told else (None, "ERROR") for name in sources}
    known = {name: [statuses[name][week] not in unknown[name] for week, _ in weeks] for name in sources}
    points = []
    for name, found in sorted(counted):
        values = counted[name, found]
        for (week, text), is_known in zip(weeks, known[found], strict=True):
            n, total = values.get(text, (None, None)) if is_known else (None, None)
            points.append(SeriesPoint(series=name, source=found, week=week, n=n, total=total))
    return points


def _counted(
    connection: Connection,
    pair: tuple[str, str],
    source: str | None,
    series: str | Sequence[str] | None,
    span: tuple[IsoWeek | None, IsoWeek | None],
    as_of: datetime | None,
) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
    """(series, source) to week to (n, total), of the newest rows."""
    count = schema.weekly_count
    query = (
        select(count.c.series, count.c.source, count.c.week, count.c.n, count.c.total)
        .where(count.c.taxonomy == pair[0], count.c.model == pair[1], *between(source, *span)(count))
        .order_by(count.c.known_at, count.c.revision)
    )
    if series is not None:
        query = query.where(count.c.series.in_([series] if isinstance(series, str) else series))
    if as_of is not None:
        query = query.where(count.c.known_at <= as_of)
    counted: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for name, found, week, n, total in connection.execute(query):
        counted.setdefault((name, found), {})[week] = (n, total)
    return counted
