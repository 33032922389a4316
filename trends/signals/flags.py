"""Flags of a scan: terms past every gate, with the facts that tell lasting ones from fashions."""

from dataclasses import dataclass

import numpy as np

from trends.signals.gates import Breadth, measure_breadth
from trends.signals.index import Places, TermIndex
from trends.signals.merge import Group, merge
from trends.signals.prior import Array
from trends.signals.scan import (
    FEWEST,
    LEAST_EB05,
    MOST_BASE,
    RECENT,
    Candidates,
    count_terms,
    exposure_ratio,
    has_history,
    mass,
    scan,
    windows,
)
from trends.signals.wording import core, is_generic, term_texts
from trends.terms import Ints, gram_hash

FEATURES = ("log_groups", "groups_per_paper", "log_eb05_26w_ago", "log_growth_26w")
LEAST_TITLE_SHARE = 0.04
"""A technology is named in titles; habits of writing (trained, unseen, github) are not."""
_UNSEEN_EB05 = 0.5
"""Of a term whose week 26 weeks ago could not be scanned: as of one that did not rise."""


@dataclass(frozen=True)
class Flag:
    """One merged term of one scan. Numbers are those of the canonical spelling."""

    week: int
    term: str
    variants: tuple[str, ...]
    n_recent: int
    n_base: int
    ratio: float
    eb05: float
    eb95: float
    eb05_before: float
    """As it stood 26 weeks ago, from a window that shares no paper with today's."""
    recent_before: int
    """Documents of that earlier window."""
    groups: int
    first_authors: int
    categories: int
    weeks: int
    largest_week: float
    later_half: int
    titles: int
    documents: tuple[int, ...]
    """Places of its recent documents, the oldest first."""
    titled: tuple[bool, ...]
    """Of each of them, whether the term stands in its title."""
    mass_recent: int
    mass_before: int
    """Terms of all documents of the last 26 weeks and of the 26 before: exposures."""

    @property
    def confirmed(self) -> bool:
        """Whether it was flagged 26 weeks ago too, by documents that count for nothing today."""
        return self.eb05_before > LEAST_EB05 and self.recent_before >= FEWEST

    @property
    def growth_26w(self) -> float:
        """Share now over share in the 26 weeks before, with half a document added to both."""
        before = (self.recent_before + 0.5) / max(1, self.mass_before) * self.mass_recent
        return (self.n_recent + 0.5) / (before + 0.5)

    def features(self) -> tuple[float, ...]:
        """What the ranking looks at, in the order of FEATURES."""
        before = float(np.clip(self.eb05_before, 0.1, 5.0))
        return (
            float(np.log(max(1, self.groups))),
            self.groups / self.n_recent,
            float(np.log(before)),
            float(np.log(self.growth_26w)),
        )


def find_flags(index: TermIndex, week: int, known: frozenset[str] = frozenset()) -> tuple[Flag, ...]:
    """Terms of a week that pass the gates, are not prose and not in `known` (normalised), merged; strongest first."""
    if not has_history(index, week):
        return ()
    found = scan(index, week)
    breadth = measure_breadth(index, found)
    passing = np.flatnonzero(breadth.passes())
    texts = _texts(index, found, passing)
    titled = breadth.titles >= LEAST_TITLE_SHARE * found.n_recent
    fresh = [place for place in passing if titled[place] and not is_generic(texts[int(place)])]
    named = _not_established(index, found, {int(place): texts[int(place)] for place in fresh})
    groups = merge(index, found, named)
    earlier = _earlier(index, week, found.term)
    flags = (_flag(index, found, breadth, group, earlier) for group in groups if not known & set(group.texts))
    return tuple(sorted(flags, key=lambda flag: (-flag.groups, -flag.eb05, flag.term)))


def _texts(index: TermIndex, found: Candidates, places: Ints) -> dict[int, str]:
    """Words of candidates, by place."""
    witness = dict(zip(found.entry_term.tolist(), found.entry_document.tolist(), strict=True))
    words = term_texts(index, {int(found.term[place]): witness[int(place)] for place in places})
    return {int(place): words[int(found.term[place])] for place in places}


def _not_established(index: TermIndex, found: Candidates, texts: dict[int, str]) -> dict[int, str]:
    """Without phrases about what is too frequent to be new: `deep learning model` once deep learning is."""
    cores = {place: core(text) for place, text in texts.items() if core(text) != text}
    hashes = np.array([gram_hash(words.split()) for words in cores.values()], np.uint64)
    term = Places(index.hashes)(hashes)
    base = np.append(count_terms(index, found.windows.base), 0)[term]
    established = {place for place, count in zip(cores, base.tolist(), strict=True) if count > MOST_BASE}
    return {place: text for place, text in texts.items() if place not in established}


@dataclass(frozen=True)
class _Earlier:
    """Of each candidate, 26 weeks ago."""

    eb05: Array
    recent: Ints
    mass_recent: int
    mass_before: int


def _earlier(index: TermIndex, week: int, term: Ints) -> _Earlier:
    now, then = windows(index, week), windows(index, week - RECENT)
    recent, base = count_terms(index, then.recent)[term], count_terms(index, then.base)[term]
    eb05 = np.full(len(term), _UNSEEN_EB05)
    if has_history(index, week - RECENT):
        exposure = exposure_ratio(index, then)
        posterior = scan(index, week - RECENT).prior.posterior(
            recent.astype(np.float64), np.asarray((base + 0.5) * exposure, np.float64)
        )
        eb05 = posterior.quantile(0.05)
    return _Earlier(eb05, recent, mass(index, now.recent), mass(index, then.recent))


def _flag(index: TermIndex, found: Candidates, breadth: Breadth, group: Group, earlier: _Earlier) -> Flag:
    at = group.place
    mine = found.entry_term == at
    return Flag(
        week=found.windows.week,
        term=group.texts[0],
        variants=tuple(sorted(group.texts[1:])),
        n_recent=int(found.n_recent[at]),
        n_base=int(found.n_base[at]),
        ratio=float(found.ratio[at]),
        eb05=float(found.eb05[at]),
        eb95=float(found.eb95[at]),
        eb05_before=float(earlier.eb05[at]),
        recent_before=int(earlier.recent[at]),
        groups=int(breadth.groups[at]),
        first_authors=int(breadth.first_authors[at]),
        categories=int(breadth.categories[at]),
        weeks=int(breadth.weeks[at]),
        largest_week=float(breadth.largest_week[at]),
        later_half=int(breadth.later_half[at]),
        titles=int(breadth.titles[at]),
        documents=tuple(found.entry_document[mine].tolist()),
        titled=tuple(found.entry_title[mine].tolist()),
        mass_recent=earlier.mass_recent,
        mass_before=earlier.mass_before,
    )
