"""HTML: one self-contained file without script; autoescaped, light and dark, readable on a phone and in print."""

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from reports.facts import Brief
from reports.fonts import subset_woff
from reports.language import LanguageCode
from reports.sparkline import sparkline
from reports.view import Chart, ChartName, Page, Spark, page_of

_DROP = ("metadata",)
_THEME = {"#1b1f24": "currentColor", "#626a73": "var(--muted)", "#d5d9de": "var(--line)", "#ffffff": "var(--paper)",
          "#0072b2": "var(--rising)", "#c04b00": "var(--falling)", "#b9bfc6": "var(--band)"}  # fmt: skip
"""Colours of `charts.py` that follow the reader's light or dark scheme."""


def render_html(brief: Brief, code: LanguageCode, font_dir: Path | None = None) -> bytes:
    """UTF-8 HTML of a brief in one language."""
    from reports.charts import NARROW_INCH, WIDTH_INCH, draw_charts

    charts = {
        width: draw_charts(brief, code, font_dir, inches)
        for width, inches in (("wide", WIDTH_INCH), ("narrow", NARROW_INCH))
    }
    return render_page(page_of(brief, code, "html"), charts, font_dir)


def render_page(page: Page, charts: Mapping[str, Mapping[ChartName, bytes]], font_dir: Path | None = None) -> bytes:
    """HTML of a composed page with its charts, and with the glyphs of its own words for readers without the font."""
    titles = {block.name: block for section in page.sections for block in section.blocks if isinstance(block, Chart)}
    inline = {
        width: {name: inline_svg(svg, titles[name], f"{name}-{width}") for name, svg in drawn.items() if name in titles}
        for width, drawn in charts.items()
    }
    template = environment().get_template("brief.html.j2")
    plain = template.render(page=page, charts=inline, css=_css(), face="")
    text = template.render(page=page, charts=inline, css=_css(), face=_face(unescape(plain), font_dir))
    return re.sub(r"\n\s*\n+", "\n", text).strip().encode("utf-8") + b"\n"


@cache
def environment() -> Any:
    """Templates of this room; what is not defined is an error, what a feed wrote is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["spark"] = _spark
    return environment


def _css() -> Any:
    from importlib.resources import files

    from markupsafe import Markup

    return Markup((files("reports") / "templates" / "brief.css").read_text(encoding="utf-8"))  # noqa: S704 our own file


def _face(text: str, font_dir: Path | None) -> Any:
    """The style that embeds the characters of a text; the family is the last by name in `brief.css`.

    It stands before the generic ones: Chromium keeps the empty boxes of a generic font although a later one loads.
    """
    from markupsafe import Markup

    glyphs = "".join(sorted({char for char in text if not char.isspace()}))
    data = b64encode(subset_woff(glyphs, font_dir)).decode("ascii")
    source = f'url("data:font/woff;base64,{data}") format("woff")'
    return Markup(f'@font-face {{ font-family: "Horizon SC"; src: {source}; font-display: block; }}')  # noqa: S704 base64 alone


def _spark(spark: Spark) -> Any:
    """A sparkline with its words as label; all of it is numbers and words escaped here."""
    from markupsafe import Markup, escape

    svg = sparkline(spark.values, "currentColor")
    return Markup(svg.replace("<svg ", f'<svg class="spark" role="img" aria-label="{escape(spark.alt)}" ', 1))  # noqa: S704


def inline_svg(svg: bytes, chart: Chart, prefix: str) -> Any:
    """A chart for the page: own ids, title and description for screen readers, colours of the reader's scheme."""
    from lxml import etree
    from markupsafe import Markup

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    root = etree.fromstring(svg, parser)
    space = "{http://www.w3.org/2000/svg}"
    for name in _DROP:
        for element in root.findall(f"{space}{name}"):
            root.remove(element)
    for number, (tag, words) in enumerate((("title", chart.title), ("desc", chart.alt))):
        element = etree.Element(f"{space}{tag}", {"id": f"{prefix}-{tag}"})
        element.text = words
        root.insert(number, element)
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}-title {prefix}-desc")
    for size in ("width", "height"):
        root.attrib.pop(size, "")
    text = etree.tostring(root, encoding="unicode")
    text = re.sub(rf'(\bid="|url\(#|href="#)(?!{re.escape(prefix)}-)', rf"\1{prefix}-", text)
    for colour, variable in _THEME.items():
        text = text.replace(colour, variable)
    return Markup(text)  # noqa: S704 drawn by us, texts escaped by lxml
