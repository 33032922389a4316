"""Parquet for analysts: what the store knows as flat tables, with run and known time; never table internals."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from horizon.errors import StoreError
from horizon.records import Fetch, Item, Label, Prediction, Score, Settlement, Signal, Verdict
from store import schema
from store.counts import weekly_counts
from store.database import Store
from store.engine import reading
from store.items import in_batches
from store.ledger import LedgerEntry, read_ledger
from store.payload import read_record
from store.runs import list_runs
from store.signals import NonConsensusList, SignalList

ROWS_A_GROUP = 10_000

Row = dict[str, Any]


def export_parquet(store: Store, folder: Path) -> list[Path]:
    """Write items (newest versions), labels, counts, scores, ledger, signals and the rest; returns the files.

    All from one snapshot. A file appears under its name only when it is complete. Each row names its world (live,
    replayed or simulated), so that a file torn from its folder still tells what it holds.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with reading(store.engine) as connection:
            world = _world(connection)
            return [
                _write(folder / f"{name}.parquet", columns, ({**row, "world": world} for row in read(connection)))
                for name, (columns, read) in sorted(TABLES.items())
            ]
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"cannot write the export to {folder}: {reason}; choose a folder with free space") from None


def _world(connection: Connection) -> str | None:
    """A store holds one world for ever; None before its first run."""
    return next((stored.run.params.get("world") for stored in list_runs(connection)), None)


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
        "numbers": pa.list_(pa.float64()),
        "codes": pa.list_(pair),
        "date": pa.date32(),
        "time": pa.timestamp("us", tz="UTC"),
        "integer": pa.int64(),
        "number": pa.float64(),
        "flag": pa.bool_(),
    }[kind]


STAMP = {"run_id": "text", "known_at": "time", "world": "text"}
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
    "source": "text",
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
    "growth_path": "numbers",
    "discovery": "flag",
    "forecasts": "texts",
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
VERDICT = {
    **dict.fromkeys(("item_id", "source", "area", "choice"), "text"),
    "areas": "texts",
    "expert": "text",
    "given": "time",
    "comment": "text",
    **PAIR,
    "content_sha256": "text",
    "sampled": "flag",
    "known_at": "time",
    "world": "text",
}
_WEEKS = ("week", "first", "last", "base_first", "base_last")
LEDGER = {
    "seq": "integer",
    "sha256": "text",
    **dict.fromkeys(Prediction.model_fields, "number"),
    **dict.fromkeys(("prediction_id", "series", "source", "quantity", "occasion", "method", *_WEEKS), "text"),
    **dict.fromkeys(("horizon_weeks", "base_n", "base_total", "base_weeks_known"), "integer"),
    "quantiles": "numbers",
    **PAIR,
    **STAMP,
    "settled_seq": "integer",
    **{f"settled_{name}": "number" for name in Settlement.model_fields if name not in ("prediction_id", "settled_in")},
    **dict.fromkeys(("settled_in", "settled_status", "settled_reason", "settled_taxonomy", "settled_model"), "text"),
    **{f"settled_{name}": "integer" for name in ("n", "total", "weeks_known", "base_n", "base_total")},
    **{f"settled_{name}": "flag" for name in ("exceeded", "in80", "in95")},
    "settled_known_at": "time",
}
"""A prediction a row, with what came of it."""
SIGNAL = {
    **dict.fromkeys(("source", "week", "channel", "term"), "text"),
    "rank": "integer",
    **dict.fromkeys(Signal.model_fields, "number"),
    **dict.fromkeys(("source", "week", "channel", "term", "tier", "nearest_area", "sector", "method"), "text"),
    **dict.fromkeys(("variants", "item_ids"), "texts"),
    **dict.fromkeys(("n_recent", "n_base", "groups", "categories"), "integer"),
    "first_seen": "date",
    **dict.fromkeys(("why_now", "killed_by"), "text"),
    **PAIR,
    "revision": "integer",
    **STAMP,
}
NON_CONSENSUS = {
    "source": "text",
    "week": "text",
    **dict.fromkeys(("item_id", "area", "reason", "neighbour", "method"), "text"),
    **dict.fromkeys(("value", "expected"), "number"),
    "fields": "texts",
    **PAIR,
    "revision": "integer",
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
        yield {**read_record(Item, payload).model_dump(), "run_id": run_id, "known_at": known_at}


def _labels(connection: Connection) -> Iterator[Row]:
    table = schema.label
    query = select(table.c.payload, table.c.content_sha256, table.c.run_id, table.c.known_at, schema.item.c.source)
    query = query.join(schema.item, schema.item.c.id == table.c.item_id)
    for payload, content, run_id, known_at, source in _stream(connection, query.order_by(*table.primary_key)):
        label = read_record(Label, payload)
        row = label.model_dump(include={"item_id", "area", "probability", "assigned", "taxonomy", "model"})
        row["routes"] = [route.model_dump_json(exclude_defaults=True) for route in label.routes]
        row["evidence"] = [evidence.model_dump_json(exclude_defaults=True) for evidence in label.evidence]
        yield {**row, "source": source, "content_sha256": content, "run_id": run_id, "known_at": known_at}


def _counts(connection: Connection) -> Iterator[Row]:
    """Points as `Store.weekly_counts` tells them: one a week without gaps, empty where the week is unknown."""
    table = schema.weekly_count.c
    pairs = select(table.taxonomy, table.model).distinct().order_by(table.taxonomy, table.model)
    for taxonomy, model in connection.execute(pairs).all():
        stamps = _stamps(connection, taxonomy, model)
        for point in weekly_counts(connection, (taxonomy, model), None, None, (None, None), None):
            row = {**point.model_dump(), "taxonomy": taxonomy, "model": model}
            run_id, known_at = (None, None)
            if point.n is not None:
                run_id, known_at = stamps[point.series, point.source, str(point.week)]
            yield {**row, "week": str(point.week), "run_id": run_id, "known_at": known_at}


def _stamps(connection: Connection, taxonomy: str, model: str) -> dict[tuple[str, str, str], tuple[str, Any]]:
    """Run and time of the newest row of each series, source and week."""
    table = schema.weekly_count.c
    query = select(table.series, table.source, table.week, table.run_id, table.known_at)
    query = query.where(table.taxonomy == taxonomy, table.model == model).order_by(table.known_at, table.revision)
    return {(row.series, row.source, row.week): (row.run_id, row.known_at) for row in connection.execute(query)}


def _scores(connection: Connection) -> Iterator[Row]:
    table = schema.score
    for row in _stream(connection, select(table).order_by(*table.primary_key)):
        score = read_record(Score, row.payload)
        forecasts = [forecast.model_dump_json() for forecast in score.forecasts]
        yield {**score.model_dump(), **dict(row._mapping), "week": str(score.week), "forecasts": forecasts}


def _fetches(connection: Connection) -> Iterator[Row]:
    table = schema.fetch
    for row in _stream(connection, select(table).order_by(*table.primary_key)):
        yield {**read_record(Fetch, row.payload).model_dump(), "run_id": row.run_id, "known_at": row.known_at}


def _verdicts(connection: Connection) -> Iterator[Row]:
    table = schema.verdict
    joined = table.join(schema.item, schema.item.c.id == table.c.item_id)
    query = select(table.c.payload, table.c.known_at, schema.item.c.source).select_from(joined)
    for row in _stream(connection, query.order_by(table.c.given, table.c.item_id, table.c.area, table.c.revision)):
        verdict = read_record(Verdict, row.payload)
        yield {**verdict.model_dump(), "source": row.source, "known_at": row.known_at}


def _ledger(connection: Connection) -> Iterator[Row]:
    entries = read_ledger(connection, None)
    settled = {entry.record.prediction_id: entry for entry in entries if isinstance(entry.record, Settlement)}
    for entry in entries:
        if isinstance(entry.record, Prediction):
            row = {"seq": entry.seq, "sha256": entry.sha256, **entry.record.model_dump(mode="json")}
            came = _came_of_it(settled.get(entry.record.prediction_id))
            yield {**row, **came, "run_id": entry.run_id, "known_at": entry.known_at}


def _came_of_it(entry: LedgerEntry | None) -> Row:
    if entry is None:
        return {}
    found = entry.record.model_dump(mode="json", exclude={"prediction_id", "settled_in"})
    row = {f"settled_{name}": value for name, value in found.items()}
    week = entry.record.model_dump(mode="json")["settled_in"]
    return {**row, "settled_seq": entry.seq, "settled_known_at": entry.known_at, "settled_in": week}


def _signals(connection: Connection) -> Iterator[Row]:
    for row in _stream(connection, select(schema.signal).order_by(*schema.signal.primary_key)):
        for rank, signal in enumerate(read_record(SignalList, row.payload).signals, 1):
            facts = {name: json.dumps(getattr(signal, name), sort_keys=True) for name in ("why_now", "killed_by")}
            yield {**signal.model_dump(), **dict(row._mapping), **facts, "rank": rank}


def _non_consensus(connection: Connection) -> Iterator[Row]:
    for row in _stream(connection, select(schema.non_consensus).order_by(*schema.non_consensus.primary_key)):
        for item in read_record(NonConsensusList, row.payload).items:
            yield {**item.model_dump(), **dict(row._mapping)}


def _stream(connection: Connection, query: Any) -> Iterator[Any]:
    yield from connection.execute(query.execution_options(yield_per=ROWS_A_GROUP))


TABLES = {
    "items": (ITEM, _items),
    "labels": (LABEL, _labels),
    "weekly_counts": (COUNT, _counts),
    "scores": (SCORE, _scores),
    "fetches": (FETCH, _fetches),
    "ledger": (LEDGER, _ledger),
    "non_consensus": (NON_CONSENSUS, _non_consensus),
    "signals": (SIGNAL, _signals),
    "verdicts": (VERDICT, _verdicts),
}
