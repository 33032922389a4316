"""Is every announced paper held? arXiv's daily feeds as a second witness of the harvest, and the repair of what lacks.

The feeds show one day each and forget it: they are read daily and kept, and compared once the harvest has covered their
day. Nothing of them is ever stored as items, so that they make no series.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from flows import steps
from flows.questions import ask
from flows.scan import open_run
from flows.workspace import Workspace
from horizon.records import Fetch, Issue, Run, Week
from horizon.weeks import IsoWeek, last_complete_week

if TYPE_CHECKING:
    from scrapers.parsers.arxiv_rss import Batch

HARVEST, FEEDS = "arxiv", "arxiv_rss"
REBUILT = timedelta(hours=5)
"""The feeds turn to a new day at midnight, US Eastern time (https://info.arxiv.org/help/rss.html)."""
REMEMBERED = timedelta(days=28)
"""Older feeds are not looked at again."""


class Completeness(BaseModel):
    """What the comparison found; ids are those of items."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    week: Week
    announced: int
    """Papers announced on days that the harvest covers."""
    awaited: int
    """Papers announced on other days: the harvest has not come to them, or has failed there."""
    repaired: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Announced but not held, after the repair."""
    feed: Fetch | None = None
    """Of today's announcements, if they were asked for."""
    repair: Fetch | None = None

    @property
    def exit_code(self) -> int:
        """0 all is held, 1 something is missing, 3 a feed could not be read."""
        if any(fetch is not None and fetch.status not in steps.KNOWN for fetch in (self.feed, self.repair)):
            return 3
        return 1 if self.missing else 0


def check_completeness(work: Workspace, now: datetime, *, crawl: bool = True, repair: bool = False) -> Completeness:
    """Read today's announcements, compare all that are kept with the store, and with `repair` fetch what lacks by id.

    Each paper that lacks is an issue `announced-but-not-held` of the run. Raises StoreError beside a scan.
    """
    with work.exclusive():
        feed = _read_today(work, now) if crawl else None
        covered = _covered_days(work, now)
        batches = list(_kept_batches(work, now))
        due = [batch for day, batch in batches if day in covered]
        announced = set().union(*(batch.ids() for batch in due))
        awaited = set().union(*(batch.ids() for _, batch in batches)) - announced
        lacking = _lacking(work, due)
        run, finished = _open(work, lacking, now, repair=repair)
        repaired = None if finished or not (repair and lacking) else _repair(work, run, lacking)
        missing = {issue.item_id for issue in (_lacking(work, due) if repaired else lacking)}
        if not finished:
            issues = [issue if issue.item_id in missing else _mended(issue) for issue in lacking]
            work.store.add_issues(run.run_id, run.started, issues)
        found = Completeness(
            run_id=run.run_id,
            week=run.week,
            announced=len(announced),
            awaited=len(awaited),
            repaired=tuple(sorted(str(issue.item_id) for issue in lacking if issue.item_id not in missing)),
            missing=tuple(sorted(str(name) for name in missing)),
            feed=feed,
            repair=repaired,
        )
        if not finished:
            work.store.finish_run(run.run_id, "failed" if found.exit_code == 3 else "done", run.started)
        return found


def _read_today(work: Workspace, now: datetime) -> Fetch:
    day = (now - REBUILT).date()
    return steps.crawl_folder(work, FEEDS, steps.Window(day, day, IsoWeek.of(day)), now.date()).fetch


def _kept_batches(work: Workspace, now: datetime) -> "Iterator[tuple[date, Batch]]":
    """The announcements of the last weeks with their day, each feed's as often as it was read."""
    from scrapers.dialects.arxiv_rss import read_batches
    from scrapers.source import load_source

    source = load_source(FEEDS)
    for folder in sorted((work.crawls / work.world / FEEDS).glob("????-??-??-to-*")):
        day = date.fromisoformat(folder.name[:10])
        if now.date() - REMEMBERED <= day <= now.date():
            for batch in read_batches(folder, source):
                yield batch.day or day, batch


def _covered_days(work: Workspace, now: datetime) -> set[date]:
    """Days whose mailing the harvest has, the evening before (which is when it was mailed) included."""
    days: set[date] = set()
    for fetch in work.store.fetches(HARVEST, as_of=now):
        if fetch.status in steps.KNOWN:
            last = min(fetch.until, fetch.cut_off.date()) if fetch.cut_off else fetch.until
            first = max(fetch.since + timedelta(days=1), now.date() - REMEMBERED)
            days |= {first + timedelta(days=number) for number in range((last - first).days + 1)}
    return days


def _lacking(work: Workspace, batches: "Sequence[Batch]") -> list[Issue]:
    from scrapers.announcements import check_held

    announced = set().union(*(batch.ids() for batch in batches))
    return check_held(batches, work.store.items(f"{HARVEST}:{name}" for name in announced))


def _open(work: Workspace, lacking: Sequence[Issue], now: datetime, *, repair: bool) -> tuple[Run, bool]:
    """A run for each day and each finding: a repeat on the same day that finds the same does nothing."""
    digest = hashlib.sha256(" ".join(str(issue.item_id) for issue in lacking).encode()).hexdigest()[:12]
    params = {"sources": HARVEST, "day": str(now.date()), "lacking": digest, "repair": str(repair)}
    return open_run(work, "completeness", last_complete_week(now), params, now)


def _repair(work: Workspace, run: Run, lacking: Sequence[Issue]) -> Fetch:
    """Fetch the papers by id, store them as the harvest would have, label them and count their weeks again."""
    from scrapers.crawl import read_issues, read_items

    today = run.started.date()
    window = steps.Window(today, today, run.week)
    found = ask(work, window, today, ids=[str(issue.item_id) for issue in lacking])
    if found.fetch.status != "ERROR":
        work.store.ingest(run.run_id, run.started, read_items(found.folder))
        steps.classify_new(work, run)
        steps.count_weeks(work, run)
    work.store.add_issues(run.run_id, run.started, steps.summarise_issues(read_issues(found.folder)))
    return found.fetch


def _mended(issue: Issue) -> Issue:
    told = {"severity": "info", "message": "announced by the feed and missed by the harvest; fetched by its id"}
    return issue.model_copy(update=told | {"data": {**issue.data, "repaired": "yes"}})


def as_text(found: Completeness) -> str:
    """Plain lines for a terminal."""
    compared = f"{found.announced} announced papers compared"
    lines = [f"{HARVEST}: {compared}, {len(found.missing)} not held; {found.awaited} awaited"]
    for name, fetch in (("announcements", found.feed), ("repair", found.repair)):
        if fetch is not None:
            lines.append(f"  {name}: {fetch.status}, {fetch.items} items {fetch.reason or ''}".rstrip())
    lines += [f"  repaired {name}" for name in found.repaired]
    lines += [f"  missing {name}" for name in found.missing]
    return "\n".join(lines)
