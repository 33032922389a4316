"""From what a patent feed says of one publication to an Item: the rules that do not depend on the feed's format."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from pydantic import ValidationError

from horizon.records import Code, Issue, Item, ItemKind
from scrapers.issues import Refusal, Severity, make_issue
from scrapers.parsers.patent_codes import is_item_kind, kind_of, read_day
from scrapers.parsers.patent_names import Party, countries_of, display_names, normalised, without_people
from scrapers.parsers.patent_texts import Text, choose, language_of
from scrapers.parsers.patent_xml import Fields

# The first patent of today's United States is of 1790, the oldest in DOCDB of 1782.
_EARLIEST = date(1782, 1, 1)


@dataclass(slots=True)
class Publication:
    """One publication that is known by number, kind and day; issues about it are collected here."""

    name: str
    """`EP.4567890.A1`."""
    kind: ItemKind
    day: date
    issues: list[tuple[Severity, str, str]] = field(default_factory=list)

    @property
    def office(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a record says besides its number, in the order of the feed."""

    titles: list[Text]
    abstracts: list[Text]
    inventors: list[Party]
    applicants: list[Party]
    codes: tuple[Code, ...]
    family: str | None
    url: str
    updated: datetime | None = None
    withdrawn: bool = False


def epo_id(number: str | None) -> str | None:
    """Item id of a publication (`EP.4567890.A1`); None for what is about the answer as a whole."""
    return f"epo:{number}" if number else None


def identify(name: str | None, days: Iterable[str]) -> Publication:
    """Number, kind and the first readable date. Raises Refusal for a design and for what has no number or date."""
    if name is None:
        raise Refusal("id-unreadable", "expected a country, a number and a kind such as EP 4567890 A1; refused")
    office, _, code = name.split(".")
    kind = kind_of(office, code)
    if kind == "design":
        raise Refusal("design-left-out", "a design is no technology: left out by rule", "info")
    day, rough = _first_day(days)
    known = kind is not None and is_item_kind(kind)
    found = Publication(name, cast(ItemKind, kind) if known else "patent_application", day)
    if not known:
        found.issues.append(("warning", "kind-unknown", f"{office} {code} is not in patent_kinds.yml: an application"))
    if rough:
        found.issues.append(("info", "date-rough", "day or month of the publication are 00 and taken for the first"))
    return found


def _first_day(texts: Iterable[str]) -> tuple[date, bool]:
    for text in texts:
        day, rough = read_day(text)
        if day is not None and day >= _EARLIEST:
            return day, rough
    raise Refusal("date-missing", "expected a date of publication such as 20261118, found none; refused")


def compose(found: Publication, source: str, contents: Contents) -> Item:
    """The item of one publication. Raises Refusal when nothing in it tells what it is."""
    title, abstract = choose(contents.titles, contents.abstracts)
    _remark(found, title, abstract, contents.codes)
    try:
        return Item(
            id=f"epo:{found.name}",
            source=source,
            kind=found.kind,
            version=found.name.rpartition(".")[2],
            title=title.words if title else found.name.replace(".", " "),
            abstract=abstract.words if abstract else None,
            language=language_of(title, abstract),
            published=found.day,
            updated=contents.updated,
            authors=display_names(contents.inventors),
            organisations=normalised(without_people(display_names(contents.applicants), contents.inventors)),
            countries=countries_of(contents.applicants),
            codes=contents.codes,
            family=contents.family,
            url=contents.url,
            withdrawn=contents.withdrawn,
        )
    except ValidationError as error:
        raise Refusal.invalid(error) from None


def _remark(found: Publication, title: Text | None, abstract: Text | None, codes: tuple[Code, ...]) -> None:
    if title is None and abstract is None and not codes:
        raise Refusal("title-missing", "neither title nor abstract nor codes: nothing in it tells what it is; refused")
    if title is None:
        # Answers with abstracts alone are such: a patent is cited by its number.
        found.issues.append(("warning", "title-missing", "no title: the number stands for it"))
    if abstract is None and found.kind != "patent_grant":
        # Grants are printed without one, so only the others are remarked upon.
        message = "no abstract: the item is kept and judged by its title and codes"
        found.issues.append(("info", "abstract-missing", message))
    if any("\ufffd" in text.words for text in (title, abstract) if text):
        found.issues.append(("warning", "encoding-damaged", "letters were lost before they came to us (U+FFFD)"))


def unknown_fields(record: Any, fields: Fields, strangers: set[str], source: str) -> Iterator[Issue]:
    """An issue for each field that is in no list and is met for the first time; `strangers` remembers them."""
    for name in fields.left_over(record):
        if name not in strangers:
            strangers.add(name)
            message = "records have grown a field that is neither read nor in ignore_fields; told once a file"
            yield make_issue(source, "info", "field-unknown", message, field=name)
