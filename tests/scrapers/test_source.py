"""Sources as YAML, politeness, and the verdict."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from horizon.errors import SourceError, UsageError
from horizon.weeks import IsoWeek
from scrapers.health import check_volume, judge, remarks
from scrapers.politeness import CrawlStopped, Turn, scaled_timeout_s, take_turn, time_scale
from scrapers.source import is_loopback, list_sources, load_source
from scrapers.walk import Tally

SOURCE = load_source("arxiv")
FILE = Path(__file__).resolve().parents[2] / "scrapers/sources/arxiv.yml"


def test_arxiv_is_asked_as_its_terms_of_use_say() -> None:
    manners = SOURCE.politeness
    assert (manners.concurrency, manners.delay_s, manners.timeout_s) == (1, 3, 120)
    assert manners.retry_waits_s == (30, 60, 120, 240)
    assert manners.throttled_waits_s[0] >= 600
    assert "{contact}" in manners.user_agent
    assert SOURCE.parser_module.__name__ == "scrapers.parsers.arxiv_raw"


def test_every_source_file_loads() -> None:
    assert "arxiv" in list_sources()
    for name in list_sources():
        assert load_source(name).id == name


def test_a_new_feed_in_a_known_dialect_is_one_file(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8").replace("id: arxiv\n", "id: other\n", 1)
    (tmp_path / "other.yml").write_text(text, encoding="utf-8")
    assert load_source("other", tmp_path).id == "other"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"delay": 3}, "delay"),
        ({"overlap_days": -1}, "overlap_days"),
        ({"politeness": {}}, "politeness.delay_s"),
        ({"id": "another"}, "must agree"),
    ],
)
def test_a_wrong_source_file_is_named_with_its_field(change: dict[str, object], told: str, tmp_path: Path) -> None:
    data = yaml.safe_load(FILE.read_text(encoding="utf-8")) | change
    (tmp_path / "arxiv.yml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(SourceError, match=rf"arxiv\.yml.*{told}"):
        load_source("arxiv", tmp_path)


def test_a_key_that_stands_twice_is_named_with_its_line(tmp_path: Path) -> None:
    shipped = FILE.read_text(encoding="utf-8")
    (tmp_path / "arxiv.yml").write_text(f"{shipped}\ntrust: low\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"arxiv\.yml:\d+: the key 'trust' stands twice"):
        load_source("arxiv", tmp_path)


def test_a_source_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "arxiv.yml").write_text("id: [")
    with pytest.raises(SourceError, match=r"arxiv\.yml is not YAML"):
        load_source("arxiv", tmp_path)
    with pytest.raises(UsageError, match="no source 'x'"):
        load_source("x", tmp_path)


def test_a_window_begins_a_week_before_the_week() -> None:
    assert SOURCE.window(IsoWeek.parse("2026-W10")) == (date(2026, 2, 23), date(2026, 3, 10))
    assert SOURCE.window(IsoWeek.parse("2005-W37"))[0] == date(2005, 9, 16)


def test_a_replay_server_has_a_place_for_the_source() -> None:
    assert SOURCE.at_replay("http://127.0.0.1:8000/") == "http://127.0.0.1:8000/arxiv/oai"


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:9/x", True),
        ("https://oaipmh.arxiv.org/oai", False),
        ("http://127.0.0.1.example.org/", False),
        ("http://localhost@example.org/", False),
        ("ftp://127.0.0.1/", False),
    ],
)
def test_only_this_machine_is_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here


def test_waits_cannot_be_shortened_towards_a_real_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", "0.001")
    assert time_scale(SOURCE.url) == 1.0
    assert time_scale("http://127.0.0.1:1/oai") == 0.001
    assert scaled_timeout_s(SOURCE, 1.0) == 120
    assert scaled_timeout_s(SOURCE, 0.001) == 2
    for wrong in ("2", "-1", "fast", "nan"):
        monkeypatch.setenv("HORIZON_CRAWL_TIME_SCALE", wrong)
        with pytest.raises(UsageError):
            time_scale("http://127.0.0.1:1/oai")


@pytest.fixture
def turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turn]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with take_turn(SOURCE, "http://127.0.0.1:1/oai", 0.0) as held:
        yield held


def test_the_delay_holds_from_one_crawl_to_the_next(turn: Turn) -> None:
    assert turn.rest_s(3.0) == 0.0
    turn.note_request()
    assert 2.0 < turn.rest_s(3.0) <= 3.0


def test_a_pause_holds_from_one_crawl_to_the_next(turn: Turn) -> None:
    turn.check_pause(SOURCE)
    turn.pause_next(600.0, "HTTP 429")
    with pytest.raises(CrawlStopped, match="HTTP 429"):
        turn.check_pause(SOURCE)


def test_a_second_crawl_waits_its_turn_and_then_says_so(turn: Turn) -> None:
    impatient = SOURCE.model_copy(update={"politeness": SOURCE.politeness.model_copy(update={"lock_wait_s": 0.0})})
    with pytest.raises(CrawlStopped, match="another crawl"), take_turn(impatient, "http://127.0.0.1:1/oai", 0.0):
        pass
    with take_turn(impatient, "http://127.0.0.1:2/oai", 0.0):
        pass


@pytest.mark.parametrize(
    ("tally", "items", "status"),
    [
        (Tally(chain_ended=True, reconciled=True), 5, "OK"),
        (Tally(chain_ended=True, reconciled=True), 0, "NO_RESULTS"),
        (Tally(), 5, "PARTIAL"),
        (Tally(), 0, "ERROR"),
        (Tally(chain_ended=True), 5, "PARTIAL"),
        (Tally(stopped="HTTP 403"), 5, "PARTIAL"),
        (Tally(stopped="HTTP 403"), 0, "ERROR"),
        (Tally(chain_ended=True, reconciled=True, refused={"1"}), 5, "OK"),
        (Tally(chain_ended=True, reconciled=True, refused={"1"}), 0, "ERROR"),
        (Tally(chain_ended=True, reconciled=True, refused=set(map(str, range(50)))), 500, "PARTIAL"),
        (Tally(chain_ended=True, reconciled=True, missing=5), 1000, "OK"),
        (Tally(chain_ended=True, reconciled=True, missing=6), 1000, "PARTIAL"),
        (Tally(chain_ended=True, reconciled=True, doubtful_emptiness=True), 0, "PARTIAL"),
    ],
)
def test_the_verdict_follows_from_our_own_counts(tally: Tally, items: int, status: str) -> None:
    found, reason = judge(tally, items, SOURCE)
    assert found == status
    assert (reason is None) is (status == "OK")


def test_a_field_that_is_suddenly_empty_is_remarked_upon() -> None:
    fill = {"abstract": 0.3, "authors": 1.0, "codes": 1.0, "updated": 1.0, "licence": 0.9}
    assert [issue.code for issue in remarks(Tally(), 100, fill, SOURCE)] == ["fill-rate-low"]


def test_a_week_far_from_the_usual_volume_is_remarked_upon() -> None:
    usual = [1000, 1100, 900, 1000]
    assert check_volume(1000, usual, SOURCE) is None
    assert check_volume(1400, usual, SOURCE) is None
    assert check_volume(599, usual, SOURCE) is not None
    assert check_volume(1, [1000], SOURCE) is None
