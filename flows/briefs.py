"""The last steps of a scan: the brief in every language and format, its recomputation from the store, its publication.

What is written waits in `staging` until it is verified. Only a brief that holds gets into the archive of briefs.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.findings import findings_of, gather
from flows.workspace import Workspace
from horizon.errors import RenderError
from horizon.records import Run

if TYPE_CHECKING:
    from horizon.weeks import IsoWeek
    from reports.facts import ScoreRules, SourceProfile
    from reports.inputs import Edition

_TWO_YEARS_WEEKS = 104


def write_briefs(
    work: Workspace, run: Run, languages: Sequence[str], formats: Sequence[str], edition: "Edition | None" = None
) -> list[Path]:
    """Build a brief (the weekly where none is named) as of the run and write it into `staging`, its document first.

    The document is written whatever formats are asked for: without it nothing could be verified.
    """
    from reports.build import build_brief
    from reports.inputs import WEEKLY
    from reports.read import read_inputs
    from reports.write import write_brief
    from scrapers.source import load_source

    chosen = edition or WEEKLY
    sources = run.params["sources"].split()
    disabled = run.params.get("disabled", "").split()
    inputs = read_inputs(
        work.store,
        work.taxonomy,
        run.week,
        run.model,
        run.started,
        world=work.world,
        run_id=run.run_id,
        code=run.code,
        sources=sources,
        incomplete_weeks={source: load_source(source).incomplete_weeks for source in sources},
        disabled=disabled,
        profiles=[profile_source(source) for source in (*sources, *disabled)],
        score_rules=_score_rules(),
        findings=gather(work, run.week, run.taxonomy, run.model, run.started, sources, chosen),
        edition=chosen,
    )
    brief = build_brief(inputs)
    staged = work.staging / chosen.folder(run.week)
    # Of a run that was killed.
    shutil.rmtree(staged, ignore_errors=True)
    return write_brief(brief, staged, languages, ("json", *formats), font_dir=work.settings.font_dir)


def publish_briefs(work: Workspace, run: Run, paths: Sequence[Path], faults: Sequence[str]) -> list[Path]:
    """Move what `write_briefs` staged into the archive and tell the store; with any fault, into `refused` instead.

    A refused brief leaves an earlier one of its week where it is. Returns where the files are now.
    """
    document = paths[0]
    data, name = document.read_bytes(), document.parent.name
    moved = _move(paths, (work.refused if faults else work.briefs) / name, data)
    if not faults:
        shutil.rmtree(work.refused / name, ignore_errors=True)
        digest = hashlib.sha256(data).hexdigest()
        edition = _edition(json.loads(data)["header"])
        work.store.record_brief(run.run_id, run.started, run.week, edition.name, digest, f"{name}/{document.name}")
    return moved


def _move(paths: Sequence[Path], folder: Path, data: bytes) -> list[Path]:
    """The document, whose bytes are `data`, goes last: where it is, the others are."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = folder / paths[0].name
        others = known.is_file() and known.read_bytes() != data
        moved = [path.replace(folder / path.name) for path in reversed(paths)][::-1]
        for stale in set(folder.glob("brief.*")) - set(moved) if others else ():
            # A rendering of other facts must not stand beside these.
            stale.unlink()
        shutil.rmtree(paths[0].parent, ignore_errors=True)
    except OSError as error:
        raise RenderError(
            f"expected to move a brief into {folder}, found: {error}; free space or mend rights"
        ) from None
    return moved


def _edition(header: dict[str, Any]) -> "Edition":
    from reports.inputs import Edition

    return Edition(header["kind"], header["area"])


def folder_of(work: Workspace, week: "IsoWeek", edition: "Edition") -> Path:
    """Where an issue stands: `2026-W46`, `2026-W46-quarterly`, `2026-W46-group-quantum`."""
    return work.briefs / edition.folder(week)


def verify_written(work: Workspace, paths: Iterable[Path]) -> list[str]:
    """Recompute every number of the written briefs and check every quote and link; returns the mismatches."""
    return [fault for path in paths if path.suffix == ".json" for fault in verify_file(work, path)]


def verify_file(work: Workspace, path: Path) -> list[str]:
    """Mismatches of one brief.json, whoever wrote it."""
    from reports.verify import verify_brief
    from scrapers.source import list_sources

    profiles = [profile_source(source) for source in list_sources()]
    found = verify_brief(
        path, work.store, work.taxonomy, profiles, lambda header: findings_of(work, header), version("horizon-scan")
    )
    return [str(fault) for fault in found]


def profile_source(name: str) -> "SourceProfile":
    """What a brief has to know of a source's file."""
    from reports.facts import SourceProfile, Text
    from scrapers.source import load_source

    source = load_source(name)
    return SourceProfile(
        source=source.id,
        name=Text(en=source.title.en, zh=source.title.zh),
        kind=source.kind,
        rank=source.rank,
        trust=source.trust,
        denominator=source.denominator,
        counted=source.counted,
        link_hosts=source.link_hosts,
    )


def _score_rules() -> "ScoreRules":
    from reports.facts import ScoreRules
    from trends.momentum import MIN_COUNT, MIN_KNOWN_SHARE, VERDICTS

    return ScoreRules(items=MIN_COUNT, known_weeks=round(_TWO_YEARS_WEEKS * MIN_KNOWN_SHARE), bars=VERDICTS)
