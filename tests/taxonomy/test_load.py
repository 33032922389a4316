"""Area files: validated, versioned by content, each mistake named by file and line."""

from pathlib import Path

import pytest
import yaml

from horizon.errors import TaxonomyError
from taxonomy.load import AREAS, load_area, load_taxonomy

SHIPPED = sorted(AREAS.glob("*.yml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in SHIPPED:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def _edit(path: Path, old: str, new: str) -> int:
    """Replace the first occurrence and return its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_shipped_taxonomy_has_the_eleven_areas_of_the_policy() -> None:
    areas = load_taxonomy().areas
    assert [(area.tier, area.id) for area in areas] == [
        (1, "biomanufacturing"),
        (1, "brain_computer_interface"),
        (1, "cell_and_gene_therapy"),
        (1, "embodied_intelligence"),
        (2, "fourth_generation_semiconductors"),
        (2, "neuromorphic_intelligence"),
        (2, "silicon_photonics"),
        (2, "sixth_generation_mobile"),
        (3, "controlled_nuclear_fusion"),
        (3, "quantum_technology"),
        (3, "regenerative_medicine"),
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_each_area_is_rich_enough_in_both_languages(path: Path) -> None:
    area = load_area(path)
    assert len(area.terms) >= 40
    assert sum(term.lang == "zh" for term in area.terms) >= 10
    assert all(len(route.terms) >= 6 for route in area.routes)
    assert len(area.routes) >= 4
    assert len(area.examples.yes) >= 6
    assert len(area.examples.no) >= 6
    assert area.codes.arxiv or area.codes.cpc.core


def test_the_lens_of_an_area_is_that_of_its_tier() -> None:
    aspects = {
        1: {"cost_reduction", "accessibility", "ecosystem", "product_engineering", "industrialisation"},
        2: {"product_design", "application_scenario", "market_validation", "prototype"},
        3: {"challenge_solved", "route_convergence", "feasibility"},
    }
    for area in load_taxonomy().areas:
        assert {lens.id for lens in area.lens} == aspects[area.tier], area.id


def test_the_version_follows_content_and_not_layout(folder: Path) -> None:
    before = load_taxonomy(folder).version
    path = folder / SHIPPED[0].name
    path.write_text("# a comment\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_taxonomy(folder).version == before
    _edit(path, "weight: 3", "weight: 2.5")
    assert load_taxonomy(folder).version != before


def test_a_wrong_value_is_named_by_file_and_line(folder: Path) -> None:
    path = folder / "quantum_technology.yml"
    line = _edit(path, "sector: information", "sector: magic")
    with pytest.raises(TaxonomyError, match="sector") as caught:
        load_taxonomy(folder)
    assert (caught.value.file, caught.value.line) == (path, line)


def test_broken_yaml_is_named_by_file_and_line(folder: Path) -> None:
    path = folder / "quantum_technology.yml"
    line = _edit(path, "sector: information", "sector: [information")
    with pytest.raises(TaxonomyError, match="not readable as YAML") as caught:
        load_taxonomy(folder)
    assert caught.value.file == path
    assert caught.value.line is not None
    assert caught.value.line >= line


def test_a_missing_part_is_reported_at_its_parent(folder: Path) -> None:
    path = folder / "quantum_technology.yml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    del data["codes"]
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with pytest.raises(TaxonomyError, match="codes: Field required") as caught:
        load_taxonomy(folder)
    assert caught.value.line == 1


def test_an_unknown_key_is_refused(folder: Path) -> None:
    path = folder / "quantum_technology.yml"
    line = _edit(path, "sector:", "colour: blue\nsector:")
    with pytest.raises(TaxonomyError, match="colour") as caught:
        load_taxonomy(folder)
    assert caught.value.line == line


def test_a_term_in_two_areas_needs_a_reason(folder: Path) -> None:
    term = "{text: an invented phrase, weight: 1}"
    for name in ("quantum_technology.yml", "silicon_photonics.yml"):
        _edit(folder / name, "\nterms:\n", f"\nterms:\n  - {term}\n")
    with pytest.raises(TaxonomyError, match=r"an invented phrase.*shared"):
        load_taxonomy(folder)


def test_a_term_twice_in_one_list_is_refused_whatever_its_dashes(folder: Path) -> None:
    path = folder / "quantum_technology.yml"
    _edit(path, "\nterms:\n", "\nterms:\n  - {text: an invented phrase}\n  - {text: An invented-phrase}\n")
    with pytest.raises(TaxonomyError, match="stands twice") as caught:
        load_taxonomy(folder)
    assert caught.value.line is not None


def test_the_file_is_named_after_its_area(folder: Path) -> None:
    (folder / "quantum_technology.yml").rename(folder / "quanta.yml")
    with pytest.raises(TaxonomyError, match="expected id 'quanta'"):
        load_taxonomy(folder)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="found none"):
        load_taxonomy(tmp_path)


@pytest.mark.parametrize(
    ("old", "twice"),
    [
        ("tier: 3\n", "tier: 3\ntier: 1\n"),
        ("definition:\n", "definition: {en: one, en: two, zh: 三}\ndefinition:\n"),
    ],
)
def test_a_key_that_stands_twice_is_named_by_file_and_line(folder: Path, old: str, twice: str) -> None:
    path = folder / "quantum_technology.yml"
    line = _edit(path, old, twice)
    with pytest.raises(TaxonomyError, match="stands twice") as raised:
        load_taxonomy(folder)
    assert raised.value.file == path
    assert raised.value.line == (line + 1 if "tier" in twice else line)


def test_an_alias_of_a_mapping_is_no_repeated_key(tmp_path: Path) -> None:
    """Keys are compared within one mapping only; a mapping that holds itself ends."""
    path = tmp_path / "a.yml"
    path.write_text("- &a {x: 1}\n- *a\n- &b {y: *b}\n", encoding="utf-8")
    with pytest.raises(TaxonomyError) as raised:
        load_area(path)
    assert "stands twice" not in str(raised.value)


@pytest.mark.parametrize("name", ["thirteenth_area.yaml", "thirteenth_area.YML"])
def test_a_file_that_would_be_passed_over_for_its_name_is_a_mistake(folder: Path, name: str) -> None:
    (folder / name).write_text("id: thirteenth_area\n", encoding="utf-8")
    with pytest.raises(TaxonomyError, match=r"ends in \.yml") as raised:
        load_taxonomy(folder)
    assert raised.value.file == folder / name


def test_a_file_in_another_encoding_is_an_error(folder: Path) -> None:
    (folder / "quantum_technology.yml").write_bytes("name: 量子".encode("gb18030"))
    with pytest.raises(TaxonomyError, match="UTF-8"):
        load_taxonomy(folder)


def test_codes_of_patents_follow_the_published_map(shared_data: Path) -> None:
    import json

    path = shared_data.parent / "docs" / "cpc_map.json"
    published = json.loads(path.read_text(encoding="utf-8"))
    for area in load_taxonomy().areas:
        entry = published[area.id]
        assert set(area.codes.cpc.core) == set(entry["core"]), area.id
        assert set(area.codes.cpc.support) == set(entry["support"]), area.id
        assert set(area.codes.cpc.legacy) == set(entry["legacy"]), area.id
        assert set(area.codes.cpc.exclude) == set(entry.get("not", [])), area.id
        assert set(area.codes.cpc.report_separately) == set(entry.get("flag_lenr", [])), area.id
