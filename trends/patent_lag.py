"""How many years the patents of an area run behind its papers: a posterior over the lag, or not enough evidence.

Half-yearly log shares (of each source's own total). For every lag L the patents are regressed on the papers of L half
years before, with intercept and linear trend and an error that keeps rho of itself from one half year to the next:

    y_t = a + c t + b x_(t-L) + u_t,   u_t = rho u_(t-1) + N(0, s2),   b > 0

a, c, b have wide normal priors in units of s, s2 the prior 1/s2, and rho is summed over; the marginal likelihoods of
all lags are of the same half years of y. One hypothesis more is that papers say nothing (b = 0), as likely beforehand
as all lags together. Two wandering series agree by chance at some lag: trend and memory are there for that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from scipy.special import gammaln
from scipy.stats import t as student

from horizon.records import SeriesPoint
from horizon.weeks import IsoWeek
from trends.estimate import Array

METHOD = "patent-lag-1"
LONGEST_YEARS = 10
MIN_HALF_YEARS = 12
"""Half years of patents that every lag is judged on."""
MIN_LAGS = 5
"""Fewer half-yearly lags than can be told apart make no posterior."""
MIN_PAPERS = 100
MIN_FAMILIES = 60
MIN_KNOWN_WEEKS = 13
"""A half year of which fewer weeks are known is unknown."""
RELATED_FROM = 0.9
"""Probability that papers say anything of patents, below which no lag is told."""
_WEEKS = 26
_RHO = (0.0, 0.3, 0.6, 0.8, 0.95)
_PRIOR_SD = (100.0, 100.0, 3.0)
"""Of intercept, trend over the whole span, and effect, in units of the error's standard deviation per one of x's."""


@dataclass(frozen=True)
class PatentLag:
    """Years from the papers of an area to its patents; a lag is None where the evidence does not carry it."""

    area: str
    papers_source: str
    patents_source: str
    week: IsoWeek
    status: Literal["ok", "not_enough_evidence"]
    reason: str | None
    papers: int
    families: int
    half_years: int
    """Of patents that were judged on; the papers reach further back by the longest lag."""
    longest_years: float | None = None
    """Lags from 0 to this could be tested."""
    p_related: float | None = None
    years: float | None = None
    """Posterior mean, given that there is a relation."""
    lo80: float | None = None
    hi80: float | None = None
    posterior: tuple[tuple[float, float], ...] = ()
    """(years, probability) of every lag."""
    method: str = METHOD


def patent_lag(
    area: str,
    papers: Sequence[SeriesPoint],
    patents: Sequence[SeriesPoint],
    week: IsoWeek,
) -> PatentLag:
    """Lag of the area's patents behind its papers, each from one source; patents as `family_points` makes them.

    A patent's day is its family's first publication, about 18 months after its filing, and so is the lag's end.
    """
    x, n_papers = half_yearly(papers, week)
    y, n_families = half_yearly(patents, week)
    told = PatentLag(
        area=area,
        papers_source=papers[0].source if papers else "",
        patents_source=patents[0].source if patents else "",
        week=week,
        status="not_enough_evidence",
        reason=None,
        papers=n_papers,
        families=n_families,
        half_years=0,
    )
    if n_papers < MIN_PAPERS or n_families < MIN_FAMILIES:
        needed = f"{MIN_PAPERS} and {MIN_FAMILIES} are needed"
        return _refused(told, f"{n_papers} papers and {n_families} patent families, {needed}")
    longest, judged = _span(x, y)
    if longest < MIN_LAGS - 1 or judged < MIN_HALF_YEARS:
        needed = f"{MIN_HALF_YEARS} of patents after {MIN_LAGS - 1} more of papers are needed"
        return _refused(told, f"{len(y)} half years of patents and {len(x)} of papers are known in a row; {needed}")
    return _told(told, *lag_posterior(x[-(longest + judged) :], y[-judged:]), judged)


def family_points(points: Sequence[SeriesPoint], first_published: Iterable[date]) -> list[SeriesPoint]:
    """Points of an area's patents with `n` replaced by the families first published in the week."""
    counts: dict[IsoWeek, int] = {}
    for day in first_published:
        counts[IsoWeek.of(day)] = counts.get(IsoWeek.of(day), 0) + 1
    return [point if point.n is None else point.model_copy(update={"n": counts.get(point.week, 0)}) for point in points]


def half_yearly(points: Sequence[SeriesPoint], week: IsoWeek) -> tuple[Array, int]:
    """Log shares of the unbroken run of known half years (26 weeks) that ends with `week`, and the items in it."""
    table: dict[int, list[tuple[int, int]]] = {}
    for point in points:
        if point.n is not None and point.total and point.week <= week:
            table.setdefault((week - point.week) // _WEEKS, []).append((point.n, point.total))
    shares, items, age = [], 0, 0
    while len(table.get(age, ())) >= MIN_KNOWN_WEEKS:
        n, total = (sum(each) for each in zip(*table[age], strict=True))
        shares.append(np.log((n + 0.5) / (total + 1)))
        items += n
        age += 1
    return np.array(shares[::-1], dtype=float), items


def lag_posterior(x: Array, y: Array) -> tuple[Array, float]:
    """Probability of each lag 0, 1 ... len(x) - len(y) half years given a relation, and that of a relation."""
    lags = range(len(x) - len(y) + 1)
    x = (x - x.mean()) / max(float(x.std()), 1e-9)
    null = _evidence(y, None)
    logs = np.array([_evidence(y, x[len(x) - len(y) - lag : len(x) - lag]) for lag in lags])
    top = max(float(logs.max()), null)
    weights = np.exp(logs - top)
    related = float(weights.mean() / (weights.mean() + np.exp(null - top)))
    return weights / weights.sum(), related


def _span(x: Array, y: Array) -> tuple[int, int]:
    """The longest lag that can be tested, and half years of patents to judge on, both ending in the last."""
    longest = min(2 * LONGEST_YEARS, len(x) - MIN_HALF_YEARS)
    return longest, min(len(y), len(x) - max(longest, 0))


def _evidence(y: Array, x: Array | None) -> float:
    """Log marginal likelihood, summed over rho; with `x`, of an effect above zero."""
    trend = np.linspace(-0.5, 0.5, len(y))
    columns = [np.ones(len(y)), trend] + ([] if x is None else [x])
    found = [_evidence_at(y, np.stack(columns, axis=1), rho) for rho in _RHO]
    return float(np.logaddexp.reduce(found) - np.log(len(_RHO)))


def _evidence_at(y: Array, design: Array, rho: float) -> float:
    """Conjugate regression of the series freed of its memory (Prais & Winsten 1954), s2 integrated out."""
    root = np.sqrt(1 - rho**2)
    target = np.concatenate([[root * y[0]], y[1:] - rho * y[:-1]])
    table = np.concatenate([[root * design[0]], design[1:] - rho * design[:-1]])
    width, count = table.shape[1], len(target)
    prior = np.diag(1 / np.array(_PRIOR_SD[:width]) ** 2)
    precision = table.T @ table + prior
    mean = np.linalg.solve(precision, table.T @ target)
    rest = float(target @ target - mean @ precision @ mean)
    rest = max(rest, 1e-9)
    log = 0.5 * (np.linalg.slogdet(prior)[1] - np.linalg.slogdet(precision)[1]) + np.log(root)
    log += float(gammaln(count / 2)) - count / 2 * np.log(rest / 2)
    if width == len(_PRIOR_SD):
        sd = np.sqrt(rest / count * np.linalg.inv(precision)[-1, -1])
        # Half of the prior is above zero; what of the posterior is.
        log += np.log(2 * max(float(student.cdf(mean[-1] / sd, count)), 1e-12))
    return float(log)


def _refused(told: PatentLag, reason: str) -> PatentLag:
    return replace(told, reason=reason)


def _told(told: PatentLag, posterior: Array, related: float, judged: int) -> PatentLag:
    years, cumulated = np.arange(len(posterior)) / 2, np.cumsum(posterior)
    found = replace(
        told,
        half_years=judged,
        longest_years=float(years[-1]),
        p_related=related,
        posterior=tuple(zip(years.tolist(), posterior.tolist(), strict=True)),
    )
    if related < RELATED_FROM:
        return _refused(found, f"papers say something of later patents with probability {related:.2f} only")
    low, high = (years[min(int(np.searchsorted(cumulated, level)), len(years) - 1)] for level in (0.1, 0.9))
    return replace(found, status="ok", years=float(years @ posterior), lo80=float(low), hi80=float(high))
