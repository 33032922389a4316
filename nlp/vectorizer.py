"""TF-IDF of words, pairs of words and triples of Chinese characters, over words in normal form."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nlp.normalize import has_cjk, is_break

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Vectorizer:
    """Sublinear counts, smooth idf, rows of length one: as scikit-learn's, but pairs are found as numbers, not text."""

    vocabulary: dict[str, int]
    """Every n-gram's column; the words of a pair are in it too, for they are at least as frequent."""
    idf: npt.NDArray[np.float32]

    @classmethod
    def fit(cls, texts: Sequence[Sequence[str]], *, min_df: int) -> "Vectorizer":
        """Learn the n-grams that at least `min_df` texts have, punctuation left out."""
        counts: Counter[str] = Counter()
        for words in texts:
            counts.update(set(_ngrams(words)))
        kept = sorted(gram for gram, n in counts.items() if n >= min_df and not any(map(is_break, gram.split())))
        frequency = np.array([counts[gram] for gram in kept], dtype=np.float64)
        idf = np.log((1 + len(texts)) / (1 + frequency)) + 1
        return cls({gram: place for place, gram in enumerate(kept)}, idf.astype(np.float32))

    def transform(self, texts: Sequence[Sequence[str]]) -> "csr_matrix":
        """Sparse matrix of (text, n-gram)."""
        from scipy.sparse import csr_matrix

        rows, places = self._places(texts)
        shape = (len(texts), len(self.vocabulary))
        matrix = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, places)), shape)
        matrix.sum_duplicates()
        matrix.data = (1 + np.log(matrix.data)) * self.idf[matrix.indices]
        row_of = np.repeat(np.arange(len(texts)), np.diff(matrix.indptr))
        length = np.sqrt(np.bincount(row_of, matrix.data.astype(np.float64) ** 2, minlength=len(texts)))
        matrix.data = (matrix.data / np.maximum(length, 1e-12)[row_of]).astype(np.float32)
        return matrix

    def _places(self, texts: Sequence[Sequence[str]]) -> tuple[Places, Places]:
        """(text, column) of every n-gram found, repeats included."""
        lookup = self.vocabulary.get
        singles = np.fromiter(chain.from_iterable(map(lookup, (*words, ""), repeat(-1)) for words in texts), np.int64)
        row_of = np.repeat(np.arange(len(texts)), [len(words) + 1 for words in texts])
        known, pairs = singles >= 0, self._pairs(singles)
        triples = [(row, lookup(gram, -1)) for row, words in enumerate(texts) for gram in _chinese_triples(words)]
        more = np.array([each for each in triples if each[1] >= 0], dtype=np.int64).reshape(-1, 2)
        rows = np.concatenate([row_of[known], row_of[:-1][pairs >= 0], more[:, 0]])
        return rows, np.concatenate([singles[known], pairs[pairs >= 0], more[:, 1]])

    def _pairs(self, singles: Places) -> Places:
        """Column of the pair that begins at each place, or -1."""
        keys, columns = self._pair_table
        if not len(keys) or len(singles) < 2:
            return np.full(max(len(singles) - 1, 0), -1, dtype=np.int64)
        wanted = singles[:-1] * len(self.vocabulary) + singles[1:]
        wanted[(singles[:-1] < 0) | (singles[1:] < 0)] = -1
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, columns[at], -1)

    @cached_property
    def _pair_table(self) -> tuple[Places, Places]:
        """Of every pair in the vocabulary the number made from its two words, in rising order, and its column."""
        size = len(self.vocabulary)
        pairs = [(gram.split(" "), column) for gram, column in self.vocabulary.items() if gram.count(" ") == 1]
        keys = [self.vocabulary[first] * size + self.vocabulary[second] for (first, second), _ in pairs]
        order = np.argsort(np.array(keys, dtype=np.int64), kind="stable")
        return np.array(keys, dtype=np.int64)[order], np.array([column for _, column in pairs], dtype=np.int64)[order]


def _ngrams(words: Sequence[str]) -> Iterable[str]:
    return chain(words, map(" ".join, pairwise(words)), _chinese_triples(words))


def _chinese_triples(words: Sequence[str]) -> Iterator[str]:
    if has_cjk("".join(words)):
        for triple in zip(words, words[1:], words[2:], strict=False):
            if all(map(has_cjk, triple)):
                yield " ".join(triple)
