"""Which documents hold which terms, over a run of weeks: the only form in which a scan sees them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from trends.terms import Grams, Hashes, Ints, WeekTerms, grams

Int32 = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
_BITS = 22
Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class TermIndex:
    """Documents in the order of time; a term is a place in `hashes`, a document a place in `week`."""

    blocks: tuple[WeekTerms, ...]
    first_document: Ints
    """Of each block, and one more."""
    hashes: Hashes
    """Sorted: of every n-gram that at least two titles hold."""
    anchored: Int32
    """Document whose title is the second one with the term: before it, the term did not exist."""
    pointers: Ints
    """Of each document, and one more: its place in `terms`."""
    terms: Int32
    in_title: Flags
    week: Int32
    """Weeks since 1970-W01, of each document."""
    first_author: Hashes
    last_author: Hashes
    category: Int32
    """Place in `category_names`, -1 for none."""
    category_names: tuple[str, ...]

    def documents(self, first: int, last: int) -> tuple[int, int]:
        """Half-open range of the documents of weeks first to last, both included."""
        low, high = np.searchsorted(self.week, [first, last + 1])
        return int(low), int(high)

    def item_id(self, document: int) -> str:
        """The id of a document."""
        block, place = self._home(document)
        return self.blocks[block].ids[place]

    def day(self, document: int) -> date:
        """The date of a document."""
        block, place = self._home(document)
        return date.fromordinal(int(self.blocks[block].day[place]))

    def _home(self, document: int) -> tuple[int, int]:
        """Its block, and its place there."""
        block = int(np.searchsorted(self.first_document, document, side="right")) - 1
        return block, document - int(self.first_document[block])


def build_index(weeks: Iterable[WeekTerms]) -> TermIndex:
    """The index of blocks of different weeks, in any order."""
    blocks = tuple(sorted(weeks, key=lambda block: block.week))
    if len({block.week for block in blocks}) != len(blocks):
        raise ValueError("expected one block a week, found a week twice; extract its documents together")
    first = np.cumsum([0, *(len(block) for block in blocks)])
    made = [grams(block) for block in blocks]
    hashes, anchored = _anchors(made, first)
    pointers, terms, titles = _postings(made, first, hashes)
    names, categories = _categories(blocks)
    return TermIndex(
        blocks,
        first,
        hashes,
        anchored,
        pointers,
        terms,
        titles,
        np.repeat(np.array([block.week for block in blocks], np.int32), np.diff(first)),
        _joined([block.first_author for block in blocks], np.uint64),
        _joined([block.last_author for block in blocks], np.uint64),
        categories,
        names,
    )


def _anchors(made: Sequence[Grams], first: Ints) -> tuple[Hashes, Int32]:
    """N-grams of at least two titles, sorted, with the document of the second title."""
    hashes = _joined([found.hashes[found.in_title] for found in made], np.uint64)
    titled = [found.document[found.in_title] + start for found, start in zip(made, first, strict=False)]
    documents = _joined(titled, np.int64)
    order = np.lexsort((documents, hashes))
    hashes, documents = hashes[order], documents[order]
    new = np.ones(len(hashes), bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (documents[1:] != documents[:-1])
    hashes, documents = hashes[new], documents[new]
    starts = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]]) if len(hashes) else np.zeros(0, np.int64)
    twice = starts[np.diff(np.r_[starts, len(hashes)]) >= 2]
    return hashes[twice], documents[twice + 1].astype(np.int32)


def _postings(made: Sequence[Grams], first: Ints, hashes: Hashes) -> tuple[Ints, Int32, Flags]:
    """Terms of each document, once each, in the order of documents and terms."""
    find = Places(hashes)
    terms, titles, counts = [], [], []
    for found, size in zip(made, np.diff(first), strict=True):
        place = find(found.hashes)
        kept = np.flatnonzero(place >= 0)
        # One number holds document, term and (last, so that a title comes first) whether it stands in the abstract.
        key = (found.document[kept].astype(np.int64) << 32 | place[kept]) << 1 | ~found.in_title[kept]
        key.sort()
        new = np.ones(len(key), bool)
        new[1:] = key[1:] >> 1 != key[:-1] >> 1
        key = key[new]
        terms.append(((key >> 1) & 0xFFFFFFFF).astype(np.int32))
        titles.append(key & 1 == 0)
        counts.append(np.bincount(key >> 33, minlength=size))
    pointers = np.r_[0, np.cumsum(_joined(counts, np.int64))]
    return pointers, _joined(terms, np.int32), _joined(titles, np.bool_)


class Places:
    """Finds hashes in a sorted table: their leading bits say where to start, and few steps remain.

    Binary search takes four times as long, for each of its steps misses the cache.
    """

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = np.append(hashes, np.uint64(2**64 - 1))
        bounds = np.arange(1 << _BITS, dtype=np.uint64) << np.uint64(64 - _BITS)
        self._start = np.searchsorted(hashes, bounds).astype(np.int32)

    def __call__(self, wanted: Hashes) -> Int32:
        """Places, -1 for what the table has not."""
        place = self._start[(wanted >> np.uint64(64 - _BITS)).astype(np.int64)]
        held = self._hashes[place]
        behind = np.flatnonzero(held < wanted)
        while len(behind):
            place[behind] += 1
            held[behind] = self._hashes[place[behind]]
            behind = behind[held[behind] < wanted[behind]]
        return np.where((held == wanted) & (place < len(self._hashes) - 1), place, -1).astype(np.int32)


def _categories(blocks: Sequence[WeekTerms]) -> tuple[tuple[str, ...], Int32]:
    names = tuple(sorted({name for block in blocks for name in block.category_names}))
    place = {name: number for number, name in enumerate(names)}
    found = []
    for block in blocks:
        table = np.array([*(place[name] for name in block.category_names), -1], np.int32)
        found.append(table[block.category])
    return names, _joined(found, np.int32)


def _joined(parts: Sequence[npt.NDArray[Kind]], kind: type[Kind]) -> npt.NDArray[Kind]:
    return np.concatenate(parts).astype(kind, copy=False) if parts else np.zeros(0, kind)
