"""How a walk ends early, and how what is noticed on the way is told: the same in every dialect and parser."""

import errno

import pytest
from pydantic import ValidationError

from horizon.records import Code
from scrapers.issues import Refusal, make_issue
from scrapers.politeness import CrawlStopped
from scrapers.walk import Tally, ending_told


def test_a_source_that_gives_up_and_a_full_disk_are_told_and_not_raised() -> None:
    given_up, full = Tally(), Tally()
    with ending_told(given_up):
        raise CrawlStopped("HTTP 503 four times", source="arxiv")
    assert "HTTP 503 four times" in (given_up.stopped or "")
    with ending_told(full):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert full.stopped == "an answer could not be kept: No space left on device; make room and crawl again"


def test_a_walk_that_ends_well_or_by_our_own_mistake_tells_no_ending() -> None:
    tally = Tally()
    with ending_told(tally):
        pass
    with pytest.raises(KeyError), ending_told(tally):
        raise KeyError("a mistake of ours")
    assert tally.stopped is None


def test_nothing_that_a_feed_says_fills_a_log() -> None:
    issue = make_issue("arxiv", "error", "date-unreadable", "x" * 10_000, found="y" * 10_000, day="z" * 10_000)
    assert (len(issue.message), len(issue.data["found"]), len(issue.data["day"])) == (500, 200, 200)
    assert make_issue("arxiv", "info", "title-missing", "no title", found="").data == {}


def test_a_refusal_tells_what_stood_there_and_of_which_item() -> None:
    issue = Refusal("date-missing", "expected a date; refused", found="soon").issue(
        "arxiv", "arxiv:2611.00001", page="3"
    )
    assert (issue.severity, issue.item_id) == ("error", "arxiv:2611.00001")
    assert issue.data == {"found": "soon", "page": "3"}
    with pytest.raises(ValidationError) as raised:
        Code.model_validate({"scheme": "arxiv"})
    assert Refusal.invalid(raised.value).issue("arxiv").code == "record-invalid"
