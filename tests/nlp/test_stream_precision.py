"""Precision on a stream is estimated in simulated worlds whose truth is planted."""

import numpy as np
import pytest

from nlp.measures import Booleans, Floats
from nlp.stream_precision import ANY, by_prevalence, by_probability

WORLDS = 120
THRESHOLD = 0.4


def _world(random: np.random.Generator, items: int) -> tuple[Floats, Booleans]:
    """Calibrated probabilities of a week, four in a hundred in the area, and the planted truth."""
    log_odds = np.where(random.random(items) < 0.06, random.normal(1.0, 2.0, items), random.normal(-6.0, 1.0, items))
    probabilities = 1.0 / (1.0 + np.exp(-log_odds))
    return probabilities, random.random(items) < probabilities


def _near_the_boundary(random: np.random.Generator, count: int) -> tuple[Floats, Booleans]:
    """Items as annotators draw them: the more often the less sure the model is."""
    probabilities, truth = _world(random, 60_000)
    chance = probabilities * (1.0 - probabilities) + 0.002
    drawn = random.choice(len(truth), count, replace=False, p=chance / chance.sum())
    return probabilities[drawn], truth[drawn]


def test_labels_drawn_near_the_boundary_tell_the_precision_of_the_whole_stream() -> None:
    random, inside, beyond, errors = np.random.default_rng(0), 0, 0, []
    for _ in range(WORLDS):
        known, truth = _near_the_boundary(random, 250)
        week, planted = _world(random, 4000)
        taken = week >= THRESHOLD
        true_precision = float(planted[taken].mean())
        labelled = truth[:, None], (known >= THRESHOLD)[:, None], known[:, None]
        found = by_probability(*labelled, taken[:, None], week[:, None], ["made"])[0]
        assert found.precision is not None
        inside += found.lo95 <= true_precision <= found.hi95
        beyond += truth[known >= THRESHOLD].mean() < found.lo95
        errors.append(found.precision - true_precision)
    assert abs(float(np.mean(errors))) < 0.015
    assert 0.90 <= inside / WORLDS <= 1.0
    assert beyond / WORLDS > 0.5, "taken as they are, the labelled items tell another, lower precision"


def test_where_no_labelled_item_is_alike_the_interval_is_wide_and_says_so() -> None:
    truth, known = np.array([[True]] * 9 + [[False]]), np.full((10, 1), 0.6)
    week = np.full((40, 1), 0.97)
    found = by_probability(truth, known > 0.5, known, week > 0.5, week, ["made"])[0]
    assert found.unlike == 1.0
    assert found.hi95 - found.lo95 > 0.9
    alike = by_probability(truth, known > 0.5, known, known > 0.5, known, ["made"])[0]
    assert alike.unlike == 0.0
    assert alike.precision == pytest.approx((9 + 0.6) / 11)
    assert alike.lo95 >= 0.5


def test_all_areas_together_weigh_by_their_labels_and_an_empty_one_has_no_precision() -> None:
    truth = np.array([[True, False, False]] * 20 + [[False, False, False]] * 20)
    known = np.tile([0.9, 0.6, 0.1], (40, 1))
    week = np.tile([0.9, 0.6, 0.1], (100, 1))
    *areas, together = by_probability(truth, known > 0.5, known, week > 0.5, week, ["half", "never", "none"])
    assert together.area == ANY
    assert together.assigned == sum(each.assigned for each in areas) == 200
    half, never = (20 + 0.9) / 41, 0.6 / 41
    assert [each.precision for each in areas] == [pytest.approx(half), pytest.approx(never), None]
    assert together.precision == pytest.approx((half + never) / 2)


def test_weighted_to_a_week_the_labelled_items_tell_the_precision_of_one_as_hard() -> None:
    random, inside = np.random.default_rng(3), 0
    for _ in range(WORLDS):
        truth = np.concatenate([np.ones(160, dtype=bool), np.zeros(240, dtype=bool)])
        taken = random.random(400) < np.where(truth, 0.8, 0.05)
        found = by_prevalence(truth[:, None], taken[:, None])
        planted = 0.04 * 0.8 / (0.04 * 0.8 + 0.96 * 0.05)
        inside += found[1].lo95 <= planted <= found[1].hi95
    assert [each.prevalence for each in found] == [0.02, 0.04, 0.06]
    assert found[0].precision < found[1].precision < found[2].precision
    assert 0.90 <= inside / WORLDS <= 1.0


def test_without_items_of_no_area_no_week_can_be_weighted() -> None:
    assert by_prevalence(np.ones((3, 1), dtype=bool), np.ones((3, 1), dtype=bool)) == ()
