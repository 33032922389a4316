"""From the store to plain data: everything an issue needs, as it was known at one instant."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from horizon.records import Fetch, FetchStatus, Issue, Item, Label, Score, SeriesPoint
from horizon.weeks import IsoWeek, weeks_between
from reports.facts import ScoreRules, SourceProfile, World
from reports.findings import Findings
from reports.inputs import HISTORY_WEEKS, WEEKLY, BriefInputs, Edition, SourceWeek
from reports.policy import GROUPS, brief_plan, profile_of
from taxonomy.load import Taxonomy
from taxonomy.schema import AreaFile

_ROOMS = ("scrapers", "store", "nlp")
"""Rooms whose issues speak of reading and classifying; what happens after the brief must not change it."""


Labelled = Sequence[tuple[Item, Label]]


class StoredIssue(Protocol):
    """An issue that was written."""

    @property
    def known_at(self) -> datetime: ...

    @property
    def week(self) -> IsoWeek: ...

    @property
    def kind(self) -> str: ...


class BriefStore(Protocol):
    """The part of the store that briefs read."""

    def fetches(self, source: str | None = None, as_of: datetime | None = None) -> list[Fetch]: ...

    def week_status(self, source: str, week: IsoWeek, as_of: datetime | None = None) -> FetchStatus | None: ...

    def weekly_counts(
        self,
        taxonomy: str,
        model: str,
        source: str | None = None,
        series: str | None = None,
        since: IsoWeek | None = None,
        until: IsoWeek | None = None,
        as_of: datetime | None = None,
    ) -> list[SeriesPoint]: ...

    def scores(
        self, week: IsoWeek, taxonomy: str | None = None, model: str | None = None, as_of: datetime | None = None
    ) -> list[Score]: ...

    def previous_scores(
        self, week: IsoWeek, taxonomy: str | None = None, model: str | None = None, as_of: datetime | None = None
    ) -> list[Score]: ...

    def weeks_scored(
        self, since: IsoWeek, before: IsoWeek, as_of: datetime | None = None
    ) -> dict[IsoWeek, list[tuple[str, str]]]: ...

    def labelled_items(
        self,
        source: str,
        week: IsoWeek,
        taxonomy: str,
        model: str,
        area: str | None = None,
        as_of: datetime | None = None,
        utility_models: bool | None = False,
        unseen_at: datetime | None = None,
    ) -> list[tuple[Item, Label]]: ...

    def items(self, ids: Iterable[str], as_of: datetime | None = None) -> dict[str, Item]: ...

    def works(self, ids: Iterable[str], as_of: datetime | None = None) -> dict[str, tuple[str, ...]]: ...

    def briefs(self) -> Sequence[StoredIssue]: ...

    def issues(
        self, run_id: str | None = None, *, source: str | None = None, week: IsoWeek | None = None
    ) -> list[Issue]: ...


def read_inputs(
    store: BriefStore,
    taxonomy: Taxonomy,
    week: IsoWeek,
    model: str,
    as_of: datetime,
    *,
    world: World,
    run_id: str,
    code: str,
    sources: Sequence[str],
    incomplete_weeks: Mapping[str, int] | None = None,
    disabled: Sequence[str] = (),
    profiles: Sequence[SourceProfile] = (),
    score_rules: ScoreRules | None = None,
    findings: Findings | None = None,
    edition: Edition = WEEKLY,
) -> BriefInputs:
    """Read one issue's inputs; `week` is its last one. `sources` are those that the scan is meant to read.

    `incomplete_weeks` is, by source, how many of its newest weeks the scores left out because they still fill up.
    `disabled` are left out for want of a key. `profiles` tell of both what their files say, and `score_rules` are those
    of the scoring. `findings` are what `flows.findings` gathers for the same instant.
    """
    late = incomplete_weeks or {}
    pair: dict[str, Any] = {"taxonomy": taxonomy.version, "model": model}
    weeks = edition.window_weeks
    previous = _previous(store, week + (1 - weeks), taxonomy.version, model, as_of)
    areas = taxonomy.areas if edition.area is None else (taxonomy.area(edition.area),)
    known = {f"area:{area.id}" for area in areas}
    told = {profile.source: profile for profile in profiles}
    shown = {name: profile_of(name, told.get(name)) for name in (*sources, *disabled)}
    sources = sorted(sources, key=lambda name: (GROUPS.index(shown[name].group), shown[name].rank, name))
    labelled = _of_areas(areas, _labelled(store, pair, weeks_between(week + (1 - weeks), week), as_of, sources))
    seen_now = _of_areas(areas, _late(store, pair, week, as_of, sources, edition))
    works, versions = _works(store, (*labelled, *seen_now), as_of)
    return BriefInputs(
        kind=edition.kind,
        area=edition.area,
        week=week,
        window_weeks=weeks,
        as_of=as_of,
        world=world,
        run_id=run_id,
        code=code,
        **pair,
        areas=areas,
        sources=tuple(_source_week(store, source, week, as_of, late.get(source, 0)) for source in sources),
        disabled=tuple(_disabled(store, source, as_of) for source in disabled),
        profiles=tuple(shown[name] for name in sorted(shown)),
        score_rules=score_rules,
        scores=_ordered(score for score in store.scores(week, **pair, as_of=as_of) if score.series in known),
        **previous,
        points=_points(store, areas, pair, week, as_of, sources),
        labelled=labelled,
        late=seen_now,
        works=works,
        versions=versions,
        findings=findings or Findings(),
        issues=_issues(store, run_id),
    )


def _ordered(scores: Iterable[Score]) -> tuple[Score, ...]:
    return tuple(sorted(scores, key=lambda score: (score.series, score.source)))


def _previous(store: BriefStore, week: IsoWeek, taxonomy: str, model: str, as_of: datetime) -> dict[str, Any]:
    """The newest earlier issue of the same model and taxonomy; else what can be said of the newest of another."""
    same = store.previous_scores(week, taxonomy=taxonomy, model=model, as_of=as_of)
    if same:
        values = {"previous_taxonomy": taxonomy, "previous_model": model, "previous_scores": _ordered(same)}
        before = same[0].week
        first = store.weeks_scored(before, before + 1, as_of)[before][0]
        return {"previous_week": before, "previous_rescored": first != (taxonomy, model), **values}
    other = store.previous_scores(week, as_of=as_of)
    if not other:
        return {}
    same_taxonomy = bool(store.previous_scores(week, taxonomy=taxonomy, as_of=as_of))
    return {
        "previous_week": other[0].week,
        "previous_taxonomy": taxonomy if same_taxonomy else None,
        "previous_model": None if same_taxonomy else model,
    }


def _source_week(store: BriefStore, source: str, week: IsoWeek, as_of: datetime, incomplete_weeks: int) -> SourceWeek:
    status = store.week_status(source, week, as_of)
    touching = [
        fetch for fetch in store.fetches(source, as_of) if fetch.since <= week.sunday and fetch.until >= week.monday
    ]
    # `fetches` gives the oldest first, so the last of equals is the newest.
    best = max(enumerate(touching), key=lambda pair: (*_fits(pair[1], week, status), pair[0]), default=None)
    fetch = None if best is None else best[1]
    return SourceWeek(
        source=source,
        status=status,
        fetch=fetch,
        incomplete_weeks=incomplete_weeks,
        last_success=_last_success(store, source, as_of),
    )


def _disabled(store: BriefStore, source: str, as_of: datetime) -> SourceWeek:
    """Nothing was asked of it; it may have been read while it had its key."""
    return SourceWeek(source=source, status=None, last_success=_last_success(store, source, as_of))


def _last_success(store: BriefStore, source: str, as_of: datetime) -> date | None:
    days = [fetch.until for fetch in store.fetches(source, as_of) if fetch.status in ("OK", "NO_RESULTS")]
    return max(days, default=None)


def _fits(fetch: Fetch, week: IsoWeek, status: FetchStatus | None) -> tuple[bool, bool]:
    return fetch.status == status, fetch.since <= week.monday and fetch.until >= week.sunday


def _points(
    store: BriefStore,
    areas: Sequence[AreaFile],
    pair: dict[str, str],
    week: IsoWeek,
    as_of: datetime,
    sources: Sequence[str],
) -> tuple[SeriesPoint, ...]:
    first = week + (1 - HISTORY_WEEKS)
    wanted = {f"{kind}:{area.id}" for kind in ("area", "utility") for area in areas}
    wanted |= {f"route:{area.id}/{route.id}" for area in areas for route in area.routes}
    points = [
        point
        for source in sources
        for point in store.weekly_counts(**pair, source=source, since=first, until=week, as_of=as_of)
        if point.series in wanted
    ]
    return tuple(sorted(points, key=lambda point: (point.series, point.source, point.week)))


def _labelled(
    store: BriefStore,
    pair: dict[str, str],
    weeks: Iterable[IsoWeek],
    as_of: datetime,
    sources: Sequence[str],
    unseen_at: datetime | None = None,
) -> tuple[tuple[Item, Label], ...]:
    found = [
        each
        for week in weeks
        for source in sources
        for each in store.labelled_items(source, week, **pair, as_of=as_of, utility_models=None, unseen_at=unseen_at)
    ]
    return tuple(sorted(found, key=lambda each: (each[1].area, each[0].id)))


def _late(
    store: BriefStore, pair: dict[str, str], week: IsoWeek, as_of: datetime, sources: Sequence[str], edition: Edition
) -> tuple[tuple[Item, Label], ...]:
    """Labels of items of the weeks before that nobody knew when the previous issue of the kind was written.

    A feed shows some records days after their week (moderation, indexing); they would be counted and never shown.
    """
    first = week + (1 - edition.window_weeks)
    issues = [issue for issue in store.briefs() if issue.kind == edition.name]
    issued = [issue.known_at for issue in issues if issue.week < first and issue.known_at < as_of]
    if not issued:
        return ()
    weeks = [first + -back for back in range(1, brief_plan(edition.kind).late_weeks + 1)]
    return _labelled(store, pair, weeks, as_of, sources, unseen_at=max(issued))


def _of_areas(areas: Sequence[AreaFile], pairs: Labelled) -> tuple[tuple[Item, Label], ...]:
    wanted = {area.id for area in areas}
    return tuple((item, label) for item, label in pairs if label.area in wanted)


def _works(
    store: BriefStore, labelled: Labelled, as_of: datetime
) -> tuple[tuple[tuple[str, ...], ...], tuple[Item, ...]]:
    """Works of several items, and those of their items that are not labelled here."""
    ids = {item.id for item, _ in labelled}
    works = sorted({work for work in store.works(ids, as_of=as_of).values() if len(work) > 1})
    others = {item_id for work in works for item_id in work} - ids
    return tuple(works), tuple(item for _, item in sorted(store.items(sorted(others), as_of=as_of).items()))


def _issues(store: BriefStore, run_id: str) -> tuple[tuple[str, str, int], ...]:
    found = (issue for issue in store.issues(run_id=run_id) if issue.room in _ROOMS)
    counted = Counter((issue.severity, issue.code) for issue in found)
    return tuple((*kind, number) for kind, number in sorted(counted.items()))
