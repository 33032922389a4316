"""What is predicted in a week, and what came of it: pure rules over scores, counts and the ledger so far.

The rule of settling: outcome and base are both counted by the labels in force when it is settled, and only their ratio
is used. A prediction says where a series goes from its base as it was counted then (`persistence`); what came of it is
that base times the ratio of the outcome now to the base now. A classifier or taxonomy that assigns twice as much makes
both twice as large and changes nothing. One that took a liking to newer texts alone would still be seen as growth:
`Settlement` names its taxonomy and model beside the prediction's, and a scorecard counts those that differ.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from horizon.records import FORECAST_LEVELS, Forecast, Prediction, Score, SeriesPoint, Settlement
from horizon.weeks import IsoWeek
from trends.momentum import kind_of

YEAR_WEEKS = 52
MIN_KNOWN_SHARE = 0.9
"""Known weeks that a share's outcome and base need; a count needs all: a sum with a week missing is no count."""
GRACE_WEEKS = 13
"""How long a settlement waits for unknown weeks to be caught up."""
_QUARTER_WEEKS, _LAST_QUARTER = 13, 4


@dataclass(frozen=True)
class Basis:
    """What all predictions, or settlements, of one source's week share."""

    source: str
    week: IsoWeek
    incomplete_weeks: int
    """The source's last weeks still fill up: neither base nor outcome reaches into them."""
    taxonomy: str
    model: str

    @property
    def last_complete(self) -> IsoWeek:
        return self.week + -self.incomplete_weeks


@dataclass(frozen=True)
class Span:
    """Counts summed over the known ones of some weeks."""

    n: int
    total: int
    weeks: int
    known: int

    @property
    def complete(self) -> bool:
        return self.known == self.weeks

    def enough_for(self, quantity: str) -> bool:
        """Whether so many weeks are known that the quantity can be told."""
        return self.complete if quantity == "count" else self.known >= MIN_KNOWN_SHARE * self.weeks

    def value(self, quantity: str) -> float:
        return float(self.n) if quantity == "count" else self.n / self.total


def quarter_of(week: IsoWeek) -> tuple[int, int]:
    """Year and quarter: thirteen weeks each, the 53rd belongs to the last."""
    return week.year, min((week.number - 1) // _QUARTER_WEEKS + 1, _LAST_QUARTER)


def predictions_due(
    scores: Iterable[Score],
    points: Iterable[SeriesPoint],
    predictions: Sequence[Prediction],
    settlements: Mapping[str, Settlement],
    basis: Basis,
) -> list[Prediction]:
    """What is to be predicted from these scores, given all that the ledger holds (of any source); sorted by series.

    Once a quarter for each series with a verdict, in the first scanned week of the quarter in which it has one; and in
    every week for series flagged as discoveries. Nothing for a base that is empty or not known well enough to settle
    by, and never a second word on one series in one week: another model in the same week is no second try.
    """
    said = {(*_occasion_key(each), each.week) for each in predictions}
    served = {_occasion_key(each) for each in predictions}
    known, frequencies = _by_series(points, basis.source), climatologies(predictions, settlements)
    due = []
    for score in sorted(scores, key=lambda score: score.series):
        if (score.source, score.week, score.status) != (basis.source, basis.week, "ok"):
            continue
        for forecast in score.forecasts:
            key = (score.series, score.source, forecast.quantity, forecast.horizon_weeks, quarter_of(score.week))
            if (*key, score.week) in said or (key in served and not score.discovery):
                continue
            base = _base(forecast, known.get(score.series, {}), basis.last_complete)
            if not base.enough_for(forecast.quantity) or base.n == 0:
                continue
            often = frequencies.get((kind_of(score.series), *key[1:4]), 0.5)
            due.append(_predict(score, forecast, base, basis, often, "flagged" if key in served else "quarterly"))
    return due


_Key = tuple[str, str, str, int, tuple[int, int]]


def _occasion_key(prediction: Prediction) -> _Key:
    place = (prediction.series, prediction.source, prediction.quantity, prediction.horizon_weeks)
    return (*place, quarter_of(prediction.week))


_Place = tuple[str, str, str, int]


def climatologies(predictions: Sequence[Prediction], settlements: Mapping[str, Settlement]) -> dict[_Place, float]:
    """How often series exceeded their base so far, by kind of series, source, quantity and horizon; 0.5 where none is.

    Mean under a Beta(1, 1) prior. Of the quarterly predictions alone: flagged ones are chosen for their growth, and
    would tell how often what grows goes on.
    """
    came: dict[_Place, list[bool]] = {}
    for each in predictions:
        settlement = settlements.get(each.prediction_id)
        if each.occasion == "quarterly" and settlement is not None and settlement.exceeded is not None:
            place = (kind_of(each.series), each.source, each.quantity, each.horizon_weeks)
            came.setdefault(place, []).append(settlement.exceeded)
    return {place: (1 + sum(exceeded)) / (2 + len(exceeded)) for place, exceeded in came.items()}


def _base(forecast: Forecast, known: Mapping[IsoWeek, SeriesPoint], last: IsoWeek) -> Span:
    weeks = YEAR_WEEKS if forecast.quantity == "share" else forecast.horizon_weeks
    return _span(known, last + (1 - weeks), last)


def _predict(
    score: Score, forecast: Forecast, base: Span, basis: Basis, often: float, occasion: Literal["quarterly", "flagged"]
) -> Prediction:
    last = basis.last_complete
    identity = [score.series, score.source, score.week, forecast.quantity, forecast.horizon_weeks]
    text = "\n".join(map(str, [*identity, basis.taxonomy, basis.model, score.method]))
    return Prediction(
        prediction_id=hashlib.sha256(text.encode()).hexdigest()[:32],
        series=score.series,
        source=score.source,
        week=score.week,
        first=last + 1,
        last=last + forecast.horizon_weeks,
        base_n=base.n,
        base_total=base.total,
        base_first=last + (1 - base.weeks),
        base_last=last,
        base_weeks_known=base.known,
        persistence=base.value(forecast.quantity),
        climatology=often,
        occasion=occasion,
        taxonomy=basis.taxonomy,
        model=basis.model,
        method=score.method,
        **forecast.model_dump(),
    )


def settle(prediction: Prediction, points: Iterable[SeriesPoint], basis: Basis) -> Settlement | None:
    """What came of a prediction; None while its weeks are not over, or unknown ones may still be caught up.

    `points` are of its series and source, counted by the labels of `basis`. Void when too few weeks are known after
    the time of grace, or when the labels in force leave its base empty.
    """
    if prediction.last > basis.last_complete:
        return None
    known = _by_series(points, prediction.source).get(prediction.series, {})
    outcome = _span(known, prediction.first, prediction.last)
    base = _span(known, prediction.base_first, prediction.base_last)
    whole = outcome.complete and base.known >= prediction.base_weeks_known
    if not whole and basis.last_complete - prediction.last < GRACE_WEEKS:
        return None
    reason = _void_reason(prediction, outcome, base)
    found = Settlement(
        prediction_id=prediction.prediction_id,
        status="settled" if reason is None else "void",
        reason=reason,
        settled_in=basis.week,
        weeks_known=outcome.known,
        taxonomy=basis.taxonomy,
        model=basis.model,
    )
    return found if reason else found.model_copy(update=_judge(prediction, outcome, base))


def _void_reason(prediction: Prediction, outcome: Span, base: Span) -> str | None:
    if base.known == 0 and outcome.known == 0:
        return "the series is counted no more"
    for name, span in (("outcome", outcome), ("base", base)):
        if not span.enough_for(prediction.quantity):
            needed = "all" if prediction.quantity == "count" else f"{MIN_KNOWN_SHARE:.0%}"
            return f"{span.known} of {span.weeks} weeks of the {name} are known; the rule asks for {needed}"
        if span.total == 0:
            return f"the source published nothing in the weeks of the {name}"
    return "the labels in force leave its base empty" if base.n == 0 else None


def _judge(prediction: Prediction, outcome: Span, base: Span) -> dict[str, object]:
    # Whole numbers and one division: no rounding decides a tie, nor what a change of labels leaves alone.
    over, under = (base.total, outcome.total) if prediction.quantity == "share" else (1, 1)
    above, below = outcome.n * over, base.n * under
    value, exceeded = prediction.persistence * (above / below), above > below
    floor = half_an_item(prediction)
    return {
        "n": outcome.n,
        "total": outcome.total,
        "base_n": base.n,
        "base_total": base.total,
        "value": value,
        "exceeded": exceeded,
        "brier": (prediction.p_exceeds_last - exceeded) ** 2,
        "brier_climatology": (prediction.climatology - exceeded) ** 2,
        "crps": crps_log(prediction.quantiles, value, floor),
        "crps_persistence": abs(_log(value, floor) - _log(prediction.persistence, floor)),
        "in80": prediction.lo80 <= value <= prediction.hi80,
        "in95": prediction.lo95 <= value <= prediction.hi95,
    }


def half_an_item(prediction: Prediction) -> float:
    """Least value whose logarithm is taken, in the quantity's own unit: an outcome of nothing is half an item."""
    return 0.5 if prediction.quantity == "count" else 0.5 / prediction.base_total


def crps_log(quantiles: Sequence[float], value: float, floor: float) -> float:
    """CRPS of the logarithm from quantiles at FORECAST_LEVELS: twice their mean pinball loss.

    Of equal quantiles, a point forecast, it is the absolute error, as CRPS should be. Gneiting & Raftery 2007,
    https://doi.org/10.1198/016214506000001437, section 4.2; the mean stands for the integral over all levels.
    """
    errors = [_log(value, floor) - _log(quantile, floor) for quantile in quantiles]
    losses = [max(level * error, (level - 1) * error) for level, error in zip(FORECAST_LEVELS, errors, strict=True)]
    return 2 * sum(losses) / len(losses)


def _log(value: float, floor: float) -> float:
    return math.log(max(value, floor))


def _by_series(points: Iterable[SeriesPoint], source: str) -> dict[str, dict[IsoWeek, SeriesPoint]]:
    found: dict[str, dict[IsoWeek, SeriesPoint]] = {}
    for point in points:
        if point.source == source:
            found.setdefault(point.series, {})[point.week] = point
    return found


def _span(known: Mapping[IsoWeek, SeriesPoint], first: IsoWeek, last: IsoWeek) -> Span:
    weeks = last - first + 1
    chosen = [known[week] for week in (first + offset for offset in range(weeks)) if week in known]
    counted = [(point.n, point.total) for point in chosen if point.n is not None and point.total is not None]
    return Span(sum(n for n, _ in counted), sum(total for _, total in counted), weeks, len(counted))
