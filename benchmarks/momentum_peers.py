"""Rivals of the momentum score, each a method of `trends.backtest`: scores, naive forecasts, statsforecast, bursts.

AutoETS and AutoTheta come from statsforecast, which the product does not need (and cannot have beside it: statsforecast
2.1 wants pandas below 3). `python -m venv`, statsforecast and a path to the project's packages make a place for it;
without it their rows say so.
"""

import os
from collections.abc import Callable
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.special import gammaln, ndtr, ndtri
from scipy.stats import poisson

from trends.backtest import LEVELS, Method, Outlook, persistence
from trends.dglm import Array
from trends.momentum import Panel

_ERROR_CORRELATION = 0.5
"""Between the errors of two months ahead, when monthly forecasts are added to a year's (as in the methods notes)."""
_BURST_RATIO, _BURST_COST = 2.0, 1.0
"""Kleinberg (2002): s and gamma."""


def _sums(panel: Panel, start: int, end: int | None = None) -> tuple[Array, Array]:
    return panel.counts[:, start:end].sum(axis=1), panel.totals[:, start:end].sum(axis=1)


def _log_ratio(panel: Panel, late: tuple[int, int | None], early: tuple[int, int | None]) -> Array:
    (new, new_total), (old, old_total) = _sums(panel, *late), _sums(panel, *early)
    ratio: Array = np.log((new + 0.5) / new_total) - np.log((old + 0.5) / old_total)
    return ratio


def scorer(score: Callable[[Panel], Array]) -> Method:
    """A method that ranks and forecasts nothing."""

    def outlook(panel: Panel, horizon: int) -> Outlook:
        nothing = np.full(len(panel.names), np.nan)
        return Outlook(score(panel), nothing, LEVELS, np.full((len(panel.names), len(LEVELS)), np.nan))

    return outlook


def random_score(panel: Panel) -> Array:
    return np.random.default_rng(int(panel.counts.sum())).random(len(panel.names))


def half_year_growth(panel: Panel) -> Array:
    """The last half-year against the same one a year before."""
    half, year = panel.periods_per_year // 2, panel.periods_per_year
    return _log_ratio(panel, (-half, None), (-half - year, -year))


def acceleration(panel: Panel) -> Array:
    year = panel.periods_per_year
    return _log_ratio(panel, (-year, None), (-2 * year, -year)) - _log_ratio(
        panel, (-2 * year, -year), (-3 * year, -2 * year)
    )


def slope_24_months(panel: Panel) -> Array:
    """Slope of the log share of each period of two years, weighted by counts."""
    counts, totals = panel.counts[:, -2 * panel.periods_per_year :], panel.totals[:, -2 * panel.periods_per_year :]
    log_share, weight = np.log((counts + 0.5) / totals), counts + 0.5
    time = np.arange(counts.shape[1])
    centre = (weight * time).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    away = time - centre
    slope: Array = (weight * away * log_share).sum(axis=1) / (weight * away**2).sum(axis=1)
    return slope


def shrunk_ratio(panel: Panel) -> Array:
    """Last year's rate over the year before's, drawn to 1 by a gamma prior whose weight the peers' counts choose."""
    year = panel.periods_per_year
    (new, new_total), (old, old_total) = _sums(panel, -year), _sums(panel, -2 * year, -year)
    expected = (old + 0.5) * new_total / old_total
    weights = np.geomspace(0.5, 500, 60)
    a = weights[:, None]
    likelihood = (
        gammaln(new + a) - gammaln(a) + a * np.log(a / (a + expected)) + new * np.log(expected / (a + expected))
    )
    best = weights[likelihood.sum(axis=1).argmax()]
    ratio: Array = (new + best) / (expected + best)
    return ratio


def shrunk_growth(panel: Panel, horizon: int) -> Outlook:
    """Half of the shrunk growth goes on, with the noise of counting alone."""
    ratio = shrunk_ratio(panel)
    return _poisson(panel, horizon, np.sqrt(ratio), np.log(ratio))


def extrapolated_growth(panel: Panel, horizon: int) -> Outlook:
    """Last year's growth once more, with the noise of counting alone."""
    year = panel.periods_per_year
    growth = _log_ratio(panel, (-year, None), (-2 * year, -year))
    return _poisson(panel, horizon, np.exp(growth), growth)


def _poisson(panel: Panel, horizon: int, ratio: Array, growth: Array) -> Outlook:
    events, exposure = _sums(panel, -panel.periods_per_year)
    ahead = exposure * horizon / panel.periods_per_year
    expected = np.maximum(events, 0.5) * ratio * ahead / exposure
    quantiles = poisson.ppf(np.array(LEVELS), expected[:, None]) / ahead[:, None]
    nothing = np.full(len(growth), np.nan)
    return Outlook(growth, nothing, LEVELS, quantiles)


def seasonal_naive(panel: Panel, horizon: int) -> Outlook:
    """Every period as a year before."""
    said = persistence(panel, horizon)
    year, now = panel.periods_per_year, panel.counts.shape[1]
    shares = panel.counts[:, now - year : now - year + horizon] / panel.totals[:, now - year : now - year + horizon]
    return Outlook(said.growth, said.p_rising, said.levels, said.share, shares)


def has_statsforecast() -> bool:
    return find_spec("statsforecast") is not None


def statsforecast(name: str, cache: Path) -> Method:
    """AutoETS or AutoTheta on the log share of monthly series; its growth is the forecast year over the last one.

    Forecasts are kept in the folder `cache`, under a digest of what they were made from.
    """

    def outlook(panel: Panel, horizon: int) -> Outlook:
        series = np.log((panel.counts + 0.5) / panel.totals)
        path = cache / f"{name}_{horizon}_{blake2b(series.tobytes(), digest_size=12).hexdigest()}.npy"
        if not path.is_file():
            partial = path.with_suffix(f".{os.getpid()}.part.npy")
            np.save(partial, _monthly_forecasts(name, series, horizon))
            partial.replace(path)
        mean, sd = np.load(path)
        return log_normal_year(panel, mean, sd)

    return outlook


def _monthly_forecasts(name: str, series: Array, horizon: int) -> Array:
    """(2, series, month): mean and standard deviation."""
    import statsforecast.models as models  # type: ignore[import-not-found,unused-ignore]

    model = getattr(models, name)(season_length=12)
    told = [model.forecast(y=row, h=horizon, level=[80]) for row in series]
    mean = np.array([each["mean"] for each in told])
    return np.array([mean, (np.array([each["hi-80"] for each in told]) - mean) / ndtri(0.9)])


def log_normal_year(panel: Panel, mean: Array, sd: Array) -> Outlook:
    """Add monthly log-normal forecasts (series, month) to the whole horizon's share."""
    share = np.exp(mean)
    middle = np.log(share.mean(axis=1))
    part = share / share.sum(axis=1, keepdims=True) * sd
    own, all_of = (part**2).sum(axis=1), part.sum(axis=1) ** 2
    spread = np.sqrt((1 - _ERROR_CORRELATION) * own + _ERROR_CORRELATION * all_of)
    quantiles = np.exp(middle[:, None] + spread[:, None] * ndtri(np.array(LEVELS)))
    events, exposure = _sums(panel, -panel.periods_per_year)
    growth = middle - np.log((events + 0.5) / exposure)
    return Outlook(growth, np.asarray(ndtr(growth / spread), dtype=np.float64), LEVELS, quantiles, share)


def kleinberg(panel: Panel) -> Array:
    """Weight of the burst that is on at the origin, 0 where none is."""
    return np.array([_open_burst(*pair) for pair in zip(panel.counts, panel.totals, strict=True)])


def citespace(panel: Panel) -> Array:
    """A list in the manner of CiteSpace: the strongest burst of the whole past, by years, open or over."""
    year, periods = panel.periods_per_year, panel.counts.shape[1]
    start = periods % year
    years = panel.counts[:, start:].reshape(len(panel.counts), -1, year).sum(axis=2)
    totals = panel.totals[:, start:].reshape(len(panel.totals), -1, year).sum(axis=2)
    found = [bursts(*pair) for pair in zip(years, totals, strict=True)]
    return np.array([max((weight for _, _, weight in each), default=0.0) for each in found])


def _open_burst(counts: Array, totals: Array) -> float:
    found = bursts(counts, totals)
    return found[-1][2] if found and found[-1][1] == len(counts) else 0.0


def bursts(counts: Array, totals: Array) -> list[tuple[int, int, float]]:
    """First period, end and weight of each burst of a series: two states, the batched model of Kleinberg (2002)."""
    base = max(counts.sum(), 0.5) / totals.sum()
    rates = (base, min(base * _BURST_RATIO, 0.9999))
    cost = np.array([-(counts * np.log(rate) + (totals - counts) * np.log(1 - rate)) for rate in rates])
    climb = _BURST_COST * np.log(len(counts))
    best, came = np.array([0.0, np.inf]), []
    for period in range(len(counts)):
        into = np.array([[best[0], best[1]], [best[0] + climb, best[1]]])
        came.append(into.argmin(axis=1))
        best = into.min(axis=1) + cost[:, period]
    state, path = int(best.argmin()), []
    for step in reversed(came):
        path.append(state)
        state = int(step[state])
    path.reverse()
    edges = np.flatnonzero(np.diff([0, *path, 0]))
    gain = cost[0] - cost[1]
    return [(int(a), int(b), float(gain[a:b].sum())) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def scored_methods() -> dict[str, Method]:
    """Every rival that needs nothing but numpy, by the name of its row."""
    return {
        "random": scorer(random_score),
        "52-week growth; last year's share, Poisson": persistence,
        "26-week year-on-year": scorer(half_year_growth),
        "acceleration": scorer(acceleration),
        "24-month slope of log share": scorer(slope_24_months),
        "shrunk growth, half of it goes on": shrunk_growth,
        "last growth extrapolated": extrapolated_growth,
        "seasonal naive share": seasonal_naive,
        "Kleinberg burst open at the origin": scorer(kleinberg),
        "CiteSpace-like list of strongest bursts": scorer(citespace),
    }
