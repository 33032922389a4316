"""The quarterly and the expert groups' editions as a Prefect flow; it crawls nothing, the weekly scan has."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.editions import Issued, issue_quarter
from flows.publication import publish_issues
from flows.scan import WeeklyParams
from flows.workspace import Workspace
from horizon.errors import RenderError
from horizon.settings import Settings
from horizon.weeks import last_complete_week
from reports.inputs import Edition


@flow(name="quarter", persist_result=False)
def quarter(
    params: WeeklyParams | None = None,
    groups: bool = True,
    publish: bool = False,
    now: datetime | None = None,
    data_dir: Path | None = None,
) -> tuple[Issued, ...]:
    """Write the editions up to one week (default: the last complete one); with `publish` build the site and deliver.

    Raises RenderError, after all others are done, where one was refused or not delivered: the run is seen to fail.
    """
    moment = now or datetime.now(UTC).replace(microsecond=0)
    chosen = params or WeeklyParams(week=last_complete_week(moment))
    with Workspace(Settings.in_folder(data_dir)) as work, work.exclusive():
        issued = issue_quarter(work, chosen, moment, groups)
        held = [Edition(each.kind, each.area) for each in issued if not each.refused]
        done = publish_issues(work, chosen.week, held) if publish and held else None
    lines = [*(line for each in issued for line in each.lines), *(done.lines if done else ())]
    create_markdown_artifact(
        key=f"quarter-{str(chosen.week).lower()}", markdown="\n".join(f"- {line}" for line in lines)
    )
    if any(each.refused for each in issued) or (done and not done.complete):
        raise RenderError(
            f"expected {len(issued)} editions of {chosen.week} to hold and to reach their readers, found {lines}; "
            "see `refused` in the data folder"
        )
    return issued
