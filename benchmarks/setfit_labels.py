"""SetFit and BERTopic on the same labels, in an environment of their own: neither is a dependency of the project.

    python -m pip install setfit==1.2.0 bertopic==0.17.4    (beside the project, in an environment made for it)
    python -m benchmarks.setfit_labels

SetFit (Tunstall et al. 2022): the packaged MiniLM is tuned on pairs of training items (like when they share an area),
then one logistic regression an area is fitted on its vectors, by the package's own code; a label is its `predict`, at
0.5. BERTopic (Grootendorst 2022): topics of the training items by UMAP and HDBSCAN over MiniLM's vectors; a topic is
given the areas that most of its training items have, and items of no topic get none. Takes a quarter of an hour of
one core. Scores go to `results/labels_elsewhere.json`, which `python -m benchmarks.labels` puts into its table.
"""

import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.label_baselines import head_of
from benchmarks.label_scores import Bind, Decide, Rows, keep_elsewhere, score
from benchmarks.labels import SHARED
from horizon.errors import UsageError
from nlp.embeddings import LONGEST, has_bf16, packaged_model
from nlp.labelled import read_labels
from nlp.measures import Booleans
from nlp.training_set import encoder_text
from taxonomy.load import load_taxonomy

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STEPS, BATCH = 160, 16
"""Of contrastive tuning: 2,560 pairs."""
LONGEST_PAIRED = 128
"""Tokens read of a text in a pair; 256 afterwards, as in every other row."""
SMALLEST_TOPIC = 8
SEED = 0


def main() -> None:
    """Measure the ways named on the command line, or both."""
    ways = {"setfit": setfit, "bertopic": bertopic}
    folder, model = SHARED / "labels", packaged_model()
    if not folder.is_dir() or model is None:
        raise UsageError(f"expected labelled items in {folder} and the packaged encoder, found not both; see the head")
    areas = [area.id for area in load_taxonomy().areas]
    train, dev = (read_labels(folder / f"{name}.jsonl")[0] for name in ("train", "dev"))
    for name in sys.argv[1:] or ways:
        begin = time.process_time()
        trained = ways[name](train, areas, model)
        seconds = round(time.process_time() - begin)
        for title, decide in trained.items():
            found = score(title, partial(bind, decide), dev, areas)
            keep_elsewhere([replace(found, train_cpu_seconds=seconds)])
            print(found.row(), flush=True)


def bind(decide: Decide) -> Bind:
    """These bring encoders of their own."""
    return lambda _: decide


def setfit(train: Rows, areas: list[str], model: Path) -> dict[str, Decide]:
    """The encoder tuned on pairs; the package's logistic regressions over it, and thresholds as in the other rows.

    The tuned vectors of the training items fit their labels, so these thresholds are chosen on rosy values.
    """
    from scipy.sparse import csr_matrix
    from setfit import SetFitModel, Trainer, TrainingArguments  # type: ignore[import-not-found]  # in its own

    head = {"C": 20.0, "class_weight": "balanced", "max_iter": 1000, "random_state": SEED}
    tuned = SetFitModel.from_pretrained(
        str(model), multi_target_strategy="one-vs-rest", head_params=head, local_files_only=True
    )
    labels = [[int(area in row.areas) for area in areas] for row in train]
    arguments = TrainingArguments(
        batch_size=BATCH, num_epochs=1, max_steps=STEPS, seed=SEED, report_to="none", save_strategy="no",
        output_dir=mkdtemp(), show_progress_bar=False,
    )  # fmt: skip
    trainer = Trainer(model=tuned, args=arguments)
    in_bf16(tuned.model_body)
    tuned.model_body.max_seq_length = LONGEST_PAIRED
    trainer.train_embeddings(texts(train), labels)
    tuned.model_body.max_seq_length = LONGEST
    trainer.train_classifier(texts(train), labels)

    def vectors(rows: Rows) -> "csr_matrix":
        return csr_matrix(np.asarray(tuned.encode(texts(rows)), dtype=np.float64))

    def decide(rows: Rows) -> Booleans:
        return np.asarray(tuned.predict(texts(rows), as_numpy=True)).astype(bool)

    seen = vectors(train)
    heads = [head_of(seen, truth) for truth in np.array(labels, dtype=bool).T]

    def decide_by_threshold(rows: Rows) -> Booleans:
        unseen = vectors(rows)
        return np.stack([head(unseen) for head in heads], axis=1)

    return {
        "SetFit (package), 2,560 pairs": decide,
        "SetFit (package), thresholds chosen as above": decide_by_threshold,
    }


def in_bf16(encoder: Any) -> None:
    """Matrices are multiplied in bf16 where the CPU does so natively, as in nlp.embeddings: three times as fast."""
    import torch

    forward = encoder.forward

    def quicker(*parts: Any, **named: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bf16()):
            return forward(*parts, **named)

    encoder.forward = quicker


def bertopic(train: Rows, areas: list[str], model: Path) -> dict[str, Decide]:
    """Topics of the training items, each with the areas of most of its items."""
    from bertopic import BERTopic  # type: ignore[import-not-found]  # in its own environment
    from sentence_transformers import SentenceTransformer
    from umap import UMAP  # type: ignore[import-not-found]  # in its own environment

    encoder = SentenceTransformer(str(model), device="cpu", local_files_only=True)
    in_bf16(encoder)
    topics = BERTopic(
        embedding_model=encoder, min_topic_size=SMALLEST_TOPIC, umap_model=UMAP(n_components=5, random_state=SEED)
    )
    place = np.array(topics.fit_transform(texts(train))[0])
    truth = np.array([[area in row.areas for area in areas] for row in train])
    shares = {each: truth[place == each].mean(axis=0) for each in np.unique(place) if each >= 0}

    def decide(rows: Rows) -> Booleans:
        found, _ = topics.transform(texts(rows))
        return np.array([shares.get(each, np.zeros(len(areas))) >= 0.5 for each in found])

    return {"BERTopic (package)": decide}


def texts(rows: Rows) -> list[str]:
    return [encoder_text(row.document) for row in rows]


if __name__ == "__main__":
    main()
