"""The whole product on the simulated world: years of every source harvested, two weeks scanned, some sources dead."""

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
ITEMS_PER_WEEK = 200
"""Of arXiv: about 55,000 items of all sources in three years, enough for a verdict on most areas."""
_CAUGHT_UP, _DEAD = "/biorxiv/details/biorxiv", "/biorxiv/details/medrxiv"
"""What does not answer in the last week but one; the second not in the last week either."""
_FOR_EVER = 1_000_000


EARLY_WEEKS = 31
"""So long before the last week one is scanned whose forecasts of half a year have come due by the end."""


def run_demo(folder: Path, items_per_week: int = ITEMS_PER_WEEK) -> list[Path]:
    """Run the main job from an empty folder; returns the paths of the briefs of the last week.

    Every weekly source that the simulated world speaks is read; `items_per_week` are arXiv's, the others come in
    proportion. In the last week but one two sources do not answer; one of them is caught up in the last week, the
    other stays dead, so that a reader sees what unknown looks like. What was planted in the world is written beside
    the briefs: `truth.json` (trends), `works.jsonl` (ids of one work).
    """
    from scrapers.replay.server import serve
    from scrapers.replay.simulated import SimulatedWorld
    from scrapers.replay.truth import write_truth, write_works
    from taxonomy.load import load_taxonomy

    settings = Settings.in_folder(folder)
    _empty(folder)
    world = SimulatedWorld(load_taxonomy(settings.taxonomy_dir), items_per_week=items_per_week)
    write_truth(world, folder / "truth.json")
    write_works(world, folder / "works.jsonl")
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
    last = world.last_week
    early = last + -EARLY_WEEKS
    if early > world.first_week:
        _harvest(work, server, world.first_week, early + -1)
        _scan(work, server, early)
        _harvest(work, server, early + 1, last + -2)
    else:
        _harvest(work, server, world.first_week, last + -2)
    _silence(server, _CAUGHT_UP, _DEAD)
    _scan(work, server, last + -1)
    _silence(server, _DEAD)
    return _scan(work, server, last)


def _silence(server: "ReplayServer", *paths: str) -> None:
    """From now on these paths, and no others, do not answer."""
    from scrapers.replay.faults import Fault

    server.set_faults(Fault(fault="unavailable", path=path, times=_FOR_EVER) for path in paths)


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
