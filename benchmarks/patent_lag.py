"""How often the lag of patents is found, covered and imagined in planted series; and the one real pair at hand.

    python -m benchmarks.route_counts COUNTS.csv; python -m benchmarks.patent_lag COUNTS.csv

Planted: 200 worlds a row; half-yearly log shares of papers wander (0.25 a half year), patents follow 0 to 10 years (or
as far as the length allows) later with effect 0.8 and noise 0.1; an interval of whole half years covers too often.
Imagined: patents that wander by themselves. Real: fusion in arXiv 2008-2019 and US patents and applications with CPC
G21B among those in G21 (nuclear_g21_us_grants.parquet).
"""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.labels import SHARED
from benchmarks.route_race import LAST, read_counts
from horizon.records import SeriesPoint
from horizon.weeks import IsoWeek, weeks_between
from trends.patent_lag import LONGEST_YEARS, MIN_HALF_YEARS, RELATED_FROM, PatentLag, lag_posterior, patent_lag

RESULT = Path(__file__).parent / "results" / "patent_lag.md"
WORLDS = 200
AREA = "controlled_nuclear_fusion"


def main(arguments: Sequence[str]) -> None:
    """Measure and write the table."""
    about = (__doc__ or "").strip()
    head = "| years of papers | lags tried, years | half years judged | related found | 80 % covers | imagined |"
    lines = [f"# The lag of patents behind papers\n\n{about}\n", head, "|---|---|---|---|---|---|"]
    lines += [_row(length) for length in (24, 30, 40, 50)]
    found = real_lag(Path(arguments[0]))
    told = found.reason if found.years is None else f"{found.years:.1f} years, 80 % {found.lo80} to {found.hi80}"
    lines.append(f"\nReal: {found.papers} papers, {found.families} patents; {found.status}: {told}.")
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _row(length: int) -> str:
    longest = min(2 * LONGEST_YEARS, length - MIN_HALF_YEARS)
    judged, found, covered, imagined = length - longest, 0, 0, 0
    for seed in range(WORLDS):
        random = np.random.default_rng(seed)
        lag = int(random.integers(0, longest + 1))
        papers = np.cumsum(random.normal(0, 0.25, length))
        patents = random.normal(0, 0.1, length)
        patents[lag:] += 0.8 * papers[: length - lag]
        posterior, related = lag_posterior(papers, patents[-judged:])
        imagined += lag_posterior(papers, np.cumsum(random.normal(0, 0.25, judged)))[1] >= RELATED_FROM
        if related >= RELATED_FROM:
            found += 1
            low, high = np.searchsorted(np.cumsum(posterior), [0.1, 0.9])
            covered += bool(low <= lag <= high)
    share = f"{covered / found:.2f}" if found else "-"
    cells = (f"{length / 2:g}", f"0 to {longest / 2:g}", judged, f"{found / WORLDS:.2f}", share, imagined / WORLDS)
    return f"| {' | '.join(map(str, cells))} |"


def real_lag(path: Path) -> PatentLag:
    """The lag of fusion, as the product would tell it at the end of 2019."""
    counts = read_counts(path)
    weeks = list(weeks_between(IsoWeek(2008, 1), LAST))
    papers = [
        SeriesPoint(
            series=f"area:{AREA}", source="arxiv", week=week, n=counts.get((f"area:{AREA}", str(week)), 0), total=total
        )
        for week in weeks
        if (total := counts.get(("total", str(week))))
    ]
    fusion, every = _patents()
    patents = [
        SeriesPoint(series=f"area:{AREA}", source="uspto_grants", week=week, n=fusion[week], total=every[week])
        for week in weeks_between(IsoWeek(1990, 1), LAST)
    ]
    return patent_lag(AREA, papers, patents, LAST)


def _patents() -> tuple[Counter[IsoWeek], Counter[IsoWeek]]:
    """Those in G21B, and all in G21, by week of publication."""
    import pandas as pd

    frame = pd.read_parquet(
        SHARED / "patents" / "nuclear_g21_us_grants.parquet", columns=["publication_date", "cpc", "ipc"]
    )
    fusion: Counter[IsoWeek] = Counter()
    every: Counter[IsoWeek] = Counter()
    for row in frame.to_dict("records"):
        week = IsoWeek.of(date.fromisoformat(str(row["publication_date"])[:10]))
        every[week] += 1
        fusion[week] += any(str(code).startswith("G21B") for code in (*row["cpc"], *row["ipc"]))
    return fusion, every


if __name__ == "__main__":
    main(sys.argv[1:])
