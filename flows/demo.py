"""The whole product on the simulated world: years harvested, single weeks scanned, one of them with a dead source."""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flows.scan import BackfillParams, WeeklyParams, run_backfill, run_weekly_scan
from flows.summary import as_text
from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.settings import Settings
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from scrapers.replay.server import ReplayServer
    from scrapers.replay.simulated import SimulatedWorld

log = logging.getLogger(__name__)
_MARK = "SIMULATED.txt"


def run_demo(folder: Path, items_per_week: int = 1000) -> list[Path]:
    """Run the main job from an empty folder; returns the paths of the briefs of the last week.

    The source falls silent in one week and is caught up in the next; the truth planted in the world is written to
    `truth.json` beside the briefs.
    """
    from scrapers.replay.server import serve
    from scrapers.replay.simulated import SimulatedWorld
    from scrapers.replay.truth import write_truth
    from taxonomy.load import load_taxonomy

    settings = Settings.in_folder(folder)
    _empty(folder)
    world = SimulatedWorld(load_taxonomy(settings.taxonomy_dir), items_per_week=items_per_week)
    write_truth(world, folder / "truth.json")
    with serve(world, _tuesday_after(world.first_week)) as server, without_waits():
        # Never into a shared database: it would hold the simulated world for ever.
        replayed = settings.model_copy(update={"replay_url": server.url, "database_url": None})
        with Workspace(replayed) as work:
            return _play(work, server, world)


def _empty(folder: Path) -> None:
    """Make room for a new demonstration; only what an earlier one left is deleted."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).is_file():
            raise UsageError(
                f"expected an empty folder or an earlier demo in {folder}, found other files; name another"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text("Everything here is SIMULATED; `horizon demo` deletes this folder.\n", encoding="utf-8")


def _play(work: Workspace, server: "ReplayServer", world: "SimulatedWorld") -> list[Path]:
    outage, last = world.outage_week, world.last_week
    _harvest(work, server, world.first_week, outage + -2)
    for week in (outage + -1, outage, outage + 1):
        _scan(work, server, week)
    _harvest(work, server, outage + 2, last + -2)
    _scan(work, server, last + -1)
    return _scan(work, server, last)


def _harvest(work: Workspace, server: "ReplayServer", since: IsoWeek, until: IsoWeek) -> None:
    now = _tuesday_after(until)
    server.set_clock(now)
    log.info("harvesting %s to %s", since, until)
    summary = run_backfill(work, BackfillParams(since=since, until=until), now)
    log.info("%s", as_text(summary))


def _scan(work: Workspace, server: "ReplayServer", week: IsoWeek) -> list[Path]:
    now = _tuesday_after(week)
    server.set_clock(now)
    summary = run_weekly_scan(work, WeeklyParams(week=week), now)
    log.info("%s", as_text(summary))
    return list(summary.briefs)


def _tuesday_after(week: IsoWeek) -> datetime:
    """When arXiv advises to harvest: Tuesday, about 09:00 UTC."""
    return week.end + timedelta(days=1, hours=9)


@contextmanager
def without_waits() -> Iterator[None]:
    """Let crawls of a replay server go without pauses; crawls of real hosts ignore this."""
    # No pauses, but an answer may take its time: a busy machine must not look like a stalled feed.
    chosen = {"HORIZON_CRAWL_TIME_SCALE": "0", "HORIZON_CRAWL_SHORTEST_TIMEOUT_S": "120"}
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
