"""A brief made from a real store holds; a changed number, quote, id, link or version is named."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from horizon.errors import ParseError
from horizon.records import Evidence, Fetch, Issue, Item, Label, RouteLabel, Run
from horizon.weeks import IsoWeek
from reports.build import build_brief
from reports.read import read_inputs
from reports.render_json import canonical
from reports.verify import verify_brief
from reports.write import write_brief
from store.database import Store
from taxonomy.load import Taxonomy
from tests.reports.sample import RULES, SKETCHES, area_file, score
from tests.reports.several import profile

WEEK = IsoWeek(2026, 46)
NOW = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
AREAS = [sketch for sketch in SKETCHES if sketch.id in ("quantum_technology", "silicon_photonics")]
TAXONOMY = Taxonomy(tuple(area_file(sketch) for sketch in AREAS), "tax-test")
MODEL = "areas-test"


def run_of(week: IsoWeek, started: datetime) -> Run:
    return Run(run_id=f"scan-{week}", kind="weekly_scan", week=week, started=started, taxonomy="tax-test", model=MODEL,
               code="0.1.0")  # fmt: skip


def paper(number: int, published: date) -> Item:
    title = f"SIMULATED low-cost device {number}"
    return Item(id=f"arxiv:2611.{number:05d}", source="arxiv", kind="preprint", title=title, abstract="SIMULATED text.",
                published=published, url="https://arxiv.org/abs/2611.00001")  # fmt: skip


def label_of(item: Item, number: int) -> Label:
    found = (
        Evidence(kind="lens", text="low-cost", field="title", start=10, end=18, concept="cost_reduction: low cost"),
    )
    route = RouteLabel(route=AREAS[number % 2].routes[0][0], probability=0.9)
    return Label(item_id=item.id, area=AREAS[number % 2].id, probability=0.5 + number % 40 / 100, assigned=True,
                 routes=(route,), evidence=found, taxonomy="tax-test", model=MODEL)  # fmt: skip


def scan(store: Store, week: IsoWeek, started: datetime, first: int) -> None:
    """What the weekly flow does to the store, with labels and scores of our own."""
    run = run_of(week, started)
    store.begin_run(run)
    papers = [paper(first + at, week.monday + timedelta(days=at % 7)) for at in range(60)]
    store.record_fetch(run.run_id, Fetch(source="arxiv", week=week, since=week.monday, until=week.sunday, status="OK",
                                         records=60, items=60, cut_off=started), started)  # fmt: skip
    store.ingest(run.run_id, started, papers)
    labels = [label_of(item, at) for at, item in enumerate(papers) if at < 40]
    store.add_labels(run.run_id, started, [item.id for item in papers], labels)
    store.recount(run.run_id, started, "tax-test", MODEL, store.affected_weeks(run.run_id), TAXONOMY.series)
    store.add_scores(run.run_id, started, [score(sketch, week) for sketch in AREAS])
    store.add_issues(run.run_id, started, [Issue(room="nlp", severity="warning", code="abstract-missing", message="x")])
    store.finish_run(run.run_id, "done", started)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'h.sqlite'}") as opened:
        for position in (2, 1, 0):
            scan(opened, WEEK + -position, NOW - timedelta(weeks=position), 1 + 100 * position)
        yield opened


@pytest.fixture
def brief_json(store: Store, tmp_path: Path) -> Path:
    inputs = read_inputs(store, TAXONOMY, WEEK, MODEL, NOW, world="replayed", run_id=f"scan-{WEEK}", code="0.1.0",
                         sources=["arxiv"], incomplete_weeks={"arxiv": 2}, score_rules=RULES)  # fmt: skip
    return write_brief(build_brief(inputs), tmp_path / "out", formats=["json"])[0]


def tampered(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    plain = json.loads(path.read_bytes())
    change(plain)
    path.write_bytes(canonical(plain))
    return path


def test_an_untouched_brief_holds(store: Store, brief_json: Path) -> None:
    assert verify_brief(brief_json, store, TAXONOMY) == []
    plain = json.loads(brief_json.read_bytes())
    assert plain["areas"][0]["n_week"]["value"] == 20
    assert plain["areas"][0]["change"]["kind"] == "compared"
    assert plain["areas"][0]["history"]["n"][-4:] == [None, 20, 20, 20]
    assert plain["items"][0]["link"].startswith("https://arxiv.org/abs/2611.")


def test_it_still_holds_after_later_weeks_were_scanned(store: Store, brief_json: Path) -> None:
    scan(store, WEEK + 1, NOW + timedelta(weeks=1), 1001)
    assert verify_brief(brief_json, store, TAXONOMY) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda b: b["areas"][0]["n_week"].update(value=21.0), "areas[0].n_week.value"),
        (lambda b: b["areas"][1]["growth"].update(low=-99.0), "areas[1].growth.low"),
        (lambda b: b["areas"][0]["n_week"]["ids"].pop(), "areas[0].n_week.ids"),
        (lambda b: b["areas"][0]["n_week"]["ids"].__setitem__(0, "arxiv:2611.99999"), "areas[0].n_week.ids"),
        (lambda b: b["areas"][0]["history"]["n"].__setitem__(-1, 40), "areas[0].history.n[103]"),
        (lambda b: b["areas"][0].update(verdict="falling"), "areas[0].verdict"),
        (lambda b: b["areas"][0]["growth"]["query"]["args"].update(series="area:none"), "areas[0].growth.value"),
        (lambda b: b["items"][0].update(title="Another title"), "items[0].title"),
        (lambda b: b["items"][0]["reasons"][0]["quote"].update(text="high-cost"), "items[0].reasons[0].quote"),
        (lambda b: b["items"][0]["reasons"][0]["quote"].update(start=9), "items[0].reasons[0].quote"),
        (lambda b: b["items"][0].update(link="https://evil.example/abs/1"), "items[0].link"),
        (lambda b: b["items"][0].update(id="arxiv:2611.77777"), "items[0].id"),
        (lambda b: b["header"].update(run_hash="0" * 64), "header.run_hash"),
        (lambda b: b["header"].update(light="red"), "header.light"),
        (lambda b: b["header"].update(taxonomy="tax-other"), "header.taxonomy"),
        (lambda b: b["bottom_line"].pop(0), "bottom_line"),
        (lambda b: b["sources"][0].update(status="ERROR"), "sources[0].status"),
        (lambda b: b.update(surprise=1), "surprise"),
        (lambda b: b["header"].update(world="live"), "header.run_hash"),
        (lambda b: b["coverage"][0].update(grade="A"), "coverage[0].grade"),
        (lambda b: b["areas"][0]["coverage"].update(grade="A"), "areas[0].coverage.grade"),
        (lambda b: b["areas"][0].update(leads=False), "areas[0].leads"),
        (lambda b: b["sources"][0].update(last_success=None), "sources[0].last_success"),
        (lambda b: b["sources"][0]["profile"].update(trust="low"), "header.run_hash"),
        (lambda b: b["header"]["score_rules"].update(items=3), "header.run_hash"),
        (lambda b: b["adjustments"].pop(), "adjustments"),
        (lambda b: b["reproduction"][0].update(template="correction_first"), "reproduction[0].template"),
        (lambda b: b["header"].update(kind="quarterly"), "header.run_hash"),
    ],
)
def test_what_was_changed_is_named(
    store: Store, brief_json: Path, change: Callable[[dict[str, Any]], None], place: str
) -> None:
    found = verify_brief(tampered(brief_json, change), store, TAXONOMY)
    assert place in [mismatch.path for mismatch in found], [str(mismatch) for mismatch in found]


def test_half_a_surrogate_pair_is_named_and_can_be_printed(store: Store, brief_json: Path) -> None:
    plain = json.loads(brief_json.read_bytes())
    plain["items"][0]["title"] = "SIMULATED \ud800"
    brief_json.write_text(json.dumps(plain))
    found = verify_brief(brief_json, store, TAXONOMY)
    assert [each.path for each in found] == ["items[0].title"]
    assert str(found[0]).encode()


def test_a_document_of_another_version_is_sent_to_the_release_that_wrote_it(store: Store, brief_json: Path) -> None:
    path = tampered(brief_json, lambda brief: brief.update(schema_version=3, unheard_of=1))
    assert [str(each) for each in verify_brief(path, store, TAXONOMY)] == [
        "schema_version: expected a document of version 4, found version 3; verify it with the release that wrote it"
    ]


def test_a_mismatch_in_a_brief_of_another_release_tells_of_the_release(store: Store, brief_json: Path) -> None:
    assert verify_brief(brief_json, store, TAXONOMY, release="9.9.9") == [], "what holds, holds in any release"
    path = tampered(brief_json, lambda brief: brief["header"].update(run_hash="0" * 64))
    found = [each.path for each in verify_brief(path, store, TAXONOMY, release="9.9.9")]
    assert found == ["header.run_hash", "header.code"]


def test_other_bytes_of_equal_facts_are_named(store: Store, brief_json: Path) -> None:
    brief_json.write_text(json.dumps(json.loads(brief_json.read_bytes())))
    assert [mismatch.path for mismatch in verify_brief(brief_json, store, TAXONOMY)] == ["(file)"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_a_clear_error(store: Store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "brief.json"
    path.write_bytes(content)
    with pytest.raises(ParseError, match=r"brief\.json"):
        verify_brief(path, store, TAXONOMY)


def test_a_new_model_is_not_compared_with_the_old_one(store: Store) -> None:
    inputs = read_inputs(store, TAXONOMY, WEEK, "areas-new", NOW, world="replayed", run_id="x", code="0.1.0",
                         sources=["arxiv"])  # fmt: skip
    brief = build_brief(inputs)
    assert {row.change.kind for row in brief.areas} == {"model_changed"}
    assert brief.bottom_line[0].template == "not_comparable"


def test_a_source_never_read_is_unknown(store: Store) -> None:
    inputs = read_inputs(store, TAXONOMY, WEEK, MODEL, NOW, world="replayed", run_id="x", code="0.1.0",
                         sources=["arxiv", "epo"])  # fmt: skip
    brief = build_brief(inputs)
    assert brief.sources[1].status == "never"
    assert brief.header.light == "red"


def test_another_taxonomy_is_asked_for_by_its_version(store: Store, brief_json: Path) -> None:
    found = verify_brief(brief_json, store, Taxonomy(TAXONOMY.areas, "tax-newer"))
    assert len(found) == 1
    assert "the taxonomy of the brief, version tax-test" in str(found[0])
    assert "found version tax-newer" in str(found[0])


def issue(store: Store, week: IsoWeek, now: datetime, tmp_path: Path, **given: Any) -> Path:
    inputs = read_inputs(store, TAXONOMY, week, MODEL, now, world="live", run_id=f"scan-{week}", code="0.1.0",
                         incomplete_weeks={"arxiv": 2}, score_rules=RULES, **given)  # fmt: skip
    return write_brief(build_brief(inputs), tmp_path / str(week), formats=["json"])[0]


def test_what_a_feed_shows_late_is_in_the_next_issue(store: Store, tmp_path: Path) -> None:
    store.record_brief(f"scan-{WEEK}", NOW, WEEK, "weekly", "0" * 64, "brief.json")
    later, week = NOW + timedelta(weeks=1), WEEK + 1
    run = run_of(week, later)
    store.begin_run(run)
    late = paper(9001, WEEK.monday)
    store.ingest(run.run_id, later, [late])
    store.add_labels(run.run_id, later, [late.id], [label_of(late, 0)])
    path = issue(store, week, later, tmp_path, sources=["arxiv"])
    row = json.loads(path.read_bytes())["areas"][0]
    assert (row["late"]["value"], row["late"]["ids"]) == (1, [late.id])
    assert verify_brief(path, store, TAXONOMY) == []
    plain = tampered(path, lambda b: b["areas"][0]["late"]["ids"].pop())
    assert "areas[0].late.ids" in [each.path for each in verify_brief(plain, store, TAXONOMY)]


def test_versions_of_a_work_and_a_disabled_source_hold_and_a_forged_link_is_named(store: Store, tmp_path: Path) -> None:
    later = NOW + timedelta(hours=1)
    run = Run(
        run_id="two", kind="weekly_scan", week=WEEK, started=later, taxonomy="tax-test", model=MODEL, code="0.1.0"
    )
    store.begin_run(run)
    first = paper(8001, WEEK.monday).model_copy(
        update={"doi": "10.1101/2026.11.8001", "title": "SIMULATED low-cost work"}
    )
    other = first.model_copy(update={"id": "biorxiv:10.1101/2026.11.8001", "source": "biorxiv"})
    store.ingest(run.run_id, later, [first, other])
    labels = [label_of(item, 0).model_copy(update={"probability": 0.999}) for item in (first, other)]
    store.add_labels(run.run_id, later, [first.id, other.id], labels)
    store.recount(run.run_id, later, "tax-test", MODEL, store.affected_weeks(run.run_id), TAXONOMY.series)
    profiles = [profile("arxiv"), profile("biorxiv"), profile("medrxiv")]
    path = issue(store, WEEK, later, tmp_path, sources=["biorxiv", "arxiv"], disabled=["medrxiv"], profiles=profiles)
    plain = json.loads(path.read_bytes())
    assert plain["header"]["sources"] == ["arxiv", "biorxiv"], "papers before life science"
    assert [row["status"] for row in plain["sources"]] == ["OK", "never", "disabled"]
    entry = next(item for item in plain["items"] if item["id"] in (first.id, other.id))
    assert len(entry["also"]) == 1
    assert verify_brief(path, store, TAXONOMY, profiles) == []
    place = f"items[{plain['items'].index(entry)}].also[0].link"
    for change, where in (
        (lambda b: b["items"][plain["items"].index(entry)]["also"][0].update(link="https://evil.example/"), place),
        (lambda b: b["sources"][1]["profile"].update(trust="low"), "sources[1].profile.trust"),
        (lambda b: b["sources"][0]["profile"].update(link_hosts=["evil.example"]), "sources[0].profile.link_hosts"),
    ):
        path.write_bytes(canonical(plain))
        found = [each.path for each in verify_brief(tampered(path, change), store, TAXONOMY, profiles)]
        assert where in found
