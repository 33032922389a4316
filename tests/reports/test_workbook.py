"""Spreadsheets: what goes out computes nothing and comes back the same; what comes in may be hostile."""

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from horizon.errors import UsageError
from reports.workbook import (
    CUT,
    LONGEST_CELL,
    Column,
    Link,
    Sheet,
    cell_text,
    defuse,
    looks_like_formula,
    read_table,
    undo_defuse,
    write_csv,
    write_xlsx,
)

MADE = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "＝1+1",
    "'=1+1",
    '=HYPERLINK("http://evil.example","x")',
    "#N/A",
    "1e5",
    "_x0041_",
    "<b>&amp;]]>",
    "\u202eevil",
    "a\x00b\x1bc\ufffe",
    "😀" * 20_000,
    "\ud800",
    'he said "x", then\nleft',
)
TITLE = [frozenset(["title"])]
Texts = st.text(st.characters(exclude_categories=[]), max_size=60) | st.text("=+-@'\t\r\n ＝a,\"", max_size=8)


def sheet_of(*texts: str) -> Sheet:
    return Sheet("data", (Column("n"), Column("title")), tuple((float(n), text) for n, text in enumerate(texts)))


def titles(path: Path) -> list[str]:
    return [row[1] if row else "" for row in read_table(path, TITLE)[1:]]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text)[:20])
def test_nothing_of_a_feed_is_a_formula_in_a_workbook(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx([sheet_of(text)], MADE, "t")))
    cell = book["data"]["B2"]
    assert cell.data_type == ("s" if cell_text(text) else "n")
    assert cell.quotePrefix == (re.match(r"\s*[=+\-@＝]", cell_text(text)) is not None), "nor after an edit"
    assert book["data"]["A2"].data_type == "n"


def test_a_word_that_excel_would_decode_is_shown_as_it_stands() -> None:
    raw = zipfile.ZipFile(io.BytesIO(write_xlsx([sheet_of("_x0041_")], MADE, "t"))).read("xl/worksheets/sheet1.xml")
    assert b"<t>_x005F_x0041_</t>" in raw


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(Texts, min_size=1, max_size=4))
@example(list(HOSTILE))
def test_text_comes_back_as_it_was_shown(tmp_path: Path, texts: list[str]) -> None:
    sheet = sheet_of(*texts, "last")
    shown = [cell_text(text).strip() for text in texts]
    for name, data in (("a.xlsx", write_xlsx([sheet], MADE, "t")), ("a.csv", write_csv(sheet))):
        (tmp_path / name).write_bytes(data)
        assert titles(tmp_path / name)[:-1] == shown, name


@given(Texts)
def test_a_cell_of_csv_never_begins_a_formula_and_can_be_undone(text: str) -> None:
    shown = cell_text(text)
    assert not looks_like_formula(defuse(shown))
    assert undo_defuse(defuse(shown)) == shown


@given(Texts)
def test_a_cell_holds_nothing_that_hides_or_breaks(text: str) -> None:
    shown = cell_text(text)
    shown.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", shown)


def test_a_text_too_long_for_excel_is_cut_where_one_sees_it() -> None:
    for text in ("a" * 40_000, "😀" * 20_000):
        shown = cell_text(text)
        assert len(shown.encode("utf-16-le")) // 2 <= LONGEST_CELL
        assert shown.endswith(CUT)
        assert text.startswith(shown.removesuffix(CUT))
    assert cell_text("a" * LONGEST_CELL) == "a" * LONGEST_CELL


def test_a_link_opens_its_address_and_stands_in_csv_itself() -> None:
    sheet = Sheet("data", (Column("link"),), ((Link("open", "https://example.org/1"),),))
    cell = openpyxl.load_workbook(io.BytesIO(write_xlsx([sheet], MADE, "t")))["data"]["A2"]
    assert (cell.value, cell.hyperlink.target) == ("open", "https://example.org/1")
    assert b'"https://example.org/1"' in write_csv(sheet)


def test_the_same_tables_give_the_same_bytes_whatever_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_xlsx([sheet_of("a")], MADE, "t")
    monkeypatch.setattr("time.time", lambda: 2e9)
    elsewhere = MADE.astimezone(timezone(timedelta(hours=8)))
    assert write_xlsx([sheet_of("a")], elsewhere, "t") == first
    core = zipfile.ZipFile(io.BytesIO(first)).read("docProps/core.xml")
    assert core.count(b"2026-11-24T09:00:00Z") == 2, "made and changed"


# ---- files from outside ----------------------------------------------------------------------------------------------


def packed(**parts: bytes) -> bytes:
    """A genuine workbook with some of its parts exchanged; `__` stands for `/`."""
    old = zipfile.ZipFile(io.BytesIO(write_xlsx([sheet_of("SIMULATED")], MADE, "t")))
    content = {name: old.read(name) for name in old.namelist()}
    content |= {name.replace("__", "/") + ".xml": data for name, data in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return out.getvalue()


def a_sheet(rows: bytes) -> bytes:
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    head = b'<row r="1"><c r="B1" t="inlineStr"><is><t>title</t></is></c></row>'
    return b'<worksheet xmlns="' + space + b'"><sheetData>' + head + rows + b"</sheetData></worksheet>"


ENTITY = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
CELL = b'<row r="2"><c r="B2" t="inlineStr"><is><t>SIMULATED</t></is></c></row>'
FILES = {
    "a bomb": (packed(bomb=bytes(70 * 2**20)), "unpacked"),
    "many parts": (packed(**{f"part{n}": b"" for n in range(600)}), "parts"),
    "entities": (packed(xl__worksheets__sheet1=ENTITY + a_sheet(CELL)), "DOCTYPE"),
    "entities in the root": (packed(docProps__core=ENTITY + b"<x>&b;</x>"), "DOCTYPE"),
    "entities in UTF-16": (packed(docProps__core=ENTITY.decode().encode("utf-16")), "another encoding"),
    "a flood of cells": (
        packed(xl__worksheets__sheet1=a_sheet(b'<row r="2">' + b"<c/>" * 2_000_001 + b"</row>")),
        "tags",
    ),
    "too many rows": (
        packed(xl__worksheets__sheet1=a_sheet(b"".join(CELL.replace(b"2", str(n).encode()) for n in range(2, 20_010)))),
        "rows",
    ),
    "broken XML": (packed(xl__worksheets__sheet1=b"<worksheet><sheetData><row"), "cannot be read"),
    "no workbook": (packed(**{"[Content_Types]": b"<Types/>"}), "cannot be read"),
    "half a file": (packed()[:500], "cannot be read"),
    "no table of ours": (packed(xl__worksheets__sheet1=a_sheet(b"").replace(b"title", b"other")), "expected a table"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls"),
    "GB 18030": ("标题\r\n".encode("gb18030"), "CSV UTF-8"),
    "open quotes": (b'title\r\n"a', "CSV with commas"),
    "nothing": (b"", "expected a table"),
}


@pytest.mark.parametrize(("content", "reason"), FILES.values(), ids=FILES.keys())
def test_a_file_that_cannot_be_used_is_told_in_one_line(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file.xlsx").write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(reason)) as raised:
        read_table(tmp_path / "file.xlsx", TITLE)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_table(tmp_path / "absent.xlsx", TITLE)


def test_a_row_that_calls_itself_the_two_billionth_keeps_nobody_waiting(tmp_path: Path) -> None:
    far = CELL.replace(b'"2"', b'"2000000000"').replace(b"B2", b"B2000000000")
    (tmp_path / "far.xlsx").write_bytes(packed(xl__worksheets__sheet1=a_sheet(CELL + far)))
    assert titles(tmp_path / "far.xlsx") == ["SIMULATED"]


def test_a_row_far_below_the_others_is_not_lost_unseen(tmp_path: Path) -> None:
    far = CELL.replace(b'"2"', b'"1000000"').replace(b"B2", b"B1000000")
    (tmp_path / "far.xlsx").write_bytes(packed(xl__worksheets__sheet1=a_sheet(CELL + far)))
    with pytest.raises(UsageError, match="rows"):
        read_table(tmp_path / "far.xlsx", TITLE)


def test_a_formula_that_somebody_typed_is_read_as_its_value(tmp_path: Path) -> None:
    row = b'<row r="2"><c r="B2"><f>WEBSERVICE("http://evil.example")</f><v>7</v></c></row>'
    (tmp_path / "formula.xlsx").write_bytes(packed(xl__worksheets__sheet1=a_sheet(row)))
    assert titles(tmp_path / "formula.xlsx") == ["7"]


def test_control_characters_written_as_excel_does_are_read_as_such(tmp_path: Path) -> None:
    row = CELL.replace(b"SIMULATED", b"a_x000D__x000A_b_x0000_")
    (tmp_path / "escaped.xlsx").write_bytes(packed(xl__worksheets__sheet1=a_sheet(row)))
    assert titles(tmp_path / "escaped.xlsx") == ["a\nb"]
