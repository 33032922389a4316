"""One request and its answer, as a dialect sees them; how they travel is the spider's and the middleware's business."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. Secrets belong into `headers` or `body`, never into `url`, which is logged."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    accept: frozenset[int] = frozenset({200})
    """Statuses that come back as answers; any other is waited out, followed or given up by the source's rules."""
    into: Path | None = None
    """Where the body of an answer with status 200 is written as it comes; the answer's own body is then empty."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, decompressed."""

    status: int
    headers: Mapping[str, str]
    """Keys in lower case; several headers of one name joined by a comma."""
    body: bytes
    """Empty when the call named a file for it."""


Exchange = Callable[[Call], Awaitable[Answer]]
"""Sends a call politely, the identical one again after failures; raises SourceError when it is given up."""
Pause = Callable[[float], Awaitable[None]]
"""Waits so many seconds (shortened on a replay server)."""
