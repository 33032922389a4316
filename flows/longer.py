"""What an issue looks back on, and what the longer editions look at more closely, as parts of its findings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows.checks import to_check
from flows.hindsight import came_due, dropped_signals, past_issues, silent_sources
from flows.ledger import Foretold
from flows.lenses import area_lenses, named_items
from flows.revisions import revisions
from flows.workspace import Workspace
from horizon.records import AreaId, Signal
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from reports.findings import Race


@dataclass(frozen=True)
class Issue:
    """Which issue is gathered for."""

    week: IsoWeek
    window_weeks: int
    pair: tuple[str, str]
    """Taxonomy and model."""
    as_of: datetime
    sources: Sequence[str]
    area: AreaId | None = None

    @property
    def sorted_sources(self) -> list[str]:
        """Whoever writes an issue and whoever verifies it may name them in another order."""
        return sorted(self.sources)

    def areas(self, work: Workspace) -> tuple[AreaId, ...]:
        return (self.area,) if self.area else tuple(area.id for area in work.taxonomy.areas)


def look_back(work: Workspace, issue: Issue, foretold: Foretold) -> dict[str, Any]:
    """Fields of Findings on what earlier issues said: gone signals, forecasts that came due, corrections."""
    areas, as_of = issue.areas(work), issue.as_of
    issues = past_issues(work, issue.week, issue.window_weeks, as_of)
    after = issue.week + -issue.window_weeks
    if issue.window_weeks == 1 and issues:
        after = issues[-1].week
    silent = silent_sources(work, issue.week, issue.pair, as_of)
    return {
        "dropped": tuple(dropped_signals(work, issues, issue.week, as_of, issue.sorted_sources)),
        "silent": tuple(source for source in silent if source in issue.sources),
        "due": came_due(foretold.predictions, foretold.settlements, after, areas),
        "revisions": revisions(work, issues, issue.pair, as_of, issue.sorted_sources, areas),
    }


def look_closer(
    work: Workspace, issue: Issue, signals: Sequence[Signal], races: "Sequence[Race]"
) -> tuple[dict[str, Any], set[str]]:
    """Fields of Findings for area pages and for an expert group, and the ids of the items that they name."""
    lenses = tuple(area_lenses(work, issue.areas(work), issue.week, issue.pair, issue.as_of, issue.sorted_sources))
    checks = []
    if issue.area is not None:
        span = (issue.week + (1 - max(issue.window_weeks, 13)), issue.week)
        checks = to_check(work, issue.area, span, issue.pair, issue.as_of, issue.sorted_sources, signals, races)
    named = named_items(lenses) | {each.item_id for each in checks}
    return {"lenses": lenses, "checks": tuple(checks)}, named
