"""Verbs on briefs: write them, verify them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from horizon.cli.options import (
    AreaOfGroup,
    AsJson,
    AsOf,
    DataDir,
    Kind,
    Sources,
    WeekText,
    clock,
    emit,
    open_existing,
    source_words,
    week_of,
    words,
)
from horizon.errors import StoreError, UsageError

if TYPE_CHECKING:
    from flows.workspace import Workspace

_HEAD = re.compile("[0-9a-f]{12,64}")
FORMATS = "json,html,pdf,docx,md,xlsx"
ISSUED = ("briefs", "refused", "mismatches")
LANGUAGES: dict[str, tuple[str, ...]] = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (brief, verify):
        app.command()(verb)


def brief(
    week: WeekText = "last",
    kind: Kind = "weekly",
    area: AreaOfGroup = None,
    lang: Annotated[Literal["zh", "en", "both"], typer.Option(help="Language.")] = "both",
    formats: Annotated[str, typer.Option("--format", help=f"Comma-separated: {FORMATS}.")] = FORMATS,
    sources: Sources = "all",
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a brief up to a week that has been scored, verify it, and publish it if it holds; else exit code 1."""
    from flows.editions import editions_of, issue_edition
    from flows.scan import WeeklyParams

    now = clock(as_of)
    with open_existing(data) as work, work.exclusive():
        params = WeeklyParams(
            week=week_of(week, now), sources=source_words(sources), languages=LANGUAGES[lang], formats=words(formats)
        )
        issued = [issue_edition(work, params, edition, now) for edition in editions_of(work, kind, area)]
    told = {name: [str(each) for one in issued for each in getattr(one, name)] for name in ISSUED}
    emit({"week": str(params.week), **told}, as_json, "\n".join(line for one in issued for line in one.lines))
    if told["mismatches"]:
        raise typer.Exit(1)


def verify(
    file: Annotated[Path | None, typer.Argument(help="A brief.json.")] = None,
    store: Annotated[
        bool, typer.Option("--store", help="Try every stored record instead of, or before, a brief.")
    ] = False,
    ledger: Annotated[bool, typer.Option("--ledger", help="Walk the chain of the ledger.")] = False,
    head: Annotated[
        str | None, typer.Option(help="With --ledger: a digest that a brief printed, or its first 12 signs or more.")
    ] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every number of a brief and check every quote and link; exit code 1 on any mismatch."""
    if file is None and not store and not ledger:
        raise UsageError("expected a brief.json, --store or --ledger; found none of them")
    if file is not None and not file.is_file():
        raise UsageError(f"expected the brief.json of an issue, found no file {file}; see `briefs` in the data folder")
    if head is not None and not (ledger and _HEAD.fullmatch(head)):
        raise UsageError(f"expected --head with --ledger and 12 to 64 signs of a digest, found {head!r}; copy it whole")
    with open_existing(data) as work:
        damage = work.store.check(records=True) if store else []
        broken = work.store.verify_chain(head) if ledger else []
        end = work.store.ledger_head() if ledger else None
        # What a damaged store says proves nothing of a brief.
        faults = _mismatches(work, file) if file and not damage else []
    held = [] if damage or not store else ["the store is whole: every record can be read"]
    held += [] if broken or end is None else [f"the ledger is whole: {end.rows} rows, head {end.sha256}"]
    held += [] if damage or faults or file is None else [f"{file}: every number and quote holds"]
    told = [*(f"DAMAGED {fault}" for fault in damage), *(f"BROKEN {fault}" for fault in broken), *faults]
    found: dict[str, object] = {"mismatches": faults}
    found |= {"file": str(file)} if file else {}
    found |= {"damage": damage} if store else {}
    found |= {"ledger": broken, "rows": end.rows, "head": end.sha256} if end else {}
    emit(found, as_json, "\n".join([*told, *held]))
    if damage:
        raise StoreError(f"{len(damage)} stored records are damaged; put back a copy of the database")
    if faults or broken:
        raise typer.Exit(1)


def _mismatches(work: "Workspace", file: Path) -> list[str]:
    from flows.briefs import verify_file

    return verify_file(work, file)
