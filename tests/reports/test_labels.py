"""Where labels stand: apart, near, within the sheet, and the same every time."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.charts.labels import Box, Mark, place, spread

SHEET = Box(0, 0, 500, 400)
points = st.tuples(st.floats(60, 440), st.floats(60, 340))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12), st.floats(1, 8))
def test_spread_intervals_are_apart_within_their_bounds_and_in_order(wanted: list[float], size: float) -> None:
    middles = spread(wanted, [size] * len(wanted), 0, 100)
    assert all(after - before >= size - 1e-6 for before, after in pairwise(sorted(middles)))
    assert min(middles) - size / 2 >= -1e-6
    assert max(middles) + size / 2 <= 100 + 1e-6
    order = sorted(range(len(wanted)), key=lambda at: (wanted[at], at))
    assert all(middles[one] < middles[other] for one, other in pairwise(order))


def test_what_has_room_stays_where_it_wants_to_be() -> None:
    assert spread([10, 50, 90], [8, 8, 8], 0, 100) == [10, 50, 90]


def test_two_that_meet_part_evenly() -> None:
    assert spread([50, 50], [10, 10], 0, 100) == [45, 55]


@settings(max_examples=30, deadline=None)
@given(st.lists(points, min_size=1, max_size=9, unique=True))
def test_labels_stand_apart_within_the_sheet(at: list[tuple[float, float]]) -> None:
    marks = [Mark(each, 4, (70, 18)) for each in at]
    boxes = place(marks, [], [], SHEET)
    assert len(boxes) == len(marks)
    assert all(SHEET.holds(box) for box in boxes)
    assert not [pair for pair in combinations(boxes, 2) if pair[0].meets(pair[1])]
    assert boxes == place(marks, [], [], SHEET)


def test_a_label_stands_beside_its_mark_and_not_over_what_is_taken() -> None:
    mark = Mark((250, 200), 5, (60, 12))
    free = place([mark], [], [], SHEET)[0]
    assert free.x0 == pytest.approx(256.5) or free.x1 == pytest.approx(243.5)
    wall = Box(180, 150, 240, 250), Box(260, 150, 320, 250)
    pushed = place([mark], wall, [], SHEET)[0]
    assert not any(pushed.meets(each) for each in wall)
