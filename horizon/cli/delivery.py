"""The verb that sends a brief to those who read it."""

from pathlib import Path
from typing import Annotated

import typer

from horizon.cli.options import AreaOfGroup, AsJson, DataDir, Kind, WeekText, clock, emit, open_existing, week_of


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command()(deliver)


def deliver(
    week: WeekText = "last",
    kind: Kind = "weekly",
    area: AreaOfGroup = None,
    dry_run: Annotated[
        Path | None, typer.Option("--dry-run", help="Write what would be sent into this folder; nothing is sent.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Send also to those who have it.")] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Verify a week's brief and send it, once, to every target of HORIZON_DELIVERY_FILE; exit code 3 on a failure."""
    from flows.delivery import Outside, deliver_week, told
    from flows.editions import editions_of

    with open_existing(data) as work, work.exclusive():
        chosen, outside = week_of(week, clock(None)), Outside(work.settings.environ)
        editions = editions_of(work, kind, area)
        done = [each for one in editions for each in deliver_week(work, chosen, outside, dry_run, again, one)]
    emit([each.model_dump(mode="json") for each in done], as_json, "\n".join(map(told, done)))
    if any(each.status == "failed" for each in done):
        raise typer.Exit(3)
