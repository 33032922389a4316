"""From weeks of terms to the ten signals that a person reads."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from horizon.records import Signal
from trends.signals.flags import LEAST_TITLE_SHARE, Flag, find_flags
from trends.signals.gates import LEAST_CATEGORIES, LEAST_GROUPS, LEAST_WEEKS
from trends.signals.index import Places, TermIndex
from trends.signals.ranking import PastFlag, RankingModel
from trends.signals.scan import FEWEST, LEAST_EB05, RECENT
from trends.terms import gram_hash, normalise, week_of

METHOD = "term-eb05/2"
MOST_SIGNALS = 10
MOST_ITEMS = 10
SAME_EVENT = 0.6
"""Share of a term's recent documents that name a better one."""

Place = Callable[[str, tuple[str, ...]], tuple[str | None, str | None]]
"""Nearest area and sector of a term and its item ids, None where nothing is near."""


@dataclass(frozen=True)
class Detection:
    """Signals for people, and every flag for the ranking of later years."""

    signals: tuple[Signal, ...]
    flags: tuple[PastFlag, ...]


def detect(
    index: TermIndex,
    week: int,
    source: str,
    *,
    lexicon: Collection[str] = (),
    model: RankingModel | None = None,
    place: Place | None = None,
    most: int = MOST_SIGNALS,
) -> Detection:
    """The signals of a week, best first. Terms of the lexicon are passed over, however they are spelt.

    Confirmed ones come first, then those of most groups, which ranked past flags no worse than any model of their
    outcome (benchmarks/results/signals.md). Without a model P(sustained) is unknown. Documents after the week are not
    looked at.
    """
    flags = find_flags(index, week, frozenset(map(normalise, lexicon)))
    flag_at = {flag.term: at for at, flag in enumerate(flags)}
    chances = None if model is None else model.predict([flag.features() for flag in flags])
    order = sorted(range(len(flags)), key=lambda at: _rank(flags[at]))
    events = _one_an_event([flags[at] for at in order])[:most]
    signals = [
        _signal(index, each, source, None if chances is None else chances[flag_at[each.term]], place) for each in events
    ]
    return Detection(tuple(signals), tuple(PastFlag(flag.week, flag.term, flag.features()) for flag in flags))


def _one_an_event(flags: Sequence[Flag]) -> list[Flag]:
    """Of flags, best first, those whose recent documents mostly name a better one join it as its variants.

    Terms of one event (a new device and the words of its prose) would else fill the list that a person reads.
    """
    chosen: list[tuple[Flag, frozenset[int]]] = []
    for flag in flags:
        mine = frozenset(flag.documents)
        host = next((at for at, (_, theirs) in enumerate(chosen) if len(mine & theirs) >= SAME_EVENT * len(mine)), None)
        if host is None:
            chosen.append((flag, mine))
        else:
            better, theirs = chosen[host]
            chosen[host] = replace(better, variants=(*better.variants, flag.term, *flag.variants)), theirs
    return [flag for flag, _ in chosen]


def _rank(flag: Flag) -> tuple[float, ...]:
    """Small is good; flags come sorted, so that ties keep the order of groups, EB05 and term."""
    return -flag.confirmed, -flag.groups


def _signal(
    index: TermIndex, flag: Flag, source: str, chance: tuple[float, float, float] | None, place: Place | None
) -> Signal:
    items = _items(index, flag)
    area, sector = (None, None) if place is None else place(flag.term, items)
    p, low, high = chance if chance is not None else (None, None, None)
    return Signal(
        source=source,
        week=week_of(flag.week),
        channel="term",
        term=flag.term,
        variants=flag.variants,
        first_seen=index.day(first_document(index, flag.term)),
        n_recent=flag.n_recent,
        n_base=flag.n_base,
        rate_ratio=_short(flag.ratio),
        eb05=_short(flag.eb05),
        eb95=_short(flag.eb95),
        groups=flag.groups,
        categories=flag.categories,
        tier="confirmed" if flag.confirmed else "first_sight",
        p_sustained=p,
        p_sustained_lo80=low,
        p_sustained_hi80=high,
        nearest_area=area,
        sector=sector,
        item_ids=items,
        why_now=_why_now(flag, index),
        killed_by=_killed_by(flag, index),
        method=METHOD,
    )


def first_document(index: TermIndex, term: str) -> int:
    """Place of the first document with the term."""
    wanted = Places(index.hashes)(np.array([gram_hash(term.split())], np.uint64))[0]
    entry = int(np.argmax(index.terms == wanted))
    return int(np.searchsorted(index.pointers, entry, side="right")) - 1


def _items(index: TermIndex, flag: Flag) -> tuple[str, ...]:
    """Those that name it in the title first, then the newest."""
    order = sorted(zip(flag.titled, flag.documents, strict=True), reverse=True)
    return tuple(index.item_id(document) for _, document in order[:MOST_ITEMS])


def _documents(index: TermIndex, flag: Flag) -> int:
    first, last = index.documents(flag.week - RECENT + 1, flag.week)
    return max(1, last - first)


def _why_now(flag: Flag, index: TermIndex) -> dict[str, float]:
    values = {
        "share_26w": flag.n_recent / _documents(index, flag),
        "growth_26w": flag.growth_26w,
        "documents_26w_before": flag.recent_before,
        "documents_13w": flag.later_half,
        "eb05_26w_ago": flag.eb05_before,
        "first_authors": flag.first_authors,
        "weeks_active": flag.weeks,
        "largest_week_share": flag.largest_week,
        "title_share": flag.titles / flag.n_recent,
    }
    return {name: _short(value) for name, value in values.items()}


def _killed_by(flag: Flag, index: TermIndex) -> dict[str, float]:
    """The gates it passed, any of which would drop it; and the outcome by which it will be judged."""
    return {
        "documents_26w": FEWEST,
        "eb05": LEAST_EB05,
        "groups": LEAST_GROUPS,
        "categories": LEAST_CATEGORIES,
        "weeks_active": LEAST_WEEKS,
        "title_share": LEAST_TITLE_SHARE,
        "share_weeks_53_to_104": _short(flag.n_recent / _documents(index, flag)),
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")
