"""Files of JSON objects, one a line, as analysts bring them: a line that is none is told, never dropped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line numbers from 1 on with the object of each line that is not blank; words where it is no object."""
    with path.open("rb") as file:
        for line, content in enumerate(file, 1):
            text = content.removeprefix(b"\xef\xbb\xbf") if line == 1 else content
            if text.strip():
                yield line, _row(text)


def _row(text: bytes) -> dict[str, Any] | str:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"expected JSON, found {error}"
    return row if isinstance(row, dict) else f"expected a JSON object, found {type(row).__name__}"
