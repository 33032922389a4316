"""Any sequence of ingests, in any order of their logical times, is read as a naive model of it would be."""

from datetime import datetime
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from horizon.records import Item
from horizon.weeks import IsoWeek
from store.database import Store
from tests.store.samples import a_run, an_item, at, begin

Observation = tuple[datetime, list[Item]]
EXAMPLES = count()


class NaiveStore:
    """Remembers everything; an observation equal to what is in force at its time is no news."""

    def __init__(self) -> None:
        self.seen: list[tuple[datetime, Item]] = []

    def ingest(self, known_at: datetime, items: list[Item]) -> None:
        for item in items:
            if self.item(item.id, known_at) != item:
                self.seen.append((known_at, item))

    def item(self, item_id: str, as_of: datetime) -> Item | None:
        known = [(known_at, item) for known_at, item in self.seen if item.id == item_id and known_at <= as_of]
        return max(known, key=lambda entry: _rank(*entry))[1] if known else None


def _rank(known_at: datetime, item: Item) -> tuple[datetime, int, datetime]:
    return min(item.updated or known_at, known_at), int((item.version or "v0")[1:]), known_at


@st.composite
def observations(draw: st.DrawFn) -> list[Observation]:
    example = next(EXAMPLES)
    days = draw(st.lists(st.integers(0, 6), min_size=1, max_size=6, unique=True))
    return [(at(day), draw(_items(example))) for day in days]


@st.composite
def _items(draw: st.DrawFn, example: int) -> list[Item]:
    numbers = draw(st.lists(st.integers(0, 2), unique=True, max_size=3))
    updated = st.one_of(st.none(), st.integers(-3, 8).map(at))
    return [
        an_item(
            id=f"arxiv:{example}.{number}",
            title=draw(st.sampled_from(["SIMULATED: a", "SIMULATED: b"])),
            version=draw(st.sampled_from([None, "v1", "v2"])),
            updated=draw(updated),
            published=at(draw(st.integers(-14, 0))).date(),
        )
        for number in numbers
    ]


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(observed=observations())
def test_reading_as_of_any_day_equals_a_naive_model(sqlite_store: Store, observed: list[Observation]) -> None:
    naive = NaiveStore()
    ids = sorted({item.id for _, items in observed for item in items})
    for known_at, items in observed:
        run_id = f"run-{known_at:%d}"
        begin(sqlite_store, run_id)
        sqlite_store.ingest(run_id, known_at, items)
        naive.ingest(known_at, items)
    for day in range(-1, 8):
        then = {item_id: item for item_id in ids if (item := naive.item(item_id, at(day)))}
        assert sqlite_store.items(ids, as_of=at(day)) == then
        for week in {IsoWeek.of(item.published) for item in then.values()}:
            published = {item.id for item in sqlite_store.items_published(week, as_of=at(day))}
            assert published & set(ids) == {key for key in then if IsoWeek.of(then[key].published) == week}
    assert sqlite_store.items(ids) == sqlite_store.items(ids, as_of=at(7)), "the newest state is the last one known"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(observed=observations())
def test_repeating_any_ingest_adds_nothing(sqlite_store: Store, observed: list[Observation]) -> None:
    """In the order of logical times; an old run that writes after newer ones may give them something to say again."""
    observed.sort(key=lambda observation: observation[0])
    sqlite_store.begin_run(a_run())
    for known_at, items in observed:
        sqlite_store.ingest("run-1", known_at, items)
    before = sqlite_store.table_digest()
    for known_at, items in observed:
        report = sqlite_store.ingest("run-1", known_at, items)
        assert report.unchanged == len(items)
    assert sqlite_store.table_digest() == before


def test_a_copied_database_reads_the_same(sqlite_store: Store, tmp_path: Path) -> None:
    """The write-ahead log is folded into the file on closing: one file is the whole backup."""
    begin(sqlite_store)
    sqlite_store.ingest("run-1", at(0), [an_item()])
    digest = sqlite_store.table_digest()
    sqlite_store.close()
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes((tmp_path / "horizon.sqlite").read_bytes())
    with Store.open(f"sqlite:///{copy}") as opened:
        assert opened.table_digest() == digest
