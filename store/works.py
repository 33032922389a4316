"""Canonical works: which items are one work, and which of them counts.

A work's items: versions have one id already; beyond that a DOI in common, a family in common (of a patent, or a
preprint's link to its article), or the same title and first author within two years, in other sources or kinds. Works
only ever grow together: a join is a fact that is never taken back.

A series counts publications of one source, as the total does that it is divided by: an article counts although its
preprint did, and each member of a family in its own week. Were a work counted only at its first publication, the first
years of every store, before which nothing is known, would count more of them and every series would seem to fall. But
a preprint that several sources show is one publication: it is left to the source that comes first in their order.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Column, Connection, FromClause, MetaData, Select, Table, delete, func, insert, select

from horizon.records import Item
from horizon.weeks import IsoWeek
from store import schema
from store.columns import Key
from store.engine import insert_new
from store.fetches import mark_weeks
from store.items import BATCH, in_batches, in_force, items_by_id, within
from store.work_keys import Rule, WorkKey, keys_of

MOST_ITEMS = 300
"""A key of more items is a mistake of a source and joins nothing further."""
_YEARS_APART = 2

_uncounted = Table("uncounted_item", MetaData(), Column("item_id", Key, primary_key=True), prefixes=["TEMPORARY"])


class _Place(NamedTuple):
    """An item in force, as far as counting it goes."""

    source: str
    week: str
    published: date
    kind: str


# ---- joining ---------------------------------------------------------------------------------------------------------


def join_works(connection: Connection, run_id: str, known_at: datetime, items: Sequence[Item]) -> None:
    """Note the keys of new texts, and which items are one work since; their weeks are to be counted again."""
    grown = _grown(connection, _groups(connection, note_keys(connection, items)))
    if not grown:
        return
    stamp = {"known_at": known_at, "run_id": run_id}
    members = [
        {"item_id": name, "work_id": work, "rule": rule, **stamp} for name, (work, rule) in sorted(grown.items())
    ]
    connection.execute(insert_new(connection, schema.work_member), members)
    weeks = {(place.source, IsoWeek.parse(place.week)) for place in _places(connection, grown, None).values()}
    mark_weeks(connection, run_id, weeks)


def note_keys(connection: Connection, items: Sequence[Item]) -> dict[str, list[WorkKey]]:
    """Keep what later items are compared with; gives each item's keys."""
    keys = {item.id: keys_of(item) for item in items}
    pairs = sorted({(key.digest, item_id) for item_id, found in keys.items() for key in found})
    if pairs:
        rows = [{"key": key, "item_id": item_id} for key, item_id in pairs]
        connection.execute(insert_new(connection, schema.item_key), rows)
    return keys


def index_stored(connection: Connection) -> None:
    """Keys of every item in force, for a store that was filled before works were joined."""
    ids = connection.execute(select(schema.item.c.id).order_by(schema.item.c.id)).scalars().all()
    for batch in in_batches(ids, BATCH):
        note_keys(connection, list(items_by_id(connection, batch, None).values()))


def _groups(connection: Connection, keys: Mapping[str, Sequence[WorkKey]]) -> list[dict[str, Rule]]:
    """Items that share a key with one of these, each with the rule that brought it in; groups may meet."""
    rules = {key.digest: key.rule for found in keys.values() for key in found}
    sharing: dict[bytes, list[str]] = {}
    table = schema.item_key.c
    for batch in in_batches(sorted(rules), BATCH):
        for row in connection.execute(select(table.key, table.item_id).where(table.key.in_(batch))):
            sharing.setdefault(bytes(row.key), []).append(row.item_id)
    shared = {digest: sorted(ids) for digest, ids in sharing.items() if 1 < len(ids) <= MOST_ITEMS}
    titled = {item_id for digest, ids in shared.items() if rules[digest] == "title" for item_id in ids}
    places = _places(connection, titled, None)
    groups: list[dict[str, Rule]] = []
    for digest, ids in sorted(shared.items()):
        if rules[digest] != "title":
            groups.append(dict.fromkeys(ids, rules[digest]))
        else:
            pairs = [(one, two) for place, one in enumerate(ids) for two in ids[place + 1 :]]
            groups += [
                dict.fromkeys(pair, rules[digest]) for pair in pairs if _is_one(places[pair[0]], places[pair[1]])
            ]
    return groups


def _is_one(one: _Place, two: _Place) -> bool:
    """Whether two papers of one title and first author are one work.

    One source numbers its own works: two ids of one kind in it are two works, whatever their titles.
    """
    apart = abs(one.published.year - two.published.year)
    return (one.source, one.kind) != (two.source, two.kind) and apart <= _YEARS_APART


def _grown(connection: Connection, groups: Sequence[Mapping[str, Rule]]) -> dict[str, tuple[str, str]]:
    """Item to its new work and rule, of all items whose work changes by these groups."""
    named = {item_id for group in groups for item_id in group}
    works = newest_works(connection, named, None)
    members = members_of(connection, set(works.values()), None)
    before = {item_id: work for work, ids in members.items() for item_id in ids}
    rules: dict[str, str] = {}
    for group in groups:
        for item_id, rule in group.items():
            rules[item_id] = min(rules.get(item_id, rule), rule)
    roots = _united([*(list(group) for group in groups), *members.values()])
    return {
        item_id: (root, rules.get(item_id, "joined"))
        for item_id, root in sorted(roots.items())
        if before.get(item_id) != root
    }


def _united(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Every item to the least id of all that hang together with it: the same in whatever order they came."""
    parent: dict[str, str] = {}

    def root(item_id: str) -> str:
        while parent.setdefault(item_id, item_id) != item_id:
            parent[item_id] = item_id = parent[parent[item_id]]
        return item_id

    for group in groups:
        for item_id in group:
            one, two = sorted((root(group[0]), root(item_id)))
            parent[two] = one
    return {item_id: root(item_id) for item_id in list(parent)}


# ---- reading ---------------------------------------------------------------------------------------------------------


def _memberships(as_of: datetime | None, ids: Sequence[str] | Select[str] | None = None) -> FromClause:
    """The newest row of each item; within one logical time the least work id, to which all others grew."""
    table = schema.work_member
    order = (table.c.known_at.desc(), table.c.work_id)
    place = func.row_number().over(partition_by=table.c.item_id, order_by=order).label("place")
    ranked = select(table.c.item_id, table.c.work_id, place)
    if as_of is not None:
        ranked = ranked.where(table.c.known_at <= as_of)
    if ids is not None:
        ranked = ranked.where(table.c.item_id.in_(ids))
    found = ranked.subquery("ranked_member")
    return select(found.c.item_id, found.c.work_id).where(found.c.place == 1).subquery("membership")


def newest_works(connection: Connection, ids: Collection[str], as_of: datetime | None) -> dict[str, str]:
    """Item to its work, of those whose work has several items."""
    found: dict[str, str] = {}
    for batch in in_batches(sorted(ids), BATCH):
        member = _memberships(as_of, batch).c
        found |= {row.item_id: row.work_id for row in connection.execute(select(member.item_id, member.work_id))}
    return found


def members_of(connection: Connection, works: Collection[str], as_of: datetime | None) -> dict[str, list[str]]:
    """Work to its items, sorted."""
    table = schema.work_member.c
    found: dict[str, list[str]] = {}
    for batch in in_batches(sorted(works), BATCH):
        # The index finds whoever was ever in these works; their newest row decides.
        member = _memberships(as_of, select(table.item_id).where(table.work_id.in_(batch))).c
        query = select(member.item_id, member.work_id).where(member.work_id.in_(batch)).order_by(member.item_id)
        for row in connection.execute(query):
            found.setdefault(row.work_id, []).append(row.item_id)
    return found


def works_of(
    connection: Connection, ids: Collection[str], preference: Sequence[str], as_of: datetime | None
) -> dict[str, tuple[str, ...]]:
    """Each id to the ids of its work, the one to show first: by the order of sources, then the earliest."""
    works = newest_works(connection, ids, as_of)
    members = members_of(connection, set(works.values()), as_of)
    places = _places(connection, [item_id for found in members.values() for item_id in found], as_of)
    order = _order(preference)
    shown = {
        work: tuple(sorted((i for i in found if i in places), key=lambda i: (order(places[i]), places[i].published, i)))
        for work, found in members.items()
    }
    return {item_id: (shown[works[item_id]] if item_id in works else ()) or (item_id,) for item_id in sorted(ids)}


def _order(preference: Sequence[str]) -> Callable[[_Place], tuple[int, str]]:
    ranks = {source: place for place, source in enumerate(preference)}
    return lambda place: (ranks.get(place.source, len(ranks)), place.source)


def _places(connection: Connection, ids: Iterable[str], as_of: datetime | None) -> dict[str, _Place]:
    found: dict[str, _Place] = {}
    for batch in in_batches(sorted(set(ids)), BATCH):
        current = in_force(as_of, ids=batch).c
        columns = [current[name] for name in _Place._fields]
        found |= {row.id: _Place(*row[1:]) for row in connection.execute(select(current.id, *columns))}
    return found


# ---- counting --------------------------------------------------------------------------------------------------------


def uncounted(
    connection: Connection,
    weeks: Collection[tuple[str, IsoWeek]],
    preference: Sequence[str],
    as_of: datetime | None,
) -> set[str]:
    """Preprints of these sources and weeks that are counted in another source, which shows them too."""
    version, member = schema.item_version.c, schema.work_member.c
    joined = schema.item_version.join(schema.work_member, member.item_id == version.item_id)
    query = select(version.item_id).select_from(joined).where(*within(weeks)(schema.item_version)).distinct()
    ids = connection.execute(query.where(version.kind == "preprint")).scalars().all()
    here = newest_works(connection, ids, as_of)
    members = members_of(connection, set(here.values()), as_of)
    places = _places(connection, [item_id for found in members.values() for item_id in found], as_of)
    order = _order(preference)
    left_out: set[str] = set()
    for found in members.values():
        preprints = [item_id for item_id in found if item_id in places and places[item_id].kind == "preprint"]
        first = min((places[item_id] for item_id in preprints), key=order)
        left_out |= {item_id for item_id in preprints if places[item_id].source != first.source}
    return left_out & here.keys()


def note_uncounted(connection: Connection, ids: Collection[str]) -> Table:
    """A table of this transaction with these ids, for a query to leave them out."""
    _uncounted.create(connection, checkfirst=True)
    connection.execute(delete(_uncounted))
    for batch in in_batches(sorted(ids), BATCH):
        connection.execute(insert(_uncounted), [{"item_id": item_id} for item_id in batch])
    return _uncounted
