"""The archive of raw answers: nothing twice, nothing lost, and read again without a crawl."""

import gzip
import hashlib
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from horizon.records import Issue, Item
from scrapers.archive import archive_crawl, archived_pages, parse_archive, reread
from scrapers.crawl import parse_file
from scrapers.items_file import read_items
from scrapers.parsers import arxiv_raw
from scrapers.parsers.xml_stream import fold
from scrapers.source import load_source
from tests.scrapers.feed_server import Feed, papers
from tests.scrapers.test_oai_harvest import walk

SOURCE = load_source("arxiv")
FIXTURE = Path(__file__).parent / "fixtures/arxiv/ordinary.xml"
DAY = date(2026, 3, 2)


@pytest.fixture
def crawled(tmp_path: Path) -> Path:
    folder = tmp_path / "crawls/2026-03-02-to-2026-03-08"
    folder.mkdir(parents=True)
    walk(Feed(papers(35, DAY), hidden={"2603.00012"}), folder)
    return folder


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.gz"))


def test_every_answer_is_kept_once_under_its_digest(crawled: Path, tmp_path: Path) -> None:
    root = tmp_path / "raw"
    assert archive_crawl(crawled, root, "arxiv") == len(files(root)) == 4 + 4 + 1
    before = [(path, path.stat().st_ino) for path in files(root)]
    archive_crawl(crawled, root, "arxiv")
    assert [(path, path.stat().st_ino) for path in files(root)] == before
    assert all(path.parent.name == path.name[:2] for path in files(root))
    pages = list(archived_pages(root, "arxiv"))
    assert [page.number for page in pages if page.folder == "pages"] == [1, 2, 3, 4]
    assert {page.crawl for page in pages} == {"2026-03-02-to-2026-03-08"}


def test_a_page_that_a_later_crawl_overwrites_stays_in_the_archive(crawled: Path, tmp_path: Path) -> None:
    root = tmp_path / "raw"
    archive_crawl(crawled, root, "arxiv")
    kept = {path: path.read_bytes() for path in files(root)}
    for path in crawled.rglob("*.gz"):
        path.unlink()
    for path in crawled.rglob("0*.json"):
        path.unlink()
    walk(Feed(papers(20, DAY)), crawled)
    archive_crawl(crawled, root, "arxiv")
    assert all(path.read_bytes() == body for path, body in kept.items())
    assert {item.id for item in parse_archive(SOURCE, root) if isinstance(item, Item)} >= {"arxiv:2603.00034"}


def test_the_archive_alone_gives_the_items_of_the_crawl(crawled: Path, tmp_path: Path) -> None:
    archive_crawl(crawled, tmp_path / "raw", "arxiv")
    assert reread(SOURCE, tmp_path / "raw", tmp_path / "again") == []
    assert list(read_items(tmp_path / "again")) == list(read_items(crawled))
    assert (tmp_path / "again/items.jsonl.gz").read_bytes() == (crawled / "items.jsonl.gz").read_bytes()


def test_a_mended_parser_reads_the_same_bytes_anew(
    crawled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive_crawl(crawled, tmp_path / "raw", "arxiv")
    monkeypatch.setattr(arxiv_raw, "fold", lambda text: fold(text).replace("SIMULATED paper", "SIMULATED work"))
    reread(SOURCE, tmp_path / "raw", tmp_path / "again")
    assert {item.title.split(" ")[1] for item in read_items(tmp_path / "again")} == {"work"}


def test_a_bulk_file_is_kept_as_it_came_and_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "crawls/2026-03-02-to-2026-03-08/files"
    folder.mkdir(parents=True)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(FIXTURE, "inside.xml")
    for name, data in (("week.zip", b"damaged"), ("week_r1.zip", body.getvalue()), ("unvouched.zip", b"x")):
        (folder / name).write_bytes(data)
        if name != "unvouched.zip":
            told = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            (folder / f"{name}.json").write_text(json.dumps(told))
    assert archive_crawl(folder.parent, tmp_path / "raw", "arxiv") == 2
    assert [page.state["name"] for page in archived_pages(tmp_path / "raw", "arxiv")] == ["week_r1.zip", "week.zip"]
    kept = sorted((tmp_path / "raw").rglob("*.bin"))
    assert body.getvalue() in [path.read_bytes() for path in kept]
    items = {item.id for item in parse_archive(SOURCE, tmp_path / "raw") if isinstance(item, Item)}
    assert items == {item.id for item in parse_file("arxiv", FIXTURE) if isinstance(item, Item)} != set()


@pytest.mark.parametrize("damage", ["lost", "cut", "other"])
def test_a_damaged_answer_is_an_issue_and_the_others_are_read(crawled: Path, tmp_path: Path, damage: str) -> None:
    root = tmp_path / "raw"
    archive_crawl(crawled, root, "arxiv")
    page = next(page for page in archived_pages(root, "arxiv") if page.folder == "pages")
    place = root / "arxiv" / page.sha256[:2] / f"{page.sha256}.gz"
    damages = {"lost": None, "cut": place.read_bytes()[:-20], "other": gzip.compress(b"<other/>")}
    place.unlink()
    if (data := damages[damage]) is not None:
        place.write_bytes(data)
    found: list[Any] = list(parse_archive(SOURCE, root))
    assert [issue.code for issue in found if isinstance(issue, Issue)] == ["raw-page-unreadable"]
    assert len({item.id for item in found if isinstance(item, Item)}) == 25
