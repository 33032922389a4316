"""How often works are joined wrongly, and how often not at all: `python -m benchmarks.works`.

Two papers of different sources are one work when they share a DOI, a link, or their title and first author within two
years. Only the last can err by itself, so it is measured here, beside two plainer rules.

Right pairs are made: a real arXiv record and the same record as another source would write it. Wrong pairs are real:
two arXiv records with different identifiers, taken as if they came from two sources. Some of them are one work that
was submitted twice; those whose abstracts are nearly the same words are counted apart.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from horizon.settings import Settings
from store.work_keys import fold_surname, fold_title

RESULTS = Path(__file__).parent / "results"
_PAIRS = 20_000
_SAME_WORDS = 0.5
_WITHIN_YEARS = 2


class Paper(NamedTuple):
    """What a rule may look at, and the abstract to tell whether it was right."""

    name: str
    title: str
    author: str
    year: int
    words: frozenset[str]


def read_papers(folder: Path) -> Iterator[Paper]:
    """Real records with an abstract."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

    columns = ["arxiv_id", "title", "abstract", "authors", "created"]
    for path in sorted(folder.glob("arxiv_20*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(columns=columns):
            for row in batch.to_pylist():
                if row["abstract"] and row["authors"] and row["created"]:
                    author = row["authors"].split(",")[0].strip()
                    words = frozenset(re.findall(r"[a-z]{4,}", row["abstract"].lower()))
                    yield Paper(row["arxiv_id"], row["title"], author, int(row["created"][:4]), words)


Rule = Callable[[Paper], str | None]


def title_alone(paper: Paper) -> str | None:
    """The plainest rule: the folded title."""
    return fold_title(paper.title) or None


def letters_and_author(paper: Paper) -> str | None:
    """The title as it is written, in small letters, and the author as written."""
    return f"{paper.title.lower().strip()}\0{paper.author.lower()}"


def ours(paper: Paper) -> str | None:
    """As the store joins; see store/work_keys.py."""
    from horizon.records import Item
    from store.work_keys import titled_work

    made = Item.model_construct(title=paper.title, authors=(paper.author,), kind="preprint", id=paper.name)
    return titled_work(made)


RULES: dict[str, Rule] = {
    "title alone": title_alone,
    "title and author as written": letters_and_author,
    "folded title and surname (ours)": ours,
}


def _surname_first(paper: Paper) -> Paper:
    given, _, surname = paper.author.rpartition(" ")
    return paper._replace(author=f"{surname}, {given[:1]}." if given else surname)


CHANGES: dict[str, Callable[[Paper], Paper]] = {
    "full stop, capitals": lambda paper: paper._replace(title=paper.title.title() + "."),
    "no TeX": lambda paper: paper._replace(title=re.sub(r"[${}^_]|\\(?:mathrm|text|rm)", "", paper.title)),
    "dashes, quotes": lambda paper: paper._replace(title=paper.title.replace("-", "\u2013").replace("'", "\u2019")),
    "surname, initial": _surname_first,
    "the next year": lambda paper: paper._replace(year=paper.year + 1),
    "a word left out": lambda paper: paper._replace(title=" ".join(paper.title.split()[:-1])),
}


def share_joined(papers: Iterable[Paper], rule: Rule, change: Callable[[Paper], Paper]) -> float:
    """Of right pairs."""
    keys = [(rule(paper), rule(change(paper))) for paper in papers]
    return sum(one is not None and one == two for one, two in keys) / len(keys)


def wrong_pairs(papers: Iterable[Paper], rule: Rule) -> tuple[int, int]:
    """Pairs with other abstracts that the rule joins, and joined pairs that are the same work after all."""
    by_key: dict[str, list[Paper]] = defaultdict(list)
    for paper in papers:
        if key := rule(paper):
            by_key[key].append(paper)
    wrong = same = 0
    for found in by_key.values():
        for one, two in combinations(found[:300], 2):
            if abs(one.year - two.year) <= _WITHIN_YEARS:
                alike = len(one.words & two.words) / max(1, len(one.words | two.words)) >= _SAME_WORDS
                same, wrong = same + alike, wrong + (not alike)
    return wrong, same


def twins(papers: Iterable[Paper]) -> list[tuple[Paper, Paper]]:
    """Hard wrong pairs: one first author, titles of which all but one word agree, other abstracts."""
    by_author: dict[str, list[Paper]] = defaultdict(list)
    for paper in papers:
        by_author[fold_surname(paper.author)].append(paper)
    pairs = []
    for found in by_author.values():
        stems: dict[str, list[Paper]] = defaultdict(list)
        for paper in found[:2000]:
            words = fold_title(paper.title).split()
            for place in range(len(words)):
                stems[" ".join([*words[:place], "*", *words[place + 1 :]])].append(paper)
        for alike in stems.values():
            pairs += [
                (one, two)
                for one, two in combinations(alike[:20], 2)
                if fold_title(one.title) != fold_title(two.title) and abs(one.year - two.year) <= _WITHIN_YEARS
            ]
    return pairs


def main() -> None:
    """Measure and write the table."""
    papers = list(read_papers(Settings().shared_data / "arxiv"))
    drawn = random.Random(3).sample(papers, min(_PAIRS, len(papers)))
    hard = twins(papers)
    lines = [
        "# Joining works by title and first author",
        "",
        f"{len(papers):,} real arXiv records with an abstract. Right pairs: {len(drawn):,} of them, each written as",
        "another source might. Wrong pairs: two records of other identifiers and abstracts within two years, as if",
        "from two sources; an abstract is the same when half of all words are. Most pairs below that are a short and a",
        f"long version of one work: the rate is an upper bound. Twins: {len(hard):,} pairs of one first author whose",
        "titles differ in one word (Part I and Part II). `python -m benchmarks.works` writes this table.",
        "",
        "| rule | " + " | ".join(CHANGES) + " | wrong joins | of a million records | submitted twice | twins joined |",
        "|---|" + "---|" * (len(CHANGES) + 4),
    ]
    for name, rule in RULES.items():
        found = [f"{share_joined(drawn, rule, change):.1%}" for change in CHANGES.values()]
        wrong, same = wrong_pairs(papers, rule)
        twin = sum(rule(one) is not None and rule(one) == rule(two) for one, two in hard)
        rate = 1e6 * wrong / len(papers)
        lines.append(f"| {name} | " + " | ".join(found) + f" | {wrong:,} | {rate:,.0f} | {same:,} | {twin:,} |")
    text = "\n".join(lines) + "\n"
    (RESULTS / "works.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
