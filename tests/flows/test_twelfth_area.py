"""A new area is one new file: it appears in labels, scores and brief with no change of code."""

from pathlib import Path

import yaml

from flows.scan import BackfillParams, WeeklyParams, run_backfill, run_weekly_scan
from flows.workspace import Workspace
from horizon.settings import Settings
from scrapers.replay.server import serve
from scrapers.replay.simulated import SimulatedWorld
from taxonomy.load import AREAS, load_taxonomy
from tests.flows.conftest import tuesday_after

AREA = "deep_space_resources"


def _twelve_areas(folder: Path) -> Path:
    folder.mkdir()
    for path in AREAS.glob("*.yml"):
        (folder / path.name).write_bytes(path.read_bytes())
    fixture = Path(__file__).parent / "fixtures" / f"{AREA}.yml"
    (folder / fixture.name).write_bytes(fixture.read_bytes())
    return folder


def test_a_twelfth_area_is_labelled_scored_and_briefed(tmp_path: Path) -> None:
    folder = _twelve_areas(tmp_path / "areas")
    taxonomy = load_taxonomy(folder)
    assert len(taxonomy.areas) == 12
    world = SimulatedWorld(taxonomy, items_per_week=120, weeks=60)
    settings = Settings(data_dir=tmp_path / "data", taxonomy_dir=folder)
    last = world.last_week
    span = BackfillParams(since=world.first_week, until=last + -1, sources=("arxiv",))
    with serve(world, tuesday_after(last)) as server:
        replayed = settings.model_copy(update={"replay_url": server.url})
        with Workspace(replayed) as work:
            run_backfill(work, span, tuesday_after(last))
            summary = run_weekly_scan(work, WeeklyParams(week=last, sources=("arxiv",)), tuesday_after(last))
            scores = {score.series: score for score in work.store.scores(last)}
    brief = summary.briefs[0].read_text(encoding="utf-8")
    assert scores[f"area:{AREA}"].n_52w > 0
    assert f"route:{AREA}/asteroid_mining" in scores
    assert AREA in brief
    name = yaml.safe_load((folder / f"{AREA}.yml").read_text(encoding="utf-8"))["name"]
    for path in summary.briefs:
        if path.suffix == ".md":
            assert name["zh" if ".zh." in path.name else "en"] in path.read_text(encoding="utf-8")
