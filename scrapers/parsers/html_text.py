"""Hostile HTML to plain text: what a reader would see, in linear time, with nothing left that a page would act upon.

Unlike `plain_text`, which knows the tags of its feeds, this cuts whatever HTML has or a page may invent; `x<y` stays.
The result is still only text: whoever shows it must escape it.
"""

import html
import re

_MOST_LETTERS = 200_000
"""Of one field before it is stripped; the rest is not looked at."""
_UNESCAPED_TIMES = 3
_HIDES_THE_REST = ("script", "style", "template", "noscript", "textarea")
_UNSEEN = (*_HIDES_THE_REST, "iframe", "object", "svg", "head", "title", "select")
_UNSEEN_START = re.compile(rf"<({'|'.join(_UNSEEN)})(?=[\s/>])", re.IGNORECASE)
_UNSEEN_END = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in _UNSEEN}
_TAG_START = re.compile(r"</?([a-zA-Z][^\s<>/]*)")
_IN_TAG = re.compile(r"""[<>]|=\s*["']""")
_DECLARATION = re.compile(r"<[!?][^>]*>?")
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong sub "
    "sup tt u var"
)
_BLOCK_NAMES = (
    "address applet area article aside audio base blockquote body br button canvas caption center col dd details dir "
    "div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html "
    "iframe img input legend li link main map math menu meta nav noscript object ol option p param picture pre script "
    "section select source style svg table tbody td template textarea tfoot th thead title tr track ul video"
)
_INLINE = frozenset(_INLINE_NAMES.split())
_KNOWN = _INLINE | frozenset(_BLOCK_NAMES.split())
_KNOWN_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_KNOWN))})(?=[\s/>])", re.IGNORECASE)
# Controls (white space is folded before), lone surrogates, non-characters, and marks that turn the direction of text.
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e"
    "\u2066-\u2069\ufeff\u00ad]"
)


def clean(text: str) -> str:
    """White space to single blanks; no control characters, no marks that hide or turn text."""
    return " ".join(_UNSAFE.sub("", text).split())


def strip_html(text: str) -> str:
    """The text of an HTML fragment, escaped once or several times over."""
    text = text[:_MOST_LETTERS]
    for times in range(_UNESCAPED_TIMES):
        if "<" in text and (times == 0 or _KNOWN_TAG.search(text)):
            text = _without_tags(text)
        if "&" not in text:
            break
        unescaped = html.unescape(text)
        if unescaped == text:
            break
        text = unescaped
    for _ in range(_UNESCAPED_TIMES):
        if _KNOWN_TAG.search(text) is None:
            return clean(text)
        # What was cut out has joined its neighbours to a new tag.
        text = _without_tags(text)
    return clean(text.replace("<", " ") if _KNOWN_TAG.search(text) else text)


def _without_tags(text: str) -> str:
    text = _without_unseen(_without_comments(text))
    parts, place = [], 0
    while (start := _TAG_START.search(text, place)) is not None:
        name, end = start[1].lower(), _tag_end(text, start.end())
        inside = text[start.end() : end]
        parts.append(text[place : start.start()])
        if not _is_tag(name, inside):
            parts.append(text[start.start() : end])
        elif name not in _INLINE:
            parts.append(" ")
        place = end
    return _DECLARATION.sub(" ", "".join([*parts, text[place:]]))


def _is_tag(name: str, inside: str) -> bool:
    """HTML's own elements, and foreign ones when they look the part: `<T>` and `x<y` are text."""
    return name in _KNOWN or ":" in name or "-" in name or ("=" in inside and inside.endswith(">"))


def _tag_end(text: str, place: int) -> int:
    """Behind the tag's '>', or at the next '<', or at the end of all when a value's quote is never closed."""
    while (match := _IN_TAG.search(text, place)) is not None:
        if match[0] == ">":
            return match.end()
        if match[0] == "<":
            return match.start()
        closing = text.find(match[0][-1], match.end())
        if closing < 0:
            return len(text)
        place = closing + 1
    return len(text)


def _without_comments(text: str) -> str:
    parts, place = [], 0
    while (start := text.find("<!--", place)) >= 0:
        parts.append(text[place:start])
        end = text.find("-->", start + 4)
        # A comment that never ends hides all that follows.
        place = len(text) if end < 0 else end + 3
    return " ".join([*parts, text[place:]]) if parts else text


def _without_unseen(text: str) -> str:
    """Without elements whose content nobody sees, scripts and styles first of all."""
    parts, place, unclosed = [], 0, set[str]()
    while (start := _UNSEEN_START.search(text, place)) is not None:
        name = start[1].lower()
        parts.append(text[place : start.start()])
        end = None if name in unclosed else _UNSEEN_END[name].search(text, start.end())
        if end is not None:
            close = text.find(">", end.end())
            place = len(text) if close < 0 else close + 1
        elif name in _HIDES_THE_REST:
            return " ".join(parts)
        else:
            # Its tag alone goes.
            unclosed.add(name)
            place = _tag_end(text, start.end())
    return " ".join([*parts, text[place:]]) if parts else text
