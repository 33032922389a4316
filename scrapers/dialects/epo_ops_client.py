"""One authorised question to OPS at a time: token, traffic lights, quotas, and what its statuses really mean.

400 with `invalid_access_token` is an expired token, 404 with a fault an empty result, 403 a quota or a suspension.
"""

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from horizon.errors import ParseError
from scrapers.dialects.epo_ops_manners import Allowance, read_clock, retry_after_s, until_next_week_s
from scrapers.exchange import Answer, Call, Exchange, Pause
from scrapers.parsers.epo_ops import Fault, parse_page
from scrapers.politeness import CrawlStopped
from scrapers.source import Source
from scrapers.walk import Tally

logger = logging.getLogger(__name__)
_KEY, _SECRET = "EPO_OPS_KEY", "EPO_OPS_SECRET"
_ACCEPTED = frozenset({200, 400, 403, 404, 413, 429})
_PATIENCE = 6
"""So often is one question repeated after suspensions."""
_HOUR_STEP_S = 600.0
_HOUR_S = 3600.0


class QueryRefused(Exception):
    """OPS does not take this question; asking it again would not help."""


class OpsClient:
    """Answers are those with 200 or 404, the latter to be read for the fault that means nothing was found.

    Raises QueryRefused for a question that OPS does not take, CrawlStopped when nothing more should be sent.
    """

    def __init__(
        self, source: Source, token_url: str, secrets: Mapping[str, str], exchange: Exchange, pause: Pause, tally: Tally
    ) -> None:
        options = source.options
        self._source, self._token_url, self._secrets = source, token_url, secrets
        self._exchange, self._pause, self._tally = exchange, pause, tally
        self._longest_s: float = options.longest_pause_s
        megabyte = 1_000_000
        self.allowance = Allowance(
            "search", options.share_of_allowance, options.hour_quota_mb * megabyte, options.week_quota_mb * megabyte
        )
        self._token = ""
        self._sent = False

    async def send(self, call: Call) -> Answer:
        """The answer to a question about published data."""
        refreshed = False
        for _ in range(_PATIENCE):
            await self._wait_for_turn(call.url)
            if not self._token:
                await self._log_in()
            headers = (("Authorization", f"Bearer {self._token}"), ("Accept", "application/exchange+xml"))
            answer = await self._exchange(replace(call, headers=(*call.headers, *headers), accept=_ACCEPTED))
            self._sent = True
            self.allowance.note(answer.headers)
            if answer.status in (200, 404):
                return answer
            if answer.status == 400 and _fault(answer).means_bad_token and not refreshed:
                # Tokens live for 20 minutes; expired ones are answered with 400, not 401.
                refreshed, self._token = True, ""
                continue
            await self._deal_with(answer, call.url)
        raise self._stop(f"the service stayed suspended through {_PATIENCE} attempts", call.url, _HOUR_S)

    async def _deal_with(self, answer: Answer, url: str) -> None:
        """Wait where waiting helps; raise where it does not."""
        fault = _fault(answer)
        told = f"HTTP {answer.status} {fault.code} {fault.message}".strip()
        if answer.status == 400 and fault.means_bad_token:
            raise self._stop("a token that was fetched a moment ago is refused; look at the account", url)
        if answer.status in (400, 413):
            raise QueryRefused(told)
        rejected = answer.headers.get("x-rejection-reason", "")
        if "PerWeek" in rejected:
            raise self._week_is_spent(url, answer.headers.get("date", ""))
        if "PerHour" in rejected:
            await self._rest(_HOUR_STEP_S, f"the hour's quota is used up ({told})")
        elif answer.status == 429 or self.allowance.is_black or "retry-after" in answer.headers:
            asked = retry_after_s(answer.headers.get("retry-after", ""), self._longest_s)
            await self._rest(max(asked, 60.0), f"the service is suspended for us ({told})")
        else:
            pause = self._source.politeness.forbidden_pause_s
            raise self._stop(f"{told}: refused for another reason than a quota; a person must find out why", url, pause)

    async def _wait_for_turn(self, url: str) -> None:
        allowance = self.allowance
        if allowance.week_is_spent:
            raise self._week_is_spent(url, "")
        if allowance.hour_is_spent:
            await self._rest(_HOUR_STEP_S, "the hour's quota is nearly used up")
            # The next answer tells how much of the rolling hour is left.
            allowance.hour_used = 0
        if self._sent:
            gap = allowance.gap_s()
            # Never less than the source's own delay, which the crawler keeps by itself.
            rest = max(gap - self._source.politeness.delay_s, 0.0)
            if rest:
                await self._pause(rest)
            allowance.waited(max(gap, self._source.politeness.delay_s))

    async def _rest(self, seconds: float, why: str) -> None:
        logger.warning("%s: waiting for %g s", why, seconds)
        await self._pause(seconds)
        self.allowance.waited(seconds)

    async def _log_in(self) -> None:
        key, secret = self._secrets.get(_KEY, ""), self._secrets.get(_SECRET, "")
        if not key or not secret:
            raise self._stop(f"no key: set HORIZON_{_KEY} and HORIZON_{_SECRET}", self._token_url)
        basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        call = Call(
            self._token_url,
            method="POST",
            headers=(("Authorization", f"Basic {basic}"), ("Content-Type", "application/x-www-form-urlencoded")),
            body=b"grant_type=client_credentials",
            accept=frozenset({200, 400, 401, 403}),
        )
        for wait in (0.0, *self._source.politeness.retry_waits_s):
            if wait:
                await self._pause(wait)
            answer = await self._exchange(call)
            if answer.status != 200:
                raise self._stop(
                    f"HTTP {answer.status}: the key is not accepted; look whether HORIZON_{_KEY} and HORIZON_{_SECRET} "
                    "are those of an approved application",
                    self._token_url,
                )
            self._token = _read_token(answer.body)
            if self._token:
                return
        raise self._stop("the token service gave no token", self._token_url)

    def _week_is_spent(self, url: str, clock: str) -> CrawlStopped:
        pause = until_next_week_s(read_clock(clock) or self._tally.cut_off)
        return self._stop("the week's quota of bytes is used up; it is renewed on Monday, 00:00 UTC", url, pause)

    def _stop(self, why: str, url: str, pause_s: float = 0.0) -> CrawlStopped:
        self._tally.pause_s = max(self._tally.pause_s, pause_s)
        return CrawlStopped(why, source=self._source.id, url=url)


def _fault(answer: Answer) -> Fault:
    try:
        found = parse_page(answer.body).fault
    except ParseError:
        found = None
    if found is not None:
        return found
    # The gateway before the service answers in JSON or plain words.
    words = answer.body[:2000].decode("utf-8", "replace")
    return Fault("", "invalid_access_token" if "invalid_access_token" in words else "")


def _read_token(body: bytes) -> str:
    try:
        told: Any = json.loads(body)
    except ValueError:
        return ""
    token = told.get("access_token") if isinstance(told, dict) else None
    return token if isinstance(token, str) and token.isascii() and token.isprintable() else ""
