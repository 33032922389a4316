"""Records damaged on disk: named, never a traceback, and never taken for others."""

import zlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from horizon.errors import StoreError
from store.database import Store
from store.export import export_parquet
from store.payload import pack
from tests.store.samples import a_label, a_score, a_verdict, an_item, at, scan

ITEM = an_item()
HALF = pack("{}")[:5]


@pytest.fixture
def filled(sqlite_store: Store) -> Store:
    scan(sqlite_store, [ITEM], [a_label(ITEM)])
    sqlite_store.add_scores("run-1", at(0), [a_score()])
    return sqlite_store


def spoil(store: Store, table: str, payload: bytes | str) -> None:
    """Overwrite every payload of a table, past the triggers that guard facts."""
    with store.engine.connect().execution_options(writes=True) as connection, connection.begin():
        query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
        triggers = connection.execute(query, {"table": table}).all()
        for trigger in triggers:
            connection.exec_driver_sql(f'DROP TRIGGER "{trigger.name}"')
        connection.execute(text(f"UPDATE {table} SET payload = :payload"), {"payload": payload})
        for trigger in triggers:
            connection.exec_driver_sql(trigger.sql)


@pytest.mark.parametrize("payload", [b"no zlib", HALF, b"", pack("[1, 2"), pack("{}"), zlib.compress(b"\xff\xfe")])
def test_a_damaged_item_is_told_in_one_line_with_what_to_do(filled: Store, payload: bytes, tmp_path: Any) -> None:
    spoil(filled, "item_version", payload)
    for read in (
        lambda: filled.items([ITEM.id]),
        lambda: list(filled.items_published(source="arxiv")),
        lambda: export_parquet(filled, tmp_path),
    ):
        with pytest.raises(StoreError, match="horizon verify --store") as raised:
            read()
        assert "\n" not in str(raised.value)
    (fault,) = filled.check(records=True)
    assert ITEM.id in fault


@pytest.mark.parametrize(
    ("table", "payload", "read"),
    [
        ("label", b"no zlib", lambda store: store.labels("taxonomy-1", "model-1")),
        ("fetch", "{", lambda store: store.fetches()),
        ("run", "{}", lambda store: store.runs()),
        ("score", "null", lambda store: store.scores(a_score().week)),
    ],
)
def test_so_is_every_other_record(
    filled: Store, table: str, payload: bytes | str, read: Callable[[Store], object]
) -> None:
    spoil(filled, table, payload)
    with pytest.raises(StoreError, match="put back a copy"):
        read(filled)
    assert [fault.split()[0] for fault in filled.check(records=True)] == [table]


def test_a_readable_record_that_is_another_one_is_found_by_its_digest(filled: Store) -> None:
    assert filled.check(records=True) == []
    other = an_item(title="SIMULATED: another title").model_dump_json(exclude_defaults=True)
    spoil(filled, "item_version", pack(other))
    (fault,) = filled.check(records=True)
    assert "another digest" in fault
    assert filled.check() == [], "the file itself is whole"


def test_a_verdict_that_was_exchanged_is_named(filled: Store) -> None:
    filled.add_verdicts(at(1), "a" * 64, [a_verdict(ITEM)])
    assert filled.check(records=True) == []
    spoil(filled, "verdict", a_verdict(ITEM, choice="reject").model_dump_json())
    (fault,) = filled.check(records=True)
    assert fault.startswith(f"verdict {ITEM.id} fusion")
