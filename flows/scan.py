"""The order of a weekly scan and of a backfill, said once; plain by default, under Prefect with its tasks as steps."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flows import steps
from flows.briefs import publish_briefs, verify_written, write_briefs
from flows.choose import choose_sources
from flows.ledger import issue_predictions, settle_predictions
from flows.signals import find_signals
from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.records import Fetch, Run, SourceId, Week
from horizon.weeks import IsoWeek, weeks_between

LANGUAGES = ("zh", "en")
FORMATS = ("json", "html", "pdf", "docx", "md", "xlsx")


class WeeklyParams(BaseModel):
    """What an operator or analyst may choose of a weekly scan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    week: Week
    sources: tuple[SourceId, ...] = ()
    """None: every weekly source whose key is there."""
    languages: tuple[str, ...] = LANGUAGES
    formats: tuple[str, ...] = FORMATS


class BackfillParams(BaseModel):
    """A span of weeks to harvest, classify and count; no brief is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: Week
    until: Week
    sources: tuple[SourceId, ...] = ()


class ScanSummary(BaseModel):
    """What one scan did; the same numbers as in the operator's artifact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    week: Week
    repeated: bool = False
    """True when the same scan had been done before and nothing was left to do."""
    fetches: tuple[Fetch, ...] = ()
    ingested: int = 0
    classified: int = 0
    counted: int = 0
    scored: int = 0
    rescored_weeks: int = 0
    """Earlier weeks scored again because the classifier or the taxonomy changed."""
    signals: int = 0
    """Lists of signals and of items of no consensus added: one of each a source, empty or not."""
    settled: int = 0
    predicted: int = 0
    """Rows added to the ledger."""
    briefs: tuple[Path, ...] = ()
    """Published files."""
    refused: tuple[Path, ...] = ()
    """Files of a brief that was not published, for its mismatches."""
    mismatches: tuple[str, ...] = ()
    disabled: tuple[SourceId, ...] = ()
    """Sources left out for want of a key."""

    @property
    def complete(self) -> bool:
        return all(fetch.status in steps.KNOWN for fetch in self.fetches)

    @property
    def exit_code(self) -> int:
        """0 done, 1 a check failed, 3 a source failed."""
        if not self.complete:
            return 3
        return 1 if self.mismatches else 0


@dataclass(frozen=True)
class Steps:
    """The steps that the order below calls; `flows.tasks` puts Prefect tasks in their place."""

    crawl_source: Callable[[Workspace, Run, str], steps.Crawl | None] = steps.crawl_source
    crawl_window: Callable[[Workspace, Run, str, steps.Window], steps.Crawl] = steps.crawl_window
    ingest_crawl: Callable[[Workspace, Run, steps.Crawl], int] = steps.ingest_crawl
    classify_new: Callable[[Workspace, Run], int] = steps.classify_new
    count_weeks: Callable[[Workspace, Run], int] = steps.count_weeks
    score_week: Callable[[Workspace, Run, Sequence[str]], int] = steps.score_week
    rescore_history: Callable[[Workspace, Run, Sequence[str]], int] = steps.rescore_history
    find_signals: Callable[[Workspace, Run, Sequence[str]], int] = find_signals
    settle_predictions: Callable[[Workspace, Run, Sequence[str]], int] = settle_predictions
    issue_predictions: Callable[[Workspace, Run, Sequence[str]], int] = issue_predictions
    write_briefs: Callable[[Workspace, Run, Sequence[str], Sequence[str]], list[Path]] = write_briefs
    verify_written: Callable[[Workspace, Sequence[Path]], list[str]] = verify_written
    publish_briefs: Callable[[Workspace, Run, Sequence[Path], Sequence[str]], list[Path]] = publish_briefs


PLAIN = Steps()


def run_weekly_scan(work: Workspace, params: WeeklyParams, now: datetime, do: Steps = PLAIN) -> ScanSummary:
    """Crawl, ingest, classify, count, score, brief, verify, publish: one week, idempotent.

    A source that fails does not stop the others; its week is unknown until a later scan catches it up.
    Raises StoreError while another scan is at work on the same data.
    """
    with work.exclusive():
        run, finished = open_weekly_run(work, params, now)
        sources, disabled = sources_of(run)
        ingested = 0
        if not finished:
            for source in sources:
                crawl = do.crawl_source(work, run, source)
                ingested += 0 if crawl is None else do.ingest_crawl(work, run, crawl)
        summary = ScanSummary(
            run_id=run.run_id,
            week=run.week,
            repeated=finished,
            ingested=ingested,
            classified=0 if finished else do.classify_new(work, run),
            counted=0 if finished else do.count_weeks(work, run),
            scored=0 if finished else do.score_week(work, run, sources),
            rescored_weeks=0 if finished else do.rescore_history(work, run, sources),
            signals=0 if finished else do.find_signals(work, run, sources),
            settled=0 if finished else do.settle_predictions(work, run, sources),
            predicted=0 if finished else do.issue_predictions(work, run, sources),
            fetches=_fetches_of(work, run, sources),
            disabled=disabled,
        )
        return finish(work, run, _with_briefs(work, run, params, summary, do), finished)


def _with_briefs(work: Workspace, run: Run, params: WeeklyParams, summary: ScanSummary, do: Steps) -> ScanSummary:
    """Write, verify and publish: a brief that does not hold is refused."""
    staged = do.write_briefs(work, run, params.languages, params.formats)
    faults = tuple(do.verify_written(work, staged))
    places = tuple(do.publish_briefs(work, run, staged, faults))
    return summary.model_copy(update={"mismatches": faults, "refused" if faults else "briefs": places})


def run_backfill(work: Workspace, params: BackfillParams, now: datetime, do: Steps = PLAIN) -> ScanSummary:
    """Harvest a span of weeks year by year, then classify and count it."""
    if params.until < params.since:
        raise UsageError(f"expected the first week before the last, found {params.since} and {params.until}")
    if now < params.until.end:
        raise UsageError(f"week {params.until} has not ended at {now:%Y-%m-%d %H:%M} UTC; end the backfill earlier")
    with work.exclusive():
        chosen = choose_sources(work, params.sources)
        settled = {"since": str(params.since), **chosen.params}
        run, finished = open_run(work, "backfill", params.until, settled, now)
        if finished:
            return ScanSummary(run_id=run.run_id, week=run.week, repeated=True)
        fetches: list[Fetch] = []
        ingested = 0
        for source in chosen.read:
            for window in _missing_years(work, source, params, now):
                crawl = do.crawl_window(work, run, source, window)
                ingested += do.ingest_crawl(work, run, crawl)
                fetches.append(crawl.fetch)
        summary = ScanSummary(
            run_id=run.run_id,
            week=run.week,
            fetches=tuple(fetches),
            disabled=chosen.disabled,
            ingested=ingested,
            classified=do.classify_new(work, run),
            counted=do.count_weeks(work, run),
        )
        return finish(work, run, summary, finished)


def open_weekly_run(work: Workspace, params: WeeklyParams, now: datetime) -> tuple[Run, bool]:
    """The run of a weekly scan; refuses a week that has not ended."""
    if now < params.week.end:
        raise UsageError(f"week {params.week} has not ended at {now:%Y-%m-%d %H:%M} UTC; scan a complete week")
    return open_run(work, "weekly_scan", params.week, choose_sources(work, params.sources).params, now)


def sources_of(run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sources that a run reads, and those left out for want of a key."""
    return tuple(run.params["sources"].split()), tuple(run.params.get("disabled", "").split())


def open_run(
    work: Workspace,
    kind: str,
    week: IsoWeek,
    params: dict[str, str],
    now: datetime,
    labels: tuple[str, str] | None = None,
) -> tuple[Run, bool]:
    """The run to carry on, and whether it was finished before; `labels` are the taxonomy and model, if not those here.

    A killed run is taken up under its own id and time, so that it ends as an undisturbed one would have; after a failed
    one a new attempt begins.
    """
    params = {**params, "world": work.world}
    taxonomy, model = labels or (work.taxonomy.version, work.fingerprint)
    identity = [kind, str(week), params, taxonomy, model]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
    attempt = 1
    newest = max((stored.run.started for stored in work.store.runs()), default=now)
    while stored := work.store.run(f"{kind}-{week}-{digest}-{attempt}"):
        # What a killed run left behind a newer one is not taken up: it would count what it could not have known.
        if stored.status == "done" or (stored.status != "failed" and stored.run.started >= newest):
            return stored.run, stored.status == "done"
        attempt += 1
    if now < newest:
        message = f"the store knows what was known at {newest:%Y-%m-%d %H:%M} UTC; the clock says {now:%Y-%m-%d %H:%M}"
        raise UsageError(message + "; a run cannot begin before the newest one, use a later --as-of or another folder")
    run = Run(
        run_id=f"{kind}-{week}-{digest}-{attempt}",
        kind=kind,
        week=week,
        started=now,
        taxonomy=taxonomy,
        model=model,
        code=version("horizon-scan"),
        params=params,
    )
    work.store.begin_run(run)
    return run, False


def finish(work: Workspace, run: Run, summary: ScanSummary, finished: bool) -> ScanSummary:
    """Close the run: done, or failed when a source's week is still unknown."""
    if not finished:
        work.store.finish_run(run.run_id, "done" if summary.complete else "failed", run.started)
    return summary


def _fetches_of(work: Workspace, run: Run, sources: Sequence[str]) -> tuple[Fetch, ...]:
    """The newest fetch of each source that covers the run's week."""
    found = []
    for source in sources:
        known = work.store.fetches(source, as_of=run.started)
        fetches = [fetch for fetch in known if fetch.since <= run.week.monday and fetch.until >= run.week.sunday]
        complete = [fetch for fetch in fetches if fetch.status in steps.KNOWN]
        found += (complete or fetches)[-1:]
    return tuple(found)


def _missing_years(work: Workspace, source: str, params: BackfillParams, now: datetime) -> list[steps.Window]:
    """The span cut at calendar years, without the parts already stored: a killed backfill goes on where it was."""
    weeks = list(weeks_between(params.since, params.until))
    years = [[week for week in weeks if week.year == year] for year in sorted({week.year for week in weeks})]
    windows = [steps.Window(year[0].monday, year[-1].sunday, year[-1]) for year in years]
    done = {(f.since, f.until) for f in work.store.fetches(source, as_of=now) if f.status in steps.KNOWN}
    return [window for window in windows if (window.since, window.until) not in done]
