"""Training for good: a new model is measured honestly, compared with the one in force, and only then put in its place.

The frozen checks are the held-out items. The model that ships is trained on them too, so it is judged by its likeness
that never saw them; what experts taught is judged by the same model with and without their verdicts.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from horizon.errors import ModelError, ModelRefused
from nlp.classifier import Classifier
from nlp.evaluate import Report, evaluate_rows
from nlp.features import Document
from nlp.labelled import LabelledDocument, read_all_labels
from nlp.model_card import FILE as CARD_FILE
from nlp.model_card import write_model_card
from nlp.model_file import Card, HeldOut, load_model
from nlp.train import Trained, fit, train_rows
from nlp.vectors import CachedEncoder
from nlp.verdicts import (
    Change,
    Comparison,
    TeachingVerdict,
    compare,
    label_diff,
    refuse_lower,
    refuse_worse,
    teach,
)
from taxonomy.load import Taxonomy

CHANGES_FILE = "changes.json"
_MOST_CHANGES_PRINTED = 40


@dataclass(frozen=True)
class Publication:
    """What became of a training."""

    card: Card
    report: Report | None
    """On the held-out items, by a model that never saw them; None without any."""
    comparison: Comparison | None
    """With and without the verdicts; None without verdicts or held-out items."""
    changes: tuple[Change, ...]
    """Labels that the new model gives otherwise than the one before."""
    compared_items: int
    unreadable: str | None
    """Why the model before could not be compared with, if so."""
    unknown_areas: tuple[str, ...] = ()
    """Area ids of labels and verdicts that the taxonomy does not know: nothing was learnt from them."""

    def to_text(self) -> str:
        """Lines for a terminal."""
        lines = [f"trained on {self.card.rows} items: macro-F1 {self.card.macro_f1:.3f} in cross-validation"]
        if self.unknown_areas:
            lines.append(f"passed over, for the taxonomy has no such area: {', '.join(self.unknown_areas)}")
        if self.report is not None:
            lines.append(
                f"on {self.report.rows} held-out items, by a model that never saw them: macro-F1 "
                f"{self.report.macro_f1:.3f} (95 % {self.report.macro_f1_lo95:.3f} to {self.report.macro_f1_hi95:.3f})"
            )
        if self.comparison is not None:
            lines.append(
                f"verdicts: macro-F1 there {self.comparison.old_macro_f1:.3f} without, "
                f"{self.comparison.new_macro_f1:.3f} with them (difference {self.comparison.difference_lo95:+.3f} to "
                f"{self.comparison.difference_hi95:+.3f})"
            )
            lines += [f"  now wrong: {title}" for title in self.comparison.examples_broken]
        lines += [f"no comparison of labels: {self.unreadable}"] if self.unreadable else list(self._changes())
        return "\n".join([*lines, f"model {self.card.sha256}"])

    def _changes(self) -> Iterable[str]:
        if self.compared_items:
            yield f"{len(self.changes)} labels of {self.compared_items} recent items change"
        for each in self.changes[:_MOST_CHANGES_PRINTED]:
            word = "now in" if each.assigned else "no longer in"
            reasons = f" ({'; '.join(each.reasons)})" if each.reasons else ""
            yield f"  {each.item} {word} {each.area}: {each.before:.2f} -> {each.after:.2f}{reasons}"
        if len(self.changes) > _MOST_CHANGES_PRINTED:
            yield f"  ... {len(self.changes) - _MOST_CHANGES_PRINTED} more in {CHANGES_FILE}"


def publish(
    labels: Sequence[Path],
    held_out: Path | None,
    verdicts: Sequence[TeachingVerdict],
    taxonomy: Taxonomy,
    out_dir: Path,
    *,
    before: Path,
    encoder: CachedEncoder | None = None,
    recent: Sequence[Document] = (),
    seed: int = 0,
) -> Publication:
    """Train, check, compare, and write model, cards and the list of changed labels into `out_dir`.

    `before` is the folder of the model in force, `recent` are items whose labels are compared. Raises ModelRefused, and
    writes nothing, when the verdicts make the model worse on the held-out items, or when one that is to take the place
    of the model in force is worse than that; into another folder anybody may train what they like.
    """
    rows, digest = read_all_labels(labels)
    report, comparison = _judge(rows, verdicts, held_out, taxonomy, encoder, seed)
    result = train_rows(teach(rows, verdicts), _digest(digest, verdicts), taxonomy, encoder=encoder, seed=seed)
    if report is not None:
        result = result.with_held_out(HeldOut(sha256=report.data_sha256, rows=report.rows, macro_f1=report.macro_f1))
    if out_dir.resolve() == before.resolve():
        _refuse_worse_than(before, result.card, taxonomy)
    new = Classifier(result.model, taxonomy, fingerprint="new", encoder=encoder)
    changes, unreadable = _changes(before, new, taxonomy, encoder, recent)
    _write(out_dir, result, report)
    if recent and not unreadable:
        _write_changes(out_dir / CHANGES_FILE, changes, len(recent))
    unknown = _unknown_areas(rows, verdicts, taxonomy)
    return Publication(result.card, report, comparison, tuple(changes), len(recent), unreadable, unknown)


def _unknown_areas(
    rows: Sequence[LabelledDocument], verdicts: Sequence[TeachingVerdict], taxonomy: Taxonomy
) -> tuple[str, ...]:
    named = {area for row in rows for area in row.areas} | {area for each in verdicts for area in each.areas}
    named |= {each.area for each in verdicts}
    return tuple(sorted(named - {area.id for area in taxonomy.areas}))


def _judge(
    rows: Sequence[LabelledDocument],
    verdicts: Sequence[TeachingVerdict],
    held_out: Path | None,
    taxonomy: Taxonomy,
    encoder: CachedEncoder | None,
    seed: int,
) -> tuple[Report | None, Comparison | None]:
    """On the held-out items, by twins that never saw them; raises ModelRefused when the verdicts make it worse."""
    if held_out is None:
        return None, None
    frozen, digest = read_all_labels([held_out])
    taught, untaught = twins(rows, verdicts, frozen, taxonomy, encoder=encoder, seed=seed)
    comparison = None if untaught is None else compare(untaught, taught, frozen, seed=seed)
    if comparison is not None:
        refuse_worse(comparison)
    return evaluate_rows(frozen, digest, taught, seed=seed), comparison


def _write(out_dir: Path, result: Trained, report: Report | None) -> None:
    for told in (CARD_FILE, CHANGES_FILE):
        # Of the model that goes: beside the new one they would tell of another.
        (out_dir / told).unlink(missing_ok=True)
    result.save(out_dir)
    if report is not None:
        write_model_card(out_dir, result.card, report)


def _digest(labels: str, verdicts: Sequence[TeachingVerdict]) -> str:
    """Of all that the model was taught."""
    if not verdicts:
        return labels
    said = [[each.document.id, each.area, each.choice, sorted(each.areas)] for each in verdicts]
    return hashlib.sha256(json.dumps([labels, said]).encode()).hexdigest()


def twins(
    rows: Sequence[LabelledDocument],
    verdicts: Sequence[TeachingVerdict],
    frozen: Sequence[LabelledDocument],
    taxonomy: Taxonomy,
    *,
    encoder: CachedEncoder | None = None,
    seed: int = 0,
) -> tuple[Classifier, Classifier | None]:
    """Models that never saw the frozen items: taught by the verdicts, and (where there are any) without them."""
    hidden = {row.document.id for row in frozen}
    seen = [row for row in rows if row.document.id not in hidden]
    said = [verdict for verdict in verdicts if verdict.document.id not in hidden]

    def trained(some: Sequence[LabelledDocument]) -> Classifier:
        model, _ = fit(some, taxonomy, encoder=encoder, seed=seed)
        return Classifier(model, taxonomy, fingerprint="held-out", encoder=encoder)

    return trained(teach(seen, said)), trained(seen) if said else None


def _refuse_worse_than(before: Path, new: Card, taxonomy: Taxonomy) -> None:
    """Raise ModelRefused for a model worse than the one in force on equal items, or that forgets one of its areas."""
    try:
        old = load_model(before)[1]
    except ModelError:
        # Nothing to compare with: the first model of a folder, or one of an older format.
        return
    if old.held_out is not None and new.held_out is not None and old.held_out.sha256 == new.held_out.sha256:
        refuse_lower(old.held_out.macro_f1, new.held_out.macro_f1)
    lost = [area.id for area in taxonomy.areas if area.id in old.areas and area.id not in new.areas]
    if lost:
        message = f"expected labelled items of every area that the model in force knows, found too few of {lost[0]}"
        raise ModelRefused(f"{message}; give its labels too (--labels, beside the others), the old model stays")


def _changes(
    before: Path, new: Classifier, taxonomy: Taxonomy, encoder: CachedEncoder | None, recent: Sequence[Document]
) -> tuple[list[Change], str | None]:
    if not recent:
        return [], None
    try:
        model, card, fingerprint = load_model(before)
    except ModelError as error:
        return [], str(error)
    old = Classifier(model, taxonomy, fingerprint=fingerprint, card=card, encoder=encoder)
    return label_diff(old, new, recent), None


def _write_changes(path: Path, changes: Sequence[Change], items: int) -> None:
    content = {"items": items, "changes": [asdict(each) for each in changes]}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
