"""The verbs over classifiers."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import flows.teaching
from horizon.cli import app
from nlp.model_file import SHIPPED


def test_no_card_is_written_from_items_that_the_model_has_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("model.skops", "card.json"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    monkeypatch.setattr(flows.teaching, "measure", lambda *_, **__: (SimpleNamespace(rows=7), 5))
    result = CliRunner().invoke(app, ["evaluate", "--as-is", "--card", "--model", str(tmp_path)])
    assert "found 5 of 7 that it was trained on" in str(result.exception)
    assert not (tmp_path / "card.md").exists()
