"""The USPTO's weekly zips that a person has fetched: read in place of a download, and without a key alone."""

from datetime import date
from pathlib import Path

import pytest

from scrapers.replay.uspto_documents import patents, zipped
from tests.scrapers.uspto_portal import (
    TUESDAY,
    WORLD,
    Portal,
    expected,
    walk,
)


@pytest.fixture
def dropped(tmp_path: Path) -> Path:
    """A drop folder with the week's zip."""
    folder = tmp_path / "drop" / "uspto_grants"
    folder.mkdir(parents=True)
    (folder / "ipg260310.zip").write_bytes(zipped("ipg260310.zip", patents(WORLD, "grant", TUESDAY)))
    return folder


def test_a_week_fetched_by_hand_needs_no_key_and_no_network(tmp_path: Path, dropped: Path) -> None:
    portal = Portal()
    outcome = walk(portal, tmp_path, key=None, drop=dropped)
    assert (outcome.status, portal.calls) == ("OK", [])
    assert outcome.items.keys() == expected(TUESDAY)


def test_a_week_that_was_not_fetched_by_hand_is_unknown(tmp_path: Path, dropped: Path) -> None:
    outcome = walk(Portal(), tmp_path, key=None, drop=dropped, until=date(2026, 3, 22))
    assert outcome.status == "PARTIAL"
    assert "no key" in (outcome.reason or "")
    assert "2026-03-17" in (outcome.reason or "")


def test_with_a_key_a_file_fetched_by_hand_spares_a_download(tmp_path: Path, dropped: Path) -> None:
    portal = Portal()
    outcome = walk(portal, tmp_path, drop=dropped)
    assert outcome.status == "OK"
    assert "ipg260310.zip" not in portal.downloads


def test_a_dropped_file_that_is_not_whole_is_fetched_or_told(tmp_path: Path, dropped: Path) -> None:
    path = dropped / "ipg260310.zip"
    path.write_bytes(path.read_bytes()[:-30])
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    portal = Portal()
    with_key = walk(portal, tmp_path / "a", drop=dropped)
    assert (with_key.status, "ipg260310.zip" in portal.downloads) == ("OK", True)
    without = walk(Portal(), tmp_path / "b", key=None, drop=dropped)
    assert without.status == "ERROR"
    assert "stays unreadable" in (without.reason or "")
