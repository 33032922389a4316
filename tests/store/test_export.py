"""Parquet for analysts."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from horizon.errors import StoreError
from horizon.records import Forecast
from store.database import Store
from store.export import export_parquet
from tests.store.samples import (
    MODEL,
    SERIES,
    TAXONOMY,
    WEEK,
    a_fetch,
    a_label,
    a_non_consensus,
    a_prediction,
    a_score,
    a_settlement,
    a_signal,
    a_verdict,
    an_item,
    at,
    begin,
    scan,
)


def test_what_the_store_knows_comes_out_as_flat_tables(store: Store, tmp_path: Path) -> None:
    item = an_item(title="=SIMULATED: a title like a formula", authors=("Ada", "张三"))
    run = scan(store, [item], [a_label(item)])
    store.add_scores("run-1", run.started, [a_score()])
    store.add_verdicts(at(0), "a" * 64, [a_verdict(item, choice="relabel", areas=("photonics",))])
    files = export_parquet(store, tmp_path / "out")
    assert [file.name for file in files] == [
        "fetches.parquet",
        "items.parquet",
        "labels.parquet",
        "ledger.parquet",
        "non_consensus.parquet",
        "scores.parquet",
        "signals.parquet",
        "verdicts.parquet",
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
    verdict = tables["verdicts"].iloc[0]
    assert (verdict["choice"], list(verdict["areas"]), verdict["given"]) == ("relabel", ["photonics"], at(1))
    assert {time for table in tables.values() for time in table["known_at"]} == {at(0)}


def test_a_prediction_comes_out_with_what_came_of_it(store: Store, tmp_path: Path) -> None:
    begin(store)
    begin(store, "run-2", day=7)
    store.append_ledger("run-1", at(0), [a_prediction(1), a_prediction(2, horizon_weeks=26)])
    store.append_ledger("run-2", at(7), [a_settlement(1, status="settled", n=7, value=0.012, exceeded=True)])
    export_parquet(store, tmp_path)
    ledger = pd.read_parquet(tmp_path / "ledger.parquet")
    assert list(ledger["seq"]) == [1, 2]
    assert list(ledger["settled_in"].fillna("")) == ["2027-W46", ""]
    assert list(ledger["settled_exceeded"].fillna("open")) == [True, "open"]
    assert list(ledger["quantiles"][0]) == list(a_prediction().quantiles)
    assert (ledger.loc[0, "settled_seq"], ledger.loc[0, "settled_n"], ledger.loc[0, "settled_value"]) == (3, 7, 0.012)
    assert (ledger.loc[0, "known_at"], ledger.loc[0, "settled_known_at"]) == (at(0), at(7))


def test_signals_and_items_of_no_consensus_come_out_in_their_order(store: Store, tmp_path: Path) -> None:
    begin(store)
    signals = [a_signal("b", why_now={"groups": 8.0}), a_signal("a", item_ids=("arxiv:2611.00001",))]
    store.add_signals("run-1", at(0), WEEK, "arxiv", "term", signals)
    store.add_non_consensus("run-1", at(0), WEEK, "arxiv", [a_non_consensus(an_item(), fields=("x", "y"))])
    export_parquet(store, tmp_path)
    found = pd.read_parquet(tmp_path / "signals.parquet")
    assert [(row.rank, row.term, row.why_now) for row in found.itertuples()] == [
        (1, "b", '{"groups": 8.0}'),
        (2, "a", "{}"),
    ]
    assert list(found["item_ids"][1]) == ["arxiv:2611.00001"]
    apart = pd.read_parquet(tmp_path / "non_consensus.parquet").iloc[0]
    assert (apart["source"], apart["week"], list(apart["fields"])) == ("arxiv", str(WEEK), ["x", "y"])


def test_a_score_comes_out_with_its_forecasts(store: Store, tmp_path: Path) -> None:
    run = begin(store)
    forecast = Forecast(
        quantity="share",
        horizon_weeks=26,
        mean=1,
        lo80=0,
        hi80=2,
        lo95=0,
        hi95=3,
        quantiles=(1.0,) * 19,
        p_exceeds_last=1,
    )
    store.add_scores("run-1", run.started, [a_score(growth_path=(3.0, 2.0), discovery=True, forecasts=(forecast,))])
    export_parquet(store, tmp_path)
    score = pd.read_parquet(tmp_path / "scores.parquet").iloc[0]
    assert (list(score["growth_path"]), bool(score["discovery"])) == ([3.0, 2.0], True)
    assert [Forecast.model_validate_json(text) for text in score["forecasts"]] == [forecast]


def test_counts_are_exported_as_the_store_tells_them(store: Store, tmp_path: Path) -> None:
    """One row a series and week: the newest revision, gaps filled, and no number where the week is unknown."""
    scan(store, [an_item()], [])
    begin(store, "run-2", day=7, params={"world": "live"})
    later = WEEK + 2
    store.ingest("run-2", at(7), [an_item(2)])
    store.record_fetch("run-2", a_fetch("ERROR", WEEK + 1), at(7))
    store.record_fetch("run-2", a_fetch("OK", later), at(7))
    store.add_labels("run-2", at(7), ["arxiv:2611.00002"], [])
    store.recount("run-2", at(7), TAXONOMY, MODEL, {("arxiv", WEEK), ("arxiv", WEEK + 1), ("arxiv", later)}, SERIES)
    export_parquet(store, tmp_path)
    counts = pd.read_parquet(tmp_path / "weekly_counts.parquet")
    one = counts[counts["series"] == "area:fusion"]
    assert list(one["week"]) == ["2026-W47", "2026-W48", "2026-W49"]
    assert [None if pd.isna(total) else int(total) for total in one["total"]] == [2, None, 0]
    assert [None if pd.isna(n) else int(n) for n in one["n"]] == [0, None, 0]
    assert list(one["run_id"].fillna("")) == ["run-2", "", "run-2"]
    told = store.weekly_counts(TAXONOMY, MODEL)
    assert [(row.series, row.source, row.week) for row in counts.itertuples()] == [
        (point.series, point.source, str(point.week)) for point in told
    ]


def test_every_row_names_its_source_and_its_world(store: Store, tmp_path: Path) -> None:
    begin(store, "run-0", params={"world": "simulated"})
    item = an_item()
    scan(store, [item], [a_label(item)], day=1)
    store.add_scores("run-1", at(1), [a_score()])
    store.add_verdicts(at(1), "a" * 64, [a_verdict(item)])
    store.append_ledger("run-1", at(1), [a_prediction(), a_settlement()])
    store.add_signals("run-1", at(1), WEEK, "arxiv", "term", [a_signal()])
    store.add_non_consensus("run-1", at(1), WEEK, "arxiv", [a_non_consensus(item)])
    for file in export_parquet(store, tmp_path):
        table = pd.read_parquet(file)
        assert set(table["source"]) == {"arxiv"}, file.name
        assert set(table["world"]) == {"simulated"}, file.name


def test_an_empty_store_gives_empty_tables_with_their_columns(sqlite_store: Store, tmp_path: Path) -> None:
    tables = {file.stem: pd.read_parquet(file) for file in export_parquet(sqlite_store, tmp_path)}
    assert {len(table) for table in tables.values()} == {0}
    assert {"series", "source", "week", "n", "total", "known_at"} <= set(tables["weekly_counts"].columns)


def test_the_same_store_gives_the_same_bytes(sqlite_store: Store, tmp_path: Path) -> None:
    item = an_item()
    scan(sqlite_store, [item], [a_label(item)])
    first, second = (export_parquet(sqlite_store, tmp_path / name) for name in ("a", "b"))
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert sorted(file.suffix for file in (tmp_path / "a").iterdir()) == [".parquet"] * 9, "no partial file is left"


def test_a_folder_that_cannot_be_made_is_named(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write the export"):
        export_parquet(sqlite_store, tmp_path / "file" / "out")
