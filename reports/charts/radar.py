"""The areas on one sheet: ring = tier, angle = sector, nearer the centre of a ring = faster growth, size = volume."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Circle

from reports.charts.labels import Box, Mark, Point, place
from reports.charts.style import (
    FAINT,
    INK,
    MUTED,
    NARROW_INCH,
    PAPER,
    POINTS,
    TONES,
    extent,
    folded,
    sheet,
    tip,
)
from reports.facts import AreaRow, Brief
from reports.language import Language
from reports.view import Tone, displayable, leading_rows, tone_of

_EDGES = (0.17, 0.47, 0.74, 1.0)
"""Of the rings of tier 1, 2 and 3, as parts of the whole radius; the hole keeps the innermost marks apart."""
_GROWTH_SCALE = 15.0
"""Per cent a year: such growth stands at 27 % of its ring's depth, none in the middle, such decline at 73 %."""
_TOP = math.pi / 2


@dataclass(frozen=True)
class _Sizes:
    """Points."""

    width: float
    height: float
    radius: float
    dot: float
    name: float
    small: float
    fold: float

    @property
    def centre(self) -> Point:
        return self.width / 2, self.height - self.radius - 19


@dataclass(frozen=True)
class _Spot:
    row: AreaRow
    angle: float
    at: Point
    before: Point | None
    """Where it stood a quarter ago."""
    dot: float


def draw_radar(brief: Brief, words: Language, width: float) -> Canvas | None:
    """None where no area is scored. An area with too little data has a cross on the rim of its ring: no growth."""
    rows = leading_rows(brief)
    if not any(row.status == "ok" for row in rows):
        return None
    narrow = width == NARROW_INCH
    sizes = (
        _Sizes(NARROW_INCH * POINTS, 276, 106, 5.6, 6.6, 5.8, 78)
        if narrow
        else _Sizes(width * POINTS, 374, 160, 8.0, 7.6, 7.0, 118)
    )
    canvas = sheet(sizes.width / POINTS, sizes.height / POINTS)
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, sizes.width), ylim=(0, sizes.height))
    axes.set_axis_off()
    sectors = _sectors(rows, words)
    taken = [*_rings(axes, sizes, words), *_spokes(axes, sizes, sectors, words)]
    note = folded(canvas, words.word("charts", "radar_note"), sizes.small, sizes.width - 8, words)
    drawn = axes.text(4, 2, note, fontsize=sizes.small, color=MUTED, va="bottom", linespacing=1.25)
    frame = Box(3, extent(drawn)[1] + 5, sizes.width - 3, sizes.height - 2)
    spots = list(_spots(rows, sectors, sizes))
    for spot in spots:
        _draw_spot(axes, spot, words)
    _label(axes, spots, sizes, words, taken, frame)
    return canvas


def _sectors(rows: Sequence[AreaRow], words: Language) -> dict[str, tuple[float, float]]:
    """Begin and end of each sector's angle, clockwise from the top in the words' order, as wide as it has areas."""
    counts = Counter(row.sector for row in rows)
    found, begin = {}, _TOP
    for sector in (name for name in words.words["sector"] if name in counts):
        end = begin - 2 * math.pi * counts[sector] / len(rows)
        found[sector] = (begin, end)
        begin = end
    return found


def _on(sizes: _Sizes, angle: float, part: float) -> Point:
    x, y = sizes.centre
    return x + part * sizes.radius * math.cos(angle), y + part * sizes.radius * math.sin(angle)


def _rings(axes: Axes, sizes: _Sizes, words: Language) -> Iterator[Box]:
    """Rims of the tiers with their names, on the line between the last sector and the first."""
    for edge in _EDGES:
        axes.add_patch(Circle(sizes.centre, edge * sizes.radius, facecolor="none", edgecolor=FAINT, linewidth=0.9))
    for tier, edge in enumerate(_EDGES[1:], 1):
        x, y = _on(sizes, _TOP, edge)
        behind = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}
        name = axes.text(x, y - 1.5, words.word("tier", str(tier)), fontsize=sizes.small, color=MUTED, ha="center",
                         va="top", bbox=behind, zorder=1.5)  # fmt: skip
        across, up = extent(name)
        yield Box(x - across / 2, y - 1.5 - up, x + across / 2, y - 1.5)


def _spokes(axes: Axes, sizes: _Sizes, sectors: dict[str, tuple[float, float]], words: Language) -> Iterator[Box]:
    """Lines between sectors, and each sector's name along the rim, never upside down."""
    for sector, (begin, end) in sectors.items():
        (x0, y0), (x1, y1) = _on(sizes, begin, _EDGES[0]), _on(sizes, begin, 1.0)
        axes.plot([x0, x1], [y0, y1], color=FAINT, linewidth=0.7, zorder=1)
        middle = (begin + end) / 2
        below = math.sin(middle) < -0.2
        turn = math.degrees(middle) + (90 if below else -90)
        x, y = _on(sizes, middle, 1 + 8.5 / sizes.radius)
        text = axes.text(x, y, words.word("sector", sector), fontsize=sizes.small + 0.6, color=MUTED, ha="center",
                         va="center")  # fmt: skip
        across, up = extent(text)
        text.set(rotation=turn, rotation_mode="anchor")
        yield from _along(x, y, math.radians(turn), across, up)


def _along(x: float, y: float, turn: float, across: float, up: float) -> Iterator[Box]:
    """Small boxes that together cover a turned text."""
    steps = max(1, math.ceil(across / up))
    side = up * 1.15
    for step in range(steps):
        along = (step + 0.5) / steps * across - across / 2
        at = x + along * math.cos(turn), y + along * math.sin(turn)
        yield Box(at[0] - side / 2, at[1] - side / 2, at[0] + side / 2, at[1] + side / 2)


def _spots(rows: Sequence[AreaRow], sectors: dict[str, tuple[float, float]], sizes: _Sizes) -> Iterator[_Spot]:
    """Areas of a sector side by side, its tiers in turn; the area of a dot is its items of 52 weeks."""
    most = max((row.n_52w.value or 0.0 for row in rows), default=0.0) or 1.0
    for sector, (begin, end) in sectors.items():
        inside = _in_turn([row for row in rows if row.sector == sector])
        for at, row in enumerate(inside):
            angle = begin + (end - begin) * (at + 0.5) / len(inside)
            dot = max(2.6, sizes.dot * math.sqrt((row.n_52w.value or 0.0) / most))
            growth = row.growth.value if row.status == "ok" else None
            before = row.path[0].value if growth is not None and row.path else None
            yield _Spot(
                row=row,
                angle=angle,
                at=_on(sizes, angle, _EDGES[row.tier] if growth is None else _part(row.tier, growth)),
                before=None if before is None else _on(sizes, angle, _part(row.tier, before)),
                dot=3.0 if growth is None else dot,
            )


def _in_turn(rows: Sequence[AreaRow]) -> list[AreaRow]:
    """One of each tier, then the second of each: those of one ring stand as far apart as the sector lets them."""
    ranks: Counter[int] = Counter()
    placed = []
    for row in sorted(rows, key=lambda row: (row.tier, row.area)):
        placed.append((ranks[row.tier], row.tier, row.area, row))
        ranks[row.tier] += 1
    return [row for *_, row in sorted(placed, key=lambda each: each[:3])]


def _part(tier: int, growth: float) -> float:
    """Distance from the centre as a part of the radius: the faster the growth, the nearer."""
    inner, outer = _EDGES[tier - 1] + 0.02, _EDGES[tier] - 0.02
    slow = 1 / (1 + math.exp(max(-50.0, min(50.0, growth / _GROWTH_SCALE))))
    return inner + (outer - inner) * slow


def _draw_spot(axes: Axes, spot: _Spot, words: Language) -> None:
    tone = tone_of(spot.row)
    colour = TONES[tone]
    if spot.before is not None:
        axes.plot(*zip(spot.before, spot.at, strict=True), color=colour, linewidth=1.1, zorder=2)
        axes.add_patch(Circle(spot.before, spot.dot, facecolor="none", edgecolor=colour, linewidth=0.6, zorder=1.9))
    if spot.row.status != "ok" or spot.row.growth.value is None:
        axes.plot(*spot.at, marker="x", markersize=5, color=MUTED, markeredgewidth=1.2, zorder=3)
    else:
        face = colour if tone in ("rising", "falling") else PAPER
        axes.add_patch(Circle(spot.at, spot.dot, facecolor=face, edgecolor=colour, linewidth=1.4, zorder=3))
    unseen = Circle(spot.at, max(spot.dot, 9.0), facecolor="none", edgecolor="none", zorder=6)
    unseen.set_gid(tip(words.name(spot.row.name), *_told(spot.row, words), words.word("verdict", _verdict(spot.row))))
    axes.add_patch(unseen)


def _verdict(row: AreaRow) -> str:
    return row.verdict or {"insufficient_data": "insufficient data"}.get(row.status, "unscored")


def _told(row: AreaRow, words: Language) -> tuple[str, ...]:
    return words.word("tier", str(row.tier)), words.word("sector", row.sector), words.bare(row.growth)


def _label(
    axes: Axes, spots: Sequence[_Spot], sizes: _Sizes, words: Language, taken: Sequence[Box], frame: Box
) -> None:
    """Name and growth beside each dot, with a thin line where they had to stand away from it."""
    texts = []
    for spot in spots:
        name = folded(axes.figure, displayable(words.name(spot.row.name)), sizes.name, sizes.fold, words, most=3)
        ok = spot.row.status == "ok" and spot.row.growth.value is not None
        second = words.bare(spot.row.growth) if ok else words.word("charts", "insufficient")
        head = axes.text(0, 0, name, fontsize=sizes.name, va="top", linespacing=1.1, zorder=5)
        foot = axes.text(0, 0, second, fontsize=sizes.name, va="bottom", color=TONES[_tone(spot.row)], zorder=5)
        texts.append((head, foot, extent(head), extent(foot)))
    marks = [
        Mark(spot.at, spot.dot + 1, (max(head[0], foot[0]), head[1] + foot[1] + 1))
        for spot, (_, _, head, foot) in zip(spots, texts, strict=True)
    ]
    tails = [box for spot in spots if spot.before for box in _tail(spot.at, spot.before)]
    for spot, mark, box, (head, foot, _, _) in zip(spots, marks, place(marks, taken, tails, frame), texts, strict=True):
        left = box.x1 <= spot.at[0]
        x = box.x1 if left else box.x0
        for text, y in ((head, box.y1), (foot, box.y0)):
            text.set(x=x, y=y, ha="right" if left else "left", multialignment="right" if left else "left")
        near = box.grown(2.5).nearest(spot.at)
        if math.dist(near, spot.at) > mark.radius + 4:
            axes.plot(*zip(spot.at, near, strict=True), color=INK, linewidth=0.4, zorder=1.8)


def _tone(row: AreaRow) -> Tone:
    return tone_of(row) if row.status == "ok" else "none"


def _tail(at: Point, before: Point) -> Iterator[Box]:
    steps = max(1, math.ceil(math.dist(at, before) / 3))
    for step in range(steps + 1):
        x, y = (a + (b - a) * step / steps for a, b in zip(at, before, strict=True))
        yield Box(x - 1.5, y - 1.5, x + 1.5, y + 1.5)
