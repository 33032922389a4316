"""What earlier issues said otherwise than is known now: counts, withdrawn items, labels that experts rejected."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flows.workspace import Workspace
from horizon.errors import StoreError
from horizon.records import AreaId
from horizon.weeks import IsoWeek

if TYPE_CHECKING:
    from reports.hindsight import Recount, Revisions
    from store.runs import StoredBrief

Pair = tuple[str, str]
"""Taxonomy and model."""
LEAST_CHANGE = 5
"""Items; with LEAST_PART what makes a changed count worth a line."""
LEAST_PART = 0.1
RECOUNTS_A_SOURCE = 3
LATE_WEEKS = 8
"""Items of so many weeks before an issue may have been shown in it as seen late."""


def revisions(
    work: Workspace,
    issues: "Sequence[StoredBrief]",
    pair: Pair,
    as_of: datetime,
    sources: Sequence[str],
    areas: Collection[AreaId],
) -> "Revisions":
    """Against these issues, each as it was known at its cut-off."""
    from reports.hindsight import Revisions

    if not issues:
        return Revisions(since=None)
    pairs = {issue.run_id: _pair_of(work, issue.run_id) for issue in issues}
    comparable = [issue for issue in issues if pairs[issue.run_id] == pair]
    return Revisions(
        since=issues[0].week,
        recounts=tuple(_recounts(work, comparable, pair, as_of, sources, areas)),
        withdrawn=tuple(_withdrawn(work, issues, pairs, as_of, sources, areas)),
        rejected=tuple(_rejected(work, issues[0].known_at, as_of, areas)),
        other_taxonomy=any(each[0] != pair[0] for each in pairs.values()),
        other_model=any(each[1] != pair[1] for each in pairs.values()),
    )


def _pair_of(work: Workspace, run_id: str) -> Pair:
    """Of a run that wrote a brief; its row cannot be taken away."""
    stored = work.store.run(run_id)
    if stored is None:
        raise StoreError(
            f"expected the run {run_id} of a brief, found none; check the store with `horizon verify --store`"
        )
    return stored.run.taxonomy, stored.run.model


def _recounts(
    work: Workspace,
    issues: "Sequence[StoredBrief]",
    pair: Pair,
    as_of: datetime,
    sources: Sequence[str],
    areas: Collection[AreaId],
) -> "Iterator[Recount]":
    """Of each source the week counts that changed most, if by at least five items and a tenth."""
    from reports.hindsight import Recount

    changed: dict[str, list[Recount]] = defaultdict(list)
    for issue in issues:
        for source in sources:
            before = _counts(work, issue.week, pair, source, issue.known_at)
            for area, now in _counts(work, issue.week, pair, source, as_of).items():
                told = Recount(source=source, week=issue.week, area=area, before=before.get(area), now=now or 0)
                if area in areas and now is not None and _is_big(told):
                    changed[source].append(told)
    for source in sources:
        found = sorted(changed[source], key=lambda each: (-abs(each.now - (each.before or 0)), each.week, each.area))
        yield from found[:RECOUNTS_A_SOURCE]


def _counts(work: Workspace, week: IsoWeek, pair: Pair, source: str, as_of: datetime) -> dict[str, int | None]:
    points = work.store.weekly_counts(*pair, source=source, since=week, until=week, as_of=as_of)
    found = ((point.series.partition(":"), point.n) for point in points)
    return {area: n for (kind, _, area), n in found if kind == "area"}


def _is_big(told: "Recount") -> bool:
    change = abs(told.now - (told.before or 0))
    return change >= LEAST_CHANGE and change >= LEAST_PART * (told.before or 0)


def _withdrawn(
    work: Workspace,
    issues: "Sequence[StoredBrief]",
    pairs: dict[str, Pair],
    as_of: datetime,
    sources: Sequence[str],
    areas: Collection[AreaId],
) -> list[str]:
    """Items with a label in the weeks of these issues that were not withdrawn then and are now."""
    found: set[str] = set()
    for issue in issues:
        pair, first = pairs[issue.run_id], issue.week + -LATE_WEEKS
        ids = {
            item
            for source in sources
            for item in work.store.revised_items(source, first, issue.week, since=issue.known_at, until=as_of)
        }
        gone = {item.id for item in work.store.items(ids, as_of=as_of).values() if item.withdrawn}
        stood = {item.id for item in work.store.items(gone, as_of=issue.known_at).values() if not item.withdrawn}
        if stood:
            labels = work.store.labels(*pair, item_ids=stood, as_of=issue.known_at)
            found |= {label.item_id for label in labels if label.area in areas}
    return sorted(found)


def _rejected(work: Workspace, since: datetime, as_of: datetime, areas: Collection[AreaId]) -> list[str]:
    """Items with a label that was given and that an expert has rejected since; the last verdict stands."""
    last = {(each.item_id, each.area): each for each in work.store.verdicts(as_of=as_of) if each.area in areas}
    against = [
        each
        for each in last.values()
        if each.given > since
        and (each.choice == "reject" or (each.choice == "relabel" and each.area not in each.areas))
    ]
    found: set[str] = set()
    for pair in sorted({(each.taxonomy, each.model) for each in against}):
        mine = {(each.item_id, each.area) for each in against if (each.taxonomy, each.model) == pair}
        labels = work.store.labels(*pair, item_ids={item for item, _ in mine}, as_of=as_of)
        found |= {label.item_id for label in labels if (label.item_id, label.area) in mine}
    return sorted(found)
