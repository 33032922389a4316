"""The demo deletes nothing but what an earlier demo left."""

from pathlib import Path

import pytest

from flows.demo import run_demo
from horizon.errors import UsageError


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="other files"):
        run_demo(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
