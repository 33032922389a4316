"""Canonical works: what is joined, what counts, and that the order of arrival changes nothing."""

from datetime import date, datetime
from itertools import permutations
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from horizon.records import Fetch, FetchStatus, Item
from horizon.weeks import IsoWeek
from store import schema
from store.database import Store, migrate
from store.engine import MIGRATIONS, connect, known_revisions, writing
from store.items import encode
from store.payload import pack
from store.work_keys import fold_surname, fold_title, keys_of
from store.works import _united
from tests.store.samples import MODEL, TAXONOMY, WEEK, a_fetch, a_label, an_item, at, begin

TITLE = "SIMULATED delivery of a gene that nobody has"
CHINESE = "一种无人拥有的基因的模拟递送方法及其应用"
PREFERENCE = ("arxiv", "biorxiv", "europepmc", "epo_ops")


def a_paper(name: str, **changes: Any) -> Item:
    values: dict[str, Any] = {"source": "biorxiv", "title": TITLE, "authors": ("Ann B. Nobody", "C. Other")}
    return an_item(1, **{"id": name, "version": None, "updated": None, **values, **changes})


def preprint(**changes: Any) -> Item:
    return a_paper("biorxiv:10.5555/1", **{"doi": "10.5555/1a", **changes})


def shown_again(**changes: Any) -> Item:
    """The preprint as Europe PMC shows it."""
    return a_paper("epmc:PPR1", **{"source": "europepmc", "doi": "10.5555/1a", **changes})


def article(**changes: Any) -> Item:
    values: dict[str, Any] = {
        "source": "europepmc",
        "kind": "article",
        "doi": "10.5555/journal",
        "title": "SIMULATED other words",
    }
    return a_paper("epmc:MED1", **{**values, **changes})


def patent(name: str, office_day: date, family: str | None = "77", **changes: Any) -> Item:
    values: dict[str, Any] = {
        "source": "epo_ops",
        "kind": "patent_application",
        "published": office_day,
        "family": family,
    }
    return an_item(1, **{"id": f"epo:{name}", "version": None, "updated": None, **values, **changes})


def ingest(store: Store, *items: Item, run_id: str = "run-1", day: int = 0) -> None:
    run = begin(store, run_id, day)
    store.ingest(run_id, run.started, items)


def joined(store: Store, one: Item, two: Item) -> bool:
    return two.id in store.works([one.id])[one.id]


JOINED = {
    "a preprint in two sources has one DOI": (preprint(), shown_again(title="SIMULATED reworded by the second source")),
    "the case of a DOI is nothing": (
        preprint(),
        shown_again(doi="10.5555/1A", title="SIMULATED reworded by the second source"),
    ),
    "a preprint names its article by DOI": (preprint(family="doi:10.5555/JOURNAL"), article()),
    "a preprint names its article by id": (shown_again(doi=None, family="epmc:MED1"), article()),
    "an arXiv paper carries its article's DOI": (an_item(1, doi="10.5555/journal"), article()),
    "title and first author, a year later": (
        preprint(published=date(2025, 12, 30)),
        article(title=TITLE.upper() + "."),
    ),
    "a Chinese title": (preprint(title=CHINESE), article(title=CHINESE)),
    "one document, as DOCDB and the USPTO number it": (
        patent("US.2026051911.A1", date(2026, 11, 17)),
        patent("US", date(2026, 11, 17), "other", id="uspto:US.20260051911.A1", source="uspto_applications"),
    ),
    "members of a family": (patent("CN.1.A", date(2026, 1, 6)), patent("US.1.A1", date(2026, 11, 17))),
    "an application and its grant": (patent("EP.1.A1", date(2024, 1, 6)), patent("EP.1.B1", date(2026, 11, 17))),
}
APART = {
    "other title": (preprint(), article(doi=None)),
    "other first author": (preprint(), article(title=TITLE, authors=("Dan Else", "Ann B. Nobody"))),
    "three years later": (preprint(published=date(2023, 1, 1)), article(title=TITLE)),
    "a short Chinese title": (preprint(title="基因治疗进展"), article(title="基因治疗进展")),
    "a title that many papers have": (preprint(title="SIMULATED editorial"), article(title="SIMULATED editorial")),
    "two articles of one journal": (article(title=TITLE, doi=None), article(title=TITLE, doi=None, id="epmc:MED2")),
    "patents without a family": (patent("CN.1.A", date(2026, 1, 6), None), patent("CN.2.A", date(2026, 1, 6), None)),
    "a patent called as a paper": (
        preprint(),
        patent("CN.1.A", date(2026, 1, 6), title=TITLE, authors=("Ann B. Nobody",)),
    ),
}


@pytest.mark.parametrize("pair", JOINED.values(), ids=JOINED)
def test_these_are_one_work_in_either_order(sqlite_store: Store, pair: tuple[Item, Item]) -> None:
    ingest(sqlite_store, pair[1])
    ingest(sqlite_store, pair[0], run_id="run-2", day=1)
    assert joined(sqlite_store, *pair)
    assert joined(sqlite_store, *reversed(pair))
    assert sqlite_store.works([pair[0].id], at(0)) == {pair[0].id: (pair[0].id,)}


@pytest.mark.parametrize("pair", APART.values(), ids=APART)
def test_these_are_two_works(sqlite_store: Store, pair: tuple[Item, Item]) -> None:
    ingest(sqlite_store, *pair)
    assert sqlite_store.works([item.id for item in pair]) == {item.id: (item.id,) for item in pair}


def test_a_work_grows_by_what_hangs_together_whatever_the_order(store: Store) -> None:
    chain = [preprint(family="doi:10.5555/journal"), shown_again(), article(), an_item(7, doi="10.5555/journal")]
    ingest(store, *chain[:1])
    ingest(store, chain[2], run_id="run-2", day=1)
    ingest(store, chain[1], chain[3], run_id="run-3", day=2)
    ids = {item.id for item in chain}
    assert {frozenset(work) for work in store.works(ids).values()} == {frozenset(ids)}
    assert set(store.works([chain[0].id], at(1))[chain[0].id]) == {chain[0].id, chain[2].id}


def test_an_article_under_another_title_joins_when_its_preprint_is_read_again_and_names_it(store: Store) -> None:
    ingest(store, preprint(), shown_again())
    ingest(store, article(), run_id="run-2", day=1)
    # A server names the article only after it is out: what was read before tells of no tie between the two.
    assert not joined(store, preprint(), article())
    ingest(store, preprint(family="doi:10.5555/journal"), run_id="run-3", day=2)
    assert store.works([article().id])[article().id] == (preprint().id, article().id, shown_again().id)
    assert store.works([article().id], as_of=at(1))[article().id] == (article().id,)


def test_the_source_that_comes_first_is_shown_first(store: Store) -> None:
    store.preference = PREFERENCE
    ingest(store, shown_again(), preprint(), article())
    assert store.works(["epmc:PPR1"])["epmc:PPR1"] == ("biorxiv:10.5555/1", "epmc:PPR1")


def test_a_key_of_hundreds_of_items_joins_nothing(sqlite_store: Store) -> None:
    many = [patent(f"XX.{number}.A", date(2026, 1, 6), "0") for number in range(301)]
    ingest(sqlite_store, *many)
    assert all(len(work) == 1 for work in sqlite_store.works([item.id for item in many]).values())


def count(store: Store, items: list[Item], run_id: str = "run-1", day: int = 0) -> None:
    """All sources fetched, all items in area fusion."""
    run = begin(store, run_id, day)
    store.ingest(run_id, run.started, items)
    for source in sorted({item.source for item in items}):
        first, last = IsoWeek(2024, 1), WEEK
        store.record_fetch(run_id, a_fetch(first=first, last=last, source=source), run.started)
    fresh = [item for batch in store.unclassified(TAXONOMY, MODEL) for item in batch]
    store.add_labels(run_id, run.started, fresh, [a_label(item, routes=()) for item in fresh])
    store.recount(run_id, run.started, TAXONOMY, MODEL, store.affected_weeks(run_id), ["area:fusion"])


def counts(store: Store, as_of: datetime | None = None) -> dict[str, tuple[int | None, int | None]]:
    points = store.weekly_counts(TAXONOMY, MODEL, as_of=as_of)
    return {f"{point.source} {point.series} {point.week}": (point.n, point.total) for point in points if point.n}


def test_a_preprint_in_two_sources_counts_in_the_first(store: Store) -> None:
    store.preference = PREFERENCE
    count(store, [preprint(), shown_again()])
    assert counts(store) == {f"biorxiv area:fusion {WEEK}": (1, 1)}
    assert [item.id for item, _ in store.labelled_items("biorxiv", WEEK, TAXONOMY, MODEL)] == ["biorxiv:10.5555/1"]
    assert store.labelled_items("europepmc", WEEK, TAXONOMY, MODEL) == []


def test_members_and_stages_of_a_family_count_each_in_its_week(store: Store) -> None:
    """As the total does that they are divided by: else the first years of a store would seem to hold more."""
    members = [patent("CN.1.A", date(2026, 3, 3)), patent("US.1.A1", date(2026, 11, 17))]
    grant = patent("CN.1.B", date(2026, 11, 18), kind="patent_grant")
    count(store, [*members, grant])
    assert counts(store) == {"epo_ops area:fusion 2026-W10": (1, 1), f"epo_ops area:fusion {WEEK}": (2, 2)}
    assert len(store.works([grant.id])[grant.id]) == 3


def test_a_preferred_source_that_comes_later_takes_the_count_with_it(store: Store) -> None:
    store.preference = PREFERENCE
    count(store, [shown_again()])
    count(store, [preprint()], "run-2", day=7)
    assert counts(store, at(1)) == {f"europepmc area:fusion {WEEK}": (1, 1)}
    assert counts(store) == {f"biorxiv area:fusion {WEEK}": (1, 1)}


def test_an_article_counts_beside_the_preprint_of_another_source(store: Store) -> None:
    """Series of two sources are never summed, and each measures against its own total."""
    store.preference = PREFERENCE
    count(store, [an_item(1, doi="10.5555/journal"), article()])
    assert counts(store) == {f"arxiv area:fusion {WEEK}": (1, 1), f"europepmc area:fusion {WEEK}": (1, 1)}


def test_utility_models_are_a_series_of_their_own(store: Store) -> None:
    model = patent("CN.1.U", date(2026, 11, 17), kind="utility_model")
    count(
        store,
        [model, patent("CN.1.A", date(2026, 11, 18)), patent("CN.2.U", date(2026, 11, 17), "78", kind="utility_model")],
    )
    assert counts(store) == {f"epo_ops area:fusion {WEEK}": (1, 3), f"epo_ops utility:fusion {WEEK}": (2, 3)}
    found = store.labelled_items("epo_ops", WEEK, TAXONOMY, MODEL, utility_models=True)
    assert [item.id for item, _ in found] == ["epo:CN.1.U", "epo:CN.2.U"]
    assert [item.id for item, _ in store.labelled_items("epo_ops", WEEK, TAXONOMY, MODEL)] == ["epo:CN.1.A"]
    both = store.labelled_items("epo_ops", WEEK, TAXONOMY, MODEL, utility_models=None)
    assert {item.kind for item, _ in both} >= {"utility_model", "patent_application"}


def test_a_told_total_is_divided_by_and_until_then_the_week_is_unknown(store: Store) -> None:
    run = begin(store)
    item = patent("CN.1.A", date(2026, 11, 17))
    store.ingest("run-1", run.started, [item])
    store.record_fetch("run-1", a_fetch(source="epo_ops", status="OK"), run.started)
    store.add_labels("run-1", run.started, [item], [a_label(item, routes=())])
    place = {("epo_ops", WEEK)}
    assert store.recount("run-1", run.started, TAXONOMY, MODEL, place, ["area:fusion"], {"epo_ops"}) == 0
    assert counts(store) == {}
    store.add_denominators("run-1", run.started, "epo_ops", {WEEK: 5000})
    before = store.table_digest()
    store.add_denominators("run-1", run.started, "epo_ops", {WEEK: 5000})
    assert store.table_digest() == before
    store.recount("run-1", run.started, TAXONOMY, MODEL, place, ["area:fusion"], {"epo_ops"})
    begin(store, "run-2", 7)
    store.add_denominators("run-2", at(7), "epo_ops", {WEEK: 6000})
    assert store.affected_weeks("run-2") == place
    store.recount("run-2", at(7), TAXONOMY, MODEL, place, ["area:fusion"], {"epo_ops"})
    assert counts(store) == {f"epo_ops area:fusion {WEEK}": (1, 6000)}
    assert counts(store, at(1)) == {f"epo_ops area:fusion {WEEK}": (1, 5000)}


@pytest.mark.parametrize(("status", "n"), [("OK", 1), ("PARTIAL", None), ("ERROR", None)])
def test_a_week_read_in_part_is_not_divided_by_its_whole_total(
    sqlite_store: Store, status: FetchStatus, n: int | None
) -> None:
    run = begin(sqlite_store)
    item = patent("CN.1.A", date(2026, 11, 17))
    sqlite_store.ingest("run-1", run.started, [item])
    sqlite_store.add_denominators("run-1", run.started, "epo_ops", {WEEK: 5000})
    sqlite_store.record_fetch("run-1", a_fetch(status, source="epo_ops"), run.started)
    sqlite_store.add_labels("run-1", run.started, [item], [a_label(item, routes=())])
    sqlite_store.recount("run-1", run.started, TAXONOMY, MODEL, {("epo_ops", WEEK)}, ["area:fusion"], {"epo_ops"})
    (point,) = sqlite_store.weekly_counts(TAXONOMY, MODEL)
    assert point.n == n


def test_no_matches_in_a_week_with_a_told_total_is_zero(store: Store) -> None:
    run = begin(store)
    window = Fetch(source="epo_ops", week=WEEK, since=WEEK.monday, until=WEEK.sunday, status="NO_RESULTS")
    store.record_fetch("run-1", window, run.started)
    store.add_denominators("run-1", run.started, "epo_ops", {WEEK: 5000})
    store.recount("run-1", run.started, TAXONOMY, MODEL, store.affected_weeks("run-1"), ["area:fusion"], {"epo_ops"})
    (point,) = store.weekly_counts(TAXONOMY, MODEL)
    assert (point.n, point.total) == (0, 5000)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4), max_size=8), seed=st.randoms())
def test_joining_does_not_depend_on_order(groups: list[list[str]], seed: Any) -> None:
    shuffled = [seed.sample(group, len(group)) for group in seed.sample(groups, len(groups))]
    assert _united(groups) == _united(shuffled)
    assert all(root <= item for item, root in _united(groups).items())


def test_any_order_of_batches_ends_with_the_same_works(sqlite_store: Store) -> None:
    chain = [preprint(family="doi:10.5555/journal"), shown_again(), article()]
    for number, order in enumerate(permutations(range(3))):
        items = [chain[place].model_copy(update={"id": f"{chain[place].id}-{number}"}) for place in order]
        renamed = {"doi": lambda item, n=number: f"{item.doi}.{n}"}
        items = [
            item.model_copy(update={"doi": renamed["doi"](item), "title": f"{item.title} {number}"}) for item in items
        ]
        items = [
            item.model_copy(update={"family": f"{item.family}.{number}"}) if item.family else item for item in items
        ]
        for place, item in enumerate(items):
            ingest(sqlite_store, item, run_id=f"run-{number}-{place}", day=number * 3 + place)
        assert {len(work) for work in sqlite_store.works([item.id for item in items]).values()} == {3}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Breakdown of $\\beta$-Ga$_2$O$_3$ diodes", "Breakdown of β-Ga<sub>2</sub>O<sub>3</sub> Diodes."),
        ("CAR-T cells: a \\emph{SIMULATED} review", "CAR–T Cells — a SIMULATED review"),
        ("Schr\u00f6dinger cats", "Schrodinger CATS"),
    ],
)
def test_markup_and_letters_do_not_part_titles(one: str, two: str) -> None:
    assert fold_title(one) == fold_title(two)


@pytest.mark.parametrize("name", ["Doe, J.", "J. Doe", "Jane Q. Döe", "Doe, Jane, Jr.", "John Doe III"])
def test_a_surname_is_found_in_every_order(name: str) -> None:
    assert fold_surname(name) == "doe"


@given(st.text(max_size=200), st.lists(st.text(max_size=40), max_size=3))
def test_no_title_or_name_breaks_the_keys(title: str, authors: list[str]) -> None:
    item = preprint().model_copy(update={"title": title, "authors": tuple(authors)})
    assert keys_of(item) == keys_of(item)


def test_papers_stored_before_works_were_joined_are_compared_with(empty_url: str) -> None:
    engine = connect(empty_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    paper = an_item(1, doi="10.5555/journal")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        run = {"run_id": "run-0", "status": "done", "week": str(WEEK), "started": at(-7), "payload": "{}"}
        connection.execute(insert(schema.run).values(run))
        version = {"item_id": paper.id, "run_id": "run-0", "known_at": at(-7), "content_sha256": "00" * 32, "number": 1}
        version |= {"source": "arxiv", "week": str(WEEK), "published": paper.published, "ranked_at": at(-7)}
        connection.execute(insert(schema.item_version).values(version | {"payload": pack(encode(paper))}))
        item = {name: version[name] for name in ("source", "week", "published", "known_at", "content_sha256")}
        connection.execute(insert(schema.item).values({"id": paper.id, **item}))
    engine.dispose()
    assert migrate(empty_url) == known_revisions()[1:]
    with Store.open(empty_url) as store:
        assert store.items([paper.id]) == {paper.id: paper}
        ingest(store, article())
        assert joined(store, paper, article())
