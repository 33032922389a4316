"""The replay server: every registered feed over one world, on loopback only, with a movable clock and faults."""

import ipaddress
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from horizon.errors import UsageError
from scrapers.replay.arxiv_oai import ArxivOai
from scrapers.replay.arxiv_query import ArxivQuery
from scrapers.replay.arxiv_rss import ArxivRss
from scrapers.replay.biorxiv import BiorxivApi
from scrapers.replay.epo_ops import EpoOps
from scrapers.replay.epo_publications import EpoPublications
from scrapers.replay.europepmc import EuropePmc
from scrapers.replay.faults import Fault, Saboteur, read_plan
from scrapers.replay.feed import Feed, Request, Response, Stage
from scrapers.replay.rss_feed import RssFeed
from scrapers.replay.uspto_odp import UsptoOdp
from scrapers.replay.world import World

FEEDS: dict[str, Callable[[], Feed]] = {
    "arxiv": ArxivOai,
    "arxiv_query": ArxivQuery,
    "arxiv_rss": ArxivRss,
    "biorxiv": BiorxivApi,
    "epo_ops": EpoOps,
    "epo_publications": EpoPublications,
    "europepmc": EuropePmc,
    "rss_feed": RssFeed,
    "uspto_odp": UsptoOdp,
}
"""Every feed that the server speaks; a later source adds its line here."""
_SILENCED = "/arxiv"
"""What does not answer in the world's planted outage; the other sources do."""
_LARGEST_PORT = 65_535
_LARGEST_BODY = 1 << 20
_FLOOD = b" " * _LARGEST_BODY
_DRIPS = 50
_NOT_IN_THE_ANSWER = ("stall", "cut", "slow_drip", "huge", "shift")
"""Faults of the way, not of what is sent."""
_SILENT = Response(
    503, b"<html><title>503 backend unavailable</title></html>", {"Content-Type": "text/html", "Retry-After": "0"}
)


@dataclass(frozen=True)
class Seen:
    """One request as the log shows it; times are seconds since the server's start."""

    number: int
    method: str
    path: str
    query: str
    status: int
    bytes: int
    fault: str | None
    started_s: float
    ended_s: float


class ReplayServer:
    """A running server. `url` has no trailing slash; feeds answer below it, for example at `url + "/arxiv/oai"`."""

    def __init__(self, world: World, now: datetime, faults: Iterable[Fault] = (), port: int = 0) -> None:
        self.stage = Stage(world, now)
        self.saboteur = Saboteur(faults)
        self.feeds: dict[str, Feed] = {name: make() for name, make in FEEDS.items()}
        self._routes = {path: feed for feed in self.feeds.values() for path in feed.paths}
        self._log: list[Seen] = []
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._http = _listen(port, self)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def set_clock(self, now: datetime) -> None:
        """Move the clock (aware)."""
        self.stage.set_clock(now)

    def set_faults(self, faults: Iterable[Fault]) -> None:
        """Replace the fault plan; counts start again."""
        self.saboteur.set_plan(faults)

    @property
    def requests(self) -> tuple[Seen, ...]:
        """All requests to feeds so far, in the order of their answers' ends."""
        with self._lock:
            return tuple(self._log)

    def clear_log(self) -> None:
        """Forget the requests seen."""
        with self._lock:
            self._log.clear()

    def serve_forever(self) -> None:
        """Answer until `close` is called from another thread."""
        self._http.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop answering and free the port."""
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: Request) -> tuple[Response, Fault | None]:
        """The answer of a feed with its faults, and the fault that struck; none where it found nothing to damage."""
        feed = self._route(request.path)
        if feed is None:
            known = ", ".join(sorted(self._routes))
            return Response(404, f"no feed here; known: {known}\n".encode(), {"Content-Type": "text/plain"}), None
        if self.stage.silent and _is_below(request.path, _SILENCED):
            return _SILENT, None
        fault = self.saboteur.strike(request)
        self.saboteur.prepare(fault, self.stage)
        right = feed.answer(request, self.stage)
        given = self.saboteur.alter(fault, request, right, self.stage.now, feed)
        bites = given != right or (fault is not None and fault.fault in _NOT_IN_THE_ANSWER)
        return given, fault if bites else None

    def _route(self, path: str) -> Feed | None:
        """The feed of this path, or of the longest path above it."""
        fitting = [known for known in self._routes if _is_below(path, known)]
        return self._routes[max(fitting, key=len)] if fitting else None

    def note(self, request: Request, response: Response, fault: Fault | None, started: float) -> None:
        """Write one line of the log."""
        with self._lock:
            self._log.append(
                Seen(
                    number=len(self._log) + 1,
                    method=request.method,
                    path=request.path,
                    query=request.query,
                    status=response.status,
                    bytes=len(response.body),
                    fault=None if fault is None else fault.fault,
                    started_s=round(started - self._start, 6),
                    ended_s=round(time.monotonic() - self._start, 6),
                )
            )

    def control(self, request: Request, body: bytes) -> Response:
        """`GET /control/log`, `GET /control/world`, `POST /control/clock`, `POST /control/faults`."""
        try:
            return _json(200, self._controlled(request.method, request.path, body))
        except UsageError as error:
            return _json(400, {"error": str(error)})

    def _controlled(self, method: str, path: str, body: bytes) -> Any:
        match method, path:
            case "GET", "/control/log":
                return [asdict(seen) for seen in self.requests]
            case "GET", "/control/world":
                world = self.stage.world
                return {"world": world.name, "notice": world.notice, "now": self.stage.now.isoformat()}
            case "POST", "/control/clock":
                self.set_clock(_read_time(_read_json(body)))
                return {"now": self.stage.now.isoformat()}
            case "POST", "/control/faults":
                plan = read_plan(_read_json(body))
                self.set_faults(plan)
                return {"faults": len(plan)}
        raise UsageError(
            f"expected GET /control/log or /control/world, or POST /control/clock or /control/faults, "
            f"found {method} {path}"
        )


@contextmanager
def serve(world: World, now: datetime, faults: Iterable[Fault] = (), port: int = 0) -> Iterator[ReplayServer]:
    """A server in a thread of this process, for tests; port 0 takes any free port."""
    server = ReplayServer(world, now, faults, port)
    thread = threading.Thread(target=server.serve_forever, name="replay-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def speaks(replay_path: str, *, simulated: bool) -> bool:
    """Whether a feed answers below a source's path; of real records only one that mixes nothing invented in."""
    feeds = [make() for make in FEEDS.values()]
    spoken = [feed for feed in feeds if simulated or getattr(feed, "serves_corpora", False)]
    paths = [path for feed in spoken for path in feed.paths]
    return any(_is_below(path, replay_path) or _is_below(replay_path, path) for path in paths)


def _is_below(path: str, folder: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # A stalled answer must not hold up the end of a test.
    block_on_close = False

    def __init__(self, port: int, replay: ReplayServer) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.replay = replay

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up (killed crawls, stalls given up) are part of the play: say nothing."""


def _listen(port: int, replay: ReplayServer) -> _Listener:
    if not 0 <= port <= _LARGEST_PORT:
        raise UsageError(f"expected a port from 0 (any free one) to {_LARGEST_PORT}, found {port}")
    try:
        return _Listener(port, replay)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"port {port} cannot be had ({reason}); name another one, or 0 for any free one") from None


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = "horizon-replay"
    timeout = 60
    # Headers and body in one write: two small writes would wait for the client's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._send(Response(413, b"", {}))
            return
        self._serve(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: object) -> None:
        """The log is kept by the server; stderr stays quiet."""

    def _serve(self, body: bytes) -> None:
        started = time.monotonic()
        if not self._is_local():
            self._send(Response(403, b"loopback only\n", {"Content-Type": "text/plain"}))
            return
        replay = self.server.replay
        request = _read_request(self.command, self.path, self.headers, body)
        if request.path.startswith("/control/"):
            self._send(replay.control(request, body))
            return
        response, fault = replay.answer(request)
        if fault is not None and fault.fault == "stall":
            time.sleep(fault.seconds)
        replay.note(request, response, fault, started)
        if fault is not None and fault.fault in ("slow_drip", "huge"):
            self._stream(response, fault)
            return
        self._send(response, cut=fault is not None and fault.fault == "cut")

    def _stream(self, response: Response, fault: Fault) -> None:
        """Small pieces over the fault's seconds, or a flood without an announced length, until the client hangs up."""
        drip = fault.fault == "slow_drip"
        step = max(1, len(response.body) // _DRIPS)
        pieces = [response.body[at : at + step] for at in range(0, len(response.body), step)]
        self._head(response, len(response.body) if drip else None)
        self.close_connection = True
        for piece in pieces if drip else repeat(_FLOOD, fault.megabytes):
            self.wfile.write(piece)
            self.wfile.flush()
            if drip:
                time.sleep(fault.seconds / len(pieces))

    def _is_local(self) -> bool:
        # The Host header too: a page in a browser must not reach /control through a name that points here.
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        return ipaddress.ip_address(self.client_address[0]).is_loopback and host in ("127.0.0.1", "localhost", "::1")

    def _head(self, response: Response, length: int | None) -> None:
        """Status and headers; an answer with a `Date` of its own keeps it."""
        self.send_response_only(response.status)
        # The world's clock, and not this machine's: a crawl of the same week must read the same.
        now = self.server.replay.stage.now.timestamp()
        own = {"Server": self.version_string(), "Date": self.date_time_string(now)}
        for name, value in {**own, **response.headers}.items():
            self.send_header(name, value)
        self.send_header(*(("Connection", "close") if length is None else ("Content-Length", str(length))))
        self.end_headers()

    def _send(self, response: Response, cut: bool = False) -> None:
        self._head(response, len(response.body))
        self.wfile.write(response.body[: len(response.body) // 2] if cut else response.body)
        if cut:
            self.close_connection = True


def _read_request(method: str, target: str, headers: Message, body: bytes) -> Request:
    parts = urlsplit(target)
    query = parts.query if method == "GET" else body.decode("utf-8", "replace")
    params = tuple(parse_qsl(query, keep_blank_values=True))
    told = {name.lower(): value for name, value in headers.items()}
    return Request(method, parts.path, query, params, f"http://{told.get('host', '')}", told, body)


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise UsageError("expected a JSON body, found something else") from None


def _read_time(data: Any) -> datetime:
    try:
        return datetime.fromisoformat(data["now"])
    except (KeyError, TypeError, ValueError):
        raise UsageError('expected {"now": "2026-11-24T09:00:00Z"}, found another shape') from None


def _json(status: int, data: Any) -> Response:
    return Response(status, json.dumps(data, ensure_ascii=False).encode() + b"\n", {"Content-Type": "application/json"})
