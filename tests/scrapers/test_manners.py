"""What the downloader does with every answer but the wished one, without a network."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import CannotResolveHostError, DownloadCancelledError, DownloadTimeoutError
from scrapy.http import Response

from scrapers.middlewares import Manners
from scrapers.politeness import CrawlStopped, Turn, take_turn
from scrapers.source import load_source

SOURCE = load_source("arxiv").model_copy(update={"keys": ("ARXIV_KEY",)})
URL = "https://oaipmh.arxiv.org/oai?verb=Identify"
SECRET = {"X-API-Key": "s3cret", "Authorization": "Bearer s3cret", "Accept": "text/xml"}


@pytest.fixture
def turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turn]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with take_turn(SOURCE, "http://127.0.0.1:1/oai", 0.0) as held:
        yield held


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    noted: list[float] = []

    async def sleep(seconds: float) -> None:
        noted.append(seconds)

    monkeypatch.setattr("scrapers.middlewares.sleep", sleep)
    return noted


def answer(
    turn: Turn, status: int, headers: dict[str, str] | None = None, request: Request | None = None, base: str = URL
) -> Request | Response:
    asked = request or Request(URL, meta={"accept": frozenset({200})})
    manners = Manners(SOURCE, turn, 1.0, base)
    return asyncio.run(manners.process_response(asked, Response(asked.url, status=status, headers=headers)))


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({}, 30),
        ({"Retry-After": "0"}, 30),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "-5"}, 30),
        ({"Retry-After": "soon"}, 30),
        ({"Retry-After": "999999999"}, 3600),
        ({"Retry-After": "Mon, 23 Nov 2026 09:02:00 GMT", "Date": "Mon, 23 Nov 2026 09:00:00 GMT"}, 120),
        ({"Retry-After": "Mon, 23 Nov 2020 09:02:00 GMT", "Date": "Mon, 23 Nov 2020 09:00:30 GMT"}, 90),
        ({"Retry-After": "Mon, 23 Nov 2020 09:02:00 GMT"}, 30),
    ],
)
def test_retry_after_lengthens_our_own_wait_and_never_shortens_it(
    turn: Turn, waits: list[float], headers: dict[str, str], waited: float
) -> None:
    again = answer(turn, 503, headers)
    assert isinstance(again, Request)
    assert (again.url, waits) == (URL, [waited])


def test_retry_after_in_milliseconds_is_what_the_source_says_it_is(
    turn: Turn, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    manners = SOURCE.politeness.model_copy(update={"retry_after": "milliseconds"})
    monkeypatch.setattr("tests.scrapers.test_manners.SOURCE", SOURCE.model_copy(update={"politeness": manners}))
    answer(turn, 503, {"Retry-After": "60000"})
    assert waits == [60]


def test_the_repeated_call_is_the_identical_one(turn: Turn, waits: list[float]) -> None:
    asked = Request(URL, method="POST", body=b"q", headers=SECRET, meta={"accept": frozenset({200, 404})})
    again = answer(turn, 503, request=asked)
    assert isinstance(again, Request)
    assert (again.method, again.body, again.headers, again.meta["accept"]) == ("POST", b"q", asked.headers, {200, 404})


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 429, 503])
def test_a_status_that_the_call_accepts_comes_back(turn: Turn, status: int) -> None:
    found = answer(turn, status, request=Request(URL, meta={"accept": frozenset({status})}))
    assert isinstance(found, Response)


def test_a_redirect_to_another_host_takes_no_secret_along(turn: Turn) -> None:
    asked = Request(URL, headers=SECRET, meta={"accept": frozenset({200})})
    moved = answer(turn, 302, {"Location": "https://export.arxiv.org/oai?x=1"}, asked)
    assert isinstance(moved, Request)
    assert moved.url == "https://export.arxiv.org/oai?x=1"
    assert set(moved.headers) == {b"Accept"}


def test_a_redirect_on_the_same_host_keeps_the_key(turn: Turn) -> None:
    asked = Request(URL, headers=SECRET, meta={"accept": frozenset({200})})
    moved = answer(turn, 302, {"Location": "/elsewhere?x=1"}, asked)
    assert isinstance(moved, Request)
    assert moved.headers[b"X-Api-Key"] == b"s3cret"


def test_another_name_of_this_machine_counts_as_another_host(turn: Turn) -> None:
    here = "http://127.0.0.1:8000/oai"
    asked = Request(here, headers=SECRET, meta={"accept": frozenset({200})})
    moved = answer(turn, 302, {"Location": "http://localhost:8000/file"}, asked, here)
    assert isinstance(moved, Request)
    assert set(moved.headers) == {b"Accept"}


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (303, "GET"), (307, "POST")])
def test_a_body_follows_a_redirect_only_where_the_protocol_says_so(turn: Turn, status: int, method: str) -> None:
    asked = Request(URL, method="POST", body=b"q", meta={"accept": frozenset({200})})
    moved = answer(turn, status, {"Location": "/elsewhere"}, asked)
    assert isinstance(moved, Request)
    assert (moved.method, moved.body) == (method, b"q" if method == "POST" else b"")


@pytest.mark.parametrize(
    "location",
    ["http://oaipmh.arxiv.org/oai", "https://evil.example.org/", "https://oaipmh.arxiv.org.example.org/", ""],
)
def test_a_redirect_elsewhere_is_not_followed(turn: Turn, location: str) -> None:
    with pytest.raises(CrawlStopped, match="moved to"):
        answer(turn, 302, {"Location": location})


def test_a_body_never_goes_to_another_host(turn: Turn) -> None:
    asked = Request(URL, method="POST", body=b"key", meta={"accept": frozenset({200})})
    with pytest.raises(CrawlStopped, match="another host"):
        answer(turn, 307, {"Location": "https://export.arxiv.org/oai"}, asked)


def test_a_redirect_loop_ends(turn: Turn) -> None:
    request: Request | Response = Request(URL, meta={"accept": frozenset({200})})
    for _ in range(3):
        assert isinstance(request, Request)
        request = answer(turn, 302, {"Location": URL}, request)
    assert isinstance(request, Request)
    with pytest.raises(CrawlStopped, match="more than 3 times"):
        answer(turn, 302, {"Location": URL}, request)


def test_no_call_goes_to_a_host_that_the_source_does_not_name(turn: Turn) -> None:
    manners = Manners(SOURCE, turn, 1.0, URL)
    manners.process_request(Request(URL))
    for url in ("https://evil.example.org/", "http://oaipmh.arxiv.org/oai", "http://127.0.0.1:9/"):
        with pytest.raises(CrawlStopped, match="nothing was sent"):
            manners.process_request(Request(url))


def test_a_refused_key_names_the_variable_to_renew(turn: Turn) -> None:
    with pytest.raises(CrawlStopped, match="HORIZON_ARXIV_KEY"):
        answer(turn, 401)


@pytest.mark.parametrize("exception", [CannotResolveHostError("gone"), DownloadTimeoutError("slow"), OSError("reset")])
def test_a_host_that_is_gone_is_asked_again_and_then_given_up(
    turn: Turn, waits: list[float], exception: Exception
) -> None:
    request: Request | None = Request(URL, meta={"accept": frozenset({200})})
    manners = Manners(SOURCE, turn, 1.0, URL)
    for _ in SOURCE.politeness.retry_waits_s:
        assert request is not None
        request = asyncio.run(manners.process_exception(request, exception))
    assert waits == list(SOURCE.politeness.retry_waits_s)
    assert request is not None
    with pytest.raises(CrawlStopped, match="given up after 5 attempts"):
        asyncio.run(manners.process_exception(request, exception))


def test_a_flood_is_not_asked_for_again(turn: Turn, waits: list[float]) -> None:
    with pytest.raises(CrawlStopped, match="larger than the 64 MB"):
        asyncio.run(Manners(SOURCE, turn, 1.0, URL).process_exception(Request(URL), DownloadCancelledError("big")))
    assert waits == []


# ---- robots.txt ------------------------------------------------------------------------------------------------------

RULES = Request("https://oaipmh.arxiv.org/robots.txt", meta={"dont_obey_robotstxt": True})


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_host_without_rules_allows_everything(turn: Turn, status: int) -> None:
    """RFC 9309, 2.3.1.3. A page of words about the error is no rule, and no reason to keep away for a day."""
    manners = Manners(SOURCE, turn, 1.0, URL)
    page = Response(RULES.url, status=status, body=b"User-agent: *\nDisallow: /")
    found = asyncio.run(manners.process_response(RULES, page))
    assert isinstance(found, Response)
    assert (found.status, found.body) == (200, b"")
    manners.process_request(Request(URL))


@pytest.mark.parametrize("status", [301, 429, 503])
def test_rules_asked_for_again_do_not_wait_for_themselves(turn: Turn, waits: list[float], status: int) -> None:
    again = answer(turn, status, {"Location": "/robots2.txt"}, RULES)
    assert isinstance(again, Request)
    assert again.meta["dont_obey_robotstxt"] is True


def test_rules_that_cannot_be_had_forbid_everything(turn: Turn, waits: list[float]) -> None:
    """RFC 9309, 2.3.1.4; Scrapy by itself would go on."""
    manners = Manners(SOURCE, turn, 1.0, URL)

    def ask_until_given_up() -> None:
        asked: Request | None = RULES
        while asked is not None:
            asked = asyncio.run(manners.process_exception(asked, DownloadTimeoutError()))

    with pytest.raises(CrawlStopped, match="given up"):
        ask_until_given_up()
    with pytest.raises(CrawlStopped, match=r"robots\.txt cannot be had"):
        manners.process_request(Request(URL))
