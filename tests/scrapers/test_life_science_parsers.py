"""Europe PMC, PubMed and bioRxiv records to Items: golden files, genuine files, hostile input."""

import copy
import json
from contextlib import suppress
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.parsers import biorxiv_json, europepmc_json, pubmed_xml
from scrapers.parsers.record_fields import field_paths, left_over
from scrapers.parsers.xml_stream import iterate_records
from scrapers.source import Source, load_source

FIXTURES = Path(__file__).parent / "fixtures"
EUROPEPMC, BIORXIV = load_source("europepmc"), load_source("biorxiv")
_FOLDERS = {"europepmc": EUROPEPMC, "pubmed": EUROPEPMC, "biorxiv": BIORXIV}
CASES = sorted(
    path.relative_to(FIXTURES)
    for folder in _FOLDERS
    for path in (FIXTURES / folder).iterdir()
    if not path.name.endswith(".expected.json")
)


def parse(data: bytes, source: Source = EUROPEPMC) -> tuple[list[Item], list[Issue]]:
    found = list(source.parse_items(BytesIO(data)))
    return [x for x in found if isinstance(x, Item)], [x for x in found if isinstance(x, Issue)]


def read(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def results_of(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(read(name))["resultList"]["result"]
    return found


def answer(*results: dict[str, Any]) -> bytes:
    return json.dumps({"version": "6.9", "hitCount": len(results), "resultList": {"result": results}}).encode()


# ---- golden files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_recorded_case_gives_what_a_person_has_approved(case: Path) -> None:
    items, issues = parse(read(str(case)), _FOLDERS[case.parts[0]])
    found = {
        "items": [json.loads(item.model_dump_json()) for item in items],
        "issues": [json.loads(issue.model_dump_json()) for issue in issues],
    }
    expected = FIXTURES / case.with_suffix(".expected.json")
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_one_record_is_one_item_whichever_form_it_came_in() -> None:
    forms = ("europepmc/core.json", "europepmc/lite.xml", "europepmc/dublin_core.xml", "pubmed/articles.xml")
    firsts = [parse(read(form))[0][0] for form in forms]
    said = {(i.id, i.title, i.published, i.doi, i.kind, i.source, i.url, i.language) for i in firsts}
    assert len(said) == 1
    assert firsts[0].published == date(2026, 2, 27)


def test_an_article_dated_ahead_counts_on_the_day_on_which_the_feed_had_it() -> None:
    items, issues = parse(read("europepmc/core.json"))
    assert items[2].published == date(2026, 3, 4)
    assert [issue.code for issue in issues if issue.item_id == items[2].id] == ["dated-ahead"]


def test_a_notice_about_a_paper_is_no_paper() -> None:
    items, issues = parse(read("europepmc/refused_and_remarked.json"))
    assert "epmc:MED90000004" not in {item.id for item in items}
    assert ("notice-left-out", "epmc:MED90000004") in {(issue.code, issue.item_id) for issue in issues}


def test_a_retracted_paper_is_kept_and_flagged() -> None:
    for name, paper in (("europepmc/core.json", "epmc:MED90000003"), ("pubmed/articles.xml", "epmc:MED90000014")):
        (item,) = (item for item in parse(read(name))[0] if item.id == paper)
        assert item.withdrawn


def test_a_preprint_names_the_article_that_it_became() -> None:
    families = {
        item.id: item.family for name in ("europepmc/core.json", "pubmed/articles.xml") for item in parse(read(name))[0]
    }
    assert families["epmc:PPR900002"] == "epmc:MED90000009"
    assert families["epmc:MED90000013"] == "epmc:MED90000001"
    by_doi = {item.doi: item.family for item in parse(read("biorxiv/versions.json"), BIORXIV)[0]}
    assert by_doi["10.1101/2026.03.01.000002"] == "doi:10.5555/simulated.1"


def test_version_1_sets_the_date_and_the_newest_the_text() -> None:
    item = parse(read("biorxiv/versions.json"), BIORXIV)[0][0]
    assert (item.published, item.version, item.title) == (date(2026, 3, 2), "v2", "SIMULATED preprint 1, revised")


def test_a_later_version_alone_is_no_item_but_is_not_lost() -> None:
    items, issues = parse(read("biorxiv/versions.json"), BIORXIV)
    assert "biorxiv:10.1101/2026.03.01.000003" not in {item.id for item in items}
    assert ("first-version-unseen", "biorxiv:10.1101/2026.03.01.000003") in {(i.code, i.item_id) for i in issues}


def test_a_list_of_identifiers_gives_one_issue_a_record() -> None:
    items, issues = parse(read("europepmc/idlist.json"))
    assert not items
    assert {issue.item_id for issue in issues} == {"epmc:MED90000001", "epmc:PPR900002"}


def test_addresses_of_persons_are_not_kept() -> None:
    for name in ("europepmc/core.json", "europepmc/dublin_core.xml", "pubmed/articles.xml"):
        for item in parse(read(name))[0]:
            assert "@" not in item.model_dump_json()


# ---- genuine files ---------------------------------------------------------------------------------------------------


def test_every_genuine_file_parses_and_no_field_is_left_over(shared_data: Path) -> None:
    told: dict[str, tuple[int, int]] = {}
    for path in sorted([*(shared_data / "feeds/europepmc").iterdir(), *(shared_data / "feeds/pubmed").iterdir()]):
        items, issues = parse(path.read_bytes())
        codes = [issue.code for issue in issues]
        assert "field-unknown" not in codes, [i.data for i in issues if i.code == "field-unknown"]
        assert not [issue for issue in issues if issue.severity == "error"], path.name
        told[path.name] = (len(items), codes.count("notice-left-out") + codes.count("identifier-only"))
    assert {name: items + others for name, (items, others) in told.items() if "pubmed" not in name} == {
        "fetch_all_1000results_cancer.json": 1000,
        "search_cancer.json": 25,
        "search_cancer.xml": 25,
        "search_cancer_core.json": 25,
        "search_cancer_dc.xml": 25,
        "search_cancer_idlist.json": 25,
        "search_cancer_page2.json": 5,
        "search_cancer_sorted_cited.json": 25,
        "search_no_results.json": 0,
        "search_post_cancer.json": 25,
        "test_output_raw_data_search_api_response.json": 10,
    }
    assert sum(items for name, (items, _) in told.items() if "pubmed" in name) == 6


def test_json_and_xml_of_the_same_genuine_search_give_the_same_items(shared_data: Path) -> None:
    folder = shared_data / "feeds/europepmc"
    assert parse((folder / "search_cancer.json").read_bytes()) == parse((folder / "search_cancer.xml").read_bytes())


def test_our_fixtures_leave_only_the_planted_field_over() -> None:
    for case in CASES:
        found = [
            i.data["found"] for i in parse(read(str(case)), _FOLDERS[case.parts[0]])[1] if i.code == "field-unknown"
        ]
        planted = {"europepmc": ["novelty.kind"], "biorxiv": ["novelty"]} if "refused" in case.name else {}
        assert found == planted.get(case.parts[0], []), case


def _without(record: Any, path: str) -> Any:
    """The record with every value at the path taken away."""
    first, _, rest = path.partition(".")
    if isinstance(record, list):
        return [_without(inner, path) for inner in record]
    if not isinstance(record, dict) or first not in record:
        return record
    if not rest:
        return {name: value for name, value in record.items() if name != first}
    return record | {first: _without(record[first], rest)}


# Each of them stands in when another is absent.
_FALLBACKS = {
    "affiliation", "authorString", "authorList.author.fullName", "authorList.author.initials", "pubType",
    "electronicPublicationDate", "journalInfo.printPublicationDate",
}  # fmt: skip


@pytest.mark.parametrize("path", sorted(europepmc_json.USED - _FALLBACKS))
def test_what_is_called_used_makes_a_difference(path: str) -> None:
    whole = results_of("europepmc/core.json") + results_of("europepmc/refused_and_remarked.json")
    assert path in {found for result in whole for found in field_paths(result)}
    assert parse(answer(*_without(whole, path))) != parse(answer(*whole))


@pytest.mark.parametrize("path", sorted(biorxiv_json.USED - {"category"}))
def test_what_is_called_used_of_biorxiv_makes_a_difference(path: str) -> None:
    page = json.loads(read("biorxiv/versions.json"))
    less = page | {"collection": _without(page["collection"], path)}
    assert parse(json.dumps(less).encode(), BIORXIV) != parse(json.dumps(page).encode(), BIORXIV)


def test_fields_that_stand_in_are_used_when_the_others_are_absent() -> None:
    record: dict[str, Any] = {"id": "1", "source": "MED", "title": "SIMULATED", "affiliation": "University of Nowhere"}
    record |= {"electronicPublicationDate": "2026-03-03", "journalInfo": {"printPublicationDate": "2026-03-01"}}
    record |= {"authorList": {"author": [{"fullName": "Nobody A"}, {"lastName": "Other", "initials": "OP"}]}}
    ((item,), _) = parse(answer(record))
    assert (item.published, item.authors) == (date(2026, 3, 3), ("A. Nobody", "O. P. Other"))
    assert item.organisations == ("University of Nowhere",)
    del record["electronicPublicationDate"], record["authorList"]
    ((item,), _) = parse(answer(record | {"authorString": "Nobody A, Zweistein BC."}))
    assert (item.published, item.authors) == (date(2026, 3, 1), ("A. Nobody", "B. C. Zweistein"))


def test_ignoring_a_field_ignores_what_is_below_it() -> None:
    assert left_over(["a.b.c", "a.bc", "a@x", "d"], {"d"}, {"a.b", "a@x"}) == ["a.bc"]


# ---- what is no answer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "JSON"),
        (b"<html><body>down</body></html>", "HTML"),
        (b"<!DOCTYPE html>\n<html><p>down<br></html>", "HTML"),
        (b'{"version": "6.9"}', "ask again"),
        (b'{"version": "6.9", "errCode": 404, "errMsg": "Invalid cursorMark"}', "404: Invalid cursorMark"),
        (b"<responseWrapper><version>6.9</version></responseWrapper>", "ask again"),
        (b"<responseWrapper><errCode>404</errCode><errMsg>none</errMsg></responseWrapper>", "404: none"),
        (b'{"some": "thing"}', "another JSON object"),
        (b'"text"', "another JSON value"),
        (b"[" * 100_000, "JSON"),
        (b'{"hitCount": 1, "resultList": {"result": {"id": "1"}}}', "list"),
        (b'{"hitCount": 1, "resultList": {"result": ["1"]}}', "objects"),
        (read("europepmc/core.json")[:-300], "JSON"),
        (read("europepmc/core.json").replace(b"invented", b"\xe9", 1), "UTF-8"),
        (read("europepmc/lite.xml")[:-300], "complete XML"),
        (read("pubmed/articles.xml")[:-300], "complete XML"),
        (read("pubmed/articles.xml").replace(b"Nobody", b"\xe9"), "XML|encoding"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(data: bytes, told: str) -> None:
    with pytest.raises(ParseError, match=told):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"messages": [], "collection": []}',
        b'{"messages": [{"status": "error: the database is down"}], "collection": []}',
        b'{"messages": [{"status": "ok"}], "collection": {}}',
        b'{"messages": [{"status": "ok"}], "collection": ["1"]}',
        b"<html></html>",
    ],
)
def test_what_is_no_answer_of_biorxiv_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse(data, BIORXIV)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("root", ["PubmedArticleSet", "responseWrapper"])
def test_entities_are_refused_and_files_are_not_read(root: str, encoding: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret words")
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    body = "<resultList><result><title>&e;</title></result></resultList>"
    if root == "PubmedArticleSet":
        body = "<PubmedArticle><MedlineCitation><ArticleTitle>&e;</ArticleTitle></MedlineCitation></PubmedArticle>"
    for subset, entity in (
        (f'<!ENTITY l0 "ha">{laughs}', "l9"),
        (f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "x"),
        (f'<!ENTITY % x SYSTEM "{secret.as_uri()}"> %x;<!ENTITY y "z">', "y"),
    ):
        text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE {root} [{subset}]><{root}>{body}</{root}>'
        with pytest.raises(ParseError, match=r"entities|complete XML"):
            parse(text.replace("&e;", f"&{entity};").encode(encoding))


class Endless:
    """A file of PubMed that goes on for as long as somebody reads."""

    def __init__(self) -> None:
        text = read("pubmed/articles.xml")
        end = b"</PubmedArticle>"
        self.record = text[text.index(b"<PubmedArticle>") : text.index(end) + len(end)]
        self.rest = b"<PubmedArticleSet>"

    def read(self, size: int = -1, /) -> bytes:
        while len(self.rest) < size:
            self.rest += self.record
        data, self.rest = self.rest[:size], self.rest[size:]
        return data


def test_a_file_of_pubmed_is_read_record_by_record_and_forgotten() -> None:
    items = pubmed_xml.parse_articles(Endless(), EUROPEPMC)
    assert all(isinstance(next(items), Item) for _ in range(300))
    elements = iterate_records(Endless(), ["PubmedArticle"], ["PubmedArticleSet"], "records")
    assert max(len(next(elements).getparent()) for _ in range(300)) < 100


# ---- any input -------------------------------------------------------------------------------------------------------

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    heads = (
        b"",
        b'{"version":"6.9","resultList":{"result":[',
        b"<responseWrapper><resultList><result>",
        b"<PubmedArticleSet>",
    )
    for head in heads:
        with suppress(ParseError):
            parse(head + data)
    for head in (b"", b'{"messages":[{"status":"ok"}],"collection":['):
        with suppress(ParseError):
            parse(head + data, BIORXIV)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_file_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES))
    whole = bytearray(read(str(case)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    with suppress(ParseError):
        parse(bytes(whole), _FOLDERS[case.parts[0]])


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_no_value_in_any_place_makes_a_record_vanish(data: st.DataObject) -> None:
    results = copy.deepcopy(results_of("europepmc/core.json"))
    record = data.draw(st.sampled_from(results))
    record[data.draw(st.sampled_from(sorted(record)))] = data.draw(_VALUES)
    page = europepmc_json.parse_page(BytesIO(answer(*results)), EUROPEPMC)
    assert (page.records, len(page.found)) == (4, 4)
    assert all(page.found)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_no_value_in_any_place_makes_a_posting_vanish(data: st.DataObject) -> None:
    page = json.loads(read("biorxiv/versions.json"))
    record = data.draw(st.sampled_from(page["collection"]))
    record[data.draw(st.sampled_from(sorted(record)))] = data.draw(_VALUES)
    found = biorxiv_json.parse_page(BytesIO(json.dumps(page).encode()), BIORXIV)
    assert found.records == len(found.postings) + len(found.issues) == 6
    items, issues = parse(json.dumps(page).encode(), BIORXIV)
    told = {item.doi for item in items} | {(issue.item_id or "biorxiv:").removeprefix("biorxiv:") for issue in issues}
    assert {posting.doi for posting in found.postings} <= told


def test_items_survive_a_round_trip_through_json() -> None:
    for case in CASES:
        for item in parse(read(str(case)), _FOLDERS[case.parts[0]])[0]:
            assert Item.model_validate_json(item.model_dump_json()) == item
