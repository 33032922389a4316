"""Any RSS or Atom feed that an expert group wants to add: one YAML with its addresses, no code.

A feed shows its newest entries only and tells of no total: what left it between two crawls was never seen. The crawl
says so when the oldest entry is younger than the window.
"""

from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path

from horizon.errors import ParseError
from scrapers.dialects.conditional import ConditionalPages
from scrapers.exchange import Answer, Call, Exchange, Pause
from scrapers.issues import make_issue
from scrapers.items_file import ItemSpool
from scrapers.parsers.feed_rss import Feed, read_feed
from scrapers.source import Model, Text
from scrapers.walk import Tally, Window, ending_told


class Options(Model):
    """What a source in this dialect says besides."""

    more_urls: tuple[Text, ...] = ()
    """Further feeds of the same publisher, read after `url`."""


class RssFeed:
    """The feeds of one source."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool = window, window.source, spool
        self._options = window.source.options_as(Options)
        self._exchange = exchange
        self._today = window.server_date
        self.tally = Tally()
        self._pages = ConditionalPages(
            folder / "pages", window.source, self._dated, pause, self.tally, accept=frozenset({200, 304})
        )
        self._seen: set[str] = set()

    async def run(self) -> None:
        """Read every feed; what stops it early is written into the tally, not raised."""
        with ending_told(self.tally):
            for url in self._addresses():
                self._take(url, await self._pages.fetch(url, self._read))
            self.tally.listed = len(self._seen)
            self.tally.chain_ended = self.tally.reconciled = True

    def _addresses(self) -> list[str]:
        base, more = self._window.base_url, self._options.more_urls
        if base == self._source.url:
            return [base, *more]
        # A replay server has them side by side.
        return [base, *(f"{base}/{number}" for number in range(2, len(more) + 2))]

    async def _dated(self, call: Call) -> Answer:
        """The answer, its `Date` remembered: the clock against which an entry's date is absurd."""
        answer = await self._exchange(call)
        self._today = _read_day(answer.headers.get("date", "")) or self._today
        return answer

    def _read(self, body: bytes) -> Feed:
        feed = read_feed(body, self._source, max(filter(None, (self._today, self._window.until))))
        if not feed.records:
            # A feed keeps its newest entries for ever: none at all is how an address answers that is gone.
            raise ParseError("expected entries, found a feed without any")
        return feed

    def _take(self, url: str, feed: Feed) -> None:
        tally = self.tally
        tally.records += feed.records
        tally.issues.extend(feed.issues)
        tally.refused.update(feed.refused)
        tally.cut_off = max(filter(None, (tally.cut_off, feed.built)), default=None)
        self._seen.update(feed.identifiers)
        for item in feed.items:
            self._spool.add(item)
        if feed.oldest is not None and feed.oldest > self._window.since:
            message = f"the oldest entry is of {feed.oldest}: what came before may have left the feed unseen"
            self.tally.issues.append(make_issue(self._source.id, "info", "feed-begins-late", message, url=url))


def _read_day(text: str) -> date | None:
    try:
        return parsedate_to_datetime(text).date()
    except (ValueError, TypeError, OverflowError):
        return None


DIALECT = RssFeed
