"""The walk through the USPTO's bulk files, without a network: the list, revisions, signed addresses, damage, kills."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.records import FetchStatus, Item
from horizon.weeks import IsoWeek
from scrapers.crawl import crawl
from scrapers.dialects.uspto_bulk import Options, UsptoBulk, choose
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.parsers.uspto_odp import BulkFile
from scrapers.politeness import CrawlStopped
from scrapers.replay import server as replay
from scrapers.replay.faults import Fault, Saboteur
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.uspto_documents import patents, zipped
from scrapers.replay.uspto_odp import UsptoOdp
from scrapers.replay.world import ListedWorld, Paper, Version
from scrapers.source import load_source
from scrapers.walk import Tally, Window

GRANTS, APPLICATIONS = load_source("uspto_grants"), load_source("uspto_applications")
WEEK = IsoWeek.parse("2026-W11")
TUESDAY, THURSDAY = date(2026, 3, 10), date(2026, 3, 12)
NOW = datetime(2026, 3, 17, 9, tzinfo=UTC)
BASE = "http://127.0.0.1:9"


def papers(count: int = 300) -> list[Paper]:
    """Invented papers, one every few hours up to the week."""
    first = datetime(2026, 1, 5, 12, tzinfo=UTC)
    moments = [first + timedelta(hours=5 * number) for number in range(count)]
    return [
        Paper(
            id=f"{moment:%y%m}.{number:05d}",
            title=f"SIMULATED matter {number}",
            abstract=f"SIMULATED. Nothing of matter {number} is true.",
            authors="Ann Other, B. Body",
            categories="quant-ph cs.RO",
            versions=(Version(1, moment, 20),),
            announced=moment.date(),
        )
        for number, moment in enumerate(moments)
    ]


WORLD = ListedWorld(papers())


@dataclass
class Portal:
    """The double as an exchange: redirects followed as the middleware follows them, faults by plan."""

    feed: UsptoOdp = field(default_factory=UsptoOdp)
    faults: list[Fault] = field(default_factory=list)
    stop_after: int | None = None
    waits: list[float] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    damage: Callable[[str, Response], Response] = lambda path, response: response

    def __post_init__(self) -> None:
        self._saboteur, self._stage = Saboteur(self.faults), Stage(WORLD, NOW)

    async def exchange(self, call: Call) -> Answer:
        headers = {name.lower(): value for name, value in call.headers}
        response = self._ask(call.url, headers)
        if response.status == 302:
            response = self._ask(urljoin(call.url, response.headers["Location"]), {})
        if response.status not in call.accept:
            raise CrawlStopped(f"given up: HTTP {response.status}", source="uspto_grants", url=call.url)
        body = response.body
        if call.into is not None and response.status == 200:
            call.into.write_bytes(body)
            body = b""
        return Answer(response.status, {"date": "Tue, 17 Mar 2026 09:00:00 GMT"}, body)

    def _ask(self, url: str, headers: dict[str, str]) -> Response:
        if self.stop_after is not None and len(self.calls) >= self.stop_after:
            raise CrawlStopped("killed", source="uspto_grants")
        parts = urlsplit(url)
        self.calls.append(parts.path)
        request = Request("GET", parts.path, parts.query, tuple(parse_qsl(parts.query)), BASE, headers)
        fault = self._saboteur.strike(request)
        right = self.feed.answer(request, self._stage)
        return self.damage(parts.path, self._saboteur.alter(fault, request, right, NOW, self.feed))

    async def pause(self, seconds: float) -> None:
        self.waits.append(seconds)

    @property
    def downloads(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.calls if path.startswith("/uspto/files")]


class Outcome:
    """What one walk left."""

    def __init__(self, tally: Tally, items: dict[str, Item]) -> None:
        self.tally, self.items = tally, items
        self.status: FetchStatus
        self.status, self.reason = judge(tally, len(items), GRANTS)


def walk(
    portal: Portal,
    folder: Path,
    *,
    grants: bool = True,
    since: date = WEEK.monday,
    until: date = WEEK.sunday,
    key: str | None = "SIMULATED",
    drop: Path | None = None,
) -> Outcome:
    source = GRANTS if grants else APPLICATIONS
    secrets = {"USPTO_API_KEY": key} if key else {}
    window = Window(source, source.at_replay(BASE), since, until, NOW.date(), secrets, drop)
    with ItemSpool(folder) as spool:
        harvest = UsptoBulk(window, folder, spool, portal.exchange, portal.pause)
        asyncio.run(harvest.run())
        spool.write(folder / "items.jsonl.gz")
    return Outcome(harvest.tally, {item.id: item for item in read_items(folder)})


def expected(day: date, type_: str = "grant") -> set[str]:
    found = patents(WORLD, type_, day)
    assert found
    return {f"uspto:US.{one.number}.{one.kind}" for one in found}


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


# ---- files fetched by hand ---------------------------------------------------------------------------------------


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


# ---- which files -----------------------------------------------------------------------------------------------------

_OPTIONS = Options(product="PTGRXML", prefix="ipg", weekday=2, relook_days=60, downloads=3)


def row(name: str, day: date | None, released: date | None = None, is_data: bool = True) -> BulkFile:
    return BulkFile(name, f"{BASE}/{name}", day, day, released or day, 1, is_data)


def test_notes_and_other_names_are_no_data() -> None:
    rows = [
        row("us-patent-grant-v47-2022-02-17.dtd", TUESDAY, is_data=False),
        row("ipg260310.zip", TUESDAY, is_data=False),
        row("ipgb20260310_wk10.zip", TUESDAY),
        row("ipg269999.zip", None),
    ]
    assert choose(rows, WEEK.monday, WEEK.sunday, _OPTIONS) == []


def test_a_row_without_its_day_takes_it_from_its_name() -> None:
    assert [file.day for file in choose([row("ipg260310.zip", None)], WEEK.monday, WEEK.sunday, _OPTIONS)] == [TUESDAY]


@given(st.lists(st.tuples(st.integers(-12, 3), st.integers(0, 3), st.integers(0, 60)), max_size=30), st.randoms())
@settings(deadline=None, max_examples=100)
def test_one_file_a_day_whatever_the_order_of_the_list(found: list[tuple[int, int, int]], shuffle: object) -> None:
    rows = []
    for weeks, revision, later in found:
        day = TUESDAY + timedelta(weeks=weeks)
        name = f"ipg{day:%y%m%d}{f'_r{revision}' if revision else ''}.zip"
        rows.append(row(name, day, day + timedelta(days=later if revision else 0)))
    distinct = list({one.name: one for one in rows}.values())
    chosen = choose(distinct, WEEK.monday, WEEK.sunday, _OPTIONS)
    shuffle.shuffle(distinct)  # type: ignore[attr-defined]
    assert choose(distinct, WEEK.monday, WEEK.sunday, _OPTIONS) == chosen
    assert len({file.day for file in chosen}) == len(chosen)
    for file in chosen:
        assert file.revision == max(r for w, r, _ in found if TUESDAY + timedelta(weeks=w) == file.day)


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


def test_files_of_other_windows_leave_this_one_alone() -> None:
    older = replace(row("ipg251230_r2.zip", date(2025, 12, 30)), released=date(2026, 1, 30))
    assert choose([older], WEEK.monday, WEEK.sunday, _OPTIONS) == []
