"""Reading JSON records of any shape without surprises, and telling which of their fields nobody has looked at."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from horizon.errors import ParseError
from scrapers.parsers.xml_stream import Readable

_LARGEST_JSON = 64 << 20
_DEEPEST = 30
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(stream: Readable) -> Any:
    """One JSON document of at most 64 MB, UTF-8. Raises ParseError for anything else."""
    data = stream.read(_LARGEST_JSON + 1)
    if len(data) > _LARGEST_JSON:
        raise ParseError(
            f"expected a page of at most {_LARGEST_JSON >> 20} MB of JSON, found more; ask for less a page"
        )
    try:
        document = json.loads(data.decode("utf-8-sig"))
        if _HALF_PAIR.search(data):
            # Half a surrogate pair is no letter, and nothing that holds one can be written.
            document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "ignore"))
        return document
    except (ValueError, RecursionError) as error:
        head = data[:40].decode("ascii", "replace")
        raise ParseError(f"expected one JSON document in UTF-8, found {error} in {head!r}...; refetch") from None


def text_at(record: Any, *path: str) -> str:
    """The string or number at a path; an empty word for anything else."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    if isinstance(record, bool) or not isinstance(record, str | int):
        return ""
    try:
        return str(record)
    except ValueError:
        # An integer of more than 4300 digits.
        return ""


def number_at(record: Any, *path: str) -> int | None:
    """A whole number from 0 to 10^12 at a path, also when it is written as a string."""
    text = text_at(record, *path)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def each_at(record: Any, *path: str) -> Iterator[Any]:
    """The members of the list at a path; a single value counts as a list of one, nothing as an empty list."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    if isinstance(record, list):
        yield from record
    elif record is not None:
        yield record


def field_paths(value: Any, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Dotted paths of all values that say something, lists left out of the path: `authorList.author.fullName`."""
    if depth > _DEEPEST:
        yield prefix
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from field_paths(inner, f"{prefix}.{name}" if prefix else str(name), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from field_paths(inner, prefix, depth + 1)
    elif value not in (None, ""):
        yield prefix


def left_over(seen: Iterable[str], used: Collection[str], ignored: Collection[str]) -> list[str]:
    """Fields that are neither used nor ignored; ignoring `a.b` ignores all below it."""
    return sorted(path for path in set(seen) if path not in used and not _is_below(path, ignored))


def _is_below(path: str, ignored: Collection[str]) -> bool:
    parts = path.replace("@", ".@").split(".")
    return any(".".join(parts[:length]).replace(".@", "@") in ignored for length in range(1, len(parts) + 1))
