"""What the store holds on the routes and actors of one area: the same for the command line and for a brief."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.workspace import Workspace
from horizon.errors import UsageError
from horizon.records import Item, SeriesPoint
from horizon.weeks import IsoWeek
from trends.actors import PAPERS, PATENTS, Actors, actors, works_of
from trends.conversion import Conversion, conversion
from trends.patent_lag import PatentLag, family_points, patent_lag
from trends.routes import GroupRace, route_race


@dataclass(frozen=True)
class Basis:
    """Which labels were read: the newest taxonomy and model with any in the area, and what was known at `as_of`."""

    area: str
    week: IsoWeek
    as_of: datetime
    taxonomy: str
    model: str


@dataclass(frozen=True)
class AreaRoutes:
    basis: Basis
    races: tuple[GroupRace, ...]
    """By source, then in the taxonomy's order of groups."""


@dataclass(frozen=True)
class AreaActors:
    basis: Basis
    papers: Actors
    patents: Actors
    conversion: Conversion | None
    lag: PatentLag | None
    """From the paper source to the patent source with most items in the area; None without both."""


def area_routes(work: Workspace, area: str, week: IsoWeek, now: datetime, source: str | None = None) -> AreaRoutes:
    """The race of an area's routes in each source (or one), up to a week, as known then.

    Raises UsageError where nothing was counted.
    """
    from scrapers.source import load_source

    given = work.taxonomy.area(area)
    basis = _basis(work, area, week, now)
    names = [f"route:{area}/{route.id}" for route in given.routes]
    points = [point for name in names for point in _points(work, basis, name, source)]
    races: list[GroupRace] = []
    for each in sorted({point.source for point in points}):
        mine = [point for point in points if point.source == each]
        races += route_race(mine, given, week, incomplete_weeks=load_source(each).incomplete_weeks)
    if not races:
        place = f" of {source}" if source else ""
        raise UsageError(f"expected weekly counts of the routes of {area}{place}, found none; run `horizon scan` first")
    return AreaRoutes(basis, tuple(races))


def area_actors(work: Workspace, area: str, week: IsoWeek, now: datetime) -> AreaActors:
    """Who moved an area in the 52 weeks up to a week, as known then; raises UsageError where nothing was counted."""
    work.taxonomy.area(area)
    basis = _basis(work, area, week, now)
    items = work.store.area_items(area, basis.taxonomy, basis.model, until=week, as_of=now)
    return AreaActors(
        basis=basis,
        papers=actors(items, area, "papers", week),
        patents=actors(items, area, "patents", week),
        conversion=conversion(items, week),
        lag=_lag(work, basis, items),
    )


def _basis(work: Workspace, area: str, week: IsoWeek, now: datetime) -> Basis:
    """A killed run of a new model may have counted nothing yet; then the model before it is read."""
    runs = [each.run for each in work.store.runs() if each.run.started <= now]
    for taxonomy, model in dict.fromkeys((run.taxonomy, run.model) for run in reversed(runs)):
        basis = Basis(area, week, now, taxonomy, model)
        if any(_points(work, basis, f"area:{area}", None)):
            return basis
    message = f"expected weekly counts of {area} up to {week}, found none known at {now:%Y-%m-%d %H:%M} UTC"
    raise UsageError(f"{message}; run `horizon scan` for this week first, or name another one")


def _points(work: Workspace, basis: Basis, series: str, source: str | None) -> list[SeriesPoint]:
    return work.store.weekly_counts(
        basis.taxonomy, basis.model, source=source, series=series, until=basis.week, as_of=basis.as_of
    )


def _lag(work: Workspace, basis: Basis, items: Sequence[tuple[str, Item]]) -> PatentLag | None:
    papers, patents = _fullest(items, PAPERS), _fullest(items, PATENTS)
    if papers is None or patents is None:
        return None
    series = f"area:{basis.area}"
    families = works_of([(key, item) for key, item in items if item.source == patents], "patents")
    by_family = family_points(_points(work, basis, series, patents), [family.published for family in families])
    return patent_lag(basis.area, _points(work, basis, series, papers), by_family, basis.week)


def _fullest(items: Sequence[tuple[str, Item]], kinds: tuple[str, ...]) -> str | None:
    """The source with most items of these kinds."""
    counts = Counter(item.source for _, item in items if item.kind in kinds)
    return min(counts, key=lambda source: (-counts[source], source), default=None)
