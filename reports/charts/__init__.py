"""The figures, as SVG or PNG with the same bytes for the same facts. Imported lazily: matplotlib is heavy."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure as Canvas

from reports.charts.forest import draw_forest
from reports.charts.race import draw_race
from reports.charts.radar import draw_radar
from reports.charts.reliability import draw_reliability
from reports.charts.shares import draw_shares
from reports.charts.streams import draw_streams
from reports.charts.style import NARROW_INCH, TIP, TONES, WIDTH_INCH, style, svg
from reports.charts.timeline import draw_timeline
from reports.facts import Brief
from reports.language import Language, LanguageCode, language
from reports.pictures import png
from reports.view import ChartName, race_chart

__all__ = ["NARROW_INCH", "TIP", "TONES", "WIDTH_INCH", "Image", "chart_names", "draw_canvas", "draw_charts"]

Image = Literal["svg", "png"]
_DRAW: dict[str, Callable[[Brief, Language, float], Canvas | None]] = {
    "forest": draw_forest,
    "shares": draw_shares,
    "radar": draw_radar,
    "streams": draw_streams,
    "signal_timeline": draw_timeline,
    "reliability": draw_reliability,
}


@dataclass(frozen=True)
class _Drawing:
    """What makes a drawing what it is."""

    facts: str
    """SHA-256 of the brief: equal briefs share their drawings, whoever holds them."""
    name: ChartName
    code: LanguageCode
    font_dir: Path | None
    width: float
    image: Image
    brief: Brief = field(compare=False, repr=False)


def draw_charts(
    brief: Brief,
    code: LanguageCode,
    font_dir: Path | None = None,
    width: float = WIDTH_INCH,
    image: Image = "svg",
    names: Collection[ChartName] | None = None,
) -> dict[ChartName, bytes]:
    """Each chart of these names (all, where none are given) that the facts allow, drawn once for all formats.

    In SVG text is drawn as outlines, so no reader lacks the font. `width` is `WIDTH_INCH` or `NARROW_INCH`.
    """
    wanted = tuple(chart_names(brief)) if names is None else tuple(dict.fromkeys(names))
    if not wanted:
        return {}
    facts = hashlib.sha256(json.dumps(brief.model_dump(), default=str).encode("ascii")).hexdigest()
    drawn = {name: _drawn(_Drawing(facts, name, code, font_dir, width, image, brief)) for name in wanted}
    return {name: data for name, data in drawn.items() if data is not None}


def chart_names(brief: Brief) -> Iterator[ChartName]:
    """All that a brief may have."""
    yield from _DRAW
    yield from map(race_chart, brief.races)


@lru_cache(maxsize=256)
def _drawn(drawing: _Drawing) -> bytes | None:
    with style(drawing.font_dir):
        canvas = draw_canvas(drawing.brief, drawing.code, drawing.width, drawing.name)
        encode = svg if drawing.image == "svg" else png
        return None if canvas is None else encode(canvas)


def draw_canvas(brief: Brief, code: LanguageCode, width: float, name: ChartName) -> Canvas | None:
    """A chart before it is encoded, None where the facts do not allow it; to be called within `style`."""
    words = language(code)
    if name in _DRAW:
        return _DRAW[name](brief, words, width)
    race = next((each for each in brief.races if race_chart(each) == name), None)
    return None if race is None else draw_race(race, words, width)
