"""Items of an area over a span of weeks, each with its work: what actors and the lag of patents are told from."""

from datetime import datetime

from sqlalchemy import Connection, and_, select

from horizon.records import Item
from horizon.weeks import IsoWeek
from store import schema
from store.items import between, in_force, items_by_id
from store.works import newest_works


def area_items(
    connection: Connection,
    pair: tuple[str, str],
    area: str,
    span: tuple[IsoWeek | None, IsoWeek | None],
    source: str | None,
    as_of: datetime | None,
) -> list[tuple[str, Item]]:
    """(work id, item) by item id, of the texts in force that this taxonomy and model (`pair`) assigned to the area.

    Withdrawn items and utility models are included, as the caller may ask for them; a work of one item has its id.
    """
    label = schema.label.c
    of_area = [label.taxonomy == pair[0], label.model == pair[1], label.area == area, label.assigned.is_(True)]
    if as_of is not None:
        of_area.append(label.known_at <= as_of)
    # The area's own items are few among all whose versions would have to be ranked.
    current = in_force(as_of, ids=select(label.item_id).where(*of_area), where=between(source, *span))
    of_text = and_(label.item_id == current.c.id, label.content_sha256 == current.c.content_sha256)
    query = select(label.item_id).join_from(current, schema.label, of_text).where(*of_area).order_by(label.item_id)
    ids = list(connection.execute(query).scalars())
    works = newest_works(connection, ids, as_of)
    items = items_by_id(connection, ids, as_of)
    return [(works.get(item_id, item_id), items[item_id]) for item_id in ids]
