"""The server itself: clock, control, log, outage, loopback, and the command line."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from horizon.errors import UsageError
from scrapers.replay.server import FEEDS, ReplayServer, serve, speaks
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.world import ListedWorld, Paper
from tests.scrapers.replay.conftest import NOW

LIST = "/arxiv/oai?verb=ListIdentifiers&metadataPrefix=arXivRaw"


@pytest.fixture
def server(papers: list[Paper]) -> Iterator[ReplayServer]:
    with serve(ListedWorld(papers), NOW) as running:
        yield running


def call(
    url: str, method: str, target: str, body: bytes = b"", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, target, body or None, {"Host": host} if host else {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def control(server: ReplayServer, name: str, data: object) -> tuple[int, Any]:
    status, _, body = call(server.url, "POST", f"/control/{name}", json.dumps(data).encode())
    return status, json.loads(body)


def test_the_clock_moves_over_http(server: ReplayServer) -> None:
    assert call(server.url, "GET", LIST)[2].count(b"<header") == 25
    assert control(server, "clock", {"now": "2026-11-17T10:00:00Z"}) == (200, {"now": "2026-11-17T10:00:00+00:00"})
    assert call(server.url, "GET", LIST)[2].count(b"<header") == 7
    assert json.loads(call(server.url, "GET", "/control/world")[2])["now"] == "2026-11-17T10:00:00+00:00"


@pytest.mark.parametrize("data", [{"now": "tomorrow"}, {"now": "2026-11-17T10:00:00"}, {}, []])
def test_a_clock_time_needs_its_zone(server: ReplayServer, data: object) -> None:
    status, answer = control(server, "clock", data)
    assert status == 400
    assert "expected" in answer["error"]
    with pytest.raises(UsageError):
        server.set_clock(datetime.fromisoformat("2026-11-17T10:00:00"))


def test_faults_are_set_over_http(server: ReplayServer) -> None:
    assert control(server, "faults", [{"fault": "forbidden", "verb": "Identify"}]) == (200, {"faults": 1})
    assert call(server.url, "GET", "/arxiv/oai?verb=Identify")[0] == 403
    assert control(server, "faults", [{"fault": "nonsense"}])[0] == 400
    assert control(server, "nothing", [])[0] == 400
    assert call(server.url, "POST", "/control/faults", b"{not json")[0] == 400


def test_the_log_lists_requests_to_feeds_with_their_times(server: ReplayServer) -> None:
    call(server.url, "GET", LIST)
    call(server.url, "GET", "/arxiv/oai?verb=Identify")
    log = json.loads(call(server.url, "GET", "/control/log")[2])
    assert [(seen["number"], seen["status"], seen["query"].split("&")[0]) for seen in log] == [
        (1, 200, "verb=ListIdentifiers"),
        (2, 200, "verb=Identify"),
    ]
    assert log[0]["started_s"] <= log[0]["ended_s"] <= log[1]["started_s"]
    server.clear_log()
    assert server.requests == ()


def test_arguments_may_be_posted(server: ReplayServer) -> None:
    status, _, body = call(server.url, "POST", "/arxiv/oai", b"verb=ListIdentifiers&metadataPrefix=arXivRaw")
    assert (status, body.count(b"<header")) == (200, 25)


def test_an_unknown_path_names_the_feeds(server: ReplayServer) -> None:
    status, _, body = call(server.url, "GET", "/robots.txt")
    assert status == 404
    assert b"/arxiv/oai" in body


@pytest.mark.parametrize("host", ["example.org", "rebound.example:80", "127.0.0.1.example.org"])
def test_only_loopback_names_are_served(server: ReplayServer, host: str) -> None:
    assert call(server.url, "GET", LIST, host=host)[0] == 403
    assert call(server.url, "POST", "/control/faults", b"[]", host=host)[0] == 403


def test_the_server_listens_on_loopback_only(server: ReplayServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")


def test_several_clients_are_answered_at_once(server: ReplayServer) -> None:
    bodies: list[bytes] = []
    threads = [threading.Thread(target=lambda: bodies.append(call(server.url, "GET", LIST)[2])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 8
    assert len(set(bodies)) == 1


def test_the_source_is_silent_in_the_planted_outage_and_comes_back(simulated: SimulatedWorld) -> None:
    start, end = simulated.outages[0]
    assert start == simulated.outage_week.end
    with serve(simulated, start - timedelta(seconds=1)) as server:
        assert call(server.url, "GET", LIST)[0] == 200
        for moment in (start, start + timedelta(days=1, hours=9), end - timedelta(seconds=1)):
            server.set_clock(moment)
            status, headers, _ = call(server.url, "GET", LIST)
            assert (status, headers["Retry-After"]) == (503, "0")
            assert call(server.url, "GET", "/rss")[0] == 200
        server.set_clock(end)
        assert call(server.url, "GET", LIST)[0] == 200


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_a_port_that_is_none_is_refused(papers: list[Paper], port: int) -> None:
    with pytest.raises(UsageError, match="expected a port"):
        ReplayServer(ListedWorld(papers), NOW, port=port)


def test_a_port_in_use_is_told(papers: list[Paper], server: ReplayServer) -> None:
    with pytest.raises(UsageError, match="cannot be had"):
        ReplayServer(ListedWorld(papers), NOW, port=int(server.url.rpartition(":")[2]))


def test_every_feed_of_the_issue_is_spoken() -> None:
    assert set(FEEDS) == {
        "arxiv", "arxiv_query", "arxiv_rss", "biorxiv", "epo_ops", "epo_publications", "europepmc", "rss_feed",
        "uspto_odp",
    }  # fmt: skip
    assert speaks("/rss", simulated=True)
    assert not speaks("/drop", simulated=True)


def test_the_command_says_where_it_listens_and_stops_when_told(tmp_path: Path) -> None:
    plan, truth, labels = tmp_path / "plan.json", tmp_path / "truth.json", tmp_path / "labels.jsonl"
    plan.write_text('[{"fault": "forbidden", "nth": 2}]')
    command = [sys.executable, "-m", "scrapers.replay", "--weeks", "4", "--items-per-week", "20", "--faults", str(plan)]
    command += ["--truth", str(truth), "--labels", str(labels), "--records-a-page", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"}) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["world"] == "simulated"
        assert "SIMULATED" in ready["notice"]
        page = call(ready["url"], "GET", "/arxiv/oai?verb=ListRecords&metadataPrefix=arXivRaw")[2]
        assert page.count(b"<record>") == 7
        assert call(ready["url"], "GET", "/arxiv/oai?verb=Identify")[0] == 403
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert json.loads(truth.read_text())["seed"] == 1
    assert len(labels.read_text().splitlines()) == json.loads(truth.read_text())["items"]


@pytest.mark.parametrize(
    "arguments", [["--world", "corpus"], ["--faults", "absent.json"], ["--items-per-week", "99999"], ["--now", "today"]]
)
def test_the_command_refuses_what_it_cannot_use(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "scrapers.replay", "--weeks", "2", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_the_date_of_an_answer_is_the_worlds_and_not_this_machines(server: ReplayServer) -> None:
    for moment in (NOW, NOW - timedelta(days=400)):
        server.set_clock(moment)
        for path in ("/arxiv/oai?verb=Identify", "/epo_publications/rest/v1.2/publication-dates"):
            with urllib.request.urlopen(server.url + path, timeout=10) as answer:
                assert parsedate_to_datetime(answer.headers["Date"]) == moment
