"""The walk through OPS, without a network: token, slices, sums, traffic lights, quotas, and what a fault costs."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from horizon.records import FetchStatus
from scrapers.dialects.epo_ops import OpsSearch, Options
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.politeness import CrawlStopped
from scrapers.replay.epo_ops import EpoOps
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.patents import Patent, PatentShelf
from scrapers.replay.world import ListedWorld, Paper
from scrapers.source import Source, load_source
from scrapers.walk import Tally, Window
from taxonomy.load import Taxonomy, load_taxonomy
from tests.scrapers.replay.conftest import make_paper

SINCE, UNTIL, TODAY = date(2026, 11, 9), date(2026, 11, 22), date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BASE = "http://127.0.0.1:9/epo_ops/3.2"
Change = Callable[[Response], Response]
SECRETS = {"EPO_OPS_KEY": "SIMULATED", "EPO_OPS_SECRET": "SIMULATED"}
DATE = "Tue, 24 Nov 2026 09:00:00 GMT"


@pytest.fixture(autouse=True)
def _read_the_taxonomy_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapers.dialects.epo_ops.load_taxonomy", load_taxonomy_once)


@cache
def load_taxonomy_once() -> Taxonomy:
    return load_taxonomy()


@cache
def world(count: int = 240) -> ListedWorld:
    """Papers on qubits, of which a third are published as patents; most on two days."""
    days = [date(2026, 11, 10), date(2026, 11, 17), date(2026, 11, 17), date(2026, 11, 19), date(2026, 11, 3)]
    held: list[Paper] = [
        make_paper(f"2611.{n:05d}", days[n % 5], "quant-ph", title=f"SIMULATED quantum computer {n}")
        for n in range(count)
    ]
    return ListedWorld(held)


@cache
def published(since: date = SINCE, until: date = UNTIL) -> list[Patent]:
    return PatentShelf(world()).published(Stage(world(), NOW).view, since, until)


def wanted() -> list[str]:
    """What the crawl should bring: all of them, for each speaks of a quantum computer."""
    return sorted(f"epo:{patent.name}" for patent in published())


def source_with(**options: Any) -> Source:
    source = load_source("epo_ops")
    fields = source.options_as(Options).model_dump() | {"terms_a_query": 1_000, "hits_a_page": 10} | options
    return source.model_copy(update={"options": Options.model_validate(fields)})


@dataclass
class Asked:
    """Asks the double in this process. `faults`: number of a search (from 1) to what is answered in its place."""

    feed: EpoOps
    faults: Mapping[int, Change] = field(default_factory=dict)
    stop_after: int | None = None
    calls: list[Call] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    searches: int = 0
    logins: int = 0

    async def exchange(self, call: Call) -> Answer:
        if self.stop_after is not None and len(self.calls) >= self.stop_after:
            raise CrawlStopped("killed", source="test")
        self.calls.append(call)
        parts = urlsplit(call.url)
        query = parts.query if call.method == "GET" else call.body.decode()
        headers = {name.lower(): value for name, value in call.headers}
        request = Request(call.method, unquote(parts.path), query, tuple(parse_qsl(query)), "", headers, call.body)
        response = self.feed.answer(request, Stage(world(), NOW))
        if call.method == "GET":
            self.searches += 1
            change = self.faults.get(self.searches)
            response = response if change is None else change(response)
        else:
            self.logins += 1
        if response.status not in call.accept:
            raise CrawlStopped(f"given up: HTTP {response.status}", source="test", url=call.url)
        told = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, {"date": DATE, **told}, response.body)

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
    counts: list[dict[str, Any]]

    @property
    def codes(self) -> list[str]:
        return [issue.code for issue in self.tally.issues if issue.code not in ("abstract-missing",)]


def walk(
    folder: Path,
    feed: EpoOps | None = None,
    faults: Mapping[int, Change] | None = None,
    stop_after: int | None = None,
    secrets: dict[str, str] | None = None,
    **options: Any,
) -> Outcome:
    asked = Asked(feed or EpoOps(), faults or {}, stop_after)
    source = source_with(**options)
    window = Window(source, BASE, SINCE, UNTIL, TODAY, SECRETS if secrets is None else secrets)
    folder.mkdir(exist_ok=True)
    with ItemSpool(folder) as spool:
        search = OpsSearch(window, folder, spool, asked.exchange, asked.pause)
        asyncio.run(search.run())
        status, reason = judge(search.tally, len(spool), source)
        digest = spool.write(folder / "items.jsonl.gz")
    counted = folder / "denominators.json"
    counts = json.loads(counted.read_bytes())["counts"] if counted.exists() else []
    items = [item.id for item in read_items(folder)]
    return Outcome(search.tally, items, digest, status, reason or "", asked, counts)


# ---- the whole walk --------------------------------------------------------------------------------------------------


def test_everything_published_arrives_once_and_weeks_are_counted(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl")
    assert outcome.items == wanted()
    assert (outcome.status, outcome.tally.missing, outcome.codes) == ("OK", 0, [])
    weeks = [published(date(2026, 11, 9), date(2026, 11, 15)), published(date(2026, 11, 16), UNTIL)]
    assert [(count["week"], count["hits"]) for count in outcome.counts] == [
        ("2026-W46", len(weeks[0])),
        ("2026-W47", len(weeks[1])),
    ]


@pytest.mark.parametrize("most_hits", [40, 25, 10])
def test_a_search_with_too_many_hits_is_divided_until_all_are_had(tmp_path: Path, most_hits: int) -> None:
    most_countable = most_hits + 15
    feed = EpoOps(most_hits=most_hits, most_countable=most_countable)
    outcome = walk(tmp_path / "crawl", feed, most_hits=most_hits, most_countable=most_countable)
    assert outcome.items == wanted()
    assert (outcome.status, outcome.tally.missing, outcome.codes) == ("OK", 0, [])
    assert [count["hits"] for count in outcome.counts] == [
        len(published(SINCE, date(2026, 11, 15))),
        len(published(date(2026, 11, 16), UNTIL)),
    ]


def test_a_day_that_cannot_be_divided_is_told_as_missing(tmp_path: Path) -> None:
    # Only one office is known to the options, and the others publish too much on one day.
    outcome = walk(tmp_path / "crawl", EpoOps(most_hits=10), offices=("ZZ",), most_hits=10, most_countable=1_000)
    assert outcome.status == "PARTIAL"
    assert outcome.tally.missing + len(outcome.items) == len(wanted())
    assert "slice-too-large" in outcome.codes


def test_many_small_queries_bring_the_same_as_one(tmp_path: Path) -> None:
    assert walk(tmp_path / "few", terms_a_query=200).digest == walk(tmp_path / "one").digest


def test_parts_that_do_not_add_up_are_told(tmp_path: Path) -> None:
    def overstated(right: Response) -> Response:
        return right.but(body=right.body.replace(b'total-result-count="', b'total-result-count="9', 1))

    outcome = walk(tmp_path / "crawl", EpoOps(most_hits=40), {1: overstated}, most_hits=40)
    assert outcome.items == wanted()
    assert "slices-disagree" in outcome.codes


def test_one_token_serves_many_searches_and_is_renewed_once_it_has_expired(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", EpoOps(answers_a_token=4))
    assert outcome.items == wanted()
    assert outcome.status == "OK"
    assert 1 < outcome.asked.logins <= outcome.asked.searches / 4 + 1


def test_secrets_go_into_headers_and_nowhere_else(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl")
    written = b"".join(path.read_bytes() for path in (tmp_path / "crawl").rglob("*.json*"))
    assert b"token" not in written
    assert all("SIMULATEDtoken" not in call.url and "Basic" not in repr(call) for call in outcome.asked.calls)


@pytest.mark.parametrize(
    ("secrets", "told"),
    [({}, "set HORIZON_EPO_OPS_KEY"), ({**SECRETS, "EPO_OPS_SECRET": "wrong"}, "key is not accepted")],
)
def test_without_an_accepted_key_nothing_is_known(tmp_path: Path, secrets: dict[str, str], told: str) -> None:
    outcome = walk(tmp_path / "crawl", secrets=secrets)
    assert (outcome.status, outcome.items) == ("ERROR", [])
    assert told in outcome.reason
    assert "wrong" not in outcome.reason


# ---- manners ---------------------------------------------------------------------------------------------------------


def test_half_of_the_allowance_is_used_and_less_when_the_lights_change(tmp_path: Path) -> None:
    calm = walk(tmp_path / "calm").asked
    # 30 searches a minute are allowed: one in four seconds is half of it, two of which the crawler keeps by itself.
    assert set(calm.waits) == {2.0}
    busy = walk(tmp_path / "busy", EpoOps(moods=["overloaded"])).asked
    # The worst answer of the last minute counts: five a minute, red.
    assert max(busy.waits) == 58.0


def test_a_suspension_is_waited_out_in_milliseconds(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", EpoOps(moods=["green", "black", "black"]))
    assert (outcome.items, outcome.status) == (wanted(), "OK")
    assert outcome.asked.waits.count(60.0) == 2


def test_a_suspension_without_end_stops_the_crawl(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", EpoOps(moods=["black"] * 50))
    assert (outcome.status, outcome.items) == ("ERROR", [])
    assert outcome.asked.searches == 6
    assert outcome.tally.pause_s == 3600.0


def test_the_weeks_quota_stops_the_crawl_until_monday(tmp_path: Path) -> None:
    feed = EpoOps(week_quota=30_000)
    outcome = walk(tmp_path / "crawl", feed)
    assert outcome.status == "PARTIAL"
    assert "quota" in outcome.reason
    # Tuesday, nine o'clock: five days and fifteen hours.
    assert outcome.tally.pause_s == timedelta(days=5, hours=15).total_seconds()
    refused = outcome.asked.searches
    assert walk(tmp_path / "crawl", feed).asked.searches == 1 < refused


def test_a_quota_is_kept_before_the_source_refuses(tmp_path: Path) -> None:
    # The source itself would go on for ever.
    feed = EpoOps(week_used=3_999_990_000, week_quota=10**12)
    outcome = walk(tmp_path / "crawl", feed)
    assert outcome.status == "PARTIAL"
    assert "quota" in outcome.reason
    assert outcome.asked.searches < 5


def test_the_hours_quota_is_waited_out(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", EpoOps(hour_used=449_999_000))
    assert 600.0 in outcome.asked.waits


# ---- faults ----------------------------------------------------------------------------------------------------------


def _html(right: Response) -> Response:
    return right.but(body=b"<html><body>Maintenance</body></html>", status=200)


def _cut(right: Response) -> Response:
    return right.but(body=right.body[: len(right.body) * 3 // 5])


def _empty_page(right: Response) -> Response:
    head = right.body.partition(b"<ops:search-result>")[0]
    return right.but(body=head + b"<ops:search-result></ops:search-result></ops:biblio-search></ops:world-patent-data>")


def _nothing_found(right: Response) -> Response:
    fault = b'<fault xmlns="http://ops.epo.org"><code>SERVER.EntityNotFound</code><message>none</message></fault>'
    return Response(404, fault)


def _bad_token(right: Response) -> Response:
    return Response(400, b"<error><code>400</code><message>invalid_access_token</message></error>")


def _throttled(right: Response) -> Response:
    return Response(429, b'<fault xmlns="http://ops.epo.org"><code>429</code></fault>', {"Retry-After": "2000"})


def _without_one(right: Response) -> Response:
    start = right.body.index(b"<exchange-documents>")
    end = right.body.index(b"</exchange-documents>") + len(b"</exchange-documents>")
    return right.but(body=right.body[:start] + right.body[end:])


def _wrong_letters(right: Response) -> Response:
    return right.but(body=right.body.replace(b"SIMULATED quantum", "SIMULATED quäntum".encode("latin-1"), 1))


def _gone(right: Response) -> Response:
    return Response(404, b"<html><body>not here</body></html>")


def _nothing_at_all(right: Response) -> Response:
    return Response(404, b"")


@pytest.mark.parametrize(
    "fault",
    [_nothing_at_all, _html, _cut, _empty_page, _nothing_found, _bad_token, _throttled, _without_one, _wrong_letters],
)
@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_passing_fault_costs_nothing(tmp_path: Path, fault: Change, number: int) -> None:
    outcome = walk(tmp_path / "crawl", faults={number: fault})
    assert (outcome.items, outcome.status, outcome.tally.missing) == (wanted(), "OK", 0)


def test_documents_that_are_never_given_are_missing(tmp_path: Path) -> None:
    always = dict.fromkeys(range(2, 100), _empty_page)
    outcome = walk(tmp_path / "crawl", faults=always)
    assert outcome.status == "PARTIAL"
    assert outcome.tally.missing == len(wanted()) - 10
    assert "hits-missing" in outcome.codes


def test_an_address_that_has_gone_is_no_empty_result(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", faults=dict.fromkeys(range(1, 100), _gone))
    assert outcome.status == "ERROR"
    assert "found an HTML page: the feed is down or has moved" in outcome.reason


def test_a_refusal_without_a_reason_needs_a_person(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "crawl", faults={1: lambda right: Response(403, b"<html>blocked</html>")})
    assert (outcome.status, outcome.asked.searches) == ("ERROR", 1)
    assert outcome.tally.pause_s == 3600.0


def test_a_query_that_is_refused_stops_the_crawl_with_the_reason(tmp_path: Path) -> None:
    fault = b'<fault xmlns="http://ops.epo.org"><code>CLIENT.CQL</code><message>too long</message></fault>'
    outcome = walk(tmp_path / "crawl", faults={1: lambda right: Response(413, fault)})
    assert (outcome.status, outcome.asked.searches) == ("ERROR", 1)
    assert "CLIENT.CQL too long" in outcome.reason


@pytest.mark.parametrize("stop_after", [0, 1, 2, 4, 7, 9, 11])
def test_a_killed_crawl_goes_on_where_it_was(tmp_path: Path, stop_after: int) -> None:
    whole = walk(tmp_path / "whole")
    first = walk(tmp_path / "crawl", stop_after=stop_after)
    second = walk(tmp_path / "crawl")
    assert (second.digest, second.counts) == (whole.digest, whole.counts)
    asked_before = max(first.asked.searches, 0)
    assert second.asked.searches == whole.asked.searches - asked_before
