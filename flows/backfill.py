"""The backfill as a Prefect flow."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow

from flows.scan import BackfillParams, ScanSummary, run_backfill
from flows.tasks import prefect_steps
from flows.weekly_scan import show
from flows.workspace import Workspace
from horizon.settings import Settings


@flow(name="backfill", persist_result=False)
def backfill(params: BackfillParams, now: datetime | None = None, data_dir: Path | None = None) -> ScanSummary:
    """Harvest, classify and count a span of weeks."""
    with Workspace(Settings.in_folder(data_dir)) as work:
        do = prefect_steps(list(work.settings.crawl_retry_delays_s))
        summary = run_backfill(work, params, now or datetime.now(UTC).replace(microsecond=0), do)
    show(summary, "backfill")
    return summary
