"""Answers asked for in a fixed order, each kept on disk before it is read, so that a killed crawl goes on where it was.

A second run asks the same questions; as long as the kept requests are the ones it would make, it reads the kept answers
in place of sending them.
"""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

from horizon.errors import ParseError
from scrapers.exchange import Answer, Call, Exchange, Pause
from scrapers.pages import PageFolder, StoredPage
from scrapers.walk import Tally, Window

logger = logging.getLogger(__name__)
_Read = TypeVar("_Read")


class Unreadable(Exception):
    """The identical question was answered with something else than an answer until patience ended."""


class KeptAnswers:
    """Sends the questions of one walk; counts pages, bytes and the source's clock in the tally."""

    def __init__(self, window: Window, folder: Path, exchange: Exchange, pause: Pause, tally: Tally) -> None:
        self._window, self._exchange, self._pause, self._tally = window, exchange, pause, tally
        self._folder = PageFolder(folder)
        self._kept = self._folder.load()
        self._reading_kept = True
        self._number = 0

    async def ask(self, url: str, question: dict[str, str], read: Callable[[bytes], _Read]) -> _Read:
        """What `read` makes of the answer. Raises Unreadable when it makes nothing of any of them."""
        self._number += 1
        stored = self._next_kept(question)
        if stored is not None:
            try:
                found = read(stored.body)
            except ParseError:
                pass
            else:
                self._count(stored.body, _time(stored.state.get("answered")))
                return found
        self._stop_reading_kept()
        return await self._fetch(url, question, read)

    def _next_kept(self, question: dict[str, str]) -> StoredPage | None:
        stored = next(self._kept, None) if self._reading_kept else None
        if stored is None or stored.state.get("question") != question or self._outdated(stored.state):
            return None
        return stored

    def _outdated(self, state: dict[str, Any]) -> bool:
        """An answer given while the window was still open says nothing of the days since."""
        today, answered = self._window.server_date, _time(state.get("answered"))
        return today is not None and answered is not None and answered.date() <= self._window.until < today

    def _stop_reading_kept(self) -> None:
        if self._reading_kept:
            if self._number > 1:
                logger.info("%d answers were kept by an earlier run; going on after them", self._number - 1)
            self._folder.drop_from(self._number)
            self._reading_kept = False

    async def _fetch(self, url: str, question: dict[str, str], read: Callable[[bytes], _Read]) -> _Read:
        why, answer = "", Answer(200, {}, b"")
        for wait in (0.0, *self._window.source.politeness.retry_waits_s):
            if wait:
                logger.warning("unreadable answer (%s): again in %g s: %s", why, wait, url)
                await self._pause(wait)
            answer = await self._exchange(Call(url))
            try:
                return self._keep(answer, answer.body, question, read)
            except ParseError as error:
                why = str(error)
        try:
            # A wrong byte costs a letter, not the page.
            return self._keep(answer, answer.body.decode("utf-8", "replace").encode(), question, read)
        except ParseError:
            raise Unreadable(f"given up after {len(self._window.source.politeness.retry_waits_s) + 1}: {why}") from None

    def _keep(self, answer: Answer, body: bytes, question: dict[str, str], read: Callable[[bytes], _Read]) -> _Read:
        answered = answer.headers.get("date", "")
        self._folder.save(self._number, body, {"question": question, "answered": answered})
        found = read(body)
        self._count(body, _time(answered))
        return found

    def _count(self, body: bytes, answered: datetime | None) -> None:
        self._tally.pages += 1
        self._tally.bytes += len(body)
        self._tally.cut_off = max(filter(None, (self._tally.cut_off, answered)), default=None)


def _time(text: object) -> datetime | None:
    """The time of an HTTP `Date` header."""
    try:
        moment = parsedate_to_datetime(str(text))
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def whole_weeks(since: date, until: date) -> list[tuple[date, date]]:
    """Monday and Sunday of every ISO week that lies wholly within the days given."""
    first = date.fromordinal(since.toordinal() + (-since.weekday()) % 7)
    mondays = range(first.toordinal(), until.toordinal() - 5, 7)
    return [(date.fromordinal(monday), date.fromordinal(monday + 6)) for monday in mondays]
