"""Every genuine file of the shared data through the parser of its source: none overlooked, none raises, all add up."""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from horizon.records import Issue, Item
from scrapers.crawl import parse_file
from scrapers.languages import UNDETERMINED
from scrapers.parties import country_code
from scrapers.source import load_source

READ_BY = {
    "arxiv_atom": "arxiv_query",
    "epo_ops": "epo_ops",
    "epo_publication_server": "epo_publications",
    "europepmc": "europepmc",
    "pubmed": "europepmc",
    "uspto_odp_json": "uspto_applications",
    "uspto_xml": "uspto_grants",
}
NO_ANSWERS = (".dtd", ".xsd", ".yaml", "request.txt")
"""Schemas, descriptions of an API, and what was asked: no parser's business."""
ONE_RECORD_EACH = frozenset(
    {"notice-left-out", "identifier-only", "design-skipped", "date-missing", "title-missing", "root-skipped"}
)
COUNTS = {
    # Folder: files, records (items and what was refused or left out, told by an issue each), items.
    "arxiv_atom": (14, 184, 184),
    "epo_ops": (22, 21, 18),
    "epo_publication_server": (22, 22, 22),
    "europepmc": (11, 1190, 1131),
    "pubmed": (6, 6, 6),
    "uspto_odp_json": (11, 3, 3),
    "uspto_xml": (15, 15, 12),
}

Found = list[Item | Issue]


def _answers(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(NO_ANSWERS):
            yield path


@pytest.fixture(scope="module")
def found(shared_data: Path) -> dict[Path, Found]:
    feeds = shared_data / "feeds"
    return {path: list(parse_file(source, path)) for name, source in READ_BY.items() for path in _answers(feeds / name)}


def _lost(told: Found) -> int:
    """Records of one file that became no item."""
    ids = {item.id for item in told if isinstance(item, Item)}
    issues = [one for one in told if isinstance(one, Issue)]
    return sum(issue.code in ONE_RECORD_EACH and issue.item_id not in ids for issue in issues)


def test_no_file_is_overlooked(shared_data: Path, found: dict[Path, Found]) -> None:
    files = {path for path in (shared_data / "feeds").rglob("*") if path.is_file()}
    assert {path for path in files - found.keys() if not path.name.endswith(NO_ANSWERS)} == set()
    assert {path.parent.name for path in files - found.keys()} >= {"arxiv_oai", "uspto_dtd"}


def test_records_items_and_refusals_add_up_by_folder(shared_data: Path, found: dict[Path, Found]) -> None:
    """The table of the closing note: run with `-s` to have it printed."""
    counted: dict[str, tuple[int, int, int]] = {}
    for name in READ_BY:
        mine = [told for path, told in found.items() if (shared_data / "feeds" / name) in path.parents]
        items = sum(isinstance(one, Item) for told in mine for one in told)
        issues = [one for told in mine for one in told if isinstance(one, Issue)]
        lost = sum(map(_lost, mine))
        counted[name] = (len(mine), items + lost, items)
        told_as = ", ".join(f"{code} {times}" for code, times in sorted(Counter(one.code for one in issues).items()))
        print(f"| {name} | {len(mine)} | {items + lost} | {items} | {told_as or 'none'} |")
    assert counted == COUNTS


def test_no_field_is_left_over(found: dict[Path, Found]) -> None:
    """Of arXiv's and the USPTO's formats, where a parser cannot tell by itself, by the tests of these parsers."""
    strangers = {
        path.name: issue.data
        for path, told in found.items()
        for issue in told
        if isinstance(issue, Issue) and issue.code in ("field-unknown", "element-unknown", "entity-unknown")
    }
    assert strangers == {}


def test_every_item_says_what_an_item_must_say(found: dict[Path, Found]) -> None:
    items = [one for told in found.values() for one in told if isinstance(one, Item)]
    sources = {name: load_source(name) for name in {item.source for item in items}}
    for item in items:
        source = sources[item.source]
        assert item.title.strip(), item.id
        assert item.language == UNDETERMINED or (len(item.language) == 2 and item.language.islower()), item.id
        assert all(country_code(code) == code for code in item.countries), item.id
        assert len(set(item.countries)) == len(item.countries), item.id
        assert len(set(item.organisations)) == len(item.organisations), item.id
        assert all(name.strip() for name in (*item.organisations, *item.authors)), item.id
        assert any(f"//{host}/" in item.url or f".{host}/" in item.url for host in source.link_hosts), item.url


def test_the_language_of_genuine_records_is_told(found: dict[Path, Found]) -> None:
    languages = Counter(one.language for told in found.values() for one in told if isinstance(one, Item))
    assert languages[UNDETERMINED] <= 0.015 * languages.total(), languages
    assert languages["en"] >= 0.98 * languages.total(), languages


def test_patents_have_countries_and_their_symbols_a_value(found: dict[Path, Found]) -> None:
    patents = [
        one
        for path, told in found.items()
        for one in told
        if isinstance(one, Item) and path.parts[-2] in ("epo_publication_server", "uspto_xml")
    ]
    assert all(item.countries for item in patents)
    assert any(code.value == "I" for item in patents for code in item.codes)
    assert {code.value for item in patents for code in item.codes} == {"I", "A", None}


def test_a_recorded_search_of_ops_is_read_as_an_answer(shared_data: Path) -> None:
    """A cassette of a client's test: YAML round the bytes that OPS has sent."""
    cassette: dict[str, Any] = yaml.safe_load(
        (shared_data / "feeds/epo_ops/TestSearchApi.test_search.yaml").read_text(encoding="utf-8")
    )
    answers = [entry["response"]["content"].encode() for entry in cassette["interactions"]]
    assert answers
    for answer in answers:
        told = list(load_source("epo_ops").parse_items(BytesIO(answer)))
        assert told
        assert not [one for one in told if isinstance(one, Issue) and one.code == "field-unknown"]
