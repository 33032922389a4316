"""The momentum score on real arXiv papers, 2008-2019, beside its rivals: rolling origins, halves, nulls, robustness.

    python -m benchmarks.momentum_sets FOLDER && python -m benchmarks.momentum FOLDER

Origins every half year from 2012 to 2019, each settled by the year after it with the total taken as known. A series
counts at an origin with 30 papers in the two years before it, a category also with an age of three years; a method is
shown only those. Thinned: the score is made from one half of the papers (by a hash of the id) and ranked against the
growth of the other, both ways, over series with 30 papers in two years in that half, the same ones for every method.
MASE is taken a month (week) on a flat forecast, in units of the past's seasonal-naive
error; CRPS on the log of the year's papers. Intervals: 95 % of a bootstrap over origins in blocks of three, since their
years overlap; differences are paired. Seconds are of one core for all origins, full and both halves.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.momentum_peers import has_statsforecast, scored_methods, statsforecast
from benchmarks.momentum_sets import SeriesSet, load
from benchmarks.momentum_stress import stress_tables
from trends.backtest import METRICS, Measure, Method, Outlook, Settled, backtest, momentum_method
from trends.momentum import METHOD, Momentum, Panel, measure
from trends.scoring_rules import (
    Booleans,
    block_interval,
    calibration_error,
    calibration_table,
    pit_deviation,
    pit_histogram,
)

RESULT = Path(__file__).parent / "results" / "momentum.md"
SETS = ("named", "cat", "catall", "term")
GRADED = ("named", "cat", "term")
MODEL = "**Horizon**"
PERSISTENCE = "52-week growth; last year's share, Poisson"
TARGETS = {"named": (0.42, 0.180), "cat": (0.25, 0.110), "term": (None, 0.150)}
"""Thinned Spearman and CRPS to reach."""
_WEEKLY = ("mase", "crps", "cov80", "cov95", "brier_rising", "brier_exceeds")
_PRINTED = ("spearman", "spearman_thinned", "top_decile_thinned", "mase", "crps", "cov80", "cov95", "brier_exceeds")


@dataclass(frozen=True)
class Run:
    """One method on one set."""

    method: str
    settled: list[Settled]
    cpu_s: float

    @cached_property
    def metrics(self) -> list[dict[str, float]]:
        return [each.metrics() for each in self.settled]

    def by_origin(self, metric: str) -> NDArray[np.float64]:
        return np.array([values[metric] for values in self.metrics])


def main(folder: Path) -> None:
    """Measure everything and write the tables."""
    remembered = remember(measure)
    parts = ["# Momentum", (__doc__ or "").split("FOLDER\n", 1)[1].strip(), f"Method `{METHOD}`."]
    runs = {}
    for name in SETS:
        print(f"{name} ...", flush=True)
        runs[name] = year_ahead(load(folder, name, "monthly"), folder, remembered)
    parts += [targets_table(runs)]
    parts += [f"## {name.upper()}, monthly, a year ahead\n\n{method_table(run)}" for name, run in runs.items()]
    parts += ["## Horizon less its rivals, paired\n\n" + differences(runs)]
    parts += ["## Calibration\n\n" + calibration({name: run[MODEL].settled for name, run in runs.items()})]
    if not has_statsforecast():
        parts += ["AutoETS and AutoTheta: statsforecast is not installed here, so that they were not run."]
    _write(parts)
    parts += [stress_tables(folder, measure)]
    _write(parts)
    parts += [weekly_tables(folder, remembered)]
    _write(parts)


def _write(parts: list[str]) -> None:
    RESULT.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def remember(measure_panel: Measure) -> Measure:
    """The same measure, made once for each panel: horizons share what was seen before an origin."""
    known: dict[tuple[bytes, bytes, tuple[str, ...]], list[Momentum]] = {}

    def again(panel: Panel) -> list[Momentum]:
        key = (panel.counts.tobytes(), panel.totals.tobytes(), panel.names)
        if key not in known:
            known[key] = measure_panel(panel)
        return known[key]

    return again


def year_ahead(series: SeriesSet, folder: Path, measure_panel: Measure) -> dict[str, Run]:
    """Every method on one set at the monthly grain."""
    methods = scored_methods()
    if has_statsforecast() and series.name != "catall":
        cache = folder / "sf"
        cache.mkdir(exist_ok=True)
        methods |= {name: statsforecast(name, cache) for name in ("AutoETS", "AutoTheta")}
    model = momentum_method(measure_panel)
    methods |= {"Horizon ranked by its forecast over last year's share": by_forecast(model), MODEL: model}
    halves = (series.panel(half="a"), series.panel(half="b"))
    runs = {}
    for name, method in methods.items():
        start = time.process_time()
        settled = backtest(series.panel(), method, list(map(int, series.origins)), 12, halves, series.eligible)
        runs[name] = Run(name, settled, time.process_time() - start)
    return runs


def by_forecast(method: Method) -> Method:
    """The same outlook, ranked by the median forecast over last year's share: gains from the reversal of its noise."""

    def outlook(panel: Panel, horizon: int) -> Outlook:
        said, year = method(panel, horizon), panel.periods_per_year
        last = (panel.counts[:, -year:].sum(axis=1) + 0.5) / panel.totals[:, -year:].sum(axis=1)
        return replace(said, growth=np.log(said.share[:, said.levels.index(0.5)]) - np.log(last))

    return outlook


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean over origins, NaN left out, and its interval."""
    if not np.isfinite(values).any():
        return (float("nan"),) * 3
    low, high = block_interval(len(values), lambda drawn: _mean(values[drawn]))
    return _mean(values), low, high


def _mean(values: NDArray[np.float64]) -> float:
    told = values[np.isfinite(values)]
    return float(told.mean()) if len(told) else float("nan")


def targets_table(runs: dict[str, dict[str, Run]]) -> str:
    """What was asked for beside what was found."""
    lines = ["## Targets\n\n| set | measure | target | found | 95 % interval |\n|---|---|---|---|---|"]
    for name, (rank, crps) in TARGETS.items():
        run = runs[name][MODEL]
        asked = [("spearman_thinned", f">= {rank}"), ("crps", f"<= {crps}"), ("cov80", ".77-.85"), ("cov95", ".93-.97")]
        for metric, target in asked if rank else asked[1:]:
            mean, low, high = mean_interval(run.by_origin(metric))
            lines.append(f"| {name.upper()} | {metric} | {target} | {mean:.3f} | {low:.3f} to {high:.3f} |")
        for what, pick in (("P(rising)", _p_rising), ("P(exceeds)", _p_exceeds)):
            error, low, high = error_interval(run.settled, pick)
            chance = chance_error(run.settled, pick)
            row = f"{what} | <= 0.06 | {error:.3f} | {low:.3f} to {high:.3f}; by chance alone {chance:.3f}"
            lines.append(f"| {name.upper()} | calibration error of {row} |")
        pit = np.concatenate([each.pit for each in run.settled])
        floor = np.sqrt(2 / np.pi * 9 / len(pit))
        row = f"<= 5 % | {pit_deviation(pit):.1%} | by chance alone {floor:.1%}"
        lines.append(f"| {name.upper()} | PIT, mean distance of a tenth from uniform | {row} |")
    return "\n".join(lines)


def method_table(runs: dict[str, Run], printed: Sequence[str] = _PRINTED) -> str:
    """One row a method, means over origins; the model's with their intervals below it."""
    lines = [f"| method | {' | '.join(printed)} | CPU s |", "|---" * (len(printed) + 2) + "|"]
    for run in runs.values():
        cells = [_cell(_mean(run.by_origin(metric))) for metric in printed]
        lines.append(f"| {run.method} | {' | '.join(cells)} | {_seconds(run)} |")
    intervals = [mean_interval(runs[MODEL].by_origin(metric))[1:] for metric in printed]
    lines.append(f"| its 95 % interval | {' | '.join(f'{low:.2f} to {high:.2f}' for low, high in intervals)} | |")
    settled = runs[MODEL].settled
    size = np.mean([len(each.names) for each in settled])
    return "\n".join(lines) + f"\n\n{len(settled)} origins, {size:.0f} series an origin on average."


def _seconds(run: Run) -> str:
    return "kept" if run.method.startswith("Auto") else f"{run.cpu_s:.1f}"


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"


def differences(runs: dict[str, dict[str, Run]]) -> str:
    """Paired differences by origin, of rank skill and of CRPS."""
    lines = ["| set | measure | rival | difference | 95 % interval |", "|---|---|---|---|---|"]
    for name, found in runs.items():
        for metric in ("spearman_thinned", "crps"):
            for rival, run in found.items():
                away = found[MODEL].by_origin(metric) - run.by_origin(metric)
                if rival != MODEL and np.isfinite(away).any():
                    mean, low, high = mean_interval(away)
                    lines.append(f"| {name.upper()} | {metric} | {rival} | {mean:+.3f} | {low:+.3f} to {high:+.3f} |")
    return "\n".join(lines)


Pick = Callable[[Settled], NDArray[np.float64]]


def _p_rising(each: Settled) -> NDArray[np.float64]:
    return each.p_rising


def _p_exceeds(each: Settled) -> NDArray[np.float64]:
    return each.p_exceeds


def _pairs(settled: Sequence[Settled], pick: Pick) -> tuple[NDArray[np.float64], Booleans]:
    said = np.concatenate([pick(each) for each in settled])
    rose = np.concatenate([each.rose for each in settled])
    told = np.isfinite(said)
    return said[told], rose[told]


def error_interval(settled: list[Settled], pick: Pick) -> tuple[float, float, float]:
    """Calibration error over all series and origins, and its interval."""
    low, high = block_interval(
        len(settled), lambda drawn: calibration_error(*_pairs([settled[at] for at in drawn], pick)), resamples=500
    )
    return calibration_error(*_pairs(settled, pick)), low, high


def chance_error(settled: list[Settled], pick: Pick, draws: int = 200) -> float:
    """The calibration error that forecasts would show on so few outcomes were every one of them exactly right."""
    said, _ = _pairs(settled, pick)
    random = np.random.default_rng(0)
    return float(np.mean([calibration_error(said, random.random(len(said)) < said) for _ in range(draws)]))


def calibration(found: dict[str, list[Settled]]) -> str:
    """Tables of P(rising) and of the forecast's chance that the share exceeds last year's; PIT histograms."""
    lines = [
        "What happened: the share of the next year exceeds that of the last one, both as observed.\n",
        "| set | probability | of | forecasts | mean | happened |\n|---|---|---|---|---|---|",
    ]
    for name, settled in found.items():
        for what, pick in (("P(rising)", _p_rising), ("P(exceeds)", _p_exceeds)):
            for each in calibration_table(*_pairs(settled, pick)):
                bounds = f"{each.low:g}-{each.high:g}"
                cells = (
                    name.upper(),
                    bounds,
                    what,
                    each.items,
                    f"{each.mean_probability:.2f}",
                    f"{each.share_happened:.2f}",
                )
                lines.append(f"| {' | '.join(map(str, cells))} |")
    lines.append("\n| set | PIT: share in each tenth |\n|---|---|")
    for name, settled in found.items():
        shares = pit_histogram(np.concatenate([each.pit for each in settled]))
        lines.append(f"| {name.upper()} | {' '.join(f'{share:.3f}' for share in shares)} |")
    return "\n".join(lines)


def weekly_tables(folder: Path, measure_panel: Measure) -> str:
    """What the product runs: weekly series, half a year and a year ahead."""
    chosen = (PERSISTENCE, "seasonal naive share", "shrunk growth, half of it goes on")
    parts = []
    for name in GRADED:
        series = load(folder, name, "weekly")
        print(f"{name} weekly ...", flush=True)
        methods = {key: method for key, method in scored_methods().items() if key in chosen}
        methods |= {MODEL: momentum_method(measure_panel)}
        for horizon in (26, 52):
            runs = {}
            for key, method in methods.items():
                start = time.process_time()
                origins = list(map(int, series.origins))
                settled = backtest(series.panel(), method, origins, horizon, eligible=series.eligible)
                runs[key] = Run(key, settled, time.process_time() - start)
            parts.append(f"## {name.upper()}, weekly, {horizon} weeks ahead\n\n{method_table(runs, _WEEKLY)}")
    return "\n\n".join(parts)


assert set(_PRINTED) <= set(METRICS)

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m benchmarks.momentum FOLDER")
    main(Path(sys.argv[1]))
