"""Planted doublings: how soon the score says "rising" of a series that doubles from one week to the next, by its size.

Series of a constant share with 14 % noise a week stand beside the planted ones, four in a panel of 40; the rest is the
null. Asked for: a doubling at 15 items a year found within 8 weeks in 90 % of simulations. What chance allows is in
the table too: the share of doublings that a test which knew both rates and the week would find at one false alarm in
twenty.
"""

from pathlib import Path

import numpy as np
from scipy.stats import poisson

from trends.dglm import Array
from trends.momentum import METHOD, Panel, discoveries, measure

SIZES = (15, 30, 60, 150, 500, 2000)
"""Items a year before the doubling."""
AFTER = (8, 26, 52)
"""Weeks after it."""
PANELS, PEERS, PLANTED, HISTORY, TOTAL = 10, 40, 4, 312, 5000.0


def main() -> None:
    """Simulate and write benchmarks/results/momentum_planted.md."""
    alarms, quiet = 0, 0
    rows = []
    for size in SIZES:
        found = {weeks: np.zeros(4) for weeks in AFTER}
        for weeks in AFTER:
            for words, null in (_simulate(size, weeks, seed) for seed in range(PANELS)):
                found[weeks] += words
                alarms, quiet = alarms + int((null > 0.95).sum()), quiet + null.size
        rows += [_row(size, weeks, found[weeks]) for weeks in AFTER]
    lines = [
        "# Planted doublings",
        "",
        f"{METHOD}; {PANELS * PLANTED} doublings a row: {PLANTED} series in each panel of {PEERS} double, others stay;",
        "six years of weeks before. A word needs 30 items in two years, and the forecast year follows the weeks named.",
        "",
    ]
    lines += [
        "| items a year | weeks after | P > .75 | rising (P > .9) | P > .95 | discovery (FDR 10 %) | chance allows |"
    ]
    lines += ["|---|---|---|---|---|---|---|", *rows, ""]
    lines += [
        f"Constant series beside them: P > .95 in {alarms} of {quiet} ({alarms / max(quiet, 1):.2%}; asked for: 1 %)."
    ]
    Path("benchmarks/results/momentum_planted.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _simulate(size: int, weeks: int, seed: int) -> tuple[Array, Array]:
    """How many of the planted series pass each bar, and P(rising) of the others."""
    random = np.random.default_rng((size, weeks, seed))
    rate = np.full((PEERS, HISTORY + weeks), size / 52)
    rate[:PLANTED, HISTORY:] *= 2
    counts = random.poisson(rate * np.exp(random.normal(-0.01, 0.14, rate.shape))).astype(float)
    names = tuple(map(str, range(PEERS)))
    told = measure(Panel(names, ("area",) * PEERS, counts, np.full(rate.shape, TOTAL), 52))
    chances = np.array([0.5 if each.p_rising is None else each.p_rising for each in told])
    among = {index for index in discoveries([max(chance, 1 - chance) for chance in chances]) if chances[index] > 0.5}
    mine = chances[:PLANTED]
    passed = [(mine > bar).sum() for bar in (0.75, 0.9, 0.95)]
    return np.array([*passed, len(among & set(range(PLANTED)))], dtype=float), chances[PLANTED:]


def _row(size: int, weeks: int, found: Array) -> str:
    shares = " | ".join(f"{share:.0%}" for share in found / (PANELS * PLANTED))
    expected = size * weeks / 52
    bar = poisson.ppf(0.95, expected)
    return f"| {size} | {weeks} | {shares} | {poisson.sf(bar, 2 * expected):.0%} |"


if __name__ == "__main__":
    main()
