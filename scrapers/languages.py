"""The language of a title or abstract, from its script and its commonest words: ISO 639-1, `und` when it is not sure.

`detect_language` is for texts of which the source says at most in what language the work is: the text decides.
`labelled_language` is for texts that carry a label of their own: the label decides. Small and explainable on purpose;
the evidence is in languages.yml. Measured on the invented sentences of tests/scrapers/language_samples.yml.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

UNDETERMINED = "und"
_MOST_LETTERS = 4_000
# Formulas, addresses, commands of TeX, and the prefix that English shares with a common word of Italian.
_SILENT = re.compile(r"\$[^$]{0,400}\$|https?://\S+|\\[A-Za-z]+|\bnon-", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_CODE = re.compile(r"([A-Za-z]{2,3})(?=$|[-_])")
# Any abstract in English has these; most records need no closer look.
_SURELY_ENGLISH = ((" the ", 3), (" of ", 2), (" and ", 1))
# First and last letter of each script, in order.
_SCRIPTS = (
    ("latin", 0x41, 0x24F),
    ("greek", 0x370, 0x3FF),
    ("cyrillic", 0x400, 0x52F),
    ("armenian", 0x531, 0x58F),
    ("hebrew", 0x590, 0x5FF),
    ("arabic", 0x600, 0x6FF),
    ("arabic", 0x750, 0x77F),
    ("devanagari", 0x900, 0x97F),
    ("bengali", 0x980, 0x9FF),
    ("tamil", 0xB80, 0xBFF),
    ("telugu", 0xC00, 0xC7F),
    ("thai", 0xE00, 0xE7F),
    ("georgian", 0x10A0, 0x10FF),
    ("hangul", 0x1100, 0x11FF),
    ("latin", 0x1E00, 0x1EFF),
    ("greek", 0x1F00, 0x1FFF),
    ("kana", 0x3040, 0x30FF),
    ("hangul", 0x3130, 0x318F),
    ("han", 0x3400, 0x4DBF),
    ("han", 0x4E00, 0x9FFF),
    ("hangul", 0xAC00, 0xD7A3),
    ("arabic", 0xFB50, 0xFDFF),
    ("han", 0x20000, 0x2FFFF),
)
_SOLE = {
    "greek": "el", "armenian": "hy", "hebrew": "he", "devanagari": "hi", "bengali": "bn", "tamil": "ta", "telugu": "te",
    "thai": "th", "georgian": "ka", "hangul": "ko",
}  # fmt: skip
"""Scripts of one language; of a script of several the one with the most speakers."""
_SHARING = {"devanagari": ("hi", "mr", "ne", "sa"), "hebrew": ("he", "yi"), "bengali": ("bn", "as")}
_NOT_LATIN = frozenset(
    "am ar be bg bn el fa he hi hy ja ka kk ko mk mr ne ru sa sr ta te th uk ur yi zh".split()  # noqa: SIM905
)
# A syllable or an ideograph says about as much as two letters.
_WEIGHT = {"han": 2, "kana": 2, "hangul": 2}
_FEWEST_LETTERS = 4
_DOMINANT = 0.5
_KANA_SHARE = 0.1
_ENOUGH = 1.0
"""Sum of the evidence below which no language of the Latin script is named."""
_AHEAD = 1.3
"""Times by which the first must lead the second."""
_ENDING = 0.5
_SHORTEST_STEM = 4
_LONGEST_ENDING = 6
_STOP_SHARE = 0.06
"""Of the words of a text at least so much must be evidence."""


@dataclass(frozen=True)
class _Evidence:
    words: dict[str, dict[str, float]]
    """Word to languages, each with its weight."""
    endings: dict[str, dict[str, float]]
    letters: dict[str, str]
    cyrillic: dict[str, str]
    arabic: dict[str, str]
    known: frozenset[str]
    codes: dict[str, str]
    """ISO 639-2, both forms, to ISO 639-1."""


@cache
def _evidence() -> _Evidence:
    data = yaml.safe_load(files("scrapers").joinpath("languages.yml").read_text(encoding="utf-8"))
    letters, cyrillic, arabic = (
        {letter: code for code, letters in data[name].items() for letter in letters}
        for name in ("letters", "cyrillic", "arabic")
    )
    words, endings = _weigh(data["words"], 1.0), _weigh(data["endings"], _ENDING)
    return _Evidence(words, endings, letters, cyrillic, arabic, frozenset(data["words"]), data["codes"])


def _weigh(lists: dict[str, str], weight: float) -> dict[str, dict[str, float]]:
    """Each word to its languages; what stands under several counts less for each."""
    shared = Counter(word for text in lists.values() for word in set(text.split()))
    found: dict[str, dict[str, float]] = {}
    for code, text in lists.items():
        for word in text.split():
            found.setdefault(word, {})[code] = weight / shared[word]
    return found


def detect_language(text: str, declared: str = "") -> str:
    """ISO 639-1 of the text, or `und`.

    `declared` is what the source says of the work (`en-us`, `ZH`, `chi`); it is believed only where the text does not
    tell and its script does not contradict: titles and abstracts are often translations.
    """
    if text.isascii() and all(text.count(word) >= times for word, times in _SURELY_ENGLISH):
        return "en"
    plain = _SILENT.sub(" ", text[:_MOST_LETTERS])
    counts = _count_scripts(plain)
    said = language_code(declared)
    total = sum(counts.values())
    if total < _FEWEST_LETTERS:
        return said or UNDETERMINED
    script, most = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
    # Chinese and Japanese are one when the question is whether they outweigh the Latin letters.
    east = counts["han"] + counts["kana"]
    if max(most, east) < _DOMINANT * total:
        return said or UNDETERMINED
    if east >= most:
        return "ja" if counts["kana"] >= _KANA_SHARE * east else "zh"
    return _within(script, plain, said)


def labelled_language(text: str, label: str, known: frozenset[str] | None = None) -> str:
    """ISO 639-1 of a text that carries a label: the label, unless it is none or the text's script contradicts it.

    A label outside `known`, where that is given, is none: offices have codes of their own (`ol`, original language).
    """
    said = language_code(label)
    if not said or (known is not None and said not in known):
        return detect_language(text)
    counts = _count_scripts(text[:_MOST_LETTERS])
    total = sum(counts.values())
    foreign = total - counts["latin"]
    # Names and formulas in Latin letters stand in texts of every language, words in other scripts hardly.
    return said if said in _NOT_LATIN or 2 * foreign <= total else detect_language(text, said)


def _within(script: str, plain: str, said: str) -> str:
    evidence = _evidence()
    if script in _SOLE:
        return said if said in _SHARING.get(script, ()) else _SOLE[script]
    if script == "cyrillic":
        return _by_letters(plain, evidence.cyrillic) or said or _russian_or_bulgarian(plain)
    if script == "arabic":
        return _by_letters(plain, evidence.arabic) or said or "ar"
    found = _by_words(plain)
    return found or (said if said in evidence.known or not said else UNDETERMINED) or UNDETERMINED


def language_code(text: str) -> str:
    """ISO 639-1 of a code as sources write it: `EN`, `en-us`, `eng`; an empty word for none."""
    match = _CODE.match(text.strip())
    code = match[1].lower() if match else ""
    return (code if code != "un" else "") if len(code) == 2 else _evidence().codes.get(code, "")


def _count_scripts(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for letter, times in Counter(text).items():
        point = ord(letter)
        if letter.isalpha():
            script = next((name for name, first, last in _SCRIPTS if first <= point <= last), "other")
            counts[script] += times * _WEIGHT.get(script, 1)
    return counts


def _by_letters(text: str, telling: dict[str, str]) -> str:
    votes = Counter(telling[letter] for letter in text.lower() if letter in telling)
    return min(votes, key=lambda code: (-votes[code], code)) if votes else ""


def _russian_or_bulgarian(text: str) -> str:
    words = _WORD.findall(text.lower())
    if any("ъ" in word[:-1] for word in words) and not any(
        "ъе" in word or "ъю" in word or "ъя" in word for word in words
    ):
        return "bg"
    return "ru" if len(words) > 1 else UNDETERMINED


def _by_words(text: str) -> str:
    """The language of the Latin script whose words and letters weigh most; empty when none is ahead."""
    evidence = _evidence()
    scores: dict[str, float] = {}
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    for word in words:
        # A single letter is a symbol as often as a word.
        found = evidence.words.get(word, {}) if len(word) > 1 else {}
        for code, weight in (found or _by_ending(word, evidence)).items():
            scores[code] = scores.get(code, 0.0) + weight
        for code in {evidence.letters[letter] for letter in word if letter in evidence.letters}:
            scores[code] = scores.get(code, 0.0) + 1.0
    if not scores:
        return ""
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    best, score = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    sure = score >= max(_ENOUGH, _STOP_SHARE * len(words)) and score >= _AHEAD * second
    return best if sure else ""


def _by_ending(word: str, evidence: _Evidence) -> dict[str, float]:
    longest = min(_LONGEST_ENDING, len(word) - _SHORTEST_STEM)
    return next((evidence.endings[word[-n:]] for n in range(longest, 1, -1) if word[-n:] in evidence.endings), {})
