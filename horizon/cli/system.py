"""Verbs for operators: migrate, export, sources, doctor, replay-server."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from horizon.cli import sources
from horizon.cli.options import DataDir, open_existing
from horizon.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command()(migrate)
    app.command()(export)
    app.command("replay-server")(replay_server)
    app.command()(sources.doctor)
    app.add_typer(sources.app, name="sources")


def migrate(data: DataDir = None) -> None:
    """Bring the database to this version's schema."""
    from store.database import migrate as migrate_database

    applied = migrate_database(Settings.in_folder(data).url)
    typer.echo("\n".join(f"applied {revision}" for revision in applied) or "the schema is up to date")


def export(folder: Annotated[Path, typer.Argument(help="Folder for the Parquet files.")], data: DataDir = None) -> None:
    """Write items, labels, weekly counts, scores, fetches and verdicts as Parquet, for pandas."""
    from store.export import export_parquet

    with open_existing(data) as work:
        for path in export_parquet(work.store, folder):
            typer.echo(path)


def replay_server(
    world: Annotated[Literal["simulated", "corpus"], typer.Option(help="Which records to serve.")] = "simulated",
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    now: Annotated[str | None, typer.Option(help="The server's clock, ISO 8601.")] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Folder of Parquet files (default: arxiv of the shared data).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulated world.")] = 1,
    items_per_week: Annotated[
        int, typer.Option(help="arXiv items a week of the simulated world; other sources in proportion.")
    ] = 1000,
    weeks: Annotated[int, typer.Option(help="Weeks of the simulated world.")] = 156,
    faults: Annotated[Path | None, typer.Option(help="JSON file with a plan of misbehaviours.")] = None,
) -> None:
    """Serve recorded or simulated feeds on this machine, as if live, with a movable clock."""
    from scrapers.replay.__main__ import main

    argv = ["--world", world, "--port", str(port), "--seed", str(seed)]
    argv += ["--items-per-week", str(items_per_week), "--weeks", str(weeks)]
    if faults:
        argv += ["--faults", str(faults)]
    if now:
        argv += ["--now", now]
    if world == "corpus":
        argv += ["--data", str(corpus or Settings().shared_data / "arxiv")]
    raise typer.Exit(main(argv))
