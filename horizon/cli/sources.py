"""Verbs on the feeds: list, check, crawl one, parse a file; and the doctor, who looks at the whole installation."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from horizon.cli.options import AsJson, AsOf, DataDir, WeekText, clock, emit, open_workspace, week_of
from horizon.errors import SourceError, UsageError
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from flows.doctor import Finding
    from flows.workspace import Workspace

app = typer.Typer(help="The feeds.", no_args_is_help=True)
SourceName = Annotated[str, typer.Argument(help="Source id; see `horizon sources list`.")]
Online = Annotated[bool, typer.Option("--online", help="Ask each source one small question too.")]


@app.command("list")
def list_sources(data: DataDir = None, as_json: AsJson = False) -> None:
    """List the feeds that Horizon can crawl, and whether each has its key."""
    from scrapers.source import list_sources as source_ids

    with open_workspace(data) as work:
        rows = [_row(work, name) for name in source_ids()]
    emit(rows, as_json, "\n".join(f"{row['id']:20} {row.get('title', '')}: {row['state']}" for row in rows))


def _row(work: "Workspace", name: str) -> dict[str, str | float]:
    from scrapers.source import load_source

    try:
        source = load_source(name)
    except SourceError as error:
        return {"id": name, "state": f"wrong: {error}"}
    missing = source.missing_keys(work.settings.environ, work.drop(name))
    state = "disabled: no key" if missing else "ready" if source.weekly else "ready, read when named"
    row: dict[str, str | float] = {"id": source.id, "title": source.title.en, "state": state, "kind": source.kind}
    return row | {"dialect": source.dialect, "trust": source.trust, "delay_s": source.politeness.delay_s}


@app.command("check")
def check(
    source: Annotated[str | None, typer.Argument(help="Source id (default: all).")] = None,
    online: Online = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Check each feed's file, code and key; exit code 1 when one cannot be used."""
    from flows.doctor import check_sources

    with open_workspace(data) as work:
        _report(check_sources(work, (source,) if source else (), online), as_json)


@app.command("crawl")
def crawl(
    source: SourceName,
    week: WeekText = "last",
    since: Annotated[str | None, typer.Option(help="First day, instead of a week.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Crawl folder (default: in the data folder).")] = None,
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Crawl one feed into a folder and store nothing; `items.jsonl.gz` in it holds what came."""
    from flows.steps import Window, crawl_folder
    from scrapers.run import EXIT_CODES
    from scrapers.source import load_source

    now = clock(as_of)
    if (since is None) != (until is None):
        raise UsageError("expected --since and --until together, or --week; found one of the two")
    if since is not None and until is not None:
        last_day = _day(until)
        window = Window(_day(since), last_day, IsoWeek.of(last_day))
    else:
        chosen = week_of(week, now)
        window = Window(*load_source(source).window(chosen), chosen)
    with open_workspace(data) as work:
        found = crawl_folder(work, source, window, now.date(), out)
    fetch = found.fetch
    because = f" ({fetch.reason})" if fetch.reason else ""
    emit(
        fetch.model_dump(mode="json") | {"folder": str(found.folder)},
        as_json,
        f"{source} {fetch.since} to {fetch.until}: {fetch.status}, {fetch.items} items in {found.folder}{because}",
    )
    if EXIT_CODES[fetch.status]:
        raise typer.Exit(EXIT_CODES[fetch.status])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"expected a day such as 2026-11-16, found {text!r}") from None


@app.command("parse")
def parse(
    source: SourceName,
    file: Annotated[Path, typer.Argument(help="Raw answer or bulk file: plain, gzip, zip, or an answer kept in JSON.")],
) -> None:
    """Print the items of one raw file as JSONL; issues go to standard error. Exit code 1 when a record was refused."""
    from horizon.records import Issue
    from scrapers.crawl import parse_file

    refused = False
    for found in parse_file(source, file):
        if isinstance(found, Issue):
            print(found.model_dump_json(), file=sys.stderr)
            refused |= found.severity == "error"
        else:
            typer.echo(found.model_dump_json())
    if refused:
        raise typer.Exit(1)


def doctor(online: Online = False, as_of: AsOf = None, data: DataDir = None, as_json: AsJson = False) -> None:
    """Look at keys, disk, database, model, clock and every feed's last success; exit code 1 when something fails."""
    from flows.doctor import examine

    with open_workspace(data) as work:
        _report(examine(work, clock(as_of), online), as_json)


def _report(findings: "list[Finding]", as_json: bool) -> None:
    rows = [finding.model_dump() for finding in findings]
    emit(rows, as_json, "\n".join(f"{row['state']:9} {row['subject']}: {row['detail']}" for row in rows))
    if any(finding.state == "failed" for finding in findings):
        raise typer.Exit(1)
