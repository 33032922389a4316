"""What every dialect is given and what it leaves behind: the window asked for, and the tally of what happened."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from horizon.records import Issue
from scrapers.exchange import Exchange, Pause
from scrapers.items_file import ItemSpool
from scrapers.politeness import CrawlStopped
from scrapers.source import Source

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for; both days included."""

    source: Source
    base_url: str
    since: date
    until: date
    server_date: date | None = None
    """The source's day as the caller knows it, if he does."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values of the source's `keys` by name, for example EPO_OPS_KEY; never written. May lack some with `drop`."""
    drop: Path | None = None
    """Folder of files fetched by hand for this source, if the source takes such; may be absent on disk."""


@dataclass(slots=True)
class Tally:
    """What happened, counted by ourselves: a crawler's exit code does not tell."""

    pages: int = 0
    records: int = 0
    repaired: int = 0
    missing: int = 0
    bytes: int = 0
    cut_off: datetime | None = None
    listed: int = 0
    chain_ended: bool = False
    """Everything that the source offered for the window was read."""
    reconciled: bool = False
    """What was read was compared with what the source says it has; without such a list, set at the end."""
    doubtful_emptiness: bool = False
    stopped: str | None = None
    """Why the crawl ended early."""
    pause_s: float = 0.0
    """No crawl of this source should start for so long, for example until a quota is renewed."""
    refused: set[str] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)


@contextmanager
def ending_told(tally: Tally) -> Iterator[None]:
    """Write into the tally what ends a walk early: the source gave up, or an answer could not be kept."""
    try:
        yield
    except CrawlStopped as stop:
        tally.stopped = str(stop)
    except OSError as error:
        logger.exception("an answer could not be kept")
        tally.stopped = f"an answer could not be kept: {error.strerror or error}; make room and crawl again"


class Dialect(Protocol):
    """A walk through one window. `DIALECT` in `scrapers/dialects/<dialect>.py` is a class of this shape."""

    tally: Tally

    def __init__(self, window: Window, folder: Path, spool: ItemSpool, exchange: Exchange, pause: Pause) -> None: ...

    async def run(self) -> None:
        """Walk the whole window; what stops it early is written into the tally, not raised."""
