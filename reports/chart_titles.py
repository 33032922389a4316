"""The one message of each figure, as a statement; None where the facts allow no such figure."""

from collections.abc import Sequence

from reports.bottom_line import may_be_spoken_of
from reports.details import Reliability
from reports.facts import (
    AreaRow,
    Figure,
    FigureParam,
    NameParam,
    Param,
    SignalFact,
    Statement,
    Track,
    VerbatimParam,
    WordParam,
)
from reports.inputs import Known
from reports.streams import Stream, streams_of


def radar_title(known: Known, rows: Sequence[AreaRow]) -> Statement | None:
    """Which area surely grows fastest, in which tier; `rows` are the leading ones."""
    if not any(row.status == "ok" for row in rows):
        return None
    rising = [row for row in rows if may_be_spoken_of(known, row) and (row.growth.low or 0.0) > 0]
    if not rising:
        return Statement(template="radar_still")
    row = max(rising, key=lambda each: (each.growth.value or 0.0, each.area))
    params: dict[str, Param] = {
        "area": NameParam(name=row.name),
        "growth": FigureParam(figure=row.growth),
        "tier": WordParam(table="tier_name", word=str(row.tier)),
    }
    return Statement(template="radar_fastest", params=params)


def streams_title(known: Known, rows: Sequence[AreaRow]) -> Statement | None:
    """In which area papers and patents part most, beyond both intervals; `rows` are of all sources."""
    streams = streams_of(rows, known.profiles)
    if not streams:
        return None
    if not any(stream.papers and stream.patents for stream in streams):
        return Statement(template="streams_papers" if any(each.papers for each in streams) else "streams_patents")
    parted = [(gap, stream) for stream in streams if (gap := _gap(known, stream)) > 0]
    if not parted and len(streams) == 1:
        return Statement(template="streams_meet", params={"area": NameParam(name=streams[0].name)})
    if not parted:
        return Statement(template="streams_together")
    _, stream = max(parted, key=lambda pair: (pair[0], pair[1].area))
    assert stream.papers is not None  # noqa: S101 a gap takes both
    assert stream.patents is not None  # noqa: S101
    papers, patents = stream.papers.growth, stream.patents.growth
    first = "papers" if (papers.value or 0.0) > (patents.value or 0.0) else "patents"
    return Statement(
        template=f"streams_{first}_faster",
        params={
            "area": NameParam(name=stream.name),
            "papers": FigureParam(figure=papers),
            "patents": FigureParam(figure=patents),
        },
    )


def _gap(known: Known, stream: Stream) -> float:
    """Between the near ends of the two intervals of growth; negative where they meet, or one may not be spoken of."""
    pair = (stream.papers, stream.patents)
    ends = [_ends(row.growth) for row in pair if row is not None and may_be_spoken_of(known, row)]
    if len(ends) < 2 or None in ends:
        return -1.0
    (low, high), (other_low, other_high) = (each for each in ends if each is not None)
    return max(other_low - high, low - other_high)


def _ends(figure: Figure) -> tuple[float, float] | None:
    return None if figure.low is None or figure.high is None else (figure.low, figure.high)


def timeline_title(signals: Sequence[SignalFact]) -> Statement | None:
    """Which signal grew most against its own past, of those whose weeks are known."""
    told = [each for each in signals if any(n is not None for n in each.weeks)]
    if not told:
        return None
    most = max(told, key=lambda each: (each.rate_ratio.value or 0.0, each.term))
    return Statement(
        template="timeline_most",
        params={"term": VerbatimParam(text=most.term), "ratio": FigureParam(figure=most.rate_ratio)},
    )


def reliability_title(track: Track) -> Statement | None:
    """Whether what came lies within its interval of what was said; else the step in which it lay farthest from it."""
    if not track.reliability:
        return None
    worst = max(track.reliability, key=lambda each: (_miss(each), each.quantity, each.horizon_weeks))
    if _miss(worst) <= 0:
        return Statement(template="reliability_holds")
    params: dict[str, Param] = {
        "quantity": WordParam(table="quantity", word=worst.quantity),
        "weeks": VerbatimParam(text=str(worst.horizon_weeks)),
        "said": FigureParam(figure=worst.said),
        "came": FigureParam(figure=worst.came),
    }
    return Statement(template="reliability_missed", params=params)


def _miss(step: Reliability) -> float:
    """How far what was said lies outside of the interval of what came; 0 within, and where there is no interval."""
    if step.said.value is None or step.came.low is None or step.came.high is None:
        return 0.0
    return max(0.0, step.came.low - step.said.value, step.said.value - step.came.high)
