"""One normal form for terms and texts, with the way back to the original for every word.

NFKC (so full-width becomes half-width), accents dropped, all dashes and slashes read as spaces, LaTeX and HTML
markup stripped (`Ga$_2$O$_3$`, `Ga<sub>2</sub>O<sub>3</sub>` and `Ga₂O₃` are one word), case and simple English
plurals folded, Chinese characters single. Matching happens on words; character offsets are computed only on demand.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

VERSION = "1"
"""Part of every model's fingerprint: raise it with any change of what this module returns."""

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_STYLES = (
    "mathrm|mathbf|mathit|mathcal|mathsf|mathbb|textrm|textit|textbf|textsc|textsubscript|textsuperscript|texttt|text|"
    "rm|it|bf|sc|sf|tt|em|emph|cal|ensuremath|boldsymbol|bm|hbox|mbox|left|right"
)
_STYLE = rf"\\(?:{_STYLES})(?![A-Za-z])\s?"
_TAG = r"</?(?:sub|sup|i|b|em|it|italic|bold|inf)>"
_GLUE = rf"(?:[$_^{{}}]|\\[\"'`^~=.,;!]|{_STYLE}|{_TAG}){{1,12}}"
_BREAKS = r"[.,;:!?()\[\]]"


def _pattern(letters: str, extra: str) -> re.Pattern[str]:
    word = rf"{letters}+(?:{_GLUE}{letters}+)*(?:'s(?!{letters}))?"
    return re.compile(rf"{_STYLE}|{_TAG}|{word}{extra}|{_BREAKS}")


_ASCII = _pattern("[A-Za-z0-9]", "")
_ANY = _pattern(rf"[^\W_{_CJK}]", rf"|[{_CJK}]")
_MARKUP = re.compile(rf"{_GLUE}|'s$")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_HAS_CJK = re.compile(f"[{_CJK}]")
_ACRONYM_PLURAL = re.compile(r"[A-Za-z0-9]*[A-Z0-9]s")
_GREEK = re.findall(
    r"\w+",
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon "
    "phi chi psi omega",
)
_GREEK_NAMES: dict[str, str] = {chr(0x3B1 + i): name for i, name in enumerate(_GREEK)}
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u2043\u30fb\u00b7"
_SAME = {**dict.fromkeys(_DASHES, "-"), **dict.fromkeys("\u2018\u2019\u02bc\u2032\uff07", "'"), "。": ".", "、": ","}
_IRREGULAR = {
    "analyses": "analysis", "hypotheses": "hypothesis", "syntheses": "synthesis", "prostheses": "prosthesis",
    "neuroprostheses": "neuroprosthesis", "matrices": "matrix", "indices": "index", "vertices": "vertex",
    "lenses": "lens", "gases": "gas", "biases": "bias", "nuclei": "nucleus", "stimuli": "stimulus",
    "mitochondria": "mitochondrion", "yeasts": "yeast",
}  # fmt: skip
_UNCHANGED = {"lens", "bias", "series", "species", "atlas", "canvas", "always", "perhaps", "whereas", "biomass", "mass"}
_MAX_CACHED_WORDS = 200_000
_MAX_CACHED_LENGTH = 40


@dataclass(frozen=True)
class Normalized:
    """A text in normal form: `words` (folded) and `exact` (case kept) run in step, clause punctuation included."""

    original: str
    words: tuple[str, ...]
    exact: tuple[str, ...]

    @property
    def text(self) -> str:
        """The folded words with single spaces."""
        return " ".join(self.words)

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """(start, end) of every word in the original."""
        mapped, origin = _map_characters(self.original), _origins(self.original)
        pattern = _ASCII if mapped.isascii() else _ANY
        found = [match.span() for match in pattern.finditer(mapped)]
        if "\\" in mapped or "<" in mapped:
            found = [(start, end) for start, end in found if mapped[start] not in "\\<"]
        if origin is None:
            return tuple(found)
        return tuple((origin[start], origin[end - 1] + 1) for start, end in found)

    @property
    def offsets(self) -> tuple[int, ...]:
        """For every character of `text`, where its word begins in the original."""
        places: list[int] = []
        for word, (start, _) in zip(self.words, self.spans, strict=True):
            places.extend([start] * (len(word) + (1 if places else 0)))
        return tuple(places)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets in the original of the words from first up to, not including, last."""
        return self.spans[first][0], self.spans[last - 1][1]

    def quote(self, first: int, last: int) -> str:
        """The original's own characters for those words."""
        start, end = self.span(first, last)
        return self.original[start:end]


def normalize(text: str) -> Normalized:
    """The normal form of any text; never fails, linear in the text's length."""
    mapped = _map_characters(text)
    raw = (_ASCII if mapped.isascii() else _ANY).findall(mapped)
    if "\\" in mapped or "<" in mapped:
        raw = [word for word in raw if word[0] not in "\\<"]
    return Normalized(text, tuple(map(_folded.__getitem__, raw)), tuple(map(_exact.__getitem__, raw)))


def normalize_phrase(text: str, *, exact: bool = False) -> tuple[str, ...]:
    """The words of a term, without punctuation at its ends."""
    form = normalize(text)
    words = form.exact if exact else form.words
    return _strip_breaks(words)


def has_cjk(text: str) -> bool:
    return not text.isascii() and _HAS_CJK.search(text) is not None


def is_break(word: str) -> bool:
    """Whether the word is clause punctuation."""
    return word in ".,;:!?()[]"


def _strip_breaks(words: Sequence[str]) -> tuple[str, ...]:
    kept = list(words)
    while kept and is_break(kept[0]):
        kept.pop(0)
    while kept and is_break(kept[-1]):
        kept.pop()
    return tuple(kept)


class _CharacterMap(dict[int, str]):
    """Code point to its replacement, computed once for each."""

    def __missing__(self, code: int) -> str:
        mapped = chr(code)
        for _ in range(4):
            following = "".join(_map_character(char) for char in mapped)
            if following == mapped:
                break
            mapped = following
        if len(mapped) > 1:  # one character is at most one word: ½ is 12, … and ㈠ only break a phrase
            mapped = "".join(filter(str.isalnum, mapped))
            mapped = "." if not mapped or has_cjk(mapped) else mapped
        self[code] = mapped
        return mapped


def _map_character(char: str) -> str:
    if char.isascii():
        return char
    if char in _SAME:
        return _SAME[char]
    category = unicodedata.category(char)
    if category == "Cs":  # a lone surrogate cannot be written as UTF-8, so no quotation may run across it
        return "."
    if category in ("Cf", "Mn", "Me"):
        return ""
    plain: str = unicodedata.normalize("NFKC", char)
    if char < "\u3000":
        parts = unicodedata.normalize("NFKD", plain)
        plain = "".join(part for part in parts if unicodedata.category(part) != "Mn")
    return plain


_characters = _CharacterMap((code, chr(code)) for code in range(128))


def _map_characters(text: str) -> str:
    if text.isascii():
        return text
    return _NOT_ASCII.sub(lambda match: _characters[ord(match[0])], text)


def _origins(text: str) -> list[int] | None:
    """For each mapped character the place it came from; None when that is its own place."""
    if all(len(_characters[ord(char)]) == 1 for char in set(text)):
        return None
    return [place for place, char in enumerate(text) for _ in _characters[ord(char)]]


class _Words(dict[str, str]):
    """A bounded cache of one word's form."""

    def __init__(self, fold: bool) -> None:
        super().__init__()
        self._fold = fold

    def __missing__(self, raw: str) -> str:
        word = _exact_word(raw)
        if self._fold:
            word = _fold_word(word)
        if len(self) >= _MAX_CACHED_WORDS:
            self.clear()
        if len(raw) <= _MAX_CACHED_LENGTH:
            self[raw] = word
        return word


def _exact_word(raw: str) -> str:
    word = _MARKUP.sub("", raw) if not raw.isalnum() and len(raw) > 1 else raw
    if len(word) > 2 and _ACRONYM_PLURAL.fullmatch(word) and any(map(str.isupper, word)):
        word = word[:-1]
    return word or raw


def _fold_word(word: str) -> str:
    for _ in range(6):
        folded = _fold_once(word)
        if folded == word:
            break
        word = folded
    return word


def _fold_once(word: str) -> str:
    folded = "".join(_characters[ord(char)] for char in word.casefold())
    if not folded.isalnum() and len(folded) > 1:
        folded = "".join(filter(str.isalnum, folded)) or folded
    if folded in _GREEK_NAMES:
        return _GREEK_NAMES[folded]
    return _singular(folded)


def _singular(word: str) -> str:
    """Fold simple English plurals; wrong singulars do no harm, for terms and texts are treated alike."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or word[-1] != "s" or word[-2] in "sui" or word in _UNCHANGED or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")) or word.endswith("viruses"):
        return word[:-2]
    return word[:-1]


_folded = _Words(fold=True)
_exact = _Words(fold=False)
