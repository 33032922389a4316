"""The brief as a document of facts: what every rendering shows and what `horizon verify` recomputes.

Nothing here is text in one language. A statement is the name of a template with typed parameters; a number is a
`Figure` with the query that made it. English and Chinese are composed from the same facts (`reports.language`).
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from horizon.records import AreaId, FetchStatus, ItemId, ItemKind, Record, SourceId, UtcDatetime, Week

SCHEMA_VERSION = 1
World = Literal["live", "replayed", "simulated"]
Light = Literal["green", "amber", "red"]
Grade = Literal["A", "B", "C", "D"]
SourceStatus = FetchStatus | Literal["never"]
Unit = Literal[
    "percent_per_year", "percentage_points", "probability", "share", "papers", "patents", "records", "weeks", "areas",
    "identifiers", "issues", "sources", "labels",
]  # fmt: skip


class Text(Record):
    """The same words in both languages."""

    en: str
    zh: str


class Query(Record):
    """Where a number comes from; `reports.trace.resolve` answers it again."""

    kind: Literal[
        "score", "change", "count", "count_sum", "route_share", "label", "route_label", "fetch", "tally",
        "unknown_weeks", "incomplete_weeks", "issues", "setting", "rank",
    ]  # fmt: skip
    args: dict[str, str] = Field(default_factory=dict)


class Figure(Record):
    """One number. `value` is None where it is unknown, which is never the same as zero."""

    value: float | None
    unit: Unit
    low: float | None = None
    high: float | None = None
    level: float | None = None
    """Probability mass of the interval from low to high, for example 0.8."""
    query: Query
    ids: tuple[str, ...] = ()
    """The items counted, where they are of this week and few enough to list."""


class FigureParam(Record):
    type: Literal["figure"] = "figure"
    figure: Figure


class NameParam(Record):
    """A name that the taxonomy or a data file gives in both languages."""

    type: Literal["name"] = "name"
    name: Text


class WordParam(Record):
    """A key into a word table of `words/*.yml`, for example table `verdict`, word `rising`."""

    type: Literal["word"] = "word"
    table: str
    word: str


class WeekParam(Record):
    type: Literal["week"] = "week"
    week: Week


class DayParam(Record):
    type: Literal["day"] = "day"
    day: date


class VerbatimParam(Record):
    """An identifier or a message of a machine, shown as it is in both languages."""

    type: Literal["verbatim"] = "verbatim"
    text: str


Param = Annotated[
    FigureParam | NameParam | WordParam | WeekParam | DayParam | VerbatimParam, Field(discriminator="type")
]


class Statement(Record):
    """A sentence before it is put into words."""

    template: str
    params: dict[str, Param] = Field(default_factory=dict)


class Header(Record):
    kind: Literal["weekly"]
    week: Week
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
    p_rising: Figure
    share_52w: Figure
    n_52w: Figure
    n_week: Figure
    change: Change
    coverage: CoverageGrade
    history: History
    route: Statement | None = None
    """On the most frequent route label, where the group's routes have 30 or more labels in the 52 weeks."""


class Quote(Record):
    """Words of an item, verbatim at `field[start:end]`."""

    field: Literal["title", "abstract"]
    start: int
    end: int
    text: str


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


class ItemFact(Record):
    """One of the week's most telling items of an area."""

    id: ItemId
    area: AreaId
    source: SourceId
    kind: ItemKind
    title: str
    """Verbatim; renderings clean and shorten what they show."""
    language: str
    published: date
    link: str | None
    """Built from the id by `sources.yml`; None in the simulated world, whose ids belong to nobody."""
    probability: Figure
    rank: Figure
    routes: tuple[RouteFact, ...]
    reasons: tuple[Reason, ...]


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


class Brief(Record):
    """The whole document, in the order in which a reader meets it."""

    schema_version: Literal[1] = 1
    header: Header
    bottom_line: tuple[Statement, ...] = Field(max_length=3)
    areas: tuple[AreaRow, ...]
    forest_title: Statement
    shares_title: Statement
    items: tuple[ItemFact, ...]
    sources: tuple[SourceRow, ...]
    method: tuple[Statement, ...]
    limits: tuple[Statement, ...]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of brief.json, as shipped in `brief.schema.json`."""
    schema = Brief.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"Horizon brief, version {SCHEMA_VERSION}"
    return schema
