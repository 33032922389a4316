"""Misbehaviours of feeds, switched on by a plan: which request, which time, what goes wrong.

A plan is a list of rules. A rule counts the requests it matches; from the `nth` of them on it strikes `times` times.
The same requests in the same order give the same faults.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from horizon.errors import UsageError
from scrapers.replay.arxiv_oai import error_response
from scrapers.replay.feed import Request, Response, Sabotaged, Stage
from scrapers.replay.page_faults import CHANGES, SKEW

FaultName = Literal[
    "unavailable",  # 503 with Retry-After: 0, as the CDN answers on a first-byte timeout
    "stall",  # nothing for `seconds`, then the right answer
    "too_many",  # 429 without Retry-After
    "forbidden",  # 403
    "server_error",  # 500
    "truncated",  # XML cut in the middle, with a matching Content-Length
    "cut",  # connection closed in the middle of the body
    "bad_token",  # badResumptionToken
    "duplicate",  # the last record of the page before stands in this page again
    "missing",  # one record of this page is left out
    "shift",  # a record already shown is modified, so that one not yet shown is skipped
    "html",  # an HTML page with status 200
    "wrong_encoding",  # Latin-1 bytes under a declaration of UTF-8
    "billion_laughs",  # nested entities
    "external_entity",  # an entity that names a local file
    "moved",  # 301 to `location`
    "no_records",  # OAI: noRecordsMatch, kept for the same request until midnight UTC; else the feed's own word
    "empty",  # status 200 and no body
    "empty_page",  # a page without its records, though more follow
    "retry_after_120",  # 503 that asks for two minutes
    "retry_after_date",  # 503 that asks for two minutes by a date
    "redirect_loop",  # 302 to itself
    "slow_drip",  # the right answer in small pieces over `seconds`
    "huge",  # an answer of `megabytes` without an announced length
    "clock_skew",  # the server's clock is more than a year behind, in `Date` and in the body
    "quota",  # refused because too much was asked for, in the feed's own words
    "expired_credential",  # refused because the key or token is no longer valid, in the feed's own words
]


class Fault(BaseModel):
    """One rule of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: FaultName
    verb: str | None = None
    """OAI verb; None matches every request."""
    path: str | None = None
    """Prefix of the path, for example `/arxiv`."""
    contains: str | None = None
    """Text that the decoded query must contain."""
    token: bool | None = None
    """Whether the request carries a resumption token."""
    nth: int = Field(default=1, ge=1)
    """First matching request that is struck."""
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=0.0, ge=0.0, le=600.0)
    megabytes: int = Field(default=1024, ge=1, le=4096)
    location: str | None = None

    def matches(self, request: Request) -> bool:
        """Whether the rule counts this request."""
        return (
            self.verb in (None, request.get("verb"))
            and (self.path is None or request.path.startswith(self.path))
            and (self.contains is None or self.contains in unquote(unquote(request.query)))
            and self.token in (None, request.get("resumptionToken") is not None)
        )


_PLAN = TypeAdapter(tuple[Fault, ...])


def read_plan(data: Any) -> tuple[Fault, ...]:
    """Validate a plan from JSON data; raises UsageError naming the first mistake."""
    try:
        return _PLAN.validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"fault plan, {where or 'top'}: {first['msg']}; expected a list of rules with `fault`"
        ) from None


class Saboteur:
    """Applies a plan to a stream of requests; safe to use from several threads."""

    def __init__(self, plan: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._previous = b""
        self.set_plan(plan)

    def set_plan(self, plan: Iterable[Fault]) -> None:
        """Replace the plan; all counts start again."""
        with self._lock:
            self._plan = tuple(plan)
            self._counts = [0] * len(self._plan)
            self._kept_empty: dict[str, date] = {}

    def strike(self, request: Request) -> Fault | None:
        """Count the request for every rule; the first rule that is due, if any."""
        with self._lock:
            due = None
            for place, fault in enumerate(self._plan):
                if not fault.matches(request):
                    continue
                self._counts[place] += 1
                if due is None and fault.nth <= self._counts[place] < fault.nth + fault.times:
                    due = fault
            return due

    def prepare(self, fault: Fault | None, stage: Stage) -> None:
        """What must happen to the world before the answer is made."""
        if fault is not None and fault.fault == "shift":
            shown = re.findall(rb"oai:arXiv\.org:([^<]+)<", self._previous)
            if shown:
                stage.touch(shown[-1].decode())

    def alter(
        self, fault: Fault | None, request: Request, right: Response, now: datetime, feed: object = None
    ) -> Response:
        """The answer that the client gets in place of the right one; `feed` may know better what a fault looks like."""
        with self._lock:
            if self._kept_empty.get(f"{request.path}?{request.query}") == now.date():
                return error_response("noRecordsMatch", "", request.base + request.path, now)
            previous, self._previous = self._previous, right.body
            if fault is None:
                return right
            if fault.fault == "no_records" and _speaks_oai(request):
                self._kept_empty[f"{request.path}?{request.query}"] = now.date()
        own = feed.sabotage(fault.fault, request, right, previous) if isinstance(feed, Sabotaged) else None
        return own or _altered(fault, request, right, previous, now)


def _speaks_oai(request: Request) -> bool:
    return request.get("verb") is not None


def _altered(fault: Fault, request: Request, right: Response, previous: bytes, now: datetime) -> Response:
    if fault.fault == "no_records" and not _speaks_oai(request):
        # Other feeds have words of their own for it, or none.
        return right
    if fault.fault in _OAI_ERRORS:
        return error_response(_OAI_ERRORS[fault.fault], "", request.base + request.path, now)
    if fault.fault in _STATUSES:
        return _STATUSES[fault.fault]
    if fault.fault in _MADE:
        return _MADE[fault.fault](fault, request, now)
    change = CHANGES.get(fault.fault)
    damaged = right if change is None else right.but(body=change(right.body, previous))
    if fault.fault == "clock_skew":
        return replace(damaged, headers={**damaged.headers, "Date": _http_date(now - SKEW)})
    return damaged


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _retry_at(fault: Fault, request: Request, now: datetime) -> Response:
    # The date counts from the answer's own clock.
    moment = {"Date": _http_date(now), "Retry-After": _http_date(now + timedelta(seconds=120))}
    return Response(503, b"", {**_HTML, **moment})


def _loop(fault: Fault, request: Request, now: datetime) -> Response:
    return Response(302, b"", {"Location": f"{request.base}{request.path}?{request.query}"})


def _moved(fault: Fault, request: Request, now: datetime) -> Response:
    return Response(301, b"", {"Location": fault.location or "http://moved.invalid/oai"})


_OAI_ERRORS = {"bad_token": "badResumptionToken", "no_records": "noRecordsMatch"}
_HTML = {"Content-Type": "text/html"}
_MADE: Mapping[str, Callable[[Fault, Request, datetime], Response]] = {
    "moved": _moved,
    "redirect_loop": _loop,
    "retry_after_date": _retry_at,
}
_STATUSES: Mapping[str, Response] = {
    "unavailable": Response(503, b"<html><title>503 first byte timeout</title></html>", {**_HTML, "Retry-After": "0"}),
    "retry_after_120": Response(503, b"", {**_HTML, "Retry-After": "120"}),
    "quota": Response(429, b"Quota exceeded.", {"Content-Type": "text/plain", "Retry-After": "5"}),
    "expired_credential": Response(401, b"", {"Content-Type": "text/plain"}),
    "too_many": Response(429, b"Rate exceeded.", {"Content-Type": "text/plain"}),
    "forbidden": Response(403, b"<html><title>403 Forbidden</title></html>", _HTML),
    "server_error": Response(500, b"<html><title>500 Internal Server Error</title></html>", _HTML),
    "html": Response(
        200, b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body>Back soon.<br></html>", _HTML
    ),
}
