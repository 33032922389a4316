"""The brief as a document of facts: what every rendering shows and what `horizon verify` recomputes.

Nothing here is text in one language. A statement is the name of a template with typed parameters; a number is a
`Figure` with the query that made it. English and Chinese are composed from the same facts (`reports.language`).
"""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from horizon.records import AreaId, ItemId, ItemKind, Record, SourceId, UtcDatetime, Week
from reports.details import (
    AreaPage,
    Check,
    Decision,
    MoversFact,
    RaceFact,
    StandingFact,
    Track,
    TrackRow,
)
from reports.figures import (
    BriefKind,
    DayParam,
    Figure,
    FigureParam,
    Grade,
    GradeCause,
    Group,
    ItemReference,
    Light,
    ListParam,
    NameParam,
    Param,
    Query,
    Quote,
    Reach,
    SourceStatus,
    Statement,
    Text,
    Unit,
    VerbatimParam,
    WeekParam,
    WordParam,
    World,
)

# Defined in reports.figures and reports.details, and asked for here by everybody.
__all__ = [
    "BriefKind", "DayParam", "Figure", "FigureParam", "Grade", "GradeCause", "Group", "ItemReference", "Light",
    "ListParam", "MoversFact", "NameParam", "Param", "Query", "Quote", "RaceFact", "Reach", "SourceStatus",
    "StandingFact", "Statement", "Text", "Track", "TrackRow", "Unit", "VerbatimParam", "WeekParam", "WordParam",
    "World",
]  # fmt: skip

SCHEMA_VERSION = 4


class SourceProfile(Record):
    """What a brief has to know of a source, as the source's own file tells it."""

    source: SourceId
    name: Text
    kind: ItemKind = "preprint"
    group: Group = "other"
    """Under which of the three kinds of evidence it is shown; never added up with others of its group."""
    rank: int = 99
    """1 is shown first."""
    trust: Literal["high", "medium", "low"] = "medium"
    """A low one is never the only ground of a statement."""
    denominator: Literal["self", "query"] = "self"
    """What a share divides by: all that was read, or a total that the source tells."""
    counted: bool = True
    """Whether it makes series; else its items are kept and shown alone."""
    link_hosts: tuple[str, ...] = ()
    """Hosts that a link to its items may name."""


class ScoreRules(Record):
    """What a score takes and where its words change, as the scoring itself has it."""

    items: int
    """Fewer within two years are too few."""
    known_weeks: int
    """Fewer known weeks of the last 104 are too few."""
    bars: tuple[tuple[float, str], ...]
    """Probability of rising above which a verdict is given, highest first."""


class Header(Record):
    kind: BriefKind
    area: AreaId | None = None
    """Of an expert group's edition."""
    week: Week
    """The last one of the issue."""
    window_weeks: int = 1
    """How many weeks the issue speaks of: a quarter has 13."""
    first_day: date
    last_day: date
    title: Statement
    world: World
    cut_off: UtcDatetime
    """What was known to the store at this instant, and nothing later, is in the brief."""
    light: Light
    light_reason: Statement
    light_note: Statement | None = None
    """That the week's counts will still rise, while they do."""
    run_id: str
    run_hash: str
    """SHA-256 of the inputs; the same inputs give the same brief, byte for byte."""
    taxonomy: str
    model: str
    code: str
    sources: tuple[SourceId, ...]
    disabled: tuple[SourceId, ...] = ()
    """Sources left out for want of a key: unknown, not zero."""
    score_rules: ScoreRules | None = None


class History(Record):
    """Weekly counts and denominators, oldest first; None where the source's week is unknown."""

    series: str
    source: SourceId
    first_week: Week
    n: tuple[int | None, ...]
    total: tuple[int | None, ...]


class Change(Record):
    """Against the previous issue. `delta` only where both issues were made by the same model and taxonomy."""

    kind: Literal["compared", "first_issue", "model_changed", "taxonomy_changed", "not_scored"]
    since: Week | None = None
    delta: Figure | None = None
    before: str | None = None
    """The verdict of the previous issue."""
    moved: bool = False
    """The verdict is another one than last time."""
    within: bool = False
    """The change is small against the two intervals: one holds the other, or each holds the other's estimate."""


class CoverageGrade(Record):
    """How much data there is of an area in a source, not how good the area is; rules in `coverage.yml`."""

    grade: Grade
    cause: GradeCause
    reason: Statement


class AreaCoverage(Record):
    """The grade of an area, over all of its sources."""

    area: AreaId
    name: Text
    source: SourceId
    """The source that leads: the one that can hold most of the area, by `coverage.yml`."""
    grade: Grade
    cause: GradeCause
    reason: Statement


class AreaRow(Record):
    """One area seen through one source. Sources are never added up."""

    area: AreaId
    name: Text
    tier: int
    sector: str
    source: SourceId
    series: str
    status: Literal["ok", "insufficient_data", "unscored"]
    verdict: str | None
    growth: Figure
    path: tuple[Figure, ...] = ()
    """Growth as the same filter saw it 13, 26, 39 and 52 weeks ago: drawn, never told in words."""
    p_rising: Figure
    share_52w: Figure
    n_52w: Figure
    n_week: Figure
    late: Figure
    """Items first published in earlier weeks and first known since the previous issue."""
    change: Change
    coverage: CoverageGrade
    history: History
    route: Statement | None = None
    """On the most frequent route label, where the group's routes have 30 or more labels in the 52 weeks."""
    utility_52w: Figure | None = None
    """Utility models, examined less or not at all: a series of their own; None where there is no such series."""
    utility_week: Figure | None = None
    leads: bool = True
    """Whether this is the source by which the area is judged."""


class Reason(Record):
    """Why an item was chosen, or what in it speaks for its area."""

    kind: Literal["top_probability", "lens", "title_term", "abstract_term", "route", "code"]
    concept: str | None = None
    name: Text | None = None
    quote: Quote | None = None
    code: str | None = None


class RouteFact(Record):
    route: str
    name: Text
    probability: Figure


class Version(Record):
    """The same work in another source or stage."""

    id: ItemId
    source: SourceId
    kind: ItemKind
    published: date
    link: str | None


class ItemFact(Record):
    """One of the week's most telling works of an area, each shown once."""

    id: ItemId
    area: AreaId
    source: SourceId
    kind: ItemKind
    title: str
    """Verbatim; renderings clean and shorten what they show."""
    language: str
    published: date
    link: str | None
    """Goes to a host of its source; None in the simulated world, whose ids belong to nobody."""
    late: bool = False
    """First published in an earlier week and first known since the previous issue."""
    organisations: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    office: str | None = None
    """Two letters of the patent office."""
    also: tuple[Version, ...] = ()
    probability: Figure
    rank: Figure
    routes: tuple[RouteFact, ...]
    reasons: tuple[Reason, ...]


class SignalFact(Record):
    """A term or cluster outside the taxonomy that grows; `why` it is told now, and what `ends` it."""

    term: str
    variants: tuple[str, ...]
    channel: Literal["term", "cluster"]
    first_week: Week | None = None
    """Of `weeks`."""
    weeks: tuple[int | None, ...] = ()
    """Documents a week, oldest first, up to the issue's; None where the week is unknown."""
    tier: Literal["first_sight", "confirmed"]
    source: SourceId
    first_seen: date
    n_recent: Figure
    n_base: Figure
    rate_ratio: Figure
    groups: Figure
    categories: Figure
    p_sustained: Figure
    nearest: Text | None
    sector: str | None
    why: tuple[Statement, ...]
    ends: tuple[Statement, ...]
    items: tuple[ItemReference, ...]
    method: str


class OddFact(Record):
    """An item of no consensus: one that has no close predecessor, or that joins fields seldom joined."""

    area: AreaId
    name: Text
    item: ItemReference
    reason: Statement
    method: str


class SourceRow(Record):
    """What became of one source's week."""

    source: SourceId
    name: Text
    status: SourceStatus
    since: date | None
    until: date | None
    cut_off: UtcDatetime | None
    records: Figure
    items: Figure
    refused: Figure
    missing: Figure
    unknown_weeks: Figure
    incomplete_weeks: Figure
    year_first: Week
    year_last: Week
    """First and last of the 52 weeks of every yearly number: they end before the weeks that still fill up."""
    reason: str | None
    last_success: date | None
    """Last day of the newest window that was read whole."""
    profile: SourceProfile


class Brief(Record):
    """The whole document, in the order in which a reader meets it."""

    schema_version: Literal[4] = 4
    header: Header
    bottom_line: tuple[Statement, ...] = Field(max_length=3)
    decisions: tuple[Decision, ...] = Field(default=(), max_length=3)
    """What the readers are asked, most pressing first."""
    adjustments: tuple[Statement, ...] = ()
    """Of tiers and routes: until they are computed, that none is recommended."""
    changes: tuple[Statement, ...] = ()
    """Since the last issue of the kind, most important first."""
    coverage: tuple[AreaCoverage, ...]
    areas: tuple[AreaRow, ...]
    forest_title: Statement
    shares_title: Statement
    items: tuple[ItemFact, ...]
    races: tuple[RaceFact, ...] = ()
    signals: tuple[SignalFact, ...] = ()
    signals_note: Statement | None = None
    """In which sources they were looked for, or that none were."""
    odd: tuple[OddFact, ...] = ()
    movers: tuple[MoversFact, ...] = ()
    track: Track = Track()
    pages: tuple[AreaPage, ...] = ()
    """Areas read through their tier's lens; none in a weekly."""
    negatives: tuple[Statement, ...] = ()
    """What was looked for and not found, and what was told and is gone."""
    checks: tuple[Check, ...] = ()
    """What an expert group should look at."""
    corrections: tuple[Statement, ...] = ()
    """What earlier issues said otherwise."""
    reproduction: tuple[Statement, ...] = ()
    """How to make and check this issue again."""
    radar_title: Statement | None = None
    streams_title: Statement | None = None
    timeline_title: Statement | None = None
    reliability_title: Statement | None = None
    sources: tuple[SourceRow, ...]
    """Those read, then those disabled, whose status is `disabled`."""
    method: tuple[Statement, ...]
    limits: tuple[Statement, ...]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of brief.json, as shipped in `brief.schema.json`."""
    schema = Brief.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"Horizon brief, version {SCHEMA_VERSION}"
    return schema
