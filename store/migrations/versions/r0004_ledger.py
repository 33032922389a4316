"""The ledger of predictions and settlements, the signals of each week, and the terms of each week.

The ledger is a chain: each row carries the digest of the one before, and the database refuses any row that does not
follow the last one. PostgreSQL, which knows SHA-256, refuses a wrong digest as well.
"""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant, Key, Sha256

revision = "0004"
down_revision = "0003"

APPEND_ONLY = ("ledger", "signal", "non_consensus")


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("entry_id", Key, nullable=False, unique=True),
        sa.Column("kind", Key, nullable=False),
        _run_id(),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous_sha256", Sha256(), nullable=False),
        sa.Column("sha256", Sha256(), nullable=False),
        sqlite_strict=True,
    )
    _create_findings("signal", sa.Column("channel", Key, primary_key=True))
    _create_findings("non_consensus")
    op.create_table(
        "term_week",
        sa.Column("source", Key, primary_key=True),
        sa.Column("week", Key, primary_key=True),
        sa.Column("fingerprint", Key, primary_key=True),
        sa.Column("content_sha256", Sha256(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_in_postgresql()
    else:
        _guard_in_sqlite()


def _run_id(primary_key: bool = False) -> "sa.Column[str]":
    return sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), primary_key=primary_key, nullable=False)


def _create_findings(name: str, *more: "sa.Column[str]") -> None:
    op.create_table(
        name,
        sa.Column("week", Key, primary_key=True),
        sa.Column("taxonomy", Key, primary_key=True),
        sa.Column("model", Key, primary_key=True),
        sa.Column("source", Key, primary_key=True),
        *more,
        sa.Column("known_at", Instant(), primary_key=True),
        _run_id(primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sqlite_strict=True,
    )


def _guard_in_sqlite() -> None:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f'CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON "{table}" '
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    # INSERT OR REPLACE removes the row in its way without asking the trigger on DELETE, hence the last condition.
    op.execute(
        "CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger "
        "WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger) "
        "OR (NEW.seq > 1 AND NEW.previous_sha256 IS NOT (SELECT sha256 FROM ledger ORDER BY seq DESC LIMIT 1)) "
        "OR EXISTS (SELECT 1 FROM ledger WHERE entry_id = NEW.entry_id) "
        "BEGIN SELECT RAISE(ABORT, 'ledger is append-only: a row follows the last one and says something new'); END"
    )


def _guard_in_postgresql() -> None:
    for table in APPEND_ONLY:
        op.execute(
            f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # The text that is digested is the one of store.ledger.row_sha256.
    op.execute(
        "CREATE FUNCTION check_ledger_row() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE newest ledger%ROWTYPE; "
        "BEGIN "
        "SELECT * INTO newest FROM ledger ORDER BY seq DESC LIMIT 1; "
        "IF NEW.seq IS DISTINCT FROM COALESCE(newest.seq, 0) + 1 "
        "OR (newest.seq IS NOT NULL AND NEW.previous_sha256 IS DISTINCT FROM newest.sha256) "
        "OR NEW.sha256 IS DISTINCT FROM sha256(convert_to(concat_ws(chr(10), encode(NEW.previous_sha256, 'hex'), "
        "NEW.seq, NEW.kind, NEW.entry_id, NEW.run_id, "
        """to_char(NEW.known_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), NEW.payload), 'UTF8')) """
        "THEN RAISE EXCEPTION 'ledger is append-only: a row follows the last one, each with its digest'; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION check_ledger_row()"
    )
