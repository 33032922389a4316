"""A loopback OAI-PMH feed for crawl tests: invented records, pages by token, and misbehaviours in the order given."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'


@dataclass(frozen=True)
class Paper:
    """One invented record."""

    arxiv_id: str
    datestamp: date
    version: int = 1
    title: str = "SIMULATED: a paper that nobody wrote"

    @property
    def header(self) -> str:
        identifier = f"<identifier>oai:arXiv.org:{self.arxiv_id}</identifier>"
        return f"<header>{identifier}<datestamp>{self.datestamp}</datestamp><setSpec>cs:cs:RO</setSpec></header>"

    @property
    def record(self) -> str:
        day = self.datestamp.strftime("%a, %d %b %Y 10:00:00 GMT")
        numbers = range(1, self.version + 1)
        versions = "".join(f'<version version="v{n}"><date>{day}</date></version>' for n in numbers)
        return (
            f'<record>{self.header}<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{self.arxiv_id}</id>'
            f"<submitter>A. Nobody</submitter>{versions}<title>{self.title}</title>"
            "<authors>Ann Other, B. Body</authors><categories>cs.RO</categories><license>http://creativecommons.org/licenses/by/4.0/</license>"
            "<abstract>Invented text of a test. SIMULATED.</abstract></arXivRaw></metadata></record>"
        )


def papers(count: int, first_day: date, days: int = 7) -> list[Paper]:
    """Spread evenly over the days, in order."""
    return [
        Paper(
            f"2603.{number:05d}", first_day + timedelta(days=number * days // count), title=f"SIMULATED paper {number}"
        )
        for number in range(count)
    ]


@dataclass
class Feed:
    """What the server holds and does; `faults` are met by the first request that fits and then used up."""

    papers: list[Paper]
    page_size: int = 10
    response_date: str = "2026-04-01T09:00:00Z"
    faults: list[tuple[str, str]] = field(default_factory=list)
    """(verb or `token`, fault)."""
    hidden: set[str] = field(default_factory=set)
    """Left out of ListRecords, as after a shift of offsets."""
    gone: set[str] = field(default_factory=set)
    """Listed, and unknown to GetRecord."""
    requests: list[dict[str, str]] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    """When each request came (monotonic clock)."""
    agents: set[str] = field(default_factory=set)
    delay_s: float = 0.0
    issued: set[str] = field(default_factory=set)
    """Tokens given out; anything else is a bad token, for example one that was not percent-encoded again."""
    url: str = ""

    def fault(self, query: dict[str, str]) -> str | None:
        kinds = {query.get("verb", ""), "token" if "resumptionToken" in query else "first"}
        for place, (kind, name) in enumerate(self.faults):
            if kind in kinds:
                del self.faults[place]
                return name
        return None

    def answer(self, query: dict[str, str]) -> str:
        verb = query["verb"]
        if verb == "GetRecord":
            wanted = query["identifier"].rpartition(":")[2]
            found = [paper for paper in self.papers if paper.arxiv_id == wanted and wanted not in self.gone]
            body = found[0].record if found else ""
            return self._wrap(verb, body) if body else self.error("idDoesNotExist")
        if "resumptionToken" in query:
            if query["resumptionToken"] not in self.issued:
                return self.error("badResumptionToken")
            token = {key: values[0] for key, values in parse_qs(unquote(query["resumptionToken"])).items()}
            return self._list(verb, token, int(token["skip"]))
        return self._list(verb, query, 0)

    def _list(self, verb: str, query: dict[str, str], skip: int) -> str:
        first, last = date.fromisoformat(query["from"]), date.fromisoformat(query["until"])
        chosen = [paper for paper in self.papers if first <= paper.datestamp <= last]
        if verb == "ListRecords":
            chosen = [paper for paper in chosen if paper.arxiv_id not in self.hidden]
        page = chosen[skip : skip + self.page_size]
        if not page:
            return self.error("noRecordsMatch")
        body = "".join(paper.record if verb == "ListRecords" else paper.header for paper in page)
        after = skip + self.page_size
        if after < len(chosen):
            state = {"verb": verb, "from": query["from"], "until": query["until"], "skip": str(after)}
            token = quote(urlencode(state))
            self.issued.add(token)
            body += f"<resumptionToken>{token}</resumptionToken>"
        elif skip:
            body += "<resumptionToken/>"
        return self._wrap(verb, body)

    def _wrap(self, verb: str, body: str) -> str:
        return f"{_HEAD}<responseDate>{self.response_date}</responseDate><{verb}>{body}</{verb}></OAI-PMH>"

    def error(self, code: str) -> str:
        return (
            f'{_HEAD}<responseDate>{self.response_date}</responseDate><error code="{code}">SIMULATED</error></OAI-PMH>'
        )


def misbehave(feed: Feed, fault: str, text: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one fault."""
    name, _, detail = fault.partition(":")
    if name == "stall":
        time.sleep(float(detail))
    answers: dict[str, tuple[int, dict[str, str], bytes]] = {
        "503": (503, {"Retry-After": "0"}, b"first byte timeout"),
        "429": (429, {}, b"Rate exceeded."),
        "403": (403, {}, b"forbidden"),
        "404": (404, {}, b"not here"),
        "stall": (200, {}, text.encode()),
        "truncated": (200, {}, text.encode()[: len(text) * 2 // 3]),
        "html": (200, {}, b"<!DOCTYPE html><html><body>We are down for maintenance</body></html>"),
        "badtoken": (200, {}, feed.error("badResumptionToken").encode()),
        "badargument": (200, {}, feed.error("badArgument").encode()),
        "empty": (200, {}, feed.error("noRecordsMatch").encode()),
        "badbyte": (200, {}, text.encode().replace(b"SIMULATED paper", b"SIMULATED pap\xe9r", 1)),
        "moved": (301, {"Location": detail}, b""),
        "laughs": (200, {}, b'<!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'),
    }
    return answers[name]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    feed: Feed

    def do_GET(self) -> None:
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        self.feed.requests.append(query)
        self.feed.moments.append(time.monotonic())
        self.feed.agents.add(self.headers["User-Agent"])
        time.sleep(self.feed.delay_s)
        text = self.feed.answer(query)
        fault = self.feed.fault(query)
        status, headers, body = misbehave(self.feed, fault, text) if fault else (200, {}, text.encode())
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "text/xml", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed or lost patience is part of the tests."""


@contextmanager
def serving(feed: Feed) -> Iterator[Feed]:
    """Serve on a free port of this machine; `feed.url` is the base URL."""
    handler = type("Handler", (_Handler,), {"feed": feed})
    server = _Server(("127.0.0.1", 0), handler)
    feed.url = f"http://127.0.0.1:{server.server_address[1]}/oai"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield feed
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """For tries by hand: serve a week of invented papers until the process is ended."""
    with serving(Feed(papers(100, date(2026, 3, 2)))) as feed:
        print(json.dumps({"url": feed.url}), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
