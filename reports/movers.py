"""Who moves an area: places, organisations, newcomers, with how much of it is known."""

from collections.abc import Callable, Iterator

from reports.countries import actor
from reports.facts import FigureParam, ListParam, MoversFact, Param, Statement, Unit
from reports.findings import Mover, Movers
from reports.inputs import Known
from reports.routes import text_of
from reports.trace import figure

NAMED = 3
"""Countries and organisations named in a line."""


def movers_facts(known: Known) -> tuple[MoversFact, ...]:
    """In the taxonomy's order, papers before patents."""
    return tuple(
        MoversFact(
            area=area.id,
            name=text_of(area.name),
            kind=movers.kind,
            statements=tuple(_statements(known, movers)),
            method=movers.method,
        )
        for area in known.areas.values()
        for movers in known.inputs.findings.movers
        if movers.area == area.id and (movers.with_countries or movers.with_organisations)
    )


def _statements(known: Known, movers: Movers) -> Iterator[Statement]:
    unit: Unit = "patents" if movers.kind == "patents" else "papers"

    def told(unit: Unit, field: str, ids: tuple[str, ...] = ()) -> FigureParam:
        return FigureParam(figure=figure(known, unit, "movers", ids, area=movers.area, of=movers.kind, field=field))

    coverage: dict[str, Param] = {
        "works": told(unit, "works"),
        "countries": told(unit, "with_countries"),
        "organisations": told(unit, "with_organisations"),
    }
    yield Statement(template="movers_coverage", params=coverage)
    if movers.china is not None:
        share = told("share", "china/share", movers.china.ids)
        yield Statement(template="movers_china", params={"share": share, "of": told(unit, "china/of")})
    if movers.shanghai is not None and movers.shanghai.works:
        # Told by names alone: whoever is not recognised is not therefore from elsewhere.
        n = told(unit, "shanghai/works", movers.shanghai.ids)
        yield Statement(template="movers_shanghai", params={"n": n, "of": told(unit, "shanghai/of")})
    yield from _leading(movers, told)
    if movers.newcomers is not None:
        new: dict[str, Param] = {
            "count": told("organisations", "newcomers/works"),
            "share": told("share", "newcomers/share"),
        }
        yield Statement(template="movers_newcomers", params=new)
    yield from _coming(movers, told)


def _leading(movers: Movers, told: Callable[[Unit, str], FigureParam]) -> Iterator[Statement]:
    """The countries and the organisations with most works."""
    for table in ("countries", "organisations"):
        leading: tuple[Mover, ...] = getattr(movers, table)[:NAMED]
        if leading:
            named = tuple(
                Statement(
                    template="mover",
                    params={
                        "name": actor(table, each.name),
                        "share": told("share", f"{table}/{each.name}/share"),
                    },
                )
                for each in leading
            )
            yield Statement(template=f"movers_{table}", params={"named": ListParam(parts=named)})


def _coming(movers: Movers, told: Callable[[Unit, str], FigureParam]) -> Iterator[Statement]:
    """Newcomers with several works, and whose share has surely grown."""
    unit: Unit = "patents" if movers.kind == "patents" else "papers"
    for table, fields in (("new", ("works",)), ("growing", ("works_before", "works"))):
        named = tuple(
            Statement(
                template=f"mover_{table}",
                params={
                    "name": actor("organisations", each.name),
                    **{field: told(unit, f"{table}/{each.name}/{field}") for field in fields},
                },
            )
            for each in getattr(movers, table)
        )
        if named:
            yield Statement(template=f"movers_{table}", params={"named": ListParam(parts=named)})
