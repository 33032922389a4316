"""How we behave when a source fails, throttles, refuses or moves: the source's YAML says how long, this says what."""

import logging
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
from scrapers.source import Source, is_loopback

logger = logging.getLogger(__name__)
_MOST_REDIRECTS = 3
_PASSING = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    OSError,
)


class Manners:
    """Retries the identical URL after the source's own waits; never obeys `Retry-After`, which arXiv's cache sets to 0.

    All requests of a crawl go through one chain, so a wait here holds back everything; other processes are held back by
    the turn. Raises CrawlStopped when the source refuses or retries are used up.
    """

    def __init__(self, source: Source, turn: Turn, scale: float) -> None:
        self._source, self._politeness, self._turn, self._scale = source, source.politeness, turn, scale
        self._begun = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Manners":
        settings = crawler.settings
        return cls(settings["HORIZON_SOURCE"], settings["HORIZON_TURN"], settings.getfloat("HORIZON_TIME_SCALE"))

    def process_request(self, request: Request) -> None:
        if not self._begun:
            self._turn.check_pause(self._source)
            self._begun = True
        self._turn.note_request()

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        status = response.status
        if status == 200:
            return response
        if status in (301, 302, 303, 307, 308):
            return self._follow(request, response)
        if status == 429:
            return await self._wait(request, "throttled", self._politeness.throttled_waits_s)
        if status == 408 or status >= 500:
            return await self._wait(request, f"HTTP {status}", self._politeness.retry_waits_s)
        if status == 403:
            why = "HTTP 403: the source forbids the crawl; a person must find out why before it is tried again"
            self._turn.pause_next(self._politeness.forbidden_pause_s * self._scale, why)
            raise self._stop(why, request.url)
        raise self._stop(f"HTTP {status} is no answer of a feed; look whether its address has changed", request.url)

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if isinstance(exception, IgnoreRequest):
            raise self._stop(f"the crawl was not allowed: {exception}", request.url)
        if not isinstance(exception, _PASSING):
            return None
        return await self._wait(request, _describe(exception), self._politeness.retry_waits_s)

    async def _wait(self, request: Request, why: str, waits: tuple[float, ...]) -> Request:
        kind = "throttled" if why == "throttled" else "failed"
        times = request.meta.get(kind, 0)
        if times >= len(waits):
            if kind == "throttled":
                self._turn.pause_next(waits[-1] * self._scale, "HTTP 429: the source asks for fewer requests")
            raise self._stop(f"given up after {times + 1} attempts, last: {why}", request.url)
        seconds = waits[times]
        logger.warning("%s: again in %g s: %s", why, seconds * self._scale, request.url)
        if kind == "throttled":
            self._turn.pause_next(seconds * self._scale, "HTTP 429: the source asks for fewer requests")
        await sleep(seconds * self._scale)
        return request.replace(dont_filter=True, meta=_carried(request) | {kind: times + 1})

    def _follow(self, request: Request, response: Response) -> Request:
        location = (response.headers.get("Location") or b"").decode("latin-1")
        target = urljoin(request.url, location)
        times = request.meta.get("moved", 0)
        if not location or times >= _MOST_REDIRECTS or not self._allowed(request.url, target):
            raise self._stop(
                f"moved to {target[:200] or 'nowhere'}, which is not among the hosts of {self._source.id}.yml; "
                "find out whether the source has announced it, then add it there",
                request.url,
            )
        if not urlsplit(target).query:
            target += "?" + urlsplit(request.url).query
        logger.warning("moved from %s to %s", request.url, target)
        return request.replace(url=target, dont_filter=True, meta=_carried(request) | {"moved": times + 1})

    def _allowed(self, start: str, target: str) -> bool:
        if is_loopback(start):
            return urlsplit(target).netloc == urlsplit(start).netloc and is_loopback(target)
        return urlsplit(target).scheme == "https" and urlsplit(target).hostname in self._source.hosts

    def _stop(self, why: str, url: str) -> CrawlStopped:
        return CrawlStopped(why, source=self._source.id, url=url)


def _carried(request: Request) -> dict[str, int]:
    """Our own counts, without what Scrapy has put into the meta of the request before."""
    return {key: request.meta[key] for key in ("throttled", "failed", "moved") if key in request.meta}


def _describe(exception: Exception) -> str:
    words = {
        DownloadTimeoutError: "no complete answer in time",
        ResponseDataLossError: "the answer was cut short",
        DownloadConnectionRefusedError: "connection refused",
        CannotResolveHostError: "the host's name is not known",
    }
    return words.get(type(exception), type(exception).__name__)
