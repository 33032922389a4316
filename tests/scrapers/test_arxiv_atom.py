"""Answers of arXiv's query API to Items: golden files, the genuine recordings, hostile input."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.parsers.arxiv_atom import USED, AtomPage, parse_items, read_page, unwrap
from scrapers.parsers.feed_xml import iterate_entries
from scrapers.source import load_source
from tests.scrapers.feed_fields import fields_of

FIXTURES = Path(__file__).parent / "fixtures" / "arxiv_query"
SOURCE = load_source("arxiv_query")


def _as_json(page: AtomPage) -> dict[str, Any]:
    return {
        "total": page.total,
        "start": page.start,
        "size": page.size,
        "clock": page.clock and page.clock.isoformat(),
        "error": page.error,
        "records": page.records,
        "identifiers": page.identifiers,
        "refused": page.refused,
        "items": [json.loads(item.model_dump_json()) for item in page.items],
        "issues": [json.loads(issue.model_dump_json()) for issue in page.issues],
    }


def ordinary() -> bytes:
    return (FIXTURES / "ordinary.xml").read_bytes()


@pytest.mark.parametrize("case", sorted(path.stem for path in FIXTURES.glob("*.xml")))
def test_every_recorded_case_gives_what_a_person_has_approved(case: str) -> None:
    found = _as_json(read_page((FIXTURES / f"{case}.xml").read_bytes(), SOURCE))
    expected = FIXTURES / f"{case}.expected.json"
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_the_first_version_sets_the_date_and_the_shown_one_the_version() -> None:
    item = read_page(ordinary(), SOURCE).items[0]
    assert (item.id, item.source, item.version) == ("arxiv:2603.00001", "arxiv", "v3")
    assert (item.published, item.updated) == (date(2026, 3, 2), datetime(2026, 3, 7, 23, 59, 59, tzinfo=UTC))


def test_the_primary_category_comes_first_whatever_the_order_of_the_entry() -> None:
    codes = read_page(ordinary(), SOURCE).items[0].codes
    assert [code.symbol for code in codes] == ["eess.SY", "cs.RO", "68T40", "93C85", "I.2.9", "F.2.m"]
    assert [code.scheme for code in codes] == ["arxiv", "arxiv", "msc", "msc", "acm", "acm"]


def test_nothing_is_lost_silently() -> None:
    page = read_page((FIXTURES / "refused_and_remarked.xml").read_bytes(), SOURCE)
    assert page.records == len(page.items) + len(page.refused) == 6
    assert sum(issue.severity == "error" for issue in page.issues) == len(page.refused) == 5


def test_an_error_entry_is_no_paper() -> None:
    (told,) = parse_items(BytesIO((FIXTURES / "error.xml").read_bytes()), SOURCE)
    assert isinstance(told, Issue)
    assert (told.code, told.severity) == ("source-error", "error")
    assert "incorrect id format" in told.message


def test_a_paper_called_error_is_a_paper() -> None:
    data = ordinary().replace(b"An old SIMULATED paper", b"Error")
    assert "Error" in [item.title for item in read_page(data, SOURCE).items]


@pytest.mark.parametrize("text", ["Wübben α", "plain"])
def test_a_recording_decoded_as_latin_1_is_mended(text: str) -> None:
    sent = ordinary().replace(b"An old SIMULATED paper", text.encode())
    for body in (sent.decode("latin-1"), sent.decode()):
        wrapped = json.dumps({"url": "http://localhost/", "status_code": 200, "body": body}).encode()
        titles = [item.title for item in parse_items(BytesIO(wrapped), SOURCE) if isinstance(item, Item)]
        assert text in titles


@pytest.mark.parametrize("data", [b'{"body": 3}', b"{}", b'{"url": "x"', b"{" * 100_000])
def test_other_json_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match="JSON"):
        unwrap(data)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "complete XML"),
        (b"<html><body>down</body></html>", "HTML"),
        (b"Rate exceeded.", "complete XML"),
        (b"<rss><channel/></rss>", "found <rss>"),
        (ordinary()[:-100], "complete XML"),
        (b'<!DOCTYPE feed [<!ENTITY a "ha">]>' + ordinary().split(b"?>")[1].lstrip(), "DOCTYPE"),
        (ordinary().replace(b"napkins", b"n\xe9pkins"), "complete XML|encoding"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(data: bytes, told: str) -> None:
    with pytest.raises(ParseError, match=told):
        read_page(data, SOURCE)


def test_a_doctype_in_another_encoding_is_refused_too() -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    text = ordinary().decode().split("?>")[1].replace("An old SIMULATED paper", "&l9;")
    data = f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE feed [<!ENTITY l0 "ha">{laughs}]>{text}'.encode("utf-16")
    with pytest.raises(ParseError, match=r"DOCTYPE|complete XML"):
        read_page(data, SOURCE)


def test_every_genuine_answer_parses_and_no_field_is_left_over(shared_data: Path) -> None:
    files = sorted((shared_data / "feeds" / "arxiv_atom").glob("*.json"))
    items, records, errors, seen = 0, 0, 0, set()
    for file in files:
        page = read_page(unwrap(file.read_bytes()), SOURCE)
        items, records, errors = items + len(page.items), records + page.records, errors + (page.error is not None)
        seen |= fields_of(unwrap(file.read_bytes()))
        assert page.total is not None
        assert not [issue for issue in page.issues if issue.severity == "error"]
        assert not any("\u00c3" in name for item in page.items for name in item.authors)
    assert (len(files), items, records, errors) == (14, 184, 184, 1)
    assert seen - USED - set(SOURCE.ignore_fields) == set()


def test_no_field_of_our_own_fixtures_is_left_over_and_none_is_both_used_and_ignored() -> None:
    seen = set().union(*(fields_of(path.read_bytes()) for path in FIXTURES.glob("*.xml")))
    assert seen - USED - set(SOURCE.ignore_fields) == set()
    assert not USED & set(SOURCE.ignore_fields)
    assert seen >= USED


def test_a_new_field_would_be_noticed() -> None:
    data = ordinary().replace(b"<arxiv:comment>", b"<arxiv:novelty>x</arxiv:novelty><arxiv:comment>", 1)
    assert fields_of(data) - USED - set(SOURCE.ignore_fields) == {"entry/novelty"}


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for sample in (data, ordinary()[:800] + data):
        with suppress(ParseError):
            assert isinstance(read_page(unwrap(sample), SOURCE), AtomPage)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_an_answer_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(
        (FIXTURES / data.draw(st.sampled_from(["ordinary.xml", "refused_and_remarked.xml"]))).read_bytes()
    )
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    try:
        page = read_page(bytes(whole), SOURCE)
    except ParseError:
        return
    assert page.records == len(page.items) + len(page.refused)


def test_elements_that_were_read_are_let_go() -> None:
    first, _, rest = ordinary().partition(b"<entry>")
    entry = b"<entry>" + rest.split(b"</entry>")[0] + b"</entry>"
    data = BytesIO(first + entry * 500 + b"</feed>")
    atom = "{http://www.w3.org/2005/Atom}"
    roots, entries = frozenset({f"{atom}feed"}), frozenset({f"{atom}entry"})
    read = iterate_entries(data, roots=roots, entries=entries, expected="Atom")
    sizes = [sum(1 for _ in root.iter(f"{atom}name")) for root, _ in read]
    assert len(sizes) == 501
    # The parser reads on by blocks of 32 kB; what has been yielded is gone.
    assert max(sizes) < 100
