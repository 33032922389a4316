"""Which technology route is labelled most within a group: a share of labels, never a ranking of technologies."""

from reports.facts import Figure, FigureParam, NameParam, Param, Statement, Text
from reports.inputs import Known
from reports.policy import coverage_rules
from reports.trace import figure, year_count
from taxonomy.schema import AreaFile, Bilingual, Route, RouteGroup


def text_of(name: Bilingual) -> Text:
    return Text(en=name.en, zh=name.zh)


def leading_route(known: Known, area: AreaFile, source: str) -> Statement | None:
    """On the group with most evidence; None below 30 items, which could not carry the sentence.

    A paper on two routes has two labels: the shares are of route labels within the group, not of papers.
    """
    sizes = {group.id: _group_size(known, area, group, source) for group in area.route_groups}
    group = max(area.route_groups, key=lambda each: (sizes[each.id], each.id))
    if sizes[group.id] < coverage_rules().route_needs:
        return None
    first, second, *_ = sorted(group.routes, key=lambda route: (-_size(known, area, route, source), route.id))
    lead, next_ = _share(known, area, group, first, source), _share(known, area, group, second, source)
    clear = (lead.low or 0.0) > (next_.high or 1.0)
    whole = figure(known, "labels", "count_sum", series=_names(area, group), source=source)
    params: dict[str, Param] = {
        "group": NameParam(name=text_of(group.name)),
        "route": NameParam(name=text_of(first.name)),
        "second": NameParam(name=text_of(second.name)),
        "share": FigureParam(figure=lead),
        "second_share": FigureParam(figure=next_),
        "n": FigureParam(figure=whole),
    }
    return Statement(template="route_most" if clear else "route_tied", params=params)


def _series(area: AreaFile, route: Route) -> str:
    return f"route:{area.id}/{route.id}"


def _names(area: AreaFile, group: RouteGroup) -> str:
    return " ".join(_series(area, route) for route in group.routes)


def _size(known: Known, area: AreaFile, route: Route, source: str) -> int:
    return year_count(known, _series(area, route), source)


def _group_size(known: Known, area: AreaFile, group: RouteGroup, source: str) -> int:
    return sum(_size(known, area, route, source) for route in group.routes)


def _share(known: Known, area: AreaFile, group: RouteGroup, route: Route, source: str) -> Figure:
    series = _series(area, route)
    return figure(known, "share", "route_share", series=series, among=_names(area, group), source=source)
