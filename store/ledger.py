"""The ledger: predictions and what came of them, as one chain of rows that nobody can alter unnoticed.

Each row's digest covers the row and the digest of the row before, the first one the world's name: a row that is
altered, taken out, put in or moved breaks the chain from there on. A tail that is cut off, or a chain written anew from
some row on, leaves a chain that holds by itself; it is noticed by a head that was published before (every brief prints
the one of its day) and that is in the chain no more.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row, insert, select

from horizon.errors import StoreError
from horizon.records import Prediction, Run, Settlement
from store import schema
from store.payload import canonical_json, digest, read_record
from store.runs import require_run

Kind = Literal["prediction", "settlement"]
KINDS: dict[str, type[Prediction] | type[Settlement]] = {"prediction": Prediction, "settlement": Settlement}
_FORMAT = "horizon ledger 1"


class LedgerEntry(NamedTuple):
    """One row of the ledger."""

    seq: int
    run_id: str
    known_at: datetime
    record: Prediction | Settlement
    sha256: str


class LedgerHead(NamedTuple):
    """The end of the chain, to be published; of an empty ledger the digest that its first row would follow."""

    rows: int
    sha256: str


def row_sha256(
    previous_sha256: str, seq: int, kind: str, entry_id: str, run_id: str, known_at: datetime, payload: str
) -> str:
    """Over one line a field; no field holds a line break. The trigger of PostgreSQL reckons the same."""
    moment = known_at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
    return digest("\n".join((previous_sha256, str(seq), kind, entry_id, run_id, moment, payload)))


def first_sha256(world: str) -> str:
    """What the first row follows: names the world, so that no simulated ledger passes for a live one."""
    return digest(f"{_FORMAT}\n{world}")


def append_entries(
    connection: Connection, run_id: str, known_at: datetime, records: Sequence[Prediction | Settlement]
) -> int:
    """Rows added, in the order given; what was said before, by its id, is passed over, whatever it says now.

    Raises StoreError for a settlement of a prediction that is not in the ledger, and for a time before the last row's.
    """
    require_run(connection, run_id)
    table = schema.ledger.c
    known = set(connection.execute(select(table.entry_id)).scalars())
    _refuse_earlier(connection, known_at)
    seq, previous = ledger_head(connection)
    rows = []
    for record in records:
        kind, entry_id = _name(record)
        if entry_id in known:
            continue
        if kind == "settlement" and f"prediction:{record.prediction_id}" not in known:
            raise StoreError(f"settlement of {record.prediction_id}, which was never predicted; predict first")
        known.add(entry_id)
        payload = canonical_json(record)
        seq += 1
        sha256 = row_sha256(previous, seq, kind, entry_id, run_id, known_at, payload)
        row = {"seq": seq, "entry_id": entry_id, "kind": kind, "run_id": run_id, "known_at": known_at}
        rows.append({**row, "payload": payload, "previous_sha256": previous, "sha256": sha256})
        previous = sha256
    if rows:
        connection.execute(insert(schema.ledger), rows)
    return len(rows)


def _name(record: Prediction | Settlement) -> tuple[Kind, str]:
    kind: Kind = "prediction" if isinstance(record, Prediction) else "settlement"
    return kind, f"{kind}:{record.prediction_id}"


def _refuse_earlier(connection: Connection, known_at: datetime) -> None:
    newest = connection.execute(select(schema.ledger.c.known_at).order_by(schema.ledger.c.seq.desc()).limit(1)).scalar()
    if newest is not None and known_at < newest:
        message = (
            f"the ledger's last row was known at {newest:%Y-%m-%d %H:%M} UTC, this one at {known_at:%Y-%m-%d %H:%M}"
        )
        raise StoreError(f"{message}; nothing is predicted or settled in hindsight, use a later --as-of")


def ledger_head(connection: Connection, as_of: datetime | None = None) -> LedgerHead:
    """The end as it stood, whole or not: `chain_problems` tells which."""
    table = schema.ledger.c
    query = select(table.seq, table.sha256).order_by(table.seq.desc()).limit(1)
    newest = connection.execute(query if as_of is None else query.where(table.known_at <= as_of)).first()
    if newest is None:
        return LedgerHead(0, first_sha256(_world(connection)))
    return LedgerHead(newest.seq, newest.sha256)


def _world(connection: Connection) -> str:
    """A store holds one world for ever, so that its first run tells it."""
    table = schema.run.c
    payload = connection.execute(select(table.payload).order_by(table.started, table.run_id).limit(1)).scalar()
    return "" if payload is None else read_record(Run, payload).params.get("world", "")


def read_ledger(connection: Connection, as_of: datetime | None) -> list[LedgerEntry]:
    """All rows known then, in the order in which they were written."""
    table = schema.ledger.c
    query = select(schema.ledger).order_by(table.seq)
    if as_of is not None:
        query = query.where(table.known_at <= as_of)
    return [
        LedgerEntry(row.seq, row.run_id, row.known_at, read_record(_model(row), row.payload), row.sha256)
        for row in connection.execute(query)
    ]


def _model(row: Row[Any]) -> type[Prediction] | type[Settlement]:
    try:
        return KINDS[row.kind]
    except KeyError:
        message = f"expected a prediction or a settlement in the ledger, found {row.kind!r} in row {row.seq}"
        raise StoreError(f"{message}; `horizon verify --ledger` tells what else is wrong") from None


def chain_problems(connection: Connection, published_head: str | None = None) -> list[str]:
    """What is wrong with the ledger, one line each, the row named; the whole chain is walked.

    A head published earlier must be in it, as the whole or the first 12 or more signs of a row's digest.
    """
    rows = connection.execute(select(schema.ledger).order_by(schema.ledger.c.seq)).all()
    try:
        previous = first_sha256(_world(connection))
    except StoreError as error:
        # With no row there is nothing that hangs on it: the check of the records tells of the run.
        return [f"ledger: its world cannot be told ({error})"] if rows else []
    heads, problems, predicted = [previous], [], set[str]()
    before: Row[Any] | None = None
    for row in rows:
        place = f"ledger row {row.seq} ({row.entry_id})"
        problems += [f"{place}: {fault}" for fault in _faults(row, before, previous, predicted)]
        heads.append(row.sha256)
        predicted.add(row.entry_id)
        before, previous = row, row.sha256
    if published_head is not None and not any(head.startswith(published_head) for head in heads):
        cut = f"no row of the ledger ({len(rows)} rows) has the published digest {published_head}"
        problems.append(f"{cut}: its end was cut off, or it was written anew")
    return problems


def _faults(row: Row[Any], before: Row[Any] | None, previous: str, predicted: set[str]) -> Iterator[str]:
    expected = 1 if before is None else before.seq + 1
    if row.seq != expected:
        yield f"expected row {expected}: rows were taken out, put in or moved"
    if row.previous_sha256 != previous:
        yield "it does not follow the row before" if before else "it is the first of another chain or another world"
    fields = (row.previous_sha256, row.seq, row.kind, row.entry_id, row.run_id, row.known_at, row.payload)
    if row.sha256 != row_sha256(*fields):
        yield "its content is not what its digest says"
    if before is not None and row.known_at < before.known_at:
        yield "it is dated before the row that it follows"
    yield from _record_faults(row, predicted)


def _record_faults(row: Row[Any], predicted: set[str]) -> Iterator[str]:
    try:
        record = read_record(_model(row), row.payload)
    except StoreError as error:
        yield str(error).partition(": ")[0]
        return
    if _name(record) != (row.kind, row.entry_id):
        yield f"it holds the {row.kind} of {record.prediction_id}"
    if row.kind == "settlement" and f"prediction:{record.prediction_id}" not in predicted:
        yield "it settles what was not predicted before it"
