"""Which items the first stage leaves open."""

import numpy as np
import pytest

from nlp.cascade import OPEN_WITHIN, is_open


@pytest.mark.parametrize(
    ("log_odds", "opened"),
    [
        ((-0.4, -9.0), True),
        ((-9.0, 1.0 + OPEN_WITHIN - 0.01), True),
        ((-9.0, 1.0 - OPEN_WITHIN + 0.01), True),
        ((-9.0, 1.0 + OPEN_WITHIN), False),
        ((5.0, 5.0), False),
        ((-9.0, -9.0), False),
    ],
)
def test_an_item_is_open_when_it_is_near_the_threshold_of_any_area(log_odds: tuple[float, float], opened: bool) -> None:
    assert bool(is_open(np.array([log_odds]), np.array([-0.4, 1.0]))[0]) is opened


def test_an_area_without_a_head_opens_nothing() -> None:
    assert not is_open(np.array([[0.0]]), np.array([np.inf]))[0]
