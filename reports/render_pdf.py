"""PDF by Typst: A4, tagged for PDF/UA-1, Chinese fonts embedded, the same bytes for the same facts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from horizon.errors import RenderError
from reports.facts import Brief
from reports.fit import first_fit
from reports.fonts import drawable, families, font_files
from reports.language import LanguageCode
from reports.policy import Limits, brief_plan
from reports.sparkline import sparkline
from reports.tex import SCRIPTS
from reports.view import ChartName, Page, Spark, charts_of, page_of

_SPARK_INK = "#5a626b"


def render_pdf(brief: Brief, code: LanguageCode, font_dir: Path | None = None) -> bytes:
    """PDF of a brief in one language, shortened step by step (`pdf.fit` of the plan) until its pages fit.

    When even the shortest does not fit, the shortest is returned: a long brief is better than none.
    """
    from reports.charts import draw_charts

    whole = brief_plan(brief.header.kind)
    plan, limits = whole.pdf, whole.limits["pdf"]
    if not plan.fit:
        raise RenderError(f"expected steps to fit a {brief.header.kind} brief to its pages, found none in briefs/*.yml")
    steps = [Limits.model_validate({**limits.model_dump(), **override}) for override in plan.fit]

    def compiler(step: int) -> Any:
        page = page_of(brief, code, "pdf", plan.fit[step])
        drawn = draw_charts(brief, code, font_dir, names=charts_of(page))
        return _compiler(brief, page, {name: svg.decode("utf-8") for name, svg in drawn.items()}, font_dir)

    return _pdf(compiler(first_fit(steps, lambda step: _pages(compiler(step)) <= plan.pages)), brief)


def _compiler(brief: Brief, page: Page, charts: dict[ChartName, str], font_dir: Path | None) -> Any:
    """Typst with a page; all words travel as JSON, none as Typst source."""
    import typst

    instant = brief.header.cut_off
    data = {
        "page": _plain(page, drawable(font_dir, SCRIPTS)),
        "charts": charts,
        "families": families(font_dir),
        "scripts": SCRIPTS,
        "date": [instant.year, instant.month, instant.day, instant.hour, instant.minute],
    }
    inputs = {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)}
    with _told(), as_file(files("reports") / "templates" / "brief.typ") as template:
        return typst.Compiler(template, root=template.parent, font_paths=_fonts(font_dir), sys_inputs=inputs)


@cache
def _fonts(font_dir: Path | None) -> Any:
    import typst

    folders = sorted({path.parent for path in font_files(font_dir)})
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=list(folders))


def _pages(compiler: Any) -> int:
    """Counting pages takes no PDF, and most steps are only counted."""
    with _told():
        return int(json.loads(compiler.query("<pages>", field="value", one=True)))


def _pdf(compiler: Any, brief: Brief) -> bytes:
    stamp = brief.header.cut_off.replace(microsecond=0)
    with _told():
        pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=stamp)
    if not isinstance(pdf, bytes):
        raise RenderError(f"expected the bytes of one PDF from Typst, found {type(pdf).__name__}")
    return pdf


@contextmanager
def _told() -> Iterator[None]:
    """What Typst says as an error of ours."""
    try:
        yield
    except RuntimeError as error:
        raise RenderError(f"expected a PDF from Typst, found: {error}; see the template brief.typ") from error


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
