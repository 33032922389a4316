"""One world behind all sources: the same works under several ids, planted on purpose and told in the truth."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest

from horizon.records import Item
from scrapers.parsers import epo_ops as ops_parser
from scrapers.parsers.author_names import split_authors
from scrapers.parsers.tex_accents import to_unicode
from scrapers.replay.biorxiv import BiorxivApi
from scrapers.replay.epo_ops import exchange_document
from scrapers.replay.epo_publications import ep_document
from scrapers.replay.europepmc import EuropePmc
from scrapers.replay.feed import Feed, Stage
from scrapers.replay.inventions import Inventions
from scrapers.replay.literature import LIFE_AREAS, Literature
from scrapers.replay.patents import Patent, PatentShelf
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.truth import truth, works
from scrapers.replay.uspto_documents import document, patents
from scrapers.source import load_source
from store.work_keys import fold_surname, fold_title, keys_of
from taxonomy.load import Taxonomy
from tests.scrapers.replay.conftest import request_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SINCE, UNTIL = date(2026, 6, 1), date(2026, 11, 22)
TUESDAY, THURSDAY = date(2026, 11, 17), date(2026, 11, 19)
_SEARCH = "/europepmc/webservices/rest/search"


@pytest.fixture(scope="module")
def literature(simulated: SimulatedWorld) -> Literature:
    assert isinstance(simulated.literature, Literature)
    return simulated.literature


@pytest.fixture(scope="module")
def inventions(simulated: SimulatedWorld) -> Inventions:
    assert isinstance(simulated.inventions, Inventions)
    return simulated.inventions


@pytest.fixture(scope="module")
def known(simulated: SimulatedWorld) -> list[dict[str, Any]]:
    return list(works(simulated))


@pytest.fixture(scope="module")
def stage(simulated: SimulatedWorld) -> Stage:
    return Stage(simulated, NOW)


def ask(feed: Feed, stage: Stage, path: str, **params: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(feed.answer(request_of(path, **params), stage).body)
    return found


def parsed(source: str, body: bytes) -> Iterator[Item]:
    return (thing for thing in load_source(source).parse_items(BytesIO(body)) if isinstance(thing, Item))


@pytest.fixture(scope="module")
def shown(stage: Stage) -> dict[str, Item]:
    """The items of the life-science feeds of some weeks, read by our own parsers."""
    feed, found = BiorxivApi(records_a_page=100_000), dict[str, Item]()
    for server in ("biorxiv", "medrxiv"):
        request = request_of(f"/biorxiv/details/{server}/{SINCE}/{UNTIL}/0/json")
        found |= {item.id: item for item in parsed(server, feed.answer(request, stage).body)}
    query, search = f"FIRST_IDATE:[{SINCE} TO {UNTIL}]", EuropePmc()
    mark = "*"
    while True:
        asked = request_of(_SEARCH, query=query, pageSize="1000", cursorMark=mark, resultType="core", format="json")
        body = search.answer(asked, stage).body
        found |= {item.id: item for item in parsed("europepmc", body)}
        if not json.loads(body)["resultList"]["result"]:
            return found
        mark = json.loads(body)["nextCursorMark"]


def test_the_collections_are_the_same_whenever_they_are_made(taxonomy: Taxonomy) -> None:
    def digest() -> str:
        world = SimulatedWorld(taxonomy, seed=2, items_per_week=40, weeks=5)
        view = Stage(world, NOW).view
        told = [*works(world), *map(repr, PatentShelf(world).published(view, SINCE, UNTIL))]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    assert digest() == digest()


def test_every_source_has_its_share_of_the_week(
    simulated: SimulatedWorld, stage: Stage, shown: dict[str, Item]
) -> None:
    weeks, thousands = 25, simulated.items_per_week / 1000
    sizes = Counter(item.source for item in shown.values())
    assert 110 < sizes["biorxiv"] / weeks / thousands < 190
    assert 35 < sizes["medrxiv"] / weeks / thousands < 70
    assert 400 < sizes["europepmc"] / weeks / thousands < 700
    published = PatentShelf(simulated).published(stage.view, SINCE, UNTIL)
    kinds = Counter((patent.office, patent.kind) for patent in published)
    assert 80 < kinds["US", "A1"] / weeks / thousands < 170
    assert 60 < kinds["US", "B2"] / weeks / thousands < 150
    assert kinds["CN", "A"] > kinds["EP", "A1"] > 0
    assert kinds["CN", "U"] > 0


def test_offices_publish_on_their_days(simulated: SimulatedWorld, stage: Stage) -> None:
    days: dict[tuple[str, str], set[int]] = {}
    for patent in PatentShelf(simulated).published(stage.view, SINCE, UNTIL):
        days.setdefault((patent.office, patent.kind), set()).add(patent.day.weekday())
    assert (days["US", "B2"], days["US", "A1"], days["EP", "A1"], days["CN", "A"]) == ({1}, {3}, {2}, {1, 4})


def test_everything_says_simulated(simulated: SimulatedWorld, stage: Stage, shown: dict[str, Item]) -> None:
    texts = [item.abstract for item in shown.values() if not item.withdrawn]
    texts += [each.abstract for each in PatentShelf(simulated).published(stage.view, SINCE, UNTIL) if each.abstract]
    assert texts
    assert all(text and "SIMULATED" in text for text in texts)


def test_a_preprint_has_the_same_doi_on_its_server_and_at_europe_pmc(
    known: list[dict[str, Any]], shown: dict[str, Item]
) -> None:
    pairs = [join for work in known for join in work["joins"] if join[2] == "doi" and {*join[:2]} <= set(shown)]
    assert len(pairs) > 100
    assert all(shown[one].doi == shown[other].doi for one, other, _ in pairs)
    assert all(shown[one].kind == shown[other].kind == "preprint" for one, other, _ in pairs)
    assert all(shown[one].published == shown[other].published for one, other, _ in pairs)


def test_an_article_is_named_by_its_preprint_or_known_by_title_and_first_author_only(
    literature: Literature, known: list[dict[str, Any]], stage: Stage
) -> None:
    feed, joined = BiorxivApi(), Counter[str]()
    for work in [work for work in known if any(join[2] in ("article", "title") for join in work["joins"])][-60:]:
        for one, other, how in work["joins"]:
            server, _, doi = one.partition(":")
            if other.startswith("epmc:MED"):
                record = ask(feed, stage, f"/biorxiv/details/{server}/{doi}/na/json")["collection"][-1]
                assert (record["published"] == work["article_doi"]) is (how == "article")
                joined[how] += 1
    assert min(joined["article"], joined["title"]) > 5


def test_some_articles_have_another_title_and_all_of_these_are_named(literature: Literature) -> None:
    fates = literature.fates
    assert fates.retitled.any()
    assert fates.linked[fates.retitled & (fates.server > 0)].all()


def test_some_preprints_are_on_arxiv_too_word_for_word(
    simulated: SimulatedWorld, literature: Literature, shown: dict[str, Item]
) -> None:
    by_number = {int(item.id.rpartition(".")[2]) - 100_000: item for item in shown.values() if item.source == "biorxiv"}
    met = 0
    for number, twin in literature.twins.items():
        item = by_number.get(number)
        if item is None or item.version != "v1" or item.withdrawn:
            continue
        first = simulated.describe([simulated.events_of(simulated.item_id(twin))[0]])[0]
        assert simulated.week_of(twin) == literature.week_of(number)
        assert fold_title(item.title) == fold_title(to_unicode(first.title))
        assert fold_surname(item.authors[0]) == fold_surname(split_authors(first.authors)[0])
        met += 1
    assert met > 3


def test_the_stores_keys_find_the_planted_works_and_hardly_another(
    known: list[dict[str, Any]], shown: dict[str, Item]
) -> None:
    keys = {name: set(keys_of(item)) for name, item in shown.items()}
    planted = {frozenset(join[:2]) for work in known for join in work["joins"] if {*join[:2]} <= set(shown)}
    missed = [pair for pair in planted if not set.intersection(*(keys[name] for name in pair))]
    # A withdrawn version has lost its names' company, and a title its words, only by chance.
    assert len(planted) > 300
    assert len(missed) <= 0.01 * len(planted)
    one_work = {name: number for number, work in enumerate(known) for name in work["ids"]}
    sharing: dict[Any, list[str]] = {}
    for name, found in keys.items():
        for key in found:
            sharing.setdefault(key, []).append(name)
    merged = [names for names in sharing.values() if len({one_work.get(name, name) for name in names}) > 1]
    assert len(merged) <= 0.002 * len(shown)


def test_a_family_has_one_number_in_every_office(simulated: SimulatedWorld, known: list[dict[str, Any]]) -> None:
    shelf, families = PatentShelf(simulated), [work for work in known if work["kind"] == "family"]
    view = Stage(simulated, datetime(2027, 12, 31, tzinfo=UTC)).view
    offices = Counter[tuple[str, ...]]()
    for work in families[:300]:
        found = []
        for name in (name for name in work["ids"] if name.startswith("epo:")):
            office, number, kind = name.removeprefix("epo:").split(".")
            patent = shelf.find(view, office, number, kind, date(2020, 1, 1))
            assert patent is not None
            found.append(patent)
        assert len({patent.family for patent in found}) == 1
        assert len({patent.title for patent in found}) == 1
        offices[tuple(dict.fromkeys(patent.office for patent in sorted(found, key=lambda p: p.day)))] += 1
    assert offices["CN", "US", "EP"] > 5


def test_an_application_becomes_a_grant_of_the_same_filing(simulated: SimulatedWorld) -> None:
    grant = patents(simulated, "grant", TUESDAY)[0]
    (item,) = parsed("uspto_grants", document(grant))
    assert item.family is not None
    assert grant.planned is not None
    applied = PatentShelf(simulated)
    found = [
        patent
        for patent in applied.published(Stage(simulated, NOW).view, date(2024, 6, 1), TUESDAY)
        if patent.family == grant.planned.family and patent.kind == "A1" and patent.office == "US"
    ]
    assert len(found) == 1
    before = next(one for one in patents(simulated, "application", found[0].day) if one.planned == found[0])
    (application,) = parsed("uspto_applications", document(before))
    assert application.family == item.family
    assert application.published < item.published


def test_offices_and_bulk_files_tell_the_same_first_filing(simulated: SimulatedWorld, stage: Stage) -> None:
    shelf = PatentShelf(simulated)
    published = shelf.published(stage.view, date(2026, 1, 1), UNTIL)
    by_family: dict[str, list[Patent]] = {}
    for patent in published:
        by_family.setdefault(patent.family, []).append(patent)
    met = 0
    for members in by_family.values():
        european = next((each for each in members if each.office == "EP"), None)
        american = next((each for each in members if (each.office, each.kind) == ("US", "A1")), None)
        if european is None or american is None:
            continue
        bulk = next(one for one in patents(simulated, "application", american.day) if one.planned == american)
        (theirs,) = parsed("uspto_applications", document(bulk))
        (ours,) = parsed("epo_publications", ep_document(european).encode())
        assert theirs.family == ours.family
        met += 1
        if met == 10:
            break
    assert met == 10


def test_the_same_document_has_almost_the_same_number_in_both_feeds(simulated: SimulatedWorld) -> None:
    found = next(one for one in patents(simulated, "application", THURSDAY) if one.planned is not None)
    assert found.planned is not None
    page = ops_parser.parse_page(
        f"<exchange-documents>{exchange_document(found.planned)}</exchange-documents>".encode()
    )
    (item,) = parsed("uspto_applications", document(found))
    # DOCDB drops the zero after the year.
    assert item.id == f"uspto:US.{found.number}.A1"
    assert page.items[0].id == f"epo:US.{found.number[:4]}{found.number[5:]}.A1"
    assert found.number[4] == "0"


def test_growth_is_planted_in_every_collection(simulated: SimulatedWorld, literature: Literature) -> None:
    planted = truth(simulated)["collections"]
    for name, area in (("literature", "cell_and_gene_therapy"), ("inventions", "fourth_generation_semiconductors")):
        assert planted[name]["areas"][area]["role"] == "surge"
        assert planted[name]["areas"][area]["growth_pct"] == 100.0
    last = planted["literature"]["areas"]
    assert sum(last[area]["share_last_week"] for area in LIFE_AREAS) > 0.4


def test_the_weeks_before_the_world_begins_are_full(simulated: SimulatedWorld, stage: Stage) -> None:
    """Else the first years would show a growth of grants that nobody planted."""
    shelf, first = PatentShelf(simulated), simulated.first_week
    early = shelf.published(stage.view, first.monday, (first + 7).sunday)
    late = shelf.published(stage.view, (simulated.last_week + -7).monday, simulated.last_week.sunday)
    grants = [sum(patent.kind.startswith("B") for patent in some) for some in (early, late)]
    assert grants[0] > 0.6 * grants[1]


def test_without_a_plan_the_feeds_tell_of_the_worlds_own_papers(simulated: SimulatedWorld) -> None:
    from scrapers.replay.world import ListedWorld

    listed = ListedWorld(simulated.describe([0, 1, 2]))
    assert listed.literature is listed.inventions is listed
