"""Papers up and patents down, an area a panel; each side by its own scale, for their sources are never added up."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from reports.charts.style import (
    FAINT,
    MUTED,
    NARROW_INCH,
    PAPERS_COLOUR,
    PATENTS_COLOUR,
    POINTS,
    WIDTH_INCH,
    fitted,
    folded,
    sheet,
    tip,
    year_ticks,
)
from reports.facts import AreaRow, Brief
from reports.language import Language
from reports.streams import Stream, latest, means_of, rate, streams_of
from reports.view import displayable

_COLUMNS = {WIDTH_INCH: 4, NARROW_INCH: 2}
_PANEL_INCH = 1.06
_SIDES = (("papers", 1, PAPERS_COLOUR), ("patents", -1, PATENTS_COLOUR))


def draw_streams(brief: Brief, words: Language, width: float) -> Canvas | None:
    """Small multiples; one area alone has the whole width. None where no week of any is known."""
    found = streams_of(brief.areas, {row.source: row.profile for row in brief.sources})
    streams = [each for each in found if any(latest(means) is not None for means in _both(each, brief))]
    if not streams:
        return None
    # A side that no area has is not drawn at all.
    sides = tuple(side for side in _SIDES if any(getattr(each, side[0]) for each in streams))
    columns = min(_COLUMNS[width], len(streams))
    lines = math.ceil(len(streams) / columns)
    small, foot = (5.8, 0.36) if width == NARROW_INCH else (7.2, 0.28)
    panel = _PANEL_INCH * (1.4 if columns == 1 else 1) * (1 if len(sides) > 1 else 0.8)
    height = foot + panel * lines
    canvas = sheet(width, height)
    for position, stream in enumerate(streams):
        line, column = divmod(position, columns)
        bottom = 1 - (line + 1) * panel / height + 0.17 / height
        axes = canvas.add_axes((0.005 + column / columns, bottom, 1 / columns - 0.34 / width, (panel - 0.36) / height))
        axes.set_ylim(-1.12 if sides[-1][1] < 0 else -0.02, 1.12 if sides[0][1] > 0 else 0.02)
        room = (1 / columns - 0.01) * width * POINTS
        axes.set_title(
            fitted(canvas, displayable(words.name(stream.name)), 7.4, room), loc="left", fontsize=7.4, pad=2.5
        )
        _panel(axes, stream, sides, words, brief)
    note = folded(canvas, words.word("charts", "streams_note"), small, width * POINTS - 6, words)
    canvas.text(0.005, 0.02 / height, note, fontsize=small, color=MUTED, va="bottom", linespacing=1.2)
    return canvas


def _both(stream: Stream, brief: Brief) -> tuple[tuple[float | None, ...], ...]:
    return means_of(stream.papers, brief), means_of(stream.patents, brief)


def _panel(
    axes: Axes, stream: Stream, sides: Sequence[tuple[str, int, str]], words: Language, brief: Brief
) -> None:  # fmt: skip
    names = {row.source: words.name(row.name) for row in brief.sources}
    colon, unknown = words.word("forms", "colon"), words.word("charts", "unknown")
    rows = [row for row in (stream.papers, stream.patents) if row is not None]
    first, weeks = rows[0].history.first_week, len(rows[0].history.n)
    tips = [words.name(stream.name)]
    for name, sign, colour in sides:
        row: AreaRow | None = getattr(stream, name)
        if row is None:
            said = words.word("group", name) + colon + unknown
            axes.text(0, sign * 0.5, said, fontsize=6.4, color=MUTED, va="center")
            tips.append(said)
            continue
        means = means_of(row, brief)
        _side(axes, row, means, sign, colour)
        tips.append(words.word("group", name) + words.word("forms", "middot") + names[row.source] + colon
                    + rate(latest(means), unknown))  # fmt: skip
    axes.set_xlim(-1, weeks)
    axes.axhline(0, color=MUTED, linewidth=0.5, zorder=3)
    band = Rectangle(
        (0, 0), 1, 1.2, transform=axes.transAxes, facecolor="none", edgecolor="none", clip_on=False, zorder=6
    )
    band.set_gid(tip(*tips))
    axes.add_patch(band)
    year_ticks(axes, first, weeks)
    axes.spines["bottom"].set_visible(False)


def _side(axes: Axes, row: AreaRow, means: Sequence[float | None], sign: int, colour: str) -> None:
    """One side of a panel with its newest mean in figures. Unknown weeks are grey and have no stream."""
    most = max((mean for mean in means if mean is not None), default=0.0) or 1.0
    line = [math.nan if mean is None else sign * mean / most for mean in means]
    axes.fill_between(range(len(means)), 0, line, color=colour, alpha=0.28, linewidth=0, zorder=1)
    axes.plot(line, color=colour, linewidth=1.1, zorder=2)
    for first, last in unknown_runs(row.history.n):
        below = 0 if sign > 0 else -1.1
        axes.add_patch(Rectangle((first - 0.5, below), last - first + 1, 1.1, facecolor=FAINT, linewidth=0, zorder=0))
    newest = latest(means)
    if newest is not None:
        height = sign * max(0.22, min(newest / most, 0.95))
        axes.annotate(rate(newest, ""), (len(means) - 1, height), xytext=(3, 0), textcoords="offset points", fontsize=7,
                      va="center", color=colour, annotation_clip=False)  # fmt: skip


def unknown_runs(n: Sequence[int | None]) -> list[tuple[int, int]]:
    """First and last place of each run of unknown weeks."""
    runs: list[tuple[int, int]] = []
    for at, count in enumerate(n):
        if count is None:
            runs[-1:] = [(runs[-1][0], at)] if runs and runs[-1][1] == at - 1 else [*runs[-1:], (at, at)]
    return runs
