"""What is planted in the simulated world: how the share of each area, route and subject moves from week to week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from scrapers.replay.world import key_of
from taxonomy.load import Taxonomy
from taxonomy.schema import AreaFile, RouteGroup

Floats = npt.NDArray[np.float64]
WEEKS_A_YEAR = 52
_PREFERRED = {
    "surge": "embodied_intelligence",
    "decline": "neuromorphic_intelligence",
    "constant": "controlled_nuclear_fusion",
    "overtaking": "quantum_technology",
}
# Growth in per cent a year of areas without a role; chosen by a hash of the area's id so that a new area disturbs none.
_ORDINARY_GROWTH = (-8.0, -4.0, 0.0, 4.0, 8.0, 12.0)
_DECLINE_PCT = -25.0
_NEAR_MISS_SHARE = 0.006
_OLD_SHARE = 0.0015
_LARGEST_AREA_SUM = 0.6
SECOND_AREA = 0.06
"""Probability that an area's item belongs to a second area too, drawn by current share."""


@dataclass(frozen=True)
class Theme:
    """What a collection is about, and what is planted in it."""

    roles: Mapping[str, str] = field(default_factory=lambda: _PREFERRED)
    """Role to the area that should play it."""
    factors: Mapping[str, float] = field(default_factory=dict)
    """Area to a multiple of its usual share."""
    other_factor: float = 1.0
    """That of all other areas."""
    subjects: str = "subjects"
    """Section of prose.yml with the subjects of no area."""
    chinese: float = 0.04
    """Share of texts in Chinese."""
    archives: bool = True
    """Whether the new term and replaced papers of the archives are in it."""


@dataclass(frozen=True)
class Overtaking:
    """Two routes of one group whose shares within the group cross."""

    area: str
    group: str
    loser: str
    winner: str
    crossing_week: int
    """Index of the first week in which the winner's planted share is larger."""


ARXIV = Theme()


@dataclass(frozen=True)
class Plan:
    """Planted shares. Kinds are numbered: areas, near misses of the areas, the new term, old papers, subjects."""

    areas: tuple[AreaFile, ...]
    subjects: tuple[str, ...]
    roles: dict[str, str]
    """Area to role: surge, decline, constant, overtaking or ordinary."""
    growth: dict[str, float]
    """Area to growth of its share in the last 52 weeks, per cent a year."""
    shares: Floats
    """Weeks x kinds; rows sum to 1."""
    overtaking: Overtaking | None
    term_week: int
    """Index of the first week that may hold the new term."""
    weeks: int

    @property
    def near_miss(self) -> int:
        """First kind of the near misses."""
        return len(self.areas)

    @property
    def new_term(self) -> int:
        return 2 * len(self.areas)

    @property
    def old_paper(self) -> int:
        return 2 * len(self.areas) + 1

    @property
    def first_subject(self) -> int:
        return 2 * len(self.areas) + 2

    def route_weights(self, area: AreaFile, group: RouteGroup, week: int) -> list[float]:
        """Planted shares of the group's routes in one week (they sum to 1)."""
        weights = [1.0 + key_of(f"{area.id}/{route.id}") % 3 for route in group.routes]
        total = sum(weights)
        plain = [weight / total for weight in weights]
        planted = self.overtaking
        if planted is None or (area.id, group.id) != (planted.area, planted.group):
            return plain
        names = [route.id for route in group.routes]
        winner = 0.15 + 0.40 * week / max(1, self.weeks - 1)
        rest = sum(p for name, p in zip(names, plain, strict=True) if name not in (planted.loser, planted.winner))
        # The two share 70 % of the group; the winner climbs from 15 % to 55 %.
        fixed = {planted.loser: 0.70 - winner, planted.winner: winner}
        return [fixed.get(name, 0.30 * p / rest if rest else 0.0) for name, p in zip(names, plain, strict=True)]


def make_plan(taxonomy: Taxonomy, subjects: Sequence[str], weeks: int, theme: Theme = ARXIV) -> Plan:
    """Plan the shares of `weeks` weeks for the areas of a taxonomy and the given subjects of no area."""
    areas, roles = taxonomy.areas, _roles(taxonomy.areas, theme.roles)
    columns = [
        _area_share(area.id, roles[area.id], weeks) * theme.factors.get(area.id, theme.other_factor) for area in areas
    ]
    matrix = np.column_stack(columns)
    scale = np.minimum(1.0, _LARGEST_AREA_SUM / matrix.sum(axis=1, keepdims=True))
    term_week = min(2 * WEEKS_A_YEAR, weeks * 2 // 3)
    near = np.full((weeks, len(areas)), _NEAR_MISS_SHARE)
    others = np.column_stack([_term_share(weeks, term_week), np.full(weeks, _OLD_SHARE)]) * theme.archives
    planted = np.column_stack([matrix * scale, near, others])
    weights = np.array([1.0 + key_of(name) % 3 for name in subjects])
    rest = (1.0 - planted.sum(axis=1, keepdims=True)) * weights / weights.sum()
    growth = {area.id: _growth(area.id, roles[area.id]) for area in areas}
    overtaking = _overtaking(areas, roles, weeks)
    shares = np.column_stack([planted, rest])
    return Plan(areas, tuple(subjects), roles, growth, shares, overtaking, term_week, weeks)


def describe_plan(plan: Plan) -> dict[str, Any]:
    """The plan as data for the truth file; shares are those of the first label and without sampling noise."""
    return {
        area.id: {
            "role": plan.roles[area.id],
            "growth_pct": plan.growth[area.id],
            "share_first_week": round(float(plan.shares[0, place]), 6),
            "share_last_week": round(float(plan.shares[-1, place]), 6),
        }
        for place, area in enumerate(plan.areas)
    }


def _roles(areas: Sequence[AreaFile], preferred: Mapping[str, str]) -> dict[str, str]:
    """A role for a preferred area where there is one, else for the first area still free that can play it."""
    known = {area.id: area for area in areas}
    roles = {area_id: role for role, area_id in preferred.items() if area_id in known}
    for role in preferred:
        free = next((area.id for area in areas if area.id not in roles), None)
        if role not in roles.values() and free is not None:
            roles[free] = role
    return {area.id: roles.get(area.id, "ordinary") for area in areas}


def _growth(area_id: str, role: str) -> float:
    fixed = {"surge": 100.0, "decline": _DECLINE_PCT, "constant": 0.0}
    return fixed.get(role, _ORDINARY_GROWTH[key_of(area_id) % len(_ORDINARY_GROWTH)])


def _area_share(area_id: str, role: str, weeks: int) -> Floats:
    years = np.arange(weeks) / WEEKS_A_YEAR
    if role == "surge":
        start = max(0, weeks - WEEKS_A_YEAR) / WEEKS_A_YEAR
        return np.asarray(0.02 * 2.0 ** np.maximum(0.0, years - start))
    base = 0.04 if role == "decline" else 0.018 + key_of(area_id) % 17 / 1000
    return np.asarray(base * (1.0 + _growth(area_id, role) / 100.0) ** years)


def _term_share(weeks: int, first: int) -> Floats:
    age = np.arange(weeks) - first
    return np.where(age >= 0, 0.001 + 0.009 * age / max(1, weeks - 1 - first), 0.0)


def _overtaking(areas: Sequence[AreaFile], roles: Mapping[str, str], weeks: int) -> Overtaking | None:
    area = next((area for area in areas if roles[area.id] == "overtaking"), None)
    if area is None:
        return None
    group = area.route_groups[0]
    loser, winner = group.routes[0].id, group.routes[min(2, len(group.routes) - 1)].id
    crossing = next(w for w in range(weeks) if 0.15 + 0.40 * w / max(1, weeks - 1) > 0.35 or w == weeks - 1)
    return Overtaking(area.id, group.id, loser, winner, crossing)
