"""After a scan: the site is built, and nothing is sent where nothing is configured."""

from pathlib import Path

import pytest

from flows.publication import publish_issues
from horizon.errors import UsageError
from horizon.settings import Settings
from tests.flows.test_site import data_folder
from tests.reports.sample import WEEK


def test_the_site_is_built_and_nothing_is_sent_without_a_delivery_file(tmp_path: Path) -> None:
    with data_folder(tmp_path / "var") as work:
        done = publish_issues(work, WEEK)
    assert (done.issues, done.handovers, done.complete) == (1, (), True)
    assert (tmp_path / "var" / "site" / "index.html").is_file()


def test_an_issue_that_was_not_written_is_not_sent(tmp_path: Path) -> None:
    targets = tmp_path / "delivery.yml"
    targets.write_text("targets:\n  - {id: share, kind: folder, folder: /nowhere}\n", encoding="utf-8")
    with data_folder(tmp_path / "var") as work:
        settings = Settings(data_dir=tmp_path / "var", delivery_file=targets)
        work.settings = settings
        with pytest.raises(UsageError, match="expected the brief of"):
            publish_issues(work, WEEK + 1)
