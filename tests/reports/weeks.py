"""Simulated weeks one after the other, eventful and quiet ones: SIMULATED, written by us."""

from collections.abc import Mapping
from typing import Any

from horizon.records import Score
from horizon.weeks import IsoWeek
from reports.build import build_brief
from reports.facts import Brief
from reports.findings import Findings
from tests.reports.sample import SKETCHES, WEEK, sample_inputs, score
from tests.reports.sample_findings import sample_findings

BASE = {"embodied_intelligence": 0.995, "quantum_technology": 0.98}
"""P(rising) of the areas that rise all the while; the others stand at an even chance."""


def scores(chances: Mapping[str, float], week: IsoWeek = WEEK, **change: Any) -> tuple[Score, ...]:
    """Every area with its chance of rising, its growth to match."""
    told = BASE | dict(chances)
    made = []
    for sketch in SKETCHES:
        chance = told.get(sketch.id, 0.5)
        one = score(sketch, week, growth=round(40 * (chance - 0.5), 1), p=chance)
        made.append(one.model_copy(update=change) if one.status == "ok" else one)
    return tuple(made)


def calm_findings(**change: Any) -> Findings:
    """Signals as the issue before had them, no overtaking, nothing due."""
    values: dict[str, Any] = {"signals": (), "odd": (), "items": (), "told": (), "gone": (), "missed": (),
                              "settled_since": None}  # fmt: skip
    return sample_findings(**(values | change))


def issue(now: Mapping[str, float], before: Mapping[str, float], findings: Findings, **change: Any) -> Brief:
    """The issue of a week in which areas had these chances, after one in which they had those."""
    values: dict[str, Any] = {"scores": scores(now), "previous_scores": scores(before, WEEK + -1), "findings": findings}
    return build_brief(sample_inputs(**(values | change)))
