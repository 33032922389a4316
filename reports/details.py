"""The facts of decisions and of the longer editions: area pages, what to check, races over time, reliability."""

from typing import Literal

from horizon.records import AreaId, Record, SourceId, Week
from reports.figures import Figure, ItemReference, Quote, Statement, Text


class Decision(Record):
    """Something that the readers are asked to decide or to have looked into; never decided here."""

    kind: str
    """Of the question, for example `signal`, `verdict`, `overtaking`, `coverage`."""
    ask: Statement
    because: tuple[Statement, ...]
    """The strongest evidence for, likelihoods first; a confidence is a sentence of its own."""
    against: tuple[Statement, ...]
    """The strongest evidence against, or that none is known."""
    area: AreaId | None = None
    group: Text | None = None
    """The expert group to consult."""
    items: tuple[ItemReference, ...] = ()
    """To begin with."""


class LensQuote(Record):
    """Words of an item that speak of one aspect of its tier's focus, with the item that holds them."""

    item: ItemReference
    quote: Quote


class Aspect(Record):
    """One aspect of a tier's policy focus, as the works of an area speak of it."""

    lens: str
    name: Text
    n: Figure
    """Works of the 52 weeks whose title or abstract has a phrase of it."""
    share: Figure
    """Of the works of the area in the 52 weeks, with its interval."""
    before: Figure
    """The share in the 52 weeks before those."""
    quotes: tuple[LensQuote, ...] = ()


class AreaPage(Record):
    """An area read through its tier's lens."""

    area: AreaId
    name: Text
    tier: int
    source: SourceId
    """The works of which are read."""
    statements: tuple[Statement, ...]
    """What changed, how mature, where it is done: in the order in which they are read."""
    aspects: tuple[Aspect, ...]
    question: Statement | None = None
    """The policy question that the tier's focus asks."""


class Check(Record):
    """An item that an expert group should judge, and why."""

    reason: Literal["uncertain", "influential"]
    item: ItemReference
    area: AreaId
    probability: Figure
    why: Statement


class Lead(Record):
    """The shares of a race's routes in one window of 52 weeks."""

    last: Week
    shares: tuple[Figure, ...]
    """In the order of the race's standings; no value where the window is unknown."""


class Reliability(Record):
    """Predictions whose probability lay between two ends."""

    quantity: str
    horizon_weeks: int
    above: float
    to: float
    settled: Figure
    said: Figure
    """Mean of the probabilities."""
    came: Figure
    """How often it came, with its interval of 95 %."""


class StandingFact(Record):
    route: str
    name: Text
    share: Figure
    forecast: Figure


class RaceFact(Record):
    """The routes of one group of an area against one another, in the source that has most labels of them."""

    area: AreaId
    name: Text
    group: Text
    source: SourceId
    standings: tuple[StandingFact, ...]
    leads: tuple[Lead, ...] = ()
    """The shares of the routes as they stood in earlier windows, oldest first."""
    statements: tuple[Statement, ...]
    method: str


class MoversFact(Record):
    """Who moves an area, with how much of it is known."""

    area: AreaId
    name: Text
    kind: str
    statements: tuple[Statement, ...]
    method: str


class TrackRow(Record):
    """How good the predictions of one kind were."""

    quantity: str
    horizon_weeks: int
    predictions: Figure
    settled: Figure
    pending: Figure
    cov80: Figure
    brier: Figure
    brier_skill: Figure
    crps_skill: Figure


class Track(Record):
    """What we said and what happened."""

    statements: tuple[Statement, ...] = ()
    rows: tuple[TrackRow, ...] = ()
    reliability: tuple[Reliability, ...] = ()
    """What was said against what came, by steps of probability."""
    head: str | None = None
    """SHA-256 of the ledger's newest row."""
