"""Exchange documents, answers of OPS, documents of the Publication Server: goldens, genuine files, properties."""

import json
from collections import Counter
from contextlib import suppress
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.parsers import epo_ep_xml, epo_ops
from scrapers.parsers.patent_xml import Fields
from scrapers.parsers.xml_stream import iterate_records
from scrapers.source import Source, load_source

FIXTURES = Path(__file__).parent / "fixtures"
SOURCES = {"epo_ops": load_source("epo_ops"), "epo_publications": load_source("epo_publications")}
CASES = sorted(path for name in SOURCES for path in (FIXTURES / name).glob("*.xml"))


def found_in(path: Path, source: Source) -> list[Item | Issue]:
    return list(source.parse_items(BytesIO(path.read_bytes())))


def ops_items(case: str) -> dict[str, Item]:
    found = found_in(FIXTURES / "epo_ops" / f"{case}.xml", SOURCES["epo_ops"])
    return {entry.id: entry for entry in found if isinstance(entry, Item)}


def codes(found: list[Item | Issue]) -> list[str]:
    return [entry.code for entry in found if isinstance(entry, Issue)]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_case_gives_what_a_person_has_approved(path: Path) -> None:
    found = [json.loads(entry.model_dump_json()) for entry in found_in(path, SOURCES[path.parent.name])]
    expected = path.with_suffix(".expected.json")
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_a_chinese_application_has_its_family_english_texts_and_each_symbol_once() -> None:
    item = ops_items("search_with_biblio")["epo:CN.121000001.A"]
    assert (item.kind, item.family, item.language) == ("patent_application", "90000001", "en")
    assert item.title == "SIMULATED quantum processor with tunable couplers"
    assert item.abstract == "SIMULATED: a processor of H2O-cooled qubits is disclosed, with tunable couplers."
    assert [code.symbol for code in item.codes if code.scheme == "cpc"] == ["G06N10/40", "H10N60/12", "B82Y10/00"]
    assert item.countries == ("CN", "US")
    assert item.organisations == ("模拟大学", "INVENTED QUBITS INC")


def test_a_utility_model_is_a_kind_of_its_own_and_its_chinese_title_is_kept() -> None:
    item = ops_items("search_with_biblio")["epo:CN.221000002.U"]
    assert (item.kind, item.language, item.abstract) == ("utility_model", "zh", None)
    assert item.title == "模拟：一种机械手指"


def test_whoever_is_an_inventor_too_is_no_organisation_and_spellings_are_one_name() -> None:
    item = ops_items("search_with_biblio")["epo:EP.4500001.B1"]
    assert (item.authors, item.organisations) == (("Müller, Jörg",), ("Simulated Klinik GmbH",))


def test_without_a_family_the_earliest_priority_then_the_application_stands_for_it() -> None:
    items = ops_items("search_with_biblio")
    assert items["epo:XX.77.Q9"].family == "priority:US.202463000001"
    assert items["epo:WO.2026000005.A1"].family == "application:US.2026000555"


def test_nothing_is_lost_silently() -> None:
    page = epo_ops.parse_page((FIXTURES / "epo_ops" / "refused.xml").read_bytes())
    assert page.records == len(page.items) + len(page.refused) == 7
    assert Counter(issue.code for issue in page.issues) == Counter(
        [
            "design-left-out",
            "date-missing",
            "record-not-found",
            "id-unreadable",
            "title-missing",
            "record-deleted",
        ]
    )


def test_a_search_without_constituents_names_publications_and_is_capped() -> None:
    page = epo_ops.parse_page((FIXTURES / "epo_ops" / "search_plain.xml").read_bytes())
    assert (page.total, page.begin, page.end) == (10_000, 1, 2)
    assert page.references == ["CN.121000001.A", "CN.221000002.U"]


@pytest.mark.parametrize(
    ("case", "nothing_found", "bad_token"),
    [
        ("fault_404", True, False),
        ("fault_429", False, False),
        ("error_400", False, True),
        ("error_403", False, False),
    ],
)
def test_errors_are_told_apart(case: str, nothing_found: bool, bad_token: bool) -> None:
    fault = epo_ops.parse_page((FIXTURES / "epo_ops" / f"{case}.xml").read_bytes()).fault
    assert fault is not None
    assert (fault.means_nothing_found, fault.means_bad_token) == (nothing_found, bad_token)


def test_a_docdb_file_is_read_as_the_answers_of_the_service_are() -> None:
    data = (FIXTURES / "epo_ops" / "docdb_file.xml").read_bytes()
    items = [entry for entry in epo_ops.parse_items(BytesIO(data)) if isinstance(entry, Item)]
    assert [(item.id, item.source, item.kind) for item in items] == [
        ("epo:CN.121000007.A", "epo_ops", "patent_application"),
        ("epo:DE.202026000008.U1", "epo_ops", "utility_model"),
    ]
    assert (items[0].abstract, items[0].language) == ("模拟：公开了一种载体 及其用途。", "zh")
    assert [code.symbol for code in items[0].codes] == ["A61K48/0058", "C12N15/86", "A61K48/00"]
    assert [item.withdrawn for item in items] == [False, True]


def test_a_publication_server_document_is_the_same_publication_as_in_ops() -> None:
    application, *_ = found_in(FIXTURES / "epo_publications" / "application.xml", SOURCES["epo_publications"])
    assert isinstance(application, Item)
    assert (application.id, application.published) == ("epo:EP.4600001.A1", date(2026, 11, 18))
    assert application.family == "priority:US.202463000001"
    assert application.abstract == "SIMULATED: errors of H2 qubits are corrected quickly. Second paragraph."
    assert "claim" not in application.model_dump_json()


def test_a_document_with_a_bare_ampersand_is_read_and_one_that_was_cut_is_not() -> None:
    data = (FIXTURES / "epo_publications" / "bare_ampersand.xml").read_bytes()
    found = list(epo_ep_xml.parse_items(BytesIO(data)))
    assert "xml-mended" in codes(found)
    with pytest.raises(ParseError, match="complete XML"):
        list(epo_ep_xml.parse_items(BytesIO(data[: len(data) * 3 // 4])))


# ---- genuine files ---------------------------------------------------------------------------------------------------


def test_every_genuine_answer_of_ops_is_read_and_no_field_is_left_over(shared_data: Path) -> None:
    source, count = SOURCES["epo_ops"], Counter[str]()
    paths = sorted((shared_data / "feeds" / "epo_ops").rglob("*.xml"))
    for path in paths:
        found = found_in(path, source)
        assert found, f"{path.name} gives neither item nor issue"
        count.update("item" if isinstance(entry, Item) else entry.code for entry in found)
    assert len(paths) == 22
    assert count["field-unknown"] == 0
    assert (count["item"], count["date-missing"], count["no-results"], count["feed-refused"]) == (18, 2, 1, 1)


def test_the_recorded_body_of_a_search_names_a_hundred_publications(shared_data: Path) -> None:
    recorded = shared_data / "feeds" / "epo_ops" / "TestSearchApi.test_search.yaml"
    (interaction,) = yaml.safe_load(recorded.read_text(encoding="utf-8"))["interactions"]
    page = epo_ops.parse_page(interaction["response"]["content"].encode())
    assert (page.total, len(page.references), page.fault) == (10_000, 100, None)


def test_every_genuine_document_of_the_publication_server_gives_one_item(shared_data: Path) -> None:
    source = SOURCES["epo_publications"]
    paths = sorted((shared_data / "feeds" / "epo_publication_server").glob("*.xml"))
    assert len(paths) == 22
    for path in paths:
        found = found_in(path, source)
        items = [entry for entry in found if isinstance(entry, Item)]
        assert len(items) == 1, path.name
        assert items[0].kind == ("patent_grant" if path.name.startswith("grant") else "patent_application")
        assert items[0].codes, path.name
        assert items[0].countries, path.name
        assert items[0].family, path.name
        assert "field-unknown" not in codes(found), path.name


# ---- hostile input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(SOURCES))
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"<html><body>down</body></html>",
        b"<!DOCTYPE html>\n<html><p>down<br></html>",
        b'<?xml version="1.0"?><rss/>',
        b'<?xml version="1.0" encoding="EBCDIC-XX"?><a/>',
        b"\x00\xff" * 100,
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(name: str, data: bytes) -> None:
    with pytest.raises(ParseError, match="expected"):
        list(SOURCES[name].parse_items(BytesIO(data)))


@pytest.mark.parametrize("path", [FIXTURES / "epo_ops/docdb_file.xml", FIXTURES / "epo_publications/application.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_the_documents_own_are_refused(path: Path, encoding: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret words")
    laughs = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    text = path.read_text(encoding="utf-8").replace("UTF-8", encoding.upper()).replace("&nbsp;", "&l9;")
    for subset in (
        laughs,
        f'<!ENTITY l9 SYSTEM "{secret.as_uri()}">',
        f'<!ENTITY % l9 SYSTEM "{secret.as_uri()}"> %l9;',
    ):
        hostile = text.replace('.dtd">', f'.dtd" [{subset}]>', 1)
        assert hostile != text
        with pytest.raises(ParseError, match=r"entities|complete XML"):
            list(SOURCES[path.parent.name].parse_items(BytesIO(hostile.encode(encoding))))


def test_of_a_bulk_file_only_one_record_is_in_memory() -> None:
    text = (FIXTURES / "epo_ops" / "docdb_file.xml").read_text(encoding="utf-8")
    head, mark, rest = text.partition("<exch:exchange-document ")
    records, end, _ = rest.rpartition("</exch:exchange-documents>")
    stream = BytesIO((head + (mark + records) * 300 + end).encode())
    number = 0
    for record in iterate_records(stream, ("exchange-document",), ("exchange-documents",), "records"):
        number += 1
        before = list(record.itersiblings(preceding=True))
        assert len(before) <= 1
        assert all(len(other) == 0 for other in before)
    assert number == 600


def test_a_record_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapers.parsers.xml_stream._LARGEST_RECORD", 1 << 20)

    class Flood:
        def __init__(self) -> None:
            self.sent = False

        def read(self, size: int = -1) -> bytes:
            if not self.sent:
                self.sent = True
                return b"<exchange-documents><x>"
            return b"<y/>" * (max(size, 4) // 4)

    stream: Any = Flood()
    with pytest.raises(ParseError, match="larger"):
        list(iterate_records(stream, ("exchange-document",), ("exchange-documents",), "records"))


def test_a_field_that_nobody_knows_is_told_once() -> None:
    found = found_in(FIXTURES / "epo_ops" / "search_with_biblio.xml", SOURCES["epo_ops"])
    fields = [entry.data["field"] for entry in found if isinstance(entry, Issue) and entry.code == "field-unknown"]
    assert fields == ["bibliographic-data/novelty-index"]


def test_a_field_is_known_by_path_by_tree_or_by_attribute() -> None:
    from lxml import etree

    record = etree.fromstring("<r a='1'><b c='2'>x</b><d><e>y</e></d><f><g c='3'>z</g></f><h/></r>")
    assert Fields(["b"], ["d"], ["@c"]).left_over(record) == ["@a", "f/g"]


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for source in SOURCES.values():
        for sample in (data, b"<exchange-documents>" + data, b"<ep-patent-document>" + data + b"</ep-patent-document>"):
            with suppress(ParseError):
                list(source.parse_items(BytesIO(sample)))


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_an_answer_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(CASES))
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    with suppress(ParseError):
        for entry in SOURCES[path.parent.name].parse_items(BytesIO(bytes(whole))):
            if isinstance(entry, Item):
                assert Item.model_validate_json(entry.model_dump_json()) == entry
