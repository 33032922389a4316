"""Files placed by hand: each read once, by content; what is on its way is waited for; nothing is lost by a kill."""

import asyncio
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from horizon.records import FetchStatus, Item
from scrapers.archive import archive_crawl, reread
from scrapers.dialects.drop_folder import DropFolder, Options
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.source import load_source
from scrapers.walk import Tally, Window
from store.work_keys import keys_of
from tests.scrapers.test_uspto_xml import document

SOURCE = load_source("drop")
ONE, TWO, THREE = (document(f"1290000{n}") for n in (1, 2, 3))
IDS = [f"uspto:US.1290000{n}.B2" for n in (1, 2, 3)]


class Drop:
    """A data folder with a drop folder, crawled week after week."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir, self.root = data_dir, data_dir / "drop"
        self.waits: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def put(self, name: str, data: bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def crawl(self, week: str = "w1", *, killed: bool = False) -> "Outcome":
        """One crawl; a killed one leaves no verdict."""
        folder = self.data_dir / "crawls" / "drop" / week
        folder.mkdir(parents=True, exist_ok=True)

        async def no_exchange(call: Call) -> Answer:
            raise AssertionError(f"the drop folder asks nobody, but {call.url} was asked")

        async def pause(seconds: float) -> None:
            self.waits.append(seconds)
            self.meanwhile()

        window = Window(SOURCE, SOURCE.url, date(2026, 3, 9), date(2026, 3, 15))
        with ItemSpool(folder) as spool:
            drop = DropFolder(window, folder, spool, no_exchange, pause)
            asyncio.run(drop.run())
            if not killed:
                spool.write(folder / "items.jsonl.gz")
        outcome = Outcome(drop.tally, {} if killed else {item.id: item for item in read_items(folder)})
        if not killed:
            (folder / "fetch.json").write_text(json.dumps({"status": outcome.status}))
        return outcome


class Outcome:
    def __init__(self, tally: Tally, items: dict[str, Item]) -> None:
        self.tally, self.items, self.ids = tally, items, sorted(items)
        self.status: FetchStatus
        self.status, self.reason = judge(tally, len(items), SOURCE)
        self.codes = [issue.code for issue in tally.issues if issue.source == "drop"]


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return packed.getvalue()


def test_an_absent_folder_holds_nothing(drop: Drop) -> None:
    assert drop.crawl().status == "NO_RESULTS"


def test_plain_gzip_and_zip_files_are_read_for_their_source(drop: Drop) -> None:
    drop.put("uspto_grants/one.xml", ONE)
    drop.put("uspto_grants/two.xml.gz", gzip.compress(TWO))
    drop.put("uspto_grants/2026/three.zip", zipped(three__xml=THREE, note__pdf=b"%PDF"))
    outcome = drop.crawl()
    assert (outcome.status, outcome.ids) == ("OK", IDS)
    assert {item.source for item in outcome.items.values()} == {"uspto_grants"}
    assert outcome.codes == ["members-skipped"]


def test_what_was_dropped_is_archived_and_read_again_after_it_is_taken_away(drop: Drop) -> None:
    placed = [drop.put("uspto_grants/one.xml", ONE), drop.put("uspto_grants/all.zip", zipped(two__xml=TWO + THREE))]
    items = drop.crawl().items
    archive_crawl(drop.data_dir / "crawls" / "drop" / "w1", drop.data_dir / "raw", "drop")
    for path in placed:
        path.unlink()
    issues = reread(SOURCE, drop.data_dir / "raw", drop.data_dir / "again")
    assert "raw-page-unreadable" not in {issue.code for issue in issues}
    assert {item.id: item for item in read_items(drop.data_dir / "again")} == items


def test_a_weekly_zip_may_lie_in_another_zip(drop: Drop) -> None:
    drop.put("uspto_grants/all.zip", zipped(a__zip=zipped(a__xml=ONE + TWO), b__zip=zipped(b__xml=THREE)))
    assert drop.crawl().ids == IDS


def test_exchange_documents_from_an_office_are_read_by_their_folder(drop: Drop, shared_data: Path) -> None:
    found = sorted((shared_data / "feeds" / "epo_ops").rglob("*.xml"))
    texts = [path.read_bytes() for path in found]
    biblio = [text for text in texts if b"exchange-document " in text and b"invention-title" in text]
    for place, text in enumerate(biblio):
        drop.put(f"cnipa/20260310/{place}.xml", text)
    outcome = drop.crawl()
    assert biblio
    assert outcome.ids
    assert not [name for name in outcome.tally.refused if name.startswith("cnipa/")]


@pytest.mark.parametrize("folder", ["cnipa", "docdb", "epo_ops"])
def test_exchange_documents_are_items_of_the_drop_folder(drop: Drop, folder: str) -> None:
    fixture = Path(__file__).parent / "fixtures" / "epo_ops" / "docdb_file.xml"
    drop.put(f"{folder}/20260310.xml", fixture.read_bytes())
    drop.put("uspto_applications/one.xml", ONE)
    outcome = drop.crawl()
    assert outcome.status == "OK"
    assert {item.id: item.source for item in outcome.items.values()} == {
        "drop:CN.121000007.A": "drop",
        "drop:DE.202026000008.U1": "drop",
        # What the document is, not where it lies.
        "uspto:US.12900001.B2": "uspto_grants",
    }
    assert {issue.source for issue in outcome.tally.issues} <= {"drop", "uspto_grants"}


def test_a_dropped_publication_never_takes_the_place_of_the_one_that_ops_has(drop: Drop) -> None:
    """Two items and one work: under one id, a file by hand would take items out of the series of the service."""
    data = (Path(__file__).parent / "fixtures" / "epo_ops" / "search_with_biblio.xml").read_bytes()
    found = {one.id: one for one in load_source("epo_ops").parse_items(io.BytesIO(data)) if isinstance(one, Item)}
    drop.put("docdb/answer.xml", data)
    dropped = drop.crawl().items
    assert {name.split(":")[1] for name in dropped} == {name.split(":")[1] for name in found}
    assert not dropped.keys() & found.keys()
    for name, item in found.items():
        twin = dropped[name.replace("epo:", "drop:")]
        assert twin.model_copy(update={"id": item.id, "source": item.source}) == item
        assert {key.digest for key in keys_of(twin)} >= {key.digest for key in keys_of(item)}


def test_a_file_that_cannot_be_read_is_no_complete_week(drop: Drop) -> None:
    """A weekly file that was cut short may hold thousands of patents."""
    drop.put("uspto_grants/one.xml", ONE)
    drop.put("uspto_grants/half.zip", zipped(two__xml=TWO)[:-30])
    outcome = drop.crawl()
    assert (outcome.status, outcome.ids) == ("PARTIAL", IDS[:1])
    assert "uspto_grants/half.zip" in (outcome.reason or "")


def test_a_file_is_read_once_whatever_its_name_and_week(drop: Drop) -> None:
    drop.put("uspto_grants/one.xml", ONE)
    assert drop.crawl("w1").ids == IDS[:1]
    drop.put("uspto_grants/renamed.xml", ONE)
    drop.put("uspto_grants/two.xml", TWO)
    second = drop.crawl("w2")
    assert second.ids == IDS[1:2]
    assert drop.crawl("w3").status == "NO_RESULTS"


def test_the_same_content_twice_is_read_once_and_told(drop: Drop) -> None:
    drop.put("uspto_grants/one.xml", ONE)
    drop.put("uspto_grants/again.xml", ONE)
    outcome = drop.crawl()
    assert (outcome.tally.records, outcome.codes) == (1, ["drop-duplicate"])


def test_a_killed_crawl_loses_nothing_and_the_next_window_takes_over(drop: Drop) -> None:
    drop.put("uspto_grants/one.xml", ONE)
    drop.crawl("w1", killed=True)
    assert drop.crawl("w1").ids == IDS[:1]
    drop.put("uspto_grants/two.xml", TWO)
    drop.crawl("w2", killed=True)
    assert drop.crawl("w3").ids == IDS[1:2]


def test_what_a_failed_crawl_had_taken_is_read_by_the_next(drop: Drop) -> None:
    drop.put("uspto_grants/one.xml", ONE)
    drop.crawl("w1")
    (drop.data_dir / "crawls" / "drop" / "w1" / "fetch.json").write_text('{"status": "ERROR"}')
    assert drop.crawl("w2").ids == IDS[:1]


def test_the_same_crawl_run_again_gives_the_same_items(drop: Drop) -> None:
    drop.put("uspto_grants/one.xml", ONE)
    assert drop.crawl("w1").ids == drop.crawl("w1").ids == IDS[:1]


def test_a_file_that_grows_is_waited_for(drop: Drop) -> None:
    path = drop.put("uspto_grants/slow.xml", ONE[:100])

    def copy_on() -> None:
        if path.stat().st_size < len(ONE):
            path.write_bytes(ONE[: path.stat().st_size + 600])

    drop.meanwhile = copy_on
    outcome = drop.crawl()
    assert (outcome.status, outcome.ids) == ("OK", IDS[:1])
    assert drop.waits[0] == SOURCE.options_as(Options).settle_s


def test_a_file_that_never_ends_is_left_for_the_next_crawl_and_told(drop: Drop) -> None:
    path = drop.put("uspto_grants/slow.xml", ONE)
    drop.put("uspto_grants/two.xml", TWO)

    def grow() -> None:
        path.write_bytes(path.read_bytes() + b" ")

    drop.meanwhile = grow
    outcome = drop.crawl("w1")
    assert (outcome.status, outcome.ids, outcome.codes) == ("PARTIAL", IDS[1:2], ["drop-unfinished"])
    drop.meanwhile = lambda: None
    assert drop.crawl("w2").ids == IDS[:1]


@pytest.mark.parametrize("name", ["one.xml.part", "one.zip.crdownload", ".one.xml", "~one.xml", ".hidden/one.xml"])
def test_names_of_files_on_their_way_are_left_alone(drop: Drop, name: str) -> None:
    drop.put(f"uspto_grants/{name}", ONE)
    assert drop.crawl().status == "NO_RESULTS"


@pytest.mark.parametrize(
    "data",
    [
        b"<html>Sign in</html>",
        zipped(a__xml=ONE * 20)[:-40],
        gzip.compress(ONE * 20)[:-40],
        zipped(a__xml=ONE * 20)[:60] + b"\x00" * 9 + zipped(a__xml=ONE * 20)[69:],
        b"PK\x03\x04 no zip",
    ],
)
def test_an_unreadable_file_is_told_every_time_and_stops_no_other(drop: Drop, data: bytes) -> None:
    drop.put("uspto_grants/bad.zip", data)
    drop.put("uspto_grants/one.xml", ONE)
    first, second = drop.crawl("w1"), drop.crawl("w2")
    assert IDS[0] in first.ids
    assert first.codes == second.codes == ["drop-unreadable"]
    assert "uspto_grants/bad.zip" in first.tally.refused
    assert second.status == "ERROR"


def test_a_mended_file_is_read(drop: Drop) -> None:
    drop.put("uspto_grants/bad.zip", b"<html>")
    drop.crawl("w1")
    drop.put("uspto_grants/bad.zip", zipped(a__xml=ONE))
    assert drop.crawl("w2").ids == IDS[:1]


def test_a_folder_of_no_source_is_named(drop: Drop) -> None:
    drop.put("pictures/one.xml", ONE)
    drop.put("stray.xml", ONE)
    outcome = drop.crawl()
    assert (outcome.status, outcome.codes) == ("NO_RESULTS", ["drop-unknown", "drop-unknown"])


def test_no_name_in_a_zip_becomes_a_path(drop: Drop) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../escaped.xml", ONE)
        archive.writestr("/absolute.xml", TWO)
    drop.put("uspto_grants/sly.zip", packed.getvalue())
    assert drop.crawl().ids == IDS[:2]
    assert sorted(path.name for path in drop.data_dir.rglob("*.xml")) == []


def test_a_link_out_of_the_folder_is_not_followed(drop: Drop, tmp_path: Path) -> None:
    outside = tmp_path / "outside.xml"
    outside.write_bytes(ONE)
    drop.put("uspto_grants/two.xml", TWO)
    (drop.root / "uspto_grants" / "link.xml").symlink_to(outside)
    assert drop.crawl().ids == IDS[1:2]


def test_a_damaged_ledger_costs_a_second_reading_not_a_file(drop: Drop) -> None:
    drop.put("uspto_grants/one.xml", ONE)
    drop.crawl("w1")
    (drop.root / ".read.jsonl").write_bytes(b"{")
    outcome = drop.crawl("w2")
    assert (outcome.ids, outcome.codes) == (IDS[:1], ["drop-ledger-damaged"])


def test_the_ledger_is_the_same_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    ledgers = []
    for folder, order in (("a", (ONE, TWO)), ("b", (TWO, ONE))):
        drop = Drop(tmp_path / folder)
        for data in order:
            drop.put(f"uspto_grants/{data.count(b'12900001')}.xml", data)
        drop.crawl()
        ledgers.append((drop.root / ".read.jsonl").read_bytes())
    assert ledgers[0] == ledgers[1]
