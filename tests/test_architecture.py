"""Rooms and their one-way flow, read from the imports themselves."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("horizon", "taxonomy", "scrapers", "store", "nlp", "trends", "reports", "flows")
MAY_IMPORT = {
    "horizon": {"horizon"},
    "taxonomy": {"taxonomy", "horizon"},
    "scrapers": {"scrapers", "horizon", "taxonomy"},
    "store": {"store", "horizon"},
    "nlp": {"nlp", "horizon", "taxonomy"},
    "trends": {"trends", "horizon", "taxonomy"},
    "reports": {"reports", "horizon", "taxonomy", "store"},
    "flows": set(ROOMS),
}
ONLY_IN = {
    "prefect": {"flows"},
    "scrapy": {"scrapers"},
    "twisted": {"scrapers"},
    "sqlalchemy": {"store"},
    "sqlite3": {"store"},
    "alembic": {"store"},
    "torch": {"nlp/embeddings.py"},
    "sentence_transformers": {"nlp/embeddings.py"},
    "spacy": {"nlp"},
    "sklearn": {"nlp", "trends/clusters.py"},
    "matplotlib": {"reports"},
    "openpyxl": {"reports"},
    "typst": {"reports"},
    "docx": {"reports"},
    "smtplib": {"flows"},
}


def _modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    is_command_line = path.is_relative_to(ROOT / "horizon" / "cli")
    allowed = set(ROOMS) if is_command_line else MAY_IMPORT[_room(path)]
    for name in _imports(path):
        top = name.split(".")[0]
        if top in ROOMS:
            assert top in allowed, f"{path} imports {name}"
        if top in ONLY_IN:
            place = path.relative_to(ROOT).as_posix()
            assert any(place.startswith(home) for home in ONLY_IN[top]), f"{place} imports {name}"


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_command_line_and_flows_look_at_the_clock(path: Path) -> None:
    if _room(path) == "flows" or path.is_relative_to(ROOT / "horizon" / "cli"):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("now", "utcnow", "today") or not _is_clock(node), f"{path}:{node.lineno}"


def _is_clock(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_job(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_only_the_owners_folders_and_ours_stand_at_the_top() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}
    assert folders <= {*ROOMS, "tests", "benchmarks", ".ci"}


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_imported_from_this_repository(room: str) -> None:
    found = importlib.import_module(room).__file__
    assert found is not None
    assert Path(found).resolve().is_relative_to(ROOT)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, horizon.cli; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    heavy = {"pandas", "numpy", "prefect", "scrapy", "spacy", "sklearn", "torch", "sqlalchemy", "matplotlib", "lxml"}
    assert not loaded & heavy
