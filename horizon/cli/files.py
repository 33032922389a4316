"""Verbs over files: classify, momentum. The store is not needed."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from horizon.cli.options import (
    AsOf,
    DataDir,
    Output,
    Sources,
    WeekText,
    clock,
    open_existing,
    source_words,
    week_of,
)
from horizon.errors import UsageError
from horizon.settings import Settings

if TYPE_CHECKING:
    from nlp.classifier import Classifier

ModelDir = Annotated[
    Path | None, typer.Option("--model", help="Folder of a trained classifier (default: the shipped one).")
]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (classify, momentum):
        app.command()(verb)


def classify(
    file: Annotated[
        Path | None,
        typer.Argument(help="JSONL, CSV or Parquet with id,title,abstract[,codes]; other columns are passed over."),
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="JSONL to write; whole or not at all.")] = None,
    model: ModelDir = None,
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

    classifier = load_classifier(model)
    documents = DocumentFile(file)
    text = "\n".join(explain(document, classifier.taxonomy, classifier) for document in documents)
    return text + "".join(f"{issue.message}\n" for issue in documents.issues)


def _classify_file(file: Path, output: Path, model: Path | None) -> None:
    from tqdm import tqdm

    from nlp.classify_file import classify_file

    classifier = load_classifier(model)
    with tqdm(unit=" items", disable=None) as bar:

        def advance(done: int) -> None:
            bar.update(done - bar.n)

        found = classify_file(file, output, classifier, processes=os.cpu_count() or 1, progress=advance)
    for issue in found.issues:
        typer.echo(issue.message, err=True)
    typer.echo(f"{found.written} items classified, {found.in_some_area} of them in an area: {output}", err=True)


def load_classifier(model: Path | None) -> "Classifier":
    """The classifier of a folder, or the one in force."""
    from nlp.classifier import Classifier
    from taxonomy.load import load_taxonomy

    settings = Settings()
    taxonomy = load_taxonomy(settings.taxonomy_dir)
    return Classifier.load(model or settings.model_dir, taxonomy, encoder_dir=settings.embedding_model)


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
