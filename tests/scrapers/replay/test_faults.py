"""Misbehaviours, each as a client on the other side of a socket sees it."""

import http.client
import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

import pytest
from lxml import etree

from horizon.errors import UsageError
from scrapers.replay.arxiv_oai import ArxivOai
from scrapers.replay.faults import Fault, Saboteur, read_plan
from scrapers.replay.feed import Request, Response
from scrapers.replay.page_faults import CHANGES
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.world import ListedWorld, Paper
from tests.scrapers.replay.conftest import NOW, error_code, identifiers, request_of, token_of

WINDOW = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2026-11-16", "until": "2026-11-19"}


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)


def get(server: ReplayServer, path: str = "/arxiv/oai", **params: str) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        connection.request("GET", f"{path}?{urlencode(params or WINDOW)}")
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


@pytest.fixture
def server(papers: list[Paper]) -> Iterator[ReplayServer]:
    with serve(ListedWorld(papers), NOW) as running:
        feed = running.feeds["arxiv"]
        assert isinstance(feed, ArxivOai)
        feed.records_a_page, feed.identifiers_a_page = 5, 100
        yield running


def plan(server: ReplayServer, **rule: object) -> None:
    server.set_faults(read_plan([rule]))


def crawl(server: ReplayServer) -> list[list[str]]:
    """Ids page by page, as a client sees them that trusts the tokens."""
    pages = [get(server)]
    while token := token_of(pages[-1].root):
        pages.append(get(server, verb="ListRecords", resumptionToken=token))
    return [identifiers(page.root) for page in pages]


def test_503_says_retry_at_once_and_only_as_often_as_planned(server: ReplayServer) -> None:
    plan(server, fault="unavailable", verb="ListRecords", nth=2, times=2)
    answers = [get(server) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 503, 503, 200, 200]
    assert answers[1].headers["Retry-After"] == "0"


def test_429_has_a_body_and_no_advice(server: ReplayServer) -> None:
    plan(server, fault="too_many")
    answer = get(server)
    assert (answer.status, answer.body) == (429, b"Rate exceeded.")
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(("fault", "status"), [("forbidden", 403), ("server_error", 500)])
def test_plain_refusals(server: ReplayServer, fault: str, status: int) -> None:
    plan(server, fault=fault)
    assert get(server).status == status


def test_a_stall_holds_the_first_byte_back(server: ReplayServer) -> None:
    plan(server, fault="stall", seconds=0.3)
    start = time.monotonic()
    answer = get(server)
    assert time.monotonic() - start >= 0.3
    assert len(identifiers(answer.root)) == 5


def test_truncated_xml_arrives_whole_as_far_as_http_can_tell(server: ReplayServer) -> None:
    plan(server, fault="truncated")
    answer = get(server)
    assert answer.status == 200
    with pytest.raises(etree.XMLSyntaxError):
        _ = answer.root


def test_a_cut_connection_ends_in_the_middle_of_the_body(server: ReplayServer) -> None:
    plan(server, fault="cut")
    with pytest.raises(http.client.IncompleteRead):
        get(server)


def test_a_token_is_refused(server: ReplayServer) -> None:
    plan(server, fault="bad_token", token=True)
    token = token_of(get(server).root)
    assert token
    assert error_code(get(server, verb="ListRecords", resumptionToken=token).root) == "badResumptionToken"
    assert error_code(get(server, verb="ListRecords", resumptionToken=token).root) is None


def test_a_record_stands_on_two_pages(server: ReplayServer) -> None:
    plan(server, fault="duplicate", nth=2)
    first, second, *_ = crawl(server)
    assert second[0] == first[-1]
    assert len(second) == 6


def test_a_record_is_missing_from_a_page_but_not_from_the_identifiers(server: ReplayServer) -> None:
    plan(server, fault="missing", nth=1, verb="ListRecords")
    harvested = {i for page in crawl(server) for i in page}
    listed = identifiers(get(server, **(WINDOW | {"verb": "ListIdentifiers"})).root)
    assert len(set(listed) - harvested) == 1


def test_a_record_modified_between_pages_shifts_another_out_of_sight(server: ReplayServer) -> None:
    plan(server, fault="shift", nth=2)
    harvested = [i for page in crawl(server) for i in page]
    listed = identifiers(get(server, **(WINDOW | {"verb": "ListIdentifiers"})).root)
    # The modified record left the window, for it was modified today; the one after it was never shown.
    assert set(listed) - set(harvested) == {"oai:arXiv.org:2611.00006"}
    assert set(harvested) - set(listed) == {"oai:arXiv.org:2611.00005"}
    today = get(server, **(WINDOW | {"from": "2026-11-24", "until": "2026-11-24"})).root
    assert identifiers(today) == ["oai:arXiv.org:2611.00005"]


def test_html_comes_where_xml_was_due(server: ReplayServer) -> None:
    plan(server, fault="html")
    answer = get(server)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")


def test_wrong_encoding_is_not_utf_8(server: ReplayServer) -> None:
    plan(server, fault="wrong_encoding")
    with pytest.raises(UnicodeDecodeError):
        get(server).body.decode()


def test_an_external_entity_stands_in_a_well_formed_page(server: ReplayServer) -> None:
    plan(server, fault="external_entity")
    body = get(server).body
    assert b"&secret;" in body
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    assert len(identifiers(etree.fromstring(body, parser))) == 5


def test_a_billion_laughs_would_be_three_billion_letters(server: ReplayServer) -> None:
    plan(server, fault="billion_laughs")
    body = get(server).body.decode()
    assert body.count("<title>&lol9;") == 1
    factors = [definition.count("&lol") for definition in re.findall(r'<!ENTITY lol\d "(.*?)">', body)]
    assert factors == [1] + [10] * 9
    with pytest.raises(etree.XMLSyntaxError, match="amplification"):
        etree.fromstring(body.encode())


def test_a_moved_host_points_elsewhere(server: ReplayServer) -> None:
    plan(server, fault="moved", location="http://127.0.0.1:9/elsewhere")
    answer = get(server)
    assert (answer.status, answer.headers["Location"]) == (301, "http://127.0.0.1:9/elsewhere")


def test_an_empty_body(server: ReplayServer) -> None:
    plan(server, fault="empty")
    answer = get(server)
    assert (answer.status, answer.body) == (200, b"")


def test_a_cached_no_records_match_lasts_until_midnight_for_the_same_request(server: ReplayServer) -> None:
    plan(server, fault="no_records")
    assert error_code(get(server).root) == "noRecordsMatch"
    assert error_code(get(server).root) == "noRecordsMatch"
    other = WINDOW | {"from": "2026-11-17"}
    assert error_code(get(server, **other).root) is None
    server.set_clock(NOW.replace(hour=23, minute=59))
    assert error_code(get(server).root) == "noRecordsMatch"
    server.set_clock(NOW.replace(day=25, hour=0))
    assert error_code(get(server).root) is None


def test_no_records_match_is_of_oai_alone(server: ReplayServer) -> None:
    plan(server, fault="no_records", path="/biorxiv", times=9)
    days = "/biorxiv/details/biorxiv/2026-11-16/2026-11-19/0/json"
    right = get(server, days, format="json").body
    assert get(server, days, format="json").body == right
    assert b"noRecordsMatch" not in right
    # The same question to another feed is not kept empty either.
    plan(server, fault="no_records", path="/arxiv/oai")
    assert error_code(get(server).root) == "noRecordsMatch"
    assert b"noRecordsMatch" not in get(server, days, **WINDOW).body


@pytest.mark.parametrize("fault", ["retry_after_120", "retry_after_date"])
def test_503_may_ask_for_two_minutes(server: ReplayServer, fault: str) -> None:
    plan(server, fault=fault)
    answer = get(server)
    assert answer.status == 503
    asked = answer.headers["Retry-After"]
    if fault == "retry_after_120":
        assert asked == "120"
    else:
        wait = parsedate_to_datetime(asked) - parsedate_to_datetime(answer.headers["Date"])
        assert wait.total_seconds() == 120


def test_a_redirect_loop_points_to_itself(server: ReplayServer) -> None:
    plan(server, fault="redirect_loop")
    answer = get(server)
    assert (answer.status, answer.headers["Location"]) == (302, f"{server.url}/arxiv/oai?{urlencode(WINDOW)}")


def test_a_slow_drip_is_the_right_answer_in_small_pieces(server: ReplayServer) -> None:
    right = get(server).body
    plan(server, fault="slow_drip", seconds=0.3)
    begun = time.monotonic()
    assert get(server).body == right
    assert time.monotonic() - begun >= 0.25


def test_a_huge_answer_has_no_length_and_ends_at_its_size(server: ReplayServer) -> None:
    plan(server, fault="huge", megabytes=3)
    answer = get(server)
    assert "Content-Length" not in answer.headers
    assert len(answer.body) == 3 << 20


def test_a_skewed_clock_shows_in_the_header_and_in_the_body(server: ReplayServer) -> None:
    plan(server, fault="clock_skew")
    answer = get(server)
    assert parsedate_to_datetime(answer.headers["Date"]) == NOW - timedelta(days=400)
    stamp = answer.root.findtext("{*}responseDate") or ""
    assert datetime.fromisoformat(stamp) == NOW - timedelta(days=400)


@pytest.mark.parametrize(("fault", "status"), [("quota", 429), ("expired_credential", 401)])
def test_refusals_of_a_feed_without_words_of_its_own(server: ReplayServer, fault: str, status: int) -> None:
    plan(server, fault=fault)
    assert get(server).status == status


def test_an_empty_page_still_has_its_token(server: ReplayServer) -> None:
    plan(server, fault="empty_page")
    answer = get(server)
    assert identifiers(answer.root) == []
    assert token_of(answer.root)


def test_a_feed_may_know_better_what_a_fault_looks_like() -> None:
    class Own(ArxivOai):
        def sabotage(self, fault: str, request: Request, right: Response, previous: bytes) -> Response | None:
            return Response(403, b"own words") if fault == "quota" else None

    asked, right = request_of(verb="ListRecords"), Response(200, b"<x/>")
    saboteur = Saboteur()
    quota, html = Fault(fault="quota"), Fault(fault="html")
    assert saboteur.alter(quota, asked, right, NOW, Own()).body == b"own words"
    assert saboteur.alter(html, asked, right, NOW, Own()).status == 200
    assert saboteur.alter(quota, asked, right, NOW, ArxivOai()).status == 429


_JSON = json.dumps({"hits": 9, "deep": {"list": [{"id": 1, "title": "one"}, {"id": 2, "title": "two"}]}}).encode()


@pytest.mark.parametrize(
    ("name", "ids"), [("duplicate", [2, 1, 2]), ("missing", [1]), ("empty_page", []), ("truncated", None)]
)
def test_damage_is_done_to_json_as_well(name: str, ids: list[int] | None) -> None:
    damaged = CHANGES[name](_JSON, _JSON)
    if ids is None:
        with pytest.raises(json.JSONDecodeError):
            json.loads(damaged)
    else:
        assert [record["id"] for record in json.loads(damaged)["deep"]["list"]] == ids


def test_rules_count_only_the_requests_that_they_match() -> None:
    saboteur = Saboteur(read_plan([{"fault": "html", "contains": "set=cs:cs", "nth": 2, "times": 1}]))
    plain, wanted = request_of(verb="ListRecords"), request_of(verb="ListRecords", set="cs:cs")
    struck = [saboteur.strike(request) is not None for request in (plain, wanted, plain, wanted, wanted)]
    assert struck == [False, False, False, True, False]
    assert not Fault(fault="html", path="/other").matches(plain)


@pytest.mark.parametrize(
    "data",
    [[{"fault": "earthquake"}], [{"fault": "html", "nth": 0}], {"fault": "html"}, [{"fault": "html", "often": 3}], 7],
)
def test_a_wrong_plan_is_refused_with_its_place(data: object) -> None:
    with pytest.raises(UsageError, match="fault plan"):
        read_plan(data)


def test_the_log_names_the_fault(server: ReplayServer) -> None:
    plan(server, fault="html", nth=2)
    get(server)
    get(server)
    assert [(seen.status, seen.fault) for seen in server.requests] == [(200, None), (200, "html")]
    assert re.fullmatch(r"verb=ListRecords&.*", server.requests[0].query)
