"""What today's parsers make of the answers kept from earlier crawls: no feed is asked."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flows import steps
from flows.scan import ScanSummary, finish, open_run
from flows.workspace import Workspace
from horizon.records import Run
from horizon.weeks import last_complete_week


def run_reingest(work: Workspace, sources: Sequence[str], now: datetime) -> ScanSummary:
    """Parse the archive again, store what came out otherwise, label it and count its weeks again.

    Sources without an archive are passed over. With the same parsers and the same archive a repeat does nothing.
    """
    from scrapers.source import list_sources

    names = tuple(sources) or tuple(name for name in list_sources() if (work.raw / name).is_dir())
    with work.exclusive():
        params = {"sources": " ".join(names), "parsers": _parsers(names), "archive": _archives(work, names)}
        run, finished = open_run(work, "reingest", last_complete_week(now), params, now)
        if finished:
            return ScanSummary(run_id=run.run_id, week=run.week, repeated=True)
        ingested = sum(ingest_raw(work, run, name) for name in names)
        summary = ScanSummary(
            run_id=run.run_id,
            week=run.week,
            ingested=ingested,
            classified=steps.classify_new(work, run),
            counted=steps.count_weeks(work, run),
        )
        return finish(work, run, summary, finished)


def ingest_raw(work: Workspace, run: Run, source: str) -> int:
    """Store what the parser of a source makes of its archived answers; gives how many items are new or changed."""
    from scrapers.archive import reread
    from scrapers.items_file import read_items
    from scrapers.source import load_source

    work.raw.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=work.raw) as passing:
        issues = reread(load_source(source), work.raw, Path(passing))
        report = work.store.ingest(run.run_id, run.started, read_items(Path(passing)))
    work.store.add_issues(run.run_id, run.started, steps.summarise_issues(issues))
    return report.new + report.changed


def _parsers(names: Sequence[str]) -> str:
    """Digest of the code that reads records: any module of the parsers' folder may be part of it."""
    import scrapers.parsers as parsers
    from scrapers.source import load_source

    digest = hashlib.sha256()
    for place in sorted(Path(folder) for folder in parsers.__path__):
        for path in sorted(place.glob("*.*")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for name in names:
        digest.update(load_source(name).model_dump_json().encode())
    return digest.hexdigest()[:16]


def _archives(work: Workspace, names: Sequence[str]) -> str:
    """Digest of what is archived."""
    digest = hashlib.sha256()
    for name in names:
        for index in sorted((work.raw / name / "crawls").glob("*.jsonl")):
            digest.update(f"{name}/{index.name}\0".encode() + index.read_bytes())
    return digest.hexdigest()[:16]
