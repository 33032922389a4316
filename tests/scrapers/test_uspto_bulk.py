"""The walk through the USPTO's bulk files, without a network: the list, revisions, signed addresses, damage, kills."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.crawl import crawl
from scrapers.dialects.uspto_bulk import Options
from scrapers.items_file import read_items
from scrapers.replay import server as replay
from scrapers.replay.faults import Fault
from scrapers.replay.feed import Response
from scrapers.replay.uspto_odp import UsptoOdp
from tests.scrapers.uspto_portal import (
    GRANTS,
    NOW,
    THURSDAY,
    TUESDAY,
    WEEK,
    WORLD,
    Portal,
    expected,
    walk,
)


def test_every_patent_of_the_week_comes_once(tmp_path: Path) -> None:
    portal = Portal()
    outcome = walk(portal, tmp_path)
    assert (outcome.status, outcome.reason) == ("OK", None)
    assert expected(TUESDAY) <= outcome.items.keys()
    assert all(item.source == "uspto_grants" and item.abstract and item.codes for item in outcome.items.values())
    assert portal.feed.leaked == 0
    assert outcome.tally.cut_off == NOW


def test_applications_come_on_thursday(tmp_path: Path) -> None:
    outcome = walk(Portal(), tmp_path, grants=False)
    assert outcome.status == "OK"
    assert expected(THURSDAY, "application") <= outcome.items.keys()


def _reissued_tuesday() -> date:
    """A Tuesday whose file was issued three times."""
    day = TUESDAY
    while day.toordinal() // 7 % 10:
        day -= timedelta(days=7)
    return day


def test_the_highest_revision_of_a_day_is_read_and_no_other(tmp_path: Path) -> None:
    day = _reissued_tuesday()
    portal = Portal()
    outcome = walk(portal, tmp_path, since=day - timedelta(days=1), until=day + timedelta(days=40))
    named = f"ipg{day:%y%m%d}"
    assert [name for name in portal.downloads if name.startswith(named)] == [f"{named}_r2.zip"]
    assert outcome.items[min(expected(day))].abstract.endswith("(reissued)")  # type: ignore[union-attr]


def test_an_old_week_that_was_issued_again_in_this_one_comes_with_it(tmp_path: Path) -> None:
    day = _reissued_tuesday()
    again = day + timedelta(days=10)
    portal = Portal()
    monday = again - timedelta(days=again.weekday())
    walk(portal, tmp_path, since=monday, until=monday + timedelta(days=6))
    # Revision 2 came later still: at the clock it is the one to have, but it was released in another window.
    assert f"ipg{day:%y%m%d}_r1.zip" not in portal.downloads
    later = day + timedelta(days=31)
    second = Portal()
    (tmp_path / "later").mkdir()
    walk(second, tmp_path / "later", since=later - timedelta(days=1), until=later + timedelta(days=5))
    assert f"ipg{day:%y%m%d}_r2.zip" in second.downloads


def test_a_signature_that_ran_out_is_asked_for_again(tmp_path: Path) -> None:
    portal = Portal(faults=[Fault(fault="expired_credential", path="/uspto/files")])
    outcome = walk(portal, tmp_path)
    assert outcome.status == "OK"
    assert portal.downloads[0] == portal.downloads[1]


def test_a_truncated_zip_is_fetched_again(tmp_path: Path) -> None:
    calm = walk(Portal(), tmp_path)
    (tmp_path / "b").mkdir()
    portal = Portal(faults=[Fault(fault="truncated", path="/uspto/files")])
    outcome = walk(portal, tmp_path / "b")
    assert (outcome.status, outcome.items) == ("OK", calm.items)


@pytest.mark.parametrize("fault", ["truncated", "html", "empty"])
def test_a_file_that_stays_damaged_is_given_up_with_a_reason(tmp_path: Path, fault: str) -> None:
    plan = [Fault.model_validate({"fault": fault, "path": "/uspto/files", "times": 99})]
    portal = Portal(faults=plan)
    outcome = walk(portal, tmp_path)
    assert outcome.status in ("ERROR", "PARTIAL")
    assert "stays unreadable" in (outcome.reason or "")
    # 20 downloads a year are all there are.
    assert len(portal.downloads) <= 2 * GRANTS.options_as(Options).downloads


def test_a_zip_altered_within_is_noticed_by_its_checksum(tmp_path: Path) -> None:
    def flip(path: str, response: Response) -> Response:
        if not path.startswith("/uspto/files") or len(response.body) < 400:
            return response
        middle = len(response.body) // 2
        return response.but(body=response.body[:middle] + b"\x00\xff" * 8 + response.body[middle + 16 :])

    outcome = walk(Portal(damage=flip), tmp_path)
    assert outcome.status in ("ERROR", "PARTIAL")
    assert "stays unreadable" in (outcome.reason or "")


def test_no_key_and_a_wrong_key_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    without = walk(Portal(), tmp_path / "a", key=None)
    wrong = walk(Portal(), tmp_path / "b", key="not-the-key")
    assert (without.status, wrong.status) == ("ERROR", "ERROR")
    assert "there is no key" in (without.reason or "")
    assert "403" in (wrong.reason or "")
    assert "HORIZON_USPTO_API_KEY" in (wrong.reason or "")
    assert "not-the-key" not in (wrong.reason or "")
    assert wrong.tally.pause_s > 0


def test_a_week_that_is_not_listed_yet_is_unknown_not_empty(tmp_path: Path) -> None:
    for fault, folder in (("no_records", "a"), ("missing", "b"), ("empty_page", "c")):
        (tmp_path / folder).mkdir()
        plan = [Fault.model_validate({"fault": fault, "path": "/uspto/api", "times": 99})]
        outcome = walk(Portal(faults=plan), tmp_path / folder)
        assert outcome.status in ("ERROR", "PARTIAL"), fault
        assert "2026-03-10" in (outcome.reason or "")


def test_days_on_which_nothing_is_published_are_no_loss(tmp_path: Path) -> None:
    portal = Portal(faults=[Fault(fault="no_records", path="/uspto/api", times=99)])
    outcome = walk(portal, tmp_path, since=date(2026, 3, 13), until=date(2026, 3, 15))
    assert outcome.status == "NO_RESULTS"


def test_a_list_that_is_no_json_is_asked_for_again(tmp_path: Path) -> None:
    portal = Portal(faults=[Fault(fault="html", path="/uspto/api", times=2)])
    assert walk(portal, tmp_path).status == "OK"
    assert portal.waits == list(GRANTS.politeness.retry_waits_s[:2])


def test_a_row_twice_is_one_file(tmp_path: Path) -> None:
    portal = Portal(faults=[Fault(fault="duplicate", path="/uspto/api")])
    assert walk(portal, tmp_path).status == "OK"
    assert len(portal.downloads) == len(set(portal.downloads))


def test_the_key_is_sent_to_no_other_host(tmp_path: Path) -> None:
    def elsewhere(path: str, response: Response) -> Response:
        return response.but(body=response.body.replace(b'"http://127.0.0.1:9', b'"https://elsewhere.example'))

    outcome = walk(Portal(damage=elsewhere), tmp_path)
    assert outcome.status == "ERROR"
    assert "another host" in (outcome.reason or "")


@given(st.integers(1, 12))
@settings(deadline=None, max_examples=12)
def test_a_crawl_killed_anywhere_ends_as_an_undisturbed_one(stop: int) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as name:
        calm, disturbed = Path(name) / "calm", Path(name) / "disturbed"
        calm.mkdir()
        disturbed.mkdir()
        whole = walk(Portal(), calm)
        walk(Portal(stop_after=stop), disturbed)
        portal = Portal()
        again = walk(portal, disturbed)
        assert (again.status, again.items) == (whole.status, whole.items)
        assert (calm / "items.jsonl.gz").read_bytes() == (disturbed / "items.jsonl.gz").read_bytes()


def test_a_file_once_fetched_is_not_fetched_again_after_a_kill(tmp_path: Path) -> None:
    walk(Portal(), tmp_path)
    second = Portal()
    walk(second, tmp_path)
    assert second.downloads == []


# ---- a real crawl ----------------------------------------------------------------------------------------------------


def test_a_crawl_of_the_replayed_portal_is_complete_and_polite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.001")
    monkeypatch.setitem(replay.FEEDS, "uspto_odp", UsptoOdp)
    with replay.serve(WORLD, NOW) as server:
        since, until = GRANTS.window(WEEK)
        fetch = crawl(
            "uspto_grants", since, until, WEEK, tmp_path, base_url=GRANTS.at_replay(server.url), timeout_s=120
        )
        feed = server.feeds["uspto_odp"]
        assert isinstance(feed, UsptoOdp)
        assert (fetch.status, fetch.reason) == ("OK", None)
        assert expected(TUESDAY) <= {item.id for item in read_items(tmp_path)}
        assert feed.leaked == 0
        spans = sorted((seen.started_s, seen.ended_s) for seen in server.requests)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert "SIMULATED" not in (tmp_path / "fetch.json").read_text()
