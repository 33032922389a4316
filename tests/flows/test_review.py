"""The experts' queue and their verdicts, from a store to a workbook and back."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.review import export_queue, import_verdicts
from flows.workspace import Workspace
from horizon.errors import TaxonomyError, UsageError
from horizon.records import Code, Evidence, Item, Label, RouteLabel, Run
from horizon.settings import Settings
from horizon.weeks import IsoWeek
from reports.language import LanguageCode
from store.items import content_sha256

WEEK = IsoWeek(2026, 47)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
FUSION, QUANTUM = "controlled_nuclear_fusion", "quantum_technology"
HOSTILE_TITLE = '=HYPERLINK("http://evil.example","SIMULATED")\u202e\x00'


def an_item(number: int, **changes: Any) -> Item:
    values = {
        "id": f"arxiv:2611.{number:05d}",
        "source": "arxiv",
        "kind": "preprint",
        "version": "v1",
        "title": f"SIMULATED: a tokamak with {number} coils",
        "abstract": "We compose this sentence for a test.",
        "published": WEEK.monday,
        "updated": NOW - timedelta(days=3),
        "codes": (Code(scheme="arxiv", symbol="physics.plasm-ph"),),
        "url": f"https://arxiv.org/abs/2611.{number:05d}",
    }
    return Item.model_validate({**values, **changes})


def a_label(work: Workspace, item: Item, probability: float, area: str = FUSION, **changes: Any) -> Label:
    values = {
        "item_id": item.id,
        "area": area,
        "probability": probability,
        "assigned": probability >= 0.5,
        "uncertain": 0.3 <= probability < 0.7,
        "routes": (RouteLabel(route="tokamak", probability=0.8),) if area == FUSION else (),
        "evidence": (
            Evidence(kind="term", text="tokamak", field="title", start=13, end=20, concept="tokamak", weight=3.0),
            Evidence(kind="code", text="physics.plasm-ph", field="codes"),
            Evidence(kind="neighbour", text="arxiv:2001.00001", concept="labelled as this area", weight=0.83),
        ),
        "taxonomy": work.taxonomy.version,
        "model": "model-1",
    }
    return Label.model_validate({**values, **changes})


def scan(work: Workspace, items: list[Item], labels: list[Label], name: str = "run-1", now: datetime = NOW) -> None:
    run = Run(
        run_id=name,
        kind="weekly_scan",
        week=WEEK,
        started=now,
        taxonomy=work.taxonomy.version,
        model="model-1",
        code="0",
        params={"world": "live"},
    )
    work.store.begin_run(run)
    work.store.ingest(name, now, items)
    work.store.add_labels(name, now, items, labels)
    work.store.finish_run(name, "done", now)


PROBABILITIES = {1: 0.45, 2: 0.52, 3: 0.68, 4: 0.95, 5: 0.97, 6: 0.1}


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workspace]:
    """One week with three uncertain items, two sure ones and one that is out; the second has a hostile title."""
    with Workspace(Settings(data_dir=tmp_path / "data")) as opened:
        items = [an_item(n, **({"title": HOSTILE_TITLE} if n == 2 else {})) for n in PROBABILITIES]
        labels = [a_label(opened, item, p) for item, p in zip(items, PROBABILITIES.values(), strict=True)]
        labels.append(a_label(opened, items[0], 0.35, QUANTUM))
        scan(opened, items, labels)
        yield opened


def ask(work: Workspace, path: Path, code: LanguageCode = "zh", **more: Any) -> Path:
    assert export_queue(work, [WEEK], NOW, code=code, output=path, **more).file == path
    return path


Row = dict[str, str]
Fill = Callable[[list[Row]], list[Row]]
HEADS = {
    "zh": ("判断", "正确领域（仅改标）", "意见", "专家"),
    "en": ("Verdict", "Right areas (relabel only)", "Comment", "Expert"),
}


def rows_of(path: Path) -> list[Row]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    head, *rows = sheet.iter_rows(values_only=True)
    return [{str(k): "" if v is None else str(v) for k, v in zip(head, row, strict=True)} for row in rows]


def hand_back(path: Path, change: Fill, code: LanguageCode = "zh") -> Path:
    """What an expert does in a spreadsheet program: fill in, sort, save under another name."""
    filled = change(rows_of(path))
    back = path.with_name(f"back-{path.name}")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.delete_rows(2, sheet.max_row)
    for at, row in enumerate(filled, 2):
        for number, text in enumerate(row.values(), 1):
            # As in Excel: the cells are text, so what is typed in is no formula.
            sheet.cell(at, number, text).data_type = "s"
    book.save(back)
    return back


def judged(row: Row, verdict: str, areas: str = "", comment: str = "", expert: str = "王五", code: str = "zh") -> Row:
    return {**row, **dict(zip(HEADS[code], (verdict, areas, comment, expert), strict=True))}


def test_the_queue_asks_about_what_is_uncertain_the_nearest_to_the_threshold_first(
    work: Workspace, tmp_path: Path
) -> None:
    rows = rows_of(ask(work, tmp_path / "q.xlsx", "en"))
    asked = [(row["Area"], row["Id"][-1], row["Assigned by the model"]) for row in rows]
    fusion, quantum = "Controlled nuclear fusion", "Quantum technology"
    assert asked == [(fusion, "1", "no"), (fusion, "2", "yes"), (fusion, "3", "yes"), (quantum, "1", "no")]
    assert rows[0]["Routes"] == "Tokamak 80%"
    assert rows[0]["Grounds"].splitlines() == [
        "Terms: tokamak (title)",
        "Codes: physics.plasm-ph",
        "Nearest labelled items: arxiv:2001.00001 (in the area, 0.83)",
    ]
    assert {row["Why asked"] for row in rows} == {"uncertain"}
    link = openpyxl.load_workbook(tmp_path / "q.xlsx").worksheets[0]["C2"].hyperlink.target
    assert link == "https://arxiv.org/abs/2611.00001"


@pytest.mark.parametrize("code", ["zh", "en"])
def test_words_are_those_of_the_language_and_the_choices_are_a_list(
    work: Workspace, tmp_path: Path, code: LanguageCode
) -> None:
    book = openpyxl.load_workbook(ask(work, tmp_path / "q.xlsx", code))
    queue, told = book.worksheets
    assert set(HEADS[code]) <= {cell.value for cell in queue[1]}
    (choices,) = queue.data_validations.dataValidation
    assert choices.formula1 == {"zh": '"接受,驳回,改标"', "en": '"accept,reject,relabel"'}[code]
    assert choices.sqref == "K2:K5"
    text = "\n".join(str(row[0]) for row in told.iter_rows(values_only=True))
    assert {"zh": "填写", "en": "Verdict: accept"}[code] in text
    assert "quantum_technology" in text
    hidden = [name for name, column in queue.column_dimensions.items() if column.hidden]
    assert hidden == ["O", "P", "Q", "R", "S", "T"]


def test_a_sample_is_drawn_by_lot_from_the_assigned_and_says_so(work: Workspace, tmp_path: Path) -> None:
    queue = export_queue(work, [WEEK], NOW, sample=3, output=tmp_path / "q.xlsx", code="en")
    rows = rows_of(tmp_path / "q.xlsx")
    drawn = [row for row in rows if "random sample" in row["Why asked"]]
    assert (queue.uncertain, queue.sampled, len(drawn)) == (4, 3, 3)
    assert {row["Assigned by the model"] for row in drawn} == {"yes"}
    assert {row["horizon_sampled"] for row in drawn} == {"1"}
    again = ask(work, tmp_path / "r.xlsx", "en", sample=3)
    assert again.read_bytes() == (tmp_path / "q.xlsx").read_bytes()
    import_verdicts(work, hand_back(again, lambda rows: [judged(row, "accept", code="en") for row in rows]), LATER)
    assert sum(verdict.sampled for verdict in work.store.verdicts()) == 3


def test_verdicts_come_back_from_sorted_and_shortened_tables(work: Workspace, tmp_path: Path) -> None:
    def fill(rows: list[Row]) -> list[Row]:
        by_id = sorted(rows, key=lambda row: row["horizon_area"] + row["编号"], reverse=True)
        words = [
            judged(by_id[0], "驳回", comment="=1+1"),
            judged(by_id[1], "改标", "量子科技、quantum_technology，再生医学"),
        ]
        return [*words, judged(by_id[2], "ACCEPT"), judged(by_id[3], "", expert="王五")]

    back = hand_back(ask(work, tmp_path / "q.xlsx"), fill)
    taken = import_verdicts(work, back, LATER)
    assert (taken.problems, taken.empty, taken.repeated) == ((), 1, 0)
    found = {(verdict.item_id[-1], verdict.area): verdict for verdict in work.store.verdicts()}
    rejected = found["1", QUANTUM]
    assert (rejected.choice, rejected.comment, rejected.expert, rejected.given) == ("reject", "=1+1", "王五", LATER)
    assert (rejected.model, rejected.taxonomy) == ("model-1", work.taxonomy.version)
    assert rejected.content_sha256 == content_sha256(an_item(1))
    assert found["3", FUSION].areas == (QUANTUM, "regenerative_medicine")
    assert found["2", FUSION].choice == "accept"
    assert len(found) == 3


def test_csv_goes_the_same_way(work: Workspace, tmp_path: Path) -> None:
    path = ask(work, tmp_path / "q.csv", "en")
    text = path.read_text(encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[1]["Title"].startswith("'=HYPERLINK")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(judged(row, "relabel", "none", code="en") for row in rows[:2])
    taken = import_verdicts(work, path, LATER)
    assert taken.problems == ()
    assert [(verdict.choice, verdict.areas) for verdict in taken.added] == [("relabel", ())] * 2


def test_the_same_file_again_adds_nothing(work: Workspace, tmp_path: Path) -> None:
    path = ask(work, tmp_path / "q.xlsx")
    back = hand_back(path, lambda rows: [judged(row, "接受") for row in rows])
    assert len(import_verdicts(work, back, LATER).added) == 4
    before = work.store.table_digest()
    again = import_verdicts(work, back, LATER + timedelta(days=1))
    assert (again.added, again.repeated, again.problems) == ((), 4, ())
    assert work.store.table_digest() == before


def test_a_revoked_verdict_stays_revoked_and_it_is_told(work: Workspace, tmp_path: Path) -> None:
    path = ask(work, tmp_path / "q.xlsx")
    first = hand_back(path, lambda rows: [judged(row, "接受") for row in rows])
    content = first.read_bytes()
    import_verdicts(work, first, LATER)
    import_verdicts(work, hand_back(path, lambda rows: [judged(rows[0], "驳回")]), LATER + timedelta(hours=1))
    first.write_bytes(content)
    again = import_verdicts(work, first, LATER + timedelta(hours=2))
    assert again.added == ()
    (line,) = again.problems
    assert "later verdict (reject of 2026-11-24 13:00 UTC) stands" in line


def test_what_was_judged_is_not_asked_again_until_its_text_changes(work: Workspace, tmp_path: Path) -> None:
    back = hand_back(ask(work, tmp_path / "q.xlsx"), lambda rows: [judged(row, "接受") for row in rows])
    import_verdicts(work, back, LATER)
    queue = export_queue(work, [WEEK], LATER, output=tmp_path / "next.xlsx")
    assert queue.file is None
    assert not (tmp_path / "next.xlsx").exists()
    new = an_item(1, version="v2", title="SIMULATED: another title", updated=NOW)
    scan(work, [new], [a_label(work, new, 0.5)], "run-2", LATER)
    ask_again = export_queue(work, [WEEK], LATER, output=tmp_path / "next.xlsx")
    assert ask_again.uncertain == 1


WRONG = {
    "a word nobody knows": ({"判断": "也许"}, "expected accept, reject or relabel (接受, 驳回, 改标), found '也许'"),
    "an area nobody knows": (
        {"判断": "改标", "正确领域（仅改标）": "炼金术"},
        "found '炼金术'; known: biomanufacturing",
    ),
    "areas with a reject": ({"判断": "驳回", "正确领域（仅改标）": QUANTUM}, "only with relabel"),
    "no expert": ({"判断": "驳回", "专家": ""}, "use --expert"),
    "a name too long": ({"判断": "驳回", "专家": "王" * 300}, "expert: String should have at most 200"),
    "a comment alone": ({"意见": "?"}, "expected a verdict beside the comment"),
    "a stranger": ({"判断": "驳回", "编号": "arxiv:9", "horizon_item": "arxiv:9"}, "expected an item of this store"),
    "a torn row": ({"判断": "驳回", "horizon_item": "arxiv:2611.00004"}, "expected the hidden columns"),
    "a row typed in": ({"判断": "驳回", "horizon_text": ""}, "expected the hidden columns"),
    "an old area": ({"判断": "驳回", "horizon_area": "alchemy"}, "expected an area of the taxonomy, found 'alchemy'"),
    "another text": ({"判断": "驳回", "horizon_text": "0" * 64}, "has changed since the export"),
}


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG.keys())
def test_a_row_that_cannot_be_taken_is_told_by_its_number_and_the_others_are_taken(
    work: Workspace, tmp_path: Path, change: Row, reason: str
) -> None:
    def fill(rows: list[Row]) -> list[Row]:
        wrong = judged(rows[0], "") | change
        return [wrong, judged(rows[1], "接受")]

    taken = import_verdicts(work, hand_back(ask(work, tmp_path / "q.xlsx"), fill), LATER)
    (line,) = taken.problems
    assert line.startswith("row 2: ")
    assert reason in line
    assert [verdict.choice for verdict in taken.added] == ["accept"] == [v.choice for v in work.store.verdicts()]


def test_two_rows_that_contradict_one_another_are_both_left(work: Workspace, tmp_path: Path) -> None:
    def fill(rows: list[Row]) -> list[Row]:
        return [judged(rows[0], "接受"), judged(rows[0], "驳回"), judged(rows[1], "接受"), judged(rows[1], "接受")]

    taken = import_verdicts(work, hand_back(ask(work, tmp_path / "q.xlsx"), fill), LATER)
    assert [line.split(":")[0] for line in taken.problems] == ["row 2", "row 3"]
    assert len(taken.added) == 1


def test_a_name_given_at_import_stands_where_the_column_is_blank(work: Workspace, tmp_path: Path) -> None:
    def fill(rows: list[Row]) -> list[Row]:
        return [judged(rows[0], "接受", expert=""), judged(rows[1], "接受", expert="李四")]

    taken = import_verdicts(work, hand_back(ask(work, tmp_path / "q.xlsx"), fill), LATER, expert="聚变组")
    assert [verdict.expert for verdict in taken.added] == ["聚变组", "李四"]


def test_a_record_whose_text_is_the_same_is_still_the_one_that_was_judged(work: Workspace, tmp_path: Path) -> None:
    path = ask(work, tmp_path / "q.xlsx")
    new = an_item(1, version="v2", authors=("SIMULATED Author",), updated=NOW)
    scan(work, [new], [a_label(work, new, 0.5)], "run-2", LATER)
    taken = import_verdicts(work, hand_back(path, lambda rows: [judged(row, "接受") for row in rows]), LATER)
    assert taken.problems == ()
    assert {v.content_sha256 for v in taken.added if v.item_id == new.id} == {content_sha256(new)}


def test_a_clock_behind_the_verdicts_stored_is_refused(work: Workspace, tmp_path: Path) -> None:
    back = hand_back(ask(work, tmp_path / "q.xlsx"), lambda rows: [judged(rows[0], "接受")])
    import_verdicts(work, back, LATER)
    with pytest.raises(UsageError, match="set the clock"):
        import_verdicts(work, back, NOW)


def test_one_work_in_two_sources_is_asked_about_once(work: Workspace, tmp_path: Path) -> None:
    twin = {"title": "SIMULATED: one work in two places", "doi": "10.5555/simulated.1"}
    pair = [
        an_item(7, **twin),
        an_item(8, **twin, id="biorxiv:10.5555_simulated.1", source="biorxiv", url="https://www.biorxiv.org/x"),
    ]
    scan(work, pair, [a_label(work, item, 0.5) for item in pair], "run-2", LATER)
    queue = export_queue(work, [WEEK], LATER, area=FUSION, output=tmp_path / "q.xlsx", code="en")
    assert queue.uncertain == 4
    assert [row["Id"] for row in rows_of(tmp_path / "q.xlsx") if "one work" in row["Title"]] == [pair[0].id]


def test_an_unknown_area_a_week_without_labels_and_a_strange_name_are_refused(work: Workspace, tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="alchemy"):
        export_queue(work, [WEEK], NOW, area="alchemy")
    with pytest.raises(UsageError, match="found none"):
        export_queue(work, [WEEK + -9], NOW)
    with pytest.raises(UsageError, match=r"\.xlsx or \.csv"):
        export_queue(work, [WEEK], NOW, output=tmp_path / "q.ods")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_the_queue_has_a_place_of_its_own_and_leaves_no_part_behind(work: Workspace) -> None:
    queue = export_queue(work, [WEEK], NOW, area=FUSION)
    folder = work.settings.data_dir / "review"
    assert queue.file == folder / f"2026-W47.{FUSION}.zh.xlsx"
    assert [path.name for path in folder.iterdir()] == [f"2026-W47.{FUSION}.zh.xlsx"]
