"""USPTO grants and applications, one document or a weekly file of thousands, in every format since 1976.

A weekly file is XML documents one after the other, each with its own declaration and a DTD that is not there. Facts:
https://data.uspto.gov/bulkdata/datasets/ptgrxml
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.issues import Severity, make_issue
from scrapers.parsers import uspto_odp
from scrapers.parsers.uspto_early import read_green_book, read_pap, read_st32
from scrapers.parsers.uspto_record import APPLICATIONS, GRANTS, Publication, convert
from scrapers.parsers.uspto_v4 import read_v4
from scrapers.parsers.xml_parts import LARGEST_HEAD, Part, read_tree, split_parts

_READERS: dict[str, Callable[[Any], Publication | None]] = {
    "us-patent-grant": read_v4,
    "us-patent-application": read_v4,
    "PATDOC": read_st32,
    "patent-application-publication": read_pap,
}
_OTHERS = {
    "sequence-cwu": "a sequence listing",
    "sequence-list-doc": "a sequence listing",
    "us-sequence-list-doc": "a sequence listing",
    "class-scheme": "a part of the CPC scheme",
    "uspat:CPCMasterClassificationFile": "a CPC master classification file",
}
"""Roots that the USPTO also writes and that hold no publication."""
# Everything that is read stands before these elements in every DTD.
_CUT = re.compile(
    rb"<(?:drawings|description|us-sequence-list-doc|us-claim-statement|claims"
    rb"|subdoc-description|subdoc-claims|SDODE|SDOCL)[\s/>]"
)
_GREEN_BOOK = re.compile(rb"(?:[^\n]{0,200}\n)?PATN\s")
_SNIFFED = 4_096
_LONGEST_LINE = 1 << 16
_LARGEST_TEXT = 64 << 20


def parse_items(stream: BinaryIO) -> Iterator[Item | Issue]:
    """Items of one file, each followed by its issues, in the order of the file; memory does not grow with it.

    An issue of severity `error` stands for a document that became no item. Raises ParseError for a file that is neither
    the USPTO's XML, nor its Green Book text, nor an answer of the Open Data Portal in JSON.
    """
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream, 1 << 16)  # type: ignore[type-var]  # any reader will do
    head = buffered.peek(_SNIFFED)[:_SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"{", b"["):
        yield from uspto_odp.parse_items(buffered)
    elif _GREEN_BOOK.match(head):
        yield from _green_book(buffered)
    else:
        yield from _xml(buffered)


def _xml(stream: BinaryIO) -> Iterator[Item | Issue]:
    others: Counter[str] = Counter()
    publications = 0
    for part in split_parts(stream, _READERS, _CUT):
        if part.root in _READERS:
            publications += 1
            yield from _document(part)
        else:
            others[part.root] += 1
    known = sum(count for root, count in others.items() if root in _OTHERS)
    if not publications and not known:
        raise ParseError(f"expected patent documents of the USPTO, found {_describe(others)}; fetch the file again")
    for root, count in sorted(others.items()):
        yield _of_no_record(root, count)


def _describe(others: Counter[str]) -> str:
    if not others:
        return "nothing"
    root = min(others)
    return "an HTML page" if root.lower() == "html" else f"<{root[:60]}>" if root else "no XML element"


def _of_no_record(root: str, count: int) -> Issue:
    what = _OTHERS.get(root)
    told = {"root": root[:100], "documents": str(count)}
    if what is None:
        message = f"{count} documents skipped: no root that the USPTO is known to write"
        return make_issue(GRANTS, "warning", "root-unknown", message, **told)
    return make_issue(GRANTS, "info", "root-skipped", f"{count} documents skipped: {what}", **told)


def _document(part: Part) -> Iterator[Item | Issue]:
    if part.oversized:
        message = f"no end of the bibliographic part within {LARGEST_HEAD >> 20} MB; refused"
        yield _issue(part, "error", "document-oversized", message)
        return
    tree = read_tree(part)
    found = None if tree.root is None else _READERS[part.root](tree.root)
    if found is None:
        yield _issue(part, "error", "document-unreadable", "no bibliographic part could be read; refused")
        return
    yield from convert(found, f"document {part.number}")
    if not part.complete:
        yield _issue(part, "warning", "document-truncated", "the document's end is missing; what was there is kept")
    for name in tree.unknown_entities:
        message = "a named character that no table has; its name stands in the text"
        yield _issue(part, "warning", "entity-unknown", message, entity=name)


def _issue(part: Part, severity: Severity, code: str, message: str, **data: str) -> Issue:
    source = APPLICATIONS if "application" in part.root else GRANTS
    return make_issue(source, severity, code, message, document=f"document {part.number}", root=part.root, **data)


def _green_book(stream: BinaryIO) -> Iterator[Item | Issue]:
    lines: list[str] = []
    number = size = 0
    while line := stream.readline(_LONGEST_LINE):
        if line.startswith(b"PATN"):
            if lines:
                yield from convert(read_green_book(lines), f"document {number}")
            lines, number, size = [], number + 1, 0
        size += len(line)
        if number and size < _LARGEST_TEXT:
            # Green Book is ASCII; what is not becomes visible.
            lines.append(line.decode("utf-8", "replace"))
    yield from convert(read_green_book(lines), f"document {number}")
