"""Writing an issue: every language and format, the same bytes twice, nothing half-written."""

from pathlib import Path

import pytest

from horizon.errors import RenderError, UsageError
from reports.facts import Brief
from reports.write import write_brief

ENDINGS = ("md", "html", "pdf", "docx", "xlsx")
NAMES = ["brief.json", *(f"brief.{code}.{ending}" for code in ("zh", "en") for ending in ENDINGS)]


def test_every_language_and_format_is_written_and_twice_the_same(brief: Brief, tmp_path: Path) -> None:
    first = write_brief(brief, tmp_path / "one")
    second = write_brief(brief, tmp_path / "two")
    assert [path.name for path in first] == NAMES
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(NAMES)


def test_a_brief_read_back_gives_the_same_files(brief: Brief, tmp_path: Path) -> None:
    first = write_brief(brief, tmp_path / "one", ["en"], ["json", "md", "docx", "xlsx"])
    again = Brief.model_validate_json(first[0].read_bytes())
    second = write_brief(again, tmp_path / "two", ["en"], ["json", "md", "docx", "xlsx"])
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_one_format_of_one_language(brief: Brief, tmp_path: Path) -> None:
    assert [path.name for path in write_brief(brief, tmp_path, ["en"], ["md"])] == ["brief.en.md"]


def test_a_folder_that_cannot_be_made_is_a_clear_error(brief: Brief, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(RenderError, match="mend rights"):
        write_brief(brief, tmp_path / "taken" / "out", ["en"], ["json"])


def test_a_disk_that_fills_up_leaves_the_old_file_whole(
    brief: Brief, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_brief(brief, tmp_path, ["en"], ["md"])[0].read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RenderError, match="free space"):
        write_brief(brief, tmp_path, ["en"], ["md"])
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["brief.en.md"]
    assert (tmp_path / "brief.en.md").read_bytes() == old


def test_a_language_or_format_that_does_not_exist_is_refused(brief: Brief, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="zh, en"):
        write_brief(brief, tmp_path, ["fr"])
    with pytest.raises(UsageError, match="json, md, html, pdf, docx, xlsx"):
        write_brief(brief, tmp_path, ["en"], ["doc"])
