"""The USPTO's portal of bulk files as an exchange, without a network, and a walk through it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

from horizon.records import FetchStatus, Item
from horizon.weeks import IsoWeek
from scrapers.dialects.uspto_bulk import UsptoBulk
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.politeness import CrawlStopped
from scrapers.replay.faults import Fault, Saboteur
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.uspto_documents import patents
from scrapers.replay.uspto_odp import UsptoOdp
from scrapers.replay.world import ListedWorld, Paper, Version
from scrapers.source import load_source
from scrapers.walk import Tally, Window

GRANTS, APPLICATIONS = load_source("uspto_grants"), load_source("uspto_applications")
WEEK = IsoWeek.parse("2026-W11")
TUESDAY, THURSDAY = date(2026, 3, 10), date(2026, 3, 12)
NOW = datetime(2026, 3, 17, 9, tzinfo=UTC)
BASE = "http://127.0.0.1:9"


def papers(count: int = 300) -> list[Paper]:
    """Invented papers, one every few hours up to the week."""
    first = datetime(2026, 1, 5, 12, tzinfo=UTC)
    moments = [first + timedelta(hours=5 * number) for number in range(count)]
    return [
        Paper(
            id=f"{moment:%y%m}.{number:05d}",
            title=f"SIMULATED matter {number}",
            abstract=f"SIMULATED. Nothing of matter {number} is true.",
            authors="Ann Other, B. Body",
            categories="quant-ph cs.RO",
            versions=(Version(1, moment, 20),),
            announced=moment.date(),
        )
        for number, moment in enumerate(moments)
    ]


WORLD = ListedWorld(papers())


@dataclass
class Portal:
    """The double as an exchange: redirects followed as the middleware follows them, faults by plan."""

    feed: UsptoOdp = field(default_factory=UsptoOdp)
    faults: list[Fault] = field(default_factory=list)
    stop_after: int | None = None
    waits: list[float] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    damage: Callable[[str, Response], Response] = lambda path, response: response

    def __post_init__(self) -> None:
        self._saboteur, self._stage = Saboteur(self.faults), Stage(WORLD, NOW)

    async def exchange(self, call: Call) -> Answer:
        headers = {name.lower(): value for name, value in call.headers}
        response = self._ask(call.url, headers)
        if response.status == 302:
            response = self._ask(urljoin(call.url, response.headers["Location"]), {})
        if response.status not in call.accept:
            raise CrawlStopped(f"given up: HTTP {response.status}", source="uspto_grants", url=call.url)
        body = response.body
        if call.into is not None and response.status == 200:
            call.into.write_bytes(body)
            body = b""
        return Answer(response.status, {"date": "Tue, 17 Mar 2026 09:00:00 GMT"}, body)

    def _ask(self, url: str, headers: dict[str, str]) -> Response:
        if self.stop_after is not None and len(self.calls) >= self.stop_after:
            raise CrawlStopped("killed", source="uspto_grants")
        parts = urlsplit(url)
        self.calls.append(parts.path)
        request = Request("GET", parts.path, parts.query, tuple(parse_qsl(parts.query)), BASE, headers)
        fault = self._saboteur.strike(request)
        right = self.feed.answer(request, self._stage)
        return self.damage(parts.path, self._saboteur.alter(fault, request, right, NOW, self.feed))

    async def pause(self, seconds: float) -> None:
        self.waits.append(seconds)

    @property
    def downloads(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.calls if path.startswith("/uspto/files")]


class Outcome:
    """What one walk left."""

    def __init__(self, tally: Tally, items: dict[str, Item]) -> None:
        self.tally, self.items = tally, items
        self.status: FetchStatus
        self.status, self.reason = judge(tally, len(items), GRANTS)


def walk(
    portal: Portal,
    folder: Path,
    *,
    grants: bool = True,
    since: date = WEEK.monday,
    until: date = WEEK.sunday,
    key: str | None = "SIMULATED",
    drop: Path | None = None,
) -> Outcome:
    source = GRANTS if grants else APPLICATIONS
    secrets = {"USPTO_API_KEY": key} if key else {}
    window = Window(source, source.at_replay(BASE), since, until, NOW.date(), secrets, drop)
    with ItemSpool(folder) as spool:
        harvest = UsptoBulk(window, folder, spool, portal.exchange, portal.pause)
        asyncio.run(harvest.run())
        spool.write(folder / "items.jsonl.gz")
    return Outcome(harvest.tally, {item.id: item for item in read_items(folder)})


def expected(day: date, type_: str = "grant") -> set[str]:
    found = patents(WORLD, type_, day)
    assert found
    return {f"uspto:US.{one.number}.{one.kind}" for one in found}
