"""The tables. Facts carry run_id and known_at and are never changed; triggers of the migrations refuse it.

Payloads are records as JSON, so that a new optional field of a record needs no migration; what is searched by is a
column.
Keys are made of content, never counted up, so that a run that was killed and resumed ends with the same rows.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import REAL, Double, TypeEngine

from store.columns import Day, Flag, Instant, Key, Sha256

metadata = MetaData()

Real: TypeEngine[float] = Double().with_variant(REAL(), "sqlite")


def _small(name: str, *columns: Column[Any]) -> Table:
    """Short rows, which SQLite keeps in the order of the primary key."""
    return Table(name, metadata, *columns, sqlite_strict=True, sqlite_with_rowid=False)


def _large(name: str, *columns: Column[Any]) -> Table:
    """Rows with a payload, which would make a tree in key order deep."""
    return Table(name, metadata, *columns, sqlite_strict=True)


def _run_id(*, primary_key: bool = False) -> Column[str]:
    return Column("run_id", Key, ForeignKey("run.run_id"), primary_key=primary_key, nullable=False)


def _known_at(*, primary_key: bool = False) -> Column[datetime]:
    return Column("known_at", Instant, primary_key=primary_key, nullable=False)


run = _large(
    "run",
    Column("run_id", Key, primary_key=True),
    Column("status", Text, nullable=False),
    Column("week", Key, nullable=False),
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
    Column("payload", Text, nullable=False),
)

fetch = _large(
    "fetch",
    Column("source", Key, primary_key=True),
    _run_id(primary_key=True),
    Column("content_sha256", Sha256, primary_key=True),
    _known_at(),
    Column("payload", Text, nullable=False),
)

item = _small(
    "item",
    Column("id", Key, primary_key=True),
    Column("source", Key, nullable=False),
    Column("week", Key, nullable=False),
    Column("published", Day, nullable=False),
    Column("kind", Key, nullable=False, server_default="preprint"),
    Column("known_at", Instant, nullable=False),
    Column("content_sha256", Sha256, nullable=False),
)
"""Points at the newest version of each item; rebuilt from item_version at any time."""
Index("item_source_week", item.c.source, item.c.week)

item_version = _large(
    "item_version",
    Column("item_id", Key, primary_key=True),
    _known_at(primary_key=True),
    Column("content_sha256", Sha256, primary_key=True),
    _run_id(),
    Column("source", Key, nullable=False),
    Column("week", Key, nullable=False),
    Column("published", Day, nullable=False),
    Column("kind", Key, nullable=False, server_default="preprint"),
    Column("ranked_at", Instant, nullable=False),
    Column("number", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)
"""Every version ever seen. The greatest (ranked_at, number, known_at, content_sha256) is the version in force."""
Index("item_version_source_week", item_version.c.source, item_version.c.week)

item_key = _small(
    "item_key",
    Column("key", LargeBinary(16), primary_key=True),
    Column("item_id", Key, primary_key=True),
)
"""Digests of what tells that two items are one work (a DOI, a family, a title with its first author)."""

work_member = _small(
    "work_member",
    Column("item_id", Key, primary_key=True),
    _known_at(primary_key=True),
    Column("work_id", Key, primary_key=True),
    Column("rule", Key, nullable=False),
    _run_id(),
)
"""Items of works that have several. The newest row tells an item's work; works only ever grow together."""
Index("work_member_work", work_member.c.work_id)

denominator = _small(
    "denominator",
    Column("source", Key, primary_key=True),
    Column("week", Key, primary_key=True),
    _known_at(primary_key=True),
    Column("total", Integer, primary_key=True, autoincrement=False),
    _run_id(),
)
"""How many records a source says it published in a week, where only those on our subjects are fetched."""

affected_week = _small(
    "affected_week",
    _run_id(primary_key=True),
    Column("source", Key, primary_key=True),
    Column("week", Key, primary_key=True),
)
"""Weeks whose counts a run's items, labels or fetches may have changed."""

item_classification = _small(
    "item_classification",
    Column("item_id", Key, primary_key=True),
    Column("content_sha256", Sha256, primary_key=True),
    Column("taxonomy", Key, primary_key=True),
    Column("model", Key, primary_key=True),
    _run_id(),
    _known_at(),
)
"""Texts that were classified, with or without a label."""

label = _large(
    "label",
    Column("item_id", Key, primary_key=True),
    Column("content_sha256", Sha256, primary_key=True),
    Column("taxonomy", Key, primary_key=True),
    Column("model", Key, primary_key=True),
    Column("area", Key, primary_key=True),
    _run_id(),
    _known_at(),
    Column("assigned", Flag, nullable=False),
    Column("probability", Real, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

label_route = _small(
    "label_route",
    Column("item_id", Key, primary_key=True),
    Column("content_sha256", Sha256, primary_key=True),
    Column("taxonomy", Key, primary_key=True),
    Column("model", Key, primary_key=True),
    Column("area", Key, primary_key=True),
    Column("route", Key, primary_key=True),
    Column("probability", Real, nullable=False),
)
"""The routes of `label.payload` once more, to be counted by the database."""

verdict = _large(
    "verdict",
    Column("item_id", Key, primary_key=True),
    Column("area", Key, primary_key=True),
    Column("given", Instant, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    _known_at(),
    Column("origin_sha256", Sha256, nullable=False),
    Column("content_sha256", Sha256, nullable=False),
    Column("payload", Text, nullable=False),
)
"""What experts said; of no run, for a run that it made would stand between a killed scan and its resumption.

`origin_sha256` is of the file that brought it; `revision` orders those given within one second; `content_sha256` is of
the payload.
"""

weekly_count = _small(
    "weekly_count",
    Column("taxonomy", Key, primary_key=True),
    Column("model", Key, primary_key=True),
    Column("source", Key, primary_key=True),
    Column("week", Key, primary_key=True),
    Column("series", Key, primary_key=True),
    _known_at(primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    _run_id(),
    Column("n", Integer, nullable=False),
    Column("total", Integer, nullable=False),
)
"""`revision` tells apart what one run, taken up again, counted twice at the same logical time."""

score = _large(
    "score",
    Column("week", Key, primary_key=True),
    Column("taxonomy", Key, primary_key=True),
    Column("model", Key, primary_key=True),
    Column("source", Key, primary_key=True),
    Column("series", Key, primary_key=True),
    _known_at(primary_key=True),
    _run_id(primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("payload", Text, nullable=False),
)

issue = _large(
    "issue",
    _run_id(primary_key=True),
    Column("content_sha256", Sha256, primary_key=True),
    _known_at(),
    Column("source", Key),
    Column("payload", Text, nullable=False),
)

brief = _small(
    "brief",
    _run_id(primary_key=True),
    Column("path", Key, primary_key=True),
    Column("sha256", Sha256, primary_key=True),
    Column("week", Key, nullable=False),
    Column("kind", Key, nullable=False),
    _known_at(),
)

ledger = _large(
    "ledger",
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("entry_id", Key, nullable=False, unique=True),
    Column("kind", Key, nullable=False),
    _run_id(),
    _known_at(),
    Column("payload", Text, nullable=False),
    Column("previous_sha256", Sha256, nullable=False),
    Column("sha256", Sha256, nullable=False),
)
"""Predictions and settlements as one chain: `sha256` is over the row and the digest of the row before."""


def _findings(name: str, *more: Column[Any]) -> Table:
    """A row holds all that one scan of a source's week found, so that finding nothing is a finding too."""
    return _large(
        name,
        Column("week", Key, primary_key=True),
        Column("taxonomy", Key, primary_key=True),
        Column("model", Key, primary_key=True),
        Column("source", Key, primary_key=True),
        *more,
        _known_at(primary_key=True),
        _run_id(primary_key=True),
        Column("revision", Integer, primary_key=True, autoincrement=False),
        Column("payload", Text, nullable=False),
    )


signal = _findings("signal", Column("channel", Key, primary_key=True))

non_consensus = _findings("non_consensus")

term_week = _large(
    "term_week",
    Column("source", Key, primary_key=True),
    Column("week", Key, primary_key=True),
    Column("fingerprint", Key, primary_key=True),
    Column("content_sha256", Sha256, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)
"""What was reckoned from a week's texts, kept to spare work; no fact: replaced when the texts change."""
