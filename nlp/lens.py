"""What a text says of the policy's questions (cost, prototype, feasibility): sentences with a probability.

Of an area's aspects the patterns of `taxonomy/lens.yml` and the area's own phrases are looked for sentence by sentence;
a logistic regression over how many were found and over how the sentence speaks (as this work's claim, as background,
as a want) says how likely a reader would agree. Judged sentences and figures: `benchmarks/results/lens.md`.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp
from typing import Literal

from horizon.records import Evidence
from nlp.normalize import Normalized, has_cjk, is_break, normalize
from taxonomy.load import Taxonomy, load_cues
from taxonomy.schema import GAP, AreaFile, LensPhrases

Field = Literal["title", "abstract"]
Strength = Literal["own", "strong", "weak"]
FEATURES = (
    *("own", "strong", "two strong", "three strong", "weak", "two weak", "three weak"),
    *("title", "opening", "this work", "want", "number"),
)
"""Of a sentence for one aspect, each 0 or 1. Opening: one of the abstract's first two sentences."""
LISTED_FROM = 0.5
"""A sentence is shown as a flag from this probability on: more often right than wrong."""
_MOST_SENTENCES = 2
_LONGEST_SPAN = 240
_ENGLISH_GAP, _CHINESE_GAP = 4, 8
_FEWEST_WORDS = 5
_LOUDNESS: dict[Strength, int] = {"strong": 0, "own": 1, "weak": 2}
_PREFIX = 3
_OPENING = 2
_ABBREVIATIONS = frozenset({"al", "fig", "vs", "approx", "ca", "dr", "eq", "ref", "no", "resp", "sp", "spp", "inc"})
_CLAUSE_ENDS = ",;:，；："
_THIS_WORK = re.compile(
    r"\b(we|our|here|herein|novel|proposed|in this"
    r"|this (work|paper|study|article|letter|review|research|approach|method|framework|system|invention)"
    r"|the (proposed|present|developed))\b|本文|本研究|本工作|我们|所提|提出",
    re.IGNORECASE,
)
_WANT = re.compile(
    r"\b(however|although|despite|remains?|challeng\w*|lack\w*|hinder\w*|limit(s|ed|ation|ations|ing)?|difficult\w*"
    r"|barrier\w*|drawback|suffer\w*|need(s|ed)?|require[sd]?|costly|expensive|issue|unless|conventional"
    r"|traditional(ly)?|existing|previous(ly)?|prior|bottleneck\w*|constrained|not)\b"
    r"|然而|但是|不足|难以|限制|挑战|缺乏|瓶颈|传统|现有",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
Step = tuple[int, frozenset[str], tuple[str, ...]]
"""How many words may stand before this one, the words it may be, and what it may begin with."""


@dataclass(frozen=True)
class Cue:
    """A pattern over words that speaks of an aspect."""

    aspect: str
    text: str
    strength: Strength
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Flag:
    """One sentence for one aspect, words counted in the field's normal form, up to, not including, the last."""

    aspect: str
    field: Field
    first: int
    last: int
    cue_first: int
    cue_last: int
    """Of the pattern that speaks loudest."""
    features: tuple[int, ...]
    """FEATURES"""
    probability: float


class LensReader:
    """Finds the lens's aspects in texts, for the areas of one taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._areas = {area.id: area for area in taxonomy.areas}
        self._cues: dict[str, _CueIndex] = {}

    def flags(self, title: Normalized, abstract: Normalized, area: str) -> Iterator[Flag]:
        """Every sentence in which a pattern stands, whatever its probability, in the order of the text."""
        index = self._index(area)
        texts: tuple[tuple[Field, Normalized], ...] = (("title", title), ("abstract", abstract))
        for field, text in texts:
            places = sentences(text) if field == "abstract" else [(0, len(text.words))]
            for number, (first, last) in enumerate(places):
                found = _by_aspect(index.find(text.words, first, last)) if last - first >= _FEWEST_WORDS else {}
                if not found:
                    continue
                manner = _manner(text, first, last, field == "title", number)
                for aspect, hits in found.items():
                    features = (*_counts(hits), *manner)
                    cue_first, cue_last = min((_LOUDNESS[cue.strength], begin, end) for begin, end, cue in hits)[1:]
                    p = probability(aspect, features)
                    yield Flag(aspect, field, first, last, cue_first, cue_last, features, p)

    def evidence(self, title: Normalized, abstract: Normalized, area: str) -> Iterator[Evidence]:
        """By aspect in the area's order, the sentences that most likely speak of it, at most two, the best first."""
        found: dict[str, list[Flag]] = defaultdict(list)
        for flag in self.flags(title, abstract, area):
            if flag.probability >= LISTED_FROM:
                found[flag.aspect].append(flag)
        for part in self._areas[area].lens:
            best = sorted(found[part.id], key=lambda flag: (-flag.probability, flag.field == "abstract", flag.first))
            for flag in best[:_MOST_SENTENCES]:
                yield _evidence(flag, title if flag.field == "title" else abstract)

    def _index(self, area: str) -> "_CueIndex":
        if area not in self._cues:
            self._cues[area] = _CueIndex(_cues_of(self._areas[area]))
        return self._cues[area]


class _CueIndex:
    """Cues by what their first word may be."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        self._words: dict[str, list[Cue]] = defaultdict(list)
        self._beginnings: dict[str, list[Cue]] = defaultdict(list)
        for cue in cues:
            _, words, prefixes = cue.steps[0]
            for word in words:
                self._words[word].append(cue)
            for beginning in {prefix[:_PREFIX] for prefix in prefixes}:
                self._beginnings[beginning].append(cue)

    def find(self, words: Sequence[str], first: int, last: int) -> Iterator[tuple[int, int, Cue]]:
        """(first, last, cue) of every cue between two words."""
        for place in range(first, last):
            word = words[place]
            for cue in self._words.get(word, ()):
                if end := _end(cue, words, place, last):
                    yield place, end, cue
            for cue in self._beginnings.get(word[:_PREFIX], ()):
                if word.startswith(cue.steps[0][2]) and (end := _end(cue, words, place, last)):
                    yield place, end, cue


@cache
def compile_cue(aspect: str, text: str, strength: Strength) -> Cue:
    """A pattern (see the head of lens.yml) or a plain phrase as steps over words."""
    gap = _CHINESE_GAP if has_cjk(text) else _ENGLISH_GAP
    steps: list[Step] = []
    skip = 0
    for part in text.replace(GAP, f" {GAP} ").split():
        if part == GAP:
            skip = gap
            continue
        for words, prefixes in _options(part):
            steps.append((skip, words, prefixes))
            skip = 0
    return Cue(aspect, text, strength, tuple(steps))


def _options(part: str) -> list[tuple[frozenset[str], tuple[str, ...]]]:
    if "|" not in part and "*" not in part:
        return [(frozenset({word}), ()) for word in normalize(part).words if not is_break(word)]
    options = part.split("|")
    words = frozenset(word for each in options if not each.endswith("*") for word in normalize(each).words)
    return [(words, tuple(each[:-1].casefold() for each in options if each.endswith("*")))]


def _cues_of(area: AreaFile) -> list[Cue]:
    return [cue for part in area.lens for cue in (*_own(part), *_common(part.id)) if cue.steps]


def _own(part: LensPhrases) -> list[Cue]:
    return [compile_cue(part.id, text, "own") for text in (*part.en, *part.zh)]


@cache
def _common(aspect: str) -> tuple[Cue, ...]:
    """Patterns that all areas with this aspect share; none for an aspect that lens.yml does not know."""
    cues = load_cues().get(aspect)
    if cues is None:
        return ()
    strong = [compile_cue(aspect, text, "strong") for text in (*cues.strong, *cues.zh)]
    return (*strong, *(compile_cue(aspect, text, "weak") for text in cues.weak))


def _end(cue: Cue, words: Sequence[str], place: int, last: int) -> int:
    """Where the cue that begins at a place ends; 0 when it does not go on."""
    place += 1
    for skip, exact, prefixes in cue.steps[1:]:
        for at in range(place, min(place + skip + 1, last)):
            if words[at] in exact or (prefixes and words[at].startswith(prefixes)):
                place = at + 1
                break
        else:
            return 0
    return place


def _by_aspect(hits: Iterator[tuple[int, int, Cue]]) -> dict[str, list[tuple[int, int, Cue]]]:
    found: dict[str, list[tuple[int, int, Cue]]] = defaultdict(list)
    for first, last, cue in hits:
        found[cue.aspect].append((first, last, cue))
    return found


def _counts(hits: Sequence[tuple[int, int, Cue]]) -> tuple[int, ...]:
    """The first seven FEATURES. Of cues that share a word the strongest counts, and a cue that repeats counts once."""
    counted: set[tuple[Strength, str]] = set()
    taken: set[int] = set()
    for first, last, cue in sorted(hits, key=lambda hit: (_LOUDNESS[hit[2].strength], hit[0] - hit[1], hit[0])):
        if taken.isdisjoint(range(first, last)):
            taken.update(range(first, last))
            counted.add((cue.strength, cue.text))
    own, strong, weak = (sum(each == name for each, _ in counted) for name in ("own", "strong", "weak"))
    return (int(own > 0), *(int(strong >= n) for n in (1, 2, 3)), *(int(weak >= n) for n in (1, 2, 3)))


def _manner(text: Normalized, first: int, last: int, title: bool, number: int) -> tuple[int, ...]:
    """The last five FEATURES: how the sentence speaks."""
    start, end = text.span(first, last)
    words = text.original[start:end]
    seen = (_THIS_WORK.search(words), _WANT.search(words), _DIGIT.search(words))
    return (int(title), int(not title and number < _OPENING), *(int(each is not None) for each in seen))


@dataclass(frozen=True)
class Weights:
    """Log-odds: of a sentence with none of FEATURES, what each adds, and what the aspect adds."""

    intercept: float
    features: tuple[float, ...]
    aspects: dict[str, float]


@cache
def shipped_weights() -> Weights:
    """The numbers that `python -m benchmarks.lens --fit` learnt from the judged sentences."""
    content = json.loads((files("nlp") / "lens_weights.json").read_text(encoding="utf-8"))
    return Weights(content["intercept"], tuple(content["features"][name] for name in FEATURES), content["aspects"])


def probability(aspect: str, features: Sequence[int]) -> float:
    """That a reader would say: this sentence speaks of the aspect of this work's technology."""
    weights = shipped_weights()
    log_odds = weights.intercept + weights.aspects.get(aspect, 0.0)
    log_odds += sum(weight for weight, on in zip(weights.features, features, strict=True) if on)
    return round(1.0 / (1.0 + exp(-log_odds)), 3)


def sentences(text: Normalized) -> list[tuple[int, int]]:
    """(first, last) words of every sentence, its full stop left out."""
    found: list[tuple[int, int]] = []
    first = 0
    for place, word in enumerate(text.words):
        if word in ".!?;" and _is_end(text, place):
            if place > first:
                found.append((first, place))
            first = place + 1
    if first < len(text.words):
        found.append((first, len(text.words)))
    return found


def _is_end(text: Normalized, place: int) -> bool:
    begin, end = text.spans[place]
    if text.original[begin:end] in "。！？；":
        return True
    rest = text.original[end : end + 3]
    if (rest and not rest[0].isspace()) or rest.lstrip()[:1].islower():
        return False
    before = text.words[place - 1] if place else ""
    return text.words[place] != "." or not (before in _ABBREVIATIONS or (len(before) == 1 and before.isalpha()))


def _evidence(flag: Flag, text: Normalized) -> Evidence:
    start, end = _shown(flag, text)
    cue = " ".join(text.quote(flag.cue_first, flag.cue_last).split())
    return Evidence(
        kind="lens",
        text=text.original[start:end],
        field=flag.field,
        start=start,
        end=end,
        concept=f"{flag.aspect}: {cue}",
        weight=flag.probability,
    )


def _shown(flag: Flag, text: Normalized) -> tuple[int, int]:
    """Offsets of what a reader sees: the sentence, for a phrase alone proves nothing; of a long one its clauses.

    Clauses next to the phrase are added as long as they fit, those before it first, for they hold the subject.
    """
    start, end = text.span(flag.first, flag.last)
    if end - start <= _LONGEST_SPAN:
        return start, end
    cue_start, cue_end = text.span(flag.cue_first, flag.cue_last)
    cuts = [place for place in range(start, end) if text.original[place] in _CLAUSE_ENDS and _pauses(text, place)]
    starts = [start, *(text.spans[_word_after(text, place, flag)][0] for place in cuts)]
    ends = [*cuts, end]
    left = max((each for each in starts if each <= cue_start), default=cue_start)
    right = min((each for each in ends if each >= cue_end), default=cue_end)
    if right - left > _LONGEST_SPAN:
        return _cropped(text, flag, cue_start, cue_end)
    for each in sorted((each for each in starts if each < left), reverse=True):
        left = each if right - each <= _LONGEST_SPAN else left
    for each in sorted(each for each in ends if each > right):
        right = each if each - left <= _LONGEST_SPAN else right
    return left, right


def _pauses(text: Normalized, place: int) -> bool:
    """Whether a comma parts clauses: not the one within a number."""
    return not text.original[place].isascii() or not text.original[place + 1 : place + 2].strip()


def _word_after(text: Normalized, place: int, flag: Flag) -> int:
    return next((word for word in range(flag.first, flag.last) if text.spans[word][0] > place), flag.first)


def _cropped(text: Normalized, flag: Flag, cue_start: int, cue_end: int) -> tuple[int, int]:
    """Whole words round the phrase, as many as fit."""
    room = max(_LONGEST_SPAN - (cue_end - cue_start), 0) // 2
    inside = [text.spans[word] for word in range(flag.first, flag.last)]
    left = min((begin for begin, _ in inside if begin >= cue_start - room), default=cue_start)
    right = max((end for _, end in inside if end <= cue_end + room), default=cue_end)
    return min(left, cue_start), max(right, cue_end)
