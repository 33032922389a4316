"""OAI-PMH in both directions: another author's client (sickle) against our server, and our client against it.

What is expected is arXiv's documented behaviour: https://info.arxiv.org/help/oa/index.html and the protocol itself.
"""

import asyncio
import re
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
import sickle  # type: ignore[import-untyped]  # it ships no types
from lxml import etree
from sickle import oaiexceptions

from scrapers.dialects.oai_pmh import OaiHarvest, Options
from scrapers.exchange import Answer, Call
from scrapers.health import judge
from scrapers.items_file import ItemSpool, read_items
from scrapers.replay.arxiv_oai import ArxivOai, error_response
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.world import ListedWorld, Paper
from scrapers.source import Source, load_source
from scrapers.walk import Window
from tests.scrapers.replay.conftest import NOW, make_paper, numbered

FIRST, LAST = date(2026, 11, 16), date(2026, 11, 19)
EVERYTHING = {"metadataPrefix": "arXivRaw", "from": str(FIRST), "until": str(LAST)}
PAPERS: list[Paper] = [
    *numbered(7, date(2026, 11, 16)),
    *numbered(7, date(2026, 11, 17), 101),
    *numbered(9, date(2026, 11, 18), 201),
    make_paper("math/0301012", date(2026, 11, 19), "math.AG cs.CG"),
    make_paper("2601.00007", date(2026, 11, 19), "eess.SY cs.IT", comments="withdrawn: SIMULATED", withdrawn=True),
]
IDS = sorted(f"oai:arXiv.org:{paper.id}" for paper in PAPERS)


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with serve(ListedWorld(PAPERS), NOW) as running:
        feed = running.feeds["arxiv"]
        assert isinstance(feed, ArxivOai)
        feed.records_a_page, feed.identifiers_a_page = 5, 9
        yield running


@pytest.fixture(params=["GET", "POST"])
def client(request: pytest.FixtureRequest, server: ReplayServer) -> Any:
    return sickle.Sickle(server.url + "/arxiv/oai", http_method=request.param, encoding="utf-8", timeout=10)


# ---- sickle against our server ---------------------------------------------------------------------------------------


def test_identify(client: Any) -> None:
    found = client.Identify()
    assert (found.repositoryName, found.protocolVersion, found.adminEmail) == ("arXiv", "2.0", "help@arxiv.org")
    assert (found.earliestDatestamp, found.deletedRecord, found.granularity) == (
        "2005-09-16",
        "persistent",
        "YYYY-MM-DD",
    )
    assert found.baseURL.endswith("/arxiv/oai")


def test_list_metadata_formats(client: Any) -> None:
    names = [found.metadataPrefix for found in client.ListMetadataFormats()]
    assert sorted(names) == ["arXiv", "arXivOld", "arXivRaw", "oai_dc"]
    assert len(list(client.ListMetadataFormats(identifier=IDS[0]))) == 4


def test_list_sets_is_not_paged_and_goes_down_to_categories(client: Any) -> None:
    sets = {found.setSpec: found.setName for found in client.ListSets()}
    assert {"cs", "cs:cs", "cs:cs:LG", "physics:hep-th", "physics:physics:plasm-ph", "q-bio:q-bio:QM"} <= set(sets)
    assert all(sets.values())


def test_list_identifiers_over_all_pages(client: Any) -> None:
    headers = list(client.ListIdentifiers(**EVERYTHING))
    assert sorted(header.identifier for header in headers) == IDS
    assert not any(header.deleted for header in headers)
    assert {header.datestamp for header in headers} == {str(paper.announced) for paper in PAPERS}


@pytest.mark.parametrize("prefix", ["oai_dc", "arXiv", "arXivOld", "arXivRaw"])
def test_list_records_follows_the_tokens_to_the_end(client: Any, prefix: str) -> None:
    records = list(client.ListRecords(**(EVERYTHING | {"metadataPrefix": prefix})))
    assert sorted(record.header.identifier for record in records) == IDS
    assert all(record.metadata for record in records)


def test_tokens_have_arxivs_form_and_end_with_an_empty_one(server: ReplayServer) -> None:
    client = sickle.Sickle(
        server.url + "/arxiv/oai", iterator=sickle.iterator.OAIResponseIterator, encoding="utf-8", timeout=10
    )
    pages = [page.xml for page in client.ListRecords(**EVERYTHING)]
    tokens = [page.find(".//{*}resumptionToken") for page in pages]
    assert len(pages) == 5
    assert tokens[-1].text is None
    for token in tokens[:-1]:
        carried = dict(pair.split("=") for pair in unquote(token.text).split("&"))
        assert set(carried) == {"verb", "metadataPrefix", "from", "until", "skip"}
        assert token.get("expirationDate").endswith("T00:00:00Z")
        assert token.get("cursor") is token.get("completeListSize") is None


def test_sets_select_and_cross_lists_belong_to_them(client: Any) -> None:
    found = client.ListIdentifiers(metadataPrefix="arXivRaw", set="cs:cs:IT")
    assert [header.identifier for header in found] == ["oai:arXiv.org:2601.00007"]
    (header,) = client.ListIdentifiers(metadataPrefix="arXivRaw", set="math:math:AG")
    assert header.setSpecs


def test_get_record(client: Any) -> None:
    record = client.GetRecord(identifier="oai:arXiv.org:math/0301012", metadataPrefix="arXivRaw")
    assert record.header.identifier == "oai:arXiv.org:math/0301012"
    assert record.metadata["id"] == ["math/0301012"]
    assert record.metadata["version"]


@pytest.mark.parametrize(
    ("verb", "arguments", "error"),
    [
        ("ListRecords", {"metadataPrefix": "arXivRaw", "from": "2026-11-21"}, oaiexceptions.NoRecordsMatch),
        ("ListRecords", {"metadataPrefix": "marc21"}, oaiexceptions.CannotDisseminateFormat),
        ("GetRecord", {"identifier": IDS[0], "metadataPrefix": "marc21"}, oaiexceptions.CannotDisseminateFormat),
        (
            "GetRecord",
            {"identifier": "oai:arXiv.org:9999.99999", "metadataPrefix": "arXiv"},
            oaiexceptions.IdDoesNotExist,
        ),
        ("GetRecord", {"identifier": IDS[0]}, oaiexceptions.BadArgument),
        ("GetRecord", {"identifier": "nothing", "metadataPrefix": "arXiv"}, oaiexceptions.BadArgument),
        ("ListRecords", {}, oaiexceptions.BadArgument),
        ("ListRecords", {"metadataPrefix": "arXiv", "colour": "red"}, oaiexceptions.BadArgument),
        ("ListRecords", {"metadataPrefix": "arXiv", "set": "cs.LG"}, oaiexceptions.BadArgument),
        ("ListRecords", {"metadataPrefix": "arXiv", "from": "2026-11-16T00:00:00Z"}, oaiexceptions.BadArgument),
        ("ListRecords", {"metadataPrefix": "arXiv", "from": "2005-09-15"}, oaiexceptions.BadArgument),
        ("ListRecords", {"metadataPrefix": "arXiv", "until": "2026-11-27"}, oaiexceptions.BadArgument),
        (
            "ListRecords",
            {"metadataPrefix": "arXiv", "from": "2026-11-18", "until": "2026-11-16"},
            oaiexceptions.BadArgument,
        ),
        ("ListRecords", {"resumptionToken": "nonsense"}, oaiexceptions.BadResumptionToken),
        ("ListIdentifiers", {"resumptionToken": "verb%3DListRecords%26skip%3D1"}, oaiexceptions.BadResumptionToken),
        ("ListRecords", {"resumptionToken": "x", "metadataPrefix": "arXiv"}, oaiexceptions.BadArgument),
        ("ListSets", {"resumptionToken": "x"}, oaiexceptions.BadArgument),
        ("ListMetadataFormats", {"identifier": "nothing"}, oaiexceptions.BadArgument),
        ("ListMetadataFormats", {"identifier": "oai:arXiv.org:9912.99999"}, oaiexceptions.IdDoesNotExist),
        ("ListIdentifiers", {"metadataPrefix": "arXivRaw", "from": "2026-11-21"}, oaiexceptions.NoRecordsMatch),
        ("ListIdentifiers", {"metadataPrefix": "marc21"}, oaiexceptions.CannotDisseminateFormat),
        ("ListIdentifiers", {}, oaiexceptions.BadArgument),
        ("GetRecord", {"metadataPrefix": "arXiv"}, oaiexceptions.BadArgument),
        ("GetRecord", {"identifier": IDS[0], "metadataPrefix": "arXiv", "set": "cs"}, oaiexceptions.BadArgument),
    ],
)
def test_every_error_is_the_protocols_own(
    client: Any, verb: str, arguments: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(getattr(client, verb)(**arguments))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("verb=Harvest", "badVerb"),
        ("", "badVerb"),
        ("verb=Identify&verb=ListSets", "badArgument"),
        ("verb=Identify&set=cs", "badArgument"),
    ],
)
def test_what_sickle_cannot_ask_is_answered_by_the_protocol_too(server: ReplayServer, query: str, code: str) -> None:
    with urllib.request.urlopen(f"{server.url}/arxiv/oai?{query}", timeout=10) as answer:
        assert answer.status == 200
        root = etree.fromstring(answer.read())
    assert [error.get("code") for error in root.iter("{*}error")] == [code]


def test_a_spent_token_matches_no_records(client: Any) -> None:
    token = urlencode({"verb": "ListRecords", "metadataPrefix": "arXiv", "from": str(LAST), "skip": 99})
    with pytest.raises(oaiexceptions.NoRecordsMatch):
        list(client.ListRecords(resumptionToken=token))


def test_the_old_address_leads_to_the_new(server: ReplayServer) -> None:
    client = sickle.Sickle(server.url + "/arxiv/oai2", encoding="utf-8", timeout=10)
    assert client.Identify().repositoryName == "arXiv"


# ---- our client against our server, and both clients compared --------------------------------------------------------


Damage = Callable[[str, int, bytes], bytes]
"""From the verb, how often it was asked before, and the right body to the one that our client gets."""


def harvest(
    server: ReplayServer,
    source: Source,
    folder: Path,
    damage: Damage = lambda verb, times, body: body,
    days: tuple[date, date] = (FIRST, LAST),
) -> tuple[str, list[str], str]:
    """Our client over real HTTP, politeness left out: the verdict, the ids and the reason."""
    asked: Counter[str] = Counter()

    async def exchange(call: Call) -> Answer:
        verb = call.url.partition("verb=")[2].partition("&")[0]
        with urllib.request.urlopen(call.url, timeout=10) as answer:
            body = damage(verb, asked[verb], answer.read())
        asked[verb] += 1
        return Answer(answer.status, {}, body)

    async def pause(seconds: float) -> None:
        return None

    window = Window(source, server.url + "/arxiv/oai", *days, server_date=NOW.date())
    with ItemSpool(folder) as spool:
        walk = OaiHarvest(window, folder, spool, exchange, pause)
        asyncio.run(walk.run())
        spool.write(folder / "items.jsonl.gz")
    items = [item.id.replace("arxiv:", "oai:arXiv.org:") for item in read_items(folder)]
    status, reason = judge(walk.tally, len(items), source)
    return status, items, reason or ""


def with_options(**changes: str) -> Source:
    source = load_source("arxiv")
    options = source.options_as(Options).model_copy(update=changes)
    return source.model_copy(update={"options": options})


def test_our_client_and_sickle_get_the_same_papers_from_our_server(server: ReplayServer, tmp_path: Path) -> None:
    client = sickle.Sickle(server.url + "/arxiv/oai", encoding="utf-8", timeout=10)
    theirs = sorted(record.header.identifier for record in client.ListRecords(**EVERYTHING))
    status, ours, _ = harvest(server, load_source("arxiv"), tmp_path)
    assert (status, sorted(ours)) == ("OK", theirs)


def test_our_client_within_a_set(server: ReplayServer, tmp_path: Path) -> None:
    status, ours, _ = harvest(server, with_options(set="cs:cs:IT"), tmp_path)
    assert (status, ours) == ("OK", ["oai:arXiv.org:2601.00007"])


def test_our_client_follows_arxivs_tokens_and_asks_for_them_alone(server: ReplayServer, tmp_path: Path) -> None:
    server.clear_log()
    harvest(server, load_source("arxiv"), tmp_path)
    continued = [seen.query for seen in server.requests if "resumptionToken" in seen.query]
    assert len(continued) == 4 + 2
    assert all("metadataPrefix=" not in query.split("resumptionToken=")[0] for query in continued)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"set": "cs.LG"}, "badArgument"),
        ({"metadata_prefix": "marc21"}, "cannotDisseminateFormat"),
    ],
)
def test_our_client_tells_what_the_server_refused(
    server: ReplayServer, tmp_path: Path, options: dict[str, str], code: str
) -> None:
    status, ours, reason = harvest(server, with_options(**options), tmp_path)
    assert (status, ours) == ("ERROR", [])
    assert code in reason


def test_our_client_knows_an_empty_window_from_a_refusal(server: ReplayServer, tmp_path: Path) -> None:
    days = (date(2026, 11, 21), date(2026, 11, 21))
    assert harvest(server, load_source("arxiv"), tmp_path, days=days)[:2] == ("NO_RESULTS", [])


_CODES = (
    *("badArgument", "badResumptionToken", "badVerb", "cannotDisseminateFormat", "idDoesNotExist"),
    *("noMetadataFormats", "noRecordsMatch", "noSetHierarchy"),
)
"""All of the protocol: https://www.openarchives.org/OAI/openarchivesprotocol.html#ErrorConditions"""


_OLD_RECORD = rb"<record>\s*<header[^>]*><identifier>oai:arXiv.org:math/0301012<.*?</record>"


def _refuse(code: str, verb: str, times: int) -> Damage:
    """This code in place of the first answers to a verb."""
    refusal = error_response(code, "refused", "http://127.0.0.1/arxiv/oai", NOW).body
    return lambda asked, before, body: refusal if asked == verb and before < times else body


@pytest.mark.parametrize("code", _CODES)
def test_no_code_in_place_of_the_records_passes_for_a_whole_week(
    server: ReplayServer, tmp_path: Path, code: str
) -> None:
    status, ours, reason = harvest(server, load_source("arxiv"), tmp_path, _refuse(code, "ListRecords", 99))
    # After "nothing matches" the list of identifiers tells what is missing, and all is fetched singly.
    repaired = code == "noRecordsMatch"
    assert (status, sorted(ours)) == ("OK", IDS) if repaired else (status, ours, bool(reason)) == ("ERROR", [], True)


@pytest.mark.parametrize("code", _CODES)
def test_no_code_in_place_of_a_later_page_loses_a_record(server: ReplayServer, tmp_path: Path, code: str) -> None:
    refusal = _refuse(code, "ListRecords", 99)

    def second(verb: str, times: int, body: bytes) -> bytes:
        return refusal(verb, times, body) if times == 1 else body

    status, ours, reason = harvest(server, load_source("arxiv"), tmp_path, second)
    assert (status, sorted(ours)) == ("OK", IDS), reason


@pytest.mark.parametrize("code", _CODES)
def test_no_code_in_place_of_the_identifiers_passes_for_a_check(
    server: ReplayServer, tmp_path: Path, code: str
) -> None:
    status, ours, reason = harvest(server, load_source("arxiv"), tmp_path, _refuse(code, "ListIdentifiers", 99))
    assert sorted(ours) == IDS
    assert status == "PARTIAL", reason


@pytest.mark.parametrize("code", _CODES)
def test_a_record_that_is_listed_and_refused_by_any_code_is_missing(
    server: ReplayServer, tmp_path: Path, code: str
) -> None:
    refusal = _refuse(code, "GetRecord", 99)

    def lose(verb: str, times: int, body: bytes) -> bytes:
        if verb == "ListRecords":
            return re.sub(_OLD_RECORD, b"", body, flags=re.DOTALL)
        return refusal(verb, times, body)

    status, ours, reason = harvest(server, load_source("arxiv"), tmp_path, lose)
    assert sorted(ours) == [name for name in IDS if "math" not in name]
    assert (status, "1 of 25" in reason) == ("PARTIAL", True), reason
