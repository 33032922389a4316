"""The last steps of a scan: the brief in every language and format, and its recomputation from the store."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flows.findings import findings_of, gather
from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.records import Run

if TYPE_CHECKING:
    from horizon.weeks import IsoWeek
    from reports.facts import BriefKind, ScoreRules, SourceProfile
    from reports.inputs import Edition

_TWO_YEARS_WEEKS = 104


def write_briefs(
    work: Workspace, run: Run, languages: Sequence[str], formats: Sequence[str], edition: "Edition | None" = None
) -> list[Path]:
    """Build a brief (a weekly where no edition is named) from what was known at the run's time and write it."""
    from reports.build import build_brief
    from reports.inputs import WEEKLY
    from reports.read import read_inputs
    from reports.render_json import render_json
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
        findings=gather(work, run.week, run.taxonomy, run.model, run.started, sources),
        edition=chosen,
    )
    brief = build_brief(inputs)
    folder = folder_of(work, run.week, chosen)
    paths = write_brief(brief, folder, languages, formats, font_dir=work.settings.font_dir)
    digest = hashlib.sha256(render_json(brief)).hexdigest()
    work.store.record_brief(run.run_id, run.started, run.week, chosen.name, digest, f"{folder.name}/brief.json")
    return paths


def edition_of(work: Workspace, kind: "BriefKind", area: str | None) -> "Edition":
    """The edition of these words; raises UsageError where a group's area is missing, needless or unknown."""
    from reports.inputs import Edition

    if (kind == "group") != (area is not None):
        raise UsageError(f"expected --area with --kind group and with no other, found --kind {kind} and area {area}")
    if area is not None:
        work.taxonomy.area(area)
    return Edition(kind, area)


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
    found = verify_brief(path, work.store, work.taxonomy, profiles, lambda header: findings_of(work, header))
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
