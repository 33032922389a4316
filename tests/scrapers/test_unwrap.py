"""Raw files in their wrappings."""

import gzip
import io
import json
import zipfile

import pytest

from horizon.errors import ParseError
from scrapers.unwrap import unwrap


def documents(data: bytes) -> list[bytes]:
    return [document.read() for document in unwrap(io.BytesIO(data))]


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, data in members.items():
            archive.writestr(f"folder/{name}", data)
    return target.getvalue()


RECORDED = json.dumps({"url": "u", "status_code": 200, "body": "<p>é</p>"}).encode()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"<p/>", [b"<p/>"]),
        (b"", [b""]),
        (gzip.compress(b"<p/>"), [b"<p/>"]),
        (gzip.compress(gzip.compress(b"<p/>")), [b"<p/>"]),
        (zipped(a=b"<a/>", b=gzip.compress(b"<b/>")), [b"<a/>", b"<b/>"]),
        (gzip.compress(zipped(a=b"<a/>")), [b"<a/>"]),
        (zipped(inner=zipped(a=b"<a/>")), [b"<a/>"]),
        (RECORDED, ["<p>é</p>".encode()]),
        (gzip.compress(RECORDED), ["<p>é</p>".encode()]),
        (b'{"records": []}', [b'{"records": []}']),
        (b'{"records": [{"body": "inner"}]}', [b'{"records": [{"body": "inner"}]}']),
        (b'{"body": torn', [b'{"body": torn']),
    ],
    # Compressed bytes carry the time of packing: no names for tests that two processes collect.
    ids=range(12),
)
def test_every_document_comes_out_bare(data: bytes, found: list[bytes]) -> None:
    assert documents(data) == found


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"<p/>" * 999)[:-9], zipped(a=b"<a/>" * 999)[:200], b"PK\x03\x04"],
    ids=["gzip", "zip", "stub"],
)
def test_a_damaged_wrapping_is_told(data: bytes) -> None:
    with pytest.raises(ParseError, match="damaged wrapping"):
        documents(data)


def test_wrappings_have_an_end() -> None:
    data = b"<p/>"
    for _ in range(6):
        data = gzip.compress(data)
    with pytest.raises(ParseError, match="wrappings in one another"):
        documents(data)
