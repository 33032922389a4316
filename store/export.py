"""Parquet for analysts: what the store knows as flat tables, with run and known time; never table internals."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from horizon.errors import StoreError
from horizon.records import Fetch, Item, Label, Score
from store import schema
from store.database import Store
from store.engine import reading
from store.items import in_batches
from store.payload import unpack

ROWS_A_GROUP = 10_000

Row = dict[str, Any]


def export_parquet(store: Store, folder: Path) -> list[Path]:
    """Write items (newest versions), labels, weekly_counts, scores and fetches; returns the files.

    All from one snapshot. A file appears under its name only when it is complete.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with reading(store.engine) as connection:
            return [
                _write(folder / f"{name}.parquet", columns, read(connection))
                for name, (columns, read) in sorted(TABLES.items())
            ]
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"cannot write the export to {folder}: {reason}; choose a folder with free space") from None


def _write(path: Path, columns: dict[str, str], rows: Iterable[Row]) -> Path:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    fields = pa.schema([pa.field(name, _arrow_type(pa, kind)) for name, kind in columns.items()])
    partial = path.with_suffix(".partial")
    with pq.ParquetWriter(partial, fields, compression="zstd") as writer:
        for batch in in_batches(rows, ROWS_A_GROUP):
            writer.write_table(pa.Table.from_pylist(batch, schema=fields))
    return partial.replace(path)


def _arrow_type(pa: Any, kind: str) -> Any:
    pair = pa.struct([("scheme", pa.string()), ("symbol", pa.string())])
    return {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "codes": pa.list_(pair),
        "date": pa.date32(),
        "time": pa.timestamp("us", tz="UTC"),
        "integer": pa.int64(),
        "number": pa.float64(),
        "flag": pa.bool_(),
    }[kind]


STAMP = {"run_id": "text", "known_at": "time"}
PAIR = {"taxonomy": "text", "model": "text"}
ITEM = {
    **dict.fromkeys(("id", "source", "kind", "version", "title", "abstract", "language"), "text"),
    "published": "date",
    "updated": "time",
    **dict.fromkeys(("authors", "organisations", "countries"), "texts"),
    "codes": "codes",
    **dict.fromkeys(("family", "doi", "url", "licence"), "text"),
    "withdrawn": "flag",
    **STAMP,
}
LABEL = {
    "item_id": "text",
    "area": "text",
    "probability": "number",
    "assigned": "flag",
    "routes": "texts",
    "evidence": "texts",
    **PAIR,
    "content_sha256": "text",
    **STAMP,
}
COUNT = {"series": "text", "source": "text", "week": "text", "n": "integer", "total": "integer", **PAIR, **STAMP}
SCORE = {
    **dict.fromkeys(Score.model_fields, "number"),
    **dict.fromkeys(("series", "source", "week", "status", "verdict", "method"), "text"),
    "n_52w": "integer",
    **PAIR,
    **STAMP,
}
FETCH = {
    **dict.fromkeys(Fetch.model_fields, "integer"),
    **dict.fromkeys(("source", "week", "status", "reason", "sha256"), "text"),
    **dict.fromkeys(("since", "until"), "date"),
    "cut_off": "time",
    **STAMP,
}


def _items(connection: Connection) -> Iterator[Row]:
    item, version = schema.item.c, schema.item_version.c
    joined = schema.item.join(
        schema.item_version,
        (version.item_id == item.id)
        & (version.known_at == item.known_at)
        & (version.content_sha256 == item.content_sha256),
    )
    query = select(version.payload, version.run_id, version.known_at).select_from(joined).order_by(item.id)
    for payload, run_id, known_at in _stream(connection, query):
        yield {**Item.model_validate_json(unpack(payload)).model_dump(), "run_id": run_id, "known_at": known_at}


def _labels(connection: Connection) -> Iterator[Row]:
    table = schema.label
    query = select(table.c.payload, table.c.content_sha256, table.c.run_id, table.c.known_at)
    for payload, content, run_id, known_at in _stream(connection, query.order_by(*table.primary_key)):
        label = Label.model_validate_json(unpack(payload))
        row = label.model_dump(include={"item_id", "area", "probability", "assigned", "taxonomy", "model"})
        row["routes"] = [route.model_dump_json(exclude_defaults=True) for route in label.routes]
        row["evidence"] = [evidence.model_dump_json(exclude_defaults=True) for evidence in label.evidence]
        yield {**row, "content_sha256": content, "run_id": run_id, "known_at": known_at}


def _counts(connection: Connection) -> Iterator[Row]:
    table = schema.weekly_count
    for row in _stream(connection, select(table).order_by(*table.primary_key)):
        yield dict(row._mapping)


def _scores(connection: Connection) -> Iterator[Row]:
    table = schema.score
    for row in _stream(connection, select(table).order_by(*table.primary_key)):
        score = Score.model_validate_json(row.payload)
        yield {**score.model_dump(), **dict(row._mapping), "week": str(score.week)}


def _fetches(connection: Connection) -> Iterator[Row]:
    table = schema.fetch
    for row in _stream(connection, select(table).order_by(*table.primary_key)):
        yield {**Fetch.model_validate_json(row.payload).model_dump(), "run_id": row.run_id, "known_at": row.known_at}


def _stream(connection: Connection, query: Any) -> Iterator[Any]:
    yield from connection.execute(query.execution_options(yield_per=ROWS_A_GROUP))


TABLES = {
    "items": (ITEM, _items),
    "labels": (LABEL, _labels),
    "weekly_counts": (COUNT, _counts),
    "scores": (SCORE, _scores),
    "fetches": (FETCH, _fetches),
}
