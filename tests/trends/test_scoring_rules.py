"""Scoring rules against closed forms and cases worked by hand."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from trends.backtest import LEVELS
from trends.dglm import Array
from trends.scoring_rules import (
    absolute_scaled_error,
    block_draws,
    block_interval,
    brier,
    calibration_error,
    calibration_table,
    coverage,
    crps_of_quantiles,
    crps_of_samples,
    pit_deviation,
    pit_histogram,
    pit_of_quantiles,
    spearman,
    top_decile_precision,
)

MEANS, SDS, SEEN = np.array([0.0, 1.0, -2.0]), np.array([1.0, 0.5, 3.0]), np.array([0.3, 2.4, -9.0])


def _crps_of_normal() -> Array:
    """Gneiting & Raftery (2007), equation 21."""
    z = (SEEN - MEANS) / SDS
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    score: Array = SDS * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    return score


def test_crps_of_a_normal_from_its_quantiles_is_that_of_the_closed_form() -> None:
    for levels in (LEVELS, (0.025, 0.1, 0.5, 0.9, 0.975)):
        quantiles = MEANS[:, None] + SDS[:, None] * ndtri(np.array(levels))
        assert crps_of_quantiles(levels, quantiles, SEEN) == pytest.approx(_crps_of_normal(), rel=0.005)


def test_crps_of_a_normal_from_samples_is_that_of_the_closed_form() -> None:
    ranks = (np.arange(20_000) + 0.5) / 20_000
    samples = MEANS[:, None] + SDS[:, None] * ndtri(ranks)
    assert crps_of_samples(samples, SEEN) == pytest.approx(_crps_of_normal(), rel=0.002)


def test_crps_of_a_forecast_that_is_sure_is_its_absolute_error() -> None:
    sure = np.full((3, 5), 2.0)
    found = crps_of_quantiles((0.025, 0.1, 0.5, 0.9, 0.975), sure, np.array([2.0, 5.0, -1.0]))
    assert found == pytest.approx([0, 3, 3], abs=1e-6)
    assert crps_of_samples(sure, np.array([2.0, 5.0, -1.0])) == pytest.approx([0, 3, 3])


def test_the_true_forecast_has_the_lowest_expected_crps() -> None:
    outcomes = np.random.default_rng(1).normal(0, 1, 4000)

    def expected(mean: float, sd: float) -> float:
        quantiles = np.broadcast_to(mean + sd * ndtri(np.array(LEVELS)), (4000, len(LEVELS)))
        return float(crps_of_quantiles(LEVELS, quantiles, outcomes).mean())

    assert expected(0, 1) < min(expected(0.3, 1), expected(0, 0.7), expected(0, 1.4))


def test_an_unknown_forecast_scores_nothing() -> None:
    assert np.isnan(crps_of_quantiles(LEVELS, np.full((1, len(LEVELS)), np.nan), np.array([1.0]))).all()
    assert np.isnan(pit_of_quantiles(LEVELS, np.full((1, len(LEVELS)), np.nan), np.array([1.0]))).all()


def test_pit_of_a_normal_is_its_distribution_function_also_beyond_the_last_level() -> None:
    quantiles = MEANS[:, None] + SDS[:, None] * ndtri(np.array(LEVELS))
    assert pit_of_quantiles(LEVELS, quantiles, SEEN) == pytest.approx(ndtr((SEEN - MEANS) / SDS), abs=1e-9)


def test_pit_histogram_is_flat_for_the_true_forecast_and_a_valley_for_one_too_sure() -> None:
    outcomes = np.random.default_rng(2).normal(0, 1, 5000)
    true, sure = (np.broadcast_to(sd * ndtri(np.array(LEVELS)), (5000, len(LEVELS))) for sd in (1.0, 0.5))
    assert pit_deviation(pit_of_quantiles(LEVELS, true, outcomes)) < 0.05
    valley = pit_histogram(pit_of_quantiles(LEVELS, sure, outcomes))
    assert valley.sum() == pytest.approx(1)
    assert min(valley[0], valley[-1]) > 2 * max(valley[3:7])


def test_brier_and_coverage() -> None:
    assert brier(np.array([0.9, 0.2]), np.array([True, True])) == pytest.approx([0.01, 0.64])
    inside = coverage(np.array([1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0]), np.array([1.0, 2.0, 2.1]))
    assert inside.tolist() == [True, True, False]


def test_mase_is_one_for_the_error_that_the_past_itself_would_have_made() -> None:
    past = np.array([[1.0, 2.0, 3.0, 4.0]])  # season of 2: each period 2 above that of a season before
    assert absolute_scaled_error(np.array([[5.0, 5.0]]), np.array([[7.0, 3.0]]), past, 2) == pytest.approx([1.0])
    half = absolute_scaled_error(np.array([[5.0, 5.0]]), np.array([[6.0, np.nan]]), past, 2)
    assert half == pytest.approx([0.5])
    assert np.isnan(absolute_scaled_error(np.array([[1.0]]), np.array([[2.0]]), np.ones((1, 4)), 2)).all()


def test_spearman_knows_order_ties_and_gaps() -> None:
    outcome = np.array([1.0, 2.0, 3.0, 4.0])
    assert spearman(np.exp(outcome), outcome) == pytest.approx(1)
    assert spearman(-outcome, outcome) == pytest.approx(-1)
    assert spearman(np.array([1.0, 1.0, 2.0, np.nan]), outcome) == pytest.approx(np.sqrt(3) / 2)
    assert np.isnan(spearman(np.ones(4), outcome))


def test_top_decile_precision_counts_ties_in_part() -> None:
    outcome = np.arange(20.0)
    assert top_decile_precision(outcome, outcome) == 1
    assert top_decile_precision(-outcome, outcome) == 0
    assert top_decile_precision(np.zeros(20), outcome) == pytest.approx(0.1)


def test_calibration_table_and_error() -> None:
    said = np.array([0.95] * 10 + [0.05] * 10)
    happened = np.array([True] * 9 + [False] + [True] * 2 + [False] * 8)
    low, high = calibration_table(said, happened)
    assert (low.items, low.share_happened, high.items, high.share_happened) == (10, 0.2, 10, 0.9)
    assert calibration_error(said, happened) == pytest.approx((0.15 + 0.05) / 2)
    assert calibration_table(np.array([1.0, 0.9]), np.array([True, True]))[0].items == 2


def test_blocks_keep_neighbours_together() -> None:
    drawn = block_draws(origins=12, block=3, resamples=200)
    assert drawn.shape == (200, 12)
    assert (np.diff(drawn.reshape(200, 4, 3), axis=2) % 12 == 1).all()


def test_block_interval_is_wider_than_independent_draws_where_neighbours_agree() -> None:
    values = np.repeat(np.random.default_rng(3).normal(0, 1, 10), 3)

    def width(block: int) -> float:
        low, high = block_interval(30, lambda drawn: float(values[drawn].mean()), block=block)
        assert low < values.mean() < high
        return high - low

    assert width(3) > 1.3 * width(1)
