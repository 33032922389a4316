"""How one term stands today against the tests that a signal has to pass, from the weeks' terms alone."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from trends.terms import OF, Ints, WeekTerms


@dataclass(frozen=True)
class TermStanding:
    """Of the weeks given, most often the last 26; the names are those of `Signal.killed_by`."""

    documents_26w: int
    groups: int
    """Distinct last authors."""
    categories: int
    weeks_active: int
    title_share: float | None
    """None of a term that no document names."""

    def of(self, test: str) -> float | None:
        """What stands against the bar of a test; None for a test that these weeks cannot answer."""
        return getattr(self, test, None)


def term_standing(blocks: Iterable[WeekTerms], terms: Iterable[str]) -> dict[str, TermStanding]:
    """Each term, in its normal form, over all blocks."""
    tallies = {term: _Tally() for term in terms}
    for block in blocks:
        for term, tally in tallies.items():
            tally.add(block, term)
    return {term: tally.standing() for term, tally in tallies.items()}


class _Tally:
    def __init__(self) -> None:
        self.documents = self.titled = self.weeks = 0
        self.groups: set[int] = set()
        self.categories: set[str] = set()

    def add(self, block: WeekTerms, term: str) -> None:
        documents, titled = _documents(block, term)
        if not len(documents):
            return
        self.weeks += 1
        self.documents += len(documents)
        self.titled += titled
        self.groups |= set(block.last_author[documents].tolist()) - {0}
        self.categories |= {block.category_names[at] for at in block.category[documents].tolist() if at >= 0}

    def standing(self) -> TermStanding:
        share = self.titled / self.documents if self.documents else None
        return TermStanding(self.documents, len(self.groups), len(self.categories), self.weeks, share)


def _documents(block: WeekTerms, term: str) -> tuple[Ints, int]:
    """Places of the documents that name a term, and how many do so in the title."""
    places = {word: place for place, word in enumerate(block.words)}
    wanted = [OF if word == "of" else places.get(word) for word in term.split()]
    last = len(block.tokens) - len(wanted) + 1
    if not wanted or None in wanted or last <= 0:
        return np.zeros(0, np.int64), 0
    found = np.ones(last, bool)
    for offset, number in enumerate(wanted):
        found &= block.tokens[offset : offset + last] == number
    at = np.flatnonzero(found)
    # A document ends with a break, so that no term runs from one into the next.
    owner = np.searchsorted(block.start, at, side="right") - 1
    return np.unique(owner), len(np.unique(owner[at < block.abstract[owner]]))
