"""What was said against what came: a panel a quantity and horizon."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from reports.charts.labels import spread
from reports.charts.style import FAINT, MUTED, NARROW_INCH, POINTS, TONES, extent, sheet, tip
from reports.details import Reliability
from reports.facts import Brief
from reports.language import Language

_MOST_PANELS = 3
_SIDE_INCH, _HEAD_INCH = 1.75, 0.42


def draw_reliability(brief: Brief, words: Language, width: float) -> Canvas | None:
    """None where no forecast came due. Of more panels than fit, those of most forecasts."""
    panels = panels_of(brief.track.reliability)
    if not panels:
        return None
    columns = 1 if width == NARROW_INCH else _MOST_PANELS
    lines = math.ceil(len(panels) / columns)
    across = width / columns
    panel = _SIDE_INCH + _HEAD_INCH + 0.5
    height = panel * lines
    canvas = sheet(width, height)
    for at, steps in enumerate(panels):
        line, column = divmod(at, columns)
        left = (column * across + 0.36) / width
        axes = canvas.add_axes(
            (left, 1 - (line * panel + _HEAD_INCH + _SIDE_INCH) / height, _SIDE_INCH / width, _SIDE_INCH / height)
        )
        _panel(axes, steps, words)
    if len(panels) == 1 and columns > 1:
        _in_words(canvas, panels[0], words)
    return canvas


def _in_words(canvas: Canvas, steps: Sequence[Reliability], words: Language) -> None:
    """Beside one panel alone there is room for what it says."""
    height = canvas.bbox.height / POINTS
    for at, step in enumerate(reversed(steps)):
        y = 1 - (_HEAD_INCH + 0.1 + 0.2 * at) / height
        canvas.text(0.36, y, told(step, words), fontsize=7.6, va="center")


def panels_of(steps: Sequence[Reliability]) -> list[list[Reliability]]:
    """Steps by quantity and horizon, in the order of the brief: at most three, those of most forecasts."""
    groups: dict[tuple[str, int], list[Reliability]] = {}
    for step in steps:
        if step.said.value is not None and step.came.value is not None:
            groups.setdefault((step.quantity, step.horizon_weeks), []).append(step)
    most = sorted(groups, key=lambda key: (-sum(step.settled.value or 0 for step in groups[key]), key))[:_MOST_PANELS]
    return [each for key, each in groups.items() if key in most]


def _panel(axes: Axes, steps: Sequence[Reliability], words: Language) -> None:
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    axes.plot([0, 100], [0, 100], color=MUTED, linewidth=0.8, dashes=(3, 2), zorder=1)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.tick_params(length=0, labelsize=6.5, labelcolor=MUTED, pad=2)
    axes.grid(color=FAINT, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(words.word("charts", "reliability_said"), fontsize=6.6, color=MUTED, labelpad=1.5, loc="left")
    what = words.word("quantity", steps[0].quantity)
    title = words.word("labels", "forecast_row").format(quantity=what, weeks=steps[0].horizon_weeks)
    axes.set_title(title, fontsize=7.6, loc="left", pad=16)
    axes.text(0, 1.035, words.word("charts", "reliability_came"), fontsize=6.2, color=MUTED, va="bottom",
              transform=axes.transAxes)  # fmt: skip
    for step in steps:
        _step(axes, step, words)
    _counts(axes, steps, words)


def _step(axes: Axes, step: Reliability, words: Language) -> None:
    said, came = 100 * (step.said.value or 0.0), 100 * (step.came.value or 0.0)
    colour = TONES["rising"]
    if step.came.low is not None and step.came.high is not None:
        axes.plot([said, said], [100 * step.came.low, 100 * step.came.high], color=colour, linewidth=1.4, zorder=2,
                  solid_capstyle="butt", clip_on=False)  # fmt: skip
    axes.plot([said], [came], marker="o", markersize=4.6, color=colour, zorder=3, clip_on=False)
    band = Rectangle((said - 4, 0), 8, 100, facecolor="none", edgecolor="none", zorder=6)
    band.set_gid(tip(told(step, words)))
    axes.add_patch(band)


def _counts(axes: Axes, steps: Sequence[Reliability], words: Language) -> None:
    """How many forecasts each step has, in a row under the axis's numbers."""
    texts = [
        axes.text(0, -19, words.bare(step.settled), fontsize=6.2, color=TONES["rising"], ha="center", va="center")
        for step in steps
    ]
    scale = 100 / (_SIDE_INCH * POINTS)
    sizes = [(extent(text)[0] + 3) * scale for text in texts]
    for text, x in zip(texts, spread([100 * (s.said.value or 0.0) for s in steps], sizes, -4, 108), strict=True):
        text.set_x(x)


def told(step: Reliability, words: Language) -> str:
    """A step in words."""
    return words.word("charts", "reliability_row").format(
        said=words.bare(step.said),
        came=words.bare(step.came),
        interval=words.interval(step.came),
        n=words.number(step.settled),
    )
