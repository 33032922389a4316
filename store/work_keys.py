"""What tells that two items are one work: a DOI, a family, or a title with its first author."""

import hashlib
import re
import unicodedata
from typing import Literal, NamedTuple

from horizon.records import Item

Rule = Literal["doi", "family", "title"]

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "2nd", "3rd", "phd", "md"})
_MARKUP = re.compile(r"<[^<>]{1,60}>|\\(?:mathrm|mathbf|mathcal|text|rm|bf|it|emph|ensuremath)\b|[${}^_~]")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_LEAST_WORDS, _LEAST_LETTERS = 4, 24
"""A shorter title ("Editorial", "Reply to the authors") names no work."""
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]")
_IDEOGRAPH_IS_LETTERS = 2
_US_APPLICATION = re.compile(r"US\.(\d{4})0(\d{6})\.")
_PAPERS = ("preprint", "article")


class WorkKey(NamedTuple):
    """Items with the same digest may be one work; the rule says why."""

    rule: Rule
    digest: bytes


def keys_of(item: Item) -> list[WorkKey]:
    """All keys of an item, the surest first."""
    keys = [_key("doi", doi) for doi in dict.fromkeys(_dois(item))]
    if item.family is not None and not item.family.startswith("doi:"):
        keys.append(_key("family", item.family))
    # A preprint may name its article by the article's id.
    if item.kind == "article" and item.family != item.id:
        keys.append(_key("family", item.id))
    if item.kind not in _PAPERS:
        keys.append(_key("family", _publication(item.id)))
    titled = titled_work(item)
    return [*keys, _key("title", titled)] if titled else keys


def titled_work(item: Item) -> str | None:
    """Folded title and first author's surname of a paper; None where they are too little to go by."""
    if item.kind not in _PAPERS or not item.authors:
        return None
    title, surname = fold_title(item.title), fold_surname(item.authors[0])
    return f"{title}\0{surname}" if surname and _tells(title) else None


def _tells(title: str) -> bool:
    """Whether a folded title is long enough; a Chinese word has no blanks round it and about two letters."""
    ideographs = len(_IDEOGRAPHS.findall(title))
    letters = len(title.replace(" ", "")) + _IDEOGRAPH_IS_LETTERS * ideographs
    return len(title.split()) + ideographs // 2 >= _LEAST_WORDS and letters >= _LEAST_LETTERS


def fold_title(title: str) -> str:
    """Words in small letters without accents, markup and punctuation; `$\\beta$`, `β` and `beta` become one."""
    plain = _COMMAND.sub(r" \1 ", _MARKUP.sub("", title))
    return " ".join(re.findall(r"\w+", "".join(_spell(letter) for letter in _fold(plain)).replace("_", " ")))


def fold_surname(name: str) -> str:
    """`Doe, J.`, `J. Doe` and `Jane Döe Jr.` give `doe`."""
    surname = name.split(",", maxsplit=1)[0] if "," in name else name
    words = re.findall(r"\w+", _fold(surname).replace("-", ""))
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return words[-1] if words else ""


def _publication(item_id: str) -> str:
    """Office, number and kind of a patent document, the same from every source: DOCDB drops the zero after the year."""
    return "publication:" + _US_APPLICATION.sub(r"US.\1\2.", item_id.split(":", 1)[-1])


def _dois(item: Item) -> list[str]:
    linked = [item.family.removeprefix("doi:")] if item.family and item.family.startswith("doi:") else []
    return [doi.strip().casefold() for doi in ([item.doi] if item.doi else []) + linked if doi.strip()]


def _key(rule: Rule, value: str) -> WorkKey:
    return WorkKey(rule, hashlib.blake2b(f"{rule}:{value}".encode(), digest_size=16).digest())


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _spell(letter: str) -> str:
    """Greek letters by name, as TeX has them."""
    if not "\u0370" <= letter <= "\u03ff":
        return letter
    name = unicodedata.name(letter, "")
    return f" {name.rsplit(' ', 1)[-1].lower()} " if name.startswith("GREEK") and "LETTER" in name else letter
