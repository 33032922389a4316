"""A new area from its file and a handful of labelled items."""

import json
from pathlib import Path

import numpy as np
import pytest

from horizon.errors import UsageError
from nlp.classifier import Classifier
from nlp.features import Document
from nlp.model_file import load_model
from nlp.new_area import add_area
from taxonomy.load import Taxonomy

AREA = "silicon_photonics"
"""In the taxonomy, but without a single label in the invented ones."""


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Twelve items of the area, by a word that its file does not know, and twelve of none."""
    rows = [
        {"id": f"new:{n}", "title": f"A glimmerchip of kind {n}", "abstract": "The glimmerchip is tested.",
         "areas": [AREA]} for n in range(12)
    ] + [
        {"id": f"old:{n}", "title": f"A glacier of kind {n}", "abstract": "The glacier is tested.", "areas": []}
        for n in range(12)
    ]  # fmt: skip
    path = tmp_path / "few.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_new_area_is_learnt_and_the_others_stay_as_they_were(
    few: Path, labels_file: Path, model_dir: Path, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    card = add_area(AREA, few, taxonomy, model_dir, tmp_path / "grown", others=[labels_file])
    before, after = Classifier.load(model_dir, taxonomy), Classifier.load(tmp_path / "grown", taxonomy)
    assert card.areas[AREA].positives == 12
    assert card.areas[AREA].f1 > 0.5
    assert card.areas[AREA].average_precision > 0.5
    assert after.fingerprint != before.fingerprint
    column = after.taxonomy_areas.index(AREA)
    documents = [
        Document("x:1", "Silicon photonics for optical interconnects", "A silicon photonic modulator."),
        Document("x:2", "Tokamak with divertor", "A tokamak."),
    ]
    old, new = before.probabilities(documents), after.probabilities(documents)
    others = [place for place in range(len(after.taxonomy_areas)) if place != column]
    assert np.array_equal(old[:, others], new[:, others])
    assert new[0, column] > 0.5 > new[1, column]


def test_the_same_few_items_give_the_same_bytes(
    few: Path, labels_file: Path, model_dir: Path, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        add_area(AREA, few, taxonomy, model_dir, tmp_path / name, others=[labels_file])
    assert (tmp_path / "one" / "model.skops").read_bytes() == (tmp_path / "two" / "model.skops").read_bytes()


def test_an_area_trained_again_replaces_its_heads(
    few: Path, labels_file: Path, model_dir: Path, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    add_area(AREA, few, taxonomy, model_dir, tmp_path / "one", others=[labels_file])
    add_area(AREA, few, taxonomy, tmp_path / "one", tmp_path / "two", others=[labels_file])
    assert load_model(tmp_path / "two")[0].cheap.heads.areas.count(AREA) == 1


@pytest.mark.parametrize(
    ("area", "message"), [("moon_building", "add its file"), ("embodied_intelligence", "label more items")]
)
def test_unusable_requests_are_a_clear_error(
    few: Path, model_dir: Path, taxonomy: Taxonomy, tmp_path: Path, area: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        add_area(area, few, taxonomy, model_dir, tmp_path / "grown")
