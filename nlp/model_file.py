"""A trained model on disk: `model.skops` (never pickle) and `card.json`, which says what it was made from."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from horizon.errors import ModelError
from nlp.calibration import Calibration
from nlp.embeddings import Vectors
from nlp.features import RULE_FEATURES, Floats
from nlp.gram_vectors import GramVectors, load_gram_vectors
from nlp.heads import Heads
from nlp.model_parts import canonical_bytes, read_parts
from nlp.normalize import VERSION as NORMALISER
from nlp.vectorizer import Vectorizer

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # ships no types

SHIPPED = Path(str(files("nlp") / "models" / "areas"))
DECISIONS = "4"
"""Part of every fingerprint: raise it with any change of matching, rule features, code weights or decision rules."""
_PART = ".part"
LIBRARIES = ("numpy", "scikit-learn", "scipy", "skops", "spacy", "torch")


class AreaMetrics(BaseModel):
    """Cross-validated on the training labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    positives: int
    threshold: float
    precision: float
    recall: float
    f1: float
    average_precision: float
    calibration_error: float
    calibration: str
    """`platt` or `isotonic`, as validation preferred."""
    doubt: tuple[float, float]
    """Probabilities between which an expert should look."""


class HeldOut(BaseModel):
    """How a model made in the same way did on items that it never saw."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    """Of the file of labelled items."""
    rows: int
    macro_f1: float


class Card(BaseModel):
    """What a model was made from and how well it did; holds no time, so that equal inputs give equal bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    """Of model.skops."""
    data_sha256: str
    rows: int
    taxonomy: str
    normaliser: str
    encoder: str
    """Identity of the encoder of the second stage; empty for a model without one."""
    seed: int
    settings: dict[str, float | int | str | bool]
    rule_features: tuple[str, ...]
    ngrams: int
    areas: dict[str, AreaMetrics]
    macro_f1: float
    """Mean over areas, cross-validated. Optimistic: the taxonomy's terms were chosen with these texts in view."""
    libraries: dict[str, str]
    held_out: HeldOut | None = None
    """None for a model that was published without held-out items."""

    def to_json(self) -> str:
        return json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Labelled:
    """The labelled items as vectors, for naming those nearest to a new one; no text."""

    ids: tuple[str, ...]
    areas: tuple[frozenset[str], ...]
    vectors: "np.ndarray[tuple[int, int], np.dtype[np.int8]]"
    """(item, width), each scaled to the whole range, which cosines do not feel; the encoder's, of width 0 without."""
    guessed: "np.ndarray[tuple[int, int], np.dtype[np.int8]]"
    """The same of the vectors guessed from n-grams."""

    @cached_property
    def units(self) -> Vectors:
        return _units(self.vectors)

    @cached_property
    def guessed_units(self) -> Vectors:
        return _units(self.guessed)


def _units(vectors: "np.ndarray[tuple[int, int], np.dtype[np.int8]]") -> Vectors:
    rows = vectors.astype(np.float32)
    units: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return units


@dataclass(frozen=True)
class Stage:
    """One step of the cascade: heads of the areas with labels, and how their decision values are read."""

    heads: Heads
    calibrations: dict[str, Calibration]


@dataclass(frozen=True)
class TrainedModel:
    """All learnt numbers: the rule model that every area shares, and for each area with labels a head in each stage."""

    vectorizer: Vectorizer
    rule_mean: Floats
    rule_scale: Floats
    rules: "LogisticRegression"
    """Over RULE_FEATURES of one area, whichever."""
    shared: Calibration
    """Of the shared rule model, for Chinese texts and areas without labels."""
    cheap: Stage
    """Over TF-IDF, rules and the vector guessed from n-grams: every item."""
    full: Stage | None
    """Over TF-IDF, rules and the encoder's vector: items that the first stage leaves open."""
    labelled: Labelled | None
    grams: GramVectors | None = None
    """Of the first stage, where its heads read them."""


def library_versions() -> dict[str, str]:
    return {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def model_bytes(model: TrainedModel) -> bytes:
    """The model as skops, the same bytes for the same numbers."""
    content = {
        "vocabulary": "\n".join(model.vectorizer.vocabulary),
        "idf": model.vectorizer.idf,
        "rule_mean": model.rule_mean,
        "rule_scale": model.rule_scale,
        "rules": model.rules,
        "shared": _calibration_numbers(model.shared),
        "cheap": _stage_parts(model.cheap),
        "full": None if model.full is None else _stage_parts(model.full),
        "labelled": None if model.labelled is None else _labelled_parts(model.labelled),
        "guessed_by": "" if model.grams is None else model.grams.identity,
    }
    return canonical_bytes(content)


def _stage_parts(stage: Stage) -> dict[str, object]:
    heads = stage.heads
    return {
        "areas": "\n".join(heads.areas),
        "grams": heads.grams.astype(np.float16),
        "vector": heads.vector.astype(np.float16),
        "lines": np.stack([heads.rules, heads.intercepts]),
        "calibrations": {area: _calibration_numbers(each) for area, each in stage.calibrations.items()},
    }


def _stage(parts: dict[str, Any]) -> Stage:
    rules, intercepts = parts["lines"]
    areas = tuple(parts["areas"].split("\n"))
    grams, vector = parts["grams"].astype(np.float32), parts["vector"].astype(np.float32)
    heads = Heads(areas, grams, rules, vector, intercepts)
    return Stage(heads, {area: _calibration(numbers) for area, numbers in parts["calibrations"].items()})


def _calibration_numbers(each: Calibration) -> Floats:
    return np.array([each.slope, each.offset, each.threshold, each.low, each.high, *np.ravel(each.knots)])


def _calibration(numbers: Floats) -> Calibration:
    slope, offset, threshold, low, high = map(float, numbers[:5])
    knots = tuple((float(x), float(y)) for x, y in numbers[5:].reshape(-1, 2))
    return Calibration(slope, offset, threshold, low, high, knots)


def _labelled_parts(labelled: Labelled) -> dict[str, object]:
    areas = "\n".join(" ".join(sorted(each)) for each in labelled.areas)
    return {"ids": "\n".join(labelled.ids), "areas": areas, "vectors": labelled.vectors, "guessed": labelled.guessed}


def _labelled(parts: dict[str, Any]) -> Labelled:
    areas = tuple(frozenset(line.split()) for line in parts["areas"].split("\n"))
    return Labelled(tuple(parts["ids"].split("\n")), areas, parts["vectors"], parts["guessed"])


def save_model(model: TrainedModel, card: Card, content: bytes, directory: Path) -> None:
    """Write both files, the card last: killed between them, the model is read with the card that waits beside it."""
    written = {"model.skops": content, "card.json": card.to_json().encode()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, data in written.items():
            (directory / f"{name}{_PART}").write_bytes(data)
        for name in written:
            (directory / f"{name}{_PART}").replace(directory / name)
    except OSError as error:
        message = f"expected a writable folder for the model, found {error.strerror} at {directory}; name another"
        raise ModelError(message) from None


def load_model(directory: Path) -> tuple[TrainedModel, Card, str]:
    """The model, its card and its fingerprint; raises ModelError for a missing, altered or outdated one."""
    content, card, fingerprint = read_card(directory)
    return _decode(content, directory), card, fingerprint


def read_card(directory: Path) -> tuple[bytes, Card, str]:
    """The model's bytes, its card and its fingerprint, the model itself unread; raises ModelError as `load_model`."""
    content = _read(directory / "model.skops")
    card_bytes = _card_of(content, directory)
    try:
        card = Card.model_validate_json(card_bytes)
    except ValidationError as error:
        message = f"expected a model card in {directory / 'card.json'}, found {error.error_count()} mistakes"
        raise ModelError(f"{message}; run horizon train") from None
    _check(card, content, directory)
    fingerprint = hashlib.sha256(
        b"\0".join((content, card_bytes, NORMALISER.encode(), DECISIONS.encode()))
    ).hexdigest()[:16]
    return content, card, fingerprint


def _card_of(content: bytes, directory: Path) -> bytes:
    """The card, or the one that a killed `save_model` had no time to put in its place, where that is the model's."""
    waiting = directory / f"card.json{_PART}"
    if waiting.is_file():
        with suppress(ValidationError, OSError):
            found = waiting.read_bytes()
            if Card.model_validate_json(found).sha256 == hashlib.sha256(content).hexdigest():
                return found
    return _read(directory / "card.json")


def _check(card: Card, content: bytes, directory: Path) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        message = f"expected model.skops with SHA-256 {card.sha256[:12]}..., found {found[:12]}... in {directory}"
        raise ModelError(f"{message}; the file was altered: run horizon train")
    if card.normaliser != NORMALISER or card.rule_features != RULE_FEATURES:
        message = f"expected a model for normaliser {NORMALISER} and {len(RULE_FEATURES)} rule features"
        detail = f"found {card.normaliser} and {len(card.rule_features)} in {directory}"
        raise ModelError(f"{message}, {detail}; run horizon train")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"expected a trained model, found {error.strerror} at {path}; run horizon train or name its folder"
        ) from None


def _decode(content: bytes, directory: Path) -> TrainedModel:
    parts = read_parts(content, directory)
    grams = parts["vocabulary"].split("\n") if parts["vocabulary"] else []
    return TrainedModel(
        Vectorizer({gram: place for place, gram in enumerate(grams)}, parts["idf"]),
        parts["rule_mean"],
        parts["rule_scale"],
        parts["rules"],
        _calibration(parts["shared"]),
        _stage(parts["cheap"]),
        None if parts["full"] is None else _stage(parts["full"]),
        None if parts["labelled"] is None else _labelled(parts["labelled"]),
        _gram_vectors(parts["guessed_by"], directory),
    )


def _gram_vectors(identity: str, directory: Path) -> GramVectors | None:
    if not identity:
        return None
    found = load_gram_vectors()
    if found.identity != identity:
        message = f"expected n-grams' vectors {identity}, found {found.identity} for the model in {directory}"
        raise ModelError(f"{message}; run horizon train")
    return found
