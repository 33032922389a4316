"""Which documents hold which terms, over a run of weeks: the only form in which a scan sees them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from trends.terms import Hashes, Ints, WeekTerms, grams

Int32 = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
_BITS = 27
_SLICE = 1 << np.uint64(64 - _BITS)
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
        block = int(np.searchsorted(self.first_document, document, side="right")) - 1
        return self.blocks[block].ids[document - int(self.first_document[block])]


def build_index(weeks: Iterable[WeekTerms]) -> TermIndex:
    """The index of blocks of different weeks, in any order."""
    blocks = tuple(sorted(weeks, key=lambda block: block.week))
    if len({block.week for block in blocks}) != len(blocks):
        raise ValueError("expected one block a week, found a week twice; extract its documents together")
    first = np.cumsum([0, *(len(block) for block in blocks)])
    made = [_entries(block) for block in blocks]
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


@dataclass(frozen=True)
class _Entries:
    """N-grams of a block: hash, document within the block, whether in the title."""

    hashes: Hashes
    document: Int32
    in_title: Flags


def _entries(block: WeekTerms) -> _Entries:
    hashes, places, in_title = grams(block)
    document = np.searchsorted(block.start, places, side="right") - 1
    return _Entries(hashes, document.astype(np.int32), in_title)


def _anchors(made: Sequence[_Entries], first: Ints) -> tuple[Hashes, Int32]:
    """N-grams of at least two titles, sorted, with the document of the second title."""
    hashes = _joined([entries.hashes[entries.in_title] for entries in made], np.uint64)
    titled = [entries.document[entries.in_title] + start for entries, start in zip(made, first, strict=False)]
    documents = _joined(titled, np.int64)
    order = np.lexsort((documents, hashes))
    hashes, documents = hashes[order], documents[order]
    new = np.ones(len(hashes), bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (documents[1:] != documents[:-1])
    hashes, documents = hashes[new], documents[new]
    starts = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]]) if len(hashes) else np.zeros(0, np.int64)
    twice = starts[np.diff(np.r_[starts, len(hashes)]) >= 2]
    return hashes[twice], documents[twice + 1].astype(np.int32)


def _postings(made: Sequence[_Entries], first: Ints, hashes: Hashes) -> tuple[Ints, Int32, Flags]:
    """Terms of each document, once each, in the order of documents and terms."""
    seen = np.zeros(1 << _BITS, bool)
    shift = np.uint64(64 - _BITS)
    seen[(hashes >> shift).astype(np.int64)] = True
    terms, titles, counts = [], [], []
    for entries, size in zip(made, np.diff(first), strict=True):
        term, document, title = _known(entries, hashes, seen, shift)
        order = np.argsort(((document.astype(np.int64) << 32) | term.astype(np.int64)) << 1 | ~title, kind="stable")
        term, document, title = term[order], document[order], title[order]
        new = np.ones(len(term), bool)
        new[1:] = (term[1:] != term[:-1]) | (document[1:] != document[:-1])
        terms.append(term[new])
        titles.append(title[new])
        counts.append(np.bincount(document[new], minlength=size))
    pointers = np.r_[0, np.cumsum(_joined(counts, np.int64))]
    return pointers, _joined(terms, np.int32), _joined(titles, np.bool_)


def _known(entries: _Entries, hashes: Hashes, seen: Flags, shift: np.uint64) -> tuple[Int32, Int32, Flags]:
    """Entries of indexed terms. The table of leading bits spares nine searches of ten."""
    maybe = np.flatnonzero(seen[(entries.hashes >> shift).astype(np.int64)])
    wanted = entries.hashes[maybe]
    place = np.minimum(np.searchsorted(hashes, wanted), max(0, len(hashes) - 1))
    sure = hashes[place] == wanted if len(hashes) else np.zeros(0, bool)
    maybe = maybe[sure]
    return place[sure].astype(np.int32), entries.document[maybe], entries.in_title[maybe]


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
