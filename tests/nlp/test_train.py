"""Training: the same inputs give the same bytes, and only a sound model is loaded."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from horizon.errors import ModelError, UsageError
from nlp.classifier import Classifier
from nlp.features import Document, drop_evidence, read
from nlp.matcher import Matcher
from nlp.model_file import Card
from nlp.train import THRESHOLD_BETA, best_threshold, f1, f_beta, train
from taxonomy.load import Taxonomy


def test_the_same_inputs_give_the_same_bytes(
    labels_file: Path, taxonomy: Taxonomy, model_dir: Path, tmp_path: Path
) -> None:
    train(labels_file, taxonomy, tmp_path)
    for name in ("model.skops", "card.json"):
        assert (tmp_path / name).read_bytes() == (model_dir / name).read_bytes()


def test_the_card_says_what_the_model_was_made_from(model_dir: Path, taxonomy: Taxonomy) -> None:
    card = Card.model_validate_json((model_dir / "card.json").read_bytes())
    assert (card.taxonomy, card.seed, card.rows) == (taxonomy.version, 0, 80)
    assert set(card.areas) == {"quantum_technology", "controlled_nuclear_fusion", "brain_computer_interface"}
    assert "scikit-learn" in card.libraries


def test_a_threshold_for_the_stream_is_higher_than_the_one_of_the_best_f1() -> None:
    """Clear items at 0.9, then a stretch in which each doubtful item of the area comes with one of none."""
    probabilities = np.array([0.9] * 20 + [0.4, 0.4] * 10 + [0.1] * 60)
    truth = np.array([1] * 20 + [1, 0] * 10 + [0] * 60)
    assert best_threshold(probabilities, truth, 1.0) <= 0.4
    assert best_threshold(probabilities, truth, 0.5) > 0.4


def test_f_beta_weighs_recall_by_beta() -> None:
    truth, decided = np.array([1, 1, 1, 1, 0]), np.array([True, True, False, False, False])
    assert f_beta(truth, decided, 1.0) == f1(truth, decided) == pytest.approx(2 / 3)
    assert f_beta(truth, decided, 0.5) == pytest.approx(1.25 * 1.0 * 0.5 / (0.25 * 1.0 + 0.5))
    assert f_beta(np.array([0]), np.array([False]), 0.5) == 0.0


def test_the_card_says_how_thresholds_were_chosen(model_dir: Path) -> None:
    card = Card.model_validate_json((model_dir / "card.json").read_bytes())
    assert card.settings["threshold_beta"] == THRESHOLD_BETA


def test_a_model_altered_by_one_bit_is_refused(model_dir: Path, taxonomy: Taxonomy, tmp_path: Path) -> None:
    content = bytearray((model_dir / "model.skops").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "model.skops").write_bytes(content)
    (tmp_path / "card.json").write_bytes((model_dir / "card.json").read_bytes())
    with pytest.raises(ModelError, match=r"expected .* found .* run horizon train"):
        Classifier.load(tmp_path, taxonomy)


@pytest.mark.parametrize("change", [{"normaliser": "0"}, {"rule_features": []}, {"sha256": 7}])
def test_a_card_that_does_not_fit_is_refused(
    model_dir: Path, taxonomy: Taxonomy, tmp_path: Path, change: dict[str, object]
) -> None:
    card = json.loads((model_dir / "card.json").read_text())
    (tmp_path / "card.json").write_text(json.dumps({**card, **change}))
    (tmp_path / "model.skops").write_bytes((model_dir / "model.skops").read_bytes())
    with pytest.raises(ModelError, match="run horizon train"):
        Classifier.load(tmp_path, taxonomy)


def test_a_missing_model_is_a_clear_error(taxonomy: Taxonomy, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected a trained model, found .* run horizon train"):
        Classifier.load(tmp_path / "none", taxonomy)


def test_a_saved_model_judges_as_the_one_in_memory_and_has_one_fingerprint(model_dir: Path, taxonomy: Taxonomy) -> None:
    one, two = Classifier.load(model_dir, taxonomy), Classifier.load(model_dir, taxonomy)
    documents = [Document("made:1", "Tokamak and qubit", "A divertor.")]
    assert one.fingerprint == two.fingerprint
    assert np.array_equal(one.probabilities(documents), two.probabilities(documents))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty file"),
        ('{"id": "x"}\n', r"train\.jsonl:1"),
        ('{"id": "x", "title": "t", "abstract": "", "areas": ["quantum_technology"]}\n', "at least 10 labelled items"),
    ],
)
def test_unusable_labels_are_a_clear_error(taxonomy: Taxonomy, tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(content)
    with pytest.raises(UsageError, match=message):
        train(path, taxonomy, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_an_unwritable_folder_is_a_clear_error(labels_file: Path, taxonomy: Taxonomy, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="expected a writable folder"):
        train(labels_file, taxonomy, tmp_path / "file")


def test_dropping_evidence_takes_codes_and_whole_terms_away(taxonomy: Taxonomy) -> None:
    text = "Tokamak, tokamak and tokamak: divertor, stellarator, inertial confinement fusion"
    reading = read(Document("made:1", text, text), Matcher(taxonomy), taxonomy)
    before = {hit.concept.text for hit in reading.hits["controlled_nuclear_fusion"]}
    dropped = drop_evidence(reading, Random(3), 0.5)
    after = {hit.concept.text for hit in dropped.hits["controlled_nuclear_fusion"]}
    assert set() < after < before
    assert not dropped.codes
    assert not drop_evidence(reading, Random(3), 1.0).hits


@pytest.mark.slow
def test_trained_on_real_labels_it_beats_the_target_on_the_dev_items(
    shared_data: Path, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    from nlp.evaluate import evaluate

    train(shared_data / "labels" / "train.jsonl", taxonomy, tmp_path)
    report = evaluate(shared_data / "labels" / "dev.jsonl", Classifier.load(tmp_path, taxonomy))
    assert report.macro_f1 >= 0.75
