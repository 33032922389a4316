"""Records as bytes: canonical JSON, its digest, and its compressed form."""

import hashlib
import json
import zlib

from pydantic import BaseModel


def canonical_json(record: BaseModel) -> str:
    """JSON with sorted keys: equal records give equal text."""
    return json.dumps(record.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def pack(text: str | bytes) -> bytes:
    return zlib.compress(text if isinstance(text, bytes) else text.encode(), 6)


def unpack(payload: bytes) -> bytes:
    return zlib.decompress(payload)
