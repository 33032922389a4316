"""The model card tells what the model is and how it was measured."""

from pathlib import Path

import pytest

from horizon.errors import ModelError
from nlp.classifier import Classifier
from nlp.evaluate import evaluate
from nlp.model_card import write_model_card
from nlp.model_file import Card
from taxonomy.load import Taxonomy


def test_a_card_tells_data_settings_and_held_out_quality(
    labels_file: Path, model_dir: Path, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    card = Card.model_validate_json((model_dir / "card.json").read_bytes())
    report = evaluate(labels_file, Classifier.load(model_dir, taxonomy))
    text = write_model_card(tmp_path, card, report).read_text()
    assert card.data_sha256 in text
    assert "| quantum_technology | 16 |" in text
    assert "words and rules alone" in text
    assert "| 0.9 to 1.0 |" in text
    again = write_model_card(tmp_path, card, report).read_text()
    assert again == text
    with pytest.raises(ModelError, match="expected a writable folder"):
        write_model_card(tmp_path / "none", card, report)
