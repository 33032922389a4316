"""Verbs over files: classify, momentum, train, evaluate. The store is not needed."""

from pathlib import Path
from typing import Annotated

import typer

from horizon.cli.options import AsJson, Output, emit
from horizon.settings import Settings

Model = Annotated[
    Path | None, typer.Option("--model", help="Folder of a trained classifier (default: the shipped one).")
]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (classify, momentum, train, evaluate):
        app.command()(verb)


def classify(
    file: Annotated[
        Path, typer.Argument(help="JSONL, CSV or Parquet with id,title,abstract[,codes,kind,language,date].")
    ],
    output: Output,
    model: Model = None,
) -> None:
    """Say for each item of a file which areas and routes it belongs to, with probability and evidence."""
    from nlp.classifier import Classifier
    from nlp.documents import classify_file
    from taxonomy.load import load_taxonomy

    settings = Settings()
    taxonomy = load_taxonomy(settings.taxonomy_dir)
    report = classify_file(file, output, Classifier.load(model or settings.model_dir, taxonomy))
    for line in report.problems:
        typer.echo(line, err=True)
    typer.echo(f"{report.items} items classified, {report.skipped} rows skipped: {output}", err=True)


def momentum(
    file: Annotated[Path, typer.Argument(help="CSV series,period,count,total; period is YYYY-Www or YYYY-MM.")],
    output: Output,
) -> None:
    """Score the momentum of any weekly or monthly series, with intervals."""
    from trends.tables import momentum_file

    report = momentum_file(file, output)
    for line in report.problems:
        typer.echo(line, err=True)
    typer.echo(f"{report.series} series scored, {report.skipped} rows skipped: {output}", err=True)


def train(
    labels: Annotated[
        Path | None, typer.Option(help="Labelled items (default: labels/train.jsonl of the shared data).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Model folder (default: the shipped one).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the classifier of areas; deterministic, about a minute."""
    from nlp.classifier import SHIPPED_MODEL
    from nlp.train import train as train_model
    from taxonomy.load import load_taxonomy

    settings = Settings()
    source = labels or settings.shared_data / "labels" / "train.jsonl"
    card = train_model(source, load_taxonomy(settings.taxonomy_dir), output or settings.model_dir or SHIPPED_MODEL)
    emit(card.model_dump(mode="json"), as_json, f"trained on {card.items} items; fingerprint {card.fingerprint}")


def evaluate(
    labels: Annotated[
        Path | None, typer.Option(help="Labelled items (default: labels/dev.jsonl of the shared data).")
    ] = None,
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """Report precision, recall and F1 by area on labelled items, with bootstrap intervals."""
    from nlp.classifier import Classifier
    from nlp.evaluate import evaluate as evaluate_model
    from taxonomy.load import load_taxonomy

    settings = Settings()
    classifier = Classifier.load(model or settings.model_dir, load_taxonomy(settings.taxonomy_dir))
    report = evaluate_model(labels or settings.shared_data / "labels" / "dev.jsonl", classifier)
    emit(report.as_dict(), as_json, report.markdown())
