"""Options that several verbs share, and how results are printed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from horizon.errors import UsageError
from horizon.settings import Settings
from horizon.weeks import IsoWeek, last_complete_week

if TYPE_CHECKING:
    from flows.workspace import Workspace

DataDir = Annotated[Path | None, typer.Option("--data", help="Data folder (default: HORIZON_DATA_DIR or ./var).")]
Sources = Annotated[
    str, typer.Option("--sources", help="Comma-separated source ids, or `all` for every weekly source with its key.")
]
WeekText = Annotated[
    str, typer.Option("--week", help="ISO week such as 2026-W47, or `last` for the last complete one.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Clock of the run, ISO 8601 (default: now); nothing later is read.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Kind = Annotated[Literal["weekly", "quarterly", "group"], typer.Option("--kind", help="Kind of brief.")]
AreaOfGroup = Annotated[str | None, typer.Option("--area", help="With --kind group: the group's area, or `all`.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="File to write; appears whole or not at all.")]


def clock(as_of: str | None) -> datetime:
    """The run's time: given, or the machine's clock (the only place but flows that looks at it)."""
    if as_of is None:
        # Whole seconds: what is stored and printed knows no finer time.
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        raise UsageError(f"expected a time such as 2026-11-23T09:00, found {as_of!r}") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC, microsecond=0).astimezone(UTC)


def week_of(text: str, now: datetime) -> IsoWeek:
    return last_complete_week(now) if text == "last" else IsoWeek.parse(text)


def words(text: str) -> tuple[str, ...]:
    """Split a comma-separated option, each word once; raises UsageError when none is left."""
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not found:
        raise UsageError(f"expected one or more words with commas between, found {text!r}")
    return found


def source_words(text: str) -> tuple[str, ...]:
    """The sources named; none stands for all."""
    return () if text.strip() == "all" else words(text)


def open_workspace(data_dir: Path | None) -> "Workspace":
    from flows.workspace import Workspace

    return Workspace(Settings.in_folder(data_dir))


def open_existing(data_dir: Path | None) -> "Workspace":
    """The workspace of a verb that only makes sense on what was scanned before.

    Raises UsageError where there is no database: a mistyped folder is told, not made.
    """
    work = open_workspace(data_dir)
    if not work.has_database:
        place = work.settings.database_url or f"the folder {work.settings.data_dir}"
        raise UsageError(f"expected a database of Horizon in {place}, found none; name the right folder with --data")
    return work


def emit(value: Any, as_json: bool, text: str, to_stderr: bool = False) -> None:
    """Print `value` as JSON, or the text made for people."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str) if as_json else text, err=to_stderr)
