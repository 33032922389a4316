"""arXiv's daily feeds: golden files, the walk against the double, and the comparison with the papers held."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from horizon.records import Item
from scrapers.announcements import check_batches, check_held, mailing_expected
from scrapers.dialects.arxiv_rss import ArxivRss, Options, read_batches
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.pages import PageFolder
from scrapers.parsers.arxiv_rss import USED, Announcement, Batch, parse_items, read_batch
from scrapers.replay.arxiv_rss import ArxivRss as Double
from scrapers.replay.feed import Request, Stage
from scrapers.replay.world import ListedWorld, Paper, Version
from scrapers.source import Source, load_source
from scrapers.walk import Tally, Window
from tests.scrapers.feed_fields import fields_of

FIXTURES = Path(__file__).parent / "fixtures" / "arxiv_rss"
SOURCE = load_source("arxiv_rss")
TUESDAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 20, tzinfo=UTC)


# ---- the parser ------------------------------------------------------------------------------------------------------


def _as_json(batch: Batch) -> dict[str, Any]:
    return {
        "names": list(batch.names),
        "day": str(batch.day),
        "built": batch.built and batch.built.isoformat(),
        "error": batch.error,
        "announcements": [[line.arxiv_id, line.version, line.kind] for line in batch.announcements],
        "records": batch.records,
        "refused": batch.refused,
        "items": [json.loads(item.model_dump_json()) for item in batch.items],
        "issues": [json.loads(issue.model_dump_json()) for issue in batch.issues],
    }


@pytest.mark.parametrize("case", sorted(path.stem for path in FIXTURES.glob("*.xml")))
def test_every_recorded_case_gives_what_a_person_has_approved(case: str) -> None:
    found = _as_json(read_batch((FIXTURES / f"{case}.xml").read_bytes(), SOURCE))
    expected = FIXTURES / f"{case}.expected.json"
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_only_new_papers_become_items_and_the_others_are_counted() -> None:
    batch = read_batch((FIXTURES / "day.xml").read_bytes(), SOURCE)
    assert [item.id for item in batch.items] == ["arxiv_rss:2603.00001"]
    assert batch.items[0].published == date(2026, 3, 10)
    assert batch.ids("cross", "replace", "replace-cross") == {"math/0701001", "2512.00004", "2512.00005"}
    assert [issue.code for issue in batch.issues] == ["announced-only"]


def test_rss_and_atom_tell_the_same() -> None:
    rss = read_batch((FIXTURES / "day.xml").read_bytes(), SOURCE)
    atom = read_batch((FIXTURES / "day_atom.xml").read_bytes(), SOURCE)
    assert rss.day == atom.day == date(2026, 3, 10)
    assert rss.items[0].title == atom.items[0].title


def test_parse_items_tells_items_and_issues() -> None:
    found = list(parse_items(BytesIO((FIXTURES / "error.xml").read_bytes()), SOURCE))
    assert [getattr(thing, "code", None) for thing in found] == ["source-error"]


def test_no_field_is_left_over_and_none_is_both_used_and_ignored() -> None:
    files = [path.read_bytes() for path in FIXTURES.glob("*.xml")]
    double = Double(stale={"cs"})
    files += [double.answer(_request(f"/arxiv/feed/{form}/cs"), _stage()).body for form in ("rss", "atom")]
    seen = set().union(*map(fields_of, files))
    assert seen - USED - set(SOURCE.ignore_fields) == set()
    assert not USED & set(SOURCE.ignore_fields)
    assert seen >= USED


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_feed_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["day.xml", "day_atom.xml", "refused.xml"]))
    whole = bytearray((FIXTURES / name).read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    with suppress(ParseError):
        batch = read_batch(bytes(whole), SOURCE)
        new = sum(line.kind == "new" for line in batch.announcements)
        assert new <= len(batch.items) + len(batch.refused)


@pytest.mark.parametrize(
    "data", [b"", b"<html/>", b"<channel/>", b"Rate exceeded.", b'<!DOCTYPE rss [<!ENTITY a "b">]><rss/>']
)
def test_what_is_no_feed_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        read_batch(data, SOURCE)


# ---- what is odd -----------------------------------------------------------------------------------------------------


def batch(day: date, *lines: tuple[str, str], names: tuple[str, ...] = ("cs",)) -> Batch:
    return Batch(names=names, day=day, announcements=[Announcement(name, 1, kind) for name, kind in lines])


def test_papers_announced_and_not_held_are_named_for_repair() -> None:
    found = check_held(
        [
            batch(TUESDAY, ("2611.00001", "new"), ("2611.00002", "new"), ("2501.00009", "replace")),
            batch(TUESDAY, ("2611.00002", "cross"), ("2611.00003", "cross"), names=("quant-ph",)),
        ],
        held={"arxiv:2611.00001"},
    )
    assert [(issue.item_id, issue.severity, issue.data["announced_as"]) for issue in found] == [
        ("arxiv:2501.00009", "info", "replace"),
        ("arxiv:2611.00002", "warning", "cross new"),
        ("arxiv:2611.00003", "info", "cross"),
    ]


def test_a_complete_harvest_has_nothing_to_remark() -> None:
    assert check_held([batch(TUESDAY, ("2611.00001", "new"))], held=["arxiv:2611.00001", "arxiv:2611.00002"]) == []


def test_a_batch_that_repeats_yesterdays_ids_is_stale_whatever_its_date() -> None:
    today = batch(TUESDAY, ("2611.00001", "new"))
    before: dict[tuple[str, ...], set[str]] = {("cs",): {"2611.00001"}}
    assert [issue.code for issue in check_batches([today], before=before)] == ["batch-stale"]
    assert check_batches([today], before={("cs",): {"2611.00009"}}) == []


def test_a_batch_behind_the_others_is_stale() -> None:
    late = batch(TUESDAY - timedelta(days=1), ("2611.00001", "new"), names=("q-bio",))
    (found,) = check_batches([late, batch(TUESDAY, ("2611.00002", "new"))])
    assert found.code == "batch-stale"
    assert "q-bio" in found.message


def test_a_batch_cut_at_the_limit_is_remarked() -> None:
    lines = [(f"2611.{number:05d}", "replace") for number in range(2_000)]
    assert [issue.code for issue in check_batches([batch(TUESDAY, *lines)])] == ["batch-cut"]
    assert check_batches([batch(TUESDAY, *lines[1:])]) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 20), True),  # a Friday
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), False),
        (date(2026, 11, 23), True),
        (date(2026, 11, 26), False),  # Thanksgiving, no mailing
        (date(2026, 11, 27), False),  # what was not mailed the evening before
        (date(2026, 11, 30), True),
    ],
)
def test_emptiness_is_expected_on_weekends_and_around_days_without_mailing(day: date, expected: bool) -> None:
    no_mailing = SOURCE.options_as(Options).no_mailing
    assert mailing_expected(day, no_mailing) is expected
    (found,) = check_batches([batch(day)], no_mailing=no_mailing)
    assert (found.code, found.severity) == ("batch-empty", "warning" if expected else "info")


# ---- the walk --------------------------------------------------------------------------------------------------------


def paper(paper_id: str, announced: date, categories: str = "cs.RO", versions: int = 1) -> Paper:
    moments = [datetime(2026, 11, 1 + number, tzinfo=UTC) for number in range(versions)]
    return Paper(
        id=paper_id,
        title=f"A SIMULATED paper, {paper_id}",
        abstract="Invented text",
        authors="Ann Other and B. Body",
        categories=categories,
        versions=tuple(Version(number + 1, moment, 10) for number, moment in enumerate(moments)),
        announced=announced,
        licence="http://creativecommons.org/licenses/by/4.0/",
        doi="10.5555/simulated.1",
    )


MONDAY = TUESDAY - timedelta(days=1)
PAPERS = [
    *(paper(f"2611.{number:05d}", MONDAY) for number in range(3)),
    *(paper(f"2611.{number:05d}", TUESDAY) for number in range(100, 105)),
    # Another name of cs.NA: new in both archives.
    paper("2611.00200", TUESDAY, "math.NA"),
    paper("2611.00201", TUESDAY, "math.CO cs.DM"),
    paper("2610.00001", TUESDAY, "cs.RO", versions=2),
    paper("2610.00002", TUESDAY, "math.CO cs.DM", versions=3),
    paper("2601.00001", TUESDAY, "cs.RO", versions=6),
]


def _request(path: str, headers: dict[str, str] | None = None) -> Request:
    known = {name.lower(): value for name, value in (headers or {}).items()}
    return Request("GET", path, "", (), "http://127.0.0.1:9", known)


def _stage(now: datetime = NOW) -> Stage:
    return Stage(ListedWorld(PAPERS), now)


def few(**changes: object) -> Source:
    options = SOURCE.options_as(Options).model_dump() | {"archives": ["cs", "math"], "finer": {}} | changes
    return SOURCE.model_copy(update={"options": Options.model_validate(options)})


@dataclass
class Outcome:
    tally: Tally
    items: list[Item]
    asked: list[tuple[str, int]]
    waits: list[float]

    @property
    def status(self) -> str:
        return judge(self.tally, len(self.items), SOURCE)[0]

    @property
    def codes(self) -> list[str]:
        return sorted({issue.code for issue in self.tally.issues})


def walk(
    folder: Path,
    double: Double | None = None,
    *,
    source: Source | None = None,
    now: datetime = NOW,
    bodies: dict[int, bytes] | None = None,
) -> Outcome:
    asked: list[tuple[str, int]] = []
    waits: list[float] = []
    feed, stage = double or Double(), _stage(now)

    async def exchange(call: Call) -> Answer:
        right = feed.answer(_request(urlsplit(call.url).path, dict(call.headers)), stage)
        asked.append((call.url.rpartition("/")[2], right.status))
        headers = {name.lower(): value for name, value in right.headers.items()}
        return Answer(right.status, headers, (bodies or {}).get(len(asked), right.body))

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    window = Window(source or few(), "http://127.0.0.1:9/arxiv/feed", MONDAY, MONDAY + timedelta(days=6))
    folder.mkdir(exist_ok=True)
    with ItemSpool(folder) as spool:
        dialect = ArxivRss(window, folder, spool, exchange, pause)
        asyncio.run(dialect.run())
        spool.write(folder / "items.jsonl.gz")
    return Outcome(dialect.tally, list(read_items(folder)), asked, waits)


def test_every_archive_is_asked_once_and_new_papers_become_items(tmp_path: Path) -> None:
    outcome = walk(tmp_path)
    assert (outcome.status, outcome.asked) == ("OK", [("cs", 200), ("math", 200)])
    assert [item.id.partition(":")[2] for item in outcome.items] == [
        *(f"2611.{number:05d}" for number in range(100, 105)),
        "2611.00200",
        "2611.00201",
    ]
    # A sixth version is not announced.
    assert outcome.tally.listed == 9
    cs, math = read_batches(tmp_path, SOURCE)
    assert ("2611.00201" in cs.ids("cross"), "2611.00201" in math.ids("new")) == (True, True)


def test_atom_gives_the_same_items(tmp_path: Path) -> None:
    rss, atom = walk(tmp_path / "a"), walk(tmp_path / "b", source=few(form="atom"))
    assert [item.model_dump() for item in rss.items] == [item.model_dump() for item in atom.items]


def test_a_batch_that_has_not_changed_is_not_sent_again(tmp_path: Path) -> None:
    first, second = walk(tmp_path), walk(tmp_path)
    assert [status for _, status in second.asked] == [304, 304]
    assert (second.status, second.items, second.tally.bytes) == ("OK", first.items, 0)


def test_the_next_day_is_kept_beside_the_day_before(tmp_path: Path) -> None:
    walk(tmp_path, now=NOW - timedelta(days=1))
    walk(tmp_path)
    days = [batch.day for batch in read_batches(tmp_path, SOURCE)]
    assert days == [MONDAY, MONDAY, TUESDAY, TUESDAY]


def test_the_harvest_is_checked_against_what_the_crawl_kept(tmp_path: Path) -> None:
    walk(tmp_path)
    held = {f"arxiv:{paper.id}" for paper in PAPERS} - {"arxiv:2611.00103"}
    found = check_held(read_batches(tmp_path, SOURCE), held)
    assert [issue.item_id for issue in found] == ["arxiv:2611.00103"]


def test_a_feed_cut_off_loses_its_new_papers_and_is_asked_for_by_categories(tmp_path: Path) -> None:
    cut = Double(limit=3)
    outcome = walk(tmp_path / "a", cut, source=few(archives=["cs"], largest_batch=3))
    assert "batch-cut" in outcome.codes
    assert len(outcome.items) < 5
    finer = few(archives=["cs"], largest_batch=3, finer={"cs": ["cs.NA", "cs.DM"]})
    outcome = walk(tmp_path / "b", cut, source=finer)
    assert [name for name, _ in outcome.asked] == ["cs", "cs.NA", "cs.DM"]


def test_a_stale_archive_is_seen_beside_its_own_batch_of_the_day_before(tmp_path: Path) -> None:
    monday = walk(tmp_path / "monday", source=few(archives=["cs"]), now=NOW - timedelta(days=1))
    before = {batch.names: batch.ids() for batch in read_batches(tmp_path / "monday", SOURCE)}
    stale = walk(tmp_path / "tuesday", Double(stale={"cs"}), source=few(archives=["cs"]))
    batches = list(read_batches(tmp_path / "tuesday", SOURCE))
    assert batches[0].day == TUESDAY
    assert batches[0].built is not None
    assert batches[0].built.date() == TUESDAY
    assert [issue.code for issue in check_batches(batches, before=before)] == ["batch-stale"]
    assert len(monday.items) == len(stale.items) == 3


@pytest.mark.parametrize(
    ("now", "holidays", "status"),
    [
        (datetime(2026, 11, 21, 9, tzinfo=UTC), set(), "NO_RESULTS"),
        (datetime(2026, 11, 26, 9, tzinfo=UTC), {date(2026, 11, 26)}, "NO_RESULTS"),
        (datetime(2026, 11, 18, 9, tzinfo=UTC), {date(2026, 11, 18)}, "PARTIAL"),
    ],
)
def test_an_empty_day_is_a_result_on_weekends_and_holidays_and_doubtful_otherwise(
    tmp_path: Path, now: datetime, holidays: set[date], status: str
) -> None:
    outcome = walk(tmp_path, Double(holidays=holidays), now=now)
    assert (outcome.status, outcome.items) == (status, [])
    assert "batch-empty" in outcome.codes


def test_an_unknown_archive_is_an_error_and_the_others_are_read(tmp_path: Path) -> None:
    outcome = walk(tmp_path, source=few(archives=["nonsense", "cs"]))
    assert outcome.asked == [("nonsense", 400), ("cs", 200)]
    assert (outcome.status, len(outcome.items)) == ("PARTIAL", 6)
    assert "nonsense" in (outcome.tally.stopped or "")


@pytest.mark.parametrize("body", [b"", b"<html>down</html>", b"<rss><channel>"])
def test_an_unreadable_feed_is_fetched_again(tmp_path: Path, body: bytes) -> None:
    outcome = walk(tmp_path, bodies={1: body, 2: body})
    assert (outcome.status, outcome.waits, len(outcome.items)) == ("OK", [30, 60], 7)


def test_a_feed_that_stays_unreadable_ends_the_crawl(tmp_path: Path) -> None:
    outcome = walk(tmp_path, bodies=dict.fromkeys(range(2, 10), b"<rss>"))
    assert (outcome.status, len(outcome.items)) == ("PARTIAL", 6)


def test_a_kept_answer_that_has_become_unreadable_is_fetched_whole(tmp_path: Path) -> None:
    walk(tmp_path)
    pages = PageFolder(tmp_path / "pages")
    (first, _) = pages.load()
    pages.save(1, b"<rss>", {name: first.state[name] for name in ("url", "etag")})
    outcome = walk(tmp_path)
    assert [status for _, status in outcome.asked] == [304, 200, 304]
    assert (outcome.status, len(outcome.items)) == ("OK", 7)


def test_an_unreadable_answer_is_not_kept_as_known(tmp_path: Path) -> None:
    walk(tmp_path, bodies={1: b"<rss>"})
    assert walk(tmp_path).status == "OK"
