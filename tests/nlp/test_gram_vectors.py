"""Vectors guessed from n-grams: learnt from texts and their vectors, shipped with a hash."""

from pathlib import Path

import numpy as np
import pytest

from horizon.errors import ModelError
from nlp import gram_vectors
from nlp.classifier import GUESSED_MEANING, Classifier
from nlp.embeddings import Vectors
from nlp.features import Document
from nlp.gram_vectors import GramVectors, learn, load_gram_vectors
from nlp.vectorizer import Vectorizer
from taxonomy.load import Taxonomy

_SUBJECTS = ("qubit", "tokamak", "glacier", "whale", "poetry", "neuron")


def _texts(rows: int, seed: int) -> list[tuple[str, ...]]:
    random = np.random.default_rng(seed)
    return [
        (*random.choice(_SUBJECTS, size=3).tolist(), *(f"filler{n}" for n in random.integers(0, 40, size=20)))
        for _ in range(rows)
    ]


def _meaning(texts: list[tuple[str, ...]]) -> Vectors:
    """A toy encoder: how often each subject is named, turned into eight numbers, at unit length."""
    turn = np.random.default_rng(1).normal(size=(len(_SUBJECTS), 8))
    counts = np.array([[text.count(subject) for subject in _SUBJECTS] for text in texts])
    vectors = counts @ turn
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _learnt(path: Path) -> GramVectors:
    texts = _texts(1500, seed=2)
    path.write_bytes(learn(Vectorizer.fit(texts, min_df=3), texts, _meaning(texts), width=6))
    return load_gram_vectors(path)


def test_texts_alike_in_meaning_are_alike_in_their_guessed_vectors(tmp_path: Path) -> None:
    table, unseen = _learnt(tmp_path / "grams.skops"), _texts(200, seed=3)
    guessed, meant = table.encode(unseen), _meaning(unseen)
    meant = meant - _meaning(_texts(1500, seed=2)).mean(axis=0)
    meant /= np.linalg.norm(meant, axis=1, keepdims=True)
    pairs = np.triu_indices(200, 1)
    assert np.corrcoef((guessed @ guessed.T)[pairs], (meant @ meant.T)[pairs])[0, 1] > 0.9


def test_the_same_texts_give_the_same_file_and_a_text_the_same_vector_in_any_company(tmp_path: Path) -> None:
    one, two = _learnt(tmp_path / "one.skops"), _learnt(tmp_path / "two.skops")
    assert (tmp_path / "one.skops").read_bytes() == (tmp_path / "two.skops").read_bytes()
    assert one.identity == two.identity
    texts = _texts(300, seed=4)
    assert np.array_equal(one.encode(texts)[7], one.encode(texts[7:8])[0])


def test_a_text_of_unknown_words_has_the_zero_vector_and_others_length_one(tmp_path: Path) -> None:
    vectors = _learnt(tmp_path / "grams.skops").encode([("never", "seen"), ("qubit", "filler3")])
    assert not vectors[0].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(1.0, abs=1e-5)


def test_an_altered_or_missing_table_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="expected the n-grams' vectors, found No such file"):
        load_gram_vectors(tmp_path / "absent.skops")
    _learnt(tmp_path / "grams.skops")
    monkeypatch.setattr(gram_vectors, "SHIPPED", tmp_path / "grams.skops")
    load_gram_vectors.cache_clear()
    with pytest.raises(ModelError, match="the file was altered: install again"):
        load_gram_vectors(tmp_path / "grams.skops")
    load_gram_vectors.cache_clear()


def test_a_model_trained_with_another_table_is_refused(
    model_dir: Path, taxonomy: Taxonomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _learnt(tmp_path / "grams.skops")
    monkeypatch.setattr("nlp.model_file.load_gram_vectors", lambda: other)
    with pytest.raises(ModelError, match=r"expected n-grams' vectors \w+, found \w+ .* run horizon train"):
        Classifier.load(model_dir, taxonomy)


def test_the_first_stage_alone_names_the_nearest_labelled_items_and_what_the_words_meant(
    classifier: Classifier,
) -> None:
    text = "We measure trapped ion and improve its control. The method lowers errors."
    (judgements,) = classifier.judge([Document("made:x", "A study of trapped ion under noise", text)])
    quantum = next(each for each in judgements if each.area == "quantum_technology")
    neighbours = [each for each in quantum.evidence if each.kind == "neighbour"]
    assert neighbours[0].concept == "labelled as this area"
    assert neighbours[0].weight == pytest.approx(1.0, abs=0.01)
    assert any(each.text == GUESSED_MEANING for each in quantum.evidence)
