"""Vectors on disk, so that no text is embedded twice: keyed by the encoder's fingerprint and the text's hash.

One file an encoder, records of fixed length that are only appended: a process killed in the middle of a record leaves
at most an unfinished one at the end, which the next reader leaves out.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from horizon.errors import StoreError
from nlp.embeddings import Encoder, Vectors

_KEY = 16
_AT_ONCE = 64


class CachedEncoder:
    """An encoder that remembers; without a folder it only encodes."""

    def __init__(self, encoder: Encoder, folder: Path | None = None) -> None:
        self.encoder = encoder
        self.identity, self.width, self.english = encoder.identity, encoder.width, encoder.english
        self._path = None if folder is None else folder / f"vectors-{encoder.fingerprint}.bin"
        self._record = np.dtype([("key", f"V{_KEY}"), ("vector", np.float16, (encoder.width,))])
        self._known: dict[bytes, np.ndarray[tuple[int], np.dtype[np.float16]]] = {}
        if self._path is not None and self._path.is_file():
            self._read(self._path)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(text, width); half precision, whether remembered or not, so that a cache never changes a label."""
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_KEY] for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        names = list(missing)
        for begin in range(0, len(names), _AT_ONCE):
            self._add(names[begin : begin + _AT_ONCE], missing)
        if not keys:
            return np.zeros((0, self.width), dtype=np.float32)
        found = np.stack([self._known[key] for key in keys]).astype(np.float32)
        if self._path is None:
            self._known.clear()
        return found

    def _add(self, keys: Sequence[bytes], texts: dict[bytes, str]) -> None:
        records = np.zeros(len(keys), dtype=self._record)
        records["key"] = keys
        records["vector"] = self.encoder.encode([texts[key] for key in keys]).astype(np.float16)
        self._known.update(zip(keys, records["vector"], strict=True))
        if self._path is not None:
            self._append(self._path, records.tobytes())

    def _append(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.truncate(file.tell() // self._record.itemsize * self._record.itemsize)
                file.write(content)
        except OSError as error:
            message = f"expected a writable folder for vectors, found {error.strerror} at {path.parent}"
            raise StoreError(f"{message}; free space or name another") from None

    def _read(self, path: Path) -> None:
        content = path.read_bytes()
        whole = len(content) // self._record.itemsize * self._record.itemsize
        records = np.frombuffer(content[:whole], dtype=self._record)
        keys = (bytes(key) for key in records["key"])
        self._known.update(zip(keys, records["vector"], strict=True))
