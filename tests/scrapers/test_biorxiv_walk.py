"""The walk through bioRxiv's interface, without a network: steps, versions, categories, reconciliation."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from horizon.records import FetchStatus, Item
from scrapers.dialects.biorxiv_details import BiorxivDetails, Options
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.replay.biorxiv import BiorxivApi
from scrapers.replay.feed import Stage
from scrapers.replay.world import ListedWorld, Paper, Version
from scrapers.source import Source, load_source
from scrapers.walk import Tally, Window
from tests.scrapers.answering import Answering
from tests.scrapers.replay.conftest import make_paper

SINCE, UNTIL, TODAY = date(2026, 11, 9), date(2026, 11, 22), date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BASE = "http://127.0.0.1:9/biorxiv"


def source_with(name: str = "biorxiv", **options: Any) -> Source:
    source = load_source(name)
    fields = source.options_as(Options).model_dump() | {"categories": ()} | options
    return source.model_copy(update={"options": Options.model_validate(fields)})


def papers(count: int, day: date = date(2026, 11, 12)) -> list[Paper]:
    """Preprints posted on one day; of 5 in a row 4 are bioRxiv's."""
    return [make_paper(f"{day:%y%m}.{n:05d}", day, "q-bio.GN", title=f"SIMULATED cell {n}") for n in range(count)]


def background() -> list[Paper]:
    """So that no week is empty: the last number of each world must be no multiple of 5."""
    return [
        make_paper(f"2612.{n:05d}", day, "q-bio.GN")
        for day in (date(2026, 11, 10), date(2026, 11, 18))
        for n in range(day.day, day.day + 5)
    ]


def pushed() -> list[Paper]:
    """Preprints of the first day, which stand before all others."""
    return [make_paper(f"2613.{n:05d}", date(2026, 11, 9), "q-bio.GN") for n in range(5)]


class Grown(ListedWorld):
    """Papers of which some were posted again as a later version."""

    def __init__(self, first: list[Paper], later: list[Paper]) -> None:
        super().__init__([*first, *later])
        newest = {paper.id: paper.announced for paper in later}
        superseded = self.events.superseded.copy()
        for place, paper in enumerate(self._papers):
            if newest.get(paper.id, paper.announced) > paper.announced:
                moment = datetime.combine(newest[paper.id], datetime.min.time(), UTC) + timedelta(hours=12)
                superseded[place] = int(moment.timestamp())
        self.events = replace(self.events, superseded=superseded)


def later_version(paper: Paper, day: date, number: int = 2) -> Paper:
    versions = (*paper.versions, Version(number, datetime(day.year, day.month, day.day, tzinfo=UTC), 20))
    return replace(paper, announced=day, versions=versions, title=f"{paper.title}, version {number}")


@dataclass
class Outcome:
    """What one walk left."""

    tally: Tally
    items: list[Item]
    digest: str
    status: FetchStatus
    reason: str | None
    counts: list[dict[str, Any]]
    asked: Answering

    @property
    def codes(self) -> Counter[str]:
        return Counter(issue.code for issue in self.tally.issues)


def walk(
    folder: Path,
    feed: BiorxivApi,
    held: list[Paper] | ListedWorld,
    source: Source | None = None,
    faults: dict[int, Callable[[bytes], bytes]] | None = None,
    stop_after: int | None = None,
    shift_at: int | None = None,
) -> Outcome:
    """Crawl the double in this process; before request `shift_at` one more paper is posted, which moves all others."""
    world = held if isinstance(held, ListedWorld) else ListedWorld([*held, *background()])
    asked = Answering(feed, Stage(world, NOW), faults or {}, stop_after)
    source = source or source_with()

    async def exchange(call: Call) -> Answer:
        if shift_at is not None and len(asked.calls) == shift_at - 1:
            assert isinstance(held, list)
            asked.stage = Stage(ListedWorld([*held, *background(), *pushed()]), NOW)
        return await asked.exchange(call)

    folder.mkdir(exist_ok=True)
    with ItemSpool(folder) as spool:
        details = BiorxivDetails(Window(source, BASE, SINCE, UNTIL, TODAY), folder, spool, exchange, asked.pause)
        asyncio.run(details.run())
        digest = spool.write(folder / "items.jsonl.gz")
        status, reason = judge(details.tally, len(spool), source)
    path = folder / "denominators.json"
    counts = json.loads(path.read_text())["counts"] if path.exists() else []
    return Outcome(details.tally, list(read_items(folder)), digest, status, reason, counts, asked)


def cursors(outcome: Outcome) -> list[int]:
    return [int(url.split("/json")[0].rpartition("/")[2]) for url in outcome.asked.urls if "/na/json" not in url]


@pytest.mark.parametrize("count", [1, 40, 200])
def test_every_preprint_of_the_window_comes_once(tmp_path: Path, count: int) -> None:
    outcome = walk(tmp_path, BiorxivApi(), papers(count))
    servers = [walk(tmp_path / "m", BiorxivApi(), papers(count), source_with("medrxiv")), outcome]
    assert [one.status for one in servers] == ["OK", "OK"]
    assert sum(len(one.items) for one in servers) == count + 10
    assert outcome.tally.missing == 0


@pytest.mark.parametrize("size", [7, 30, 100])
def test_the_step_is_what_was_received(tmp_path: Path, size: int) -> None:
    outcome = walk(tmp_path, BiorxivApi(records_a_page=size), papers(200))
    total = len(outcome.items)
    assert cursors(outcome)[: -(-total // size)] == list(range(0, total, size))
    assert outcome.digest == walk(tmp_path / "b", BiorxivApi(), papers(200)).digest


def test_a_preprint_posted_twice_is_one_item_dated_by_its_first_version(tmp_path: Path) -> None:
    first = papers(5)
    again = [later_version(paper, date(2026, 11, 18)) for paper in first]
    outcome = walk(tmp_path, BiorxivApi(), Grown([*first, *background()], again))
    revised = [item for item in outcome.items if item.title.endswith("version 2")]
    assert {item.published for item in revised} == {date(2026, 11, 12)}
    assert {item.version for item in revised} == {"v2"}
    assert (len(revised), outcome.tally.repaired) == (4, 0)
    assert outcome.counts[1]["versions"] > outcome.counts[1]["hits"]


def test_the_first_day_of_an_older_preprint_is_looked_up(tmp_path: Path) -> None:
    first = papers(5, date(2026, 9, 1))
    world = Grown([*first, *background()], [later_version(paper, date(2026, 11, 18)) for paper in first])
    outcome = walk(tmp_path, BiorxivApi(), world)
    revised = [item for item in outcome.items if item.version == "v2"]
    assert {item.published for item in revised} == {date(2026, 9, 1)}
    assert (outcome.tally.repaired, len(revised)) == (4, 4)


def test_more_lookups_than_allowed_are_told_and_not_guessed(tmp_path: Path) -> None:
    first = papers(5, date(2026, 9, 1))
    world = Grown([*first, *background()], [later_version(paper, date(2026, 11, 18)) for paper in first])
    outcome = walk(tmp_path, BiorxivApi(), world, source_with(max_lookups=1))
    assert (outcome.tally.repaired, outcome.codes["first-version-unseen"]) == (1, 3)
    assert (outcome.status, len([item for item in outcome.items if item.version == "v2"])) == ("OK", 1)


def test_only_the_categories_asked_for_come(tmp_path: Path) -> None:
    source = source_with(categories=("cell biology", "Synthetic_Biology"))
    outcome = walk(tmp_path, BiorxivApi(), papers(200), source)
    every = walk(tmp_path / "every", BiorxivApi(), papers(200))
    assert 0 < len(outcome.items) < len(every.items)
    assert {item.id for item in outcome.items} < {item.id for item in every.items}
    assert any("category=cell_biology" in url for url in outcome.asked.urls)
    assert outcome.counts == every.counts


def test_a_filter_that_the_service_ignores_is_noticed(tmp_path: Path) -> None:
    class Deaf(BiorxivApi):
        def answer(self, request: Any, stage: Stage) -> Any:
            return super().answer(replace(request, params=()), stage)

    source = source_with(categories=("cell biology",))
    outcome = walk(tmp_path, Deaf(), papers(100), source)
    assert [item.id for item in outcome.items] == [
        i.id for i in walk(tmp_path / "b", BiorxivApi(), papers(100), source).items
    ]
    assert outcome.codes["category-unasked"] == 1


def test_records_pushed_on_in_mid_crawl_are_had_in_a_second_walk(tmp_path: Path) -> None:
    outcome = walk(tmp_path, BiorxivApi(), papers(100), shift_at=3)
    assert (outcome.status, outcome.tally.missing) == ("OK", 0)
    assert cursors(outcome).count(0) == 4
    assert outcome.digest == walk(tmp_path / "b", BiorxivApi(), [*papers(100), *pushed()]).digest


@pytest.mark.parametrize("words", ["no articles found", "no posts found", "No posts found for this interval"])
def test_a_total_that_tells_too_much_ends_in_words_and_is_counted(tmp_path: Path, words: str) -> None:
    many = walk(tmp_path, BiorxivApi(overstated=31, nothing=words), papers(200))
    few = walk(tmp_path / "few", BiorxivApi(overstated=1, nothing=words), papers(200))
    assert (many.status, many.tally.missing, many.codes["records-missing"]) == ("PARTIAL", 31, 1)
    assert (few.status, few.tally.missing) == ("OK", 1)


def test_nothing_in_a_category_is_asked_for_twice_before_it_is_believed(tmp_path: Path) -> None:
    outcome = walk(tmp_path, BiorxivApi(), papers(20), source_with(categories=("paleontology",)))
    assert (outcome.status, outcome.items) == ("NO_RESULTS", [])
    assert [("paleontology" in url) for url in outcome.asked.urls] == [True, True, False, False]


def test_a_server_that_knows_nothing_of_two_weeks_is_no_zero(tmp_path: Path) -> None:
    outcome = walk(tmp_path, BiorxivApi(), ListedWorld(papers(5, date(2026, 1, 5))))
    assert outcome.status == "PARTIAL"
    assert {count["hits"] for count in outcome.counts} == {None}


def test_the_denominator_is_of_first_versions_of_all_categories(tmp_path: Path) -> None:
    outcome = walk(tmp_path, BiorxivApi(), papers(100))
    assert [count["week"] for count in outcome.counts] == ["2026-W46", "2026-W47"]
    assert sum(count["hits"] for count in outcome.counts) == len(outcome.items)


@pytest.mark.parametrize(
    "fault",
    [
        lambda body: body[: len(body) // 2],
        lambda body: b"<!DOCTYPE html><html><body>Back soon<br></html>",
        lambda body: b"",
        lambda body: b'{"messages":[{"status":"error: too many connections"}],"collection":[]}',
        lambda body: body.replace(b"SIMULATED", "SIMULATÉ".encode("latin-1")),
        lambda body: body.replace(b'"cursor": 30', b'"cursor": 0'),
    ],
    ids=["truncated", "html", "nothing", "error", "charset", "other-page"],
)
def test_a_damaged_answer_is_asked_for_again(tmp_path: Path, fault: Callable[[bytes], bytes]) -> None:
    outcome = walk(tmp_path, BiorxivApi(), papers(100), faults={2: fault})
    assert (outcome.status, outcome.asked.waits) == ("OK", [10.0])
    assert outcome.digest == walk(tmp_path / "calm", BiorxivApi(), papers(100)).digest


def test_an_empty_page_in_the_middle_is_no_end(tmp_path: Path) -> None:
    empty = b'{"messages":[{"status":"no posts found"}],"collection":[]}'
    outcome = walk(tmp_path, BiorxivApi(), papers(100), faults={2: lambda body: empty})
    assert (outcome.status, outcome.tally.missing) == ("OK", 0)
    assert outcome.digest == walk(tmp_path / "calm", BiorxivApi(), papers(100)).digest


def test_a_service_that_only_errs_makes_the_week_unknown(tmp_path: Path) -> None:
    outcome = walk(tmp_path, BiorxivApi(), papers(10), faults={n: lambda body: b"{}" for n in range(1, 50)})
    assert outcome.status == "ERROR"
    assert "given up" in (outcome.reason or "")


def test_records_that_cannot_be_read_are_counted_and_told(tmp_path: Path) -> None:
    fault = {n: lambda body: body.replace(b'"title": "SIMULATED cell 1"', b'"title": ""') for n in range(1, 50)}
    outcome = walk(tmp_path, BiorxivApi(), papers(40), faults=fault)
    assert (outcome.status, len(outcome.tally.refused), outcome.tally.missing) == ("OK", 1, 0)
    assert outcome.codes["title-missing"] == 1


@pytest.mark.parametrize("stop_after", range(9))
def test_a_killed_walk_goes_on_and_ends_like_an_undisturbed_one(tmp_path: Path, stop_after: int) -> None:
    first = papers(100, date(2026, 10, 1))[:4]
    world = Grown([*papers(100), *background(), *first], [later_version(paper, date(2026, 11, 18)) for paper in first])
    calm = walk(tmp_path / "calm", BiorxivApi(), world)
    assert len(calm.asked.calls) == 9
    killed = walk(tmp_path / "killed", BiorxivApi(), world, stop_after=stop_after)
    assert killed.status in ("ERROR", "PARTIAL")
    again = walk(tmp_path / "killed", BiorxivApi(), world)
    assert (again.status, again.digest, again.counts) == ("OK", calm.digest, calm.counts)
    assert len(again.asked.calls) == len(calm.asked.calls) - stop_after
