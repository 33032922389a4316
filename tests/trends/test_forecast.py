"""Forecasts of share and count on simulated series whose next year is known."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from horizon.records import FORECAST_LEVELS, Forecast
from trends.dglm import Array
from trends.momentum import Momentum, Panel, measure

HISTORY = 208


def _of(found: Momentum, quantity: str, weeks: int) -> Forecast:
    return next(each for each in found.forecasts if (each.quantity, each.horizon_weeks) == (quantity, weeks))


def _panel(counts: Array, totals: Array, year: int = 52) -> Panel:
    names = tuple(f"area:{row}" for row in range(len(counts)))
    return Panel(names, ("area",) * len(names), counts.astype(float), np.broadcast_to(totals, counts.shape), year)


def _wandering(series: int, seed: int, weeks: int = HISTORY + 52) -> tuple[Array, Array]:
    """Counts and totals: levels that wander, a source that grows by a tenth a year and rests at Christmas."""
    random = np.random.default_rng(seed)
    shares = 10 ** random.uniform(-3.2, -2, (series, 1)) * np.exp(
        np.cumsum(random.normal(0, 0.02, (series, weeks)), axis=1)
    )
    season = np.where(np.arange(weeks) % 52 == 50, 0.4, 1.0)
    totals = random.poisson(4000 * season * 1.1 ** (np.arange(weeks) / 52) * np.exp(random.normal(0, 0.05, weeks)))
    return random.poisson(shares * totals).astype(float), totals.astype(float)


@pytest.fixture(scope="module")
def world() -> tuple[Array, Array, list[Momentum]]:
    """Counts and totals of history and a year to come, and what was told from the history alone."""
    counts, totals = _wandering(150, 8)
    return counts, totals, measure(_panel(counts[:, :HISTORY], totals[:HISTORY]))


@pytest.mark.parametrize("weeks", [26, 52])
@pytest.mark.parametrize("quantity", ["share", "count"])
def test_intervals_cover_what_came_and_probabilities_hold(
    world: tuple[Array, Array, list[Momentum]], quantity: str, weeks: int
) -> None:
    counts, totals, found = world
    told = [_of(each, quantity, weeks) for each in found if each.forecasts]
    rows = counts[:, HISTORY - 104 : HISTORY].sum(axis=1) >= 30
    ahead, base = slice(HISTORY, HISTORY + weeks), slice(HISTORY - (52 if quantity == "share" else weeks), HISTORY)
    came, before = counts[rows, ahead].sum(axis=1), counts[rows, base].sum(axis=1)
    if quantity == "share":
        came, before = came / totals[ahead].sum(), before / totals[base].sum()
    lows80, highs80 = np.array([f.lo80 for f in told]), np.array([f.hi80 for f in told])
    lows95, highs95 = np.array([f.lo95 for f in told]), np.array([f.hi95 for f in told])
    assert 0.7 <= np.mean((lows80 <= came) & (came <= highs80)) <= 0.92
    assert np.mean((lows95 <= came) & (came <= highs95)) >= 0.9
    if quantity == "count":
        return  # all counts share the luck of one total
    chance = np.array([f.p_exceeds_last for f in told])
    exceeded = came > before
    assert abs(chance.mean() - exceeded.mean()) < 0.12
    for low, high in ((0.0, 0.4), (0.4, 0.6), (0.6, 1.0)):
        chosen = (chance >= low) & (chance < high)
        if chosen.sum() >= 25:
            assert abs(chance[chosen].mean() - exceeded[chosen].mean()) < 0.2


def test_each_series_gets_share_and_count_over_half_a_year_and_a_year() -> None:
    counts, totals = _wandering(3, 1, HISTORY)
    for found in measure(_panel(counts, totals)):
        assert [(f.quantity, f.horizon_weeks) for f in found.forecasts] == [
            *(("share", 26), ("count", 26), ("share", 52), ("count", 52)),
        ]
        for each in found.forecasts:
            assert len(each.quantiles) == len(FORECAST_LEVELS)
            ordered = [each.lo95, *each.quantiles, each.hi95]
            assert ordered == sorted(ordered)
            assert (each.lo80, each.hi80) == (each.quantiles[1], each.quantiles[-2])
            assert 0 < each.p_exceeds_last < 1
        year = _of(found, "share", 52)
        assert (found.forecast_share_52w, found.forecast_lo80) == (year.quantiles[9], year.lo80)
        assert (found.forecast_hi80, found.forecast_lo95, found.forecast_hi95) == (year.hi80, year.lo95, year.hi95)


def test_a_count_is_the_share_of_the_source_that_is_to_come() -> None:
    counts, totals = _wandering(5, 2)
    for found in measure(_panel(counts[:, :HISTORY], totals[:HISTORY])):
        for weeks in (26, 52):
            share, count = _of(found, "share", weeks), _of(found, "count", weeks)
            came = totals[HISTORY : HISTORY + weeks].sum()
            assert count.mean / share.mean == pytest.approx(came, rel=0.08)
            assert (count.hi80 - count.lo80) / count.mean > (share.hi80 - share.lo80) / share.mean * 0.95


def test_a_source_that_doubles_each_year_is_not_forecast_to_stand_still() -> None:
    totals = np.round(1000 * 2 ** (np.arange(HISTORY) / 52))
    found = measure(_panel(np.round(totals * 0.01)[None], totals))[0]
    next_year = 1000 * 2 ** ((HISTORY + np.arange(52)) / 52)
    assert _of(found, "count", 52).mean > 0.75 * 0.01 * next_year.sum() > 1.2 * 0.01 * totals[-52:].sum()
    assert found.verdict == "no clear change"


def test_the_total_of_one_source_says_nothing_of_another() -> None:
    counts, totals = _wandering(6, 3, HISTORY)
    other = np.round(totals * np.linspace(0.2, 3, HISTORY))
    names = tuple(f"{kind}:{row}" for kind in ("a", "b") for row in range(3))
    kinds = ("a",) * 3 + ("b",) * 3
    both = Panel(names, kinds, counts, np.vstack([np.tile(totals, (3, 1)), np.tile(other, (3, 1))]), 52)
    alone = Panel(names[:3], kinds[:3], counts[:3], np.tile(totals, (3, 1)), 52)
    assert measure(both)[:3] == measure(alone)


def test_a_share_never_leaves_nought_and_one() -> None:
    random = np.random.default_rng(4)
    totals = np.full(HISTORY, 40.0)
    rising = random.binomial(40, np.linspace(0.3, 0.99, HISTORY)).astype(float)
    whole = np.full(HISTORY, 40.0)
    rare = (random.random(HISTORY) < 0.5).astype(float)
    for found in measure(_panel(np.stack([rising, whole, rare]), totals)):
        for each in found.forecasts:
            bound = 1.0 if each.quantity == "share" else np.inf
            assert each.lo95 >= 0
            assert max(each.hi95, each.mean) <= bound
        assert found.level_hi80 is not None
        assert found.level_hi80 <= 1


def test_months_forecast_like_weeks() -> None:
    counts, totals = _wandering(30, 6, 312)
    weekly = measure(_panel(counts, totals))
    cells = (30, 78, 4)
    monthly = measure(_panel(counts.reshape(cells).sum(axis=2), totals.reshape(78, 4).sum(axis=1), 12))
    ratios = [
        np.log(_of(month, "share", 52).mean / _of(week, "share", 52).mean)
        for month, week in zip(monthly, weekly, strict=True)
        if month.forecasts and week.forecasts
    ]
    assert abs(np.mean(ratios)) < 0.02
    assert np.std(ratios) < 0.06


_DIGEST = """
from tests.trends.test_forecast import digest
print(digest())
"""


def digest() -> str:
    """Of all that is told of some series."""
    counts, totals = _wandering(20, 9, HISTORY)
    told = [asdict(found) for found in measure(_panel(counts, totals))]
    return hashlib.sha256(json.dumps(told, default=lambda each: each.model_dump()).encode()).hexdigest()


def test_the_number_of_threads_changes_no_digit() -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}
    run = subprocess.run(
        [sys.executable, "-c", _DIGEST], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.strip() == digest()
