"""Items and their versions, on both databases."""

from datetime import UTC, date, datetime

import pytest

from horizon.errors import StoreError
from horizon.records import Code, Item
from horizon.weeks import IsoWeek
from store.database import Store
from store.items import BATCH, IngestReport
from tests.store.samples import MODEL, TAXONOMY, WEEK, a_run, an_item, at, begin


def revised(item: Item, number: int, day: int) -> Item:
    changes = {"version": f"v{number}", "title": f"{item.title}, version {number}", "updated": at(day, hour=1)}
    return item.model_copy(update=changes)


def test_a_second_ingest_of_the_same_items_adds_nothing(store: Store) -> None:
    begin(store)
    items = [an_item(number) for number in range(1, 4)]
    assert store.ingest("run-1", at(0), items) == IngestReport(new=3)
    before = store.table_digest()
    assert store.ingest("run-1", at(0), items) == IngestReport(unchanged=3)
    begin(store, "run-2", day=1)
    assert store.ingest("run-2", at(1), reversed(items)) == IngestReport(unchanged=3)
    after = store.table_digest()
    assert {name: after[name] for name in after if name != "run"} == {
        name: before[name] for name in before if name != "run"
    }


def test_all_fields_of_an_item_survive(store: Store) -> None:
    begin(store)
    full = an_item(
        language="und",
        abstract=None,
        updated=datetime(2026, 11, 17, 18, 30, 1, 250000, tzinfo=UTC),
        authors=("张三", "Ada SIMULATED"),
        organisations=("Institute \U0001d4a2",),
        countries=("CN",),
        codes=(Code(scheme="arxiv", symbol="quant-ph"), Code(scheme="cpc", symbol="G21B1/05")),
        family="12345678",
        doi="10.1000/x",
        licence="CC0",
        withdrawn=True,
    )
    store.ingest("run-1", at(0), [full])
    assert store.items([full.id]) == {full.id: full}


def test_every_version_is_kept_and_read_as_it_was_known(store: Store) -> None:
    first = an_item()
    second = revised(first, 2, day=6)
    begin(store)
    store.ingest("run-1", at(0), [first])
    begin(store, "run-2", day=7)
    assert store.ingest("run-2", at(7), [second]) == IngestReport(changed=1)
    assert store.items([first.id])[first.id] == second
    assert store.items([first.id], as_of=at(6))[first.id] == first
    assert store.items([first.id], as_of=at(7))[first.id] == second
    assert store.items([first.id], as_of=at(-1)) == {}
    assert store.table_digest()["item_version"][0] == 2


def test_an_older_version_that_arrives_late_overwrites_nothing(store: Store) -> None:
    first = an_item()
    second = revised(first, 2, day=-1)
    begin(store)
    store.ingest("run-1", at(0), [second])
    begin(store, "run-2", day=7)
    assert store.ingest("run-2", at(7), [first]) == IngestReport(late=1)
    assert store.items([first.id])[first.id] == second
    assert store.items([first.id], as_of=at(7))[first.id] == second
    assert store.ingest("run-2", at(7), [first]) == IngestReport(unchanged=1)


def test_a_text_that_comes_back_is_in_force_again(store: Store) -> None:
    first = an_item(updated=None)
    second = first.model_copy(update={"title": "SIMULATED: another title"})
    for day, item in enumerate([first, second, first]):
        begin(store, f"run-{day}", day)
        store.ingest(f"run-{day}", at(day), [item])
    assert [store.items([first.id], as_of=at(day))[first.id] for day in range(3)] == [first, second, first]
    assert store.ingest("run-1", at(1), [second]) == IngestReport(unchanged=1), "an old run repeated adds nothing"


def test_a_date_of_update_in_the_future_does_not_freeze_an_item(store: Store) -> None:
    from_2099 = an_item(updated=datetime(2099, 1, 1, tzinfo=UTC))
    corrected = an_item(title="SIMULATED: the date mended", updated=at(6, hour=1))
    begin(store)
    store.ingest("run-1", at(0), [from_2099])
    begin(store, "run-2", day=7)
    assert store.ingest("run-2", at(7), [corrected]) == IngestReport(changed=1)
    assert store.items([corrected.id])[corrected.id] == corrected


def test_two_texts_of_one_item_in_one_ingest_are_both_kept_and_a_repeat_adds_none(store: Store) -> None:
    first, second = an_item(), an_item(title="SIMULATED: the page fetched again had another title")
    begin(store)
    store.ingest("run-1", at(0), [first, second, first])
    before = store.table_digest()
    assert before["item_version"][0] == 2
    store.ingest("run-1", at(0), [second, first, second])
    assert store.table_digest() == before


@pytest.mark.parametrize("number", range(6))
def test_an_old_and_a_new_text_in_one_ingest_can_be_repeated(store: Store, number: int) -> None:
    """Six titles, because where all dates are equal the digest decides, and it may fall either way."""
    old, new = an_item(), an_item(title=f"SIMULATED: title {number}")
    begin(store)
    store.ingest("run-1", at(0), [old])
    begin(store, "run-2", day=7)
    assert store.ingest("run-2", at(7), [new, old]) == IngestReport(changed=1, unchanged=1)
    before = store.table_digest()
    assert store.ingest("run-2", at(7), [new, old]) == IngestReport(unchanged=2)
    assert store.table_digest() == before
    assert store.items([old.id])[old.id] == new


def test_a_withdrawn_paper_is_kept_and_flagged(store: Store) -> None:
    paper = an_item()
    begin(store)
    store.ingest("run-1", at(0), [paper])
    begin(store, "run-2", day=1)
    store.ingest("run-2", at(1), [revised(paper, 2, day=0).model_copy(update={"withdrawn": True})])
    assert store.items([paper.id])[paper.id].withdrawn
    assert store.item_count("arxiv") == 1


def test_items_are_found_by_week_days_and_source(store: Store) -> None:
    begin(store)
    days = [date(2026, 11, 15), date(2026, 11, 16), date(2026, 11, 22), date(2026, 11, 23)]
    papers = [an_item(number, published=day) for number, day in enumerate(days)]
    patent = an_item(9, id="epo:EP.1.A1", source="epo", kind="patent_application")
    store.ingest("run-1", at(0), [patent, *papers])
    assert list(store.items_published(WEEK, source="arxiv")) == papers[1:3]
    assert list(store.items_published(WEEK)) == [*papers[1:3], patent]
    assert list(store.items_published(since=days[1], until=days[1])) == [papers[1]]
    assert list(store.items_published(source="arxiv", until=days[0])) == [papers[0]]
    assert list(store.items_published(WEEK, as_of=at(-1))) == []
    assert store.item_count() == 5
    assert store.item_count("epo", as_of=at(0)) == 1


def test_an_item_whose_date_was_mended_moves_and_both_weeks_are_to_be_counted(store: Store) -> None:
    wrong = an_item(published=date(1970, 1, 1))
    right = revised(wrong, 2, day=0).model_copy(update={"published": date(2026, 11, 17)})
    begin(store)
    store.ingest("run-1", at(0), [wrong])
    begin(store, "run-2", day=1)
    store.ingest("run-2", at(1), [right])
    assert store.affected_weeks("run-2") == {("arxiv", IsoWeek(1970, 1)), ("arxiv", WEEK)}
    assert list(store.items_published(IsoWeek(1970, 1))) == []
    assert list(store.items_published(IsoWeek(1970, 1), as_of=at(0))) == [wrong]


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1970, 1, 1), date(9999, 12, 31)])
def test_any_calendar_day_can_be_stored(store: Store, day: date) -> None:
    begin(store)
    store.ingest("run-1", at(0), [an_item(published=day)])
    assert [item.published for item in store.items_published(IsoWeek.of(day))] == [day]


def test_more_items_than_one_batch_holds(store: Store) -> None:
    begin(store)
    items = [an_item(number) for number in range(BATCH + 1)]
    assert store.ingest("run-1", at(0), iter(items)) == IngestReport(new=BATCH + 1)
    assert list(store.items_published(WEEK)) == items
    assert len(store.items(item.id for item in items)) == BATCH + 1
    assert [len(batch) for batch in store.unclassified(TAXONOMY, MODEL)] == [1000, 1000, 1]


def test_a_failing_feed_leaves_nothing_half_written(store: Store) -> None:
    begin(store)
    before = store.table_digest()

    def broken() -> object:
        yield from (an_item(number) for number in range(BATCH + 5))
        raise OSError("the items file ends in the middle of a line")

    with pytest.raises(OSError, match="in the middle"):
        store.ingest("run-1", at(0), broken())  # type: ignore[arg-type]  # a generator that fails
    assert store.table_digest() == before


def test_a_time_without_zone_is_refused(store: Store) -> None:
    begin(store)
    with pytest.raises(StoreError, match="aware time"):
        store.ingest("run-1", at(0).replace(tzinfo=None), [an_item(updated=None)])
    assert a_run().started.tzinfo is not None
