"""PDF by Typst: A4, tagged for PDF/UA-1, Chinese fonts embedded, the same bytes for the same facts."""

import json
from collections.abc import Callable
from dataclasses import is_dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from horizon.errors import RenderError
from reports.facts import Brief
from reports.fonts import drawable, families, font_files
from reports.language import LanguageCode
from reports.policy import brief_plan
from reports.sparkline import sparkline
from reports.tex import SCRIPTS
from reports.view import ChartName, Page, Spark, charts_of, page_of

_SPARK_INK = "#5a626b"


def render_pdf(brief: Brief, code: LanguageCode, font_dir: Path | None = None) -> bytes:
    """PDF of a brief in one language, shortened step by step (`pdf.fit` of the plan) until its pages fit.

    When even the shortest does not fit, the shortest is returned: a long brief is better than none.
    """
    from reports.charts import draw_charts

    plan = brief_plan(brief.header.kind).pdf
    charts: dict[ChartName, str] = {}
    asked: set[ChartName] = set()
    for last, override in enumerate(plan.fit, 1 - len(plan.fit)):
        page = page_of(brief, code, "pdf", override)
        missing = [name for name in charts_of(page) if name not in asked]
        asked.update(missing)
        for name, svg in draw_charts(brief, code, font_dir, names=missing).items():
            charts[name] = svg.decode("utf-8")
        pdf = _compile(brief, page, charts, font_dir, plan.pages if last else None)
        if pdf is not None:
            return pdf
    raise RenderError(f"expected steps to fit a {brief.header.kind} brief to its pages, found none in briefs/*.yml")


def _compile(
    brief: Brief, page: Page, charts: dict[ChartName, str], font_dir: Path | None, most_pages: int | None
) -> bytes | None:
    """The PDF, None where it has too many pages; all words travel as JSON, none as Typst source."""
    import typst

    instant = brief.header.cut_off
    data = {
        "page": _plain(page, drawable(font_dir, SCRIPTS)),
        "charts": charts,
        "families": families(font_dir),
        "scripts": SCRIPTS,
        "date": [instant.year, instant.month, instant.day, instant.hour, instant.minute],
    }
    folders = sorted({path.parent for path in font_files(font_dir)})
    with as_file(files("reports") / "templates" / "brief.typ") as template:
        try:
            fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=list(folders))
            inputs = {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)}
            compiler = typst.Compiler(template, root=template.parent, font_paths=fonts, sys_inputs=inputs)
            # Counting pages takes no PDF, and most steps are only counted.
            if (
                most_pages is not None
                and int(json.loads(compiler.query("<pages>", field="value", one=True))) > most_pages
            ):
                return None
            pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=instant.replace(microsecond=0))
        except RuntimeError as error:
            raise RenderError(f"expected a PDF from Typst, found: {error}; see the template brief.typ") from error
    if not isinstance(pdf, bytes):
        raise RenderError(f"expected the bytes of one PDF from Typst, found {type(pdf).__name__}")
    return pdf


def _plain(value: Any, clean: Callable[[str], str]) -> Any:
    """Blocks as JSON: each with its type, sparklines drawn, text without characters that the font lacks."""
    if isinstance(value, Spark):
        return {"svg": sparkline(value.values, _SPARK_INK), "alt": clean(value.alt)}
    if is_dataclass(value) and not isinstance(value, type):
        fields = {name: _plain(getattr(value, name), clean) for name in value.__dataclass_fields__}
        return fields | {"type": type(value).__name__}
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple | list):
        return [_plain(each, clean) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each, clean) for key, each in value.items()}
    return value
