"""Europe PMC queries from the taxonomy: the phrases that speak for an area, in as few queries as their length allows.

Syntax: https://europepmc.org/searchsyntax. Phrases are matched in title and abstract only: a hit in the full text
would be a paper that cites the field.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from horizon.errors import UsageError
from taxonomy.schema import AreaFile, Term

_SYNTAX = re.compile(r'["\\]+')
_WORD = re.compile(r"\w+")


def strong_terms(areas: Iterable[AreaFile], least_weight: float) -> list[Term]:
    """English terms of this weight or more, without those that another one already finds, in the order of the areas."""
    terms: dict[tuple[str, tuple[str, ...]], Term] = {}
    for area in areas:
        for term in area.terms:
            if term.lang == "en" and term.weight >= least_weight:
                terms.setdefault((term.text.lower(), tuple(sorted(near.lower() for near in term.near))), term)
    alone = {_words(term.text) for term in terms.values() if not term.near}
    return [term for term in terms.values() if not _found_by_another(term, alone)]


def clause(text: str, near: Sequence[str] = ()) -> str:
    """`TITLE_ABS:"text"`, with one of the phrases near it if there are any."""
    field = f'TITLE_ABS:"{_SYNTAX.sub(" ", text).strip()}"'
    if not near:
        return field
    return f"({field} AND ({' OR '.join(clause(phrase) for phrase in near)}))"


def build_queries(terms: Iterable[Term], frame: str, longest: int) -> list[str]:
    """All terms, packed in order into queries of at most `longest` characters, each within the frame.

    Raises UsageError when a single phrase does not fit.
    """
    room = longest - len(_wrap([], frame))
    packed: list[list[str]] = []
    used = 0
    for part in [part for term in terms for part in _clauses(term, room)]:
        if packed and used + len(part) + 4 <= room:
            packed[-1].append(part)
            used += len(part) + 4
        else:
            packed.append([part])
            used = len(part)
    return [_wrap(parts, frame) for parts in packed]


def frame_of(clock: str, since: date, until: date, repositories: Sequence[str]) -> str:
    """The condition on days (both included) and repositories that is common to all queries and to the denominator."""
    kinds = " OR ".join(f"SRC:{name}" for name in repositories)
    return f"{clock}:[{since.isoformat()} TO {until.isoformat()}] AND ({kinds})"


def _wrap(parts: Sequence[str], frame: str) -> str:
    return f"({' OR '.join(parts)}) AND {frame}"


def _clauses(term: Term, room: int) -> list[str]:
    """A term whose company is too long for one query is asked for in parts."""
    whole = clause(term.text, term.near)
    if len(whole) <= room:
        return [whole]
    if len(term.near) < 2:
        raise UsageError(
            f"the phrase {term.text!r} does not fit into a query of {room} characters; raise max_query_chars"
        )
    half = len(term.near) // 2
    return [
        part
        for near in (term.near[:half], term.near[half:])
        for part in _clauses(term.model_copy(update={"near": near}), room)
    ]


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower()))


def _found_by_another(term: Term, alone: set[tuple[str, ...]]) -> bool:
    """`AAV gene therapy` is found by `gene therapy`."""
    words = _words(term.text)
    lengths = range(1, len(words) + (1 if term.near else 0))
    return any(words[start : start + length] in alone for length in lengths for start in range(len(words) - length + 1))
