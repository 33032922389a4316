"""The encoder: the pinned weights, the same vector for the same text, and life without it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from horizon.errors import ModelError
from nlp import embeddings as encoding
from nlp.classifier import MEANING, Classifier
from nlp.embeddings import Encoder, Vectors, load_encoder, packaged_model
from nlp.evaluate import evaluate
from nlp.features import Document
from nlp.train import train
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy

WIDTH = 16


class CountingEncoder(Encoder):
    """Hashes words into a few numbers, so that tests of the cascade need no torch."""

    def __init__(self, identity: str = "toy") -> None:
        self.read: list[str] = []
        super().__init__(identity, "fp32", self._embed, WIDTH, english=True)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        self.read += texts
        table = np.full((len(texts), WIDTH), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                table[row, sum(word.encode()) % WIDTH] += 1.0
        unit: Vectors = table / np.linalg.norm(table, axis=1, keepdims=True)
        return unit


@pytest.fixture(scope="module")
def cascade_dir(labels_file: Path, taxonomy: Taxonomy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two stages."""
    folder = tmp_path_factory.mktemp("cascade")
    train(labels_file, taxonomy, folder, encoder=CachedEncoder(CountingEncoder()))
    return folder


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> CountingEncoder:
    """The encoder that loading finds."""
    found = CountingEncoder()
    monkeypatch.setattr("nlp.classifier.load_encoder", lambda folder: found)
    return found


def test_the_packaged_encoder_knows_what_is_alike() -> None:
    encoder = load_encoder()
    assert encoder is not None
    texts = ["a superconducting qubit", "quantum computing hardware", "medieval tax law"]
    vectors = encoder.encode(texts)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-3)
    assert vectors[0] @ vectors[1] > 0.4 > 0.15 > vectors[0] @ vectors[2]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_its_forty_lines_of_bert_agree_with_sentence_transformers() -> None:
    encoder, folder = load_encoder(), packaged_model()
    assert encoder is not None
    assert folder is not None
    theirs = encoding._sentence_transformer(folder)
    texts = ["a superconducting qubit", "word " * 400, "Ga2O3 and 量子", "The stellarator is stable. " * 9]
    assert (encoder.encode(texts) * theirs.encode(texts)).sum(axis=1).min() > 0.999


def test_a_vector_does_not_depend_on_the_company_of_other_texts() -> None:
    encoder = load_encoder()
    assert encoder is not None
    alone = encoder.encode(["a tokamak"])[0]
    assert np.array_equal(encoder.encode(["x " * 300, "a tokamak", ""])[1], alone)
    assert encoder.encode([]).shape == (0, 384)


def test_weights_other_than_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "WEIGHTS_SHA256", "0" * 64)
    folder = packaged_model()
    assert folder is not None
    with pytest.raises(ModelError, match=r"expected model\.safetensors with SHA-256 0000.* found 53aa5117"):
        encoding._minilm(folder)


def test_a_folder_without_an_encoder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected the folder of a sentence encoder"):
        load_encoder(tmp_path)


def test_no_text_is_embedded_twice_and_a_torn_record_is_left_out(tmp_path: Path) -> None:
    first = CountingEncoder()
    before = CachedEncoder(first, tmp_path).encode(["one", "two", "one"])
    assert first.read == ["one", "two"]
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    second = CountingEncoder()
    again = CachedEncoder(second, tmp_path)
    assert np.array_equal(again.encode(["one", "two", "one"]), before)
    assert second.read == ["two"]
    assert np.array_equal(CachedEncoder(CountingEncoder(), tmp_path).encode(["two"]), before[1:2])


def test_a_cache_changes_no_vector(tmp_path: Path) -> None:
    assert np.array_equal(
        CachedEncoder(CountingEncoder()).encode(["one two three"]),
        CachedEncoder(CountingEncoder(), tmp_path).encode(["one two three"]),
    )


def test_only_what_words_and_rules_leave_open_is_read_by_the_encoder(
    cascade_dir: Path, taxonomy: Taxonomy, toy: CountingEncoder
) -> None:
    classifier = Classifier.load(cascade_dir, taxonomy)
    assert classifier.degraded is None
    boring = [Document(f"made:{n}", "Whale song", "Of glaciers and medieval poetry.") for n in range(50)]
    open_one = Document("made:51", "A control problem", "We mention a trapped ion and noise.")
    list(classifier.judge([*boring, open_one]))
    assert set(toy.read) <= {"A control problem. We mention a trapped ion and noise."}
    list(classifier.judge(boring[:1], read_all=True))
    assert toy.read[-1].startswith("Whale song")


def test_the_second_stage_names_the_two_nearest_labelled_items_and_its_own_part(
    cascade_dir: Path, taxonomy: Taxonomy, toy: CountingEncoder
) -> None:
    classifier = Classifier.load(cascade_dir, taxonomy)
    text = "We measure trapped ion and improve its control. The method lowers errors."
    (judgements,) = classifier.judge([Document("made:x", "A study of trapped ion under noise", text)], read_all=True)
    quantum = next(each for each in judgements if each.area == "quantum_technology")
    neighbours = [each for each in quantum.evidence if each.kind == "neighbour"]
    assert neighbours[0].concept == "labelled as this area"
    assert len(neighbours) == 2
    assert all(each.text.startswith("made:") and (each.weight or 0) <= 1.001 for each in neighbours)
    assert neighbours[0].weight == pytest.approx(1.0, abs=0.01)
    assert any(each.text == MEANING for each in quantum.evidence)


def test_without_the_encoder_it_works_says_so_and_has_another_name(
    cascade_dir: Path, taxonomy: Taxonomy, labels_file: Path, toy: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Classifier.load(cascade_dir, taxonomy)
    monkeypatch.setattr("nlp.classifier.load_encoder", lambda folder: None)
    without = Classifier.load(cascade_dir, taxonomy)
    assert without.degraded is not None
    assert without.fingerprint != whole.fingerprint
    report = evaluate(labels_file, without)
    assert report.macro_f1 > 0.9
    assert "Degraded: expected the sentence encoder" in report.to_markdown()


def test_another_encoder_than_that_of_training_is_not_used(
    cascade_dir: Path, taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = CountingEncoder("other")
    monkeypatch.setattr("nlp.classifier.load_encoder", lambda folder: other)
    classifier = Classifier.load(cascade_dir, taxonomy)
    list(classifier.judge([Document("made:1", "Trapped ion", "A tokamak.")], read_all=True))
    assert classifier.degraded is not None
    assert not other.read


def test_labels_do_not_depend_on_batches_in_the_second_stage(
    cascade_dir: Path, taxonomy: Taxonomy, toy: CountingEncoder
) -> None:
    classifier = Classifier.load(cascade_dir, taxonomy)
    others = [Document(f"made:{n}", f"Divertor number {n}", "A trapped ion, noise, control.") for n in range(300)]
    one = Document("made:x", "A control problem", "We mention a trapped ion and noise.")
    assert list(classifier.judge([*others, one]))[-1] == next(classifier.judge([one]))
