"""Verbs over classifiers: train and evaluate."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from horizon.cli.files import ModelDir, load_classifier
from horizon.cli.options import AsJson, AsOf, DataDir, clock, emit, open_workspace
from horizon.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from flows.workspace import Workspace
    from nlp.features import Document


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (train, evaluate):
        app.command()(verb)


def train(
    labels: Annotated[
        list[Path] | None, typer.Option(help="Labelled items; may be given again (default: all of the shared data).")
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(help="Labelled items that judge the model, in a training without them (default: dev)."),
    ] = None,
    verdicts: Annotated[
        list[Path] | None, typer.Option(help="Further verdicts of experts, beside those in the store.")
    ] = None,
    area: Annotated[
        str | None, typer.Option(help="Only add this area, from its file in the taxonomy and its --labels.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Model folder (default: that of the model in force).")
    ] = None,
    words_only: Annotated[bool, typer.Option(help="Without the sentence encoder: quicker and less precise.")] = False,
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Train the classifier on labels and verdicts; a worse one is refused. The same inputs give the same bytes."""
    from flows.teaching import TrainParams, train_and_publish

    with open_workspace(data) as work:
        if area is not None:
            _teach_area(work, area, labels or [], output, as_json)
            return
        params = TrainParams(tuple(labels or ()), held_out, tuple(verdicts or ()), output, words_only)
        published = train_and_publish(work, params, clock(as_of))
    emit(
        {
            "card": published.card.model_dump(mode="json"),
            "held_out": None if published.report is None else asdict(published.report),
            "verdicts": None if published.comparison is None else asdict(published.comparison),
            "changes": [asdict(each) for each in published.changes],
            "not_compared": published.unreadable,
        },
        as_json,
        published.to_text(),
    )


def _teach_area(work: "Workspace", area: str, labels: list[Path], output: Path | None, as_json: bool) -> None:
    from flows.teaching import teach_area

    if len(labels) != 1:
        raise UsageError(f"expected one file of labelled items of {area} (--labels), found {len(labels)}; name one")
    card, folder = teach_area(work, area, labels[0], output)
    found = card.areas[area]
    text = f"{area}: {found.positives} labelled items, threshold {found.threshold}; model {card.sha256} in {folder}"
    emit(card.model_dump(mode="json"), as_json, f"{text}; set HORIZON_MODEL_DIR={folder} to scan with it")


def evaluate(
    labels: Annotated[Path | None, typer.Option(help="Labelled items (default: dev of the shared data).")] = None,
    model: ModelDir = None,
    stream: Annotated[
        Path | None,
        typer.Option(
            help="Unlabelled items as a week brings them, to estimate the precision there (default: those of "
            "the last 8 weeks in the data folder, if any)."
        ),
    ] = None,
    as_is: Annotated[
        bool, typer.Option(help="Measure the model itself even on items that it was trained on, which flatters it.")
    ] = False,
    card: Annotated[bool, typer.Option(help="Also write card.md into the model's folder.")] = False,
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Precision, recall, F1, calibration and reliability by area, source and era, with bootstrap intervals."""
    from flows.teaching import measure
    from nlp.model_card import write_model_card
    from nlp.model_file import SHIPPED

    classifier = load_classifier(model)
    with open_workspace(data) as work:
        documents = _stream(work, stream, clock(as_of))
        report, seen = measure(work, classifier, labels, documents, as_is=as_is)
        if card and as_is and seen:
            message = f"expected held-out items for the card, found {seen} of {report.rows} that it was trained on"
            raise UsageError(f"{message}; leave --as-is or --card out")
        if card and classifier.card is not None:
            write_model_card(model or work.settings.model_dir or SHIPPED, classifier.card, report)
    if seen:
        typer.echo(_seen_before(seen, report.rows, as_is), err=True)
    emit(asdict(report), as_json, report.to_markdown())


def _seen_before(seen: int, rows: int, as_is: bool) -> str:
    told = f"the model was trained on {seen} of these {rows} items"
    return f"{told}: these numbers flatter it" if as_is else f"{told}: measured is its twin, trained without them"


def _stream(work: "Workspace", file: Path | None, now: "datetime") -> "Iterable[Document]":
    from flows.teaching import recent_documents
    from nlp.documents import DocumentFile

    return recent_documents(work, now) if file is None else DocumentFile(file)
