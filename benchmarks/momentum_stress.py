"""Nulls, leaks and robustness of the momentum score on the real series.

Twins: beside each real series a false one whose share never changes, at the real one's mean share of two years, with
14 % extra noise a period; both are measured together, so that the twins sit in the pool that strength is borrowed from.
"""

from pathlib import Path

import numpy as np

from benchmarks.momentum_sets import SeriesSet, load
from trends.backtest import Measure, before
from trends.dglm import Array
from trends.momentum import Momentum, Panel

_EXTRA_NOISE = 0.14
_PAGE = 100
"""Papers on a page of a feed."""


def stress_tables(folder: Path, measure_panel: Measure) -> str:
    """The tables, as text."""
    nulls = [
        "| set | twins | P > .95 | P > .9 | P < .05 | 52-week growth > 20 % | real series with P > .95 |",
        "|---" * 7 + "|",
    ]
    nulls += [_null_row(load(folder, name, "monthly"), measure_panel) for name in ("named", "cat", "term")]
    weekly = load(folder, "cat", "weekly")
    return "\n\n".join(
        [
            "## Nulls: constant-share twins",
            (__doc__ or "").split("\n\n", 1)[1].strip(),
            "\n".join(nulls),
            "## Leak",
            leak(load(folder, "cat", "monthly"), measure_panel),
            "## Robustness\n\nWeekly categories at the last origin; what one fault in the feed changes.",
            robustness(weekly, measure_panel),
        ]
    )


def _null_row(series: SeriesSet, measure_panel: Measure) -> str:
    twins: list[float] = []
    real: list[float] = []
    false_growth: list[bool] = []
    year = series.periods_per_year
    for number, at in enumerate(map(int, series.origins)):
        panel = before(_chosen(series, number), at)
        false = twin_counts(panel, seed=number)
        both = Panel(
            (*panel.names, *(f"twin {name}" for name in panel.names)),
            panel.kinds * 2,
            np.concatenate([panel.counts, false]),
            np.concatenate([panel.totals, panel.totals]),
            year,
        )
        found = measure_panel(both)
        real += _told(found[: len(panel.names)])
        twins += _told(found[len(panel.names) :])
        false_growth += list(_year(false, panel.totals, 0, year) > 1.2 * _year(false, panel.totals, year, year))
    said, true = np.array(twins), np.array(real)
    cells = [
        series.name.upper(),
        str(len(said)),
        *(f"{share:.2%}" for share in ((said > 0.95).mean(), (said > 0.9).mean(), (said < 0.05).mean())),
        f"{np.mean(false_growth):.1%}",
        f"{(true > 0.95).mean():.1%}",
    ]
    return f"| {' | '.join(cells)} |"


def _chosen(series: SeriesSet, origin: int) -> Panel:
    panel, rows = series.panel(), np.flatnonzero(series.eligible[origin])
    names = tuple(panel.names[row] for row in rows)
    return Panel(names, panel.kinds[: len(names)], panel.counts[rows], panel.totals[rows], panel.periods_per_year)


def twin_counts(panel: Panel, seed: int) -> Array:
    """Counts of series whose share is that of each row's last two years, at all times."""
    random = np.random.default_rng(seed)
    span = 2 * panel.periods_per_year
    share = (panel.counts[:, -span:].sum(axis=1) + 0.5) / panel.totals[:, -span:].sum(axis=1)
    noise = random.normal(-(_EXTRA_NOISE**2) / 2, _EXTRA_NOISE, panel.counts.shape)
    counts: Array = random.poisson(panel.totals * share[:, None] * np.exp(noise)).astype(float)
    return counts


def _year(counts: Array, totals: Array, ago: int, year: int) -> Array:
    end = counts.shape[1] - ago
    share: Array = counts[:, end - year : end].sum(axis=1) / totals[:, end - year : end].sum(axis=1)
    return share


def _told(found: list[Momentum]) -> list[float]:
    return [each.p_rising for each in found if each.p_rising is not None]


def leak(series: SeriesSet, measure_panel: Measure) -> str:
    """Replace every count after an origin by junk: nothing that was said there may change."""
    random, changed = np.random.default_rng(1), 0
    for number, at in enumerate(map(int, series.origins)):
        panel = _chosen(series, number)
        junk = Panel(panel.names, panel.kinds, panel.counts.copy(), panel.totals.copy(), panel.periods_per_year)
        junk.counts[:, at:] = random.integers(0, 5000, junk.counts[:, at:].shape)
        junk.totals[:, at:] = random.integers(5000, 9000, junk.totals[:, at:].shape)
        changed += measure_panel(before(panel, at)) != measure_panel(before(junk, at))
    return f"Every count after each of {len(series.origins)} origins replaced by junk: {changed} origins changed."


def robustness(series: SeriesSet, measure_panel: Measure) -> str:
    """How far growth, P(rising) and the word move when a feed has a fault."""
    at = int(series.origins[-1])
    panel = before(_chosen(series, len(series.origins) - 1), at)
    sound = measure_panel(panel)
    week = at - 1 - int(np.random.default_rng(5).integers(0, 52))
    lines = [
        "| fault | mean change of growth, points | largest | mean change of P(rising) | largest | words changed |",
        "|---" * 6 + "|",
    ]
    for what, counts, totals in _faults(panel, week):
        found = measure_panel(Panel(panel.names, panel.kinds, counts, totals, panel.periods_per_year))
        growth = np.abs([(b.growth_pct or 0) - (a.growth_pct or 0) for a, b in zip(sound, found, strict=True)])
        chance = np.abs([(b.p_rising or 0) - (a.p_rising or 0) for a, b in zip(sound, found, strict=True)])
        words = sum(a.verdict != b.verdict for a, b in zip(sound, found, strict=True))
        cells = f"{growth.mean():.2f} | {growth.max():.2f} | {chance.mean():.3f} | {chance.max():.3f}"
        lines.append(f"| {what} | {cells} | {words} of {len(found)} |")
    return "\n".join(lines)


def _faults(panel: Panel, week: int) -> list[tuple[str, Array, Array]]:
    random = np.random.default_rng(6)
    one, two = panel.counts.copy(), panel.counts.copy()
    one[:, week] = np.nan
    two[:, -2:] = np.nan
    page, totals = panel.counts.copy(), panel.totals.copy()
    part = panel.counts[:, -1] / panel.totals[:, -1]
    page[:, -1] += random.binomial(_PAGE, part)
    totals[:, -1] += _PAGE
    silent, fewer = panel.counts.copy(), panel.totals.copy()
    silent[:, -2:], fewer[:, -2:] = 0, 0
    return [
        ("one week of the last year unknown", one, panel.totals),
        ("a page of the last week counted twice", page, totals),
        ("the feed dead for the last two weeks, told", two, panel.totals),
        ("the same, but written down as nothing of nothing", silent, fewer),
    ]
