"""`horizon routes` and `horizon actors` on a small store. Everything in it is SIMULATED."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.workspace import Workspace
from horizon.cli import app
from horizon.errors import TaxonomyError, UsageError
from horizon.records import Fetch, Item, Label, RouteLabel, Run
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from tests.flows.test_review import FUSION, NOW, WEEK, a_label, an_item

WEEKS = 120
ROUTES = ("tokamak", "stellarator")


def _items(source: str) -> list[Item]:
    """Two a week; papers tell nobody, patents tell an applicant of a hostile name."""
    told = {"organisations": ("上海某某公司\u202e\x1b[31m",), "countries": ("CN",), "kind": "patent_grant"}
    more = told if source == "uspto_grants" else {}
    return [
        an_item(
            number,
            id=f"{source}:{number}",
            source=source,
            published=(WEEK + -(number // 2)).monday,
            updated=None,
            family=f"f{number}" if more else None,
            **more,
        )
        for number in range(2 * WEEKS)
    ]


def _labels(work: Workspace, items: list[Item]) -> list[Label]:
    """Two papers in three are on the first route."""
    return [
        a_label(work, item, 0.9, routes=(RouteLabel(route=ROUTES[row % 3 == 2], probability=0.8),), evidence=())
        for row, item in enumerate(items)
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    with Workspace(Settings(data_dir=folder)) as work:
        store, version = work.store, work.taxonomy.version
        run = Run(run_id="r", kind="backfill", week=WEEK, started=NOW, taxonomy=version, model="model-1", code="0")
        store.begin_run(run.model_copy(update={"params": {"world": "live"}}))
        for source in ("arxiv", "uspto_grants"):
            items = _items(source)
            store.ingest("r", NOW, items)
            store.add_labels("r", NOW, items, _labels(work, items))
            since = (WEEK + (1 - WEEKS)).monday
            store.record_fetch("r", Fetch(source=source, week=WEEK, since=since, until=WEEK.sunday, status="OK"), NOW)
        store.recount("r", NOW, version, "model-1", store.affected_weeks("r"), work.taxonomy.series)
        store.finish_run("r", "done", NOW)
        killed = {"run_id": "killed", "model": "model-2", "started": NOW + timedelta(hours=1)}
        store.begin_run(run.model_copy(update={"params": {"world": "live"}, **killed}))
    return folder


def run(verb: str, area: str, data: Path, *words: str, week: IsoWeek = WEEK) -> Result:
    when = ("--week", str(week), "--as-of", (NOW + timedelta(days=1)).isoformat(), "--data", str(data))
    result = CliRunner().invoke(app, [verb, area, *when, *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_routes_are_told_with_intervals_and_the_query_behind_them(data: Path) -> None:
    page = run("routes", FUSION, data).output
    assert "confinement, arxiv, up to" in page
    assert "tokamak leads (probability 1.00)" in page
    assert "enabling, arxiv" in page
    assert "insufficient data: fewer than 50% of the last 52 weeks are known, or no route was labelled in them" in page
    told = json.loads(run("routes", FUSION, data, "--source", "arxiv", "--json").output)
    assert told["basis"]["model"] == "model-1", "the newer model's run was killed before it counted anything"
    race = told["races"][0]
    assert (race["group"], race["source"], race["status"]) == ("confinement", "arxiv", "ok")
    assert race["series"][0] == f"route:{FUSION}/tokamak"
    shares = {each["route"]: each for each in race["windows"][-1]["shares"]}
    assert shares["tokamak"]["share"]["mean"] == pytest.approx(2 / 3, abs=0.02)
    assert shares["tokamak"]["n"] + shares["stellarator"]["n"] == race["windows"][-1]["labels"] == 104
    assert {each["source"] for each in told["races"]} == {"arxiv"}


def test_actors_are_told_with_their_coverage(data: Path) -> None:
    page = run("actors", FUSION, data).output
    assert "arxiv: 104 works, organisations known of 0, countries of 0" in page
    assert "Shanghai: 104 of 104 works whose actors are known" in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "lag: not enough evidence" in page
    told = json.loads(run("actors", FUSION, data, "--json").output)
    assert told["papers"]["shanghai"] is None
    assert told["patents"]["countries"][0]["key"] == "CN"
    assert told["patents"]["week"] == str(WEEK)


def test_an_earlier_week_is_told_from_what_lay_before_it(data: Path) -> None:
    told = json.loads(run("actors", FUSION, data, "--json", week=WEEK + -20).output)
    assert told["patents"]["coverage"][0]["works"] == 104
    newest = told["patents"]["countries"][0]["ids"][0]
    assert int(newest.split(":")[1]) // 2 == 20


def test_an_unknown_area_and_one_without_counts_say_what_to_do(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="expected a known area, found 'fusion'"):
        run("routes", "fusion", data)
    with pytest.raises(UsageError, match=r"expected weekly counts of the routes of .* of biorxiv, found none"):
        run("routes", FUSION, data, "--source", "biorxiv")
    with pytest.raises(UsageError, match="expected a database of Horizon"):
        run("actors", FUSION, tmp_path)
    early = CliRunner().invoke(app, ["actors", FUSION, "--as-of", "2020-01-01", "--data", str(data)])
    assert isinstance(early.exception, UsageError)
    assert "found none known at 2020-01-01" in str(early.exception)
