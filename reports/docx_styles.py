"""The look of a Word document, kept in its styles so that a secretary changes it in one place.

Fonts are named and not embedded: the reader's machine has them. `style.font.name` of python-docx names the Latin font
alone, hence the XML here: without `w:eastAsia` Word falls back to whatever it likes for Chinese.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reports.language import LanguageCode

if TYPE_CHECKING:
    from docx.document import Document

LATIN, CHINESE = "Calibri", "Microsoft YaHei"
BODY_PT, SMALL_PT, CELL_PT = 10.0, 8.0, 7.0
SIDE_CM, ACROSS_CM = 1.7, 21.0 - 2 * 1.7
"""Margins and width of what is printed, of A4."""
RISING, FALLING, QUIET, ALARM = "0072B2", "C04B00", "5A626B", "B3261E"
TABLE_STYLE = "Horizon Table"
LIGHTS = {"green": "1B7F4B", "amber": "9A6700", "red": "B3261E"}

_TABLE = f"""<w:style xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" w:type="table"
  w:customStyle="1" w:styleId="HorizonTable"><w:name w:val="{TABLE_STYLE}"/><w:basedOn w:val="TableNormal"/>
  <w:uiPriority w:val="99"/><w:tblPr><w:tblBorders>
  <w:top w:val="single" w:sz="8" w:space="0" w:color="1F3864"/>
  <w:bottom w:val="single" w:sz="8" w:space="0" w:color="1F3864"/>
  <w:insideH w:val="single" w:sz="4" w:space="0" w:color="D5D9DE"/></w:tblBorders>
  <w:tblCellMar><w:left w:w="45" w:type="dxa"/><w:right w:w="45" w:type="dxa"/></w:tblCellMar></w:tblPr>
  <w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="E8ECF2"/>
  <w:vAlign w:val="bottom"/></w:tcPr></w:tblStylePr>
  <w:tblStylePr w:type="firstCol"><w:rPr><w:b/></w:rPr></w:tblStylePr></w:style>"""


def apply_styles(document: "Document", code: LanguageCode) -> None:
    """Page, fonts, languages and styles of a new document."""
    from docx.oxml import parse_xml

    _page(document)
    _paragraph_styles(document)
    _margin_tabs(document)
    _bullets(document)
    _character_styles(document)
    document.styles.element.append(parse_xml(_TABLE))
    _languages(document, code)
    # Last: it replaces the fonts of every style, those just made too.
    _fonts(document)


def _page(document: "Document") -> None:
    from docx.shared import Cm

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(SIDE_CM)
    section.top_margin, section.bottom_margin = Cm(2.0), Cm(1.8)
    section.header_distance = section.footer_distance = Cm(0.9)


def _paragraph_styles(document: "Document") -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    def shape(name: str, size: float, before: float, after: float, colour: str | None = None, **font: bool) -> Any:
        styles = document.styles
        style: Any = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.font.size = Pt(size)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        style.paragraph_format.line_spacing = 1.0
        if colour:
            style.font.color.rgb = RGBColor.from_string(colour)
        for name_, value in font.items():
            setattr(style.font, name_, value)
        return style

    shape("Normal", BODY_PT, 0, 4)
    shape("Title", 20, 0, 6, "1F3864")
    shape("Heading 1", 14, 12, 4, "1F3864", bold=True)
    shape("Heading 2", 11, 8, 2, "1F3864", bold=True)
    shape("Caption", 9.5, 6, 2, "1B1F24", bold=True).paragraph_format.keep_with_next = True
    shape("List Bullet", BODY_PT, 0, 3)
    shape("List Continue", SMALL_PT, 0, 1)
    shape("Header", SMALL_PT, 0, 0, QUIET)
    shape("Footer", SMALL_PT, 0, 0, QUIET)
    shape("Horizon Banner", 12, 0, 6, ALARM, bold=True)
    shape("Horizon Lead", 11, 0, 4)
    shape("Horizon Note", SMALL_PT, 2, 4, QUIET)
    shape("Horizon Cell", CELL_PT, 1, 1)


def _margin_tabs(document: "Document") -> None:
    """One tab at the right edge; the shipped ones are for another width of paper."""
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Cm

    for name in ("Header", "Footer"):
        style: Any = document.styles[name]
        style.paragraph_format.tab_stops.clear_all()
        style.paragraph_format.tab_stops.add_tab_stop(Cm(ACROSS_CM), WD_TAB_ALIGNMENT.RIGHT)


def _bullets(document: "Document") -> None:
    """A bullet that every font has, instead of a place in the font Symbol, which only some machines have."""
    from docx.oxml.ns import qn

    for level in document.part.numbering_part.element.iter(qn("w:lvl")):
        text, properties = level.find(qn("w:lvlText")), level.find(qn("w:rPr"))
        if level.find(qn("w:numFmt")).get(qn("w:val")) == "bullet" and text is not None:
            text.set(qn("w:val"), "•")
            if properties is not None:
                level.remove(properties)


def _character_styles(document: "Document") -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import RGBColor

    def coloured(name: str, colour: str, builtin: bool = False) -> Any:
        style: Any = document.styles.add_style(name, WD_STYLE_TYPE.CHARACTER, builtin)
        style.font.color.rgb = RGBColor.from_string(colour)
        return style

    coloured("Hyperlink", "0563C1", builtin=True).font.underline = True
    coloured("Horizon Quiet", QUIET)
    coloured("Horizon Code", QUIET)
    coloured("Horizon Rising", RISING).font.bold = True
    coloured("Horizon Falling", FALLING).font.bold = True
    for light, colour in LIGHTS.items():
        coloured(f"Horizon {light.title()}", colour).font.bold = True
    # The shipped one is oblique, which Chinese letters bear badly.
    quote: Any = document.styles["Quote Char"]
    quote.font.italic = False


def _fonts(document: "Document") -> None:
    """The same fonts in every style; the theme's would come before those named."""
    from docx.oxml.ns import qn

    for fonts in document.styles.element.iter(qn("w:rFonts")):
        fonts.attrib.clear()
        for script, name in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", CHINESE)):
            fonts.set(qn(f"w:{script}"), name)


def _languages(document: "Document", code: LanguageCode) -> None:
    """British English and the Chinese of the mainland; `w:themeFontLang` tells Word which the document is in."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for tag in document.styles.element.iter(qn("w:lang")):
        tag.set(qn("w:val"), "en-GB")
        tag.set(qn("w:eastAsia"), "zh-CN")
    settings = document.settings.element
    found = settings.find(qn("w:themeFontLang"))
    if found is None:
        found = OxmlElement("w:themeFontLang")
        settings.append(found)
    found.set(qn("w:val"), "zh-CN" if code == "zh" else "en-GB")
    found.set(qn("w:eastAsia"), "zh-CN")


def language_setter(code: LanguageCode) -> Callable[[Any, str | None], None]:
    """A function that marks a run (its XML) as of a language; None is the document's own."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    def set_language(run: Any, tag: str | None) -> None:
        spoken = tag or code
        properties = run.get_or_add_rPr()
        if spoken == "zh":
            # Quotation marks and dashes, which both scripts have, are drawn as Chinese ones.
            properties.get_or_add_rFonts().set(qn("w:hint"), "eastAsia")
        lang = OxmlElement("w:lang")
        lang.set(qn("w:val"), {"zh": "zh-CN", "en": "en-GB"}.get(spoken, spoken))
        lang.set(qn("w:eastAsia"), "zh-CN" if spoken in ("zh", "en") else spoken)
        properties.append(lang)

    return set_language
