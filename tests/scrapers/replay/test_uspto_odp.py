"""The portal's double: keys, listings, signed addresses, and the same files whenever they are asked for."""

import io
import json
import zipfile
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from horizon.records import Issue
from scrapers.parsers.uspto_xml import parse_items
from scrapers.replay.faults import Fault, Saboteur
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.uspto_documents import patents, weekly_file
from scrapers.replay.uspto_odp import DOWNLOADS_A_YEAR, UsptoOdp
from scrapers.replay.world import ListedWorld
from tests.scrapers.uspto_portal import NOW, WORLD

API = "http://127.0.0.1:9/uspto/api/v1/datasets/products"
FILE = f"{API}/files/PTGRXML/2026/ipg260310.zip"
KEY = {"x-api-key": "SIMULATED"}


def ask(feed: UsptoOdp, url: str, headers: dict[str, str] | None = None, now: datetime = NOW) -> Response:
    parts = urlsplit(url)
    sent = KEY if headers is None else headers
    request = Request("GET", parts.path, parts.query, tuple(parse_qsl(parts.query)), "http://127.0.0.1:9", sent)
    return feed.answer(request, Stage(WORLD, now))


def listing(feed: UsptoOdp, since: str, until: str, now: datetime = NOW, **more: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in more.items())
    url = f"{API}/PTGRXML?fileDataFromDate={since}&fileDataToDate={until}&{query}"
    found: dict[str, Any] = json.loads(ask(feed, url, now=now).body)
    return found


def names(answer: dict[str, Any]) -> list[str]:
    return [row["fileName"] for row in answer["bulkDataProductBag"][0]["productFileBag"]["fileDataBag"]]


def test_no_key_a_wrong_key_and_no_result_have_their_own_words() -> None:
    feed = UsptoOdp()
    assert ask(feed, FILE, {}).status == 401
    wrong = ask(feed, FILE, {"x-api-key": "x"})
    assert (wrong.status, json.loads(wrong.body)) == (403, {"code": 403, "error": "Forbidden"})
    nothing = ask(feed, f"{API}/PTGRXML?fileDataFromDate=2026-03-13&fileDataToDate=2026-03-15")
    assert nothing.status == 404
    assert json.loads(nothing.body)["errorDetails"].startswith("No matching records found")


def test_a_download_is_a_redirect_to_another_host_signed_for_five_seconds() -> None:
    now = [100.0]
    feed = UsptoOdp(clock=lambda: now[0])
    answer = ask(feed, FILE)
    assert answer.status == 302
    signed = answer.headers["Location"]
    assert urlsplit(signed).hostname == "localhost"
    now[0] += 4.9
    assert ask(feed, signed, {}).status == 200
    now[0] += 0.2
    assert ask(feed, signed, {}).status == 403
    assert ask(feed, signed.replace("Signature=", "Signature=0"), {}).status == 403


def test_the_storage_notices_a_key() -> None:
    feed = UsptoOdp()
    ask(feed, ask(feed, FILE).headers["Location"])
    assert feed.leaked == 1


def test_a_file_has_twenty_downloads() -> None:
    feed = UsptoOdp()
    assert {ask(feed, FILE).status for _ in range(DOWNLOADS_A_YEAR)} == {302}
    assert ask(feed, FILE).status == 429


def test_the_list_is_sorted_by_release_its_counts_disagree_and_a_dtd_is_in_it() -> None:
    answer = listing(UsptoOdp(), "2026-01-01", "2026-03-15", limit="100")
    rows = answer["bulkDataProductBag"][0]["productFileBag"]["fileDataBag"]
    released = [row["fileReleaseDate"] for row in rows]
    assert released == sorted(released, reverse=True)
    assert answer["bulkDataProductBag"][0]["productFileTotalQuantity"] != len(rows)
    assert [row["fileTypeText"] for row in rows].count("Document") == 1
    assert any("_r2" in name for name in names(answer))


def test_a_correction_is_listed_when_it_is_out() -> None:
    feed = UsptoOdp()
    later = names(listing(feed, "2026-01-01", "2026-03-15", limit="100"))
    (name,) = [name for name in later if "_r2" in name]
    day = datetime.strptime(name[3:9] + "+0000", "%y%m%d%z")
    sooner = names(listing(feed, "2026-01-01", "2026-03-15", day.replace(hour=12), limit="100"))
    assert name not in sooner
    assert name.replace("_r2", "") in sooner


def test_pages_follow_the_offset() -> None:
    feed = UsptoOdp()
    whole = names(listing(feed, "2026-01-01", "2026-03-15", limit="100"))
    first = names(listing(feed, "2026-01-01", "2026-03-15", limit="5"))
    rest = names(listing(feed, "2026-01-01", "2026-03-15", limit="100", offset="5"))
    assert first + rest == whole


def test_a_file_is_the_same_whenever_it_is_asked_for() -> None:
    bodies = set()
    for now in (NOW, NOW.replace(month=6)):
        feed = UsptoOdp()
        bodies.add(ask(feed, ask(feed, FILE, now=now).headers["Location"], {}, now).body)
    (body,) = bodies
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["ipg260310.xml"]
        assert archive.read("ipg260310.xml").count(b"<us-patent-grant ") == len(
            patents(WORLD, "grant", date(2026, 3, 10))
        )


def test_a_paper_becomes_a_patent_once() -> None:
    days = [date.fromordinal(date(2026, 1, 6).toordinal() + 7 * week) for week in range(10)]
    found = [one.paper.id for day in days for one in patents(WORLD, "grant", day)]
    assert found
    assert len(found) == len(set(found))


@pytest.mark.parametrize(("fault", "status"), [("forbidden", 403), ("quota", 429), ("no_records", 404)])
def test_faults_speak_the_portals_words(fault: str, status: int) -> None:
    feed = UsptoOdp()
    request = Request("GET", urlsplit(FILE).path, "", (), "http://127.0.0.1:9", KEY)
    saboteur = Saboteur([Fault.model_validate({"fault": fault})])
    right = feed.answer(request, Stage(WORLD, NOW))
    answer = saboteur.alter(saboteur.strike(request), request, right, NOW, feed)
    assert (answer.status, json.loads(answer.body)["code"]) == (status, status)


def test_an_empty_world_has_empty_files() -> None:
    assert patents(ListedWorld(WORLD.describe([0])), "grant", date(2020, 1, 7)) == []


def test_a_week_without_a_patent_is_a_file_that_can_be_read() -> None:
    (remark,) = parse_items(io.BytesIO(b"".join(weekly_file([]))))
    assert isinstance(remark, Issue)
    assert remark.code == "root-skipped"
