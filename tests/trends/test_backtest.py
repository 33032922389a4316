"""Rolling origins on simulated panels whose truth is known."""

import csv
from pathlib import Path

import numpy as np
import pytest

from horizon.errors import HorizonError
from trends.backtest import (
    LEVELS,
    Outlook,
    backtest,
    eligible_at,
    momentum_method,
    persistence,
    rolling_origins,
    thin,
)
from trends.backtest_tables import METHODS, OUT_COLUMNS, backtest_file, write_lines
from trends.dglm import Array
from trends.momentum import METHOD, Panel

YEAR, MONTHS = 12, 96


def _panel(series: int = 30, seed: int = 1, months: int = MONTHS) -> Panel:
    """Shares that each grow at a steady pace of their own, from -20 to +30 % a year."""
    random = np.random.default_rng(seed)
    pace = np.linspace(-0.2, 0.3, series)[:, None] / YEAR
    rate = 4000 * 0.01 * np.exp(pace * np.arange(months))
    counts = random.poisson(rate).astype(float)
    names = tuple(f"route:{row:02d}" for row in range(series))
    return Panel(names, ("route",) * series, counts, np.full(counts.shape, 4000.0), YEAR)


def _oracle(panel: Panel, horizon: int) -> Outlook:
    """Knows the paces; says the rate of the year to come with the noise of counting."""
    pace = np.linspace(-0.2, 0.3, len(panel.names))
    ahead = panel.counts.shape[1] + np.arange(horizon)
    share = (0.01 * np.exp(pace[:, None] / YEAR * ahead)).mean(axis=1)
    draws = np.random.default_rng(7).poisson(share[:, None] * 4000 * horizon, (len(share), 4000)) / (4000 * horizon)
    quantiles = np.quantile(draws, LEVELS, axis=1).T
    return Outlook(pace, (pace > 0).astype(float), LEVELS, quantiles)


def test_origins_come_every_half_year_after_four_years_and_leave_room_for_the_horizon() -> None:
    assert rolling_origins(MONTHS, YEAR, 12) == [48, 54, 60, 66, 72, 78, 84]
    assert rolling_origins(59, YEAR, 12) == []


def test_the_oracle_ranks_nearly_right_and_its_intervals_cover() -> None:
    panel = _panel()
    settled = backtest(panel, _oracle, rolling_origins(MONTHS, YEAR, 12), 12, thin(panel))
    metrics = [each.metrics() for each in settled]
    assert np.mean([each["spearman"] for each in metrics]) > 0.85
    assert np.mean([each["spearman_thinned"] for each in metrics]) > 0.75
    assert np.mean([each["cov80"] for each in metrics]) == pytest.approx(0.8, abs=0.08)
    assert np.mean([each["cov95"] for each in metrics]) == pytest.approx(0.95, abs=0.05)
    assert np.mean([each["crps"] for each in metrics]) < 0.04


def test_the_model_beats_persistence_where_growth_lasts() -> None:
    panel = _panel()
    model, naive = (backtest(panel, each, [72, 84], 12) for each in (momentum_method(), persistence))
    for ours, theirs in zip(model, naive, strict=True):
        assert ours.metrics()["crps"] < theirs.metrics()["crps"]
        assert ours.metrics()["spearman"] > 0.6


def test_nothing_after_an_origin_changes_what_was_said_there() -> None:
    panel, origins = _panel(series=8), [48, 60, 72]
    random = np.random.default_rng(9)
    for method in (momentum_method(), persistence):
        for at in origins:
            junk = Panel(panel.names, panel.kinds, panel.counts.copy(), panel.totals.copy(), YEAR)
            junk.counts[:, at:] = random.integers(0, 900, junk.counts[:, at:].shape)
            junk.totals[:, at:] = random.integers(1000, 9000, junk.totals[:, at:].shape)
            (sound,), (spoilt,) = (backtest(each, method, [at], 12, thin(each)) for each in (panel, junk))
            assert sound.names == spoilt.names
            np.testing.assert_array_equal(sound.growth, spoilt.growth)
            np.testing.assert_array_equal(sound.p_rising, spoilt.p_rising)
            assert not np.array_equal(sound.actual_growth, spoilt.actual_growth)


def test_a_method_is_shown_only_what_came_before_and_only_eligible_series() -> None:
    panel = _panel(series=6)
    panel.counts[2] = 0
    panel.counts[4, :60] = 0  # begins in the sixth year
    seen: list[tuple[tuple[str, ...], int]] = []

    def watch(shown: Panel, horizon: int) -> Outlook:
        seen.append((shown.names, shown.counts.shape[1]))
        shown.counts[:] = -1  # its own copy
        return persistence(shown, horizon)

    backtest(panel, watch, [60, 84], 12)
    assert [(len(names), months) for names, months in seen] == [(4, 60), (5, 84)]
    assert panel.counts.min() == 0


def test_a_series_is_eligible_with_thirty_items_in_two_years_and_with_the_age_asked_for() -> None:
    counts: Array = np.zeros((4, 60))
    counts[0] = 2.0
    counts[1, 12:] = 2.0  # three years old at 48, not at 47
    counts[2, :] = 1.0  # 24 items in two years
    counts[3, 44:] = 9.0
    assert eligible_at(counts, [47, 48], 12, 3).tolist() == [[True, False, False, False], [True, True, False, False]]
    assert eligible_at(np.where(counts == 0, np.nan, counts), [48], 12, 3).tolist() == [[True, True, False, False]]
    assert eligible_at(counts, [47, 48], 12).tolist() == [[True, True, False, False], [True, True, False, True]]


def test_unknown_months_of_the_future_are_left_out_of_the_share_and_not_taken_for_zero() -> None:
    panel = _panel(series=5)
    holes = Panel(panel.names, panel.kinds, panel.counts.copy(), panel.totals, YEAR)
    holes.counts[:, 80:84] = np.nan
    (whole,), (part,) = (backtest(each, persistence, [72], 12) for each in (panel, holes))
    assert part.actual_growth == pytest.approx(whole.actual_growth, abs=0.12)


def test_thinned_halves_add_up_are_seeded_and_share_no_noise() -> None:
    panel = _panel(series=200)
    flat = Panel(
        panel.names,
        panel.kinds,
        np.random.default_rng(4).poisson(40, panel.counts.shape).astype(float),
        panel.totals,
        12,
    )
    first, second = thin(flat)
    np.testing.assert_array_equal(first.counts + second.counts, flat.counts)
    np.testing.assert_array_equal(thin(flat)[0].counts, first.counts)
    assert abs(np.corrcoef(first.counts.ravel(), second.counts.ravel())[0, 1]) < 0.03
    # Last year's growth predicts the next one's fall through the year between; from another half it does not.
    (settled,) = backtest(flat, persistence, [60], 12, (first, second))
    assert settled.metrics()["spearman"] < -0.3
    assert abs(settled.metrics()["spearman_thinned"]) < 0.15


def _write(path: Path, panel: Panel, halves: tuple[Panel, Panel] | None = None) -> Path:
    columns = ["series", "period", "count", "total"]
    columns += ["count_a", "count_b", "total_a", "total_b"] if halves else []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row, name in enumerate(panel.names):
            for month in range(panel.counts.shape[1]):
                sides = [panel, *(halves or ())]
                counts = [int(side.counts[row, month]) for side in sides]
                totals = [int(side.totals[row, month]) for side in sides]
                period = f"{2010 + month // 12}-{month % 12 + 1:02d}"
                writer.writerow([name, period, counts[0], totals[0], *counts[1:], *totals[1:]])
    return path


def test_a_file_gives_every_origin_of_every_method_and_the_mean_with_its_interval(tmp_path: Path) -> None:
    lines, report = backtest_file(_write(tmp_path / "in.csv", _panel(series=8, months=78)))
    assert (report.series, report.skipped) == (8, 0)
    origins = ["2014-01", "2014-07", "2015-01", "2015-07"]
    assert [line.origin for line in lines if line.method == METHOD] == [*origins, *_AT_END]
    assert {line.method for line in lines} == set(METHODS)
    mean, low, high = (next(line.values["crps"] for line in lines if line.origin == at) for at in _AT_END)
    assert mean is not None
    assert low is not None
    assert high is not None
    assert low <= mean <= high
    write_lines(tmp_path / "out.csv", lines)
    written = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()))
    assert tuple(written[0]) == OUT_COLUMNS
    assert len(written) == len(lines)


_AT_END = ("mean", "lo95", "hi95")


def test_halves_of_the_file_are_used_and_must_add_up(tmp_path: Path) -> None:
    panel = _panel(series=8, months=72)
    by_coin, _ = backtest_file(_write(tmp_path / "coin.csv", panel))
    by_file, _ = backtest_file(_write(tmp_path / "halves.csv", panel, thin(panel, seed=5)))
    assert [line.values["spearman"] for line in by_coin] == [line.values["spearman"] for line in by_file]
    thinned = [[line.values["spearman_thinned"] for line in lines] for lines in (by_coin, by_file)]
    assert thinned[0] != thinned[1]
    with pytest.raises(HorizonError, match=r"line 2: expected count_a \+ count_b = count"):
        backtest_file(_write(tmp_path / "wrong.csv", panel, (panel, panel)))


def test_too_short_a_history_is_an_error_that_says_how_much_is_needed(tmp_path: Path) -> None:
    with pytest.raises(HorizonError, match="at least 60 months"):
        backtest_file(_write(tmp_path / "short.csv", _panel(series=3, months=59)))


def test_growth_is_that_of_the_year_ahead_over_the_year_before_the_origin() -> None:
    counts = np.full((1, 72), 5.0)
    counts[:, 48:60], counts[:, 60:] = 10.0, 40.0
    panel = Panel(("topic:a",), ("topic",), counts, np.full(counts.shape, 1000.0), YEAR)
    (settled,) = backtest(panel, persistence, [60], 12)
    assert settled.actual_growth == pytest.approx([np.log(480.5 / 120.5)])
    assert settled.growth == pytest.approx([np.log(120.5 / 60.5)])
    assert settled.rose.tolist() == [True]
    assert settled.p_exceeds[0] == pytest.approx(0.5, abs=0.05)


def test_a_half_with_too_little_evidence_is_left_out_of_the_thinned_measures_for_every_method() -> None:
    panel = _panel(series=6)
    panel.counts[0] = 2.0  # 48 items in two years, 24 in a half
    for method in (persistence, momentum_method()):
        (settled,) = backtest(panel, method, [72], 12, thin(panel))
        assert settled.names[0] == "route:00"
        assert [np.isfinite(growth).tolist() for growth, _ in settled.thinned] == [[False, *[True] * 5]] * 2
