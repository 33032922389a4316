"""Labels of areas over a span of weeks, one after another: what a year's works say, without holding them all."""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, exists, select

from horizon.records import Label
from horizon.weeks import IsoWeek
from store import schema
from store.items import BATCH, between, in_force
from store.payload import read_record
from store.works import newest_works


class AreaLabel(NamedTuple):
    """A label with what is known of its item without reading the item."""

    work: str
    """The item's own id where its work has no other item."""
    kind: str
    published: date
    label: Label


def area_labels(
    connection: Connection,
    pair: tuple[str, str],
    areas: Collection[str],
    source: str,
    span: tuple[IsoWeek, IsoWeek],
    as_of: datetime | None,
    assigned_only: bool,
) -> Iterator[AreaLabel]:
    """By item and area, of the texts in force; withdrawn items and utility models are included."""
    current, label = in_force(as_of, where=between(source, *span)), schema.label.c
    of_text = and_(label.item_id == current.c.id, label.content_sha256 == current.c.content_sha256)
    query = (
        select(label.item_id, current.c.kind, current.c.published, label.payload)
        .join_from(current, schema.label, of_text)
        .where(label.taxonomy == pair[0], label.model == pair[1], label.area.in_(sorted(areas)))
        .order_by(label.item_id, label.area)
    )
    if assigned_only:
        query = query.where(label.assigned.is_(True))
    if as_of is not None:
        query = query.where(label.known_at <= as_of)
    for rows in connection.execute(query.execution_options(yield_per=BATCH)).partitions():
        works = newest_works(connection, {row.item_id for row in rows}, as_of)
        for row in rows:
            work = works.get(row.item_id, row.item_id)
            yield AreaLabel(work, row.kind, row.published, read_record(Label, row.payload))


def revised_ids(
    connection: Connection, source: str, span: tuple[IsoWeek, IsoWeek], since: datetime, until: datetime
) -> list[str]:
    """Items of these weeks that were known at `since` and got another text after it and until `until`, by id."""
    version = schema.item_version.c
    earlier = schema.item_version.alias("earlier")
    known = exists().where(earlier.c.item_id == version.item_id, earlier.c.known_at <= since)
    query = (
        select(version.item_id)
        .where(*between(source, *span)(schema.item_version), version.known_at > since, version.known_at <= until)
        .where(known)
        .distinct()
        .order_by(version.item_id)
    )
    return list(connection.execute(query).scalars())
