"""Many spellings, one topic: candidates whose documents are mostly the same, or that a document calls the same."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trends.signals.index import TermIndex
from trends.signals.scan import Candidates
from trends.signals.wording import core

LEAST_OVERLAP = 0.6
"""Jaccard overlap of the recent documents."""
LEAST_EXPANSIONS = 2
"""Documents that must write an acronym in brackets after its words."""
_ALMOST = 0.8
"""A longer spelling stands for the group if it has this share of the documents of the most frequent one."""


@dataclass(frozen=True)
class Group:
    """The candidate that stands for a topic, and the words of all its spellings, its own first."""

    place: int
    texts: tuple[str, ...]


def merge(index: TermIndex, found: Candidates, texts: Mapping[int, str]) -> list[Group]:
    """Groups of the named candidates. The most frequent one gathers what overlaps with it; no chains are followed."""
    places = sorted(texts, key=lambda place: (-found.n_recent[place], -len(texts[place].split()), texts[place]))
    overlaps = _overlaps(found, places)
    said = _acronyms(index, found)
    taken: set[int] = set()
    groups = []
    for rank in range(len(places)):
        if rank in taken:
            continue
        members = {rank} | {int(other) for other in np.flatnonzero(overlaps[rank] > LEAST_OVERLAP)} - taken
        names = {texts[places[member]] for member in members}
        names |= {other for name in names for other in said.get(name, ())}
        rest = (other for other in range(rank + 1, len(places)) if other not in taken)
        members |= {other for other in rest if texts[places[other]] in names or core(texts[places[other]]) in names}
        taken |= members
        groups.append(_group(found, texts, [places[member] for member in sorted(members)]))
    return groups


def _group(found: Candidates, texts: Mapping[int, str], members: list[int]) -> Group:
    enough = _ALMOST * found.n_recent[members[0]]
    standing = [place for place in members if found.n_recent[place] >= enough]
    chosen = min(standing, key=lambda place: (-len(texts[place].split()), -found.n_recent[place], texts[place]))
    return Group(chosen, (texts[chosen], *(texts[place] for place in members if place != chosen)))


def _overlaps(found: Candidates, places: list[int]) -> npt.NDArray[np.float64]:
    """Jaccard overlap of every pair."""
    from scipy.sparse import csr_array

    rank = np.full(len(found), -1, np.int64)
    rank[places] = np.arange(len(places))
    kept = rank[found.entry_term] >= 0
    rows, columns = rank[found.entry_term[kept]], found.entry_document[kept] - found.windows.recent[0]
    shape = (len(places), max(1, found.windows.n_recent))
    held = csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)
    both = (held @ held.T).toarray().astype(float)
    sizes = np.diagonal(both)
    result: npt.NDArray[np.float64] = both / np.maximum(1, sizes[:, None] + sizes[None, :] - both)
    return result


def _acronyms(index: TermIndex, found: Candidates) -> dict[str, set[str]]:
    """What documents of the recent weeks call the same: an acronym and its words, both ways round."""
    first, last = (int(index.week[place]) for place in (found.windows.recent[0], found.windows.recent[1] - 1))
    said = Counter(pair for block in index.blocks if first <= block.week <= last for pair in block.acronyms)
    same: dict[str, set[str]] = {}
    for pair, times in said.items():
        if times >= LEAST_EXPANSIONS:
            short, _, words = pair.partition("=")
            same.setdefault(short, set()).add(words)
            same.setdefault(words, set()).add(short)
    return same
