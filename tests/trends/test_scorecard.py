"""The scorecard against numbers reckoned by hand."""

from typing import Any

import pytest

from horizon.records import Prediction, Settlement
from horizon.weeks import IsoWeek
from tests.store.samples import a_prediction, a_settlement
from trends.scorecard import ALL, ScorecardRow, effective_number, jeffreys, scorecard

WEEK = IsoWeek(2020, 1)


def made(number: int, offset: int = 0, **changes: Any) -> Prediction:
    """A prediction so many weeks after the first, of the 52 weeks that follow."""
    week = WEEK + offset
    return a_prediction(number, **{"week": week, "first": week + 1, "last": week + 52, **changes})


def came(number: int, exceeded: bool, p: float = 0.7, **changes: Any) -> Settlement:
    values = {"status": "settled", "reason": None, "exceeded": exceeded, "brier": (p - exceeded) ** 2}
    more = {"brier_climatology": 0.25, "crps": 0.1, "crps_persistence": 0.2, "in80": True, "in95": True, "value": 0.01}
    return a_settlement(number, **{**values, **more, **changes})


def card(predictions: list[Prediction], *settlements: Settlement) -> list[ScorecardRow]:
    return scorecard(predictions, {each.prediction_id: each for each in settlements})


def test_means_and_skills_of_two_series() -> None:
    predictions = [made(1), made(2, series="area:photonics"), made(3, series="area:x"), made(4, series="area:y")]
    void = a_settlement(3)
    whole, area = card(predictions, came(1, True), came(2, False, crps=0.3, crps_persistence=0.3, in80=False), void)
    assert (whole.kind, whole.source, area.kind, area.source) == (ALL, ALL, "area", "arxiv")
    assert (area.predictions, area.settled, area.void, area.pending, area.effective) == (4, 2, 1, 1, 2.0)
    assert area.brier is not None
    assert area.brier.value == pytest.approx((0.09 + 0.49) / 2)
    assert area.brier_climatology == 0.25
    assert area.brier_skill is not None
    assert area.brier_skill.value == pytest.approx(1 - 0.29 / 0.25)
    assert area.crps_skill is not None
    assert area.crps_skill.value == pytest.approx(1 - 0.4 / 0.5)
    assert (area.cov80, area.cov95) == (jeffreys(0.5, 2), jeffreys(1, 2))
    assert (area.brier.lo95, area.brier_skill.lo95) == (None, None), "one week tells nothing of how it varies"


def test_rows_are_kept_apart_by_quantity_horizon_kind_and_source() -> None:
    changes: list[dict[str, Any]] = [
        {}, {"series": "route:a/b"}, {"source": "biorxiv"}, {"horizon_weeks": 26}, {"quantity": "count"},
    ]  # fmt: skip
    rows = card([made(number, **change) for number, change in enumerate(changes)])
    assert [(row.quantity, row.horizon_weeks, row.kind, row.source, row.pending) for row in rows] == [
        ("share", 52, ALL, ALL, 3),
        ("share", 52, "area", "arxiv", 1),
        ("share", 52, "area", "biorxiv", 1),
        ("share", 52, "route", "arxiv", 1),
        ("share", 26, ALL, ALL, 1),
        ("share", 26, "area", "arxiv", 1),
        ("count", 52, ALL, ALL, 1),
        ("count", 52, "area", "arxiv", 1),
    ]
    assert {row.brier for row in rows} == {None}


def test_a_series_flagged_every_week_of_a_quarter_weighs_as_much_as_one_said_once() -> None:
    often = [made(number, number) for number in range(13)]
    once = made(99, series="area:photonics")
    settled = [came(number, True, 1.0) for number in range(13)]
    row, _ = card([*often, once], *settled, came(99, False, 1.0))
    assert row.brier is not None
    assert row.brier.value == pytest.approx(0.5)
    assert row.effective == pytest.approx((52 + 12) / 52 + 1)


def test_overlapping_years_are_not_counted_as_many() -> None:
    assert effective_number([made(1)]) == pytest.approx(1)
    assert effective_number([made(1), made(2, 13), made(3, 26), made(4, 39)]) == pytest.approx(91 / 52)
    assert effective_number([made(1), made(2, series="area:photonics")]) == pytest.approx(2)


@pytest.mark.parametrize(
    ("hits", "lo", "hi"), [(0, 0, 0.217), (1, 0.011, 0.381), (2, 0.044, 0.503), (5, 0.224, 0.776), (10, 0.783, 1)]
)
def test_the_interval_of_a_frequency_is_jeffreys(hits: int, lo: float, hi: float) -> None:
    """Brown, Cai & DasGupta 2001, table 5, ten trials."""
    found = jeffreys(hits / 10, 10)
    assert found.lo95 == pytest.approx(lo, abs=6e-4)
    assert found.hi95 == pytest.approx(hi, abs=6e-4)


def test_the_calibration_table_sets_what_came_beside_what_was_said() -> None:
    said = [0.0, 0.05, 0.8, 0.9, 0.95]
    predictions = [made(number, series=f"area:s{number}", p_exceeds_last=p) for number, p in enumerate(said)]
    row, _ = card(predictions, *(came(number, number >= 3, p) for number, p in enumerate(said)))
    assert [(each.above, each.to, each.settled) for each in row.calibration] == [
        (0, 0.1, 2),
        (0.75, 0.9, 2),
        (0.9, 1, 1),
    ]
    low, high, top = row.calibration
    assert [each.said for each in (low, high)] == pytest.approx([0.025, 0.85])
    assert (low.came.value, high.came) == (0, jeffreys(0.5, 2))
    assert row.calibration_error == pytest.approx((2 * 0.025 + 2 * 0.35 + 0.05) / 5)
    assert top.effective == pytest.approx(1)


def test_settled_by_other_labels_is_said() -> None:
    row, _ = card([made(1), made(2, series="area:b")], came(1, True), came(2, True, model="model-2"))
    assert row.relabelled == 1


def quarters(count: int) -> list[Prediction]:
    return [made(number, 13 * number) for number in range(count)]


def test_skill_has_an_interval_when_the_weeks_reach_over_two_horizons() -> None:
    alike = [came(number, True, crps=0.1) for number in range(20)]
    row, _ = card(quarters(20), *alike)
    assert row.crps is not None
    assert row.crps_skill is not None
    assert [row.crps.lo95, row.crps.hi95] == pytest.approx([0.1, 0.1]), "nothing varies"
    mixed = [came(number, True, crps=0.1 if number < 10 else 0.3) for number in range(20)]
    other, _ = card(quarters(20), *mixed)
    assert other.crps is not None
    assert other.crps.value == pytest.approx(0.2, abs=0.01), "two fall into one quarter of the 53 weeks of 2020"
    assert other.crps.lo95 is not None
    assert other.crps.hi95 is not None
    assert 0.1 <= other.crps.lo95 < 0.15 < 0.25 < other.crps.hi95 <= 0.3
    assert card(quarters(20), *mixed) == card(quarters(20), *mixed), "the same every time"


def test_two_years_are_too_few_for_an_interval() -> None:
    row, _ = card(quarters(8), *(came(number, True) for number in range(8)))
    assert row.brier_skill is not None
    assert row.brier_skill.lo95 is None


def test_an_empty_ledger_has_no_rows() -> None:
    assert card([]) == []
