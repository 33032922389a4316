"""What experts say of items."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant, Key, Sha256

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "verdict",
        sa.Column("item_id", Key, primary_key=True),
        sa.Column("area", Key, primary_key=True),
        sa.Column("given", Instant(), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("origin_sha256", Sha256(), nullable=False),
        sa.Column("content_sha256", Sha256(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            'CREATE TRIGGER verdict_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "verdict" '
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f'CREATE TRIGGER verdict_no_{verb.lower()} BEFORE {verb} ON "verdict" '
            f"BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END"
        )
