"""The invented week as several sources show it: a failed one, a disabled one, one of low trust; all SIMULATED."""

import random
from datetime import date, timedelta
from typing import Any

from horizon.records import Item, ItemKind, Label, Score, SeriesPoint
from reports.facts import SourceProfile, Text
from reports.inputs import BriefInputs, SourceWeek
from reports.policy import profile_of
from tests.reports.sample import MODEL, SKETCHES, TAXONOMY, WEEK, Sketch, fetch, sample_inputs, score

FEED = "gazette"
"""A feed of low trust that no file of the reports knows."""
_SHAPES: dict[str, tuple[ItemKind, int, str, str, float]] = {
    "europepmc": ("article", 30, "query", "epmc:MED{n}", 9.0),
    "biorxiv": ("preprint", 20, "self", "biorxiv:10.1101/2026.11.{n}", 2.0),
    "epo_ops": ("patent_application", 40, "query", "epo:CN.{n}.A", 1.5),
    "uspto_grants": ("patent_grant", 50, "self", "uspto:US.{n}.B2", 0.6),
}
"""Kind, rank, denominator, form of ids and how many items against arXiv's."""
_HOSTS = {"europepmc": "europepmc.org", "biorxiv": "www.biorxiv.org", "epo_ops": "worldwide.espacenet.com",
          "uspto_grants": "image-ppubs.uspto.gov"}  # fmt: skip
_PAGES = {
    "europepmc": "https://europepmc.org/article/MED/1",
    "epo_ops": "https://worldwide.espacenet.com/patent/search?q=pn%3DCN1A",
    "uspto_grants": "https://image-ppubs.uspto.gov/dirsearch-public/print/downloadPdf/1",
    FEED: "https://gazette.example/a/1",
}
_LIFE = ("cell_and_gene_therapy", "regenerative_medicine", "biomanufacturing", "brain_computer_interface")


def profile(source: str, **change: Any) -> SourceProfile:
    kind, rank, denominator, _, _ = _SHAPES.get(source, ("preprint", 10, "self", "", 1.0))
    told = {"source": source, "name": Text(en=source, zh=source), "kind": kind, "rank": rank, "trust": "high",
            "denominator": denominator, "link_hosts": (_HOSTS.get(source, "arxiv.org"),)}  # fmt: skip
    return profile_of(source, SourceProfile.model_validate(told | change))


PROFILES = (
    profile("arxiv"),
    *(profile(source) for source in _SHAPES),
    profile("medrxiv", rank=21, link_hosts=("www.medrxiv.org",)),
    profile(FEED, name=Text(en="A gazette", zh="某公报"), trust="low", counted=False, link_hosts=("gazette.example",)),
)


def _watches(source: str, sketch: Sketch) -> bool:
    return source in ("epo_ops", "uspto_grants") or sketch.id in _LIFE


def _points(source: str) -> list[SeriesPoint]:
    """As arXiv's, moved by another seed; Europe PMC's week of the issue is unknown."""
    chance, times = random.Random(source), _SHAPES[source][4]
    made = []
    for point in sample_inputs().points:
        kind, _, area = point.series.partition(":")
        sketch = next((each for each in SKETCHES if each.id == area), None)
        if kind != "area" or sketch is None:
            continue
        n = 0 if point.n is None or not _watches(source, sketch) else round(point.n * times * chance.uniform(0.6, 1.4))
        lost = source == "biorxiv" and point.week == WEEK
        values = {"n": None, "total": None} if lost else {"n": n, "total": round(8000 * times)}
        made.append(point.model_copy(update={"source": source, **values}))
    return made


def _score(source: str, sketch: Sketch, points: list[SeriesPoint]) -> Score:
    n = sum(point.n or 0 for point in points if point.series == f"area:{sketch.id}" and point.week > WEEK + -54)
    total = round(8000 * _SHAPES[source][4]) * 52
    growth = sketch.growth * random.Random(source + sketch.id).uniform(-0.5, 1.6)
    made = score(sketch, WEEK, growth=growth, p=min(0.99, max(0.02, 0.5 + growth / 40)))
    few = {"status": "insufficient_data", "verdict": "insufficient data", "growth_pct": None, "growth_lo80": None,
           "growth_hi80": None, "p_rising": None}  # fmt: skip
    whole = {
        "growth_pct": growth,
        "growth_lo80": growth - sketch.half,
        "growth_hi80": growth + sketch.half,
        "status": "ok",
        "p_rising": made.p_rising or 0.5,
        "verdict": made.verdict if made.p_rising else "no clear change",
    }
    shares = {"source": source, "n_52w": n, "share_52w": n / total}
    return made.model_copy(update={**shares, **(few if n < 30 else whole)})


def _labelled(source: str, points: list[SeriesPoint]) -> list[tuple[Item, Label]]:
    kind, _, _, form, _ = _SHAPES[source]
    latest = {point.series: point.n or 0 for point in points if point.week == WEEK}
    pairs, number = [], 100000
    for sketch in SKETCHES:
        for at in range(latest[f"area:{sketch.id}"]):
            number += 1
            pairs.append((item_of(source, kind, form.format(n=number), sketch, at), sketch, 0.96 - 0.001 * at))
    return [(item, label_of(item, sketch, probability)) for item, sketch, probability in pairs]


def item_of(source: str, kind: ItemKind, item_id: str, sketch: Sketch, at: int) -> Item:
    patent = kind.startswith("patent") or kind == "utility_model"
    return Item(
        id=item_id,
        source=source,
        kind=kind,
        title=f"SIMULATED {'apparatus' if patent else 'report'} {at} for {sketch.en.lower()}",
        abstract="SIMULATED abstract.",
        published=WEEK.monday + timedelta(days=at % 5),
        organisations=("SIMULATED Works of Shanghai Co., Ltd.", "SIMULATED University") if patent else (),
        countries=("CN",) if patent else (),
        url=_PAGES.get(source, "https://arxiv.org/abs/2611.00000"),
    )


def label_of(item: Item, sketch: Sketch, probability: float) -> Label:
    chance = round(max(0.5, probability), 4)
    return Label(item_id=item.id, area=sketch.id, probability=chance, assigned=True, taxonomy=TAXONOMY, model=MODEL)


def several_inputs(**change: Any) -> BriefInputs:
    """arXiv, Europe PMC, EPO and US grants read, bioRxiv failed, medRxiv without a key, and a feed of low trust."""
    base = sample_inputs()
    points = {source: _points(source) for source in _SHAPES}
    scores = [_score(source, sketch, points[source]) for source in _SHAPES for sketch in SKETCHES]
    labelled = [pair for source in _SHAPES for pair in _labelled(source, points[source])]
    weeks = [
        SourceWeek(source="arxiv", status="OK", fetch=fetch(), incomplete_weeks=2, last_success=date(2026, 11, 15))
    ]
    for source, late in (("europepmc", 3), ("biorxiv", 1), ("epo_ops", 4), ("uspto_grants", 0)):
        failed = source == "biorxiv"
        got = fetch(source=source, records=0 if failed else 4000, items=0 if failed else 3900,
                    status="ERROR" if failed else "OK", reason="503 for six hours" if failed else None)  # fmt: skip
        last = date(2026, 11, 8) if failed else date(2026, 11, 15)
        weeks.append(SourceWeek(source=source, status=got.status, fetch=got, incomplete_weeks=late, last_success=last))
    weeks.append(
        SourceWeek(source=FEED, status="NO_RESULTS", fetch=fetch(source=FEED, records=0, items=0, status="NO_RESULTS"))
    )
    values: dict[str, Any] = {
        "sources": tuple(weeks),
        "disabled": (SourceWeek(source="medrxiv", status=None, last_success=date(2026, 9, 6)),),
        "profiles": PROFILES,
        "scores": (*base.scores, *scores),
        "points": (*base.points, *(point for each in points.values() for point in each)),
        "labelled": tuple(sorted((*base.labelled, *labelled), key=lambda pair: (pair[1].area, pair[0].id))),
    }  # fmt: skip
    return base.model_copy(update=values | change)
