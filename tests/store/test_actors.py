"""Items of an area with their works, on both databases."""

from horizon.records import Item
from horizon.weeks import IsoWeek
from store.database import Store
from tests.store.samples import MODEL, TAXONOMY, WEEK, a_label, an_item, at, scan


def of_area(store: Store, **limits: object) -> dict[str, str]:
    """Item id to work id."""
    found = store.area_items("fusion", TAXONOMY, MODEL, **limits)  # type: ignore[arg-type]  # limits vary by test
    return {item.id: work for work, item in found}


def test_items_assigned_to_the_area_come_whole_and_by_id(store: Store) -> None:
    papers = [
        an_item(number, organisations=("上海交通大学", "O'Hara; DROP TABLE item"), countries=("CN",))
        for number in (2, 1, 3)
    ]
    scan(store, papers, [a_label(papers[0]), a_label(papers[1]), a_label(papers[2], assigned=False)])
    found = store.area_items("fusion", TAXONOMY, MODEL)
    assert [item for _, item in found] == [papers[1], papers[0]]
    assert store.area_items("photonics", TAXONOMY, MODEL) == []
    assert store.area_items("fusion", "taxonomy-2", MODEL) == []
    assert store.area_items("fusion", TAXONOMY, "model-2") == []


def test_members_of_a_family_are_one_work(store: Store) -> None:
    patents = [
        an_item(number, id=f"epo:EP.{number}.A1", source="epo", kind="patent_application", family="70001")
        for number in (1, 2)
    ]
    paper = an_item(3)
    scan(store, [*patents, paper], [a_label(each) for each in (*patents, paper)])
    found = of_area(store)
    assert found["epo:EP.1.A1"] == found["epo:EP.2.A1"]
    assert found[paper.id] == paper.id


def test_span_and_source_limit_what_is_read(store: Store) -> None:
    early = an_item(1, published=(WEEK + -60).monday)
    late = an_item(2)
    other = an_item(3, id="epo:EP.3.A1", source="epo", kind="patent_grant")
    scan(store, [early, late, other], [a_label(each) for each in (early, late, other)])
    assert set(of_area(store, until=WEEK + -1)) == {early.id}
    assert set(of_area(store, since=WEEK, source="arxiv")) == {late.id}
    assert set(of_area(store, since=IsoWeek(2020, 1), until=WEEK)) == {early.id, late.id, other.id}


def test_what_was_not_known_then_is_not_read(store: Store) -> None:
    first = an_item(1, organisations=("Old Name",))
    scan(store, [first], [a_label(first)])
    renamed = an_item(1, version="v2", organisations=("New Name",), updated=at(1))
    second = an_item(2)
    scan(store, [renamed, second], [a_label(renamed), a_label(second)], run_id="run-2", day=2)
    assert _names(store.area_items("fusion", TAXONOMY, MODEL, as_of=at(1))) == [("Old Name",)]
    assert _names(store.area_items("fusion", TAXONOMY, MODEL)) == [("New Name",), ()]
    assert store.area_items("fusion", TAXONOMY, MODEL, as_of=at(-1)) == []


def _names(found: list[tuple[str, Item]]) -> list[tuple[str, ...]]:
    return [item.organisations for _, item in found]
