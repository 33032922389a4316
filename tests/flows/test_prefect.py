"""The same scan under Prefect: same rows, same bytes, plus artifacts; no server needs to run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.scan import BackfillParams, WeeklyParams, run_weekly_scan
from flows.workspace import Workspace
from horizon.settings import Settings
from scrapers.replay.server import ReplayServer
from scrapers.replay.simulated import SimulatedWorld
from tests.flows.conftest import tuesday_after

pytestmark = [pytest.mark.prefect, pytest.mark.slow]


@pytest.fixture(scope="module")
def _prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
    patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    patch.setenv("DO_NOT_TRACK", "1")
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
    patch.undo()


@pytest.mark.usefixtures("_prefect")
def test_the_flow_does_what_the_plain_scan_does(
    server: ReplayServer, world: SimulatedWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.backfill import backfill
    from flows.quarter import quarter
    from flows.weekly_scan import weekly_scan

    now = tuesday_after(world.last_week)
    params = WeeklyParams(week=world.last_week, sources=("arxiv",))
    monkeypatch.setenv("HORIZON_REPLAY_URL", server.url)
    summary = weekly_scan(params, now=now, data_dir=tmp_path / "prefect")
    with (
        Workspace(Settings.in_folder(tmp_path / "plain")) as plain,
        Workspace(Settings.in_folder(tmp_path / "prefect")) as orchestrated,
    ):
        expected = run_weekly_scan(plain, params, now)
        assert plain.store.table_digest() == orchestrated.store.table_digest()
    assert [path.read_bytes() for path in summary.briefs] == [path.read_bytes() for path in expected.briefs]
    assert _artifacts() == {
        f"weekly-scan-{str(world.last_week).lower()}",
        f"weekly-scan-{str(world.last_week).lower()}-sources",
    }
    issued = quarter(params, groups=False, publish=True, now=now, data_dir=tmp_path / "prefect")
    assert [(each.kind, each.mismatches) for each in issued] == [("quarterly", ())]
    assert (tmp_path / "prefect" / "site" / "index.html").is_file()
    assert f"quarter-{str(world.last_week).lower()}" in _artifacts()
    earlier = world.last_week + -4
    server.set_clock(tuesday_after(earlier))
    span = BackfillParams(since=earlier + -2, until=earlier, sources=("arxiv",))
    harvested = backfill(span, now=tuesday_after(earlier), data_dir=tmp_path / "history")
    assert harvested.complete
    assert harvested.ingested > 0


def _artifacts() -> set[str | None]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return {artifact.key for artifact in client.read_artifacts()}
