"""Non-consensus items: a planted stranger and a planted odd pair, among an area's ordinary items."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from horizon.errors import UsageError
from horizon.records import Code, Item, NonConsensus
from horizon.weeks import IsoWeek
from trends.novelty import (
    AreaItems,
    count_pairs,
    fields_of,
    is_readable,
    non_consensus,
    rare_combinations,
    without_predecessors,
)

WEEK = IsoWeek(2026, 40)
WIDTH = 16
ORDINARY = 4
STRANGER, TWIN = "sim:stranger", "sim:twin"


def area(*, twin_days: int | None = None, weeks: int = 120) -> AreaItems:
    """Four ordinary items a week around one direction; in the newest week a stranger, on a day before it its twin."""
    random = np.random.default_rng(11)
    ids, days, vectors = [], [], []
    for age in range(weeks):
        for number in range(ORDINARY):
            ids.append(f"sim:{age:03d}-{number}")
            days.append((WEEK + -age).monday.toordinal() + number)
            vectors.append(np.eye(WIDTH)[0] * 4 + random.normal(size=WIDTH) * 0.6)
    away = np.eye(WIDTH)[5]
    ids.append(STRANGER)
    days.append(WEEK.monday.toordinal() + 2)
    vectors.append(away)
    if twin_days is not None:
        ids.append(TWIN)
        days.append(days[-1] - twin_days)
        vectors.append(away + 0.01)
    count = len(ids)
    return AreaItems(
        "quantum_technology",
        tuple(ids),
        np.array(days),
        np.array(vectors, np.float32),
        np.full(count, 0.97),
        np.ones(count, dtype=bool),
    )


def found(items: AreaItems) -> list[str]:
    return [each.item_id for each in without_predecessors(items, WEEK)]


def test_an_item_far_from_all_before_it_is_listed_with_its_neighbour() -> None:
    first = without_predecessors(area(), WEEK)[0]
    assert (first.item_id, first.reason) == (STRANGER, "no_close_predecessor")
    assert first.value < first.expected
    assert first.neighbour is not None
    assert first.neighbour not in {STRANGER, None}


def test_a_near_duplicate_of_an_earlier_item_is_not() -> None:
    assert STRANGER not in found(area(twin_days=30))


def test_a_twin_of_the_same_day_or_of_long_ago_is_no_predecessor() -> None:
    assert STRANGER in found(area(twin_days=0))
    assert STRANGER in found(area(twin_days=7 * 170))


def test_ordinary_weeks_list_few() -> None:
    items = area()
    listed = [
        each for age in range(20) for each in without_predecessors(items, WEEK + -age) if each.item_id != STRANGER
    ]
    assert len(listed) <= 0.1 * 20 * ORDINARY


@pytest.mark.parametrize("doubt", ["unsure", "unreadable", "no vector"])
def test_what_cannot_be_trusted_is_not_listed(doubt: str) -> None:
    items = area()
    last = items.ids.index(STRANGER)
    if doubt == "unsure":
        items.probabilities[last] = 0.7
    elif doubt == "unreadable":
        items.readable[last] = False
    else:
        items.vectors[last] = np.nan
    assert STRANGER not in found(items)


def test_an_area_with_little_past_says_nothing() -> None:
    assert found(area(weeks=20)) == []


def test_later_items_order_and_repeats_change_nothing() -> None:
    items = area()
    rows = np.random.default_rng(2).permutation(len(items.ids))
    rows = np.concatenate([rows, rows[:9]])
    days = items.days.copy()
    shuffled = AreaItems(
        items.area,
        (*(items.ids[row] for row in rows), "sim:later"),
        np.append(days[rows], days.max() + 70),
        np.vstack([items.vectors[rows], items.vectors[items.ids.index(STRANGER)]]),
        np.append(items.probabilities[rows], 0.99),
        np.append(items.readable[rows], True),
    )
    assert without_predecessors(shuffled, WEEK) == without_predecessors(items, WEEK)


def test_nothing_in_nothing_out() -> None:
    empty = AreaItems("a", (), np.zeros(0, np.int64), np.zeros((0, 4), np.float32), np.zeros(0), np.zeros(0, bool))
    assert found(empty) == []
    assert rare_combinations(empty, {}, count_pairs([]), WEEK) == []
    assert non_consensus([[]], [[]]) == []
    with pytest.raises(UsageError, match="rows in every field"):
        replace(area(), ids=("sim:1",))


USUAL = [("a", "b")] * 300 + [("c", "d")] * 300 + [("a", "c")] * 40


def rare(fields: dict[str, tuple[str, ...]], past: Sequence[tuple[str, ...]]) -> list[NonConsensus]:
    return rare_combinations(area(), fields, count_pairs(past), WEEK)


def test_a_pair_that_hardly_ever_met_is_rare() -> None:
    [one] = rare({STRANGER: ("d", "b", "a"), "sim:000-1": ("a", "b")}, USUAL)
    assert (one.item_id, one.reason, one.fields) == (STRANGER, "rare_combination", ("a", "d"))
    assert one.value == 0.0
    assert one.expected == pytest.approx(340 * 300 / 1280, abs=0.01)


def test_a_pair_of_small_fields_is_not_for_nothing_was_to_be_expected() -> None:
    assert rare({STRANGER: ("b", "z")}, [*USUAL, ("z", "c")]) == []
    assert rare({STRANGER: ("y", "z")}, USUAL) == []


def test_a_pair_tried_often_by_now_is_not() -> None:
    assert rare({STRANGER: ("b", "d")}, [*USUAL * 20, *[("b", "d")] * 11]) == []
    assert len(rare({STRANGER: ("b", "d")}, [*USUAL * 20, *[("b", "d")] * 10])) == 1


def test_an_item_of_another_week_or_doubtful_label_is_not_asked() -> None:
    assert rare({"sim:001-1": ("b", "d")}, USUAL) == []
    items = area()
    items.probabilities[items.ids.index(STRANGER)] = 0.5
    assert rare_combinations(items, {STRANGER: ("b", "d")}, count_pairs(USUAL), WEEK) == []


def test_fields_of_patents_are_subclasses_of_the_invention() -> None:
    codes = (
        Code(scheme="cpc", symbol="G06N10/70", value="I"),
        Code(scheme="cpc", symbol="G06N10/20", value="I"),
        Code(scheme="cpc", symbol="H04L9/08", value="A"),
        Code(scheme="arxiv", symbol="quant-ph"),
    )
    assert fields_of(codes) == ("arxiv:quant-ph", "cpc:G06N")


def test_areas_and_reasons_take_turns_and_an_item_stands_once() -> None:
    def record(number: int, name: str, reason: str = "no_close_predecessor") -> NonConsensus:
        return NonConsensus.model_validate(
            {"item_id": f"sim:{number}", "area": name, "reason": reason, "value": 0, "expected": 1, "method": "m"}
        )

    isolated = [[record(1, "b"), record(2, "b")], [record(3, "a")]]
    odd = [[record(1, "b", "rare_combination"), record(4, "b", "rare_combination")]]
    assert [each.item_id for each in non_consensus(isolated, odd)] == ["sim:3", "sim:1", "sim:2", "sim:4"]
    assert len(non_consensus(isolated, odd, most=2)) == 2


@pytest.mark.parametrize(
    ("abstract", "language", "withdrawn", "expected"),
    [("word " * 120, "en", False, True), ("word " * 20, "en", False, False), (None, "en", False, False),
     ("word " * 120, "zh", False, False), ("word " * 120, "en", True, False)],
)  # fmt: skip
def test_readable_is_long_english_and_standing(
    abstract: str | None, language: str, withdrawn: bool, expected: bool
) -> None:
    item = Item(
        id="sim:1",
        source="sim",
        kind="preprint",
        title="A title",
        abstract=abstract,
        language=language,
        published=date(2026, 1, 1),
        updated=datetime(2026, 1, 2, tzinfo=UTC),
        url="https://example.org/1",
        withdrawn=withdrawn,
    )
    assert is_readable(item) is expected
