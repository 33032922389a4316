"""Digests of table contents, equal on every database: tests can say 'added nothing' and 'ended identical'.

And the check of every stored record against its own digest.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Table, select

from horizon.errors import StoreError
from horizon.records import Fetch, Issue, Item, Label, Run, Score, Verdict
from store import schema
from store.payload import digest, read_record, unpack
from store.schema import metadata
from store.signals import NonConsensusList, SignalList

RECORDS: tuple[tuple[Table, type[BaseModel]], ...] = (
    (schema.run, Run),
    (schema.fetch, Fetch),
    (schema.issue, Issue),
    (schema.item_version, Item),
    (schema.label, Label),
    (schema.score, Score),
    (schema.verdict, Verdict),
    (schema.signal, SignalList),
    (schema.non_consensus, NonConsensusList),
)


def table_digest(connection: Connection) -> dict[str, tuple[int, str]]:
    """Rows and SHA-256 of each table, rows in the order of the primary key."""
    digests = {}
    for table in sorted(metadata.tables.values(), key=lambda table: table.name):
        rows, sha256 = 0, hashlib.sha256()
        query = select(table).order_by(*table.primary_key).execution_options(yield_per=2000)
        for row in connection.execute(query):
            rows += 1
            values = (int(value) if isinstance(value, bool) else value for value in row)
            sha256.update(repr(tuple(values)).encode())
        digests[table.name] = (rows, sha256.hexdigest())
    return digests


def damaged_records(connection: Connection) -> Iterator[str]:
    """What is wrong with the records, one line each, by table and key: not readable, or not what its digest says."""
    for table, model in RECORDS:
        digests = [column for column in table.c if column.name == "content_sha256" and not column.primary_key]
        columns = [*table.primary_key, *digests, table.c.payload]
        query = select(*columns).order_by(*table.primary_key).execution_options(yield_per=2000)
        for row in connection.execute(query):
            fault = _fault(model, row)
            if fault:
                key = " ".join(str(value) for value in row[:-1])
                yield f"{table.name} {key}: {fault}"


def _fault(model: type[BaseModel], row: Any) -> str | None:
    try:
        read_record(model, row.payload)
    except StoreError as error:
        return str(error).partition(": ")[0]
    # A label's digest is that of the text it reads.
    expected = None if model is Label else getattr(row, "content_sha256", None)
    text = unpack(row.payload) if isinstance(row.payload, bytes) else row.payload
    return None if expected in (None, digest(text)) else "its text is not the one that was stored (another digest)"
