"""From hashes back to words, and from many spellings to one term."""

from collections.abc import Collection, Mapping

import numpy as np

from trends.signals.index import TermIndex
from trends.terms import OF, Hashes, WeekTerms, generic_words, grams, tail_words


def term_texts(index: TermIndex, occurrences: Mapping[int, int]) -> dict[int, str]:
    """Words of terms, given one document that holds each: the index itself keeps hashes only."""
    by_block: dict[int, list[int]] = {}
    for term, document in occurrences.items():
        block = int(np.searchsorted(index.first_document, document, side="right")) - 1
        by_block.setdefault(block, []).append(term)
    found: dict[int, str] = {}
    for number, terms in by_block.items():
        found |= _read(index.blocks[number], index.hashes, terms)
    return found


def _read(block: WeekTerms, hashes: Hashes, terms: list[int]) -> dict[int, str]:
    wanted = {int(hashes[term]): term for term in terms}
    found = grams(block)
    lengths = np.repeat([1, 2, 3], found.counts)
    _, here = np.unique(found.hashes, return_index=True)
    here = here[np.isin(found.hashes[here], hashes[terms])]
    return {wanted[int(found.hashes[at])]: _words(block, int(found.place[at]), int(lengths[at])) for at in here}


def _words(block: WeekTerms, place: int, length: int) -> str:
    return " ".join("of" if token == OF else block.words[token] for token in block.tokens[place : place + length])


def is_generic(text: str, generic: Collection[str] | None = None) -> bool:
    """Whether a term is scholarly prose: every word of it could stand in a paper of any field."""
    words = generic_words() if generic is None else generic
    return all(word in words or word == "of" for word in text.split())


def core(text: str) -> str:
    """Without the words of prose that end it: `deep learning approach` is about deep learning."""
    words = text.split()
    while len(words) > 1 and (words[-1] in tail_words() or words[-1] == "of"):
        words.pop()
    return " ".join(words)
