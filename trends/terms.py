"""Terms of a week of documents: 1-3 word n-grams of titles and abstracts, as arrays that are kept and never read again.

A block holds the words of each document as numbers, in order, so that n-grams are made when needed by arithmetic over
arrays: that is what lets half a million papers fit and a weekly update read only its own week.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.resources import files
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import yaml

from horizon.errors import ParseError
from horizon.weeks import IsoWeek

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
VERSION = 1
BREAK, OF = -1, -2
_EPOCH = IsoWeek(1970, 1)
_LONGEST_WORD = 40
_MATH = re.compile(r"\$\$?[^$]{0,400}\$\$?")
_ACCENT = re.compile(r"\\[\"'`^~=.uvHcbdrk]\s*\{?\\?([A-Za-z])\}?")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?")
# Joined, so that non-orthogonal and nonorthogonal are one word, and a term of three words may carry such a prefix.
_PREFIX = re.compile(
    r"\b(non|multi|semi|anti|quasi|pre|post|sub|super|ultra|hyper|micro|nano|inter|intra|bio|photo|e)-(?=[a-z])"
)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
_TOKEN = re.compile(r"[^\W_]+|[^\w\s\-/]")
_ACRONYM = re.compile(r"\(([A-Z][A-Za-z0-9\-]{0,10}[A-Z0-9])s?\)")
_PLAIN = re.compile(r"[^\W_]+")
_NOT_PLURAL = ("ss", "us", "is", "ics", "as", "chaos", "cosmos")


@dataclass(frozen=True, slots=True)
class Paper:
    """What a signal may look at. `authors` in their order; the first category is the primary one."""

    id: str
    day: date
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class WeekTerms:
    """One ISO week of one source. Documents in the order (day, id).

    `tokens` are places in `words`, or BREAK (a stop word, punctuation, mathematics) or OF; `start` (documents + 1) and
    `abstract` (documents) are places in `tokens`. Authors are hashes of surname and initial, 0 where unknown.
    """

    week: int
    """Weeks since 1970-W01."""
    words: tuple[str, ...]
    tokens: npt.NDArray[np.int32]
    start: Ints
    abstract: Ints
    ids: tuple[str, ...]
    day: npt.NDArray[np.int32]
    """Days since 0001-01-01, as date.toordinal."""
    first_author: Hashes
    last_author: Hashes
    category: npt.NDArray[np.int32]
    """Place in `category_names`; -1 where a document has none."""
    category_names: tuple[str, ...]
    acronyms: tuple[str, ...]
    """`gan=generative adversarial network`, one for each document that says so."""

    def __len__(self) -> int:
        return len(self.ids)


def week_number(day: date) -> int:
    """Weeks since 1970-W01."""
    return IsoWeek.of(day) - _EPOCH


def week_of(number: int) -> IsoWeek:
    """The week of such a number."""
    return _EPOCH + number


def extract_week(papers: Iterable[Paper]) -> WeekTerms:
    """The block of papers that all belong to one ISO week; a paper given twice counts once."""
    chosen = sorted({paper.id: paper for paper in papers}.values(), key=lambda paper: (paper.day, paper.id))
    weeks = {week_number(paper.day) for paper in chosen}
    if len(weeks) != 1:
        raise ValueError(f"expected papers of one week, found {len(weeks)} weeks; split them by week_number first")
    words = _Words()
    tokens: list[int] = []
    start, abstract, acronyms = [0], [], []
    for paper in chosen:
        tokens += words.of(paper.title)
        tokens.append(BREAK)
        abstract.append(len(tokens))
        tokens += words.of(paper.abstract)
        tokens.append(BREAK)
        start.append(len(tokens))
        acronyms += expansions(f"{paper.title} . {paper.abstract}")
    primary = [paper.categories[0] if paper.categories else "" for paper in chosen]
    names = sorted(set(primary) - {""})
    place = {name: number for number, name in enumerate(names)}
    return WeekTerms(
        weeks.pop(),
        tuple(words.kept),
        np.array(tokens, np.int32),
        np.array(start, np.int64),
        np.array(abstract, np.int64),
        tuple(paper.id for paper in chosen),
        np.array([paper.day.toordinal() for paper in chosen], np.int32),
        np.array([author_key(paper.authors[0]) if paper.authors else 0 for paper in chosen], np.uint64),
        np.array([author_key(paper.authors[-1]) if paper.authors else 0 for paper in chosen], np.uint64),
        np.array([place.get(name, -1) for name in primary], np.int32),
        tuple(names),
        tuple(sorted(acronyms)),
    )


class _Words(dict[str, int]):
    """Surface form to the number of its lemma; stop words are BREAK."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []
        self._numbers: dict[str, int] = {}

    def __missing__(self, surface: str) -> int:
        word = lemma(surface)
        if word == "of":
            number = OF
        elif not word or word in stop_words() or surface in stop_words():
            number = BREAK
        else:
            number = self._numbers.setdefault(word, len(self.kept))
            if number == len(self.kept):
                self.kept.append(word)
        self[surface] = number
        return number

    def of(self, text: str) -> list[int]:
        return [self[token] for token in _TOKEN.findall(plain(text))]


def plain(text: str) -> str:
    """Small letters, without LaTeX; mathematics becomes a break."""
    if "$" in text:
        text = _MATH.sub(" | ", text)
    if "\\" in text:
        text = _COMMAND.sub(" ", _ACCENT.sub(r"\1", text))
    text = text.replace("{", "").replace("}", "").lower()
    if not text.isascii():
        text = text.translate(_DASHES)
    return _PREFIX.sub(r"\1", text) if "-" in text else text


@lru_cache(maxsize=200_000)
def lemma(surface: str) -> str:
    """The singular; empty for what is no word: punctuation, numbers, endless strings."""
    if not surface[0].isalnum() or surface.isdecimal() or len(surface) > _LONGEST_WORD:
        return ""
    if len(surface) < 4 or surface[-1] != "s" or surface.endswith(_NOT_PLURAL):
        return surface
    if surface.endswith("ies") and len(surface) > 4:
        return surface[:-3] + "y"
    if surface.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return surface[:-2]
    return surface[:-4] + "ysis" if surface.endswith("lyses") else surface[:-1]


def normalise(text: str) -> str:
    """A term as it is compared: `Graph Neural Networks` and `graph neural-network` are one."""
    return " ".join(word for token in _TOKEN.findall(plain(text)) if (word := lemma(token)))


def expansions(text: str) -> list[str]:
    """`acronym=expansion` of every acronym in brackets that follows the words it stands for."""
    if "(" not in text:
        return []
    found = []
    for match in _ACRONYM.finditer(text):
        letters = match[1].replace("-", "").lower()
        before = _PLAIN.findall(plain(text[max(0, match.start() - 120) : match.start()]))[-len(letters) :]
        if len(letters) >= 2 and [word[0] for word in before] == list(letters):
            found.append(f"{normalise(match[1])}={' '.join(map(lemma, before))}")
    return found


@lru_cache(maxsize=500_000)
def author_key(name: str) -> int:
    """A hash of surname and initial, so that `Jane Q. Doe`, `J. Doe` and `Doe, Jane` are one; 0 for no name."""
    surname, comma, given = name.partition(",")
    parts = plain(f"{given} {surname}" if comma else name).replace(".", " ").split()
    return stable_hash(f"{parts[0][0]} {parts[-1]}") if parts else 0


@lru_cache(maxsize=1_000_000)
def stable_hash(text: str) -> int:
    """64 bits that are the same in every process."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


@cache
def stop_words() -> frozenset[str]:
    """Words that end a term."""
    return frozenset(map(str, _word_lists()["stop"]))


@cache
def generic_words() -> frozenset[str]:
    """Words of scholarly prose: a term of nothing else names no technology."""
    return frozenset(map(str, _word_lists()["generic"]))


@cache
def tail_words() -> frozenset[str]:
    """Nouns that end a phrase without naming another topic; all generic words do too."""
    return frozenset(map(str, _word_lists()["tail"])) | generic_words()


@cache
def _word_lists() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = yaml.safe_load((files("trends") / "term_words.yml").read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True)
class Grams:
    """Every n-gram of a block: ones first, then twos, then threes, each in the order of the text."""

    hashes: Hashes
    place: Ints
    """Of its first token."""
    document: npt.NDArray[np.int32]
    in_title: npt.NDArray[np.bool_]
    counts: tuple[int, int, int]
    """How many of one, two and three words."""


def grams(block: WeekTerms) -> Grams:
    """A word alone must have three letters, or a digit; `of` may stand in the middle of three."""
    tokens = block.tokens
    hashes = np.append(_word_hashes(block.words), np.zeros(2, np.uint64))[tokens]  # -1 and -2 are the two zeros
    real, of = tokens >= 0, tokens == OF
    one = np.flatnonzero(np.append(_stand_alone(block.words), [False, False])[tokens])
    two = np.flatnonzero(real[:-1] & real[1:])
    three = np.flatnonzero(real[:-2] & (real[1:-1] | of[1:-1]) & real[2:])
    mixed = _mix(hashes[:-1], hashes[1:])
    triple = _mix(mixed[three], hashes[three + 2])
    places = np.concatenate([one, two, three])
    owner = np.repeat(np.arange(len(block), dtype=np.int32), np.diff(block.start))
    titled = np.arange(len(tokens)) < np.repeat(block.abstract, np.diff(block.start))
    found = np.concatenate([hashes[one], mixed[two], triple])
    return Grams(found, places, owner[places], titled[places], (len(one), len(two), len(three)))


def gram_hash(words: Sequence[str]) -> int:
    """The hash that `grams` gives these words."""
    hashes = _word_hashes(tuple(words))
    hashes[[word == "of" for word in words]] = 0
    total = hashes[:1]
    for number in range(1, len(words)):
        total = _mix(total, hashes[number : number + 1])
    return int(total[0])


def documents_with(block: WeekTerms, term: str) -> int:
    """How many documents of a block name a term of one to three words, in its normal form."""
    places = {word: place for place, word in enumerate(block.words)}
    wanted = [OF if word == "of" else places.get(word) for word in term.split()]
    if not wanted or None in wanted:
        return 0
    last = len(block.tokens) - len(wanted) + 1
    found = np.ones(max(0, last), bool)
    for offset, number in enumerate(wanted):
        found &= block.tokens[offset : offset + last] == number
    # A document ends with a BREAK, so that no term runs from one into the next.
    return len(np.unique(np.searchsorted(block.start, np.flatnonzero(found), side="right")))


def _word_hashes(words: tuple[str, ...]) -> Hashes:
    return np.fromiter(map(stable_hash, words), np.uint64, len(words))


def _mix(left: Hashes, right: Hashes) -> Hashes:
    mixed = (left ^ (left >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) + right
    return (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0x94D049BB133111EB)


def _stand_alone(words: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    found = lengths > 2
    for place in np.flatnonzero(lengths == 2).tolist():
        found[place] = not words[place].isalpha()
    return found


def to_bytes(block: WeekTerms) -> bytes:
    """The same block gives the same bytes; read them with `from_bytes`."""
    arrays: dict[str, npt.NDArray[Any]] = {"version": np.array(VERSION)}
    for each in fields(block):
        value = getattr(block, each.name)
        arrays[each.name] = _blob(value) if isinstance(value, tuple) else np.asarray(value)
    file = BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def from_bytes(content: bytes) -> WeekTerms:
    """Raises ParseError for bytes that `to_bytes` of this version did not write."""
    try:
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            if int(arrays["version"]) != VERSION:
                raise ValueError(f"version {int(arrays['version'])} instead of {VERSION}")
            values = {each.name: arrays[each.name] for each in fields(WeekTerms)}
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        message = f"expected a block of terms, found {error}"
        raise ParseError(f"{message}; extract the week again from its documents") from None
    for each in fields(WeekTerms):
        if each.type == tuple[str, ...]:
            values[each.name] = _strings(values[each.name])
    values["week"] = int(values["week"])
    return WeekTerms(**values)


def _blob(texts: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Strings end with a zero byte, which none may hold."""
    joined = "".join(text.replace("\0", "") + "\0" for text in texts)
    return np.frombuffer(joined.encode("utf-8", "replace"), np.uint8)


def _strings(blob: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(blob.tobytes().decode().split("\0")[:-1])
