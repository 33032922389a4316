"""A route race: each route's share over two years, and what it may be a year on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle
from matplotlib.text import Text as Drawn
from matplotlib.ticker import MaxNLocator

from reports.charts.labels import spread
from reports.charts.style import (
    FAINT,
    MUTED,
    NARROW_INCH,
    POINTS,
    SERIES,
    extent,
    folded,
    sheet,
    tip,
)
from reports.facts import Figure, RaceFact, StandingFact
from reports.language import Language
from reports.view import displayable

_DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.6), (1.4, 1.4), (6, 1.4, 1.4, 1.4), (3, 1.2))
"""A second sign beside colour, in turn."""
_YEAR = 52


@dataclass(frozen=True)
class _Lane:
    """One route as it is drawn."""

    standing: StandingFact
    shares: tuple[float | None, ...]
    """In per cent, one a window."""
    colour: str
    dashes: tuple[float, ...]


def draw_race(race: RaceFact, words: Language, width: float) -> Canvas | None:
    """None where fewer than two windows are known: there is no course to show."""
    known = [lead for lead in race.leads if any(share.value is not None for share in lead.shares)]
    if len(known) < 2:
        return None
    narrow = width == NARROW_INCH
    lanes = _lanes(race)
    weeks = [lead.last - race.leads[-1].last for lead in race.leads]
    height = max(1.75, 0.42 + (0.34 if narrow else 0.215) * len(lanes))
    canvas = sheet(width, height)
    names = _names(canvas, lanes, words, width)
    # The names take the room that they need, the course the rest.
    end = 1 - (max(extent(name)[0] for name in names) + 40) / (width * POINTS)
    bottom, tall, left = 0.32 / height, 1 - 0.42 / height, 0.095 if narrow else 0.05
    course = canvas.add_axes((left, bottom, end - left - 0.125, tall))
    ahead = canvas.add_axes((end - 0.11, bottom, 0.1, tall))
    top = 1.06 * max(100 * (each.high or each.value or 0.0) for each in _all_shown(race))
    for axes in (course, ahead):
        axes.set_ylim(0, top)
        axes.spines[["top", "left", "right"]].set_visible(False)
    _course(course, lanes, weeks, race, narrow)
    _ahead(ahead, lanes, words, narrow)
    _labels(canvas, ahead, lanes, names, words)
    canvas.text(
        0.002, 0.004, words.word("charts", "race_axis"), fontsize=5.8 if narrow else 7, color=MUTED, va="bottom"
    )
    return canvas


def _all_shown(race: RaceFact) -> list[Figure]:
    course = [share.model_copy(update={"high": None}) for lead in race.leads for share in lead.shares]
    return [*course, *(each.forecast for each in race.standings), *(each.share for each in race.standings)]


def _lanes(race: RaceFact) -> list[_Lane]:
    """From the greatest share to the least; colours and dashes follow the taxonomy's order, the same every week."""
    lanes = [
        _Lane(
            standing,
            tuple(None if (value := lead.shares[at].value) is None else 100 * value for lead in race.leads),
            SERIES[at % len(SERIES)],
            _DASHES[at % len(_DASHES)],
        )
        for at, standing in enumerate(race.standings)
    ]
    return sorted(lanes, key=lambda lane: (-(lane.standing.share.value or 0.0), lane.standing.route))


def _course(axes: Axes, lanes: Sequence[_Lane], weeks: Sequence[int], race: RaceFact, narrow: bool) -> None:
    last = race.leads[-1].last
    for lane in reversed(lanes):
        line = [math.nan if share is None else share for share in lane.shares]
        axes.plot(weeks, line, color=lane.colour, linewidth=1.5, dashes=lane.dashes or (None, None), zorder=2)
        axes.plot(weeks, line, marker="o", linestyle="none", markersize=2.1, color=lane.colour, zorder=2)
        axes.plot(weeks[-1:], line[-1:], marker="o", markersize=3.6, color=lane.colour, clip_on=False, zorder=3)
    axes.set_xlim(min(weeks[0], -_YEAR) - 1, 1)
    starts = [at for at in range(weeks[0], 1) if (last + at).number == 1]
    axes.set_xticks(starts, [str((last + at).year) for at in starts])
    axes.tick_params(axis="x", length=2, labelsize=6 if narrow else 6.8, pad=1.5, width=0.5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
    axes.tick_params(axis="y", length=0, labelsize=6 if narrow else 6.8, labelcolor=MUTED, pad=2)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    axes.grid(axis="y", color=FAINT, linewidth=0.4)
    axes.set_axisbelow(True)


def _ahead(axes: Axes, lanes: Sequence[_Lane], words: Language, narrow: bool) -> None:
    """The forecasts side by side, each a bar of its 80 % interval with its mean."""
    axes.set_xlim(-0.8, len(lanes) - 0.2)
    for at, lane in enumerate(lanes):
        forecast = lane.standing.forecast
        if forecast.value is None or forecast.low is None or forecast.high is None:
            continue
        axes.plot([at, at], [100 * forecast.low, 100 * forecast.high], color=lane.colour, linewidth=2.2,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot([at], [100 * forecast.value], marker="_", markersize=6, markeredgewidth=1.6, color=lane.colour)
    said = words.word("charts", "race_forecast")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel(said, fontsize=5.6 if narrow else 6.8, color=MUTED, labelpad=3)


def _names(canvas: Canvas, lanes: Sequence[_Lane], words: Language, width: float) -> list[Drawn]:
    """Each route's share and name, in two lines at most, not yet in its place."""
    narrow = width == NARROW_INCH
    size, room = (6.2, 0.36 * width * POINTS) if narrow else (7.4, 0.34 * width * POINTS)
    found = []
    for lane in lanes:
        name = f"{words.bare(lane.standing.share)} {displayable(words.name(lane.standing.name))}"
        said = folded(canvas, name, size, room, words, most=2)
        found.append(canvas.text(0, 0, said, fontsize=size, color=lane.colour, va="center", linespacing=1.05))
    return found


def _labels(canvas: Canvas, ahead: Axes, lanes: Sequence[_Lane], names: Sequence[Drawn], words: Language) -> None:
    """Names at the height of their shares as far as there is room, a line of the lane's own kind before each."""
    box, across, high = ahead.get_window_extent(), float(canvas.bbox.width), float(canvas.bbox.height)
    begin, left, key = float(box.x1) + 1, float(box.x1) + 12, float(box.x1) + 28
    page = canvas.add_axes((0, 0, 1, 1), zorder=4)
    page.set(xlim=(0, across), ylim=(0, high), facecolor="none")
    page.set_axis_off()
    scale = float(box.height) / ahead.get_ylim()[1]
    wanted = [float(box.y0) + 100 * (lane.standing.share.value or 0.0) * scale for lane in lanes]
    sizes = [extent(name)[1] + 1.2 for name in names]
    places = spread(wanted, sizes, 10, high - 1)
    for lane, name, y, aim, tall in zip(lanes, names, places, wanted, sizes, strict=True):
        name.set_position(((key + 3) / across, y / high))
        page.plot([begin, left], [aim, y], color=lane.colour, linewidth=0.6)
        page.plot([left, key], [y, y], color=lane.colour, linewidth=1.5, dashes=lane.dashes or (None, None))
        _tip(page, lane, words, (left, y - tall / 2, across - left, tall))


def _tip(page: Axes, lane: _Lane, words: Language, box: tuple[float, float, float, float]) -> None:
    band = Rectangle(box[:2], *box[2:], facecolor="none", edgecolor="none")
    band.set_gid(tip(told(lane.standing, lane.shares, words)))
    page.add_patch(band)


def told(standing: StandingFact, shares: Sequence[float | None], words: Language) -> str:
    """A route's course in words; its first share is the first known one."""
    first = next((share for share in shares if share is not None), None)
    form = words.word("charts", "race_row")
    return form.format(
        route=displayable(words.name(standing.name)),
        first=words.word("charts", "unknown") if first is None else f"{first:.0f}%",
        last=words.bare(standing.share),
        forecast=words.bare(standing.forecast),
        interval=words.interval(standing.forecast),
    )
