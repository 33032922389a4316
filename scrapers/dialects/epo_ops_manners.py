"""How fast OPS may be asked: its traffic lights, its quotas of bytes, and waits that it counts in milliseconds.

OPS reference guide, sections 3.1.4 and 3.2; the header reads
`idle (retrieval=green:200, search=green:30, inpadoc=green:60, images=green:200, other=green:1000)`.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SYSTEM = re.compile(r"\s*(\w+)\s*\(([^)]*)\)")
_LIGHT = re.compile(r"(\w+)=(\w+):(\d{1,6})")
WINDOW_S = 60.0
# The nearer a light is to black, the longer we wait than the allowance asks for.
_CAUTION = {"green": 1.0, "yellow": 2.0, "red": 4.0}
_SLOWEST_A_MINUTE = 1


@dataclass(frozen=True, slots=True)
class Light:
    """What one answer says of one service; `a_minute` requests are allowed."""

    colour: str
    a_minute: int


def read_lights(header: str) -> tuple[str, dict[str, Light]]:
    """State of the system (idle, busy, overloaded) and the light of each service; nothing for an unreadable header."""
    match = _SYSTEM.match(header)
    if match is None:
        return "", {}
    return match[1], {name: Light(colour, int(number)) for name, colour, number in _LIGHT.findall(match[2])}


def retry_after_s(header: str, longest_s: float) -> float:
    """Seconds that `Retry-After` asks for: OPS counts milliseconds (60000 is a minute); at most `longest_s`."""
    text = header.strip()
    if not (text.isascii() and text.isdecimal()):
        return 0.0
    # A minute is the service's window: 60 can only be seconds, 60000 only milliseconds.
    seconds = float(text[:12]) / (1000.0 if int(text[:12]) >= 1000 else 1.0)
    return min(seconds, longest_s)


def until_next_week_s(now: datetime | None) -> float:
    """Seconds until the weekly quota is renewed: Monday, 00:00 UTC; a day when the source's clock is not known."""
    if now is None:
        return 86_400.0
    today = datetime.combine(now.date(), datetime.min.time(), UTC)
    return (today + timedelta(days=7 - now.weekday()) - now).total_seconds()


def read_clock(header: str) -> datetime | None:
    """The time of an HTTP `Date` header, in UTC."""
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


@dataclass(slots=True)
class Allowance:
    """The worst that was said within the last minute, and the bytes used.

    Servers behind OPS's balancer do not share their counters, so one green answer proves nothing. Time is counted by
    our own waits, which is less than has really passed: on the safe side, and without a clock.
    """

    service: str
    share: float
    """Of the allowed requests a minute that we use."""
    hour_quota: int
    week_quota: int
    hour_used: int = 0
    week_used: int = 0
    _waited_s: float = 0.0
    _said: deque[tuple[float, Light]] = field(default_factory=deque)

    def note(self, headers: Mapping[str, str]) -> None:
        """Read the headers (keys in lower case) of an answer."""
        _, lights = read_lights(headers.get("x-throttling-control", ""))
        light = lights.get(self.service)
        if light is not None:
            self._said.append((self._waited_s, light))
        self.hour_used = _bytes(headers, "x-individualquotaperhour-used", self.hour_used)
        self.week_used = _bytes(headers, "x-registeredquotaperweek-used", self.week_used)

    def waited(self, seconds: float) -> None:
        """Time has passed."""
        self._waited_s += seconds
        while self._said and self._said[0][0] < self._waited_s - WINDOW_S:
            self._said.popleft()

    @property
    def is_black(self) -> bool:
        """Whether the service was suspended in its last answer."""
        return bool(self._said) and self._said[-1][1].colour == "black"

    @property
    def hour_is_spent(self) -> bool:
        return self.hour_used >= self.hour_quota

    @property
    def week_is_spent(self) -> bool:
        return self.week_used >= self.week_quota

    def gap_s(self) -> float:
        """Seconds to leave before the next request."""
        gaps = [_gap(light, self.share) for _, light in self._said if light.colour != "black"]
        return max(gaps, default=0.0)


def _gap(light: Light, share: float) -> float:
    allowed = max(light.a_minute, _SLOWEST_A_MINUTE) * share
    return min(_CAUTION.get(light.colour, 4.0) * WINDOW_S / allowed, WINDOW_S)


def _bytes(headers: Mapping[str, str], name: str, before: int) -> int:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else before
