"""What earlier issues said otherwise than is known now; that nothing was is said too."""

from collections.abc import Iterator
from typing import Any

from reports.facts import FigureParam, ListParam, NameParam, Param, Statement, Unit, VerbatimParam, WeekParam
from reports.hindsight import Recount, Revisions
from reports.inputs import Known
from reports.policy import unit_of
from reports.routes import text_of
from reports.trace import figure

IDS_SHOWN = 10


def corrections(known: Known) -> tuple[Statement, ...]:
    """Changes of model or taxonomy first, then counts, withdrawn items and rejected labels."""
    revisions = known.inputs.findings.revisions
    if revisions is None:
        return ()
    if revisions.since is None:
        return (Statement(template="correction_first"),)
    since: dict[str, Param] = {"week": WeekParam(week=revisions.since)}
    found = (
        *(Statement(template="correction_taxonomy", params=since) for _ in range(revisions.other_taxonomy)),
        *(Statement(template="correction_model", params=since) for _ in range(revisions.other_model)),
        *_counts(known, revisions),
        *_items(known, "withdrawn", revisions.withdrawn),
        *_items(known, "rejected", revisions.rejected),
    )
    return found or (Statement(template="correction_none", params=since),)


def _counts(known: Known, revisions: Revisions) -> Iterator[Statement]:
    """One line a source."""
    for source in dict.fromkeys(each.source for each in revisions.recounts):
        mine = [each for each in revisions.recounts if each.source == source and each.area in known.areas]
        if mine and source in known.profiles:
            params: dict[str, Param] = {
                "source": NameParam(name=known.profiles[source].name),
                "counts": ListParam(parts=tuple(_count(known, each) for each in mine)),
            }
            yield Statement(template="correction_counts", params=params)


def _count(known: Known, recount: Recount) -> Statement:
    of: dict[str, Any] = {"source": recount.source, "week": recount.week, "area": recount.area}
    unit = unit_of(known.profiles[recount.source])
    return Statement(
        template="correction_count",
        params={
            "area": NameParam(name=text_of(known.areas[recount.area].name)),
            "week": WeekParam(week=recount.week),
            "before": FigureParam(figure=figure(known, unit, "revision", **of, field="before")),
            "now": FigureParam(figure=figure(known, unit, "revision", **of, field="now")),
        },
    )


def _items(known: Known, field: str, ids: tuple[str, ...]) -> Iterator[Statement]:
    if not ids:
        return
    unit: Unit = "records"
    shown = ", ".join(ids[:IDS_SHOWN]) + (", …" if len(ids) > IDS_SHOWN else "")
    params: dict[str, Param] = {
        "n": FigureParam(figure=figure(known, unit, "revision", ids, field=field)),
        "ids": VerbatimParam(text=shown),
    }
    yield Statement(template=f"correction_{field}", params=params)
