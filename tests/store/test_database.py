"""Opening, migrating, refusing: what goes wrong with a database is said in words that help."""

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text

from horizon.errors import StoreError
from horizon.records import Issue
from store.database import Store, migrate
from store.engine import connect, known_revisions, reading, writing
from store.schema import metadata
from tests.store.samples import (
    WEEK,
    a_fetch,
    a_label,
    a_non_consensus,
    a_prediction,
    a_score,
    a_settlement,
    a_signal,
    a_verdict,
    an_item,
    at,
    begin,
    scan,
)

FACTS = (
    "brief",
    "fetch",
    "issue",
    "item_classification",
    "item_version",
    "label",
    "label_route",
    "ledger",
    "non_consensus",
    "score",
    "signal",
    "verdict",
    "weekly_count",
)


def set_revision(url: str, revision: str) -> None:
    engine = connect(url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    engine.dispose()


def test_an_empty_database_is_filled_and_a_second_migration_finds_nothing_to_do(empty_url: str) -> None:
    assert migrate(empty_url) == known_revisions()
    assert migrate(empty_url) == []
    with Store.open(empty_url) as store:
        assert set(store.table_digest()) == set(metadata.tables)
        assert {rows for rows, _ in store.table_digest().values()} == {0}


def test_the_migrations_make_exactly_the_tables_that_the_code_expects(store: Store) -> None:
    with reading(store.engine) as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_an_older_schema_asks_for_migration(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = [*known_revisions(), "9998"]
    monkeypatch.setattr("store.engine.known_revisions", lambda: newer)
    with pytest.raises(StoreError, match="run `horizon migrate`"):
        Store.open(url)


def test_a_newer_schema_asks_for_a_newer_horizon(url: str) -> None:
    set_revision(url, "9999")
    with pytest.raises(StoreError, match="upgrade horizon"):
        Store.open(url)
    with pytest.raises(StoreError, match="upgrade horizon"):
        migrate(url)


def test_a_migration_that_fails_leaves_the_database_empty(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("the power fails after the tables")

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", fail)
    with pytest.raises(StoreError, match="power"):
        migrate(empty_url)
    monkeypatch.undo()
    assert migrate(empty_url) == known_revisions()


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="not Horizon's"):
        Store.open(f"sqlite:///{tmp_path / 'other.sqlite'}")


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path / 'a' / 'b' / 'horizon.sqlite'}").close()
    assert (tmp_path / "a" / "b" / "horizon.sqlite").is_file()


def test_sqlite_runs_in_wal_mode_with_its_safeguards(sqlite_store: Store) -> None:
    with reading(sqlite_store.engine) as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        }
    assert found == {"journal_mode": "wal", "busy_timeout": 30000, "foreign_keys": 1, "synchronous": 1}


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("horizon.sqlite", "expected a database URL"),
        ("sqlite://", "expected a file"),
        ("mysql://localhost/horizon", "expected sqlite or postgresql"),
    ],
)
def test_an_unusable_url_is_refused(url: str, remedy: str) -> None:
    with pytest.raises(StoreError, match=remedy):
        Store.open(url)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"found no psycopg: pip install"):
        connect("postgresql+psycopg://127.0.0.1/horizon")


def test_a_password_never_appears_in_an_error() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match="HORIZON_DATABASE_URL") as caught:
        Store.open("postgresql+psycopg://horizon:topsecret@127.0.0.1:1/horizon")
    assert "topsecret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "horizon.sqlite").write_bytes(b"this was once a database " * 400)
    with pytest.raises(StoreError, match=r"not a database; the file is damaged; move it away"):
        Store.open(f"sqlite:///{tmp_path / 'horizon.sqlite'}")


def test_a_file_damaged_in_the_middle_is_noticed_when_read_and_by_the_check(
    sqlite_store: Store, tmp_path: Path
) -> None:
    begin(sqlite_store)
    sqlite_store.ingest("run-1", at(0), [an_item(number) for number in range(500)])
    assert sqlite_store.check() == []
    sqlite_store.close()
    path = tmp_path / "horizon.sqlite"
    content = bytearray(path.read_bytes())
    content[-40 * 4096 :] = os.urandom(1) * (40 * 4096)
    path.write_bytes(content)
    with Store.open(f"sqlite:///{path}") as store:
        assert store.check() != []
        with pytest.raises(StoreError, match="the file is damaged"):
            store.table_digest()


def limit_pages(store: Store, pages: int) -> None:
    """A disk that is nearly full, as SQLite sees it."""

    def set_limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    store.engine.dispose()
    event.listen(store.engine, "connect", set_limit)


def test_a_full_disk_keeps_nothing_of_the_step_and_says_so(sqlite_store: Store) -> None:
    begin(sqlite_store)
    sqlite_store.ingest("run-1", at(0), [an_item(0)])
    before = sqlite_store.table_digest()
    limit_pages(sqlite_store, 60)
    with pytest.raises(StoreError, match="nothing of this step was kept; free disk space"):
        sqlite_store.ingest("run-1", at(0), [an_item(number) for number in range(3000)])
    assert sqlite_store.table_digest() == before
    limit_pages(sqlite_store, 100_000)
    sqlite_store.ingest("run-1", at(0), [an_item(number) for number in range(3000)])
    assert sqlite_store.item_count() == 3000


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="HORIZON_DATA_DIR"):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'horizon.sqlite'}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="may be written"):
        Store.open(f"sqlite:///{folder / 'horizon.sqlite'}")


def test_a_database_that_may_be_read_but_not_written(sqlite_store: Store) -> None:
    """`query_only` makes SQLite answer as for a file without write permission, also to root."""
    begin(sqlite_store)
    event.listen(sqlite_store.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
    sqlite_store.engine.dispose()
    assert sqlite_store.item_count() == 0
    with pytest.raises(StoreError, match="readonly database; check that its folder exists and may be written"):
        sqlite_store.ingest("run-1", at(0), [an_item()])


def test_a_folder_in_the_place_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "horizon.sqlite").mkdir()
    with pytest.raises(StoreError, match="check that its folder exists and may be written"):
        Store.open(f"sqlite:///{tmp_path / 'horizon.sqlite'}")


def fill(store: Store) -> None:
    item = an_item()
    run = scan(store, [item], [a_label(item)])
    store.add_scores("run-1", run.started, [a_score()])
    store.record_fetch("run-1", a_fetch("ERROR"), run.started)
    store.add_verdicts(at(1), "a" * 64, [a_verdict(item)])
    store.append_ledger("run-1", run.started, [a_prediction(), a_settlement()])
    store.add_signals("run-1", run.started, WEEK, "arxiv", "term", [a_signal()])
    store.add_non_consensus("run-1", run.started, WEEK, "arxiv", [a_non_consensus(item)])


@pytest.mark.parametrize("table", FACTS)
def test_facts_are_append_only(store: Store, table: str) -> None:
    fill(store)
    store.add_issues("run-1", at(0), [Issue(room="store", severity="info", code="x", message="y")])
    store.record_brief("run-1", at(0), a_fetch().week, "weekly", "a" * 64, "briefs")
    before = store.table_digest()
    assert before[table][0] > 0
    for change in (
        f'UPDATE "{table}" SET {"area" if table in ("label_route", "verdict") else "run_id"} = NULL',
        f'DELETE FROM "{table}"',
    ):
        with (
            pytest.raises(StoreError, match="append-only; stored facts are never changed"),
            writing(store.engine) as connection,
        ):
            connection.execute(text(change))
    assert store.table_digest() == before


def test_both_databases_hold_the_same_content(
    sqlite_store: Store, new_postgres: Callable[[str], str], postgres_template: str
) -> None:
    with Store.open(new_postgres(postgres_template)) as other:
        for store in (sqlite_store, other):
            fill(store)
        assert sqlite_store.table_digest() == other.table_digest()
