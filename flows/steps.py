"""The steps of a scan as plain functions over a workspace.

Each is idempotent: a repeat adds nothing, a killed one resumes.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel

from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.records import Fetch, Issue, Run
from horizon.weeks import IsoWeek

log = logging.getLogger(__name__)

KNOWN = ("OK", "NO_RESULTS")
"""Fetch statuses after which a week is known."""

HISTORY_WEEKS = 416
PROGRESS_ITEMS = 10_000
"""A line in the log for each so many items classified: a new model reads the whole store again."""
RESCORED_WEEKS = 104
"""How far back issues are scored again after a change of classifier or taxonomy."""
"""Weeks that a score looks back on; a longer history neither costs nor counts more."""


@dataclass(frozen=True)
class Window:
    """Days to crawl, both included."""

    since: date
    until: date
    week: IsoWeek
    """The last week that the window is meant to cover."""


@dataclass(frozen=True)
class Crawl:
    """What became of a crawl, and where its pages, items and issues lie."""

    fetch: Fetch
    folder: Path


def plan_window(work: Workspace, source: str, week: IsoWeek, now: datetime) -> Window | None:
    """The days still to be crawled for a week, or None when the week is already known.

    Reaches back over the source's overlap, and further over earlier weeks that were tried and failed: the next scan
    catches up what a failed one left.
    """
    from scrapers.source import load_source

    fetches = work.store.fetches(source, as_of=now)
    first = min([week, *(_first_week(fetch) for fetch in fetches)])
    statuses = work.store.week_statuses(source, first, week, as_of=now)
    missed = [missed_week for missed_week, status in statuses.items() if status not in KNOWN]
    if week not in missed:
        return None
    given = load_source(source)
    return Window(given.window(min(missed))[0], given.window(week)[1], week)


def _first_week(fetch: Fetch) -> IsoWeek:
    """The first week that a fetch tells of: all that it covers when it was read, the one it was meant for otherwise.

    The days of overlap before that one were not asked for their own sake: counted as tried, each failed attempt on a
    new store would reach back one week more.
    """
    return IsoWeek.of(fetch.since + timedelta(days=6)) if fetch.status in KNOWN else fetch.week


def crawl_source(work: Workspace, run: Run, source: str) -> Crawl | None:
    """Crawl what the run's week still lacks; None when the store holds it already."""
    window = plan_window(work, source, run.week, run.started)
    return None if window is None else crawl_window(work, run, source, window)


def crawl_window(work: Workspace, run: Run, source: str, window: Window) -> Crawl:
    """Crawl in a subprocess into a folder of its own; a folder already complete is returned at once."""
    return _doubted(work, crawl_folder(work, source, window, run.started.date()))


def _doubted(work: Workspace, crawl: Crawl) -> Crawl:
    """No result is not believed of a window whose items are held; the folder is then asked for again."""
    from scrapers.crawl import forget_verdict
    from scrapers.health import doubt_emptiness
    from scrapers.run import asks_nobody
    from scrapers.source import load_source

    fetch = crawl.fetch
    # An empty drop folder is no sign of anything: its files were read before and taken away.
    if fetch.status != "NO_RESULTS" or asks_nobody(load_source(fetch.source)):
        return crawl
    held = work.store.items_published(source=fetch.source, since=fetch.since, until=fetch.until)
    doubted = doubt_emptiness(fetch, sum(1 for _ in held))
    if doubted.status == "ERROR":
        forget_verdict(crawl.folder)
    return Crawl(doubted, crawl.folder)


def crawl_folder(
    work: Workspace,
    source: str,
    window: Window,
    today: date,
    folder: Path | None = None,
    options: BaseModel | None = None,
) -> Crawl:
    """Crawl a window, keep every raw answer in the archive, and store nothing. `today` is the clock's day.

    `options` of the source's dialect, for a question of one's own, want a folder of their own.
    """
    from scrapers.archive import archive_crawl
    from scrapers.crawl import crawl
    from scrapers.source import load_source

    replay = work.replay_url
    folder = folder or work.crawls / work.world / source / f"{window.since}-to-{window.until}"
    fetch = crawl(
        source,
        window.since,
        window.until,
        window.week,
        folder,
        base_url=load_source(source).at_replay(replay) if replay else None,
        contact=work.settings.contact,
        server_date=today,
        environ=work.settings.environ,
        drop=work.drop(source) if load_source(source).drop else None,
        options=options,
    )
    if folder.is_dir():
        archive_crawl(folder, work.raw, source)
    because = f" ({fetch.reason})" if fetch.reason else ""
    log.info("%s %s to %s: %s, %d items%s", source, window.since, window.until, fetch.status, fetch.items, because)
    return Crawl(fetch, folder)


def ingest_crawl(work: Workspace, run: Run, crawl: Crawl) -> int:
    """Store what was crawled, then the watermark: a kill in between leaves the week to be crawled again."""
    from scrapers.crawl import read_issues, read_items

    added = 0
    if crawl.fetch.status != "ERROR":
        report = work.store.ingest(run.run_id, run.started, read_items(crawl.folder))
        added = report.new + report.changed
        _keep_denominators(work, run, crawl)
    found = [*summarise_issues(read_issues(crawl.folder)), *_unusual_volume(work, run, crawl.fetch)]
    work.store.add_issues(run.run_id, run.started, found)
    work.store.record_fetch(run.run_id, crawl.fetch, run.started)
    return added


def _keep_denominators(work: Workspace, run: Run, crawl: Crawl) -> None:
    """What the source said it published in each week; a number that could not be had stays unknown."""
    from scrapers.denominators import read_denominators
    from scrapers.source import load_source

    totals = read_denominators(crawl.folder, load_source(crawl.fetch.source))
    if totals:
        work.store.add_denominators(run.run_id, run.started, crawl.fetch.source, totals)


def summarise_issues(issues: Iterable[Issue]) -> list[Issue]:
    """Warnings and errors one by one; mere remarks counted by kind (each stands in the crawl folder's issues file)."""
    kept = []
    remarks: dict[str, list[Issue]] = {}
    for issue in issues:
        if issue.severity == "info":
            remarks.setdefault(issue.code, []).append(issue)
        else:
            kept.append(issue)
    for _, alike in sorted(remarks.items()):
        message = f"{len(alike)} records: {alike[0].message}"
        kept.append(
            alike[0].model_copy(update={"message": message, "item_id": None, "data": {"records": str(len(alike))}})
        )
    return kept


def _unusual_volume(work: Workspace, run: Run, fetch: Fetch) -> list[Issue]:
    """Compare the number of items with those of earlier crawls over as many days."""
    from scrapers.health import check_volume
    from scrapers.source import load_source

    days = fetch.until - fetch.since
    earlier = work.store.fetches(fetch.source, as_of=run.started)
    alike = [other.items for other in earlier if other.status in KNOWN and other.until - other.since == days]
    issue = check_volume(fetch.items, alike, load_source(fetch.source)) if fetch.status in KNOWN else None
    return [] if issue is None else [issue]


def classify_new(work: Workspace, run: Run) -> int:
    """Label every item whose newest text has no labels of this taxonomy and model."""
    done = 0
    for items in work.store.unclassified(run.taxonomy, run.model):
        labels = [label for found in work.classifier.classify(items) for label in found]
        work.store.add_labels(run.run_id, run.started, items, labels)
        done += len(items)
        if done % PROGRESS_ITEMS < len(items) and done > PROGRESS_ITEMS:
            log.info("%d items classified", done)
    return done


def count_weeks(work: Workspace, run: Run) -> int:
    """Count again the weeks that this run's items or labels changed, and those of runs that never came to counting."""
    if next(work.store.unclassified(run.taxonomy, run.model, batch=1), None):
        message = "expected every item to be classified before it is counted, found some that are not"
        raise UsageError(message + "; run `horizon classify` for this week first")
    affected = work.store.affected_weeks(run.run_id) | work.store.weeks_of_unfinished_runs()
    added = 0
    for source in sorted({name for name, _ in affected}):
        weeks = {place for place in affected if place[0] == source}
        added += _recount(work, run, source, weeks)
    return added


def _recount(work: Workspace, run: Run, name: str, weeks: Collection[tuple[str, IsoWeek]]) -> int:
    from scrapers.source import load_source

    source = load_source(name)
    if not source.counted:
        return 0
    utility = [f"utility:{area.id}" for area in work.taxonomy.areas] if source.utility_models else []
    series = [*work.taxonomy.series, *utility]
    told_by = {name} if source.denominator == "query" else set()
    return work.store.recount(run.run_id, run.started, run.taxonomy, run.model, weeks, series, told_by)


def score_week(work: Workspace, run: Run, sources: Sequence[str]) -> int:
    """Score every series of each source from the weeks up to the run's."""
    return _score(work, run, sources, [run.week])


def rescore_history(work: Workspace, run: Run, sources: Sequence[str]) -> int:
    """Score again the weeks of the last two years whose issues another classifier or taxonomy made; their number.

    All stored items have this run's labels by now, so that this issue and the one before compare like with like and a
    change of the model never looks like a trend. A run that was killed in between goes on where it was.
    """
    pair = (run.taxonomy, run.model)
    scored = work.store.weeks_scored(run.week + -RESCORED_WEEKS, run.week, as_of=run.started)
    weeks = [week for week, pairs in scored.items() if pair not in pairs]
    if weeks:
        log.info("the classifier or the taxonomy changed: scoring %d earlier weeks again", len(weeks))
        _score(work, run, sources, weeks)
    return len(weeks)


def _score(work: Workspace, run: Run, sources: Sequence[str], weeks: Sequence[IsoWeek]) -> int:
    """Score weeks, each from what came before it and is known by now, newest first; the rows added."""
    from scrapers.source import load_source
    from trends.momentum import score_momentum

    late = {source: load_source(source).incomplete_weeks for source in sources}
    first, last = min(weeks) + (1 - HISTORY_WEEKS), max(weeks)
    points = {
        source: work.store.weekly_counts(
            run.taxonomy, run.model, source=source, since=first, until=last, as_of=run.started
        )
        for source in sources
    }
    added = 0
    for week in sorted(weeks, reverse=True):
        since = week + (1 - HISTORY_WEEKS)
        known = [point for source in sources for point in points[source] if since <= point.week <= week]
        scores = score_momentum(known, week, incomplete_weeks=late)
        added += work.store.add_scores(run.run_id, run.started, scores)
    return added
