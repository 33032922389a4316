"""`horizon classify`: a file of documents in, a file of labels with their evidence out."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

from horizon.errors import StoreError, UsageError
from horizon.records import Issue
from nlp.classifier import Classifier, Judgement
from nlp.documents import DocumentFile


@dataclass(frozen=True)
class ClassifiedFile:
    """What became of a file."""

    rows: int
    written: int
    in_some_area: int
    assigned: dict[str, int]
    """Documents by area; a document may be in several."""
    issues: tuple[Issue, ...]


def classify_file(
    source: Path, output: Path, classifier: Classifier, *, progress: Callable[[int], None] | None = None
) -> ClassifiedFile:
    """Write one JSON line a document: id, areas of probability 0.05 or more, model and taxonomy.

    Streams, and replaces the output only when all went well. Raises UsageError for unusable names, ParseError for a
    missing column or more than 1 % unreadable rows, StoreError when the output cannot be written.
    """
    if source.resolve() == output.resolve():
        raise UsageError(f"expected an output other than the input, found {output} for both; name another file")
    part = output.with_name(f"{output.name}.part")
    documents = DocumentFile(source)
    assigned: Counter[str] = Counter()
    written = in_some_area = 0
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            for written, (line, areas) in enumerate(_lines(documents, classifier), 1):
                file.write(line)
                assigned.update(areas)
                in_some_area += bool(areas)
                if progress is not None:
                    progress(written)
        part.replace(output)
    except OSError as error:
        raise StoreError(
            f"expected to write {output}, found {error.strerror or error}; free space or name another file"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return ClassifiedFile(
        documents.rows, written, in_some_area, dict(sorted(assigned.items())), tuple(documents.issues)
    )


def judgement_json(judgement: Judgement) -> dict[str, object]:
    """A judgement as `horizon classify` writes it."""
    return {
        "area": judgement.area,
        "probability": judgement.probability,
        "assigned": judgement.assigned,
        "routes": [{"route": each.route, "probability": each.probability} for each in judgement.routes],
        "evidence": [each.model_dump(exclude_none=True) for each in judgement.evidence],
    }


def _lines(documents: DocumentFile, classifier: Classifier) -> Iterator[tuple[str, list[str]]]:
    named, judged = tee(documents)
    for document, judgements in zip(named, classifier.judge(judged), strict=True):
        row = {
            "id": document.id,
            "areas": list(map(judgement_json, judgements)),
            "model": classifier.fingerprint,
            "taxonomy": classifier.taxonomy.version,
        }
        yield json.dumps(row, ensure_ascii=False) + "\n", [each.area for each in judgements if each.assigned]
