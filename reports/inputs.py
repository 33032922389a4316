"""All that a brief is made of, as plain data: read once from the store, hashed, and indexed for the builder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from horizon.records import Fetch, FetchStatus, Item, Label, Record, Score, SeriesPoint, SourceId, UtcDatetime, Week
from horizon.weeks import IsoWeek
from reports.facts import World
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


class BriefInputs(Record):
    """Plain data for one issue."""

    kind: Literal["weekly"] = "weekly"
    week: Week
    as_of: UtcDatetime
    world: World
    run_id: str
    code: str
    taxonomy: str
    model: str
    areas: tuple[AreaFile, ...]
    sources: tuple[SourceWeek, ...]
    """Every source that the scan is meant to read, the main one first."""
    disabled: tuple[SourceId, ...] = ()
    """Sources that the scan was meant to read and could not for want of a key."""
    scores: tuple[Score, ...] = ()
    previous_week: Week | None = None
    previous_taxonomy: str | None = None
    previous_model: str | None = None
    previous_scores: tuple[Score, ...] = ()
    points: tuple[SeriesPoint, ...] = ()
    """Area and route series of the last 104 weeks."""
    labelled: tuple[tuple[Item, Label], ...] = ()
    """Assigned labels of items first published in the week."""
    issues: tuple[tuple[str, str, int], ...] = ()
    """Severity, code and how many issues of the run have both."""


def run_hash(inputs: BriefInputs) -> str:
    """SHA-256 over the canonical JSON of the inputs; the taxonomy counts by its version, which is its own hash."""
    plain = inputs.model_dump(mode="json", exclude={"areas"})
    plain["areas"] = [area.id for area in inputs.areas]
    canonical = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


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

    @property
    def week(self) -> IsoWeek:
        return self.inputs.week

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
    return Known(
        inputs=inputs,
        scores={(score.series, score.source): score for score in inputs.scores},
        previous={(score.series, score.source): score for score in inputs.previous_scores},
        points=points,
        labels={(label.item_id, label.area): label for _, label in inputs.labelled},
        items={item.id: item for item, _ in inputs.labelled},
        areas={area.id: area for area in inputs.areas},
        sources={source.source: source for source in inputs.sources},
    )
