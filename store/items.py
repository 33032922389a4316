"""Items and their versions: each text is written once, and read as it was known at any time."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, false, func, or_, select

from horizon.records import Item
from horizon.weeks import IsoWeek
from store import schema
from store.engine import insert_new, insert_or_replace
from store.fetches import mark_weeks
from store.payload import digest, pack, read_record
from store.runs import require_run

BATCH = 2000
"""Ids in one IN list: below SQLite's limit of 32,766 parameters, and little memory."""

T = TypeVar("T")
Where = Callable[[FromClause], list[ColumnElement[bool]]]


@dataclass(frozen=True)
class IngestReport:
    """What became of the items of one ingest."""

    new: int = 0
    changed: int = 0
    """A newer text of a known item."""
    unchanged: int = 0
    late: int = 0
    """A text unknown so far but older than the one in force: kept as a version, changes nothing else."""


class Version(NamedTuple):
    """One version of an item. The first four fields are its rank: the greatest version is in force."""

    ranked_at: datetime
    number: int
    known_at: datetime
    content_sha256: str
    source: str
    week: str
    published: date
    kind: str


def encode(item: Item) -> bytes:
    """JSON without defaults, so that a new optional field changes no digest of an item that lacks it."""
    return item.model_dump_json(exclude_defaults=True).encode()


def content_sha256(item: Item) -> str:
    """The digest by which a text is known."""
    return digest(encode(item))


def _version(item: Item, known_at: datetime, content: str) -> Version:
    """A source's own time of update decides which version is newer, but none is later than when we saw it."""
    numbered = re.fullmatch(r"v(\d{1,6})", item.version or "")
    return Version(
        ranked_at=min(item.updated or known_at, known_at),
        number=int(numbered[1]) if numbered else 0,
        known_at=known_at,
        content_sha256=content,
        source=item.source,
        week=str(IsoWeek.of(item.published)),
        published=item.published,
        kind=item.kind,
    )


Join = Callable[[Connection, str, datetime, Sequence[Item]], None]
"""Called with the run, the time and the new texts of each batch."""


def ingest(connection: Connection, run_id: str, known_at: datetime, items: Iterable[Item], join: Join) -> IngestReport:
    """Store what is new; a repeat adds nothing and a version that arrives late overwrites nothing.

    What is in force already is not written again, so an old run that ends after newer ones can hide what these saw
    unchanged, where the source gives no time of update; the next crawl sets it right.
    """
    require_run(connection, run_id)
    tally: Counter[str] = Counter()
    weeks: set[tuple[str, IsoWeek]] = set()
    for batch in in_batches(items, BATCH):
        join(connection, run_id, known_at, _ingest_batch(connection, run_id, known_at, batch, tally, weeks))
    mark_weeks(connection, run_id, weeks)
    return IngestReport(**tally)


def _ingest_batch(
    connection: Connection,
    run_id: str,
    known_at: datetime,
    items: Sequence[Item],
    tally: Counter[str],
    weeks: set[tuple[str, IsoWeek]],
) -> list[Item]:
    """The items whose text was not known."""
    history = _versions(connection, sorted({item.id for item in items}))
    rows = []
    fresh = []
    for item in items:
        text = encode(item)
        version = _version(item, known_at, digest(text))
        known = history.setdefault(item.id, [])
        verdict = _judge(known, version)
        tally[verdict] += 1
        if verdict != "unchanged":
            known.append(version)
            fresh.append(item)
            rows.append({"item_id": item.id, "run_id": run_id, "payload": pack(text), **version._asdict()})
    touched = {item.id for item in fresh}
    if rows:
        connection.execute(insert_new(connection, schema.item_version), rows)
        _point_at_newest(connection, {item_id: max(history[item_id]) for item_id in sorted(touched)})
        weeks |= {(v.source, IsoWeek.parse(v.week)) for item_id in touched for v in history[item_id]}
    return fresh


def _judge(known: Sequence[Version], version: Version) -> str:
    """new, changed, late or unchanged: the last adds no row.

    A text seen before is written again only when it comes back into force at a later time than the one it replaces.
    """
    earlier = [other for other in known if other.known_at <= version.known_at]
    if not earlier:
        return "changed" if known else "new"
    in_force = max(earlier)
    if version.content_sha256 not in {other.content_sha256 for other in earlier}:
        return "changed" if version > in_force else "late"
    if in_force.content_sha256 == version.content_sha256 or in_force.known_at == version.known_at:
        return "unchanged"
    return "changed" if version > in_force else "unchanged"


def _versions(connection: Connection, ids: Sequence[str]) -> dict[str, list[Version]]:
    table = schema.item_version
    columns = [table.c[name] for name in Version._fields]
    history: dict[str, list[Version]] = {}
    for row in connection.execute(select(table.c.item_id, *columns).where(table.c.item_id.in_(ids))):
        history.setdefault(row.item_id, []).append(Version(*row[1:]))
    return history


def _point_at_newest(connection: Connection, newest: dict[str, Version]) -> None:
    columns = ("source", "week", "published", "kind", "known_at", "content_sha256")
    rows = [{"id": item_id, **{name: getattr(v, name) for name in columns}} for item_id, v in newest.items()]
    connection.execute(insert_or_replace(connection, schema.item), rows)


def in_force(
    as_of: datetime | None, ids: Sequence[str] | Select[tuple[str]] | None = None, where: Where | None = None
) -> FromClause:
    """The version in force of each item (id, source, week, published, kind, known_at, content_sha256), as known then.

    `ids` (or a query for them) and `where` (given a table with these columns) limit it. Without `as_of` the table
    `item` has the answer, else the versions of every item that ever met the limits are ranked.
    """

    def limits(table: FromClause, key: ColumnElement[str] | None) -> list[ColumnElement[bool]]:
        by_id = [] if ids is None or key is None else [key.in_(ids)]
        return [*by_id, *(where(table) if where else [])]

    if as_of is None:
        return select(schema.item).where(*limits(schema.item, schema.item.c.id)).subquery("in_force")
    table = schema.item_version
    candidates = select(table.c.item_id).where(*limits(table, table.c.item_id))
    columns = [column for column in table.c if column.name != "payload"]
    rank = [table.c[name].desc() for name in Version._fields[:4]]
    ranked = (
        select(*columns, func.row_number().over(partition_by=table.c.item_id, order_by=rank).label("place"))
        .where(table.c.known_at <= as_of, table.c.item_id.in_(candidates))
        .subquery("ranked")
    )
    wanted = [ranked.c[name] for name in ("source", "week", "published", "kind", "known_at", "content_sha256")]
    return (
        select(ranked.c.item_id.label("id"), *wanted)
        .where(ranked.c.place == 1, *limits(ranked, None))
        .subquery("in_force")
    )


def within(weeks: Collection[tuple[str, IsoWeek]]) -> Where:
    """Rows of these sources and weeks."""
    by_source: dict[str, list[str]] = {}
    for source, week in sorted(weeks):
        by_source.setdefault(source, []).append(str(week))

    def clause(table: FromClause) -> list[ColumnElement[bool]]:
        return [or_(*(and_(table.c.source == s, table.c.week.in_(names)) for s, names in by_source.items()))]

    return clause if by_source else lambda _: [false()]


def between(source: str | None, first: IsoWeek | None, last: IsoWeek | None) -> Where:
    """Rows of a source (None: all) from the first to the last week (None: without end)."""

    def clause(table: FromClause) -> list[ColumnElement[bool]]:
        clauses = [] if source is None else [table.c.source == source]
        clauses += [] if first is None else [table.c.week >= str(first)]
        return clauses + ([] if last is None else [table.c.week <= str(last)])

    return clause


def items_by_id(connection: Connection, ids: Iterable[str], as_of: datetime | None) -> dict[str, Item]:
    """Ids that were unknown then are absent."""
    found: dict[str, Item] = {}
    for batch in in_batches(sorted(set(ids)), BATCH):
        for item_id, payload in connection.execute(_with_payload(in_force(as_of, ids=batch))):
            found[item_id] = decode(payload)
    return found


def decode(payload: bytes) -> Item:
    return read_record(Item, payload)


def _with_payload(current: FromClause) -> Select[Any]:
    version = schema.item_version.c
    same = and_(
        version.item_id == current.c.id,
        version.known_at == current.c.known_at,
        version.content_sha256 == current.c.content_sha256,
    )
    return select(current.c.id, version.payload).join_from(current, schema.item_version, same).order_by(current.c.id)


def published_ids(connection: Connection, where: Where, as_of: datetime | None) -> list[tuple[str, date]]:
    """(id, published) of the items that meet the limits, by id."""
    current = in_force(as_of, where=where)
    rows = connection.execute(select(current.c.id, current.c.published).order_by(current.c.id))
    return [(row.id, row.published) for row in rows]


def count_items(connection: Connection, source: str | None, as_of: datetime | None) -> int:
    current = in_force(as_of, where=between(source, None, None))
    return connection.execute(select(func.count()).select_from(current)).scalar_one()


def unclassified_ids(
    connection: Connection, after: str, taxonomy: str, model: str, since: date | None, limit: int
) -> list[str]:
    """The next ids of items whose newest text was not yet read with this taxonomy and model."""
    item, done = schema.item.c, schema.item_classification.c
    read = (
        select(done.item_id)
        .where(done.item_id == item.id, done.content_sha256 == item.content_sha256)
        .where(done.taxonomy == taxonomy, done.model == model)
    )
    pending = select(item.id).where(item.id > after, ~read.exists()).order_by(item.id).limit(limit)
    if since is not None:
        pending = pending.where(item.published >= since)
    return list(connection.execute(pending).scalars())


def in_batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`; itertools.batched came with Python 3.12."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
