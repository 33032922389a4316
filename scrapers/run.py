"""`python -m scrapers.run SOURCE --since D --until D --week W --out DIR`: one crawl of one source over one window.

Its own process, because Twisted's reactor runs once in a process and because a kill is then a clean timeout.
Exit code 0: OK or NO_RESULTS, 1: PARTIAL, 2: usage, 3: ERROR; the verdict with its reason is in DIR/fetch.json.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from horizon.errors import HorizonError, SourceError, UsageError
from horizon.records import Fetch, FetchStatus
from horizon.weeks import IsoWeek
from scrapers.exchange import Exchange
from scrapers.health import judge, remarks
from scrapers.items_file import ItemSpool, write_issues
from scrapers.pages import write_atomic
from scrapers.politeness import Turn, alone_in, scaled_timeout_s, take_turn, time_scale
from scrapers.secrecy import conceal, keep_out_of_logs
from scrapers.source import Source, dialect_module, is_loopback, load_source
from scrapers.walk import Dialect, Tally, Window

logger = logging.getLogger("scrapers.run")
EXIT_CODES: dict[FetchStatus, int] = {"OK": 0, "NO_RESULTS": 0, "PARTIAL": 1, "ERROR": 3}
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Job:
    """One crawl as asked for."""

    source: Source
    since: date
    until: date
    week: IsoWeek
    out: Path
    base_url: str
    contact: str | None
    server_date: date | None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where the source's keys are looked up."""
    drop: Path | None = None
    """Folder of files fetched by hand."""

    @property
    def secrets(self) -> dict[str, str]:
        return self.source.secrets(self.environ, self.base_url)

    @property
    def last_day(self) -> date:
        """A source refuses windows that end after its own today."""
        return min(self.until, self.server_date) if self.server_date else self.until


def read_fetch(out: Path) -> Fetch | None:
    """The verdict in a crawl folder, None if there is none or it is damaged."""
    try:
        return Fetch.model_validate_json((out / "fetch.json").read_bytes())
    except (OSError, ValidationError):
        return None


def finished_fetch(out: Path, until: date, server_date: date | None) -> Fetch | None:
    """The verdict of a crawl that needs no repeat: OK or NO_RESULTS, of all days that have passed."""
    fetch = read_fetch(out)
    if fetch is None or fetch.status not in ("OK", "NO_RESULTS"):
        return None
    if fetch.until < until and (server_date is None or server_date > fetch.until):
        return None
    return fetch


def check_job(job: Job) -> None:
    """Raise UsageError for a crawl that cannot or must not be started."""
    if job.since > job.until:
        raise UsageError(f"the window ends before it begins: {job.since} to {job.until}")
    if job.server_date is not None and job.since > job.server_date:
        raise UsageError(f"the window begins after the source's today, {job.server_date}: {job.since}")
    if job.base_url != job.source.url and not is_loopback(job.base_url):
        raise UsageError(
            f"a base URL other than {job.source.url} must be plain http on this machine (a replay server), "
            f"found {job.base_url!r}"
        )
    if not job.contact and not is_loopback(job.base_url) and not asks_nobody(job.source):
        raise UsageError(f"{job.source.id} asks clients for a contact: set HORIZON_CONTACT to an e-mail address or URL")
    missing = () if is_loopback(job.base_url) else job.source.missing_keys(job.environ, job.drop)
    if missing:
        raise UsageError(f"{job.source.id} is disabled: no key; set {' and '.join(missing)} in the environment or .env")


def asks_nobody(source: Source) -> bool:
    """Whether its address is one that cannot exist (RFC 2606): it reads files on this machine."""
    return (urlsplit(source.url).hostname or "").endswith(".invalid")


def _claim_folder(job: Job) -> None:
    """A crawl folder belongs to one window of one world."""
    wanted = {
        "source": job.source.id,
        "since": job.since.isoformat(),
        "until": job.until.isoformat(),
        "options": job.source.options.model_dump(mode="json") if job.source.options else {},
        "world": "replay" if is_loopback(job.base_url) else "live",
    }
    path = job.out / "window.json"
    if path.exists():
        found = json.loads(path.read_bytes())
        # A folder of an older version says less; what it says must agree.
        if any(found.get(key, value) != value for key, value in wanted.items()):
            raise UsageError(f"{job.out.name} holds another crawl ({found}), not {wanted}; name another folder")
    else:
        write_atomic(path, json.dumps(wanted, sort_keys=True, indent=1).encode())


def crawl_settings(job: Job, turn: Turn, scale: float) -> dict[str, Any]:
    manners = job.source.politeness
    return {
        "ROBOTSTXT_OBEY": manners.robots.policy == "obey",
        "USER_AGENT": job.source.user_agent(job.contact),
        "CONCURRENT_REQUESTS": manners.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": manners.concurrency,
        "DOWNLOAD_DELAY": manners.delay_s * scale,
        "DOWNLOAD_DELAY_JITTER": 0,
        "DOWNLOAD_TIMEOUT": scaled_timeout_s(job.source, scale),
        "DOWNLOAD_MAXSIZE": manners.max_page_mb * _MEGABYTE,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "scrapers.to_disk.DiskHandler"),
        "DOWNLOADER_MIDDLEWARES": {"scrapers.middlewares.Manners": 560},
        # Our own middleware does both, by the source's rules.
        "RETRY_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "HTTPPROXY_ENABLED": not is_loopback(job.base_url),
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_FILE": str(job.out / "crawl.log"),
        "LOG_LEVEL": "INFO",
        "HORIZON_SOURCE": job.source,
        "HORIZON_TURN": turn,
        "HORIZON_TIME_SCALE": scale,
        "HORIZON_BASE_URL": job.base_url,
    }


def _crawl(job: Job, spool: ItemSpool, turn: Turn, scale: float) -> Tally:
    """Run the walk inside Scrapy; whatever ends it early stands in the tally."""
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.utils.asyncio import sleep

    from scrapers.spider import FeedSpider

    window = Window(job.source, job.base_url, job.since, job.last_day, job.server_date, job.secrets, job.drop)
    walks: list[Dialect] = []

    async def walk(exchange: Exchange) -> None:
        make: type[Dialect] = dialect_module(job.source).DIALECT
        walks.append(make(window, job.out, spool, exchange, lambda seconds: sleep(seconds * scale)))
        try:
            await walks[0].run()
        except (HorizonError, OSError, ValueError) as error:
            logger.exception("the crawl failed")
            walks[0].tally.stopped = f"the crawl failed: {type(error).__name__}: {error}"

    keep_out_of_logs(window.secrets.values())
    process = AsyncCrawlerProcess(crawl_settings(job, turn, scale))
    process.crawl(FeedSpider, source=job.source.id, walk=walk)
    process.start()
    tally = walks[0].tally if walks else Tally(stopped="the crawler could not start; see crawl.log")
    if tally.pause_s:
        turn.pause_next(tally.pause_s * scale, conceal(tally.stopped or "the source asks for it", job.secrets.values()))
    return tally


def _conclude(job: Job, spool: ItemSpool, tally: Tally) -> Fetch:
    """Write items, issues and the verdict, the verdict last."""
    tally.refused = {name for name in tally.refused if f"{job.source.id}:{name}" not in spool}
    status, reason = judge(tally, len(spool), job.source)
    reason = reason and conceal(reason, job.secrets.values())
    digest = spool.write(job.out / "items.jsonl.gz")
    found = [*tally.issues, *remarks(tally, len(spool), spool.fill_rates(), job.source, job.server_date)]
    write_issues(job.out / "issues.jsonl", sorted(found, key=lambda issue: (issue.item_id or "", issue.code)))
    fetch = Fetch(
        source=job.source.id,
        week=job.week,
        since=job.since,
        until=job.last_day,
        status=status,
        reason=reason,
        pages=tally.pages,
        records=tally.records,
        items=len(spool),
        refused=len(tally.refused),
        missing=tally.missing,
        repaired=tally.repaired,
        bytes=tally.bytes,
        sha256=digest,
        cut_off=tally.cut_off,
    )
    write_atomic(job.out / "fetch.json", fetch.model_dump_json(indent=1).encode())
    return fetch


def run(job: Job) -> Fetch:
    """Crawl, or give the verdict of the finished crawl in the folder. Raises HorizonError when neither can be done."""
    check_job(job)
    scale = time_scale(job.base_url)
    try:
        job.out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            held.enter_context(alone_in(job.out, job.source.politeness.lock_wait_s))
            _claim_folder(job)
            done = finished_fetch(job.out, job.until, job.server_date)
            if done is not None:
                return done
            (job.out / "fetch.json").unlink(missing_ok=True)
            turn = held.enter_context(take_turn(job.source, job.base_url, scale))
            spool = held.enter_context(ItemSpool(job.out))
            return _conclude(job, spool, _crawl(job, spool, turn, scale))
    except OSError as error:
        raise SourceError(
            f"the crawl folder {job.out.name} cannot be used: {error.strerror or error}; make room or mend its rights",
            source=job.source.id,
        ) from error


def _read_arguments(words: list[str] | None) -> Job:
    parser = argparse.ArgumentParser(prog="python -m scrapers.run", description="Crawl one source over one window.")
    parser.add_argument("source")
    parser.add_argument("--since", type=date.fromisoformat, required=True, help="first day, included")
    parser.add_argument("--until", type=date.fromisoformat, required=True, help="last day, included")
    parser.add_argument("--week", type=IsoWeek.parse, required=True, help="the last week that the window covers")
    parser.add_argument("--out", type=Path, required=True, help="crawl folder, used again after a kill")
    parser.add_argument("--base-url", help="of a replay server on this machine, with the source's path")
    parser.add_argument("--contact", help="e-mail address or URL for the user agent")
    parser.add_argument("--server-date", type=date.fromisoformat, help="the source's today, if known")
    parser.add_argument("--drop", type=Path, help="folder of files fetched by hand for this source")
    parser.add_argument("--options", type=Path, help="JSON file with options in place of the source's own")
    given = parser.parse_args(words)
    source = load_source(given.source)
    if given.options:
        source = _with_options(source, given.options)
    base_url = given.base_url or source.url
    window = (given.since, given.until, given.week, given.out)
    return Job(source, *window, base_url, given.contact, given.server_date, os.environ, given.drop)


def _with_options(source: Source, file: Path) -> Source:
    try:
        options = type(source.options).model_validate_json(file.read_bytes())
    except (OSError, ValidationError, AttributeError) as error:
        raise UsageError(f"expected options of {source.dialect} as JSON in {file.name}, found: {error}") from None
    return source.model_copy(update={"options": options})


def main(words: list[str] | None = None) -> int:
    try:
        fetch = run(_read_arguments(words))
    except HorizonError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(fetch.model_dump_json())
    return EXIT_CODES[fetch.status]


if __name__ == "__main__":
    sys.exit(main())
