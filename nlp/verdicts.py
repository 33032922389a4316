"""Experts teach: their verdicts become labels, and a new model is published only if it is no worse.

A verdict is about one item in one area: accept, reject, or relabel with the areas that are right. Of two verdicts on
the same item and area the later one stands. Verdicts outrank hand labels. To accept or reject an area says nothing of
the others: there an item that nobody labelled counts neither for nor against.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from horizon.errors import ModelRefused, UsageError
from nlp.classifier import Classifier, Judgement
from nlp.features import Document
from nlp.labelled import LabelledDocument
from nlp.measures import bootstrap_interval, f1_by_column

Choice = Literal["accept", "reject", "relabel"]
_CHOICES = ("accept", "reject", "relabel")
WORSE_BY = 0.005
"""Macro-F1 that a new model may lose on the frozen checks: less is within what one item more or less does."""
_MOST_REASONS = 3


@dataclass(frozen=True)
class TeachingVerdict:
    """What an expert said of an item in an area."""

    document: Document
    area: str
    choice: Choice
    areas: frozenset[str] = frozenset()
    """For `relabel`, all areas that are right."""


def read_verdicts(path: Path) -> tuple[list[TeachingVerdict], str]:
    """JSONL with id, title, abstract, area, verdict and, to relabel, areas; raises UsageError naming a wrong line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"expected a JSONL file of verdicts, found {error.strerror} at {path}; name another") from None
    lines = enumerate(content.splitlines(), 1)
    return [_parse(line, f"{path}:{n}") for n, line in lines if line.strip()], hashlib.sha256(content).hexdigest()


def _parse(line: bytes, place: str) -> TeachingVerdict:
    try:
        row = json.loads(line)
        choice = row["verdict"]
        if choice not in _CHOICES:
            raise ValueError(f"verdict {choice!r}, none of {', '.join(_CHOICES)}")
        if choice == "relabel" and not isinstance(row.get("areas"), list):
            raise ValueError("relabel without a list of areas")
        document = Document(str(row["id"]), str(row["title"]), row.get("abstract"))
        return TeachingVerdict(document, str(row["area"]), choice, frozenset(row.get("areas") or ()))
    except (ValueError, KeyError, TypeError) as error:
        message = f"expected JSON with id, title, area and verdict at {place}, found {error!r}"
        raise UsageError(f"{message}; mend or drop the line") from None


def teach(labelled: Sequence[LabelledDocument], verdicts: Iterable[TeachingVerdict]) -> list[LabelledDocument]:
    """The labelled items with the verdicts in them, in the order of the items, new ones last by id."""
    rows = {row.document.id: row for row in labelled}
    known = list(rows)
    for verdict in verdicts:
        name = verdict.document.id
        row = rows.get(name, LabelledDocument(verdict.document, frozenset(), known=frozenset()))
        judged = None if verdict.choice == "relabel" or row.known is None else row.known | {verdict.area}
        left = row.near_miss - {verdict.area}
        rows[name] = replace(row, areas=_areas(row.areas, verdict), near_miss=left, known=judged)
    return [rows[name] for name in (*known, *sorted(rows.keys() - set(known)))]


def _areas(before: frozenset[str], verdict: TeachingVerdict) -> frozenset[str]:
    if verdict.choice == "relabel":
        return verdict.areas
    return before | {verdict.area} if verdict.choice == "accept" else before - {verdict.area}


@dataclass(frozen=True)
class Comparison:
    """A new model beside the old one on the same frozen items."""

    old_macro_f1: float
    new_macro_f1: float
    difference_lo95: float
    difference_hi95: float
    """95 % of a paired bootstrap over items."""
    examples_broken: tuple[str, ...]
    """Titles of the taxonomy's own examples that the old model had right and the new one has wrong."""


def compare(old: Classifier, new: Classifier, frozen: Sequence[LabelledDocument], *, seed: int = 0) -> Comparison:
    """Both models on the frozen items and on the taxonomy's own examples."""
    truth = np.array([[area in row.areas for area in new.taxonomy_areas] for row in frozen])
    before, after = (_decided(each, [row.document for row in frozen]) for each in (old, new))
    present = truth.any(axis=0)

    def difference(rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> float:
        some = truth[rows][:, present]
        gain = f1_by_column(some, after[rows][:, present]) - f1_by_column(some, before[rows][:, present])
        return float(gain.mean())

    low, high = bootstrap_interval(len(frozen), difference, seed=seed)
    scores = [float(f1_by_column(truth[:, present], each[:, present]).mean()) for each in (before, after)]
    return Comparison(scores[0], scores[1], low, high, tuple(_broken(old, new)))


def refuse_worse(comparison: Comparison) -> None:
    """Raise ModelRefused when the new model is worse on the frozen checks than WORSE_BY allows."""
    difference = f"difference {comparison.difference_lo95:+.3f} to {comparison.difference_hi95:+.3f}"
    detail = f" ({difference}), {len(comparison.examples_broken)} examples broken"
    refuse_lower(comparison.old_macro_f1, comparison.new_macro_f1, detail)


def refuse_lower(old_macro_f1: float, new_macro_f1: float, detail: str = "") -> None:
    """Raise ModelRefused when macro-F1 on the frozen checks fell by more than WORSE_BY."""
    if old_macro_f1 - new_macro_f1 > WORSE_BY:
        message = f"expected macro-F1 of at least {old_macro_f1 - WORSE_BY:.3f} on the frozen checks"
        found = f"found {new_macro_f1:.3f}{detail}"
        raise ModelRefused(f"{message}, {found}; look at the newest labels and verdicts, the old model stays")


def _broken(old: Classifier, new: Classifier) -> Iterable[str]:
    for column, area in enumerate(new.taxonomy.areas):
        for truth, examples in ((True, area.examples.yes), (False, area.examples.no)):
            documents = [Document("example", each.title, each.abstract) for each in examples]
            before, after = _decided(old, documents)[:, column], _decided(new, documents)[:, column]
            wrong = (before == truth) & (after != truth)
            yield from (f"{area.id}: {each.title}" for each, bad in zip(examples, wrong, strict=True) if bad)


def _decided(
    classifier: Classifier, documents: Sequence[Document]
) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    probabilities, thresholds = classifier.decisions(documents)
    return probabilities >= thresholds


@dataclass(frozen=True)
class Change:
    """An item whose label in an area is another with the new model."""

    item: str
    area: str
    assigned: bool
    """With the new model."""
    before: float
    after: float
    """Probabilities; 0 where an area is not listed."""
    reasons: tuple[str, ...]
    """What weighs most with the model that assigns it."""


def label_diff(old: Classifier, new: Classifier, documents: Sequence[Document]) -> list[Change]:
    """The labels that change, the largest change of probability first; of one taxonomy."""
    changes: list[Change] = []
    for document, before, after in zip(documents, old.judge(documents), new.judge(documents), strict=True):
        first, second = {each.area: each for each in before}, {each.area: each for each in after}
        for area in sorted(first.keys() | second.keys()):
            was, now = first.get(area), second.get(area)
            if bool(was and was.assigned) != bool(now and now.assigned):
                changes.append(_change(document.id, area, was, now))
    return sorted(changes, key=lambda each: (-abs(each.after - each.before), each.item, each.area))


def _change(item: str, area: str, was: Judgement | None, now: Judgement | None) -> Change:
    assigned = bool(now and now.assigned)
    telling = now if assigned else was
    evidence = () if telling is None else telling.evidence
    heaviest = sorted((each for each in evidence if each.kind in ("term", "code", "feature")),
                      key=lambda each: (-(each.weight or 0.0), each.text))[:_MOST_REASONS]  # fmt: skip
    reasons = tuple(dict.fromkeys(each.concept or each.text for each in heaviest))
    before, after = (0.0 if each is None else each.probability for each in (was, now))
    return Change(item, area, assigned, before, after, reasons)
