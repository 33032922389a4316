"""The `/details` interface of bioRxiv and medRxiv: page by the number received, versions of a preprint put together.

Service: https://api.biorxiv.org. A page has 30 records whatever its documentation said, and any cursor is answered with
HTTP 200: stepping by more than was received skips records in silence. `total` counts versions and may tell more than is
given (https://github.com/ropensci/medrxivr/issues/19).
"""

import logging
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal
from urllib.parse import quote, urlencode

from pydantic import Field

from horizon.errors import ParseError
from horizon.records import Issue, Item
from horizon.weeks import IsoWeek
from scrapers.denominators import Count, write_denominators
from scrapers.dialects.kept_answers import KeptAnswers, Unreadable, whole_weeks
from scrapers.exchange import Exchange, Pause
from scrapers.issues import Severity, make_issue
from scrapers.items_file import ItemSpool
from scrapers.parsers.biorxiv_json import USED, Page, Posting, item_of, parse_page, plain_category
from scrapers.parsers.record_fields import left_over
from scrapers.politeness import CrawlStopped
from scrapers.source import Model, Source, Text
from scrapers.walk import Tally, Window, ending_told

logger = logging.getLogger(__name__)
_WALKS = 2
"""An interval that ends before its total was had is walked once more; what was had in either counts."""


class Options(Model):
    """What a source in this dialect says besides."""

    server: Literal["biorxiv", "medrxiv"]
    categories: tuple[Text, ...]
    """Subject categories asked for, one chain each; none: everything in one chain."""
    max_lookups: Annotated[int, Field(ge=0)]
    """Later versions whose first one lies before the window are looked up singly; more are reported."""


class BiorxivDetails:
    """One window of one source."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool, self._folder = window, window.source, spool, folder
        self._options = window.source.options_as(Options)
        self._wanted = {plain_category(name) for name in self._options.categories}
        self.tally = Tally()
        self._answers = KeptAnswers(window, folder / "pages", exchange, pause, self.tally)
        self._first_days: dict[str, date] = {}
        self._waiting: dict[str, Posting] = {}
        """Later versions whose first one has not been seen, the newest of each preprint."""
        self._seen: set[tuple[str, int]] = set()
        self._fields: set[str] = set()
        self._foreign: set[str] = set()
        """Categories received and not asked for."""

    async def run(self) -> None:
        """Walk the whole window; what stops it early is written into the tally, not raised."""
        with ending_told(self.tally):
            for category in self._options.categories or ("",):
                await self._walk(category)
            self.tally.chain_ended = True
            await self._look_up()
            self._remark_all()
            await self._count_all()
            self.tally.reconciled = True

    # ---- pages -------------------------------------------------------------------------------------------------------

    async def _walk(self, category: str) -> None:
        """All records of a category; what cannot be had is counted as missing."""
        had: set[tuple[str, int]] = set()
        total, why, answered = 0, "", False
        for attempt in range(1, _WALKS + 1):
            try:
                total, refused = await self._chain(category, attempt, had)
            except Unreadable as unreadable:
                why = str(unreadable)
                logger.warning("the chain broke (%s): from its beginning again", why)
                continue
            answered = True
            # Nothing at all is asked for again as well: an empty first page is no evidence of emptiness.
            if total and len(had) + refused >= total:
                return
            total -= refused
        if not answered:
            raise CrawlStopped(why, source=self._source.id, url=self._url(0, category))
        if total > len(had):
            self.tally.missing += total - len(had)
            message = f"{total - len(had)} records that the source counts were not given in {_WALKS} walks"
            self._say("warning", "records-missing", message, category)

    async def _chain(self, category: str, attempt: int, had: set[tuple[str, int]]) -> tuple[int, int]:
        """Page through a category; gives the total that the source tells and the number of unreadable records."""
        cursor = total = refused = 0
        while True:
            page = await self._page(cursor, category, attempt)
            self._keep(page)
            had.update((posting.doi, posting.version) for posting in page.postings)
            refused += len(page.issues)
            total = total if page.total is None else page.total
            # By what was received, never by what was asked or expected.
            cursor += min(page.records, page.count or page.records)
            if not page.records or (page.total is not None and cursor >= page.total):
                return total, refused

    async def _page(self, cursor: int, category: str, attempt: int) -> Page:
        def read(body: bytes) -> Page:
            page = parse_page(BytesIO(body), self._source)
            if page.count and not page.records:
                raise ParseError(f"expected {page.count} records as the answer says, found none; refetch")
            if page.cursor is not None and page.cursor != cursor and page.records:
                raise ParseError(f"expected the page at cursor {cursor}, found the one at {page.cursor}; refetch")
            return page

        question = {"cursor": str(cursor), "category": category, "walk": str(attempt)}
        return await self._answers.ask(self._url(cursor, category), question, read)

    def _keep(self, page: Page) -> None:
        self.tally.records += page.records
        self._fields |= page.fields
        self.tally.issues.extend(page.issues)
        prefix = f"{self._source.id}:"
        names = ((issue.item_id or "").removeprefix(prefix) or str(issue.data) for issue in page.issues)
        self.tally.refused.update(names)
        for posting in page.postings:
            self._take(posting)

    def _take(self, posting: Posting) -> None:
        if (posting.doi, posting.version) in self._seen:
            return
        self._seen.add((posting.doi, posting.version))
        self.tally.listed = len(self._seen)
        if self._wanted and posting.category not in self._wanted:
            self._foreign.add(posting.category)
            return
        if posting.version == 1:
            self._first_days[posting.doi] = posting.day
            self._add(posting, posting.day)
            waiting = self._waiting.pop(posting.doi, None)
            if waiting is not None:
                self._add(waiting, posting.day)
        elif posting.doi in self._first_days:
            self._add(posting, self._first_days[posting.doi])
        elif posting.doi not in self._waiting or self._waiting[posting.doi].version < posting.version:
            self._waiting[posting.doi] = posting

    def _add(self, posting: Posting, first_day: date | None) -> None:
        for thing in item_of([posting], self._source, first_day):
            if isinstance(thing, Item):
                self._spool.add(thing)
            else:
                self.tally.issues.append(thing)
                if thing.severity == "error":
                    self.tally.refused.add(posting.doi)

    # ---- first versions ----------------------------------------------------------------------------------------------

    async def _look_up(self) -> None:
        """The first day of preprints whose later version only lies in the window; unknown ones become issues."""
        for place, doi in enumerate(sorted(self._waiting)):
            day = await self._first_day(doi) if place < self._options.max_lookups else None
            self._add(self._waiting[doi], day)
        self._waiting.clear()

    async def _first_day(self, doi: str) -> date | None:
        url = f"{self._window.base_url}/details/{self._options.server}/{quote(doi, safe='/')}/na/json"

        def read(body: bytes) -> Page:
            page = parse_page(BytesIO(body), self._source)
            # An answer that lost its records must not cost an item: only the service's words for nothing are believed.
            if not page.empty and not any((each.doi, each.version) == (doi, 1) for each in page.postings):
                raise ParseError(f"expected all versions of {doi}, found none that is the first; refetch")
            return page

        try:
            page = await self._answers.ask(url, {"doi": doi}, read)
        except Unreadable:
            return None
        self.tally.repaired += 1
        return next((posting.day for posting in page.postings if (posting.doi, posting.version) == (doi, 1)), None)

    # ---- denominators ------------------------------------------------------------------------------------------------

    async def _count_all(self) -> None:
        """How many preprints were first posted in each whole week, in all categories: `denominators.json`."""
        counts = []
        for monday, sunday in whole_weeks(self._window.since, self._window.until):
            page = await self._totals(monday, sunday)
            hits, versions = (None, None) if page is None else (page.new_papers, page.total)
            counts.append(Count(week=IsoWeek.of(monday), clock="posted", hits=hits, versions=versions))
        if counts and not len(self._spool) and all(count.hits is None for count in counts):
            self.tally.doubtful_emptiness = True
        write_denominators(self._folder, self._source.id, counts)

    async def _totals(self, monday: date, sunday: date) -> Page | None:
        """The first page of a week; None when it tells no number, which is not to be believed of a whole week."""

        def read(body: bytes) -> Page:
            page = parse_page(BytesIO(body), self._source)
            if not page.new_papers:
                raise ParseError(f"expected a number of new papers of a week, found {page.new_papers}")
            return page

        url = f"{self._window.base_url}/details/{self._options.server}/{monday}/{sunday}/0/json"
        try:
            return await self._answers.ask(url, {"count": str(IsoWeek.of(monday))}, read)
        except Unreadable as unreadable:
            self._say("warning", "denominator-unknown", f"no number of all preprints: {unreadable}", str(monday))
            return None

    # ---- words -------------------------------------------------------------------------------------------------------

    def _url(self, cursor: int, category: str) -> str:
        window = self._window
        url = f"{window.base_url}/details/{self._options.server}/{window.since}/{window.until}/{cursor}/json"
        # Underscores stand for blanks: https://api.biorxiv.org/funder/help
        return f"{url}?{urlencode({'category': category.replace(' ', '_')})}" if category else url

    def _remark_all(self) -> None:
        for name in left_over(self._fields, USED, frozenset(self._source.ignore_fields)):
            self._say("info", "field-unknown", "a field that the parser does not know; once a crawl", name)
        if self._foreign:
            message = "records of other categories than were asked for; left out: the source's filter has changed"
            self._say("warning", "category-unasked", message, ", ".join(sorted(self._foreign)))

    def _say(self, severity: Severity, code: str, message: str, found: str) -> None:
        self.tally.issues.append(make_issue(self._source.id, severity, code, message, found=found))


DIALECT = BiorxivDetails


class Rereader:
    """Archived answers read again as the crawl read them: the first day of a preprint may stand in another answer."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._wanted = frozenset(map(plain_category, source.options_as(Options).categories))
        self._first_days: dict[str, date] = {}

    def note(self, stream: BinaryIO, state: dict[str, Any]) -> None:
        """First pass, newest answers first. Raises ParseError."""
        if "count" in state:
            return
        for posting in parse_page(stream, self._source).postings:
            if posting.version == 1:
                self._first_days.setdefault(posting.doi, posting.day)

    def read(self, stream: BinaryIO, state: dict[str, Any]) -> Iterator[Item | Issue]:
        """Second pass. Answers to other questions than for a page hold preprints that nobody asked for."""
        if "cursor" not in state:
            return
        page = parse_page(stream, self._source)
        yield from page.issues
        for posting in page.postings:
            if not self._wanted or posting.category in self._wanted:
                yield from item_of([posting], self._source, self._first_days.get(posting.doi))
