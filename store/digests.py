"""Digests of table contents, equal on every database: tests can say 'added nothing' and 'ended identical'."""

import hashlib

from sqlalchemy import Connection, select

from store.schema import metadata


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
