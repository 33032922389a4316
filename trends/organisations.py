"""Names of organisations: folded enough to count one as one, never guessed at, and fit to be shown."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

LONGEST_NAME = 120
_READ = 500
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_NOT_WORD = re.compile(r"[^\w]+|_+")
_SHANGHAI = re.compile(r"shanghai|上海")
_SPACES = ("Zs", "Zl", "Zp", "Cc")
_UNSEEN = ("Cf", "Co", "Cs", "Cn")


@dataclass(frozen=True)
class _Names:
    spaced_forms: tuple[tuple[str, ...], ...]
    joined_forms: tuple[str, ...]
    aliases: dict[str, str]
    shanghai: frozenset[str]


def displayable(name: str) -> str:
    """Without control characters, marks that turn the direction of text, and what is beyond 120 characters."""
    seen = "".join(
        " " if (kind := unicodedata.category(letter)) in _SPACES else "" if kind in _UNSEEN else letter
        for letter in name[:_READ]
    )
    plain = " ".join(seen.split())
    return plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - 1] + "…"


def organisation_key(name: str) -> str:
    """Equal for one organisation in its usual spellings; empty for what holds no word."""
    key = _folded(name)
    return _names().aliases.get(key, key)


def names_shanghai(names: Iterable[str]) -> bool:
    """Whether an organisation has Shanghai (上海) in its name, or is known to be there (organisations.yml)."""
    keys = [organisation_key(name) for name in names]
    return any(_SHANGHAI.search(key) is not None or key in _names().shanghai for key in keys)


@cache
def _names() -> _Names:
    data = yaml.safe_load(files("trends").joinpath("organisations.yml").read_text(encoding="utf-8"))
    forms = sorted(map(str, data["legal_forms"]), key=len, reverse=True)
    spaced = tuple(tuple(form.split()) for form in forms if not _HAN.search(form))
    joined = tuple(form for form in forms if _HAN.search(form))
    names = _Names(spaced, joined, {}, frozenset())
    aliases = {_fold(other, names): _fold(group[0], names) for group in data["aliases"] for other in group}
    shanghai = frozenset(aliases.get(key, key) for name in data["shanghai"] if (key := _fold(name, names)))
    return _Names(spaced, joined, aliases, shanghai)


@cache
def _folded(name: str) -> str:
    return _fold(name, _names())


def _fold(name: str, names: _Names) -> str:
    plain = unicodedata.normalize("NFKD", displayable(name[:_READ])).casefold()
    plain = unicodedata.normalize("NFC", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    plain = re.sub(r"(?<=\b\w)\.\s?(?=\w\b)|['\u2019]", "", plain.replace("&", " and "))
    words = _NOT_WORD.sub(" ", plain).split()
    if _HAN.search(plain):
        return _without_joined("".join(words), names.joined_forms)
    words = _without_spaced(words, names.spaced_forms)
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def _without_joined(text: str, forms: tuple[str, ...]) -> str:
    for form in forms:
        text = text.removesuffix(form).removeprefix(form) or text
    return text


def _without_spaced(words: list[str], forms: tuple[tuple[str, ...], ...]) -> list[str]:
    """Legal forms away from the end, `Co., Ltd` too, as long as something is left."""
    while form := next((f for f in forms if len(f) < len(words) and tuple(words[-len(f) :]) == f), None):
        words = words[: -len(form)]
    return words
