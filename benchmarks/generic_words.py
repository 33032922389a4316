"""Words of scholarly prose: `python -m benchmarks.generic_words` prints those that trends/term_words.yml lists.

A word that papers of every category use alike names no topic: the Kullback-Leibler divergence of the categories of its
papers from those of all papers is near 0. Titles choose their words with more care, so the bar falls with their share.
"""

import numpy as np
import numpy.typing as npt

from benchmarks.signals import read_weeks
from horizon.settings import Settings
from trends.terms import WeekTerms, extract_week

FEWEST = 400
"""Papers with the word."""
Counts = npt.NDArray[np.int64]


def count(blocks: list[WeekTerms]) -> tuple[list[str], Counts, Counts, Counts]:
    """Words; papers with each by category; titles with each; papers of each category. Papers with an abstract only."""
    words: dict[str, int] = {}
    places = {name: at for at, name in enumerate(sorted({name for block in blocks for name in block.category_names}))}
    size = sum(len(block.words) for block in blocks[::40]) + 400_000
    papers, titles, base = np.zeros((size, len(places)), np.int32), np.zeros(size, np.int64), np.zeros(len(places))
    for block in blocks:
        document = np.repeat(np.arange(len(block)), np.diff(block.start))
        category = np.array([*(places[name] for name in block.category_names), -1])[block.category]
        whole = (np.diff(block.start) - (block.abstract - block.start[:-1]) > 5) & (category >= 0)
        number = np.array([*(words.setdefault(word, len(words)) for word in block.words), 0, 0])
        real = (block.tokens >= 0) & whole[document]
        in_title = np.arange(len(block.tokens)) < block.abstract[document]
        word, paper = np.divmod(np.unique(number[block.tokens[real]] * len(block) + document[real]), len(block))
        np.add.at(papers, (word, category[paper]), 1)
        titled = np.unique(number[block.tokens[real & in_title]] * len(block) + document[real & in_title])
        titles += np.bincount(titled // len(block), minlength=size)
        base += np.bincount(category[whole], minlength=len(places))
    return list(words), papers[: len(words)].astype(np.int64), titles[: len(words)], base.astype(np.int64)


def generic(words: list[str], papers: Counts, titles: Counts, base: Counts) -> list[str]:
    """Below 0.15 nats and in one title of seven uses, or below 0.35 and one of 25; less the bias of small counts."""
    total = papers.sum(axis=1)
    kept = np.flatnonzero(total >= FEWEST)
    share, expected = papers[kept] / total[kept, None], base / base.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(share > 0, share * np.log(share / expected), 0.0)
    spread = logs.sum(axis=1) - ((share > 0).sum(axis=1) - 1) / (2 * total[kept])
    titled = titles[kept] / total[kept]
    chosen = ((spread < 0.15) & (titled < 0.15)) | ((spread < 0.35) & (titled < 0.04))
    found = (words[at] for at in kept[chosen])
    return sorted(word for word in found if word.isalpha() and word.isascii() and len(word) > 1)


def main() -> None:
    """Print the words; paste them into the data file after a look."""
    weeks = read_weeks(Settings().shared_data / "arxiv")
    print("\n".join(generic(*count([extract_week(weeks[week]) for week in sorted(weeks)]))))


if __name__ == "__main__":
    main()
