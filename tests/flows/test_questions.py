"""An analyst's question to arXiv: searched or by id, kept in a folder, an empty answer not believed at once."""

from datetime import datetime, timedelta

import pytest

from flows.questions import ask
from flows.steps import Window
from horizon.errors import UsageError
from scrapers.crawl import read_items
from scrapers.replay.arxiv_query import ArxivQuery
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from tests.flows.conftest import OpenWorkspace, tuesday_after

QUERY = "cat:quant-ph OR cat:cs.LG"


@pytest.fixture
def window(world: SimulatedWorld) -> Window:
    return Window(world.last_week.monday, world.last_week.sunday, world.last_week)


@pytest.fixture
def now(world: SimulatedWorld) -> datetime:
    return tuesday_after(world.last_week)


def test_a_search_is_kept_and_answered_from_its_folder_the_second_time(
    open_workspace: OpenWorkspace, server: ReplayServer, window: Window, now: datetime
) -> None:
    work = open_workspace()
    found = ask(work, window, now.date(), query=QUERY)
    items = list(read_items(found.folder))
    assert found.fetch.status == "OK", found.fetch.reason
    assert len(items) == found.fetch.items > 0
    for item in items:
        assert {code.symbol for code in item.codes} & {"quant-ph", "cs.LG"}
        assert window.since <= item.published <= window.until
    server.clear_log()
    assert ask(work, window, now.date(), query=QUERY) == found
    assert server.requests == ()
    other = ask(work, window, now.date(), query="cat:quant-ph")
    assert other.folder != found.folder
    assert not (work.settings.data_dir / "horizon.sqlite").exists() or work.store.item_count() == 0


def test_papers_are_fetched_by_id_and_those_not_to_be_had_are_told(
    open_workspace: OpenWorkspace, server: ReplayServer, window: Window, now: datetime
) -> None:
    work = open_workspace()
    known = [item.id for item in read_items(ask(work, window, now.date(), query=QUERY).folder)][:3]
    found = ask(work, window, now.date(), ids=known)
    assert (found.fetch.status, [item.id for item in read_items(found.folder)]) == ("OK", sorted(known))
    some = ask(work, window, now.date(), ids=[known[0], "9912.99999"])
    assert (some.fetch.status, some.fetch.missing, some.fetch.items) == ("PARTIAL", 1, 1)
    # The day after it is another question: what was absent may be there.
    assert ask(work, window, now.date() + timedelta(days=1), ids=known).folder != found.folder


def test_a_false_empty_answer_is_asked_again(
    open_workspace: OpenWorkspace, server: ReplayServer, window: Window, now: datetime
) -> None:
    work = open_workspace()
    calm = ask(work, window, now.date(), query=QUERY)
    double = server.feeds["arxiv_query"]
    assert isinstance(double, ArxivQuery)
    double.tricks = ["no_hits", "no_hits", "right", "empty_page"]
    stormy = ask(work, window, now.date(), query=QUERY, out=work.settings.data_dir / "stormy")
    assert (stormy.fetch.status, stormy.fetch.sha256) == ("OK", calm.fetch.sha256)


def test_a_question_without_an_answer_is_no_result(
    open_workspace: OpenWorkspace, server: ReplayServer, window: Window, now: datetime
) -> None:
    found = ask(open_workspace(), window, now.date(), query="ti:xyzzyplugh")
    assert (found.fetch.status, found.fetch.items) == ("NO_RESULTS", 0)
    assert len(server.requests) >= 2, "not believed at once"


@pytest.mark.parametrize(
    "asked",
    [{}, {"query": "  "}, {"ids": [" "]}, {"query": "x", "ids": ["2611.00001"]}, {"query": "x" * 3000}],
)
def test_what_is_no_question_is_a_usage_error(
    open_workspace: OpenWorkspace, window: Window, now: datetime, asked: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        ask(open_workspace(), window, now.date(), **asked)  # type: ignore[arg-type]  # wrong on purpose


def test_other_sources_take_no_questions(open_workspace: OpenWorkspace, window: Window, now: datetime) -> None:
    with pytest.raises(UsageError, match="arxiv_query"):
        ask(open_workspace(), window, now.date(), query="x", source="biorxiv")
