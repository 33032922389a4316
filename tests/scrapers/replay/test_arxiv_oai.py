"""Each line that feeds-arxiv-lifescience.md (sections 1 and 4) says about arXiv's OAI-PMH service."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from scrapers.replay.arxiv_oai import ArxivOai, make_token
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.world import ListedWorld
from tests.scrapers.replay.conftest import NOW, Ask, error_code, identifiers, numbered, request_of, token_of

RAW = {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}
HEADERS = {"verb": "ListIdentifiers", "metadataPrefix": "arXivRaw"}


def follow(ask: Ask, **params: str) -> list[etree._Element]:
    """All pages of a list."""
    pages = [ask(**params)]
    while token := token_of(pages[-1]):
        pages.append(ask(verb=params["verb"], resumptionToken=token))
        assert len(pages) < 100
    return pages


def decoded(token: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(unquote(token)).items()}


def test_the_old_address_is_moved_permanently_with_its_query(feed: ArxivOai, stage: Stage) -> None:
    response = feed.answer(request_of("/arxiv/oai2", verb="Identify"), stage)
    assert response.status == 301
    assert response.headers["Location"] == "http://127.0.0.1:1/arxiv/oai?verb=Identify"


def test_identify(ask: Ask) -> None:
    root = ask(verb="Identify")
    shown = {etree.QName(e).localname: e.text for e in root.iterfind("{*}Identify/*")}
    assert shown == {
        "repositoryName": "arXiv",
        "baseURL": "http://127.0.0.1:1/arxiv/oai",
        "protocolVersion": "2.0",
        "adminEmail": "help@arxiv.org",
        "earliestDatestamp": "2005-09-16",
        "deletedRecord": "persistent",
        "granularity": "YYYY-MM-DD",
    }
    assert root.findtext("{*}responseDate") == "2026-11-24T09:00:00Z"


def test_metadata_formats(ask: Ask) -> None:
    names = {"oai_dc", "arXiv", "arXivOld", "arXivRaw"}
    assert {e.text for e in ask(verb="ListMetadataFormats").iter("{*}metadataPrefix")} == names
    one = ask(verb="ListMetadataFormats", identifier="oai:arXiv.org:2611.00001")
    assert {e.text for e in one.iter("{*}metadataPrefix")} == names


def test_sets_have_up_to_three_levels_and_are_never_paged(ask: Ask) -> None:
    root = ask(verb="ListSets")
    names = [str(e.text) for e in root.iter("{*}setSpec")]
    expected = {
        "cs",
        "cs:cs",
        "cs:cs:LG",
        "physics:hep-th",
        "physics:physics:plasm-ph",
        "eess:eess:SP",
        "q-bio:q-bio:QM",
    }
    assert expected <= set(names)
    assert len(names) == len(set(names)) > 150
    assert token_of(root) is None
    assert names.index("cs") < names.index("cs:cs") < names.index("cs:cs:LG")


@pytest.mark.parametrize(
    "params",
    [
        {"verb": "Identify", "set": "cs"},
        {"verb": "ListSets", "resumptionToken": "x"},
        {"verb": "ListSets", "set": "cs"},
        {"verb": "ListMetadataFormats", "set": "cs"},
        {"verb": "ListMetadataFormats", "identifier": "2611.00001"},
        {"verb": "ListRecords"},
        {**RAW, "colour": "green"},
        {**RAW, "resumptionToken": make_token(RAW, 0)},
        {**RAW, "since": "2026-11-16T00:00:00Z"},
        {**RAW, "since": "16 November"},
        {**RAW, "until": "2026-02-30"},
        {**RAW, "since": "2005-09-15"},
        {**RAW, "since": "2026-11-20", "until": "2026-11-19"},
        {**RAW, "until": "2026-11-25"},
        {**RAW, "set": "cs.LG"},
        {**RAW, "set": "physics:cs"},
        {**RAW, "set": "cs:cs:XX"},
        {**RAW, "set": "cs:cs:LG:deep"},
        {"verb": "GetRecord", "identifier": "oai:arXiv.org:2611.00001"},
        {"verb": "GetRecord", "identifier": "oai:arXiv.org:not an id", "metadataPrefix": "arXivRaw"},
        {"verb": "GetRecord", "identifier": "2611.00001", "metadataPrefix": "arXivRaw"},
    ],
)
def test_bad_arguments_are_errors_with_status_200(ask: Ask, params: dict[str, str]) -> None:
    root = ask(**params)
    assert error_code(root) == "badArgument"
    request = root.find("{*}request")
    assert request is not None
    assert not request.attrib


def test_a_repeated_argument_is_bad(feed: ArxivOai, stage: Stage) -> None:
    params = (("verb", "ListRecords"), ("metadataPrefix", "arXivRaw"), ("metadataPrefix", "arXivRaw"))
    response = feed.answer(Request("GET", "/arxiv/oai", "", params), stage)
    assert error_code(etree.fromstring(response.body)) == "badArgument"


@pytest.mark.parametrize("params", [{}, {"verb": "Harvest"}, {"verb": "identify"}])
def test_an_unknown_or_absent_verb_is_a_bad_verb(ask: Ask, params: dict[str, str]) -> None:
    assert error_code(ask(**params)) == "badVerb"


def test_other_errors_have_their_own_codes(ask: Ask) -> None:
    assert error_code(ask(**RAW, since="2026-11-21", until="2026-11-22")) == "noRecordsMatch"
    assert error_code(ask(verb="ListRecords", metadataPrefix="marc21")) == "cannotDisseminateFormat"
    one = {"verb": "GetRecord", "metadataPrefix": "arXivRaw"}
    assert error_code(ask(**one, identifier="oai:arXiv.org:2611.55555")) == "idDoesNotExist"
    assert error_code(ask(**(one | {"metadataPrefix": "x"}), identifier="oai:arXiv.org:2611.00001")) == (
        "cannotDisseminateFormat"
    )


def test_both_ends_of_a_window_belong_to_it(ask: Ask) -> None:
    ids = [i for page in follow(ask, **RAW, since="2026-11-16", until="2026-11-17") for i in identifiers(page)]
    assert len(ids) == 14


def test_until_may_be_today_and_is_today_by_default(ask: Ask) -> None:
    with_end = follow(ask, **HEADERS, since="2026-11-18", until="2026-11-24")
    without = follow(ask, **HEADERS, since="2026-11-18")
    assert [identifiers(page) for page in with_end] == [identifiers(page) for page in without]


def test_a_token_carries_the_last_day_shown_and_an_offset_from_it(ask: Ask) -> None:
    first = ask(**RAW, since="2026-11-16", until="2026-11-18")
    token = token_of(first)
    assert token is not None
    # All of the first page and the row after it are of one day: the offset counts from the window's start.
    assert decoded(token) == {**RAW, "from": "2026-11-16", "until": "2026-11-18", "skip": "5"}
    second = token_of(ask(verb="ListRecords", resumptionToken=token))
    assert second is not None
    assert decoded(second) == {**RAW, "from": "2026-11-17", "until": "2026-11-18", "skip": "3"}


def test_a_token_is_quoted_twice_and_names_no_size_and_no_cursor(ask: Ask) -> None:
    page = ask(**RAW, since="2026-11-16")
    found = page.find(".//{*}resumptionToken")
    assert found is not None
    assert found.items() == [("expirationDate", "2026-11-25T00:00:00Z")]
    assert str(found.text).startswith("verb%3DListRecords%26metadataPrefix%3DarXivRaw%26from%3D2026-11-16%26skip%3D5")
    assert "%253A" in make_token({"verb": "ListRecords", "set": "cs:cs"}, 1)


def test_every_record_is_shown_once_in_the_order_of_day_and_id(ask: Ask) -> None:
    pages = follow(ask, **RAW, since="2026-11-16")
    ids = [i for page in pages for i in identifiers(page)]
    assert len(ids) == len(set(ids)) == 25
    assert [len(identifiers(page)) for page in pages] == [5, 5, 5, 5, 5]
    for page in pages:
        shown = [(h.findtext("{*}datestamp"), h.findtext("{*}identifier")) for h in page.iter("{*}header")]
        assert shown == sorted(shown, key=lambda row: (str(row[0]), str(row[1])))


def test_the_last_page_of_a_chain_has_an_empty_token_and_a_single_page_none(ask: Ask) -> None:
    assert token_of(follow(ask, **RAW, since="2026-11-16")[-1]) == ""
    assert token_of(ask(**RAW, since="2026-11-19")) is None


def test_a_spent_token_matches_no_records(ask: Ask) -> None:
    spent = make_token({**RAW, "from": "2026-11-19"}, 4)
    assert error_code(ask(verb="ListRecords", resumptionToken=spent)) == "noRecordsMatch"


def test_an_expired_or_hand_built_token_works(ask: Ask) -> None:
    root = ask(verb="ListRecords", resumptionToken=make_token({**RAW, "from": "2026-11-17", "until": "2026-11-17"}, 6))
    assert identifiers(root) == ["oai:arXiv.org:2611.00107"]


@pytest.mark.parametrize(
    "token",
    [
        "twinkle",
        "",
        make_token(RAW, 0).replace("skip", "jump"),
        make_token(HEADERS, 0),
        make_token(RAW, -1),
        "skip%3D%D9%A1",
    ],
)
def test_a_token_that_cannot_be_read_or_is_of_another_verb_is_bad(ask: Ask, token: str) -> None:
    assert error_code(ask(verb="ListRecords", resumptionToken=token)) == "badResumptionToken"


def test_page_sizes_can_be_switched(feed: ArxivOai, ask: Ask) -> None:
    feed.records_a_page = 1300
    assert len(identifiers(ask(**RAW))) == 25
    assert ArxivOai().records_a_page == 2500
    assert ArxivOai().identifiers_a_page == 20_000


def test_identifiers_have_pages_of_their_own_size_and_no_metadata(ask: Ask) -> None:
    pages = follow(ask, **HEADERS)
    assert [len(identifiers(page)) for page in pages] == [9, 9, 7]
    assert pages[0].find(".//{*}metadata") is None


def test_a_request_is_repeated_in_the_answer(ask: Ask) -> None:
    request = ask(**RAW, since="2026-11-16", set="cs").find("{*}request")
    assert request is not None
    assert request.items() == list({**RAW, "from": "2026-11-16", "set": "cs"}.items())


def test_cross_lists_and_other_names_are_in_several_sets(ask: Ask) -> None:
    for name in ("eess:eess:SY", "cs:cs:SY", "cs:cs:IT", "math:math:IT", "eess", "cs", "math"):
        assert "oai:arXiv.org:2601.00007" in identifiers(ask(**RAW, set=name, since="2026-11-19")), name
    assert error_code(ask(**RAW, set="stat", since="2026-11-19")) == "noRecordsMatch"
    header = ask(verb="GetRecord", metadataPrefix="arXivRaw", identifier="oai:arXiv.org:2601.00007")
    assert [e.text for e in header.iter("{*}setSpec")] == ["eess:eess:SY", "cs:cs:SY", "cs:cs:IT", "math:math:IT"]


def test_identifier_lists_forget_other_names_of_categories(ask: Ask) -> None:
    page = ask(**HEADERS, since="2026-11-19")
    header = next(h for h in page.iter("{*}header") if "2601.00007" in str(h.findtext("{*}identifier")))
    assert [e.text for e in header.iter("{*}setSpec")] == ["eess:eess:SY", "cs:cs:IT"]


def test_old_ids_with_a_slash_are_served(ask: Ask) -> None:
    root = ask(verb="GetRecord", metadataPrefix="arXivRaw", identifier="oai:arXiv.org:math-ph/0301012")
    assert root.findtext(".//{http://arxiv.org/OAI/arXivRaw/}id") == "math-ph/0301012"
    assert [e.text for e in root.iter("{*}setSpec")][:2] == ["physics:math-ph", "math:math:MP"]


def test_a_deleted_header_is_the_branch_that_never_fires(ask: Ask, simulated: SimulatedWorld) -> None:
    root = ask(verb="GetRecord", metadataPrefix="arXivRaw", identifier="oai:arXiv.org:2611.09000")
    header = root.find(".//{*}header")
    assert header is not None
    assert header.get("status") == "deleted"
    assert root.find(".//{*}metadata") is None
    assert not any(paper.deleted for paper in simulated.describe(range(500)))


def test_cache_headers(answer: Callable[..., Response]) -> None:
    def kept(**params: str) -> str:
        return answer(**params).headers["Surrogate-Control"]

    assert kept(**RAW, since="2026-11-16") == "max-age=3600"
    assert kept(**RAW, since="2026-11-16", until="2026-11-18") == "max-age=345600"
    assert kept(verb="Nothing") == "max-age=54000"  # from nine to midnight
    assert kept(verb="Identify") == kept(verb="ListSets") == "max-age=31536000"
    one = kept(verb="GetRecord", metadataPrefix="arXivRaw", identifier="oai:arXiv.org:2611.00001")
    assert one == "max-age=800000"


def test_the_clock_decides_what_is_known(feed: ArxivOai, stage: Stage, ask: Ask) -> None:
    stage.set_clock(datetime(2026, 11, 17, 9, tzinfo=UTC))
    assert len([i for page in follow(ask, **RAW) for i in identifiers(page)]) == 7
    assert error_code(ask(**RAW, until="2026-11-18")) == "badArgument"
    stage.set_clock(datetime(2026, 11, 17, 13, tzinfo=UTC))
    assert len([i for page in follow(ask, **RAW) for i in identifiers(page)]) == 14


@settings(deadline=None, max_examples=60)
@given(
    days=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    page=st.integers(1, 12),
    only_ids=st.booleans(),
    data=st.data(),
)
def test_any_window_is_paged_without_loss_or_repeat(
    days: list[int], page: int, only_ids: bool, data: st.DataObject
) -> None:
    start = date(2026, 11, 2)
    papers = [p for i, n in enumerate(days) for p in numbered(n, start + timedelta(days=i), 100 * i)]
    low = data.draw(st.integers(0, len(days) - 1))
    high = data.draw(st.integers(low, len(days) - 1))
    feed, stage = ArxivOai(page, page), Stage(ListedWorld(papers), NOW)

    def ask(**params: str) -> etree._Element:
        return etree.fromstring(feed.answer(request_of(**params), stage).body)

    window = {"since": str(start + timedelta(days=low)), "until": str(start + timedelta(days=high))}
    pages = follow(ask, **(HEADERS if only_ids else RAW), **window)
    ids = [i for p in pages for i in identifiers(p)]
    assert len(ids) == len(set(ids)) == sum(days[low : high + 1])
    assert max(len(identifiers(p)) for p in pages) <= page
