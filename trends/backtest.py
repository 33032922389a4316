"""Rolling origins: what a method would have said at each date from what came before it, and how that turned out.

The protocol of our methods notes. Two traps and their remedies: last year's noise sits both in the score and in the
growth that it is judged by, so rank skill is measured on document halves (score on one, growth of the other); and a
list of famous topics flatters, so a series counts at an origin only for what it had before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc
from scipy.stats import nbinom

from trends.dglm import Array
from trends.momentum import MIN_COUNT, Momentum, Panel, measure
from trends.scoring_rules import (
    Booleans,
    absolute_scaled_error,
    brier,
    coverage,
    crps_of_quantiles,
    pit_of_quantiles,
    spearman,
    top_decile_precision,
)

_BORN_COUNT = 5
LEVELS = (0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975)
_MIN_LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
METRICS = (
    *("spearman", "spearman_thinned", "top_decile", "top_decile_thinned"),
    *("mase", "crps", "cov80", "cov95", "brier_rising", "brier_exceeds"),
)


@dataclass(frozen=True)
class Outlook:
    """What a method says of each series (row) at one origin; NaN where it says nothing.

    `share` holds quantiles at `levels` of the share of the source's total over the horizon, `path` the point forecast
    of the share in each period of it where a method has one.
    """

    growth: Array
    p_rising: Array
    levels: tuple[float, ...]
    share: Array
    path: Array | None = None


Method = Callable[[Panel, int], Outlook]
"""From a panel that ends at the origin and a horizon in periods."""
Measure = Callable[[Panel], list[Momentum]]


@dataclass(frozen=True)
class Settled:
    """One origin (number of periods before it): what was said of each eligible series, and what came."""

    origin: int
    names: tuple[str, ...]
    growth: Array
    p_rising: Array
    p_exceeds: Array
    """By the forecast's quantiles, that the share over the horizon exceeds the last year's."""
    actual_growth: Array
    thinned: tuple[tuple[Array, Array], ...]
    """Growth as told from one half and as it came in the other."""
    crps: Array
    pit: Array
    scaled_error: Array
    inside80: Booleans
    inside95: Booleans

    @property
    def rose(self) -> Booleans:
        """Whether the share over the horizon exceeded the last year's."""
        return self.actual_growth > 0

    def metrics(self) -> dict[str, float]:
        """By name of METRICS, over the series of this origin; NaN for what the method does not say."""
        told = np.isfinite(self.p_rising)
        forecast = np.isfinite(self.crps)
        thinned = [(spearman(*pair), top_decile_precision(*pair)) for pair in self.thinned]
        values = (
            spearman(self.growth, self.actual_growth),
            _mean([pair[0] for pair in thinned]),
            top_decile_precision(self.growth, self.actual_growth),
            _mean([pair[1] for pair in thinned]),
            _mean(self.scaled_error),
            _mean(self.crps),
            _mean(self.inside80[forecast]),
            _mean(self.inside95[forecast]),
            _mean(brier(self.p_rising[told], self.rose[told])),
            _mean(brier(self.p_exceeds[forecast], self.rose[forecast])),
        )
        return dict(zip(METRICS, values, strict=True))


def backtest(
    panel: Panel,
    method: Method,
    origins: Sequence[int],
    horizon: int,
    halves: tuple[Panel, Panel] | None = None,
    eligible: NDArray[np.bool_] | None = None,
) -> list[Settled]:
    """Let `method` speak at each origin of the series eligible there, and settle it by the `horizon` periods after.

    The future total is taken as known (skill on the share). `eligible` is (origin, series), by default `eligible_at`.
    Origins without an eligible series are left out.
    """
    if eligible is None:
        eligible = eligible_at(panel.counts, origins, panel.periods_per_year)
    results = []
    for at, row in zip(origins, eligible, strict=True):
        rows = np.flatnonzero(row & np.isfinite(_share(panel, at, at + horizon)))
        if len(rows):
            parts = None if halves is None else (_rows(halves[0], rows), _rows(halves[1], rows))
            results.append(_settle(_rows(panel, rows), parts, method, at, horizon))
    return results


def rolling_origins(periods: int, year: int, horizon: int) -> list[int]:
    """Every half year, the last one as late as the horizon allows, the first after four years of history."""
    return sorted(range(periods - horizon, 4 * year - 1, -(year // 2)))


def eligible_at(
    counts: Array, origins: Sequence[int] | NDArray[np.int64], year: int, min_age_years: int = 0
) -> NDArray[np.bool_]:
    """(origin, series): whether a series has enough items in the last two years, and an age where one is asked for.

    A category of a taxonomy is better not judged as newborn (its birth is not emergence); what is defined by text is
    as old as its source. A series is born with the first item that a year of at least five items begins with (single
    ones are later relabellings); what was born in the first half-year of the data is as old as the data.
    """
    counts = np.where(np.isfinite(counts), counts, 0.0)
    rows = [_eligible(counts[:, :at], year, min_age_years) for at in origins]
    return np.array(rows).reshape(len(origins), len(counts))


def _eligible(counts: Array, year: int, min_age_years: int) -> NDArray[np.bool_]:
    cumulative = np.cumsum(counts, axis=1)
    before = np.pad(cumulative, ((0, 0), (1, 0)))[:, :-1]
    ahead = np.minimum(np.arange(counts.shape[1]) + year - 1, counts.shape[1] - 1)
    begun: NDArray[np.bool_] = (cumulative[:, ahead] - before >= _BORN_COUNT) & (counts > 0)
    born = np.where(begun.any(axis=1), begun.argmax(axis=1), counts.shape[1])
    old: NDArray[np.bool_] = (born <= counts.shape[1] - min_age_years * year) | (born <= year // 2)
    enough: NDArray[np.bool_] = counts[:, -2 * year :].sum(axis=1) >= MIN_COUNT
    return enough & old


def thin(panel: Panel, seed: int = 20261123) -> tuple[Panel, Panel]:
    """Two halves by throwing a coin for every item; totals are halved exactly.

    Given the counts, binomial halves of Poisson counts are independent: the sampling noise of the two is so by
    construction. What the items share beyond it (a special issue, a feed's fault) stays in both, as it would with
    halves by a hash of the item's id.
    """
    random = np.random.default_rng(seed)
    known = np.isfinite(panel.counts)
    drawn = random.binomial(np.where(known, panel.counts, 0).astype(int), 0.5)
    first: Array = np.where(known, drawn, np.nan)
    return _with(panel, first, panel.totals / 2), _with(panel, panel.counts - first, panel.totals / 2)


def momentum_method(measure_panel: Measure = measure) -> Method:
    """A `measure`-like function as a method: its growth, P(rising) and next year's (or half-year's) share."""

    def outlook(panel: Panel, horizon: int) -> Outlook:
        found = measure_panel(panel)
        weeks = round(52 * horizon / panel.periods_per_year)
        told = [_forecast(each, weeks) for each in found]
        levels = next((levels for levels, _ in told if levels), _MIN_LEVELS)
        return Outlook(
            growth=np.array([np.nan if each.growth_pct is None else np.log1p(each.growth_pct / 100) for each in found]),
            p_rising=np.array([np.nan if each.p_rising is None else each.p_rising for each in found]),
            levels=levels,
            share=np.array([share if share else (np.nan,) * len(levels) for _, share in told]),
        )

    return outlook


def _forecast(found: Momentum, weeks: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Levels and quantiles of the share, as many as are told; both empty where there is no forecast."""
    for each in getattr(found, "forecasts", ()):
        if each.quantity == "share" and each.horizon_weeks == weeks:
            return LEVELS, (each.lo95, *each.quantiles, each.hi95)
    five = (
        *(found.forecast_lo95, found.forecast_lo80, found.forecast_share_52w),
        *(found.forecast_hi80, found.forecast_hi95),
    )
    told = tuple(value for value in five if value is not None)
    return (_MIN_LEVELS, told) if len(told) == len(five) and weeks == 52 else ((), ())


def persistence(panel: Panel, horizon: int) -> Outlook:
    """Next year's share as last year's, with the noise of counting alone; ranks by last year's growth."""
    year, now = panel.periods_per_year, panel.counts.shape[1]
    events, exposure = _sums(panel, now - year, now)
    known = np.isfinite(panel.counts[:, -year:]).sum(axis=1)
    ahead = exposure * horizon / np.maximum(known, 1)
    # Gamma posterior of the rate (Jeffreys), so negative binomial counts: Poisson and the estimate's own noise.
    shape = (events + 0.5)[:, None]
    chance = exposure / np.maximum(exposure + ahead, 1e-9)
    share = nbinom.ppf(np.array(LEVELS), shape, chance[:, None]) / np.maximum(ahead, 1e-9)[:, None]
    growth = _growth(panel, now - 2 * year, now - year, now)
    return Outlook(growth, _p_higher(panel, now - 2 * year, now - year, now), LEVELS, share)


def _p_higher(panel: Panel, start: int, middle: int, end: int) -> Array:
    """That the rate of the later span exceeds that of the earlier, both with gamma posteriors."""
    (early, early_total), (late, late_total) = (
        _sums(panel, *span) for span in ((max(start, 0), middle), (middle, end))
    )
    part = early_total / np.maximum(early_total + late_total, 1e-9)
    return np.asarray(betainc(early + 0.5, late + 0.5, part), dtype=np.float64)


def _settle(panel: Panel, halves: tuple[Panel, Panel] | None, method: Method, at: int, horizon: int) -> Settled:
    year = panel.periods_per_year
    said = method(before(panel, at), horizon)
    future = np.nansum(np.where(np.isfinite(panel.counts), panel.totals, np.nan)[:, at : at + horizon], axis=1)
    outcome: Array = np.log(_share(panel, at, at + horizon) * future + 0.5)
    told: Array = np.log(said.share * future[:, None] + 0.5)
    low95, low80, high80, high95 = (told[:, [said.levels.index(level)]][:, 0] for level in (0.025, 0.1, 0.9, 0.975))
    middle = said.share[:, [said.levels.index(0.5)]]
    shares = _shares(panel)
    last: Array = np.log(_share(panel, at - year, at) * future + 0.5)
    return Settled(
        origin=at,
        names=panel.names,
        growth=said.growth,
        p_rising=said.p_rising,
        p_exceeds=1 - pit_of_quantiles(said.levels, told, last),
        actual_growth=_growth(panel, at - year, at, at + horizon),
        thinned=()
        if halves is None
        else tuple(_thinned(*pair, method, at, horizon) for pair in (halves, halves[::-1])),
        crps=crps_of_quantiles(said.levels, told, outcome),
        pit=pit_of_quantiles(said.levels, told, outcome),
        scaled_error=absolute_scaled_error(
            np.broadcast_to(middle, (len(middle), horizon)) if said.path is None else said.path,
            shares[:, at : at + horizon],
            shares[:, :at],
            year,
        ),
        inside80=coverage(low80, high80, outcome),
        inside95=coverage(low95, high95, outcome),
    )


def _thinned(told: Panel, kept: Panel, method: Method, at: int, horizon: int) -> tuple[Array, Array]:
    # A half with too little evidence is left out for every method alike: a method that is silent there gains nothing.
    (enough,) = eligible_at(told.counts, [at], told.periods_per_year)
    growth = np.where(enough, method(before(told, at), horizon).growth, np.nan)
    return growth, _growth(kept, at - kept.periods_per_year, at, at + horizon)


def before(panel: Panel, at: int) -> Panel:
    """What was known before period `at`: a copy, so that no method can reach beyond it."""
    return _with(panel, panel.counts[:, :at].copy(), panel.totals[:, :at].copy())


def _with(panel: Panel, counts: Array, totals: Array) -> Panel:
    return replace(panel, counts=counts, totals=totals)


def _rows(panel: Panel, rows: NDArray[np.intp]) -> Panel:
    names, kinds = tuple(panel.names[row] for row in rows), tuple(panel.kinds[row] for row in rows)
    return replace(panel, names=names, kinds=kinds, counts=panel.counts[rows], totals=panel.totals[rows])


def _shares(panel: Panel) -> Array:
    known = np.isfinite(panel.counts) & (panel.totals > 0)
    shares: Array = np.divide(panel.counts, panel.totals, out=np.full(panel.counts.shape, np.nan), where=known)
    return shares


def _sums(panel: Panel, start: int, end: int) -> tuple[Array, Array]:
    """Items and totals of the known periods from `start` to `end`."""
    counts, totals = panel.counts[:, start:end], panel.totals[:, start:end]
    known = np.isfinite(counts) & np.isfinite(totals)
    return np.where(known, counts, 0).sum(axis=1), np.where(known, totals, 0).sum(axis=1)


def _share(panel: Panel, start: int, end: int) -> Array:
    """Share over the known periods from `start` to `end`; NaN where none is known."""
    events, exposure = _sums(panel, start, end)
    share: Array = np.divide(events, exposure, out=np.full(len(events), np.nan), where=exposure > 0)
    return share


def _growth(panel: Panel, start: int, middle: int, end: int) -> Array:
    """Log ratio of the share from `middle` to `end` over that from `start` to `middle`, half an item added to both."""
    (early, early_total), (late, late_total) = (
        _sums(panel, *span) for span in ((max(start, 0), middle), (middle, end))
    )
    ratio: Array = np.log((late + 0.5) / (early + 0.5) * np.maximum(early_total, 1e-9) / np.maximum(late_total, 1e-9))
    return ratio


def _mean(values: Sequence[float] | Array | Booleans) -> float:
    told = np.asarray(values, dtype=float)
    told = told[np.isfinite(told)]
    return float(told.mean()) if len(told) else float("nan")
