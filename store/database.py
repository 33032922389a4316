"""The store as the other rooms see it: one class, no SQL; each method is one transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Literal, Self

from sqlalchemy import Engine

from horizon.errors import StoreError
from horizon.records import Fetch, FetchStatus, Issue, Item, Label, Run, Score, SeriesPoint, Verdict
from horizon.weeks import IsoWeek
from store import actors, counts, denominators, digests, fetches, items, labels, runs, scores, verdicts, works
from store.engine import check_integrity, connect, held_alone, reading, require_current, upgrade, writing
from store.foresight import Foresight
from store.items import BATCH, IngestReport, between, in_batches, within
from store.runs import StoredBrief, StoredRun

IDS_AT_ONCE = 50_000
"""Looking for unclassified items reads the whole table `item`: seldom, then."""

SourceWeek = tuple[str, IsoWeek]


def migrate(url: str) -> list[str]:
    """Bring a database to this version's schema; returns the revisions applied, oldest first."""
    engine = connect(url)
    try:
        return upgrade(engine)
    finally:
        engine.dispose()


class Store(Foresight):
    """Append-only facts. `known_at` is the logical time of the run that writes; `as_of` reads what was known then.

    `preference` is the order of sources: of a work that several hold, the item of the first is shown and, if it is a
    preprint, counted.
    """

    def __init__(self, engine: Engine, preference: Sequence[str] = ()) -> None:
        self.engine = engine
        self.preference = tuple(preference)

    @classmethod
    def open(cls, url: str, preference: Sequence[str] = ()) -> Self:
        """Open a database, creating it if it is empty.

        Raises StoreError if it cannot be read or written, or its schema is older (`horizon migrate`) or newer.
        """
        engine = connect(url)
        try:
            require_current(engine)
        except StoreError:
            engine.dispose()
            raise
        return cls(engine, preference)

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Runs

    def begin_run(self, run: Run) -> bool:
        """Register a run, or take up one that was killed or failed; False when it is done."""
        with writing(self.engine) as connection:
            return runs.begin_run(connection, run)

    def finish_run(self, run_id: str, status: Literal["done", "failed"], finished: datetime) -> None:
        with writing(self.engine) as connection:
            runs.finish_run(connection, run_id, status, finished)

    def run(self, run_id: str) -> StoredRun | None:
        with reading(self.engine) as connection:
            return runs.find_run(connection, run_id)

    def runs(self) -> list[StoredRun]:
        with reading(self.engine) as connection:
            return runs.list_runs(connection)

    def add_issues(self, run_id: str, known_at: datetime, issues: Iterable[Issue]) -> None:
        """Equal issues of one run are kept once."""
        with writing(self.engine) as connection:
            runs.add_issues(connection, run_id, known_at, issues)

    def issues(
        self, run_id: str | None = None, *, source: str | None = None, week: IsoWeek | None = None
    ) -> list[Issue]:
        """Issues of a run, of a source, of the runs of a week, or of any combination."""
        with reading(self.engine) as connection:
            return runs.list_issues(connection, run_id, source, week)

    def record_brief(self, run_id: str, known_at: datetime, week: IsoWeek, kind: str, sha256: str, path: str) -> None:
        with writing(self.engine) as connection:
            runs.record_brief(connection, StoredBrief(run_id, known_at, week, kind, sha256, path))

    def briefs(self) -> list[StoredBrief]:
        """By week and time."""
        with reading(self.engine) as connection:
            return runs.list_briefs(connection)

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """Hold a lock that other machines see; False while one of them has it. Always True in a file of one machine."""
        return held_alone(self.engine, name)

    # Fetches

    def record_fetch(self, run_id: str, fetch: Fetch, known_at: datetime) -> None:
        """The same fetch of the same run is kept once."""
        with writing(self.engine) as connection:
            fetches.record_fetch(connection, run_id, fetch, known_at)

    def fetches(self, source: str | None = None, as_of: datetime | None = None) -> list[Fetch]:
        """Oldest knowledge first."""
        with reading(self.engine) as connection:
            return fetches.list_fetches(connection, source, as_of)

    def week_status(self, source: str, week: IsoWeek, as_of: datetime | None = None) -> FetchStatus | None:
        """The best that is known of a source's week; None when a day of it was never attempted."""
        return self.week_statuses(source, week, week, as_of)[week]

    def week_statuses(
        self, source: str, first: IsoWeek, last: IsoWeek, as_of: datetime | None = None
    ) -> dict[IsoWeek, FetchStatus | None]:
        with reading(self.engine) as connection:
            return fetches.week_statuses(connection, source, first, last, as_of)

    # Items

    def ingest(self, run_id: str, known_at: datetime, items_: Iterable[Item]) -> IngestReport:
        """All or nothing; a repeat adds nothing, a version that arrives late overwrites nothing."""
        with writing(self.engine) as connection:
            return items.ingest(connection, run_id, known_at, items_, works.join_works)

    def items(self, ids: Iterable[str], as_of: datetime | None = None) -> dict[str, Item]:
        """By id; ids that were unknown then are absent."""
        with reading(self.engine) as connection:
            return items.items_by_id(connection, ids, as_of)

    def items_published(
        self,
        week: IsoWeek | None = None,
        *,
        since: date | None = None,
        until: date | None = None,
        source: str | None = None,
        as_of: datetime | None = None,
    ) -> Iterator[Item]:
        """Items first published in a week or from `since` to `until` (both included), by id."""
        first = week if since is None else IsoWeek.of(since)
        last = week if until is None else IsoWeek.of(until)
        with reading(self.engine) as connection:
            found = items.published_ids(connection, between(source, first, last), as_of)
        wanted = (key for key, day in found if (since is None or day >= since) and (until is None or day <= until))
        for batch in in_batches(wanted, BATCH):
            yield from self.items(batch, as_of).values()

    def item_count(self, source: str | None = None, as_of: datetime | None = None) -> int:
        with reading(self.engine) as connection:
            return items.count_items(connection, source, as_of)

    def unclassified(
        self, taxonomy: str, model: str, since: date | None = None, batch: int = 1000
    ) -> Iterator[list[Item]]:
        """Batches, by id, of items whose newest text was not yet classified with this taxonomy and model.

        Labels may be added between two batches.
        """
        last = ""
        while True:
            with reading(self.engine) as connection:
                ids = items.unclassified_ids(connection, last, taxonomy, model, since, IDS_AT_ONCE)
            for wanted in in_batches(ids, batch):
                yield list(self.items(wanted).values())
            if len(ids) < IDS_AT_ONCE:
                return
            last = ids[-1]

    def works(self, ids: Iterable[str], as_of: datetime | None = None) -> dict[str, tuple[str, ...]]:
        """Each id to the ids of all items of its work, the one to show first; of a work with one item just its id."""
        with reading(self.engine) as connection:
            return works.works_of(connection, set(ids), self.preference, as_of)

    # Labels

    def add_labels(
        self, run_id: str, known_at: datetime, classified: Sequence[str | Item], labels_: Sequence[Label]
    ) -> None:
        """Note all that was classified, with or without a label, and the labels; a repeat adds nothing.

        An Item ties its labels to the very text that was read; an id stands for the item's newest text.
        """
        with writing(self.engine) as connection:
            labels.add_labels(connection, run_id, known_at, classified, labels_)

    def labels(
        self,
        taxonomy: str,
        model: str,
        *,
        week: IsoWeek | None = None,
        item_ids: Collection[str] | None = None,
        source: str | None = None,
        as_of: datetime | None = None,
        assigned_only: bool = True,
    ) -> list[Label]:
        """Labels of the texts in force, by item and area; of a week, of some items, or of all."""
        where = between(source, week, week)
        with reading(self.engine) as connection:
            return labels.find_labels(connection, (taxonomy, model), item_ids, where, as_of, assigned_only)

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
    ) -> list[tuple[Item, Label]]:
        """Assigned labels of the items that count for a week, by item and area: those behind `weekly_counts`.

        Utility models, a series of their own, or all others; None is both. With `unseen_at` only items of which no
        version was known then.
        """
        with reading(self.engine) as connection:
            place = within([(source, week)])
            found = labels.labelled_items(connection, (taxonomy, model), place, area, as_of, unseen_at)
            left_out = works.uncounted(connection, [(source, week)], self.preference, as_of)
        return [
            (item, label)
            for item, label in found
            if item.id not in left_out and utility_models in (None, item.kind == "utility_model")
        ]

    def area_items(
        self,
        area: str,
        taxonomy: str,
        model: str,
        *,
        since: IsoWeek | None = None,
        until: IsoWeek | None = None,
        source: str | None = None,
        as_of: datetime | None = None,
    ) -> list[tuple[str, Item]]:
        """(work id, item) of all items assigned to an area, by item id; a work of one item has that item's id."""
        with reading(self.engine) as connection:
            return actors.area_items(connection, (taxonomy, model), area, (since, until), source, as_of)

    # Verdicts of experts

    def add_verdicts(self, known_at: datetime, origin_sha256: str, verdicts_: Sequence[Verdict]) -> list[Verdict]:
        """All or nothing; returns those added. `origin_sha256` is of the file that brings them.

        What the same file brought before adds nothing, nor does what an expert's last verdict says already.
        """
        with writing(self.engine) as connection:
            return verdicts.add_verdicts(connection, known_at, origin_sha256, verdicts_)

    def verdicts(self, as_of: datetime | None = None, area: str | None = None) -> list[Verdict]:
        """In the order in which they were given: the last on an item and area stands."""
        with reading(self.engine) as connection:
            return verdicts.list_verdicts(connection, as_of, area)

    # Counts and scores

    def add_denominators(self, run_id: str, known_at: datetime, source: str, totals: Mapping[IsoWeek, int]) -> None:
        """What a source says it published in each week; a repeat adds nothing."""
        with writing(self.engine) as connection:
            denominators.add_denominators(connection, run_id, known_at, source, totals)

    def affected_weeks(self, run_id: str) -> set[SourceWeek]:
        """Weeks whose counts this run's items, labels or fetches may have changed."""
        with reading(self.engine) as connection:
            return fetches.affected_weeks(connection, run_id)

    def weeks_of_unfinished_runs(self) -> set[SourceWeek]:
        """Weeks touched by runs that failed or were killed and not taken up again: nobody may have counted them."""
        with reading(self.engine) as connection:
            return fetches.affected_weeks(connection, None)

    def recount(
        self,
        run_id: str,
        known_at: datetime,
        taxonomy: str,
        model: str,
        weeks: Collection[SourceWeek],
        series: Sequence[str],
        told_by: Collection[str] = (),
    ) -> int:
        """Count (source, week) pairs from what was known at `known_at`; returns the rows added.

        Each of `series` gets a row even if it is zero; a row equal to the newest one is not written again. A week of
        the sources `told_by` has none until its total was told (`add_denominators`).
        """
        basis = counts.Basis(run_id, known_at, taxonomy, model, self.preference)
        with writing(self.engine) as connection:
            return counts.recount(connection, basis, weeks, series, told_by)

    def weekly_counts(
        self,
        taxonomy: str,
        model: str,
        source: str | None = None,
        series: str | Sequence[str] | None = None,
        since: IsoWeek | None = None,
        until: IsoWeek | None = None,
        as_of: datetime | None = None,
    ) -> list[SeriesPoint]:
        """Points by series, source and week without gaps; None, never zero, where a week is unknown."""
        with reading(self.engine) as connection:
            return counts.weekly_counts(connection, (taxonomy, model), source, series, (since, until), as_of)

    def add_scores(self, run_id: str, known_at: datetime, scores_: Sequence[Score]) -> int:
        """Rows added; a repeat adds none. The run says which taxonomy and model they were made with."""
        with writing(self.engine) as connection:
            return scores.add_scores(connection, run_id, known_at, scores_)

    def scores(
        self, week: IsoWeek, taxonomy: str | None = None, model: str | None = None, as_of: datetime | None = None
    ) -> list[Score]:
        """The newest score of each series and source, of any taxonomy and model that is not named."""
        with reading(self.engine) as connection:
            return scores.read_scores(connection, week, taxonomy, model, as_of)

    def previous_scores(
        self, week: IsoWeek, taxonomy: str | None = None, model: str | None = None, as_of: datetime | None = None
    ) -> list[Score]:
        """Those of the newest earlier week that has scores."""
        with reading(self.engine) as connection:
            earlier = scores.previous_week(connection, week, taxonomy, model, as_of)
            return [] if earlier is None else scores.read_scores(connection, earlier, taxonomy, model, as_of)

    def weeks_scored(
        self, since: IsoWeek, before: IsoWeek, as_of: datetime | None = None
    ) -> dict[IsoWeek, list[tuple[str, str]]]:
        """Of the weeks with scores from `since` on and before `before`, each taxonomy and model, the first first."""
        with reading(self.engine) as connection:
            return scores.weeks_scored(connection, since, before, as_of)

    # Care

    def table_digest(self) -> dict[str, tuple[int, str]]:
        """Rows and content digest of each table, the same on every database."""
        with reading(self.engine) as connection:
            return digests.table_digest(connection)

    def check(self, records: bool = False) -> list[str]:
        """Damage found in the database file, all of which is read; with `records` each record is tried as well."""
        found = check_integrity(self.engine)
        if records and not found:
            with reading(self.engine) as connection:
                found = list(digests.damaged_records(connection))
            found += self.verify_chain()
        return found
