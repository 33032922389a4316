"""Any RSS or Atom feed to Items: golden files, hostile markup, mended documents, dates of every kind, and the walk."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.errors import ParseError
from horizon.records import Item
from scrapers.dialects.rss_feed import RssFeed
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.parsers.feed_rss import Feed, mend, parse_items, read_feed
from scrapers.parsers.html_text import strip_html
from scrapers.politeness import CrawlStopped
from scrapers.replay.feed import Request, Stage
from scrapers.replay.rss_feed import RssFeed as Double
from scrapers.replay.world import ListedWorld, Paper, Version
from scrapers.source import Source, load_source
from scrapers.walk import Tally, Window

FIXTURES = Path(__file__).parent / "fixtures" / "feed_rss"
SOURCE = load_source("simulated_feed", FIXTURES)


def _as_json(feed: Feed) -> dict[str, Any]:
    return {
        "title": feed.title,
        "built": feed.built and feed.built.isoformat(),
        "records": feed.records,
        "refused": feed.refused,
        "items": [json.loads(item.model_dump_json()) for item in feed.items],
        "issues": [json.loads(issue.model_dump_json()) for issue in feed.issues],
    }


@pytest.mark.parametrize("case", sorted(path.stem for path in FIXTURES.glob("*.xml")))
def test_every_recorded_case_gives_what_a_person_has_approved(case: str) -> None:
    found = _as_json(read_feed((FIXTURES / f"{case}.xml").read_bytes(), SOURCE))
    expected = FIXTURES / f"{case}.expected.json"
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: read it, then run again")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def entry(title: str = "SIMULATED", description: str = "Invented", fields: str = "", guid: str = "a") -> str:
    return (
        f"<item><title>{escape(title)}</title><description>{escape(description)}</description>"
        f"<guid>{guid}</guid><pubDate>Mon, 09 Mar 2026 10:00:00 GMT</pubDate>{fields}</item>"
    )


def rss(*entries: str) -> bytes:
    return f'<rss version="2.0"><channel><title>S</title>{"".join(entries)}</channel></rss>'.encode()


# ---- hostile text ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<p>Hello <b>wor</b>ld</p>", "Hello world"),
        ("a<script>alert('x')</script>b", "a b"),
        ("a<SCRIPT src=//evil.example/x.js></SCRIPT >b", "a b"),
        ("<style>p { color: red }</style>text", "text"),
        ('<img src="a>b" onerror="alert(1)">text', "text"),
        ("<a href='javascript:alert(1)'>link</a>", "link"),
        ("<iframe src=//evil.example></iframe>text", "text"),
        ("text<!-- hidden -->more", "text more"),
        ("text<!-- never closed", "text"),
        ("&lt;b&gt;escaped&lt;/b&gt;", "escaped"),
        ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;x", "x"),
        ("<scr<b></b>ipt>alert(1)", ""),
        ("CO<sub>2</sub> and H<sub>2</sub>O", "CO2 and H2O"),
        ("p < 0.05 and n > 3", "p < 0.05 and n > 3"),
        ("for n<k we find Vec&lt;T&gt;", "for n<k we find Vec<T>"),
        ("<x onclick=alert(1)>odd</x>", "odd</x>"),
        ("AT&T &copy; &#169; &nbsp;x", "AT&T © © x"),
        ("\u202egnihton\u202c \u200bhidden\x00", "gnihton \u200bhidden"),
        ("<p>one</p><p>two</p><br/>three", "one two three"),
        ("unclosed <img src=x onerror=alert(1)", "unclosed"),
    ],
)
def test_markup_goes_and_text_stays(text: str, seen: str) -> None:
    assert strip_html(text) == seen


@given(st.text(alphabet=st.sampled_from(list("<>/!-&;=\"' abscriptlg#x3")), max_size=300))
@settings(deadline=None, max_examples=300)
def test_no_element_of_html_survives_whatever_is_written(text: str) -> None:
    seen = strip_html(text).lower()
    for name in ("script", "b", "a", "p", "i", "s", "tr", "br"):
        assert f"<{name}>" not in seen
        assert f"<{name} " not in seen


@pytest.mark.parametrize(
    "unit", ["<", "<a ", "<!--", "<script>", '<a "', "<a ='", "&lt;", "&", "<svg>", "</script", "<a =\"'", "&amp;amp;"]
)
def test_hostile_markup_takes_no_more_than_linear_time(unit: str) -> None:
    strip_html(unit * (200_000 // len(unit)))


def test_a_long_text_is_cut_at_a_word_and_told() -> None:
    (item,) = (feed := read_feed(rss(entry(description="word " * 5000)), SOURCE)).items
    assert item.abstract is not None
    assert item.abstract.endswith(" word")
    assert len(item.abstract) <= 10_000
    assert [issue.code for issue in feed.issues] == ["text-cut", "link-refused"]


# ---- what makes an entry ---------------------------------------------------------------------------------------------


def test_ids_do_not_change_with_the_text_and_name_the_source() -> None:
    first = read_feed(rss(entry(), entry(guid="b")), SOURCE).items
    second = read_feed(rss(entry("SIMULATED, changed", guid="b"), entry(guid="c")), SOURCE).items
    assert first[1].id == second[0].id != first[0].id
    assert first[0].id.startswith("simulated_feed:")


def test_the_day_is_that_of_the_publishers_own_clock() -> None:
    items = read_feed((FIXTURES / "rss2.xml").read_bytes(), SOURCE).items
    assert items[0].published == date(2026, 3, 9)  # half past eleven in the evening, in Boston
    assert items[1].published == date(2026, 3, 10)  # ten past midnight, in Beijing


def test_a_link_to_another_host_is_never_passed_on() -> None:
    links: tuple[str, ...] = (
        "http://evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "https://[",
        "",
    )
    links += ("https://ann:secret@news.example.org/",)
    for link in links:
        (item,) = read_feed(rss(entry(fields=f"<link>{escape(link)}</link>")), SOURCE).items
        assert item.url == SOURCE.url


def test_nothing_is_lost_silently() -> None:
    feed = read_feed((FIXTURES / "refused.xml").read_bytes(), SOURCE)
    assert feed.records == len(feed.items) + len(feed.refused) == 8
    assert sum(issue.severity == "error" for issue in feed.issues) == len(feed.refused) == 6


def test_a_mark_that_all_entries_share_does_not_make_them_one() -> None:
    feed = read_feed((FIXTURES / "refused.xml").read_bytes(), SOURCE)
    assert len({item.id for item in feed.items}) == 2


def test_an_unread_field_is_told_once_a_feed_unless_the_yaml_names_it() -> None:
    feed = read_feed(
        rss(*(entry(guid=str(n), fields="<novelty>x</novelty><category>y</category>") for n in range(3))), SOURCE
    )
    assert [(issue.code, issue.data["name"]) for issue in feed.issues if issue.severity == "info"] == [
        ("element-unknown", "novelty")
    ]


def test_the_servers_day_and_not_the_feeds_own_clock_says_what_is_absurd() -> None:
    data = rss(entry()).replace(b"<title>S</title>", b"<lastBuildDate>Mon, 01 Jan 2091 00:00:00 GMT</lastBuildDate>")
    far = data.replace(b"09 Mar 2026", b"09 Mar 2090")
    assert read_feed(far, SOURCE).items
    assert not read_feed(far, SOURCE, date(2026, 3, 10)).items


# ---- whole documents -------------------------------------------------------------------------------------------------


def test_parse_items_gives_issues_and_items() -> None:
    found = list(parse_items(BytesIO((FIXTURES / "rss2.xml").read_bytes()), SOURCE))
    assert sum(isinstance(thing, Item) for thing in found) == 5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>We are moving</body></html>",
        b"<?xml version='1.0'?><!DOCTYPE html><html/>",
        b'<!DOCTYPE rss [<!ENTITY a "ha">]><rss><channel><title>&a;</title></channel></rss>',
        b'<!DOCTYPE rss SYSTEM "http://evil.example/x.dtd"><rss/>',
        b"<opml/>",
        rss(entry())[:-20],
        b'{"items": []}',
    ],
)
def test_what_is_no_feed_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        read_feed(data, SOURCE)


def test_a_feed_in_chinese_letters_of_an_older_standard_is_read() -> None:
    text = '<?xml version="1.0" encoding="{}"?>' + rss(entry("模拟新闻：量子计算镕")).decode()
    for said, written in (("gb18030", "gb18030"), ("gb2312", "gbk"), ("big5", "big5")):
        letters = text.format(said).replace("镕", "") if written == "big5" else text.format(said)
        data = letters.encode(written, "ignore")
        (item,) = read_feed(data, SOURCE).items
        assert item.language == "zh"
        assert "\ufffd" not in item.title


def test_a_letter_that_is_none_costs_a_letter() -> None:
    feed = read_feed(rss(entry("SIMULATED caXX")).replace(b"XX", b"f\xe9"), SOURCE)
    assert [item.title for item in feed.items] == ["SIMULATED caf\ufffd"]
    assert feed.issues[0].code == "feed-mended"


def test_mending_leaves_what_is_right() -> None:
    data = "<a>&amp; &#233; &#xe9; &lt; é &nosuch; & &nbsp;</a>".encode()
    assert mend(data).decode() == "<a>&amp; &#233; &#xe9; &lt; é &amp;nosuch; &amp; \u00a0</a>"


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_a_feed_damaged_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["rss2.xml", "rdf.xml", "atom.xml", "mended.xml", "refused.xml"]))
    whole = bytearray((FIXTURES / name).read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    with suppress(ParseError):
        feed = read_feed(bytes(whole), SOURCE)
        assert feed.records == len(feed.items) + len(feed.refused)


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for sample in (
        data,
        b"<rss><channel>" + data + b"</channel></rss>",
        b"<rss><channel><item>" + data + b"</item></channel></rss>",
    ):
        with suppress(ParseError):
            read_feed(sample, SOURCE)


# ---- the walk --------------------------------------------------------------------------------------------------------

SINCE, UNTIL = date(2026, 3, 2), date(2026, 3, 8)
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


def papers(count: int) -> list[Paper]:
    return [
        Paper(
            id=f"2603.{number:05d}",
            title=f"A paper on napkins, number {number}",
            abstract="Invented text & more",
            authors="Ann Other and B. Body",
            categories="cs.RO",
            versions=(Version(1, datetime(2026, 3, 1 + number % 8, tzinfo=UTC), 10),),
            announced=date(2026, 3, 2 + number % 8),
        )
        for number in range(count)
    ]


@dataclass
class Outcome:
    tally: Tally
    items: list[Item]
    asked: list[tuple[str, int]]

    @property
    def status(self) -> str:
        return judge(self.tally, len(self.items), SOURCE)[0]


def walk(
    folder: Path,
    *,
    source: Source = SOURCE,
    double: Double | None = None,
    alter: Callable[[int, Answer], Answer] = lambda number, answer: answer,
    base_url: str = "http://127.0.0.1:9/rss",
) -> Outcome:
    feed, stage, asked = double or Double(), Stage(ListedWorld(papers(16)), NOW), list[tuple[str, int]]()

    async def exchange(call: Call) -> Answer:
        headers = {name.lower(): value for name, value in call.headers}
        right = feed.answer(Request("GET", urlsplit(call.url).path, "", (), "http://127.0.0.1:9", headers), stage)
        asked.append((call.url, right.status))
        answer = alter(
            len(asked), Answer(right.status, {name.lower(): text for name, text in right.headers.items()}, right.body)
        )
        if answer.status not in call.accept:
            raise CrawlStopped(f"HTTP {answer.status}", source="simulated_feed")
        return answer

    async def pause(seconds: float) -> None:
        assert seconds > 0

    window = Window(source, base_url, SINCE, UNTIL, NOW.date())
    folder.mkdir(exist_ok=True)
    with ItemSpool(folder) as spool:
        dialect = RssFeed(window, folder, spool, exchange, pause)
        asyncio.run(dialect.run())
        spool.write(folder / "items.jsonl.gz")
    return Outcome(dialect.tally, list(read_items(folder)), asked)


def test_three_dialects_of_feeds_are_read_by_one_yaml(tmp_path: Path) -> None:
    outcome = walk(tmp_path)
    assert outcome.status == "OK"
    assert [url.rpartition("/")[2] for url, _ in outcome.asked] == ["rss", "2", "3"]
    assert len(outcome.items) == 48
    assert {item.abstract for item in outcome.items} == {"SIMULATED news: Invented text & more"}
    assert {item.language for item in outcome.items} == {"en"}


def test_an_unchanged_feed_is_not_sent_again(tmp_path: Path) -> None:
    first, second = walk(tmp_path), walk(tmp_path)
    assert [status for _, status in second.asked] == [304] * 3
    assert (second.status, second.items) == ("OK", first.items)


def test_what_may_have_left_the_feed_is_told(tmp_path: Path) -> None:
    codes = [issue.code for issue in walk(tmp_path, double=Double(entries=4)).tally.issues]
    assert "feed-begins-late" in codes


def test_a_feed_without_any_entry_is_asked_again_and_never_believed(tmp_path: Path) -> None:
    """A feed keeps its newest entries; none at all is how an address answers that is gone."""
    empty = b"<rss><channel><title>S</title></channel></rss>"
    assert walk(tmp_path / "all", alter=lambda number, answer: Answer(200, {}, empty)).status == "ERROR"
    once = walk(tmp_path / "once", alter=lambda n, answer: Answer(200, {}, empty) if n == 2 else answer)
    assert (once.status, len(once.items)) == ("OK", 48)


def test_a_truncated_feed_is_fetched_again_and_a_host_that_is_gone_ends_the_crawl(tmp_path: Path) -> None:
    outcome = walk(tmp_path / "a", alter=lambda n, answer: Answer(200, {}, answer.body[:-40]) if n == 2 else answer)
    assert (outcome.status, len(outcome.items), len(outcome.asked)) == ("OK", 48, 4)
    outcome = walk(tmp_path / "b", alter=lambda n, answer: Answer(410, {}, b"gone") if n == 2 else answer)
    assert (outcome.status, len(outcome.items)) == ("PARTIAL", 16)


def test_a_400_is_no_answer_of_a_feed(tmp_path: Path) -> None:
    assert walk(tmp_path, alter=lambda n, answer: Answer(400, {}, answer.body)).status == "ERROR"


def test_the_live_addresses_are_those_of_the_yaml(tmp_path: Path) -> None:
    asked = walk(tmp_path, base_url=SOURCE.url).asked
    assert [url for url, _ in asked] == [SOURCE.url, *SOURCE.options.more_urls][: len(asked)]


def test_the_example_is_of_low_trust() -> None:
    assert SOURCE.trust == "low"
