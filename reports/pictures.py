"""Charts and sparklines as PNG, for formats that hold no vectors; the same bytes for the same facts."""

import io
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from reports.facts import Brief
from reports.language import LanguageCode
from reports.sparkline import HEIGHT, WIDTH
from reports.view import ChartName

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

DOTS_PER_INCH = 200
_POINTS = 72


def chart_pictures(
    brief: Brief, code: LanguageCode, names: Collection[ChartName], font_dir: Path | None = None
) -> Mapping[ChartName, bytes]:
    """PNG of each of these charts that the facts allow, on white."""
    from reports.charts import draw_charts

    return draw_charts(brief, code, font_dir, image="png", names=names)


@lru_cache(maxsize=512)  # the same lines in both languages
def spark_picture(values: tuple[float | None, ...], colour: str) -> bytes:
    """PNG of a sparkline: gaps where a week is unknown, a dot at the end; from zero to the largest."""
    from math import nan

    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(WIDTH / _POINTS, HEIGHT / _POINTS))
    axes = canvas.add_axes((0.02, 0.1, 0.95, 0.8))
    axes.set_axis_off()
    known = [(at, value) for at, value in enumerate(values) if value is not None]
    axes.set_xlim(-1, len(values))
    axes.set_ylim(0, max((value for _, value in known), default=1.0) * 1.08 or 1.0)
    axes.plot([nan if value is None else value for value in values], color=colour, linewidth=1.1)
    if known:
        axes.plot(*known[-1], marker="o", markersize=2.6, color=colour, clip_on=False)
    return png(canvas)


def png(canvas: "Canvas") -> bytes:
    """The bytes of a drawing, without the name and version of the program."""
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None}, facecolor="white")
    return buffer.getvalue()
