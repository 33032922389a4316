"""Phrases of the taxonomy found in titles and abstracts: spaCy phrase matching over words in normal form.

English phrases are matched on words, Chinese ones character by character; phrases that hold a Chinese character go
to a matcher of their own that runs only on texts with Chinese in them. A text's words that are in no phrase are
replaced by a gap before spaCy sees them, so its vocabulary does not grow with the texts read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from horizon.records import Evidence
from nlp.normalize import Normalized, has_cjk, normalize, normalize_phrase
from taxonomy.load import Taxonomy
from taxonomy.schema import AreaFile, Term

if TYPE_CHECKING:
    from spacy.language import Language

Field = Literal["title", "abstract"]
Kind = Literal["term", "exclusion", "route"]
_GAP = "\x00"


@dataclass(frozen=True)
class Concept:
    """What one phrase means for one area."""

    area: str
    kind: Kind
    text: str
    weight: float
    part: str | None = None
    """The route it belongs to."""
    near: tuple[int, ...] = ()
    """Patterns of which one must be in the same item."""


@dataclass(frozen=True)
class Hit:
    """A phrase in a text: words from first up to, not including, last."""

    field: Field
    first: int
    last: int
    concept: Concept


@dataclass
class Matches:
    """Everything found in one item, before it is read for an area."""

    title: Normalized
    abstract: Normalized
    found: list[tuple[Field, int, int, int]] = field(default_factory=list)
    """(field, first, last, pattern)"""

    def evidence(self, hit: Hit) -> Evidence:
        """The hit with the item's own characters."""
        text = self.title if hit.field == "title" else self.abstract
        start, end = text.span(hit.first, hit.last)
        concept = hit.concept
        name = concept.text if concept.part is None else f"{concept.part}: {concept.text}"
        return Evidence(
            kind="term",
            text=text.original[start:end],
            field=hit.field,
            start=start,
            end=end,
            concept=f"not: {name}" if concept.kind == "exclusion" else name,
            weight=-concept.weight if concept.kind == "exclusion" else concept.weight,
        )


class _Phrases:
    """One PhraseMatcher over one vocabulary and the number of every pattern."""

    def __init__(self, nlp: "Language") -> None:
        from spacy.matcher import PhraseMatcher

        self._vocab = nlp.vocab
        self._matcher = PhraseMatcher(nlp.vocab, attr="ORTH")
        self._patterns: dict[int, int] = {}
        self._words: set[str] = set()
        self._first_words: set[str] = set()
        self._alone: set[str] = set()
        """Words that are a phrase by themselves."""
        self._openings: set[tuple[str, ...]] = set()
        """The first two words of longer phrases."""

    def add(self, words: Sequence[str], pattern: int) -> None:
        from spacy.tokens import Doc

        key = f"p{pattern}"
        self._matcher.add(key, [Doc(self._vocab, words=list(words))])
        self._patterns[self._vocab.strings[key]] = pattern
        self._words.update(words)
        self._first_words.add(words[0])
        if len(words) == 1:
            self._alone.add(words[0])
        else:
            self._openings.add((words[0], words[1]))

    def find(self, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        """(first, last, pattern) of every phrase, overlapping ones included."""
        from spacy.tokens import Doc

        if self._first_words.isdisjoint(words):
            return
        kept, places = self._reachable(words)
        for key, first, last in self._matcher(Doc(self._vocab, words=kept)):
            yield places[first], places[last - 1] + 1, self._patterns[key]

    def _reachable(self, words: Sequence[str]) -> tuple[list[str], list[int]]:
        """The words from which a phrase can be made, runs parted by a gap, and their places: making a Doc is slow."""
        kept: list[str] = []
        places: list[int] = []
        end = 0
        for place in [place for place, word in enumerate(words) if word in self._first_words]:
            if place < end or not self._opens(words, place):
                continue
            if kept:
                kept.append(_GAP)
                places.append(end)
            end = place
            while end < len(words) and words[end] in self._words:
                end += 1
            kept += words[place:end]
            places += range(place, end)
        return kept, places

    def _opens(self, words: Sequence[str], place: int) -> bool:
        """Whether a phrase can begin here, by its first two words."""
        return words[place] in self._alone or tuple(words[place : place + 2]) in self._openings


class Matcher:
    """The phrases of a taxonomy, compiled."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        import spacy

        english, chinese = spacy.blank("en"), spacy.blank("zh")
        self._folded, self._exact = _Phrases(english), _Phrases(spacy.blank("en"))
        self._chinese = _Phrases(chinese)
        self._numbers: dict[tuple[str, tuple[str, ...]], int] = {}
        self._concepts: dict[Kind, dict[int, list[Concept]]] = defaultdict(lambda: defaultdict(list))
        for area in taxonomy.areas:
            self._add_area(area)

    def match(self, title: str, abstract: str | None) -> Matches:
        """Find every phrase in an item's texts."""
        matches = Matches(normalize(title), normalize(abstract or ""))
        texts: tuple[tuple[Field, Normalized], ...] = (("title", matches.title), ("abstract", matches.abstract))
        for name, text in texts:
            finders: list[tuple[_Phrases, Sequence[str]]] = [(self._folded, text.words), (self._exact, text.exact)]
            if has_cjk(text.original):
                finders.append((self._chinese, text.words))
            for phrases, words in finders:
                matches.found += [(name, first, last, pattern) for first, last, pattern in phrases.find(words)]
        return matches

    def area_hits(self, matches: Matches) -> dict[str, list[Hit]]:
        """By area, the terms and exclusions that count: near phrases present, of overlapping ones the longest."""
        return self._hits(matches, ("term", "exclusion"), lambda concept: concept.area)

    def route_hits(self, matches: Matches, area: str) -> dict[str, list[Hit]]:
        """By route of the area, the terms that count."""
        return self._hits(matches, ("route",), lambda concept: concept.part if concept.area == area else None)

    def _hits(
        self, matches: Matches, kinds: tuple[Kind, ...], group_of: Callable[[Concept], str | None]
    ) -> dict[str, list[Hit]]:
        tables = [self._concepts[kind] for kind in kinds if kind in self._concepts]
        present: set[int] | None = None
        groups: dict[str, list[Hit]] = defaultdict(list)
        for name, first, last, pattern in matches.found:
            for table in tables:
                for concept in table.get(pattern, ()):
                    group = group_of(concept)
                    if group is None:
                        continue
                    if concept.near:
                        present = present or {number for *_, number in matches.found}
                        if present.isdisjoint(concept.near):
                            continue
                    groups[group].append(Hit(name, first, last, concept))
        return {group: _longest(hits) for group, hits in groups.items()}

    def _add_area(self, area: AreaFile) -> None:
        for term in area.terms:
            self._add_term(area.id, "term", term, None)
        for term in area.exclusions:
            self._add_term(area.id, "exclusion", term, None)
        for route in area.routes:
            for term in route.terms:
                self._add_term(area.id, "route", term, route.id)

    def _add_term(self, area: str, kind: Kind, term: Term, part: str | None) -> None:
        near = tuple(number for text in term.near if (number := self._number(text, exact=False)) is not None)
        self._add(term.text, Concept(area, kind, term.text, term.weight, part, near), exact=term.case == "exact")

    def _add(self, text: str, concept: Concept, *, exact: bool) -> None:
        number = self._number(text, exact=exact)
        if number is not None and concept not in self._concepts[concept.kind][number]:
            self._concepts[concept.kind][number].append(concept)

    def _number(self, text: str, *, exact: bool) -> int | None:
        """The pattern's number; None for a phrase without any word, which can match nothing."""
        words = normalize_phrase(text, exact=exact)
        if not words:
            return None
        chinese = any(map(has_cjk, words))
        phrases, name = (self._chinese, "zh") if chinese else (self._exact, "exact") if exact else (self._folded, "en")
        if chinese and exact:
            words = normalize_phrase(text)
        key = (name, words)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            phrases.add(words, self._numbers[key])
        return self._numbers[key]


def _longest(hits: list[Hit]) -> list[Hit]:
    """Of overlapping hits the longest, then the first, then the heaviest; in the order of the text."""
    if len(hits) == 1:
        return hits
    kept: list[Hit] = []
    taken: dict[Field, set[int]] = {"title": set(), "abstract": set()}
    for hit in sorted(hits, key=_rank):
        words = range(hit.first, hit.last)
        if taken[hit.field].isdisjoint(words):
            taken[hit.field].update(words)
            kept.append(hit)
    return sorted(kept, key=lambda hit: (hit.field == "abstract", hit.first))


def _rank(hit: Hit) -> tuple[int, bool, int, float, str]:
    return hit.first - hit.last, hit.field == "abstract", hit.first, -hit.concept.weight, hit.concept.text


_MOST_KEPT = 4
_kept: dict[str, Matcher] = {}


def matcher_of(taxonomy: Taxonomy) -> Matcher:
    """The matcher of a taxonomy, compiled once a version: thousands of phrases take two seconds."""
    if taxonomy.version not in _kept:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[taxonomy.version] = Matcher(taxonomy)
    return _kept[taxonomy.version]
