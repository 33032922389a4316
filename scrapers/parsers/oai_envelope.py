"""The envelope that every OAI-PMH answer has: clock, error, headers, token; the metadata inside is another parser's.

http://www.openarchives.org/OAI/openarchivesprotocol.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from lxml import etree

from horizon.errors import ParseError
from horizon.records import Issue, Item

OAI = "{http://www.openarchives.org/OAI/2.0/}"
_ROOT = f"{OAI}OAI-PMH"
_RECORD, _HEADER, _ERROR = f"{OAI}record", f"{OAI}header", f"{OAI}error"
_TOKEN, _DATE = f"{OAI}resumptionToken", f"{OAI}responseDate"
_IDENTIFIER, _DATESTAMP, _METADATA = f"{OAI}identifier", f"{OAI}datestamp", f"{OAI}metadata"
_DOCTYPE = re.compile(rb"<!DOCTYPE(?!\s+html)", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+)?html\b", re.IGNORECASE)
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
    except ValueError:
        raise ParseError(f"expected a responseDate such as 2026-11-23T09:00:00Z, found {text!r}; refetch") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


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
        head = self._data[:2000]
        if _HTML.search(head):
            raise ParseError("expected OAI-PMH, found an HTML page: the feed is down or has moved; refetch")
        if _DOCTYPE.search(head):
            raise ParseError("expected OAI-PMH without a DOCTYPE, found one: refused, as it may carry hostile entities")
        try:
            yield from self._entries()
        except etree.XMLSyntaxError as error:
            raise ParseError(f"expected a complete XML document, found {error}; refetch the page") from None
        except (UnicodeError, LookupError) as error:
            raise ParseError(f"expected UTF-8, found {error}; refetch the page") from None
        if self.response_date is None:
            raise ParseError("expected an OAI-PMH answer with a responseDate, found none; refetch the page")

    def _entries(self) -> Iterator[Entry]:
        events = etree.iterparse(
            BytesIO(self._data),
            events=("end",),
            tag=(_RECORD, _HEADER, _ERROR, _TOKEN, _DATE),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
        )
        checked = False
        for _, element in events:
            checked = checked or _check_document(element)
            tag = element.tag
            if tag == _RECORD:
                yield _entry(element)
                _forget(element)
            elif tag == _HEADER:
                if element.getparent().tag != _RECORD:
                    yield _read_header(element)
                    _forget(element)
            else:
                self._note(tag, element)
        if not checked:
            raise ParseError("expected an OAI-PMH answer, found another XML document; refetch the page")

    def _note(self, tag: str, element: Any) -> None:
        if tag == _DATE:
            self.response_date = _read_time(element.text)
        elif tag == _TOKEN:
            self.token = (element.text or "").strip()
        elif self.error is None:
            self.error = OaiError(str(element.get("code", "")), (element.text or "").strip()[:300])


def _check_document(element: Any) -> bool:
    tree = element.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise ParseError("expected OAI-PMH without a DOCTYPE, found one: refused, as it may carry hostile entities")
    if tree.getroot().tag != _ROOT:
        raise ParseError(f"expected an OAI-PMH answer, found <{str(tree.getroot().tag)[:80]}>; refetch the page")
    return True


def _forget(element: Any) -> None:
    """Free what has been read, so that memory does not grow with the page."""
    element.clear()
    parent = element.getparent()
    while element.getprevious() is not None:
        del parent[0]


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
