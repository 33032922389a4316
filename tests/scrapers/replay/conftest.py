"""A hand-made world of a few SIMULATED papers, and a small generated one."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from urllib.parse import urlencode

import pytest
from lxml import etree

from scrapers.replay.arxiv_oai import ArxivOai
from scrapers.replay.feed import Request, Response, Stage
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.world import ListedWorld, Paper, Version
from taxonomy.load import Taxonomy, load_taxonomy

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
Ask = Callable[..., etree._Element]


def make_paper(paper_id: str, announced: date, categories: str = "cs.RO", **fields: object) -> Paper:
    """A paper with one version, submitted two days before its announcement."""
    first = datetime(announced.year, announced.month, announced.day, 8, 5, 9, tzinfo=UTC)
    plain: dict[str, object] = {
        "title": f"A SIMULATED study, number {paper_id}",
        "abstract": "An abstract with <angles> & an ampersand [SIMULATED]",
        "authors": r"A. M\"uller, B. van den Berg Jr. and C. S\o rensen",
        "versions": (Version(1, first, 17),),
        "submitter": "A. Mueller",
    }
    return Paper(id=paper_id, announced=announced, categories=categories, **(plain | fields))  # type: ignore[arg-type]


def numbered(count: int, day: date, first: int = 1) -> list[Paper]:
    """Papers announced on one day."""
    return [make_paper(f"{day:%y%m}.{number:05d}", day) for number in range(first, first + count)]


@pytest.fixture
def papers() -> list[Paper]:
    """Seven papers on each of three days, and special ones on a fourth."""
    v1, v3 = (
        Version(1, datetime(2026, 1, 7, 8, 5, 9, tzinfo=UTC), 17, "D"),
        Version(3, datetime(2026, 11, 18, 20, 0, 1, tzinfo=UTC), 1, "I"),
    )
    v2 = Version(2, datetime(2026, 5, 1, tzinfo=UTC), 18, "AS")
    special = date(2026, 11, 19)
    return [
        *numbered(7, date(2026, 11, 16)),
        *numbered(7, date(2026, 11, 17), 101),
        *numbered(7, date(2026, 11, 18), 201),
        make_paper("math-ph/0301012", special, "math-ph cond-mat.mtrl-sci", msc_class="81Q10", acm_class="F.2.2"),
        make_paper(
            "2601.00007",
            special,
            "eess.SY cs.IT",
            versions=(v1, v2, v3),
            withdrawn=True,
            abstract="This paper has been withdrawn",
            comments="withdrawn: error in Section 3",
            doi="10.5555/simulated.7",
        ),
        make_paper("2611.09000", special, deleted=True),
        make_paper("2611.09001", special, abstract=None),
    ]


@pytest.fixture
def stage(papers: list[Paper]) -> Stage:
    return Stage(ListedWorld(papers), NOW)


@pytest.fixture
def feed() -> ArxivOai:
    return ArxivOai(records_a_page=5, identifiers_a_page=9)


def request_of(path: str = "/arxiv/oai", **params: str) -> Request:
    """A request as the server reads it; `since` stands for the argument `from`."""
    named = {("from" if name == "since" else name): value for name, value in params.items()}
    return Request("GET", path, urlencode(named), tuple(named.items()), "http://127.0.0.1:1")


@pytest.fixture
def answer(feed: ArxivOai, stage: Stage) -> Callable[..., Response]:
    return lambda **params: feed.answer(request_of(**params), stage)


@pytest.fixture
def ask(answer: Callable[..., Response]) -> Ask:
    """The parsed answer; a child `error` is an OAI error."""

    def parsed(**params: str) -> etree._Element:
        response = answer(**params)
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/xml"
        return etree.fromstring(response.body)

    return parsed


def error_code(root: etree._Element) -> str | None:
    found = root.find("{*}error")
    return None if found is None else found.get("code")


def identifiers(root: etree._Element) -> list[str]:
    return [str(element.text) for element in root.iter("{*}identifier")]


def token_of(root: etree._Element) -> str | None:
    """The token's text, "" for an empty one, None when there is none."""
    found = root.find(".//{*}resumptionToken")
    return None if found is None else found.text or ""


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="session")
def simulated(taxonomy: Taxonomy) -> SimulatedWorld:
    """Three years of 300 items a week."""
    return SimulatedWorld(taxonomy, seed=7, items_per_week=300)
