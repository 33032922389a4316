"""European Publication Server: the list of Wednesdays, the list of each Wednesday's documents, then every document.

The lists are HTML; the documents are XML of up to some megabytes. The list of a day is what the crawl is compared with.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar

from pydantic import Field

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.dialects.kept_answers import KeptAnswers, Unreadable
from scrapers.exchange import Answer, Call, Exchange, Pause
from scrapers.issues import Severity, make_issue
from scrapers.items_file import ItemSpool
from scrapers.parsers.epo_ep_xml import parse_document
from scrapers.politeness import CrawlStopped
from scrapers.source import Model, Source, Text
from scrapers.walk import Tally, Window, ending_told

_LINK = re.compile(r"<a\b[^>]*>\s*([^<]{1,40}?)\s*</a\s*>", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})/(\d{2})/(\d{2})")
_DOCUMENT = re.compile(r"(EP)(\d{7})(?:NW|W\d)([A-Z]\d)")
_LARGEST_LIST = 16 << 20
_GONE = b"HTTP 404\n"
_Listed = TypeVar("_Listed")
_MOST_IN_A_ROW = 5
"""So many unreadable documents one after the other are no longer the documents' fault."""


class Options(Model):
    """What a source in this dialect says besides."""

    dates_path: Text
    patents_path: Text
    """`{day}` is written 20261118."""
    document_path: Text
    """`{id}` is written EP1000000NWB1."""
    kinds: tuple[Annotated[str, Field(pattern=r"^[A-Z]\d$")], ...] = Field(min_length=1)
    """Kinds of documents that are fetched."""
    most_documents: Annotated[int, Field(gt=0)]
    """Of one day; the rest is told as missing."""


class _Gone(Exception):
    """A document that is listed and not there."""


class PublicationDays:
    """One window of one source."""

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None:
        self._window, self._source, self._spool = window, window.source, spool
        self._options = window.source.options_as(Options)
        self._exchange = exchange
        self.tally = Tally()
        self._answers = KeptAnswers(window, folder / "pages", self._send, pause, self.tally)
        self._in_a_row = 0
        self._strangers: set[str] = set()

    async def run(self) -> None:
        """Walk the whole window; what stops it early is written into the tally, not raised."""
        with ending_told(self.tally):
            for day in await self._days():
                await self._collect(day)
            self.tally.chain_ended = self.tally.reconciled = True

    async def _days(self) -> list[date]:
        """The source's publication days within the window."""
        url = self._window.base_url + self._options.dates_path
        listed = await self._list(url, {"list": "dates", "until": self._window.until.isoformat()}, read_dates)
        wanted = sorted(day for day in listed if self._window.since <= day <= self._window.until)
        if not wanted and max(listed) < self._window.since:
            # The source has not come so far yet: no evidence that nothing is published.
            self.tally.doubtful_emptiness = True
        return wanted

    async def _collect(self, day: date) -> None:
        url = self._window.base_url + self._options.patents_path.format(day=f"{day:%Y%m%d}")
        listed = await self._list(url, {"list": "patents", "day": day.isoformat()}, read_documents)
        wanted = [name for name in listed if _DOCUMENT.fullmatch(name)[3] in self._options.kinds]  # type: ignore[index]
        self.tally.listed += len(wanted)
        for name in wanted[: self._options.most_documents]:
            await self._fetch(name, day)
        for name in wanted[self._options.most_documents :]:
            self._miss(name, f"the day lists more than {self._options.most_documents} documents")

    async def _list(self, url: str, question: dict[str, str], read: Callable[[bytes], list[_Listed]]) -> list[_Listed]:
        def known(body: bytes) -> list[_Listed]:
            if body == _GONE:
                raise _Gone("the source has no such page")
            return read(body)

        try:
            return await self._answers.ask(url, question, known)
        except (Unreadable, _Gone) as error:
            raise self._stop(f"the list cannot be had: {error}", url) from None

    async def _fetch(self, name: str, day: date) -> None:
        url = self._window.base_url + self._options.document_path.format(id=name)
        try:
            found = await self._answers.ask(url, {"document": name}, self._read)
        except _Gone as gone:
            self._miss(name, str(gone))
            return
        except Unreadable as unreadable:
            self._miss(name, str(unreadable))
            self._in_a_row += 1
            if self._in_a_row >= _MOST_IN_A_ROW:
                raise self._stop(f"{self._in_a_row} documents in a row are unreadable, last {name}", url) from None
            return
        self._in_a_row = 0
        self._keep(found, name, day)

    def _keep(self, found: list[Item | Issue], name: str, day: date) -> None:
        self.tally.records += 1
        items = [entry for entry in found if isinstance(entry, Item)]
        for item in items:
            self._spool.add(item)
            if item.published != day:
                message = f"listed on {day}, while the document says {item.published}; kept as it says"
                self._say("warning", "date-outside-window", message, name)
        if not items:
            self.tally.refused.add(_number(name))
        self.tally.issues.extend(entry for entry in found if isinstance(entry, Issue) and self._is_new(entry))

    def _is_new(self, issue: Issue) -> bool:
        """Unknown fields are told once a crawl; everything else each time."""
        if issue.code != "field-unknown":
            return True
        name = issue.data["field"]
        return name not in self._strangers and not self._strangers.add(name)  # type: ignore[func-returns-value]

    def _read(self, body: bytes) -> list[Item | Issue]:
        if body == _GONE:
            raise _Gone("the source has no such page")
        return parse_document(body, self._source)

    async def _send(self, call: Call) -> Answer:
        answer = await self._exchange(Call(call.url, accept=frozenset({200, 404, 410})))
        # Kept like an answer, so that a killed crawl goes on after it.
        return answer if answer.status == 200 else Answer(200, answer.headers, _GONE)

    def _miss(self, name: str, why: str) -> None:
        self.tally.missing += 1
        self._say("error", "record-missing", f"listed by the source and not to be had: {why}", name)

    def _say(self, severity: Severity, code: str, message: str, name: str) -> None:
        self.tally.issues.append(make_issue(self._source.id, severity, code, message, f"epo:{_number(name)}"))

    def _stop(self, why: str, url: str) -> CrawlStopped:
        return CrawlStopped(why, source=self._source.id, url=url)


def _links(body: bytes) -> list[str]:
    if len(body) > _LARGEST_LIST:
        raise ParseError(f"expected a list of at most {_LARGEST_LIST >> 20} MB, found {len(body)} bytes; refused")
    return _LINK.findall(body.decode("utf-8", "replace"))


def read_dates(body: bytes) -> list[date]:
    """Publication days of the list of all days, sorted. Raises ParseError when there is none."""
    days = set()
    for text in _links(body):
        match = _DAY.fullmatch(text)
        if match:
            try:
                days.add(date(*(int(part) for part in match.groups())))
            except ValueError:
                continue
    if not days:
        raise ParseError("expected links such as 2026/11/18, found none; has the service changed?")
    return sorted(days)


def read_documents(body: bytes) -> list[str]:
    """Documents of the list of one day, `EP1000000NWB1`, each once, sorted. Raises ParseError when there is none."""
    names = {text for text in _links(body) if _DOCUMENT.fullmatch(text)}
    if not names:
        raise ParseError("expected links such as EP1000000NWB1, found none; has the service changed?")
    if b"</html" not in body[-2000:].lower():
        # A list that was cut short would make a week look small.
        raise ParseError("expected a list up to its end, found it cut short; refetch")
    return sorted(names)


def _number(name: str) -> str:
    """`EP.1000000.B1` of `EP1000000NWB1`."""
    match = _DOCUMENT.fullmatch(name)
    return ".".join(match.groups()) if match else name


def reparse(stream: BinaryIO, state: dict[str, Any], source: Source) -> Iterator[Item | Issue]:
    """One archived answer, read again; lists hold no items."""
    body = stream.read() if "document" in state.get("question", {}) else _GONE
    if body != _GONE:
        yield from parse_document(body, source)


DIALECT = PublicationDays
