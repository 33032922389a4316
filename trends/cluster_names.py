"""A cluster's name: the terms that its documents have and the others have not."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log

_WORD = re.compile(r"[^\W\d_][\w'’-]*|[^\w\s]")
_LATEX = re.compile(r"\$[^$]*\$|\\[A-Za-z]+")
_LONGEST = 3
_LEAST_DOCUMENTS = 3
_LEAST_SHARE = 0.08
_EMPTY_WORDS = """
a about above across after against all along also an analysis and any application applications approach approaches
are as at based be been between beyond both but by can case do does during each effect effects efficient for from
further general has have how in into is it its large less method methods model models more most new no non not
novel of off on one only or other our over paper problem properties results review s scale some study such system
systems than that the their them then theory there these this those through to toward towards two type under up
upon use using very via was we well what when where which while who why with within without
"""
_STOP = frozenset(_EMPTY_WORDS.split())


def title_terms(title: str) -> tuple[str, ...]:
    """Each run of one to three words of a title that neither begins nor ends with an empty word, once, sorted."""
    found: set[str] = set()
    run: list[str] = []
    for word in [*_WORD.findall(_LATEX.sub(" . ", title).casefold()), "."]:
        if word[0].isalpha():
            run.append(_singular(word))
            continue
        found.update(_runs(run))
        run = []
    return tuple(sorted(found))


def _runs(words: Sequence[str]) -> Iterable[str]:
    for length in range(1, _LONGEST + 1):
        for begin in range(len(words) - length + 1):
            part = words[begin : begin + length]
            if part[0] not in _STOP and part[-1] not in _STOP and not (length == 1 and len(part[0]) < 3):
                yield " ".join(part)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def strongest_terms(
    members: Sequence[str], others: Sequence[str], terms: Mapping[str, Sequence[str]], *, most: int = 8
) -> tuple[str, ...]:
    """Terms of the members by log-likelihood ratio against the others (Dunning 1993), at most `most`.

    `members` and `others` are ids and share none; documents without terms count nowhere. Of two terms of which one
    holds the other the stronger stays.
    """
    inside = Counter(term for each in members for term in set(terms.get(each, ())))
    outside = Counter(term for each in others for term in set(terms.get(each, ())) if term in inside)
    least = max(_LEAST_DOCUMENTS, _LEAST_SHARE * len(members))
    scores = {
        term: _evidence(count, len(members), outside[term], len(others))
        for term, count in inside.items()
        if count >= least
    }
    chosen: list[str] = []
    for term in sorted(scores, key=lambda term: (-scores[term], term)):
        if scores[term] > 0 and not any(f" {term} " in f" {other} " or f" {other} " in f" {term} " for other in chosen):
            chosen.append(term)
    return tuple(chosen[:most])


def _evidence(inside: int, members: int, outside: int, others: int) -> float:
    """Signed log-likelihood ratio: negative where the term is rarer inside; several words weigh more than one."""
    share = (inside + outside) / (members + others)
    rate_in, rate_out = inside / members, (outside + 0.5) / (others + 1)
    gain = inside * log(rate_in / share) + (outside * log(rate_out / share) if outside else 0.0)
    return gain if rate_in > rate_out else -gain
