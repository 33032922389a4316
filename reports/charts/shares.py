"""Each area's share of its leading source over two years."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from reports.charts.style import BAND, FAINT, MUTED, NARROW_INCH, TIP, TONES, WIDTH_INCH, year_ticks
from reports.facts import AreaRow, Brief
from reports.language import Language
from reports.view import displayable, named_rows, shorten, tone_of, trailing_share

COLUMNS = {WIDTH_INCH: 4, NARROW_INCH: 2}


def draw_shares(brief: Brief, words: Language, width: float) -> Canvas | None:
    rows = named_rows(brief, words)
    known = any(value is not None for row in rows for value in trailing_share(row.history))
    return _shares(rows, words, width) if known else None


def _shares(rows: Sequence[AreaRow], words: Language, width: float) -> Canvas:
    """One small chart an area, each with its own scale from zero; unknown weeks are grey bands, never zeros."""
    columns = min(COLUMNS[width], len(rows))
    lines = math.ceil(len(rows) / columns)
    height = 0.3 + 0.86 * lines
    canvas = Canvas(figsize=(width, height))
    gap = 0.055 * WIDTH_INCH / width
    for position, row in enumerate(rows):
        line, column = divmod(position, columns)
        left = 0.005 + column / columns
        bottom = 1 - (line + 1) * 0.86 / height + 0.2 / height
        axes = canvas.add_axes((left, bottom, 1 / columns - gap, 0.48 / height))
        _share_panel(axes, row, words)
    canvas.text(
        0.005,
        0.04 / height,
        words.word("charts", "shares_note"),
        fontsize=5.8 if width == NARROW_INCH else 7.2,
        color=MUTED,
        va="bottom",
    )
    return canvas


def _share_panel(axes: Axes, row: AreaRow, words: Language) -> None:
    history, colour = row.history, TONES[tone_of(row)]
    smooth = trailing_share(history)
    raw = [None if n is None or not total else n / total for n, total in zip(history.n, history.total, strict=True)]
    weeks = range(len(raw))
    axes.plot(
        weeks, [math.nan if value is None else value for value in raw], ".", color=FAINT, markersize=2.2, zorder=1
    )
    axes.plot(weeks, [math.nan if value is None else value for value in smooth], color=colour, linewidth=1.4, zorder=2)
    for week, total in enumerate(history.total):
        if total is None:
            axes.axvspan(week - 0.5, week + 0.5, color=BAND, linewidth=0, zorder=0)
    seen = [value for value in (*raw, *smooth) if value is not None]
    axes.set_ylim(0, max(seen, default=1.0) * 1.08 or 1.0)
    axes.set_xlim(-1, len(raw))
    name = shorten(displayable(words.name(row.name)), 40 if words.code == "en" else 20, "…")
    axes.set_title(name, loc="left", fontsize=7.4 if len(name) <= 30 else 6.2, pad=3.5)
    known = [value for value in smooth if value is not None]
    if known:
        latest = known[-1]
        ends = {"first": f"{100 * known[0]:.2f}%", "last": f"{100 * latest:.2f}%"}
        band = Rectangle((0, 0), 1, 1.3, transform=axes.transAxes, facecolor="none", edgecolor="none", clip_on=False)
        tip = words.word("labels", "spark_alt").format(**ends)
        band.set_gid(f"{TIP}{displayable(words.name(row.name))} · {tip}")
        axes.add_patch(band)
        axes.annotate(f"{100 * latest:.2f}%", (len(raw) - 1, latest), xytext=(3, 0), textcoords="offset points",
                      fontsize=7, va="center", color=colour, annotation_clip=False)  # fmt: skip
    year_ticks(axes, row.history.first_week, len(row.history.n))
