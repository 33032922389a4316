"""Weekly counts of routes in real arXiv records, labelled by the words of the shipped classifier: CSV, no text.

    python -m benchmarks.route_counts COUNTS.csv

The encoder is left out: it would treble the time. A paper counts for a route as in the store (assigned to the area, the
route at least as likely as not).
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from benchmarks.labels import SHARED
from horizon.weeks import IsoWeek
from nlp.classifier import Classifier
from nlp.codes import parse_codes
from nlp.features import Document
from store.counts import ROUTE_COUNTS_FROM
from taxonomy.load import load_taxonomy

FILES = ("arxiv_2008_2012.parquet", "arxiv_2013_2016.parquet", "arxiv_2017_2019.parquet")


def main(arguments: Sequence[str]) -> None:
    """Count and write (series, week, n); the series `total` is all papers of the week."""
    taxonomy = load_taxonomy()
    words = Classifier(Classifier.load(None, taxonomy).model, taxonomy, fingerprint="words")
    found: Counter[tuple[str, str]] = Counter()
    for name in FILES:
        weeks: dict[str, str] = {}
        documents = list(_documents(SHARED / "arxiv" / name, weeks, found))
        for document, judged in zip(documents, words.judge(documents), strict=True):
            for each in judged:
                if each.assigned:
                    found[f"area:{each.area}", weeks[document.id]] += 1
                    for route in each.routes:
                        if route.probability >= ROUTE_COUNTS_FROM:
                            found[f"route:{each.area}/{route.route}", weeks[document.id]] += 1
    with Path(arguments[0]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("series", "week", "n"))
        writer.writerows((*place, n) for place, n in sorted(found.items()))


def _documents(path: Path, weeks: dict[str, str], found: Counter[tuple[str, str]]) -> Iterator[Document]:
    """Those with an abstract; records without one were left so because their categories are far from every area."""
    import pandas as pd

    columns = ["arxiv_id", "title", "abstract", "categories", "created", "abstract_omitted"]
    for row in pd.read_parquet(path, columns=columns).fillna("").to_dict("records"):
        week = str(IsoWeek.of(date.fromisoformat(str(row["created"])[:10])))
        found["total", week] += 1
        if not row["abstract_omitted"]:
            name, title, abstract = (str(row[column]) for column in ("arxiv_id", "title", "abstract"))
            weeks[name] = week
            yield Document(name, title, abstract, parse_codes(str(row["categories"])))


if __name__ == "__main__":
    main(sys.argv[1:])
