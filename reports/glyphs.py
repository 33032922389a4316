"""Letters that the charts of one page share: each outline stands there once, whatever chart or language shows it."""

import re
from collections.abc import Mapping
from typing import Any

from reports.view import ChartName

_GLYPH = re.compile(r'<path id="([^"]+)" d="([^"]+)" transform="scale\(0\.015625\)"/>')
"""As matplotlib defines one: in 64ths of a hundred-point letter."""
_ID = re.compile(r'\bid="([^"]+)(?<!-title)(?<!-desc)"')
_NAMED = re.compile(r'(\bid="|\bhref="#|url\(#)([^")]+)')
"""Where an id stands or is referred to; a page has thousands of references, so ids are short."""
_EMPTY = re.compile(r"<defs>\s*</defs>|<defs/>")
_COMMAND = re.compile(r"\s*([A-Za-z])\s*")


def compact(path: str) -> str:
    """A path's data without the spaces that it does not need."""
    return _COMMAND.sub(r"\1", path).strip()


def shared_glyphs(
    charts: Mapping[str, Mapping[ChartName, str]],
) -> tuple[Any, dict[str, dict[ChartName, Any]]]:
    """An unseen drawing that defines every letter once, and the charts, which now refer to it.

    `charts` are inline SVG by width and name, as `render_html.inline_svg` makes them.
    """
    from markupsafe import Markup

    short: dict[str, str] = {}
    ids: dict[str, str] = {}

    def parted(svg: str) -> Any:
        known = {name: short.setdefault(path, f"g{len(short)}") for name, path in _GLYPH.findall(svg)}
        bare = _EMPTY.sub("", _GLYPH.sub("", svg))
        for name in _ID.findall(bare):
            known[name] = ids.setdefault(name, f"k{len(ids)}")
        named = _NAMED.sub(lambda found: f"{found[1]}{known.get(found[2], found[2])}", bare)
        return Markup(named)  # noqa: S704 a chart of ours

    made = {width: {name: parted(str(svg)) for name, svg in drawn.items()} for width, drawn in charts.items()}
    paths = "".join(f'<path id="{name}" d="{path}" transform="scale(.015625)"/>' for path, name in short.items())
    drawing = (
        f'<svg class="letters" width="0" height="0" aria-hidden="true" focusable="false"><defs>{paths}</defs></svg>'
    )
    return Markup(drawing if short else ""), made  # noqa: S704 numbers and ids
