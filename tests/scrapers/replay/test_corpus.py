"""The corpus world, on a tiny invented file of the real shape, and on the real records where they are."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from lxml import etree

from horizon.errors import UsageError
from scrapers.replay.arxiv_oai import ArxivOai
from scrapers.replay.corpus import load_corpus
from scrapers.replay.feed import Stage
from tests.scrapers.replay.conftest import identifiers, request_of, token_of


def row(paper_id: str, created: str, **fields: Any) -> dict[str, Any]:
    plain = {
        "title": "SIMULATED title",
        "abstract": "SIMULATED abstract",
        "authors": "A. Author, B. Author",
        "categories": "cs.RO cs.AI",
        "primary_category": "cs.RO",
        "abstract_omitted": False,
    }
    return {"arxiv_id": paper_id, "created": created} | plain | fields


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    old = [
        row("1001.00001", "2010-01-04"),
        row("1001.00002", "2010-01-05", abstract="", abstract_omitted=True),
        row("1002.00003", "2010-02-05", categories="cs.RO 68T05, numbers:"),
    ]
    new = [
        row("2601.00001", "2026-01-05", date_kind="announced", categories_kind="full"),
        row("2601.00002", "2026-01-15", date_kind="id_month", categories_kind="full"),
        row("2601.00003", "2026-01-06", date_kind="submitted", categories_kind="none", categories=""),
    ]
    schema = pa.schema([(n, pa.bool_() if n == "abstract_omitted" else pa.large_string()) for n in old[0]])
    pq.write_table(pa.Table.from_pylist(old, schema), tmp_path / "arxiv_2010.parquet")
    wider = pa.schema([*schema, ("date_kind", pa.large_string()), ("categories_kind", pa.large_string())])
    pq.write_table(pa.Table.from_pylist(new, wider), tmp_path / "arxiv_2026.parquet")
    return tmp_path


def test_rows_without_a_day_or_categories_are_counted_and_left_out(folder: Path) -> None:
    world = load_corpus(folder)
    assert sorted(paper.id for paper in world.records(until=date(2026, 12, 31))) == [
        "1001.00001",
        "1001.00002",
        "1002.00003",
        "2601.00001",
    ]
    assert world.left_out == 2
    assert world.without_abstract == 1


def test_no_paper_is_announced_before_the_month_of_its_number(tmp_path: Path) -> None:
    rows = [row("1003.00001", "2010-01-04"), row("math/1003002", "2010-01-04"), row("1001.00009", "2010-01-29")]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "arxiv_2010.parquet")
    announced = {paper.id: paper.announced for paper in load_corpus(tmp_path).records(until=date(2010, 12, 31))}
    assert announced["1003.00001"] >= date(2010, 3, 1)
    assert announced["math/1003002"] >= date(2010, 3, 1)
    assert date(2010, 1, 29) < announced["1001.00009"] <= date(2010, 2, 5)


def test_a_range_of_dates_has_both_ends(folder: Path) -> None:
    world = load_corpus(folder, since=date(2010, 1, 5), until=date(2010, 2, 5))
    assert [paper.id for paper in world.records(until=date(2026, 12, 31))] == ["1001.00002", "1002.00003"]


def test_the_first_version_is_of_the_day_recorded_and_what_is_no_category_is_dropped(folder: Path) -> None:
    *_, third, _ = load_corpus(folder).records(until=date(2026, 12, 31))
    assert [version.submitted.date() for version in third.versions] == [date(2010, 2, 5)]
    assert third.categories == "cs.RO"
    assert 0 < (third.announced - date(2010, 2, 5)).days <= 7


def test_an_omitted_abstract_has_no_element(folder: Path) -> None:
    stage = Stage(load_corpus(folder), datetime(2026, 6, 1, tzinfo=UTC))
    request = request_of(verb="GetRecord", metadataPrefix="arXivRaw", identifier="oai:arXiv.org:1001.00002")
    assert b"<abstract>" not in ArxivOai().answer(request, stage).body


def test_an_empty_folder_or_range_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="--data"):
        load_corpus(tmp_path / "empty")
    with pytest.raises(UsageError, match="other dates"):
        load_corpus(folder, since=date(2015, 1, 1), until=date(2015, 2, 1))


def test_real_weeks_are_served_without_loss(shared_data: Path) -> None:
    world = load_corpus(shared_data, since=date(2018, 5, 1), until=date(2018, 6, 30))
    feed, stage = ArxivOai(records_a_page=400), Stage(world, datetime(2018, 6, 5, 9, tzinfo=UTC))
    request = request_of(verb="ListRecords", metadataPrefix="arXivRaw", since="2018-05-28", until="2018-06-03")
    ids: list[str] = []
    while True:
        root = etree.fromstring(feed.answer(request, stage).body)
        ids += identifiers(root)
        token = token_of(root)
        if not token:
            break
        request = request_of(verb="ListRecords", resumptionToken=token)
    expected = [p.id for p in world.records(date(2018, 6, 3)) if p.announced >= date(2018, 5, 28)]
    assert sorted(ids) == sorted(f"oai:arXiv.org:{paper_id}" for paper_id in expected)
    assert len(ids) > 1000
    assert world.without_abstract > 0
