"""The momentum score on simulated series whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from horizon.records import SeriesPoint
from horizon.weeks import IsoWeek
from trends.dglm import Array, Grid, filter_series, grid_weights
from trends.momentum import Momentum, Panel, discoveries, measure, score_momentum

WEEKS = 208
LAST = IsoWeek(2025, 40)


def _panel(counts: Array, totals: Array | float = 5000.0, year: int = 52, kind: str = "area") -> Panel:
    names = tuple(f"{kind}:{row}" for row in range(len(counts)))
    return Panel(names, (kind,) * len(counts), counts.astype(float), np.broadcast_to(totals, counts.shape), year)


def _poisson(shares: Array, growth_pct: Array, weeks: int = WEEKS, total: float = 5000.0, seed: int = 1) -> Array:
    """Weekly counts of series whose share grows steadily and ends at `shares`."""
    years_before_end = (np.arange(weeks) - weeks + 1) / 52
    rate = total * shares[:, None] * np.exp(np.log1p(growth_pct[:, None] / 100) * years_before_end)
    return np.random.default_rng(seed).poisson(rate).astype(float)


def _growth(found: Momentum) -> float:
    assert found.growth_pct is not None
    return found.growth_pct


def test_a_known_growth_is_recovered_within_its_interval() -> None:
    truth = np.repeat([-30.0, 0.0, 25.0, 80.0], 30)
    found = measure(_panel(_poisson(np.full(120, 0.006), truth)))
    inside = [(f.growth_lo80 or 0) <= growth <= (f.growth_hi80 or 0) for f, growth in zip(found, truth, strict=True)]
    assert np.mean(inside) >= 0.75
    for growth in (-30.0, 0.0, 25.0, 80.0):
        mean = np.mean([_growth(f) for f, true in zip(found, truth, strict=True) if true == growth])
        # The damped trend shrinks towards no growth: by a third at most, and never across it.
        assert abs(growth) * 0.66 - 2 <= abs(mean) <= abs(growth) * 1.1 + 2
        assert mean * growth >= 0


def test_intervals_cover_when_growth_wanders_as_the_model_says() -> None:
    random = np.random.default_rng(5)
    series, weeks, damping = 200, 260, 0.98 ** (1 / 4.35)
    slope, level = np.zeros(series), np.log(np.full(series, 0.01))
    levels = []
    for _ in range(weeks + 52):
        level = level + slope + random.normal(0, np.sqrt(2e-3 / 4.35), series)
        slope = damping * slope + random.normal(0, np.sqrt(4e-6 / 4.35**3), series)
        levels.append(level)
    path = np.array(levels).T
    found = measure(_panel(random.poisson(5000 * np.exp(path[:, :weeks])).astype(float)))
    truth = np.expm1(path[:, weeks:].mean(axis=1) - path[:, weeks - 52 : weeks].mean(axis=1)) * 100
    inside = [(f.growth_lo80 or 0) <= growth <= (f.growth_hi80 or 0) for f, growth in zip(found, truth, strict=True)]
    assert 0.72 <= np.mean(inside) <= 0.88


def test_a_forecast_covers_the_year_that_came() -> None:
    random = np.random.default_rng(8)
    shares = 10 ** random.uniform(-3.3, -2, 150)
    path = np.cumsum(random.normal(0, 0.02, (150, 260)), axis=1)
    counts = random.poisson(5000 * shares[:, None] * np.exp(path)).astype(float)
    found = measure(_panel(counts[:, :208]))
    actual = counts[:, 208:].sum(axis=1) / (52 * 5000)
    inside80 = [(f.forecast_lo80 or 0) <= a <= (f.forecast_hi80 or 0) for f, a in zip(found, actual, strict=True)]
    inside95 = [(f.forecast_lo95 or 0) <= a <= (f.forecast_hi95 or 0) for f, a in zip(found, actual, strict=True)]
    assert 0.7 <= np.mean(inside80) <= 0.92
    assert np.mean(inside95) >= 0.9


def test_constant_shares_raise_no_alarm_even_among_moving_ones() -> None:
    random = np.random.default_rng(3)
    moving = _poisson(np.full(40, 0.01), random.normal(0, 25, 40).clip(-60))
    noise = np.exp(random.normal(0, 0.14, (200, WEEKS)))
    constant = random.poisson(5000 * 0.01 * noise).astype(float)
    found = measure(_panel(np.vstack([moving, constant])))[40:]
    assert np.mean([(f.p_rising or 0) > 0.95 for f in found]) <= 0.01
    assert np.mean([(f.p_rising or 1) < 0.05 for f in found]) <= 0.01


def test_a_share_that_doubles_within_a_year_is_seen_among_constant_ones() -> None:
    counts = _poisson(np.full(60, 0.005), np.zeros(60))
    surge = counts.copy()
    surge[0, -52:] = np.round(surge[0, -52:] * 2 ** (np.arange(1, 53) / 52))
    before, after = measure(_panel(counts))[0], measure(_panel(surge))[0]
    assert before.verdict == "no clear change"
    assert after.verdict == "rising"


def test_an_unknown_week_is_not_a_zero() -> None:
    counts = _poisson(np.full(30, 0.006), np.zeros(30))
    gap = counts.copy()
    gap[:, -4:] = np.nan
    zero = np.nan_to_num(gap)
    plain, with_gap, with_zero = (measure(_panel(c)) for c in (counts, gap, zero))
    assert np.mean([_growth(f) for f in with_gap]) == pytest.approx(np.mean([_growth(f) for f in plain]), abs=3)
    assert np.mean([_growth(f) for f in with_zero]) < np.mean([_growth(f) for f in plain]) - 10


def test_a_week_without_any_items_is_no_evidence() -> None:
    counts = _poisson(np.full(5, 0.006), np.zeros(5))
    unknown, empty = counts.copy(), counts.copy()
    unknown[:, -5] = np.nan
    empty[:, -5] = 0
    none, totals = np.full(counts.shape, 5000.0), np.full(counts.shape, 5000.0)
    none[:, -5], totals[:, -5] = 0, np.nan
    names = tuple("abcde")
    kinds = ("x",) * 5
    assert measure(Panel(names, kinds, empty, none, 52)) == measure(Panel(names, kinds, unknown, totals, 52))


def test_too_few_items_get_no_number() -> None:
    counts = np.zeros((2, WEEKS))
    counts[0, ::8] = 1  # 13 in two years
    counts[1, ::2] = 1  # 52 in two years
    few, enough = measure(_panel(counts))
    assert few.verdict == "insufficient data"
    assert few.growth_pct is None
    assert few.n_52w == 6 or few.n_52w == 7
    assert enough.growth_pct is not None


@settings(deadline=None, max_examples=5)
@given(st.permutations(range(12)))
def test_the_order_of_series_changes_nothing(order: list[int]) -> None:
    counts = _poisson(np.linspace(0.001, 0.02, 12), np.linspace(-20, 40, 12), weeks=104)
    straight = measure(_panel(counts))
    shuffled = measure(_panel(counts[order]))
    for position, row in enumerate(order):
        assert _growth(shuffled[position]) == pytest.approx(_growth(straight[row]), rel=1e-6)


def test_the_same_input_gives_the_same_numbers() -> None:
    counts = _poisson(np.full(4, 0.006), np.full(4, 10.0))
    assert measure(_panel(counts)) == measure(_panel(counts))


def test_months_and_weeks_agree_roughly() -> None:
    weekly = _poisson(np.full(20, 0.01), np.full(20, 40.0), weeks=312)
    monthly = weekly[:, : 312 // 4 * 4].reshape(20, -1, 4).sum(axis=2)[:, -72:]
    by_week = np.mean([_growth(f) for f in measure(_panel(weekly))])
    # Four-week periods taken as months: 13 a year instead of 12.
    by_month = np.mean([_growth(f) for f in measure(_panel(monthly, 20000.0, year=12))]) * 13 / 12
    assert by_month == pytest.approx(by_week, abs=15)


def test_peers_lend_strength_but_kinds_do_not_mix() -> None:
    counts = _poisson(np.full(20, 0.002), np.full(20, 60.0))
    alone = Panel(("a",), ("other",), counts[:1], np.full((1, WEEKS), 5000.0), 52)
    mixed = Panel(tuple(map(str, range(20))), ("other", *["area"] * 19), counts, np.full(counts.shape, 5000.0), 52)
    assert measure(mixed)[0] == measure(alone)[0]


@settings(deadline=None, max_examples=15)
@given(st.lists(st.one_of(st.none(), st.integers(0, 400)), min_size=30, max_size=120), st.integers(400, 10_000))
def test_any_counts_give_ordered_finite_numbers_or_none(values: list[int | None], total: int) -> None:
    counts = np.array([[np.nan if value is None else value for value in values]], dtype=float)
    found = measure(_panel(counts, float(total)))[0]
    if found.p_rising is None:
        assert found.verdict == "insufficient data"
        return
    numbers = [
        found.forecast_lo95,
        found.forecast_lo80,
        found.forecast_share_52w,
        found.forecast_hi80,
        found.forecast_hi95,
    ]
    assert all(number is not None and np.isfinite(number) for number in numbers)
    assert numbers == sorted(numbers, key=lambda number: number or 0)
    assert 0 <= found.p_rising <= 1
    assert (found.growth_lo80 or 0) <= (found.growth_hi80 or 0)


def test_weights_over_the_grid_are_a_distribution() -> None:
    counts = _poisson(np.full(5, 0.006), np.zeros(5))
    grid = Grid.of_frequency(52)
    state = filter_series(counts, np.full(counts.shape, 5000.0), grid, 52)[0]
    weights = grid_weights(state.log_likelihood)
    assert weights.sum(axis=1) == pytest.approx(np.ones(5))
    assert (weights >= 0).all()
    assert (grid.damping < 1).all()


def test_discoveries_are_the_largest_set_within_the_rate() -> None:
    assert discoveries([0.99, 0.5, 0.95, 0.86], rate=0.1) == [0, 2, 3]
    assert discoveries([0.99, 0.5, 0.95, 0.70], rate=0.1) == [0, 2]
    assert discoveries([0.3], rate=0.1) == []
    assert discoveries([], rate=0.1) == []


def _points(counts: Array, source: str = "arxiv", series: str = "area:x") -> list[SeriesPoint]:
    first = LAST + (1 - counts.size)
    return [
        SeriesPoint(series=series, source=source, week=first + index, n=None if np.isnan(n) else int(n), total=5000)
        for index, n in enumerate(counts)
    ]


def test_each_source_is_scored_by_itself_and_incomplete_weeks_are_left_out() -> None:
    rising, flat = _poisson(np.array([0.01, 0.01]), np.array([100.0, 0.0]))
    spoilt = flat.copy()
    spoilt[-2:] = 0
    points = _points(rising, "arxiv") + _points(spoilt, "epo")
    scores = {score.source: score for score in score_momentum(points, LAST, incomplete_weeks=2)}
    assert scores["arxiv"].verdict == "rising"
    assert scores["epo"].verdict == "no clear change"
    assert scores["epo"].week == LAST
    assert scores["epo"].n_52w == int(flat[-54:-2].sum())


def test_no_points_no_scores() -> None:
    assert score_momentum([], LAST) == []


def test_a_week_that_is_not_there_is_an_unknown_week() -> None:
    counts = _poisson(np.array([0.008]), np.array([20.0]))[0]
    gaps = counts.copy()
    gaps[::7] = np.nan
    unknown = _points(gaps)
    absent = [point for point in unknown if point.n is not None]
    assert score_momentum(unknown[1:], LAST) == score_momentum(absent, LAST)


def test_other_sources_and_kinds_change_nothing_but_what_counts_as_a_discovery() -> None:
    rising, flat = _poisson(np.array([0.01, 0.01]), np.array([80.0, 0.0]))
    alone = score_momentum(_points(rising), LAST)
    company = score_momentum(_points(flat, series="route:x/y") + _points(rising) + _points(flat, "epo"), LAST)
    kept = [s for s in company if (s.source, s.series) == ("arxiv", "area:x")]
    assert [s.model_copy(update={"discovery": None}) for s in kept] == [
        s.model_copy(update={"discovery": None}) for s in alone
    ]


def test_discoveries_of_an_issue_go_both_ways_and_leave_out_what_stands_still() -> None:
    shares, growth = np.full(30, 0.01), np.array([60.0] * 4 + [-40.0] * 4 + [0.0] * 22)
    counts = _poisson(shares, growth)
    points = [point for row in range(30) for point in _points(counts[row], series=f"area:{row:02d}")]
    found = [score.discovery for score in score_momentum(points, LAST)]
    assert found[:8] == [True] * 8
    assert sum(bool(each) for each in found[8:]) <= 3


def test_a_series_born_while_its_source_was_watched_gets_numbers_but_no_word() -> None:
    counts = _poisson(np.full(4, 0.01), np.array([0.0, 0.0, 0.0, 100.0]), weeks=260)
    counts[0, :-120] = 0  # began 120 weeks ago
    counts[1, :-180] = 0  # began more than three years ago
    points = [point for row in range(4) for point in _points(counts[row], series=f"area:{row}")]
    new, old, flat, rising = score_momentum(points, LAST)
    assert (new.status, new.verdict, new.discovery) == ("ok", "new series", None)
    assert new.forecasts
    assert old.verdict != "new series"
    assert (flat.verdict, rising.verdict) == ("no clear change", "rising")


def test_a_short_history_does_not_make_every_series_new() -> None:
    found = measure(_panel(_poisson(np.full(3, 0.01), np.zeros(3), weeks=104)))
    assert {each.verdict for each in found} == {"no clear change"}


def test_a_break_of_the_source_is_no_trend() -> None:
    counts = _poisson(np.full(20, 0.01), np.zeros(20), weeks=260)
    totals = np.full(counts.shape, 5000.0)
    wider = totals.copy()
    wider[:, -30:] *= 3  # a field without any of our items was taken in: every share falls to a third
    names, kinds = tuple(map(str, range(20))), ("area",) * 20
    blind = measure(Panel(names, kinds, counts, wider, 52))
    told = measure(Panel(names, kinds, counts, wider, 52, breaks=(230,)))
    plain = measure(Panel(names, kinds, counts, totals, 52))
    assert np.mean([_growth(f) for f in blind]) < -25
    assert abs(np.mean([_growth(f) for f in told]) - np.mean([_growth(f) for f in plain])) < 5
    assert {f.verdict for f in told} == {"no clear change"}
    assert np.mean([f.level or 0 for f in told]) == pytest.approx(0.01 / 3, rel=0.1)
    year = next(f for f in told[0].forecasts if (f.quantity, f.horizon_weeks) == ("count", 52))
    assert year.lo95 < 50 * 52 < year.hi95


def test_growth_is_told_as_it_was_seen_before() -> None:
    counts = _poisson(np.full(20, 0.01), np.full(20, 0.0), weeks=260)
    counts[:, -52:] = np.round(counts[:, -52:] * 2 ** (np.arange(1, 53) / 52))
    for found in measure(_panel(counts)):
        assert len(found.growth_path) == 5
        assert found.growth_path[0] == found.growth_pct
        assert found.growth_path[0] > 15 > abs(found.growth_path[4])
    assert (
        len(measure(_panel(counts[:, -40:]))[0].growth_path) == 4 or not measure(_panel(counts[:, -40:]))[0].forecasts
    )


def test_breaks_are_given_by_week_and_source() -> None:
    counts = _poisson(np.array([0.01]), np.array([0.0]))[0]
    halved = counts.copy()
    halved[-20:] = np.round(halved[-20:] / 2)
    points = _points(halved, "arxiv") + _points(halved, "epo")
    told = {s.source: s for s in score_momentum(points, LAST, breaks={"arxiv": [LAST + -19]})}
    assert (told["epo"].growth_pct or 0) < -15 < (told["arxiv"].growth_pct or -99)


def test_weeks_that_still_fill_up_may_differ_by_source() -> None:
    flat = _poisson(np.array([0.01]), np.array([0.0]))[0]
    spoilt = flat.copy()
    spoilt[-8:] = 0
    points = _points(flat, "arxiv") + _points(spoilt, "epo")
    scores = score_momentum(points, LAST, incomplete_weeks={"epo": 8})
    assert {score.verdict for score in scores} == {"no clear change"}
