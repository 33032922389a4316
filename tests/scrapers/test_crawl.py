"""Crawls as the product runs them: a process of its own, Scrapy, a server on this machine."""

import gzip
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import scrapers.crawl as crawl_module
from horizon.errors import ParseError, UsageError
from horizon.records import Fetch
from horizon.weeks import IsoWeek
from scrapers.crawl import crawl, parse_file, read_issues, read_items
from scrapers.run import main
from tests.conftest import ROOT
from tests.scrapers.feed_server import Feed, papers, serving

WEEK = IsoWeek.parse("2026-W10")
SINCE, UNTIL = WEEK.monday, WEEK.sunday


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    # Lock files of the crawls go there.
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.001")


@pytest.fixture
def feed() -> Iterator[Feed]:
    with serving(Feed(papers(35, SINCE))) as served:
        yield served


def fetch_week(feed: Feed, out: Path, timeout_s: float = 60.0, contact: str | None = None) -> Fetch:
    return crawl("arxiv", SINCE, UNTIL, WEEK, out, base_url=feed.url, timeout_s=timeout_s, contact=contact)


def test_a_week_is_crawled_into_a_folder_and_not_asked_for_again(feed: Feed, tmp_path: Path) -> None:
    fetch = fetch_week(feed, tmp_path / "w", contact="someone@example.org")
    assert (fetch.status, fetch.items, fetch.records, fetch.pages) == ("OK", 35, 35, 4)
    assert [item.id for item in read_items(tmp_path / "w")] == [f"arxiv:{paper.arxiv_id}" for paper in feed.papers]
    assert feed.agents == {"Horizon/0.1 (technology horizon scanning; contact: someone@example.org)"}
    assert fetch.cut_off is not None
    asked = len(feed.requests)
    assert fetch_week(feed, tmp_path / "w") == fetch
    assert len(feed.requests) == asked


def test_the_same_week_gives_the_same_bytes(feed: Feed, tmp_path: Path) -> None:
    one, two = (fetch_week(feed, tmp_path / name) for name in "ab")
    assert one == two
    assert (tmp_path / "a/items.jsonl.gz").read_bytes() == (tmp_path / "b/items.jsonl.gz").read_bytes()


def test_503_with_retry_after_0_is_waited_for_and_asked_again_by_the_identical_url(
    feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.01")
    feed.faults = [("token", "503"), ("token", "503")]
    assert fetch_week(feed, tmp_path / "w").status == "OK"
    assert feed.requests[1] == feed.requests[2] == feed.requests[3]
    assert feed.moments[2] - feed.moments[1] >= 0.3
    assert feed.moments[3] - feed.moments[2] >= 0.6


def test_a_source_that_is_down_is_given_up_and_what_was_had_is_kept(feed: Feed, tmp_path: Path) -> None:
    feed.faults = [("token", "503")] * 5
    fetch = fetch_week(feed, tmp_path / "w")
    assert (fetch.status, fetch.items) == ("PARTIAL", 10)
    assert "HTTP 503" in (fetch.reason or "")
    again = fetch_week(feed, tmp_path / "w")
    assert (again.status, again.items) == ("OK", 35)
    assert feed.requests[-7]["verb"] == "ListRecords"
    assert "resumptionToken" in feed.requests[-7]


def test_a_source_that_never_answers_is_an_error_and_no_empty_week(feed: Feed, tmp_path: Path) -> None:
    feed.faults = [("ListRecords", "503")] * 5
    fetch = fetch_week(feed, tmp_path / "w")
    assert (fetch.status, fetch.items) == ("ERROR", 0)


def test_after_429_everything_pauses_much_longer(feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.001")
    feed.faults = [("ListRecords", "429")]
    assert fetch_week(feed, tmp_path / "w").status == "OK"
    assert feed.moments[1] - feed.moments[0] >= 0.6


def test_after_403_not_one_more_request_is_sent_and_none_by_the_next_crawl(feed: Feed, tmp_path: Path) -> None:
    feed.faults = [("token", "403")]
    fetch = fetch_week(feed, tmp_path / "w")
    assert fetch.status == "PARTIAL"
    assert "403" in (fetch.reason or "")
    asked = len(feed.requests)
    assert asked == 2
    after = fetch_week(feed, tmp_path / "v")
    assert after.status == "ERROR"
    assert "paused" in (after.reason or "")
    assert len(feed.requests) == asked


def test_a_stalled_answer_is_cut_off_and_asked_again(feed: Feed, tmp_path: Path) -> None:
    feed.faults = [("token", "stall:4")]
    assert fetch_week(feed, tmp_path / "w").status == "OK"
    assert feed.requests[1] == feed.requests[2]


def test_a_moved_feed_is_followed_on_its_own_host_only(feed: Feed, tmp_path: Path) -> None:
    feed.faults = [("ListRecords", f"moved:{feed.url}2")]
    assert fetch_week(feed, tmp_path / "w").status == "OK"
    feed.faults = [("ListRecords", "moved:http://127.0.0.2:9/oai")]
    fetch = fetch_week(feed, tmp_path / "v")
    assert fetch.status == "ERROR"
    assert "moved to" in (fetch.reason or "")


def _start(feed: Feed, out: Path) -> "subprocess.Popen[bytes]":
    words = ["--since", str(SINCE), "--until", str(UNTIL), "--week", str(WEEK), "--out", str(out)]
    return subprocess.Popen(
        [sys.executable, "-m", "scrapers.run", "arxiv", *words, "--base-url", feed.url],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_for(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        threading.Event().wait(0.005)


@pytest.mark.parametrize("requests", [2, 5])
def test_a_crawl_killed_with_sigkill_resumes_to_the_same_bytes(feed: Feed, tmp_path: Path, requests: int) -> None:
    calm = fetch_week(feed, tmp_path / "calm")
    feed.requests.clear()
    feed.delay_s = 0.05
    process = _start(feed, tmp_path / "w")
    _wait_for(lambda: len(feed.requests) >= requests)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "w/fetch.json").exists()
    feed.requests.clear()
    resumed = fetch_week(feed, tmp_path / "w")
    assert resumed == calm
    assert (tmp_path / "w/items.jsonl.gz").read_bytes() == (tmp_path / "calm/items.jsonl.gz").read_bytes()
    assert len([query for query in feed.requests if query["verb"] == "ListRecords"]) <= max(0, 4 - requests + 1) + 1


def test_a_crawl_asked_to_end_leaves_a_verdict_and_can_go_on(feed: Feed, tmp_path: Path) -> None:
    feed.delay_s = 0.1
    process = _start(feed, tmp_path / "w")
    _wait_for(lambda: len(feed.requests) >= 3)
    process.terminate()
    assert process.wait(30) == 1
    feed.delay_s = 0.0
    fetch = fetch_week(feed, tmp_path / "w")
    assert (fetch.status, fetch.items) == ("OK", 35)


def test_two_crawls_of_one_source_never_talk_to_it_at_once(feed: Feed, tmp_path: Path) -> None:
    feed.delay_s = 0.02
    first, second = _start(feed, tmp_path / "a"), _start(feed, tmp_path / "b")
    assert (first.wait(60), second.wait(60)) == (0, 0)
    half = len(feed.requests) // 2
    assert feed.requests[:half] == feed.requests[half:]


def test_a_crawl_that_takes_too_long_is_ended_and_is_an_error(feed: Feed, tmp_path: Path) -> None:
    feed.delay_s = 1.0
    fetch = fetch_week(feed, tmp_path / "w", timeout_s=2.5)
    assert fetch.status == "ERROR"
    assert "longer than 2.5 s" in (fetch.reason or "")
    feed.delay_s = 0.0
    assert fetch_week(feed, tmp_path / "w").status == "OK"


def test_a_crawler_that_dies_leaves_an_error_with_how_it_ended(
    feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    monkeypatch.setattr(crawl_module, "_command", lambda job: dying)
    fetch = fetch_week(feed, tmp_path / "w")
    assert fetch.status == "ERROR"
    assert "signal 9" in (fetch.reason or "")


def test_a_full_disk_is_an_error_that_says_so_and_loses_no_page(feed: Feed, tmp_path: Path) -> None:
    full = tmp_path / "w/items.jsonl.gz.part"
    full.parent.mkdir()
    full.symlink_to("/dev/full")
    fetch = fetch_week(feed, tmp_path / "w")
    assert fetch.status == "ERROR"
    assert "No space left" in (fetch.reason or "")
    full.unlink()
    feed.requests.clear()
    assert fetch_week(feed, tmp_path / "w").status == "OK"
    assert {query["verb"] for query in feed.requests} == {"ListIdentifiers"}


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(feed: Feed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    fetch = fetch_week(feed, tmp_path / "file/w")
    assert fetch.status == "ERROR"
    assert "cannot be used" in (fetch.reason or "")
    assert feed.requests == []


def test_bad_records_become_issues_and_the_rest_of_the_week_is_kept(tmp_path: Path) -> None:
    week = papers(35, SINCE)
    week[3] = replace(week[3], title="")
    with serving(Feed(week)) as feed:
        fetch = fetch_week(feed, tmp_path / "w")
    assert (fetch.status, fetch.items, fetch.refused) == ("OK", 34, 1)
    assert [(issue.code, issue.item_id) for issue in read_issues(tmp_path / "w")] == [
        ("title-missing", "arxiv:2603.00003")
    ]


def test_a_folder_of_another_window_is_not_mixed_up(feed: Feed, tmp_path: Path) -> None:
    fetch_week(feed, tmp_path / "w")
    with pytest.raises(UsageError, match="holds another crawl"):
        crawl("arxiv", date(2026, 3, 1), UNTIL, WEEK, tmp_path / "w", base_url=feed.url)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"source": "nature"}, "no source 'nature'"),
        ({"base_url": "https://oaipmh.example.org/oai"}, "on this machine"),
        ({"base_url": "http://192.0.2.1/oai"}, "on this machine"),
        ({"base_url": None}, "HORIZON_CONTACT"),
        ({"until": date(2026, 2, 1)}, "ends before it begins"),
    ],
)
def test_what_must_not_be_crawled_is_refused_before_any_request(
    words: dict[str, object], told: str, feed: Feed, tmp_path: Path
) -> None:
    usual: dict[str, object] = {"source": "arxiv", "since": SINCE, "until": UNTIL, "week": WEEK, "out_dir": tmp_path}
    with pytest.raises(UsageError, match=told):
        crawl(**(usual | {"base_url": feed.url} | words))  # type: ignore[arg-type]  # wrong on purpose
    assert feed.requests == []


def test_the_command_tells_usage_errors_by_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--since", "2026-03-02", "--until", "2026-03-08", "--week", "2026-W10", "--out", str(tmp_path)]
    assert main(["nature", *words]) == 2
    assert "no source 'nature'" in capsys.readouterr().err


def test_the_days_after_the_sources_today_are_not_asked_for_yet(feed: Feed, tmp_path: Path) -> None:
    out = tmp_path / "w"
    early = crawl("arxiv", SINCE, UNTIL, WEEK, out, base_url=feed.url, server_date=date(2026, 3, 5))
    assert early.until == date(2026, 3, 5)
    assert early.items < 35
    assert feed.requests[0]["until"] == "2026-03-05"


def test_a_raw_answer_can_be_parsed_from_a_file(tmp_path: Path) -> None:
    fixture = Path(__file__).parent / "fixtures/arxiv/refused_and_remarked.xml"
    packed = tmp_path / "page.xml.gz"
    packed.write_bytes(gzip.compress(fixture.read_bytes()))
    assert list(parse_file("arxiv", packed)) == list(parse_file("arxiv", fixture))
    (tmp_path / "no.xml").write_text("<html/>")
    with pytest.raises(ParseError):
        list(parse_file("arxiv", tmp_path / "no.xml"))
    with pytest.raises(UsageError):
        list(parse_file("arxiv", tmp_path / "absent.xml"))


def test_a_damaged_items_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl.gz").write_bytes(gzip.compress(b'{"id": 3}\n'))
    with pytest.raises(ParseError, match=r"items\.jsonl\.gz:1"):
        list(read_items(tmp_path))
    (tmp_path / "items.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(ParseError, match="crawl again"):
        list(read_items(tmp_path))
