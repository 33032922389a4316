"""What all figures share: sizes, colours, fonts, and the bytes that they end as."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.figure import SubFigure
from matplotlib.text import Text as Drawn

from horizon.weeks import IsoWeek
from reports.fonts import font_files
from reports.language import Language
from reports.view import displayable

INK, MUTED, FAINT, PAPER, BAND = "#1b1f24", "#626a73", "#d5d9de", "#ffffff", "#b9bfc6"
TONES = {
    "rising": "#0072b2",
    "probably_rising": "#0072b2",
    "flat": "#626a73",
    "probably_falling": "#c04b00",
    "falling": "#c04b00",
    "none": "#626a73",
}
"""Blue and vermilion of Okabe and Ito (darkened to 4.5:1 on white): told apart by colour-blind readers."""
SERIES = ("#0072b2", "#c04b00", "#007a5a", "#a8457f", "#8a6400", "#1b1f24", "#2c78a6", "#626a73")
"""Of lines side by side: Okabe and Ito's, darkened alike. A second sign always goes with the colour."""
PAPERS_COLOUR, PATENTS_COLOUR = SERIES[2], SERIES[3]
WIDTH_INCH, NARROW_INCH = 7.3, 3.7
"""Of a page, and of a phone."""
POINTS = 72
"""An inch; also the dots an inch at which text is measured, as SVG is drawn."""
TIP = "tip:"
"""How the id of an artist begins whose other words a page shows to who points at it."""


@contextmanager
def style(font_dir: Path | None) -> Iterator[None]:
    """Fonts and lines of every figure, while one is drawn and encoded."""
    settings: Any = {
        "font.family": [*_families(font_files(font_dir)[:1]), "DejaVu Sans"],
        "font.size": 8.5,
        "text.color": INK,
        "axes.edgecolor": FAINT,
        "axes.linewidth": 0.6,
        "xtick.color": MUTED,
        "ytick.color": INK,
        "svg.fonttype": "path",
        "svg.hashsalt": "horizon",
        "text.parse_math": False,
        # Text is measured as it is drawn as outlines: hinting would round every letter to whole dots.
        "text.hinting": "none",
    }
    with rc_context(settings):
        yield


@cache
def _families(paths: tuple[Path, ...]) -> list[str]:
    """Names of fonts that are made known once."""
    for path in paths:
        font_manager.fontManager.addfont(str(path))
    return [font_manager.FontProperties(fname=str(path)).get_name() for path in paths]


def svg(canvas: Canvas) -> bytes:
    """The drawing, its texts as outlines."""
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "Horizon"}, transparent=True)
    return buffer.getvalue()


def sheet(width: float, height: float) -> Canvas:
    """An empty drawing of so many inches, on which text can be measured."""
    canvas = Canvas(figsize=(width, height), dpi=POINTS)
    FigureCanvasAgg(canvas)
    return canvas


def extent(text: Drawn) -> tuple[float, float]:
    """Width and height of a text in points, not rotated."""
    figure = text.get_figure(root=True)
    assert figure is not None  # noqa: S101 it was put on a sheet
    box = text.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    return float(box.width), float(box.height)


def folded(canvas: Canvas | SubFigure, text: str, size: float, limit: float, words: Language, most: int = 9) -> str:
    """A text in lines of at most `limit` points: between words, in Chinese between any two characters.

    At most so many lines; what does not fit is cut with a mark.
    """
    drawn = canvas.text(0, 0, "", fontsize=size)
    lines, line = [], ""
    for part in _parts(text, words):
        drawn.set_text((line + part).rstrip())
        if line and extent(drawn)[0] > limit:
            lines.append(line.rstrip())
            line = part.lstrip()
        else:
            line += part
    drawn.remove()
    lines.append(line.rstrip())
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1] + "…"]
    return "\n".join(lines)


def fitted(canvas: Canvas | SubFigure, text: str, size: float, limit: float) -> str:
    """A text in one line of at most `limit` points, cut with a mark."""
    drawn = canvas.text(0, 0, text, fontsize=size)
    kept = len(text)
    while kept > 1 and extent(drawn)[0] > limit:
        # Too long by so much: never fewer characters than fit, seldom many more.
        kept = min(kept - 1, max(1, math.ceil(kept * limit / extent(drawn)[0])))
        drawn.set_text(text[:kept].rstrip() + "…")
    drawn.remove()
    return text if kept == len(text) else text[:kept].rstrip() + "…"


def _parts(text: str, words: Language) -> list[str]:
    """Pieces between which a line may end: closing punctuation stays with what it closes."""
    if words.code != "zh":
        return [part + " " for part in text.split(" ")]
    parts: list[str] = []
    for char in text:
        joins = parts and (char in "，。；：、）”%·" or (char.isascii() and char != " " and parts[-1][-1:].isascii()))
        if parts and (joins or parts[-1][-1:] in "（“"):
            parts[-1] += char
        else:
            parts.append(char)
    return parts


def year_ticks(axes: Axes, first: IsoWeek, weeks: int) -> None:
    """Where a year begins along an axis of weeks that counts from `first`; no other ticks or edges."""
    starts = [offset for offset in range(weeks) if (first + offset).number == 1]
    axes.set_xticks(starts, [str((first + offset).year) for offset in starts])
    axes.tick_params(axis="x", length=2, labelsize=6.5, pad=1.5, width=0.5)
    axes.set_yticks([])
    axes.spines[["top", "left", "right"]].set_visible(False)


def tip(*parts: str) -> str:
    """The id of an unseen artist that shows these words to who points at it."""
    return TIP + " · ".join(displayable(part) for part in parts if part)
