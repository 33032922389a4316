"""Take the wrapping off a raw file: gzip, zip with every member, an answer recorded as JSON. Bounded in memory."""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, BinaryIO, cast

from horizon.errors import ParseError

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_DEEPEST = 3
"""Wrappings in one another; a file with more is no feed's."""
_MOST_MEMBERS = 100_000
_LARGEST_MEMBER = 8 << 30
_LARGEST_RECORDED = 64 << 20


def unwrap(stream: BinaryIO, depth: int = 0) -> Iterator[BinaryIO]:
    """The documents inside, one after the other; each is valid until the next is asked for.

    Raises ParseError for a damaged wrapping. Directories inside a zip are left out, other members come in its order.
    """
    if depth > _DEEPEST:
        raise ParseError(f"expected at most {_DEEPEST} wrappings in one another, found more; unpack the file first")
    buffered = _peekable(stream)
    try:
        head = buffered.peek(4096)
        if head.startswith(_GZIP):
            with gzip.GzipFile(fileobj=buffered, mode="rb") as inner:
                yield from unwrap(cast(BinaryIO, inner), depth + 1)
        elif head.startswith(_ZIP):
            yield from _members(buffered, depth)
        elif head.lstrip()[:1] == b"{" and (recorded := _recorded(buffered)) is not None:
            yield recorded
        else:
            yield buffered
    except (zlib.error, EOFError, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError, RuntimeError) as error:
        raise ParseError(f"expected a whole file, found a damaged wrapping: {error}; fetch the file again") from None


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(cast(io.RawIOBase, stream), 1 << 16)


def _members(stream: io.BufferedReader, depth: int) -> Iterator[BinaryIO]:
    with _seekable(stream) as whole, zipfile.ZipFile(whole) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise ParseError(f"expected at most {_MOST_MEMBERS} files in a zip, found {len(members)}")
        for member in members:
            if member.is_dir():
                continue
            if member.file_size > _LARGEST_MEMBER:
                raise ParseError(f"{member.filename[:100]} in the zip is larger than {_LARGEST_MEMBER >> 30} GB")
            with archive.open(member) as inner:
                yield from unwrap(cast(BinaryIO, inner), depth + 1)


@contextmanager
def _seekable(stream: io.BufferedReader) -> Iterator[IO[bytes]]:
    """A zip is read from its end; inside another wrapping it is copied to disk first."""
    if isinstance(stream.raw, io.FileIO | io.BytesIO):
        yield stream
        return
    with TemporaryFile() as copy:
        while chunk := stream.read(1 << 20):
            copy.write(chunk)
        copy.seek(0)
        yield copy


def _recorded(stream: io.BufferedReader) -> BinaryIO | None:
    """The body of an answer recorded as `{"url": ..., "status_code": ..., "body": ...}`, None for any other JSON."""
    if b'"body"' not in stream.peek(4096):
        return None
    data = stream.read(_LARGEST_RECORDED)
    try:
        found = json.loads(data)
    except ValueError:
        return io.BytesIO(data)
    body = found.get("body") if isinstance(found, dict) else None
    return io.BytesIO(_recorded_bytes(body)) if isinstance(body, str) else io.BytesIO(data)


def _recorded_bytes(body: str) -> bytes:
    """The answer's own bytes: some recorders read UTF-8 as Latin-1, which turns every accent into two letters."""
    try:
        data = body.encode("latin-1")
        data.decode("utf-8")
    except UnicodeError:
        return body.encode()
    return data
