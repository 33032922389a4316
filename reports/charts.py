"""The two figures, as SVG with the same bytes for the same facts. Imported lazily: matplotlib is heavy."""

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from reports.facts import AreaRow, Brief, Text
from reports.fonts import font_files
from reports.language import Language, LanguageCode, language
from reports.pictures import png
from reports.view import ChartName, displayable, leading_rows, shorten, tone_of, trailing_share

INK, MUTED, FAINT, PAPER = "#1b1f24", "#626a73", "#d5d9de", "#ffffff"
TONES = {
    "rising": "#0072b2",
    "probably_rising": "#0072b2",
    "flat": "#626a73",
    "probably_falling": "#c04b00",
    "falling": "#c04b00",
    "none": "#626a73",
}
"""Blue and vermilion of Okabe and Ito (darkened to 4.5:1 on white): told apart by colour-blind readers."""
WIDTH_INCH, NARROW_INCH = 7.3, 3.7
"""Of a page, and of a phone."""
TIP = "tip:"
"""How the id of an artist begins whose other words a page shows to who points at it."""
_COLUMNS = {WIDTH_INCH: 4, NARROW_INCH: 2}


def draw_charts(
    brief: Brief,
    code: LanguageCode,
    font_dir: Path | None = None,
    width: float = WIDTH_INCH,
    image: Literal["svg", "png"] = "svg",
) -> dict[ChartName, bytes]:
    """Each chart that the facts allow; in SVG text is drawn as outlines, so no reader lacks the font.

    `width` is `WIDTH_INCH` or `NARROW_INCH`.
    """
    encode = _svg if image == "svg" else png
    words, rows = language(code), _named(brief, language(code))
    charts: dict[ChartName, bytes] = {}
    with _style(font_dir):
        if any(row.status == "ok" for row in rows):
            charts["forest"] = encode(_forest(rows, words, width))
        if any(value is not None for row in rows for value in trailing_share(row.history)):
            charts["shares"] = encode(_shares(rows, words, width))
    return charts


def _named(brief: Brief, words: Language) -> list[AreaRow]:
    """Rows of the leading sources; where these are several, each name says which one."""
    rows = leading_rows(brief)
    names = {row.source: row.name for row in brief.sources}
    if len({row.source for row in rows}) < 2:
        return list(rows)
    form = words.word("charts", "in_source")

    def named(row: AreaRow) -> Text:
        source = names[row.source]
        return Text(
            en=form.format(area=row.name.en, source=source.en), zh=form.format(area=row.name.zh, source=source.zh)
        )

    return [row.model_copy(update={"name": named(row)}) for row in rows]


@contextmanager
def _style(font_dir: Path | None) -> Iterator[None]:
    names = []
    for path in font_files(font_dir)[:1]:
        font_manager.fontManager.addfont(str(path))
        names.append(font_manager.FontProperties(fname=str(path)).get_name())
    settings: Any = {
        "font.family": [*names, "DejaVu Sans"],
        "font.size": 8.5,
        "text.color": INK,
        "axes.edgecolor": FAINT,
        "axes.linewidth": 0.6,
        "xtick.color": MUTED,
        "ytick.color": INK,
        "svg.fonttype": "path",
        "svg.hashsalt": "horizon",
        "text.parse_math": False,
    }
    with rc_context(settings):
        yield


def _svg(canvas: Canvas) -> bytes:
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "Horizon"}, transparent=True)
    return buffer.getvalue()


def _forest(rows: Sequence[AreaRow], words: Language, width: float) -> Canvas:
    """Growth with its 80 % interval, highest first; areas without enough data last, said in words.

    On the narrow one an area's name stands above its line instead of beside it.
    """
    narrow = width == NARROW_INCH
    ordered = sorted(rows, key=lambda row: (row.status != "ok", -(row.growth.value or 0.0), row.area))
    height = 0.62 + (0.36 if narrow else 0.215) * len(ordered)
    canvas = Canvas(figsize=(width, height))
    left, across = (0.01, 0.56) if narrow else (0.31, 0.475)
    axes = canvas.add_axes((left, 0.36 / height, across, 1 - 0.4 / height))
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
    axes.set_xlabel(label, fontsize=7.5, color=MUTED, labelpad=2, loc="left" if narrow else "center")
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


def _shares(rows: Sequence[AreaRow], words: Language, width: float) -> Canvas:
    """One small chart an area, each with its own scale from zero; unknown weeks are grey bands, never zeros."""
    columns = min(_COLUMNS[width], len(rows))
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
            axes.axvspan(week - 0.5, week + 0.5, color="#b9bfc6", linewidth=0, zorder=0)
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
    _year_ticks(axes, row)


def _year_ticks(axes: Axes, row: AreaRow) -> None:
    first = row.history.first_week
    starts = [offset for offset in range(len(row.history.n)) if (first + offset).number == 1]
    axes.set_xticks(starts, [str((first + offset).year) for offset in starts])
    axes.tick_params(axis="x", length=2, labelsize=6.5, pad=1.5, width=0.5)
    axes.set_yticks([])
    axes.spines[["top", "left", "right"]].set_visible(False)
