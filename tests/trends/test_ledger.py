"""Which predictions are due, and what came of them: rules with planted outcomes."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from horizon.records import FORECAST_LEVELS, Forecast, Prediction, Score, SeriesPoint, Settlement
from horizon.weeks import IsoWeek
from trends.ledger import Basis, climatologies, crps_log, predictions_due, quarter_of, settle

WEEK = IsoWeek(2026, 47)
SERIES = "area:fusion"
BASIS = Basis(source="arxiv", week=WEEK, incomplete_weeks=2, taxonomy="taxonomy-1", model="model-1")


def a_forecast(quantity: str = "share", horizon: int = 52, **changes: Any) -> Forecast:
    scale = 0.01 if quantity == "share" else 2.0 * horizon
    numbers = {"mean": 1.1, "lo80": 0.9, "hi80": 1.3, "lo95": 0.8, "hi95": 1.5}
    values: dict[str, Any] = {name: scale * number for name, number in numbers.items()}
    values |= {"quantity": quantity, "horizon_weeks": horizon, "p_exceeds_last": 0.7}
    return Forecast(
        **{**values, "quantiles": tuple(scale * (0.8 + 0.6 * level) for level in FORECAST_LEVELS), **changes}
    )


EVERY = tuple(a_forecast(quantity, horizon) for quantity in ("share", "count") for horizon in (26, 52))


def a_score(series: str = SERIES, week: IsoWeek = WEEK, **changes: Any) -> Score:
    values: dict[str, Any] = dict.fromkeys(name for name, field in Score.model_fields.items() if field.is_required())
    values |= {"series": series, "source": "arxiv", "week": week, "status": "ok", "n_52w": 100, "verdict": "rising"}
    return Score(**{**values, "method": "test-1", "forecasts": EVERY, **changes})


def weekly(
    n: int | Mapping[IsoWeek, int | None] = 2,
    last: IsoWeek = WEEK,
    weeks: int = 160,
    total: int = 200,
    series: str = SERIES,
) -> list[SeriesPoint]:
    """Points up to `last`; a mapping names the weeks that are not 2, None where unknown."""
    points = []
    for week in (last + -back for back in range(weeks)):
        count = n if isinstance(n, int) else n.get(week, 2)
        known = None if count is None else total
        points.append(SeriesPoint(series=series, source="arxiv", week=week, n=count, total=known))
    return points


def due(
    *scores: Score,
    points: list[SeriesPoint] | None = None,
    said: list[Prediction] | None = None,
    settled: Mapping[str, Settlement] | None = None,
    basis: Basis = BASIS,
) -> list[Prediction]:
    return predictions_due(scores, points or weekly(last=basis.week), said or [], settled or {}, basis)


def at(week: IsoWeek, **changes: Any) -> Basis:
    return Basis(**{**BASIS.__dict__, "week": week, **changes})


# What is due


def test_a_prediction_holds_all_that_settles_it() -> None:
    share, *_, count = [*due(a_score(forecasts=(a_forecast(),))), *due(a_score(forecasts=(a_forecast("count", 26),)))]
    assert (share.first, share.last) == (WEEK + -1, WEEK + 50)
    assert (share.base_first, share.base_last, share.base_n, share.base_total) == (WEEK + -53, WEEK + -2, 104, 10_400)
    assert (share.persistence, share.climatology, share.occasion) == (0.01, 0.5, "quarterly")
    assert (count.first, count.last) == (WEEK + -1, WEEK + 24)
    assert (count.base_first, count.base_last, count.base_n) == (WEEK + -27, WEEK + -2, 52)
    assert (count.persistence, count.base_weeks_known) == (52.0, 26)


def test_every_quantity_and_horizon_is_predicted_once_a_quarter() -> None:
    first = due(a_score())
    assert len({made.prediction_id for made in first}) == 4
    assert due(a_score(), said=first) == [], "the same week again"
    assert due(a_score(week=WEEK + 1), said=first, basis=at(WEEK + 1)) == [], "the same quarter"
    new_year = IsoWeek(2027, 1)
    assert quarter_of(WEEK) == quarter_of(IsoWeek(2026, 53)) != quarter_of(new_year)
    assert len(due(a_score(week=new_year), said=first, basis=at(new_year))) == 4


def test_a_series_that_gets_its_verdict_later_in_the_quarter_is_predicted_then() -> None:
    first = due(a_score(), a_score("area:photonics", status="insufficient_data"))
    assert {made.series for made in first} == {SERIES}
    scores = [a_score(week=WEEK + 1), a_score("area:photonics", week=WEEK + 1)]
    points = [*weekly(last=WEEK + 1), *weekly(last=WEEK + 1, series="area:photonics")]
    assert {made.series for made in due(*scores, points=points, said=first, basis=at(WEEK + 1))} == {"area:photonics"}


def test_what_is_flagged_is_predicted_every_week_once() -> None:
    first = due(a_score(discovery=True))
    assert {made.occasion for made in first} == {"quarterly"}
    flagged = due(a_score(week=WEEK + 1, discovery=True), said=first, basis=at(WEEK + 1))
    assert [made.occasion for made in flagged] == ["flagged"] * 4
    again = due(a_score(week=WEEK + 1, discovery=True), said=[*first, *flagged], basis=at(WEEK + 1))
    assert again == []


def test_another_model_in_the_same_week_is_no_second_try() -> None:
    first = due(a_score(discovery=True))
    assert due(a_score(discovery=True, method="test-2"), said=first, basis=at(WEEK, model="model-2")) == []


def test_scores_of_other_weeks_and_sources_are_passed_over() -> None:
    assert due(a_score(week=WEEK + -1), a_score(source="biorxiv"), a_score(forecasts=())) == []


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        ([], {("share", 52), ("share", 26), ("count", 52), ("count", 26)}),
        ([40], {("share", 52), ("share", 26), ("count", 26)}),
        ([10], {("share", 52), ("share", 26)}),
        ([30, 31, 32, 33, 34], {("share", 52), ("share", 26), ("count", 26)}),
        ([30, 31, 32, 33, 34, 35], {("count", 26)}),
    ],
)
def test_nothing_is_said_of_a_base_too_little_known(unknown: list[int], said: set[tuple[str, int]]) -> None:
    points = weekly({WEEK + -back: None for back in unknown})
    assert {(made.quantity, made.horizon_weeks) for made in due(a_score(), points=points)} == said


def test_nothing_is_said_of_an_empty_base() -> None:
    assert due(a_score(), points=weekly(0)) == []


# How often such series exceeded


def came(made: Prediction, exceeded: bool | None) -> Settlement:
    status = "void" if exceeded is None else "settled"
    values: dict[str, Any] = {
        "prediction_id": made.prediction_id,
        "status": status,
        "settled_in": WEEK,
        "weeks_known": 52,
    }
    return Settlement(**values, exceeded=exceeded, taxonomy="taxonomy-1", model="model-1")


def test_climatology_is_of_quarterly_predictions_of_the_same_kind_source_quantity_and_horizon() -> None:
    (made,) = due(a_score(forecasts=(a_forecast(),)))
    changes: list[dict[str, Any]] = [
        {}, {"series": "area:photonics"}, {}, {"occasion": "flagged"}, {"series": "route:a/b"}, {"source": "x"},
        {"horizon_weeks": 26}, {"quantity": "count"},
    ]  # fmt: skip
    others = [made.model_copy(update={"prediction_id": str(number), **each}) for number, each in enumerate(changes)]
    results = {each.prediction_id: came(each, True) for each in others} | {"2": came(others[2], None)}
    place = ("area", "arxiv", "share", 52)
    assert climatologies(others, results)[place] == 3 / 4, "two of two, and one of each by the prior"
    assert climatologies(others, results | {"0": came(others[0], False)})[place] == 2 / 4
    assert climatologies(others, {}) == {}
    earlier = [each.model_copy(update={"week": WEEK + -52}) for each in others]
    (next_one,) = due(a_score(forecasts=(a_forecast(),)), said=earlier, settled=results)
    assert next_one.climatology == 3 / 4


# What came of it


def made_of(quantity: str = "share", horizon: int = 52, **changes: Any) -> Prediction:
    (made,) = due(a_score(forecasts=(a_forecast(quantity, horizon, **changes),)))
    return made


END = at(WEEK + 52)
"""The first week whose complete weeks reach the end of 52-week predictions."""


def outcome(n: int | None, made: Prediction, last: IsoWeek = END.week, **more: int | None) -> list[SeriesPoint]:
    weeks: dict[IsoWeek, int | None] = {made.first + offset: n for offset in range(made.last - made.first + 1)}
    weeks |= {made.first + int(name[1:]): value for name, value in more.items()}
    return weekly(weeks, last, weeks=160)


def settled(made: Prediction, points: list[SeriesPoint], basis: Basis = END) -> Settlement:
    found = settle(made, points, basis)
    assert found is not None
    return found


def test_a_share_that_rose_by_a_half() -> None:
    made = made_of()
    found = settled(made, outcome(3, made))
    assert (found.status, found.n, found.total, found.base_n, found.base_total) == ("settled", 156, 10_400, 104, 10_400)
    assert found.value == pytest.approx(0.015)
    assert found.exceeded is True
    assert found.brier == pytest.approx(0.09)
    assert found.brier_climatology == 0.25
    assert found.crps_persistence == pytest.approx(math.log(1.5))
    assert (found.in80, found.in95) == (False, True)


def test_a_count_is_compared_with_as_many_weeks() -> None:
    made = made_of("count", 26)
    found = settled(made, outcome(1, made), at(WEEK + 26))
    assert (found.value, found.n, found.base_n, found.exceeded) == (26.0, 26, 52, False)
    assert found.brier == pytest.approx(0.49)
    assert found.settled_in == WEEK + 26


def test_a_tie_does_not_exceed() -> None:
    made = made_of()
    assert settled(made, outcome(2, made)).exceeded is False


def test_an_outcome_of_nothing_is_half_an_item_to_the_logarithm() -> None:
    made = made_of()
    found = settled(made, outcome(0, made))
    assert (found.value, found.exceeded) == (0.0, False)
    assert found.crps_persistence == pytest.approx(math.log(104 / 0.5))
    assert found.crps is not None
    assert math.isfinite(found.crps)


@given(factor=st.integers(2, 9), n=st.integers(0, 20), quantity=st.sampled_from(["share", "count"]))
def test_a_classifier_that_assigns_more_in_every_week_changes_nothing(factor: int, n: int, quantity: str) -> None:
    made = made_of(quantity)
    points = outcome(n, made)
    more = [point.model_copy(update={"n": (point.n or 0) * factor}) for point in points]
    before, after = settled(made, points), settled(made, more, at(END.week, model="model-2"))
    assert after.value == pytest.approx(before.value)
    assert (after.exceeded, after.brier, after.in80, after.in95) == (
        before.exceeded,
        before.brier,
        before.in80,
        before.in95,
    )
    assert (after.base_n, after.model) == (104 * factor, "model-2")


def test_nothing_is_settled_before_its_weeks_are_over_and_complete() -> None:
    made = made_of()
    assert settle(made, outcome(3, made), at(END.week + -1)) is None
    assert settle(made, outcome(3, made), END) is not None


def test_unknown_weeks_are_waited_for_and_then_a_share_is_settled_without_them() -> None:
    made = made_of()
    points = outcome(3, made, last=END.week + 13, _5=None, _6=None)
    assert settle(made, points, END) is None
    assert settle(made, points, at(END.week + 12)) is None
    found = settled(made, points, at(END.week + 13))
    assert (found.status, found.weeks_known, found.n, found.total) == ("settled", 50, 150, 10_000)
    assert found.value == pytest.approx(0.015)
    assert settled(made, outcome(3, made)).weeks_known == 52, "caught up in time"


def test_a_count_with_an_unknown_week_is_void() -> None:
    made = made_of("count")
    found = settled(made, outcome(3, made, last=END.week + 13, _5=None), at(END.week + 13))
    assert (found.status, found.value, found.exceeded, found.brier) == ("void", None, None, None)
    assert found.reason == "51 of 52 weeks of the outcome are known; the rule asks for all"


def test_a_share_of_which_more_than_a_tenth_is_unknown_is_void() -> None:
    made = made_of()
    unknown: dict[str, int | None] = {f"_{week}": None for week in range(6)}
    found = settled(made, outcome(3, made, last=END.week + 13, **unknown), at(END.week + 13))
    assert found.reason == "46 of 52 weeks of the outcome are known; the rule asks for 90%"


def test_a_base_that_is_known_no_more_is_void() -> None:
    made = made_of()
    points = [point for point in outcome(3, made, last=END.week + 13) if point.week >= made.base_first + 10]
    assert settle(made, points, END) is None
    assert (
        settled(made, points, at(END.week + 13)).reason == "42 of 52 weeks of the base are known; the rule asks for 90%"
    )


def test_a_base_unknown_when_it_was_said_is_not_waited_for() -> None:
    gap = {WEEK + -20: None}
    (made,) = due(a_score(forecasts=(a_forecast(),)), points=weekly(gap))
    assert made.base_weeks_known == 51
    weeks: dict[IsoWeek, int | None] = {made.first + offset: 3 for offset in range(52)} | gap
    assert settled(made, weekly(weeks, END.week, weeks=160)).status == "settled"


def test_a_series_that_is_no_more_and_one_whose_base_was_emptied_are_void() -> None:
    made = made_of()
    later = at(END.week + 13)
    assert settled(made, weekly(series="area:other", last=later.week), later).reason == "the series is counted no more"
    empty = [point.model_copy(update={"n": 0}) for point in outcome(3, made)]
    assert settled(made, empty).reason == "the labels in force leave its base empty"


# CRPS from quantiles


@given(value=st.floats(0.01, 100), said=st.floats(0.01, 100))
def test_the_crps_of_a_point_forecast_is_its_absolute_error(value: float, said: float) -> None:
    expected = abs(math.log(value / said))
    assert crps_log((said,) * 19, value, 1e-9) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("error", [-0.4, -0.1, 0.0, 0.15, 0.3])
def test_the_crps_of_a_log_normal_is_near_the_closed_form(error: float) -> None:
    """Gneiting & Raftery 2007, equation 21."""
    sigma = 0.2
    z = error / sigma
    exact = sigma * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / math.sqrt(math.pi))
    quantiles = tuple(np.exp(sigma * norm.ppf(FORECAST_LEVELS)))
    assert crps_log(quantiles, math.exp(error), 1e-9) == pytest.approx(exact, rel=0.08)
