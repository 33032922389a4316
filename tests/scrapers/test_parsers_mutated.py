"""Every parser on its own fixtures, changed as feeds really go wrong: fields emptied, swapped, made absurd, cut.

Allowed are items, issues and ParseError. An item has a title, and a date that stands in its document.
"""

import re
import time
from contextlib import suppress
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.source import Source, load_source

FIXTURES = Path(__file__).parent / "fixtures"
SOURCES = {
    **{name: load_source(name) for name in ("arxiv", "arxiv_query", "arxiv_rss", "biorxiv", "europepmc")},
    **{name: load_source(name) for name in ("epo_ops", "epo_publications", "uspto_applications", "uspto_grants")},
    "pubmed": load_source("europepmc"),
    "feed_rss": load_source("simulated_feed", FIXTURES / "feed_rss"),
}
SUFFIXES = {".xml", ".json", ".txt", ".gz"}
CASES = {
    name: sorted(
        path
        for path in (FIXTURES / name).iterdir()
        if path.suffix in SUFFIXES and not path.name.endswith(".expected.json")
    )
    for name in SOURCES
}
SLOWEST_S = 5.0
# A value between tags or quotes, as all of the formats have them.
_VALUE = re.compile(rb'(?<=>)[^<>]{1,200}(?=<)|(?<=")[^"<>]{1,200}(?=")')
ABSURD = [
    b"",
    b" ",
    b"0",
    b"-1",
    b"00000000",
    b"20261399",
    b"2026-02-30",
    b"9999-12-31",
    b"0001-01-01",
    b"9" * 400,
    b"null",
    b"&#0;",
    b"&#xD83D;",
    b"&nbsp;",
    b"\\ud83d",
    b"\xff\xfe",
    b"\x00",
    "模拟".encode(),
    "\u202e\u2066".encode(),
    b"<![CDATA[<b>x</b>]]>",
    b"<x>",
    b"]]>",
    b"}{",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"Mon, 30 Feb 2026 25:61:61 -9999",
    b"Tue, 31 Dec 9999 23:59:59 -1200",
]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    """One fixture with one to four changes."""
    data = draw(st.sampled_from(CASES[name])).read_bytes()
    for _ in range(draw(st.integers(1, 4))):
        data = _changed(draw, data)
    return data


def _changed(draw: st.DrawFn, data: bytes) -> bytes:
    values = [match.span() for match in _VALUE.finditer(data)]
    how = draw(st.sampled_from(["value", "value", "swap", "swap", "cut", "double", "drop"]))
    if how in ("value", "swap") and values:
        start, end = draw(st.sampled_from(values))
        if how == "value":
            return data[:start] + draw(st.sampled_from(ABSURD)) + data[end:]
        other = draw(st.sampled_from(values))
        return data[:start] + data[other[0] : other[1]] + data[end:]
    start = draw(st.integers(0, max(len(data) - 1, 0)))
    if how == "cut":
        return data[:start]
    end = min(start + draw(st.integers(1, 400)), len(data))
    return data[:end] + data[start:] if how == "double" else data[:start] + data[end:]


def _forms(day: date) -> list[str]:
    """As a document may write this day; patents and journals may leave out the day, or the month too."""
    month = MONTHS[day.month - 1]
    forms = [day.isoformat(), f"{day:%Y%m%d}", f"{day:%Y/%m/%d}", f"{day.year}年{day.month}月{day.day}日"]
    if day.day == 1:
        forms += [f"{day:%Y%m}00", f"{day.year} {month}", f"{day:%Y-%m}-00"]
        forms += [f"{day.year}0000"] if day.month == 1 else []
    return forms


def stands_in(day: date, text: str) -> bool:
    """Whether the document has the day in one piece, or (MEDLINE) year, month and day each in a field of its own."""
    if any(form in text for form in _forms(day)):
        return True
    month = MONTHS[day.month - 1]
    if re.search(rf"\b0?{day.day}[\s-]+{month}\w*[\s,.-]+(?:{day.year}|{day.year % 100:02d})\b", text, re.IGNORECASE):
        return True
    fields = (rf"Year>\D{{0,9}}{day.year}\b", rf"Month>\W*(?:0?{day.month}\b|{month})", rf"Day>\D{{0,9}}0?{day.day}\b")
    vague = day.day == 1 and re.search(rf"<(?:Year|MedlineDate)>[^<]*{day.year}", text)
    return bool(vague) or all(re.search(field, text, re.IGNORECASE) for field in fields)


def parsed(source: Source, data: bytes) -> list[Item | Issue]:
    start = time.process_time()
    found: list[Item | Issue] = []
    with suppress(ParseError):
        found += source.parse_items(BytesIO(data))
    assert time.process_time() - start < SLOWEST_S
    return found


@pytest.mark.parametrize("name", list(SOURCES))
@given(data=st.data())
@settings(deadline=None, max_examples=100)
def test_a_mutated_document_gives_sound_items_or_is_refused(name: str, data: st.DataObject) -> None:
    document = data.draw(mutated(name))
    text = document.decode("utf-8", "replace")
    for one in parsed(SOURCES[name], document):
        if isinstance(one, Issue):
            assert one.message
            continue
        assert one.title.strip(), one.id
        # arXiv writes moments with a zone: the day in UTC may be the one beside it.
        near = [one.published + timedelta(days=days) for days in ((-1, 0, 1) if name.startswith("arxiv") else (0,))]
        assert any(stands_in(day, text) for day in near), (one.id, one.published)
        one.model_dump_json()


@pytest.mark.parametrize("name", list(SOURCES))
def test_the_fixtures_themselves_pass_the_same_checks(name: str) -> None:
    items = 0
    for path in CASES[name]:
        document = path.read_bytes()
        for one in parsed(SOURCES[name], document):
            if isinstance(one, Item):
                items += 1
                assert stands_in(one.published, document.decode("utf-8", "replace")), (path.name, one.published)
    assert items


def test_the_check_of_dates_can_fail() -> None:
    assert stands_in(date(2026, 3, 9), "<Year>2026</Year> <Month>Mar</Month><Day>9</Day>")
    assert not stands_in(date(2026, 3, 9), "<date>20260310</date> 2026-03-08")
    assert not stands_in(date(2026, 3, 1), "<date>20260400</date>")
