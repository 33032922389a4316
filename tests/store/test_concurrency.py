"""Processes that die in the middle of a write, and processes that write at once."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from horizon.errors import StoreError
from horizon.records import Item
from store.database import Store
from store.engine import writing
from tests.store.samples import an_item, at, begin

ROOT = Path(__file__).resolve().parents[2]
ITEMS = 4500


def items(first: int, last: int) -> Iterator[Item]:
    return (an_item(number) for number in range(first, last))


def ingest_and_hang(url: str) -> None:
    """Writes two batches and a half, says so, and waits to be killed."""

    def feed() -> Iterator[Item]:
        yield from items(0, ITEMS)
        print("in the middle", flush=True)
        sys.stdin.read()

    with Store.open(url) as store:
        begin(store)
        store.ingest("run-1", at(0), feed())


def ingest_own_and_shared(url: str, number: int) -> None:
    with Store.open(url) as store:
        run_id = f"run-{number}"
        begin(store, run_id)
        store.ingest(run_id, at(0), items(number * 1000, number * 1000 + 1500))


def hold_and_hang(url: str) -> None:
    """Takes the lock of a scan, says so, and waits to be killed."""
    with Store.open(url) as store, store.alone("horizon scan") as alone:
        print("alone" if alone else "not alone", flush=True)
        sys.stdin.read()


def start(call: str) -> subprocess.Popen[str]:
    program = f"from tests.store import test_concurrency as t; t.{call}"
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_a_process_killed_while_it_ingests_leaves_nothing_half_written(sqlite_store: Store, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'undisturbed.sqlite'}") as undisturbed:
        begin(undisturbed)
        undisturbed.ingest("run-1", at(0), items(0, ITEMS))
        expected = undisturbed.table_digest()
    url = str(sqlite_store.engine.url)
    with start(f"ingest_and_hang({url!r})") as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "in the middle\n"
        assert sqlite_store.item_count() == 0, "readers see nothing of a write that is not complete"
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    sqlite_store.close()
    with Store.open(url) as resumed:
        assert resumed.check() == []
        assert resumed.item_count() == 0
        stored = resumed.run("run-1")
        assert stored is not None
        assert stored.status == "running"
        begin(resumed)
        resumed.ingest("run-1", at(0), items(0, ITEMS))
        assert resumed.table_digest() == expected


def test_a_second_writer_waits_and_says_so_when_it_has_waited_too_long(store: Store, url: str) -> None:
    def be_impatient(connection: Any, _record: Any) -> None:
        postgresql = store.engine.dialect.name == "postgresql"
        connection.execute("SET lock_timeout = '20ms'" if postgresql else "PRAGMA busy_timeout = 20")
        connection.commit()

    with Store.open(url) as second:
        second.engine.dispose()
        event.listen(second.engine, "connect", be_impatient)
        with writing(store.engine), pytest.raises(StoreError, match="another process has been writing"):
            begin(second)
        assert begin(second).run_id == "run-1"


@pytest.mark.parametrize("writers", [3])
def test_writers_that_start_at_once_on_an_empty_database_all_finish(empty_url: str, writers: int) -> None:
    started = [start(f"ingest_own_and_shared({empty_url!r}, {number})") for number in range(writers)]
    for process in started:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    with Store.open(empty_url) as store:
        assert store.item_count() == writers * 1000 + 500
        assert store.table_digest()["item_version"][0] == writers * 1000 + 500


def test_one_scan_at_a_time_on_a_shared_database_and_nothing_is_left_of_a_killed_one(
    new_postgres: Callable[[str], str], postgres_template: str
) -> None:
    url = new_postgres(postgres_template)
    with Store.open(url) as store, start(f"hold_and_hang({url!r})") as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "alone\n"
        with store.alone("horizon scan") as alone:
            assert not alone
        with store.alone("another name") as alone:
            assert alone
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        assert _comes_free(store), "the server gives the lock of a dead process back by itself"
        with store.alone("horizon scan") as first, store.alone("horizon scan") as second:
            assert (first, second) == (True, False)
        with store.alone("horizon scan") as alone:
            assert alone, "given back at the end"


def _comes_free(store: Store) -> bool:
    """The server notices a closed socket by itself, some moments after the kill."""
    patience = time.monotonic() + 20
    while time.monotonic() < patience:
        with store.alone("horizon scan") as alone:
            if alone:
                return True
    return False
