"""`horizon sources` and `horizon doctor` as an operator meets them: one YAML adds a feed, wrong words are one line."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from horizon.errors import SourceError, UsageError
from scrapers.source import list_sources, load_source

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests/scrapers/fixtures/feed_rss/simulated_feed.yml"
FEED = ROOT / "tests/scrapers/fixtures/feed_rss/rss2.xml"


class _Publisher(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path == "/news.xml"
        body = FEED.read_bytes() if known else b"nothing here"
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/rss+xml" if known else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def publisher() -> Iterator[str]:
    """The address of a feed on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Publisher)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/news.xml"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def own(tmp_path: Path, publisher: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's folder with one file: the shipped example under another name and address."""
    folder = tmp_path / "sources"
    folder.mkdir()
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in (
        ("id: simulated_feed", "id: expert_news"),
        ("url: https://news.example.org/rss\n", f"url: {publisher}\n"),
        ("hosts: [news.example.org]\nlink_hosts", "hosts: [127.0.0.1]\nlink_hosts"),
        ("options:\n  more_urls: [https://news.example.org/rss1, https://news.example.org/atom]\n", ""),
        ("lock: simulated_feed", "lock: expert_news"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "expert_news.yml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HORIZON_SOURCES_DIR", str(folder))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return folder


def horizon(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "horizon", *words]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path, **environ}
    )


def test_one_yaml_in_the_operators_folder_adds_a_feed(own: Path) -> None:
    listed = {row["id"]: row for row in json.loads(horizon("sources", "list", "--json").stdout)}
    assert {"arxiv", "expert_news"} <= set(listed)
    assert (listed["expert_news"]["trust"], listed["expert_news"]["dialect"]) == ("low", "rss_feed")

    (finding,) = json.loads(horizon("sources", "check", "expert_news", "--json").stdout)
    assert finding["state"] == "ok"

    words = ("sources", "crawl", "expert_news", "--since", "2026-03-01", "--until", "2026-03-15")
    crawled = horizon(*words, "--json", "--as-of", "2026-03-15T12:00")
    assert crawled.returncode == 0, crawled.stderr
    told = json.loads(crawled.stdout)
    assert (told["status"], told["source"], told["items"]) == ("OK", "expert_news", 5)

    printed = horizon(*words, "--items", "--as-of", "2026-03-15T12:00")
    items = [json.loads(line) for line in printed.stdout.splitlines()]
    assert len(items) == 5
    assert all(item["id"].startswith("expert_news:") for item in items)
    assert "OK, 5 items" in printed.stderr

    parsed = json.loads(horizon("sources", "parse", "expert_news", str(FEED), "--json").stdout)
    assert [item["id"] for item in parsed["items"]]
    assert isinstance(parsed["issues"], list)


def test_an_id_that_is_taken_is_refused(own: Path) -> None:
    (own / "expert_news.yml").rename(own / "arxiv.yml")
    with pytest.raises(SourceError, match="another id"):
        load_source("arxiv")
    assert load_source("biorxiv").id == "biorxiv"
    (finding,) = json.loads(horizon("sources", "check", "arxiv", "--json").stdout)
    assert finding["state"] == "failed"


def test_a_file_that_would_be_passed_over_and_a_mistyped_folder_are_told(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "more.yaml").write_text("id: more\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"more\.yaml"):
        list_sources()
    monkeypatch.setenv("HORIZON_SOURCES_DIR", "tpyo")
    with pytest.raises(UsageError, match="tpyo"):
        list_sources()
    found = horizon("sources", "list")
    assert (found.returncode, len(found.stderr.splitlines())) == (2, 1)
    doctor = horizon("doctor", "--json")
    assert doctor.returncode == 1
    assert [row["state"] for row in json.loads(doctor.stdout) if row["subject"] == "sources"] == ["failed"]


@pytest.mark.parametrize(
    "words",
    [
        ("sources", "check", "nowhere"),
        ("sources", "crawl", "nowhere"),
        ("sources", "crawl", "arxiv", "--since", "2026-11-09"),
        ("sources", "crawl", "arxiv", "--since", "soon", "--until", "2026-11-09"),
        ("sources", "crawl", "arxiv", "--since", "2026-11-10", "--until", "2026-11-09"),
        ("sources", "crawl", "arxiv", "--query", "all:tokamak"),
        ("sources", "crawl", "arxiv_query", "--query", " "),
        ("sources", "crawl", "arxiv_query", "--ids", ","),
        ("sources", "crawl", "arxiv_query", "--ids", "2611.00001", "--query", "x"),
        ("sources", "parse", "nowhere", "x"),
        ("sources", "parse", "arxiv", "absent.xml"),
        ("sources", "check-completeness"),
        ("doctor", "--as-of", "soon"),
    ],
)
def test_wrong_words_are_one_line_and_exit_code_2(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = horizon(*words, HORIZON_CONTACT="someone@example.org")
    assert found.returncode == 2
    assert [line[:9] for line in found.stderr.splitlines()] == ["horizon: "]
    assert found.stdout == ""
    assert not list(tmp_path.glob("**/*.sqlite")), "a refused command leaves no database behind"


def test_files_placed_by_hand_need_no_contact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HORIZON_CONTACT", raising=False)
    found = horizon("sources", "crawl", "drop", "--week", "2026-W46", "--as-of", "2026-11-24", "--json")
    assert found.returncode in (0, 1), found.stderr
    assert json.loads(found.stdout)["source"] == "drop"
    assert json.loads(horizon("sources", "check", "drop", "--online", "--json").stdout)[0]["state"] == "ok"
