"""The ledger on both databases: said once, in order, and nothing altered unnoticed."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from horizon.errors import StoreError
from horizon.records import Prediction, Settlement
from store.database import Store
from store.engine import reading, writing
from store.ledger import first_sha256, row_sha256
from tests.store.samples import a_prediction, a_settlement, at, begin

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = "seq, entry_id, kind, run_id, known_at, payload, previous_sha256, sha256"


def unguarded(store: Store, *statements: str, **values: Any) -> None:
    """Do what no program of ours does, past the triggers."""
    with writing(store.engine) as connection:
        if store.engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE ledger DISABLE TRIGGER USER"))
        else:
            query = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'")
            for name in connection.execute(query).scalars().all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        for statement in statements:
            connection.execute(text(statement), values)


@pytest.fixture
def filled(store: Store) -> Store:
    begin(store, params={"world": "simulated"})
    begin(store, "run-2", day=7)
    store.append_ledger("run-1", at(0), [a_prediction(1), a_prediction(2), a_prediction(3)])
    store.append_ledger("run-2", at(7), [a_settlement(2), a_prediction(4)])
    return store


def test_what_was_predicted_is_read_as_it_was_known(filled: Store) -> None:
    assert filled.predictions() == [a_prediction(number) for number in (1, 2, 3, 4)]
    assert filled.predictions(as_of=at(6)) == [a_prediction(number) for number in (1, 2, 3)]
    assert filled.settlements() == {a_prediction(2).prediction_id: a_settlement(2)}
    assert filled.settlements(as_of=at(6)) == {}
    assert [(entry.seq, entry.run_id) for entry in filled.ledger()] == [
        (1, "run-1"), (2, "run-1"), (3, "run-1"), (4, "run-2"), (5, "run-2"),
    ]  # fmt: skip
    assert filled.verify_chain() == []


def test_a_prediction_is_said_once_whatever_is_said_later(filled: Store) -> None:
    before = filled.table_digest()
    changed: list[Prediction | Settlement] = [
        a_prediction(1, p_exceeds_last=0.99),
        a_prediction(2),
        a_settlement(2, reason="another"),
    ]
    assert filled.append_ledger("run-2", at(7), changed) == 0
    assert filled.table_digest() == before
    assert filled.append_ledger("run-2", at(7), [a_prediction(4), a_prediction(5), a_prediction(5)]) == 1
    assert filled.predictions()[-1] == a_prediction(5)


def test_nothing_is_settled_that_was_not_predicted(filled: Store) -> None:
    with pytest.raises(StoreError, match="never predicted"):
        filled.append_ledger("run-2", at(7), [a_prediction(8), a_settlement(9)])
    assert len(filled.predictions()) == 4, "all or nothing"


def test_nothing_is_said_in_hindsight(filled: Store) -> None:
    with pytest.raises(StoreError, match="hindsight"):
        filled.append_ledger("run-1", at(0), [a_prediction(9)])


def test_the_head_is_of_its_day_and_names_the_world_before_the_first_row(store: Store) -> None:
    assert store.ledger_head() == (0, first_sha256(""))
    begin(store, params={"world": "simulated"})
    assert store.ledger_head() == (0, first_sha256("simulated"))
    store.append_ledger("run-1", at(0), [a_prediction(1)])
    head = store.ledger_head()
    store.append_ledger("run-1", at(7), [a_prediction(2)])
    assert store.ledger_head(as_of=at(6)) == head
    assert store.ledger_head().rows == 2


def test_a_published_head_shows_that_the_end_was_cut_off(filled: Store) -> None:
    published, early = filled.ledger_head().sha256, filled.ledger_head(as_of=at(6)).sha256
    for head in (published, published[:12], early, first_sha256("simulated")):
        assert filled.verify_chain(head) == []
    unguarded(filled, "DELETE FROM ledger WHERE seq = 5")
    assert filled.verify_chain() == [], "the chain alone cannot know"
    assert filled.verify_chain(early) == []
    (fault,) = filled.verify_chain(published)
    assert "cut off" in fault


ALTERED = "its content is not what its digest says"


@pytest.mark.parametrize(
    ("statements", "row", "fault"),
    [
        (["UPDATE ledger SET payload = replace(payload, '0.7', '0.9') WHERE seq = 2"], 2, ALTERED),
        (["UPDATE ledger SET run_id = 'run-2' WHERE seq = 3"], 3, ALTERED),
        (["UPDATE ledger SET known_at = (SELECT known_at FROM ledger WHERE seq = 1) WHERE seq = 5"], 5, ALTERED),
        (["UPDATE ledger SET kind = 'prediction' WHERE seq = 4"], 4, ALTERED),
        (["UPDATE ledger SET sha256 = previous_sha256 WHERE seq = 5"], 5, ALTERED),
        (["DELETE FROM ledger WHERE seq = 2"], 3, "expected row 2"),
        (["DELETE FROM ledger WHERE seq = 1"], 2, "expected row 1"),
        (["DELETE FROM ledger WHERE seq = 2", "UPDATE ledger SET seq = 2 WHERE seq = 3"], 2, "does not follow"),
        (
            [
                "UPDATE ledger SET seq = 9 WHERE seq = 2",
                "UPDATE ledger SET seq = 2 WHERE seq = 3",
                "UPDATE ledger SET seq = 3 WHERE seq = 9",
            ],
            2,
            "does not follow",
        ),
        (
            [
                "UPDATE ledger SET seq = 6 WHERE seq = 5",
                f"INSERT INTO ledger ({COLUMNS}) SELECT 5, 'prediction:x', kind, run_id, known_at, payload, sha256, "
                "sha256 FROM ledger WHERE seq = 4",
            ],
            5,
            ALTERED,
        ),
    ],
)  # fmt: skip
def test_an_altered_chain_is_found_and_the_row_named(
    filled: Store, statements: list[str], row: int, fault: str
) -> None:
    unguarded(filled, *statements)
    problems = filled.verify_chain()
    assert problems[0].startswith(f"ledger row {row} ("), problems
    assert any(fault in problem for problem in problems if problem.startswith(f"ledger row {row} (")), problems
    assert filled.check(records=True) == (problems if filled.check() == [] else [])


def test_a_ledger_of_another_world_is_found(filled: Store) -> None:
    unguarded(filled, "UPDATE run SET payload = replace(payload, 'simulated', 'live') WHERE run_id = 'run-1'")
    (fault,) = filled.verify_chain()
    assert fault == "ledger row 1 (prediction:" + f"{1:032x}" + "): it is the first of another chain or another world"


def test_a_settlement_before_its_prediction_is_found(filled: Store) -> None:
    other = a_prediction(2).prediction_id
    unguarded(filled, "DELETE FROM ledger WHERE payload LIKE :like AND kind = 'prediction'", like=f"%{other}%")
    assert any("settles what was not predicted" in problem for problem in filled.verify_chain())


# The database's own guard


def row_after(store: Store, **changes: Any) -> None:
    """Insert a row as a program would that does not use ours."""
    with reading(store.engine) as connection:
        last = connection.execute(text(f"SELECT {COLUMNS} FROM ledger ORDER BY seq DESC LIMIT 1")).one()
    values = {**last._asdict(), "seq": last.seq + 1, "entry_id": "x", "previous_sha256": last.sha256, **changes}
    if "sha256" not in changes:
        fields = (bytes(values["previous_sha256"]).hex(), values["seq"], values["kind"], values["entry_id"])
        known_at = store.ledger()[-1].known_at
        values["sha256"] = bytes.fromhex(row_sha256(*fields, values["run_id"], known_at, values["payload"]))
    names = ", ".join(f":{name.strip()}" for name in COLUMNS.split(","))
    verb = "INSERT OR REPLACE" if changes.get("entry_id") and store.engine.dialect.name == "sqlite" else "INSERT"
    with writing(store.engine) as connection:
        connection.execute(text(f"{verb} INTO ledger ({COLUMNS}) VALUES ({names})"), values)


@pytest.mark.parametrize(
    "changes",
    [{"seq": 7}, {"seq": 5}, {"seq": 0}, {"previous_sha256": b"\0" * 32}, {"entry_id": f"prediction:{1:032x}"}],
)
def test_the_database_refuses_a_row_that_does_not_follow(filled: Store, changes: dict[str, Any]) -> None:
    before = filled.table_digest()
    with pytest.raises(StoreError, match=r"append-only|duplicate key"):
        row_after(filled, **changes)
    assert filled.table_digest() == before


def test_postgresql_reckons_the_digest_too(new_postgres: Callable[[str], str], postgres_template: str) -> None:
    with Store.open(new_postgres(postgres_template)) as store:
        begin(store)
        store.append_ledger("run-1", at(0), [a_prediction(1, series='area:é 中 \\ "x"')])
        with pytest.raises(StoreError, match="append-only"):
            row_after(store, sha256=b"\1" * 32)
        assert store.verify_chain() == []


# Any sequence of appends, any single change

NUMBERS = st.lists(st.integers(1, 12), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(NUMBERS, max_size=5), seed=st.integers(0, 10_000))
def test_any_sequence_of_appends_keeps_the_chain_and_any_changed_byte_is_found(
    sqlite_template: Path, tmp_path: Path, batches: list[list[int]], seed: int
) -> None:
    path = tmp_path / f"{random.Random(str(batches)).random()}-{seed}.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as store:
        begin(store)
        said: set[int] = set()
        for day, numbers in enumerate(batches):
            records: list[Prediction | Settlement] = [
                a_settlement(number) if number in said else a_prediction(number) for number in numbers
            ]
            store.append_ledger("run-1", at(day), records)
            said |= set(numbers)
            assert store.verify_chain() == []
            assert store.verify_chain(store.ledger_head().sha256) == []
        assert {entry.record.prediction_id for entry in store.ledger()} == {f"{number:032x}" for number in said}
        if said:
            change_one_byte(store, random.Random(seed))
            assert store.verify_chain() != []


def change_one_byte(store: Store, chance: random.Random) -> None:
    column = chance.choice(["entry_id", "kind", "known_at", "payload", "previous_sha256", "sha256"])
    seq = chance.randint(1, store.ledger_head().rows)
    with reading(store.engine) as connection:
        query = text(f"SELECT {column} FROM ledger WHERE seq = :seq")
        found = connection.execute(query, {"seq": seq}).scalar_one()
    value = bytearray(found if isinstance(found, bytes) else found.encode())
    # A time's last digits may be any; its other signs would no longer make a time.
    place = 24 if column == "known_at" else chance.randrange(len(value))
    value[place] = value[place] ^ 1 if value[place] not in b'"\\' else ord("_")
    changed = bytes(value) if isinstance(found, bytes) else value.decode()
    unguarded(store, f"UPDATE ledger SET {column} = :value WHERE seq = :seq", value=changed, seq=seq)


# Several writers at once


def append_own_and_shared(url: str, number: int) -> None:
    with Store.open(url) as store:
        for shared in range(20):
            records = [a_prediction(1000 + shared), a_prediction(number * 100 + shared)]
            store.append_ledger("run-1", at(0), records)


def test_writers_at_once_make_one_chain(url: str) -> None:
    with Store.open(url) as store:
        begin(store)
        call = "append_own_and_shared(sys.argv[1], int(sys.argv[2]))"
        program = f"import sys; from tests.store import test_ledger as t; t.{call}"
        started = [
            subprocess.Popen(
                [sys.executable, "-c", program, url, str(number)], cwd=ROOT, stderr=subprocess.PIPE, text=True
            )
            for number in (1, 2, 3)
        ]
        for process in started:
            _, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
        assert store.verify_chain() == []
        assert len(store.predictions()) == 80
