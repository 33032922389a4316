"""arXiv's query API: an analyst's question cut into slices of days, or single papers by id for a repair.

The API answers with empty pages where there are papers (https://github.com/lukasschwab/arxiv.py/issues/43 and 129) and
shows no more than 10,000 hits of one query: nothing that it says of emptiness is believed at once.
Manual: https://info.arxiv.org/help/api/user-manual.html
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field, StringConstraints, ValidationError

from horizon.errors import ParseError, UsageError
from scrapers.exchange import Call, Exchange, Pause
from scrapers.issues import Severity, make_issue
from scrapers.items_file import ItemSpool
from scrapers.pages import PageFolder
from scrapers.parsers.arxiv_atom import ARXIV_SOURCE, AtomPage, read_page
from scrapers.parsers.arxiv_terms import ARXIV_ID
from scrapers.parsers.oai_envelope import mend_encoding
from scrapers.politeness import CrawlStopped
from scrapers.source import Model, Seconds, Source
from scrapers.walk import Tally, Window, ending_told

logger = logging.getLogger(__name__)
_ACCEPTED = frozenset({200, 400})
_MINUTE = timedelta(minutes=1)
_SAME_SIZE = 2
"""So often is a page that should not be empty asked for by the identical URL; after that by halves."""


class Options(Model):
    """What a source in this dialect says besides."""

    search_query: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""
    """In the API's own language, without dates; empty: every paper of the window."""
    ids: tuple[str, ...] = ()
    """These papers, by `id_list`, in place of a search; with or without the prefix `arxiv:`."""
    may_be_empty: bool = False
    """Whether emptiness is believed after the waits below; otherwise it is an error."""
    page_size: Annotated[int, Field(ge=1, le=2_000)] = 500
    smallest_page: Annotated[int, Field(ge=1)] = 50
    slice_limit: Annotated[int, Field(ge=1, lt=10_000)] = 9_000
    """A slice of the window with more hits is halved."""
    ids_a_call: Annotated[int, Field(ge=1, le=500)] = 100
    empty_waits_s: tuple[Seconds, ...] = (300.0, 300.0, 300.0)
    """Before each repeat of a question that had no hit."""
    quiet_utc: tuple[time, time] | None = None
    """Nothing is asked between these times on the server's clock."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A span of first submission, in whole minutes, both included."""

    first: datetime
    last: datetime

    @property
    def clause(self) -> str:
        return f"submittedDate:[{self.first:%Y%m%d%H%M} TO {self.last:%Y%m%d%H%M}]"

    @property
    def halves(self) -> "tuple[Slice, Slice] | None":
        """Cut at a midnight as long as there is one inside, so that the questions stay of a common form."""
        minutes = (self.last - self.first) // _MINUTE + 1
        if minutes < 2:
            return None
        days = minutes // (24 * 60)
        step = timedelta(days=days // 2) if days > 1 else _MINUTE * (minutes // 2)
        return Slice(self.first, self.first + step - _MINUTE), Slice(self.first + step, self.last)


def with_query(source: Source, search_query: str, may_be_empty: bool = True) -> Source:
    """The same source asking an analyst's question, which may well have no answer."""
    return _with(source, {"search_query": search_query, "may_be_empty": may_be_empty})


def with_ids(source: Source, ids: Iterable[str]) -> Source:
    """The same source fetching single papers."""
    return _with(source, {"ids": tuple(ids)})


def _with(source: Source, changes: dict[str, object]) -> Source:
    try:
        options = Options.model_validate(source.options_as(Options).model_dump() | changes)
    except ValidationError as error:
        message = f"expected a query of at most 2,000 letters, or ids; found: {error.errors()[0]['msg']}"
        raise UsageError(message) from None
    return source.model_copy(update={"options": options})


def quiet_left_s(server_time: datetime | None, quiet: tuple[time, time] | None) -> float:
    """Seconds until the source's quiet time ends; 0 outside it or when the server's time is not known."""
    if server_time is None or quiet is None or not quiet[0] <= server_time.time() < quiet[1]:
        return 0.0
    return (datetime.combine(server_time.date(), quiet[1], server_time.tzinfo) - server_time).total_seconds()


class ArxivQuery:
    """One question over one window, or one list of ids."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool = window, window.source, spool
        self._options = window.source.options_as(Options)
        self._exchange, self._pause = exchange, pause
        self._pages = PageFolder(folder / "pages")
        self._kept: dict[str, bytes] = {}
        self._server_time: datetime | None = None
        self._rested = False
        self.tally = Tally()

    async def run(self) -> None:
        """Ask everything; what stops it early is written into the tally, not raised."""
        self._kept = {str(stored.state.get("url")): stored.body for stored in self._pages.load()}
        with ending_told(self.tally):
            if self._options.ids:
                await self._fetch_ids()
            else:
                self.tally.listed = await self._walk(self._whole_window(), doubted=True)
            self.tally.chain_ended = self.tally.reconciled = True
            self._pages.drop_from(self.tally.pages + 1)

    # ---- a search ----------------------------------------------------------------------------------------------------

    def _whole_window(self) -> Slice:
        first, last = self._window.since, self._window.until
        return Slice(datetime.combine(first, time(), UTC), datetime.combine(last, time(23, 59), UTC))

    async def _walk(self, span: Slice, doubted: bool) -> int:
        """Keep every paper of the span; gives the number of hits. `doubted`: emptiness is asked about again."""
        page = await self._first_page(span, doubted)
        total = page.total or 0
        halves = span.halves
        if total > self._options.slice_limit and halves is not None:
            return await self._walk_halves(halves, total)
        if total:
            await self._read_through(span, page, total)
        return total

    async def _walk_halves(self, halves: tuple[Slice, Slice], total: int) -> int:
        hits = {half: await self._walk(half, doubted=False) for half in halves}
        if sum(hits.values()) < total:
            for half in (half for half, count in hits.items() if count == 0):
                hits[half] = await self._walk(half, doubted=True)
        lacking = total - sum(hits.values())
        if lacking > 0:
            self.tally.missing += lacking
            message = f"the halves of a span have {lacking} fewer hits than the whole of it, {total}"
            self._note("error", "slices-disagree", message, span=f"{halves[0].clause} {halves[1].clause}")
        return total

    async def _first_page(self, span: Slice, doubted: bool) -> AtomPage:
        """The first page; raises CrawlStopped for an emptiness that cannot be believed."""
        page = await self._ask(self._url(span, 0, self._options.page_size), fresh=False)
        waits = self._options.empty_waits_s if doubted else ()
        for wait in waits:
            if page.total:
                break
            logger.warning("no hit for %s: asked again in %g s", span.clause, wait)
            await self._pause(wait)
            page = await self._ask(self._url(span, 0, self._options.page_size), fresh=True)
        if doubted and not page.total and not self._options.may_be_empty:
            raise self._stop(f"no hit for {span.clause}, asked {len(waits) + 1} times; such answers have been false")
        if page.clock is not None and not page.total and page.clock.date() <= self._window.until:
            self.tally.doubtful_emptiness = True
        self._accept(page)
        return page

    async def _read_through(self, span: Slice, page: AtomPage, total: int) -> None:
        """All pages of a span after its first; a second time when papers are missing at the end."""
        seen = await self._follow(span, page, self._options.page_size, total)
        if len(seen) < total:
            size = max(self._options.page_size // 2, 1)
            page = await self._filled(span, 0, size, total)
            self._accept(page)
            seen |= await self._follow(span, page, size, total)
        if len(seen) < total:
            self.tally.missing += total - len(seen)
            message = f"{total - len(seen)} of {total} papers that the API counts are on none of its pages"
            self._note("error", "records-missing", message, span=span.clause)

    async def _follow(self, span: Slice, page: AtomPage, size: int, total: int) -> set[str]:
        seen = set(page.identifiers)
        start = page.records
        if start == 0:
            page = await self._filled(span, 0, size, total)
            self._accept(page)
            seen, start = set(page.identifiers), page.records
        while start < total:
            page = await self._filled(span, start, size, total)
            self._accept(page)
            seen.update(page.identifiers)
            start += page.records
        return seen

    async def _filled(self, span: Slice, start: int, size: int, total: int) -> AtomPage:
        """The page from `start`, asked for until it is not empty: by the identical URL, then by smaller pages."""
        for attempt, wait in enumerate((0.0, *self._source.politeness.retry_waits_s)):
            if wait:
                logger.warning("an empty page at %d of %d: asked again in %g s", start, total, wait)
                await self._pause(wait)
            smaller = max(size >> max(attempt - _SAME_SIZE, 0), min(self._options.smallest_page, size))
            page = await self._ask(self._url(span, start, smaller), fresh=attempt > 0)
            if page.records:
                return page
        raise self._stop(f"the pages from {start} of {total} hits stay empty for {span.clause}")

    # ---- single papers -----------------------------------------------------------------------------------------------

    async def _fetch_ids(self) -> None:
        wanted: dict[str, None] = {}
        for text in self._options.ids:
            arxiv_id = text.removeprefix(f"{ARXIV_SOURCE}:")
            if ARXIV_ID.fullmatch(arxiv_id):
                wanted[arxiv_id] = None
            else:
                self._miss(text, "expected an id such as 2611.01234 or math/0701001")
        absent = list(wanted)
        size = self._options.ids_a_call
        # Twice: what an answer leaves out may be in the next.
        for fresh in (False, True):
            groups = [absent[place : place + size] for place in range(0, len(absent), size)]
            absent = [name for group in groups for name in await self._fetch_group(group, fresh)]
        self.tally.listed = len(wanted)
        for arxiv_id in absent:
            self._miss(arxiv_id, "the API does not show it")

    async def _fetch_group(self, group: Sequence[str], fresh: bool) -> list[str]:
        """Those of the group that were not answered; a group that is refused as a whole is halved."""
        query = {"id_list": ",".join(group), "start": 0, "max_results": len(group)}
        url = f"{self._window.base_url}?{urlencode(query)}"
        try:
            page = await self._ask(url, fresh)
        except _Refused:
            if len(group) == 1:
                return list(group)
            middle = len(group) // 2
            return [n for half in (group[:middle], group[middle:]) for n in await self._fetch_group(half, fresh)]
        self._accept(page)
        found = set(page.identifiers)
        self.tally.repaired += len(found.intersection(group))
        return [arxiv_id for arxiv_id in group if arxiv_id not in found]

    # ---- one answer --------------------------------------------------------------------------------------------------

    def _url(self, span: Slice, start: int, size: int) -> str:
        asked = self._options.search_query
        query = {
            "search_query": f"({asked}) AND {span.clause}" if asked else span.clause,
            "start": start,
            "max_results": size,
            "sortBy": "submittedDate",
            "sortOrder": "ascending",
        }
        return f"{self._window.base_url}?{urlencode(query)}"

    async def _ask(self, url: str, fresh: bool) -> AtomPage:
        """One readable answer; `fresh`: not the one that an earlier run kept. Raises _Refused for an error entry."""
        kept = self._kept.pop(url, None)
        if kept is not None and not fresh:
            page = self._read(kept)
            if page is not None and page.error is None and page.records and not self._outdated(page):
                return page
        why = ""
        for wait in (0.0, *self._source.politeness.retry_waits_s):
            if wait:
                logger.warning("unreadable answer (%s): again in %g s: %s", why, wait, url)
                await self._pause(wait)
            status, body = await self._send(url)
            try:
                return self._checked(read_page(body, self._source), status, url)
            except ParseError as error:
                why = str(error)
            if status == 400:
                raise _Refused(f"the request was refused with HTTP 400: {why}", source=self._source.id, url=url)
        mended = self._read(mend_encoding(body))
        if mended is None:
            raise self._stop(f"the answer stays unreadable: {why}", url)
        return self._checked(mended, status, url)

    async def _send(self, url: str) -> tuple[int, bytes]:
        rest = quiet_left_s(self._server_time, self._options.quiet_utc)
        if rest and not self._rested:
            # Once: a clock that stands still must not hold up every request.
            self._rested = True
            logger.warning("the source's quiet time: going on in %g s", rest)
            await self._pause(rest)
        answer = await self._exchange(Call(url, accept=_ACCEPTED))
        self._server_time = _read_time(answer.headers.get("date", ""))
        self.tally.bytes += len(answer.body)
        self._pages.save(self.tally.pages + 1, answer.body, {"url": url, "status": answer.status})
        return answer.status, answer.body

    def _checked(self, page: AtomPage, status: int, url: str) -> AtomPage:
        if page.error is not None or status != 200:
            raise _Refused(f"the request was refused: {page.error or 'HTTP 400'}", source=self._source.id, url=url)
        return page

    def _read(self, body: bytes) -> AtomPage | None:
        try:
            return read_page(body, self._source)
        except ParseError:
            return None

    def _outdated(self, page: AtomPage) -> bool:
        """A page kept while the window was still open says nothing of the days since."""
        today = self._window.server_date
        return today is not None and page.clock is not None and page.clock.date() <= self._window.until < today

    def _accept(self, page: AtomPage) -> None:
        """Count a page and keep its items."""
        tally = self.tally
        tally.pages += 1
        tally.cut_off = max(filter(None, (tally.cut_off, page.clock)), default=None)
        tally.records += page.records
        tally.issues.extend(page.issues)
        tally.refused.update(page.refused)
        for item in page.items:
            self._spool.add(item)

    def _miss(self, identifier: str, why: str) -> None:
        self.tally.missing += 1
        self._note("error", "record-missing", f"asked for by id and not to be had: {why}", identifier=identifier)

    def _note(self, severity: Severity, code: str, message: str, **data: str) -> None:
        self.tally.issues.append(make_issue(self._source.id, severity, code, message, **data))

    def _stop(self, why: str, url: str | None = None) -> CrawlStopped:
        return CrawlStopped(why, source=self._source.id, url=url)


class _Refused(CrawlStopped):
    """The API does not accept the question."""


def _read_time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


DIALECT = ArxivQuery
