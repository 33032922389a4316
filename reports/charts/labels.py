"""Where labels stand so that none covers another: the same places for the same sizes, without chance."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
_DIRECTIONS = 24
_GAPS = (1.5, 5.0, 10.0, 16.0, 24.0, 34.0, 46.0, 60.0, 76.0, 94.0, 114.0)
"""Points between a mark and its label."""
_ROUNDS = 4
_APART = 5.0
"""Points between two labels side by side, lest they read as one."""
_CROSSING, _OVERLAP, _COVERING = 60.0, 10_000.0, 30.0
"""What faults cost, in points of distance: an overlap a square point, the others each."""


@dataclass(frozen=True)
class Box:
    """A rectangle in points."""

    x0: float
    y0: float
    x1: float
    y1: float

    def grown(self, by: float) -> "Box":
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def meets(self, other: "Box") -> bool:
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def holds(self, other: "Box") -> bool:
        return self.x0 <= other.x0 and self.y0 <= other.y0 and other.x1 <= self.x1 and other.y1 <= self.y1

    def nearest(self, point: Point) -> Point:
        """The place of it that lies nearest to a point."""
        return min(max(point[0], self.x0), self.x1), min(max(point[1], self.y0), self.y1)


@dataclass(frozen=True)
class Mark:
    """Something with a label: where it stands, its radius, and the width and height of the label."""

    at: Point
    radius: float
    size: tuple[float, float]


def place(marks: Sequence[Mark], taken: Sequence[Box], soft: Sequence[Box], frame: Box) -> list[Box]:
    """A box for each label, near its mark, within the frame, over no mark, no `taken` box and no other label.

    What is `soft` is rather not covered. Each label in turn takes its best place while the others stand, a few times
    over. Where no place is free it takes the one that covers least.
    """
    discs = [Box(m.at[0] - m.radius, m.at[1] - m.radius, m.at[0] + m.radius, m.at[1] + m.radius) for m in marks]
    boxes: list[Box | None] = [None] * len(marks)
    # The most hemmed in choose first.
    order = sorted(range(len(marks)), key=lambda at: (_room(marks, at), at))
    for _ in range(_ROUNDS):
        before = list(boxes)
        for at in order:
            others = [(marks[place], box) for place, box in enumerate(boxes) if box is not None and place != at]
            boxes[at] = _best(marks[at], _Crowd([*taken, *discs], soft, others), frame)
        if boxes == before:
            break
    return [box for box in boxes if box is not None]


def _room(marks: Sequence[Mark], at: int) -> float:
    """Distance to the nearest other mark."""
    return min((math.dist(marks[at].at, other.at) for place, other in enumerate(marks) if place != at), default=0.0)


@dataclass(frozen=True)
class _Crowd:
    """What a label shares the sheet with."""

    hard: Sequence[Box]
    soft: Sequence[Box]
    others: Sequence[tuple[Mark, Box]]
    """Labels that stand, with what they belong to."""


def _best(mark: Mark, crowd: _Crowd, frame: Box) -> Box:
    """The cheapest candidate within the frame; the first where none is within it."""
    best, least = next(_candidates(mark))[1], math.inf
    for gap, box in _candidates(mark):
        if gap >= least:
            break  # no candidate is cheaper than it is far
        if frame.holds(box) and (cost := _cost(mark, box, crowd)) < least:
            best, least = box, cost
    return best


def _candidates(mark: Mark) -> Iterator[tuple[float, Box]]:
    """Boxes all round with their distance, near ones first."""
    (x, y), (width, height) = mark.at, mark.size
    for gap in _GAPS:
        for step in range(_DIRECTIONS):
            angle = 2 * math.pi * step / _DIRECTIONS
            across, up = math.cos(angle), math.sin(angle)
            reach = mark.radius + gap
            # The side of the box that faces the mark touches the circle.
            left = x + across * reach - width * (1 - across) / 2
            below = y + up * reach - height * (1 - up) / 2
            yield gap, Box(left, below, left + width, below + height)


def _cost(mark: Mark, box: Box, crowd: _Crowd) -> float:
    """In points of distance; never less than the gap between mark and label."""
    line, near, apart = _line(mark, box), box.grown(1.0), Box(box.x0 - _APART, box.y0 - 1, box.x1 + _APART, box.y1 + 1)
    cost = max(0.0, math.dist(*line) - mark.radius)
    # Beside a mark reads better than above or below it.
    cost += 3.0 * abs((box.y0 + box.y1) / 2 - mark.at[1]) / (box.y1 - box.y0 + mark.radius)
    cost += _OVERLAP * sum(_area(near, each) for each in crowd.hard if near.meets(each))
    cost += _COVERING * sum(box.meets(each) for each in crowd.soft)
    for other, standing in crowd.others:
        theirs = _line(other, standing)
        cost += _OVERLAP * _area(apart, standing) if apart.meets(standing) else 0.0
        cost += _CROSSING * (_crosses(line, theirs) + _enters(line, standing) + _enters(theirs, box))
    return cost


def _line(mark: Mark, box: Box) -> tuple[Point, Point]:
    return mark.at, box.nearest(mark.at)


def _area(one: Box, other: Box) -> float:
    return (min(one.x1, other.x1) - max(one.x0, other.x0)) * (min(one.y1, other.y1) - max(one.y0, other.y0))


def _crosses(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two segments cross."""
    (a, b), (c, d) = one, other
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _enters(line: tuple[Point, Point], box: Box) -> bool:
    corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
    return any(_crosses(line, (corners[at - 1], corners[at])) for at in range(4))


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Middles of intervals of these sizes, in the order of `wanted` and as near to it as leaves them apart.

    Neighbours that would meet form a block that stands where its members want it on average; all within low to high
    where there is room for all.
    """
    order = sorted(range(len(wanted)), key=lambda at: (wanted[at], at))
    blocks: list[tuple[float, list[int]]] = []
    for at in order:
        members = [at]
        start = _start(members, wanted, sizes, low, high)
        while blocks and blocks[-1][0] + sum(sizes[each] for each in blocks[-1][1]) > start:
            members = [*blocks.pop()[1], *members]
            start = _start(members, wanted, sizes, low, high)
        blocks.append((start, members))
    middles = [0.0] * len(wanted)
    for start, members in blocks:
        for at, each in enumerate(members):
            middles[each] = start + sum(sizes[other] for other in members[:at]) + sizes[each] / 2
    return middles


def _start(members: Sequence[int], wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> float:
    """Where a block begins whose members are as near to their places as one block can be."""
    before, starts = 0.0, []
    for each in members:
        starts.append(wanted[each] - sizes[each] / 2 - before)
        before += sizes[each]
    return max(low, min(sum(starts) / len(starts), high - before))
