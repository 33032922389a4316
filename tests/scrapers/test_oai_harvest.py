"""The walk through OAI-PMH, without a network: paging, resumption, lost tokens, reconciliation."""

import asyncio
import errno
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.records import FetchStatus
from scrapers.dialects.oai_pmh import OaiHarvest, Options
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.pages import PageFolder
from scrapers.politeness import CrawlStopped
from scrapers.source import Source, load_source
from scrapers.walk import Tally, Window
from tests.scrapers.feed_server import Feed, misbehave, papers

SOURCE = load_source("arxiv")
SINCE, UNTIL = date(2026, 3, 2), date(2026, 3, 8)


class Outcome:
    """What one walk left."""

    def __init__(self, tally: Tally, items: dict[str, str | None], digest: str, waits: list[float]) -> None:
        self.tally, self.items, self.digest, self.waits = tally, items, digest, waits
        self.status: FetchStatus
        self.status, self.reason = judge(tally, len(items), SOURCE)


def walk(
    feed: Feed,
    folder: Path,
    *,
    source: Source = SOURCE,
    server_date: date | None = None,
    stop_after: int | None = None,
) -> Outcome:
    """Harvest the feed in this process; `stop_after` requests it stops answering, as when the process is killed."""
    waits: list[float] = []
    asked = 0

    async def exchange(call: Call) -> Answer:
        nonlocal asked
        asked += 1
        if stop_after is not None and asked > stop_after:
            raise CrawlStopped("killed", source="arxiv")
        query = {key: values[0] for key, values in parse_qs(urlsplit(call.url).query).items()}
        feed.requests.append(query)
        fault = feed.fault(query)
        text = feed.answer(query)
        return Answer(200, {}, misbehave(feed, fault, text)[2] if fault else text.encode())

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    window = Window(source, "http://127.0.0.1:9/oai", SINCE, UNTIL, server_date)
    with ItemSpool(folder) as spool:
        harvest = OaiHarvest(window, folder, spool, exchange, pause)
        asyncio.run(harvest.run())
        digest = spool.write(folder / "items.jsonl.gz")
    items = {item.id: item.version for item in read_items(folder)}
    return Outcome(harvest.tally, items, digest, waits)


def verbs(feed: Feed) -> list[str]:
    return [query["verb"] + ("+token" if "resumptionToken" in query else "") for query in feed.requests]


def test_every_paper_of_the_window_comes_once(tmp_path: Path) -> None:
    feed = Feed(papers(35, SINCE))
    outcome = walk(feed, tmp_path)
    assert outcome.status == "OK"
    assert sorted(outcome.items) == [f"arxiv:{paper.arxiv_id}" for paper in feed.papers]
    assert verbs(feed) == ["ListRecords", *["ListRecords+token"] * 3, "ListIdentifiers", *["ListIdentifiers+token"] * 3]


def test_a_token_goes_alone(tmp_path: Path) -> None:
    feed = Feed(papers(15, SINCE))
    walk(feed, tmp_path)
    assert set(feed.requests[1]) == {"verb", "resumptionToken"}


def test_of_two_versions_the_newer_stays_whatever_the_order(tmp_path: Path) -> None:
    old, new = papers(1, SINCE)[0], replace(papers(1, SINCE)[0], version=3)
    for name, order in (("a", [old, new]), ("b", [new, old])):
        folder = tmp_path / name
        folder.mkdir()
        outcome = walk(Feed(order), folder)
        assert outcome.items == {f"arxiv:{old.arxiv_id}": "v3"}
        assert outcome.tally.records == 2


def test_a_record_that_slipped_through_the_pages_is_fetched_singly(tmp_path: Path) -> None:
    feed = Feed(papers(300, SINCE), page_size=100, hidden={"2603.00007"})
    outcome = walk(feed, tmp_path)
    assert (outcome.status, outcome.tally.repaired, outcome.tally.missing) == ("OK", 1, 0)
    assert "arxiv:2603.00007" in outcome.items


def test_a_record_that_cannot_be_had_is_counted_and_told(tmp_path: Path) -> None:
    feed = Feed(papers(300, SINCE), page_size=100, hidden={"2603.00007"}, gone={"2603.00007"})
    outcome = walk(feed, tmp_path)
    assert (outcome.status, outcome.tally.missing) == ("OK", 1)
    assert [issue.data["identifier"] for issue in outcome.tally.issues] == ["2603.00007"]


def test_more_than_half_a_per_cent_missing_is_partial(tmp_path: Path) -> None:
    lost = {"2603.00007", "2603.00008"}
    outcome = walk(Feed(papers(300, SINCE), page_size=100, hidden=lost, gone=lost), tmp_path)
    assert outcome.status == "PARTIAL"
    assert "2 of 300" in (outcome.reason or "")


def test_too_many_missing_records_are_not_fetched_one_by_one(tmp_path: Path) -> None:
    feed = Feed(papers(40, SINCE), hidden={f"2603.{number:05d}" for number in range(20)})
    options = SOURCE.options_as(Options).model_copy(update={"max_repairs": 5})
    outcome = walk(feed, tmp_path, source=SOURCE.model_copy(update={"options": options}))
    assert (outcome.tally.repaired, outcome.tally.missing, outcome.status) == (5, 15, "PARTIAL")


@pytest.mark.parametrize("fault", ["truncated", "html", "laughs"])
def test_an_unreadable_page_is_fetched_again_by_the_identical_url(tmp_path: Path, fault: str) -> None:
    feed = Feed(papers(25, SINCE), faults=[("token", fault), ("token", fault)])
    outcome = walk(feed, tmp_path)
    assert (outcome.status, len(outcome.items)) == ("OK", 25)
    assert feed.requests[1] == feed.requests[2] == feed.requests[3]
    assert outcome.waits == [30, 60]


def test_a_page_that_stays_truncated_makes_the_week_partial_and_keeps_the_rest(tmp_path: Path) -> None:
    feed = Feed(papers(25, SINCE), faults=[("token", "truncated")] * 1000)
    outcome = walk(feed, tmp_path)
    assert outcome.status == "PARTIAL"
    assert len(outcome.items) >= 10
    assert "stays unreadable" in (outcome.reason or "")


def test_a_first_page_that_is_never_readable_is_an_error_not_an_empty_week(tmp_path: Path) -> None:
    outcome = walk(Feed(papers(25, SINCE), faults=[("ListRecords", "html")] * 1000), tmp_path)
    assert (outcome.status, len(outcome.items)) == ("ERROR", 0)


def test_a_wrong_byte_that_stays_costs_a_letter_and_not_the_page(tmp_path: Path) -> None:
    outcome = walk(Feed(papers(25, SINCE), faults=[("ListRecords", "badbyte")] * 5), tmp_path)
    assert (outcome.status, len(outcome.items)) == ("OK", 25)
    assert [issue.code for issue in outcome.tally.issues] == ["encoding-damaged"]


def test_after_an_expired_token_the_chain_begins_again_on_the_last_day(tmp_path: Path) -> None:
    feed = Feed(papers(35, SINCE), faults=[("token", "badtoken")])
    outcome = walk(feed, tmp_path)
    assert (outcome.status, len(outcome.items)) == ("OK", 35)
    assert feed.requests[2]["from"] == "2026-03-03"


def test_tokens_that_never_work_end_in_partial_not_in_a_loop(tmp_path: Path) -> None:
    outcome = walk(Feed(papers(350, SINCE), faults=[("token", "badtoken")] * 1000), tmp_path)
    assert outcome.status == "PARTIAL"
    assert "no way past" in (outcome.reason or "")


def test_a_week_without_records_is_no_results_once_it_is_over(tmp_path: Path) -> None:
    outcome = walk(Feed([]), tmp_path)
    assert outcome.status == "NO_RESULTS"


def test_an_empty_answer_is_not_believed_while_the_window_is_open(tmp_path: Path) -> None:
    outcome = walk(Feed([], response_date="2026-03-08T23:00:00Z"), tmp_path)
    assert outcome.status == "PARTIAL"
    assert "midnight" in (outcome.reason or "")


def test_an_empty_answer_from_a_cache_is_found_out_by_the_list_of_identifiers(tmp_path: Path) -> None:
    feed = Feed(papers(25, SINCE), faults=[("ListRecords", "empty")], response_date="2026-03-08T23:00:00Z")
    outcome = walk(feed, tmp_path)
    assert (outcome.status, len(outcome.items)) == ("OK", 25)
    assert {"ListRecords", "ListIdentifiers"} == {query["verb"] for query in feed.requests}


@pytest.mark.parametrize("killed_after", range(1, 9))
def test_a_killed_crawl_goes_on_and_ends_like_an_undisturbed_one(tmp_path: Path, killed_after: int) -> None:
    calm, disturbed = tmp_path / "calm", tmp_path / "disturbed"
    calm.mkdir()
    disturbed.mkdir()
    feed = Feed(papers(35, SINCE), hidden={"2603.00012"})
    undisturbed = walk(feed, calm)
    walk(feed, disturbed, stop_after=killed_after)
    feed.requests.clear()
    resumed = walk(feed, disturbed)
    assert resumed.digest == undisturbed.digest
    assert resumed.tally == undisturbed.tally
    assert verbs(feed).count("ListRecords+token") == max(0, 3 - max(0, killed_after - 1))


@pytest.mark.parametrize("damage", ["empty", "not gzip", "cut short", "another page"])
def test_a_damaged_kept_page_is_fetched_again(tmp_path: Path, damage: str) -> None:
    feed = Feed(papers(35, SINCE))
    whole = walk(feed, tmp_path)
    page = tmp_path / "pages" / "00003.xml.gz"
    other = page.with_name("00001.xml.gz").read_bytes()
    damages = {"empty": b"", "not gzip": b"no", "cut short": page.read_bytes()[:-40], "another page": other}
    page.write_bytes(damages[damage])
    feed.requests.clear()
    again = walk(feed, tmp_path)
    assert again.digest == whole.digest
    assert verbs(feed)[:2] == ["ListRecords+token"] * 2


def test_pages_of_a_window_that_was_open_then_are_not_taken_for_the_whole_window(tmp_path: Path) -> None:
    feed = Feed(papers(35, SINCE)[:20], response_date="2026-03-05T09:00:00Z")
    walk(feed, tmp_path, server_date=date(2026, 3, 5))
    feed.papers, feed.response_date = papers(35, SINCE), "2026-03-10T09:00:00Z"
    assert len(walk(feed, tmp_path, server_date=date(2026, 3, 10)).items) == 35


def test_a_disk_that_fills_up_in_mid_crawl_keeps_the_pages_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = PageFolder.save

    def save_two(folder: PageFolder, number: int, body: bytes, state: dict[str, Any]) -> None:
        if number > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(folder, number, body, state)

    monkeypatch.setattr(PageFolder, "save", save_two)
    outcome = walk(Feed(papers(35, SINCE)), tmp_path)
    assert (outcome.status, len(outcome.items)) == ("PARTIAL", 20)
    assert "No space left" in (outcome.reason or "")


_FAULTS = st.tuples(
    st.sampled_from(["ListRecords", "ListIdentifiers", "token", "first"]),
    st.sampled_from(["truncated", "html", "laughs"]),
)


@given(st.lists(_FAULTS, max_size=4), st.sets(st.integers(0, 34), max_size=6), st.integers(3, 40))
@settings(deadline=None, max_examples=60)
def test_whatever_passes_by_every_paper_arrives(
    faults: list[tuple[str, str]], hidden: set[int], page_size: int
) -> None:
    with TemporaryDirectory() as folder:
        feed = Feed(papers(35, SINCE), page_size, faults=faults, hidden={f"2603.{number:05d}" for number in hidden})
        outcome = walk(feed, Path(folder))
    assert (outcome.status, len(outcome.items), outcome.tally.repaired) == ("OK", 35, len(hidden))


def test_a_request_that_the_source_refuses_is_an_error_with_its_words(tmp_path: Path) -> None:
    outcome = walk(Feed(papers(5, SINCE), faults=[("ListRecords", "badargument")]), tmp_path)
    assert outcome.status == "ERROR"
    assert "badArgument" in (outcome.reason or "")
