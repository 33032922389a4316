"""Verdicts of experts: appended, never changed; of two on the same item and area the later stands."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from horizon.errors import StoreError
from horizon.records import Verdict
from store import schema
from store.items import BATCH, in_batches
from store.payload import canonical_json, digest, read_record


def add_verdicts(
    connection: Connection, known_at: datetime, origin_sha256: str, verdicts: Sequence[Verdict]
) -> list[Verdict]:
    """Those that say something new; raises StoreError when one is of an item that was never ingested."""
    _refuse_strangers(connection, {verdict.item_id for verdict in verdicts})
    brought, last, taken = _known(connection, {verdict.item_id for verdict in verdicts}, origin_sha256)
    added, rows = [], []
    for verdict in verdicts:
        place, said = (verdict.item_id, verdict.area), _said(verdict)
        if _row(verdict) in brought or last.get((*place, verdict.expert)) == said:
            continue
        brought.add(_row(verdict))
        last[(*place, verdict.expert)] = said
        payload = canonical_json(verdict)
        revision = taken[(*place, verdict.given)]
        taken[(*place, verdict.given)] += 1
        key = {"item_id": verdict.item_id, "area": verdict.area, "given": verdict.given, "revision": revision}
        digests = {"origin_sha256": origin_sha256, "content_sha256": digest(payload)}
        rows.append({**key, "known_at": known_at, **digests, "payload": payload})
        added.append(verdict)
    if rows:
        connection.execute(insert(schema.verdict), rows)
    return added


def _refuse_strangers(connection: Connection, ids: set[str]) -> None:
    item = schema.item.c
    unknown = set(ids)
    for batch in in_batches(sorted(ids), BATCH):
        unknown -= set(connection.execute(select(item.id).where(item.id.in_(batch))).scalars())
    if unknown:
        raise StoreError(
            f"verdicts on items that were never ingested: {', '.join(sorted(unknown)[:5])}; leave them out"
        )


def _said(verdict: Verdict) -> str:
    """All of a verdict but its time."""
    return verdict.model_dump_json(exclude={"given"})


def _row(verdict: Verdict) -> str:
    """All that a file says: the digest is of the record when the file is read, and may be another next time."""
    return verdict.model_dump_json(exclude={"given", "content_sha256"})


def _known(
    connection: Connection, ids: set[str], origin_sha256: str
) -> tuple[set[str], dict[tuple[str, str, str], str], Counter[tuple[str, str, datetime]]]:
    """What this file said before, what each expert said last, and how many were given at each instant."""
    brought, last, taken = set(), {}, Counter[tuple[str, str, datetime]]()
    table = schema.verdict.c
    query = select(table.payload, table.origin_sha256).order_by(table.given, table.revision)
    for batch in in_batches(sorted(ids), BATCH):
        for row in connection.execute(query.where(table.item_id.in_(batch))):
            verdict = read_record(Verdict, row.payload)
            last[verdict.item_id, verdict.area, verdict.expert] = _said(verdict)
            taken[verdict.item_id, verdict.area, verdict.given] += 1
            if row.origin_sha256 == origin_sha256:
                brought.add(_row(verdict))
    return brought, last, taken


def list_verdicts(connection: Connection, as_of: datetime | None, area: str | None) -> list[Verdict]:
    """By the time given, then item, area and the order within one instant."""
    table = schema.verdict.c
    query = select(table.payload).order_by(table.given, table.item_id, table.area, table.revision)
    if as_of is not None:
        query = query.where(table.known_at <= as_of)
    if area is not None:
        query = query.where(table.area == area)
    return [read_record(Verdict, payload) for payload in connection.execute(query).scalars()]
