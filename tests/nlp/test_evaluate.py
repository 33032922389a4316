"""Measures of quality, on cases counted by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score  # type: ignore[import-untyped]  # ships no types

from horizon.errors import UsageError
from nlp.classifier import Classifier
from nlp.evaluate import evaluate
from nlp.explain import explain
from nlp.features import Document
from nlp.labelled import read_labels
from nlp.measures import average_precision, calibration_error, f1_by_column, reliability
from nlp.vectorizer import Vectorizer
from taxonomy.load import Taxonomy


def test_f1_and_average_precision_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(0)
    truth, scores = random.random(200) < 0.3, random.random(200)
    decided = scores > 0.6
    assert f1_by_column(truth[:, None], decided[:, None])[0] == pytest.approx(f1_score(truth, decided))
    assert average_precision(truth, scores) == pytest.approx(average_precision_score(truth, scores))
    assert average_precision(np.zeros(3, dtype=bool), scores[:3]) == 0.0


def test_a_report_covers_every_area_and_its_interval_holds_the_mean(labels_file: Path, classifier: Classifier) -> None:
    report = evaluate(labels_file, classifier)
    assert len(report.areas) == len(classifier.taxonomy.areas)
    assert report.macro_f1_lo95 <= report.macro_f1 <= report.macro_f1_hi95
    assert report.macro_f1 > 0.9
    assert report == evaluate(labels_file, classifier)
    assert "| quantum_technology | 16 |" in report.to_markdown()


def test_calibration_error_is_the_distance_of_probability_from_the_share_that_is_right() -> None:
    probabilities = np.array([0.85] * 10 + [0.15] * 10)
    truth = np.array([True] * 6 + [False] * 4 + [True] * 2 + [False] * 8)
    assert calibration_error(truth, probabilities) == pytest.approx((0.25 + 0.05) / 2)
    assert [(each.items, each.share_right) for each in reliability(truth, probabilities)] == [(10, 0.2), (10, 0.6)]


def test_a_report_tells_sources_eras_and_the_boundary_apart(
    labels_file: Path, classifier: Classifier, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in labels_file.read_text().splitlines()]
    marked = [
        {**row, "source": "arxiv" if n % 2 else "patent", "near_miss": ["quantum_technology"] if n > 70 else []}
        for n, row in enumerate(rows)
    ]
    path = tmp_path / "marked.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in marked))
    slices = {each.name: each.rows for each in evaluate(path, classifier).slices}
    assert (slices["source arxiv"], slices["source patent"], slices["near miss or doubtful"]) == (40, 40, 9)
    assert (slices["near miss"], slices["neither"]) == (9, 71)
    assert "doubtful" not in slices


def test_a_slice_without_labels_has_no_f1_and_tells_what_was_assigned(
    labels_file: Path, classifier: Classifier, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in labels_file.read_text().splitlines()]
    path = tmp_path / "unlabelled.jsonl"
    near = [{**row, "areas": [], "near_miss": row["areas"]} for row in rows[:4]]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*near, *rows[4:]]))
    report = evaluate(path, classifier)
    part = next(each for each in report.slices if each.name == "near miss")
    assert (part.rows, part.labels, part.assigned) == (4, 0, 4)
    assert "| near miss | 4 | 0 in 0 | 4 | no label |" in report.to_markdown()


def test_every_label_right_is_not_certain_to_be_right_always(labels_file: Path, classifier: Classifier) -> None:
    quantum = next(each for each in evaluate(labels_file, classifier).areas if each.area == "quantum_technology")
    assert quantum.precision == 1.0
    assert 0.7 < quantum.precision_95[0] < 0.9


def test_a_week_s_precision_has_a_floor_without_a_stream(labels_file: Path, classifier: Classifier) -> None:
    report = evaluate(labels_file, classifier)
    assert [each.prevalence for each in report.prevalence] == [0.02, 0.04, 0.06]
    assert "estimated as a floor" in report.to_markdown()


def test_precision_on_a_stream_is_weighted_by_what_the_stream_holds(labels_file: Path, classifier: Classifier) -> None:
    stream = [Document("made:1", "A study of trapped ion under noise", "We measure trapped ion.")]
    stream += [Document(f"made:{n}", "Whale song", "Of glaciers.") for n in range(2, 21)]
    report = evaluate(labels_file, classifier, stream=stream)
    quantum = next(each for each in report.stream if each.area == "quantum_technology")
    assert quantum.assigned_share == 0.05
    assert quantum.precision is not None
    assert 0.9 <= quantum.precision <= 1.0
    assert next(each for each in report.stream if each.area == "silicon_photonics").precision is None
    assert "estimated" in report.to_markdown()
    assert not evaluate(labels_file, classifier).stream


def test_tf_idf_agrees_with_scikit_learn() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]  # ships no types

    texts = ["the qubit is cold", "the cold tokamak , the hot plasma", "qubit plasma qubit", "a rare word"]
    ours = Vectorizer.fit([text.split() for text in texts], min_df=2)
    theirs = TfidfVectorizer(
        sublinear_tf=True, min_df=2, ngram_range=(1, 2), tokenizer=str.split, token_pattern=None, norm="l2"
    )
    kept = [gram for gram in theirs.fit(texts).get_feature_names_out() if "," not in gram]
    assert sorted(ours.vocabulary) == sorted(kept)
    assert ours.transform([text.split() for text in texts]).toarray() == pytest.approx(
        theirs.transform(texts).toarray(), abs=1e-6
    )


def test_chinese_is_counted_in_characters_pairs_and_triples() -> None:
    texts = [list("量子计算"), list("量子计数"), ["quantum", *"量子"], []]
    vectorizer = Vectorizer.fit(texts, min_df=2)
    assert sorted(vectorizer.vocabulary) == sorted(["量", "子", "计", "量 子", "子 计", "量 子 计"])
    counts = (vectorizer.transform(texts).toarray() > 0).sum(axis=1)
    assert counts.tolist() == [6, 6, 3, 0]


def test_an_explanation_names_words_places_routes_and_probability(taxonomy: Taxonomy, classifier: Classifier) -> None:
    document = Document("made:1", "Tokamak \x1b[31mdisruptions", "A tokamak disruption in medieval poetry.")
    text = explain(document, taxonomy, classifier)
    assert "controlled_nuclear_fusion" in text
    assert "'Tokamak' = tokamak [title 0-7]" in text
    assert "route tokamak" in text
    assert "assigned" in text
    assert "\x1b" not in text
    assert "assigned" not in explain(document, taxonomy)


def test_an_explanation_of_nothing_says_so(taxonomy: Taxonomy) -> None:
    assert "No area" in explain(Document("made:1", "Whale song"), taxonomy)


def test_items_of_no_known_area_cannot_measure_anything(classifier: Classifier, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"id": "a", "title": "A tokamak", "areas": ["fusion"]}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="found fusion in 1 items; check the area ids"):
        evaluate(path, classifier)


def test_an_area_that_is_not_in_a_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"id": "a", "title": "A tokamak", "areas": "controlled_nuclear_fusion"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"labels.jsonl:1, found .* where a list of area ids belongs"):
        read_labels(path)
