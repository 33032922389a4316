"""The walk through the European Publication Server, without a network: lists, documents, what is gone, what is cut."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from horizon.errors import ParseError
from horizon.records import FetchStatus
from scrapers.dialects.epo_publications import Options, PublicationDays, read_dates, read_documents
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.politeness import CrawlStopped
from scrapers.replay.epo_publications import EpoPublications
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.patents import PatentShelf
from scrapers.replay.world import ListedWorld
from scrapers.source import Source, load_source
from scrapers.walk import Tally, Window
from tests.scrapers.replay.conftest import make_paper

SINCE, UNTIL, TODAY = date(2026, 11, 16), date(2026, 11, 22), date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
Change = Callable[[Response], Response]
BASE = "http://127.0.0.1:9/epo_publications/rest/v1.2"


@cache
def world() -> ListedWorld:
    day = date(2026, 11, 16)
    return ListedWorld([make_paper(f"2611.{n:05d}", day, "quant-ph") for n in range(300)])


@cache
def wanted() -> list[str]:
    found = PatentShelf(world()).published(Stage(world(), NOW).view, SINCE, UNTIL)
    return sorted(f"epo:{patent.name}" for patent in found if patent.office == "EP")


@dataclass
class Asked:
    """Asks the double in this process; `faults` by the number of the request, from 1."""

    feed: EpoPublications
    now: datetime = NOW
    faults: Mapping[int, Change] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    """Documents that are always cut, `EP1000000NWB1`."""
    stop_after: int | None = None
    paths: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def exchange(self, call: Call) -> Answer:
        if self.stop_after is not None and len(self.paths) >= self.stop_after:
            raise CrawlStopped("killed", source="test")
        path = unquote(urlsplit(call.url).path)
        self.paths.append(path)
        right = self.feed.answer(Request("GET", path, ""), Stage(world(), self.now))
        change = self.faults.get(len(self.paths))
        response = right if change is None else change(right)
        if any(name in path for name in self.broken):
            response = _cut(right)
        if response.status not in call.accept:
            raise CrawlStopped(f"given up: HTTP {response.status}", source="test", url=call.url)
        return Answer(response.status, {"date": "Tue, 24 Nov 2026 09:00:00 GMT"}, response.body)

    async def pause(self, seconds: float) -> None:
        self.waits.append(seconds)


@dataclass
class Outcome:
    """What one walk left."""

    tally: Tally
    items: list[str]
    digest: str
    status: FetchStatus
    reason: str
    asked: Asked

    @property
    def codes(self) -> set[str]:
        return {issue.code for issue in self.tally.issues} - {"abstract-missing"}


def walk(folder: Path, asked: Asked | None = None, **options: Any) -> Outcome:
    asked = asked or Asked(EpoPublications())
    source: Source = load_source("epo_publications")
    fields = source.options_as(Options).model_dump() | options
    source = source.model_copy(update={"options": Options.model_validate(fields)})
    folder.mkdir(exist_ok=True)
    with ItemSpool(folder) as spool:
        days = PublicationDays(Window(source, BASE, SINCE, UNTIL, TODAY), folder, spool, asked.exchange, asked.pause)
        asyncio.run(days.run())
        status, reason = judge(days.tally, len(spool), source)
        digest = spool.write(folder / "items.jsonl.gz")
    return Outcome(days.tally, [item.id for item in read_items(folder)], digest, status, reason or "", asked)


def test_a_wednesday_is_read_whole(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl")
    assert len(wanted()) > 10
    assert (outcome.items, outcome.status, outcome.codes) == (wanted(), "OK", set())
    assert len(outcome.asked.paths) == len(wanted()) + 2
    assert outcome.tally.listed == len(wanted())


def test_only_the_kinds_that_are_asked_for_are_fetched(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", kinds=("B1",))
    assert outcome.items == [name for name in wanted() if name.endswith(".B1")]
    assert outcome.status == "OK"


def test_a_document_that_is_gone_is_missing_and_not_forgotten(tmp_path: Path) -> None:
    _, number, kind = wanted()[0].split(".")
    outcome = walk(tmp_path / "crawl", Asked(EpoPublications(gone={number + kind})))
    assert (outcome.items, outcome.tally.missing, outcome.status) == (wanted()[1:], 1, "PARTIAL")
    assert outcome.codes == {"record-missing"}


def test_documents_with_a_bare_ampersand_are_read(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", Asked(EpoPublications(bare_ampersands=True)))
    assert (outcome.items, outcome.status, outcome.codes) == (wanted(), "OK", {"xml-mended"})


def _html(right: Response) -> Response:
    return right.but(body=b"<html><body>Maintenance</body></html>")


def _cut(right: Response) -> Response:
    return right.but(body=right.body[: len(right.body) * 3 // 5])


def _empty(right: Response) -> Response:
    return right.but(body=b"")


def _wrong_letters(right: Response) -> Response:
    return right.but(body=right.body.replace(b"<B542>A SIM", "<B542>Ä SIM".encode("latin-1")))


@pytest.mark.parametrize("fault", [_html, _cut, _empty, _wrong_letters])
@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_a_passing_fault_costs_nothing(tmp_path: Path, fault: Change, number: int) -> None:
    outcome = walk(tmp_path / "crawl", Asked(EpoPublications(), faults={number: fault}))
    assert (outcome.items, outcome.status, outcome.tally.missing) == (wanted(), "OK", 0)


def test_pages_of_the_web_in_place_of_documents_stop_the_crawl(tmp_path: Path) -> None:
    faults = dict.fromkeys(range(3, 500), _html)
    outcome = walk(tmp_path / "crawl", Asked(EpoPublications(), faults=faults))
    assert outcome.status == "ERROR"
    assert "5 documents in a row" in outcome.reason
    assert outcome.tally.missing == 5


def test_a_few_documents_that_stay_unreadable_are_missing_and_the_others_come(tmp_path: Path) -> None:
    every_second = [name.split(".") for name in wanted()[:12:2]]
    broken = frozenset(f"EP{number}NW{kind}" for _, number, kind in every_second)
    outcome = walk(tmp_path / "crawl", Asked(EpoPublications(), broken=broken))
    assert (outcome.status, outcome.tally.missing) == ("PARTIAL", 6)
    assert outcome.items == [name for name in wanted() if name not in wanted()[:12:2]]


def test_a_list_that_cannot_be_had_leaves_the_week_unknown(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", Asked(EpoPublications(), faults=dict.fromkeys(range(1, 99), _html)))
    assert (outcome.status, outcome.items) == ("ERROR", [])


def test_a_source_that_is_not_so_far_yet_says_nothing_of_the_week(tmp_path: Path) -> None:
    early = datetime(2026, 11, 10, 9, tzinfo=UTC)
    outcome = walk(tmp_path / "crawl", Asked(EpoPublications(), now=early))
    assert (outcome.status, outcome.items) == ("PARTIAL", [])


@pytest.mark.parametrize("stop_after", [0, 1, 2, 3, 9])
def test_a_killed_crawl_goes_on_where_it_was(tmp_path: Path, stop_after: int) -> None:
    _, number, kind = wanted()[2].split(".")
    gone = {number + kind}
    whole = walk(tmp_path / "whole", Asked(EpoPublications(gone=gone)))
    first = walk(tmp_path / "crawl", Asked(EpoPublications(gone=gone), stop_after=stop_after))
    second = walk(tmp_path / "crawl", Asked(EpoPublications(gone=gone)))
    assert "killed" in first.reason
    assert (second.digest, second.status, second.tally.missing) == (whole.digest, whole.status, 1)
    assert len(second.asked.paths) == len(whole.asked.paths) - stop_after


def test_a_day_that_is_too_long_is_cut_and_told(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", most_documents=5)
    assert (len(outcome.items), outcome.tally.missing, outcome.status) == (5, len(wanted()) - 5, "PARTIAL")


def test_lists_are_read_by_their_links() -> None:
    page = b'<html><a href="x">2026/11/18</a> <A HREF="y"> 2026/11/11 </A><a>2026/13/45</a><a>help</a></html>'
    assert read_dates(page) == [date(2026, 11, 11), date(2026, 11, 18)]
    page = b"<html><a>EP1000000NWB1</a><a>EP1000001W1A1</a><a>EP1000000NWB1</a><a>about</a></html>"
    assert read_documents(page) == ["EP1000000NWB1", "EP1000001W1A1"]


@pytest.mark.parametrize("page", [b"", b"<html></html>", b"{}", b"<a>EP1000000NWB1</a> and then nothing"])
def test_what_is_no_list_is_refused(page: bytes) -> None:
    with pytest.raises(ParseError, match="expected"):
        read_documents(page)
    with pytest.raises(ParseError, match="expected"):
        read_dates(page)
