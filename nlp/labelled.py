"""Hand-labelled items: JSONL with id, title, abstract, codes, areas, doubtful, near_miss and routes."""

import hashlib
import json
from collections.abc import Sequence
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
    source: str = ""
    doubtful: frozenset[str] = frozenset()
    """Labels that a second careful expert might dispute; they are among `areas`."""
    routes: tuple[str, ...] = ()
    """The annotator's words, of any of the item's areas."""
    known: frozenset[str] | None = None
    """Areas that were judged, where not all were: of the others nobody said anything. None: all."""

    def judged(self, area: str) -> bool:
        return self.known is None or area in self.known


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


def read_all_labels(paths: Sequence[Path]) -> tuple[list[LabelledDocument], str]:
    """Several files as one; the SHA-256 is of the files' own, in the order given."""
    read = [read_labels(path) for path in paths]
    digest = hashlib.sha256("\n".join(each for _, each in read).encode()).hexdigest()
    return [row for rows, _ in read for row in rows], read[0][1] if len(read) == 1 else digest


def _parse(line: bytes, number: int, path: Path) -> LabelledDocument:
    try:
        row = json.loads(line)
        document = Document(str(row["id"]), str(row["title"]), row.get("abstract"), parse_codes(row.get("codes")))
        return LabelledDocument(
            document,
            _names(row["areas"]),
            _names(row.get("near_miss") or []),
            str(row.get("era", "")),
            str(row.get("source", "")),
            _names(row.get("doubtful") or []),
            tuple(map(str, row.get("routes") or ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"expected JSON with id, title and areas at {path}:{number}, found {error!r}; mend or drop the line"
        raise UsageError(message) from None


def _names(value: object) -> frozenset[str]:
    """Area ids; a bare string would be read letter by letter."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{value!r} where a list of area ids belongs")
    return frozenset(value)
