"""Signals outside the taxonomy and items of no consensus, as facts."""

from collections.abc import Iterator
from typing import Any

from horizon.records import NonConsensus, Signal
from horizon.weeks import IsoWeek
from reports.coverage import name_statement
from reports.facts import (
    FigureParam,
    ItemReference,
    ListParam,
    OddFact,
    Param,
    SignalFact,
    Statement,
    Unit,
    VerbatimParam,
)
from reports.inputs import Known
from reports.policy import link_of, profile_of, unit_of
from reports.routes import text_of
from reports.trace import figure

ODD_SHOWN = 10
_WHY: dict[str, Unit] = {
    "growth_26w": "times", "documents_13w": "papers", "weeks_active": "weeks", "first_authors": "records",
    "title_share": "share",
}  # fmt: skip
"""Facts that are told of a signal, in this order; the store keeps more."""
_ENDS: dict[str, Unit] = {
    "documents_26w": "papers", "eb05": "times", "groups": "groups", "categories": "fields", "weeks_active": "weeks",
    "share_weeks_53_to_104": "share",
}  # fmt: skip


def signal_facts(known: Known) -> tuple[SignalFact, ...]:
    """An expert group gets those nearest to its area."""
    area, found = known.inputs.area, known.inputs.findings.signals
    return tuple(_signal(known, signal) for signal in found if area in (None, signal.nearest_area))


def signals_note(known: Known) -> Statement | None:
    """Where signals were looked for; None where the week was scored by a version that did not look."""
    scanned = [source for source in known.inputs.findings.scanned if source in known.sources]
    if not scanned:
        return None
    named = ListParam(parts=tuple(name_statement(known, source) for source in scanned))
    return Statement(template="signals_scanned" if known.inputs.findings.signals else "signals_none",
                     params={"sources": named})  # fmt: skip


def _signal(known: Known, signal: Signal) -> SignalFact:
    of: dict[str, Any] = {"source": signal.source, "channel": signal.channel, "term": signal.term}
    unit = unit_of(known.profiles.get(signal.source) or profile_of(signal.source))

    def told(field: str, unit: Unit) -> FigureParam:
        return FigureParam(figure=figure(known, unit, "signal", **of, field=field))

    nearest = known.areas.get(signal.nearest_area or "")
    first_week, weeks = _weeks(known, signal)
    return SignalFact(
        term=signal.term,
        variants=signal.variants,
        channel=signal.channel,
        first_week=first_week,
        weeks=weeks,
        tier=signal.tier,
        source=signal.source,
        first_seen=signal.first_seen,
        n_recent=figure(known, unit, "signal", signal.item_ids, **of, field="n_recent"),
        n_base=told("n_base", unit).figure,
        rate_ratio=told("rate_ratio", "times").figure,
        groups=told("groups", "groups").figure,
        categories=told("categories", "fields").figure,
        p_sustained=told("p_sustained", "probability").figure,
        nearest=None if nearest is None else text_of(nearest.name),
        sector=signal.sector,
        why=tuple(
            _named("why", name, told(f"why_now.{name}", of_it))
            for name, of_it in _WHY.items()
            if name in signal.why_now
        ),
        ends=tuple(
            _named("ends", name, told(f"killed_by.{name}", of_it))
            for name, of_it in _ENDS.items()
            if name in signal.killed_by
        ),
        items=tuple(references(known, signal.item_ids)),
        method=signal.method,
    )


def _weeks(known: Known, signal: Signal) -> tuple[IsoWeek | None, tuple[int | None, ...]]:
    """Documents a week; a week that the source could not be read is unknown."""
    wanted = (signal.source, signal.term)
    found = next((each for each in known.inputs.findings.signal_weeks if (each.source, each.term) == wanted), None)
    if found is None:
        return None, ()
    read = known.read_weeks.get(signal.source, frozenset())
    return found.first_week, tuple(n if found.first_week + at in read else None for at, n in enumerate(found.n))


def _named(kind: str, name: str, value: FigureParam) -> Statement:
    return Statement(template=f"signal_{kind}_{name}", params={"value": value})


def references(known: Known, ids: tuple[str, ...]) -> Iterator[ItemReference]:
    """The items that the store still holds."""
    for item_id in ids:
        item = known.items.get(item_id)
        if item is None:
            continue
        profile = known.profiles.get(item.source)
        yield ItemReference(
            id=item.id,
            title=item.title,
            language=item.language,
            published=item.published,
            link=link_of(item, profile.link_hosts if profile else (), known.inputs.world),
        )


def odd_facts(known: Known) -> tuple[OddFact, ...]:
    """In the order of the areas, each area's as they were found."""
    found = known.inputs.findings.odd
    order = {area: place for place, area in enumerate(known.areas)}
    chosen = sorted((each for each in found if each.area in order), key=lambda each: order[each.area])
    return tuple(fact for each in chosen[:ODD_SHOWN] for fact in _odd(known, each))


def _odd(known: Known, odd: NonConsensus) -> Iterator[OddFact]:
    of: dict[str, Any] = {"item": odd.item_id, "area": odd.area, "reason": odd.reason}
    unit: Unit = "similarity" if odd.reason == "no_close_predecessor" else "records"
    params: dict[str, Param] = {
        "value": FigureParam(figure=figure(known, unit, "odd", **of, field="value")),
        "expected": FigureParam(figure=figure(known, unit, "odd", **of, field="expected")),
    }
    if odd.neighbour:
        params["neighbour"] = VerbatimParam(text=odd.neighbour)
    if odd.fields:
        params["fields"] = VerbatimParam(text=" + ".join(odd.fields))
    template = f"odd_{odd.reason}" if odd.neighbour or odd.fields else f"odd_{odd.reason}_alone"
    for item in references(known, (odd.item_id,)):
        yield OddFact(
            area=odd.area,
            name=text_of(known.areas[odd.area].name),
            item=item,
            reason=Statement(template=template, params=params),
            method=odd.method,
        )
