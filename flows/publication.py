"""After a brief holds: the archive site built anew, and the brief handed over to those who are to have it."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from flows.delivery import Handover, Outside, deliver_week, told
from flows.site import write_site
from flows.workspace import Workspace
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from reports.inputs import Edition


class Publication(BaseModel):
    """What was built and sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: Path
    issues: int
    handovers: tuple[Handover, ...] = ()
    """None where no delivery file is configured."""

    @property
    def complete(self) -> bool:
        return all(each.status != "failed" for each in self.handovers)

    @property
    def lines(self) -> tuple[str, ...]:
        """For a terminal."""
        return (f"{self.site / 'index.html'}: {self.issues} issues", *map(told, self.handovers))


def publish_issue(work: Workspace, week: IsoWeek, edition: "Edition | None" = None) -> Publication:
    """Build the site of all issues; send this one where `HORIZON_DELIVERY_FILE` says, and nowhere without it.

    A receiver who has it gets it no second time. Raises UsageError where the issue was not written.
    """
    report = write_site(work, work.settings.data_dir / "site")
    handovers: list[Handover] = []
    if work.settings.delivery_file is not None:
        handovers = deliver_week(work, week, Outside(work.settings.environ), edition=edition)
    return Publication(site=report.folder, issues=report.issues, handovers=tuple(handovers))
