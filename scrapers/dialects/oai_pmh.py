"""OAI-PMH: follow the tokens, keep every page, then ask for the list of identifiers and fetch what was missed.

arXiv's tokens are offsets into a moving table: a paper changed in mid-crawl pushes another past the reader unseen.
Hence the reconciliation. Protocol: http://www.openarchives.org/OAI/openarchivesprotocol.html
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from pydantic import Field

from horizon.errors import ParseError
from scrapers.exchange import Call, Exchange, Pause
from scrapers.issues import make_issue
from scrapers.items_file import ItemSpool
from scrapers.pages import PageFolder
from scrapers.parsers.oai_envelope import Page, mend_encoding
from scrapers.politeness import CrawlStopped
from scrapers.source import Model, Source, Text
from scrapers.walk import Tally, Window, ending_told

logger = logging.getLogger(__name__)
_RESTARTS_A_DAY = 3


class Options(Model):
    """What a source in this dialect says besides."""

    metadata_prefix: Text
    set: str | None = None
    identifier_prefix: str
    max_repairs: Annotated[int, Field(ge=0)]
    """Missing identifiers that are fetched singly; more are reported as missing."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One request of a chain: from a day, or by a token. The day goes along so that a lost chain can be resumed."""

    since: date
    token: str | None = None


class _ChainLost(Exception):
    """The next page of a chain cannot be had by its token."""


class OaiHarvest:
    """One window of one source."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool = window, window.source, spool
        self._options = window.source.options_as(Options)
        self._exchange, self._pause = exchange, pause
        self._parse: Callable[[bytes, Source], Page] = window.source.parser_module.parse_page
        self._pages = PageFolder(folder / "pages")
        self._identifiers = PageFolder(folder / "identifiers")
        self._repairs = PageFolder(folder / "repairs")
        self._seen: set[str] = set()
        self._last_day: date | None = None
        self._restarts: Counter[date] = Counter()
        self.tally = Tally()

    async def run(self) -> None:
        """Walk the whole window; what stops it early is written into the tally, not raised."""
        with ending_told(self.tally):
            await self._list_records(self._resume())
            listed = await self._list_identifiers()
            if listed and not self._seen:
                # The first answer was an error from a cache: another first day makes a URL that the cache has not.
                await self._list_records(_Step(self._window.since - timedelta(days=1)))
            await self._repair(sorted(listed - self._seen))
            self.tally.reconciled = True

    # ---- ListRecords -------------------------------------------------------------------------------------------------

    def _first(self) -> _Step:
        return _Step(self._window.since)

    def _resume(self) -> _Step | None:
        """Read the pages already kept; gives the next step, None when the chain was complete."""
        for stored in self._repairs.load():
            repair = self._read_kept(stored.body, stored.state)
            if repair is None or repair.error is not None:
                break
            self._take_repair(repair, stored.body)
        self._repairs.drop_from(self.tally.repaired + 1)
        step: _Step | None = self._first()
        number = 0
        for stored in self._pages.load():
            page = self._read_kept(stored.body, stored.state)
            if page is None or page.error is not None or self._outdated(page):
                break
            number = stored.number
            step = self._take(page, stored.body, date.fromisoformat(stored.state["from"]), stored.state["token"])
        self._pages.drop_from(number + 1)
        if number:
            logger.info("%d pages were kept by an earlier run; going on after them", number)
        return step

    def _read_kept(self, body: bytes, state: dict[str, Any]) -> Page | None:
        try:
            return self._read(body, state)
        except ParseError:
            return None

    def _outdated(self, page: Page) -> bool:
        """A page kept while the window was still open says nothing of the days since."""
        today = self._window.server_date
        asked = page.response_date.date()
        return today is not None and asked <= self._window.until and asked < today

    async def _list_records(self, step: _Step | None) -> None:
        while step is not None:
            try:
                page, body = await self._page(step)
            except _ChainLost as lost:
                step = self._restart(str(lost))
            else:
                step = self._take(page, body, step.since, step.token)
        self.tally.chain_ended = True

    async def _page(self, step: _Step) -> tuple[Page, bytes]:
        url = self._url("ListRecords", since=step.since, token=step.token)
        state = {
            "verb": "ListRecords",
            "from": step.since.isoformat(),
            "until": self._window.until.isoformat(),
            "token": step.token,
            "set": self._options.set,
            "prefix": self._options.metadata_prefix,
        }
        page, body = await self._readable(url, self._pages, self.tally.pages + 1, state)
        if page.error is not None and page.error.code != "noRecordsMatch":
            if step.token is not None:
                raise _ChainLost(f"the token was refused: {page.error.code} {page.error.text}")
            raise self._stop(f"the request was refused: {page.error.code} {page.error.text}", url)
        if step.token and page.token == step.token:
            raise _ChainLost("the page repeats the token that asked for it")
        return page, body

    def _take(self, page: Page, body: bytes, since: date, token: str | None) -> _Step | None:
        """Count a page and keep its items; gives the step after it."""
        tally = self.tally
        tally.bytes += len(body)
        tally.cut_off = max(filter(None, (tally.cut_off, page.response_date)))
        if page.error is not None:
            if token is None and page.response_date.date() <= self._window.until:
                tally.doubtful_emptiness = True
            return None
        tally.pages += 1
        tally.doubtful_emptiness = False
        self._keep(page)
        if page.last_datestamp is not None:
            self._last_day = max(filter(None, (self._last_day, page.last_datestamp)))
        return _Step(since, page.token) if page.token else None

    def _keep(self, page: Page) -> None:
        self.tally.records += page.records
        self.tally.issues.extend(page.issues)
        self.tally.refused.update(page.refused)
        self._seen.update(page.identifiers)
        for item in page.items:
            self._spool.add(item)

    def _restart(self, why: str) -> _Step:
        """Begin a new chain on the last day seen, which may have been read in part."""
        day = self._last_day
        if day is None:
            raise self._stop(why)
        self._restarts[day] += 1
        if self._restarts[day] > _RESTARTS_A_DAY:
            raise self._stop(f"no way past {day}: {why}")
        logger.warning("%s; going on from %s", why, day)
        return _Step(day)

    # ---- reconciliation ----------------------------------------------------------------------------------------------

    async def _list_identifiers(self) -> set[str]:
        """Every identifier that the source lists for the window; raises CrawlStopped when the list cannot be had."""
        self._identifiers.drop_from(1)
        listed: set[str] = set()
        token: str | None = None
        number = 0
        while token != "":
            number += 1
            url = self._url("ListIdentifiers", since=self._window.since, token=token)
            try:
                page, body = await self._readable(url, self._identifiers, number, {"verb": "ListIdentifiers"})
            except _ChainLost as lost:
                raise self._stop(f"the list of identifiers cannot be had: {lost}", url) from None
            if page.error is not None and page.error.code != "noRecordsMatch":
                raise self._stop(f"the list of identifiers was refused: {page.error.code} {page.error.text}", url)
            listed.update(page.identifiers)
            self.tally.bytes += len(body)
            token = page.token or ""
        if self.tally.records and not listed:
            # From a cache, perhaps: such a list would find nothing missing.
            raise self._stop(f"the list of identifiers is empty though {self.tally.records} records came", url)
        self.tally.listed = len(listed)
        return listed

    async def _repair(self, absent: list[str]) -> None:
        for identifier in absent[: self._options.max_repairs]:
            url = self._url("GetRecord", identifier=identifier)
            number = self.tally.repaired + 1
            try:
                page, body = await self._readable(url, self._repairs, number, {"verb": "GetRecord", "id": identifier})
            except _ChainLost as lost:
                self._miss(identifier, str(lost))
                continue
            if page.error is not None or identifier not in page.identifiers:
                self._miss(identifier, page.error.code if page.error else "another record was sent")
                continue
            self._take_repair(page, body)
        self._repairs.drop_from(self.tally.repaired + 1)
        for identifier in absent[self._options.max_repairs :]:
            self._miss(identifier, f"more than {self._options.max_repairs} were missing")

    def _take_repair(self, page: Page, body: bytes) -> None:
        self.tally.repaired += 1
        self.tally.bytes += len(body)
        self.tally.cut_off = max(filter(None, (self.tally.cut_off, page.response_date)))
        self._keep(page)

    def _miss(self, identifier: str, why: str) -> None:
        self.tally.missing += 1
        message = f"listed by the source and not to be had: {why}"
        self.tally.issues.append(make_issue(self._source.id, "error", "record-missing", message, identifier=identifier))

    # ---- one answer --------------------------------------------------------------------------------------------------

    def _url(
        self, verb: str, since: date | None = None, token: str | None = None, identifier: str | None = None
    ) -> str:
        base, options = self._window.base_url, self._options
        if token is not None:
            # A token goes alone, and is percent-encoded once whatever it holds.
            return f"{base}?verb={verb}&resumptionToken={quote(token, safe='')}"
        query = {"verb": verb, "metadataPrefix": options.metadata_prefix}
        if identifier is not None:
            query["identifier"] = options.identifier_prefix + identifier
        if since is not None:
            query |= {"from": since.isoformat(), "until": self._window.until.isoformat()}
            query |= {"set": options.set} if options.set else {}
        return f"{base}?{urlencode(query)}"

    async def _readable(self, url: str, folder: PageFolder, number: int, state: dict[str, Any]) -> tuple[Page, bytes]:
        """Fetch, keep, parse; an unreadable page is fetched again by the identical URL, at last mended or given up."""
        why = ""
        for wait in (0.0, *self._source.politeness.retry_waits_s):
            if wait:
                logger.warning("unreadable page (%s): again in %g s: %s", why, wait, url)
                await self._pause(wait)
            body = (await self._exchange(Call(url))).body
            folder.save(number, body, state)
            try:
                return self._read(body, state), body
            except ParseError as error:
                why = str(error)
        mended = self._read_kept(body, state | {"mended": True})
        if mended is None:
            raise _ChainLost(f"page {number} stays unreadable: {why}")
        folder.save(number, body, state | {"mended": True})
        return mended, body

    def _read(self, body: bytes, state: dict[str, Any]) -> Page:
        return self._parse(mend_encoding(body) if state.get("mended") else body, self._source)

    def _stop(self, why: str, url: str | None = None) -> CrawlStopped:
        return CrawlStopped(why, source=self._source.id, url=url)


DIALECT = OaiHarvest
