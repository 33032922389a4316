"""What EPO OPS 3.2 answers: search results, documents, families, equivalents, and its two kinds of error bodies.

https://ops.epo.org/3.2; schemas `ops.xsd` and `exchange-documents.xsd`. Only its XML is read: in its JSON one child is
an object and several are a list.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from horizon.records import Issue, Item
from scrapers.issues import make_issue
from scrapers.parsers.exchange_documents import READ, RECORD, ROOTS, TREES, read_record, record_number
from scrapers.parsers.patent_codes import publication
from scrapers.parsers.patent_records import unknown_fields
from scrapers.parsers.patent_xml import Fields, children, text_at, text_of
from scrapers.parsers.xml_stream import fold, iterate_records, local_name

if TYPE_CHECKING:
    from scrapers.source import Source

SOURCE = "epo_ops"
_ERRORS = ("fault", "error")
_LISTS = ("search-result", "family-member", "inquiry-result")
_ZERO = ("404", "SERVER.EntityNotFound")


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that OPS tells in its body; `code` is a status or a word such as SERVER.EntityNotFound."""

    code: str
    message: str

    @property
    def means_nothing_found(self) -> bool:
        return self.code in _ZERO or self.code.endswith("EntityNotFound")

    @property
    def means_bad_token(self) -> bool:
        return "invalid_access_token" in self.message or "invalid_access_token" in self.code


@dataclass(slots=True)
class Page:
    """What one answer holds."""

    total: int | None = None
    """Hits of a search, at most 10,000 whatever there are; None when the answer is no search."""
    begin: int = 0
    end: int = 0
    """The range that the answer says it gives."""
    fault: Fault | None = None
    records: int = 0
    references: list[str] = field(default_factory=list)
    """Publications that are only named: a search without constituents, a family, equivalents. `EP.4567890.A1`, or
    `EP4567890` where only that form is given."""
    identifiers: list[str] = field(default_factory=list)
    """Of every record, as far as it can be read."""
    refused: list[str] = field(default_factory=list)
    """Of records that became no item; each has an issue. May be empty words."""
    items: list[Item] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def parse_items(stream: BinaryIO, source: "Source | None" = None) -> Iterator[Item | Issue]:
    """Items and issues of one answer. An answer without records gives one issue that says what it is.

    Raises ParseError when it is no answer of OPS.
    """
    reader = _Reader(_ignored(source))
    empty = True
    for entry in reader.read(stream):
        empty = False
        yield entry
    if empty:
        yield reader.describe_emptiness()


def parse_page(data: bytes, source: "Source | None" = None) -> Page:
    """One answer whole. Raises ParseError when it is none of OPS."""
    reader = _Reader(_ignored(source))
    for entry in reader.read(BytesIO(data)):
        (reader.page.items if isinstance(entry, Item) else reader.page.issues).append(entry)  # type: ignore[arg-type]
    return reader.page


def _ignored(source: "Source | None") -> tuple[str, ...]:
    if source is None:
        from scrapers.source import load_source

        source = load_source(SOURCE)
    return source.ignore_fields


class _Reader:
    """Streams one answer; what stands round the records is in `page` afterwards."""

    def __init__(self, ignored: tuple[str, ...]) -> None:
        self._fields, self._strangers = Fields(READ, TREES, ignored), set[str]()
        self._shape = "answer"
        self.page = Page()

    def read(self, stream: BinaryIO) -> Iterator[Item | Issue]:
        names = (RECORD, "biblio-search", "query", "range", *_LISTS, *_ERRORS)
        for element in iterate_records(stream, names, (*ROOTS, *_ERRORS), "an answer of OPS"):
            name = local_name(element.tag)
            if name == RECORD:
                yield from self._take(element)
            elif name in _ERRORS:
                self._note_fault(element)
            elif name in _LISTS:
                self._note_references(element)
            else:
                self._note_search(name, element)

    def _take(self, record: Any) -> Iterator[Item | Issue]:
        page, name = self.page, record_number(record) or ""
        page.records += 1
        page.identifiers.append(name)
        yield from unknown_fields(record, self._fields, self._strangers, SOURCE)
        item, issues = read_record(record, SOURCE)
        if item is None:
            page.refused.append(name)
        else:
            yield item
        yield from issues

    def _note_search(self, name: str, element: Any) -> None:
        page = self.page
        if name == "biblio-search":
            page.total = _number(element.get("total-result-count"))
        elif name == "range":
            page.begin, page.end = _number(element.get("begin")) or 0, _number(element.get("end")) or 0

    def _note_references(self, element: Any) -> None:
        self._shape = local_name(element.tag)
        if next(children(element, RECORD, "exchange-documents"), None) is not None:
            return
        for reference in children(element, "publication-reference"):
            for each in children(reference, "document-id"):
                parts = [text_at(each, name) for name in ("country", "doc-number", "kind")]
                named = publication(*parts) or fold(text_at(each, "doc-number"))
                if named:
                    self.page.references.append(named)
                    break

    def _note_fault(self, element: Any) -> None:
        if self.page.fault is None:
            told = [text_at(element, name) for name in ("message", "description", "details")]
            message = "; ".join(filter(None, told)) or text_of(element)
            self.page.fault = Fault(text_at(element, "code")[:100], message[:300])

    def describe_emptiness(self) -> Issue:
        """Why an answer of the right format gave neither item nor issue."""
        fault = self.page.fault
        if fault is not None:
            said = f"{fault.code} {fault.message}"
            if fault.means_nothing_found:
                return make_issue(SOURCE, "info", "no-results", said)
            return make_issue(SOURCE, "error", "feed-refused", said)
        named = len(self.page.references)
        message = f"an answer without records ({self._shape}); it names {named} publications"
        return make_issue(SOURCE, "info", "no-records", message, publications=" ".join(self.page.references))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 12 else None
