"""What an expert group should judge first: the labels least sure, and the items on which most rests."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flows.review import thresholds
from flows.workspace import Workspace
from horizon.records import AreaId, Item, Label, Signal
from horizon.weeks import IsoWeek
from store.items import content_sha256

if TYPE_CHECKING:
    from reports.findings import Race
    from reports.hindsight import ToCheck

SHOWN = 8
_CANDIDATES = 60
"""Labels nearest the threshold that are looked at: some of their items are withdrawn, or judged already."""
NEAR = 0.2
"""From the threshold: what lies farther off is not in doubt."""
ROUTE_FROM = 0.5
"""A less probable route counts for no share."""
CLEARLY_LEADS = 0.75
"""A leader less sure than this leads an open race."""


def to_check(
    work: Workspace,
    area: AreaId,
    span: tuple[IsoWeek, IsoWeek],
    pair: tuple[str, str],
    as_of: datetime,
    sources: Sequence[str],
    signals: Sequence[Signal],
    races: "Sequence[Race]",
) -> "list[ToCheck]":
    """Of an area's items of these weeks the eight least sure and the eight on which most rests, no work twice.

    Of sources of low trust, of withdrawn items and of labels that were judged already none is asked for.
    """
    from scrapers.source import load_source

    labels: dict[str, Label] = {}
    for source in sources:
        if load_source(source).trust != "low":
            found = work.store.area_labels(
                [area], *pair, source=source, since=span[0], until=span[1], as_of=as_of, assigned_only=False
            )
            labels |= {each.label.item_id: each.label for each in found}
    if not labels:
        return []
    threshold = thresholds(labels.values())[area]
    carried = _carried(signals, labels)
    open_routes = {each.route for race in races if _is_open(race, area) for each in race.standings}
    held = _held(work, [each.item_id for each in labels.values() if each.assigned], as_of)
    taken: set[str] = set()
    uncertain = _judgeable(work, _by_doubt(labels, threshold), taken, as_of)
    influential = _judgeable(work, _by_influence(labels, carried, open_routes, held), taken, as_of)
    return [_asked("uncertain", each, threshold) for each in uncertain] + [
        _asked(
            "influential",
            each,
            threshold,
            signals=carried.get(each.item_id, ()),
            routes=_open(each, open_routes),
            sources=held[each.item_id],
        )
        for each in influential
    ]


def _asked(reason: str, label: Label, threshold: float, **grounds: object) -> "ToCheck":
    from reports.hindsight import ToCheck

    return ToCheck.model_validate(
        {
            "item_id": label.item_id,
            "area": label.area,
            "reason": reason,
            "probability": label.probability,
            "threshold": threshold,
            "assigned": label.assigned,
            **grounds,
        }
    )


def _carried(signals: Sequence[Signal], labels: Mapping[str, Label]) -> dict[str, tuple[str, ...]]:
    """Assigned items to the terms of the signals that name them."""
    named = {item for signal in signals for item in signal.item_ids if item in labels and labels[item].assigned}
    return {item: tuple(each.term for each in signals if item in each.item_ids) for item in sorted(named)}


def _is_open(race: "Race", area: AreaId) -> bool:
    return race.area == area and race.p_leads < CLEARLY_LEADS


def _open(label: Label, routes: Collection[str]) -> tuple[str, ...]:
    return tuple(each.route for each in label.routes if each.route in routes and each.probability >= ROUTE_FROM)


def _held(work: Workspace, ids: Collection[str], as_of: datetime) -> dict[str, int]:
    """Items to the number of sources that hold their work."""
    works = work.store.works(ids, as_of=as_of)
    joined = {name for names in works.values() if len(names) > 1 for name in names}
    source = {item.id: item.source for item in work.store.items(joined, as_of=as_of).values()}
    return {item: max(1, len({source[name] for name in names if name in source})) for item, names in works.items()}


def _by_doubt(labels: Mapping[str, Label], threshold: float) -> list[Label]:
    """As the experts' queue has them: the uncertain ones, nearest to the threshold, then others that are near it."""

    def doubt(label: Label) -> tuple[bool, float, str]:
        return not label.uncertain, round(abs(label.probability - threshold), 6), label.item_id

    near = [each for each in labels.values() if each.uncertain or abs(each.probability - threshold) <= NEAR]
    return sorted(near, key=doubt)[:_CANDIDATES]


def _by_influence(
    labels: Mapping[str, Label],
    carried: Mapping[str, tuple[str, ...]],
    open_routes: Collection[str],
    held: Mapping[str, int],
) -> list[Label]:
    """Signals carried, then a route in an open race, then the sources that hold the work; none of which is no ground.

    Of equals the least probable comes first: there an expert's word changes most.
    """

    def weight(label: Label) -> tuple[int, int, int]:
        return len(carried.get(label.item_id, ())), len(_open(label, open_routes)), held[label.item_id] - 1

    assigned = [each for each in labels.values() if each.assigned and any(weight(each))]
    order = sorted(assigned, key=lambda each: (*(-part for part in weight(each)), each.probability, each.item_id))
    return order[:_CANDIDATES]


def _judgeable(work: Workspace, labels: Sequence[Label], taken: set[str], as_of: datetime) -> list[Label]:
    """The first eight of items that stand and whose text nobody judged for this area; of a work one, none `taken`."""
    ids = {label.item_id for label in labels}
    items = work.store.items(ids, as_of=as_of)
    works = work.store.works(ids, as_of=as_of)
    judged = {(each.item_id, each.area, each.content_sha256) for each in work.store.verdicts(as_of=as_of)}
    chosen: list[Label] = []
    for label in labels:
        item, first = items[label.item_id], works[label.item_id][0]
        if len(chosen) == SHOWN or first in taken or item.withdrawn or _is_judged(item, label, judged):
            continue
        taken.add(first)
        chosen.append(label)
    return chosen


def _is_judged(item: Item, label: Label, judged: Collection[tuple[str, str, str]]) -> bool:
    return (item.id, label.area, content_sha256(item)) in judged
