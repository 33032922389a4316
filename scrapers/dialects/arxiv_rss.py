"""arXiv's daily feeds: each archive by a conditional request, by its categories when the archive's feed is cut off.

A cross-check of the harvest, never the only source: one day only, 2,000 announcements at most, stale batches and dates
that lag (https://github.com/arXiv/arxiv-feed).
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from horizon.errors import ParseError
from scrapers.announcements import LARGEST_BATCH, check_batches
from scrapers.dialects.conditional import ConditionalPages
from scrapers.exchange import Exchange, Pause
from scrapers.issues import make_issue
from scrapers.items_file import ItemSpool
from scrapers.pages import PageFolder
from scrapers.parsers.arxiv_rss import Batch, read_batch
from scrapers.source import Model, Source, Text
from scrapers.walk import Tally, Window, ending_told


class Options(Model):
    """What a source in this dialect says besides."""

    archives: tuple[Text, ...] = Field(min_length=1)
    finer: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    """Categories of an archive whose feed is too large for one."""
    form: Literal["rss", "atom"] = "rss"
    largest_batch: Annotated[int, Field(ge=1)] = LARGEST_BATCH
    no_mailing: tuple[date, ...] = ()
    """Days on which arXiv mails nothing (https://info.arxiv.org/help/availability.html)."""


class ArxivRss:
    """The feeds of one day."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool = window, window.source, spool
        self._options = window.source.options_as(Options)
        self.tally = Tally()
        self._pages = ConditionalPages(folder / "pages", window.source, exchange, pause, self.tally)
        self._refused: list[str] = []

    async def run(self) -> None:
        """Ask for every archive; what stops it early is written into the tally, not raised."""
        with ending_told(self.tally):
            batches = [batch for archive in self._options.archives for batch in await self._archive(archive)]
            self._conclude(batches)

    async def _archive(self, archive: str) -> list[Batch]:
        whole = await self._fetch(archive)
        parts = self._options.finer.get(archive, ())
        if len(whole.announcements) < self._options.largest_batch or not parts:
            return [whole]
        # The whole stays: an announcement that only it shows is one more.
        return [*(await self._each(parts)), whole]

    async def _each(self, names: tuple[str, ...]) -> list[Batch]:
        return [await self._fetch(name) for name in names]

    async def _fetch(self, name: str) -> Batch:
        url = f"{self._window.base_url}/{self._options.form}/{name}"
        batch = await self._pages.fetch(url, lambda body: read_batch(body, self._source))
        tally = self.tally
        tally.records += batch.records
        tally.issues.extend(batch.issues)
        tally.refused.update(batch.refused)
        tally.cut_off = max(filter(None, (tally.cut_off, batch.built)), default=None)
        if batch.error is not None:
            self._refused.append(name)
        for item in batch.items:
            self._spool.add(item)
        return batch

    def _conclude(self, batches: list[Batch]) -> None:
        tally, options = self.tally, self._options
        tally.issues.extend(check_batches(batches, no_mailing=options.no_mailing, limit=options.largest_batch))
        for day in sorted({batch.day for batch in batches if batch.day}):
            if not self._window.since <= day <= self._window.until:
                message = f"the feeds show {day}, which is not a day of the window"
                tally.issues.append(make_issue(self._source.id, "info", "batch-outside-window", message))
        tally.listed = len({arxiv_id for batch in batches for arxiv_id in batch.ids()})
        empty_working_day = any(issue.code == "batch-empty" and issue.severity == "warning" for issue in tally.issues)
        tally.doubtful_emptiness = tally.listed == 0 and empty_working_day
        if self._refused:
            names = ", ".join(self._refused)
            tally.stopped = f"the source knows no feed of {names}; correct the archives in {self._source.id}.yml"
            return
        tally.chain_ended = tally.reconciled = True


def read_batches(folder: Path, source: Source) -> Iterator[Batch]:
    """Every batch that a crawl folder keeps, in the order received, for `check_held`. Damaged ones are left out."""
    for stored in PageFolder(folder / "pages").load():
        try:
            yield read_batch(stored.body, source)
        except ParseError:
            continue


DIALECT = ArxivRss
