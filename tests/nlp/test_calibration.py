"""Probabilities that mean what they say, and thresholds of a stated precision."""

import numpy as np
import pytest

from nlp.calibration import (
    Calibration,
    best_threshold,
    calibrate,
    common_threshold,
    doubt_band,
    f1,
    isotonic_knots,
    sigmoid,
    stated_threshold,
)


def test_platt_recovers_the_sigmoid_that_made_the_labels() -> None:
    random = np.random.default_rng(0)
    values = random.normal(0, 2, 6000)
    truth = (random.random(6000) < sigmoid(1.5 * values - 1.0)).astype(np.int64)
    found = calibrate(values, truth)
    assert not found.knots
    assert (found.slope, found.offset) == pytest.approx((1.5, -1.0), abs=0.15)


def test_a_correction_is_used_where_the_sigmoid_does_not_fit() -> None:
    """Half of all high values are right, however high: no sigmoid says that."""
    random = np.random.default_rng(0)
    values = random.normal(0, 2, 6000)
    truth = ((values > 0) & (random.random(6000) < 0.5)).astype(np.int64)
    found = calibrate(values, truth)
    assert found.knots
    assert found.probabilities(np.array([1.0, 4.0])) == pytest.approx([0.5, 0.5], abs=0.08)
    assert found.probabilities(np.array([-2.0]))[0] < 0.05


def test_the_correction_never_reverses_two_items() -> None:
    random = np.random.default_rng(1)
    values = random.normal(0, 2, 500)
    truth = (random.random(500) < sigmoid(values)).astype(np.int64)
    knots = isotonic_knots(values, truth)
    log_odds = Calibration(1.0, 0.0, 0.5, knots=knots).log_odds(np.linspace(-9, 9, 400))
    assert (np.diff(log_odds) > 0).all()


def test_a_threshold_keeps_the_stated_precision() -> None:
    """Clear items at 0.9, then a stretch in which each doubtful item of the area comes with one of none."""
    probabilities = np.array([0.9] * 20 + [0.4, 0.4] * 10 + [0.1] * 60)
    truth = np.array([1] * 20 + [1, 0] * 10 + [0] * 60)
    assert best_threshold(probabilities, truth, 0.0) <= 0.4
    assert best_threshold(probabilities, truth, 0.9) > 0.4


def test_where_no_threshold_has_the_precision_the_nearest_is_taken() -> None:
    probabilities, truth = np.array([0.9, 0.9, 0.5, 0.5, 0.5]), np.array([1, 0, 1, 0, 0])
    assert best_threshold(probabilities, truth, 0.99) > 0.5


def test_the_band_of_doubt_holds_the_threshold() -> None:
    random = np.random.default_rng(2)
    values = random.normal(0, 2, 2000)
    truth = (random.random(2000) < sigmoid(values)).astype(np.int64)
    low, high = doubt_band(sigmoid(values), truth, 0.5)
    assert low < 0.5 < high
    assert truth[sigmoid(values) >= high].mean() >= 0.95


def test_f1_of_nothing_is_zero() -> None:
    assert f1(np.array([0, 0]), np.array([False, False])) == 0.0


def test_one_threshold_for_all_areas_is_the_best_of_their_mean() -> None:
    sure = np.linspace(0.01, 0.99, 99), (np.linspace(0.01, 0.99, 99) > 0.6).astype(int)
    also = np.linspace(0.01, 0.99, 99), (np.linspace(0.01, 0.99, 99) > 0.62).astype(int)
    assert 0.58 <= common_threshold([sure, also]) <= 0.63


def test_an_area_that_is_less_precise_than_stated_asks_for_more() -> None:
    probabilities = np.array([0.3, 0.35, 0.4, 0.5, 0.6, 0.7])
    truth = np.array([0, 0, 0, 1, 1, 1])
    assert stated_threshold(probabilities, truth, 0.3, 0.5) == 0.3
    assert 0.35 < stated_threshold(probabilities, truth, 0.3, 0.7) <= 0.4
    assert stated_threshold(probabilities, 1 - truth, 0.3, 0.9) == 0.3
