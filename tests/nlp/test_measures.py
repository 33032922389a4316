"""Resampled measures are the plain ones, each row counted as often as it was drawn."""

import numpy as np
import pytest

from nlp.measures import (
    Booleans,
    Floats,
    average_precision,
    calibration_error,
    f1_by_column,
    interval,
    resampled,
    weighted_average_precision,
    weighted_calibration_error,
    weighted_f1,
    wilson_interval,
)


def _drawn() -> tuple[Floats, Booleans, Booleans, Floats]:
    random = np.random.default_rng(1)
    truth, scores = random.random(60) < 0.4, random.random(60)
    return resampled(60, seed=2, resamples=20), truth, scores > 0.5, scores


def test_a_resample_measured_by_weights_is_measured_as_the_rows_written_out() -> None:
    weights, truth, decided, scores = _drawn()
    for row, counts in enumerate(weights.astype(int)):
        rows = np.repeat(np.arange(60), counts)
        f1 = f1_by_column(truth[rows, None], decided[rows, None])[0]
        assert weighted_f1(weights, truth[:, None], decided[:, None])[row, 0] == pytest.approx(f1)
        error = calibration_error(truth[rows], scores[rows])
        assert weighted_calibration_error(weights, truth, scores)[row] == pytest.approx(error)


def test_average_precision_with_every_row_once_is_the_plain_one() -> None:
    _, truth, _, scores = _drawn()
    once = np.ones((1, 60))
    assert weighted_average_precision(once, truth, scores)[0] == pytest.approx(average_precision(truth, scores))


def test_a_resample_without_an_item_of_the_area_tells_nothing_of_it() -> None:
    truth, decided = np.array([[True], [False]]), np.array([[True], [False]])
    scores = weighted_f1(np.array([[0.0, 2.0], [1.0, 1.0]]), truth, decided)
    assert np.isnan(scores[0, 0])
    assert interval(scores[:, 0]) == (1.0, 1.0)
    assert interval(np.array([np.nan])) == (0.0, 1.0)


def test_five_of_five_right_are_not_certain() -> None:
    low, high = wilson_interval(5, 5)
    assert low == pytest.approx(0.5655, abs=1e-3)
    assert high == 1.0
    assert wilson_interval(0, 0) == (0.0, 1.0)
