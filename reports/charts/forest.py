"""Growth of every area with its interval."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from reports.charts.style import FAINT, MUTED, NARROW_INCH, PAPER, POINTS, TIP, TONES, fitted, folded, sheet
from reports.facts import AreaRow, Brief
from reports.language import Language
from reports.view import displayable, named_rows, shorten, tone_of


def draw_forest(brief: Brief, words: Language, width: float) -> Canvas | None:
    rows = named_rows(brief, words)
    return _forest(rows, words, width) if any(row.status == "ok" for row in rows) else None


def _forest(rows: Sequence[AreaRow], words: Language, width: float) -> Canvas:
    """Growth with its 80 % interval, highest first; areas without enough data last, said in words.

    On the narrow one an area's name stands above its line instead of beside it.
    """
    narrow = width == NARROW_INCH
    ordered = sorted(rows, key=lambda row: (row.status != "ok", -(row.growth.value or 0.0), row.area))
    foot = 0.5 if narrow else 0.36
    height = 0.26 + foot + (0.36 if narrow else 0.215) * len(ordered)
    canvas = sheet(width, height)
    left, across = (0.01, 0.56) if narrow else (0.31, 0.475)
    axes = canvas.add_axes((left, foot / height, across, 1 - (foot + 0.04) / height))
    low, high = _range(ordered)
    axes.set_xlim(low, high)
    axes.set_ylim(len(ordered) - 0.5, -0.8 if narrow else -0.5)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    for position, row in enumerate(ordered):
        _forest_row(axes, position, row, words, narrow)
    axes.set_yticks([])
    axes.tick_params(axis="x", length=0, labelsize=7.5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+.0f}".replace("-", "\N{MINUS SIGN}") if value else "0")
    label = words.word("charts", "growth_axis")
    if any(row.path for row in ordered):
        label += words.word("forms", "separator") + words.word("charts", "growth_path")
    if narrow:
        said = folded(canvas, label, 6.6, (width - 0.05) * POINTS, words)
        canvas.text(0.01, 0.01, said, fontsize=6.6, color=MUTED, va="bottom", linespacing=1.15)
    else:
        axes.set_xlabel(label, fontsize=7.5, color=MUTED, labelpad=2)
    axes.grid(axis="x", color=FAINT, linewidth=0.4)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    return canvas


def _range(rows: Sequence[AreaRow]) -> tuple[float, float]:
    ends = [
        end for row in rows for end in (row.growth.low, row.growth.high, 0.0) if end is not None and row.status == "ok"
    ]
    low, high = max(min(ends), -100.0), min(max(ends), 400.0)
    margin = max(2.0, 0.04 * (high - low))
    return low - margin, high + margin


def _forest_row(axes: Axes, position: int, row: AreaRow, words: Language, narrow: bool) -> None:
    axes.add_patch(_tip_area(axes, position, _forest_tip(row, words)))
    tone = tone_of(row)
    name = shorten(displayable(words.name(row.name)), 52 if words.code == "en" else 26, "…")
    across = axes.get_yaxis_transform()
    size = 8.5 if len(name) <= 34 else 7.4 if len(name) <= 44 else 6.4
    name = fitted(axes.figure, name, size, (0.98 if narrow else 0.29) * axes.figure.bbox.width)
    if narrow:
        behind = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}
        axes.text(0.0, position - 0.42, name, transform=across, ha="left", va="center", fontsize=size, bbox=behind)
    else:
        axes.text(-0.02, position, name, transform=across, ha="right", va="center", fontsize=size)
    if row.status != "ok" or row.growth.value is None or row.growth.low is None or row.growth.high is None:
        said = words.word("charts", "insufficient")
        axes.text(1.02, position, said, transform=across, ha="left", va="center", color=MUTED, fontsize=7.5)
        return
    colour, sure = TONES[tone], tone in ("rising", "falling")
    axes.plot([row.growth.low, row.growth.high], [position] * 2, color=colour, linewidth=1.8, solid_capstyle="butt")
    axes.plot([row.growth.value], [position], marker="o", markersize=5.5, color=colour, markeredgewidth=1.3,
              markerfacecolor=colour if sure else PAPER)  # fmt: skip
    _path(axes, position + 0.3, row)
    form = words.word("charts", "forest_row").format(
        area="", growth=words.bare(row.growth), interval=words.interval(row.growth)
    )
    axes.text(1.02, position, form.strip(), transform=across, ha="left", va="center", color=colour, fontsize=7.8)


def _path(axes: Axes, height: float, row: AreaRow) -> None:
    """The way of the estimate within the year, from the dot."""
    seen = [figure.value for figure in (row.growth, *row.path) if figure.value is not None]
    if len(seen) < 2:
        return
    axes.plot(seen, [height] * len(seen), color=MUTED, linewidth=0.5)
    axes.plot(seen[-1:], [height], marker="o", markersize=2.4, color=MUTED, markeredgewidth=0)


def _tip_area(axes: Axes, position: float, words: str) -> Rectangle:
    """An unseen band over a whole line of the chart, whose words a page shows to who points at it."""
    ends = [axes.transAxes.inverted().transform((x, 0))[0] for x in (0, axes.get_figure().bbox.width)]  # type: ignore[union-attr]
    band = Rectangle((ends[0], position - 0.5), ends[1] - ends[0], 1.0, transform=axes.get_yaxis_transform())
    band.set(facecolor="none", edgecolor="none", clip_on=False, gid=TIP + words)
    return band


def _forest_tip(row: AreaRow, words: Language) -> str:
    name = displayable(words.name(row.name))
    if row.status != "ok":
        return f"{name} {words.word('charts', 'insufficient')}"
    shown = {"area": name, "growth": words.bare(row.growth), "interval": words.interval(row.growth)}
    chance = words.word("labels", "p_rising") + words.word("forms", "colon") + words.bare(row.p_rising)
    return words.word("charts", "forest_row").format(**shown) + words.word("forms", "separator") + chance
