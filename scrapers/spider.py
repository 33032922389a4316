"""The only Scrapy spider: it lends its downloader to a dialect, which knows the protocol."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from horizon.errors import SourceError
from scrapers.exchange import Answer, Call, Exchange
from scrapers.politeness import CrawlStopped
from scrapers.to_disk import INTO

Walk = Callable[[Exchange], Awaitable[None]]


class FeedSpider(Spider):
    """Runs one walk through a feed; every request goes one after the other through the downloader's middlewares."""

    name = "feed"

    def __init__(self, source: str, walk: Walk, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._source, self._walk = source, walk

    async def start(self) -> AsyncIterator[Request]:
        await self._walk(self._exchange)
        no_requests: tuple[Request, ...] = ()
        for request in no_requests:
            yield request

    async def _exchange(self, call: Call) -> Answer:
        try:
            response = await self.crawler.engine.download_async(_request(call, self._source))
        except SourceError:
            raise
        except Exception as error:
            raise CrawlStopped(
                f"download failed, {type(error).__name__}: {error}", source=self._source, url=call.url
            ) from error
        return _answer(response)


def _request(call: Call, source: str) -> Request:
    # One slot for all hosts of a source: its delay holds between any two requests.
    meta: dict[str, Any] = {"accept": call.accept, "download_slot": source}
    headers = [(name, value.encode("utf-8")) for name, value in call.headers]
    if call.into is not None:
        meta[INTO] = call.into
        # A body that is packed for the way would have to be unpacked in memory.
        headers.append(("Accept-Encoding", b"identity"))
    return Request(call.url, method=call.method, headers=dict(headers), body=call.body, meta=meta, dont_filter=True)


def _answer(response: Response) -> Answer:
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    return Answer(response.status, headers, response.body)
