"""`horizon ledger`: what was predicted, what came of it, and how good that was."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from horizon.cli.options import AsJson, AsOf, DataDir, clock, emit, open_existing
from horizon.errors import UsageError
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from horizon.records import Prediction, Settlement
    from trends.scorecard import Measure, ScorecardRow

app = typer.Typer(help="Predictions, what came of them, and how good they were.", no_args_is_help=True)


@app.command()
def show(
    series: Annotated[str | None, typer.Option(help="One series, such as area:fusion, or all that begin so.")] = None,
    source: Annotated[str | None, typer.Option(help="One source.")] = None,
    week: Annotated[str | None, typer.Option(help="Predicted from this ISO week.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that have not come due.")] = False,
    settled_only: Annotated[bool, typer.Option("--settled", help="Only those settled or void.")] = False,
    as_of: AsOf = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List predictions with what came of them, in the order in which they were made."""
    if open_only and settled_only:
        raise UsageError("expected --open or --settled, found both; leave one out")
    from_week = None if week is None else IsoWeek.parse(week)
    with open_existing(data) as work:
        now = clock(as_of)
        settlements, head, world = work.store.settlements(now), work.store.ledger_head(now), work.world
        chosen = [
            each
            for each in work.store.predictions(now)
            if (series is None or each.series.startswith(series))
            and source in (None, each.source)
            and from_week in (None, each.week)
            and not (open_only and each.prediction_id in settlements)
            and not (settled_only and each.prediction_id not in settlements)
        ]
    pairs = [(each, settlements.get(each.prediction_id)) for each in chosen]
    value = {
        "world": world,
        "rows": head.rows,
        "head": head.sha256,
        "predictions": [
            {**made.model_dump(mode="json"), "settlement": came.model_dump(mode="json") if came else None}
            for made, came in pairs
        ],
    }
    table = _table(_SHOWN, [_shown(*pair) for pair in pairs]) if pairs else "no prediction of this kind"
    emit(value, as_json, f"{_mark(world)}{table}\n{head.rows} rows, head {head.sha256}")


@app.command()
def settle(as_of: AsOf = None, data: DataDir = None, as_json: AsJson = False) -> None:
    """Settle what has come due; every scan does so by itself. A repeat adds nothing."""
    from flows.ledger import settle_now

    with open_existing(data) as work:
        found = settle_now(work, clock(as_of))
    count = sum(each.status == "settled" for each in found.settlements)
    void = len(found.settlements) - count
    text = f"{count} predictions settled, {void} void" if found.settlements else "nothing has come due"
    reasons = [f"  {each.prediction_id}: void, {each.reason}" for each in found.settlements if each.reason]
    emit(found.model_dump(mode="json"), as_json, "\n".join([f"{found.week}: {text}", *reasons]))


@app.command()
def score(as_of: AsOf = None, data: DataDir = None, as_json: AsJson = False) -> None:
    """How good the settled predictions were: Brier score, CRPS, coverage, skill against climatology and persistence."""
    from trends.scorecard import scorecard

    with open_existing(data) as work:
        now = clock(as_of)
        rows = scorecard(work.store.predictions(now), work.store.settlements(now))
        head, world = work.store.ledger_head(now), work.world
    value = {
        "world": world,
        "rows": head.rows,
        "head": head.sha256,
        "scorecard": [row.model_dump(mode="json") for row in rows],
    }
    emit(
        value, as_json, _mark(world) + (_scorecard_text(rows) if rows else "the ledger is empty: nothing predicted yet")
    )


def _mark(world: str) -> str:
    """Whatever is not of the live feeds says so first."""
    return "" if world == "live" else f"{world.upper()}\n"


_SHOWN = ("made", "series", "source", "what", "settles", "p", "80 %", "came", "exceeded", "brier", "crps")


def _shown(made: "Prediction", came: "Settlement | None") -> list[str]:
    percent = made.quantity == "share"
    cells = [
        str(made.week),
        made.series,
        made.source,
        f"{made.quantity} {made.horizon_weeks}w{' !' if made.occasion == 'flagged' else ''}",
        str(made.last),
        f"{made.p_exceeds_last:.2f}",
        f"{_amount(made.lo80, percent)}..{_amount(made.hi80, percent)}",
    ]
    if came is None or came.value is None:
        return [*cells, "void" if came else "open", "", "", ""]
    exceeded = "yes" if came.exceeded else "no"
    return [*cells, _amount(came.value, percent), exceeded, f"{came.brier:.3f}", f"{came.crps:.3f}"]


def _amount(value: float, percent: bool) -> str:
    return f"{100 * value:.3g}%" if percent else f"{value:.0f}"


_COUNTED = ("settled", "void", "open", "effective")
_MEASURED = ("brier", "over climatology", "crps", "over persistence", "in 80 %", "in 95 %")
"""Skills: 1 less the ratio of the loss to that of the plain forecaster; above 0 is better."""
_SCORED = ("what", "kind", "source", *_COUNTED, *_MEASURED)


def _scorecard_text(rows: "list[ScorecardRow]") -> str:
    table = _table(_SCORED, [_scored(row) for row in rows])
    whole = [row for row in rows if row.kind == "all" and row.calibration]
    return "\n".join([table, *(line for row in whole for line in _calibration_lines(row))])


def _scored(row: "ScorecardRow") -> list[str]:
    counts = [str(row.settled), str(row.void), str(row.pending), f"{row.effective:.1f}"]
    measures = (row.brier, row.brier_skill, row.crps, row.crps_skill, row.cov80, row.cov95)
    return [f"{row.quantity} {row.horizon_weeks}w", row.kind, row.source, *counts, *map(_measure, measures)]


def _measure(found: "Measure | None") -> str:
    if found is None:
        return "-"
    interval = "" if found.lo95 is None or found.hi95 is None else f" [{found.lo95:.2f} {found.hi95:.2f}]"
    return f"{found.value:.3f}{interval}"


def _calibration_lines(row: "ScorecardRow") -> list[str]:
    head = f"\nchance to exceed, {row.quantity} {row.horizon_weeks}w: mean distance {row.calibration_error:.3f}"
    cells = []
    for each in row.calibration:
        counts = [str(each.settled), f"{each.effective:.1f}", f"{each.said:.2f}"]
        cells.append([f"{each.above:.2f}..{each.to:.2f}", *counts, _measure(each.came)])
    return [head, _table(("chance", "settled", "effective", "said", "came"), cells)]


def _table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(len(cells[number]) for cells in [list(head), *rows]) for number in range(len(head))]
    lines: list[Any] = [head, *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() for cells in lines
    )
