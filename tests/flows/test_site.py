"""`horizon site` on a data folder: what the store knew at an issue's cut-off, and the licence of each source."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from lxml import html

from flows.site import write_site
from flows.workspace import Workspace
from horizon.records import Run
from horizon.settings import Settings
from reports.build import build_brief
from reports.render_json import render_json
from reports.site.archive import read_archive
from reports.site.items import read_items
from store.database import Store, migrate
from tests.reports.sample import AS_OF, MODEL, TAXONOMY, WEEK, sample_inputs


def data_folder(path: Path) -> Workspace:
    """The invented week with its items and labels; later one item's title was changed and its label withdrawn."""
    work = Workspace(Settings(data_dir=path))
    path.mkdir(exist_ok=True)
    migrate(work.settings.url)
    inputs = sample_inputs()
    pairs = inputs.labelled[:40]
    run = Run(run_id="first", kind="weekly_scan", week=WEEK, started=AS_OF, taxonomy=TAXONOMY, model=MODEL, code="0",
              params={"world": "simulated"})  # fmt: skip
    with Store.open(work.settings.url) as store:
        store.begin_run(run)
        store.ingest("first", AS_OF, [item for item, _ in pairs])
        store.add_labels("first", AS_OF, [item for item, _ in pairs], [label for _, label in pairs])
        later = AS_OF + timedelta(days=7)
        store.begin_run(run.model_copy(update={"run_id": "later", "started": later}))
        changed = pairs[0][0].model_copy(update={"title": "SIMULATED and later changed", "version": "2"})
        store.ingest("later", later, [changed])
    folder = work.briefs / str(WEEK)
    folder.mkdir(parents=True)
    (folder / "brief.json").write_bytes(render_json(build_brief(inputs)))
    return work


def test_items_are_shown_as_their_issue_knew_them(tmp_path: Path) -> None:
    with data_folder(tmp_path / "var") as work:
        items = read_items(work.store, read_archive(work.briefs))
        first = sample_inputs().labelled[0][0]
        assert items[first.id].item.title == first.title
        assert [label.area for label in items[first.id].labels] == [sample_inputs().labelled[0][1].area]
        now = work.store.items([first.id])[first.id]
        assert now.title == "SIMULATED and later changed"


def test_the_site_is_written_whole_and_twice_alike(tmp_path: Path) -> None:
    with data_folder(tmp_path / "var") as work:
        report = write_site(work, tmp_path / "site")
        again = write_site(work, tmp_path / "again")
    assert (report.issues, report.older, report.files) == (1, 0, again.files)
    written = {path.relative_to(tmp_path / "site"): path.read_bytes() for path in (tmp_path / "site").rglob("*.*")
               if path.is_file()}  # fmt: skip
    assert written == {path.relative_to(tmp_path / "again"): path.read_bytes()
                       for path in (tmp_path / "again").rglob("*.*") if path.is_file()}  # fmt: skip
    item = sample_inputs().labelled[0][0]
    page: Any = html.fromstring((tmp_path / "site" / "en" / "items" / f"{item.id.replace(':', '-')}.html").read_bytes())
    assert "SIMULATED abstract." in page.text_content(), "arXiv's records are CC0"
