"""Start a crawl as a process of its own and read what it left: the door of this room for flows and the command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from pydantic import BaseModel

from horizon.errors import SourceError, UsageError
from horizon.records import Fetch, Issue, Item
from horizon.weeks import IsoWeek
from scrapers.items_file import read_issues, read_items
from scrapers.pages import write_atomic
from scrapers.run import EXIT_CODES, Job, check_job, finished_fetch, read_fetch
from scrapers.source import load_source
from scrapers.unwrap import unwrap

__all__ = ["crawl", "forget_verdict", "parse_file", "read_issues", "read_items"]
_GRACE_S = 10.0
_ROOT = Path(__file__).resolve().parent.parent


def crawl(
    source: str,
    since: date,
    until: date,
    week: IsoWeek,
    out_dir: Path,
    *,
    base_url: str | None = None,
    contact: str | None = None,
    server_date: date | None = None,
    timeout_s: float = 6 * 3600.0,
    environ: Mapping[str, str] | None = None,
    drop: Path | None = None,
    options: BaseModel | None = None,
) -> Fetch:
    """Crawl one source over one window (both days included) into `out_dir`, or go on with what is there.

    `base_url` names the feed on a replay server (`Source.at_replay`). A finished folder is returned at once, without a
    request. Whatever happens to the process, a Fetch comes back: ERROR with the reason when it died or took longer than
    `timeout_s`. Keys are looked up in `environ` (default: this process's environment) and handed on in the crawler's
    environment, never as arguments. `drop` holds files fetched by hand for this source. `options` of the source's
    dialect stand in place of those in its file, as an analyst's question does.
    Raises UsageError for arguments that cannot be used, a missing key among them.
    """
    loaded = load_source(source)
    if options is not None:
        loaded = loaded.model_copy(update={"options": options})
    known = os.environ if environ is None else environ
    job = Job(loaded, since, until, week, out_dir, base_url or loaded.url, contact, server_date, known, drop)
    check_job(job)
    done = finished_fetch(out_dir, until, server_date)
    if done is not None and (done.source, done.since) == (source, since):
        return done
    command = _command(job) + ([] if options is None else ["--options", str(_write_options(job))])
    code, told = _run(command, timeout_s, job.environ)
    fetch = read_fetch(out_dir)
    if fetch is not None and EXIT_CODES[fetch.status] == code:
        return fetch
    if code == UsageError.exit_code:
        raise UsageError(told or "the crawler refused its arguments")
    how = _how_it_ended(code, timeout_s) + (f": {told}" if told else "")
    reason = f"{how}; pages so far are kept, crawl again to go on"
    return Fetch(source=source, week=week, since=since, until=until, status="ERROR", reason=reason)


def _command(job: Job) -> list[str]:
    command = [sys.executable, "-m", "scrapers.run", job.source.id]
    command += ["--since", str(job.since), "--until", str(job.until), "--week", str(job.week)]
    command += ["--out", str(job.out), "--base-url", job.base_url]
    if job.contact:
        command += ["--contact", job.contact]
    if job.server_date:
        command += ["--server-date", str(job.server_date)]
    if job.drop:
        command += ["--drop", str(job.drop)]
    return command


def _write_options(job: Job) -> Path:
    """A list of ids may be longer than an argument may be."""
    path = job.out / "options.json"
    try:
        job.out.mkdir(parents=True, exist_ok=True)
        write_atomic(path, job.source.options.model_dump_json().encode())
    except OSError as error:
        message = (
            f"the crawl folder {job.out.name} cannot be used: {error.strerror or error}; make room or mend its rights"
        )
        raise SourceError(message, source=job.source.id) from None
    return path


def _run(command: list[str], timeout_s: float, keys: Mapping[str, str]) -> tuple[int | None, str]:
    """Exit code (None: timed out, negative: a signal) and the last line that was told on standard error."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(  # noqa: S603  (our own module, no shell, arguments from validated values)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **keys, "PYTHONPATH": os.pathsep.join(paths)},
    )
    try:
        _, told = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _end(process)
        return None, ""
    except BaseException:
        _end(process)
        raise
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return process.returncode, lines[-1][:500] if lines else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask first, so that the connection is closed, then kill."""
    process.terminate()
    try:
        process.communicate(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _how_it_ended(code: int | None, timeout_s: float) -> str:
    if code is None:
        return f"the crawl took longer than {timeout_s:g} s and was ended"
    if code < 0:
        return f"the crawler was killed by signal {-code}"
    return f"the crawler ended with exit code {code} and no verdict"


def forget_verdict(out_dir: Path) -> None:
    """Have the next crawl of this folder ask for everything again; the archive keeps what was answered."""
    (out_dir / "fetch.json").unlink(missing_ok=True)
    for place in out_dir.iterdir() if out_dir.is_dir() else ():
        if place.is_dir():
            shutil.rmtree(place)


def parse_file(source: str, path: Path) -> Iterator[Item | Issue]:
    """Items and issues of one raw answer or bulk file: plain, gzip, zip (every member) or a recorded answer in JSON.

    Raises UsageError when the file cannot be read, ParseError when it is none of this source's.
    """
    loaded = load_source(source)
    try:
        with path.open("rb") as file:
            for stream in unwrap(file):
                yield from loaded.parse_items(stream)
    except (OSError, EOFError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
