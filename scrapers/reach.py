"""Whether a source answers at all: one small request, without a key, in turn with the crawls of this machine."""

import http.client
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from horizon.errors import HorizonError
from scrapers.politeness import take_turn, time_scale
from scrapers.source import Source, is_loopback

_TIMEOUT_S = 20.0
_ENOUGH = 65_536
_GONE = 500


@dataclass(frozen=True, slots=True)
class Reach:
    """What one request found. A refusal for want of a key is an answer; a redirect is told and not followed."""

    reachable: bool
    detail: str
    seconds: float | None = None
    skew_s: float | None = None
    """The source's clock minus ours, if it tells the time."""


def reach(source: Source, base_url: str, contact: str | None) -> Reach:
    """Ask the source's `probe` address (default: its own) once; never raises for what the network does."""
    hurried = source.politeness.model_copy(update={"lock_wait_s": 0.0})
    try:
        # The lock of a real host: a look must not break into a crawl's single connection.
        with take_turn(source.model_copy(update={"politeness": hurried}), base_url, time_scale(base_url)) as turn:
            turn.check_pause(source)
            turn.note_request()
            return _ask(source, base_url, source.user_agent(contact))
    except HorizonError as error:
        return Reach(False, str(error))


def _ask(source: Source, base_url: str, agent: str) -> Reach:
    parts = urlsplit(base_url if is_loopback(base_url) else source.probe or base_url)
    connection = _connect(parts.scheme, parts.netloc)
    begun = time.monotonic()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"User-Agent": agent, "Connection": "close"})
        answer = connection.getresponse()
        answer.read(_ENOUGH)
    except (OSError, http.client.HTTPException) as error:
        return Reach(False, f"no answer: {type(error).__name__}: {error}")
    finally:
        connection.close()
    moved = f", moved to {answer.headers.get('Location')}" if 300 <= answer.status < 400 else ""
    seconds = round(time.monotonic() - begun, 3)
    return Reach(answer.status < _GONE, f"HTTP {answer.status}{moved}", seconds, _skew(answer.headers.get("Date")))


def _connect(scheme: str, host: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, timeout=_TIMEOUT_S)


def _skew(date: str | None) -> float | None:
    try:
        return None if date is None else round(parsedate_to_datetime(date).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
