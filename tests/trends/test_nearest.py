"""Nearest area and sector: the geometry by hand-made vectors, the sectors' words by titles that we wrote."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from horizon.errors import TaxonomyError, UsageError
from nlp.features import Document, Reader
from nlp.gram_vectors import load_gram_vectors
from nlp.matcher import matcher_of
from nlp.model_file import SHIPPED, load_model
from taxonomy.load import load_taxonomy
from trends.nearest import Centroids, Sectors, Vectors, centroids_of, is_far, load_sectors, nearest, sector_texts, unit

TITLES = {
    "space": [
        "Broadband internet from a constellation of small satellites",
        "Powered descent guidance for landing reusable rockets",
        "Autonomous docking of spacecraft for in-orbit servicing and refuelling",
        "Active removal of debris from low Earth orbit",
        "Low-thrust transfers between lunar orbits",
        "Attitude control of a CubeSat with reaction wheels",
        "Extracting water from lunar regolith to make propellant",
        "Wear of Hall thrusters in long missions",
        "Precise positioning with GNSS receivers",
    ],
    "health": ["Vaccination against influenza in nursing homes", "Sequencing single cells of breast cancer patients"],
    "energy": ["Fast charging of lithium-ion batteries", "Perovskite solar cells of high efficiency"],
    "materials": ["Fracture of high entropy alloys", "Superconductivity in twisted bilayer graphene"],
    "manufacturing": ["Porosity in laser powder bed fusion of metal parts", "Predicting tool wear in milling"],
    "information": ["Pre-training language models on source code", "Intrusion detection in cloud data centres"],
}
SCIENCE = ["Cosmic shear and the density of dark matter", "Regularity of solutions to parabolic equations"]


def encoded(texts: list[str]) -> Vectors:
    read = reader().read
    return load_gram_vectors().encode([read(Document("test:1", text)).words for text in texts])


@cache
def reader() -> Reader:
    taxonomy = load_taxonomy()
    return Reader(taxonomy, matcher_of(taxonomy))


@cache
def sectors() -> Sectors:
    names, texts = zip(*sector_texts(), strict=True)
    return Sectors.of(names, encoded(list(texts)))


def test_titles_of_unlisted_fields_of_space_go_to_space() -> None:
    assert sectors().nearest(encoded(TITLES["space"])) == ["space"] * len(TITLES["space"])


def test_nine_titles_in_ten_go_to_their_sector() -> None:
    pairs = [(sector, title) for sector, titles in TITLES.items() for title in titles]
    found = sectors().nearest(encoded([title for _, title in pairs]))
    wrong = [title for (sector, title), each in zip(pairs, found, strict=True) if sector != each]
    assert len(wrong) <= 0.1 * len(pairs), wrong


def test_basic_science_is_in_no_sector() -> None:
    assert sectors().nearest(encoded(SCIENCE)) == [None, None]


def test_a_text_of_which_nothing_is_known_is_near_nothing() -> None:
    around = centroids_of(np.eye(128, dtype=np.float32)[:2], [frozenset({"a"}), frozenset({"b"})])
    [found] = nearest(encoded(["卫星在轨服务"]), around, {}, sectors())
    assert (found.area, found.near, found.sector) == (None, False, None)


def test_every_area_of_the_shipped_labels_has_a_centroid_that_finds_most_of_its_items() -> None:
    labelled = load_model(SHIPPED)[0].labelled
    assert labelled is not None
    around = centroids_of(labelled.guessed_units, labelled.areas)
    assert set(around.names) == {area.id for area in load_taxonomy().areas}
    in_one = [row for row, areas in enumerate(labelled.areas) if len(areas) == 1]
    found = nearest(labelled.guessed_units[in_one], around, {}, sectors())
    right = [each.area in labelled.areas[row] for each, row in zip(found, in_one, strict=True)]
    assert np.mean(right) > 0.85


def test_a_near_item_takes_its_areas_sector_and_a_far_one_that_of_a_field() -> None:
    around = Centroids(("fusion",), np.array([[1, 0, 0]], np.float32), np.array([0.8]))
    fields = Sectors.of(["space", "energy"], np.array([[0, 1, 0], [1, 0, 0]], np.float32))
    near, far = nearest(np.array([[1, 0.1, 0], [0.1, 1, 0]], np.float32), around, {"fusion": "energy"}, fields)
    assert (near.area, near.near, near.sector) == ("fusion", True, "energy")
    assert (far.area, far.near, far.sector) == ("fusion", False, "space")


def test_centroids_leave_out_labels_without_vectors_and_floors_lie_below_most_items() -> None:
    angles = np.linspace(-0.4, 0.4, 41)
    near = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    vectors = np.vstack([near, np.array([[0, 0], [np.nan, 1]])]).astype(np.float32)
    around = centroids_of(vectors, [frozenset({"a"})] * 41 + [frozenset({"b"})] * 2)
    assert around.names == ("a",)
    assert np.flatnonzero(is_far(vectors, around)).tolist() == [
        0,
        40,
    ]  # the outermost; of the last two nothing is known
    assert is_far(np.array([[0, 1]], np.float32), around).all()
    assert not centroids_of(np.zeros((0, 2), np.float32), []).names


def test_without_centroids_everything_known_is_far() -> None:
    none = centroids_of(np.zeros((0, 2), np.float32), [])
    assert is_far(np.array([[1, 0], [0, 0]], np.float32), none).tolist() == [True, False]


def test_mismatched_inputs_are_told() -> None:
    with pytest.raises(UsageError, match="one set an item"):
        centroids_of(np.eye(2, dtype=np.float32), [frozenset()])
    with pytest.raises(UsageError, match="a vector for each"):
        Sectors.of(["space"], np.eye(2, dtype=np.float32))
    with pytest.raises(UsageError, match="one vector a row"):
        unit(np.zeros(3, np.float32))


def test_a_sector_file_that_lacks_a_sector_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sectors.yml"
    path.write_text("space:\n  name: {en: Space, zh: 空间}\n  fields: [rockets]\n", encoding="utf-8")
    with pytest.raises(TaxonomyError, match="in this order"):
        load_sectors(path)
    path.write_text("space: [rockets]\n", encoding="utf-8")
    with pytest.raises(TaxonomyError, match="a name and fields"):
        load_sectors(path)
