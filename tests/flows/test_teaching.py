"""What a training is judged by."""

from pathlib import Path

import pytest

import nlp.embeddings
import nlp.publication
from flows.teaching import TrainParams, train_and_publish
from flows.workspace import Workspace
from horizon.errors import ModelError
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from tests.flows.conftest import tuesday_after


@pytest.mark.parametrize(("there", "judged"), [(True, "dev.jsonl"), (False, None)])
def test_labels_of_ones_own_are_judged_by_the_held_out_items_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, judged: str | None
) -> None:
    asked: list[Path | None] = []
    monkeypatch.setattr(nlp.publication, "publish", lambda labels, held_out, *_, **__: asked.append(held_out))
    (tmp_path / "labels").mkdir()
    if there:
        (tmp_path / "labels" / "dev.jsonl").write_text("", encoding="utf-8")
    settings = Settings(data_dir=tmp_path / "data", shared_data=tmp_path)
    with Workspace(settings) as work:
        params = TrainParams(labels=(tmp_path / "own.jsonl",), words_only=True)
        train_and_publish(work, params, tuesday_after(IsoWeek(2026, 47)))
    assert [each.name if each else None for each in asked] == [judged]


def test_a_trial_beside_the_model_in_force_is_judged_by_what_it_names_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path | None] = []
    monkeypatch.setattr(nlp.publication, "publish", lambda labels, held_out, *_, **__: asked.append(held_out))
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "dev.jsonl").write_text("", encoding="utf-8")
    own = (tmp_path / "own.jsonl",)
    with Workspace(Settings(data_dir=tmp_path / "data", shared_data=tmp_path)) as work:
        for held_out in (None, own[0]):
            params = TrainParams(labels=own, held_out=held_out, output=tmp_path / "trial", words_only=True)
            train_and_publish(work, params, tuesday_after(IsoWeek(2026, 47)))
    assert asked == [None, own[0]]


def test_without_its_encoder_nothing_is_trained_unless_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nlp.embeddings, "load_encoder", lambda *_: None)
    params = TrainParams(labels=(tmp_path / "own.jsonl",))
    settings = Settings(data_dir=tmp_path / "data", shared_data=tmp_path)
    with Workspace(settings) as work, pytest.raises(ModelError, match="or train without it by --words-only"):
        train_and_publish(work, params, tuesday_after(IsoWeek(2026, 47)))
