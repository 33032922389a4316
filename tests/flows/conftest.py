"""A small simulated world behind a replay server, and installations that scan it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.demo import without_waits
from flows.workspace import Workspace
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from nlp.classifier import Classifier
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.simulated import SimulatedWorld
from taxonomy.load import load_taxonomy

OpenWorkspace = Callable[..., Workspace]


def tuesday_after(week: IsoWeek) -> datetime:
    return week.end + timedelta(days=1, hours=9)


@pytest.fixture(scope="session")
def world() -> SimulatedWorld:
    return SimulatedWorld(load_taxonomy(), items_per_week=60, weeks=40)


@pytest.fixture
def server(world: SimulatedWorld) -> Iterator[ReplayServer]:
    with serve(world, tuesday_after(world.last_week)) as running, without_waits():
        yield running


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """The shipped model, loaded once for all tests of this folder; no text is read by the encoder twice."""
    return Classifier.load(None, load_taxonomy(), vectors_dir=tmp_path_factory.mktemp("vectors"))


@pytest.fixture
def open_workspace(server: ReplayServer, classifier: Classifier, tmp_path: Path) -> Iterator[OpenWorkspace]:
    """Opens an installation in a folder of its own; all are closed at the end."""
    opened: list[Workspace] = []

    def open_in(name: str = "main", **settings: object) -> Workspace:
        base = {"data_dir": tmp_path / name, "replay_url": server.url}
        work = Workspace(Settings.model_validate({**base, **settings}))
        work.__dict__["classifier"] = classifier
        opened.append(work)
        return work

    yield open_in
    for work in opened:
        work.__exit__()
