"""Invented signals, races, movers and forecasts for the invented week: SIMULATED, written by us."""

from datetime import date
from typing import Any

from horizon.records import Item, NonConsensus, Signal
from reports.findings import (
    Accuracy,
    Estimated,
    Findings,
    Missed,
    Mover,
    Movers,
    Race,
    SettledSince,
    Standing,
    Told,
)
from tests.reports.sample import SKETCHES, WEEK

SIGNAL_ITEMS = tuple(
    Item(
        id=f"arxiv:2611.9{number:04d}",
        source="arxiv",
        kind="preprint",
        title=f"SIMULATED lattice weaving of the {number}th kind",
        published=date(2026, 11, 10 + number),
        url="https://arxiv.org/abs/2611.90000",
    )
    for number in range(4)
)


def signal(term: str = "lattice weaving", **change: Any) -> Signal:
    values: dict[str, Any] = {
        "source": "arxiv", "week": WEEK, "channel": "term", "term": term, "variants": ("lattice-weaving",),
        "first_seen": date(2025, 3, 4), "n_recent": 24, "n_base": 9, "rate_ratio": 6.4, "eb05": 3.1, "eb95": 10.2,
        "groups": 14, "categories": 5, "tier": "confirmed", "p_sustained": 0.71, "p_sustained_lo80": 0.58,
        "p_sustained_hi80": 0.82, "nearest_area": SKETCHES[0].id, "sector": "materials",
        "item_ids": tuple(item.id for item in SIGNAL_ITEMS[:3]), "method": "signals-1",
        "why_now": {"growth_26w": 2.1, "documents_13w": 15, "weeks_active": 18, "first_authors": 12, "title_share": 0.3,
                    "eb05_26w_ago": 1.7},
        "killed_by": {"documents_26w": 6, "eb05": 1.5, "groups": 6, "categories": 2, "weeks_active": 8,
                      "title_share": 0.04, "share_weeks_53_to_104": 0.0021},
    }  # fmt: skip
    return Signal.model_validate(values | change)


def race(**change: Any) -> Race:
    sketch = SKETCHES[0]
    keys = [key for key, *_ in sketch.routes]
    share = 1 / len(keys)
    values: dict[str, Any] = {
        "area": sketch.id, "group": "main", "source": "arxiv", "week": WEEK,
        "standings": tuple(
            Standing(route=key, n=40 + place, share=Estimated(value=share, low=share - 0.05, high=share + 0.05),
                     forecast=Estimated(value=share, low=share - 0.09, high=share + 0.09))
            for place, key in enumerate(keys)
        ),
        "leader": keys[0], "p_leads": 0.88, "led_weeks": 64, "led_since_start": False,
        "overtaker": keys[1], "overtaken": keys[0],
        "p_overtakes": 0.41, "convergence": Estimated(value=0.12, low=0.02, high=0.21), "p_converging": 0.93,
        "convergence_word": "probably converging", "asked_by_policy": True, "method": "routes-1",
    }  # fmt: skip
    return Race.model_validate(values | change)


def missed(**change: Any) -> Missed:
    values: dict[str, Any] = {
        "prediction_id": "d1" * 32, "area": SKETCHES[0].id, "source": "arxiv", "quantity": "share",
        "horizon_weeks": 26, "week": WEEK + -28, "last": WEEK + -2,
        "said": Estimated(value=0.0011, low=0.00101, high=0.0012), "came": 0.0014, "p_exceeds_last": 0.62,
        "exceeded": True, "far": True,
    }  # fmt: skip
    return Missed.model_validate(values | change)


TOLD = (
    Told(source="arxiv", channel="term", term="lattice-weaving", variants=("lattice weaving",), tier="first_sight"),
    Told(source="arxiv", channel="term", term="quiet gears", tier="first_sight"),
)
"""The first of them is confirmed now, the second gone."""


def sample_findings(**change: Any) -> Findings:
    low_high = Estimated(value=0.31, low=0.24, high=0.39)
    movers = Movers(
        area=SKETCHES[0].id, kind="patents", first=WEEK + -51, last=WEEK, works=74, with_organisations=61,
        with_countries=70, countries=(Mover(name="CN", works=30, share=low_high, of=61),),
        organisations=(Mover(name="Example Works Co.", works=6, share=low_high, of=61),),
        concentration=Estimated(value=0.05, low=0.04, high=0.07),
        newcomers=Mover(name="", works=12, share=low_high, of=61),
        china=Mover(name="CN", works=30, share=low_high, of=61),
        shanghai=Mover(name="Shanghai", works=4, share=low_high, of=61), method="actors-1",
    )  # fmt: skip
    accuracy = Accuracy(
        quantity="share", horizon_weeks=26, predictions=220, settled=110, void=2, pending=108, effective=60.0,
        brier=Estimated(value=0.182, low=0.15, high=0.21), brier_skill=Estimated(value=0.24, low=0.1, high=0.36),
        crps_skill=Estimated(value=0.18, low=0.05, high=0.3), cov80=Estimated(value=0.81, low=0.72, high=0.88),
        cov95=Estimated(value=0.95, low=0.88, high=0.98),
    )  # fmt: skip
    values: dict[str, Any] = {
        "scanned": ("arxiv",),
        "signals": (signal(), signal("moss <computing>", tier="first_sight", p_sustained=None, p_sustained_lo80=None,
                                     p_sustained_hi80=None, nearest_area=None, sector="space")),
        "odd": (
            NonConsensus(item_id=SIGNAL_ITEMS[0].id, area=SKETCHES[0].id, reason="no_close_predecessor", value=0.21,
                         expected=0.44, neighbour="arxiv:2501.00001", method="non-consensus-1"),
            NonConsensus(item_id=SIGNAL_ITEMS[1].id, area=SKETCHES[1].id, reason="rare_combination", value=1,
                         expected=14.2, fields=("arxiv:quant-ph", "arxiv:q-bio.NC"), method="non-consensus-1"),
        ),
        "items": SIGNAL_ITEMS, "races": (race(),), "movers": (movers,), "accuracy": (accuracy,), "ledger_rows": 332,
        "ledger_head": "ab" * 32, "next_due": WEEK + 3,
        "told_week": WEEK + -1, "told": TOLD, "gone": TOLD[1:], "settled_since": SettledSince(settled=12, in80=10),
        "missed": (missed(),),
    }  # fmt: skip
    return Findings.model_validate(values | change)
