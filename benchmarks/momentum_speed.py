"""How long 600 weekly series of eight years take to score on one core; asked for: 10 s at most.

In the same run the gamma functions of scipy, which the version before this one called in the same place.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.special import digamma, gammaln, zeta

from trends.dglm import Grid, filter_series
from trends.gamma_functions import gamma_functions
from trends.momentum import METHOD, Panel, measure

SERIES, WEEKS, ROUNDS = 600, 416, 3
BEFORE = 5.2
"""CPU seconds of eb-dglm-1 on this panel (one look, one forecast), measured on the same machine and day."""


def main() -> None:
    """Measure and write benchmarks/results/momentum_speed.md."""
    panel = _panel()
    grid = Grid.of_frequency(52)
    points = np.random.default_rng(2).uniform(2, 300, 7200)
    rows = {
        f"all of {METHOD}: filter, five looks, intervals, four forecasts": _cpu(lambda: measure(panel)),
        f"of it the filter over {grid.level.size} grid points": _cpu(
            lambda: filter_series(panel.counts, panel.totals, grid, 52)
        ),
    }
    ours = _cpu(lambda: [gamma_functions(points) for _ in range(200)]) / (200 * points.size) * 1e9
    theirs = _cpu(lambda: [(gammaln(points), digamma(points), zeta(2, points)) for _ in range(20)])
    theirs *= 1e9 / (20 * points.size)
    lines = ["# Speed of the momentum score", "", f"{SERIES} weekly series of {WEEKS} weeks, one core, one thread.", ""]
    lines += [f"CPU seconds, best of {ROUNDS}; asked for: at most 10.", "", "| what | CPU s |", "|---|---|"]
    lines += [f"| {name} | {seconds:.1f} |" for name, seconds in rows.items()]
    lines += [f"| eb-dglm-1, measured before the change (72 grid points) | {BEFORE} |", ""]
    lines += [f"log Gamma, digamma and trigamma together: {ours:.0f} ns a point; scipy's three: {theirs:.0f} ns."]
    Path("benchmarks/results/momentum_speed.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _panel() -> Panel:
    random = np.random.default_rng(1)
    shares = 10 ** random.uniform(-3.5, -2, (SERIES, 1))
    paths = shares * np.exp(np.cumsum(random.normal(0, 0.01, (SERIES, WEEKS)), axis=1))
    names = tuple(map(str, range(SERIES)))
    totals = np.full((SERIES, WEEKS), 5000.0)
    return Panel(names, ("area",) * SERIES, random.poisson(totals * paths).astype(float), totals, 52)


def _cpu(work: Callable[[], object]) -> float:
    best = np.inf
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


if __name__ == "__main__":
    main()
