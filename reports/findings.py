"""What is found beside labels and scores, as a brief reads it: plain records that `flows.findings` fills in.

Signals and items of no consensus are read from the store; races, actors and the track record are reckoned again from
stored counts, items and the ledger, by whoever writes or verifies an issue.
"""

from horizon.records import AreaId, Item, NonConsensus, Record, Signal, SourceId, Week
from reports.hindsight import CameDue, Dropped, LensReading, Revisions, ToCheck


class Estimated(Record):
    """A number with its interval, of 80 % where nothing else is said; the ends are None where nobody can tell."""

    value: float
    low: float | None = None
    high: float | None = None


class Standing(Record):
    """One route in the last 52 weeks, and what its share may be over the next."""

    route: str
    n: int
    """Route labels."""
    share: Estimated
    forecast: Estimated


class RaceWindow(Record):
    """The routes of a race in the 52 weeks up to `last`."""

    last: Week
    shares: tuple[Estimated, ...]
    """In the order of the race's standings; none where too little of the window is known."""


class Race(Record):
    """The routes of one group in one source; a share is of the route labels of the group."""

    area: AreaId
    group: str
    source: SourceId
    week: Week
    standings: tuple[Standing, ...]
    """In the taxonomy's order."""
    leader: str
    p_leads: float
    """That its underlying share is the greatest."""
    led_weeks: int
    led_since_start: bool
    """It led in every window that is known: perhaps for longer."""
    overtook: str | None = None
    """The leader before, where the lead changed in the windows that are known."""
    overtook_in: Week | None = None
    """Last week of the first window that the present leader led."""
    overtaker: str | None = None
    overtaken: str | None = None
    p_overtakes: float | None = None
    """The likeliest overtaking of the leader within the next 52 weeks."""
    convergence: Estimated | None = None
    """Fall of the entropy over three years as a part of its greatest value."""
    p_converging: float | None = None
    convergence_word: str | None = None
    asked_by_policy: bool = False
    windows: tuple[RaceWindow, ...] = ()
    """About a quarter apart over two years, oldest first, the newest being that of the standings."""
    method: str


class Mover(Record):
    """A country, an organisation or a place among the works whose actors are known."""

    name: str
    works: int
    of: int
    share: Estimated
    ids: tuple[str, ...] = ()


class Grown(Record):
    """A country or an organisation whose share has surely grown; its works of this year and of the one before."""

    name: str
    works: int
    works_before: int


class Movers(Record):
    """Who published in an area in 52 weeks, in papers or in patent families: never added."""

    area: AreaId
    kind: str
    first: Week
    last: Week
    works: int
    with_organisations: int
    with_countries: int
    countries: tuple[Mover, ...] = ()
    organisations: tuple[Mover, ...] = ()
    concentration: Estimated | None = None
    """Chance that two random works are of one organisation."""
    newcomers: Mover | None = None
    new: tuple[Mover, ...] = ()
    """Of the newcomers those with several works."""
    growing: tuple[Grown, ...] = ()
    """Surest first."""
    china: Mover | None = None
    shanghai: Mover | None = None
    method: str


class SignalWeeks(Record):
    """Documents that name a signal's term, by week; the weeks that the source could not be read are not told apart."""

    source: SourceId
    term: str
    first_week: Week
    n: tuple[int, ...]


class Calibration(Record):
    """Predictions that came due whose probability lay above `above` and up to `to`."""

    above: float
    to: float
    settled: int
    said: float
    """Mean of the probabilities."""
    came: Estimated
    """How often it came, with its interval of 95 %."""


class Accuracy(Record):
    """Predictions of one quantity and horizon that came due, all series and sources; intervals of 95 %."""

    quantity: str
    horizon_weeks: int
    predictions: int
    settled: int
    void: int
    pending: int
    effective: float
    """Outcome windows that do not overlap."""
    brier: Estimated | None = None
    brier_skill: Estimated | None = None
    """Against how often such series exceed."""
    crps_skill: Estimated | None = None
    """Against no change."""
    cov80: Estimated | None = None
    cov95: Estimated | None = None
    calibration: tuple[Calibration, ...] = ()


class Told(Record):
    """A signal as the previous issue's scan had it."""

    source: SourceId
    channel: str
    term: str
    variants: tuple[str, ...] = ()
    tier: str

    def is_of(self, signal: Signal) -> bool:
        """Whether it is the same one: a term may have changed places with one of its variants."""
        names = {self.term, *self.variants} & {signal.term, *signal.variants}
        return (self.source, self.channel) == (signal.source, signal.channel) and bool(names)


class SettledSince(Record):
    """Predictions that came due after the previous issue was written."""

    settled: int
    in80: int
    """Of them with an outcome within the interval of 80 %."""
    void: int = 0

    @property
    def out(self) -> int:
        return self.settled - self.in80


class Missed(Record):
    """A prediction on an area, come due since the previous issue, whose outcome lay outside its interval of 80 %."""

    prediction_id: str
    area: AreaId
    source: SourceId
    quantity: str
    horizon_weeks: int
    week: Week
    """The last week that it was made from."""
    last: Week
    """The last week of the outcome."""
    said: Estimated
    came: float
    p_exceeds_last: float
    exceeded: bool
    far: bool
    """Outside the interval of 95 % as well."""


class Findings(Record):
    """All of them for one issue; empty for a week that nobody looked at in this way."""

    scanned: tuple[SourceId, ...] = ()
    """Sources in which signals were looked for in this week: none found is another thing than none looked for."""
    signals: tuple[Signal, ...] = ()
    """In the order in which they are shown."""
    signal_weeks: tuple[SignalWeeks, ...] = ()
    odd: tuple[NonConsensus, ...] = ()
    items: tuple[Item, ...] = ()
    """Those that signals and odd ones name."""
    races: tuple[Race, ...] = ()
    movers: tuple[Movers, ...] = ()
    accuracy: tuple[Accuracy, ...] = ()
    ledger_rows: int = 0
    ledger_head: str | None = None
    """Digest of the newest row: who kept it can tell that no row was taken away since."""
    next_due: Week | None = None
    """The week in which the next open prediction comes due."""
    dropped: tuple[Dropped, ...] = ()
    """Signals of earlier issues that are gone."""
    silent: tuple[SourceId, ...] = ()
    """Of those in which signals were looked for the ones where none was found."""
    due: CameDue | None = None
    """None where nobody looked."""
    revisions: Revisions | None = None
    """None where nobody looked."""
    lenses: tuple[LensReading, ...] = ()
    """By area and source; of the longer editions alone."""
    checks: tuple[ToCheck, ...] = ()
    """Of an expert group's edition."""
    told_week: Week | None = None
    """Of the previous issue of the kind; None where there was none."""
    told: tuple[Told, ...] = ()
    """Signals that its scan had, as known when it was written."""
    gone: tuple[Told, ...] = ()
    """Those of them that the present scan of the same source no longer finds."""
    settled_since: SettledSince | None = None
    """None where there was no previous issue."""
    missed: tuple[Missed, ...] = ()
    """The farthest off first."""
