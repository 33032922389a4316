"""The Word document: its own styles, Chinese fonts named, read by a screen reader, edited by a secretary, harmless."""

import io
import zipfile
from itertools import pairwise
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from lxml import etree

from reports.build import build_brief
from reports.docx_styles import ACROSS_CM
from reports.facts import Brief
from reports.language import LANGUAGES, LanguageCode
from reports.render_docx import column_widths, render_docx, render_page, shown
from reports.view import Bullets, Cell, Column, Paragraph, Run, Section, Table, page_of
from tests.reports.hostile import hostile_brief
from tests.reports.sample import sample_inputs


def opened(data: bytes) -> Any:
    return Document(io.BytesIO(data))


def xml(data: bytes, part: str) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return etree.fromstring(archive.read(part))


def page_with(brief: Brief, *blocks: Any) -> bytes:
    """A document of one section made by hand, whatever sections a brief may have."""
    page = page_of(brief, "en", "html")
    made = type(page)(**{**page.__dict__, "sections": (Section("new", "A new section", blocks),)})
    return render_page(made, {}, brief)


@pytest.fixture(scope="module", params=LANGUAGES)
def docx(request: pytest.FixtureRequest, brief: Brief) -> tuple[LanguageCode, bytes]:
    return request.param, render_docx(brief, request.param)


def test_headings_are_words_own_styles_and_no_level_is_skipped(docx: tuple[LanguageCode, bytes], brief: Brief) -> None:
    paragraphs = opened(docx[1]).paragraphs
    assert paragraphs[0].style.name == "Title"
    headings = [each for each in paragraphs if each.style.name.startswith("Heading")]
    sections = page_of(brief, docx[0], "html").sections
    assert [each.text for each in headings if each.style.name == "Heading 1"] == [each.title for each in sections]
    levels = [int(each.style.name[-1]) for each in headings]
    assert all(below - above <= 1 for above, below in pairwise([0, *levels]))
    styles = {each.style.name for each in paragraphs}
    assert {"Heading 2", "List Bullet", "List Continue", "Caption"} <= styles


def test_every_style_with_fonts_names_a_chinese_one_and_none_of_the_theme(docx: tuple[LanguageCode, bytes]) -> None:
    fonts = list(xml(docx[1], "word/styles.xml").iter(qn("w:rFonts")))
    assert fonts
    for each in fonts:
        assert each.get(qn("w:eastAsia")) == "Microsoft YaHei"
        assert each.get(qn("w:ascii")) == "Calibri"
        assert not [name for name in each.attrib if "Theme" in name]


def test_languages_are_marked(docx: tuple[LanguageCode, bytes]) -> None:
    default = xml(docx[1], "word/styles.xml").find(f"{qn('w:docDefaults')}//{qn('w:lang')}")
    assert (default.get(qn("w:val")), default.get(qn("w:eastAsia"))) == ("en-GB", "zh-CN")
    spoken = {each.get(qn("w:val")) for each in xml(docx[1], "word/document.xml").iter(qn("w:lang"))}
    assert {"zh": "zh-CN", "en": "en-GB"}[docx[0]] in spoken
    # Titles of papers are English in either document.
    assert "en-GB" in spoken


def test_pictures_have_words_and_numbers_of_their_own(docx: tuple[LanguageCode, bytes], brief: Brief) -> None:
    pictures = list(xml(docx[1], "word/document.xml").iter(qn("wp:docPr")))
    charts = [each for each in pictures if each.get("title")]
    assert len(charts) == 2
    assert len(pictures) == 2 + len(brief.areas), "a small line for each area"
    assert all(each.get("descr") for each in pictures)
    ids = [each.get("id") for each in pictures]
    assert len(ids) == len(set(ids))


def test_tables_repeat_and_mark_their_head_and_no_row_is_torn(docx: tuple[LanguageCode, bytes]) -> None:
    tables = opened(docx[1]).tables
    assert tables
    for table in tables:
        assert table.style.name == "Horizon Table"
        rows = [row._tr.trPr for row in table.rows]
        assert [row.find(qn("w:tblHeader")) is not None for row in rows] == [True] + [False] * (len(rows) - 1)
        assert all(row.find(qn("w:cantSplit")) is not None for row in rows)
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
        assert table._tbl.tblPr.find(qn("w:tblLook")).get(qn("w:firstRow")) == "1"


def test_no_head_of_a_table_stands_alone_at_the_end_of_a_page(docx: tuple[LanguageCode, bytes]) -> None:
    for table in opened(docx[1]).tables:
        assert all(cell.paragraphs[0].paragraph_format.keep_with_next for cell in table.rows[0].cells)
        assert not any(cell.paragraphs[0].paragraph_format.keep_with_next for cell in table.rows[1].cells)


def test_a_column_is_as_wide_as_its_longest_word() -> None:
    def widths(*columns: Column, words: str = "") -> list[float]:
        return column_widths(Table("", columns, ((Cell((Run(words),)), *[Cell(())] * (len(columns) - 1)),)))

    wide, narrow, chinese = widths(
        Column("wide", weight=9), Column("annualised", weight=0.3), Column("判断", weight=0.7)
    )
    assert wide + narrow + chinese == pytest.approx(ACROSS_CM)
    assert narrow >= 1.4
    assert widths(Column("a", weight=0.1), Column("b"), words="+34%\u00a0to\u00a0+49%")[0] >= 1.6
    assert widths(Column("a"), Column("b")) == [ACROSS_CM / 2] * 2
    assert sum(widths(*[Column("annualised")] * 40)) == pytest.approx(ACROSS_CM)


def test_the_banner_and_the_number_of_the_page_stand_on_every_page(docx: tuple[LanguageCode, bytes]) -> None:
    section = opened(docx[1]).sections[0]
    assert "SIMULATED" in section.header.paragraphs[0].text
    fields = [each.get(qn("w:instr")) for each in section.footer._element.iter(qn("w:fldSimple"))]
    assert fields == ["PAGE", "NUMPAGES"]
    assert "SIMULATED" in opened(docx[1]).paragraphs[1].text


def test_a_live_brief_has_no_banner() -> None:
    document = opened(render_docx(build_brief(sample_inputs(world="live")), "en"))
    assert document.sections[0].header.paragraphs[0].text == document.paragraphs[0].text
    assert "SIMULATED" not in "".join(each.text for each in document.paragraphs[:2])


def test_links_are_relationships_that_word_follows() -> None:
    data = render_docx(build_brief(sample_inputs(world="live")), "en")
    targets = {each.rId: each.target_ref for each in opened(data).part.rels.values() if each.is_external}
    links = list(xml(data, "word/document.xml").iter(qn("w:hyperlink")))
    assert links
    assert all(targets[each.get(qn("r:id"))].startswith("https://arxiv.org/abs/") for each in links)
    assert all(each.find(f".//{qn('w:rStyle')}").get(qn("w:val")) == "Hyperlink" for each in links)


def test_an_address_that_is_none_of_the_web_stays_text(brief: Brief) -> None:
    data = page_with(
        brief, Paragraph((Run("click", href="javascript:alert(1)"), Run("see", href="file:///etc/passwd")))
    )
    assert not list(xml(data, "word/document.xml").iter(qn("w:hyperlink")))
    assert "clicksee" in "".join(each.text for each in opened(data).paragraphs)


def test_a_section_that_nobody_knows_is_written_by_its_blocks(brief: Brief) -> None:
    table = Table(
        "Two by two", (Column("a"), Column("b", "right")), ((Cell((Run("1"),)), Cell((Run("2"),), "rising")),)
    )
    bullets = Bullets(((Run("one", "strong"), Run(" and ", lang="fr"), Run("two", "quote")),))
    data = page_with(brief, bullets, table)
    document = opened(data)
    assert "A new section" in [each.text for each in document.paragraphs]
    assert "one and “two”" in [each.text for each in document.paragraphs]
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [["a", "b"], ["1", "2"]]
    assert document.tables[0].rows[1].cells[1].paragraphs[0].runs[0].style.name == "Horizon Rising"


def test_properties_tell_the_cut_off_and_no_other_time(docx: tuple[LanguageCode, bytes], brief: Brief) -> None:
    told, instant = opened(docx[1]).core_properties, brief.header.cut_off
    assert told.created == told.modified == instant
    assert told.author == "Horizon"
    assert told.identifier == brief.header.run_hash
    with zipfile.ZipFile(io.BytesIO(docx[1])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_two_runs_give_the_same_bytes(docx: tuple[LanguageCode, bytes], brief: Brief) -> None:
    assert render_docx(brief, docx[0]) == docx[1]


@pytest.mark.parametrize("code", LANGUAGES)
def test_hostile_titles_are_text(code: LanguageCode) -> None:
    data = render_docx(hostile_brief(), code)
    text = "\n".join(each.text for each in opened(data).paragraphs)
    assert "<script>alert(1)</script>" in text
    assert "half of a pair and emoji \U0001f600" in " ".join(text.split())
    assert not [char for char in text if char in "\u202e\u2066\x00\x07\x1b\x0b\ufffe" or "\ud800" <= char <= "\udfff"]
    assert "evil.example" not in "".join(each.target_ref for each in opened(data).part.rels.values())


def test_spaces_stay_where_they_are_and_nothing_else_hidden_does() -> None:
    assert shown(" · a\u00a0b \x00\u202ec\n") == " · a\u00a0b c"


def test_a_brief_of_nothing_is_still_a_document() -> None:
    empty: dict[str, Any] = {"scores": (), "previous_scores": (), "previous_week": None, "points": (), "labelled": ()}
    assert opened(render_docx(build_brief(sample_inputs(**empty)), "zh")).paragraphs
