"""The only Scrapy spider: it lends its downloader to a dialect, which knows the protocol."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from scrapy import Request, Spider

from horizon.errors import SourceError
from scrapers.politeness import CrawlStopped

Walk = Callable[[Callable[[str], Awaitable[bytes]]], Awaitable[None]]


class FeedSpider(Spider):
    """Runs one walk through a feed; every request goes one after the other through the downloader's middlewares."""

    name = "feed"

    def __init__(self, source: str, walk: Walk, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._source, self._walk = source, walk

    async def start(self) -> AsyncIterator[Request]:
        await self._walk(self._download)
        no_requests: tuple[Request, ...] = ()
        for request in no_requests:
            yield request

    async def _download(self, url: str) -> bytes:
        try:
            response = await self.crawler.engine.download_async(Request(url, dont_filter=True))
        except SourceError:
            raise
        except Exception as error:
            raise CrawlStopped(
                f"download failed, {type(error).__name__}: {error}", source=self._source, url=url
            ) from error
        return response.body
