"""The annex: every number with its query, every reason letter for letter, no cell a formula, the same bytes twice."""

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from reports.annex import query_text, render_annex
from reports.build import build_brief
from reports.facts import Brief
from reports.language import LANGUAGES, LanguageCode, language
from reports.verify import figures
from tests.reports.hostile import WORST, hostile_brief
from tests.reports.sample import sample_inputs
from tests.reports.several import several_inputs


@pytest.fixture(scope="module")
def several() -> Brief:
    return build_brief(several_inputs())


def sheet(data: bytes, name: str) -> list[dict[str, Any]]:
    """Rows of an English sheet by their headings."""
    rows = list(load_workbook(io.BytesIO(data))[name].iter_rows(values_only=True))
    return [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]


def test_every_figure_of_the_document_is_listed_with_its_query(several: Brief) -> None:
    rows = sheet(render_annex(several, "en"), "Numbers")
    expected = list(figures(several))
    assert [row["Place in brief.json"] for row in rows] == [path for path, _ in expected]
    for row, (_, figure) in zip(rows, expected, strict=True):
        assert row["Value"] == ("unknown" if figure.value is None else pytest.approx(figure.value))
        assert row["Query"] == query_text(figure)
        assert (row["Ids"], (row["Items counted"] or "").split()) == (len(figure.ids), list(figure.ids))
        assert (row["Low"] is None) == (figure.low is None)


def test_each_area_stands_there_once_for_each_source(several: Brief) -> None:
    rows = sheet(render_annex(several, "en"), "Areas")
    assert [(row["Area id"], row["Source"]) for row in rows] == [(each.area, each.source) for each in several.areas]
    leading = next(each for each in several.areas if each.leads and each.status == "ok")
    row = next(row for row in rows if (row["Area id"], row["Source"]) == (leading.area, leading.source))
    assert row["Interval, low"] == leading.growth.low
    assert row["Interval, high"] == leading.growth.high
    assert row["Leading source"] == "yes"
    assert f"growth: {query_text(leading.growth)}" in row["Queries"].splitlines()


def test_unknown_is_a_word_and_never_an_empty_cell(several: Brief) -> None:
    unknown = [each for each in several.sources if each.records.value is None]
    assert unknown, "the sample has a source that failed"
    rows = {row["Source"]: row for row in sheet(render_annex(several, "en"), "Sources")}
    assert all(rows[each.source]["Records"] == "unknown" for each in unknown)


def test_reasons_are_letter_for_letter_with_their_place(brief: Brief) -> None:
    rows = {row["Item id"]: row for row in sheet(render_annex(brief, "en"), "Items")}
    quotes = [(item.id, reason.quote) for item in brief.items for reason in item.reasons if reason.quote]
    assert quotes
    for name, quote in quotes:
        assert f"“{quote.text}” {quote.field}[{quote.start}:{quote.end}]" in rows[name]["Why chosen, verbatim"]


def test_every_row_of_an_invented_world_says_so(brief: Brief) -> None:
    book = load_workbook(io.BytesIO(render_annex(brief, "zh")))
    for place in book.worksheets:
        assert {row[0] for row in place.iter_rows(min_row=2, values_only=True)} == {
            language("zh").word("world", "simulated")
        }


def test_a_live_brief_links_its_items_and_has_no_such_column() -> None:
    live = build_brief(sample_inputs(world="live"))
    place = load_workbook(io.BytesIO(render_annex(live, "en")))["Items"]
    assert place["A1"].value == "Item id"
    links = [cell.hyperlink.target for row in place.iter_rows(min_row=2) for cell in row if cell.hyperlink]
    assert links == [item.link for item in live.items if item.link]


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_cell_is_a_formula_whatever_a_title_says(code: LanguageCode) -> None:
    book = load_workbook(io.BytesIO(render_annex(hostile_brief(), code)))
    cells: list[Any] = [cell for place in book.worksheets for row in place.iter_rows() for cell in row]
    cells = [cell for cell in cells if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    suspicious = [cell for cell in cells if isinstance(cell.value, str) and cell.value.lstrip()[:1] in "=+-@"]
    assert len(suspicious) >= 4, "the worst titles are there, as text"
    assert all(cell.quotePrefix for cell in suspicious if cell.value.strip())
    assert not any("\u202e" in str(cell.value) or "\x00" in str(cell.value) for cell in cells)
    assert any(str(cell.value).startswith(WORST[7][:100]) for cell in cells)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_same_facts_are_the_same_bytes(brief: Brief, code: LanguageCode) -> None:
    assert render_annex(brief, code) == render_annex(brief, code)


def test_the_headings_are_all_words(several: Brief) -> None:
    book = load_workbook(io.BytesIO(render_annex(several, "zh")))
    heads = [str(cell.value) for place in book.worksheets for cell in place[1]]
    assert [head for head in heads if "_" in head] == []
