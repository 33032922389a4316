"""Works across sources, the totals that sources tell, and the kind of each item; no table of locks.

Every item stored before was a preprint of arXiv, hence the default of `kind`.
"""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant, Key
from store.works import index_stored

revision = "0002"
down_revision = "0001"

CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}
APPEND_ONLY = ("denominator", "work_member")


def upgrade() -> None:
    for table in ("item", "item_version"):
        op.add_column(table, sa.Column("kind", Key, nullable=False, server_default="preprint"))
    op.create_table(
        "item_key",
        sa.Column("key", sa.LargeBinary(16), primary_key=True),
        sa.Column("item_id", Key, primary_key=True),
        **CLUSTERED,
    )
    op.create_table(
        "work_member",
        sa.Column("item_id", Key, primary_key=True),
        sa.Column("known_at", Instant(), primary_key=True),
        sa.Column("work_id", Key, primary_key=True),
        sa.Column("rule", Key, nullable=False),
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), nullable=False),
        **CLUSTERED,
    )
    op.create_index("work_member_work", "work_member", ["work_id"])
    op.create_table(
        "denominator",
        sa.Column("source", Key, primary_key=True),
        sa.Column("week", Key, primary_key=True),
        sa.Column("known_at", Instant(), primary_key=True),
        sa.Column("total", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), nullable=False),
        **CLUSTERED,
    )
    _refuse_changes()
    # A lock of the database server, which a killed scan gives back, has taken its place.
    op.drop_table("lock")
    # Papers of arXiv alone are of many works; those that come later are compared with them.
    index_stored(op.get_bind())


def _refuse_changes() -> None:
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" '
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f'CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON "{table}" '
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
