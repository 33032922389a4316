"""The envelope that every OAI-PMH answer has: clock, error, headers, token; the metadata inside is another parser's.

http://www.openarchives.org/OAI/openarchivesprotocol.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.parsers.xml_stream import Readable, Rejoined, check_document, closed_elements, forget, reading, sniff

OAI = "{http://www.openarchives.org/OAI/2.0/}"
_ROOT = f"{OAI}OAI-PMH"
_RECORD, _HEADER, _ERROR = f"{OAI}record", f"{OAI}header", f"{OAI}error"
_TOKEN, _DATE = f"{OAI}resumptionToken", f"{OAI}responseDate"
_IDENTIFIER, _DATESTAMP, _METADATA = f"{OAI}identifier", f"{OAI}datestamp", f"{OAI}metadata"
_EXPECTED = "an OAI-PMH answer"
# Characters that XML 1.0 does not allow even when the encoding is right (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")


@dataclass(frozen=True, slots=True)
class OaiError:
    """An error that came as HTTP 200; `code` is one of the protocol's words, for example noRecordsMatch."""

    code: str
    text: str


@dataclass(slots=True)
class Entry:
    """One record or header. `metadata` is valid only until the next entry is asked for."""

    identifier: str
    """Without the `oai:...:` prefix; an empty word where there is none."""
    datestamp: date | None = None
    deleted: bool = False
    is_record: bool = False
    """False for the bare headers of ListIdentifiers."""
    metadata: Any | None = None


@dataclass(slots=True)
class Page:
    """What one answer holds."""

    response_date: datetime
    error: OaiError | None = None
    token: str | None = None
    """None: no token element; empty: the end of a chain."""
    identifiers: list[str] = field(default_factory=list)
    """Of every header, without the `oai:...:` prefix, in the order given; empty words are left out."""
    items: list[Item] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    records: int = 0
    refused: list[str] = field(default_factory=list)
    """Identifiers of records that became no item; each has an issue. May be empty words."""
    last_datestamp: date | None = None


def mend_encoding(data: bytes) -> bytes:
    """Replace bytes that are no UTF-8 and characters that XML forbids by U+FFFD, and drop the declaration."""
    text = _NOT_XML.sub("\ufffd", data.decode("utf-8", "replace"))
    return _DECLARATION.sub("", text.removeprefix("\ufeff")).encode()


def _read_time(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ParseError(f"expected a responseDate such as 2026-11-23T09:00:00Z, found {text!r}; refetch") from None


def _read_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None


class OaiReader:
    """Iterate over the entries of one answer; afterwards `response_date`, `error` and `token` are known.

    Raises ParseError for anything but one well-formed OAI-PMH document without a DOCTYPE.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.response_date: datetime | None = None
        self.error: OaiError | None = None
        self.token: str | None = None

    def __iter__(self) -> Iterator[Entry]:
        stream = BytesIO(self._data)
        head = sniff(stream, _EXPECTED, doctype=False)
        with reading(_EXPECTED):
            yield from self._entries(Rejoined(head, stream))
        if self.response_date is None:
            raise ParseError(f"expected {_EXPECTED} with a responseDate, found none; refetch the page")

    def _entries(self, stream: Readable) -> Iterator[Entry]:
        events = closed_elements(stream, (_RECORD, _HEADER, _ERROR, _TOKEN, _DATE))
        checked = False
        for _, element in events:
            checked = checked or _check_root(element)
            tag = element.tag
            if tag == _RECORD:
                yield _entry(element)
                forget(element)
            elif tag == _HEADER:
                if element.getparent().tag != _RECORD:
                    yield _read_header(element)
                    forget(element)
            else:
                self._note(tag, element)
        if not checked:
            raise ParseError(f"expected {_EXPECTED}, found another XML document; refetch the page")

    def _note(self, tag: str, element: Any) -> None:
        if tag == _DATE:
            self.response_date = _read_time(element.text)
        elif tag == _TOKEN:
            self.token = (element.text or "").strip()
        elif self.error is None:
            self.error = OaiError(str(element.get("code", "")), (element.text or "").strip()[:300])


def _check_root(element: Any) -> bool:
    root = check_document(element, _EXPECTED, doctype=False)
    if root.tag != _ROOT:
        raise ParseError(f"expected {_EXPECTED}, found <{str(root.tag)[:80]}>; refetch the page")
    return True


def _read_header(header: Any) -> Entry:
    identifier = (header.findtext(_IDENTIFIER) or "").strip()
    return Entry(
        identifier=identifier.rpartition(":")[2],
        datestamp=_read_day(header.findtext(_DATESTAMP)),
        deleted=header.get("status") == "deleted",
    )


def _entry(record: Any) -> Entry:
    header = record.find(_HEADER)
    entry = Entry("") if header is None else _read_header(header)
    entry.is_record = True
    metadata = record.find(_METADATA)
    if metadata is not None and len(metadata):
        entry.metadata = metadata[0]
    return entry
