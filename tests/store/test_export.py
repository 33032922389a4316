"""Parquet for analysts."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from horizon.errors import StoreError
from store.database import Store
from store.export import export_parquet
from tests.store.samples import MODEL, TAXONOMY, a_label, a_score, an_item, at, scan


def test_what_the_store_knows_comes_out_as_flat_tables(store: Store, tmp_path: Path) -> None:
    item = an_item(title="=SIMULATED: a title like a formula", authors=("Ada", "张三"))
    run = scan(store, [item], [a_label(item)])
    store.add_scores("run-1", run.started, [a_score()])
    files = export_parquet(store, tmp_path / "out")
    assert [file.name for file in files] == [
        "fetches.parquet",
        "items.parquet",
        "labels.parquet",
        "scores.parquet",
        "weekly_counts.parquet",
    ]
    tables = {file.stem: pd.read_parquet(file) for file in files}
    paper = tables["items"].iloc[0]
    assert (paper["id"], paper["title"], paper["published"]) == (item.id, item.title, date(2026, 11, 17))
    assert list(paper["authors"]) == ["Ada", "张三"]
    label = tables["labels"].iloc[0]
    assert (label["area"], label["taxonomy"], label["model"]) == ("fusion", TAXONOMY, MODEL)
    assert list(tables["weekly_counts"]["n"]) == [1, 0, 1]
    assert tables["scores"].loc[0, "share_52w"] == 0.01
    assert tables["fetches"].loc[0, "status"] == "OK"
    assert {time for table in tables.values() for time in table["known_at"]} == {at(0)}


def test_an_empty_store_gives_empty_tables_with_their_columns(sqlite_store: Store, tmp_path: Path) -> None:
    tables = {file.stem: pd.read_parquet(file) for file in export_parquet(sqlite_store, tmp_path)}
    assert {len(table) for table in tables.values()} == {0}
    assert {"series", "source", "week", "n", "total", "known_at"} <= set(tables["weekly_counts"].columns)


def test_the_same_store_gives_the_same_bytes(sqlite_store: Store, tmp_path: Path) -> None:
    item = an_item()
    scan(sqlite_store, [item], [a_label(item)])
    first, second = (export_parquet(sqlite_store, tmp_path / name) for name in ("a", "b"))
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert sorted(file.suffix for file in (tmp_path / "a").iterdir()) == [".parquet"] * 5, "no partial file is left"


def test_a_folder_that_cannot_be_made_is_named(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write the export"):
        export_parquet(sqlite_store, tmp_path / "file" / "out")
