"""Verbs on briefs: write them, verify them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from horizon.cli.options import (
    AsJson,
    AsOf,
    DataDir,
    Sources,
    WeekText,
    clock,
    emit,
    open_workspace,
    source_words,
    week_of,
    words,
)
from horizon.errors import UsageError

LANGUAGES: dict[str, tuple[str, ...]] = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (brief, verify):
        app.command()(verb)


def brief(
    week: WeekText = "last",
    kind: Annotated[Literal["weekly"], typer.Option(help="Kind of brief.")] = "weekly",
    lang: Annotated[Literal["zh", "en", "both"], typer.Option(help="Language.")] = "both",
    formats: Annotated[str, typer.Option("--format", help="Comma-separated: json,html,pdf,md.")] = "json,html,pdf,md",
    sources: Sources = "all",
    as_of: AsOf = None,
    data: DataDir = None,
) -> None:
    """Write the brief of a week that has been scored."""
    from flows import steps
    from flows.scan import WeeklyParams, open_weekly_run

    now = clock(as_of)
    with open_workspace(data) as work:
        params = WeeklyParams(week=week_of(week, now), sources=source_words(sources), languages=LANGUAGES[lang])
        run, _ = open_weekly_run(work, params, now)
        if not work.store.scores(run.week, run.taxonomy, run.model, as_of=run.started):
            message = f"expected scores of {run.week} by this taxonomy and model, found none"
            raise UsageError(message + f"; run `horizon scan --week {run.week}` first")
        for path in steps.write_briefs(work, run, params.languages, words(formats)):
            typer.echo(path)


def verify(
    file: Annotated[Path, typer.Argument(help="A brief.json.")], data: DataDir = None, as_json: AsJson = False
) -> None:
    """Recompute every number of a brief and check every quote and link; exit code 1 on any mismatch."""
    from reports.verify import verify_brief

    with open_workspace(data) as work:
        faults = [str(fault) for fault in verify_brief(file, work.store, work.taxonomy)]
    emit(
        {"file": str(file), "mismatches": faults}, as_json, "\n".join(faults) or f"{file}: every number and quote holds"
    )
    if faults:
        raise typer.Exit(1)
