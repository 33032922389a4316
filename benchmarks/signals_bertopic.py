"""BERTopic as a list of what rises, on a stated subset: python -m benchmarks.signals_bertopic FOLDER.

FOLDER is of `benchmarks.arxiv_vectors`. BERTopic is no dependency (its own environment that also sees pyarrow, pandas
and numpy will do); without it nothing is measured. At each scan it sees a fixed half of the archive's records of four
years, as vectors of their n-grams; its topics are ranked by their share in the last 26 weeks over that in the 156
before, those with six papers and more in the last 26. Outcome as in benchmarks/signals.py, papers of later weeks
belonging to the topic whose centroid is nearest, as all papers are counted for it.
"""

import hashlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RESULTS = Path(__file__).parent / "results" / "signals_bertopic.md"
SCANS = ("2013-07-01", "2014-07-01", "2015-07-01", "2016-07-01", "2017-07-01")
RECENT, BASE = 26, 156
SAMPLE = 12_000
MIN_TOPIC = 15
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scan:
    """Outcome ratios of the ten topics that rose most, best first, and what it cost."""

    day: str
    documents: int
    topics: int
    ratios: Array
    cpu_s: float


def main() -> None:
    """Measure every scan and write the table."""
    ids, titles, weeks, vectors = read(Path(sys.argv[1]))
    scans = [measure(day, ids, titles, weeks, vectors) for day in SCANS]
    every = np.concatenate([scan.ratios for scan in scans])
    lines = [
        "# BERTopic as a list of what rises",
        "",
        f"{len(SCANS)} scans, at each {SAMPLE:,} records of the 182 weeks before, drawn by hash; vectors",
        f"of n-grams instead of an encoder's; topics of {MIN_TOPIC} papers or more.",
        "Made by `python -m benchmarks.signals_bertopic FOLDER`.",
        "",
        "| scan | documents | topics | top ten sustained | doubled | CPU s |",
        "|---|---|---|---|---|---|",
        *(
            f"| {scan.day} | {scan.documents:,} | {scan.topics} | {np.mean(scan.ratios >= 1):.2f} "
            f"| {np.mean(scan.ratios >= 2):.2f} | {scan.cpu_s:.0f} |"
            for scan in scans
        ),
        "",
        f"All: sustained {np.mean(every >= 1):.2f}, doubled {np.mean(every >= 2):.2f} of {len(every)} topics. The",
        "figures of the term channel stand in signals.md; they are of all records: compare the two with care.",
        "",
    ]
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


def read(folder: Path) -> tuple[list[str], list[str], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Ids, titles, weeks (Monday's ordinal over 7) and vectors of all records, in one order."""
    import os
    from datetime import date

    import pandas as pd

    shared = Path(os.environ.get("HORIZON_SHARED_DATA", "../shared/data")) / "arxiv"
    frame = pd.concat([pd.read_parquet(path) for path in sorted(shared.glob("arxiv_20*.parquet"))[:3]])
    by_id = frame.drop_duplicates("arxiv_id").set_index("arxiv_id")
    kept = np.load(folder / "arxiv_vectors.npz")
    ids = [str(each) for each in kept["ids"]]
    chosen = by_id.loc[ids]
    weeks = np.array([(date.fromisoformat(day).toordinal() - 1) // 7 for day in chosen.created])
    return ids, list(map(str, chosen.title)), weeks, kept["vectors"].astype(np.float32)


def measure(
    day: str, ids: list[str], titles: list[str], weeks: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]
) -> Scan:
    """One scan: topics of the sample, ranked by growth, judged by what came."""
    from datetime import date

    week = (date.fromisoformat(day).toordinal() - 1) // 7
    known = vectors.any(axis=1)
    window = np.flatnonzero((weeks <= week) & (weeks > week - RECENT - BASE) & known)
    order = sorted(window, key=lambda row: hashlib.sha256(ids[row].encode()).digest())[:SAMPLE]
    rows = np.array(sorted(order))
    started = time.process_time()
    topics = np.array(_model().fit_transform([titles[row] for row in rows], embeddings=vectors[rows])[0])
    cpu_s = time.process_time() - started
    names = sorted(set(topics.tolist()) - {-1})
    centres = np.stack([vectors[rows[topics == name]].mean(axis=0) for name in names])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)

    def shares(first: int, last: int) -> tuple[Array, Array]:
        inside = np.flatnonzero((weeks > week + first) & (weeks <= week + last) & known)
        nearest = (vectors[inside] @ centres.T).argmax(axis=1)
        counts = np.bincount(nearest, minlength=len(names)).astype(float)
        return counts, counts / max(1, len(inside))

    counts, now = shares(-RECENT, 0)
    _, before = shares(-RECENT - BASE, -RECENT)
    growth = np.where(counts >= 6, now / np.maximum(before, 1e-9), 0.0)
    top = np.argsort(-growth, kind="stable")[:10]
    _, later = shares(52, 104)
    return Scan(day, len(rows), len(names), (later / np.maximum(now, 1e-9))[top], cpu_s)


def _model() -> Any:
    """BERTopic with its usual parts, seeded."""
    from bertopic import BERTopic  # type: ignore[import-not-found]  # no dependency: see above
    from sklearn.feature_extraction.text import CountVectorizer  # type: ignore[import-untyped]  # ships no types
    from umap import UMAP  # type: ignore[import-not-found]  # comes with BERTopic

    return BERTopic(
        embedding_model=None,
        umap_model=UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0),
        vectorizer_model=CountVectorizer(stop_words="english"),
        min_topic_size=MIN_TOPIC,
        calculate_probabilities=False,
    )


if __name__ == "__main__":
    main()
