"""Spreadsheets, out and in: tables with text that no program takes for a formula, and files that nobody need trust.

Out: XLSX (the same bytes for the same tables) and CSV. In: XLSX and CSV, as rows of plain text. Of a file from outside
nothing is believed: its sizes are looked at before it is unpacked, a part with a DOCTYPE is refused before any parser
sees it (so it does not matter that openpyxl reads sheets by the standard library's parser and the rest by lxml without
entities), links to other files are not followed, and formulas are read as the values last shown.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from horizon.errors import RenderError, UsageError

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_CELL = 32_767
"""UTF-16 units that Excel keeps of a cell."""
MOST_LINKS = 65_530
"""Excel's own limit for a sheet; the addresses beyond it are plain text."""
LONGEST_LINK = 2_079
MOST_BYTES = 64 * 2**20
"""Of a file to be read, packed and unpacked."""
MOST_PARTS = 500
MOST_TAGS = 2_000_000
"""In one part: a row of ten million empty cells is small as text and huge as objects."""
MOST_ROWS = 20_000
EXCEL_ROWS = 2**20
MOST_COLUMNS = 64
CUT = " […]"

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_DEFUSED = re.compile(r"'*\s*[=+\-@＝＋－＠]")
_GAPS = re.compile("\r\n?|[\t\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f]|005F)_")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_HEAD, _INPUT = "1F3864", "FFF8DC"


@dataclass(frozen=True)
class Link:
    """A cell that opens an address."""

    text: str
    url: str


Cell = str | float | Link | None


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    heading: str
    width: float = 14.0
    """In characters."""
    hidden: bool = False
    filled_in: bool = False
    """Left empty for a person; shown in another colour."""
    choices: tuple[str, ...] = ()
    """Words of a drop-down list, without commas or quotes."""
    prompt: str = ""
    """Shown beside a chosen cell of a drop-down list."""
    percent: bool = False


@dataclass(frozen=True)
class Sheet:
    """One table with its headings."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    filtered: bool = True
    """Whether its headings have buttons to sort and filter by."""


# ---- text ------------------------------------------------------------------------------------------------------------


def cell_text(text: str) -> str:
    """Text that a cell may hold: no control characters, no reversal of direction, cut visibly at Excel's limit."""
    shown = _HIDDEN.sub("", _GAPS.sub(lambda gap: "\n" if gap[0] in ("\r", "\r\n") else " ", text))
    units = len(shown.encode("utf-16-le")) // 2
    if units <= LONGEST_CELL:
        return shown
    kept = shown.encode("utf-16-le")[: 2 * (LONGEST_CELL - len(CUT))]
    return kept.decode("utf-16-le", errors="ignore") + CUT


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet would compute it, were it typed in."""
    return _FORMULA.match(text) is not None


def defuse(text: str) -> str:
    """For formats without types of cells: an apostrophe before what looks like a formula."""
    return f"'{text}" if _DEFUSED.match(text) else text


def undo_defuse(text: str) -> str:
    """The text that `defuse` was given."""
    return text[1:] if text.startswith("'") and _DEFUSED.match(text[1:]) else text


# ---- out -------------------------------------------------------------------------------------------------------------


def write_xlsx(sheets: Sequence[Sheet], created: datetime, title: str) -> bytes:
    """A workbook; `created` (aware) is the only time in it. Raises RenderError for more rows than Excel holds."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator, book.properties.title = "Horizon", cell_text(title)
    book.properties.created = created.astimezone(UTC).replace(tzinfo=None)
    for sheet in sheets:
        if len(sheet.rows) >= EXCEL_ROWS:
            message = f"expected fewer than {EXCEL_ROWS:,} rows, found {len(sheet.rows):,} in {sheet.name!r}"
            raise RenderError(f"{message}; ask for fewer weeks")
        _fill(book.create_sheet(sheet.name), sheet)
    raw = io.BytesIO()
    book.save(raw)
    return timeless(raw.getvalue(), created)


def _fill(place: "Worksheet", sheet: Sheet) -> None:
    from openpyxl.utils import get_column_letter

    for number, column in enumerate(sheet.columns, 1):
        shape = place.column_dimensions[get_column_letter(number)]
        shape.width, shape.hidden = column.width, column.hidden
        _style_head(place.cell(1, number), column.heading)
    links = 0
    styles: dict[Style, Any] = {}
    for at, row in enumerate(sheet.rows, 2):
        for number, (column, value) in enumerate(zip(sheet.columns, row, strict=True), 1):
            linked = isinstance(value, Link) and links < MOST_LINKS and len(value.url) <= LONGEST_LINK
            links += linked
            _put(place.cell(at, number), column, value, linked, styles)
    place.freeze_panes = "A2"
    if sheet.rows and sheet.filtered:
        place.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{len(sheet.rows) + 1}"
    if sheet.rows:
        _add_choices(place, sheet)


def _style_head(cell: Any, heading: str) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    _put_text(cell, heading)
    cell.quotePrefix = looks_like_formula(cell_text(heading))
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", start_color=_HEAD)
    cell.alignment = Alignment(wrap_text=True, vertical="center")


Style = tuple[bool, bool, bool, bool, bool]
"""To be filled in, linked, a number, per cent, looks like a formula."""


def _put(cell: Any, column: Column, value: Cell, linked: bool, styles: dict[Style, Any]) -> None:
    if isinstance(value, Link):
        if linked:
            cell.hyperlink = cell_text(value.url)
        value = value.text
    number = value is not None and not isinstance(value, str)
    formula = isinstance(value, str) and looks_like_formula(cell_text(value))
    style = (column.filled_in, linked, number, column.percent, formula)
    if style not in styles:
        _style(cell, style)
        styles[style] = cell._style
    # Each cell has its own copy; to look a style up by its parts for every cell takes longer than all the rest.
    cell._style = copy(styles[style])
    if isinstance(value, str):
        _put_text(cell, value)
    elif value is not None:
        cell.value = value


def _style(cell: Any, style: Style) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    filled_in, linked, number, percent, formula = style
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if filled_in:
        # As text, so that what is typed in stays what it is.
        cell.fill, cell.number_format = PatternFill("solid", start_color=_INPUT), "@"
    if linked:
        cell.font = Font(color="0563C1", underline="single")
    if number:
        cell.number_format = "0%" if percent else "General"
    # Still none when somebody edits the cell.
    cell.quotePrefix = formula


def _put_text(cell: Any, text: str) -> None:
    shown = cell_text(text)
    if not shown:
        return
    # Excel reads _x0041_ as the letter A.
    cell.value = cell_text(_ESCAPE.sub("_x005F_", shown))
    # Never a formula, an error or a number, whatever it looks like.
    cell.data_type = "s"


def _add_choices(place: "Worksheet", sheet: Sheet) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for number, column in enumerate(sheet.columns, 1):
        if column.choices:
            choices = DataValidation("list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
            choices.showErrorMessage = choices.showInputMessage = True
            choices.promptTitle, choices.prompt = column.heading[:32], column.prompt[:255]
            choices.error = ", ".join(column.choices)[:225]
            letter = get_column_letter(number)
            choices.add(f"{letter}2:{letter}{len(sheet.rows) + 1}")
            place.add_data_validation(choices)


def timeless(packed: bytes, created: datetime) -> bytes:
    """The same Office file without the hour at which it was packed."""
    stamp = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, data)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            new.writestr(entry, data)
    return out.getvalue()


def write_csv(sheet: Sheet) -> bytes:
    """One table, with the mark by which Excel knows UTF-8; an address stands in place of its text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([column.heading for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow([_flat(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _flat(value: Cell) -> str:
    if isinstance(value, Link):
        value = value.url
    return defuse(cell_text(value)) if isinstance(value, str) else "" if value is None else f"{value:g}"


# ---- in --------------------------------------------------------------------------------------------------------------


def read_table(path: Path, headings: Sequence[frozenset[str]]) -> list[list[str]]:
    """The rows of the first sheet in whose first row each of `headings` is found by one of its words, that row first.

    Raises UsageError for a file that is no spreadsheet, is too large, or has no such sheet.
    """
    content = _content(path)
    tables = _xlsx_tables(path, content) if content.startswith(b"PK") else iter([_csv_table(path, content)])
    for table in tables:
        if table and all(words & set(table[0]) for words in headings):
            return table
    wanted = ", ".join(min(words) for words in headings)
    raise UsageError(f"expected a table with the columns {wanted} in {path}, found none; export the queue anew")


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UsageError(f"expected at most {MOST_BYTES:,} bytes, found {size:,} in {path}; hand in a smaller file")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"expected an XLSX or CSV file, found {error.strerror} at {path}; name another") from None


def _csv_table(path: Path, content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        found = "an old .xls file" if content.startswith(b"\xd0\xcf\x11\xe0") else "another encoding"
        raise UsageError(f'expected XLSX, or CSV in UTF-8, found {found} in {path}; save it as "CSV UTF-8"') from None
    try:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        return _limited(path, ([undo_defuse(value) for value in row] for row in rows))
    except csv.Error as error:
        raise UsageError(f"expected CSV with commas, found {error} in {path}; save it as CSV UTF-8 again") from None


def _xlsx_tables(path: Path, content: bytes) -> Iterator[list[list[str]]]:
    from openpyxl import load_workbook

    try:
        _look_inside(path, content)
        with warnings.catch_warnings():
            # It tells what it leaves out (drop-down lists, styles), which is of no use here.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            for sheet in book.worksheets:
                # A sheet's own statement of its size is not believed: a row may call itself the two-billionth.
                cells = sheet.iter_rows(1, EXCEL_ROWS, 1, MOST_COLUMNS, values_only=True)
                yield _limited(path, (_read_row(row) for row in cells))
    except UsageError:
        raise
    except Exception as error:
        # The library meets a broken or forged file with errors of every kind.
        message = f"expected an XLSX workbook, found one that cannot be read ({type(error).__name__}) at {path}"
        raise UsageError(f"{message}; save it again in a spreadsheet program") from None


def _look_inside(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        # What is stated here also bounds what is unpacked: the reader stops there.
        unpacked = sum(part.file_size for part in parts)
        if len(parts) > MOST_PARTS or unpacked > MOST_BYTES:
            message = f"expected at most {MOST_PARTS} parts and {MOST_BYTES:,} bytes unpacked in {path}"
            raise UsageError(f"{message}, found {len(parts)} and {unpacked:,}; hand in a smaller file")
        for part in parts:
            data = archive.read(part)
            written_otherwise = data.startswith((b"\xfe\xff", b"\xff\xfe")) or b"\x00" in data[:64]
            is_markup = part.filename.endswith((".xml", ".rels", ".vml"))
            if b"<!DOCTYPE" in data or b"<!ENTITY" in data or (is_markup and written_otherwise):
                message = (
                    f"expected plain UTF-8 XML, found a DOCTYPE or another encoding in {part.filename!r} of {path}"
                )
                raise UsageError(f"{message}; save it again in a spreadsheet program")
            if is_markup and data.count(b"<") > MOST_TAGS:
                raise UsageError(f"expected at most {MOST_TAGS:,} tags, found more in {part.filename!r} of {path}")


def _read_row(row: tuple[object, ...]) -> list[str]:
    # Most of a million rows may be empty.
    return [] if row.count(None) == len(row) else [_read_text(value) for value in row]


def _read_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value))


def _limited(path: Path, rows: Iterable[list[str]]) -> list[list[str]]:
    """Rows up to the last with anything in it; raises UsageError when there are too many."""
    table: list[list[str]] = []
    gap: list[str] = []
    filled = 0
    for row in rows:
        texts = [cell_text(value).strip() for value in row]
        table.append(texts if any(texts) else gap)
        if any(texts):
            filled = len(table)
        if filled > MOST_ROWS:
            raise UsageError(f"expected at most {MOST_ROWS:,} rows in {path}, found more; hand it in in parts")
    return table[:filled]
