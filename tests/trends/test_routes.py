"""The race of routes in simulated worlds whose truth is known. Everything here is SIMULATED."""

from functools import cache

import numpy as np
import pytest

from horizon.records import SeriesPoint
from horizon.weeks import IsoWeek
from taxonomy.load import load_taxonomy
from taxonomy.schema import AreaFile, RouteGroup
from trends.composition import Array, softmax
from trends.routes import GroupRace, group_race, overdispersion, overtaking_chances, route_race, weekly_table

LAST = IsoWeek(2025, 40)
WEEKS = 312
GROUP = 1
EVEN = np.zeros((WEEKS, 5))


@cache
def fusion() -> tuple[AreaFile, RouteGroup]:
    """A tier-3 area and its group of five routes."""
    area = load_taxonomy().area("controlled_nuclear_fusion")
    return area, area.route_groups[GROUP]


def labels(logits: Array, size: float | Array = 8.0, seed: int = 1) -> Array:
    """Weekly labels (week, route) of a group whose log ratios are given."""
    random = np.random.default_rng(seed)
    return random.multinomial(random.poisson(np.broadcast_to(size, len(logits))), softmax(logits)).astype(float)


def points(counts: Array, source: str = "arxiv") -> list[SeriesPoint]:
    """Weekly points that end with LAST; NaN is unknown."""
    area, group = fusion()
    found = []
    for row, values in enumerate(counts):
        week = LAST + (row + 1 - len(counts))
        for route, n in zip(group.routes, values, strict=True):
            known = bool(np.isfinite(n))
            name = f"route:{area.id}/{route.id}"
            count, total = (int(n), 900) if known else (None, None)
            found.append(SeriesPoint(series=name, source=source, week=week, n=count, total=total))
    return found


def race(counts: Array) -> GroupRace:
    return group_race(points(counts), *fusion(), "arxiv", LAST)


def crossing(weeks: int, seed: int, crossed_weeks_ago: int = 0, climb: float = 0.008) -> Array:
    """The second route climbs steadily: behind over the last year, level with the first some weeks before its end."""
    logits = np.tile(np.array([0.0, 0.0, -2.0, -2.0, -2.0]), (weeks, 1))
    logits[:, 1] = climb * (np.arange(weeks) - weeks + 1 + crossed_weeks_ago)
    return labels(logits, 25, seed)


def test_shares_are_of_route_labels_within_the_group() -> None:
    counts = np.tile([4.0, 3.0, 2.0, 1.0, 0.0], (WEEKS, 1))
    newest = race(counts).windows[-1]
    assert newest.labels == 520
    assert newest.weeks_known == 52
    assert [share.n for share in newest.shares] == [208, 156, 104, 52, 0]
    for share, truth in zip(newest.shares, (0.4, 0.3, 0.2, 0.1, 0.0), strict=True):
        assert share.share.mean == pytest.approx(truth, abs=0.005)
        assert share.share.lo80 <= share.share.mean <= share.share.hi80
    assert newest.herfindahl.mean == pytest.approx(0.30, abs=0.01)
    assert newest.effective_routes.mean == pytest.approx(np.exp(1.28), abs=0.1)


def _mean_chance(counts: list[Array]) -> float:
    """That the second route overtakes the first, where it is behind."""
    found = [overtaking_chances(each) for each in counts]
    return float(np.mean([(future[:, 1] > future[:, 0]).mean() for recent, future in found if recent[1] < recent[0]]))


def test_a_planted_overtaking_is_told_before_it_happens() -> None:
    a_year_before = _mean_chance([crossing(WEEKS, seed) for seed in range(12)])
    half_a_year_before = _mean_chance([crossing(WEEKS, seed, crossed_weeks_ago=16) for seed in range(12)])
    stays_behind = np.tile([0.0, -0.2, -2.0, -2.0, -2.0], (WEEKS, 1))
    never = _mean_chance([labels(stays_behind, 25, seed) for seed in range(12)])
    assert never < 0.1
    assert a_year_before > 0.5
    assert half_a_year_before > 0.75
    _, group = fusion()
    chances = {(each.route, each.ahead): each for each in race(crossing(WEEKS, 1, crossed_weeks_ago=16)).overtakings}
    told = chances[group.routes[1].id, group.routes[0].id]
    assert told.n < told.n_ahead
    assert told.probability > 0.5


def test_equal_routes_are_as_likely_to_overtake_as_not() -> None:
    chances = []
    for seed in range(40):
        _, future = overtaking_chances(labels(EVEN[:, :2], 20, seed))
        chances.append(float((future[:, 0] > future[:, 1]).mean()))
    assert np.mean(chances) == pytest.approx(0.5, abs=0.06)
    assert max(chances) < 0.95


def _wandering(worlds: int) -> tuple[Array, Array]:
    """Said and came, of all pairs in worlds whose log ratios wander with momentum."""
    said, came = [], []
    for seed in range(worlds):
        random = np.random.default_rng(1000 + seed)
        drift = np.zeros((WEEKS + 52, 3))
        for week in range(1, len(drift)):
            drift[week] = 0.98 * drift[week - 1] + random.normal(0, 0.0006, 3)
        logits = random.normal(0, 0.5, 3) + np.cumsum(drift + random.normal(0, 0.015, drift.shape), axis=0)
        counts = labels(logits, 8, seed)
        recent, future = overtaking_chances(counts[:WEEKS])
        after = counts[WEEKS:].sum(axis=0)
        for behind in range(3):
            for ahead in range(3):
                if recent[behind] < recent[ahead]:
                    said.append(float((future[:, behind] > future[:, ahead]).mean()))
                    came.append(float(after[behind] > after[ahead]))
    return np.array(said), np.array(came)


def _is_calibrated(said: Array, came: Array, tolerance: float) -> None:
    likely, unlikely = said > 0.25, said <= 0.1
    assert likely.sum() >= 20
    assert said[likely].mean() == pytest.approx(came[likely].mean(), abs=tolerance)
    assert came[unlikely].mean() <= 0.06
    assert ((said - came) ** 2).mean() < ((came.mean() - came) ** 2).mean()


def test_chances_come_true_as_often_as_said() -> None:
    _is_calibrated(*_wandering(100), 0.12)


@pytest.mark.slow
def test_chances_come_true_as_often_as_said_in_many_worlds() -> None:
    _is_calibrated(*_wandering(600), 0.06)


def test_forecast_intervals_cover_the_year_that_came() -> None:
    inside = []
    for seed in range(24):
        counts = labels(np.tile([0.0, -0.5, -1.0, -1.5, -2.0], (WEEKS + 52, 1)), 8, seed)
        after = counts[WEEKS:].sum(axis=0)
        actual = after / after.sum()
        found = race(counts[:WEEKS]).forecast
        inside += [each.share.lo80 <= actual[row] <= each.share.hi80 for row, each in enumerate(found)]
    assert 0.75 <= np.mean(inside) <= 0.97


def test_nothing_converges_where_shares_stay_though_the_field_grows() -> None:
    logits = np.tile([0.0, -0.2, -0.5, -1.2, -2.0], (WEEKS, 1))
    size = np.repeat([1.0, 12.0], [WEEKS - 156, 156])
    found = [race(labels(logits, size, seed)).convergence for seed in range(40)]
    chances = np.array([each.probability for each in found if each is not None])
    assert len(chances) == 40
    assert 0.35 <= chances.mean() <= 0.65
    assert (chances > 0.95).mean() <= 0.15
    assert (chances < 0.05).mean() <= 0.15


def test_a_planted_convergence_is_found() -> None:
    logits = np.zeros((WEEKS, 5))
    logits[:, 0] = np.clip(0.012 * (np.arange(WEEKS) - WEEKS + 208), 0, None)
    found = race(labels(logits, 6)).convergence
    assert found is not None
    assert found.verdict == "converging"
    assert found.index.lo80 > 0.1
    assert found.until - found.since == 156
    apart = race(labels(logits, 6)[::-1]).convergence
    assert apart is not None
    assert apart.verdict == "diverging"


def test_the_leader_and_how_long_it_led() -> None:
    logits = np.zeros((WEEKS, 5))
    logits[: WEEKS - 104, 0] = 2.0
    logits[WEEKS - 104 :, 1] = 2.0
    found = race(labels(logits))
    _, group = fusion()
    assert found.leader == group.routes[1].id
    assert found.p_leads == pytest.approx(1.0, abs=0.01)
    assert found.led_weeks is not None
    # The window of 52 weeks goes over to the new leader when half of it is new.
    assert 60 <= found.led_weeks <= 88
    assert found.led_since_start is False
    always = race(labels(np.tile([2.0, 0, 0, 0, 0], (WEEKS, 1))))
    assert (always.led_weeks, always.led_since_start) == (WEEKS - 28, True), "a window counts from 26 known weeks on"


def test_unknown_weeks_are_left_out_and_a_window_of_them_is_unknown() -> None:
    counts = labels(np.tile([1.0, 0.5, 0, 0, 0], (WEEKS, 1)))
    gap = counts.copy()
    gap[-20:] = np.nan
    told = race(gap)
    assert told.windows[-1].weeks_known == 32
    assert told.windows[-1].labels == counts[-52:-20].sum()
    shares = [[each.share.mean for each in found.windows[-1].shares] for found in (told, race(counts))]
    assert shares[0] == pytest.approx(shares[1], abs=0.06)
    gap[-40:] = np.nan
    lost = race(gap)
    assert lost.status == "insufficient_data"
    assert "52 weeks are known" in (lost.reason or "")
    assert lost.overtakings == ()


def test_a_week_that_one_route_lacks_is_unknown_for_all() -> None:
    counts = labels(EVEN)
    counts[-1, 2] = np.nan
    area, group = fusion()
    table = weekly_table(points(counts), [f"route:{area.id}/{route.id}" for route in group.routes], LAST)
    assert np.isnan(table[-1]).all()
    assert np.isfinite(table[-2]).all()


def test_too_few_labels_are_no_race() -> None:
    counts = np.zeros((WEEKS, 5))
    counts[::8, 0] = 2
    found = race(counts)
    assert found.status == "insufficient_data"
    assert found.reason == "26 route labels in 104 weeks, 30 are needed"
    assert found.forecast == ()
    assert found.leader is None
    assert race(np.zeros((WEEKS, 5))).windows == ()


def test_years_do_not_overlap_and_end_with_the_newest_week() -> None:
    found = race(labels(EVEN))
    assert [found.week - window.last for window in found.years] == [260, 208, 156, 104, 52, 0]


def test_each_source_runs_its_own_race_and_late_weeks_are_left_out() -> None:
    area, _ = fusion()
    both = [*points(labels(EVEN)), *points(labels(EVEN, seed=2), source="epo_ops")]
    found = route_race(both, area, LAST, incomplete_weeks=2)
    groups = [group.id for group in area.route_groups]
    assert [(each.source, each.group) for each in found] == [
        (source, group) for source in ("arxiv", "epo_ops") for group in groups
    ]
    assert {each.week for each in found} == {LAST + -2}
    assert all(each.asked_by_policy for each in found)
    assert found[0].status == "insufficient_data", "no label of the other group was counted"


def test_later_weeks_change_nothing() -> None:
    counts = labels(EVEN)
    changed = counts.copy()
    changed[-52:] = 99
    area, group = fusion()
    early = [group_race(points(each), area, group, "arxiv", LAST + -52) for each in (counts, changed)]
    assert early[0] == early[1]


def test_extra_spread_widens_the_intervals() -> None:
    steady = labels(EVEN, 8)
    random = np.random.default_rng(4)
    wild = np.repeat(steady[::4], 4, axis=0) * random.integers(0, 2, (WEEKS, 1))
    assert overdispersion(steady.reshape(-1, 4, 5).sum(axis=1)) == pytest.approx(1.0, abs=0.2)
    assert overdispersion(wild.reshape(-1, 4, 5).sum(axis=1)) > 1.5


def test_the_same_points_give_the_same_race() -> None:
    counts = labels(EVEN)
    assert race(counts) == race(counts)
