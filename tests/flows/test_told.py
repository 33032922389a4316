"""What the previous issue could say: its own signals as known then, what came due since, nothing of the time after."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows.ledger import read_foretold
from flows.told import previous_issue, told_before
from flows.workspace import Workspace
from horizon.records import Prediction, Settlement, Signal
from horizon.weeks import IsoWeek
from reports.inputs import Edition
from store.ledger import LedgerEntry
from store.runs import StoredBrief
from tests.reports.sample_findings import signal

WEEK = IsoWeek(2026, 46)
THEN = datetime(2026, 11, 9, 6, tzinfo=UTC)
NOW = THEN + timedelta(days=7)


def brief(week: IsoWeek, known_at: datetime, kind: str = "weekly") -> StoredBrief:
    return StoredBrief(f"scan-{week}", known_at, week, kind, "ab" * 32, f"{week}/brief.json")


def prediction(name: str, series: str = "area:quantum_technology") -> Prediction:
    week = IsoWeek(2026, 18)
    return Prediction(
        prediction_id=name, series=series, source="arxiv", week=week, quantity="share", horizon_weeks=26,
        first=week + 1, last=week + 26, base_n=900, base_total=90000, base_first=week + -51, base_last=week,
        base_weeks_known=52, p_exceeds_last=0.7, mean=0.01, lo80=0.009, hi80=0.011, lo95=0.0085, hi95=0.0115,
        quantiles=(0.01,) * 19, persistence=0.01, climatology=0.5, occasion="quarterly", taxonomy="t", model="m",
        method="eb-dglm 1",
    )  # fmt: skip


def settlement(name: str, value: float = 0.01) -> Settlement:
    values = {
        "prediction_id": name, "status": "settled", "settled_in": IsoWeek(2026, 45), "weeks_known": 26,
        "value": value, "exceeded": value > 0.01, "in80": 0.009 <= value <= 0.011, "in95": 0.0085 <= value <= 0.0115,
        "taxonomy": "t", "model": "m",
    }  # fmt: skip
    return Settlement.model_validate(values)


class Store:
    """What `told_before` reads of a store; each fact with the time from which it is known."""

    def __init__(self) -> None:
        self.written = [brief(WEEK + -2, THEN + timedelta(days=-7)), brief(WEEK + -1, THEN)]
        self.found = {THEN: (signal(), signal("quiet gears", variants=())), NOW: (signal("of later", variants=()),)}
        self.came: list[tuple[datetime, Settlement]] = []
        self.said: list[Prediction] = []

    def briefs(self) -> list[StoredBrief]:
        return self.written

    def signals_between(
        self, first: IsoWeek, last: IsoWeek, taxonomy: str | None = None, model: str | None = None, as_of: Any = None
    ) -> dict[tuple[IsoWeek, str, str], tuple[Signal, ...]]:
        assert (first, last) == (WEEK + -1, WEEK + -1)
        newest = max((known for known in self.found if known <= as_of), default=None)
        return {} if newest is None else {(first, "arxiv", "term"): self.found[newest]}

    def ledger(self, as_of: datetime) -> list[LedgerEntry]:
        rows = [(THEN, each) for each in self.said] + [each for each in self.came if each[0] <= as_of]
        return [LedgerEntry(seq, "scan", known, record, "") for seq, (known, record) in enumerate(rows, 1)]


def told(store: Store, scans: Any = None, sources: tuple[str, ...] = ("arxiv",)) -> dict[str, Any]:
    work = cast("Workspace", SimpleNamespace(store=store))
    return told_before(work, WEEK, NOW, sources, {} if scans is None else scans, read_foretold(work, NOW))


def test_the_previous_issue_is_the_newest_of_its_kind_that_was_written_before() -> None:
    store = Store()
    store.written += [brief(WEEK + -1, NOW + timedelta(days=1)), brief(WEEK, THEN), brief(WEEK + -1, THEN, "quarterly")]
    found = previous_issue(cast("Workspace", SimpleNamespace(store=store)), WEEK, NOW)
    assert found is not None
    assert (found.week, found.known_at, found.kind) == (WEEK + -1, THEN, "weekly")


def test_without_a_previous_issue_nothing_was_told() -> None:
    store = Store()
    store.written = []
    assert told(store) == {}


def test_signals_are_told_as_they_were_known_when_the_issue_was_written() -> None:
    found = told(Store())
    assert found["told_week"] == WEEK + -1
    assert [each.term for each in found["told"]] == ["lattice weaving", "quiet gears"]
    assert told(Store(), sources=("epo",))["told"] == ()


@pytest.mark.parametrize(
    ("now", "gone"),
    [
        ({(WEEK, "arxiv", "term"): (signal(),)}, ["quiet gears"]),
        ({(WEEK, "arxiv", "term"): (signal("lattice-weaving", variants=()),)}, ["quiet gears"]),
        ({(WEEK, "arxiv", "term"): ()}, ["lattice weaving", "quiet gears"]),
        ({(WEEK, "epo", "term"): ()}, []),
        ({}, []),
    ],
)
def test_a_signal_is_gone_only_where_the_scan_of_its_source_took_place(now: Any, gone: list[str]) -> None:
    assert [each.term for each in told(Store(), now)["gone"]] == gone


def test_what_came_due_between_the_two_issues_is_counted() -> None:
    store = Store()
    store.said = [prediction(name) for name in ("a", "b", "c", "d", "e")]
    store.came = [
        (THEN, settlement("a", 0.01)),
        (THEN + timedelta(days=3), settlement("b", 0.0105)),
        (NOW, settlement("c", 0.0112)),
        (NOW, settlement("d").model_copy(update={"status": "void", "value": None, "in80": None})),
        (NOW + timedelta(seconds=1), settlement("e", 0.02)),
    ]
    found = told(store)
    since = found["settled_since"]
    assert (since.settled, since.in80, since.out, since.void) == (2, 1, 1, 1)
    assert [(each.prediction_id, each.far) for each in found["missed"]] == [("c", False)]


def test_an_expert_group_is_told_of_its_own_forecasts() -> None:
    store = Store()
    store.said = [prediction("a"), prediction("r", "route:quantum_technology/ions"), prediction("f", "area:fusion")]
    store.came = [(NOW, settlement(name)) for name in ("a", "r", "f")]
    work, group = cast("Workspace", SimpleNamespace(store=store)), Edition("group", "quantum_technology")
    found = told_before(work, WEEK + 12, NOW, ("arxiv",), {}, read_foretold(work, NOW), group)
    assert found["settled_since"].settled == 2


def test_missed_ones_are_those_of_areas_the_farthest_off_first() -> None:
    store = Store()
    store.said = [prediction("a"), prediction("b"), prediction("r", "route:quantum_technology/ions")]
    store.came = [(NOW, settlement("a", 0.0112)), (NOW, settlement("b", 0.02)), (NOW, settlement("r", 0.03))]
    assert [(each.prediction_id, each.far, each.came) for each in told(store)["missed"]] == [
        ("b", True, 0.02),
        ("a", False, 0.0112),
    ]
