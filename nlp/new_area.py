"""A new area from its file and a handful of labelled items: heads added to a model that is already trained.

The area's own rules count at once, through the rule model that all areas share. The heads then learn from the few
labelled items, from the examples and definition of the area's file, and from the items labelled for the other areas,
which are presumed to be no members (at a low weight: some may be). The other areas' heads stay as they are.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from horizon.errors import UsageError
from nlp.calibration import Calibration, Ints, calibrate
from nlp.features import Floats
from nlp.heads import Heads, fit_head
from nlp.labelled import LabelledDocument, read_all_labels
from nlp.model_file import AreaMetrics, Card, Stage, TrainedModel, load_model, model_bytes, save_model
from nlp.train import area_metrics, both_copies, rule_verdicts
from nlp.training_set import Tables, TrainingSet, tabulate, training_set
from nlp.vectors import CachedEncoder
from taxonomy.load import Taxonomy

PRESUMED_WEIGHT = 0.3
"""Of an item labelled for other areas and presumed not to be of this one."""
RULES_OF_FEW, STRENGTH_OF_FEW = 2.0, 2.0
"""With few labels the area's own rules lead and its words are held back: see benchmarks/results/new_area.md."""
FEWEST = 4
_FOLDS = 4


def add_area(
    area: str,
    labels_path: Path,
    taxonomy: Taxonomy,
    base_dir: Path,
    out_dir: Path,
    *,
    others: Sequence[Path] = (),
    encoder: CachedEncoder | None = None,
    seed: int = 0,
) -> Card:
    """Train heads for `area`, whose file is in the taxonomy, and write the model with them into a folder.

    `others` are files labelled for other areas. Raises UsageError for too few labelled items of the area.
    """
    model, card, _ = load_model(base_dir)
    own, digest = read_all_labels([labels_path])
    known = {row.document.id for row in own}
    rest = [row for row in (read_all_labels(others)[0] if others else []) if row.document.id not in known]
    grown, metrics = grow(model, area, own, rest, taxonomy, encoder=encoder, seed=seed)
    content = model_bytes(grown)
    new = card.model_copy(
        update={
            "sha256": hashlib.sha256(content).hexdigest(),
            "data_sha256": hashlib.sha256(f"{card.data_sha256}\n{digest}".encode()).hexdigest(),
            "rows": card.rows + len(own),
            "taxonomy": taxonomy.version,
            "areas": {**card.areas, area: metrics},
        }
    )
    save_model(grown, new, content, out_dir)
    return new


def grow(
    model: TrainedModel,
    area: str,
    own: Sequence[LabelledDocument],
    others: Sequence[LabelledDocument],
    taxonomy: Taxonomy,
    *,
    encoder: CachedEncoder | None = None,
    seed: int = 0,
) -> tuple[TrainedModel, AreaMetrics]:
    """The model with heads for one more area, and what they do on the area's own items, each unseen by them."""
    columns = {each.id: place for place, each in enumerate(taxonomy.areas)}
    if area not in columns:
        raise UsageError(f"expected an area of the taxonomy, found {area!r}; add its file to the areas' folder first")
    positives = sum(area in row.areas for row in own)
    if positives < FEWEST or positives == len(own):
        message = f"expected at least {FEWEST} labelled items of {area} and some that are not, found {positives}"
        raise UsageError(f"{message} of {len(own)}; label more items")
    examples = training_set([*own, *others], taxonomy, weak=True)
    column = columns[area]
    weights = examples.weights[:, column].copy()
    weights[len(own) : examples.labelled] = PRESUMED_WEIGHT
    read = encoder if model.full is not None else None
    tables = tabulate(examples, model.vectorizer, taxonomy, read, seed, grams=model.grams)
    first = replace(tables, vectors=tables.guessed)
    cheap, metrics = _stage(model, model.cheap, area, examples, first, weights, column, len(own), seed)
    full = model.full
    if full is not None and tables.vectors is not None:
        full, metrics = _stage(model, full, area, examples, tables, weights, column, len(own), seed)
    return replace(model, cheap=cheap, full=full), metrics


def _stage(
    model: TrainedModel,
    stage: Stage,
    area: str,
    examples: TrainingSet,
    tables: Tables,
    weights: Floats,
    column: int,
    own: int,
    seed: int,
) -> tuple[Stage, AreaMetrics]:
    """The stage with one head more, calibrated on decision values of items that it did not see."""
    labels = examples.labels[:, column]
    rows = np.flatnonzero(weights)
    verdicts = [
        rule_verdicts(table, model.rule_mean, model.rule_scale, model.rules)[:, column]
        for table in (tables.full, tables.dropped)
    ]
    unseen = _out_of_fold(tables, verdicts, labels, weights, rows, own, seed)
    truth = labels[: examples.labelled]
    calibration = _plain(calibrate(unseen[: examples.labelled], truth, precision=0.0))
    coefficients, intercept = _fit(tables, verdicts, labels, weights, rows)
    grown = Stage(_append(stage.heads, area, coefficients, intercept), {**stage.calibrations, area: calibration})
    return grown, area_metrics(unseen[:own], truth[:own], calibration)


def _plain(calibration: Calibration) -> Calibration:
    return replace(calibration, knots=())


def _fit(tables: Tables, verdicts: Sequence[Floats], labels: Ints, weights: Floats, rows: Ints) -> tuple[Floats, float]:
    from scipy.sparse import vstack

    text = vstack([tables.text[rows]] * 2).tocsr()
    vectors = None if tables.vectors is None else np.concatenate([tables.vectors[rows]] * 2)
    both = np.concatenate([each[rows] for each in verdicts])
    return fit_head(
        text, both, vectors, both_copies(labels[rows]), np.concatenate([weights[rows]] * 2),
        rule_weight=RULES_OF_FEW, strength=STRENGTH_OF_FEW,
    )  # fmt: skip


def _out_of_fold(
    tables: Tables, verdicts: Sequence[Floats], labels: Ints, weights: Floats, rows: Ints, own: int, seed: int
) -> Floats:
    """Decision values of every row by heads that did not see it."""
    from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]  # ships no types

    values = np.zeros(len(labels))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    for seen, unseen in folds.split(rows, labels[rows] * 2 + (rows < own)):
        coefficients, intercept = _fit(tables, verdicts, labels, weights, rows[seen])
        head = _append(None, "", coefficients, intercept, grams=tables.text.shape[1])
        some = rows[unseen]
        vectors = None if tables.vectors is None else tables.vectors[some]
        values[some] = head.decide(tables.text[some], verdicts[0][some, None], vectors)[:, 0]
    return values


def _append(
    heads: Heads | None, area: str, coefficients: Floats, intercept: float, *, grams: int | None = None
) -> Heads:
    """The heads with one more (in place of one of the same name), in half precision as in the file."""
    size = heads.grams.shape[0] if heads is not None else int(grams or 0)
    rounded = coefficients.astype(np.float16).astype(np.float32)[:, None]
    one = Heads(
        (area,), rounded[:size], np.round(coefficients[size : size + 1], 6), rounded[size + 1 :],
        np.round([intercept], 6),
    )  # fmt: skip
    if heads is None:
        return one
    kept = [place for place, name in enumerate(heads.areas) if name != area]
    return Heads(
        (*(heads.areas[place] for place in kept), area),
        np.concatenate([heads.grams[:, kept], one.grams], axis=1),
        np.concatenate([heads.rules[kept], one.rules]),
        np.concatenate([heads.vector[:, kept], one.vector], axis=1),
        np.concatenate([heads.intercepts[kept], one.intercepts]),
    )
