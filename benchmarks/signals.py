"""The term channel over real arXiv records: `python -m benchmarks.signals` writes results/signals.md.

Protocol of methods-momentum.md, sections 3 and 4: a scan every 13 weeks; outcome = share of all documents in weeks 53
to 104 after the flag, over the share in its 26 weeks (sustained: 1 or more, doubled: 2 or more, vanished: below 0.25).
"""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from benchmarks import signals_peers as peers
from benchmarks.signals_lead import FIRST, hashes_of, lead_lines, null_lines
from horizon.settings import Settings
from trends.signals.flags import Flag, find_flags
from trends.signals.gates import measure_breadth
from trends.signals.index import TermIndex, build_index
from trends.signals.outcomes import later_share, settle
from trends.signals.ranking import FEWEST_FLAGS, OUTCOME, PastFlag, fit_ranking, strayed
from trends.signals.scan import MOST_BASE, count_terms, has_history, scan
from trends.terms import Paper, extract_week, from_bytes, to_bytes, week_number, week_of

RESULTS = Path(__file__).parent / "results"
SHIPPED = Path(__file__).parent.parent / "trends" / "signals" / "ranking.yml"
STOPPED = ("cs.CL", "cs.DS", "math.NA", "physics.ins-det", "physics.flu-dyn", "physics.soc-ph")
"""Primary categories that the data hold to the end of 2018 only."""
LATER, TESTED = week_number(date(2012, 12, 31)), week_number(date(2015, 1, 1))
STEP = 13
FEW_STRAYS = 3.0
Array = npt.NDArray[np.float64]


def read_weeks(folder: Path) -> dict[int, list[Paper]]:
    """Papers by week; 2008 to 2019."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

    weeks: dict[int, list[Paper]] = {}
    columns = ["arxiv_id", "title", "abstract", "authors", "categories", "created"]
    for path in sorted(folder.glob("arxiv_20*.parquet"))[:3]:
        for batch in pq.ParquetFile(path).iter_batches(columns=columns):
            for row in batch.to_pylist():
                day = date.fromisoformat(row["created"])
                authors = tuple((row["authors"] or "").split(", "))
                text = (row["title"] or "", row["abstract"] or "")
                paper = Paper(row["arxiv_id"], day, *text, authors, tuple((row["categories"] or "").split()))
                weeks.setdefault(week_number(day), []).append(paper)
    return weeks


def packed(papers: Sequence[Paper]) -> tuple[bytes, float]:
    """A block and the CPU-seconds that it took."""
    start = time.process_time()
    return to_bytes(extract_week(papers)), time.process_time() - start


@dataclass(frozen=True)
class Costs:
    """Seconds; CPU unless said."""

    papers: int
    wall_extract: float
    extract: float
    index: float
    terms: int
    entries: int
    megabytes: float
    update: float


def build(weeks: dict[int, list[Paper]]) -> tuple[TermIndex, Costs]:
    """The index of all weeks with two processes, and what a week more costs."""
    clock = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        made = list(pool.map(packed, [weeks[week] for week in sorted(weeks)], chunksize=16))
    wall = time.perf_counter() - clock
    start = time.process_time()
    index = build_index(from_bytes(content) for content, _ in made)
    built = time.process_time() - start
    start = time.process_time()
    newest = max(weeks) - 2
    fresh = extract_week(weeks[newest])
    kept = [from_bytes(content) for content, _ in made[-210:-3]]
    find_flags(build_index([*kept, fresh]), newest)
    update = time.process_time() - start
    size = sum(len(content) for content, _ in made) / 1e6
    papers = sum(map(len, weeks.values()))
    cpu = sum(seconds for _, seconds in made)
    return index, Costs(papers, wall, cpu, built, len(index.hashes), len(index.terms), size, update)


def left_out(index: TermIndex, week: int) -> npt.NDArray[np.bool_] | None:
    """Documents that must not count where an outcome reaches into 2019."""
    if week + 104 < week_number(date(2018, 12, 31)):
        return None
    stopped = [place for place, name in enumerate(index.category_names) if name in STOPPED]
    return np.isin(index.category, stopped)


def known_until(index: TermIndex) -> int:
    """The last week whose flags have come due."""
    return int(index.week[-1]) - 104


RULES = (
    "raw ratio > 4 and EB05 <= 1.5",
    "EB05 > 1.5",
    "EB05 > 5 (extreme novelty)",
    "EB05 > 2, fewer than 4 authors",
    "EB05 > 1.5, all gates",
    "flags (gates, no prose, merged)",
    "flags, also flagged 13 weeks before",
    "flags, confirmed (26 weeks before)",
    "flags, confirmed, at most 80 papers before",
)


def rule_outcomes(index: TermIndex, week: int, flags: dict[int, tuple[Flag, ...]]) -> dict[str, Array]:
    """Outcome ratios of the terms that each rule picks in one scan."""
    found = scan(index, week)
    breadth = measure_breadth(index, found)
    ratios = _ratios(index, week, index.hashes[found.term])
    few = found.n_recent >= 6
    now = flags[week]
    mine = _ratios(index, week, hashes_of([flag.term for flag in now]))
    before = {flag.term for flag in flags.get(week - 13, ())}
    confirmed = np.array([flag.confirmed for flag in now], bool)
    recent, base = (count_terms(index, span) for span in (found.windows.recent, found.windows.base))
    expected = (base + 0.5) * found.windows.n_recent / max(1, found.windows.n_base)
    raw = np.setdiff1d(np.flatnonzero((recent >= 6) & (recent > 4 * expected)), found.term)
    picked = (
        _ratios(index, week, index.hashes[raw]),
        ratios,
        ratios[found.eb05 > 5],
        ratios[(found.eb05 > 2) & (breadth.groups < 4)],
        ratios[few & breadth.passes()],
        mine,
        mine[[flag.term in before for flag in now]],
        mine[confirmed],
        mine[confirmed & np.array([flag.n_base <= 80 for flag in now], bool)],
    )
    return dict(zip(RULES, picked, strict=True))


def _ratios(index: TermIndex, week: int, hashes: npt.NDArray[np.uint64]) -> Array:
    return later_share(index, week, hashes, 53, 104, left_out(index, week))


def interval(values: Sequence[float], statistic: Callable[[Array], float] = np.mean) -> str:
    """90 % interval over resampled blocks of four neighbouring scans."""
    given = np.array([value for value in values if not np.isnan(value)])
    if len(given) < 5:
        return ""
    random = np.random.default_rng(5)
    starts = random.integers(0, len(given) - 3, (2000, -(-len(given) // 4)))
    drawn = given[(starts[:, :, None] + np.arange(4)).reshape(2000, -1)[:, : len(given)]]
    low, high = np.quantile([statistic(each) for each in drawn], [0.05, 0.95])
    return f" [{low:.2f}, {high:.2f}]"


def rules_table(per_scan: dict[int, dict[str, Array]]) -> list[str]:
    """One line a rule, pooled over scans, with the share sustained in early and late scans."""
    lines = [
        "| rule | a scan | sustained | doubled | vanished | sustained before 2015 | from 2015 |",
        "|---|" + "---|" * 6,
    ]
    for rule in RULES:
        by_scan = {week: found[rule][~np.isnan(found[rule])] for week, found in per_scan.items()}
        every = np.concatenate(list(by_scan.values()))
        early = np.concatenate([ratios for week, ratios in by_scan.items() if week < TESTED])
        late = np.concatenate([ratios for week, ratios in by_scan.items() if week >= TESTED])
        size = np.mean([len(found[rule]) for found in per_scan.values()])
        numbers = f"{np.mean(every >= 1):.2f} | {np.mean(every >= 2):.2f} | {np.mean(every < 0.25):.2f}"
        halves = " | ".join(f"{np.mean(part >= 1):.2f} ({len(part)})" if len(part) else "-" for part in (early, late))
        lines.append(f"| {rule} | {size:.1f} | {numbers} | {halves} |")
    return lines


@dataclass(frozen=True)
class Ranked:
    """One scan: outcome ratios in the order of each ranking, and what the model said."""

    week: int
    orders: dict[str, Array]
    chances: Array
    sustained: Array
    inside: Array
    climatology: float
    stray: float


def rank_scan(
    week: int,
    flags: Sequence[Flag],
    history: Sequence[PastFlag],
    known: Sequence[PastFlag],
    earlier: Sequence["Ranked"],
) -> Ranked | None:
    """The rankings of a scan by what was known then; `earlier` scans tell how far whole scans strayed."""
    model = fit_ranking(history, week)
    pairs = [(flag, past) for flag, past in zip(flags, known, strict=True) if past.ratio is not None]
    if model is None or not pairs:
        return None
    ratios = np.array([past.ratio for _, past in pairs], float)
    strays = [abs(each.stray) for each in earlier if each.week + OUTCOME[1] <= week]
    model = replace(model, stray=usual(strays))
    said = np.array(model.predict([flag.features() for flag, _ in pairs]))
    scores = {
        "logistic, interim outcomes": said[:, 0],
        "confirmed first, then groups": np.array([flag.groups + 1e4 * flag.confirmed for flag, _ in pairs]),
        "groups": np.array([flag.groups for flag, _ in pairs], float),
        "papers": np.array([flag.n_recent for flag, _ in pairs], float),
        "EB05": np.array([flag.eb05 for flag, _ in pairs]),
    }
    orders = {name: ratios[np.argsort(-score, kind="stable")] for name, score in scores.items()}
    recent = [past.ratio >= 1 for past in history if past.ratio is not None and week - 208 < past.week <= week - 104]
    sustained = (ratios >= 1).astype(float)
    rate = float(sustained.mean())
    inside = np.array([said[:, 1].mean() <= rate <= said[:, 2].mean()])
    climatology = float(np.mean(recent)) if recent else 0.5
    stray = strayed(said[:, 0].tolist(), sustained.astype(bool).tolist())
    return Ranked(week, orders, said[:, 0], sustained, inside, climatology, stray)


def usual(strays: Sequence[float]) -> float:
    """What 8 of 10 past scans did not exceed; with fewer than five known, as good as nothing is."""
    return float(np.quantile(strays, 0.8)) if len(strays) >= 5 else FEW_STRAYS


def precision(orders: Sequence[Array], number: int, bar: float) -> list[float]:
    """Share of each list's head at or above the bar."""
    return [float(np.mean(order[:number] >= bar)) for order in orders if len(order)]


def precision_line(name: str, orders: Sequence[Array], seconds: float | None = None) -> str:
    """P@10 sustained and doubled with intervals, P@20."""
    cells = []
    for number in (10, 20):
        for bar in (1.0, 2.0):
            values = precision(orders, number, bar)
            cells.append(f"{np.mean(values):.2f}{interval(values) if number == 10 else ''}")
    return f"| {name} | " + " | ".join(cells) + (f" | {seconds:.2f} |" if seconds is not None else " | |")


def brier_lines(ranked: Sequence[Ranked]) -> list[str]:
    """Ours against what was known of the last two years, and against the base rate that only hindsight knows."""
    said, came = (np.concatenate([getattr(each, name) for each in ranked]) for name in ("chances", "sustained"))
    guess = np.concatenate([np.full(len(each.chances), each.climatology) for each in ranked])
    ours, theirs = float(np.mean((said - came) ** 2)), float(np.mean((guess - came) ** 2))
    base = float(came.mean())
    gain = [
        float(np.mean((each.climatology - each.sustained) ** 2) - np.mean((each.chances - each.sustained) ** 2))
        for each in ranked
    ]
    lines = [
        f"Brier score {ours:.3f}; climatology of the last two years known at the time {theirs:.3f} "
        f"({100 * (1 - ours / theirs):.0f} % below; difference {np.mean(gain):.3f}{interval(gain)}); "
        f"climatology of hindsight {base * (1 - base):.3f} ({100 * (1 - ours / (base * (1 - base))):.0f} % below).",
        f"The level of a scan lay in its mean 80 % interval in {np.mean([e.inside[0] for e in ranked]):.0%} of scans.",
        "",
        "| said | flags | mean said | came true |",
        "|---|---|---|---|",
    ]
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)):
        within = (said >= low) & (said < high)
        if within.any():
            cells = f"{within.sum()} | {said[within].mean():.2f} | {came[within].mean():.2f}"
            lines.append(f"| {low:.1f} - {min(high, 1):.1f} | {cells} |")
    return lines


def peer_orders(index: TermIndex, grid: Sequence[int]) -> dict[str, tuple[dict[int, Array], float]]:
    """Outcomes of the top lists of plainer methods by scan, and CPU-seconds a scan."""
    found = {}
    bursts = "Kleinberg bursts, quarters of 4 years", peers.kleinberg
    yearly = "CiteSpace-like: bursts of yearly counts", peers.citespace_like
    growth = "growth of the last year", peers.last_years_growth
    for (method_name, method), most in product((bursts, yearly, growth), (None, MOST_BASE)):
        name = method_name if most is None else f"{method_name}, at most {most} papers before"
        start = time.process_time()
        tops = {week: peers.top_terms(index, week, method, 20, most) for week in grid}
        seconds = (time.process_time() - start) / len(grid)
        ratios = {week: _ratios(index, week, index.hashes[top]) for week, top in tops.items()}
        found[name] = ({week: each[~np.isnan(each)] for week, each in ratios.items()}, seconds)
    return found


def main() -> None:
    """Measure everything, write the tables, and with --ship the model that the product starts with."""
    index, costs = build(read_weeks(Settings().shared_data / "arxiv"))
    grid = [week for week in range(FIRST, int(index.week[-1]) + 1, STEP) if has_history(index, week)]
    due = [week for week in grid if week <= known_until(index)]
    start = time.process_time()
    flags = {week: find_flags(index, week) for week in grid}
    per_scan_s = (time.process_time() - start) / len(grid)
    history: dict[int, tuple[PastFlag, ...]] = {}
    for week in grid:
        new = [PastFlag(week, flag.term, flag.features()) for flag in flags[week]]
        history[week] = settle(index, new, left_out(index, week))
    every = [past for week in grid for past in history[week]]
    ranked: list[Ranked] = []
    for week in (week for week in due if week >= LATER):
        one = rank_scan(week, flags[week], every, history[week], ranked)
        ranked += [] if one is None else [one]
    rules = {week: rule_outcomes(index, week, flags) for week in due}
    print(costs, *rules_table(rules), *brier_lines(ranked), sep="\n", flush=True)
    text = report(index, costs, per_scan_s, rules, ranked, grid)
    RESULTS.joinpath("signals.md").write_text(text, encoding="utf-8")
    print(text)
    if "--ship" in sys.argv:
        ship(every, max(grid), ranked)


def ship(history: Sequence[PastFlag], week: int, ranked: Sequence[Ranked]) -> None:
    """Write the coefficients that are in force until a store has history of its own."""
    model = fit_ranking(history, week)
    assert model is not None, f"fewer than {FEWEST_FLAGS} outcomes"
    shipped = replace(
        model,
        learnt_from="arXiv 2010-2019, scans 13 weeks apart",
        stray=usual([abs(each.stray) for each in ranked]),
    ).to_dict()
    head = "# P(sustained) of a flag: numbers of `python -m benchmarks.signals --ship` on arXiv records; ranking.py.\n"
    SHIPPED.write_text(head + yaml.safe_dump(shipped, sort_keys=False, width=110), encoding="utf-8")


def report(
    index: TermIndex,
    costs: Costs,
    per_scan_s: float,
    rules: dict[int, dict[str, Array]],
    ranked: Sequence[Ranked],
    grid: Sequence[int],
) -> str:
    """The page."""
    late = [each for each in ranked if each.week >= TESTED]
    for name in ranked[0].orders:
        print(precision_line(name, [each.orders[name] for each in ranked]), flush=True)
    others = peer_orders(index, [each.week for each in ranked])
    print({name: seconds for name, (_, seconds) in others.items()}, flush=True)
    head = "| ranking | P@10 sustained | P@10 doubled | P@20 sustained | P@20 doubled | CPU-s a scan |"
    lines = [
        "# Weak signals: the term channel",
        "",
        f"{costs.papers:,} arXiv records 2008-2019 (a third with an abstract; omission is by category),",
        f"a scan every 13 weeks from {week_of(grid[0])}; {len(rules)} scans are due. Where an outcome is of 2019,",
        "documents of categories that stop in 2018 count neither then nor at the flag. Taxonomy terms are in.",
        "Intervals: 90 %, bootstrap over blocks of four scans. `python -m benchmarks.signals` writes this page.",
        "",
        "## Rules",
        "",
        *rules_table(rules),
        "",
        "## Ranking, walk-forward",
        "",
        f"{len(ranked)} scans from {week_of(ranked[0].week)} to {week_of(ranked[-1].week)}; the model knows only what "
        "was known at each scan. Of about 70 sets of features and settings, the best before 2015 was taken.",
        "",
        head,
        "|---|" + "---|" * 5,
        *(precision_line(name, [each.orders[name] for each in ranked]) for name in ranked[0].orders),
        *(precision_line(name, list(by_scan.values()), seconds) for name, (by_scan, seconds) in others.items()),
        "",
        "The peers list single terms, unmerged and ungated: a topic may fill several places, and without a bar on",
        "earlier papers most of their heads are established fields, which are likely to last and news to nobody.",
        "",
        f"The {len(late)} scans from 2015 on (not a clean hold-out: on view while rules and features were chosen):",
        "",
        head,
        "|---|" + "---|" * 5,
        *(precision_line(name, [each.orders[name] for each in late]) for name in late[0].orders),
        *(
            precision_line(name, [order for week, order in by_scan.items() if week >= TESTED], seconds)
            for name, (by_scan, seconds) in others.items()
        ),
        "",
        *brier_lines(ranked),
        "",
        "## Null: shuffled dates",
        "",
        *null_lines(index, grid[::2]),
        "",
        "## Lead over 50 papers a year, famous terms (a hindsight list)",
        "",
        *lead_lines(index),
        "",
        "## Costs",
        "",
        f"Blocks of {costs.papers:,} papers: {costs.wall_extract:.1f} s by the clock in two processes, "
        f"{costs.extract:.1f} CPU-s in both; index of {costs.terms:,} terms and "
        f"{costs.entries:,} entries: {costs.index:.1f} CPU-s. Extraction in two free cores and the index: "
        f"{costs.extract / 2 + costs.index:.0f} s. Blocks: {costs.megabytes:.0f} MB. A weekly update (extract "
        f"the new week, load 207 blocks, index, scan): {costs.update:.1f} CPU-s; "
        f"one scan with flags {per_scan_s:.2f} CPU-s.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
