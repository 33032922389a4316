"""Any RSS 2.0, RSS 1.0 or Atom feed to Items, trusting nothing in it: markup is stripped, links and dates are checked.

https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, https://www.rfc-editor.org/rfc/rfc4287
"""

import hashlib
import html
import html.entities
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

from lxml import etree
from pydantic import ValidationError

from horizon.errors import ParseError
from horizon.records import Issue, Item
from scrapers.issues import Refusal, Severity, make_issue
from scrapers.languages import detect_language
from scrapers.parsers.arxiv_terms import DOI
from scrapers.parsers.feed_dates import read_date, read_moment, two_days_after
from scrapers.parsers.feed_xml import iterate_entries
from scrapers.parsers.html_text import clean, strip_html
from scrapers.parsers.xml_stream import fold
from scrapers.source import Source

_SPACES = {
    "": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://channel.netscape.com/rdf/simple/0.9/": "",
    "http://backend.userland.com/rss2": "",
    "http://www.w3.org/2005/Atom": "",
    "http://purl.org/atom/ns#": "",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://prismstandard.org/namespaces/basic/2.0/": "prism:",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism:",
}
"""Name spaces that are read; in feeds everything has its own."""
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_CORE = [f"{{{space}}}" if space else "" for space, prefix in _SPACES.items() if not prefix]
_ROOTS = frozenset({f"{_RDF}RDF", *(f"{space}{name}" for space in _CORE for name in ("rss", "feed"))})
_ENTRIES = frozenset(f"{space}{name}" for space in _CORE for name in ("item", "entry"))
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ABOUT = f"{_RDF}about"
_FIRST_DATES = (
    "pubDate", "published", "issued", "dc:date", "dcterms:issued", "dcterms:created", "dcterms:available", "dc:created",
    "created", "prism:publicationDate", "prism:coverDate",
)  # fmt: skip
_LATER_DATES = ("updated", "modified", "dcterms:modified", "prism:modificationDate")
_TEXTS = ("description", "summary", "dc:description", "content:encoded", "content", "dcterms:abstract")
_NAMES = ("author", "dc:creator", "dc:contributor")
USED = frozenset(
    {"title", "dc:title", "link", "guid", "id", "dc:identifier", "prism:doi", "dc:language", "language", "rights",
     "dc:rights", "copyright", *_FIRST_DATES, *_LATER_DATES, *_TEXTS, *_NAMES}
)  # fmt: skip
"""Fields of an entry that are read; others are told once a feed unless the source's `ignore_fields` names them."""
_LARGEST = 64 << 20
_LONGEST_ABSTRACT = 10_000
_LONGEST_TITLE = 1_000
_LONGEST_LINK = 2_000
_MOST_NAMES = 5_000
_NEVER_AFTER = date(2100, 1, 1)
_MAILBOX = re.compile(r"[^\s@<>()]{1,100}@[^\s@<>()]{1,200}")
_ENTITY = re.compile(r"&(?:(?P<name>[A-Za-z][A-Za-z0-9]{1,31});|(?!#\d{1,7};|#x[0-9A-Fa-f]{1,6};))")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DECLARED = re.compile(rb"<\?xml[^>]{0,100}\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_END = re.compile(rb"</(?:[A-Za-z]+:)?(?:rss|feed|RDF)\s*>\s*(?:<!--.{0,500}-->\s*)*$", re.DOTALL)


@dataclass(slots=True)
class Feed:
    """What one document holds."""

    title: str = ""
    built: datetime | None = None
    language: str = ""
    identifiers: list[str] = field(default_factory=list)
    """Item ids of all entries that have one, refused ones included."""
    items: list[Item] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    records: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def oldest(self) -> date | None:
        return min((item.published for item in self.items), default=None)


@dataclass(slots=True)
class _Raw:
    """One entry before it is judged: markup still inside."""

    fields: dict[str, list[str]]
    links: list[str]
    language: str

    def first(self, *names: str) -> str:
        return next((text for name in names for text in self.fields.get(name, ()) if text.strip()), "")

    @property
    def mark(self) -> str:
        """What tells this entry from others: the publisher's own mark before its address."""
        return clean(self.first("guid", "id"))

    @property
    def link(self) -> str:
        return next((link for link in self.links if link), "")


def parse_items(stream: BinaryIO, source: Source) -> Iterator[Item | Issue]:
    """Items and issues of one feed. Raises ParseError when it is none."""
    feed = read_feed(stream.read(_LARGEST + 1), source)
    yield from feed.issues
    yield from feed.items


def read_feed(data: bytes, source: Source, today: date | None = None) -> Feed:
    """One feed; entries of days after `today` (and the next) are absurd. Raises ParseError when it is no whole feed."""
    if len(data) > _LARGEST:
        raise ParseError(f"expected a feed of at most {_LARGEST >> 20} MB, found more; it is no feed")
    try:
        return _read(data, source, today)
    except ParseError:
        if _END.search(data[-2_000:]) is None:
            raise
        # Whole, and wrong in a way that a repeat does not better: entities of HTML, bare ampersands, wrong letters.
        feed = _read(mend(data), source, today)
        message = "the feed is no well-formed XML; entities or letters were mended, and it was read nevertheless"
        feed.issues.insert(0, make_issue(source.id, "warning", "feed-mended", message))
        return feed


def mend(data: bytes) -> bytes:
    """UTF-8 without a declaration, HTML's entities resolved, bare ampersands escaped, unreadable letters U+FFFD."""
    found = _DECLARED.search(data[:300])
    name = found[1].decode().lower() if found else "utf-8"
    # Chinese pages that say gb2312 hold letters that only its successor has.
    name = "gb18030" if name in ("gb2312", "gbk", "gb_2312-80", "x-gbk") else name
    try:
        text = data.decode(name, "replace")
    except (LookupError, UnicodeError):
        text = data.decode("utf-8", "replace")
    text = _DECLARATION.sub("", _NOT_XML.sub("\ufffd", text.removeprefix("\ufeff")))
    return _ENTITY.sub(_resolve, text).encode("utf-8", "replace")


def _resolve(match: re.Match[str]) -> str:
    name = match["name"]
    if name is None:
        return "&amp;"
    if name in _XML_NAMES:
        return match[0]
    return html.entities.html5.get(f"{name};", f"&amp;{name};")


def _read(data: bytes, source: Source, today: date | None) -> Feed:
    feed, entries, strangers = Feed(), [], Counter[str]()
    for root, entry in iterate_entries(BytesIO(data), roots=_ROOTS, entries=_ENTRIES, expected="an RSS or Atom feed"):
        if entry is None:
            _read_head(root, feed)
        else:
            entries.append(_raw(entry, strangers))
    judge = _Judge(source, feed, today, Counter(raw.mark for raw in entries if raw.mark))
    for raw in entries:
        judge.take(raw)
    ignored = {name.removeprefix("entry/") for name in source.ignore_fields}
    for name in sorted(set(strangers) - ignored):
        message = f"a field that is not read, in {strangers[name]} entries; once a feed"
        feed.issues.append(make_issue(source.id, "info", "element-unknown", message, name=name))
    return feed


def _name(tag: object) -> str:
    space, _, local = str(tag).rpartition("}")
    prefix = _SPACES.get(space.removeprefix("{"))
    return (local if prefix is None else prefix + local)[:60] if prefix is not None else f"?:{local[:60]}"


def _content(element: Any) -> str:
    """Text, or inner markup where someone has forgotten to escape it."""
    if not len(element):
        return str(element.text or "")
    inner = (str(etree.tostring(child, encoding="unicode")) for child in element)
    return html.escape(element.text or "", quote=False) + "".join(inner)


def _raw(entry: Any, strangers: Counter[str]) -> _Raw:
    raw = _Raw({}, [], str(entry.get(_XML_LANG) or ""))
    about = str(entry.get(_ABOUT) or "")
    for child in entry:
        name = _name(child.tag)
        if name not in USED:
            strangers[name] += 1
            continue
        if name == "link":
            _take_link(child, raw.links)
            continue
        if name == "guid" and str(child.get("isPermaLink", "true")).lower() == "true":
            about = about or fold(child.text)
        if name in _NAMES:
            raw.fields.setdefault(name, []).append(_person(child))
        else:
            raw.fields.setdefault(name, []).append(_content(child))
    if about.startswith(("http://", "https://")):
        raw.links.append(about)
    return raw


def _take_link(element: Any, links: list[str]) -> None:
    """RSS has the address as text, Atom as an attribute; the page itself comes before all else."""
    address = fold(element.get("href") or element.text)
    if str(element.get("rel") or "alternate") == "alternate":
        links.insert(0, address) if element.get("href") and element.get("rel") else links.append(address)


def _person(element: Any) -> str:
    name = element.find("{*}name")
    return str(element.text or "") if name is None else str(name.text or "")


def _read_head(root: Any, feed: Feed) -> None:
    head = root if (channel := root.find("{*}channel")) is None else channel
    found: dict[str, str] = {}
    for child in head:
        found.setdefault(_name(child.tag), fold(child.text))
    feed.title = strip_html(found.get("title", ""))[:_LONGEST_TITLE]
    feed.language = found.get("language") or found.get("dc:language") or str(root.get(_XML_LANG) or "")
    dates = (found.get(name, "") for name in ("lastBuildDate", "updated", "modified", "pubDate", "dc:date"))
    feed.built = next((moment for text in dates if text and (moment := read_moment(text))), None)


class _Judge:
    """Turns the entries of one feed into items and issues."""

    def __init__(self, source: Source, feed: Feed, today: date | None, marks: Counter[str]) -> None:
        self._source, self._feed, self._marks = source, feed, marks
        built = feed.built.date() if feed.built else None
        self._latest = two_days_after(today or built or _NEVER_AFTER - timedelta(days=2))
        self._id: str | None = None

    def take(self, raw: _Raw) -> None:
        feed, self._id = self._feed, None
        feed.records += 1
        try:
            feed.items.append(self._item(raw))
        except Refusal as refusal:
            feed.refused.append((self._id or "").partition(":")[2])
            feed.issues.append(refusal.issue(self._source.id, self._id))
        if self._id:
            feed.identifiers.append(self._id)

    def _note(self, severity: Severity, code: str, message: str, **data: str) -> None:
        self._feed.issues.append(make_issue(self._source.id, severity, code, message, self._id, **data))

    def _item(self, raw: _Raw) -> Item:
        self._id = f"{self._source.id}:{self._digest(raw)}"
        title = strip_html(raw.first("title", "dc:title"))
        if not title:
            raise Refusal("title-missing", "an entry without a title cannot be read by anybody; refused")
        abstract, published = self._abstract(raw), self._published(raw)
        said = raw.first("dc:language", "language") or raw.language or self._feed.language
        names = (self._name_of(name) for key in _NAMES for name in raw.fields.get(key, ()))
        rights = strip_html(raw.first("rights", "dc:rights", "copyright"))
        try:
            return Item(
                id=self._id,
                source=self._source.id,
                kind=self._source.kind,
                title=self._cut(title, _LONGEST_TITLE, "title"),
                abstract=abstract or None,
                language=detect_language(f"{title} {abstract}", said),
                published=published,
                updated=self._updated(raw),
                authors=tuple(dict.fromkeys(filter(None, names)))[:_MOST_NAMES],
                doi=_doi(raw),
                url=self._url(raw),
                licence=rights[:300] or None,
            )
        except ValidationError as error:
            raise Refusal.invalid(error) from None

    def _digest(self, raw: _Raw) -> str:
        key = raw.mark or raw.link
        if not key:
            raise Refusal("id-missing", "an entry with neither guid nor link cannot be told from others; refused")
        if self._marks[raw.mark] > 1 and raw.link:
            # Some publishers write the same mark into every entry: then the address tells them apart.
            key = f"{raw.mark} {raw.link}"
            self._feed.issues.append(
                make_issue(self._source.id, "info", "guid-repeated", "one guid for several entries", guid=raw.mark)
            )
        return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:20]

    def _cut(self, text: str, longest: int, name: str) -> str:
        if len(text) <= longest:
            return text
        self._note("info", "text-cut", f"{name} of {len(text)} letters was cut to {longest}")
        return text[:longest].rpartition(" ")[0] or text[:longest]

    def _abstract(self, raw: _Raw) -> str:
        return self._cut(strip_html(raw.first(*_TEXTS)), _LONGEST_ABSTRACT, "abstract")

    @staticmethod
    def _name_of(text: str) -> str:
        """Without a mail address: `ann@example.org (Ann Other)` gives `Ann Other`."""
        name = clean(_MAILBOX.sub(" ", strip_html(text))).strip("()<>,; ")
        return name[:200]

    def _published(self, raw: _Raw) -> date:
        """The first date given that can be; one of a change only when there is no other, and never a guess."""
        given = [(name, clean(text)) for name in (*_FIRST_DATES, *_LATER_DATES) for text in raw.fields.get(name, ())]
        for name, text in given:
            day = read_date(text) if text else None
            if text and day is None:
                self._note("warning", "date-unreadable", f"expected a date in {name}", found=text)
            elif day is not None and not self._source.earliest_published <= day <= self._latest:
                message = f"expected a day from {self._source.earliest_published} to {self._latest} in {name}"
                self._note("warning", "date-out-of-range", message, found=text)
            elif day is not None:
                if name in _LATER_DATES:
                    self._note("warning", "first-date-missing", f"no first date; {name} stands for it", found=text)
                return day
        raise Refusal("date-missing", "an entry without a usable date would distort a week; refused")

    def _updated(self, raw: _Raw) -> datetime | None:
        moments = (read_moment(clean(raw.first(name))) for name in _LATER_DATES)
        moment = next(filter(None, moments), None)
        if moment and self._source.earliest_published <= moment.date() <= self._latest:
            return moment
        return None

    def _url(self, raw: _Raw) -> str:
        """The entry's page when it is of the source's hosts, else the source's own address: never a foreign one."""
        for link in raw.links:
            address = clean(link)
            try:
                address = urljoin(self._source.url, address)
                parts = urlsplit(address)
                host = (parts.hostname or "").lower()
            except ValueError:
                continue
            known = any(host == name or host.endswith(f".{name}") for name in self._source.link_hosts)
            sound = parts.scheme in ("http", "https") and "@" not in parts.netloc and " " not in address
            if known and sound and len(address) <= _LONGEST_LINK:
                return address
        self._note(
            "warning", "link-refused", f"no link to a host of {self._source.id}.yml; its own stands in", found=raw.link
        )
        return self._source.url


def _doi(raw: _Raw) -> str | None:
    for text in (raw.first("prism:doi"), raw.first("dc:identifier"), raw.first("guid", "id"), raw.link):
        if "10." in text and (found := DOI.search(clean(text))):
            named = text is raw.first("prism:doi") or "doi" in text.lower() or text.strip().startswith("10.")
            if named:
                return found[0].rstrip(".")
    return None
