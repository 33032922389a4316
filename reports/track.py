"""What we said and what happened: the ledger's rows that came due, and how good they were."""

from collections.abc import Iterator
from typing import Any

from reports.details import Reliability
from reports.facts import Figure, FigureParam, Param, Statement, Track, TrackRow, Unit, WeekParam
from reports.inputs import Known
from reports.trace import figure


def track_of(known: Known) -> Track:
    """Empty where nothing was ever predicted."""
    findings = known.inputs.findings
    if not findings.ledger_rows:
        return Track()
    rows = tuple(_row(known, row.quantity, row.horizon_weeks) for row in findings.accuracy)
    return Track(statements=tuple(_statements(known, rows)), rows=rows, reliability=tuple(_reliability(known)),
                 head=findings.ledger_head)  # fmt: skip


def _row(known: Known, quantity: str, horizon_weeks: int) -> TrackRow:
    def told(unit: Unit, field: str) -> Figure:
        return figure(known, unit, "accuracy", quantity=quantity, horizon=horizon_weeks, field=field)

    return TrackRow(
        quantity=quantity,
        horizon_weeks=horizon_weeks,
        predictions=told("predictions", "predictions"),
        settled=told("predictions", "settled"),
        pending=told("predictions", "pending"),
        cov80=told("share", "cov80"),
        brier=told("loss", "brier"),
        brier_skill=told("skill", "brier_skill"),
        crps_skill=told("skill", "crps_skill"),
    )


def _reliability(known: Known) -> Iterator[Reliability]:
    """Bins of each quantity and horizon, from the least probable to the most; empty bins are left out."""
    for row in known.inputs.findings.accuracy:
        for each in row.calibration:
            of: dict[str, Any] = {"quantity": row.quantity, "horizon": row.horizon_weeks, "above": each.above}
            yield Reliability(
                quantity=row.quantity,
                horizon_weeks=row.horizon_weeks,
                above=each.above,
                to=each.to,
                settled=figure(known, "predictions", "accuracy", **of, field="settled"),
                said=figure(known, "probability", "accuracy", **of, field="said"),
                came=figure(known, "share", "accuracy", **of, field="came"),
            )


def _statements(known: Known, rows: tuple[TrackRow, ...]) -> Iterator[Statement]:
    findings = known.inputs.findings
    open_ = sum(row.pending for row in findings.accuracy)
    params: dict[str, Param] = {"rows": FigureParam(figure=figure(known, "records", "ledger"))}
    yield Statement(template="track_ledger", params=params)
    if not any(row.settled.value for row in rows):
        yield Statement(template="track_none_due")
    if open_ and findings.next_due is not None:
        yield Statement(template="track_next", params={"week": WeekParam(week=findings.next_due)})
