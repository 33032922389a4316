"""The parts that every fact is made of: texts in both languages, numbers with their queries, sentences before words."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from horizon.records import FetchStatus, ItemId, Record, Week

BriefKind = Literal["weekly", "quarterly", "group"]
World = Literal["live", "replayed", "simulated"]
Light = Literal["green", "amber", "red"]
Grade = Literal["A", "B", "C", "D"]
SourceStatus = FetchStatus | Literal["never", "disabled"]
Unit = Literal[
    "percent_per_year", "percentage_points", "probability", "share", "papers", "patents", "records", "weeks", "areas",
    "identifiers", "issues", "sources", "labels", "months", "times", "loss", "skill", "groups", "fields", "predictions",
    "organisations", "similarity",
]  # fmt: skip
Group = Literal["papers", "life_science", "patents", "other"]
Reach = Literal["broad", "part", "little", "hardly", "none"]
GradeCause = Literal[
    "failed", "disabled", "few", "gaps", "recent", "partial", "lost", "unscored", "reach", "delay", "trust",
    "one_sided", "not_read", "none",
]  # fmt: skip
"""What holds a grade down; `none` for an A."""


class Text(Record):
    """The same words in both languages."""

    en: str
    zh: str


class Query(Record):
    """Where a number comes from; `reports.trace.resolve` answers it again."""

    kind: Literal[
        "score", "change", "count", "count_window", "count_sum", "route_share", "label", "route_label", "fetch",
        "tally", "unknown_weeks", "incomplete_weeks", "issues", "setting", "rank", "late", "held_back", "lost_share",
        "signal", "odd", "race", "movers", "accuracy", "ledger",
        "lens", "before", "dropped", "due", "revision", "check",
        "settled_since", "missed",
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


class ListParam(Record):
    """Parts of a sentence, each put into words by itself and joined as the language joins them."""

    type: Literal["list"] = "list"
    parts: tuple["Statement", ...]


Param = Annotated[
    FigureParam | NameParam | WordParam | WeekParam | DayParam | VerbatimParam | ListParam, Field(discriminator="type")
]


class Statement(Record):
    """A sentence before it is put into words."""

    template: str
    params: dict[str, Param] = Field(default_factory=dict)


class Quote(Record):
    """Words of an item, verbatim at `field[start:end]`."""

    field: Literal["title", "abstract"]
    start: int
    end: int
    text: str


class ItemReference(Record):
    """An item behind a finding."""

    id: ItemId
    title: str
    """Verbatim."""
    language: str
    published: date
    link: str | None
