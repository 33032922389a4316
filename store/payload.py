"""Records as bytes: canonical JSON, its digest, and its compressed form."""

import hashlib
import json
import zlib
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from horizon.errors import StoreError

_Record = TypeVar("_Record", bound=BaseModel)
REMEDY = "it is damaged or of a newer Horizon; `horizon verify --store` names all such, then put back a copy"


def canonical_json(record: BaseModel) -> str:
    """JSON with sorted keys: equal records give equal text."""
    return json.dumps(record.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def pack(text: str | bytes) -> bytes:
    return zlib.compress(text if isinstance(text, bytes) else text.encode(), 6)


def unpack(payload: bytes) -> bytes:
    """Raises StoreError for bytes that `pack` did not make."""
    try:
        return zlib.decompress(payload)
    except (zlib.error, TypeError) as error:
        raise StoreError(
            f"expected a stored payload, found bytes that cannot be unpacked ({error}): {REMEDY}"
        ) from None


def read_record(model: type[_Record], payload: bytes | str) -> _Record:
    """A record from a packed payload or from JSON text; raises StoreError when it is none."""
    try:
        return model.model_validate_json(unpack(payload) if isinstance(payload, bytes) else payload)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "its text"
        message = f"expected a stored {model.__name__}, found one whose {place} cannot be read ({first['msg']})"
        raise StoreError(f"{message}: {REMEDY}") from None
