"""The part of the store that looks ahead: the ledger, the signals and what they are reckoned from."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine

from horizon.records import Item, NonConsensus, Prediction, Settlement, Signal
from horizon.weeks import IsoWeek
from store import area_labels, ledger, schema, signals, windows
from store.area_labels import AreaLabel
from store.engine import reading, writing
from store.ledger import LedgerEntry, LedgerHead
from store.signals import NonConsensusList, SignalList, TermWeek


class Foresight:
    """Methods of `store.database.Store`, kept apart for their number."""

    engine: Engine

    # The ledger

    def append_ledger(self, run_id: str, known_at: datetime, records: Sequence[Prediction | Settlement]) -> int:
        """Rows added, all or none. A prediction, and its settlement, is said once: a repeat adds nothing.

        Raises StoreError for a settlement of what was not predicted, and for a time before the last row's.
        """
        with writing(self.engine) as connection:
            return ledger.append_entries(connection, run_id, known_at, records)

    def ledger(self, as_of: datetime | None = None) -> list[LedgerEntry]:
        """In the order in which it was written."""
        with reading(self.engine) as connection:
            return ledger.read_ledger(connection, as_of)

    def predictions(self, as_of: datetime | None = None) -> list[Prediction]:
        """In the order in which they were made."""
        return [entry.record for entry in self.ledger(as_of) if isinstance(entry.record, Prediction)]

    def settlements(self, as_of: datetime | None = None) -> dict[str, Settlement]:
        """By the id of the prediction, in the order in which they were made."""
        records = (entry.record for entry in self.ledger(as_of))
        return {record.prediction_id: record for record in records if isinstance(record, Settlement)}

    def ledger_head(self, as_of: datetime | None = None) -> LedgerHead:
        """What a brief publishes, so that a ledger cut short is noticed."""
        with reading(self.engine) as connection:
            return ledger.ledger_head(connection, as_of)

    def verify_chain(self, published_head: str | None = None) -> list[str]:
        """What is wrong with the ledger, one line each, the row named; none if it is whole.

        `published_head` is a digest that a brief printed, or its first 12 signs or more: it must still be in the chain.
        """
        with reading(self.engine) as connection:
            return ledger.chain_problems(connection, published_head)

    # Signals and items of no consensus

    def add_signals(
        self,
        run_id: str,
        known_at: datetime,
        week: IsoWeek,
        source: str,
        channel: Literal["term", "cluster"],
        found: Sequence[Signal],
    ) -> int:
        """All that a scan of a source's week found in a channel, best first; 0 if the run said so before.

        A scan that found nothing is added too: its empty list takes the place of an earlier one.
        """
        place = {"week": str(week), "source": source, "channel": channel}
        with writing(self.engine) as connection:
            payload = SignalList(signals=tuple(found))
            return signals.add_findings(connection, schema.signal, run_id, known_at, place, payload)

    def signals(
        self, week: IsoWeek, taxonomy: str | None = None, model: str | None = None, as_of: datetime | None = None
    ) -> list[Signal]:
        """Those of the newest scan of each source and channel, in this order, each best first."""
        found = self.signals_between(week, week, taxonomy, model, as_of)
        return [signal for scan in found.values() for signal in scan]

    def signals_between(
        self,
        first: IsoWeek,
        last: IsoWeek,
        taxonomy: str | None = None,
        model: str | None = None,
        as_of: datetime | None = None,
    ) -> dict[tuple[IsoWeek, str, str], tuple[Signal, ...]]:
        """By week, source and channel; a scan that found nothing has an empty list, one that never was has none."""
        with reading(self.engine) as connection:
            found = signals.read_findings(
                connection, schema.signal, SignalList, (first, last), (taxonomy, model), as_of
            )
        return {place: scan.signals for place, scan in found.items()}

    def add_non_consensus(
        self, run_id: str, known_at: datetime, week: IsoWeek, source: str, found: Sequence[NonConsensus]
    ) -> int:
        """All items of a source's week that stand apart; 0 if the run said so before."""
        place = {"week": str(week), "source": source}
        with writing(self.engine) as connection:
            payload = NonConsensusList(items=tuple(found))
            return signals.add_findings(connection, schema.non_consensus, run_id, known_at, place, payload)

    def non_consensus(
        self, week: IsoWeek, taxonomy: str | None = None, model: str | None = None, as_of: datetime | None = None
    ) -> list[NonConsensus]:
        """Those of the newest scan of each source, in the order in which they were added."""
        with reading(self.engine) as connection:
            found = signals.read_findings(
                connection, schema.non_consensus, NonConsensusList, (week, week), (taxonomy, model), as_of
            )
        return [item for scan in found.values() for item in scan.items]

    # Terms

    def put_term_weeks(self, source: str, fingerprint: str, weeks: Mapping[IsoWeek, TermWeek]) -> None:
        """Keep what was reckoned from the texts of these weeks by the method of this fingerprint."""
        with writing(self.engine) as connection:
            signals.put_term_weeks(connection, source, fingerprint, weeks)

    def term_weeks(self, source: str, fingerprint: str, first: IsoWeek, last: IsoWeek) -> dict[IsoWeek, TermWeek]:
        """What is kept of the weeks from first to last; compare `content_sha256` before trusting it."""
        with reading(self.engine) as connection:
            return signals.get_term_weeks(connection, source, fingerprint, first, last)

    # What the look outside the taxonomy reads

    def week_digests(
        self, source: str, first: IsoWeek, last: IsoWeek, as_of: datetime | None = None
    ) -> dict[IsoWeek, str]:
        """A digest of the texts of each week of a source that has any: equal digests are equal texts."""
        with reading(self.engine) as connection:
            return windows.week_digests(connection, source, first, last, as_of)

    def items_with_probability(
        self,
        area: str,
        taxonomy: str,
        model: str,
        *,
        source: str,
        since: IsoWeek,
        until: IsoWeek,
        as_of: datetime | None = None,
    ) -> list[tuple[Item, float]]:
        """A source's items assigned to an area from `since` to `until` (both included), each with its probability."""
        with reading(self.engine) as connection:
            return windows.items_with_probability(connection, (taxonomy, model), area, source, (since, until), as_of)

    # What the longer editions read

    def area_labels(
        self,
        areas: Collection[str],
        taxonomy: str,
        model: str,
        *,
        source: str,
        since: IsoWeek,
        until: IsoWeek,
        as_of: datetime | None = None,
        assigned_only: bool = True,
    ) -> Iterator[AreaLabel]:
        """Labels of a source's items from `since` to `until` (both included), by item and area, never held at once."""
        with reading(self.engine) as connection:
            pair, span = (taxonomy, model), (since, until)
            yield from area_labels.area_labels(connection, pair, areas, source, span, as_of, assigned_only)

    def revised_items(
        self, source: str, first: IsoWeek, last: IsoWeek, *, since: datetime, until: datetime
    ) -> list[str]:
        """Ids of a source's items of these weeks that were known at `since` and got another text until `until`."""
        with reading(self.engine) as connection:
            return area_labels.revised_ids(connection, source, (first, last), since, until)
