"""How well routes are told within their areas.

    python -m benchmarks.routes

Items of `dev.jsonl` in an area of which an annotator named a route; nothing is learnt.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.labels import SHARED
from horizon.errors import UsageError
from nlp.features import read
from nlp.labelled import LabelledDocument, read_labels
from nlp.matcher import Matcher
from nlp.measures import calibration_error
from nlp.routes import Hits, route_of_words, route_probability
from taxonomy.load import Taxonomy, load_taxonomy

RESULT = Path(__file__).parent / "results" / "routes.md"
_TRIED = (
    "Tried and left: a logistic regression over the weights in title and abstract, the strongest and the number of "
    "terms, the share of the area's route words, whether the route leads and how early it stands, trained on the items "
    "of `train.jsonl`: precision 0.846, recall 0.723, micro-F1 0.780, calibration error 0.052 from 0.5."
)


def main() -> None:
    """Measure and write the table."""
    folder = SHARED / "labels"
    if not folder.is_dir():
        raise UsageError(f"expected labelled items in {folder}, found no folder; set HORIZON_SHARED_DATA")
    taxonomy = load_taxonomy()
    dev, _ = read_labels(folder / "dev.jsonl")
    cases = list(_cases(dev, taxonomy))
    head = "| a route counts from | precision | recall | micro-F1 | calibration error |\n|---|---|---|---|---|"
    lines = [head, *(_line(cases, threshold) for threshold in (0.3, 0.5, 0.7))]
    about = (__doc__ or "").split("benchmarks.routes", 1)[1].strip()
    table = "\n\n".join(["# Routes", about, f"{len(cases)} items.", "\n".join(lines), _TRIED]) + "\n"
    RESULT.write_text(table, encoding="utf-8")
    print(table)


def _cases(rows: Iterable[LabelledDocument], taxonomy: Taxonomy) -> Iterable[tuple[Hits, frozenset[str]]]:
    """Of every item in an area with named routes: its hits by route, and the routes named."""
    matcher = Matcher(taxonomy)
    for row in rows:
        reading = read(row.document, matcher, taxonomy)
        for area in taxonomy.areas:
            named = frozenset(route for words in row.routes if (route := route_of_words(words, area)))
            if area.id in row.areas and named:
                yield matcher.route_hits(reading.matches, area.id), named


def _line(cases: list[tuple[Hits, frozenset[str]]], threshold: float) -> str:
    found = [{route: route_probability(each) for route, each in hits.items()} for hits, _ in cases]
    taken = [{route for route, each in routes.items() if each >= threshold} for routes in found]
    right = sum(len(said & named) for said, (_, named) in zip(taken, cases, strict=True))
    said, wanted = sum(map(len, taken)), sum(len(named) for _, named in cases)
    pairs = [
        (each, route in named)
        for routes, (_, named) in zip(found, cases, strict=True)
        for route, each in routes.items()
    ]
    error = calibration_error(np.array([right for _, right in pairs]), np.array([each for each, _ in pairs]))
    return (
        f"| {threshold} | {right / said:.3f} | {right / wanted:.3f} | {2 * right / (said + wanted):.3f} | {error:.3f} |"
    )


if __name__ == "__main__":
    main()
