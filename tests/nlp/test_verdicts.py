"""Experts teach: verdicts become labels, a worse model is refused, changes of labels are told with their reasons."""

import json
from pathlib import Path

import pytest

from horizon.errors import ModelRefused, UsageError
from nlp.classifier import Classifier
from nlp.features import Document
from nlp.labelled import LabelledDocument, read_labels
from nlp.train import fit
from nlp.training_set import training_set
from nlp.verdicts import Comparison, TeachingVerdict, compare, label_diff, read_verdicts, refuse_worse, teach
from taxonomy.load import Taxonomy

_WHALE = Document("made:whale", "Whale song", "Of glaciers.")
_QUBIT = Document("made:qubit", "A trapped ion", "Quantum error correction.")


def test_verdicts_become_labels_and_the_later_one_stands() -> None:
    rows = [LabelledDocument(_QUBIT, frozenset({"quantum_technology"}), near_miss=frozenset({"silicon_photonics"}))]
    verdicts = [
        TeachingVerdict(_QUBIT, "silicon_photonics", "accept"),
        TeachingVerdict(_QUBIT, "quantum_technology", "reject"),
        TeachingVerdict(_WHALE, "quantum_technology", "relabel", frozenset({"regenerative_medicine"})),
        TeachingVerdict(_WHALE, "regenerative_medicine", "reject"),
    ]
    taught = teach(rows, verdicts)
    assert [(row.document.id, row.areas, row.near_miss) for row in taught] == [
        ("made:qubit", {"silicon_photonics"}, frozenset()),
        ("made:whale", frozenset(), frozenset()),
    ]


def test_a_verdict_on_one_area_says_nothing_of_the_others() -> None:
    (whale,) = teach([], [TeachingVerdict(_WHALE, "quantum_technology", "reject")])
    assert whale.judged("quantum_technology")
    assert not whale.judged("silicon_photonics")
    (told,) = teach([whale], [TeachingVerdict(_WHALE, "quantum_technology", "relabel")])
    assert told.judged("silicon_photonics")


def test_what_nobody_judged_counts_neither_for_nor_against(labels_file: Path, taxonomy: Taxonomy) -> None:
    rows, _ = read_labels(labels_file)
    strange = [Document(f"made:strange{n}", f"Glacier number {n}", "Whale song in the soil.") for n in range(40)]
    rejected = teach(rows, [TeachingVerdict(each, "quantum_technology", "reject") for each in strange])
    column = [area.id for area in taxonomy.areas].index("controlled_nuclear_fusion")
    heads = [fit(some, taxonomy, weak=False)[0].cheap.heads for some in (rows, rejected)]
    places = [head.areas.index("controlled_nuclear_fusion") for head in heads]
    weights = training_set(rejected, taxonomy, weak=False).weights
    assert weights[: len(rows), column].all()
    assert not weights[len(rows) :, column].any()
    assert heads[0].intercepts[places[0]] == pytest.approx(heads[1].intercepts[places[1]], abs=0.5)


def test_verdicts_are_read_with_the_line_of_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    good = {"id": "a:1", "title": "Tokamak", "area": "controlled_nuclear_fusion", "verdict": "accept"}
    path.write_text(json.dumps(good) + "\n")
    assert read_verdicts(path)[0][0].choice == "accept"
    for wrong in ({**good, "verdict": "maybe"}, {**good, "verdict": "relabel"}, {"id": "a:1"}):
        path.write_text(json.dumps(good) + "\n" + json.dumps(wrong) + "\n")
        with pytest.raises(UsageError, match=r"verdicts\.jsonl:2.*mend or drop"):
            read_verdicts(path)
    with pytest.raises(UsageError, match="expected a JSONL file of verdicts"):
        read_verdicts(tmp_path / "none")


@pytest.fixture(scope="module")
def spoilt(labels_file: Path, taxonomy: Taxonomy) -> Classifier:
    """A model taught that quantum technology is whatever it is not."""
    rows, _ = read_labels(labels_file)
    wrong = [TeachingVerdict(row.document, "quantum_technology", "reject" if row.areas else "accept") for row in rows]
    model, _ = fit(teach(rows, wrong), taxonomy, weak=False)
    return Classifier(model, taxonomy, fingerprint="spoilt")


def test_a_worse_model_is_refused_and_an_equal_one_is_not(
    labels_file: Path, classifier: Classifier, spoilt: Classifier
) -> None:
    frozen, _ = read_labels(labels_file)
    worse = compare(classifier, spoilt, frozen)
    assert worse.new_macro_f1 < worse.old_macro_f1
    assert worse.difference_hi95 < 0
    assert any(each.startswith("quantum_technology: ") for each in worse.examples_broken)
    with pytest.raises(ModelRefused, match=r"expected macro-F1 of at least .* the old model stays"):
        refuse_worse(worse)
    same = compare(classifier, classifier, frozen)
    assert (same.difference_lo95, same.difference_hi95, same.examples_broken) == (0.0, 0.0, ())
    refuse_worse(same)


def test_a_loss_within_one_item_is_let_through() -> None:
    refuse_worse(Comparison(0.850, 0.846, -0.02, 0.01, ()))
    with pytest.raises(ModelRefused):
        refuse_worse(Comparison(0.850, 0.844, -0.02, 0.01, ()))


def test_changed_labels_are_told_with_reasons(classifier: Classifier, spoilt: Classifier) -> None:
    documents = [
        _WHALE,
        Document("made:1", "A study of superconducting qubit under noise", "We measure superconducting qubit."),
    ]
    changes = label_diff(classifier, spoilt, documents)
    lost = next(each for each in changes if each.item == "made:1")
    assert (lost.area, lost.assigned) == ("quantum_technology", False)
    assert lost.before > lost.after
    assert "superconducting qubit" in lost.reasons
    assert not label_diff(classifier, classifier, documents)
