"""After a brief holds: the archive site built anew, and the brief handed over to those who are to have it."""

from collections.abc import Sequence
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


def publish_issues(work: Workspace, week: IsoWeek, editions: "Sequence[Edition | None]" = (None,)) -> Publication:
    """Build the site of all issues; send these (None: the weekly) where `HORIZON_DELIVERY_FILE` says, else nowhere.

    A receiver who has one gets it no second time. Raises UsageError where an issue was not written.
    """
    report = write_site(work, work.settings.data_dir / "site")
    handovers: list[Handover] = []
    if work.settings.delivery_file is not None:
        outside = Outside(work.settings.environ)
        handovers = [each for one in editions for each in deliver_week(work, week, outside, edition=one)]
    return Publication(site=report.folder, issues=report.issues, handovers=tuple(handovers))
