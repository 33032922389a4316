"""Verbs on the feeds: list, check, crawl one, parse a file; and the doctor, who looks at the whole installation."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from horizon.cli.options import (
    AsJson,
    AsOf,
    DataDir,
    WeekText,
    clock,
    emit,
    open_existing,
    open_workspace,
    week_of,
    words,
)
from horizon.errors import SourceError, UsageError
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from flows.doctor import Finding
    from flows.steps import Window
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
    emit(rows, as_json, "\n".join(_line(row) for row in rows))


def _line(row: "dict[str, str | float]") -> str:
    doubt = ", low trust" if row.get("trust") == "low" else ""
    return f"{row['id']:20} {row.get('title', '')}: {row['state']}{doubt}"


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
    query: Annotated[str | None, typer.Option(help="arxiv_query only: a search in arXiv's own language.")] = None,
    ids: Annotated[str | None, typer.Option(help="arxiv_query only: papers by id, with commas between.")] = None,
    items: Annotated[bool, typer.Option("--items", help="Print the items as JSONL, the verdict to stderr.")] = False,
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Crawl one feed into a folder and store nothing; `items.jsonl.gz` in it holds what came.

    Exit code 3 when something of the window is known to lack, as for a scan.
    """
    from flows.questions import ask
    from flows.steps import KNOWN, crawl_folder
    from scrapers.crawl import read_items

    now = clock(as_of)
    window = _window(source, week, since, until, now)
    with open_workspace(data) as work:
        if query is None and ids is None:
            found = crawl_folder(work, source, window, now.date(), out)
        else:
            named = words(ids) if ids is not None else ()
            found = ask(work, window, now.date(), query=query or "", ids=named, out=out, source=source)
    fetch = found.fetch
    because = f" ({fetch.reason})" if fetch.reason else ""
    emit(
        fetch.model_dump(mode="json") | {"folder": str(found.folder)},
        as_json,
        f"{source} {fetch.since} to {fetch.until}: {fetch.status}, {fetch.items} items in {found.folder}{because}",
        to_stderr=items,
    )
    for item in read_items(found.folder) if items else ():
        typer.echo(item.model_dump_json())
    if fetch.status not in KNOWN:
        raise typer.Exit(3)


def _window(source: str, week: str, since: str | None, until: str | None, now: datetime) -> "Window":
    from flows.steps import Window
    from scrapers.source import load_source

    given = load_source(source)
    if (since is None) != (until is None):
        raise UsageError("expected --since and --until together, or --week; found one of the two")
    if since is not None and until is not None:
        last_day = _day(until)
        return Window(_day(since), last_day, IsoWeek.of(last_day))
    chosen = week_of(week, now)
    return Window(*given.window(chosen), chosen)


@app.command("check-completeness")
def check_completeness(
    repair: Annotated[bool, typer.Option("--repair", help="Fetch what is missing by id, and store it.")] = False,
    kept: Annotated[bool, typer.Option("--kept", help="Compare what is kept; ask no feed for today's.")] = False,
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Compare arXiv's daily announcements with the papers held; exit code 1 when one is missing. Run it daily."""
    from flows.completeness import as_text
    from flows.completeness import check_completeness as check_held

    with open_existing(data) as work:
        found = check_held(work, clock(as_of), crawl=not kept, repair=repair)
    emit(found.model_dump(mode="json"), as_json, as_text(found))
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"expected a day such as 2026-11-16, found {text!r}") from None


@app.command("parse")
def parse(
    source: SourceName,
    file: Annotated[Path, typer.Argument(help="Raw answer or bulk file: plain, gzip, zip, or an answer kept in JSON.")],
    as_json: AsJson = False,
) -> None:
    """Print the items of one raw file as JSONL; issues go to standard error. Exit code 1 when a record was refused.

    With --json one document holds both.
    """
    from horizon.records import Issue
    from scrapers.crawl import parse_file

    issues: list[Issue] = []
    opened = '{"items": [' if as_json else ""
    between = opened
    for found in parse_file(source, file):
        if isinstance(found, Issue):
            issues.append(found)
            if not as_json:
                print(found.model_dump_json(), file=sys.stderr)
        else:
            typer.echo((between if as_json else "") + found.model_dump_json())
            between = ", "
    if as_json:
        told = ", ".join(issue.model_dump_json() for issue in issues)
        typer.echo(f'{opened if between == opened else ""}], "issues": [{told}]}}')
    if any(issue.severity == "error" for issue in issues):
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
