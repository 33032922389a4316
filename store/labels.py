"""Labels: added once for each text, taxonomy and model; read for the text in force at any time."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, FromClause, and_, select

from horizon.errors import StoreError
from horizon.records import Item, Label
from horizon.weeks import IsoWeek
from store import schema
from store.engine import insert_new
from store.fetches import mark_weeks
from store.items import BATCH, Where, content_sha256, in_batches, in_force, items_by_id
from store.payload import canonical_json, pack, read_record
from store.runs import require_run

Texts = dict[str, str]
"""Item id to the digest of the text that was classified."""


def add_labels(
    connection: Connection,
    run_id: str,
    known_at: datetime,
    classified: Sequence[str | Item],
    labels: Sequence[Label],
) -> None:
    """Note what was classified, and its labels; texts that its taxonomy and model have read are passed over."""
    run = require_run(connection, run_id)
    pair = (run.taxonomy, run.model)
    for label in labels:
        if (label.taxonomy, label.model) != pair:
            message = f"expected labels of taxonomy {pair[0]} and model {pair[1]}, as the run says; found "
            raise StoreError(f"{message}{label.taxonomy} and {label.model} for {label.item_id}")
    texts = _texts(connection, classified)
    strangers = sorted({label.item_id for label in labels} - texts.keys())
    if strangers:
        raise StoreError(f"labels for items that were not named as classified: {', '.join(strangers[:5])}; name them")
    fresh = _unread(connection, texts, pair)
    stamp = {"taxonomy": pair[0], "model": pair[1], "run_id": run_id, "known_at": known_at}
    if fresh:
        rows = [{"item_id": item_id, "content_sha256": fresh[item_id], **stamp} for item_id in sorted(fresh)]
        connection.execute(insert_new(connection, schema.item_classification), rows)
        _insert(connection, [label for label in labels if label.item_id in fresh], fresh, stamp)
        _mark(connection, run_id, sorted(fresh))


def _texts(connection: Connection, classified: Sequence[str | Item]) -> Texts:
    """An Item tells its own text; an id stands for the item's newest one."""
    texts = {item.id: content_sha256(item) for item in classified if isinstance(item, Item)}
    ids = sorted({item for item in classified if isinstance(item, str)})
    item = schema.item.c
    for batch in in_batches(ids, BATCH):
        rows = connection.execute(select(item.id, item.content_sha256).where(item.id.in_(batch)))
        texts |= {row.id: row.content_sha256 for row in rows}
    unknown = [item_id for item_id in ids if item_id not in texts]
    if unknown:
        raise StoreError(f"items that were never ingested: {', '.join(unknown[:5])}; ingest them before their labels")
    return texts


def _unread(connection: Connection, texts: Texts, pair: tuple[str, str]) -> Texts:
    done = schema.item_classification.c
    fresh = dict(texts)
    for batch in in_batches(sorted(texts), BATCH):
        query = select(done.item_id, done.content_sha256).where(done.item_id.in_(batch))
        for row in connection.execute(query.where(done.taxonomy == pair[0], done.model == pair[1])):
            if texts[row.item_id] == row.content_sha256:
                del fresh[row.item_id]
    return fresh


def _insert(connection: Connection, labels: Sequence[Label], texts: Texts, stamp: dict[str, object]) -> None:
    rows, routes = [], []
    for label in labels:
        key = {"item_id": label.item_id, "content_sha256": texts[label.item_id], "area": label.area}
        payload = pack(canonical_json(label))
        rows.append({**key, **stamp, "assigned": label.assigned, "probability": label.probability, "payload": payload})
        key |= {"taxonomy": label.taxonomy, "model": label.model}
        routes += [{**key, "route": route.route, "probability": route.probability} for route in label.routes]
    if rows:
        connection.execute(insert_new(connection, schema.label), rows)
    if routes:
        connection.execute(insert_new(connection, schema.label_route), routes)


def _mark(connection: Connection, run_id: str, ids: Sequence[str]) -> None:
    item = schema.item.c
    weeks: set[tuple[str, IsoWeek]] = set()
    for batch in in_batches(ids, BATCH):
        rows = connection.execute(select(item.source, item.week).where(item.id.in_(batch)).distinct())
        weeks |= {(row.source, IsoWeek.parse(row.week)) for row in rows}
    mark_weeks(connection, run_id, weeks)


def read_labels(
    connection: Connection,
    current: FromClause,
    pair: tuple[str, str],
    as_of: datetime | None,
    assigned_only: bool,
    area: str | None = None,
) -> Iterator[Label]:
    """By item and area."""
    label = schema.label.c
    query = (
        select(label.payload)
        .join_from(
            current, schema.label, and_(label.item_id == current.c.id, label.content_sha256 == current.c.content_sha256)
        )
        .where(label.taxonomy == pair[0], label.model == pair[1])
        .order_by(label.item_id, label.area)
    )
    if as_of is not None:
        query = query.where(label.known_at <= as_of)
    if assigned_only:
        query = query.where(label.assigned.is_(True))
    if area is not None:
        query = query.where(label.area == area)
    for payload in connection.execute(query).scalars():
        yield read_record(Label, payload)


def find_labels(
    connection: Connection,
    pair: tuple[str, str],
    ids: Collection[str] | None,
    where: Where | None,
    as_of: datetime | None,
    assigned_only: bool,
) -> list[Label]:
    if ids is None:
        return list(read_labels(connection, in_force(as_of, where=where), pair, as_of, assigned_only))
    found: list[Label] = []
    for batch in in_batches(sorted(set(ids)), BATCH):
        found += read_labels(connection, in_force(as_of, ids=batch, where=where), pair, as_of, assigned_only)
    return found


def labelled_items(
    connection: Connection,
    pair: tuple[str, str],
    where: Where,
    area: str | None,
    as_of: datetime | None,
    unseen_at: datetime | None = None,
) -> list[tuple[Item, Label]]:
    """Of items of which no version was known at `unseen_at`, if it is given."""
    current = in_force(as_of, where=where)
    if unseen_at is not None:
        version = schema.item_version.c
        seen = select(version.item_id).where(version.item_id == current.c.id, version.known_at <= unseen_at)
        current = select(current).where(~seen.exists()).subquery("unseen")
    labels = list(read_labels(connection, current, pair, as_of, assigned_only=True, area=area))
    items = items_by_id(connection, (label.item_id for label in labels), as_of)
    return [(items[label.item_id], label) for label in labels]
