"""Queries and their answers. The builder makes every figure here, and `horizon verify` asks the same query again."""

import math
from collections.abc import Callable, Mapping

from horizon.records import Score
from horizon.weeks import IsoWeek, weeks_between
from reports.facts import Figure, Query, Unit
from reports.inputs import HISTORY_WEEKS, Known

Answer = tuple[float | None, float | None, float | None]
"""Value, low, high."""
LEVEL = 0.8
Z80 = 1.2815515655446004
"""Standard normal quantile of 0.9."""
_SIGNIFICANT_DIGITS = 6
_INTERVALS = {"growth_pct": ("growth_lo80", "growth_hi80"), "forecast_share_52w": ("forecast_lo80", "forecast_hi80")}


def figure(known: Known, unit: Unit, kind: str, ids: tuple[str, ...] = (), **args: object) -> Figure:
    """Ask a query of the inputs and keep the answer together with the question."""
    query = Query.model_validate({"kind": kind, "args": {key: str(value) for key, value in args.items()}})
    value, low, high = resolve(known, query)
    level = None if low is None or high is None else LEVEL
    return Figure(value=value, unit=unit, low=low, high=high, level=level, query=query, ids=ids)


def resolve(known: Known, query: Query) -> Answer:
    """Answer a query. Values are rounded to six significant digits so that no platform differs in the last bit."""
    value, low, high = _ANSWERS[query.kind](known, query.args)
    return _rounded(value), _rounded(low), _rounded(high)


def _rounded(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}") + 0.0


def _plain(value: float | None) -> Answer:
    return value, None, None


def _score(known: Known, args: Mapping[str, str]) -> Answer:
    score = known.scores.get((args["series"], args["source"]))
    if score is None:
        return _plain(None)
    low, high = _INTERVALS.get(args["field"], (None, None))
    return _field(score, args["field"]), _field(score, low), _field(score, high)


def _field(score: Score, name: str | None) -> float | None:
    value = getattr(score, name) if name else None
    return None if value is None else float(value)


def _change(known: Known, args: Mapping[str, str]) -> Answer:
    key = (args["series"], args["source"])
    now, before = known.scores.get(key), known.previous.get(key)
    if now is None or before is None or now.growth_pct is None or before.growth_pct is None:
        return _plain(None)
    return _plain(now.growth_pct - before.growth_pct)


def _count(known: Known, args: Mapping[str, str]) -> Answer:
    point = known.points.get((args["series"], args["source"]), {}).get(IsoWeek.parse(args["week"]))
    return _plain(None if point is None else point.n)


def year_count(known: Known, series: str, source: str) -> int:
    """Items of the 52 weeks that scores see (`Known.year_of`), over those of them that are known."""
    points = known.points.get((series, source), {})
    first, last = known.year_of(source)
    return sum(point.n or 0 for week, point in points.items() if first <= week <= last)


def _count_sum(known: Known, args: Mapping[str, str]) -> Answer:
    return _plain(sum(year_count(known, series, args["source"]) for series in args["series"].split()))


def _route_share(known: Known, args: Mapping[str, str]) -> Answer:
    part = year_count(known, args["series"], args["source"])
    whole = sum(year_count(known, series, args["source"]) for series in args["among"].split())
    return (None, None, None) if whole == 0 else (part / whole, *wilson(part, whole))


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Wilson's 80 % score interval of a proportion (Wilson 1927, JASA 22, 209-212)."""
    share, z2 = part / whole, Z80 * Z80
    centre = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z80 / (1 + z2 / whole) * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    return max(0.0, centre - half), min(1.0, centre + half)


def _label(known: Known, args: Mapping[str, str]) -> Answer:
    label = known.labels.get((args["item"], args["area"]))
    return _plain(None if label is None else label.probability)


def _route_label(known: Known, args: Mapping[str, str]) -> Answer:
    label = known.labels.get((args["item"], args["area"]))
    routes = {} if label is None else {route.route: route.probability for route in label.routes}
    return _plain(routes.get(args["route"]))


def _rank(known: Known, args: Mapping[str, str]) -> Answer:
    own = known.labels.get((args["item"], args["area"]))
    if own is None:
        return _plain(None)
    others = [label for (_, area), label in known.labels.items() if area == args["area"]]
    return _plain(1 + sum(label.probability > own.probability for label in others))


def _fetch(known: Known, args: Mapping[str, str]) -> Answer:
    source = known.sources.get(args["source"])
    if source is None or source.fetch is None:
        return _plain(None)
    return _plain(float(getattr(source.fetch, args["field"])))


def _tally(known: Known, args: Mapping[str, str]) -> Answer:
    wanted = set(args["verdicts"].split(","))
    series = {f"area:{area}" for area in known.areas}
    rows = [score for key, score in known.scores.items() if key[1] == args["source"] and key[0] in series]
    if wanted == {"*"}:
        return _plain(len(known.areas))
    if wanted == {"scored"}:
        return _plain(sum(score.status == "ok" for score in rows))
    return _plain(sum(score.status == "ok" and score.verdict in wanted for score in rows))


def _unknown_weeks(known: Known, args: Mapping[str, str]) -> Answer:
    return _plain(len(unknown_weeks(known, args["source"])))


def unknown_weeks(known: Known, source: str) -> list[IsoWeek]:
    """Weeks of the last 104 in which this source could not be read, oldest first."""
    unknown = set()
    for (_, owner), points in known.points.items():
        if owner == source:
            unknown |= {week for week, point in points.items() if point.total is None}
    first = known.week + (1 - HISTORY_WEEKS)
    return [week for week in weeks_between(first, known.week) if week in unknown]


def _incomplete_weeks(known: Known, args: Mapping[str, str]) -> Answer:
    source = known.sources.get(args["source"])
    return _plain(None if source is None else source.incomplete_weeks)


def _issues(known: Known, args: Mapping[str, str]) -> Answer:
    return _plain(sum(count for severity, _, count in known.inputs.issues if severity in args["severity"].split(",")))


def _setting(_: Known, args: Mapping[str, str]) -> Answer:
    return _plain(float(args["value"]))


_ANSWERS: dict[str, Callable[[Known, Mapping[str, str]], Answer]] = {
    "score": _score,
    "change": _change,
    "count": _count,
    "count_sum": _count_sum,
    "route_share": _route_share,
    "label": _label,
    "route_label": _route_label,
    "rank": _rank,
    "fetch": _fetch,
    "tally": _tally,
    "unknown_weeks": _unknown_weeks,
    "incomplete_weeks": _incomplete_weeks,
    "issues": _issues,
    "setting": _setting,
}
