"""The model card that ships beside a model: what it is, how it was measured, what it is not for."""

from pathlib import Path

from horizon.errors import ModelError
from nlp.evaluate import Report
from nlp.model_file import Card

FILE = "card.md"


def write_model_card(directory: Path, card: Card, report: Report) -> Path:
    """Write card.md beside the model; the same inputs give the same bytes. Raises ModelError when it cannot."""
    path = directory / FILE
    try:
        path.write_text(model_card(card, report), encoding="utf-8")
    except OSError as error:
        message = f"expected a writable folder for the model card, found {error.strerror} at {directory}"
        raise ModelError(f"{message}; name another") from None
    return path


def model_card(card: Card, report: Report) -> str:
    """Markdown."""
    return "\n".join([*_what(card), *_how_good(card, report), *_limits()]) + "\n"


def _what(card: Card) -> list[str]:
    encoder = card.encoder or "none: words and rules alone"
    settings = "; ".join(f"{name} {value}" for name, value in sorted(card.settings.items()))
    return [
        "# Model card: areas",
        "",
        f"For each of {len(card.areas)} areas the probability that a paper or patent is about it, a decision, a band "
        "of doubt, and evidence. A cascade: logistic regression on TF-IDF, the taxonomy's rules and a vector guessed "
        "from the n-grams for every item; on the vector of a sentence encoder instead for what the first stage leaves "
        "open.",
        "",
        f"- trained on {card.rows} hand-labelled items, SHA-256 {card.data_sha256}",
        f"- model {card.sha256}; taxonomy {card.taxonomy}; encoder {encoder}; normaliser {card.normaliser}",
        f"- settings: {settings}; seed {card.seed}",
        f"- libraries: {', '.join(f'{name} {found}' for name, found in sorted(card.libraries.items()))}",
        "",
    ]


def _how_good(card: Card, report: Report) -> list[str]:
    rows = [
        f"| {area} | {each.positives} | {each.precision:.3f} | {each.recall:.3f} | {each.f1:.3f} | "
        f"{each.average_precision:.3f} | {each.calibration_error:.3f} | {each.calibration} | {each.threshold} | "
        f"{each.doubt[0]} to {each.doubt[1]} |"
        for area, each in sorted(card.areas.items())
    ]
    return [
        "## On held-out items, by a model that never saw them",
        "",
        report.to_markdown(),
        f"## In cross-validation over all {card.rows} items (macro-F1 {card.macro_f1:.3f})",
        "",
        "| area | items | precision | recall | F1 | average precision | calibration error | by | threshold | doubt |",
        "|---" * 10 + "|",
        *rows,
        "",
    ]


def _limits() -> list[str]:
    return [
        "## Limits",
        "",
        "- The items were drawn near the boundaries of the areas on purpose; a week's stream is easier and emptier, "
        "and its precision is an estimate under the assumption told beside it, not a count.",
        "- The taxonomy's terms were chosen with the training items in view: cross-validation flatters.",
        "- No patents in the training part of the measurement; few Chinese items, and the encoder reads English only.",
        "- A label is a suggestion with its evidence, for experts to judge; no decision about people.",
    ]
