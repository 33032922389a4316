"""The doubles of the two EPO services: what they refuse, what they charge, and that our own parsers read them."""

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from urllib.parse import urlencode

import pytest

from horizon.records import Item
from scrapers.parsers.epo_ops import Page, parse_page
from scrapers.replay.cql import CqlError, Query
from scrapers.replay.epo_ops import EpoOps, exchange_document
from scrapers.replay.epo_publications import EpoPublications, ep_document
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.patents import Patent, PatentShelf
from scrapers.replay.world import ListedWorld
from scrapers.source import load_source
from tests.scrapers.replay.conftest import make_paper

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PREFIX = "/epo_ops/3.2"
SEARCH = f"{PREFIX}/rest-services/published-data/search"
WEEK = 'pd within "20261116 20261122"'


@pytest.fixture(scope="module")
def stage() -> Stage:
    papers = [make_paper(f"2611.{n:05d}", date(2026, 11, 16 + n % 5), "quant-ph") for n in range(200)]
    return Stage(ListedWorld(papers), NOW)


@pytest.fixture(scope="module")
def patents(stage: Stage) -> list[Patent]:
    return PatentShelf(stage.world).published(stage.view, date(2026, 11, 16), date(2026, 11, 22))


def log_in(feed: EpoOps, stage: Stage, secret: str = "SIMULATED") -> Response:
    basic = base64.b64encode(f"SIMULATED:{secret}".encode()).decode()
    params = (("grant_type", "client_credentials"),)
    headers = {"authorization": f"Basic {basic}"}
    return feed.answer(Request("POST", f"{PREFIX}/auth/accesstoken", "", params, "", headers), stage)


@pytest.fixture
def feed() -> EpoOps:
    return EpoOps()


@pytest.fixture
def ask(feed: EpoOps, stage: Stage) -> Callable[..., Response]:
    log_in(feed, stage)
    headers = {"authorization": "Bearer SIMULATEDtoken0001"}

    def question(query: str, span: str = "1-100", path: str = f"{SEARCH}/biblio") -> Response:
        params = (("q", query), ("Range", span))
        return feed.answer(Request("GET", path, urlencode(params), params, "", headers), stage)

    return question


def read(response: Response) -> Page:
    return parse_page(response.body)


def test_a_search_gives_every_publication_once_newest_first(
    ask: Callable[..., Response], patents: list[Patent]
) -> None:
    page = read(ask(WEEK))
    assert (page.total, page.fault, page.refused) == (len(patents), None, [])
    assert sorted(page.identifiers) == sorted(patent.name for patent in patents)
    days = [item.published for item in page.items]
    assert days == sorted(days, reverse=True)


def test_european_patents_appear_on_wednesdays_only(patents: list[Patent]) -> None:
    european = [patent for patent in patents if patent.office == "EP"]
    assert european
    assert {patent.day.weekday() for patent in european} == {2}


def test_the_same_publication_comes_from_both_services(patents: list[Patent]) -> None:
    patent = next(patent for patent in patents if patent.office == "EP")
    document = f"<exchange-documents>{exchange_document(patent)}</exchange-documents>".encode()
    (by_ops,) = parse_page(document).items
    found = list(load_source("epo_publications").parse_items(BytesIO(ep_document(patent).encode())))
    by_server = next(entry for entry in found if isinstance(entry, Item))
    for name in ("id", "kind", "title", "abstract", "published", "authors", "organisations", "countries"):
        assert getattr(by_ops, name) == getattr(by_server, name), name
    assert {code.symbol for code in by_ops.codes} == {code.symbol for code in by_server.codes}


@pytest.mark.parametrize(
    ("span", "status"),
    [("1-101", 413), ("0-5", 413), ("5-1", 413), ("x", 413), ("2001-2100", 413), ("1-1", 200), ("901-1000", 404)],
)
def test_ranges_have_limits(ask: Callable[..., Response], span: str, status: int) -> None:
    assert ask(WEEK, span).status == status


def test_a_count_is_capped(ask: Callable[..., Response], feed: EpoOps) -> None:
    feed.most_countable = 20
    assert read(ask(WEEK, "1-1", SEARCH)).total == 20


def test_nothing_found_is_404_with_a_fault(ask: Callable[..., Response]) -> None:
    response = ask('ta="no such phrase" and ' + WEEK)
    fault = read(response).fault
    assert response.status == 404
    assert fault is not None
    assert fault.means_nothing_found


def test_a_wrong_query_is_400(ask: Callable[..., Response]) -> None:
    assert ask("cpc=/low").status == 400
    assert ask('ta="without days"').status == 400


def test_a_wrong_secret_gives_no_token_and_no_token_no_answer(feed: EpoOps, stage: Stage) -> None:
    assert log_in(feed, stage, "wrong").status == 401
    refused = feed.answer(Request("GET", SEARCH, "", (("q", WEEK),)), stage)
    assert refused.status == 400
    assert b"invalid_access_token" in refused.body


def test_answers_are_charged_and_refused_over_the_quota(ask: Callable[..., Response], feed: EpoOps) -> None:
    answer = ask(WEEK)
    assert int(answer.headers["X-RegisteredQuotaPerWeek-Used"]) == len(answer.body)
    feed.week_quota = 1
    refused = ask(WEEK)
    assert (refused.status, refused.headers["X-Rejection-Reason"]) == (403, "RegisteredQuotaPerWeek")


def test_the_black_light_says_when_to_come_back(ask: Callable[..., Response], feed: EpoOps) -> None:
    feed.moods = ["black"]
    refused = ask(WEEK)
    assert (refused.status, refused.headers["Retry-After"]) == (403, "60000")
    assert "search=black:0" in refused.headers["X-Throttling-Control"]
    assert ask(WEEK).status == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [("quota", 403), ("too_many", 429), ("expired_credential", 400), ("no_records", 404), ("stall", None)],
)
def test_faults_are_told_in_the_services_own_words(feed: EpoOps, fault: str, status: int | None) -> None:
    answer = feed.sabotage(fault, Request("GET", SEARCH, ""), Response(200, b""), b"")
    assert (answer.status if answer else None) == status


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        (WEEK, True),
        ('pd within "20261101 20261102"', False),
        (f"pn=CN and {WEEK}", True),
        (f"{WEEK} not (pn=CN)", False),
        (f"{WEEK} and (pn=CN1* or pn=US)", True),
        (f"cpc=/low G06N10/00 and {WEEK}", True),
        (f"cpc=/low G21B1/00 and {WEEK}", False),
        (f'ta="quantum computer" and {WEEK}', True),
        (f'ta="quantum comput" and {WEEK}', False),
        (f'(ti="nothing" or ab="of words") and {WEEK}', True),
    ],
)
def test_queries_choose_as_they_say(query: str, chosen: bool) -> None:
    patent = Patent(
        "CN", "123456789", "A", date(2026, 11, 17), "1", "SIMULATED quantum computer", "Full of words.", "en", "A",
        "CN", (), ("G06N10/40",),
    )  # fmt: skip
    assert Query(query).test(patent) is chosen


@pytest.mark.parametrize("query", ["", "(", "pd within", 'pd within "soon"', "xx=1", "pn=CN)", "pn=CN and"])
def test_a_query_that_makes_no_sense_is_refused(query: str) -> None:
    with pytest.raises(CqlError):
        Query(query)


@pytest.mark.parametrize("path", ["/publication-dates/20261117/patents", "/publication-dates/2026xx18/patents", "/x"])
def test_the_publication_server_has_no_such_page(stage: Stage, path: str) -> None:
    request = Request("GET", f"/epo_publications/rest/v1.2{path}", "")
    assert EpoPublications().answer(request, stage).status == 404
