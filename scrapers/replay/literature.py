"""The simulated works of the life sciences: preprints on two servers, what became of them, and articles without any.

One work has one number, whatever shows it: its preprint, its record at Europe PMC, its article, a posting on arXiv too.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scrapers.replay.planting import Theme
from scrapers.replay.prose import templates
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.world import DAY_S, NEVER, Ints, Paper, draw, fractions

LIFE_AREAS = ("cell_and_gene_therapy", "regenerative_medicine", "biomanufacturing", "brain_computer_interface")
_SHARE = 0.5
"""Works for each item of arXiv: 500 for 1,000."""
_BIORXIV, _MEDRXIV = 0.30, 0.40
"""Cumulative shares of works that are posted there first: 150 and 50 for 1,000 items of arXiv."""
_PUBLISHED, _LINKED, _RETITLED, _POSTED_TWICE = 0.4, 0.6, 0.2, 0.08
_SHORTEST_GAP_DAYS, _GAP_DAYS = 60, 180
_LEAD_IN_WEEKS = 36
"""Articles of the world's first weeks were preprints before it begins."""
# Channels of randomness after those of every item.
_SERVER, _FATE, _GAP, _LINK, _TWIN = range(9, 14)


@dataclass(frozen=True)
class Fates:
    """What became of each work, by its number."""

    server: npt.NDArray[np.int8]
    """0: never posted as a preprint, 1: bioRxiv, 2: medRxiv."""
    shown: npt.NDArray[np.bool_]
    """Whether Europe PMC shows the preprint."""
    article_s: Ints
    """When its article came out, in seconds since 1970; NEVER where there is none."""
    linked: npt.NDArray[np.bool_]
    """Whether the preprint says which article it became; otherwise only title, first author and year tell."""
    retitled: npt.NDArray[np.bool_]
    """Whether the article has another title."""


class Literature(SimulatedWorld):
    """Works up to the last week of an arXiv-like world; some of its papers are posted on bioRxiv too."""

    theme = Theme(
        roles={
            "surge": "cell_and_gene_therapy",
            "decline": "regenerative_medicine",
            "constant": "biomanufacturing",
            "overtaking": "brain_computer_interface",
        },
        factors={
            "cell_and_gene_therapy": 6.0,
            "regenerative_medicine": 4.0,
            "biomanufacturing": 5.0,
            "brain_computer_interface": 5.0,
        },
        other_factor=0.15,
        subjects="life_subjects",
        archives=False,
    )
    _salt = 1_000_003

    def __init__(self, arxiv: SimulatedWorld) -> None:
        weeks = arxiv.weeks + _LEAD_IN_WEEKS
        super().__init__(
            arxiv.taxonomy, arxiv.seed, max(1, round(arxiv.items_per_week * _SHARE)), arxiv.last_week, weeks
        )
        self.outages = ()
        self._arxiv = arxiv

    @cached_property
    def fates(self) -> Fates:
        place = fractions(draw(self._keys, _SERVER))
        server = np.where(place < _BIORXIV, 1, np.where(place < _MEDRXIV, 2, 0)).astype(np.int8)
        posted = server > 0
        days = (draw(self._keys, _GAP) % np.uint64(_GAP_DAYS)).astype(np.int64) + _SHORTEST_GAP_DAYS
        published = (fractions(draw(self._keys, _FATE)) < _PUBLISHED) & ~self._withdrawn
        later = np.where(published, self._announced + days * DAY_S, NEVER)
        link = fractions(draw(self._keys, _LINK))
        linked = link < _LINKED
        return Fates(
            server=server,
            shown=posted,
            article_s=np.where(posted, later, self._announced),
            linked=posted & linked,
            retitled=posted & (link < _LINKED * _RETITLED),
        )

    @cached_property
    def twins(self) -> dict[int, int]:
        """Works that were posted on arXiv in the same week as well: number of the work to item of the arXiv world."""
        arxiv, lead = self._arxiv, _LEAD_IN_WEEKS
        likely = (self.fates.server == 1) & (self._kind < self.plan.near_miss)
        chosen = np.flatnonzero(likely & (fractions(draw(self._keys, _TWIN)) < _POSTED_TWICE))
        free: dict[tuple[int, int], list[int]] = {}
        for item in np.flatnonzero((arxiv._kind < arxiv.plan.near_miss) & ~arxiv._withdrawn):
            free.setdefault((int(arxiv._week[item]), int(arxiv._kind[item])), []).append(int(item))
        found = {}
        for work in chosen:
            theirs = free.get((int(self._week[work]) - lead, int(self._kind[work])))
            if theirs:
                found[int(work)] = theirs.pop(0)
        return found

    def _make_id(self, item: int, place: int) -> str:
        return f"work{item:07d}"

    def _palette(self, kind: int) -> list[str]:
        named = templates()["life_categories"]
        if kind < self.plan.near_miss:
            first, *others = named.get(self.plan.areas[kind].id, named["other"])
            return [first, first, *others]
        if kind < self.plan.first_subject:
            return list(named["other"])
        section = templates()[self.theme.subjects]
        return list(section[self.plan.subjects[kind - self.plan.first_subject]]["categories"])

    def _paper(self, event: int) -> Paper:
        paper = super()._paper(event)
        twin = self.twins.get(int(self._event_item[event]))
        if twin is None or paper.withdrawn:
            return paper
        # The same text under the same names: the first version as it stands on arXiv.
        told = self._arxiv.describe([int(self._arxiv.events_of(self._arxiv.item_id(twin))[0])])[0]
        return replace(paper, title=told.title, abstract=told.abstract, authors=told.authors)
