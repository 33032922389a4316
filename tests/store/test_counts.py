"""Weekly counts, on both databases."""

from horizon.records import Item, RouteLabel, SeriesPoint
from store.database import Store
from tests.store.samples import (
    MODEL,
    SERIES,
    TAXONOMY,
    WEEK,
    a_fetch,
    a_label,
    a_run,
    an_item,
    at,
    begin,
    scan,
)

Values = dict[str, tuple[int | None, int | None]]


def values(points: list[SeriesPoint]) -> Values:
    return {f"{point.series} {point.week}": (point.n, point.total) for point in points}


def counted(store: Store, **limits: object) -> Values:
    return values(store.weekly_counts(TAXONOMY, MODEL, **limits))  # type: ignore[arg-type]  # limits vary by test


def four_papers() -> list[Item]:
    return [an_item(number, withdrawn=number == 4) for number in range(1, 5)]


def test_areas_and_routes_are_counted_beside_the_total_of_their_source(store: Store) -> None:
    papers = four_papers()
    patent = an_item(5, id="epo:EP.1.A1", source="epo", kind="patent_application")
    unsure = (RouteLabel(route="tokamak", probability=0.49),)
    labels = [
        a_label(papers[0]),
        a_label(papers[1], routes=unsure),
        a_label(papers[2], assigned=False),
        a_label(papers[3]),
        a_label(patent),
    ]
    scan(store, [*papers, patent], labels)
    assert counted(store, source="arxiv") == {
        "area:fusion 2026-W47": (3, 4),
        "area:photonics 2026-W47": (0, 4),
        "route:fusion/tokamak 2026-W47": (2, 4),
    }
    assert counted(store, source="epo") == dict.fromkeys((f"{name} 2026-W47" for name in SERIES), (None, None)), (
        "nobody fetched the EPO's week: unknown, never zero"
    )


def test_a_second_count_adds_no_row(store: Store) -> None:
    papers = four_papers()
    run = scan(store, papers, [a_label(papers[0])])
    before = store.table_digest()
    assert store.recount("run-1", run.started, TAXONOMY, MODEL, {("arxiv", WEEK)}, SERIES) == 0
    begin(store, "run-2", day=7)
    assert store.recount("run-2", at(7), TAXONOMY, MODEL, {("arxiv", WEEK)}, SERIES) == 0
    assert store.table_digest()["weekly_count"] == before["weekly_count"]


def test_a_late_paper_changes_the_count_from_then_on(store: Store) -> None:
    papers = four_papers()
    scan(store, papers[:3], [a_label(papers[0])])
    scan(store, papers, [a_label(papers[3])], "run-2", day=7)
    name = "area:fusion 2026-W47"
    assert counted(store)[name] == (2, 4)
    assert counted(store, as_of=at(6))[name] == (1, 3)
    assert counted(store, as_of=at(-1)) == {}


def test_a_label_that_falls_away_counts_zero_again(store: Store) -> None:
    first = an_item()
    second = first.model_copy(update={"version": "v2", "title": "SIMULATED: a laser", "updated": at(6)})
    scan(store, [first], [a_label(first, "robotics")])
    assert counted(store, series="area:robotics") == {"area:robotics 2026-W47": (1, 1)}
    scan(store, [second], [], "run-2", day=7)
    assert counted(store, series="area:robotics") == {"area:robotics 2026-W47": (0, 1)}


def test_a_week_without_any_item_is_zero_only_if_it_was_fetched(store: Store) -> None:
    run = begin(store)
    store.record_fetch("run-1", a_fetch("NO_RESULTS"), run.started)
    store.record_fetch("run-1", a_fetch("ERROR", first=WEEK + 1), run.started)
    store.record_fetch("run-1", a_fetch("PARTIAL", first=WEEK + 2), run.started)
    weeks = store.affected_weeks("run-1")
    assert weeks == {("arxiv", WEEK), ("arxiv", WEEK + 2)}
    store.recount("run-1", run.started, TAXONOMY, MODEL, weeks, ["area:fusion"])
    assert list(counted(store, since=WEEK + -1, until=WEEK + 2).values()) == [
        (None, None),
        (0, 0),
        (None, None),
        (0, 0),
    ]


def test_a_failed_week_with_items_in_the_store_stays_unknown(store: Store) -> None:
    run = begin(store)
    store.ingest("run-1", run.started, [an_item()])
    store.record_fetch("run-1", a_fetch("ERROR"), run.started)
    store.recount("run-1", run.started, TAXONOMY, MODEL, {("arxiv", WEEK)}, ["area:fusion"])
    assert counted(store) == {"area:fusion 2026-W47": (None, None)}
    begin(store, "run-2", day=1)
    store.record_fetch("run-2", a_fetch("OK"), at(1))
    assert counted(store) == {"area:fusion 2026-W47": (0, 1)}
    assert counted(store, as_of=at(0)) == {"area:fusion 2026-W47": (None, None)}


def test_every_week_between_the_first_and_the_last_is_present(store: Store) -> None:
    scan(store, [an_item()], [])
    points = store.weekly_counts(TAXONOMY, MODEL, series="area:fusion", since=WEEK + -2, until=WEEK + 1)
    assert [str(point.week) for point in points] == ["2026-W45", "2026-W46", "2026-W47", "2026-W48"]
    assert [point.n for point in points] == [None, None, 0, None]


def test_a_new_model_counts_beside_the_old_one(store: Store) -> None:
    item = an_item()
    scan(store, [item], [a_label(item)])
    run = a_run("run-2", day=1, model="model-2")
    store.begin_run(run)
    store.add_labels("run-2", at(1), [item], [])
    assert store.affected_weeks("run-2") == {("arxiv", WEEK)}
    store.recount("run-2", at(1), TAXONOMY, "model-2", {("arxiv", WEEK)}, ["area:fusion"])
    assert counted(store, series="area:fusion") == {"area:fusion 2026-W47": (1, 1)}
    assert values(store.weekly_counts(TAXONOMY, "model-2")) == {"area:fusion 2026-W47": (0, 1)}


def test_a_run_taken_up_again_counts_a_second_time_at_the_same_logical_time(store: Store) -> None:
    papers = four_papers()
    run = scan(store, papers[:1], [])
    store.ingest("run-1", run.started, papers)
    assert store.recount("run-1", run.started, TAXONOMY, MODEL, {("arxiv", WEEK)}, ["area:fusion"]) == 3
    assert counted(store, series="area:fusion") == {"area:fusion 2026-W47": (0, 4)}


def test_an_old_run_that_ends_late_counts_what_was_known_at_its_own_time(store: Store) -> None:
    papers = four_papers()
    old = begin(store, "run-old", day=0)
    store.ingest("run-old", old.started, papers[:1])
    scan(store, papers, [a_label(papers[0])], "run-2", day=7)
    store.recount("run-old", old.started, TAXONOMY, MODEL, {("arxiv", WEEK)}, ["area:fusion"])
    store.record_fetch("run-old", a_fetch(), old.started)
    assert counted(store, series="area:fusion", as_of=at(1)) == {"area:fusion 2026-W47": (0, 1)}
    assert counted(store, series="area:fusion") == {"area:fusion 2026-W47": (1, 4)}


def test_weeks_of_a_run_that_never_ended_are_not_forgotten(store: Store) -> None:
    run = begin(store, "run-killed")
    store.ingest("run-killed", run.started, [an_item()])
    scan(store, [an_item()], [], "run-2", day=7)
    assert store.weeks_of_unfinished_runs() == {("arxiv", WEEK)}
    store.finish_run("run-killed", "done", at(8))
    assert store.weeks_of_unfinished_runs() == set()


def test_no_weeks_no_counts(store: Store) -> None:
    run = begin(store)
    assert store.recount("run-1", run.started, TAXONOMY, MODEL, set(), SERIES) == 0
    assert store.weekly_counts(TAXONOMY, MODEL) == []
