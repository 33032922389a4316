"""An invented brief that is hard to draw: the real areas' long names, eight routes, hostile terms, several horizons."""

import random
from datetime import date
from functools import cache
from itertools import pairwise

from reports.build import build_brief
from reports.details import Lead, RaceFact, Reliability, StandingFact
from reports.facts import AreaRow, Brief, Figure, Query, SignalFact, Text, Unit
from reports.policy import BriefPlan, brief_plan
from taxonomy.load import load_taxonomy
from taxonomy.schema import AreaFile, RouteGroup
from tests.reports.sample import WEEK
from tests.reports.sample_findings import WINDOW_AGES, sample_findings
from tests.reports.several import several_inputs

TERMS = (
    "=cmd|calc <script>alert(1)</script>", "$x$ lattice _ weaving^2", "right \u202eto left", "x" * 5000,
    "模拟术语编织计算方法研究与应用方向", "emoji 😀 term", "a", "lone \ud83d surrogate",
    "long words for dexterous manipulation",
    'quote " and & amp',
)  # fmt: skip
SECTIONS = ("bottom_line", "radar", "areas", "momentum", "streams", "races", "timeline", "signals", "reliability")


def plan_with_all() -> BriefPlan:
    """A plan that shows every figure."""
    plan = brief_plan("weekly")
    limits = {name: each.model_copy(update={"race_charts": 3, "races": 3}) for name, each in plan.limits.items()}
    pdf = plan.pdf.model_copy(update={"pages": 20})
    return plan.model_copy(update={"sections": SECTIONS, "limits": limits, "pdf": pdf})


def made(value: float | None, low: float | None = None, high: float | None = None, unit: Unit = "share") -> Figure:
    return Figure(value=value, low=low, high=high, unit=unit, query=Query(kind="setting"))


def rich_brief(seed: int = 0) -> Brief:
    chance = random.Random(seed)
    brief = _plain()
    areas = {area.id: area for area in load_taxonomy().areas}
    track = brief.track.model_copy(update={"reliability": tuple(_steps(chance))})
    return brief.model_copy(
        update={
            "areas": tuple(_renamed(row, areas, chance) for row in brief.areas),
            "races": tuple(_race(area, group, chance) for area in areas.values() for group in area.route_groups),
            "signals": tuple(_signal(brief.signals[0], at, term, chance) for at, term in enumerate(TERMS)),
            "track": track,
        }
    )


@cache
def _plain() -> Brief:
    return build_brief(several_inputs(findings=sample_findings()))


def _renamed(row: AreaRow, areas: dict[str, AreaFile], chance: random.Random) -> AreaRow:
    name = areas[row.area].name
    growth = chance.gauss(5, 25)
    moved = {"growth": made(growth, growth - 5, growth + 5, "percent_per_year")} if row.status == "ok" else {}
    path = tuple(made(growth + chance.gauss(0, 20), unit="percent_per_year") for _ in range(4))
    return row.model_copy(update={"name": Text(en=name.en, zh=name.zh), "path": path, **moved})


def _race(area: AreaFile, group: RouteGroup, chance: random.Random) -> RaceFact:
    begin, end = ([chance.random() + 0.1 for _ in group.routes] for _ in range(2))
    leads = []
    for step, age in enumerate(WINDOW_AGES):
        weights = [a * (8 - step) + b * step for a, b in zip(begin, end, strict=True)]
        unknown = age == 40
        shares = tuple(made(None if unknown else weight / sum(weights)) for weight in weights)
        leads.append(Lead(last=WEEK + -age, shares=shares))
    standings = tuple(
        StandingFact(
            route=route.id,
            name=Text(en=route.name.en, zh=route.name.zh),
            share=share,
            forecast=made(share.value, max(0.0, (share.value or 0) - 0.06), (share.value or 0) + 0.08),
        )
        for route, share in zip(group.routes, leads[-1].shares, strict=True)
    )
    return RaceFact(area=area.id, name=Text(en=area.name.en, zh=area.name.zh), source="arxiv", standings=standings,
                    group=Text(en=group.name.en, zh=group.name.zh), leads=tuple(leads), statements=(),
                    method="routes-1")  # fmt: skip


def _signal(like: SignalFact, at: int, term: str, chance: random.Random) -> SignalFact:
    weeks = tuple(None if 40 < week < 44 else max(0, round(chance.gauss(week / 20 - at / 2, 1))) for week in range(104))
    tier = "first_sight" if at % 2 else "confirmed"
    seen = date(2024 + at % 3, 3 + at % 8, 4)
    return like.model_copy(
        update={"term": term, "weeks": weeks, "first_week": WEEK + -103, "tier": tier, "first_seen": seen}
    )


def _steps(chance: random.Random) -> list[Reliability]:
    edges = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
    found = []
    for quantity, weeks in (("share", 52), ("share", 26), ("count", 26), ("count", 13)):
        for above, to in pairwise(edges):
            came = min(1.0, max(0.0, (above + to) / 2 + chance.uniform(-0.2, 0.2)))
            found.append(
                Reliability(quantity=quantity, horizon_weeks=weeks, above=above, to=to,
                            settled=made(chance.randint(1, 2000), unit="predictions"),
                            said=made((above + to) / 2, unit="probability"),
                            came=made(came, max(0.0, came - 0.15), min(1.0, came + 0.15)))
            )  # fmt: skip
    return found
