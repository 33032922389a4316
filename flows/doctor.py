"""Is this installation fit to scan? One finding for each thing that a scan needs, whatever else is broken."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from flows.workspace import Workspace
from horizon.errors import HorizonError, SourceError, UsageError

State = Literal["ok", "warning", "failed", "disabled"]
_GIGABYTE = 1 << 30
LEAST_FREE_GB, LITTLE_FREE_GB = 1.0, 10.0
"""Below the first a crawl may not end; a backfill of years takes about the second."""
STALE = timedelta(days=14)
"""A weekly source that has had no complete week for so long has missed one."""
_LARGEST_SKEW_S = 300.0


class Finding(BaseModel):
    """One thing looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    state: State
    detail: str
    data: dict[str, str] = Field(default_factory=dict)


def examine(work: Workspace, now: datetime, online: bool = False) -> list[Finding]:
    """Look at everything; nothing is written and no feed is asked unless `online`."""
    return [
        *_taxonomy(work),
        *_model(work),
        *_disk(work),
        *_database(work),
        *_clock(work, now),
        *_contact(work),
        *_all_sources(work, now, online),
    ]


def _finding(subject: str, state: State, detail: str, **data: object) -> Finding:
    return Finding(subject=subject, state=state, detail=detail, data={key: str(value) for key, value in data.items()})


def _taxonomy(work: Workspace) -> Iterator[Finding]:
    try:
        found = work.taxonomy
    except HorizonError as error:
        yield _finding("taxonomy", "failed", str(error))
    else:
        yield _finding("taxonomy", "ok", f"{len(found.areas)} areas", version=found.version)


def _model(work: Workspace) -> Iterator[Finding]:
    try:
        classifier = work.classifier
    except (HorizonError, OSError) as error:
        yield _finding("model", "failed", str(error))
    else:
        fingerprint = classifier.fingerprint
        if classifier.degraded:
            yield _finding("model", "warning", classifier.degraded, fingerprint=fingerprint)
        else:
            yield _finding("model", "ok", f"fingerprint {fingerprint[:12]}", fingerprint=fingerprint)


def _disk(work: Workspace) -> Iterator[Finding]:
    folder = work.settings.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        free = shutil.disk_usage(folder).free / _GIGABYTE
    except OSError as error:
        yield _finding("disk", "failed", f"the data folder cannot be looked at: {error.strerror}; name another one")
        return
    state: State = "failed" if free < LEAST_FREE_GB else "warning" if free < LITTLE_FREE_GB else "ok"
    yield _finding("disk", state, f"{free:.1f} GB free for {work.settings.data_dir}", free_gb=f"{free:.1f}")


def _database(work: Workspace) -> Iterator[Finding]:
    if not work.has_database:
        yield _finding("database", "ok", "none yet; the first scan makes it")
        return
    try:
        faults = work.store.check()
    except HorizonError as error:
        yield _finding("database", "failed", str(error))
        return
    runs = len(work.store.runs())
    detail = "; ".join(faults) + "; restore a backup" if faults else f"whole, {runs} runs"
    yield _finding("database", "failed" if faults else "ok", detail, runs=runs)


def _clock(work: Workspace, now: datetime) -> Iterator[Finding]:
    """A clock behind what was done already would write facts that seem to be known before their time."""
    try:
        runs = work.store.runs() if work.has_database else []
    except HorizonError:
        runs = []
    latest = max((stored.run.started for stored in runs), default=now)
    late = f"the clock says {now:%Y-%m-%d %H:%M} UTC, but a run of {latest:%Y-%m-%d %H:%M} is stored; set the clock"
    state: State = "failed" if latest > now else "ok"
    yield _finding("clock", state, late if latest > now else f"{now:%Y-%m-%d %H:%M} UTC", now=now.isoformat())


def _contact(work: Workspace) -> Iterator[Finding]:
    contact, replay = work.settings.contact, work.settings.replay_url
    unset = f"not set; {replay} asks for none" if replay else "set HORIZON_CONTACT: live feeds ask for it"
    yield _finding("contact", "ok" if contact or replay else "failed", contact or unset)


def _all_sources(work: Workspace, now: datetime, online: bool) -> Iterator[Finding]:
    try:
        yield from check_sources(work, (), online)
        yield from _successes(work, now)
    except UsageError as error:
        # The operator's own folder of sources cannot be read.
        yield _finding("sources", "failed", str(error))


def check_sources(work: Workspace, names: tuple[str, ...], online: bool = False) -> list[Finding]:
    """Each source's file, modules and key, and with `online` whether it answers. No name stands for all.

    Raises UsageError for a name that is none.
    """
    from scrapers.source import list_sources

    return [_checked(work, name, online) for name in names or list_sources()]


def _checked(work: Workspace, name: str, online: bool) -> Finding:
    from scrapers.reach import reach
    from scrapers.run import asks_nobody
    from scrapers.source import check_modules, load_source

    subject = f"source {name}"
    try:
        source = load_source(name)
        check_modules(source)
    except SourceError as error:
        return _finding(subject, "failed", str(error))
    replay = work.settings.replay_url
    missing = () if replay else source.missing_keys(work.settings.environ, work.drop(name))
    if missing:
        return _finding(
            subject, "disabled", f"disabled: no key; set {' and '.join(missing)}", missing=" ".join(missing)
        )
    dropped = not replay and bool(source.missing_keys(work.settings.environ))
    ready = "keyless" if not source.keys else "no key, reads dropped files" if dropped else "key is set"
    if not online or asks_nobody(source):
        return _finding(subject, "ok", ready)
    found = reach(source, source.at_replay(replay) if replay else source.url, work.settings.contact)
    if not found.reachable:
        return _finding(subject, "failed", f"{ready}; {found.detail}")
    skewed = not replay and found.skew_s is not None and abs(found.skew_s) > _LARGEST_SKEW_S
    clocks = f"; its clock is {found.skew_s:+.0f} s from ours" if skewed else ""
    return _finding(
        subject,
        "warning" if skewed else "ok",
        f"{ready}; {found.detail}{clocks}",
        seconds=found.seconds,
        skew_s=found.skew_s,
    )


def _successes(work: Workspace, now: datetime) -> Iterator[Finding]:
    """The last day up to which each weekly source is completely known."""
    from scrapers.run import asks_nobody
    from scrapers.source import list_sources, load_source

    for name in list_sources():
        try:
            source = load_source(name)
            fetches = work.store.fetches(name) if work.has_database else []
        except HorizonError:
            continue
        missing = source.missing_keys(work.settings.environ, work.drop(name))
        # A folder that a person fills now and then is never late.
        idle = not source.weekly or asks_nobody(source)
        if idle or (work.settings.replay_url is None and missing):
            continue
        good = max((fetch.until for fetch in fetches if fetch.status in ("OK", "NO_RESULTS")), default=None)
        if good is None:
            yield _finding(f"last success {name}", "warning", "never read", last="")
            continue
        stale = now.date() - good > STALE
        yield _finding(f"last success {name}", "warning" if stale else "ok", f"complete up to {good}", last=good)
