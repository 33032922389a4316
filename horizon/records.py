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


class Forecast(Record):
    """What a series' share or count will be over the weeks to come, from one source; part of its Score."""

    quantity: Literal["share", "count"]
    """Share: of the source's total over the whole horizon. Count: items over it, the total itself being forecast."""
    horizon_weeks: Literal[26, 52]
    mean: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    quantiles: tuple[float, ...]
    """At FORECAST_LEVELS; what CRPS is computed from."""
    p_exceeds_last: Probability
    """That it exceeds the last 52 weeks' share, or for counts the last `horizon_weeks` weeks' count."""


FORECAST_LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""0.05, 0.10 ... 0.95."""


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
    level: float | None = None
    """Share that the model sees now, its noise taken off, with its interval."""
    level_lo80: float | None = None
    level_hi80: float | None = None
    growth_path: tuple[float, ...] = ()
    """Growth now and as seen 13, 26, 39 and 52 weeks ago by the same filter, per cent a year: drawn, never told."""
    discovery: bool | None = None
    """Among those of its issue that are called rising or falling at a false-discovery rate of 10 %."""
    forecasts: tuple[Forecast, ...] = ()


class Prediction(Record):
    """What was forecast, written once with everything needed to settle it; a row of the ledger."""

    prediction_id: str
    """Digest of series, source, week, quantity, horizon, taxonomy, model and method: said once, never again."""
    series: str
    source: str
    week: Week
    """The last week that it was made from."""
    quantity: Literal["share", "count"]
    horizon_weeks: Literal[26, 52]
    first: Week
    last: Week
    """The weeks that settle it, both included; `first` follows the last complete week."""
    base_n: int
    base_total: int
    base_first: Week
    base_last: Week
    base_weeks_known: int
    """What it may exceed, as known when it was made: the last 52 weeks, for counts the last `horizon_weeks` weeks."""
    p_exceeds_last: Probability
    mean: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    quantiles: tuple[float, ...]
    persistence: float
    """What a forecaster says who expects no change: the last 52 weeks' share, or the count of as many weeks."""
    climatology: Probability
    """How often series of this kind and source exceeded in the past; 0.5 while nothing is known."""
    occasion: Literal["quarterly", "flagged"]
    taxonomy: str
    model: str
    method: str


class Settlement(Record):
    """What came of a prediction; the ledger's other kind of row."""

    prediction_id: str
    status: Literal["settled", "void"]
    reason: str | None = None
    """Why it is void: fewer known weeks than the rule asks, a series that is no more."""
    settled_in: Week
    n: int | None = None
    total: int | None = None
    weeks_known: int
    base_n: int | None = None
    base_total: int | None = None
    """The base counted again by the labels that counted the outcome: a change of model moves both or neither."""
    value: float | None = None
    exceeded: bool | None = None
    brier: float | None = None
    brier_climatology: float | None = None
    crps: float | None = None
    """Of the logarithm of the quantity, so that a doubling counts the same in small series and large."""
    crps_persistence: float | None = None
    in80: bool | None = None
    in95: bool | None = None
    taxonomy: str
    model: str


class Signal(Record):
    """A term or cluster outside the taxonomy that grows, as noticed from one source in one week."""

    source: str
    week: Week
    channel: Literal["term", "cluster"]
    term: str
    """Canonical form; a cluster's is made of its strongest terms."""
    variants: tuple[str, ...] = ()
    first_seen: date
    n_recent: int
    """Documents of the last 26 weeks."""
    n_base: int
    """Documents of the 156 weeks before."""
    rate_ratio: float
    """Posterior mean of the rate now over the rate before, both as shares of the source."""
    eb05: float
    """Lower 5 % point of that posterior (DuMouchel 1999)."""
    eb95: float
    groups: int
    """Distinct last authors."""
    categories: int
    """Distinct primary categories."""
    tier: Literal["first_sight", "confirmed"]
    p_sustained: Probability | None = None
    """Chance that a year on its rate is at least today's; None while too few flags have come due to tell."""
    p_sustained_lo80: Probability | None = None
    p_sustained_hi80: Probability | None = None
    nearest_area: AreaId | None = None
    sector: str | None = None
    item_ids: tuple[str, ...] = ()
    """At most ten, the newest and most typical first."""
    why_now: dict[str, float] = Field(default_factory=dict)
    """Typed facts behind the notice, for the brief's templates: name to value."""
    killed_by: dict[str, float] = Field(default_factory=dict)
    """What would end it: name of the test to the bar it must fall under."""
    method: str


class NonConsensus(Record):
    """An item in an area without close predecessors, or with a rare combination of fields."""

    item_id: ItemId
    area: AreaId
    reason: Literal["no_close_predecessor", "rare_combination"]
    value: float
    """Similarity to its nearest predecessor, or papers of that combination seen before."""
    expected: float
    """What is usual in the area: the 5 % point of such similarities, or the papers expected of that combination."""
    neighbour: str | None = None
    """The nearest predecessor's id."""
    fields: tuple[str, ...] = ()
    """The combination of codes."""
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
