"""Answers to queries on area pages, on what earlier issues said, and on what is to be checked."""

from collections.abc import Mapping

from reports.hindsight import AspectReading, Dropped, LensReading, Missed, Recount, ToCheck
from reports.inputs import Known

Args = Mapping[str, str]
Answer = tuple[float | None, float | None, float | None]
UNKNOWN: Answer = (None, None, None)


def find_lens(known: Known, area: str, source: str) -> LensReading | None:
    found = (each for each in known.inputs.findings.lenses if (each.area, each.source) == (area, source))
    return next(found, None)


def answer_lens(known: Known, args: Args) -> Answer:
    """`works`, or of an aspect its works `n`, its `share` and that of the year `before`, with Wilson's intervals.

    Weeks of which the source tells nothing have no works: unknown, never zero.
    """
    reading = find_lens(known, args["area"], args["source"])
    if reading is None:
        return UNKNOWN
    year = (reading.works, reading.works_before)[args.get("year") == "before"]
    if "aspect" not in args:
        return (float(year) if year else None), None, None
    aspect = _aspect(reading, args["aspect"])
    if aspect is None or not year:
        return UNKNOWN
    n = (aspect.n, aspect.n_before)[args.get("year") == "before"]
    return (float(n), None, None) if args["field"] == "n" else _share(n, year)


def _aspect(reading: LensReading, lens: str) -> AspectReading | None:
    return next((each for each in reading.aspects if each.lens == lens), None)


def _share(part: int, whole: int) -> Answer:
    from reports.trace import wilson

    return (part / whole, *wilson(part, whole))


def answer_before(known: Known, args: Args) -> Answer:
    """Growth as the previous issue had it."""
    score = known.previous.get((args["series"], args["source"]))
    return UNKNOWN if score is None else (score.growth_pct, score.growth_lo80, score.growth_hi80)


def answer_dropped(known: Known, args: Args) -> Answer:
    """How many signals are gone; of one its `value` in the test that it fails, or the `bar` of that test."""
    dropped = known.inputs.findings.dropped
    if "term" not in args:
        return float(len(dropped)), None, None
    found = find_dropped(known, args["source"], args["channel"], args["term"])
    if found is None or found.test is None:
        return UNKNOWN
    return (found.value if args["field"] == "value" else found.signal.killed_by.get(found.test)), None, None


def find_dropped(known: Known, source: str, channel: str, term: str) -> Dropped | None:
    for each in known.inputs.findings.dropped:
        if (each.signal.source, each.signal.channel, each.signal.term) == (source, channel, term):
            return each
    return None


def answer_due(known: Known, args: Args) -> Answer:
    """How many were `settled` or `missed`; of one of the latter what `came` and what was `said`."""
    due = known.inputs.findings.due
    if due is None:
        return UNKNOWN
    if "prediction" not in args:
        return float(getattr(due, args["field"])), None, None
    missed = next((each for each in due.farthest if each.prediction_id == args["prediction"]), None)
    return UNKNOWN if missed is None else _missed(missed, args["field"])


def _missed(missed: Missed, field: str) -> Answer:
    return (missed.value, None, None) if field == "came" else (missed.mean, missed.lo80, missed.hi80)


def answer_revision(known: Known, args: Args) -> Answer:
    """How many items were `withdrawn` or `rejected`; of a week's count what was told `before` and what it is `now`."""
    revisions = known.inputs.findings.revisions
    if revisions is None:
        return UNKNOWN
    if "week" not in args:
        return float(len(getattr(revisions, args["field"]))), None, None
    recount = next((each for each in revisions.recounts if _is(each, args)), None)
    value = None if recount is None else getattr(recount, args["field"])
    return (None if value is None else float(value)), None, None


def _is(recount: Recount, args: Args) -> bool:
    return (recount.source, str(recount.week), recount.area) == (args["source"], args["week"], args["area"])


def answer_check(known: Known, args: Args) -> Answer:
    """`probability` of an item's label, `threshold` of its area, `sources` that hold its work."""
    found = find_check(known, args)
    return UNKNOWN if found is None else (float(getattr(found, args["field"])), None, None)


def find_check(known: Known, args: Args) -> ToCheck | None:
    wanted = (args["item"], args["area"])
    return next((each for each in known.inputs.findings.checks if (each.item_id, each.area) == wanted), None)
