"""All that a brief is made of, as plain data: read once from the store, hashed, and indexed for the builder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from horizon.records import (
    AreaId,
    Fetch,
    FetchStatus,
    Item,
    ItemId,
    Label,
    Record,
    Score,
    SeriesPoint,
    SourceId,
    UtcDatetime,
    Week,
)
from horizon.weeks import IsoWeek, weeks_between
from reports.facts import BriefKind, ScoreRules, SourceProfile, World
from reports.findings import Findings
from reports.policy import GROUPS, REACHES, brief_plan, profile_of, reach_of
from taxonomy.schema import AreaFile

HISTORY_WEEKS = 104
YEAR_WEEKS = 52


class SourceWeek(Record):
    """A source's week: its effective status, and the fetch that decided it. No status: never attempted."""

    source: SourceId
    status: FetchStatus | None
    fetch: Fetch | None = None
    incomplete_weeks: int = 0
    """Newest weeks that still fill up by first publication date; momentum leaves them out."""
    last_success: date | None = None
    """Last day of the newest window that was read whole."""


class BriefInputs(Record):
    """Plain data for one issue."""

    kind: BriefKind = "weekly"
    area: AreaId | None = None
    """Of an expert group's edition; `areas` holds it alone."""
    week: Week
    """The last one of the issue."""
    window_weeks: int = 1
    as_of: UtcDatetime
    world: World
    run_id: str
    code: str
    taxonomy: str
    model: str
    areas: tuple[AreaFile, ...]
    sources: tuple[SourceWeek, ...]
    """Every source that the scan is meant to read, the main one first."""
    disabled: tuple[SourceWeek, ...] = ()
    """Sources that the scan was meant to read and could not for want of a key."""
    profiles: tuple[SourceProfile, ...] = ()
    """Of the sources above; one that has none is taken for what `sources.yml` says."""
    score_rules: ScoreRules | None = None
    scores: tuple[Score, ...] = ()
    previous_week: Week | None = None
    previous_taxonomy: str | None = None
    previous_model: str | None = None
    previous_scores: tuple[Score, ...] = ()
    previous_rescored: bool = False
    """The previous issue was made by another model or taxonomy; its scores here are those of the present one."""
    points: tuple[SeriesPoint, ...] = ()
    """Area and route series of the last 104 weeks."""
    labelled: tuple[tuple[Item, Label], ...] = ()
    """Assigned labels of items first published in the week that are counted, utility models among them."""
    late: tuple[tuple[Item, Label], ...] = ()
    """Assigned labels of items of earlier weeks that were first known since the previous issue."""
    works: tuple[tuple[ItemId, ...], ...] = ()
    """Works with several items of which one is labelled here, the version to show first leading."""
    versions: tuple[Item, ...] = ()
    """Items of those works that are not labelled here."""
    findings: Findings = Findings()
    issues: tuple[tuple[str, str, int], ...] = ()
    """Severity, code and how many issues of the run have both."""


def run_hash(inputs: BriefInputs) -> str:
    """SHA-256 over the canonical JSON of the inputs; the taxonomy counts by its version, which is its own hash."""
    plain = inputs.model_dump(mode="json", exclude={"areas"})
    plain["areas"] = [area.id for area in inputs.areas]
    canonical = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Edition:
    """Which kind of brief is written; `area` names the group of a `group` one."""

    kind: BriefKind = "weekly"
    area: AreaId | None = None

    @property
    def name(self) -> str:
        """For folders and the store: weekly, quarterly, group-quantum."""
        return self.kind if self.area is None else f"{self.kind}-{self.area}"

    def folder(self, week: IsoWeek) -> str:
        """The weekly of a week has the week's name."""
        return str(week) if self.kind == "weekly" else f"{week}-{self.name}"

    @property
    def window_weeks(self) -> int:
        return brief_plan(self.kind).window_weeks


WEEKLY = Edition()


@dataclass(frozen=True)
class Known:
    """The inputs with their look-up tables."""

    inputs: BriefInputs
    scores: Mapping[tuple[str, str], Score]
    previous: Mapping[tuple[str, str], Score]
    points: Mapping[tuple[str, str], Mapping[IsoWeek, SeriesPoint]]
    labels: Mapping[tuple[str, str], Label]
    items: Mapping[str, Item]
    areas: Mapping[str, AreaFile]
    sources: Mapping[str, SourceWeek]
    """Disabled ones as well."""
    profiles: Mapping[str, SourceProfile]
    works: Mapping[str, tuple[str, ...]]
    read_weeks: Mapping[str, frozenset[IsoWeek]]
    """By source the weeks of which anything is known."""
    leading: Mapping[AreaId, SourceId]
    """The source by which each area is judged."""

    @property
    def week(self) -> IsoWeek:
        return self.inputs.week

    @property
    def window(self) -> list[IsoWeek]:
        """The weeks that the issue speaks of, oldest first."""
        return list(weeks_between(self.week + (1 - self.inputs.window_weeks), self.week))

    def year_of(self, source: str) -> tuple[IsoWeek, IsoWeek]:
        """First and last of the 52 weeks that scores and yearly counts share: none of them still fills up."""
        known = self.sources.get(source)
        last = self.week + -(known.incomplete_weeks if known else 0)
        return last + (1 - YEAR_WEEKS), last

    @property
    def comparable(self) -> bool:
        """Whether the previous issue was made by the same model and taxonomy."""
        same_model = self.inputs.previous_model == self.inputs.model
        return same_model and self.inputs.previous_taxonomy == self.inputs.taxonomy


def index(inputs: BriefInputs) -> Known:
    """Build the look-up tables."""
    points: dict[tuple[str, str], dict[IsoWeek, SeriesPoint]] = {}
    for point in inputs.points:
        points.setdefault((point.series, point.source), {})[point.week] = point
    told = {profile.source: profile for profile in inputs.profiles}
    sources = {source.source: source for source in (*inputs.disabled, *inputs.sources)}
    profiles = {name: told.get(name) or profile_of(name) for name in sources}
    pairs = (*inputs.labelled, *inputs.late)
    return Known(
        inputs=inputs,
        scores={(score.series, score.source): score for score in inputs.scores},
        previous={(score.series, score.source): score for score in inputs.previous_scores},
        points=points,
        labels={(label.item_id, label.area): label for _, label in pairs},
        items={item.id: item for item in (*inputs.findings.items, *inputs.versions, *(item for item, _ in pairs))},
        areas={area.id: area for area in inputs.areas},
        sources=sources,
        profiles=profiles,
        works={item_id: work for work in inputs.works for item_id in work},
        read_weeks=_read_weeks(inputs.points),
        leading=_leading(inputs, profiles),
    )


def _read_weeks(points: tuple[SeriesPoint, ...]) -> dict[str, frozenset[IsoWeek]]:
    read: dict[str, set[IsoWeek]] = {}
    for point in points:
        if point.n is not None:
            read.setdefault(point.source, set()).add(point.week)
    return {source: frozenset(weeks) for source, weeks in read.items()}


def _leading(inputs: BriefInputs, profiles: Mapping[str, SourceProfile]) -> dict[str, str]:
    """Of the sources read, for each area the one that can hold most of it; of equals the first in order and rank."""
    counted = counted_sources(inputs, profiles)
    fit = [name for name in counted if profiles[name].trust != "low"] or counted
    return {area.id: min(fit, key=lambda name: _place(profiles[name], area.id)) for area in inputs.areas if fit}


def counted_sources(inputs: BriefInputs, profiles: Mapping[str, SourceProfile]) -> list[str]:
    """Sources that make series, in the order of the issue; all where none does, so that their items are shown."""
    names = [source.source for source in inputs.sources]
    return [name for name in names if profiles[name].counted] or names


def _place(profile: SourceProfile, area: str) -> tuple[int, int, int]:
    return REACHES.index(reach_of(profile.source, area)), GROUPS.index(profile.group), profile.rank
