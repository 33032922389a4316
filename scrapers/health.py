"""The verdict on a crawl, from our own counts: Scrapy exits 0 even when every request failed (scrapy issue #1231)."""

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median

from horizon.records import Fetch, FetchStatus, Issue
from scrapers.issues import make_issue
from scrapers.source import Source
from scrapers.walk import Tally

_SPARSE = 0.5
"""A field filled less than this share of its expected rate is remarked upon."""
_FEWEST_WEEKS = 4
_CLOCKS_AGREE = timedelta(days=2)
_FEW_REFUSED = 10
"""So few refused records do not make a crawl with items PARTIAL: a small window is not a broken feed."""


def judge(tally: Tally, items: int, source: Source) -> tuple[FetchStatus, str | None]:
    """Status and reason. PARTIAL: items were had and something is known to lack; ERROR: nothing can be said."""
    lacks = _lacks(tally, items, source)
    if lacks:
        return ("PARTIAL" if items or tally.doubtful_emptiness else "ERROR"), "; ".join(lacks)
    return ("OK", None) if items else ("NO_RESULTS", "the source lists no record for this window")


def _lacks(tally: Tally, items: int, source: Source) -> list[str]:
    lacks = [tally.stopped] if tally.stopped else []
    if not tally.chain_ended and not tally.stopped:
        lacks.append("the crawl ended before the last page")
    if tally.chain_ended and not tally.reconciled and not tally.stopped:
        lacks.append("the crawl ended before what was read was compared with what the source lists")
    if tally.doubtful_emptiness and not items and not tally.stopped:
        lacks.append(
            "the source knew of no record while the window was still open on its clock; such an answer may come from a "
            "cache: crawl again after midnight UTC"
        )
    known = items + len(tally.refused) + tally.missing
    if tally.missing > source.alarms.missing_share * max(known, 1):
        lacks.append(f"{tally.missing} of {known} listed records could not be had")
    if len(tally.refused) > max(source.alarms.refused_share * max(known, 1), _FEW_REFUSED if items else 0):
        lacks.append(f"{len(tally.refused)} of {known} records could not be read; see issues.jsonl")
    return lacks


def remarks(tally: Tally, items: int, fill: dict[str, float], source: Source, today: date | None = None) -> list[Issue]:
    """Issues about the crawl as a whole; they do not change the verdict."""
    found = [
        make_issue(
            source.id,
            "warning",
            "fill-rate-low",
            f"{name} is filled in {fill[name]:.1%} of {items} items, expected {expected:.0%}",
        )
        for name, expected in sorted(source.expected_fill.items())
        if items and fill.get(name, 1.0) < _SPARSE * expected
    ]
    if tally.repaired > source.alarms.missing_share * max(items, 1):
        message = f"{tally.repaired} of {items} items were missed by the pages and fetched singly"
        found.append(make_issue(source.id, "warning", "reconciliation-large", message))
    if today and tally.cut_off and abs(tally.cut_off.date() - today) > _CLOCKS_AGREE:
        message = f"the source's clock says {tally.cut_off:%Y-%m-%d %H:%M} UTC while ours says {today}"
        found.append(make_issue(source.id, "warning", "clock-skewed", message))
    return found


def doubt_emptiness(fetch: Fetch, stored_items: int) -> Fetch:
    """The verdict as it is to be recorded: no result is not believed where items of the very window are held.

    `stored_items` counts the source's items first published in the window. Whether its other papers are gone or the
    source fails silently cannot be told: ERROR, so that the window is unknown and asked for again.
    """
    if fetch.status != "NO_RESULTS" or stored_items == 0:
        return fetch
    reason = f"the source lists no record for this window, of which the store holds {stored_items} items: not believed"
    return fetch.model_copy(update={"status": "ERROR", "reason": reason})


def check_volume(items: int, weeks_before: Sequence[int], source: Source) -> Issue | None:
    """A warning when a week's number of items is far from the median of the weeks before (at most the last 8)."""
    recent = list(weeks_before)[-8:]
    if len(recent) < _FEWEST_WEEKS:
        return None
    usual = median(recent)
    if abs(items - usual) <= source.alarms.deviation * usual:
        return None
    return make_issue(
        source.id,
        "warning",
        "volume-unusual",
        f"{items} items, while the median of {len(recent)} weeks before is {usual:g}",
    )
