"""Momentum of a series: growth of its share of the same source's total, with honest uncertainty.

A pure function of counts. Formulas: `trends.dglm`, `trends.forecast`. Growth is the change of the share from the last
year to the next one, both without the noise of counting: what has been gained and what is on its way. A series that
began while its source was watched (a new arXiv category) is a birth, no emergence: it gets numbers but no word.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from horizon.records import Forecast, Score, SeriesPoint
from horizon.weeks import IsoWeek
from trends.dglm import Array, Grid, filter_series, grid_weights, known_periods
from trends.forecast import HORIZONS, Mixture, Past, View, forecasts, p_rising, total_ahead

METHOD = "eb-dglm-2"
MIN_COUNT = 30
"""Fewer items than this in the last two years are too few to speak of growth."""
MIN_KNOWN_SHARE = 0.25
"""Fewer known periods than this share of the last two years are too few as well."""
NEW_SERIES_YEARS = 3
"""A series whose first item is younger, in a source watched for a year before, is a new series."""
FALSE_DISCOVERY_RATE = 0.1
MAX_WEEKS = 416
LOOKS_BACK = (0, 13, 26, 39, 52)
"""Weeks ago at which `growth_path` says what growth looked like."""
_COPIED = (
    *("n_52w", "share_52w", "growth_pct", "growth_lo80", "growth_hi80", "p_rising", "verdict"),
    *("forecast_share_52w", "forecast_lo80", "forecast_hi80", "forecast_lo95", "forecast_hi95"),
    *("level", "level_lo80", "level_hi80", "growth_path", "forecasts"),
)

VERDICTS = (
    (0.9, "rising"),
    (0.75, "probably rising"),
    (0.25, "no clear change"),
    (0.1, "probably falling"),
    (0.0, "falling"),
)


@dataclass(frozen=True)
class Panel:
    """Counts and totals of many series on the same periods, NaN where unknown; rows are series."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    counts: Array
    totals: Array
    periods_per_year: int
    breaks: tuple[int, ...] = ()
    """Columns from which on the source is another one (its scope changed): every level may shift there, once."""


@dataclass(frozen=True)
class Momentum:
    """Results of one series; all but the first two are None or empty when there is too little evidence."""

    n_52w: int
    share_52w: float | None
    growth_pct: float | None = None
    growth_lo80: float | None = None
    growth_hi80: float | None = None
    p_rising: float | None = None
    level: float | None = None
    level_lo80: float | None = None
    level_hi80: float | None = None
    growth_path: tuple[float, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    new_series: bool = False

    @property
    def verdict(self) -> str:
        """The word for the brief."""
        if self.p_rising is None:
            return "insufficient data"
        if self.new_series:
            return "new series"
        return next(word for bar, word in VERDICTS if self.p_rising > bar or bar == 0.0)

    @property
    def year_ahead(self) -> Forecast | None:
        """The forecast of the share over the next 52 weeks or 12 months."""
        return next((each for each in self.forecasts if (each.quantity, each.horizon_weeks) == ("share", 52)), None)

    @property
    def forecast_share_52w(self) -> float | None:
        """Its median."""
        return self.year_ahead.quantiles[len(self.year_ahead.quantiles) // 2] if self.year_ahead else None

    @property
    def forecast_lo80(self) -> float | None:
        return self.year_ahead.lo80 if self.year_ahead else None

    @property
    def forecast_hi80(self) -> float | None:
        return self.year_ahead.hi80 if self.year_ahead else None

    @property
    def forecast_lo95(self) -> float | None:
        return self.year_ahead.lo95 if self.year_ahead else None

    @property
    def forecast_hi95(self) -> float | None:
        return self.year_ahead.hi95 if self.year_ahead else None


def score_momentum(
    points: Sequence[SeriesPoint],
    week: IsoWeek,
    *,
    incomplete_weeks: int | Mapping[str, int] = 0,
    breaks: Mapping[str, Sequence[IsoWeek]] | None = None,
) -> list[Score]:
    """Score every series of `points` as of `week`, each source by itself.

    Give all sources of an issue in one call: false discoveries are controlled over all of them together. The last
    `incomplete_weeks` weeks (of each source) are left out: by first-version date they still fill up. `breaks` are the
    first weeks after a source changed its scope.
    """
    scores = []
    for source in sorted({point.source for point in points}):
        late = incomplete_weeks if isinstance(incomplete_weeks, int) else incomplete_weeks.get(source, 0)
        last = week + -late
        chosen = [point for point in points if point.source == source and last + -MAX_WEEKS < point.week <= last]
        panel = _panel(chosen, last, (breaks or {}).get(source, ()))
        for name, found in zip(panel.names, measure(panel), strict=True):
            scores.append(_score(name, source, week, found))
    return _with_discoveries(scores)


def measure(panel: Panel) -> list[Momentum]:
    """Momentum of each series of a panel, in its order; the order changes no result."""
    results: list[Momentum | None] = [None] * len(panel.names)
    for kind in sorted(set(panel.kinds)):
        rows = [row for row, name in enumerate(panel.kinds) if name == kind]
        for row, found in zip(rows, _measure_peers(panel, np.array(rows), kind), strict=True):
            results[row] = found
    return [found for found in results if found is not None]


def discoveries(p_right: Sequence[float], rate: float = FALSE_DISCOVERY_RATE) -> list[int]:
    """Indices of the largest set whose mean probability of being wrong stays within `rate` (Bayesian FDR)."""
    order = sorted(range(len(p_right)), key=lambda index: (-p_right[index], index))
    wrong = 0.0
    kept: list[int] = []
    for index in order:
        wrong += 1 - p_right[index]
        if wrong > rate * (len(kept) + 1):
            break
        kept.append(index)
    return kept


def kind_of(series: str) -> str:
    """`area`, `route` or another prefix before the colon: series of one kind lend each other strength."""
    return series.split(":", maxsplit=1)[0] if ":" in series else "series"


def _with_discoveries(scores: list[Score]) -> list[Score]:
    """The same scores, each that has a word saying whether it is among those that may be called rising or falling."""
    told = [index for index, score in enumerate(scores) if score.verdict in {word for _, word in VERDICTS}]
    chances = [scores[index].p_rising or 0.0 for index in told]
    found = {told[index] for index in discoveries([max(chance, 1 - chance) for chance in chances])}
    return [
        score.model_copy(update={"discovery": index in found}) if index in set(told) else score
        for index, score in enumerate(scores)
    ]


def _panel(points: Sequence[SeriesPoint], last: IsoWeek, breaks: Sequence[IsoWeek]) -> Panel:
    names = sorted({point.series for point in points})
    first = min((point.week for point in points), default=last)
    rows = {name: row for row, name in enumerate(names)}
    counts = np.full((len(names), last - first + 1), np.nan)
    totals = counts.copy()
    for point in points:
        if point.n is not None and point.total is not None:
            counts[rows[point.series], point.week - first] = point.n
            totals[rows[point.series], point.week - first] = point.total
    shifted = tuple(sorted({week - first for week in breaks if first < week <= last}))
    return Panel(tuple(names), tuple(map(kind_of, names)), counts, totals, 52, shifted)


def _measure_peers(panel: Panel, rows: NDArray[np.intp], kind: str) -> list[Momentum]:
    counts, totals, year = panel.counts[rows], panel.totals[rows], panel.periods_per_year
    plain = [_observed(counts[row], totals[row], year) for row in range(len(rows))]
    enough = np.array([_has_evidence(counts[row], totals[row], year) for row in range(len(rows))])
    if not enough.any():
        return plain
    grid = Grid.of_frequency(year)
    ends = [counts.shape[1] - weeks * year // 52 for weeks in LOOKS_BACK]
    states = filter_series(counts, totals, grid, year, ends=ends, breaks=panel.breaks)[::-1]
    # Series with little evidence still tell what their peers are like; they only get no number of their own.
    views = [View(state.rows(enough), grid, grid_weights(state.log_likelihood)[enough], year, kind) for state in states]
    told = iter(_told(views, counts[enough], totals[enough], panel.breaks))
    return [replace(found, **next(told)) if has else found for has, found in zip(enough, plain, strict=True)]


def _told(views: Sequence[View], counts: Array, totals: Array, breaks: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The fields of Momentum that need evidence, series by series; `views` are of now and of earlier ends."""
    now, year = views[0], views[0].year
    ahead = total_ahead(totals, now.grid, year, breaks)
    change, level = now.year_on_year(), now.level_now()
    exposure = np.where(known_periods(counts, totals), totals, 0.0)[:, -year:].sum(axis=1)
    columns = {
        "growth_pct": _per_cent(change.average()),
        **dict(zip(("growth_lo80", "growth_hi80"), _per_cent(change.interval80()), strict=True)),
        "p_rising": p_rising(now, exposure, np.median(ahead[52], axis=1)),
        "level": _share(level.average()),
        **dict(zip(("level_lo80", "level_hi80"), _share(level.interval80()), strict=True)),
    }
    path = np.stack([_per_cent(view.year_on_year().average()) for view in views], axis=1)
    predicted = forecasts(now, ahead, _past(now, counts, totals))
    for row, its_forecasts in enumerate(predicted):
        yield {
            **{name: float(values[row]) for name, values in columns.items()},
            "growth_path": tuple(path[row].tolist()),
            "forecasts": its_forecasts,
            "new_series": _is_new(counts[row], totals[row], year),
        }


def _past(now: View, counts: Array, totals: Array) -> Past:
    year, known = now.year, known_periods(counts, totals)
    events, exposure = np.where(known, counts, 0.0), np.where(known, totals, 0.0)
    seen = exposure[:, -year:].sum(axis=1)
    modelled = _share(Mixture(now.state.year, now.state.year_variance, now.weights).average())
    share = np.where(seen > 0, events[:, -year:].sum(axis=1) / np.maximum(seen, 1), modelled)
    in_weeks: dict[int, Array] = {}
    for weeks in HORIZONS:
        periods = year * weeks // 52
        counted = known[:, -periods:].sum(axis=1)
        in_weeks[weeks] = events[:, -periods:].sum(axis=1) * periods / np.maximum(counted, 1)
    return Past(share, in_weeks)


def _per_cent(log_ratio: Array) -> Array:
    # The mean is taken of the log rate: that of the percentages would be drawn up by the long tail of a wide posterior.
    found: Array = np.expm1(log_ratio) * 100
    return found


def _share(log_share: Array) -> Array:
    found: Array = np.exp(np.minimum(log_share, 0.0))
    return found


def _observed(counts: Array, totals: Array, year: int) -> Momentum:
    known = known_periods(counts[-year:], totals[-year:])
    events, exposure = counts[-year:][known].sum(), totals[-year:][known].sum()
    return Momentum(int(events), float(events / exposure) if exposure else None)


def _has_evidence(counts: Array, totals: Array, year: int) -> bool:
    known = known_periods(counts[-2 * year :], totals[-2 * year :])
    enough_periods = known.sum() >= MIN_KNOWN_SHARE * 2 * year
    return bool(enough_periods and counts[-2 * year :][known].sum() >= MIN_COUNT)


def _is_new(counts: Array, totals: Array, year: int) -> bool:
    known = known_periods(counts, totals)
    first = int(np.argmax(known & (counts > 0)))
    return bool(known[:first].sum() >= year and counts.size - first < NEW_SERIES_YEARS * year)


def _score(series: str, source: str, week: IsoWeek, found: Momentum) -> Score:
    status: Literal["ok", "insufficient_data"] = "insufficient_data" if found.p_rising is None else "ok"
    numbers = {name: getattr(found, name) for name in _COPIED}
    return Score(series=series, source=source, week=week, status=status, method=METHOD, **numbers)
