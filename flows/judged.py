"""How often experts agree with the labels of a random sample: precision on the stream as it is, no estimate."""

from collections import Counter
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from flows.workspace import Workspace
from horizon.records import Verdict


class JudgedPrecision(BaseModel):
    """Of the assigned labels that one model gave in one area and that were drawn at random."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    area: str
    model: str
    judged: int
    right: int
    precision: float
    precision_lo95: float
    """Wilson's interval."""
    precision_hi95: float


def judged_precision(work: Workspace, now: datetime) -> list[JudgedPrecision]:
    """By area and model, from the verdicts known by now; of two on one item and area the later stands."""
    standing: dict[tuple[str, str, str], Verdict] = {}
    for verdict in work.store.verdicts(as_of=now):
        if verdict.sampled:
            standing[verdict.model, verdict.area, verdict.item_id] = verdict
    judged = Counter((verdict.area, verdict.model) for verdict in standing.values())
    right = Counter((verdict.area, verdict.model) for verdict in standing.values() if _is_right(verdict))
    return [_precision(*place, judged[place], right[place]) for place in sorted(judged)]


def _is_right(verdict: Verdict) -> bool:
    return verdict.choice == "accept" or (verdict.choice == "relabel" and verdict.area in verdict.areas)


def _precision(area: str, model: str, judged: int, right: int) -> JudgedPrecision:
    from scipy.stats import binomtest

    found = binomtest(right, judged).proportion_ci(0.95, method="wilson")
    return JudgedPrecision(
        area=area,
        model=model,
        judged=judged,
        right=right,
        precision=right / judged,
        precision_lo95=float(found.low),
        precision_hi95=float(found.high),
    )
