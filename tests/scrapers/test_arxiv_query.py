"""The walk through arXiv's query API against its double: false emptiness, slices, repair, resumption."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from horizon.errors import UsageError
from horizon.records import FetchStatus, Item
from scrapers.dialects.arxiv_query import ArxivQuery, Options, Slice, quiet_left_s, with_ids, with_query
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.politeness import CrawlStopped
from scrapers.replay.arxiv_query import ArxivQuery as Double
from scrapers.replay.arxiv_query import Trick
from scrapers.replay.feed import Request, Stage
from scrapers.replay.world import ListedWorld, Paper, Version
from scrapers.source import Source, load_source
from scrapers.walk import Tally, Window

SOURCE = load_source("arxiv_query")
SINCE, UNTIL = date(2026, 3, 2), date(2026, 3, 8)
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


def small_pages(source: Source = SOURCE, **changes: object) -> Source:
    options = source.options_as(Options).model_dump() | {"page_size": 10, "smallest_page": 2} | changes
    return source.model_copy(update={"options": Options.model_validate(options)})


def papers(count: int, categories: str = "cs.RO cs.AI") -> list[Paper]:
    """Spread over the window, announced two days later."""
    found = []
    for number in range(count):
        moment = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=number * 7 * 24 * 60 // count)
        found.append(
            Paper(
                id=f"2603.{number:05d}",
                title=f"A SIMULATED paper, number {number}",
                abstract="Invented text about napkins" if number % 2 else "Invented text about spoons",
                authors="Ann Other and B. Body",
                categories=categories,
                versions=(Version(1, moment, 10),),
                announced=moment.date() + timedelta(days=2),
            )
        )
    return found


class Outcome:
    """What one walk left."""

    def __init__(self, tally: Tally, items: list[Item], asked: list[dict[str, str]], waits: list[float]) -> None:
        self.tally, self.items, self.asked, self.waits = tally, items, asked, waits
        self.ids = [item.id.removeprefix("arxiv:") for item in items]
        self.status: FetchStatus
        self.status, self.reason = judge(tally, len(items), SOURCE)


def walk(
    papers: list[Paper],
    folder: Path,
    *,
    source: Source | None = None,
    tricks: list[Trick] | None = None,
    stop_after: int | None = None,
    alter: Callable[[int, Answer], Answer] = lambda number, answer: answer,
    server_date: date | None = None,
    now: datetime = NOW,
    deepest: int = 10_000,
) -> Outcome:
    """Ask the double in this process; after `stop_after` requests it answers no more, as when the process is killed."""
    double, stage = Double(deepest=deepest, tricks=list(tricks or [])), Stage(ListedWorld(papers), now)
    asked: list[dict[str, str]] = []
    waits: list[float] = []

    async def exchange(call: Call) -> Answer:
        if stop_after is not None and len(asked) >= stop_after:
            raise CrawlStopped("killed", source="arxiv_query")
        query = urlsplit(call.url).query
        params = parse_qsl(query, keep_blank_values=True)
        asked.append(dict(params))
        right = double.answer(Request("GET", "/arxiv/api/query", query, tuple(params), "http://127.0.0.1:9"), stage)
        answer = alter(len(asked), Answer(right.status, {}, right.body))
        if answer.status not in call.accept:
            raise CrawlStopped(f"HTTP {answer.status}", source="arxiv_query")
        return answer

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    window = Window(source or small_pages(), "http://127.0.0.1:9/arxiv/api/query", SINCE, UNTIL, server_date)
    folder.mkdir(exist_ok=True)
    with ItemSpool(folder) as spool:
        dialect = ArxivQuery(window, folder, spool, exchange, pause)
        asyncio.run(dialect.run())
        spool.write(folder / "items.jsonl.gz")
    return Outcome(dialect.tally, list(read_items(folder)), asked, waits)


def numbers(count: int) -> list[str]:
    return [f"2603.{number:05d}" for number in range(count)]


def test_every_paper_of_the_window_comes_once(tmp_path: Path) -> None:
    outcome = walk(papers(35), tmp_path)
    assert (outcome.status, outcome.ids) == ("OK", numbers(35))
    assert [call["start"] for call in outcome.asked] == ["0", "10", "20", "30"]
    assert outcome.asked[0]["search_query"] == "submittedDate:[202603020000 TO 202603082359]"
    assert outcome.tally.cut_off == NOW


def test_an_analysts_question_is_kept_whole_within_the_window(tmp_path: Path) -> None:
    source = small_pages(with_query(SOURCE, "abs:napkins OR abs:forks"))
    outcome = walk(papers(20), tmp_path, source=source)
    assert outcome.asked[0]["search_query"].startswith("(abs:napkins OR abs:forks) AND submittedDate:[")
    assert outcome.ids == numbers(20)[1::2]


def test_a_question_of_ten_thousand_letters_is_refused() -> None:
    with pytest.raises(UsageError, match="2,000 letters"):
        with_query(SOURCE, "x" * 10_000)


def test_cross_lists_are_hits_and_the_primary_category_is_told(tmp_path: Path) -> None:
    source = small_pages(with_query(SOURCE, "cat:cs.AI"))
    outcome = walk(papers(3), tmp_path, source=source)
    assert [item.codes[0].symbol for item in outcome.items] == ["cs.RO"] * 3


def test_a_false_zero_is_asked_about_again_over_a_quarter_of_an_hour(tmp_path: Path) -> None:
    outcome = walk(papers(5), tmp_path, tricks=["no_hits", "no_hits"])
    assert (outcome.status, outcome.ids, outcome.waits) == ("OK", numbers(5), [300, 300])
    assert outcome.asked[0] == outcome.asked[1] == outcome.asked[2]


def test_a_zero_that_stays_is_an_error_and_not_an_empty_week(tmp_path: Path) -> None:
    outcome = walk(papers(5), tmp_path, tricks=["no_hits"] * 4)
    assert (outcome.status, outcome.items, sum(outcome.waits)) == ("ERROR", [], 900)
    assert "have been false" in (outcome.reason or "")


def test_an_analysts_question_may_have_no_answer(tmp_path: Path) -> None:
    source = small_pages(with_query(SOURCE, "abs:unheardof"))
    outcome = walk(papers(5), tmp_path, source=source)
    assert (outcome.status, len(outcome.waits)) == ("NO_RESULTS", 3)


def test_an_empty_page_in_the_middle_is_asked_for_again_then_by_smaller_pages(tmp_path: Path) -> None:
    outcome = walk(papers(35), tmp_path, tricks=["right", "empty_page", "no_hits", "empty_page"])
    assert (outcome.status, outcome.ids, outcome.waits) == ("OK", numbers(35), [30, 60, 120])
    assert [(call["start"], call["max_results"]) for call in outcome.asked[1:6]] == [
        ("10", "10"),
        ("10", "10"),
        ("10", "10"),
        ("10", "5"),
        ("15", "10"),
    ]


def test_an_empty_first_page_with_a_total_is_no_emptiness(tmp_path: Path) -> None:
    outcome = walk(papers(12), tmp_path, tricks=["empty_page"])
    assert (outcome.status, outcome.ids) == ("OK", numbers(12))


def test_a_short_page_loses_nothing(tmp_path: Path) -> None:
    outcome = walk(papers(35), tmp_path, tricks=["right", "short_page", "short_page"])
    assert (outcome.status, outcome.ids) == ("OK", numbers(35))


def test_pages_that_stay_empty_make_the_crawl_partial(tmp_path: Path) -> None:
    tricks: list[Trick] = ["right"]
    outcome = walk(papers(35), tmp_path, tricks=tricks + ["empty_page"] * 10)
    assert (outcome.status, outcome.ids) == ("PARTIAL", numbers(10))
    assert "stay empty" in (outcome.reason or "")


def test_more_hits_than_the_api_shows_are_cut_into_slices(tmp_path: Path) -> None:
    outcome = walk(papers(100), tmp_path, source=small_pages(slice_limit=30), deepest=40)
    assert (outcome.status, outcome.ids) == ("OK", numbers(100))
    assert max(int(call["start"]) for call in outcome.asked) < 30


def test_without_slices_the_api_would_have_hidden_papers(tmp_path: Path) -> None:
    outcome = walk(papers(100), tmp_path, deepest=40)
    assert outcome.status == "PARTIAL"


def test_a_false_zero_of_a_slice_shows_in_the_sum(tmp_path: Path) -> None:
    tricks: list[Trick] = ["right", "no_hits"]
    outcome = walk(papers(40), tmp_path, source=small_pages(slice_limit=30), tricks=tricks)
    assert (outcome.status, outcome.ids, outcome.waits) == ("OK", numbers(40), [])
    tricks += ["no_hits"] * 9
    outcome = walk(papers(40), tmp_path / "b", source=small_pages(slice_limit=30), tricks=tricks)
    assert outcome.status in ("PARTIAL", "ERROR")


def test_a_question_that_the_api_refuses_is_told_with_its_words(tmp_path: Path) -> None:
    for name, tricks in (("new", []), ("old", ["old_error"])):
        source = small_pages(with_query(SOURCE, "abs:(napkins" if name == "new" else "abs:napkins"))
        outcome = walk(papers(5), tmp_path / name, source=source, tricks=tricks)  # type: ignore[arg-type]
        assert outcome.status == "ERROR"
        assert "refused" in (outcome.reason or "")
        assert len(outcome.asked) == 1


def test_a_400_without_a_feed_is_a_refusal_too(tmp_path: Path) -> None:
    outcome = walk(papers(5), tmp_path, alter=lambda number, answer: Answer(400, {}, b"Bad Request"))
    assert (outcome.status, len(outcome.asked)) == ("ERROR", 1)
    assert "HTTP 400" in (outcome.reason or "")


def test_a_429_is_left_to_the_sources_manners_and_ends_the_crawl_when_they_give_up(tmp_path: Path) -> None:
    outcome = walk(papers(35), tmp_path, tricks=["right", "throttled"])
    assert (outcome.status, len(outcome.ids)) == ("PARTIAL", 10)
    assert "429" in (outcome.reason or "")


@pytest.mark.parametrize("body", [b"<html>down</html>", b"", b"<feed"])
def test_an_unreadable_answer_is_fetched_again_by_the_identical_url(tmp_path: Path, body: bytes) -> None:
    def alter(number: int, answer: Answer) -> Answer:
        return Answer(200, {}, body) if number in (2, 3) else answer

    outcome = walk(papers(25), tmp_path, alter=alter)
    assert (outcome.status, outcome.ids, outcome.waits) == ("OK", numbers(25), [30, 60])
    assert outcome.asked[1] == outcome.asked[2] == outcome.asked[3]


def test_a_wrong_byte_that_stays_costs_a_letter_and_not_the_page(tmp_path: Path) -> None:
    def alter(number: int, answer: Answer) -> Answer:
        return Answer(200, {}, answer.body.replace(b"napkins", b"n\xe9pkins"))

    outcome = walk(papers(5), tmp_path, alter=alter)
    assert (outcome.status, outcome.ids) == ("OK", numbers(5))
    assert {issue.code for issue in outcome.tally.issues} == {"encoding-damaged"}


def test_single_papers_are_repaired_by_id_with_and_without_prefix(tmp_path: Path) -> None:
    source = with_ids(SOURCE, ["arxiv:2603.00003", "2603.00001", "2603.00001"])
    outcome = walk(papers(5), tmp_path, source=source)
    assert (outcome.status, outcome.ids) == ("OK", ["2603.00001", "2603.00003"])
    assert outcome.asked[0]["id_list"] == "2603.00003,2603.00001"
    assert outcome.tally.repaired == 2


def test_an_id_that_the_api_does_not_show_is_asked_for_twice_and_told(tmp_path: Path) -> None:
    outcome = walk(papers(5), tmp_path, source=with_ids(SOURCE, ["2603.00001", "2603.77777", "not an id"]))
    assert (outcome.ids, outcome.tally.missing) == (["2603.00001"], 2)
    assert [issue.data["identifier"] for issue in outcome.tally.issues] == ["not an id", "2603.77777"]
    assert [call["id_list"] for call in outcome.asked] == ["2603.00001,2603.77777", "2603.77777"]


def test_a_false_zero_for_ids_is_asked_about_again(tmp_path: Path) -> None:
    outcome = walk(papers(5), tmp_path, source=with_ids(SOURCE, numbers(5)), tricks=["no_hits"])
    assert (outcome.status, outcome.ids) == ("OK", numbers(5))


def test_one_id_that_the_api_refuses_does_not_cost_the_others(tmp_path: Path) -> None:
    def alter(number: int, answer: Answer) -> Answer:
        return Answer(400, {}, b"no") if "00002" in asked_of[-1] else answer

    asked_of: list[str] = []
    double_walk = with_ids(SOURCE, numbers(5))
    original = ArxivQuery._send

    async def spying(self: ArxivQuery, url: str) -> tuple[int, bytes]:
        asked_of.append(url)
        return await original(self, url)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArxivQuery, "_send", spying)
        outcome = walk(papers(5), tmp_path, source=double_walk, alter=alter)
    assert outcome.ids == [name for name in numbers(5) if name != "2603.00002"]
    assert outcome.tally.missing == 1


@pytest.mark.parametrize("stop_after", range(9))
def test_a_killed_crawl_goes_on_where_it_was(tmp_path: Path, stop_after: int) -> None:
    source = small_pages(slice_limit=30)
    whole = walk(papers(60), tmp_path / "whole", source=source)
    first = walk(papers(60), tmp_path / "cut", source=source, stop_after=stop_after)
    assert first.status in ("ERROR", "PARTIAL")
    second = walk(papers(60), tmp_path / "cut", source=source)
    assert (second.status, second.items) == ("OK", whole.items)
    assert len(first.asked) + len(second.asked) == len(whole.asked)
    names = [path.name for path in sorted((tmp_path / "cut" / "pages").iterdir())]
    assert names == [path.name for path in sorted((tmp_path / "whole" / "pages").iterdir())]


def test_pages_kept_while_the_window_was_open_are_not_trusted_later(tmp_path: Path) -> None:
    early = datetime(2026, 3, 7, 9, tzinfo=UTC)
    walk(papers(60), tmp_path, now=early, stop_after=2)
    outcome = walk(papers(60), tmp_path, server_date=NOW.date())
    assert (outcome.status, outcome.ids) == ("OK", numbers(60))


def test_nothing_is_asked_in_the_sources_quiet_time(tmp_path: Path) -> None:
    def alter(number: int, answer: Answer) -> Answer:
        return Answer(200, {"date": "Thu, 12 Mar 2026 00:10:00 GMT"}, answer.body)

    assert walk(papers(35), tmp_path, alter=alter).waits == [35 * 60]
    quiet = (time(0, 0), time(0, 45))
    assert quiet_left_s(datetime(2026, 3, 12, 0, 45, tzinfo=UTC), quiet) == 0
    assert quiet_left_s(None, quiet) == 0


@pytest.mark.parametrize(
    ("first", "last", "cut"),
    [
        ("2026-03-02T00:00", "2026-03-08T23:59", "2026-03-05T00:00"),
        ("2026-03-02T00:00", "2026-03-03T23:59", "2026-03-03T00:00"),
        ("2026-03-02T00:00", "2026-03-02T23:59", "2026-03-02T12:00"),
        ("2026-03-02T00:00", "2026-03-02T00:01", "2026-03-02T00:01"),
    ],
)
def test_halves_meet_without_gap_or_overlap(first: str, last: str, cut: str) -> None:
    begin, end = (datetime.fromisoformat(f"{text}+00:00") for text in (first, last))
    halves = Slice(begin, end).halves
    assert halves is not None
    assert (halves[0].first, halves[1].last) == (begin, end)
    assert halves[1].first - halves[0].last == timedelta(minutes=1)
    assert halves[1].first == datetime.fromisoformat(f"{cut}+00:00")


def test_a_minute_has_no_halves() -> None:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    assert Slice(moment, moment).halves is None
