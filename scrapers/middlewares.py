"""How we behave when a source fails, throttles, refuses or moves: the source's YAML says how long, this says what."""

import logging
import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils.asyncio import sleep

from scrapers.politeness import CrawlStopped, Turn
from scrapers.source import Politeness, Source, is_loopback

logger = logging.getLogger(__name__)
_MOST_REDIRECTS = 3
_RULES = "dont_obey_robotstxt"
_MOVED = (301, 302, 303, 307, 308)
_TO_ANY_HOST = (b"accept", b"accept-encoding", b"accept-language", b"range", b"user-agent")
"""Headers that may go to another host than the one addressed; any other may hold a secret."""
_PASSING = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    OSError,
)


class Manners:
    """Repeats the identical call after the source's own waits, or after `Retry-After` where that is longer.

    Never sooner: arXiv's cache says `Retry-After: 0`. All requests of a crawl go through one chain, so a wait here
    holds back everything; other processes are held back by the turn. Raises CrawlStopped when the source refuses or
    retries are used up.
    """

    def __init__(self, source: Source, turn: Turn, scale: float, base_url: str) -> None:
        self._source, self._politeness, self._turn, self._scale = source, source.politeness, turn, scale
        self._base_url = base_url
        self._begun = False
        self._rules_unknown = ""
        """Why robots.txt could not be had."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Manners":
        settings = crawler.settings
        scale = settings.getfloat("HORIZON_TIME_SCALE")
        return cls(settings["HORIZON_SOURCE"], settings["HORIZON_TURN"], scale, settings["HORIZON_BASE_URL"])

    def process_request(self, request: Request) -> None:
        if not self._begun:
            self._turn.check_pause(self._source)
            self._begun = True
        if self._rules_unknown and not _asks_for_rules(request):
            why = f"robots.txt cannot be had, which forbids everything until it can: {self._rules_unknown}"
            raise self._stop(why, request.url)
        if not self._allowed(request.url):
            raise self._stop(f"the host is not among the hosts of {self._source.id}.yml; nothing was sent", request.url)
        self._turn.note_request()

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        status = response.status
        if _asks_for_rules(request) and 400 <= status < 500 and status not in (408, 429):
            # No rules are there: everything is allowed, https://www.rfc-editor.org/rfc/rfc9309#section-2.3.1.3
            return response.replace(status=200, body=b"")
        if status in request.meta.get("accept", (200,)):
            return response
        if status in _MOVED:
            return self._follow(request, response)
        if status == 429:
            return await self._wait(request, "throttled", self._politeness.throttled_waits_s, response)
        if status == 408 or status >= 500:
            return await self._wait(request, f"HTTP {status}", self._politeness.retry_waits_s, response)
        if status == 403:
            why = "HTTP 403: the source forbids the crawl; a person must find out why before it is tried again"
            self._turn.pause_next(self._politeness.forbidden_pause_s * self._scale, why)
            raise self._stop(why, request.url)
        if status == 401 and self._source.keys:
            names = " and ".join(f"HORIZON_{name}" for name in self._source.keys)
            raise self._stop(f"HTTP 401: the source does not accept the key; renew {names}", request.url)
        raise self._stop(f"HTTP {status} is no answer of a feed; look whether its address has changed", request.url)

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if isinstance(exception, DownloadCancelledError):
            # Asking for the same flood again would be no manners.
            limit = self._politeness.max_page_mb
            raise self._stop(f"the answer is larger than the {limit} MB allowed by max_page_mb", request.url)
        if isinstance(exception, IgnoreRequest):
            raise self._stop(f"the crawl was not allowed: {exception}", request.url)
        if not isinstance(exception, _PASSING):
            return None
        return await self._wait(request, _describe(exception), self._politeness.retry_waits_s)

    async def _wait(
        self, request: Request, why: str, waits: tuple[float, ...], response: Response | None = None
    ) -> Request:
        kind = "throttled" if why == "throttled" else "failed"
        times = request.meta.get(kind, 0)
        if times >= len(waits):
            if kind == "throttled":
                self._turn.pause_next(waits[-1] * self._scale, "HTTP 429: the source asks for fewer requests")
            if _asks_for_rules(request):
                # Scrapy would go on as if everything were allowed, https://www.rfc-editor.org/rfc/rfc9309#section-2.3.1.4
                self._rules_unknown = why
            raise self._stop(f"given up after {times + 1} attempts, last: {why}", request.url)
        asked = 0.0 if response is None else asked_wait_s(response, self._politeness)
        seconds = max(waits[times], asked) * self._scale
        logger.warning("%s: again in %g s: %s", why, seconds, request.url)
        if kind == "throttled":
            self._turn.pause_next(seconds, "HTTP 429: the source asks for fewer requests")
        await sleep(seconds)
        return request.replace(dont_filter=True, meta=_carried(request) | {kind: times + 1})

    def _follow(self, request: Request, response: Response) -> Request:
        """The request to the new address; to another host only what cannot hold a secret is sent along."""
        location = (response.headers.get("Location") or b"").decode("latin-1")
        target = urljoin(request.url, location)
        times = request.meta.get("moved", 0)
        if times >= _MOST_REDIRECTS:
            raise self._stop(f"redirected more than {_MOST_REDIRECTS} times, last to {target[:200]}", request.url)
        if not location or not self._allowed(target):
            raise self._stop(
                f"moved to {target[:200] or 'nowhere'}, which is not among the hosts of {self._source.id}.yml; "
                "find out whether the source has announced it, then add it there",
                request.url,
            )
        if urlsplit(request.url).query and not urlsplit(target).query:
            target += "?" + urlsplit(request.url).query
        logger.warning("moved from %s to %s", request.url, target.partition("?")[0])
        # A slot of its own: a signed address may live for seconds only, and the request before it was waited for.
        meta = _carried(request) | {"moved": times + 1, "download_slot": f"{self._source.id}-moved"}
        moved = request.replace(url=target, dont_filter=True, meta=meta)
        return self._without_secrets(request, moved, response.status)

    def _without_secrets(self, request: Request, moved: Request, status: int) -> Request:
        elsewhere = urlsplit(moved.url).netloc != urlsplit(request.url).netloc
        if request.method != "GET" and status in (307, 308) and elsewhere:
            raise self._stop("redirected with its body to another host; nothing was sent there", request.url)
        if status not in (307, 308):
            moved = moved.replace(method="GET", body=b"")
            for name in ("Content-Type", "Content-Length"):
                moved.headers.pop(name, None)
        if elsewhere:
            for name in list(moved.headers):
                if name.lower() not in _TO_ANY_HOST:
                    del moved.headers[name]
        return moved

    def _allowed(self, target: str) -> bool:
        """Real hosts: https and named by the source. This machine: the replay server by any of its names."""
        parts, base = urlsplit(target), urlsplit(self._base_url)
        if is_loopback(self._base_url):
            return is_loopback(target) and parts.port == base.port
        return parts.scheme == "https" and parts.hostname in self._source.hosts

    def _stop(self, why: str, url: str) -> CrawlStopped:
        return CrawlStopped(why, source=self._source.id, url=url)


def _asks_for_rules(request: Request) -> bool:
    """Whether Scrapy itself asks for robots.txt; the calls of a dialect wait for its answer."""
    return bool(request.meta.get(_RULES))


def asked_wait_s(response: Response, politeness: Politeness) -> float:
    """Seconds that `Retry-After` asks for, at most `longest_wait_s`; 0 without one or with an unreadable one.

    A date is measured against the answer's own `Date`, so that a clock that is wrong on either side does no harm.
    """
    text = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if not text or politeness.retry_after == "ignore":
        return 0.0
    if text.isascii() and text.isdigit():
        seconds = float(text[:12]) / (1000.0 if politeness.retry_after == "milliseconds" else 1.0)
    else:
        until = _instant(text)
        seconds = 0.0 if until is None else until - (_instant(_date(response)) or time.time())
    return min(max(seconds, 0.0), politeness.longest_wait_s)


def _date(response: Response) -> str:
    return (response.headers.get("Date") or b"").decode("latin-1")


def _instant(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _carried(request: Request) -> dict[str, Any]:
    """Our own entries, without what Scrapy has put into the meta of the request before."""
    # Without its mark, robots.txt asked for once more would wait for robots.txt, for ever.
    kept = (_RULES, "throttled", "failed", "moved", "accept", "download_slot", "into")
    return {key: request.meta[key] for key in kept if key in request.meta}


def _describe(exception: Exception) -> str:
    words = {
        DownloadTimeoutError: "no complete answer in time",
        ResponseDataLossError: "the answer was cut short",
        DownloadConnectionRefusedError: "connection refused",
        CannotResolveHostError: "the host's name is not known",
    }
    return words.get(type(exception), type(exception).__name__)
