"""The verb of the term channel: what grows outside the taxonomy."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from horizon.cli.options import Output
from horizon.errors import UsageError
from horizon.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(signals)


def signals(
    file: Annotated[
        Path,
        typer.Argument(
            help="Parquet or JSONL with id,title,abstract,authors,categories,date; "
            "the last author stands for the group, the first category is the primary one."
        ),
    ],
    output: Output,
    as_of: Annotated[str, typer.Option("--as-of", help="Day such as 2026-11-22; nothing dated later is read.")],
) -> None:
    """Find at most ten terms outside the taxonomy that grow beyond chance, with the evidence."""
    from flows.places import Placer
    from nlp.model_file import SHIPPED, load_model
    from taxonomy.load import load_taxonomy
    from trends.signals.files import signals_file
    from trends.signals.ranking import shipped_model

    settings = Settings()
    taxonomy = load_taxonomy(settings.taxonomy_dir)
    placer = Placer(taxonomy, load_model(settings.model_dir or SHIPPED)[0].labelled)
    found = signals_file(
        file, output, _day(as_of), taxonomy, shipped_model(), processes=os.cpu_count() or 1, place=placer.place
    )
    for line in found.problems:
        typer.echo(line, err=True)
    skipped = f"{len(found.problems)} rows skipped, {found.repeated} repeated, {found.later} after {as_of} passed over"
    typer.echo(f"{found.documents} documents read, {skipped}; {found.signals} signals: {output}", err=True)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise UsageError(f"expected a day such as 2026-11-22, found {text!r}; write it as year-month-day") from None
