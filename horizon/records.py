"""The nouns that rooms exchange: frozen, closed pydantic models; times aware and in UTC, dates as dates."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    model_validator,
)

from horizon.weeks import IsoWeek


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _to_week(value: object) -> IsoWeek:
    if isinstance(value, IsoWeek):
        return value
    return IsoWeek.parse(str(value))


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
Week = Annotated[IsoWeek, PlainValidator(_to_week), PlainSerializer(str, return_type=str)]
ItemId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*:\S+$")]
SourceId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
AreaId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
ItemKind = Literal["preprint", "article", "patent_application", "patent_grant", "utility_model"]
FetchStatus = Literal["OK", "NO_RESULTS", "PARTIAL", "ERROR"]


class Record(BaseModel):
    """Base of all records."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Code(Record):
    """A classification code, for example arxiv quant-ph or cpc G06N10/70."""

    scheme: Literal["arxiv", "biorxiv", "cpc", "ipc", "msc", "acm", "mesh"]
    symbol: str
    value: Literal["I", "A"] | None = None
    """Of a patent's symbol: I for the invention, A for additional information; None where the office does not say."""


class Item(Record):
    """One paper or patent as its source publishes it, in its newest version known."""

    id: ItemId
    source: SourceId
    kind: ItemKind
    version: str | None = None
    title: str
    abstract: str | None = None
    language: str = "en"
    """ISO 639-1, or `und` when it cannot be told."""
    published: date
    """First public date: the trend clock."""
    updated: UtcDatetime | None = None
    authors: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    """ISO 3166 alpha-2."""
    codes: tuple[Code, ...] = ()
    """Primary code first."""
    family: str | None = None
    doi: str | None = None
    url: str
    licence: str | None = None
    withdrawn: bool = False


class Issue(Record):
    """Something that a room noticed and did not hide; never stops a week by itself."""

    room: str
    severity: Literal["info", "warning", "error"]
    code: str
    """A stable kebab-case word, for example `title-missing`."""
    message: str
    source: SourceId | None = None
    item_id: str | None = None
    data: dict[str, str] = Field(default_factory=dict)


class Fetch(Record):
    """What became of one crawl of one source over one window. A failed source is unknown, never zero."""

    source: SourceId
    week: Week
    """The last week that the window covers; a backfill covers many."""
    since: date
    until: date
    """Both ends included."""
    status: FetchStatus
    reason: str | None = None
    pages: int = 0
    records: int = 0
    """Records received, duplicates and refused ones included."""
    items: int = 0
    """Distinct items delivered."""
    refused: int = 0
    """Records that could not become an item; each has an issue."""
    missing: int = 0
    """Identifiers that the source lists and that could not be had."""
    repaired: int = 0
    """Identifiers found missing by reconciliation and fetched singly."""
    bytes: int = 0
    sha256: str | None = None
    """Of the items file."""
    cut_off: UtcDatetime | None = None
    """The source's own clock at its last answer."""


class Evidence(Record):
    """Why a label was given. Spans are offsets into the original title or abstract."""

    kind: Literal["term", "code", "feature", "definition", "neighbour", "lens"]
    text: str
    """The words of the item, verbatim, for a span; else the code or feature."""
    field: Literal["title", "abstract", "codes"] | None = None
    start: int | None = None
    end: int | None = None
    concept: str | None = None
    """The taxonomy's term, route or lens that matched."""
    weight: float | None = None


class RouteLabel(Record):
    """A technology route within an area."""

    route: str
    probability: Probability
    evidence: tuple[Evidence, ...] = ()


class Label(Record):
    """One item in one area. Never updated: a new model or taxonomy makes new labels."""

    item_id: ItemId
    area: AreaId
    probability: Probability
    assigned: bool
    """The decision; false for areas that were considered and not taken."""
    routes: tuple[RouteLabel, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    taxonomy: str
    """Version of the taxonomy."""
    model: str
    """Fingerprint of the model."""
    uncertain: bool = False
    """In the band in which an expert should look."""


class Verdict(Record):
    """What an expert said of one item in one area. Of two on the same item and area the later stands."""

    item_id: ItemId
    area: AreaId
    choice: Literal["accept", "reject", "relabel"]
    areas: tuple[AreaId, ...] = ()
    """For `relabel`: all areas that are right; none says that the item is in no area."""
    expert: Annotated[str, Field(pattern=r"\S", max_length=200)]
    """A person or a group."""
    given: UtcDatetime
    comment: str = ""
    taxonomy: str
    """With `model`: of the label that was shown."""
    model: str
    content_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the text judged, as the store knows texts."""
    sampled: bool = False
    """Drawn at random from the assigned ones, so that its like may measure precision."""

    @model_validator(mode="after")
    def _only_relabel_names_areas(self) -> Self:
        if self.areas and self.choice != "relabel":
            raise ValueError(f"expected right areas only with relabel, found them with {self.choice}")
        return self


class SeriesPoint(Record):
    """A weekly count and its denominator; both are None where the source's week is unknown."""

    series: str
    """`area:<id>`, `route:<area>/<route>` or any name that an analyst gives."""
    source: str
    week: Week
    n: int | None
    total: int | None


class Score(Record):
    """Momentum of one series, from one source, made from the weeks up to `week`."""

    series: str
    source: str
    week: Week
    status: Literal["ok", "insufficient_data"]
    n_52w: int
    share_52w: float | None
    growth_pct: float | None
    """Posterior mean of the share's growth, per cent a year."""
    growth_lo80: float | None
    growth_hi80: float | None
    p_rising: float | None
    verdict: str
    forecast_share_52w: float | None
    forecast_lo80: float | None
    forecast_hi80: float | None
    forecast_lo95: float | None
    forecast_hi95: float | None
    method: str


class Run(Record):
    """One execution of a flow; its id is a digest of its kind and parameters, so that a repeat is the same run."""

    run_id: str
    kind: str
    week: Week
    started: UtcDatetime
    """The logical time of the run: what it writes was first known then."""
    taxonomy: str
    model: str
    code: str
    """Version of Horizon."""
    params: dict[str, str] = Field(default_factory=dict)
