"""TeX accents to Unicode, outside formulas: arXivRaw keeps names and titles as authors typed them, `Erd\\H{o}s`."""

import re
import unicodedata

_COMBINING = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    '"': "\u0308",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "k": "\u0328",
    "r": "\u030a",
    "b": "\u0331",
    "d": "\u0323",
}
_LETTERS = {
    "ss": "ß",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "i": "i",
    "j": "j",
    "dh": "ð",
    "DH": "Ð",
    "th": "þ",
    "TH": "Þ",
    "dj": "đ",
    "DJ": "Đ",
}
# An accent command, its letter bare or in braces, the whole perhaps in braces: \'e  \'{e}  {\'e}  \v{s}  \v s  \'{\i}.
# Accents named by a letter need a space, a brace or \i after them, else \chi would be read as c-cedilla.
_ACCENT = re.compile(
    r"""(?P<outer>\{)?\\
    (?:(?P<mark>[`'^~"=.])[ ]?|(?P<name>[uvHckrbd])(?:[ ]|(?=\{)|(?=\\[ij](?![A-Za-z]))))
    (?:\{(?P<braced>\\?[A-Za-z])\}|\\(?P<dotless>[ij])(?![A-Za-z])[ ]?|(?P<bare>[A-Za-z]))
    (?(outer)\})""",
    re.VERBOSE,
)
_LETTER = re.compile(
    r"(?P<outer>\{)?\\(?P<name>ss|AE|OE|AA|DH|TH|DJ|ae|oe|aa|dh|th|dj|[oOlLij])(?![A-Za-z])(?:\{\}| )?(?(outer)\})"
)
_DOLLAR = re.compile(r"((?<!\\)\$)")


def _compose(match: re.Match[str]) -> str:
    letter = (match["braced"] or match["dotless"] or match["bare"]).lstrip("\\")
    return unicodedata.normalize("NFC", letter + _COMBINING[match["mark"] or match["name"]])


def _convert(text: str) -> str:
    return _LETTER.sub(lambda match: _LETTERS[match["name"]], _ACCENT.sub(_compose, text))


def to_unicode(text: str) -> str:
    """Replace accent commands by the letters they stand for; whatever stands between dollar signs stays as it is."""
    if "\\" not in text:
        return text
    if "$" not in text:
        return _convert(text)
    parts = _DOLLAR.split(text)
    dollars = len(parts) // 2
    # parts: text, $, formula, $, text ...; a last dollar without a partner opens no formula.
    for index in range(0, len(parts), 2):
        inside = (index // 2) % 2 == 1 and not (dollars % 2 == 1 and index == len(parts) - 1)
        if not inside:
            parts[index] = _convert(parts[index])
    return "".join(parts)
