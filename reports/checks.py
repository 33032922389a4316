"""What an expert group should judge: the labels least sure, and the items on which most rests."""

from collections.abc import Iterator
from typing import Any

from reports.details import Check
from reports.facts import FigureParam, ListParam, NameParam, Param, Statement, Unit, VerbatimParam
from reports.hindsight import ToCheck
from reports.inputs import Known
from reports.routes import text_of
from reports.signals import references
from reports.trace import figure
from taxonomy.schema import AreaFile


def checks(known: Known) -> tuple[Check, ...]:
    """The uncertain first, as they were gathered."""
    return tuple(
        Check(
            reason=each.reason,
            item=item,
            area=each.area,
            probability=_told(known, each, "probability", "probability"),
            why=_why(known, each),
        )
        for each in known.inputs.findings.checks
        if each.area in known.areas
        for item in references(known, (each.item_id,))
    )


def _told(known: Known, check: ToCheck, unit: Unit, field: str) -> Any:
    return figure(known, unit, "check", (check.item_id,), item=check.item_id, area=check.area, field=field)


def _why(known: Known, check: ToCheck) -> Statement:
    if check.reason == "uncertain":
        params: dict[str, Param] = {
            "p": FigureParam(figure=_told(known, check, "probability", "probability")),
            "threshold": FigureParam(figure=_told(known, check, "probability", "threshold")),
        }
        return Statement(template="check_counted" if check.assigned else "check_left_out", params=params)
    grounds = ListParam(parts=tuple(_grounds(known, check, known.areas[check.area])))
    return Statement(template="check_rests", params={"grounds": grounds})


def _grounds(known: Known, check: ToCheck, area: AreaFile) -> Iterator[Statement]:
    for term in check.signals:
        yield Statement(template="check_signal", params={"term": VerbatimParam(text=term)})
    names = {route.id: text_of(route.name) for route in area.routes}
    for route in check.routes:
        if route in names:
            yield Statement(template="check_route", params={"route": NameParam(name=names[route])})
    if check.sources > 1:
        sources = _told(known, check, "sources", "sources")
        yield Statement(template="check_sources", params={"sources": FigureParam(figure=sources)})
