"""The week's most telling items of each area, and why each was chosen."""

import re
from collections.abc import Sequence

from horizon.records import Evidence, Item, Label
from reports.facts import ItemFact, Quote, Reason, RouteFact, Text, Version
from reports.inputs import Known
from reports.policy import link_of, profile_of
from reports.routes import text_of
from reports.trace import figure, is_ground
from taxonomy.schema import AreaFile

_STEP = 0.05
_MAX_REASONS = 6
_MAX_NAMES = 3
_MAX_VERSIONS = 6


def telling_items(known: Known, area: AreaFile, limit: int) -> tuple[ItemFact, ...]:
    """Works by probability in steps of 5 points, then lens phrases, then title terms, then probability and id.

    Each work once, in the version that comes first in the order of sources. The kinds of evidence take turns, that of
    the leading source first and patents next; within one the chosen ones stand in the order of their probability. A
    withdrawn item is counted but never shown, and neither is one that only sources of low trust have.
    """
    groups: dict[str, list[tuple[Item, Label]]] = {}
    for item, label in _one_a_work(known, area.id):
        groups.setdefault(known.profiles[item.source].group, []).append((item, label))
    for pairs in groups.values():
        pairs.sort(key=lambda pair: _order(*pair))
    shares = _shares(known, area.id, {group: len(pairs) for group, pairs in groups.items()}, limit)
    return tuple(
        _fact(known, area, item, label)
        for group, count in shares.items()
        for item, label in sorted(groups[group][:count], key=lambda pair: (-pair[1].probability, pair[0].id))
    )


def _shares(known: Known, area: str, sizes: dict[str, int], limit: int) -> dict[str, int]:
    """How many items each kind of evidence may show, dealt out in turn."""
    leading = known.profiles[known.leading[area]].group if area in known.leading else None
    order = sorted(sizes, key=lambda group: (group != leading, group != "patents", group))
    dealt = dict.fromkeys(order, 0)
    for turn in range(limit):
        for group in order:
            if sum(dealt.values()) < limit and turn < sizes[group]:
                dealt[group] += 1
    return dealt


def _one_a_work(known: Known, area: str) -> list[tuple[Item, Label]]:
    """Of each work labelled with the area the version to show."""
    chosen: dict[str, tuple[int, Item, Label]] = {}
    for item, label in (*known.inputs.labelled, *known.inputs.late):
        if label.area != area or not label.assigned or item.withdrawn or not is_ground(known, item.id):
            continue
        work = known.works.get(item.id, (item.id,))
        trusted = known.profiles[item.source].trust != "low"
        place = work.index(item.id) + (0 if trusted else len(work))
        if work[0] not in chosen or place < chosen[work[0]][0]:
            chosen[work[0]] = (place, item, label)
    return [(item, label) for _, item, label in chosen.values()]


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
        link=_link(known, item),
        late=item.id in {late.id for late, _ in known.inputs.late},
        organisations=item.organisations[:_MAX_NAMES],
        countries=item.countries[:_MAX_NAMES],
        office=office_of(item),
        also=_also(known, item),
        probability=figure(known, "probability", "label", (item.id,), **where),
        rank=figure(known, "records", "rank", (item.id,), **where),
        routes=routes,
        reasons=_reasons(area, item, label.evidence, routes),
    )


def office_of(item: Item) -> str | None:
    """The patent office, which the id of a publication names: `epo:CN.123456789.A` is of CN."""
    found = re.fullmatch(r"[a-z_]+:([A-Z]{2})\.\S+", item.id)
    patent = item.kind in ("patent_application", "patent_grant", "utility_model")
    return found[1] if found and patent else None


def _link(known: Known, item: Item) -> str | None:
    profile = known.profiles.get(item.source) or profile_of(item.source)
    return link_of(item, profile.link_hosts, known.inputs.world)


def _also(known: Known, item: Item) -> tuple[Version, ...]:
    """Other versions of the work, in the order of sources; withdrawn ones are left out."""
    others = [known.items[each] for each in known.works.get(item.id, ()) if each != item.id and each in known.items]
    return tuple(
        Version(id=each.id, source=each.source, kind=each.kind, published=each.published, link=_link(known, each))
        for each in others[:_MAX_VERSIONS]
        if not each.withdrawn
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
