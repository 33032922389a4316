"""What OPS is asked, in CQL: the taxonomy's CPC codes and phrases, and slices of a search that has too many hits.

Indexes and operators: OPS reference guide, section 4.2 (https://www.epo.org/en/searching-for-patents/data/web-services/ops).
Single words ruin precision, so only phrases are asked for; Chinese ones are not, as OPS searches the English texts of
Chinese documents.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from taxonomy.schema import AreaFile, Term

_SYMBOL = re.compile(r"[A-HY]\d{2}[A-Z](?:\d{1,4}/\d{2,8})?")
_NOT_IN_PHRASES = re.compile(r'["\\*?#()=<>/]+')
_LONGEST_PREFIX = 14
_COMPANIONS = 8


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of CQL and how many search terms it holds."""

    cql: str
    terms: int = 1


def clauses(areas: Iterable[AreaFile], least_weight: float) -> list[Clause]:
    """Core CPC codes, then English phrases of this weight or more, each once, in the order of the areas."""
    known = list(areas)
    symbols = dict.fromkeys(filter(None, (_subtree(code) for area in known for code in area.codes.cpc.core)))
    phrases = dict.fromkeys(
        clause
        for area in known
        for term in area.terms
        if term.lang == "en" and term.weight >= least_weight
        for clause in _phrase(term)
    )
    return [*(Clause(f"cpc=/low {symbol}") for symbol in symbols), *phrases]


def _subtree(code: str) -> str | None:
    """`G06N10/00` for the taxonomy's `G06N10/`; None for a prefix that is no symbol, such as A61L27/3."""
    symbol = code + "00" if code.endswith("/") else code
    return symbol if _SYMBOL.fullmatch(symbol) else None


def _phrase(term: Term) -> Iterator[Clause]:
    """A phrase; with company that it needs, a few of the companions at a time, so that queries stay short."""
    text = _words(term.text)
    if " " not in text and "-" not in text:
        return
    near = [f'ta="{_words(other)}"' for other in term.near]
    if not near:
        yield Clause(f'ta="{text}"')
    for start in range(0, len(near), _COMPANIONS):
        some = near[start : start + _COMPANIONS]
        yield Clause(f'(ta="{text}" and ({" or ".join(some)}))', 1 + len(some))


def _words(text: str) -> str:
    return " ".join(_NOT_IN_PHRASES.sub(" ", text).split())


def topics(parts: Iterable[Clause], terms_a_query: int) -> Iterator[tuple[Clause, ...]]:
    """The clauses packed in order into queries of at most so many terms; one that is longer stands alone."""
    packed: list[Clause] = []
    for part in parts:
        if packed and sum(clause.terms for clause in packed) + part.terms > terms_a_query:
            yield tuple(packed)
            packed = []
        packed.append(part)
    if packed:
        yield tuple(packed)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a search: topic (none: everything), days (both included), publication numbers by their beginnings."""

    topic: tuple[Clause, ...]
    since: date
    until: date
    beginnings: tuple[str, ...] = ()
    """`CN` or `CN12`; none: any."""
    without: tuple[str, ...] = ()

    def cql(self) -> str:
        days = f'pd within "{self.since:%Y%m%d} {self.until:%Y%m%d}"'
        parts = [f"({' or '.join(clause.cql for clause in self.topic)})"] if self.topic else []
        parts.append(days)
        if self.beginnings:
            parts.append(_any_of(self.beginnings))
        return " and ".join(parts) + (f" not {_any_of(self.without)}" if self.without else "")

    def split(self, offices: tuple[str, ...]) -> tuple["Slice", "Slice"] | None:
        """Two slices that share no publication and lack none; None when there is no way to divide any further."""
        if self.since < self.until:
            middle = self.since + timedelta(days=(self.until - self.since).days // 2)
            return replace(self, until=middle), replace(self, since=middle + timedelta(days=1))
        if not self.beginnings:
            office = next((name for name in offices if name not in self.without), None)
            return None if office is None else self._part((office,), (*self.without, office))
        if len(self.beginnings) > 1:
            middle_place = len(self.beginnings) // 2
            first, second = self.beginnings[:middle_place], self.beginnings[middle_place:]
            return replace(self, beginnings=first), replace(self, beginnings=second)
        return self._by_digit(self.beginnings[0])

    def _by_digit(self, beginning: str) -> tuple["Slice", "Slice"] | None:
        """Five next digits and the rest; then the other five and what begins otherwise."""
        digits = [f"{beginning}{digit}" for digit in range(10)]
        left = [longer for longer in digits if longer not in self.without][:5]
        if not left or len(beginning) > _LONGEST_PREFIX:
            return None
        return self._part(tuple(left), (*self.without, *left), rest=(beginning,))

    def _part(
        self, taken: tuple[str, ...], without: tuple[str, ...], rest: tuple[str, ...] = ()
    ) -> tuple["Slice", "Slice"]:
        return replace(self, beginnings=taken, without=()), replace(self, beginnings=rest, without=without)


def _any_of(beginnings: tuple[str, ...]) -> str:
    # Two letters name an office; longer beginnings need the wildcard.
    parts = [f"pn={text}" if len(text) == 2 else f"pn={text}*" for text in beginnings]
    return f"({' or '.join(parts)})"
