"""SIMULATED records for the store's tests."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from horizon.records import (
    FORECAST_LEVELS,
    Evidence,
    Fetch,
    FetchStatus,
    Item,
    Label,
    NonConsensus,
    Prediction,
    RouteLabel,
    Run,
    Score,
    Settlement,
    Signal,
    Verdict,
)
from horizon.weeks import IsoWeek
from store.database import Store
from store.items import content_sha256

WEEK = IsoWeek(2026, 47)
TAXONOMY, MODEL = "taxonomy-1", "model-1"
SERIES = ("area:fusion", "area:photonics", "route:fusion/tokamak")


def at(day: int, hour: int = 6) -> datetime:
    """A time so many days after the Monday that follows the week."""
    return datetime(2026, 11, 23, hour, tzinfo=UTC) + timedelta(days=day)


def a_run(run_id: str = "run-1", day: int = 0, **changes: Any) -> Run:
    values = {"run_id": run_id, "kind": "weekly_scan", "week": WEEK, "started": at(day), "code": "0.1.0"}
    return Run(**{**values, "taxonomy": TAXONOMY, "model": MODEL, **changes})


def an_item(number: int = 1, **changes: Any) -> Item:
    values: dict[str, Any] = {
        "id": f"arxiv:2611.{number:05d}",
        "source": "arxiv",
        "kind": "preprint",
        "version": "v1",
        "title": f"SIMULATED: a tokamak with {number} coils",
        "abstract": "We compose this sentence for a test.",
        "published": date(2026, 11, 17),
        "updated": datetime(2026, 11, 17, 18, tzinfo=UTC),
        "url": f"https://example.org/{number}",
    }
    return Item(**{**values, **changes})


def a_fetch(
    status: FetchStatus = "OK", first: IsoWeek = WEEK, last: IsoWeek | None = None, source: str = "arxiv", **more: Any
) -> Fetch:
    last = last or first
    window = {"since": first.monday, "until": last.sunday}
    return Fetch(**{"source": source, "week": last, "status": status, **window, **more})


def a_label(item: Item, area: str = "fusion", **changes: Any) -> Label:
    values: dict[str, Any] = {
        "item_id": item.id,
        "area": area,
        "probability": 0.9,
        "assigned": True,
        "routes": (RouteLabel(route="tokamak", probability=0.8),),
        "evidence": (Evidence(kind="term", text="tokamak", field="title", start=13, end=20),),
        "taxonomy": TAXONOMY,
        "model": MODEL,
    }
    return Label(**{**values, **changes})


def a_verdict(item: Item, area: str = "fusion", day: int = 1, **changes: Any) -> Verdict:
    values: dict[str, Any] = {"item_id": item.id, "area": area, "choice": "accept", "expert": "Ada", "given": at(day)}
    return Verdict(
        **{**values, "taxonomy": TAXONOMY, "model": MODEL, "content_sha256": content_sha256(item), **changes}
    )


def a_score(series: str = "area:fusion", week: IsoWeek = WEEK, **changes: Any) -> Score:
    numbers = dict.fromkeys(
        ("growth_pct", "growth_lo80", "growth_hi80", "p_rising", "forecast_share_52w", "forecast_lo80"), None
    )
    more = dict.fromkeys(("forecast_hi80", "forecast_lo95", "forecast_hi95"), None)
    values = {"series": series, "source": "arxiv", "week": week, "status": "insufficient_data", "n_52w": 3}
    words = {"share_52w": 0.01, "verdict": "insufficient data", "method": "test-1"}
    return Score(**{**values, **numbers, **more, **words, **changes})


def a_prediction(number: int = 1, **changes: Any) -> Prediction:
    values: dict[str, Any] = {
        "prediction_id": f"{number:032x}",
        "series": "area:fusion",
        "source": "arxiv",
        "week": WEEK,
        "quantity": "share",
        "horizon_weeks": 52,
        "first": WEEK + -1,
        "last": WEEK + 50,
        "base_n": 100,
        "base_total": 10_000,
        "base_first": WEEK + -53,
        "base_last": WEEK + -2,
        "base_weeks_known": 52,
        "p_exceeds_last": 0.7,
        "mean": 0.011,
        "lo80": 0.009,
        "hi80": 0.013,
        "lo95": 0.008,
        "hi95": 0.014,
        "quantiles": tuple(round(0.008 + 0.006 * level, 5) for level in FORECAST_LEVELS),
        "persistence": 0.01,
        "climatology": 0.5,
        "occasion": "quarterly",
        "taxonomy": TAXONOMY,
        "model": MODEL,
        "method": "test-1",
    }
    return Prediction(**{**values, **changes})


def a_settlement(number: int = 1, **changes: Any) -> Settlement:
    values: dict[str, Any] = {"prediction_id": f"{number:032x}", "status": "void", "reason": "a test"}
    more = {"settled_in": WEEK + 52, "weeks_known": 3, "taxonomy": TAXONOMY, "model": MODEL}
    return Settlement(**{**values, **more, **changes})


def a_signal(term: str = "SIMULATED flux loom", **changes: Any) -> Signal:
    values: dict[str, Any] = {
        "source": "arxiv",
        "week": WEEK,
        "channel": "term",
        "term": term,
        "first_seen": date(2026, 3, 2),
        "n_recent": 12,
        "n_base": 3,
        "rate_ratio": 4.2,
        "eb05": 2.1,
        "eb95": 7.0,
        "groups": 8,
        "categories": 3,
        "tier": "first_sight",
        "method": "test-1",
    }
    return Signal(**{**values, **changes})


def a_non_consensus(item: Item, **changes: Any) -> NonConsensus:
    values: dict[str, Any] = {"item_id": item.id, "area": "fusion", "reason": "no_close_predecessor", "value": 0.2}
    return NonConsensus(**{**values, "expected": 0.4, "method": "test-1", **changes})


def begin(store: Store, run_id: str = "run-1", day: int = 0, **changes: Any) -> Run:
    run = a_run(run_id, day, **changes)
    store.begin_run(run)
    return run


def scan(store: Store, items: list[Item], labels: list[Label], run_id: str = "run-1", day: int = 0) -> Run:
    """A whole scan: fetch, ingest, classify and count."""
    run = begin(store, run_id, day)
    store.ingest(run_id, run.started, items)
    store.record_fetch(run_id, a_fetch(), run.started)
    for batch in store.unclassified(TAXONOMY, MODEL):
        wanted = {item.id for item in batch}
        store.add_labels(run_id, run.started, batch, [label for label in labels if label.item_id in wanted])
    store.recount(run_id, run.started, TAXONOMY, MODEL, store.affected_weeks(run_id), SERIES)
    store.finish_run(run_id, "done", run.started)
    return run
