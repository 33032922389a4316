"""Series of real arXiv papers, 2008-2019, by month and by week, on which momentum is measured.

    python -m benchmarks.momentum_sets FOLDER

The archive copy holds whole files of some categories and, of the others, only papers cross-listed into those. Six
files stop at the end of 2018. A paper is therefore kept only when it is listed in at least one category whose file is
whole from 2011 at the latest to 2019 (such a category has papers listed nowhere else in every year): what is kept
depends on a paper's categories alone and never on its year, so that neither counts nor totals fall when a file ends or
rise when arXiv opens a category. Totals N are the kept papers of the same period. A category that arXiv renamed is one
series under its later name. Dates are those of the first version; the week of New Year 2020 is left out.

Sets: NAMED, 40 famous topics (a list made with hindsight) by words in title and abstract; CAT, primary categories whose
file is whole; CATALL, every primary category (those without a file are counted by their cross-listed papers); TERM, 500
words of two or three from titles, drawn by hash among all that are eligible at some origin, so that those eligible at
one origin are a random sample of all eligible there. Where an abstract is left out of the data, its title alone counts.

Halves A and B are drawn by a hash of the paper's id.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.labels import SHARED
from horizon.errors import UsageError
from trends.backtest import eligible_at
from trends.dglm import Array
from trends.momentum import Panel

FILES = ("arxiv_2008_2012", "arxiv_2013_2016", "arxiv_2017_2019")
FIRST_YEAR, LAST_YEAR = 2008, 2019
WHOLE_SINCE = 2011
RENAMED = {"cs.SY": "eess.SY", "cs.NA": "math.NA", "q-fin.EC": "econ.GN"}
"""By arXiv, in 2017 and 2019: papers of the later name are listed under both."""
MERGED_FILES = frozenset({"cs.NA"})
"""After its renaming this file receives all of math.NA, whose own file ends: it is not whole in the same sense."""
GRAINS = {"monthly": 12, "weekly": 52}
SETS = ("named", "cat", "catall", "term")
MIN_AGE_YEARS = 3
"""A younger category is a birth of the taxonomy, not a field that emerges; what is defined by text has no birth."""
TERM_POOL = 500
MIN_TITLES = 3
"""Titles of the last two years in which a term must stand."""

TOPICS = {
    "deep learning": r"deep learning|deep neural networks?",
    "graph neural network": r"graph (?:neural|convolutional) networks?",
    "memristor": r"memrist\w+",
    "reconfigurable intelligent surface": r"(?:reconfigurable )?intelligent (?:reflecting )?surfaces?",
    "spiking neural": r"spiking neural|spiking neurons?|spiking networks?",
    "neuromorphic": r"neuromorphic\w*",
    "CRISPR": r"crispr\w*",
    "quantum machine learning": r"quantum machine learning|quantum neural networks?",
    "stellarator": r"stellarators?",
    "tokamak": r"tokamaks?",
    "massive MIMO": r"massive mimo|massive multiple input",
    "mmWave 5G": r"mm ?waves?|millimet(?:er|re) waves?|5g",
    "visible light communication": r"visible light communications?|vlc",
    "quantum error correction": r"quantum error correct\w+|surface codes?",
    "perovskite": r"perovskites?",
    "generative adversarial": r"generative adversarial",
    "brain-computer interface": r"brain (?:computer|machine) interfaces?|bci",
    "soft robotics": r"soft robot\w*",
    "topological insulator": r"topological insulators?",
    "blockchain": r"block ?chains?",
    "federated learning": r"federated learning",
    "internet of things": r"internet of things|iot",
    "cognitive radio": r"cognitive radios?",
    "network coding": r"network cod(?:ing|es?)",
    "compressed sensing": r"compress(?:ed|ive) sens\w+",
    "graphene": r"graphenes?",
    "exoskeleton": r"exoskelet\w+",
    "cloud computing": r"cloud computing",
    "edge computing": r"(?:mobile )?edge computing|fog computing",
    "software defined networking": r"software defined network\w*|sdn",
    "optogenetic": r"optogenetic\w*",
    "single cell RNA": r"single cell (?:rna|transcriptom\w+|sequencing)|scrna\w*",
    "autonomous driving": r"autonomous driving|self driving|autonomous vehicles?",
    "wireless power": r"wireless(?:ly)? power\w*|wireless energy transfer|swipt",
    "terahertz": r"terahertz|thz",
    "Rydberg": r"rydberg",
    "laser wakefield": r"wakefields?",
    "UAV": r"uavs?|unmanned aerial|drones?",
    "reinforcement learning": r"reinforcement learning",
    "metasurface": r"meta ?surfaces?",
}

_STOP_WORDS = """
a an and are as at be been between both by can do does for from has have how if in into is it its may more most new no
non not of on one or other our over some such than that the their them there these they this to toward towards two under
up upon use used using very via was we were what when which while who why will with within without
"""
_STOP = frozenset(_STOP_WORDS.split())
_WORD = re.compile(r"[a-z][a-z0-9]+")
_MARKUP = re.compile(r"\$[^$]*\$|\\[a-z]+")


@dataclass(frozen=True)
class SeriesSet:
    """One set at one grain. Counts are (series, period) of half A and of half B, totals (period); `eligible` is
    (origin, series); an origin is the number of periods before it."""

    name: str
    periods_per_year: int
    names: tuple[str, ...]
    periods: tuple[str, ...]
    counts_a: Array
    counts_b: Array
    totals_a: Array
    totals_b: Array
    origins: NDArray[np.int64]
    eligible: NDArray[np.bool_]

    @property
    def counts(self) -> Array:
        return self.counts_a + self.counts_b

    @property
    def totals(self) -> Array:
        return self.totals_a + self.totals_b

    def panel(self, until: int | None = None, half: str = "both") -> Panel:
        """What was known before period `until`, of all papers or of half "a" or "b"."""
        counts = {"a": self.counts_a, "b": self.counts_b, "both": self.counts}[half][:, :until]
        totals = {"a": self.totals_a, "b": self.totals_b, "both": self.totals}[half][:until]
        kinds = (self.name,) * len(self.names)
        return Panel(self.names, kinds, counts, np.broadcast_to(totals, counts.shape), self.periods_per_year)


def load(folder: Path, name: str, grain: str) -> SeriesSet:
    """Read a set that `python -m benchmarks.momentum_sets FOLDER` has written."""
    path = folder / f"{name}_{grain}.npz"
    if not path.is_file():
        raise UsageError(f"expected series in {path}, found no file; run python -m benchmarks.momentum_sets {folder}")
    with np.load(path, allow_pickle=False) as file:
        return SeriesSet(
            name=name,
            periods_per_year=GRAINS[grain],
            names=tuple(map(str, file["names"])),
            periods=tuple(map(str, file["periods"])),
            counts_a=file["counts_a"].astype(float),
            counts_b=file["counts_b"].astype(float),
            totals_a=file["totals_a"].astype(float),
            totals_b=file["totals_b"].astype(float),
            origins=file["origins"],
            eligible=file["eligible"],
        )


def main(folder: Path) -> None:
    """Write every set at both grains into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    papers = read_papers(SHARED / "arxiv")
    print(f"{len(papers)} papers kept, {papers.abstract_omitted.mean():.1%} of them without their abstract")
    texts = [_normal(f"{title} . {abstract}") for title, abstract in zip(papers.title, papers.abstract, strict=True)]
    member = {
        "named": _named(texts),
        "cat": _categories(papers, whole_categories(papers.categories, papers.created)),
        "catall": _categories(papers, None),
        "term": _terms([_normal(title) for title in papers.title], texts),
    }
    for name, (names, paper, series, titled) in member.items():
        for grain, year in GRAINS.items():
            _write(folder, name, grain, year, papers, names, paper, series, titled)


def read_papers(folder: Path) -> pd.DataFrame:
    """Papers listed in a whole category, with `month`, `week` (running numbers from 0) and `half`."""
    frames = [pd.read_parquet(folder / f"{name}.parquet") for name in FILES]
    papers = pd.concat(frames, ignore_index=True)
    whole = whole_categories(papers.categories, papers.created)
    kept = [not whole.isdisjoint(listed.split()) for listed in papers.categories]
    papers = papers[kept].sort_values("arxiv_id", ignore_index=True)
    days = [date.fromisoformat(day) for day in papers.created]
    first = date.fromisocalendar(FIRST_YEAR, 1, 1)
    papers["month"] = [(day.year - FIRST_YEAR) * 12 + day.month - 1 for day in days]
    papers["week"] = [(day - first).days // 7 for day in days]
    papers["half"] = [blake2b(paper.encode(), digest_size=1).digest()[0] & 1 for paper in papers.arxiv_id]
    return papers


def whole_categories(categories: Iterable[str], created: Iterable[str]) -> frozenset[str]:
    """Categories with papers listed nowhere else in every year from WHOLE_SINCE on.

    Without its own file a category is known by cross-lists alone, so that it has no such paper.
    """
    alone: dict[str, Counter[int]] = {}
    for listed, day in zip(categories, created, strict=True):
        if " " not in listed:
            alone.setdefault(listed, Counter())[int(day[:4])] += 1
    years = range(WHOLE_SINCE, LAST_YEAR + 1)
    return frozenset(name for name, seen in alone.items() if all(seen[year] for year in years)) - MERGED_FILES


Members = tuple[list[str], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_] | None]
"""Names of the series, and of every membership its paper, its series, and whether the title alone makes it."""


def _named(texts: Sequence[str]) -> Members:
    paper: list[int] = []
    series: list[int] = []
    for number, pattern in enumerate(TOPICS.values()):
        found = re.compile(rf"\b(?:{pattern})\b")
        hits = [index for index, text in enumerate(texts) if found.search(text)]
        paper += hits
        series += [number] * len(hits)
    return list(TOPICS), np.array(paper), np.array(series), None


def _categories(papers: pd.DataFrame, chosen: frozenset[str] | None) -> Members:
    primary = papers.primary_category.replace(RENAMED)
    names = sorted(set(primary) if chosen is None else {RENAMED.get(name, name) for name in chosen})
    index = {name: number for number, name in enumerate(names)}
    series = primary.map(index).fillna(-1).to_numpy().astype(np.int64)
    paper = np.flatnonzero(series >= 0)
    return names, paper, series[paper], None


def _terms(titles: Sequence[str], texts: Sequence[str]) -> Members:
    seen: Counter[str] = Counter()
    for title in titles:
        seen.update(set(_phrases(title)))
    names = sorted(term for term, count in seen.items() if count >= MIN_TITLES)
    index = {term: number for number, term in enumerate(names)}
    paper: list[int] = []
    series: list[int] = []
    titled: list[bool] = []
    for number, (title, text) in enumerate(zip(titles, texts, strict=True)):
        in_title = {index[term] for term in _phrases(title) if term in index}
        in_text = in_title | {index[term] for term in _phrases(text) if term in index}
        paper += [number] * len(in_text)
        series += in_text
        titled += [term in in_title for term in in_text]
    return names, np.array(paper), np.array(series), np.array(titled)


def _phrases(text: str) -> Iterator[str]:
    """Two and three words in a row without a stop word among them; a full stop or comma parts words."""
    for part in re.split(r"[.,;:()]", text):
        words = _WORD.findall(part)
        for place in range(len(words) - 1):
            if words[place] in _STOP or words[place + 1] in _STOP:
                continue
            yield f"{words[place]} {words[place + 1]}"
            if place + 2 < len(words) and words[place + 2] not in _STOP:
                yield f"{words[place]} {words[place + 1]} {words[place + 2]}"


def _normal(text: str) -> str:
    return _MARKUP.sub(" ", text.lower()).replace("-", " ").replace("\n", " ")


def _write(
    folder: Path,
    name: str,
    grain: str,
    year: int,
    papers: pd.DataFrame,
    names: list[str],
    paper: NDArray[np.int64],
    series: NDArray[np.int64],
    titled: NDArray[np.bool_] | None,
) -> None:
    periods = _periods(grain)
    column = papers["month" if year == 12 else "week"].to_numpy()
    half = papers["half"].to_numpy()
    inside = column[paper] < len(periods)
    paper, series = paper[inside], series[inside]
    if titled is not None:
        titled = titled[inside]
    counts = [
        _count(series[half[paper] == side], column[paper][half[paper] == side], names, periods) for side in (0, 1)
    ]
    totals = [np.bincount(column[half == side], minlength=len(periods))[: len(periods)] for side in (0, 1)]
    origins = _origins(grain)
    age = MIN_AGE_YEARS if name in ("cat", "catall") else 0
    eligible = eligible_at((counts[0] + counts[1]).astype(float), origins, year, age)
    if titled is not None:
        in_titles = _count(series[titled], column[paper][titled], names, periods)
        eligible &= np.array([in_titles[:, at - 2 * year : at].sum(axis=1) >= MIN_TITLES for at in origins])
        kept = _sample(names, eligible)
        names, eligible = [names[row] for row in kept], eligible[:, kept]
        counts = [side[kept] for side in counts]
    np.savez_compressed(
        folder / f"{name}_{grain}.npz",
        names=np.array(names),
        periods=np.array(periods),
        counts_a=counts[0],
        counts_b=counts[1],
        totals_a=totals[0],
        totals_b=totals[1],
        origins=origins,
        eligible=eligible,
    )
    print(f"{name} {grain}: {len(names)} series, {eligible.sum(axis=1).mean():.0f} eligible an origin")


def _count(
    series: NDArray[np.int64], column: NDArray[np.int64], names: list[str], periods: list[str]
) -> NDArray[np.int32]:
    flat = np.bincount(series * len(periods) + column, minlength=len(names) * len(periods))
    return flat.reshape(len(names), len(periods)).astype(np.int32)


def _sample(names: list[str], eligible: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rows of TERM_POOL terms that are eligible at some origin, by hash of the term: no year decides."""
    ever = [row for row in range(len(names)) if eligible[:, row].any()]
    chosen = sorted(ever, key=lambda row: blake2b(names[row].encode(), digest_size=8).digest())[:TERM_POOL]
    return np.array(sorted(chosen))


def _periods(grain: str) -> list[str]:
    if grain == "monthly":
        return [f"{year}-{month:02d}" for year in range(FIRST_YEAR, LAST_YEAR + 1) for month in range(1, 13)]
    first, last = date.fromisocalendar(FIRST_YEAR, 1, 1), date.fromisocalendar(LAST_YEAR, 52, 1)
    weeks = range((last - first).days // 7 + 1)
    days = [date.fromordinal(first.toordinal() + 7 * week).isocalendar() for week in weeks]
    return [f"{year}-W{week:02d}" for year, week, _ in days]


def _origins(grain: str) -> NDArray[np.int64]:
    """January and July 2012 to January 2019; in weeks, every 26 from 2012 as long as a year can follow."""
    if grain == "monthly":
        return np.arange(4 * 12, 11 * 12 + 1, 6)
    periods = _periods(grain)
    return np.arange(periods.index("2012-W01"), len(periods) - 52 + 1, 26)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m benchmarks.momentum_sets FOLDER")
    main(Path(sys.argv[1]))
