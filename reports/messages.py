"""What is sent of a brief: an e-mail in HTML and text, and the short JSON notice of a chat robot."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from importlib.resources import files
from typing import Any, Literal, assert_never

import yaml
from pydantic import Field

from horizon.errors import RenderError
from horizon.records import Record
from reports.facts import Brief
from reports.language import LanguageCode, language
from reports.render_markdown import bars
from reports.view import (
    Block,
    Bullets,
    Cell,
    Chart,
    Entries,
    Page,
    Paragraph,
    Run,
    Section,
    Table,
    displayable,
    page_of,
)

_MIME = {
    "pdf": ("application", "pdf"),
    "docx": ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "json": ("application", "json"),
    "html": ("text", "html"),
    "md": ("text", "markdown"),
}
_SLOT = re.compile(r"\{(title|text|paragraphs|week|world|digest|link)\}")
_MARKUP = str.maketrans("<>@[]*`#|", "＜＞＠［］＊｀＃｜")
"""What a chat takes for markup or for a call to everybody, as the wide letters that look the same."""
_DIGEST = 16


class MessagePlan(Record):
    """`mail.yml`."""

    mail: tuple[str, ...]
    notice: tuple[str, ...]


class Webhook(Record):
    """`webhooks/<name>.yml`: how one service wants to be told."""

    hosts: tuple[str, ...] = ()
    """None: any host, since it is another service each time."""
    most_bytes: int
    """Of the text, in UTF-8."""
    sign: Literal["none", "address", "body"] = "none"
    """Where a signature goes, if the robot has a secret for one."""
    body: Any
    answer: dict[str, int] = Field(default_factory=dict)
    """What a success says in its JSON."""


@dataclass(frozen=True)
class Attachment:
    name: str
    data: bytes


@cache
def message_plan() -> MessagePlan:
    return MessagePlan.model_validate(_data("mail.yml"))


@cache
def webhook(name: str) -> Webhook:
    """A service's template; raises RenderError for one that does not exist."""
    try:
        return Webhook.model_validate(_data(f"webhooks/{name}.yml"))
    except FileNotFoundError:
        raise RenderError(f"expected a webhook with a file reports/webhooks/<name>.yml, found {name!r}") from None


def _data(name: str) -> Any:
    return yaml.safe_load((files("reports") / name).read_text(encoding="utf-8"))


# ---- e-mail ----------------------------------------------------------------------------------------------------------


def compose_mail(
    brief: Brief,
    code: LanguageCode,
    digest: str,
    sender: str,
    to: Sequence[str],
    sent: datetime,
    attachments: Sequence[Attachment] = (),
    link: str | None = None,
) -> EmailMessage:
    """The message of an issue; the same bytes for the same arguments.

    Its id is made of the brief's digest, so that a mail server which gets it twice may know it.
    """
    page, words = page_of(brief, code, "html"), language(code)
    shown = _chosen(page, message_plan().mail)
    notes = [words.word("mail", "attached").format(names=", ".join(each.name for each in attachments))]
    notes = [*(notes if attachments else []), *([f"{words.word('mail', 'link')}{link}"] if link else [])]
    message = EmailMessage(policy=policy.SMTP.clone(max_line_length=200))
    message["Subject"] = (f"[{page.world}] " if page.banner else "") + page.title
    message["From"], message["To"] = sender, ", ".join(to)
    message["Date"] = format_datetime(sent)
    host = parseaddr(sender)[1].partition("@")[2] or "horizon.invalid"
    message["Message-ID"] = f"<{digest[:40]}.{code}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_plain_page(page, shown, notes)) + "\n", cte="base64")
    message.add_alternative(_html(page, shown, notes), subtype="html", cte="base64")
    for each in attachments:
        main, sub = _MIME.get(each.name.rpartition(".")[2], ("application", "octet-stream"))
        message.add_attachment(each.data, maintype=main, subtype=sub, filename=each.name)
    # Last: to set a content or to add one takes away what was said of it before.
    message["Content-Language"] = page.tag
    parts = [part for part in message.walk() if part.is_multipart()]
    for number, part in enumerate(parts):
        part.set_boundary(f"=_horizon_{digest[:24]}_{number}")
    return message


def _chosen(page: Page, names: Sequence[str]) -> list[Section]:
    return [section for section in page.sections if section.id in names]


def _html(page: Page, sections: Sequence[Section], notes: Sequence[str]) -> str:
    from reports.render_html import environment

    template = environment().get_template("mail.html.j2")
    return str(template.render(page=page, sections=sections, notes=notes, bars=bars))


def _plain_page(page: Page, sections: Sequence[Section], notes: Sequence[str]) -> Iterator[str]:
    yield from filter(None, (page.title, page.banner))
    yield f"{page.light_label}{page.colon}{page.light_word} · {page.light_reason}"
    for section in sections:
        yield from ("", section.title, "")
        for block in section.blocks:
            yield from plain_lines(block, page.colon)
    yield from ("", *notes, "-- ", page.footer)


def plain_lines(block: Block, colon: str) -> Iterator[str]:
    """A block as lines of text without markup; a chart as its message."""
    match block:
        case Paragraph(runs=runs):
            yield _text(runs)
        case Bullets(lines=lines):
            yield from (f"• {_text(line)}" for line in lines)
        case Table(columns=columns, rows=rows):
            for row in rows:
                told = [f"{column.title}{colon}{_cell(cell)}" for column, cell in zip(columns, row, strict=True)]
                yield f"• {_cell(row[0])} | " + " | ".join(told[1:])
        case Chart(title=title):
            yield title
        case Entries(entries=entries, more=more):
            for entry in entries:
                yield f"• {entry.group}{colon}{_text((entry.title,))}"
                yield from (f"  {_text(line)}" for line in entry.lines)
            yield from [more] if more else []
        case _:
            assert_never(block)


def _cell(cell: Cell) -> str:
    return bars(cell.spark) if cell.spark else _text(cell.runs)


def _text(runs: Iterable[Run]) -> str:
    return "".join(f"“{run.text}”" if run.style == "quote" else run.text for run in runs)


# ---- chat robots -----------------------------------------------------------------------------------------------------


def compose_notice(brief: Brief, code: LanguageCode, name: str, digest: str, link: str | None = None) -> Any:
    """The JSON body by which a service is told of an issue: its state, its bottom line, where to read it."""
    template, page, words = webhook(name), page_of(brief, code, "html"), language(code)
    lines = [page.banner] if page.banner else []
    lines.append(f"{page.light_label}{page.colon}{page.light_word} · {page.light_reason}")
    for section in _chosen(page, message_plan().notice):
        blocks = [block for block in section.blocks if isinstance(block, Paragraph | Bullets)]
        lines += [line for block in blocks for line in plain_lines(block, page.colon)]
    lines = [_inert(displayable(line)) for line in lines]
    end = [words.word("mail", "link") + link] if link else []
    lines = [*_within(lines, template.most_bytes - len("\n\n".join(["", *end]).encode()), words), *end]
    values = {
        "title": _inert((f"[{page.world}] " if page.banner else "") + page.title),
        "text": "\n".join(lines),
        "paragraphs": "\n\n".join(lines),
        "week": str(brief.header.week),
        "world": brief.header.world,
        "digest": digest[:_DIGEST],
        "link": link or "",
    }
    return _filled(template.body, values)


def _inert(text: str) -> str:
    """Text without markup, calls or addresses, of which chats make links by themselves."""
    return text.translate(_MARKUP).replace("://", "：//").replace("www.", "www．")


def _within(lines: Sequence[str], most_bytes: int, words: Any) -> list[str]:
    """As many lines as fit, and the mark of what is left out."""
    mark = words.word("forms", "truncated").strip()
    kept: list[str] = []
    room = most_bytes - len(mark.encode()) - 2
    for line in lines:
        room -= len(line.encode()) + 2
        if room < 0:
            return [*kept, mark]
        kept.append(line)
    return kept


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """A template with its slots filled once: what a value itself writes in braces stays text."""
    if isinstance(value, str):
        return _SLOT.sub(lambda slot: values[slot[1]], value)
    if isinstance(value, list):
        return [_filled(each, values) for each in value]
    if isinstance(value, dict):
        return {key: _filled(each, values) for key, each in value.items()}
    return value
