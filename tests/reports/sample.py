"""An invented week, rich enough to look real: every title, number and trend here is SIMULATED and written by us."""

import math
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from horizon.records import Evidence, Fetch, Item, Label, RouteLabel, Score, SeriesPoint
from horizon.weeks import IsoWeek, weeks_between
from reports.facts import ScoreRules
from reports.inputs import HISTORY_WEEKS, BriefInputs, SourceWeek
from taxonomy.schema import AreaFile

WEEK = IsoWeek(2026, 46)
AS_OF = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
TOTAL = 5200
TAXONOMY, MODEL = "tax-5d1e7c0a9b32", "areas-7f43aa10c2de"
OUTAGE = IsoWeek(2025, 31)
RULES = ScoreRules(
    items=30,
    known_weeks=26,
    bars=(
        (0.9, "rising"),
        (0.75, "probably rising"),
        (0.25, "no clear change"),
        (0.1, "probably falling"),
        (0.0, "falling"),
    ),
)


@dataclass(frozen=True)
class Sketch:
    """What we pretend of one area: yearly growth in per cent with its interval, and its share of all papers."""

    id: str
    en: str
    zh: str
    sector: str
    tier: int
    growth: float
    half: float
    p: float
    share: float
    routes: tuple[tuple[str, str, str, float], ...]
    titles: tuple[str, ...]
    before: float = 0.0


def sketches() -> tuple[Sketch, ...]:
    rows = yaml.safe_load(Path(__file__).with_name("sample.yml").read_text(encoding="utf-8"))
    return tuple(
        Sketch(**{**row, "routes": tuple(map(tuple, row["routes"])), "titles": tuple(row["titles"])}) for row in rows
    )


SKETCHES = sketches()
_LENS = {1: "cost_reduction", 2: "prototype", 3: "feasibility"}
_LENS_NAME = {"cost_reduction": ("cost reduction", "降低成本"), "prototype": ("prototype or sample", "样机样品"),
              "feasibility": ("feasibility verified", "可行性验证")}  # fmt: skip
LENSES = tuple(_LENS_NAME)
_LENS_WORDS = (
    "Low-cost",
    "Affordable",
    "Cost-aware",
    "prototype",
    "validated",
    "feasibility",
    "Verified",
    "manufacturing",
)


def area_file(sketch: Sketch) -> AreaFile:
    """A valid area file with placeholder vocabulary."""
    words = [{"text": f"{sketch.id} term {number}"} for number in range(40)]
    names = {key: {"en": en, "zh": zh} for key, (en, zh) in _LENS_NAME.items()}
    lens = [
        {"id": key, "name": name, "en": [f"{key} {n}" for n in range(5)], "zh": [f"{key}{n}" for n in range(5)]}
        for key, name in names.items()
    ]
    routes = [
        {"id": key, "name": {"en": en, "zh": zh}, "terms": [{"text": f"{key} {n}"} for n in range(6)]}
        for key, en, zh, _ in sketch.routes
    ]
    examples = [{"title": f"SIMULATED example {n} of {sketch.id}", "why": "card"} for n in range(6)]
    return AreaFile.model_validate(
        {
            "id": sketch.id,
            "name": {"en": sketch.en, "zh": sketch.zh},
            "definition": {"en": "SIMULATED definition. " * 8, "zh": "模拟定义，仅供测试使用。" * 6},
            "sector": sketch.sector,
            "tier": sketch.tier,
            "lens": lens,
            "terms": words,
            "codes": {},
            "route_groups": [{"id": "main", "name": {"en": "Main routes", "zh": "主要路线"}, "routes": routes}],
            "examples": {"yes": examples, "no": examples},
            "reviewed": "2026-11-23",
        }
    )


def score(sketch: Sketch, week: IsoWeek, growth: float | None = None, p: float | None = None) -> Score:
    n_52w = round(sketch.share * TOTAL * 52)
    enough = n_52w >= 30
    mean, chance = sketch.growth if growth is None else growth, sketch.p if p is None else p
    return Score(
        series=f"area:{sketch.id}",
        source="arxiv",
        week=week,
        status="ok" if enough else "insufficient_data",
        n_52w=n_52w,
        share_52w=sketch.share,
        growth_pct=mean if enough else None,
        growth_lo80=mean - sketch.half if enough else None,
        growth_hi80=mean + sketch.half if enough else None,
        p_rising=chance if enough else None,
        verdict=verdict(chance) if enough else "insufficient data",
        forecast_share_52w=None,
        forecast_lo80=None,
        forecast_hi80=None,
        forecast_lo95=None,
        forecast_hi95=None,
        method="eb-dglm 1",
        growth_path=(mean, mean - 2, mean - 3, mean + 4, mean + 9) if enough else (),
    )


def verdict(p: float) -> str:
    words = ((0.9, "rising"), (0.75, "probably rising"), (0.25, "no clear change"), (0.1, "probably falling"))
    return next((word for limit, word in words if p > limit), "falling")


def points(sketch: Sketch, unknown: frozenset[IsoWeek]) -> list[SeriesPoint]:
    """Two years of counts that follow the sketch's growth, with the outage as unknown."""
    chance = random.Random(sketch.id)
    made = []
    for week in weeks_between(WEEK + (1 - HISTORY_WEEKS), WEEK):
        total = round(TOTAL * (0.62 if week.number in (1, 52, 53) else 1.0) * chance.uniform(0.93, 1.07))
        mean = sketch.share * (1 + sketch.growth / 100) ** ((week - WEEK) / 52) * total
        n = max(0, round(chance.gauss(mean, math.sqrt(mean + 0.3))))
        lost = week in unknown
        made.append(SeriesPoint(series=f"area:{sketch.id}", source="arxiv", week=week,
                                n=None if lost else n, total=None if lost else total))  # fmt: skip
        for key, _, _, part in sketch.routes:
            made.append(SeriesPoint(series=f"route:{sketch.id}/{key}", source="arxiv", week=week,
                                    n=None if lost else round(n * part), total=None if lost else total))  # fmt: skip
    return made


def labelled(sketch: Sketch, count: int, first: int) -> list[tuple[Item, Label]]:
    """`count` items of the week; the sketch's own titles lead, plain ones fill up."""
    pairs = []
    for position in range(count):
        named = position < len(sketch.titles)
        title = sketch.titles[position] if named else f"SIMULATED study {position} of {sketch.en.lower()}"
        item_id = f"arxiv:2611.{first + position:05d}"
        item = Item(
            id=item_id,
            source="arxiv",
            kind="preprint",
            title=title,
            abstract="SIMULATED abstract.",
            language="zh" if title[0] > "一" else "en",
            published=WEEK.monday + timedelta(days=position % 5),
            url="https://arxiv.org/abs/2611.00000",
        )
        probability = 0.98 - 0.01 * position if named else max(0.51, 0.9 - 0.002 * position)
        routes = tuple(RouteLabel(route=key, probability=0.8) for key, *_ in sketch.routes[: 1 if named else 0])
        label = Label(item_id=item_id, area=sketch.id, probability=round(probability, 4), assigned=True, routes=routes,
                      evidence=evidence(sketch, title), taxonomy=TAXONOMY, model=MODEL)  # fmt: skip
        pairs.append((item, label))
    return pairs


def evidence(sketch: Sketch, title: str) -> tuple[Evidence, ...]:
    found = []
    for word in _LENS_WORDS:
        start = title.find(word)
        if start >= 0:
            lens = _LENS[sketch.tier]
            found.append(
                Evidence(
                    kind="lens", text=word, field="title", start=start, end=start + len(word), concept=f"{lens}: {word}"
                )
            )
    last = title.rsplit(maxsplit=1)[-1]
    start = title.rindex(last)
    found.append(Evidence(kind="term", text=last, field="title", start=start, end=len(title), concept=last, weight=2.0))
    return tuple(found)


def fetch(**change: Any) -> Fetch:
    values = {
        "source": "arxiv", "week": WEEK, "since": date(2026, 11, 9), "until": date(2026, 11, 15), "status": "OK",
        "pages": 5, "records": 5241, "items": 5203, "refused": 2, "missing": 0,
        "cut_off": datetime(2026, 11, 16, 5, 12, tzinfo=UTC),
    }  # fmt: skip
    return Fetch.model_validate(values | change)


def sample_inputs(sketches: tuple[Sketch, ...] = SKETCHES, **change: Any) -> BriefInputs:
    """A SIMULATED week with one outage in its history, a changed verdict, a rise, a fall and a thin area."""
    unknown = frozenset({OUTAGE, OUTAGE + 1})
    series = [point for sketch in sketches for point in points(sketch, unknown)]
    latest = {p.series: p.n or 0 for p in series if p.week == WEEK}
    pairs = [
        pair
        for position, sketch in enumerate(sketches)
        for pair in labelled(sketch, latest[f"area:{sketch.id}"], 1 + 1000 * position)
    ]
    before = [
        score(each, WEEK + -1, each.before, 0.86 if each.id == "silicon_photonics" else None) for each in sketches
    ]
    values: dict[str, Any] = {
        "week": WEEK,
        "as_of": AS_OF,
        "world": "simulated",
        "run_id": "scan-2026-W46-simulated",
        "code": "0.1.0",
        "taxonomy": TAXONOMY,
        "model": MODEL,
        "areas": tuple(area_file(sketch) for sketch in sketches),
        "sources": (SourceWeek(source="arxiv", status="OK", fetch=fetch(), incomplete_weeks=2),),
        "scores": tuple(score(sketch, WEEK) for sketch in sketches),
        "previous_week": WEEK + -1,
        "previous_taxonomy": TAXONOMY,
        "previous_model": MODEL,
        "previous_scores": tuple(before),
        "points": tuple(series),
        "labelled": tuple(pairs),
        "issues": (("info", "title-long", 9), ("warning", "abstract-missing", 3)),
        "score_rules": RULES,
    }
    return BriefInputs.model_validate(values | change)
