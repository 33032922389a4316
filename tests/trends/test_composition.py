"""The filter of shares of a whole, on counts whose truth is known."""

import numpy as np
import pytest

from trends.composition import Array, default_grid, draw_year, filter_shares, softmax

SHARES = np.array([0.5, 0.3, 0.2])


def multinomial(shares: Array, size: int = 40, periods: int = 60, seed: int = 1) -> Array:
    """(period, part), of constant shares or of one row a period."""
    rows = np.broadcast_to(shares, (periods, shares.shape[-1]))
    return np.random.default_rng(seed).multinomial(size, rows).astype(float)


def seen(counts: Array) -> Array:
    """The share that the filter sees last, by the likeliest point of its grid."""
    state = filter_shares(counts, default_grid())
    last: Array = softmax(state.level)[int(state.log_likelihood.argmax())]
    return last


def test_constant_shares_are_found_and_stay() -> None:
    assert seen(multinomial(SHARES)) == pytest.approx(SHARES, abs=0.03)
    future = draw_year(multinomial(SHARES), 500, 2000, seed=1)
    assert future.sum(axis=1) == pytest.approx(500)
    assert future.mean(axis=0) / 500 == pytest.approx(SHARES, abs=0.04)


def test_a_trend_is_carried_on_and_damped() -> None:
    logits = np.stack([np.zeros(91), -2 + 0.02 * np.arange(91)], axis=1)
    counts = multinomial(softmax(logits), size=100, periods=91)
    last = counts[-13:, 1].sum() / counts[-13:].sum()
    truth = softmax(np.array([0.0, -2 + 0.02 * 97.5]))[1]
    forecast = draw_year(counts, 1000, 4000, seed=1)[:, 1].mean() / 1000
    assert last + 0.25 * (truth - last) < forecast < truth + 0.02


def test_no_part_is_the_reference() -> None:
    counts = multinomial(SHARES)
    order = [2, 0, 1]
    straight, turned = filter_shares(counts, default_grid()), filter_shares(counts[:, order], default_grid())
    assert softmax(turned.level) == pytest.approx(softmax(straight.level)[:, order])
    assert turned.log_likelihood == pytest.approx(straight.log_likelihood)


def test_an_unknown_period_is_not_one_of_zeros() -> None:
    counts = multinomial(SHARES)
    gap, empty, one_sided = counts.copy(), counts.copy(), counts.copy()
    gap[-6:] = np.nan
    empty[-6:] = 0
    one_sided[-6:, 0] = 0
    assert seen(gap) == pytest.approx(seen(empty))
    assert seen(gap) == pytest.approx(seen(counts), abs=0.04)
    assert seen(one_sided)[0] < seen(gap)[0] - 0.1
    widths = [np.ptp(np.quantile(draw_year(each, 400, 4000, 1)[:, 0], [0.1, 0.9])) for each in (gap, counts)]
    assert widths[0] > widths[1]


def test_a_part_that_is_never_seen_gets_a_small_share_and_no_warning() -> None:
    future = draw_year(multinomial(np.array([0.6, 0.4, 0.0])), 500, 2000, seed=1)
    assert 0 <= future[:, 2].mean() < 15


def test_the_same_counts_give_the_same_draws() -> None:
    counts = multinomial(SHARES)
    assert (draw_year(counts, 100, 500, 7) == draw_year(counts, 100, 500, 7)).all()
