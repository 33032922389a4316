"""From papers to patents: which organisations with papers in an area had patent families in it later."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from horizon.records import Item
from horizon.weeks import IsoWeek
from trends.actors import MIN_WORKS, SHOWN, WINDOW_WEEKS, Kind, display_names, works_of
from trends.estimate import Estimate, proportion

_KINDS: tuple[Kind, Kind] = ("papers", "patents")


@dataclass(frozen=True)
class Conversion:
    """Organisations with papers in the area, and later patent families in it."""

    organisations: int
    """With a paper at least a year before the week's end."""
    converted: int
    share: Estimate
    """A lower bound: an organisation that patents under another name is missed."""
    families: int
    median_years: float
    """From the first paper to the first later family."""
    names: tuple[str, ...]


def conversion(items: Sequence[tuple[str, Item]], week: IsoWeek) -> Conversion | None:
    """Organisations whose patents in the area followed their papers in it; None below twenty with papers.

    The day of a patent is its family's first publication, about 18 months after its filing.
    """
    papers, families = (
        [work for work in works_of(items, kind) if work.published <= week.sunday and work.organisations]
        for kind in _KINDS
    )
    names = display_names([*papers, *families])
    started: dict[str, date] = {}
    for work in papers:
        for key in work.organisations:
            started.setdefault(key, work.published)
    eligible = {key for key, day in started.items() if day <= (week + -WINDOW_WEEKS).sunday}
    if len(eligible) < MIN_WORKS or not families:
        return None
    later = [(work, key) for work in families for key in work.organisations if key in eligible]
    later = [(work, key) for work, key in later if work.published > started[key]]
    count = Counter(key for _, key in later)
    years: dict[str, float] = {}
    for work, key in later:
        years.setdefault(key, (work.published - started[key]).days / 365.25)
    return Conversion(
        organisations=len(eligible),
        converted=len(count),
        share=proportion(len(count), len(eligible)),
        families=len({work.id for work, _ in later}),
        median_years=float(np.median(list(years.values()))) if years else 0.0,
        names=tuple(names[key] for key in sorted(count, key=lambda key: (-count[key], key))[:SHOWN]),
    )
