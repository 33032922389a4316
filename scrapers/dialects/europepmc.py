"""Europe PMC's search: follow the cursor of each query, compare with the number of hits, then ask for the denominators.

Service: https://europepmc.org/RestfulWebService. What it does besides its documentation: errors and hollow answers come
with HTTP 200, a chain ends by an empty list or by the cursor that was sent, and more hits are told than are given
(https://github.com/ContentMine/getpapers/issues/153).
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import Field

from horizon.errors import ParseError
from horizon.records import AreaId, Item
from horizon.weeks import IsoWeek
from scrapers.denominators import Count, write_denominators
from scrapers.dialects.europepmc_query import build_queries, frame_of, strong_terms
from scrapers.dialects.kept_answers import KeptAnswers, Unreadable, whole_weeks
from scrapers.exchange import Exchange, Pause
from scrapers.issues import Severity, make_issue
from scrapers.items_file import ItemSpool
from scrapers.parsers.europepmc_json import Page, parse_page, unknown_fields
from scrapers.politeness import CrawlStopped
from scrapers.source import Model, Text
from scrapers.walk import Tally, Window, ending_told
from taxonomy.load import load_taxonomy

logger = logging.getLogger(__name__)
_WALKS = 2
"""A chain that ends before all hits were had is walked once more; what was had in either counts."""
_INDEXED = "FIRST_IDATE"


class Options(Model):
    """What a source in this dialect says besides."""

    areas: tuple[AreaId, ...] = Field(min_length=1)
    """Areas of the taxonomy whose phrases are asked for."""
    least_weight: Annotated[float, Field(gt=0, le=3)]
    """Of a phrase that is asked for: 2 is strong, 3 names the area by itself."""
    repositories: tuple[Text, ...] = Field(min_length=1)
    """Europe PMC's sources: MED (PubMed), PMC, PPR (preprints)."""
    page_size: Annotated[int, Field(ge=1, le=1000)]
    max_query_chars: Annotated[int, Field(ge=200)]
    sort: Text
    """An unknown key is answered with 503."""
    denominators: tuple[Literal["FIRST_IDATE", "FIRST_PDATE"], ...]
    """Clocks by which all records of each week are counted: day of first indexing, of first publication."""
    growing_weeks: Annotated[int, Field(ge=0, le=52)] = 0
    """Weeks before the window that are counted again by the day of first publication."""


class EuropePmcSearch:
    """One window of one source."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool, self._folder = window, window.source, spool, folder
        self._options = window.source.options_as(Options)
        self.tally = Tally()
        self._answers = KeptAnswers(window, folder / "pages", exchange, pause, self.tally)
        self._seen: set[str] = set()
        self._fields: set[str] = set()

    async def run(self) -> None:
        """Walk the whole window; what stops it early is written into the tally, not raised."""
        with ending_told(self.tally):
            for query in self.queries():
                await self._walk(query)
            self.tally.chain_ended = True
            self._remark_fields()
            await self._count_all()
            self.tally.reconciled = True
        # Refused in one query and readable in another: the item is there.
        self.tally.refused = {name for name in self.tally.refused if f"epmc:{name}" not in self._spool}

    def queries(self) -> list[str]:
        """Every query of the window, each within the length that the options allow."""
        options, taxonomy = self._options, load_taxonomy()
        terms = strong_terms([taxonomy.area(name) for name in options.areas], options.least_weight)
        frame = frame_of(_INDEXED, self._window.since, self._window.until, options.repositories)
        return build_queries(terms, frame, options.max_query_chars)

    # ---- hits --------------------------------------------------------------------------------------------------------

    async def _walk(self, query: str) -> None:
        """All hits of a query; what cannot be had is counted as missing."""
        had: set[str] = set()
        hits, why, answered = 0, "", False
        for attempt in range(1, _WALKS + 1):
            try:
                hits = await self._chain(query, attempt, had)
            except Unreadable as unreadable:
                why = str(unreadable)
                logger.warning("the chain broke (%s): from its beginning again", why)
                continue
            answered = True
            # No hits at all are asked for again as well: an empty first page is no evidence of emptiness.
            if hits and len(had) >= hits:
                return
        if not answered:
            raise CrawlStopped(why, source=self._source.id, url=self._url(query, "*"))
        self._miss(hits - len(had), query)

    async def _chain(self, query: str, attempt: int, had: set[str]) -> int:
        """Follow the cursor to its end; gives the number of hits that the source tells."""
        cursor, hits, asked = "*", 0, set[str]()
        while cursor and cursor not in asked:
            asked.add(cursor)
            page = await self._ask(self._url(query, cursor), {"query": query, "cursor": cursor, "walk": str(attempt)})
            hits = hits if page.hit_count is None else page.hit_count
            self._keep(page)
            had.update(page.names)
            if not page.records:
                break
            cursor = page.next_cursor or ""
        return hits

    def _keep(self, page: Page) -> None:
        self.tally.records += page.records
        self._fields |= page.fields
        for name, found in zip(page.names, page.found, strict=True):
            if name in self._seen:
                continue
            self._seen.add(name)
            for thing in found:
                if isinstance(thing, Item):
                    self._spool.add(thing)
                else:
                    self.tally.issues.append(thing)
                    if thing.severity == "error":
                        self.tally.refused.add(name)
        self.tally.listed = len(self._seen)

    def _miss(self, count: int, query: str) -> None:
        if count > 0:
            self.tally.missing += count
            message = f"{count} hits that the source tells were not given in {_WALKS} walks through the query"
            self._say("warning", "hits-missing", message, query)

    # ---- denominators ------------------------------------------------------------------------------------------------

    async def _count_all(self) -> None:
        """How many records the repositories have of each whole week, whatever their subject: `denominators.json`."""
        counts = []
        for clock in self._options.denominators:
            # A day of indexing is final; articles of an earlier first day are still coming in.
            growing = 0 if clock == _INDEXED else self._options.growing_weeks
            for monday, sunday in whole_weeks(self._window.since - timedelta(weeks=growing), self._window.until):
                query = frame_of(clock, monday, sunday, self._options.repositories)
                hits = await self._count(query)
                counts.append(Count(week=IsoWeek.of(monday), clock=clock, hits=hits, query=query))
        if counts and not len(self._spool) and all(count.hits is None for count in counts):
            self.tally.doubtful_emptiness = True
        write_denominators(self._folder, self._source.id, counts)

    async def _count(self, query: str) -> int | None:
        """Number of hits; None when the source tells none for a whole week, which is not to be believed."""
        parameters = {"query": query, "resultType": "idlist", "pageSize": "1", "cursorMark": "*", "format": "json"}
        url = f"{self._window.base_url}/search?{urlencode(parameters | {'synonym': 'false'})}"
        try:
            page = await self._ask(url, {"query": query, "count": "all"}, _counted)
        except Unreadable as unreadable:
            self._say("warning", "denominator-unknown", f"no number of all records: {unreadable}", query)
            return None
        return page.hit_count

    # ---- one answer --------------------------------------------------------------------------------------------------

    def _url(self, query: str, cursor: str) -> str:
        options = self._options
        parameters = {"query": query, "resultType": "core", "pageSize": str(options.page_size), "cursorMark": cursor}
        parameters |= {"format": "json", "sort": options.sort, "synonym": "false"}
        return f"{self._window.base_url}/search?{urlencode(parameters)}"

    async def _ask(self, url: str, question: dict[str, str], check: Callable[[Page], Page] | None = None) -> Page:
        def read(body: bytes) -> Page:
            page = parse_page(BytesIO(body), self._source)
            if page.error is not None:
                raise ParseError(f"the service answered with error {page.error[0]}: {page.error[1]}")
            if page.hollow:
                raise ParseError("the answer holds no results")
            return check(page) if check else page

        return await self._answers.ask(url, question, read)

    def _remark_fields(self) -> None:
        for name in unknown_fields(self._fields, self._source):
            self._say("info", "field-unknown", "a field that the parser does not know; once a crawl", name)

    def _say(self, severity: Severity, code: str, message: str, found: str) -> None:
        self.tally.issues.append(make_issue(self._source.id, severity, code, message, found=found))


def _counted(page: Page) -> Page:
    if not page.hit_count:
        raise ParseError(f"expected a number of all records of a week, found {page.hit_count}")
    return page


DIALECT = EuropePmcSearch
