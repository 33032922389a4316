"""Items a second of the shipped classifier, beside plain TF-IDF with logistic regression on the same texts.

    python -m benchmarks.classify [FILE.parquet]

The texts are real records when HORIZON_SHARED_DATA (or ../shared/data) holds them, else invented ones of like length.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np

from nlp.classifier import Classifier
from nlp.codes import parse_codes
from nlp.features import Document
from nlp.matcher import Matcher
from nlp.normalize import normalize
from taxonomy.load import Taxonomy, load_taxonomy

RESULT = Path(__file__).parent / "results" / "classify.md"
SHARED = Path(os.environ.get("HORIZON_SHARED_DATA", "../shared/data"))
ROWS = 4000
REPEATS = 5
CASCADE_REPEATS = 2
IN_AREA = 0.05


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and write the table."""
    taxonomy = load_taxonomy()
    source = Path(arguments[0]) if arguments else SHARED / "arxiv" / "arxiv_2017_2019.parquet"
    documents = _real(source) if source.is_file() else _invented(taxonomy)
    origin = f"real arXiv records of {source.name}" if source.is_file() else "invented texts"
    begin, begin_cpu = time.perf_counter(), time.process_time()
    classifier = Classifier.load(None, taxonomy)
    loading = f"{time.perf_counter() - begin:.1f} s ({time.process_time() - begin_cpu:.1f} s of CPU)"
    matcher = Matcher(taxonomy)
    words = Classifier(classifier.model, taxonomy, fingerprint="words")
    week = _week(documents, words)
    baseline = _baseline(documents)
    rates = {
        "normalise": _rate(lambda: [normalize(f"{each.title} {each.abstract}") for each in documents]),
        "normalise and match phrases": _rate(lambda: [matcher.match(each.title, each.abstract) for each in documents]),
        "first stage alone (matching, TF-IDF, rules, evidence)": _rate(lambda: list(words.judge(documents))),
        "plain TF-IDF (scikit-learn, words 1-2) and logistic regression, no evidence": _rate(baseline),
    }
    characters = np.mean([len(each.title) + len(each.abstract or "") for each in documents])
    _warm_up(classifier)
    rates[f"whole cascade, {IN_AREA:.0%} of the items in some area"] = _cascade_rate(classifier, week, len(documents))
    table = _table(rates, len(documents), float(characters), origin, loading)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(table, encoding="utf-8")
    print(table)


def _real(source: Path) -> list[Document]:
    import pandas as pd

    frame = pd.read_parquet(source, columns=["arxiv_id", "title", "abstract", "categories"])
    frame = frame[frame["abstract"].fillna("").str.len() > 0].sample(ROWS, random_state=0)
    columns = (frame["arxiv_id"], frame["title"], frame["abstract"], frame["categories"])
    return [Document(f"arxiv:{a}", b, c, parse_codes(d)) for a, b, c, d in zip(*columns, strict=True)]


def _invented(taxonomy: Taxonomy) -> list[Document]:
    random = Random(0)
    words = [f"word{number}" for number in range(20_000)]
    terms = [term.text for area in taxonomy.areas for term in area.terms]
    texts = [
        " ".join([*random.choices(words, k=190), *random.choices(terms, k=random.choice([0, 0, 0, 4]))])
        for _ in range(ROWS)
    ]
    return [Document(f"made:{number}", text[:80], text) for number, text in enumerate(texts)]


def _baseline(documents: Sequence[Document]) -> Callable[[], object]:
    """Prediction of eleven logistic regressions over scikit-learn's own TF-IDF, fitted on the same texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]  # ships no types

    texts = [f"{each.title}\n{each.abstract}" for each in documents]
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)).fit(texts)
    weights = np.random.default_rng(0).normal(size=(len(vectorizer.vocabulary_), 11)).astype(np.float32)
    return lambda: vectorizer.transform(texts) @ weights


def _rate(work: Callable[[], object]) -> tuple[float, float]:
    """Runs a CPU-second: median and best of the repeats."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds)), min(seconds)


def _week(documents: Sequence[Document], words: Classifier) -> list[Document]:
    """As many items of an area as a realistic week has, spread evenly: the first stage says which they are."""
    probabilities, thresholds = words.decisions(documents)
    inside = np.any(probabilities >= thresholds, axis=1).tolist()
    outside = [document for document, each in zip(documents, inside, strict=True) if not each]
    members = [document for document, each in zip(documents, inside, strict=True) if each]
    wanted = min(len(members), round(len(outside) * IN_AREA / (1 - IN_AREA)))
    step = max(len(outside) // max(wanted, 1), 1)
    week: list[Document] = []
    for place, document in enumerate(outside):
        week.append(document)
        if place % step == 0 and place // step < wanted:
            week.append(members[place // step])
    return week


def _peak_megabytes() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _warm_up(classifier: Classifier) -> None:
    list(classifier.judge([Document("warm", "A trapped ion", "Quantum error correction.")], read_all=True))


def _cascade_rate(classifier: Classifier, week: Sequence[Document], rows: int) -> tuple[float, float]:
    """CPU-seconds for as many items as the other steps had; no vector is kept from run to run."""
    seconds = []
    for _ in range(CASCADE_REPEATS):
        start = time.process_time()
        list(classifier.judge(week))
        seconds.append((time.process_time() - start) * rows / len(week))
    return float(np.median(seconds)), min(seconds)


def _table(rates: dict[str, tuple[float, float]], rows: int, characters: float, origin: str, loading: str) -> str:
    lines = [
        "# Classification speed",
        "",
        f"{rows:,} items, {characters:,.0f} characters of title and abstract on average ({origin}); one core, CPU "
        f"time, median and best of {REPEATS} runs (`python -m benchmarks.classify`). Asked for: 1,500 items a second "
        f"on two cores over the whole cascade. The model is loaded in {loading}; peak memory "
        f"{_peak_megabytes():,} MB.",
        "",
        "| step | items a CPU-second, median | best |",
        "|---|---|---|",
        *(f"| {name} | {rows / median:,.0f} | {rows / best:,.0f} |" for name, (median, best) in rates.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
