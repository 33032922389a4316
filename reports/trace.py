"""Queries and their answers. The builder makes every figure here, and `horizon verify` asks the same query again."""

import math
from collections.abc import Callable, Mapping, Sequence

from horizon.records import Item, Label, Score
from horizon.weeks import IsoWeek, weeks_between
from reports.facts import Figure, Query, Unit
from reports.found import (
    answer_accuracy,
    answer_ledger,
    answer_missed,
    answer_movers,
    answer_odd,
    answer_race,
    answer_settled_since,
    answer_signal,
)
from reports.hindsight_answers import (
    answer_before,
    answer_check,
    answer_dropped,
    answer_due,
    answer_lens,
    answer_revision,
)
from reports.inputs import HISTORY_WEEKS, Known

Answer = tuple[float | None, float | None, float | None]
"""Value, low, high."""
LEVEL = 0.8
Z80 = 1.2815515655446004
"""Standard normal quantile of 0.9."""
_SIGNIFICANT_DIGITS = 6
_LEVELS = {("signal", "rate_ratio"): 0.9, ("accuracy", ""): 0.95}
"""Mass of the intervals that are not of 80 %."""
_INTERVALS = {"growth_pct": ("growth_lo80", "growth_hi80"), "forecast_share_52w": ("forecast_lo80", "forecast_hi80")}


def figure(known: Known, unit: Unit, kind: str, ids: tuple[str, ...] = (), **args: object) -> Figure:
    """Ask a query of the inputs and keep the answer together with the question."""
    query = Query.model_validate({"kind": kind, "args": {key: str(value) for key, value in args.items()}})
    value, low, high = resolve(known, query)
    level = None if low is None or high is None else _level(query)
    return Figure(value=value, unit=unit, low=low, high=high, level=level, query=query, ids=ids)


def _level(query: Query) -> float:
    return _LEVELS.get((query.kind, query.args.get("field", "")), _LEVELS.get((query.kind, ""), LEVEL))


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
    if args["field"] == "growth_path":
        at = int(args["at"])
        return _plain(score.growth_path[at] if at < len(score.growth_path) else None)
    if args["field"] == "p_falling":
        return _plain(None if score.p_rising is None else 1.0 - score.p_rising)
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


def _count_window(known: Known, args: Mapping[str, str]) -> Answer:
    """Items of the weeks that the issue speaks of, over those of them that are known."""
    points = known.points.get((args["series"], args["source"]), {})
    counts = [points[week].n for week in known.window if week in points]
    told = [n for n in counts if n is not None]
    return _plain(sum(told) if told else None)


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
    # At none and at all the ends are exact; rounding would leave a trace of the last bit.
    return max(0.0, centre - half) if part else 0.0, min(1.0, centre + half) if part < whole else 1.0


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
    source = known.items[args["item"]].source
    others = [
        label
        for (item, area), label in known.labels.items()
        if area == args["area"] and known.items[item].source == source
    ]
    return _plain(1 + sum(label.probability > own.probability for label in others))


def _fetch(known: Known, args: Mapping[str, str]) -> Answer:
    source = known.sources.get(args["source"])
    if source is None or source.fetch is None or source.status in (None, "ERROR"):
        return _plain(None)
    return _plain(float(getattr(source.fetch, args["field"])))


def _tally(known: Known, args: Mapping[str, str]) -> Answer:
    """Areas by verdict, each in the source that leads it."""
    wanted = set(args["verdicts"].split(","))
    if wanted == {"*"}:
        return _plain(len(known.areas))
    scores = (known.scores.get((f"area:{area}", source)) for area, source in known.leading.items())
    fit = [score for score in scores if score and score.status == "ok"]
    return _plain(len(fit) if wanted == {"scored"} else sum(score.verdict in wanted for score in fit))


def _unknown_weeks(known: Known, args: Mapping[str, str]) -> Answer:
    profile = known.profiles.get(args["source"])
    if profile is not None and not profile.counted:
        return _plain(None)
    return _plain(len(unknown_weeks(known, args["source"], int(args.get("weeks", HISTORY_WEEKS)))))


def unknown_weeks(known: Known, source: str, weeks: int = HISTORY_WEEKS) -> list[IsoWeek]:
    """Weeks of the last so many in which this source could not be read or was never read, oldest first."""
    read = known.read_weeks.get(source, frozenset())
    return [week for week in weeks_between(known.week + (1 - weeks), known.week) if week not in read]


def _late(known: Known, args: Mapping[str, str]) -> Answer:
    return _plain(len(late_ids(known, args["area"], args["source"])))


def late_ids(known: Known, area: str, source: str) -> tuple[str, ...]:
    """Counted items of earlier weeks that were first known since the previous issue; no utility models."""
    return _counted(known, known.inputs.late, area, source)[0]


def counted_ids(known: Known, area: str, source: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Items of the week that the area's series counts, and those that its series of utility models does."""
    return _counted(known, known.inputs.labelled, area, source)


def _counted(
    known: Known, pairs: Sequence[tuple[Item, Label]], area: str, source: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = [item for item, label in pairs if label.area == area and item.source == source]
    utility = {item.id for item in found if item.kind == "utility_model"}
    return tuple(sorted({item.id for item in found} - utility)), tuple(sorted(utility))


def _held_back(known: Known, _: Mapping[str, str]) -> Answer:
    """Labelled items of sources of low trust, of whose work no trusted source has a version."""
    return _plain(
        len({item.id for item, _ in (*known.inputs.labelled, *known.inputs.late) if not is_ground(known, item.id)})
    )


def is_ground(known: Known, item_id: str) -> bool:
    """Whether a statement may rest on an item: some version of its work is of a source that is not of low trust."""
    versions = known.works.get(item_id, (item_id,))
    owners = [known.items[version].source for version in versions if version in known.items]
    return any(owner in known.profiles and known.profiles[owner].trust != "low" for owner in owners)


def _lost_share(known: Known, args: Mapping[str, str]) -> Answer:
    """Share of what the source listed for the week that is missing or was refused."""
    source = known.sources.get(args["source"])
    if source is None or source.fetch is None:
        return _plain(None)
    fetch = source.fetch
    listed = fetch.records + fetch.missing
    return _plain((fetch.missing + fetch.refused) / listed if listed else 0.0)


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
    "count_window": _count_window,
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
    "late": _late,
    "held_back": _held_back,
    "lost_share": _lost_share,
    "signal": answer_signal,
    "odd": answer_odd,
    "race": answer_race,
    "movers": answer_movers,
    "accuracy": answer_accuracy,
    "ledger": answer_ledger,
    "lens": answer_lens,
    "before": answer_before,
    "dropped": answer_dropped,
    "due": answer_due,
    "revision": answer_revision,
    "check": answer_check,
    "settled_since": answer_settled_since,
    "missed": answer_missed,
}
