"""Answers of the Open Data Portal: patents, listings of bulk files, and everything else it says."""

import io
import json
from collections import Counter
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.parsers.record_fields import field_paths, left_over
from scrapers.parsers.uspto_odp import parse_items, read_listing
from scrapers.source import load_source

SEARCH = Path(__file__).parent / "fixtures" / "uspto_applications" / "search.json"


def parse(data: Any) -> list[Item | Issue]:
    return list(parse_items(io.BytesIO(json.dumps(data).encode())))


def answers(shared_data: Path) -> dict[str, Any]:
    found = sorted((shared_data / "feeds" / "uspto_odp_json").glob("*/response.json"))
    return {path.parent.name: json.loads(path.read_bytes()) for path in found}


def test_all_genuine_answers_are_recognised(shared_data: Path) -> None:
    found = {name: parse(data) for name, data in answers(shared_data).items()}
    items = {name: [one.id for one in all_ if isinstance(one, Item)] for name, all_ in found.items()}
    assert {name: ids for name, ids in items.items() if ids} == {
        "get_patent": ["uspto:US.20210210819.A1", "uspto:US.11646472.B2"],
        "search_patents": ["uspto:US.20240362478.A1"],
    }
    codes = Counter(one.code for all_ in found.values() for one in all_ if isinstance(one, Issue))
    assert codes == {"abstract-missing": 3, "no-records": 7, "listing": 2}


def test_a_genuine_listing_gives_every_row_but_no_count(shared_data: Path) -> None:
    listing = read_listing(answers(shared_data)["get_bulk_product"])
    assert (listing.products, listing.faults) == (("PTGRXML",), 0)
    assert Counter(file.is_data for file in listing.files) == {True: 1292, False: 9}
    newest = listing.files[0]
    assert (newest.name, newest.since, newest.released, newest.size) == (
        "ipg260602.zip",
        date(2026, 6, 2),
        date(2026, 6, 2),
        147191020,
    )
    assert sum("_r" in file.name for file in listing.files) == 17


def test_every_field_of_a_patent_is_used_or_ignored_on_purpose(shared_data: Path) -> None:
    ignored = load_source("uspto_applications").ignore_fields
    documents = [data for data in answers(shared_data).values() if "patentFileWrapperDataBag" in data]
    documents = [
        data for data in documents if any("applicationMetaData" in one for one in data["patentFileWrapperDataBag"])
    ]
    documents.append(json.loads(SEARCH.read_bytes()))
    seen = {
        path for data in documents for path in field_paths(data["patentFileWrapperDataBag"], "patentFileWrapperDataBag")
    }
    used = {path for data in documents for path in seen if parse(_changed(data, path.split("."))) != parse(data)}
    assert len(documents) == 3
    assert not (found := left_over(seen, used, ignored)), "\n".join(found)


def _changed(value: Any, path: list[str]) -> Any:
    """The same document with another value at a path, in every member of lists on the way."""
    if isinstance(value, list):
        return [_changed(one, path) for one in value]
    if not path:
        return f"X9{value}"
    if not isinstance(value, dict) or path[0] not in value:
        return value
    return value | {path[0]: _changed(value[path[0]], path[1:])}


def test_a_grant_is_b2_when_its_application_was_published() -> None:
    found = parse(json.loads(SEARCH.read_bytes()))
    assert [one.id for one in found if isinstance(one, Item)] == [
        "uspto:US.20240900001.A1",
        "uspto:US.12800001.B2",
        "uspto:US.12800004.B1",
        "uspto:US.20250900005.A1",
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "a JSON object"),
        ("text", "a JSON object"),
        ({"html": 1}, "found the fields html"),
        ({"code": 404, "error": "Not Found", "errorDetails": "No matching records found"}, "404 Not Found"),
    ],
)
def test_what_is_no_answer_of_the_portal_is_refused(data: Any, told: str) -> None:
    with pytest.raises(ParseError, match=told):
        parse(data)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_any_value_in_any_place_is_read_or_told(data: st.DataObject) -> None:
    whole = json.loads(SEARCH.read_bytes())
    paths = sorted(set(field_paths(whole)))
    path = data.draw(st.sampled_from(paths)).split(".")
    path = path[: data.draw(st.integers(1, len(path)))]
    with suppress(ParseError):
        parse(_put(whole, path, data.draw(_JSON)))


def _put(value: Any, path: list[str], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, list):
        return [_put(one, path, new) for one in value]
    return value | {path[0]: _put(value[path[0]], path[1:], new)} if path[0] in value else value


@given(_JSON, _JSON)
@settings(deadline=None, max_examples=100)
def test_any_listing_is_read(bag: Any, row: Any) -> None:
    read_listing({"bulkDataProductBag": bag})
    read_listing({"bulkDataProductBag": [{"productFileBag": {"fileDataBag": [row, {"fileName": row}]}}]})
