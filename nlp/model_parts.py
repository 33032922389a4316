"""Numbers and texts as skops (never pickle), the same bytes for the same content, and back with nothing trusted."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from horizon.errors import ModelError

TRUSTED: list[str] = []
"""Types beyond skops' own safe list (scikit-learn, numpy, builtins): none are needed, so none are trusted."""


def canonical_bytes(content: Mapping[str, object]) -> bytes:
    """The content as skops."""
    import skops.io  # type: ignore[import-untyped]  # ships no types

    return _canonical(skops.io.dumps(dict(content)))


def read_parts(content: bytes, place: Path) -> dict[str, Any]:
    """The way back; raises ModelError for a file that holds other types than numbers and texts."""
    import skops.io

    strangers = skops.io.get_untrusted_types(data=content)
    if set(strangers) - set(TRUSTED):
        message = f"expected only trusted types, found {sorted(strangers)} in {place}"
        raise ModelError(f"{message}; do not use this file: run horizon train")
    parts: dict[str, Any] = skops.io.loads(content, trusted=TRUSTED)
    return parts


def _canonical(archive: bytes) -> bytes:
    """The archive with its memory addresses numbered in order of appearance and without times.

    skops names arrays and nodes by `id()` and stamps members with the clock (skops/io/_persist.py, _save).
    """
    source = zipfile.ZipFile(io.BytesIO(archive))
    schema = source.read("schema.json").decode()
    numbers: dict[str, str] = {}
    for match in re.finditer(r'"__id__": (\d+)|"(\d+)\.npy"', schema):
        numbers.setdefault(match[1] or match[2], str(len(numbers) + 1))
    schema = re.sub(r'"__id__": (\d+)', lambda match: f'"__id__": {numbers[match[1]]}', schema)
    schema = re.sub(r'"(\d+)\.npy"', lambda match: f'"{numbers[match[1]]}.npy"', schema)
    members = {f"{numbers[name[:-4]]}.npy": source.read(name) for name in source.namelist() if name.endswith(".npy")}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in [*sorted(members.items()), ("schema.json", schema.encode())]:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, data)
    return buffer.getvalue()
