"""arXivRaw to Items: golden files, hostile input, and properties that hold for any input."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from horizon.records import Item
from scrapers.parsers.arxiv_raw import parse_page
from scrapers.parsers.oai_envelope import Page, mend_encoding
from scrapers.source import load_source

FIXTURES = Path(__file__).parent / "fixtures" / "arxiv"
SOURCE = load_source("arxiv")
_HEAD = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-03-10T09:00:00Z</responseDate>'


def _as_json(page: Page) -> dict[str, Any]:
    return {
        "response_date": page.response_date.isoformat(),
        "error": [page.error.code, page.error.text] if page.error else None,
        "token": page.token,
        "records": page.records,
        "identifiers": page.identifiers,
        "refused": page.refused,
        "last_datestamp": str(page.last_datestamp),
        "items": [json.loads(item.model_dump_json()) for item in page.items],
        "issues": [json.loads(issue.model_dump_json()) for issue in page.issues],
    }


def record(
    arxiv_id: str = "2603.00001",
    title: str = "SIMULATED",
    authors: str = "Ann Other",
    abstract: str = "Invented.",
    date_text: str = "Mon, 2 Mar 2026 10:00:00 GMT",
) -> str:
    """One record of invented text; fields are XML-escaped here."""
    return (
        f"<record><header><identifier>oai:arXiv.org:{arxiv_id}</identifier><datestamp>2026-03-03</datestamp></header>"
        f'<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{arxiv_id}</id><submitter>A</submitter>'
        f'<version version="v1"><date>{escape(date_text)}</date></version><title>{escape(title)}</title>'
        f"<authors>{escape(authors)}</authors><categories>cs.RO</categories><abstract>{escape(abstract)}</abstract>"
        "</arXivRaw></metadata></record>"
    )


def answer(*records: str) -> bytes:
    return f"{_HEAD}<ListRecords>{''.join(records)}</ListRecords></OAI-PMH>".encode()


@pytest.mark.parametrize("case", sorted(path.stem for path in FIXTURES.glob("*.xml")))
def test_every_recorded_case_gives_what_a_person_has_approved(case: str) -> None:
    found = _as_json(parse_page((FIXTURES / f"{case}.xml").read_bytes(), SOURCE))
    expected = FIXTURES / f"{case}.expected.json"
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_the_first_version_sets_the_date_and_the_newest_the_version() -> None:
    item = parse_page((FIXTURES / "ordinary.xml").read_bytes(), SOURCE).items[0]
    assert (item.published, item.version) == (date(2026, 3, 2), "v2")
    assert item.updated == datetime(2026, 3, 5, 23, 59, 59, tzinfo=UTC)


def test_nothing_is_lost_silently() -> None:
    page = parse_page((FIXTURES / "refused_and_remarked.xml").read_bytes(), SOURCE)
    assert page.records == len(page.items) + len(page.refused)
    told = {issue.item_id or issue.data["identifier"] for issue in page.issues if issue.severity == "error"}
    assert len(told) == len(page.refused)


def test_old_identifiers_keep_their_slash() -> None:
    (item,) = parse_page(answer(record("math/0701001")), SOURCE).items
    assert (item.id, item.url) == ("arxiv:math/0701001", "https://arxiv.org/abs/math/0701001")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "complete XML"),
        (b"<html><body>down</body></html>", "HTML"),
        (b"<!DOCTYPE html>\n<html><p>down<br></html>", "HTML"),
        (b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"/>', "OAI-PMH"),
        (answer(record())[:-200], "complete XML"),
        (answer(record(title="SIMULATED t")).replace(b"SIMULATED t", b"SIMULATED \xe9"), "complete XML|UTF-8"),
        (answer(record()).replace(b"2026-03-10T09:00:00Z", b"soon"), "responseDate"),
        (b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"/>', "OAI-PMH answer"),
        (b'<?xml version="1.0" encoding="EBCDIC-XX"?><a/>', "complete XML|UTF-8"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(data: bytes, told: str) -> None:
    with pytest.raises(ParseError, match=told):
        parse_page(data, SOURCE)


def _with_doctype(subset: str, title: str) -> bytes:
    text = answer(record(title="TITLE")).decode().replace("TITLE", title)
    return f'<?xml version="1.0"?><!DOCTYPE OAI-PMH [{subset}]>{text}'.encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_billion_laughs_and_external_entities_are_refused(encoding: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret words")
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    for data in (
        _with_doctype(f'<!ENTITY l0 "ha">{laughs}', "&l9;"),
        _with_doctype(f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "&x;"),
        _with_doctype(f'<!ENTITY % x SYSTEM "{secret.as_uri()}"> %x;', "t"),
    ):
        with pytest.raises(ParseError, match=r"DOCTYPE|complete XML"):
            parse_page(
                data.decode().replace('version="1.0"', f'version="1.0" encoding="{encoding}"').encode(encoding), SOURCE
            )


def test_a_wrong_byte_costs_one_letter_not_the_page() -> None:
    broken = answer(record("2603.00001"), record("2603.00002", title="SIMULATED bXd")).replace(b"bXd", b"b\xe9d\x08")
    page = parse_page(mend_encoding(broken), SOURCE)
    assert [item.title for item in page.items] == ["SIMULATED", "SIMULATED b\ufffdd\ufffd"]
    assert [issue.code for issue in page.issues] == ["encoding-damaged"]


def test_five_thousand_authors_are_read() -> None:
    names = tuple(f"A. Nobody{number}" for number in range(5000))
    (item,) = parse_page(answer(record(authors=", ".join(names))), SOURCE).items
    assert item.authors == names


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        ("1 Jul 1991", True),
        ("30 Jun 1991", False),
        ("12 Mar 2026", True),
        ("13 Mar 2026", False),
        ("31 Feb 2026", False),
    ],
)
def test_a_first_date_outside_arxivs_life_is_refused(day: str, kept: bool) -> None:
    page = parse_page(answer(record(date_text=f"{day} 10:00:00 GMT")), SOURCE)
    assert bool(page.items) is kept
    assert bool(page.refused) is not kept


def test_markup_inside_a_title_loses_no_words() -> None:
    (item,) = parse_page(answer(record(title="SIMULATED X").replace("ED X", "ED a<i>b</i>c<!-- no -->d")), SOURCE).items
    assert item.title == "SIMULATED abcd"


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for sample in (data, _HEAD.encode() + data, mend_encoding(_HEAD.encode() + data + b"</OAI-PMH>")):
        with suppress(ParseError):
            assert isinstance(parse_page(sample, SOURCE), Page)


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_a_page_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray((FIXTURES / "refused_and_remarked.xml").read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    try:
        page = parse_page(bytes(whole), SOURCE)
    except ParseError:
        return
    assert page.records == len(page.items) + len(page.refused)


_WORDS = st.text(st.characters(min_codepoint=33, exclude_characters="\\$\ufffe\uffff", exclude_categories=("Cs", "Cc")))


@given(st.lists(_WORDS.filter(lambda word: word.split() == [word]), min_size=1, max_size=8))
@settings(deadline=None, max_examples=100)
def test_plain_text_comes_through_unchanged_but_for_white_space(words: list[str]) -> None:
    page = parse_page(answer(record(title="\n  ".join(words), abstract="\t".join(words))), SOURCE)
    assert [(item.title, item.abstract) for item in page.items] == [(" ".join(words), " ".join(words))]


def test_items_survive_a_round_trip_through_json() -> None:
    for item in parse_page((FIXTURES / "ordinary.xml").read_bytes(), SOURCE).items:
        assert Item.model_validate_json(item.model_dump_json()) == item
