"""The filter's own gamma functions against scipy's."""

import numpy as np
from scipy.special import digamma, gammaln, zeta

from trends.gamma_functions import SHIFTED_TO, gamma_functions

POINTS = np.concatenate([10 ** np.linspace(-3, 6, 20_001), np.linspace(0.4, 12, 10_001), [SHIFTED_TO, 1.0, 2.0]])


def test_they_agree_with_scipy_to_a_billionth() -> None:
    found = gamma_functions(POINTS)
    for mine, theirs in zip(found, (gammaln(POINTS), digamma(POINTS), zeta(2, POINTS)), strict=True):
        # Next to its zero a function is held to a billionth of 1.
        assert np.max(np.abs(mine - theirs) / np.maximum(np.abs(theirs), 1.0)) < 1e-9


def test_neighbours_in_the_array_change_nothing() -> None:
    alone = gamma_functions(np.array([2.5]))
    among = gamma_functions(np.array([0.1, 2.5, 400.0]))
    assert [each[0] for each in alone] == [each[1] for each in among]


def test_the_shape_and_the_argument_stay() -> None:
    x = np.array([[0.5, 9.0], [3.0, 70.0]])
    kept = x.copy()
    assert all(each.shape == x.shape for each in gamma_functions(x))
    assert np.array_equal(x, kept)
