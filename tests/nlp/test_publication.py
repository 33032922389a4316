"""A model is published when it is no worse; what experts taught is judged by the same model without it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from horizon.errors import ModelRefused
from nlp.classifier import Classifier
from nlp.features import Document
from nlp.labelled import read_labels
from nlp.new_area import add_area
from nlp.publication import CHANGES_FILE, Publication, publish
from nlp.verdicts import TeachingVerdict
from taxonomy.load import Taxonomy

_TIDAL = Document("made:tidal", "A tidal turbine", "Tides drive a turbine, as a tokamak would not.")


@pytest.fixture(scope="module")
def halves(labels_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The invented labels, every fourth held out."""
    lines = labels_file.read_text(encoding="utf-8").splitlines(keepends=True)
    folder = tmp_path_factory.mktemp("halves")
    seen, unseen = folder / "train.jsonl", folder / "dev.jsonl"
    seen.write_text("".join(line for place, line in enumerate(lines) if place % 4), encoding="utf-8")
    unseen.write_text("".join(lines[::4]), encoding="utf-8")
    return seen, unseen


def _publish(
    halves: tuple[Path, Path],
    taxonomy: Taxonomy,
    folder: Path,
    verdicts: Sequence[TeachingVerdict] = (),
    recent: Sequence[Document] = (),
) -> Publication:
    return publish(halves, halves[1], verdicts, taxonomy, folder, before=folder, recent=recent)


def _wrong(halves: tuple[Path, Path]) -> list[TeachingVerdict]:
    """An expert who holds that quantum technology is whatever it is not."""
    rows, _ = read_labels(halves[0])
    return [TeachingVerdict(row.document, "quantum_technology", "reject" if row.areas else "accept") for row in rows]


def test_a_model_is_judged_by_its_likeness_that_never_saw_the_held_out_items(
    halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    published = _publish(halves, taxonomy, tmp_path)
    unseen, digest = read_labels(halves[1])
    assert published.report is not None
    assert published.card.held_out is not None
    assert (published.card.rows, published.report.rows) == (80, len(unseen))
    assert published.card.held_out.sha256 == published.report.data_sha256 == digest
    assert "held-out" in (tmp_path / "card.md").read_text(encoding="utf-8")
    assert Classifier.load(tmp_path, taxonomy).fingerprint


def test_the_same_training_gives_the_same_bytes(halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path) -> None:
    good = [TeachingVerdict(_TIDAL, "controlled_nuclear_fusion", "reject")]
    for name in ("one", "two"):
        publish(halves, halves[1], good, taxonomy, tmp_path / name, before=tmp_path / name, recent=[_TIDAL])
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}


def test_verdicts_that_make_the_model_worse_are_refused_and_the_old_one_stays(
    halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    _publish(halves, taxonomy, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ModelRefused, match=r"expected macro-F1 of at least .* found .* the old model stays"):
        _publish(halves, taxonomy, tmp_path, _wrong(halves))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("verdicts", [(), (TeachingVerdict(_TIDAL, "controlled_nuclear_fusion", "reject"),)])
def test_a_model_worse_than_the_one_in_force_is_refused_with_and_without_verdicts(
    halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path, verdicts: Sequence[TeachingVerdict]
) -> None:
    _publish(halves, taxonomy, tmp_path / "model")
    rows = [json.loads(line) for line in halves[0].read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["areas"] = [] if row["areas"] else ["quantum_technology"]
    spoilt = tmp_path / "spoilt.jsonl"
    spoilt.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(ModelRefused, match="the old model stays"):
        _publish((spoilt, halves[1]), taxonomy, tmp_path / "model", verdicts)


def test_beside_the_model_in_force_anything_may_be_trained(
    halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    _publish(halves, taxonomy, tmp_path / "model")
    rows = [json.loads(line) for line in halves[0].read_text(encoding="utf-8").splitlines()]
    few = [{**row, "areas": ["quantum_technology"] if "quantum_technology" in row["areas"] else []} for row in rows]
    path = tmp_path / "few.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in few), encoding="utf-8")
    with pytest.raises(ModelRefused, match="the old model stays"):
        publish([path], halves[1], (), taxonomy, tmp_path / "model", before=tmp_path / "model")
    publish([path], halves[1], (), taxonomy, tmp_path / "trial", before=tmp_path / "model")
    assert Classifier.load(tmp_path / "trial", taxonomy).fingerprint


def test_changed_labels_are_listed_with_reasons(halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path) -> None:
    recent = [_TIDAL, Document("made:tokamak", "Limits of tokamak", "A stellarator and a divertor.")]
    first = _publish(halves, taxonomy, tmp_path, recent=recent)
    accepted = [TeachingVerdict(Document(f"made:tide{n}", f"{_TIDAL.title} {n}", _TIDAL.abstract),
                                "brain_computer_interface", "accept") for n in range(12)]  # fmt: skip
    second = _publish(halves, taxonomy, tmp_path, accepted, recent)
    assert first.unreadable is not None
    assert "made:tidal now in brain_computer_interface" in second.to_text()
    assert second.changes[0].reasons
    assert json.loads((tmp_path / CHANGES_FILE).read_text(encoding="utf-8"))["items"] == 2


def test_areas_that_the_taxonomy_does_not_know_are_told(
    halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    verdicts = [TeachingVerdict(_TIDAL, "controlled_nuclear_fusion", "relabel", frozenset({"tidal_power"}))]
    told = _publish(halves, taxonomy, tmp_path, verdicts)
    assert told.unknown_areas == ("tidal_power",)
    assert "taxonomy has no such area: tidal_power" in told.to_text()


def test_what_was_told_of_the_model_before_does_not_stand_beside_the_new_one(
    halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    _publish(halves, taxonomy, tmp_path)
    _publish(halves, taxonomy, tmp_path, recent=[_TIDAL])
    publish(halves, None, (), taxonomy, tmp_path, before=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.json", "model.skops"]


def test_an_area_that_was_added_from_few_labels_is_not_forgotten(
    halves: tuple[Path, Path], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    area = "silicon_photonics"
    rows = [{"id": f"new:{n}", "title": f"A glimmerchip of kind {n}", "areas": [area]} for n in range(12)]
    rows += [{"id": f"old:{n}", "title": f"A glacier of kind {n}", "areas": []} for n in range(12)]
    few = tmp_path / "few.jsonl"
    few.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    model = tmp_path / "model"
    _publish(halves, taxonomy, model)
    add_area(area, few, taxonomy, model, model, others=halves)
    with pytest.raises(ModelRefused, match=f"found too few of {area}; give its labels too"):
        _publish(halves, taxonomy, model)
    taught = publish((*halves, few), halves[1], (), taxonomy, model, before=model)
    assert area in taught.card.areas
