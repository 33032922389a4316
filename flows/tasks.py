"""The steps as Prefect tasks: wrappers round plain functions. They exchange records and paths, never frames."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext

from flows import steps
from flows.briefs import publish_briefs, verify_written, write_briefs
from flows.ledger import issue_predictions, settle_predictions
from flows.scan import Steps
from flows.signals import find_signals
from flows.workspace import Workspace
from horizon.errors import SourceError
from horizon.records import Run

P = ParamSpec("P")
R = TypeVar("R")

CRAWL_RETRIES = 2


def _as_task(step: Callable[P, R]) -> Callable[P, R]:
    # NO_CACHE: idempotency lives in the store; hashing a workspace would only cost
    # (https://github.com/PrefectHQ/prefect/issues/17547).
    return task(name=step.__name__.replace("_", "-"), cache_policy=NO_CACHE, persist_result=False)(step)


def _retry_source_errors(crawl: steps.Crawl | None) -> steps.Crawl | None:
    """Raise while retries are left, so that Prefect waits and tries again; the last ERROR is recorded as it is."""
    context = TaskRunContext.get()
    attempts = context.task_run.run_count if context else CRAWL_RETRIES + 1
    if crawl and crawl.fetch.status == "ERROR" and attempts <= CRAWL_RETRIES:
        raise SourceError(crawl.fetch.reason or "failed", source=crawl.fetch.source)
    return crawl


def _crawl_source(work: Workspace, run: Run, source: str) -> steps.Crawl | None:
    return _retry_source_errors(steps.crawl_source(work, run, source))


def prefect_steps(retry_delays_s: list[float]) -> Steps:
    """All steps as tasks; only the crawl is retried, for it alone depends on others."""
    crawl = task(
        name="crawl-source",
        task_run_name="crawl-{source}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=CRAWL_RETRIES,
        retry_delay_seconds=retry_delays_s,
    )(_crawl_source)
    return Steps(
        crawl_source=crawl,
        crawl_window=_as_task(steps.crawl_window),
        ingest_crawl=_as_task(steps.ingest_crawl),
        classify_new=_as_task(steps.classify_new),
        count_weeks=_as_task(steps.count_weeks),
        score_week=_as_task(steps.score_week),
        rescore_history=_as_task(steps.rescore_history),
        find_signals=_as_task(find_signals),
        settle_predictions=_as_task(settle_predictions),
        issue_predictions=_as_task(issue_predictions),
        write_briefs=_as_task(write_briefs),
        verify_written=_as_task(verify_written),
        publish_briefs=_as_task(publish_briefs),
    )
