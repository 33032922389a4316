"""Writing an issue: all files or none that is half-written, the same bytes every time."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from horizon.errors import RenderError, UsageError
from reports.beside import cores, rendered_beside
from reports.facts import Brief
from reports.language import LANGUAGES, LanguageCode
from reports.render_json import render_json
from reports.render_markdown import render_markdown

Format = Literal["json", "md", "html", "pdf", "docx", "xlsx"]
FORMATS: tuple[Format, ...] = get_args(Format)
_SLOW = {"html", "pdf", "docx", "xlsx"}
"""Worth a second process."""


def write_brief(
    brief: Brief,
    out_dir: Path,
    languages: Sequence[str] = LANGUAGES,
    formats: Sequence[str] = FORMATS,
    font_dir: Path | None = None,
) -> list[Path]:
    """Write `brief.json` and `brief.<language>.<format>`; returns the paths, JSON first.

    Everything is rendered before the first file is written. Raises RenderError when a file cannot be written, and
    UsageError for a language or format that does not exist.
    """
    _check(languages, LANGUAGES, "language")
    _check(formats, FORMATS, "format")
    rendered = list(_render(brief, languages, formats, font_dir))
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        return [replace_file(out_dir / name, data) for name, data in rendered]
    except OSError as error:
        raise RenderError(
            f"expected to write the brief into {out_dir}, found: {error}; free space or mend rights"
        ) from None


def _check(asked: Sequence[str], known: Sequence[str], what: str) -> None:
    unknown = [each for each in asked if each not in known]
    if unknown:
        raise UsageError(f"expected a {what} of {', '.join(known)}, found {', '.join(unknown)}")


def _render(
    brief: Brief, languages: Sequence[str], formats: Sequence[str], font_dir: Path | None
) -> Iterator[tuple[str, bytes]]:
    document = render_json(brief)
    if "json" in formats:
        yield "brief.json", document
    codes = [code for code in LANGUAGES if code in languages]
    chosen = [each for each in FORMATS[1:] if each in formats]
    if len(codes) < 2 or not _SLOW & set(chosen) or cores() < 2:
        for code in codes:
            yield from _render_language(brief, code, chosen, font_dir)
        return
    first, second = codes
    with rendered_beside(document, second, chosen, font_dir) as other:
        yield from _render_language(brief, first, chosen, font_dir)
        yield from other.result().items()


def _render_language(
    brief: Brief, code: LanguageCode, formats: Sequence[Format], font_dir: Path | None
) -> Iterator[tuple[str, bytes]]:
    for each in formats:
        yield f"brief.{code}.{each}", render_one(brief, code, each, font_dir)


def render_one(brief: Brief, code: LanguageCode, format_: Format, font_dir: Path | None = None) -> bytes:
    """The bytes of one file of an issue, `brief.<language>.<format>`."""
    if format_ == "md":
        return render_markdown(brief, code)
    if format_ == "html":
        from reports.render_html import render_html

        return render_html(brief, code, font_dir)
    if format_ == "docx":
        from reports.render_docx import render_docx

        return render_docx(brief, code, font_dir)
    if format_ == "xlsx":
        from reports.annex import render_annex

        return render_annex(brief, code)
    from reports.render_pdf import render_pdf

    return render_pdf(brief, code, font_dir)


def replace_file(path: Path, data: bytes) -> Path:
    """Write a file that appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        os.replace(part, path)  # noqa: PTH105 atomic on POSIX and Windows
    finally:
        part.unlink(missing_ok=True)
    return path
