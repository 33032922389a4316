"""Markdown: the brief for terminals, diffs and chat; every text of a feed is escaped."""

import re
from collections.abc import Iterator

from reports.facts import Brief
from reports.language import LanguageCode
from reports.view import Block, Bullets, Cell, Chart, Entries, Page, Paragraph, Run, Section, Spark, Table, page_of

_SPECIAL = re.compile(r"([\\`*_\[\]#|~$@])")
_BLOCKS = "▁▂▃▄▅▆▇█"


def render_markdown(brief: Brief, code: LanguageCode) -> bytes:
    """UTF-8 Markdown (CommonMark with tables)."""
    return ("\n".join(_page(page_of(brief, code, "markdown"))).rstrip() + "\n").encode("utf-8")


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no automatic links."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _SPECIAL.sub(r"\\\1", text)
    return text.replace("://", "&#58;//").replace("www.", "www&#46;").replace("mailto:", "mailto&#58;")


def _start(line: str) -> str:
    """A line that opens a block: what would begin a list, heading or code there is escaped."""
    line = line.lstrip()
    return re.sub(r"^([-+=])", r"\\\1", re.sub(r"^(\d+)([.)])", r"\1\\\2", line))


def _page(page: Page) -> Iterator[str]:
    yield f"# {escape(page.title)}"
    yield ""
    if page.banner:
        yield f"> **{escape(page.banner)}**"
        yield ""
    yield f"**{escape(page.light_label)}{page.colon}{escape(page.light_word)}** · {escape(page.light_reason)}"
    yield ""
    yield " · ".join(f"{escape(name)}{page.colon}{escape(value)}" for name, value in page.meta)
    yield ""
    for section in page.sections:
        yield from _section(section)
    yield "---"
    yield ""
    yield escape(page.footer)


def _section(section: Section) -> Iterator[str]:
    yield f"## {escape(section.title)}"
    yield ""
    for block in section.blocks:
        yield from _block(block)
        yield ""


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(runs=runs, kind="head"):
            yield f"### {_runs(runs)}"
        case Paragraph(runs=runs):
            yield _start(_runs(runs))
        case Bullets(lines=lines):
            yield from (f"- {_start(_runs(line))}" for line in lines)
        case Table():
            yield from _table(block)
        case Chart(title=title, alt=alt):
            yield f"**{escape(title)}**"
            yield ""
            yield escape(alt)
        case Entries():
            yield from _entries(block)


def _table(table: Table) -> Iterator[str]:
    if table.kind == "matrix":
        yield f"**{escape(table.caption)}**"
        yield ""
    yield _line(escape(column.title) for column in table.columns)
    yield _line("---:" if column.align == "right" else "---" for column in table.columns)
    for row in table.rows:
        yield _line(_cell(cell) for cell in row)


def _line(cells: Iterator[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(cell: Cell) -> str:
    return bars(cell.spark) if cell.spark else _runs(cell.runs)


def bars(spark: Spark, width: int = 13) -> str:
    """A sparkline of block characters, one for each of `width` equal spans; a space where unknown."""
    step = max(1, len(spark.values) // width)
    ends = spark.values[step - 1 :: step][-width:]
    top = max((value for value in ends if value is not None), default=0.0)
    return "".join(" " if v is None else _BLOCKS[min(7, int(8 * v / top))] if top else _BLOCKS[0] for v in ends)


def _entries(block: Entries) -> Iterator[str]:
    group = None
    for entry in block.entries:
        if entry.group != group:
            group = entry.group
            yield f"**{escape(group)}**"
            yield ""
        yield f"- {_start(_run(entry.title))}"
        yield from (f"  {_runs(line)}  " for line in entry.lines)
        yield ""
    if block.more:
        yield escape(block.more)


def _runs(runs: tuple[Run, ...]) -> str:
    return "".join(_run(run) for run in runs)


def _run(run: Run) -> str:
    text = escape(run.text)
    if run.style == "quote":
        text = f"“{text}”"
    if run.style == "strong" and text.strip():
        text = f"**{text.strip()}**" + (" " if text.endswith(" ") else "")
    return f"[{text}]({run.href})" if run.href else text
