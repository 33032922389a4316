"""The weekly scan as a Prefect flow. Works with no server running: Prefect then starts a temporary one."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.publication import publish_issues
from flows.scan import ScanSummary, WeeklyParams, run_weekly_scan
from flows.summary import as_markdown, source_rows
from flows.tasks import prefect_steps
from flows.workspace import Workspace
from horizon.settings import Settings
from horizon.weeks import last_complete_week


@flow(name="weekly-scan", persist_result=False)
def weekly_scan(
    params: WeeklyParams | None = None,
    now: datetime | None = None,
    data_dir: Path | None = None,
    publish: bool = False,
) -> ScanSummary:
    """Scan one week (default: the last complete one) and show a summary and a table of sources.

    With `publish` the site is built and the brief, if it holds, is sent where a delivery file says.
    """
    moment = now or datetime.now(UTC).replace(microsecond=0)
    chosen = params or WeeklyParams(week=last_complete_week(moment))
    with Workspace(Settings.in_folder(data_dir)) as work:
        do = prefect_steps(list(work.settings.crawl_retry_delays_s))
        summary = run_weekly_scan(work, chosen, moment, do)
        delivered = None
        if publish and not summary.mismatches:
            with work.exclusive():
                delivered = publish_issues(work, summary.week)
    show(summary, "weekly-scan")
    if delivered:
        lines = "\n".join(f"- {line}" for line in delivered.lines)
        create_markdown_artifact(key=f"delivery-{str(summary.week).lower()}", markdown=lines)
    return summary


def show(summary: ScanSummary, kind: str) -> None:
    """Put the summary and its table of sources on Prefect's page; keys are lower case with dashes."""
    key = f"{kind}-{str(summary.week).lower()}"
    create_markdown_artifact(key=key, markdown=as_markdown(summary), description="What the scan did")
    create_table_artifact(key=f"{key}-sources", table=source_rows(summary), description="Each source's fetch")


if __name__ == "__main__":
    weekly_scan()
