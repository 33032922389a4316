"""Hand-labelled items: JSONL with id, title, abstract, codes, areas, doubtful, near_miss and routes."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from horizon.errors import UsageError
from nlp.codes import parse_codes
from nlp.features import Document


@dataclass(frozen=True)
class LabelledDocument:
    """A document and what a person said of it."""

    document: Document
    areas: frozenset[str]
    near_miss: frozenset[str] = frozenset()
    """Areas that were narrowly left out."""
    era: str = ""


def read_labels(path: Path) -> tuple[list[LabelledDocument], str]:
    """The labelled documents of a file and the file's SHA-256; raises UsageError naming the line that is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"expected a JSONL file of labels, found {error.strerror} at {path}; name an existing file"
        ) from None
    rows = [_parse(line, number, path) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
    if not rows:
        raise UsageError(f"expected labelled items in {path}, found an empty file; name a file with one item a line")
    return rows, hashlib.sha256(content).hexdigest()


def _parse(line: bytes, number: int, path: Path) -> LabelledDocument:
    try:
        row = json.loads(line)
        document = Document(str(row["id"]), str(row["title"]), row.get("abstract"), parse_codes(row.get("codes")))
        areas, near_miss = frozenset(row["areas"]), frozenset(row.get("near_miss") or ())
        return LabelledDocument(document, areas, near_miss, str(row.get("era", "")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"expected JSON with id, title and areas at {path}:{number}, found {error!r}; mend or drop the line"
        raise UsageError(message) from None
