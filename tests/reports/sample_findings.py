"""Invented signals, races, movers and forecasts for the invented week: SIMULATED, written by us."""

import random
from datetime import date
from itertools import pairwise
from typing import Any

from horizon.records import Item, NonConsensus, Signal
from reports import hindsight
from reports.facts import Quote
from reports.findings import (
    Accuracy,
    Calibration,
    Estimated,
    Findings,
    Missed,
    Mover,
    Movers,
    Race,
    RaceWindow,
    SettledSince,
    SignalWeeks,
    Standing,
    Told,
)
from reports.hindsight import (
    AspectReading,
    CameDue,
    Dropped,
    LensReading,
    LensWords,
    Recount,
    Revisions,
    ToCheck,
)
from tests.reports.sample import LENSES, SKETCHES, WEEK

QUANTUM = next(at for at, sketch in enumerate(SKETCHES) if sketch.id == "quantum_technology")
WINDOW_AGES = (104, 92, 80, 64, 52, 40, 24, 12, 0)
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


def _parts(count: int, age: int) -> list[float]:
    """Shares that were apart and come to be alike."""
    weights = [1 + (age / 104) * (0.9 if at == 0 else -0.5 / at) for at in range(count)]
    return [weight / sum(weights) for weight in weights]


def race(at: int = 0, **change: Any) -> Race:
    """The routes of a sketch, quarter by quarter; of one quarter too little is known."""
    sketch = SKETCHES[at]
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
        "windows": tuple(
            RaceWindow(last=WEEK + -age, shares=() if age == 64 else tuple(
                Estimated(value=part, low=0.8 * part, high=1.2 * part) for part in _parts(len(keys), age)
            ))
            for age in WINDOW_AGES
        ),
    }  # fmt: skip
    return Race.model_validate(values | change)


QUOTED = Item(
    id="arxiv:2610.80001",
    source="arxiv",
    kind="preprint",
    title="SIMULATED loom for <woven> lattices",
    abstract="SIMULATED. Its parts cost half as much as before. Nothing else is claimed.",
    published=date(2026, 10, 20),
    url="https://arxiv.org/abs/2610.80001",
)
WORDS = "Its parts cost half as much as before"


def quote(item: Item = QUOTED, text: str = WORDS) -> Quote:
    """Words of the item's abstract."""
    start = (item.abstract or "").index(text)
    return Quote(field="abstract", start=start, end=start + len(text), text=text)


def lens(area: str, **change: Any) -> LensReading:
    """Of 200 works of the year and 160 before: few speak of the first aspect, none of the last."""
    aspects = (
        AspectReading(lens=LENSES[0], n=12, n_before=4, quotes=(LensWords(item_id=QUOTED.id, quote=quote()),)),
        AspectReading(lens=LENSES[1], n=60, n_before=20),
        AspectReading(lens=LENSES[2], n=0, n_before=2),
    )
    values: dict[str, Any] = {
        "area": area, "source": "arxiv", "first": WEEK + -53, "last": WEEK + -2, "works": 200, "works_before": 160,
        "aspects": aspects,
    }  # fmt: skip
    return LensReading.model_validate(values | change)


def longer(**change: Any) -> dict[str, Any]:
    """Fields of the findings of a longer edition."""
    area = SKETCHES[0]
    missed = hindsight.Missed(prediction_id="p1", series=f"area:{area.id}", source="arxiv", quantity="share",
                              horizon_weeks=26, value=0.021, mean=0.012, lo80=0.009, hi80=0.015)  # fmt: skip
    recount = Recount(source="arxiv", week=WEEK + -1, area=area.id, before=40, now=52)
    values: dict[str, Any] = {
        "dropped": (
            Dropped(signal=signal("glass weather", week=WEEK + -4), test="groups", value=4),
            Dropped(signal=signal("salt logic", week=WEEK + -9)),
        ),
        "silent": ("arxiv",), "due": CameDue(settled=40, missed=9, farthest=(missed,)),
        "revisions": Revisions(since=WEEK + -12, recounts=(recount,), withdrawn=(QUOTED.id,),
                               rejected=(SIGNAL_ITEMS[0].id,)),
        "lenses": tuple(lens(sketch.id) for sketch in SKETCHES),
        "checks": (
            ToCheck(item_id=SIGNAL_ITEMS[1].id, area=area.id, reason="uncertain", probability=0.41, threshold=0.44,
                    assigned=False),
            ToCheck(item_id=SIGNAL_ITEMS[0].id, area=area.id, reason="influential", probability=0.93, threshold=0.44,
                    assigned=True, signals=("lattice weaving",), routes=(area.routes[0][0],), sources=2),
        ),
        "items": (*SIGNAL_ITEMS, QUOTED),
    }  # fmt: skip
    return values | change


def _weeks(term: str, seed: int) -> SignalWeeks:
    """More documents from week to week, with weeks of none."""
    chance = random.Random(seed)
    seen = 15 + 40 * seed
    n = tuple(0 if at < seen else max(at == seen, round(chance.gauss((at - seen) / 26, 0.8))) for at in range(104))
    return SignalWeeks(source="arxiv", term=term, first_week=WEEK + -103, n=n)


def _bins(bias: float) -> tuple[Calibration, ...]:
    edges = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
    return tuple(
        Calibration(above=above, to=to, settled=8 + 5 * at, said=(above + to) / 2,
                    came=Estimated(value=min(1.0, (above + to) / 2 + bias), low=max(0.0, above + bias - 0.1),
                                   high=min(1.0, to + bias + 0.1)))
        for at, (above, to) in enumerate(pairwise(edges))
    )  # fmt: skip


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
        cov95=Estimated(value=0.95, low=0.88, high=0.98), calibration=_bins(0.0),
    )  # fmt: skip
    values: dict[str, Any] = {
        "scanned": ("arxiv",),
        "signals": (signal(), signal("moss <computing>", tier="first_sight", first_seen=date(2025, 12, 2),
                                     p_sustained=None, p_sustained_lo80=None,
                                     p_sustained_hi80=None, nearest_area=None, sector="space")),
        "odd": (
            NonConsensus(item_id=SIGNAL_ITEMS[0].id, area=SKETCHES[0].id, reason="no_close_predecessor", value=0.21,
                         expected=0.44, neighbour="arxiv:2501.00001", method="non-consensus-1"),
            NonConsensus(item_id=SIGNAL_ITEMS[1].id, area=SKETCHES[1].id, reason="rare_combination", value=1,
                         expected=14.2, fields=("arxiv:quant-ph", "arxiv:q-bio.NC"), method="non-consensus-1"),
        ),
        "items": SIGNAL_ITEMS, "races": (race(), race(QUANTUM)),
        "signal_weeks": tuple(_weeks(term, seed) for seed, term in enumerate(("lattice weaving", "moss <computing>"))),
        "movers": (movers,), "accuracy": (accuracy,), "ledger_rows": 332,
        "ledger_head": "ab" * 32, "next_due": WEEK + 3,
        "told_week": WEEK + -1, "told": TOLD, "gone": TOLD[1:], "settled_since": SettledSince(settled=12, in80=10),
        "missed": (missed(),),
    }  # fmt: skip
    return Findings.model_validate(values | change)
