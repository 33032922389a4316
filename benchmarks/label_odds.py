"""The same labels against odds: something taken away from the items, or training on one kind for another.

Every row is compared with a reference on the same items, and the loss has an interval of its own, from a bootstrap of
both at once. Macro means are over the areas with at least FEWEST items in the row: one item is no measure of an area.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.label_scores import Rows
from nlp.classifier import Classifier
from nlp.features import Document
from nlp.measures import (
    Booleans,
    Floats,
    f1_by_column,
    interval,
    precision_by_column,
    ratio,
    recall_by_column,
    resampled,
    weighted_f1,
)
from nlp.train import fit
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy

FEWEST = 5
ERAS = ("2008-2019", "2020-2026")
HEAD = (
    "| items and training | rows | areas | macro-F1 | loss of macro-F1 (95 %) | micro-F1 | loss of micro-F1 (95 %) |\n"
    + "|---" * 7
    + "|"
)
ABOUT = (
    f"Macro-F1 over the areas with {FEWEST} items or more in the row. A loss is against the row above it that is named "
    "without a loss, on the same items, and its interval is of the two resampled together. Trained on one era: life "
    "science, which has no era, stays in. As many, of both eras: as many training papers drawn by chance from both, so "
    "that what is lost to the other era is told from what is lost to fewer items. Patents: training has none; they are "
    "compared with training on the papers and the other half of the patents of `dev.jsonl`, each half in turn."
)


def against_odds(
    train: Rows, dev: Rows, taxonomy: Taxonomy, encoder: CachedEncoder, full: Classifier
) -> tuple[str, ...]:
    """The section as Markdown."""

    def learnt(rows: Rows) -> Classifier:
        model, _ = fit(rows, taxonomy, encoder=encoder)
        return Classifier(model, taxonomy, fingerprint="in-memory", encoder=encoder)

    lines = _taken_away(dev, full)
    for unseen in reversed(ERAS):
        lines += _other_era(train, [row for row in dev if row.era == unseen], full, learnt)
    patents = [row for row in dev if row.era == "patent"]
    areas = full.taxonomy_areas
    seen, unseen_decided = _halves(train, patents, areas, learnt), decisions(full, patents)
    lines += [line("patents, half of them in training", patents, areas, seen)]
    lines += [line("patents, none in training", patents, areas, unseen_decided, seen)]
    return ("## Against odds", ABOUT, "\n".join([HEAD, *lines]), _patents(patents, areas, unseen_decided))


def _taken_away(dev: Rows, full: Classifier) -> list[str]:
    def changed(change: Callable[[Document], Document]) -> Booleans:
        return decisions(full, [replace(row, document=change(row.document)) for row in dev])

    areas = full.taxonomy_areas
    whole = decisions(full, dev)
    ways: dict[str, Callable[[Document], Document]] = {
        "title only": lambda d: replace(d, abstract=None),
        "codes removed": lambda d: replace(d, codes=()),
        "lower case": lambda d: replace(d, title=d.title.lower(), abstract=d.abstract and d.abstract.lower()),
    }
    found = [line("as they are", dev, areas, whole)]
    return found + [line(name, dev, areas, changed(way), whole) for name, way in ways.items()]


def _other_era(train: Rows, rows: Rows, full: Classifier, learnt: Callable[[Rows], Classifier]) -> list[str]:
    """A model of the other era, beside one of all items and one of as many of both eras."""
    unseen = rows[0].era
    other = next(era for era in ERAS if era != unseen)
    papers = [row for row in train if row.era in ERAS]
    undated = [row for row in train if row.era not in ERAS]
    seen = [row for row in papers if row.era == other]
    drawn = np.random.default_rng(0).permutation(len(papers))[: len(seen)]
    areas = full.taxonomy_areas
    whole = decisions(full, rows)
    as_many = decisions(learnt([*(papers[int(place)] for place in np.sort(drawn)), *undated]), rows)
    elsewhere = decisions(learnt([*seen, *undated]), rows)
    return [
        line(f"{unseen}, trained on all", rows, areas, whole),
        line(f"{unseen}, trained on as many, of both eras", rows, areas, as_many, whole),
        line(f"{unseen}, trained on {other}", rows, areas, elsewhere, whole),
    ]


def _halves(train: Rows, patents: Rows, areas: Sequence[str], learnt: Callable[[Rows], Classifier]) -> Booleans:
    """Decisions on each half of the patents by a model that saw the papers and the other half."""
    decided = np.zeros((len(patents), len(areas)), dtype=bool)
    half = np.random.default_rng(0).permutation(len(patents)) % 2
    for each in (0, 1):
        inside = np.flatnonzero(half == each)
        model = learnt([*train, *(patents[int(place)] for place in np.flatnonzero(half != each))])
        decided[inside] = decisions(model, [patents[int(place)] for place in inside])
    return decided


def decisions(classifier: Classifier, rows: Rows) -> Booleans:
    """(item, area)"""
    probabilities, thresholds = classifier.decisions(row.document for row in rows)
    return np.asarray(probabilities >= thresholds)


def _truth(rows: Rows, areas: Sequence[str]) -> Booleans:
    return np.array([[area in row.areas for area in areas] for row in rows])


def line(name: str, rows: Rows, areas: Sequence[str], decided: Booleans, reference: Booleans | None = None) -> str:
    """A row under HEAD, with its loss against a reference on the same items."""
    truth = _truth(rows, areas)
    told = truth.sum(axis=0) >= FEWEST
    drawn = np.concatenate([np.ones((1, len(rows))), resampled(len(rows))])
    macro, micro = _macro(drawn, truth[:, told], decided[:, told]), _micro(drawn, truth, decided)
    losses = ["", ""]
    if reference is not None:
        before = _macro(drawn, truth[:, told], reference[:, told]), _micro(drawn, truth, reference)
        losses = [_loss(was - now) for was, now in zip(before, (macro, micro), strict=True)]
    cells = [name, f"{len(rows)}", f"{told.sum()}", f"{macro[0]:.3f}", losses[0], f"{micro[0]:.3f}", losses[1]]
    return "| " + " | ".join(cells) + " |"


def _loss(values: Floats) -> str:
    low, high = interval(values[1:])
    return f"{values[0]:.3f} ({low:.3f} to {high:.3f})"


def _macro(drawn: Floats, truth: Booleans, decided: Booleans) -> Floats:
    """(resample)"""
    scores = weighted_f1(drawn, truth, decided)
    return ratio(np.nansum(scores, axis=1), (~np.isnan(scores)).sum(axis=1).astype(np.float64))


def _micro(drawn: Floats, truth: Booleans, decided: Booleans) -> Floats:
    """(resample), of all areas together"""
    right, said = drawn @ (truth & decided).sum(axis=1), drawn @ decided.sum(axis=1)
    return ratio(2.0 * right, said + drawn @ truth.sum(axis=1))


def _patents(patents: Rows, areas: Sequence[str], decided: Booleans) -> str:
    """By area: most areas have no patent, and a mean over them would say nothing."""
    truth = _truth(patents, areas)
    parts = [each(truth, decided) for each in (precision_by_column, recall_by_column, f1_by_column)]
    rows = [
        f"| {area} | {truth[:, k].sum()} | {decided[:, k].sum()} | "
        + " | ".join(f"{part[k]:.3f}" if truth[:, k].any() else "" for part in parts)
        + " |"
        for k, area in enumerate(areas)
        if truth[:, k].any() or decided[:, k].any()
    ]
    head = "Patents by a model trained on papers alone:\n\n| area | patents | assigned | precision | recall | F1 |\n"
    return head + "|---" * 6 + "|\n" + "\n".join(rows)
