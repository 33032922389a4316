"""What the shipped model says of real arXiv records: vectors of their n-grams and chances by area, kept on disk.

    python -m benchmarks.arxiv_vectors FOLDER

Reads the records of 2010 to 2019 in HORIZON_SHARED_DATA (or ../shared/data) once, ten CPU-minutes, and writes
FOLDER/arxiv_vectors.npz: for benchmarks/clusters.py and benchmarks/novelty.py. No texts are kept.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from horizon.errors import UsageError
from nlp.classifier import Classifier
from nlp.codes import parse_codes
from nlp.features import Document, Reader
from nlp.gram_vectors import load_gram_vectors
from nlp.matcher import matcher_of
from nlp.model_file import load_model
from taxonomy.load import load_taxonomy

if TYPE_CHECKING:
    import pandas as pd

SHARED = Path(os.environ.get("HORIZON_SHARED_DATA", "../shared/data"))
FIRST, LAST = "2010-01-01", "2019-12-31"
_AT_ONCE = 4_096


@dataclass(frozen=True)
class Corpus:
    """Records in order of date and id; rows of every field belong together."""

    frame: "pd.DataFrame"
    vectors: npt.NDArray[np.float32]
    """Of title and abstract."""
    title_vectors: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32]
    """(record, area), by the first stage alone."""
    assigned: npt.NDArray[np.bool_]
    areas: tuple[str, ...]
    weeks: npt.NDArray[np.int64]
    """Monday's ordinal / 7 of the record's first date."""


def main(arguments: Sequence[str] = ()) -> None:
    """Read all records and keep what the model says of them."""
    if not arguments:
        raise UsageError("expected a folder for the vectors, found none; name one")
    frame, started = records(), time.process_time()
    taxonomy = load_taxonomy()
    model, card, fingerprint = load_model(Path("nlp/models/areas"))
    classifier = Classifier(model, taxonomy, fingerprint=fingerprint, card=card, encoder=None)
    grams, reader = load_gram_vectors(), Reader(taxonomy, matcher_of(taxonomy))
    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ("vectors", "title", "probability", "threshold")}
    for documents in _batches(frame):
        words = [reader.read(Document(each.id, each.title)).words for each in documents]
        parts["title"].append(grams.encode(words).astype(np.float16))
        for readings, scores in classifier._batches(documents):
            parts["vectors"].append(grams.encode([each.words for each in readings]).astype(np.float16))
            parts["probability"].append(scores.probabilities.astype(np.float32))
            thresholds = [[each.threshold for each in row] for row in scores.calibrations]
            parts["threshold"].append(np.array(thresholds, dtype=np.float32))
        done = sum(map(len, parts["title"]))
        print(f"{done:,} of {len(frame):,} in {time.process_time() - started:.0f} CPU-s", flush=True)
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {name: np.concatenate(each) for name, each in parts.items()}
    np.savez(folder / "arxiv_vectors.npz", ids=frame.arxiv_id.to_numpy(dtype="U"), allow_pickle=False, **arrays)


def records() -> "pd.DataFrame":
    """The records of the years measured, in order of date and id."""
    import pandas as pd

    paths = [SHARED / "arxiv" / f"arxiv_{years}.parquet" for years in ("2008_2012", "2013_2016", "2017_2019")]
    if not all(path.is_file() for path in paths):
        raise UsageError(f"expected records in {SHARED / 'arxiv'}, found none; set HORIZON_SHARED_DATA")
    frame = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    frame = frame[(frame.created >= FIRST) & (frame.created <= LAST)]
    return frame.sort_values(["created", "arxiv_id"]).drop_duplicates("arxiv_id").reset_index(drop=True)


def corpus(folder: Path) -> Corpus:
    """What `main` has kept, beside its records; raises UsageError when it has not run."""
    path = folder / "arxiv_vectors.npz"
    if not path.is_file():
        raise UsageError(f"expected {path}, found nothing; run python -m benchmarks.arxiv_vectors {folder}")
    kept, frame = np.load(path), records()
    if list(kept["ids"]) != list(frame.arxiv_id):
        raise UsageError(f"expected the records of {path}, found others in {SHARED}; make it again")
    probabilities = kept["probability"]
    weeks = np.array([date.fromisoformat(each).toordinal() - 1 for each in frame.created], dtype=np.int64) // 7
    return Corpus(
        frame,
        kept["vectors"].astype(np.float32),
        kept["title"].astype(np.float32),
        probabilities,
        probabilities >= kept["threshold"],
        tuple(area.id for area in load_taxonomy().areas),
        weeks,
    )


def _batches(frame: "pd.DataFrame") -> Iterator[list[Document]]:
    columns = (frame[name] for name in ("arxiv_id", "title", "abstract", "categories"))
    documents = [Document(f"arxiv:{a}", b, c or None, parse_codes(d)) for a, b, c, d in zip(*columns, strict=True)]
    for begin in range(0, len(documents), _AT_ONCE):
        yield documents[begin : begin + _AT_ONCE]


if __name__ == "__main__":
    main(sys.argv[1:])
