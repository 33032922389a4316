"""One connection to a source from this machine at a time, and its pauses remembered from one crawl to the next."""

import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from horizon.errors import SourceError, UsageError
from scrapers.source import Source, is_loopback

TIME_SCALE = "HORIZON_CRAWL_TIME_SCALE"
SHORTEST_TIMEOUT = "HORIZON_CRAWL_SHORTEST_TIMEOUT_S"
"""However short waits are made, an answer may take so long; tests of stalls make it small."""
_SHORTEST_TIMEOUT_S = 2.0
_POLL_S = 0.2


class CrawlStopped(SourceError):
    """The source has told us to go away, or retries are used up: send nothing more in this crawl."""


def time_scale(base_url: str) -> float:
    """Factor on every wait: 1, unless the crawl goes to this machine and HORIZON_CRAWL_TIME_SCALE says less."""
    text = os.environ.get(TIME_SCALE, "1")
    try:
        scale = float(text)
    except ValueError:
        raise UsageError(f"{TIME_SCALE} should be a number from 0 to 1, found {text!r}") from None
    if not 0.0 <= scale <= 1.0:
        raise UsageError(f"{TIME_SCALE} should be from 0 to 1, found {text}")
    return scale if is_loopback(base_url) else 1.0


def scaled_timeout_s(source: Source, scale: float) -> float:
    """The source's timeout; never so short that a busy machine looks like a stalled feed."""
    shortest_s = float(os.environ.get(SHORTEST_TIMEOUT, _SHORTEST_TIMEOUT_S))
    return max(source.politeness.timeout_s * scale, min(shortest_s, source.politeness.timeout_s))


def _lock_path(source: Source, base_url: str) -> Path:
    name = source.politeness.lock
    if is_loopback(base_url):
        # Each replay server is a world of its own; all real hosts of a source share one lock.
        name += "-" + hashlib.sha256(urlsplit(base_url).netloc.encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"horizon-crawl-{name}.lock"


def _open(path: Path) -> int:
    flags = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_RDWR, 0o666)
    except PermissionError:
        # Another user's file: it can still be locked, only our pauses are not remembered in it.
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


class Turn:
    """The right to talk to a source, held by this process; remembers the last request and a pause for the next."""

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor, self._name = descriptor, name

    def _read(self) -> dict[str, Any]:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        try:
            memory = json.loads(os.read(self._descriptor, 4096) or b"{}")
        except ValueError:
            return {}
        return memory if isinstance(memory, dict) else {}

    def _write(self, memory: dict[str, Any]) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, json.dumps(memory, sort_keys=True).encode())
        except OSError:
            return

    def note_request(self) -> None:
        self._write(self._read() | {"last_request": time.time()})

    def pause_next(self, seconds: float, why: str) -> None:
        """No crawl of these hosts starts before `seconds` from now."""
        self._write(self._read() | {"not_before": time.time() + seconds, "why": why[:300]})

    def rest_s(self, delay_s: float) -> float:
        """Seconds until the next request may be sent. A clock set back does not make this longer than the delay."""
        last = self._read().get("last_request")
        since = time.time() - float(last) if isinstance(last, int | float) else delay_s
        return min(max(delay_s - since, 0.0), delay_s)

    def check_pause(self, source: Source) -> None:
        """Raise CrawlStopped while an earlier crawl's pause lasts."""
        memory = self._read()
        left = float(memory.get("not_before", 0.0)) - time.time()
        if left > 0:
            raise CrawlStopped(
                f"paused for {left:.0f} s more since an earlier crawl: {memory.get('why', 'no reason kept')}; "
                f"see to the reason; to end the pause delete {self._name} in the temporary folder",
                source=source.id,
            )


def _acquire(descriptor: int, wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        else:
            return True


@contextmanager
def take_turn(source: Source, base_url: str, scale: float) -> Iterator[Turn]:
    """Wait until no other process of this machine talks to the source. Raises CrawlStopped after `lock_wait_s`."""
    path = _lock_path(source, base_url)
    try:
        descriptor = _open(path)
    except OSError as error:
        raise SourceError(f"the lock {path.name} cannot be opened: {error.strerror}", source=source.id) from None
    try:
        if not _acquire(descriptor, source.politeness.lock_wait_s):
            raise CrawlStopped(
                f"another crawl has held {path.name} for {source.politeness.lock_wait_s:.0f} s; end it or wait for it",
                source=source.id,
            )
        turn = Turn(descriptor, path.name)
        time.sleep(turn.rest_s(source.politeness.delay_s * scale))
        yield turn
    finally:
        os.close(descriptor)


@contextmanager
def alone_in(folder: Path, wait_s: float) -> Iterator[None]:
    """Hold a crawl folder: two crawls that write the same pages would mix them."""
    descriptor = _open(folder / ".lock")
    try:
        if not _acquire(descriptor, wait_s):
            raise UsageError(f"another crawl is writing into {folder.name}; wait for it or name another folder")
        yield
    finally:
        os.close(descriptor)
