"""Labels, on both databases."""

import pytest

from horizon.errors import StoreError
from store.database import Store
from tests.store.samples import MODEL, TAXONOMY, WEEK, a_label, a_run, an_item, at, begin


def pending(store: Store, taxonomy: str = TAXONOMY, model: str = MODEL) -> list[str]:
    return [item.id for batch in store.unclassified(taxonomy, model) for item in batch]


def test_an_item_without_label_is_still_classified(store: Store) -> None:
    begin(store)
    items = [an_item(1), an_item(2)]
    store.ingest("run-1", at(0), items)
    assert pending(store) == [item.id for item in items]
    store.add_labels("run-1", at(0), [items[0].id], [])
    assert pending(store) == [items[1].id]
    assert pending(store, model="model-2") == [item.id for item in items], "a new model reads all again"
    assert pending(store, taxonomy="taxonomy-2") == [item.id for item in items]


def test_batches_go_on_while_labels_are_added(store: Store) -> None:
    begin(store)
    store.ingest("run-1", at(0), [an_item(number) for number in range(25)])
    sizes = []
    for batch in store.unclassified(TAXONOMY, MODEL, batch=10):
        store.add_labels("run-1", at(0), batch, [a_label(item) for item in batch])
        sizes.append(len(batch))
    assert sizes == [10, 10, 5]
    assert pending(store) == []


@pytest.mark.parametrize("count", [1, 10, 25, 30])
def test_no_item_is_passed_over_or_read_twice_when_there_are_very_many(
    store: Store, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("store.database.IDS_AT_ONCE", 10)
    begin(store)
    store.ingest("run-1", at(0), [an_item(number) for number in range(count)])
    assert pending(store) == [an_item(number).id for number in range(count)]


def test_only_items_since_a_day_are_asked_for(store: Store) -> None:
    begin(store)
    store.ingest("run-1", at(0), [an_item(1, published=WEEK.monday), an_item(2, published=WEEK.sunday)])
    batches = list(store.unclassified(TAXONOMY, MODEL, since=WEEK.sunday))
    assert [[item.id for item in batch] for batch in batches] == [[an_item(2).id]]


def test_labels_are_read_with_their_evidence_and_routes(store: Store) -> None:
    begin(store)
    item = an_item()
    store.ingest("run-1", at(0), [item])
    taken, considered = a_label(item), a_label(item, "photonics", assigned=False, probability=0.07, routes=())
    store.add_labels("run-1", at(0), [item.id], [considered, taken])
    assert store.labels(TAXONOMY, MODEL, week=WEEK) == [taken]
    assert store.labels(TAXONOMY, MODEL, item_ids=[item.id], assigned_only=False) == [taken, considered]
    assert store.labels(TAXONOMY, MODEL, week=WEEK + 1) == []
    assert store.labels(TAXONOMY, MODEL, source="epo") == []
    assert store.labelled_items("arxiv", WEEK, TAXONOMY, MODEL) == [(item, taken)]
    assert store.labelled_items("arxiv", WEEK, TAXONOMY, MODEL, area="photonics") == []


def test_the_same_labels_twice_add_nothing_and_old_ones_are_never_changed(store: Store) -> None:
    begin(store)
    item = an_item()
    store.ingest("run-1", at(0), [item])
    store.add_labels("run-1", at(0), [item.id], [a_label(item)])
    before = store.table_digest()
    store.add_labels("run-1", at(0), [item.id], [a_label(item)])
    store.add_labels("run-1", at(1), [item.id], [a_label(item, probability=0.1), a_label(item, "photonics")])
    assert store.table_digest() == before


def test_a_new_text_is_classified_anew_and_its_old_labels_fall_silent(store: Store) -> None:
    first = an_item()
    second = first.model_copy(update={"version": "v2", "title": "SIMULATED: a laser", "updated": at(6)})
    begin(store)
    store.ingest("run-1", at(0), [first])
    store.add_labels("run-1", at(0), [first], [a_label(first)])
    begin(store, "run-2", day=7)
    store.ingest("run-2", at(7), [second])
    assert pending(store) == [first.id]
    assert store.labels(TAXONOMY, MODEL) == [], "nobody has read the new text yet"
    store.add_labels("run-2", at(7), [second], [a_label(second, "photonics")])
    assert [label.area for label in store.labels(TAXONOMY, MODEL)] == ["photonics"]
    assert [label.area for label in store.labels(TAXONOMY, MODEL, as_of=at(6))] == ["fusion"]
    assert store.labelled_items("arxiv", WEEK, TAXONOMY, MODEL, as_of=at(6)) == [(first, a_label(first))]


def test_items_that_nobody_knew_at_an_instant_are_told_apart(store: Store) -> None:
    early, late = an_item(1), an_item(2)
    begin(store)
    store.ingest("run-1", at(0), [early])
    begin(store, "run-2", day=7)
    changed = early.model_copy(update={"version": "v2", "title": "SIMULATED: a laser", "updated": at(6)})
    store.ingest("run-2", at(7), [changed, late])
    store.add_labels("run-2", at(7), [changed, late], [a_label(changed), a_label(late)])
    week = ("arxiv", WEEK, TAXONOMY, MODEL)
    assert [item.id for item, _ in store.labelled_items(*week)] == [early.id, late.id]
    assert [item.id for item, _ in store.labelled_items(*week, unseen_at=at(6))] == [late.id], (
        "a new version is no news"
    )


def test_labels_stay_with_the_text_that_was_read(store: Store) -> None:
    read = an_item()
    newer = read.model_copy(update={"version": "v2", "title": "SIMULATED: changed meanwhile", "updated": at(-1)})
    begin(store)
    store.ingest("run-1", at(0), [read])
    begin(store, "run-2", day=0)
    store.ingest("run-2", at(0), [newer])
    store.add_labels("run-1", at(0), [read], [a_label(read)])
    assert pending(store) == [read.id], "the newer text is still to be read"
    assert store.labels(TAXONOMY, MODEL) == []


def test_labels_were_not_known_before_they_were_made(store: Store) -> None:
    item = an_item()
    begin(store)
    store.ingest("run-1", at(0), [item])
    begin(store, "run-2", day=1)
    store.add_labels("run-2", at(1), [item.id], [a_label(item)])
    assert store.labels(TAXONOMY, MODEL, as_of=at(0)) == []
    assert len(store.labels(TAXONOMY, MODEL, as_of=at(1))) == 1


def test_labels_that_do_not_fit_are_refused_and_nothing_is_written(store: Store) -> None:
    item = an_item()
    begin(store)
    store.ingest("run-1", at(0), [item])
    before = store.table_digest()
    with pytest.raises(StoreError, match="never ingested"):
        store.add_labels("run-1", at(0), ["arxiv:unknown"], [])
    with pytest.raises(StoreError, match="not named as classified"):
        store.add_labels("run-1", at(0), [], [a_label(item)])
    with pytest.raises(StoreError, match="as the run says"):
        store.add_labels("run-1", at(0), [item.id], [a_label(item, model="model-2")])
    assert store.table_digest() == before


def test_a_second_model_labels_beside_the_first(store: Store) -> None:
    item = an_item()
    store.begin_run(a_run())
    store.begin_run(a_run("run-2", day=1, model="model-2"))
    store.ingest("run-1", at(0), [item])
    store.add_labels("run-1", at(0), [item.id], [a_label(item)])
    store.add_labels("run-2", at(1), [item.id], [a_label(item, model="model-2", probability=0.4, assigned=False)])
    assert [label.probability for label in store.labels(TAXONOMY, MODEL)] == [0.9]
    assert store.labels(TAXONOMY, "model-2") == []
