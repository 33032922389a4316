"""The doubles of Europe PMC and bioRxiv: every line of section 4 of the facts that the client must meet."""

import json
from datetime import date
from typing import Any

import pytest

from scrapers.replay.biorxiv import BiorxivApi
from scrapers.replay.europepmc import EuropePmc
from scrapers.replay.europepmc_search import QueryError, Searched, indexed_range, read_query, words_of
from scrapers.replay.feed import Feed, Stage
from scrapers.replay.world import ListedWorld
from tests.scrapers.replay.conftest import NOW, make_paper, request_of

DAY = date(2026, 11, 12)
WINDOW = "FIRST_IDATE:[2026-11-09 TO 2026-11-22]"
_SEARCH = "/europepmc/webservices/rest/search"


@pytest.fixture
def stage() -> Stage:
    held = [make_paper(f"2611.{n:05d}", DAY, "q-bio.GN", title=f"SIMULATED gene therapy {n}") for n in range(70)]
    return Stage(ListedWorld([*held, make_paper("2611.09999", DAY, "hep-th", title="SIMULATED gene therapy")]), NOW)


def ask(feed: Feed, stage: Stage, path: str, **params: str) -> dict[str, Any]:
    response = feed.answer(request_of(path, **params), stage)
    assert response.status == 200
    found: dict[str, Any] = json.loads(response.body)
    return found


def results(found: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = found["resultList"]["result"]
    return listed


@pytest.mark.parametrize("end", ["empty", "repeated"])
def test_a_chain_ends_by_a_repeated_cursor_or_an_empty_list(stage: Stage, end: Any) -> None:
    feed, mark, shown = EuropePmc(end=end), "*", list[str]()
    for _ in range(10):
        found = ask(feed, stage, _SEARCH, query=WINDOW, pageSize="20", cursorMark=mark)
        shown += [result["id"] for result in results(found)]
        if found["nextCursorMark"] == mark:
            break
        mark = found["nextCursorMark"]
    assert len(shown) == len(set(shown)) == found["hitCount"] == 70
    assert bool(results(found)) is (end == "repeated")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "query"),
        ({"query": WINDOW, "pageSize": "1001"}, "pageSize"),
        ({"query": WINDOW, "pageSize": "0"}, "pageSize"),
        ({"query": WINDOW, "cursorMark": "nonsense"}, "cursorMark"),
        ({"query": "(a OR"}, "ends too early"),
    ],
)
def test_errors_come_with_status_200(stage: Stage, params: dict[str, str], code: str) -> None:
    found = ask(EuropePmc(), stage, _SEARCH, **params)
    assert found["errCode"] == 404
    assert code in found["errMsg"]


def test_an_unknown_sort_key_gives_503(stage: Stage) -> None:
    for sort, status in (("FIRST_IDATE_D asc", 200), ("DATE desc", 503)):
        assert EuropePmc().answer(request_of(_SEARCH, query=WINDOW, sort=sort), stage).status == status


def test_a_hollow_answer_has_only_the_version(stage: Stage) -> None:
    feed = EuropePmc(glitches={1: "hollow", 2: "error", 3: "empty"})
    assert set(ask(feed, stage, _SEARCH, query=WINDOW)) == {"version"}
    assert "errCode" in ask(feed, stage, _SEARCH, query=WINDOW)
    assert not results(ask(feed, stage, _SEARCH, query=WINDOW))
    assert results(ask(feed, stage, _SEARCH, query=WINDOW))


def test_the_result_types_hold_more_and_more(stage: Stage) -> None:
    forms = [
        results(ask(EuropePmc(), stage, _SEARCH, query=WINDOW, resultType=form)) for form in ("idlist", "lite", "core")
    ]
    fields = [set().union(*form) for form in forms]
    assert fields[0] < fields[1]
    assert "abstractText" in fields[2] - fields[1]
    assert [[result["id"] for result in form] for form in forms] == [[result["id"] for result in forms[0]]] * 3


def test_what_is_not_yet_announced_is_not_found(stage: Stage) -> None:
    stage.set_clock(NOW.replace(day=12, hour=1))
    assert ask(EuropePmc(), stage, _SEARCH, query="SRC:MED OR SRC:PPR")["hitCount"] == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('TITLE_ABS:"gene therapy"', True),
        ('TITLE_ABS:"Gene-Therapy"', True),
        ('TITLE_ABS:"gene the"', False),
        ('(TITLE_ABS:"x" OR TITLE_ABS:"a study") AND SRC:MED', True),
        ('TITLE_ABS:"x" OR TITLE_ABS:"a" AND SRC:PPR', False),
        ("gene AND NOT SRC:PPR", True),
        ("gene therapy", True),
        ("FIRST_IDATE:[2026-11-12 TO 2026-11-12] AND FIRST_PDATE:[2026-11-01 TO 2026-11-10]", True),
        ("FIRST_IDATE:[2026-11-13 TO 2026-11-14]", False),
    ],
)
def test_queries_mean_what_they_say(query: str, found: bool) -> None:
    record = Searched(words_of("A study of gene therapy"), "MED", "2026-11-12", "2026-11-10")
    assert read_query(query)(record) is found


@pytest.mark.parametrize("query", ["(a", "a)", "AND", "NOT", 'NO_SUCH:"x"', "CITED:[1 TO 2]", '"'])
def test_what_is_no_query_is_told(query: str) -> None:
    with pytest.raises(QueryError):
        read_query(query)


def test_the_range_of_a_query_narrows_the_search() -> None:
    assert indexed_range(f'TITLE_ABS:"x" AND {WINDOW}') == ("2026-11-09", "2026-11-22")
    assert indexed_range("a") is None


def details(cursor: int = 0, server: str = "biorxiv", days: str = "2026-11-09/2026-11-22") -> str:
    return f"/biorxiv/details/{server}/{days}/{cursor}/json"


@pytest.mark.parametrize(("cursor", "count"), [(0, 30), (1, 30), (30, 26), (55, 1)])
def test_a_page_has_30_records_from_any_cursor_on(stage: Stage, cursor: int, count: int) -> None:
    found = ask(BiorxivApi(), stage, details(cursor))
    message = found["messages"][0]
    assert (message["status"], message["cursor"], message["count"], message["total"]) == ("ok", cursor, count, "56")
    assert len(found["collection"]) == count


@pytest.mark.parametrize("words", ["no articles found", "no posts found"])
def test_nothing_is_told_in_words_with_status_200(stage: Stage, words: str) -> None:
    for path in (
        details(56),
        details(0, days="2020-01-01/2020-01-02"),
        details(0, days="soon/later"),
        "/biorxiv/details",
    ):
        found = ask(BiorxivApi(nothing=words), stage, path)
        assert found["collection"] == []
        assert found["messages"][0]["status"] in (words, "no articles found")


def test_a_category_is_asked_for_with_underscores(stage: Stage) -> None:
    found = ask(BiorxivApi(), stage, details(), category="cell_biology")
    assert {record["category"] for record in found["collection"]} == {"cell biology"}
    assert found["messages"][0]["category"] == "cell biology"


def test_one_preprint_is_told_without_counts(stage: Stage) -> None:
    first = ask(BiorxivApi(), stage, details())["collection"][0]
    found = ask(BiorxivApi(), stage, f"/biorxiv/details/biorxiv/{first['doi']}/na/json")
    assert found["collection"] == [first]
    assert "count" not in found["messages"][0]
    assert not ask(BiorxivApi(), stage, "/biorxiv/details/biorxiv/10.1101/none/na/json")["collection"]


def test_the_two_servers_share_nothing(stage: Stage) -> None:
    mine, theirs = (
        {
            record["doi"]
            for cursor in (0, 30)
            for record in ask(BiorxivApi(), stage, details(cursor, server))["collection"]
        }
        for server in ("biorxiv", "medrxiv")
    )
    assert (len(mine), len(theirs), mine & theirs) == (56, 14, set())


def test_both_tell_the_worlds_clock(stage: Stage) -> None:
    for feed, path in ((EuropePmc(), _SEARCH), (BiorxivApi(), details())):
        assert feed.answer(request_of(path, query=WINDOW), stage).headers["Date"] == "Tue, 24 Nov 2026 09:00:00 GMT"
