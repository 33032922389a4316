"""A brief of any kind, on demand and after its week was scored: written, verified, then published or refused."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from flows.briefs import publish_briefs, verify_written, write_briefs
from flows.scan import WeeklyParams, open_weekly_run
from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.records import AreaId, Week

if TYPE_CHECKING:
    from reports.facts import BriefKind
    from reports.inputs import Edition

ALL_AREAS = "all"
"""In place of one area: every expert group gets its own."""


class Issued(BaseModel):
    """What became of one edition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    week: Week
    kind: Literal["weekly", "quarterly", "group"]
    area: AreaId | None = None
    briefs: tuple[Path, ...] = ()
    """Published files."""
    refused: tuple[Path, ...] = ()
    """Files of a brief that was not published, for its mismatches."""
    mismatches: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """For a terminal."""
        faults = (f"MISMATCH {fault}" for fault in self.mismatches)
        return (*faults, *(f"REFUSED, not published: {path}" for path in self.refused), *map(str, self.briefs))


def editions_of(work: Workspace, kind: "BriefKind", area: str | None) -> "tuple[Edition, ...]":
    """The editions of these words; raises UsageError where a group's area is missing, needless or unknown."""
    from reports.inputs import Edition

    if (kind == "group") != (area is not None):
        raise UsageError(f"expected --area with --kind group and with no other, found --kind {kind} and area {area}")
    if area == ALL_AREAS:
        return tuple(Edition(kind, each.id) for each in work.taxonomy.areas)
    if area is not None:
        work.taxonomy.area(area)
    return (Edition(kind, area),)


def issue_edition(work: Workspace, params: WeeklyParams, edition: "Edition", now: datetime) -> Issued:
    """Write an edition up to a week that has been scored, verify it, publish it if it holds; else it is refused.

    To be called inside `work.exclusive()`. Raises UsageError where this taxonomy and model have not scored the week.
    """
    run, _ = open_weekly_run(work, params, now)
    if not work.store.scores(run.week, run.taxonomy, run.model, as_of=run.started):
        message = f"expected scores of {run.week} by this taxonomy and model, found none"
        raise UsageError(message + f"; run `horizon scan --week {run.week}` first")
    paths = write_briefs(work, run, params.languages, params.formats, edition)
    faults = tuple(verify_written(work, paths))
    places = tuple(publish_briefs(work, run, paths, faults))
    issued = Issued(week=run.week, kind=edition.kind, area=edition.area, mismatches=faults)
    return issued.model_copy(update={"refused" if faults else "briefs": places})


def issue_quarter(work: Workspace, params: WeeklyParams, now: datetime, groups: bool = True) -> tuple[Issued, ...]:
    """The quarterly, and where asked for the edition of every expert group; one that is refused stops no other.

    To be called inside `work.exclusive()`.
    """
    editions = editions_of(work, "quarterly", None)
    if groups:
        editions += editions_of(work, "group", ALL_AREAS)
    return tuple(issue_edition(work, params, edition, now) for edition in editions)
