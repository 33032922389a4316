"""What a new area needs: each area left out in turn and learnt again from its file and a few labelled items.

    python -m benchmarks.new_area

Trained on `train.jsonl` without the area: neither its labels nor, for vocabulary, rules and presumed non-members, the
items that belong to it. Half of the few items drawn are of the area, half are not. Measured on that area in
`dev.jsonl`.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.labels import RESULT as LABELS
from benchmarks.labels import SHARED, VECTORS
from horizon.errors import UsageError
from nlp.calibration import calibrate
from nlp.classifier import Classifier
from nlp.embeddings import load_encoder
from nlp.heads import Heads
from nlp.labelled import LabelledDocument, read_labels
from nlp.measures import average_precision, f1_by_column
from nlp.model_file import Stage, TrainedModel
from nlp.new_area import grow
from nlp.train import MIN_DF, both_copies, fit_rules
from nlp.training_set import tabulate, training_set
from nlp.vectorizer import Vectorizer
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy, load_taxonomy

RESULT = LABELS.with_name("new_area.md")
SIZES = (8, 16, 24, 50, 100)
Rows = Sequence[LabelledDocument]


def main() -> None:
    """Measure every area at every size and write the table."""
    folder = SHARED / "labels"
    if not folder.is_dir():
        raise UsageError(f"expected labelled items in {folder}, found no folder; set HORIZON_SHARED_DATA")
    found = load_encoder()
    encoder = None if found is None else CachedEncoder(found, None if VECTORS is None else Path(VECTORS))
    taxonomy = load_taxonomy()
    train, dev = (read_labels(folder / f"{name}.jsonl")[0] for name in ("train", "dev"))
    rows, seconds = [], []
    for area in taxonomy.areas:
        begin = time.process_time()
        rows.append(_curve(area.id, train, dev, taxonomy, encoder))
        seconds.append((time.process_time() - begin) / len(SIZES))
        print(area.id, [round(score, 3) for score, _ in rows[-1]], flush=True)
    table = _table([area.id for area in taxonomy.areas], rows, float(np.mean(seconds)))
    RESULT.write_text(table, encoding="utf-8")
    print(table)


def _curve(
    area: str, train: Rows, dev: Rows, taxonomy: Taxonomy, encoder: CachedEncoder | None
) -> list[tuple[float, float]]:
    """(F1, average precision) from no labels, then at each size."""
    others = [row for row in train if area not in row.areas]
    base = _without(area, others, taxonomy, encoder)
    results = [_score(base, area, dev, taxonomy, encoder)]
    random = np.random.default_rng(0)
    members = [row for row in train if area in row.areas]
    yes = [members[place] for place in random.permutation(len(members))]
    no = [others[place] for place in random.permutation(len(others))]
    for size in SIZES:
        few = [*yes[: size // 2], *no[: size - min(size // 2, len(yes))]]
        seen = {row.document.id for row in few}
        rest = [replace(row, areas=frozenset()) for row in others if row.document.id not in seen]
        model, _ = grow(base, area, few, rest, taxonomy, encoder=encoder)
        results.append(_score(model, area, dev, taxonomy, encoder))
    return results


def _without(area: str, others: Rows, taxonomy: Taxonomy, encoder: CachedEncoder | None) -> TrainedModel:
    """The parts of a model that a new area uses, learnt without it: vocabulary and shared rules."""
    examples = training_set(others, taxonomy, weak=False)
    vectorizer = Vectorizer.fit([reading.words for reading in examples.readings], min_df=MIN_DF)
    tables = tabulate(examples, vectorizer, taxonomy, None, 0)
    kept = [column for column, each in enumerate(taxonomy.areas) if each.id != area]
    evidence = np.concatenate([tables.full, tables.dropped])[:, kept]
    labels = both_copies(examples.labels)[:, kept]
    rules = fit_rules(evidence, labels, np.ones(labels.shape))
    shared = calibrate(rules.verdicts(evidence).ravel(), labels.ravel(), precision=0.0)
    width = 0 if encoder is None else encoder.width
    cheap, full = (_no_heads(len(vectorizer.vocabulary), each) for each in (0, width))
    last = Stage(full, {}) if width else None
    return TrainedModel(vectorizer, rules.mean, rules.scale, rules.model, shared, Stage(cheap, {}), last, None)


def _no_heads(grams: int, width: int) -> Heads:
    none = np.zeros((0,))
    return Heads((), np.zeros((grams, 0), np.float32), none, np.zeros((width, 0), np.float32), none)


def _score(
    model: TrainedModel, area: str, dev: Rows, taxonomy: Taxonomy, encoder: CachedEncoder | None
) -> tuple[float, float]:
    classifier = Classifier(model, taxonomy, fingerprint="in-memory", encoder=encoder)
    probabilities, thresholds = classifier.decisions(row.document for row in dev)
    column = classifier.taxonomy_areas.index(area)
    truth = np.array([area in row.areas for row in dev])
    decided = probabilities[:, column] >= thresholds[:, column]
    score = float(f1_by_column(truth[:, None], decided[:, None])[0])
    return score, average_precision(truth, probabilities[:, column])


def _table(areas: Sequence[str], rows: Sequence[Sequence[tuple[float, float]]], seconds: float) -> str:
    names = ["no label", *(f"{size}" for size in SIZES)]
    lines = [f"# A new area from few labels\n\n{(__doc__ or '').split('new_area', 1)[1].strip()}", ""]
    lines += [f"F1 by labelled items; {seconds:.0f} CPU-seconds for one training with its measurement.", ""]
    lines += ["| area left out | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {area} | " + " | ".join(f"{f1:.2f}" for f1, _ in row) + " |" for area, row in zip(areas, rows, strict=True)
    ]
    means = np.array(rows).mean(axis=0)
    lines.append("| **macro-F1** | " + " | ".join(f"**{f1:.3f}**" for f1, _ in means) + " |")
    lines.append("| average precision | " + " | ".join(f"{ap:.3f}" for _, ap in means) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
