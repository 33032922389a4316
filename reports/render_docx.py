"""DOCX by python-docx: Word's own styles, so that a secretary edits it; the same bytes for the same facts."""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from reports.docx_styles import ACROSS_CM, LIGHTS, QUIET, TABLE_STYLE, apply_styles, language_setter
from reports.facts import Brief
from reports.language import LanguageCode
from reports.pictures import chart_pictures, spark_picture
from reports.view import (
    Block,
    Bullets,
    Cell,
    Chart,
    Entries,
    Page,
    Paragraph,
    Run,
    Table,
    charts_of,
    displayable,
    page_of,
)
from reports.workbook import timeless

if TYPE_CHECKING:
    from docx.document import Document

_SPACES = re.compile("([ \u00a0]+)")
_SLOTS = re.compile(r"(\{pages?\})")
_FIELDS = {"{page}": "PAGE", "{pages}": "NUMPAGES"}
_WORD = re.compile("[!-~\u00a0\u2212]+")
"""What is not broken at a line's end: no-break spaces and the minus sign belong to it."""
_LETTER_CM, _LONGEST_WORD = 0.125, 16
"""About the width of a letter in a table."""
_LONGEST_DESCRIPTION = 2_000
"""Word cuts longer alternative texts by itself, in the middle of a word."""
_STYLES = {"strong": "Strong", "quiet": "Horizon Quiet", "code": "Horizon Code", "quote": "Quote Char"}
_TONES = {
    "rising": "Horizon Rising",
    "probably_rising": "Horizon Rising",
    "falling": "Horizon Falling",
    "probably_falling": "Horizon Falling",
}
_KINDS = {"head": "Heading 2", "body": "Normal", "note": "Horizon Note"}


def render_docx(brief: Brief, code: LanguageCode, font_dir: Path | None = None) -> bytes:
    """DOCX of a brief in one language, as complete as the web edition."""
    page = page_of(brief, code, "html")
    return render_page(page, chart_pictures(brief, code, charts_of(page), font_dir), brief)


def render_page(page: Page, charts: Mapping[Any, bytes], brief: Brief) -> bytes:
    """DOCX of a composed page with its charts as PNG; `brief` gives the times that its properties tell."""
    from docx import Document

    document = Document()
    apply_styles(document, page.code)
    _properties(document, page, brief)
    writer = _Writer(document, page, charts)
    writer.head()
    for section in page.sections:
        writer.heading(section.title, 1)
        for block in section.blocks:
            writer.block(block)
    writer.margins()
    raw = io.BytesIO()
    document.save(raw)
    return timeless(raw.getvalue(), brief.header.cut_off)


def shown(text: str) -> str:
    """Text that XML can hold and that deceives nobody; spaces and no-break spaces stay where they are."""
    parts = _SPACES.split(text)
    return "".join(part if at % 2 else displayable(part) for at, part in enumerate(parts))


def column_widths(table: Table) -> list[float]:
    """Centimetres by the columns' weights, none narrower than its longest Latin word while there is room."""
    whole = sum(column.weight for column in table.columns) or 1.0
    wanted = [ACROSS_CM * column.weight / whole for column in table.columns]
    least = [
        _least_cm(column.title, *(_words(row[at]) for row in table.rows)) for at, column in enumerate(table.columns)
    ]
    lacking = sum(max(low - width, 0.0) for low, width in zip(least, wanted, strict=True))
    spare = sum(max(width - low, 0.0) for low, width in zip(least, wanted, strict=True))
    if not 0 < lacking < spare:
        return wanted
    kept = 1 - lacking / spare
    return [low + max(width - low, 0.0) * kept for low, width in zip(least, wanted, strict=True)]


def _words(cell: Cell) -> str:
    return "".join(run.text for run in cell.runs)


def _least_cm(*texts: str) -> float:
    longest = max((len(word) for text in texts for word in _WORD.findall(text)), default=2)
    return min(longest, _LONGEST_WORD) * _LETTER_CM + 0.2


def _properties(document: "Document", page: Page, brief: Brief) -> None:
    told, instant = document.core_properties, brief.header.cut_off.replace(tzinfo=None, microsecond=0)
    told.title, told.subject = shown(page.title)[:255], shown(page.banner or page.world)[:255]
    told.author = told.last_modified_by = "Horizon"
    told.language = {"zh": "zh-CN", "en": "en-GB"}[page.code]
    told.identifier = brief.header.run_hash
    told.comments, told.keywords, told.revision = "", shown(page.world)[:255], 1
    told.created = told.modified = instant


class _Writer:
    """A document being filled; what it needs at every block is kept here."""

    def __init__(self, document: "Document", page: Page, charts: Mapping[Any, bytes]) -> None:
        self.document, self.page, self.charts = document, page, charts
        self.set_language = language_setter(page.code)
        # python-docx looks a style up among all of them at every use.
        self.style_ids = {style.name: style.style_id for style in document.styles}

    # ---- parts of a page ----

    def head(self) -> None:
        page = self.page
        self.paragraph((Run(page.title),), "Title")
        if page.banner:
            self.paragraph((Run(page.banner),), "Horizon Banner")
        light = self.document.add_paragraph()
        label = f"{page.light_label}{page.colon}{page.light_word}"
        self.run(light, Run(label), f"Horizon {page.light.title()}" if page.light in LIGHTS else "Strong")
        self.run(light, Run(f" · {page.light_reason}"))
        self.paragraph((Run(" · ".join(f"{name}{page.colon}{value}" for name, value in page.meta)),), "Horizon Note")

    def heading(self, text: str, level: int) -> None:
        self.paragraph((Run(text),), f"Heading {level}")

    def margins(self) -> None:
        """Header and footer of every page: the world it shows, the title, the run, the page's number."""
        section, page = self.document.sections[0], self.page
        head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
        if page.banner:
            self.run(head, Run(page.banner), "Horizon Red")
        else:
            self.run(head, Run(page.title))
        self.run(foot, Run(page.footer))
        foot.add_run("\t")
        for part in _SLOTS.split(page.page_form):
            if part in _FIELDS:
                _field(foot, _FIELDS[part])
            elif part:
                self.run(foot, Run(part))

    # ---- blocks ----

    def block(self, block: Block) -> None:
        match block:
            case Paragraph(runs=runs, kind=kind):
                made = self.paragraph(runs, _KINDS[kind])
                # A line that is all strong heads what follows.
                made.paragraph_format.keep_with_next = True if all(run.style == "strong" for run in runs) else None
            case Bullets(lines=lines):
                for line in lines:
                    self.paragraph(line, "List Bullet")
            case Table():
                self.table(block)
            case Chart():
                self.chart(block)
            case Entries():
                self.entries(block)
            case _:
                assert_never(block)

    def entries(self, block: Entries) -> None:
        group = None
        for entry in block.entries:
            if entry.group != group:
                group = entry.group
                self.heading(group, 2)
            title = self.paragraph((entry.title,), "List Bullet")
            title.paragraph_format.keep_with_next = bool(entry.lines)
            for line in entry.lines:
                self.paragraph(line, "List Continue")
        if block.more:
            self.paragraph((Run(block.more),), "Horizon Note")

    def chart(self, chart: Chart) -> None:
        """The picture under its message; where the facts gave none, its words alone."""
        self.paragraph((Run(chart.title),), "Caption")
        if chart.name in self.charts:
            place = self.document.add_paragraph().add_run()
            self.picture(place, self.charts[chart.name], ACROSS_CM, chart.title, chart.alt)
        else:
            self.paragraph((Run(chart.alt),), "Horizon Note")

    def table(self, table: Table) -> None:
        from docx.shared import Cm

        if table.kind == "matrix":
            self.paragraph((Run(table.caption),), "Caption")
        widths = column_widths(table)
        made = self.document.add_table(rows=0, cols=len(table.columns), style=TABLE_STYLE)
        made.autofit = False
        _describe_table(made, shown(table.caption))
        head = [Cell((Run(column.title),)) for column in table.columns]
        for at, row in enumerate((tuple(head), *table.rows)):
            line = made.add_row()
            _keep_row(line, is_head=at == 0)
            for place, cell, column, width in zip(line.cells, row, table.columns, widths, strict=True):
                place.width = Cm(width)
                self.cell(place.paragraphs[0], cell, column.align == "right", width)
                # No head without a row below it at a page's end.
                place.paragraphs[0].paragraph_format.keep_with_next = True if at == 0 else None
        for column_, width in zip(made.columns, widths, strict=True):
            column_.width = Cm(width)
        # Two tables that touch become one in Word.
        self.paragraph((), "Horizon Note")

    def cell(self, place: Any, cell: Cell, is_right: bool, width: float) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        place._p.style = self.style_ids["Horizon Cell"]
        if is_right:
            place.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if cell.spark:
            self.picture(
                place.add_run(),
                spark_picture(cell.spark.values, f"#{QUIET}"),
                min(2.0, width - 0.2),
                "",
                cell.spark.alt,
            )
        for run in cell.runs:
            self.run(place, run, _TONES.get(cell.tone or "") if run.style == "plain" else None)

    # ---- text ----

    def paragraph(self, runs: Sequence[Run], style: str) -> Any:
        place = self.document.add_paragraph()
        place._p.style = self.style_ids[style]
        for run in runs:
            self.run(place, run)
        return place

    def run(self, place: Any, run: Run, style: str | None = None) -> None:
        """A run in its style and language; an address becomes a real link, if it is one of the web's."""
        text = shown(run.text)
        if run.style == "quote":
            text = f"“{text}”"
        if not text:
            return
        linked = run.href is not None and run.href.startswith("https://")
        added = place.add_run(text)
        named = "Hyperlink" if linked else style or _STYLES.get(run.style)
        if named:
            added._r.style = self.style_ids[named]
        if linked and run.style == "strong":
            added.bold = True
        self.set_language(added._r, run.lang)
        if linked:
            _link(place, added, shown(str(run.href)))

    def picture(self, place: Any, data: bytes, width_cm: float, title: str, description: str) -> None:
        """A picture with its words for those who do not see it."""
        from docx.shared import Cm

        shape = place.add_picture(io.BytesIO(data), width=Cm(width_cm))
        told = shape._inline.docPr
        told.set("descr", shown(description)[:_LONGEST_DESCRIPTION])
        if title:
            told.set("title", shown(title)[:255])


# ---- what python-docx has no words for -------------------------------------------------------------------------------


def _element(tag: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def _field(place: Any, code: str) -> None:
    """A number that Word counts itself."""
    field = _element("w:fldSimple", instr=code)
    field.append(place.add_run("1")._r)
    place._p.append(field)


def _link(place: Any, run: Any, address: str) -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn

    link = _element("w:hyperlink")
    link.set(qn("r:id"), place.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    link.append(run._r)
    place._p.append(link)


def _keep_row(row: Any, is_head: bool) -> None:
    """No row is torn by a page's end; the first is repeated on every page and known as the header."""
    properties = row._tr.get_or_add_trPr()
    properties.append(_element("w:cantSplit"))
    if is_head:
        properties.append(_element("w:tblHeader"))


def _describe_table(table: Any, caption: str) -> None:
    """The caption for screen readers, and which row and column are headers."""
    from docx.oxml.ns import qn

    properties = table._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)
    flags = {"firstRow": "1", "lastRow": "0", "firstColumn": "1", "lastColumn": "0", "noHBand": "1", "noVBand": "1"}
    properties.append(_element("w:tblLook", val="06A0", **flags))
    properties.append(_element("w:tblCaption", val=caption))
