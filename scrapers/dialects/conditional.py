"""Ask for a document only if it has changed: ETag and Last-Modified of the kept answer, and 304."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from horizon.errors import ParseError
from scrapers.exchange import Call, Exchange, Pause
from scrapers.pages import PageFolder, StoredPage
from scrapers.parsers.oai_envelope import mend_encoding
from scrapers.politeness import CrawlStopped
from scrapers.source import Source
from scrapers.walk import Tally

logger = logging.getLogger(__name__)
_Read = TypeVar("_Read")
_ACCEPTED = frozenset({200, 304, 400})
_VALIDATORS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


class ConditionalPages:
    """The answers of a folder, each URL's newest one with its validators; counts pages and bytes into the tally."""

    def __init__(
        self,
        folder: Path,
        source: Source,
        exchange: Exchange,
        pause: Pause,
        tally: Tally,
        accept: frozenset[int] = _ACCEPTED,
    ) -> None:
        self._pages, self._accept = PageFolder(folder), accept
        self._source, self._exchange, self._pause, self._tally = source, exchange, pause, tally
        self._kept: dict[str, StoredPage] = {}
        self._number = 0
        for stored in self._pages.load():
            self._kept[str(stored.state.get("url"))] = stored
            self._number = stored.number

    async def fetch(self, url: str, read: Callable[[bytes], _Read]) -> _Read:
        """What `read` makes of the newest answer; it raises ParseError for one that must be fetched again.

        After the source's waits a document that stays unreadable is mended (letters that are no UTF-8). Raises
        CrawlStopped when that does not help either.
        """
        why, body = "", b""
        for wait in (0.0, *self._source.politeness.retry_waits_s):
            if wait:
                logger.warning("unreadable document (%s): again in %g s: %s", why, wait, url)
                await self._pause(wait)
            body, validators = await self._ask(url)
            try:
                found = read(body)
            except ParseError as error:
                why = str(error)
                # Its validators would only bring the same bytes back.
                self._kept.pop(url, None)
                continue
            self._keep(url, body, validators)
            return found
        try:
            found = read(mend_encoding(body))
        except ParseError:
            raise CrawlStopped(f"the document stays unreadable: {why}", source=self._source.id, url=url) from None
        self._keep(url, mend_encoding(body), {})
        return found

    async def _ask(self, url: str) -> tuple[bytes, dict[str, str]]:
        kept = self._kept.get(url)
        state = kept.state if kept else {}
        headers = tuple((asked, str(state[name])) for name, asked in _VALIDATORS.items() if state.get(name))
        answer = await self._exchange(Call(url, headers=headers, accept=self._accept))
        self._tally.bytes += len(answer.body)
        if answer.status == 304 and kept is not None:
            return kept.body, {name: str(state.get(name, "")) for name in _VALIDATORS}
        if answer.status == 304:
            raise CrawlStopped("not modified, while nothing is kept of it", source=self._source.id, url=url)
        return answer.body, {name: answer.headers.get(name, "") for name in _VALIDATORS}

    def _keep(self, url: str, body: bytes, validators: dict[str, str]) -> None:
        self._tally.pages += 1
        kept = self._kept.get(url)
        if kept is not None and kept.body == body:
            return
        self._number += 1
        self._pages.save(self._number, body, {"url": url} | validators)
        self._kept[url] = StoredPage(self._number, body, {"url": url} | validators)
