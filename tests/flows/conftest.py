"""A small simulated world behind a replay server, and installations that scan it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows import delivery
from flows.demo import without_waits
from flows.workspace import Workspace
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from nlp.classifier import Classifier
from reports.build import build_brief
from reports.render_json import render_json
from scrapers.replay.server import ReplayServer, serve
from scrapers.replay.simulated import SimulatedWorld
from taxonomy.load import load_taxonomy
from tests.flows.doubles import MailServer, Robot, serving
from tests.flows.office import WEEK, Office
from tests.reports.sample import sample_inputs

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


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A live brief whose numbers are taken to hold; that they are recomputed is tested on a real store below."""
    monkeypatch.setattr(delivery, "verify_file", lambda *_: [])
    file = tmp_path / "delivery.yml"
    work = Workspace(Settings(data_dir=tmp_path / "data", delivery_file=file))
    folder = work.briefs / str(WEEK)
    folder.mkdir(parents=True)
    (folder / "brief.json").write_bytes(render_json(build_brief(sample_inputs(world="live"))))
    return Office(work, file)


@pytest.fixture
def post() -> Iterator[MailServer]:
    with serving(MailServer()) as server:
        yield server


@pytest.fixture
def robot() -> Iterator[Robot]:
    with serving(Robot()) as server:
        yield server
