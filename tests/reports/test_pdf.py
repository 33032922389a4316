"""The PDF: two pages, tagged, every character drawn by an embedded font, the same bytes twice."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from horizon.errors import RenderError
from reports.build import build_brief
from reports.facts import Brief
from reports.fonts import coverage, drawable, font_files
from reports.language import LANGUAGES, LanguageCode
from reports.render_pdf import render_pdf
from tests.reports.sample import SKETCHES, Sketch, sample_inputs
from tests.reports.test_pages import hostile  # noqa: F401 the worst titles, as a fixture


@pytest.fixture(scope="module", params=LANGUAGES)
def pdf(request: pytest.FixtureRequest, brief: Brief) -> tuple[LanguageCode, bytes]:
    return request.param, render_pdf(brief, request.param)


def reader(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data))


def fonts_of(pdf: PdfReader) -> Iterator[Any]:
    for page in pdf.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            yield font.get_object()


def test_the_weekly_has_two_pages_of_a4(pdf: tuple[LanguageCode, bytes]) -> None:
    pages = reader(pdf[1]).pages
    assert len(pages) == 2
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [595, 842]


def test_it_is_tagged_titled_and_in_its_language(pdf: tuple[LanguageCode, bytes]) -> None:
    root = reader(pdf[1]).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert str(root["/Lang"]).startswith(pdf[0])  # type: ignore[index]
    metadata = reader(pdf[1]).metadata
    assert metadata is not None
    assert "46" in str(metadata.title)
    assert b"pdfuaid" in pdf[1]


def test_every_font_is_embedded(pdf: tuple[LanguageCode, bytes]) -> None:
    found = list(fonts_of(reader(pdf[1])))
    assert found
    for font in found:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]


def test_no_character_is_an_empty_box(pdf: tuple[LanguageCode, bytes]) -> None:
    text = "".join(page.extract_text() for page in reader(pdf[1]).pages)
    drawn = coverage(font_files()[0]) | coverage(font_files()[1])
    assert {char for char in text if ord(char) not in drawn and not char.isspace()} == set()
    assert "\ufffd" not in text
    assert {"zh": "各领域一览", "en": "The areas at a glance"}[pdf[0]] in text


def test_the_banner_of_the_simulated_world_is_on_every_page(pdf: tuple[LanguageCode, bytes]) -> None:
    for page in reader(pdf[1]).pages:
        assert "SIMULATED" in page.extract_text()[:200]


def test_two_runs_give_the_same_bytes(pdf: tuple[LanguageCode, bytes], brief: Brief) -> None:
    assert render_pdf(brief, pdf[0]) == pdf[1]


@pytest.mark.parametrize("code", LANGUAGES)
def test_hostile_titles_are_text_in_typst_and_still_two_pages(hostile: Brief, code: LanguageCode) -> None:  # noqa: F811
    pages = reader(render_pdf(hostile, code)).pages
    assert len(pages) == 2
    text = " ".join(page.extract_text() for page in pages).replace("\n", " ")
    assert "<script>" in text
    assert '#let x = read("brief.typ")' in text
    assert "\u202e" not in text


def test_more_areas_than_fit_shorten_the_items_not_the_areas() -> None:
    routes = (("a", "Route a", "路线甲", 0.5), ("b", "Route b", "路线乙", 0.5))
    more = tuple(
        Sketch(f"area_{n}", f"Further area {n}", f"新增领域{n}", "space", 3, 5.0, 4.0, 0.9, 0.004, routes, ("T",))
        for n in range(5)
    )
    pages = reader(render_pdf(build_brief(sample_inputs((*SKETCHES, *more))), "en")).pages
    assert len(pages) == 2
    text = " ".join(page.extract_text() for page in pages)
    assert all(f"Further area {n}" in text for n in range(5))
    assert "more in the web edition" in text


def test_a_brief_of_nothing_is_still_a_pdf() -> None:
    empty: dict[str, Any] = {"scores": (), "previous_scores": (), "previous_week": None, "points": (), "labelled": ()}
    assert len(reader(render_pdf(build_brief(sample_inputs(**empty)), "zh")).pages) <= 2


def test_characters_without_a_glyph_are_named() -> None:
    assert drawable()("量子 \U0001f600") == "量子 [U+1F600]"


def test_a_font_folder_without_fonts_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="HORIZON_FONT_DIR"):
        font_files(tmp_path)
