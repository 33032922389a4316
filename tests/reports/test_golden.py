"""Golden briefs of six simulated weeks: the same facts and words, byte for byte, wherever and however often built."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.build import build_brief
from tests.reports.golden_weeks import FOLDER, golden_files, weeks

WEEKS = ("eventful", "quiet", "outage", "first", "missing_patents", "no_data")
ROOT = Path(__file__).parents[2]
DIGESTS = """
import hashlib, json
from reports.build import build_brief
from tests.reports.golden_weeks import golden_files, weeks
made = {file: data for name, each in weeks().items() for file, data in golden_files(build_brief(each), name)}
print(json.dumps({file: hashlib.sha256(data).hexdigest() for file, data in sorted(made.items())}))
"""


@pytest.mark.parametrize("name", WEEKS)
def test_a_week_is_written_as_its_golden_files_have_it(name: str) -> None:
    for file, data in golden_files(build_brief(weeks()[name]), name):
        golden = FOLDER / file
        assert golden.is_file(), f"no {golden}: run `python -m tests.reports.golden_weeks` and look at what it wrote"
        assert data == golden.read_bytes(), (
            f"{file}: run `python -m tests.reports.golden_weeks`, look at the difference"
        )


def test_every_golden_file_is_of_a_week() -> None:
    names = {file for name in WEEKS for file, _ in golden_files(build_brief(weeks()[name]), name)}
    assert {path.name for path in FOLDER.iterdir()} == names
    assert set(weeks()) == set(WEEKS)


@pytest.mark.parametrize(
    "setting",
    [
        {"OMP_NUM_THREADS": "1", "LC_ALL": "C", "TZ": "America/Lima", "PYTHONHASHSEED": "1"},
        {"OMP_NUM_THREADS": "2", "LC_ALL": "zh_CN.UTF-8", "TZ": "Asia/Shanghai", "PYTHONHASHSEED": "2"},
    ],
)
def test_other_threads_locale_clock_and_hash_seed_change_no_byte(setting: dict[str, str]) -> None:
    made = subprocess.run(
        [sys.executable, "-c", DIGESTS], cwd=ROOT, env=os.environ | setting, capture_output=True, check=True
    )
    told = json.loads(made.stdout)
    assert told == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.iterdir()}


def test_an_unread_week_is_said_before_anything_else() -> None:
    outage = build_brief(weeks()["outage"])
    assert outage.header.light == "red"
    assert outage.bottom_line[0].template == "source_unknown"
    assert all(row.n_week.value is None for row in outage.areas), "unknown, never zero"


def test_a_quiet_week_is_one_line_and_an_eventful_one_is_not() -> None:
    quiet, eventful = (build_brief(weeks()[name]).bottom_line for name in ("quiet", "eventful"))
    assert [each.template for each in quiet] == ["quiet"]
    assert len(eventful) > 1


def test_missing_patents_are_named_and_hold_grades_down() -> None:
    brief = build_brief(weeks()["missing_patents"])
    assert brief.header.light == "red"
    assert {row.grade for row in brief.coverage} <= {"B", "C", "D"}


def test_half_a_surrogate_pair_stops_no_brief() -> None:
    """Parsers let none through (tests/scrapers/test_crashes.py); should one come otherwise, the week is told."""
    inputs = weeks()["quiet"]
    item, label = inputs.labelled[0]
    broken = item.model_copy(update={"title": "SIMULATED \ud83d half a pair"})
    brief = build_brief(inputs.model_copy(update={"labelled": ((broken, label), *inputs.labelled[1:])}))
    assert len(brief.header.run_hash) == 64
