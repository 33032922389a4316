"""What the longer editions are made of beside signals, races and movers: plain records that flows fill in.

How the works of an area speak of its tier's focus, what earlier issues said and no longer holds, what came due, and
which items an expert group should judge.
"""

from typing import Literal

from horizon.records import AreaId, ItemId, Probability, Record, Signal, SourceId, Week
from reports.figures import Quote


class LensWords(Record):
    """Words of an item that speak of an aspect, verbatim."""

    item_id: ItemId
    quote: Quote


class AspectReading(Record):
    """Works in whose title or abstract a sentence was found that speaks of one aspect."""

    lens: str
    n: int
    n_before: int
    """In the 52 weeks before."""
    quotes: tuple[LensWords, ...] = ()


class LensReading(Record):
    """The works of an area in one source, read for the aspects of its tier's policy focus."""

    area: AreaId
    source: SourceId
    first: Week
    """First and last of the 52 weeks: none of them still fills up."""
    last: Week
    works: int
    works_before: int
    aspects: tuple[AspectReading, ...]
    """In the taxonomy's order."""


class Dropped(Record):
    """A signal that an earlier issue told and that the newest scan of its source no longer finds."""

    signal: Signal
    """As the last issue that told it had it."""
    test: str | None = None
    """The one of `signal.killed_by` that it fails now; None where none that can be reckoned again tells why."""
    value: float | None = None
    """What stands against the bar of that test."""


class Missed(Record):
    """A forecast that came due with an outcome outside its 80 % interval."""

    prediction_id: str
    series: str
    source: SourceId
    quantity: Literal["share", "count"]
    horizon_weeks: int
    value: float
    mean: float
    lo80: float
    hi80: float


class CameDue(Record):
    """Forecasts settled since the last issue, or within the weeks of the issue."""

    settled: int
    missed: int
    farthest: tuple[Missed, ...] = ()
    """Those farthest from their interval, the farthest first."""


class Recount(Record):
    """Items of a week in an area, as an earlier issue counted them and as they are counted now."""

    source: SourceId
    week: Week
    area: AreaId
    before: int | None
    """None where the week was unknown then."""
    now: int


class Revisions(Record):
    """What earlier issues said otherwise than is known now."""

    since: Week | None
    """The first of the issues looked at; None where there is none."""
    recounts: tuple[Recount, ...] = ()
    withdrawn: tuple[ItemId, ...] = ()
    """Shown or counted then, and withdrawn since."""
    rejected: tuple[ItemId, ...] = ()
    """Items of which an expert rejected a label since."""
    other_model: bool = False
    other_taxonomy: bool = False
    """Some of the issues was made by another one: its counts are not compared."""


class ToCheck(Record):
    """An item that an expert group should judge."""

    item_id: ItemId
    area: AreaId
    reason: Literal["uncertain", "influential"]
    probability: Probability
    threshold: Probability
    """Of the area, as its labels let it be told."""
    assigned: bool
    signals: tuple[str, ...] = ()
    """Terms told in this issue that name it among their items."""
    routes: tuple[str, ...] = ()
    """Its routes in races whose lead is not clear."""
    sources: int = 1
    """In which its work stands."""
