"""How good the settled predictions were, with intervals that do not count one series' overlapping years as many.

Predictions of one series within a quarter share a weight of one: a series that is flagged in thirteen weeks is no
thirteen series. Skills have intervals from a bootstrap of blocks of issue weeks, all series of a week together; the
intervals of coverage and calibration are Jeffreys' on the effective number, which takes series for independent of one
another and is therefore rather too narrow than too wide.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from horizon.records import Prediction, Record, Settlement
from horizon.weeks import IsoWeek
from trends.ledger import quarter_of
from trends.momentum import kind_of

EDGES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Of the calibration table: the bars of the verdicts' words, and one half."""
REPLICATES = 1000
MIN_BLOCKS = 2
"""Fewer blocks of issue weeks, each as long as the horizon, say nothing of how a measure varies."""
ALL = "all"
_EPOCH = IsoWeek(1970, 1)

Array = NDArray[np.float64]


class Measure(Record):
    """A number with its 95 % interval; no interval where there is too little to tell."""

    value: float
    lo95: float | None = None
    hi95: float | None = None


class CalibrationBin(Record):
    """Predictions whose probability lies above `above` and up to `to`."""

    above: float
    to: float
    settled: int
    effective: float
    said: float
    """Mean of the probabilities."""
    came: Measure
    """How often the series exceeded."""


class ScorecardRow(Record):
    """Predictions of one quantity and horizon, of one kind of series and one source, or of all."""

    quantity: str
    horizon_weeks: int
    kind: str
    source: str
    predictions: int
    settled: int
    void: int
    pending: int
    relabelled: int
    """Settled by another taxonomy or model than predicted."""
    effective: float
    """Outcome windows that do not overlap, summed over series."""
    brier: Measure | None = None
    brier_climatology: float | None = None
    brier_skill: Measure | None = None
    """1 less the ratio to climatology: above 0 is better than knowing how often such series exceed."""
    crps: Measure | None = None
    crps_persistence: float | None = None
    crps_skill: Measure | None = None
    """1 less the ratio to persistence."""
    cov80: Measure | None = None
    cov95: Measure | None = None
    calibration: tuple[CalibrationBin, ...] = ()
    calibration_error: float | None = None
    """Mean distance between what was said and what came, over the bins."""


@dataclass(frozen=True)
class _Settled:
    prediction: Prediction
    settlement: Settlement
    weight: float


_Loss = Callable[[Settlement], float | bool | None]


def scorecard(predictions: Sequence[Prediction], settlements: Mapping[str, Settlement]) -> list[ScorecardRow]:
    """Rows by quantity, horizon, kind of series and source; of each quantity and horizon first the row of all."""
    groups: dict[tuple[str, int, str, str], list[Prediction]] = {}
    for each in predictions:
        for kind, source in ((ALL, ALL), (kind_of(each.series), each.source)):
            groups.setdefault((each.quantity, each.horizon_weeks, kind, source), []).append(each)
    order = sorted(groups, key=lambda key: (key[0] != "share", -key[1], key[2] != ALL, key[2:]))
    return [_row(key, groups[key], settlements) for key in order]


def _row(
    key: tuple[str, int, str, str], predictions: Sequence[Prediction], settlements: Mapping[str, Settlement]
) -> ScorecardRow:
    found = [each for each in predictions if each.prediction_id in settlements]
    void = sum(settlements[each.prediction_id].status == "void" for each in found)
    settled = _weigh([each for each in found if settlements[each.prediction_id].status == "settled"], settlements)
    quantity, horizon, kind, source = key
    row = ScorecardRow(
        quantity=quantity,
        horizon_weeks=horizon,
        kind=kind,
        source=source,
        predictions=len(predictions),
        settled=len(settled),
        void=void,
        pending=len(predictions) - len(found),
        relabelled=sum(_labels(each.prediction) != _labels(each.settlement) for each in settled),
        effective=effective_number([each.prediction for each in settled]),
    )
    return row.model_copy(update=_measures(settled, horizon)) if settled else row


def _labels(record: Prediction | Settlement) -> tuple[str, str]:
    return record.taxonomy, record.model


def _weigh(predictions: Sequence[Prediction], settlements: Mapping[str, Settlement]) -> list[_Settled]:
    blocks = Counter(_block(each) for each in predictions)
    return [_Settled(each, settlements[each.prediction_id], 1 / blocks[_block(each)]) for each in predictions]


def _block(prediction: Prediction) -> tuple[str, str, tuple[int, int]]:
    return prediction.series, prediction.source, quarter_of(prediction.week)


def effective_number(predictions: Sequence[Prediction]) -> float:
    """Weeks that the outcomes of a series cover, in units of its horizon, summed over series and sources."""
    covered: dict[tuple[int, str, str], set[int]] = {}
    for each in predictions:
        first = each.first - _EPOCH
        weeks = covered.setdefault((each.horizon_weeks, each.series, each.source), set())
        weeks.update(range(first, first + each.horizon_weeks))
    whole = Counter[int]()
    for (horizon, _, _), weeks in covered.items():
        whole[horizon] += len(weeks)
    return sum(number / horizon for horizon, number in sorted(whole.items()))


def _measures(settled: Sequence[_Settled], horizon: int) -> dict[str, object]:
    predictions = [each.prediction for each in settled]
    effective = effective_number(predictions)
    often, still = _mean(settled, _brier_climatology), _mean(settled, _crps_persistence)
    bins = _calibration(settled)
    weight = sum(each.effective for each in bins)
    return {
        "brier": _bootstrap(settled, horizon, _brier),
        "brier_climatology": often,
        "brier_skill": _bootstrap(settled, horizon, _brier, _brier_climatology) if often else None,
        "crps": _bootstrap(settled, horizon, _crps),
        "crps_persistence": still,
        "crps_skill": _bootstrap(settled, horizon, _crps, _crps_persistence) if still else None,
        "cov80": jeffreys(_mean(settled, lambda settlement: settlement.in80), effective),
        "cov95": jeffreys(_mean(settled, lambda settlement: settlement.in95), effective),
        "calibration": bins,
        "calibration_error": sum(each.effective * abs(each.said - each.came.value) for each in bins) / weight,
    }


def _brier(settlement: Settlement) -> float | None:
    return settlement.brier


def _brier_climatology(settlement: Settlement) -> float | None:
    return settlement.brier_climatology


def _crps(settlement: Settlement) -> float | None:
    return settlement.crps


def _crps_persistence(settlement: Settlement) -> float | None:
    return settlement.crps_persistence


def _mean(settled: Sequence[_Settled], loss: _Loss) -> float:
    return float(np.average(_values(settled, loss), weights=[each.weight for each in settled]))


def _values(settled: Sequence[_Settled], loss: _Loss) -> Array:
    return np.array([float(loss(each.settlement) or 0.0) for each in settled])


def jeffreys(frequency: float, number: float) -> Measure:
    """A frequency among `number` (effective, so perhaps no whole number) with Jeffreys' 95 % interval."""
    hits = frequency * number
    lo, hi = (float(betaincinv(hits + 0.5, number - hits + 0.5, level)) for level in (0.025, 0.975))
    return Measure(value=frequency, lo95=lo if frequency > 0 else 0.0, hi95=hi if frequency < 1 else 1.0)


def _bootstrap(settled: Sequence[_Settled], horizon: int, loss: _Loss, reference: _Loss | None = None) -> Measure:
    """A mean loss, or with a reference the skill against it, resampled in circular blocks of issue weeks."""
    first = min(each.prediction.week for each in settled)
    weeks = np.array([each.prediction.week - first for each in settled])
    length = int(weeks.max()) + 1
    weights = np.array([each.weight for each in settled])
    sums = np.zeros((length, 2))
    np.add.at(sums[:, 0], weeks, weights * _values(settled, loss))
    np.add.at(sums[:, 1], weeks, weights * (1.0 if reference is None else _values(settled, reference)))
    value = _ratio(sums.sum(axis=0), reference is not None)
    if length < MIN_BLOCKS * horizon:
        return Measure(value=float(value))
    starts = np.random.default_rng(0).integers(0, length, (REPLICATES, -(-length // horizon)))
    drawn = (starts[:, :, None] + np.arange(horizon)).reshape(REPLICATES, -1)[:, :length] % length
    replicates = _ratio(sums[drawn].sum(axis=1), reference is not None)
    lo, hi = np.nanquantile(replicates, (0.025, 0.975))
    return Measure(value=float(value), lo95=float(lo), hi95=float(hi))


def _ratio(sums: Array, is_skill: bool) -> Array:
    below = np.where(sums[..., 1] > 0, sums[..., 1], np.nan)
    ratio: Array = sums[..., 0] / below
    return 1 - ratio if is_skill else ratio


def _calibration(settled: Sequence[_Settled]) -> tuple[CalibrationBin, ...]:
    bins = []
    for above, to in pairwise(EDGES):
        chosen = [each for each in settled if _bin_holds(each.prediction.p_exceeds_last, above, to)]
        if not chosen:
            continue
        weights = [each.weight for each in chosen]
        said = np.average([each.prediction.p_exceeds_last for each in chosen], weights=weights)
        effective = effective_number([each.prediction for each in chosen])
        came = jeffreys(_mean(chosen, lambda settlement: settlement.exceeded), effective)
        bins.append(
            CalibrationBin(above=above, to=to, settled=len(chosen), effective=effective, said=float(said), came=came)
        )
    return tuple(bins)


def _bin_holds(p: float, above: float, to: float) -> bool:
    return above < p <= to or p == above == EDGES[0]
