"""What is told of every way to label the same items, and the ways that need an environment of their own.

Those write their scores to `results/labels_elsewhere.json`; `benchmarks.labels` puts them into its table.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from nlp.labelled import LabelledDocument
from nlp.measures import Booleans, f1_by_column, precision_by_column, recall_by_column
from nlp.vectors import CachedEncoder

ELSEWHERE = Path(__file__).parent / "results" / "labels_elsewhere.json"
WARM, TIMED = 20, 200
"""Items read before a rate is measured, and to measure it."""
Rows = Sequence[LabelledDocument]
Decide = Callable[[Rows], Booleans]
Bind = Callable[[CachedEncoder | None], Decide]
"""A trained way, waiting for the encoder to read with; those without vectors do not look at it."""


@dataclass(frozen=True)
class Score:
    """Of one way; macro means are over areas, the boundary's over the areas that its items have."""

    way: str
    macro_f1: float
    lowest: float
    precision: float
    recall: float
    boundary_f1: float
    """Of the items with a near miss or a doubtful label."""
    items_a_cpu_second: float
    """Texts read for the first time, model loaded."""
    train_cpu_seconds: float
    """Vectors of the training items are kept already."""

    def row(self) -> str:
        """A row of the table under HEAD."""
        numbers = (self.macro_f1, self.lowest, self.precision, self.recall, self.boundary_f1)
        cells = [self.way, *(f"{each:.3f}" for each in numbers), f"{self.items_a_cpu_second:,.0f}"]
        return "| " + " | ".join([*cells, f"{self.train_cpu_seconds:,.0f}"]) + " |"


HEAD = (
    "| way | macro-F1 | lowest area | precision | recall | boundary macro-F1 | items a CPU-second | training, "
    "CPU-seconds |\n" + "|---" * 8 + "|"
)


def score(
    way: str,
    train: Callable[[], Bind],
    rows: Rows,
    areas: Sequence[str],
    *,
    encoder: CachedEncoder | None = None,
    fresh: CachedEncoder | None = None,
) -> Score:
    """Train a way, time it on some of the rows with an encoder that remembers nothing, and measure it on all."""
    begin = time.process_time()
    bind = train()
    trained = time.process_time()
    decide = bind(fresh)
    decide(rows[:WARM])
    warm = time.process_time()
    decide(rows[WARM : WARM + TIMED])
    seconds = time.process_time() - warm
    truth = np.array([[area in row.areas for area in areas] for row in rows])
    boundary = np.array([bool(row.near_miss or row.doubtful) for row in rows])
    decided = bind(encoder)(rows)
    return measured(way, truth, decided, boundary, min(TIMED, len(rows) - WARM) / seconds, trained - begin)


def measured(way: str, truth: Booleans, decided: Booleans, boundary: Booleans, rate: float, seconds: float) -> Score:
    """The score of decisions that are already taken."""
    scores = f1_by_column(truth, decided)
    present = truth[boundary].any(axis=0)
    at_boundary = f1_by_column(truth[boundary], decided[boundary])[present].mean()
    precision, recall = precision_by_column(truth, decided).mean(), recall_by_column(truth, decided).mean()
    return Score(
        way=way,
        macro_f1=round(float(scores.mean()), 4),
        lowest=round(float(scores.min()), 4),
        precision=round(float(precision), 4),
        recall=round(float(recall), 4),
        boundary_f1=round(float(at_boundary), 4),
        items_a_cpu_second=round(rate, 1),
        train_cpu_seconds=round(seconds),
    )


def keep_elsewhere(scores: Sequence[Score]) -> None:
    """Write or replace the scores of these ways."""
    kept = {each.way: each for each in [*read_elsewhere(), *scores]}
    content = json.dumps([asdict(each) for each in kept.values()], indent=1) + "\n"
    ELSEWHERE.write_text(content, encoding="utf-8")


def read_elsewhere() -> list[Score]:
    """The scores measured in other environments; none before the first."""
    if not ELSEWHERE.is_file():
        return []
    return [Score(**each) for each in json.loads(ELSEWHERE.read_bytes())]
