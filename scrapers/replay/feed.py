"""What a replayed feed is to the server: requests in, responses out, and the state of the world at the clock."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from horizon.errors import UsageError
from scrapers.replay.world import View, World


@dataclass(frozen=True)
class Request:
    """One HTTP request, its parameters decoded in the order given (repeats kept)."""

    method: str
    path: str
    query: str
    params: tuple[tuple[str, str], ...] = ()
    base: str = ""
    """Scheme and host by which the client reached the server, for links in bodies."""
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Names in lower case."""
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """The first value of a parameter."""
        return next((value for key, value in self.params if key == name), None)


@dataclass(frozen=True)
class Response:
    """One HTTP response before it is sent."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def but(self, *, body: bytes | None = None, status: int | None = None) -> "Response":
        """The same response with another body or status."""
        return replace(self, body=self.body if body is None else body, status=self.status if status is None else status)


class Feed(Protocol):
    """One source's protocol over a world."""

    paths: tuple[str, ...]
    """Paths answered, all below the feed's own prefix; each stands for all below it too, the longest wins."""

    def answer(self, request: Request, stage: "Stage") -> Response:
        """The faithful answer, no faults considered."""
        ...


@runtime_checkable
class Sabotaged(Protocol):
    """A feed that knows what a fault looks like in its own protocol."""

    def sabotage(self, fault: str, request: Request, right: Response, previous: bytes) -> Response | None:
        """The answer under a fault of `faults.FaultName`, None for the usual one; `previous`: the body before."""
        ...


class Stage:
    """The world with a movable clock; safe to use from several threads."""

    def __init__(self, world: World, now: datetime) -> None:
        self.world = world
        self._lock = threading.Lock()
        self._touched: dict[str, int] = {}
        self._view = View(world, _aware(now))

    @property
    def now(self) -> datetime:
        return self.view.now

    @property
    def view(self) -> View:
        """The world at the clock; one object as long as neither clock nor world changes."""
        with self._lock:
            return self._view

    @property
    def silent(self) -> bool:
        """Whether the source is in a planted outage."""
        return any(start <= self.now < end for start, end in self.world.outages)

    def set_clock(self, now: datetime) -> None:
        """Move the clock, forwards or backwards; administrative changes are forgotten when it moves before them."""
        with self._lock:
            instant = _aware(now)
            self._touched = {k: when for k, when in self._touched.items() if when <= instant.timestamp()}
            self._view = View(self.world, instant, dict(self._touched))

    def touch(self, paper_id: str) -> None:
        """Change a paper administratively now: its datestamp moves, later offsets shift by one."""
        with self._lock:
            self._touched[paper_id] = int(self._view.now.timestamp())
            self._view = View(self.world, self._view.now, dict(self._touched))


def _aware(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise UsageError(
            f"expected a clock time with its zone, such as 2026-11-24T09:00:00Z, found {now.isoformat()!r}"
        )
    return now.astimezone(UTC)
