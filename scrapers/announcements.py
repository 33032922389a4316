"""Compare a day's announcements with the papers that are held: a second witness of whether the harvest is complete."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from horizon.records import Issue
from scrapers.issues import Severity, make_issue
from scrapers.parsers.arxiv_rss import NEW, Batch
from scrapers.parsers.arxiv_terms import ARXIV_ID

LARGEST_BATCH = 2_000
"""A feed shows no more; what is cut off are the new papers (https://github.com/arXiv/arxiv-feed)."""
_HELD_PREFIX = "arxiv:"
_FRIDAY = 4


def mailing_expected(day: date, no_mailing: Collection[date] = ()) -> bool:
    """Whether arXiv's calendar has announcements for this day: none at weekends, none after a day without mailing.

    A feed shows what was mailed at 20:00 US Eastern time of the day before; as feeds and calendars name the day
    differently, a day without mailing excuses itself and its morrow.
    """
    return day.weekday() <= _FRIDAY and not {day, day - timedelta(days=1)} & set(no_mailing)


def check_batches(
    batches: Sequence[Batch],
    *,
    no_mailing: Collection[date] = (),
    before: Mapping[tuple[str, ...], Collection[str]] | None = None,
    limit: int = LARGEST_BATCH,
) -> list[Issue]:
    """What is odd about the batches themselves: cut off, stale, behind the others, empty on a working day.

    `before` holds the ids that each feed (by its names) showed the day before: a feed that repeats them is stale,
    whatever its dates say.
    """
    newest = max((batch.day for batch in batches if batch.day), default=None)
    return [
        issue
        for batch in batches
        for issue in _oddities(batch, newest, no_mailing, (before or {}).get(batch.names, ()), limit)
    ]


def _oddities(
    batch: Batch, newest: date | None, no_mailing: Collection[date], before: Collection[str], limit: int
) -> Iterable[Issue]:
    name = " ".join(batch.names) or "a feed without a name"
    ids = batch.ids()
    if batch.error is not None:
        yield _issue("error", "feed-refused", f"{name}: {batch.error}", batch)
    elif not ids and batch.day is not None and mailing_expected(batch.day, no_mailing):
        yield _issue("warning", "batch-empty", f"{name}: no announcement on a working day", batch)
    elif not ids:
        yield _issue("info", "batch-empty", f"{name}: no announcement, as on weekends and days without mailing", batch)
    if len(batch.announcements) >= limit:
        yield _issue(
            "warning", "batch-cut", f"{name}: {limit} announcements are all it shows; new ones are lost", batch
        )
    if ids and ids == set(before):
        yield _issue("warning", "batch-stale", f"{name}: the same announcements as the day before", batch)
    if batch.day and newest and batch.day < newest:
        yield _issue("warning", "batch-stale", f"{name}: of {batch.day}, while others are of {newest}", batch)


def check_held(batches: Iterable[Batch], held: Collection[str]) -> list[Issue]:
    """An issue for every announced paper that is not held, once, by id: what a repair should fetch.

    `held` are item ids of the source arxiv (`arxiv:2611.01234`) from a harvest that covers the days of the batches.
    A new paper that lacks is a warning; of a cross-list or replacement the first version may be older than the store.
    """
    known = frozenset(held)
    kinds: dict[str, set[str]] = {}
    days: dict[str, date | None] = {}
    for batch in batches:
        for line in batch.announcements:
            if ARXIV_ID.fullmatch(line.arxiv_id) and f"{_HELD_PREFIX}{line.arxiv_id}" not in known:
                kinds.setdefault(line.arxiv_id, set()).add(line.kind)
                days.setdefault(line.arxiv_id, batch.day)
    return [_missing(arxiv_id, kinds[arxiv_id], days[arxiv_id]) for arxiv_id in sorted(kinds)]


def _missing(arxiv_id: str, kinds: set[str], day: date | None) -> Issue:
    return make_issue(
        "arxiv",
        "warning" if NEW in kinds else "info",
        "announced-but-not-held",
        "announced by the feed and not among the papers held: the harvest may have missed it",
        f"{_HELD_PREFIX}{arxiv_id}",
        announced_as=" ".join(sorted(kinds)),
        day=str(day or "unknown"),
    )


def _issue(severity: Severity, code: str, message: str, batch: Batch) -> Issue:
    told = {"day": str(batch.day or "unknown"), "announcements": str(len(batch.announcements))}
    return make_issue("arxiv_rss", severity, code, message, **told)
