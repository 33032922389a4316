"""Non-consensus items: in an area, but without close predecessors, or with fields that hardly ever meet.

The first compares an item with the area's items of the three years before it; what is unusual is learnt from the
area's own last year, each item of which had its own predecessors. The second asks how often a pair of codes was seen
against what its codes' other pairs lead to expect (the configuration model, as Uzzi et al. 2013, Science 342, ask of
pairs of journals). Both are causal, and say nothing where too little is known.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, zip_longest

import numpy as np
import numpy.typing as npt

from horizon.errors import UsageError
from horizon.records import Code, Item, NonConsensus
from horizon.weeks import IsoWeek
from trends.nearest import Vectors, unit

METHOD = "non-consensus-1"
PREDECESSOR_WEEKS, CALIBRATION_WEEKS = 156, 52
HISTORY_WEEKS = PREDECESSOR_WEEKS + CALIBRATION_WEEKS
"""Of an area's items that a flow should pass."""
UNUSUAL = 0.03
"""Share of the area's items that are as far from their predecessors."""
SUREST_FROM = 0.9
"""A label below this chance is too often wrong, and wrong labels lie far from the area's items."""
FEWEST_TO_LEARN_FROM = 100
SHORTEST_ABSTRACT = 400
"""Letters: a short text is far from everything because little is said in it."""
LEAST_EXPECTED = 5.0
RARE_RATIO = 0.1
"""A pair is rare when it is seen less than a tenth as often as expected, at 95 % (Poisson)."""
MOST_SEEN = 10
"""Of the pair in three years: what was tried so often is no longer odd, however often it was to be expected."""
MOST_A_WEEK = 10
_CPC_SUBCLASS = 4
_ROWS_AT_ONCE = 1_024
_NONE = -2.0
"""Below every cosine."""

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AreaItems:
    """Items of one source in one area (assigned); rows of every field belong together."""

    area: str
    ids: tuple[str, ...]
    days: npt.NDArray[np.int64]
    """`date.toordinal` of the first public date."""
    vectors: Vectors
    probabilities: Floats
    """Of the label."""
    readable: Mask
    """`is_readable` of each item."""

    def __post_init__(self) -> None:
        lengths = {len(each) for each in (self.ids, self.days, self.probabilities, self.readable)}
        if lengths != {len(self.vectors)}:
            raise UsageError(f"expected {len(self.vectors)} rows in every field of {self.area}, found {lengths}")

    @property
    def sure(self) -> Mask:
        """Rows of which the label and the text can be trusted."""
        return self.readable & (self.probabilities >= SUREST_FROM)

    def ordered(self) -> "AreaItems":
        """By id, each id once, vectors at unit length."""
        _, rows = np.unique(np.array(self.ids, dtype=str), return_index=True)
        return AreaItems(
            self.area,
            tuple(self.ids[row] for row in rows),
            np.asarray(self.days, dtype=np.int64)[rows],
            unit(self.vectors[rows]),
            np.asarray(self.probabilities, dtype=np.float64)[rows],
            np.asarray(self.readable, dtype=np.bool_)[rows],
        )


@dataclass(frozen=True)
class PairCounts:
    """How often codes stood together in a source's items."""

    pairs: Mapping[tuple[str, str], int]
    degrees: Mapping[str, int]
    """Of every code the number of pairs that it stands in."""
    total: int

    def expected(self, pair: tuple[str, str]) -> float:
        """What the codes' other company leads to expect."""
        return self.degrees.get(pair[0], 0) * self.degrees.get(pair[1], 0) / max(2 * self.total, 1)


def is_readable(item: Item) -> bool:
    """Whether enough is said, in a language of which there are vectors, for a distance to mean something."""
    letters = sum(map(str.isalpha, item.abstract or ""))
    return item.language == "en" and letters >= SHORTEST_ABSTRACT and not item.withdrawn


def fields_of(codes: Iterable[Code]) -> tuple[str, ...]:
    """The fields that codes name: categories, and of patents the subclasses of what is said of the invention."""
    named = {
        f"{code.scheme}:{code.symbol[:_CPC_SUBCLASS] if code.scheme in ('cpc', 'ipc') else code.symbol}"
        for code in codes
        if code.value != "A"
    }
    return tuple(sorted(named))


def count_pairs(fields: Iterable[Sequence[str]]) -> PairCounts:
    """Of the fields of every earlier item of the source, in or out of areas; `fields_of` orders each."""
    return pair_counts(Counter(pair for each in fields for pair in combinations(sorted(set(each)), 2)))


def pair_counts(pairs: Mapping[tuple[str, str], int]) -> PairCounts:
    """Of pairs already counted."""
    degrees: Counter[str] = Counter()
    for (one, other), count in pairs.items():
        degrees[one] += count
        degrees[other] += count
    return PairCounts(pairs, degrees, sum(pairs.values()))


def without_predecessors(items: AreaItems, week: IsoWeek) -> list[NonConsensus]:
    """The week's items that lie further from all before them than 97 % of the area's items of the last year did.

    The strangest first: how far below, in units of the area's own spread. None from an area with few items.
    """
    known = items.ordered()
    ages = _ages(known.days, week)
    able = known.sure & (known.vectors != 0).any(axis=1)
    usual, _ = _closest(known, np.flatnonzero(able & (ages >= 1) & (ages <= CALIBRATION_WEEKS)))
    usual = usual[~np.isnan(usual)]
    if len(usual) < FEWEST_TO_LEARN_FROM:
        return []
    bar, middle = (float(point) for point in np.quantile(usual, (UNUSUAL, 0.5)))
    rows = np.flatnonzero(able & (ages == 0))
    values, nearest_rows = _closest(known, rows)
    found = []
    for row, value, neighbour in zip(rows, values, nearest_rows, strict=True):
        if value < bar:
            strangeness = (float(value) - bar) / max(middle - bar, 1e-9)
            found.append((strangeness, _isolated(known, int(row), float(value), bar, int(neighbour))))
    return [each for _, each in sorted(found, key=lambda pair: (pair[0], pair[1].item_id))]


def _ages(days: npt.NDArray[np.int64], week: IsoWeek) -> npt.NDArray[np.int64]:
    ages: npt.NDArray[np.int64] = (week.monday.toordinal() - 1) // 7 - (days - 1) // 7
    return ages


def _closest(known: AreaItems, rows: npt.NDArray[np.int64]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """For every row the largest cosine to an item of the days before it, and that item's row.

    NaN where nothing came before. Items without a vector are no predecessors: nothing is known of them.
    """
    values, neighbours = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    able = np.flatnonzero((known.vectors != 0).any(axis=1))
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        chunk = rows[begin : begin + _ROWS_AT_ONCE]
        gap = known.days[chunk][:, None] - known.days[able][None, :]
        earlier = (gap > 0) & (gap <= 7 * PREDECESSOR_WEEKS)
        cosines = np.where(earlier, known.vectors[chunk] @ known.vectors[able].T, np.float32(_NONE))
        best = cosines.max(axis=1, initial=_NONE).astype(np.float64)
        values.append(np.where(best > _NONE, best, np.nan))
        neighbours.append(able[cosines.argmax(axis=1)] if len(able) else chunk)
    return np.concatenate(values), np.concatenate(neighbours)


def _isolated(known: AreaItems, row: int, value: float, bar: float, neighbour: int) -> NonConsensus:
    return NonConsensus(
        item_id=known.ids[row],
        area=known.area,
        reason="no_close_predecessor",
        value=round(value, 4),
        expected=round(bar, 4),
        neighbour=known.ids[neighbour],
        method=METHOD,
    )


def rare_combinations(
    items: AreaItems, fields: Mapping[str, Sequence[str]], before: PairCounts, week: IsoWeek
) -> list[NonConsensus]:
    """The week's items with a pair of fields (`fields` by id) that hardly ever met in `before`, the rarest first.

    `before` counts the source's items of the PREDECESSOR_WEEKS before; an item is listed once, by its rarest pair.
    """
    known = items.ordered()
    found = []
    for row in np.flatnonzero(known.sure & (_ages(known.days, week) == 0)):
        pairs = combinations(sorted(set(fields.get(known.ids[row], ()))), 2)
        ranked = sorted((rarity(pair, before), pair) for pair in pairs)
        if ranked and ranked[0][0] < RARE_RATIO:
            found.append((ranked[0][0], _rare(known, int(row), ranked[0][1], before)))
    return [record for _, record in sorted(found, key=lambda each: (each[0], each[1].item_id))]


def _rare(known: AreaItems, row: int, pair: tuple[str, str], before: PairCounts) -> NonConsensus:
    return NonConsensus(
        item_id=known.ids[row],
        area=known.area,
        reason="rare_combination",
        value=float(before.pairs.get(pair, 0)),
        expected=round(before.expected(pair), 2),
        fields=pair,
        method=METHOD,
    )


def rarity(pair: tuple[str, str], before: PairCounts) -> float:
    """Upper 95 % point of seen over expected; infinite where too little is expected, or the pair is known by now."""
    from scipy.special import gammaincinv

    expected, seen = before.expected(pair), before.pairs.get(pair, 0)
    if expected < LEAST_EXPECTED or seen > MOST_SEEN:
        return float("inf")
    return float(gammaincinv(seen + 1, 0.95) / expected)


def non_consensus(
    isolated: Sequence[Sequence[NonConsensus]], rare: Sequence[Sequence[NonConsensus]], *, most: int = MOST_A_WEEK
) -> list[NonConsensus]:
    """At most `most` of a week: areas and reasons take turns, each with its strongest first; an item once."""
    turns = [*sorted(filter(None, isolated), key=_area), *sorted(filter(None, rare), key=_area)]
    ordered: Iterator[NonConsensus | None] = chain.from_iterable(zip_longest(*turns))
    chosen: dict[str, NonConsensus] = {}
    for each in ordered:
        if each is not None:
            chosen.setdefault(each.item_id, each)
    return list(chosen.values())[:most]


def _area(some: Sequence[NonConsensus]) -> str:
    return some[0].area
