"""What stands in a brief beside labels and scores, gathered the same way by whoever writes it and whoever verifies it.

All of it is read or reckoned from what was known at one instant, so that a later reader finds the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flows.ledger import Foretold, read_foretold
from flows.timelines import calibration, race_windows, signal_weeks
from flows.told import told_before
from flows.workspace import Workspace
from horizon.records import SeriesPoint, Signal
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from reports.facts import Header
    from reports.findings import Accuracy, Estimated, Findings, Mover, Movers, Race
    from reports.inputs import Edition
    from taxonomy.schema import AreaFile
    from trends.actors import Actor, Actors, Presence
    from trends.estimate import Estimate
    from trends.routes import GroupRace
    from trends.scorecard import Measure

YEAR_WEEKS = 52
SIGNALS_SHOWN = 10
"""More in a week nobody reads."""
NAMED = 3
"""Newcomers and growing actors of an area."""
SEVERAL_WORKS = 3


def findings_of(work: Workspace, header: "Header") -> "Findings":
    """Those of a brief with this header."""
    from reports.inputs import Edition

    edition = Edition(header.kind, header.area)
    return gather(work, header.week, header.taxonomy, header.model, header.cut_off, header.sources, edition)


def gather(
    work: Workspace,
    week: IsoWeek,
    taxonomy: str,
    model: str,
    as_of: datetime,
    sources: Sequence[str],
    edition: "Edition",
) -> "Findings":
    """Findings of one issue, as known at `as_of`; of its area alone where it has one.

    Longer editions have also what area pages are made of, which reads the labels of two years.
    """
    from flows.longer import Issue, look_back, look_closer
    from reports.findings import Findings

    scans = work.store.signals_between(week, week, taxonomy, model, as_of)
    signals = ranked(
        signal
        for found in scans.values()
        for signal in found
        if signal.source in sources and edition.area in (None, signal.nearest_area)
    )
    odd = tuple(each for each in work.store.non_consensus(week, taxonomy, model, as_of))
    races = tuple(_races(work, week, taxonomy, model, as_of, sources))
    issue = Issue(week, edition.window_weeks, (taxonomy, model), as_of, tuple(sources), edition.area)
    foretold = read_foretold(work, as_of)
    past = look_back(work, issue, foretold)
    closer, quoted = look_closer(work, issue, signals, races) if edition.kind != "weekly" else ({}, set())
    named = {item for each in signals for item in each.item_ids} | {each.item_id for each in odd} | quoted
    head = work.store.ledger_head(as_of)
    return Findings(
        scanned=tuple(dict.fromkeys(source for _, source, _ in scans if source in sources)),
        signals=signals,
        signal_weeks=signal_weeks(work, signals, week, as_of),
        odd=odd,
        items=tuple(work.store.items(sorted(named), as_of=as_of).values()),
        races=races,
        movers=tuple(_movers(work, week, taxonomy, model, as_of)),
        accuracy=tuple(_accuracy(foretold)),
        ledger_rows=head.rows,
        ledger_head=head.sha256 if head.rows else None,
        **told_before(work, week, as_of, sources, scans, foretold, edition),
        next_due=_next_due(foretold),
        **past,
        **closer,
    )


def ranked(signals: Iterator[Signal], most: int = SIGNALS_SHOWN) -> tuple[Signal, ...]:
    """Confirmed ones first, then those of most groups, as each source's own scan has them."""
    order = sorted(
        signals,
        key=lambda each: (each.tier != "confirmed", -each.groups, each.term, each.source),
    )
    return tuple(order[:most])


def _next_due(foretold: Foretold) -> IsoWeek | None:
    """The first week in which a forecast can be settled that is not yet."""
    pending = (each.last for each in foretold.predictions if each.prediction_id not in foretold.settlements)
    last = min(pending, default=None)
    return None if last is None else last + 1


def _accuracy(foretold: Foretold) -> Iterator["Accuracy"]:
    from reports.findings import Accuracy
    from trends.scorecard import ALL, scorecard

    for row in scorecard(foretold.predictions, foretold.settlements):
        if row.kind == ALL:
            yield Accuracy(
                quantity=row.quantity,
                horizon_weeks=row.horizon_weeks,
                predictions=row.predictions,
                settled=row.settled,
                void=row.void,
                pending=row.pending,
                effective=row.effective,
                brier=_measured(row.brier),
                brier_skill=_measured(row.brier_skill),
                crps_skill=_measured(row.crps_skill),
                cov80=_measured(row.cov80),
                cov95=_measured(row.cov95),
                calibration=calibration(row),
            )


def _measured(measure: "Measure | None") -> "Estimated | None":
    from reports.findings import Estimated

    return None if measure is None else Estimated(value=measure.value, low=measure.lo95, high=measure.hi95)


def _estimated(estimate: "Estimate") -> "Estimated":
    from reports.findings import Estimated

    return Estimated(value=estimate.mean, low=estimate.lo80, high=estimate.hi80)


def _races(
    work: Workspace, week: IsoWeek, taxonomy: str, model: str, as_of: datetime, sources: Sequence[str]
) -> Iterator["Race"]:
    """Of each group of routes in the source that has most labels of it in the last 52 weeks."""
    from scrapers.source import load_source
    from trends.routes import MAX_YEARS, group_race

    groups = [
        (area, group, [f"route:{area.id}/{route.id}" for route in group.routes])
        for area in work.taxonomy.areas
        for group in area.route_groups
    ]

    late = {source: load_source(source).incomplete_weeks for source in sources}

    def points_of(source: str, series: Sequence[str], weeks: int) -> dict[str, list[SeriesPoint]]:
        found: dict[str, list[SeriesPoint]] = {}
        for point in work.store.weekly_counts(taxonomy, model, source, series, week + (1 - weeks), week, as_of):
            found.setdefault(point.series, []).append(point)
        return found

    histories: dict[str, dict[str, list[SeriesPoint]]] = {}
    routes = [name for _, _, series in groups for name in series]
    years = {source: points_of(source, routes, YEAR_WEEKS) for source in sources}
    fullest = [_fullest(years, series) for _, _, series in groups]
    for source in sorted({each for each in fullest if each is not None}):
        # The whole history of a source is long, and most lead in few groups.
        own = [series for (_, _, series), leading in zip(groups, fullest, strict=True) if leading == source]
        wanted = [name for series in own for name in series]
        histories[source] = points_of(source, wanted, MAX_YEARS * YEAR_WEEKS + late[source])
    for (area, group, series), leading in zip(groups, fullest, strict=True):
        if leading is None:
            continue
        mine = [point for name in series for point in histories[leading].get(name, ())]
        race = group_race(mine, area, group, leading, week + -late[leading])
        if race.status == "ok":
            yield _race(race)


def _fullest(years: Mapping[str, Mapping[str, Sequence[SeriesPoint]]], series: Sequence[str]) -> str | None:
    """The source with most labels of the series in the year; None where none has such a series."""
    counts = {
        source: sum(point.n or 0 for name in series for point in points.get(name, ()))
        for source, points in years.items()
        if any(name in points for name in series)
    }
    return min(counts, key=lambda source: (-counts[source], source), default=None)


def _race(race: "GroupRace") -> "Race":
    from reports.findings import Race, Standing

    now = {each.route: each for each in race.windows[-1].shares}
    likeliest = next((each for each in race.overtakings if each.ahead == race.leader), None)
    overtook, overtook_in = _lead_taken(race)
    turn = race.convergence
    return Race(
        area=race.area,
        group=race.group,
        source=race.source,
        week=race.week,
        standings=tuple(
            Standing(
                route=each.route,
                n=each.n,
                share=_estimated(now[each.route].share),
                forecast=_estimated(each.share),
            )
            for each in race.forecast
        ),
        leader=race.leader or "",
        p_leads=race.p_leads or 0.0,
        led_weeks=race.led_weeks or 0,
        led_since_start=bool(race.led_since_start),
        overtook=overtook,
        overtook_in=overtook_in,
        overtaker=None if likeliest is None else likeliest.route,
        overtaken=None if likeliest is None else likeliest.ahead,
        p_overtakes=None if likeliest is None else likeliest.probability,
        convergence=None if turn is None else _estimated(turn.index),
        p_converging=None if turn is None else turn.probability,
        convergence_word=None if turn is None else turn.verdict,
        asked_by_policy=race.asked_by_policy,
        windows=race_windows(race),
        method=race.method,
    )


def _lead_taken(race: "GroupRace") -> tuple[str | None, IsoWeek | None]:
    """From whom the leader took the lead, and the last week of the first window since."""
    since = None
    for window in reversed(race.windows):
        first = max(window.shares, key=lambda each: each.n).route
        if first != race.leader:
            return (first, since) if since is not None else (None, None)
        since = window.last
    return None, None


def _movers(work: Workspace, week: IsoWeek, taxonomy: str, model: str, as_of: datetime) -> Iterator["Movers"]:
    from trends.actors import actors

    for area in work.taxonomy.areas:
        items = work.store.area_items(area.id, taxonomy, model, until=week, as_of=as_of)
        for kind in ("papers", "patents"):
            found = actors(items, area.id, kind, week)
            if found.coverage[0].works:
                yield _movers_of(area, found)


def _movers_of(area: "AreaFile", found: "Actors") -> "Movers":
    from reports.findings import Grown, Mover, Movers

    coverage, newcomers = found.coverage[0], found.newcomers
    new = None
    if newcomers is not None:
        ids = tuple(item for each in newcomers.organisations for item in each.ids[:1])
        new = Mover(
            name="newcomers", works=newcomers.count, of=newcomers.count, share=_estimated(newcomers.share), ids=ids
        )
    return Movers(
        area=area.id,
        kind=found.kind,
        first=found.first,
        last=found.week,
        works=coverage.works,
        with_organisations=coverage.with_organisations,
        with_countries=coverage.with_countries,
        countries=tuple(_mover(each, coverage.with_countries) for each in found.countries),
        organisations=tuple(_mover(each, coverage.with_organisations) for each in found.organisations),
        concentration=None
        if found.organisation_concentration is None
        else _estimated(found.organisation_concentration),
        newcomers=new,
        new=tuple(_mover(each, coverage.with_organisations) for each in _several(found)),
        growing=tuple(
            Grown(name=each.name, works=each.works, works_before=each.works_before) for each in found.growing or ()
        )[:NAMED],
        china=_presence("CN", found.china),
        shanghai=_presence("Shanghai", found.shanghai),
        method=found.method,
    )


def _several(found: "Actors") -> "tuple[Actor, ...]":
    """Newcomers with works enough to be no chance."""
    organisations = found.newcomers.organisations if found.newcomers else ()
    return tuple(each for each in organisations if each.works >= SEVERAL_WORKS)[:NAMED]


def _mover(actor: "Actor", of: int) -> "Mover":
    from reports.findings import Mover

    return Mover(name=actor.name, works=actor.works, of=of, share=_estimated(actor.share), ids=actor.ids)


def _presence(name: str, presence: "Presence | None") -> "Mover | None":
    from reports.findings import Mover

    if presence is None:
        return None
    return Mover(name=name, works=presence.works, of=presence.of, share=_estimated(presence.share), ids=presence.ids)
