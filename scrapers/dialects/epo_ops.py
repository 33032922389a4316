"""EPO OPS: what the taxonomy asks for, in slices small enough to be given whole, and the count of everything.

A search gives at most 2,000 hits and counts at most 10,000. A slice with more is divided, by days, then by office, then
by the digits of the publication number, into two that share nothing and lack nothing, so that their sums can be
checked.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote, urlencode

from pydantic import Field, model_validator

from horizon.errors import ParseError
from horizon.records import Issue, Item
from horizon.weeks import IsoWeek
from scrapers.denominators import Count, write_denominators
from scrapers.dialects.epo_ops_client import OpsClient, QueryRefused
from scrapers.dialects.epo_ops_query import Slice, clauses, topics
from scrapers.dialects.kept_answers import KeptAnswers, Unreadable, whole_weeks
from scrapers.exchange import Exchange, Pause
from scrapers.issues import Severity, make_issue
from scrapers.items_file import ItemSpool
from scrapers.parsers.epo_ops import Page, parse_page
from scrapers.politeness import CrawlStopped
from scrapers.source import Model, Source, Text
from scrapers.walk import Tally, Window, ending_told
from taxonomy.load import load_taxonomy

_WALKS = 2
"""A slice that gives fewer documents than it counts is read once more; what was had in either counts."""
Positive = Annotated[int, Field(gt=0)]
Office = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Options(Model):
    """What a source in this dialect says besides."""

    token_path: Text
    search_path: Text
    count_path: Text
    hits_a_page: Positive
    most_hits: Positive
    """That one search gives."""
    most_countable: Positive
    """A count of so many means as many or more."""
    terms_a_query: Positive
    least_weight: Annotated[float, Field(gt=0, le=3)]
    """Of a phrase that is asked for: 3 names the area by itself."""
    offices: tuple[Office, ...] = Field(min_length=1)
    """In the order in which a day is divided."""
    hour_quota_mb: Positive
    week_quota_mb: Positive
    share_of_allowance: Annotated[float, Field(gt=0, le=1)]
    """Of the requests a minute that the service allows."""
    longest_pause_s: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _counts_beyond_what_it_gives(self) -> "Options":
        if self.most_countable <= self.most_hits:
            raise ValueError("most_countable must be more than most_hits: else a search that is too large is not seen")
        return self


class OpsSearch:
    """One window of one source."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool, self._folder = window, window.source, spool, folder
        self._options = window.source.options_as(Options)
        self.tally = Tally()
        token_url = window.base_url + self._options.token_path
        self._client = OpsClient(window.source, token_url, window.secrets, exchange, pause, self.tally)
        self._answers = KeptAnswers(window, folder / "pages", self._client.send, pause, self.tally)
        self._known: set[str] = set()

    async def run(self) -> None:
        """Walk the whole window; what stops it early is written into the tally, not raised."""
        with ending_told(self.tally):
            for each in self.searches():
                await self._collect(each)
            self.tally.chain_ended = True
            await self._count_weeks()
            self.tally.reconciled = True
        # Refused in one answer and readable in another: the item is there.
        self.tally.refused = {name for name in self.tally.refused if f"epo:{name}" not in self._spool}

    def searches(self) -> list[Slice]:
        """Every topic of the taxonomy over the whole window."""
        parts = clauses(load_taxonomy().areas, self._options.least_weight)
        return [
            Slice(topic, self._window.since, self._window.until) for topic in topics(parts, self._options.terms_a_query)
        ]

    # ---- documents ---------------------------------------------------------------------------------------------------

    async def _collect(self, part: Slice) -> int:
        """Read a slice whole, dividing it as often as needed; gives the number of its hits as far as they are told."""
        page = await self._ask(part, 1, walk=1)
        if not page.total:
            # One wrong empty answer would make a topic vanish from the week.
            page = await self._ask(part, 1, walk=2)
        total = page.total or 0
        halves = part.split(self._options.offices) if total > self._options.most_hits else None
        if halves is not None:
            found = await self._collect(halves[0]) + await self._collect(halves[1])
            if total < self._options.most_countable and found != total:
                self._say("warning", "slices-disagree", f"{total} hits, {found} in its parts", part)
            return found
        self.tally.listed += total
        await self._read_on(part, page, min(total, self._options.most_hits))
        if total > self._options.most_hits:
            lost = total - self._options.most_hits
            self.tally.missing += lost
            self._say("error", "slice-too-large", f"{total} hits and no way to divide them: {lost} or more lost", part)
        return total

    async def _read_on(self, part: Slice, first: Page, wanted: int) -> None:
        """All pages after the first; once more from the first when some documents were not given."""
        had = set(first.identifiers)
        for walk in range(1, _WALKS + 1):
            begin = 1 + self._options.hits_a_page if walk == 1 else 1
            for place in range(begin, wanted + 1, self._options.hits_a_page):
                had.update((await self._ask(part, place, walk)).identifiers)
            if len(had) >= wanted:
                return
        self.tally.missing += wanted - len(had)
        message = f"{wanted} hits, of which {wanted - len(had)} were not given in {_WALKS} walks"
        self._say("warning", "hits-missing", message, part)

    async def _ask(self, part: Slice, begin: int, walk: int) -> Page:
        end = begin + self._options.hits_a_page - 1
        page = await self._question(self._options.search_path, part, f"{begin}-{end}", walk)
        self._keep(page)
        return page

    def _keep(self, page: Page) -> None:
        self.tally.records += page.records
        for item in page.items:
            self._spool.add(item)
            self._check_day(item)
        # One publication is found by several searches: its issues are told once.
        new = {f"epo:{name}" for name in page.identifiers if name not in self._known}
        self.tally.issues.extend(issue for issue in page.issues if issue.item_id is None or issue.item_id in new)
        self._known.update(page.identifiers)
        self.tally.refused.update(page.refused)

    def _check_day(self, item: Item) -> None:
        if not self._window.since <= item.published <= self._window.until and item.id[4:] not in self._known:
            message = f"published on {item.published}, outside the days asked for; kept"
            self.tally.issues.append(make_issue(self._source.id, "warning", "date-outside-window", message, item.id))

    # ---- denominators ------------------------------------------------------------------------------------------------

    async def _count_weeks(self) -> None:
        """How many documents all offices published in each whole week, whatever their subject: `denominators.json`."""
        counts = []
        for monday, sunday in whole_weeks(self._window.since, self._window.until):
            part = Slice((), monday, sunday)
            hits = await self._count_days(part)
            counts.append(Count(week=IsoWeek.of(monday), clock="pd", hits=hits, query=part.cql()))
        if counts and not self.tally.listed and not any(count.hits for count in counts):
            self.tally.doubtful_emptiness = self._is_open()
        write_denominators(self._folder, self._source.id, counts)

    def _is_open(self) -> bool:
        today = self._window.server_date
        return today is None or today <= self._window.until

    async def _count_days(self, part: Slice) -> int | None:
        """The exact number of documents; None when the source cannot count them."""
        try:
            page = await self._question(self._options.count_path, part, "1-1", 1)
        except (Unreadable, QueryRefused) as error:
            self._say("warning", "denominator-unknown", f"no number of all documents: {error}", part)
            return None
        total = page.total or 0
        if total < self._options.most_countable:
            return total
        halves = part.split(self._options.offices)
        if halves is None:
            self._say("warning", "denominator-unknown", f"{total} or more documents and no way to divide them", part)
            return None
        first = await self._count_days(halves[0])
        second = await self._count_days(halves[1]) if first is not None else None
        return None if first is None or second is None else first + second

    # ---- one answer --------------------------------------------------------------------------------------------------

    async def _question(self, path: str, part: Slice, span: str, walk: int) -> Page:
        query = part.cql()
        url = f"{self._window.base_url}{path}?{urlencode({'q': query, 'Range': span}, quote_via=quote)}"
        question = {"query": query, "range": span, "path": path, "walk": str(walk)}
        try:
            return await self._answers.ask(url, question, self._read)
        except QueryRefused as refused:
            if not part.topic:
                raise
            raise self._stop(f"the query was refused: {refused}", url) from None
        except Unreadable as unreadable:
            if not part.topic:
                raise
            raise self._stop(str(unreadable), url) from None

    def _read(self, body: bytes) -> Page:
        page = parse_page(body, self._source)
        if page.fault is not None and not page.fault.means_nothing_found:
            raise ParseError(f"expected a result, found the fault {page.fault.code} {page.fault.message}")
        if page.fault is None and page.total is None:
            raise ParseError("expected the result of a search, found another answer of OPS")
        return page

    def _stop(self, why: str, url: str) -> CrawlStopped:
        return CrawlStopped(why, source=self._source.id, url=url)

    def _say(self, severity: Severity, code: str, message: str, part: Slice) -> None:
        self.tally.issues.append(make_issue(self._source.id, severity, code, message, query=part.cql()))


def reparse(stream: BinaryIO, state: dict[str, Any], source: Source) -> Iterator[Item | Issue]:
    """One archived answer, read again; counts and empty results hold nothing."""
    page = parse_page(stream.read(), source)
    yield from page.items
    yield from page.issues


DIALECT = OpsSearch
