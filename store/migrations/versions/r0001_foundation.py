"""The tables of the first release, and the triggers that keep facts append-only.

Column types come from store.columns, whose meaning must therefore never change: a new meaning is a new type.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from store.columns import Day, Flag, Instant, Key, Sha256

revision = "0001"
down_revision = None

REAL: TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")
HEAP = {"sqlite_strict": True}
CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}
APPEND_ONLY = (
    "brief",
    "fetch",
    "issue",
    "item_classification",
    "item_version",
    "label",
    "label_route",
    "score",
    "weekly_count",
)


def upgrade() -> None:
    _create_runs_and_fetches()
    _create_items()
    _create_labels()
    _create_counts_and_scores()
    _create_issues_briefs_locks()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_in_postgresql()
    else:
        _refuse_changes_in_sqlite()


def _refuse_changes_in_sqlite() -> None:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f'CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON "{table}" '
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _refuse_changes_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_runs_and_fetches() -> None:
    op.create_table(
        "run",
        sa.Column("run_id", Key, primary_key=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("week", Key, nullable=False),
        sa.Column("started", Instant(), nullable=False),
        sa.Column("finished", Instant()),
        sa.Column("payload", sa.Text(), nullable=False),
        **HEAP,
    )
    op.create_table(
        "fetch",
        sa.Column("source", Key, primary_key=True),
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), primary_key=True),
        sa.Column("content_sha256", Sha256(), primary_key=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        **HEAP,
    )
    op.create_table(
        "affected_week",
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), primary_key=True),
        sa.Column("source", Key, primary_key=True),
        sa.Column("week", Key, primary_key=True),
        **CLUSTERED,
    )


def _create_items() -> None:
    op.create_table(
        "item",
        sa.Column("id", Key, primary_key=True),
        sa.Column("source", Key, nullable=False),
        sa.Column("week", Key, nullable=False),
        sa.Column("published", Day(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("content_sha256", Sha256(), nullable=False),
        **CLUSTERED,
    )
    op.create_index("item_source_week", "item", ["source", "week"])
    op.create_table(
        "item_version",
        sa.Column("item_id", Key, primary_key=True),
        sa.Column("known_at", Instant(), primary_key=True),
        sa.Column("content_sha256", Sha256(), primary_key=True),
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), nullable=False),
        sa.Column("source", Key, nullable=False),
        sa.Column("week", Key, nullable=False),
        sa.Column("published", Day(), nullable=False),
        sa.Column("ranked_at", Instant(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        **HEAP,
    )
    op.create_index("item_version_source_week", "item_version", ["source", "week"])


def _create_labels() -> None:
    op.create_table(
        "item_classification",
        sa.Column("item_id", Key, primary_key=True),
        sa.Column("content_sha256", Sha256(), primary_key=True),
        sa.Column("taxonomy", Key, primary_key=True),
        sa.Column("model", Key, primary_key=True),
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        **CLUSTERED,
    )
    op.create_table(
        "label",
        sa.Column("item_id", Key, primary_key=True),
        sa.Column("content_sha256", Sha256(), primary_key=True),
        sa.Column("taxonomy", Key, primary_key=True),
        sa.Column("model", Key, primary_key=True),
        sa.Column("area", Key, primary_key=True),
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("assigned", Flag, nullable=False),
        sa.Column("probability", REAL, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        **HEAP,
    )
    op.create_table(
        "label_route",
        sa.Column("item_id", Key, primary_key=True),
        sa.Column("content_sha256", Sha256(), primary_key=True),
        sa.Column("taxonomy", Key, primary_key=True),
        sa.Column("model", Key, primary_key=True),
        sa.Column("area", Key, primary_key=True),
        sa.Column("route", Key, primary_key=True),
        sa.Column("probability", REAL, nullable=False),
        **CLUSTERED,
    )


def _create_counts_and_scores() -> None:
    op.create_table(
        "weekly_count",
        sa.Column("taxonomy", Key, primary_key=True),
        sa.Column("model", Key, primary_key=True),
        sa.Column("source", Key, primary_key=True),
        sa.Column("week", Key, primary_key=True),
        sa.Column("series", Key, primary_key=True),
        sa.Column("known_at", Instant(), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        **CLUSTERED,
    )
    op.create_table(
        "score",
        sa.Column("week", Key, primary_key=True),
        sa.Column("taxonomy", Key, primary_key=True),
        sa.Column("model", Key, primary_key=True),
        sa.Column("source", Key, primary_key=True),
        sa.Column("series", Key, primary_key=True),
        sa.Column("known_at", Instant(), primary_key=True),
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("payload", sa.Text(), nullable=False),
        **HEAP,
    )


def _create_issues_briefs_locks() -> None:
    op.create_table(
        "issue",
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), primary_key=True),
        sa.Column("content_sha256", Sha256(), primary_key=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("source", Key),
        sa.Column("payload", sa.Text(), nullable=False),
        **HEAP,
    )
    op.create_table(
        "brief",
        sa.Column("run_id", Key, sa.ForeignKey("run.run_id"), primary_key=True),
        sa.Column("path", Key, primary_key=True),
        sa.Column("sha256", Sha256(), primary_key=True),
        sa.Column("week", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        **CLUSTERED,
    )
    op.create_table(
        "lock",
        sa.Column("name", Key, primary_key=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("expires", Instant(), nullable=False),
        **HEAP,
    )
