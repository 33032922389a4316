"""Verbs that run the pipeline: scan, backfill, demo, and the single steps."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from horizon.cli.options import (
    AsJson,
    AsOf,
    DataDir,
    Sources,
    WeekText,
    clock,
    emit,
    open_existing,
    open_workspace,
    source_words,
    week_of,
)
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from flows.scan import ScanSummary
    from flows.workspace import Workspace
    from horizon.records import Run

Prefect = Annotated[bool, typer.Option("--prefect", help="Run as a Prefect flow, with retries and artifacts.")]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (scan, backfill, demo, crawl, ingest, score):
        app.command()(verb)


def scan(
    week: WeekText = "last",
    sources: Sources = "all",
    as_of: AsOf = None,
    data: DataDir = None,
    prefect: Prefect = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Then build the site and send the brief where a delivery file says.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The weekly flow, once: crawl, ingest, classify, count, score, brief, verify."""
    from flows.scan import WeeklyParams, run_weekly_scan

    now = clock(as_of)
    params = WeeklyParams(week=week_of(week, now), sources=source_words(sources))
    if prefect:
        from flows.weekly_scan import weekly_scan

        summary = weekly_scan(params, now=now, data_dir=data)
    else:
        with open_workspace(data) as work:
            summary = run_weekly_scan(work, params, now)
    if publish and not summary.mismatches:
        _publish(summary.week, data)
    _report(summary, as_json)


def _publish(week: IsoWeek, data: Path | None) -> None:
    from flows.publication import publish_issues

    with open_workspace(data) as work, work.exclusive():
        done = publish_issues(work, week)
    typer.echo("\n".join(done.lines), err=True)
    if not done.complete:
        raise typer.Exit(3)


def backfill(
    since: Annotated[str, typer.Option(help="First ISO week.")],
    until: Annotated[str, typer.Option(help="Last ISO week.")],
    sources: Sources = "all",
    as_of: AsOf = None,
    data: DataDir = None,
    prefect: Prefect = False,
    as_json: AsJson = False,
) -> None:
    """Harvest, classify and count a span of weeks; the history that scores need."""
    from flows.scan import BackfillParams, run_backfill

    now = clock(as_of)
    params = BackfillParams(since=IsoWeek.parse(since), until=IsoWeek.parse(until), sources=source_words(sources))
    if prefect:
        from flows.backfill import backfill as backfill_flow

        summary = backfill_flow(params, now=now, data_dir=data)
    else:
        with open_workspace(data) as work:
            summary = run_backfill(work, params, now)
    _report(summary, as_json)


def demo(
    data: Annotated[
        Path, typer.Option("--data", help="Folder for the demonstration's own database and briefs.")
    ] = Path("var/demo"),
    items_per_week: Annotated[int, typer.Option(help="arXiv items a week; other sources in proportion.")] = 200,
) -> None:
    """The whole product on the simulated world: three years, the last weeks scanned one by one. No key, no network."""
    from flows.demo import run_demo

    for path in run_demo(data, items_per_week):
        typer.echo(path)


def _resume(work: "Workspace", week: str, sources: str, as_of: str | None) -> "tuple[Run, tuple[str, ...]]":
    """The weekly run that a single step belongs to, the same one that `scan` would carry on, and its sources.

    Inside `work.exclusive()`: a step beside a scan would write into the middle of it.
    """
    from flows.scan import WeeklyParams, open_weekly_run, sources_of

    now = clock(as_of)
    params = WeeklyParams(week=week_of(week, now), sources=source_words(sources))
    run = open_weekly_run(work, params, now)[0]
    return run, sources_of(run)[0]


def crawl(week: WeekText = "last", sources: Sources = "all", as_of: AsOf = None, data: DataDir = None) -> None:
    """First step of a scan: fetch the week of each source into its crawl folder."""
    from flows import steps

    failed = False
    with open_workspace(data) as work, work.exclusive():
        run, chosen = _resume(work, week, sources, as_of)
        for source in chosen:
            found = steps.crawl_source(work, run, source)
            if found is None:
                typer.echo(f"{source} {run.week}: already stored")
                continue
            typer.echo(f"{source} {run.week}: {found.fetch.status}, {found.fetch.items} items in {found.folder}")
            failed |= found.fetch.status not in steps.KNOWN
    if failed:
        raise typer.Exit(3)


def ingest(
    week: WeekText = "last",
    sources: Sources = "all",
    as_of: AsOf = None,
    data: DataDir = None,
    from_raw: Annotated[
        bool, typer.Option("--from-raw", help="Parse every archived answer again instead; no feed is asked.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Second step: store what was crawled (crawling first what is not there)."""
    from flows import steps

    failed = False
    with open_workspace(data) as work:
        if from_raw:
            from flows.reingest import run_reingest

            _report(run_reingest(work, source_words(sources), clock(as_of)), as_json)
            return
        with work.exclusive():
            run, chosen = _resume(work, week, sources, as_of)
            for source in chosen:
                found = steps.crawl_source(work, run, source)
                added = 0 if found is None else steps.ingest_crawl(work, run, found)
                failed |= found is not None and found.fetch.status not in steps.KNOWN
                typer.echo(f"{source} {run.week}: {added} items new or changed")
    if failed:
        raise typer.Exit(3)


def score(week: WeekText = "last", sources: Sources = "all", as_of: AsOf = None, data: DataDir = None) -> None:
    """Fourth step: count the weeks that changed and score every series."""
    from flows import steps

    with open_existing(data) as work, work.exclusive():
        run, chosen = _resume(work, week, sources, as_of)
        counted = steps.count_weeks(work, run)
        scored = steps.score_week(work, run, chosen)
        typer.echo(f"{run.week}: {counted} weekly counts and {scored} scores added")


def _report(summary: "ScanSummary", as_json: bool) -> None:
    from flows.summary import as_text

    emit(summary.model_dump(mode="json"), as_json, as_text(summary))
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)
