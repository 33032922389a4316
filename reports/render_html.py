"""HTML: one self-contained file; autoescaped, light and dark, readable on a phone, in print and without script.

Its one script narrows the page to the reader's words. A content security policy admits that script and the page's one
style sheet by their digests, and nothing else.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from reports.facts import Brief
from reports.fonts import subset_woff
from reports.glyphs import compact, shared_glyphs
from reports.language import LanguageCode, language
from reports.policy import brief_plan
from reports.proofs import Proof, Proofs, proofs_of
from reports.sparkline import sparkline
from reports.tex import as_unicode
from reports.view import Chart, ChartName, Entry, Page, Run, Spark, View, charts_of, displayable, page_of, shorten

SVG = "{http://www.w3.org/2000/svg}"
_TIP = "tip:"
"""`charts.TIP`, which would bring matplotlib along."""
_LINK = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"^(?:#|url\(#)([^)]+)")
_DROP = ("metadata",)
_PLACES = {"d", "x", "y"}
_POLICY = "content-security-policy-by-digest"
"""Stands in the page until the texts are final whose digests the policy holds."""
_THEME = {"#1b1f24": "currentColor", "#626a73": "var(--muted)", "#d5d9de": "var(--line)", "#ffffff": "var(--paper)",
          "#0072b2": "var(--rising)", "#c04b00": "var(--falling)", "#b9bfc6": "var(--band)",
          "#007a5a": "var(--line-3)", "#a8457f": "var(--line-4)", "#8a6400": "var(--line-5)",
          "#2c78a6": "var(--line-7)"}  # fmt: skip
"""Colours of `charts.py` that follow the reader's light or dark scheme."""


def render_html(brief: Brief, code: LanguageCode, font_dir: Path | None = None) -> bytes:
    """UTF-8 HTML of a brief in one language."""
    from reports.charts import NARROW_INCH, WIDTH_INCH, draw_charts

    page = page_of(brief, code, "html")
    charts = {
        width: draw_charts(brief, code, font_dir, inches, names=charts_of(page))
        for width, inches in (("wide", WIDTH_INCH), ("narrow", NARROW_INCH))
    }
    view = View(brief, language(code, brief.header.kind), brief_plan(brief.header.kind).limits["html"])
    return render_page(page, charts, font_dir, proofs_of(view))


def render_page(
    page: Page,
    charts: Mapping[str, Mapping[ChartName, bytes]],
    font_dir: Path | None = None,
    proofs: Proofs | None = None,
) -> bytes:
    """HTML of a composed page with its charts, and with the glyphs of its own words for readers without the font."""
    titles = {block.name: block for section in page.sections for block in section.blocks if isinstance(block, Chart)}
    inline = {
        width: {
            name: inline_svg(svg, titles[name], _prefix(name, width)) for name, svg in drawn.items() if name in titles
        }
        for width, drawn in charts.items()
    }
    glyphs, inline = shared_glyphs(inline)
    template = environment().get_template("brief.html.j2")
    words = language(page.code).words["proof"]
    context: dict[str, Any] = {
        "page": page,
        "charts": inline,
        "glyphs": glyphs,
        "proofs": proofs or Proofs(),
        "words": words,
    }
    context |= {"css": own_text("brief.css"), "script": own_text("filter.js"), "policy": _POLICY}
    plain = template.render(**context, face="")
    return with_policy(template.render(**context, face=font_face(unescape(plain), font_dir)))


def _prefix(name: ChartName, width: str) -> str:
    """What the ids of a chart begin with: what an id may not hold is told by its code."""
    plain = re.sub(r"[^A-Za-z0-9]", lambda char: "-" if char[0] in " _:/" else f"{ord(char[0]):x}", name)
    return f"{plain}-{width}"


def with_policy(text: str) -> bytes:
    """The page without blank lines, its policy naming the digests of the style and the script as they now are."""
    text = re.sub(r"\n\s*\n+", "\n", text).strip() + "\n"
    directives = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "font-src data:", "img-src data:"]
    for tag in ("style", "script"):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        directives += [f"{tag}-src {' '.join(map(_digest, found))}"] if found else []
    return text.replace(_POLICY, "; ".join(directives), 1).encode("utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


@cache
def environment() -> Any:
    """Templates of this room, autoescaped; an undefined name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["kind"] = lambda block: type(block).__name__
    made.filters["spark"] = _spark
    made.filters["shown"] = lambda text: as_unicode(displayable(text))
    made.filters["shortened"] = lambda text: shorten(text, 160, " …")
    made.filters["behind"] = _behind
    made.filters["item_proofs"] = _item_proofs
    return made


def _behind(shown: Iterable[Run | str], proofs: Proofs) -> tuple[Proof, ...]:
    return proofs.of(tuple(each.text if isinstance(each, Run) else each for each in shown))


def _item_proofs(entry: Entry, proofs: Proofs) -> tuple[Proof, ...]:
    """The numbers of the record that one of the entry's runs names, as an item's id does."""
    names = {run.text for line in entry.lines for run in line} | {entry.title.text}
    return tuple(proof for group in proofs.groups if group.name in names for proof in group.proofs)


def own_text(name: str) -> Any:
    """A style sheet or script of ours, put into a page as it is."""
    from importlib.resources import files

    from markupsafe import Markup

    return Markup((files("reports") / "templates" / name).read_text(encoding="utf-8"))  # noqa: S704 our own file


def font_face(text: str, font_dir: Path | None) -> Any:
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

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_blank_text=True
    )
    root = etree.fromstring(svg, parser)
    for name in _DROP:
        for element in root.findall(f"{SVG}{name}"):
            root.remove(element)
    _presented(root)
    _tipped(root)
    _unnamed(root)
    for number, (tag, words) in enumerate((("title", chart.title), ("desc", chart.alt))):
        element = etree.Element(f"{SVG}{tag}", {"id": f"{prefix}-{tag}"})
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


def _presented(root: Any) -> None:
    """Styles as attributes, since the policy admits no inline style; one decimal of a place, a tenth of a point."""
    for element in list(root.iter()):
        if element.tag == f"{SVG}style":
            element.getparent().remove(element)
            continue
        for declaration in element.attrib.pop("style", "").split(";"):
            name, _, value = declaration.partition(":")
            if value:
                element.set(name.strip(), value.strip())
        for name in _PLACES & set(element.attrib):
            value = re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", element.get(name))
            element.set(name, compact(value) if name == "d" else value)
        if _LINK in element.attrib:
            element.set("href", element.attrib.pop(_LINK))
    for group in root.iter(f"{SVG}g"):
        _said_once(group)
    # What the style sheet of matplotlib says of every element.
    root.set("stroke-linejoin", "round")
    root.set("stroke-linecap", "butt")


def _unnamed(root: Any) -> None:
    """No ids but those that something refers to."""
    wanted = {
        name for element in root.iter() for value in element.attrib.values() for name in _REFERENCE.findall(value)
    }
    for element in root.iter():
        if element.get("id") not in wanted:
            element.attrib.pop("id", None)


def _said_once(group: Any) -> None:
    """Colours that all marks of a group share, said of the group: a line of a hundred points is half as long."""
    marks = group.findall(f"{SVG}use")
    for name in ("fill", "stroke"):
        shared = {mark.get(name) for mark in marks}
        if len(marks) > 1 and len(marks) == len(group) and len(shared) == 1 and None not in shared:
            group.set(name, shared.pop())
            for mark in marks:
                del mark.attrib[name]


def _tipped(root: Any) -> None:
    """Artists whose id begins with `charts.TIP` show its other words to who points at them."""
    from lxml import etree

    for element in root.iter(f"{SVG}g"):
        words = element.get("id", "")
        if words.startswith(_TIP):
            del element.attrib["id"]
            element.set("class", "tip")
            title = etree.Element(f"{SVG}title")
            title.text = words.removeprefix(_TIP)
            element.insert(0, title)
