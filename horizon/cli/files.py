"""Verbs over files: classify, momentum, train, evaluate. The store is not needed."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from horizon.cli.options import (
    AsJson,
    AsOf,
    DataDir,
    Output,
    Sources,
    WeekText,
    clock,
    emit,
    open_existing,
    source_words,
    week_of,
)
from horizon.errors import UsageError
from horizon.settings import Settings

if TYPE_CHECKING:
    from nlp.classifier import Classifier

Model = Annotated[
    Path | None, typer.Option("--model", help="Folder of a trained classifier (default: the shipped one).")
]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (classify, momentum, train, evaluate):
        app.command()(verb)


def classify(
    file: Annotated[
        Path | None,
        typer.Argument(help="JSONL, CSV or Parquet with id,title,abstract[,codes]; other columns are passed over."),
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="JSONL to write; whole or not at all.")] = None,
    model: Model = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print for each item why, instead of writing a file.")
    ] = False,
    week: WeekText = "last",
    sources: Sources = "all",
    as_of: AsOf = None,
    data: DataDir = None,
) -> None:
    """Say which areas and routes the items of a file belong to; without a file, the third step of a scan."""
    if file is None:
        _classify_stored(week, sources, as_of, data)
    elif explain:
        typer.echo(_explained(file, model), nl=False)
    elif output is None:
        raise UsageError("expected a file to write to, found none; add -o OUT.jsonl, or --explain to read it here")
    else:
        _classify_file(file, output, model)


def _classify_stored(week: str, sources: str, as_of: str | None, data: Path | None) -> None:
    from flows import steps
    from flows.scan import WeeklyParams, open_weekly_run

    now = clock(as_of)
    with open_existing(data) as work, work.exclusive():
        run, _ = open_weekly_run(work, WeeklyParams(week=week_of(week, now), sources=source_words(sources)), now)
        typer.echo(f"{run.week}: {steps.classify_new(work, run)} items classified")


def _explained(file: Path, model: Path | None) -> str:
    from nlp.documents import DocumentFile
    from nlp.explain import explain

    classifier = _classifier(model)
    documents = DocumentFile(file)
    text = "\n".join(explain(document, classifier.taxonomy, classifier) for document in documents)
    return text + "".join(f"{issue.message}\n" for issue in documents.issues)


def _classify_file(file: Path, output: Path, model: Path | None) -> None:
    from tqdm import tqdm

    from nlp.classify_file import classify_file

    classifier = _classifier(model)
    with tqdm(unit=" items", disable=None) as bar:

        def advance(done: int) -> None:
            bar.update(done - bar.n)

        found = classify_file(file, output, classifier, processes=os.cpu_count() or 1, progress=advance)
    for issue in found.issues:
        typer.echo(issue.message, err=True)
    typer.echo(f"{found.written} items classified, {found.in_some_area} of them in an area: {output}", err=True)


def _classifier(model: Path | None) -> "Classifier":
    from nlp.classifier import Classifier
    from taxonomy.load import load_taxonomy

    settings = Settings()
    return Classifier.load(model or settings.model_dir, load_taxonomy(settings.taxonomy_dir))


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
    labels: Annotated[Path | None, typer.Option(help="Labelled items (default: those of the shared data).")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Model folder (default: the shipped one).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the classifier of areas; the same labels and taxonomy give the same bytes."""
    from nlp.model_file import SHIPPED
    from nlp.train import train as train_model
    from taxonomy.load import load_taxonomy

    settings = Settings()
    source = labels or settings.shared_data / "labels" / "train.jsonl"
    card = train_model(source, load_taxonomy(settings.taxonomy_dir), output or settings.model_dir or SHIPPED)
    text = f"trained on {card.rows} items, macro-F1 {card.macro_f1:.3f} in cross-validation; sha256 {card.sha256}"
    emit(card.model_dump(mode="json"), as_json, text)


def evaluate(
    labels: Annotated[Path | None, typer.Option(help="Labelled items (default: dev of the shared data).")] = None,
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """Report precision, recall and F1 by area on labelled items, with bootstrap intervals."""
    from nlp.evaluate import evaluate as evaluate_model

    report = evaluate_model(labels or Settings().shared_data / "labels" / "dev.jsonl", _classifier(model))
    emit(asdict(report), as_json, report.to_markdown())
