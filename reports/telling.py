"""The week's most telling items of each area, and why each was chosen."""

from collections.abc import Sequence

from horizon.records import Evidence, Item, Label
from reports.facts import ItemFact, Quote, Reason, RouteFact, Text
from reports.inputs import Known
from reports.policy import link_of
from reports.routes import text_of
from reports.trace import figure
from taxonomy.schema import AreaFile

_STEP = 0.05
_MAX_REASONS = 6


def telling_items(known: Known, area: AreaFile, source: str, limit: int) -> tuple[ItemFact, ...]:
    """Items by probability in steps of 5 points, then lens phrases, then title terms, then probability and id.

    The chosen ones stand in the order of their probability. A withdrawn item is counted but never shown.
    """
    chosen = [
        (item, label)
        for item, label in known.inputs.labelled
        if label.area == area.id and label.assigned and item.source == source and not item.withdrawn
    ]
    chosen.sort(key=lambda pair: _order(*pair))
    best = sorted(chosen[:limit], key=lambda pair: (-pair[1].probability, pair[0].id))
    return tuple(_fact(known, area, item, label) for item, label in best)


def _order(item: Item, label: Label) -> tuple[float, int, float, float, str]:
    steps = int(label.probability / _STEP + 1e-9)
    lenses = {lens_id(each.concept) for each in label.evidence if each.kind == "lens" and quote_of(item, each)}
    titled = sum(
        max(each.weight or 0.0, 0.0) for each in label.evidence if each.kind == "term" and each.field == "title"
    )
    return -steps, -len(lenses), -titled, -label.probability, item.id


def _fact(known: Known, area: AreaFile, item: Item, label: Label) -> ItemFact:
    where = {"item": item.id, "area": area.id}
    routes = _routes(known, area, item, label)
    return ItemFact(
        id=item.id,
        area=area.id,
        source=item.source,
        kind=item.kind,
        title=item.title,
        language=item.language,
        published=item.published,
        link=link_of(item.id, known.inputs.world),
        probability=figure(known, "probability", "label", (item.id,), **where),
        rank=figure(known, "records", "rank", (item.id,), **where),
        routes=routes,
        reasons=_reasons(area, item, label.evidence, routes),
    )


def _routes(known: Known, area: AreaFile, item: Item, label: Label) -> tuple[RouteFact, ...]:
    names = {route.id: text_of(route.name) for route in area.routes}
    likely = sorted(
        (each for each in label.routes if each.probability >= 0.5), key=lambda each: (-each.probability, each.route)
    )
    return tuple(
        RouteFact(
            route=each.route,
            name=names[each.route],
            probability=figure(
                known, "probability", "route_label", (item.id,), item=item.id, area=area.id, route=each.route
            ),
        )
        for each in likely
        if each.route in names
    )


def _reasons(
    area: AreaFile, item: Item, evidence: Sequence[Evidence], routes: Sequence[RouteFact]
) -> tuple[Reason, ...]:
    """The strongest words, then the routes, then the other words; the rank only where there is nothing else."""
    lens_names = {lens.id: text_of(lens.name) for lens in area.lens}
    reasons: list[Reason] = []
    seen: set[tuple[str, str]] = set()
    for each in sorted(evidence, key=_strength):
        reason = _reason(item, each, lens_names)
        if reason is None or (reason.kind, _said(reason)) in seen:
            continue
        seen.add((reason.kind, _said(reason)))
        reasons.append(reason)
    reasons[1:1] = [Reason(kind="route", name=route.name) for route in routes]
    return tuple(reasons[:_MAX_REASONS]) or (Reason(kind="top_probability"),)


def _strength(evidence: Evidence) -> tuple[int, float, str, int]:
    """Lens phrases first, then terms by weight, codes last."""
    kind = {"lens": 0, "term": 1, "code": 2}.get(evidence.kind, 3)
    return kind, -(evidence.weight or 0.0), evidence.field or "", evidence.start or 0


def _said(reason: Reason) -> str:
    return (reason.quote.text if reason.quote else reason.code or "").casefold()


def _reason(item: Item, evidence: Evidence, lens_names: dict[str, Text]) -> Reason | None:
    if evidence.kind == "code":
        return Reason(kind="code", code=evidence.text, concept=evidence.concept)
    quote = quote_of(item, evidence)
    against = (evidence.weight or 0.0) < 0
    if quote is None or against or evidence.kind not in ("lens", "term"):
        return None
    if evidence.kind == "lens":
        name = lens_names.get(lens_id(evidence.concept))
        return (
            None
            if name is None
            else Reason.model_validate({"kind": "lens", "concept": evidence.concept, "name": name, "quote": quote})
        )
    kind = "title_term" if quote.field == "title" else "abstract_term"
    return Reason.model_validate({"kind": kind, "concept": evidence.concept, "quote": quote})


def lens_id(concept: str | None) -> str:
    """The aspect's id out of the matcher's concept, for example `cost_reduction: low cost`."""
    return (concept or "").partition(":")[0].strip()


def quote_of(item: Item, evidence: Evidence) -> Quote | None:
    """The evidence as a quote; None when the words do not stand in the item at these offsets."""
    if evidence.field not in ("title", "abstract") or evidence.start is None or evidence.end is None:
        return None
    text = item.title if evidence.field == "title" else item.abstract or ""
    if not evidence.text or text[evidence.start : evidence.end] != evidence.text:
        return None
    return Quote(field=evidence.field, start=evidence.start, end=evidence.end, text=evidence.text)
