"""Answers to queries on findings: signals, items of no consensus, races, movers, the track record."""

from collections.abc import Mapping

from horizon.records import Signal
from reports.findings import Accuracy, Calibration, Estimated, Movers, Race
from reports.inputs import Known

Args = Mapping[str, str]
Answer = tuple[float | None, float | None, float | None]
_SIGNAL_INTERVALS = {"rate_ratio": ("eb05", "eb95"), "p_sustained": ("p_sustained_lo80", "p_sustained_hi80")}


def answer_signal(known: Known, args: Args) -> Answer:
    """A field of a signal, or of its `why_now` and `killed_by` by a name after a point."""
    signal = find_signal(known, args)
    if signal is None:
        return None, None, None
    table, _, name = args["field"].partition(".")
    if name:
        return getattr(signal, table).get(name), None, None
    low, high = _SIGNAL_INTERVALS.get(table, (None, None))
    return getattr(signal, table), getattr(signal, low) if low else None, getattr(signal, high) if high else None


def find_signal(known: Known, args: Args) -> Signal | None:
    wanted = (args["source"], args["channel"], args["term"])
    found = (each for each in known.inputs.findings.signals if (each.source, each.channel, each.term) == wanted)
    return next(found, None)


def answer_odd(known: Known, args: Args) -> Answer:
    for each in known.inputs.findings.odd:
        if (each.item_id, each.area, each.reason) == (args["item"], args["area"], args["reason"]):
            return getattr(each, args["field"]), None, None
    return None, None, None


def find_race(known: Known, args: Args) -> Race | None:
    wanted = (args["area"], args["group"], args["source"])
    return next((each for each in known.inputs.findings.races if (each.area, each.group, each.source) == wanted), None)


def answer_race(known: Known, args: Args) -> Answer:
    """A field of a race, or of one of its routes."""
    race = find_race(known, args)
    if race is None:
        return None, None, None
    if "window" in args:
        return _of(_share_in(race, args["window"], args["route"]))
    if "route" in args:
        standing = next((each for each in race.standings if each.route == args["route"]), None)
        return (None, None, None) if standing is None else _of(getattr(standing, args["field"]))
    return _of(getattr(race, args["field"]))


def _share_in(race: Race, last: str, route: str) -> Estimated | None:
    """A route's share in the window that ends with a week."""
    window = next((each for each in race.windows if str(each.last) == last), None)
    shares = {} if window is None else dict(zip((each.route for each in race.standings), window.shares, strict=False))
    return shares.get(route)


def find_movers(known: Known, args: Args) -> Movers | None:
    wanted = (args["area"], args["of"])
    return next((each for each in known.inputs.findings.movers if (each.area, each.kind) == wanted), None)


def answer_movers(known: Known, args: Args) -> Answer:
    """A field of the movers of an area; `china/share`, or `countries/CN/works` for one of them."""
    movers = find_movers(known, args)
    if movers is None:
        return None, None, None
    table, _, rest = args["field"].partition("/")
    found = getattr(movers, table)
    if isinstance(found, tuple):
        # A name may hold a stroke itself.
        name, _, rest = rest.rpartition("/")
        found = next((each for each in found if each.name == name), None)
    return _of(getattr(found, rest) if found is not None and rest else found)


def answer_accuracy(known: Known, args: Args) -> Answer:
    """A field of a row; with `above`, of its bin of probabilities that begins there."""
    row = find_accuracy(known, args)
    found: Accuracy | Calibration | None = row
    if row is not None and "above" in args:
        found = next((each for each in row.calibration if str(each.above) == args["above"]), None)
    return (None, None, None) if found is None else _of(getattr(found, args["field"]))


def find_accuracy(known: Known, args: Args) -> Accuracy | None:
    rows = known.inputs.findings.accuracy
    wanted = (args["quantity"], args["horizon"])
    return next((row for row in rows if (row.quantity, str(row.horizon_weeks)) == wanted), None)


def answer_ledger(known: Known, _: Args) -> Answer:
    return float(known.inputs.findings.ledger_rows), None, None


def answer_settled_since(known: Known, args: Args) -> Answer:
    since = known.inputs.findings.settled_since
    return (None, None, None) if since is None else _of(getattr(since, args["field"]))


def answer_missed(known: Known, args: Args) -> Answer:
    """A field of a prediction that missed; `said` with its interval."""
    found = (each for each in known.inputs.findings.missed if each.prediction_id == args["prediction"])
    missed = next(found, None)
    return (None, None, None) if missed is None else _of(getattr(missed, args["field"]))


def _of(found: Estimated | float | int | None) -> Answer:
    if isinstance(found, Estimated):
        return found.value, found.low, found.high
    return (None if found is None else float(found)), None, None
