"""The lag of patents behind papers, on planted series. Everything here is SIMULATED."""

from datetime import date

import numpy as np
import pytest

from horizon.records import SeriesPoint
from horizon.weeks import IsoWeek
from trends.composition import Array
from trends.patent_lag import family_points, half_yearly, lag_posterior, patent_lag

LAST = IsoWeek(2025, 40)
HALF_YEARS = 46


def half_years(seed: int, lag: int, effect: float = 0.9, noise: float = 0.08) -> tuple[Array, Array]:
    """Log shares of papers, which wander, and of patents, which follow `lag` half years later."""
    random = np.random.default_rng(seed)
    papers = np.cumsum(random.normal(0, 0.25, HALF_YEARS))
    patents = random.normal(0, noise, HALF_YEARS)
    patents[lag:] += effect * papers[: HALF_YEARS - lag]
    return papers, patents


def weekly(log_shares: Array, source: str, total: int, level: float, seed: int) -> list[SeriesPoint]:
    random = np.random.default_rng(seed)
    rates = total * level * np.exp(np.repeat(log_shares, 26))
    counts = np.minimum(random.poisson(rates), total)
    first = LAST + (1 - len(counts))
    return [
        SeriesPoint(series="area:fusion", source=source, week=first + row, n=int(n), total=total)
        for row, n in enumerate(counts)
    ]


def told(seed: int, lag: int, level: float = 0.01) -> tuple[list[SeriesPoint], list[SeriesPoint]]:
    papers, patents = half_years(seed, lag)
    return weekly(papers, "arxiv", 3000, level, seed), weekly(patents, "epo_ops", 2000, level, seed + 500)


def test_a_planted_lag_is_recovered_within_its_interval() -> None:
    inside, found = [], 0
    for seed in range(40):
        lag = seed % 16
        papers, patents = half_years(seed, lag)
        posterior, related = lag_posterior(papers, patents[-26:])
        if related >= 0.9:
            found += 1
            low, high = np.searchsorted(np.cumsum(posterior), [0.1, 0.9])
            inside.append(low <= lag <= high)
    assert found >= 30
    assert np.mean(inside) >= 0.8


def test_series_that_wander_by_themselves_have_no_lag() -> None:
    chances = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        papers, patents = (np.cumsum(random.normal(0, 0.25, HALF_YEARS)) for _ in range(2))
        chances.append(lag_posterior(papers, patents[-26:])[1])
    assert np.mean(np.array(chances) >= 0.9) <= 0.07


def test_weekly_counts_tell_the_years_between() -> None:
    found = patent_lag("fusion", *told(seed=4, lag=6), LAST)
    assert found.status == "ok"
    assert found.reason is None
    assert found.lo80 is not None
    assert found.hi80 is not None
    assert found.lo80 <= 3.0 <= found.hi80
    assert found.longest_years == 10.0
    assert found.half_years == HALF_YEARS - 20
    assert sum(chance for _, chance in found.posterior) == pytest.approx(1.0)
    assert (found.papers_source, found.patents_source) == ("arxiv", "epo_ops")


def test_thin_series_are_not_enough_evidence() -> None:
    few = patent_lag("fusion", *told(4, 6, level=1e-5), LAST)
    assert few.status == "not_enough_evidence"
    assert "100 and 60 are needed" in (few.reason or "")
    papers, patents = told(4, 6)
    short = patent_lag("fusion", papers[-26 * 10 :], patents[-26 * 10 :], LAST)
    assert short.reason is not None
    assert short.reason.startswith("10 half years of patents and 10 of papers")
    assert short.years is None
    nothing = patent_lag("fusion", [], [], LAST)
    assert nothing.status == "not_enough_evidence"


def test_without_a_relation_no_lag_is_told_however_long_the_series() -> None:
    papers = weekly(half_years(1, 0)[0], "arxiv", 3000, 0.01, 1)
    patents = weekly(np.zeros(HALF_YEARS), "epo_ops", 2000, 0.01, 2)
    found = patent_lag("fusion", papers, patents, LAST)
    assert found.status == "not_enough_evidence"
    assert found.years is None
    assert found.p_related is not None
    assert found.p_related < 0.9


def test_an_unknown_half_year_ends_the_run_and_is_no_zero() -> None:
    papers, _ = told(4, 6)
    whole, items = half_yearly(papers, LAST)
    assert len(whole) == HALF_YEARS
    assert items == sum(point.n or 0 for point in papers)
    broken = [
        point.model_copy(update={"n": None, "total": None}) if 130 <= LAST - point.week < 156 else point
        for point in papers
    ]
    assert len(half_yearly(broken, LAST)[0]) == 5
    few_gaps = [
        point.model_copy(update={"n": None, "total": None}) if (LAST - point.week) % 4 == 0 else point
        for point in papers
    ]
    assert half_yearly(few_gaps, LAST)[0] == pytest.approx(whole, abs=0.35)


def test_weeks_to_come_are_not_read() -> None:
    papers, patents = told(4, 6)
    later = [point.model_copy(update={"week": point.week + 26 * HALF_YEARS, "n": 999}) for point in papers]
    assert patent_lag("fusion", [*papers, *later], patents, LAST) == patent_lag("fusion", papers, patents, LAST)


def test_a_family_counts_once_in_the_week_of_its_first_publication() -> None:
    week = IsoWeek(2025, 20)
    points = [
        SeriesPoint(series="area:fusion", source="epo_ops", week=week + row, n=3 if row < 2 else None, total=9)
        for row in range(3)
    ]
    days = [week.monday, week.sunday, date(1999, 1, 1), (week + 2).monday]
    assert [point.n for point in family_points(points, days)] == [2, 0, None]
