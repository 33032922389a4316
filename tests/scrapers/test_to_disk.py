"""Large answers go to disk as they come: bounded memory, whole or not at all. A loopback server, our own downloader."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

LARGE = 200 << 20
_CRAWL = """
import json, sys
from datetime import date
from pathlib import Path
from scrapy.crawler import AsyncCrawlerProcess
from horizon.weeks import IsoWeek
from scrapers.exchange import Call
from scrapers.politeness import take_turn
from scrapers.run import Job, crawl_settings
from scrapers.source import load_source
from scrapers.spider import FeedSpider

url, folder = sys.argv[1], Path(sys.argv[2])
day, told = date(2026, 3, 10), {}
job = Job(load_source("uspto_grants"), day, day, IsoWeek.of(day), folder, url, None, None)

async def walk(exchange):
    try:
        answer = await exchange(Call(url, into=Path(sys.argv[3]), accept=frozenset({200, 403})))
        told.update(status=answer.status, body=answer.body.decode())
    except Exception as error:
        told.update(error=str(error))

with take_turn(job.source, url, 0.001) as turn:
    process = AsyncCrawlerProcess(crawl_settings(job, turn, 0.001) | {"DOWNLOAD_TIMEOUT": 60})
    process.crawl(FeedSpider, source="uspto_grants", walk=walk)
    process.start()
status = Path("/proc/self/status")
# Not ru_maxrss, which begins with that of the process that has started this one.
peak = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
told["peak_mb"] = int(peak[0].split()[1]) / 1024 if peak else 0
print(json.dumps(told))
"""


@contextmanager
def serving(*answers: tuple[int, bytes, int]) -> Iterator[tuple[str, list[str]]]:
    """Answers (status, body, bytes really sent) in order, the last one again and again."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, sent = answers[min(len(asked), len(answers) - 1)]
            asked.append(self.headers.get("Accept-Encoding", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:sent])

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/file.zip", asked
        finally:
            server.shutdown()


def fetched(url: str, folder: Path, into: Path) -> dict[str, Any]:
    command = [sys.executable, "-c", _CRAWL, url, str(folder), str(into)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture(autouse=True)
def _own_locks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))


def test_a_large_answer_is_on_disk_and_never_in_memory(tmp_path: Path) -> None:
    body = bytes(range(256)) * (LARGE >> 8)
    with serving((200, body, LARGE)) as (url, asked):
        told = fetched(url, tmp_path, tmp_path / "file")
    assert (told["status"], told["body"], asked) == (200, "", ["identity"])
    assert (tmp_path / "file").read_bytes() == body
    assert told["peak_mb"] < 150 < LARGE >> 20


def test_an_answer_cut_short_is_asked_for_again_and_replaced(tmp_path: Path) -> None:
    first, second = b"a" * 5000, b"b" * 3000
    with serving((200, first, 4000), (200, second, 3000)) as (url, asked):
        told = fetched(url, tmp_path, tmp_path / "file")
    assert (told["status"], len(asked)) == (200, 2)
    assert (tmp_path / "file").read_bytes() == second


def test_a_refusal_comes_back_in_words_and_leaves_no_file(tmp_path: Path) -> None:
    with serving((403, b'{"error": "Forbidden"}', 100)) as (url, _):
        told = fetched(url, tmp_path, tmp_path / "file")
    assert (told["status"], told["body"]) == (403, '{"error": "Forbidden"}')
    assert not (tmp_path / "file").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_the_download_with_a_reason(tmp_path: Path) -> None:
    with serving((200, b"a" * (1 << 20), 1 << 20)) as (url, asked):
        told = fetched(url, tmp_path, Path("/dev/full"))
    assert "make room" in told["error"]
    assert len(asked) == 1
