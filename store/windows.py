"""What the look outside the taxonomy reads of a span of weeks: digests that tell changed weeks, and an area's items."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, and_, select

from horizon.records import Item
from horizon.weeks import IsoWeek
from store import schema
from store.items import between, in_force, items_by_id


def week_digests(
    connection: Connection, source: str, first: IsoWeek, last: IsoWeek, as_of: datetime | None
) -> dict[IsoWeek, str]:
    """SHA-256 over the ids and texts of each week with any item; equal digests are equal texts."""
    current = in_force(as_of, where=between(source, first, last))
    columns = current.c.week, current.c.id, current.c.content_sha256
    digests: dict[str, hashlib._Hash] = {}
    for week, item_id, content in connection.execute(select(*columns).order_by(*columns)):
        digests.setdefault(week, hashlib.sha256()).update(f"{item_id} {content}\n".encode())
    return {IsoWeek.parse(week): digest.hexdigest() for week, digest in digests.items()}


def items_with_probability(
    connection: Connection,
    pair: tuple[str, str],
    area: str,
    source: str,
    span: tuple[IsoWeek, IsoWeek],
    as_of: datetime | None,
) -> list[tuple[Item, float]]:
    """Items of a source that this taxonomy and model (`pair`) assigned to an area, by id, each with its probability."""
    current, label = in_force(as_of, where=between(source, *span)), schema.label.c
    of_text = and_(label.item_id == current.c.id, label.content_sha256 == current.c.content_sha256)
    query = (
        select(label.item_id, label.probability)
        .join_from(current, schema.label, of_text)
        .where(label.taxonomy == pair[0], label.model == pair[1], label.area == area, label.assigned.is_(True))
        .order_by(label.item_id)
    )
    if as_of is not None:
        query = query.where(label.known_at <= as_of)
    found = {row.item_id: float(row.probability) for row in connection.execute(query)}
    items = items_by_id(connection, found, as_of)
    return [(items[item_id], probability) for item_id, probability in found.items()]
