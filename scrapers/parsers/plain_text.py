"""Titles and abstracts of life-science feeds to plain text: the tags they are known to use out, entities resolved once.

Only known tags are cut: `p < 0.05 and n > 3` is text. All in linear time.
"""

import html
import re

_BLOCK = "p|br|div|li|ul|ol|sec|title|abstract|list|list-item|disp-formula|label"
_INLINE = "i|b|u|em|sub|sup|strong|span|sc|tt|a|italic|bold|underline|monospace|inline-formula|tex-math|xref|ext-link"
_HEADING_END = re.compile(r"(?:([:.?!])\s*)?</h[1-6]\s*>", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:jats:)?(?:{_BLOCK}|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE)
_INLINE_TAG = re.compile(rf"</?(?:(?:jats:)?(?:{_INLINE})|(?:mml|xlink):[a-z]+)(?:\s[^<>]*)?/?>", re.IGNORECASE)
# Nothing that a page or a terminal would act upon; what counts as white space is left to `split`.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def fold(text: str) -> str:
    """White space to single blanks, control characters and lone surrogates out."""
    return " ".join(_CONTROL.sub("", text).split())


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    text = _HEADING_END.sub(lambda end: f"{end[1] or ':'} ", text)
    return _INLINE_TAG.sub("", _BLOCK_TAG.sub(" ", text))


def plain(text: str) -> str:
    """Text without markup: `<h4>Aim</h4>To see CO<sub>2</sub>` gives `Aim: To see CO2`; escaped tags are tags too."""
    text = _without_tags(text)
    if "&" in text:
        text = _without_tags(html.unescape(text))
    return fold(text)


def plain_title(text: str) -> tuple[str, bool]:
    """A title without MEDLINE's full stop and brackets; true when the brackets said that it is a translation."""
    title = plain(text)
    if title.endswith(".") and not title.endswith(".."):
        title = title[:-1].rstrip()
    inner = title[1:-1]
    if title.startswith("[") and title.endswith("]") and "[" not in inner and "]" not in inner:
        return inner.strip(), True
    return title, False
