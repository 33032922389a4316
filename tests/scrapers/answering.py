"""An exchange that asks a replay double in this process, with misbehaviours by the number of the request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from scrapers.exchange import Answer, Call
from scrapers.politeness import CrawlStopped
from scrapers.replay.feed import Feed, Request, Stage


@dataclass
class Answering:
    """`faults`: number of a request (from 1) to what becomes of the body of its right answer."""

    feed: Feed
    stage: Stage
    faults: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)
    stop_after: int | None = None
    """So many requests are answered, then the process is as good as killed."""
    calls: list[Call] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    date: str = "Tue, 24 Nov 2026 09:00:00 GMT"

    async def exchange(self, call: Call) -> Answer:
        if self.stop_after is not None and len(self.calls) >= self.stop_after:
            raise CrawlStopped("killed", source="test")
        self.calls.append(call)
        parts = urlsplit(call.url)
        params = tuple(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(call.method, unquote(parts.path), parts.query, params, f"{parts.scheme}://{parts.netloc}")
        response = self.feed.answer(request, self.stage)
        if response.status != 200:
            raise CrawlStopped(f"given up: HTTP {response.status}", source="test", url=call.url)
        change = self.faults.get(len(self.calls), bytes)
        return Answer(200, {"date": self.date}, change(response.body))

    async def pause(self, seconds: float) -> None:
        self.waits.append(seconds)

    @property
    def urls(self) -> list[str]:
        return [call.url for call in self.calls]
