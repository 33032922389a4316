"""Weekly bulk files of the USPTO's Open Data Portal: list a product, fetch the zips, read them from disk.

A zip that a person has put into the drop folder under the portal's name is read in place of a download; without a key
only such files are read.

Traps, all seen in the live portal: the list's counts disagree; DTDs stand among the data; a week is issued again as
`ipg260106_r2.zip` five weeks later, above newer weeks; a download is a 302 to an address that is signed for 5 seconds.
https://data.uspto.gov/apis/bulk-data/product
"""

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import file_digest
from io import BytesIO
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from pydantic import Field

from horizon.errors import ParseError
from scrapers.bulk_files import Found, read_file
from scrapers.exchange import Answer, Call, Exchange, Pause
from scrapers.issues import Severity, make_issue
from scrapers.items_file import ItemSpool
from scrapers.pages import write_atomic
from scrapers.parsers.record_fields import read_json
from scrapers.parsers.uspto_odp import BulkFile, Listing, read_listing
from scrapers.parsers.uspto_xml import parse_items
from scrapers.politeness import CrawlStopped
from scrapers.source import Model, Module, Text
from scrapers.walk import Tally, Window, ending_told

logger = logging.getLogger(__name__)
_ROWS = 100
_MOST_ROWS = 5_000
_KEY = "USPTO_API_KEY"
_KEY_PAUSE_S = 900.0
"""A fresh key answers 403 for some minutes."""


class Options(Model):
    """Which product, and how its files are named."""

    product: Text
    """PTGRXML for grants, APPXML for applications."""
    prefix: Module
    """Of the file names: `ipg` in ipg260106_r1.zip."""
    weekday: Annotated[int, Field(ge=1, le=7)]
    """ISO weekday of publication; every such day has a file."""
    relook_days: Annotated[int, Field(ge=0)]
    """Weeks of the past are looked at so far back for files that were issued again within the window."""
    downloads: Annotated[int, Field(ge=1, le=5)]
    """Times that one file is asked for when what comes is damaged: 20 a year are all that the portal gives."""


@dataclass(frozen=True, slots=True, order=True)
class WeekFile:
    """One data file: its day, its revision (0 at first), its row of the list."""

    day: date
    revision: int
    row: BulkFile = field(compare=False)


class UsptoBulk:
    """One window of one product. Files are kept in the crawl folder, so that a killed crawl fetches none twice."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool = window, window.source, spool
        self._options = window.source.options_as(Options)
        self._files = folder / "files"
        self._exchange, self._pause = exchange, pause
        self._dropped = _zips(window.drop)
        self._may_ask = bool(window.secrets.get(_KEY))
        self.tally = Tally()

    async def run(self) -> None:
        """Walk the whole window; what stops it early is written into the tally, not raised."""
        with ending_told(self.tally):
            self._files.mkdir(parents=True, exist_ok=True)
            rows = await self._list() if self._may_ask else [_dropped_row(path) for path in self._dropped.values()]
            chosen = choose(rows, self._window.since, self._window.until, self._options)
            self.tally.listed = len(chosen)
            for file in chosen:
                await self._take(file)
            self.tally.chain_ended = True
            self._check_days(chosen)
            self.tally.reconciled = True

    # ---- the list ----------------------------------------------------------------------------------------------------

    async def _list(self) -> list[BulkFile]:
        """All rows of the product from the days looked at; the counts in the answer are not believed."""
        rows: dict[str, BulkFile] = {}
        offset = 0
        while offset < _MOST_ROWS:
            listing = await self._list_page(offset)
            new = {row.name: row for row in listing.files if row.name not in rows}
            rows |= new
            offset += len(listing.files)
            if listing.faults:
                self._note("warning", "listing-faulty", f"{listing.faults} rows have no usable name or address")
            if not new or len(listing.files) < _ROWS:
                break
        return list(rows.values())

    async def _list_page(self, offset: int) -> Listing:
        first = self._window.since - timedelta(days=self._options.relook_days)
        asked = {"fileDataFromDate": first.isoformat(), "fileDataToDate": self._window.until.isoformat()}
        asked |= {"includeFiles": "true", "offset": str(offset), "limit": str(_ROWS)}
        url = f"{self._window.base_url}/{self._options.product}?{urlencode(asked)}"
        why = ""
        for wait in (0.0, *self._source.politeness.retry_waits_s):
            if wait:
                await self._pause(wait)
            answer = await self._ask(url)
            if answer.status == 403:
                raise self._stop("HTTP 403: the portal forbids the crawl; a person must find out why", url)
            if answer.status == 404:
                # The portal's word for an empty result.
                return Listing((), (), 0)
            try:
                listing = read_listing(read_json(BytesIO(answer.body)))
            except ParseError as error:
                why = str(error)
                continue
            self.tally.pages += 1
            self.tally.bytes += len(answer.body)
            self._note_clock(answer)
            return listing
        raise self._stop(f"the list of files cannot be read: {why}", url)

    async def _ask(self, url: str, into: Path | None = None) -> Answer:
        """One call with the key. 403 is about the key: the portal looks at it before it looks at the question."""
        key = self._window.secrets.get(_KEY)
        headers = (("X-API-KEY", key),) if key else ()
        answer = await self._exchange(Call(url, headers=headers, accept=frozenset({200, 403, 404}), into=into))
        if answer.status == 403 and answer.body.lstrip()[:1] == b"{":
            self.tally.pause_s = _KEY_PAUSE_S
            raise self._stop(
                f"HTTP 403: the key is not accepted; a fresh one needs some minutes, an unused one is deleted after 90 "
                f"days: look at HORIZON_{_KEY}",
                url,
            )
        return answer

    def _note_clock(self, answer: Answer) -> None:
        try:
            moment = parsedate_to_datetime(answer.headers.get("date", ""))
        except (ValueError, TypeError):
            return
        if moment.tzinfo is not None:
            self.tally.cut_off = max(filter(None, (self.tally.cut_off, moment.astimezone(UTC))))

    def _check_days(self, chosen: Iterable[WeekFile]) -> None:
        """Every publication day of the window has a file: a list without it is not yet complete, never zero."""
        had = {file.day for file in chosen}
        days = map(date.fromordinal, range(self._window.since.toordinal(), self._window.until.toordinal() + 1))
        absent = [day for day in days if day.isoweekday() == self._options.weekday and day not in had]
        if absent:
            names = ", ".join(str(day) for day in absent[:5])
            who = "the portal lists" if self._may_ask else "there is no key, and the drop folder holds"
            raise self._stop(f"{who} no file for {len(absent)} publication days ({names}); crawl again later")

    # ---- one file ----------------------------------------------------------------------------------------------------

    async def _take(self, file: WeekFile) -> None:
        """Fetch the file if it is not there, and read it; a damaged one is fetched again."""
        path = self._files / file.row.name
        why = self._take_dropped(file.row.name)
        if why is None:
            return
        for _ in range(self._options.downloads if self._may_ask else 0):
            if not is_kept(path):
                await self._download(file, path)
            try:
                found = read_file(path, parse_items, self._spool)
            except ParseError as error:
                why = str(error)
                logger.warning("%s is damaged (%s): fetched again", path.name, why)
                _vouch(path).unlink(missing_ok=True)
                continue
            self._count(path, found)
            return
        raise self._stop(f"{file.row.name} stays unreadable: {why}", file.row.url)

    def _take_dropped(self, name: str) -> str | None:
        """Read the file from the drop folder; gives why it could not be."""
        if name not in self._dropped:
            return "it is not in the drop folder"
        path = self._dropped[name]
        try:
            self._count(path, read_file(path, parse_items, self._spool))
        except ParseError as error:
            self._note("warning", "drop-unreadable", f"{name} in the drop folder is not whole: {str(error)[:300]}")
            return str(error)
        self.tally.bytes += path.stat().st_size
        return None

    async def _download(self, file: WeekFile, path: Path) -> None:
        """The exchange follows the 302 at once and leaves the key behind; the body goes to disk as it comes."""
        url = file.row.url
        if urlsplit(url).netloc != urlsplit(self._window.base_url).netloc:
            raise self._stop("the list names another host than the portal's; the key is not sent there", url)
        passing = path.with_name(path.name + ".part")
        for _ in range(self._options.downloads):
            answer = await self._ask(url, passing)
            if answer.status == 404:
                raise self._stop(f"{file.row.name} is in the list and cannot be had: HTTP 404", url)
            if answer.status == 200:
                self.tally.bytes += _keep(path, passing)
                return
            # The signature ran out on the way: a new 302 has a new one.
            logger.warning("the signed address of %s had expired: asked for again", file.row.name)
        raise self._stop(f"{file.row.name} cannot be had: its signed address had expired each time", url)

    def _count(self, path: Path, found: Found) -> None:
        self.tally.pages += 1
        self.tally.records += found.records
        self.tally.refused |= found.refused
        self.tally.issues += [issue.model_copy(update={"source": self._source.id}) for issue in found.issues]
        logger.info("%s: %d records, %d refused", path.name, found.records, len(found.refused))

    def _note(self, severity: Severity, code: str, message: str) -> None:
        self.tally.issues.append(make_issue(self._source.id, severity, code, message))

    def _stop(self, why: str, url: str | None = None) -> CrawlStopped:
        return CrawlStopped(why, source=self._source.id, url=url)


DIALECT = UsptoBulk


def choose(rows: Iterable[BulkFile], since: date, until: date, options: Options) -> list[WeekFile]:
    """The highest revision of every day of the window, and of earlier days those that were issued again in it."""
    newest: dict[date, WeekFile] = {}
    for row in rows:
        file = _week_file(row, options.prefix)
        if file is not None and (file.day not in newest or newest[file.day].revision < file.revision):
            newest[file.day] = file
    first = since - timedelta(days=options.relook_days)
    return sorted(
        file
        for file in newest.values()
        if since <= file.day <= until
        or (first <= file.day < since and file.revision and file.row.released and since <= file.row.released <= until)
    )


def _week_file(row: BulkFile, prefix: str) -> WeekFile | None:
    """None for DTDs and notes, which stand in the same list."""
    match = re.fullmatch(rf"{prefix}(\d{{6}})(?:_r(\d{{1,2}}))?\.zip", row.name)
    if match is None or not row.is_data:
        return None
    try:
        named = datetime.strptime(match[1] + "+0000", "%y%m%d%z").date()
    except ValueError:
        named = None
    day = row.since or named
    return None if day is None else WeekFile(day, int(match[2] or 0), row)


def _zips(folder: Path | None) -> dict[str, Path]:
    """Zips of the drop folder by name, at any depth."""
    found = sorted(folder.rglob("*.zip")) if folder is not None and folder.is_dir() else []
    return {path.name: path for path in found if path.is_file() and not path.is_symlink()}


def _dropped_row(path: Path) -> BulkFile:
    """As if the portal had listed it; its day is in its name."""
    return BulkFile(path.name, "", None, None, None, path.stat().st_size, True)


# ---- files on disk ---------------------------------------------------------------------------------------------------


def _vouch(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _keep(path: Path, passing: Path) -> int:
    """The file, then its digest, which vouches for it; gives its bytes."""
    size = passing.stat().st_size
    passing.replace(path)
    write_atomic(_vouch(path), json.dumps({"sha256": _digest(path), "bytes": size}, sort_keys=True).encode())
    return size


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def is_kept(path: Path) -> bool:
    """Whether an earlier run has left the whole file."""
    try:
        said = json.loads(_vouch(path).read_bytes())
        return bool(isinstance(said, dict) and said.get("sha256") == _digest(path))
    except (OSError, ValueError):
        return False
