"""Many XML documents written one after the other into one file: cut at the declarations, read in bounded memory.

Of each document only its head is kept: up to the first element that is never needed (a description may have a hundred
megabytes). The rest is looked through for the next declaration and forgotten.
"""

import codecs
import html.entities
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lxml import etree

from scrapers.parsers.xml_stream import RULES, without_half_pairs

CHUNK = 1 << 20
LARGEST_HEAD = 16 << 20
"""Bytes; a head that goes on beyond this is no head of a patent document."""
_DECLARATION = re.compile(rb"<\?xml\s")
_OVERLAP = 6
_TAIL = 256
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)[\s/>]")
_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.:-]*)["']""")
_ENTITY = re.compile(rb"&([A-Za-z][\w.-]*);")
_PREDEFINED = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))
_GREEK = {
    "a": "α", "b": "β", "g": "γ", "d": "δ", "e": "ε", "z": "ζ", "ee": "η", "th": "θ", "i": "ι", "k": "κ", "l": "λ",
    "m": "μ", "n": "ν", "x": "ξ", "o": "ο", "p": "π", "r": "ρ", "s": "σ", "t": "τ", "u": "υ", "ph": "φ", "kh": "χ",
    "ps": "ψ", "oh": "ω",
}  # fmt: skip


@dataclass(slots=True)
class Part:
    """One document of the file: its place (from 1), its root's name and its head from the root's start tag on."""

    number: int
    root: str = ""
    """Empty when no element was found."""
    head: bytes = b""
    encoding: str = "utf-8"
    size: int = 0
    """Bytes of the whole document."""
    oversized: bool = False
    complete: bool = False
    """Whether the document ends with its root's end tag."""


@dataclass(slots=True)
class Tree:
    """A head as elements, and what had to be mended."""

    root: Any
    damaged: bool = False
    """Bytes that the encoding does not know were replaced by U+FFFD."""
    unknown_entities: tuple[str, ...] = ()


@dataclass(slots=True)
class _Open:
    """The document that is being read."""

    number: int
    wanted: Collection[str]
    cut: re.Pattern[bytes]
    head: bytearray = field(default_factory=bytearray)
    tail: bytes = b""
    root: str = ""
    start: int = 0
    size: int = 0
    closed: bool = False
    oversized: bool = False

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        self.tail = data[-_TAIL:] if len(data) >= _TAIL else (self.tail + data)[-_TAIL:]
        if self.closed or not data:
            return
        seen = max(len(self.head) - _TAIL, 0)
        self.head += data
        if not self.root:
            self._look_for_root()
        found = self.cut.search(self.head, max(seen, self.start)) if self.root else None
        if found is not None:
            del self.head[found.start() :]
            self.closed = True
        elif len(self.head) > LARGEST_HEAD:
            self.closed = self.oversized = True
            self.head.clear()

    def _look_for_root(self) -> None:
        found = _ROOT.search(self.head)
        if found is None:
            return
        self.root, self.start = found[1].decode("ascii", "replace"), found.start()
        if self.root not in self.wanted:
            self.closed = True
            self.head.clear()

    def finish(self) -> Part | None:
        if not self.tail.strip(b"\xef\xbb\xbf \t\r\n\0"):
            return None
        encoding = _ENCODING.match(self.head)
        return Part(
            number=self.number,
            root=self.root,
            head=b"" if self.oversized else bytes(self.head[self.start :]),
            encoding=encoding[1].decode() if encoding else "utf-8",
            size=self.size,
            oversized=self.oversized,
            complete=bool(self.root) and f"</{self.root}".encode() in self.tail,
        )


def split_parts(stream: BinaryIO, wanted: Collection[str], cut: re.Pattern[bytes]) -> Iterator[Part]:
    """The documents of a stream. Heads are kept of the `wanted` roots only, up to the first match of `cut`."""
    part, carry, number = _Open(1, wanted, cut), b"", 1
    while True:
        chunk = stream.read(CHUNK)
        data = carry + chunk
        # A declaration may lie across two chunks: the last bytes wait for the next one.
        end = len(data) - _OVERLAP if chunk else len(data)
        start = 0
        for found in _DECLARATION.finditer(data):
            if found.start() >= end:
                break
            part.feed(data[start : found.start()])
            start = found.start()
            if (done := part.finish()) is not None:
                yield done
                number += 1
            part = _Open(number, wanted, cut)
        end = max(end, start)
        part.feed(data[start:end])
        carry = data[end:]
        if not chunk:
            break
    if (done := part.finish()) is not None:
        yield done


def read_tree(part: Part) -> Tree:
    """Parse a head, which lacks its end, without DTD, entities or network; `root` is None when nothing is readable.

    The DOCTYPE was left behind with the declaration, so that no entity can be defined by the document.
    """
    data, damaged = _as_utf8(part.head, part.encoding)
    unknown: dict[str, None] = {}
    if b"&" in data:
        data = _ENTITY.sub(lambda found: _character(found[1], unknown), data)
    data = without_half_pairs(data)
    try:
        root = etree.fromstring(data, etree.XMLParser(recover=True, encoding="utf-8", **RULES))
    except etree.XMLSyntaxError:
        root = None
    return Tree(root, damaged or b"\xef\xbf\xbd" in data, tuple(unknown))


def _as_utf8(data: bytes, encoding: str) -> tuple[bytes, bool]:
    try:
        name = codecs.lookup(encoding).name
        text = data.decode(name if codecs.lookup(name)._is_text_encoding else "utf-8")
    except (LookupError, UnicodeError, ValueError):
        return data.decode("utf-8", "replace").encode(), True
    return (data, False) if name == "utf-8" else (text.encode("utf-8", "replace"), False)


def _character(name: bytes, unknown: dict[str, None]) -> bytes:
    """A numeric reference for a named character; an unknown name stays as text."""
    if name in _PREDEFINED:
        return b"&" + name + b";"
    text = name.decode("ascii")
    known = html.entities.html5.get(f"{text};") or _greek(text)
    if known is None:
        unknown[text] = None
        return b"&amp;" + name + b";"
    return "".join(f"&#{ord(letter)};" for letter in known).encode()


def _greek(name: str) -> str | None:
    """ISO 8879 Greek (`agr`, `Agr`, `EEgr`), which HTML names otherwise."""
    if not name.endswith("gr"):
        return None
    stem = name.removesuffix("gr")
    if stem == "sf":
        return "ς"
    letter = _GREEK.get(stem.lower())
    return letter.upper() if letter and stem[:1].isupper() else letter
