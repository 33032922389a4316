"""`horizon classify`: a file of documents in, a file of labels with their evidence out.

Half a million abstracts take many minutes, so the work goes on where it was killed: what is done stands in a partial
file beside the output, named by the digest of input, model and taxonomy, so that no other run's lines are taken up.
The output is the same bytes whether it was made at once or in parts, by one process or by several.
"""

import fcntl
import hashlib
import json
import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from horizon.errors import ModelError, ParseError, StoreError, UsageError
from horizon.records import Issue
from nlp.classifier import BATCH, Classifier, Judgement
from nlp.documents import DocumentFile
from nlp.features import Document

_IN_FLIGHT = 4
"""Batches that wait, for each process."""


@dataclass(frozen=True)
class ClassifiedFile:
    """What became of a file."""

    rows: int
    written: int
    in_some_area: int
    assigned: dict[str, int]
    """Documents by area; a document may be in several."""
    issues: tuple[Issue, ...]


@dataclass
class _Tally:
    written: int = 0
    in_some_area: int = 0
    assigned: Counter[str] = field(default_factory=Counter)

    def add(self, lines: Sequence[str]) -> None:
        for line in lines:
            areas = [each["area"] for each in json.loads(line)["areas"] if each["assigned"]]
            self.written += 1
            self.in_some_area += bool(areas)
            self.assigned.update(areas)


def classify_file(
    source: Path,
    output: Path,
    classifier: Classifier,
    *,
    processes: int = 1,
    progress: Callable[[int], None] | None = None,
) -> ClassifiedFile:
    """Write one JSON line a document: id, areas of probability 0.05 or more, model and taxonomy.

    Streams, goes on where an earlier run over the same file was killed, and replaces the output only when all went
    well. Raises UsageError for unusable names, ParseError for a missing column or more than 1 % unreadable rows,
    StoreError when the output cannot be written.
    """
    if source.resolve() == output.resolve():
        raise UsageError(f"expected an output other than the input, found {output} for both; name another file")
    documents, tally = DocumentFile(source), _Tally()
    part = output.with_name(f"{output.name}.{_digest(source, classifier)}.part")
    try:
        _write(part, _batches(documents), tally, classifier, processes, progress)
        part.replace(output)
    except (ParseError, UsageError):
        part.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise StoreError(
            f"expected to write {output}, found {error.strerror or error}; free space or name another file"
        ) from None
    for stale in output.parent.glob(f"{output.name}.*.part"):
        stale.unlink()
    assigned = dict(sorted(tally.assigned.items()))
    return ClassifiedFile(documents.rows, tally.written, tally.in_some_area, assigned, tuple(documents.issues))


def judgement_json(judgement: Judgement) -> dict[str, object]:
    """A judgement as `horizon classify` writes it."""
    return {
        "area": judgement.area,
        "probability": judgement.probability,
        "assigned": judgement.assigned,
        "routes": [{"route": each.route, "probability": each.probability} for each in judgement.routes],
        "evidence": [each.model_dump(exclude_none=True) for each in judgement.evidence],
    }


def _digest(source: Path, classifier: Classifier) -> str:
    """Of everything that the output depends on."""
    try:
        with source.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"expected a JSONL, CSV or Parquet file, found {error.strerror or error} at {source}"
        raise UsageError(f"{message}; name an existing file") from None
    names = (content, classifier.fingerprint, classifier.taxonomy.version)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def _write(
    part: Path,
    batches: Iterator[list[Document]],
    tally: _Tally,
    classifier: Classifier,
    processes: int,
    progress: Callable[[int], None] | None,
) -> None:
    told = progress if progress is not None else lambda _: None
    with part.open("a+b") as file:
        _lock(file, part)
        file.truncate(_take_up(file, batches, tally))
        told(tally.written)
        for lines in _classified(batches, classifier, processes):
            file.write("".join(lines).encode())
            file.flush()
            tally.add(lines)
            told(tally.written)


def _lock(file: BinaryIO, part: Path) -> None:
    """Refuse a second run that would write the same lines between these; the lock goes with this process alone."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        message = f"expected to be alone at {part}, found another run that writes it"
        raise StoreError(f"{message}; wait for it or name another output") from None


def _take_up(file: BinaryIO, batches: Iterator[list[Document]], tally: _Tally) -> int:
    """Count the whole batches that an earlier run wrote, pass over their documents, and say how many bytes they are.

    Only whole batches, and only up to the first line that is torn: what comes after is made again.
    """
    size = 0
    file.seek(0)
    while len(lines := list(islice(file, BATCH))) == BATCH and all(map(_is_sound, lines)):
        next(batches)
        tally.add([line.decode() for line in lines])
        size += sum(map(len, lines))
    return size


def _is_sound(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    source = iter(documents)
    while batch := list(islice(source, BATCH)):
        yield batch


def _classified(batches: Iterator[list[Document]], classifier: Classifier, processes: int) -> Iterator[list[str]]:
    """The lines of each batch, in order."""
    if processes <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        yield from (_lines(batch, classifier) for batch in batches)
        return
    # Forked, so that the model is loaded and kept in memory once.
    context = multiprocessing.get_context("fork")
    waiting: deque[Future[list[str]]] = deque()
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(classifier,)) as pool:
        try:
            for batch in batches:
                waiting.append(pool.submit(_lines_of_process, batch))
                if len(waiting) >= _IN_FLIGHT * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            message = f"expected {processes} processes to work to the end, found one killed"
            raise ModelError(
                f"{message}; run again to go on from there, with fewer processes if memory is short"
            ) from None


_of_process: list[Classifier] = []


def _begin(classifier: Classifier) -> None:
    _of_process[:] = [classifier]
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent says nothing: its processes would wait for work for ever, half a gigabyte each."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _lines_of_process(batch: Sequence[Document]) -> list[str]:
    return _lines(batch, _of_process[0])


def _lines(batch: Sequence[Document], classifier: Classifier) -> list[str]:
    return [_line(document, found, classifier) for document, found in zip(batch, classifier.judge(batch), strict=True)]


def _line(document: Document, judgements: Sequence[Judgement], classifier: Classifier) -> str:
    row = {
        "id": document.id,
        "areas": list(map(judgement_json, judgements)),
        "model": classifier.fingerprint,
        "taxonomy": classifier.taxonomy.version,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"
