"""Invented grants and applications in the USPTO's XML, made from the papers of a world; every one is SIMULATED."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from xml.sax.saxutils import escape

import numpy as np

from scrapers.parsers.author_names import split_authors
from scrapers.parsers.tex_accents import to_unicode
from scrapers.replay.inventions import Inventions
from scrapers.replay.patents import Patent as Publication
from scrapers.replay.patents import PatentShelf
from scrapers.replay.world import DAY_S, Paper, View, World, key_of

_EPOCH = date(1970, 1, 1).toordinal()
_TIME = (2026, 1, 1, 0, 0, 0)
_DTD = {"grant": "us-patent-grant-v47-2022-02-17.dtd", "application": "us-patent-application-v46-2022-02-17.dtd"}
_OFTEN = {"grant": (12, 0), "application": (12, 1)}
"""One paper in so many becomes a grant or an application: the rest of its key's division."""
_SYMBOLS = {
    "quant-ph": ("G", "06", "N", "10", "70"),
    "physics.plasm-ph": ("G", "21", "B", "1", "057"),
    "q-bio": ("C", "12", "N", "15", "86"),
    "cs.HC": ("G", "06", "F", "3", "015"),
    "cs.NE": ("G", "06", "N", "3", "049"),
    "physics.optics": ("G", "02", "B", "6", "12004"),
    "eess.SP": ("H", "04", "B", "7", "04013"),
    "cond-mat": ("C", "30", "B", "29", "16"),
    "cs.RO": ("B", "25", "J", "9", "1697"),
}
_APPLICANTS = (("Simulated Works K.K.", "JP"), ("Shanghai Simulated Co., Ltd.", "CN"), ("Simulated, Inc.", "US"))


@dataclass(frozen=True, slots=True)
class Patent:
    """One publication; `revision` is of the file that it stands in."""

    type: str
    number: str
    kind: str
    day: date
    paper: Paper
    revision: int = 0
    planned: Publication | None = None
    """The publication as all offices' feeds tell it, where it was planned."""


def patents(world: World, type_: str, day: date, revision: int = 0) -> list[Patent]:
    """What is published on a day: planned, else made of the papers first announced in the seven days before it."""
    if isinstance(world.inventions, Inventions):
        return _planned(world, type_, day, revision)
    share, rest = _OFTEN[type_]
    until = (day.toordinal() - _EPOCH) * DAY_S
    low, high = np.searchsorted(world.events.modified, [until - 7 * DAY_S, until])
    ids = [bytes(world.events.ids[event]).decode() for event in range(low, high)]
    chosen = [low + place for place, name in enumerate(ids) if key_of(name) % share == rest]
    first = [event for event in chosen if world.events_of(bytes(world.events.ids[event]).decode())[0] == event]
    papers = world.describe(first)
    return [_patent(type_, day, place, paper, revision) for place, paper in enumerate(papers)]


def _planned(world: World, type_: str, day: date, revision: int) -> list[Patent]:
    kind = {"grant": "B2", "application": "A1"}[type_]
    found = PatentShelf(world).published(View(world, datetime.combine(day, time.max, UTC)), day, day)
    return [
        Patent(type_, bulk_number(each.number, kind), kind, day, each.paper, revision, each)
        for each in found
        if (each.office, each.kind) == ("US", kind) and each.paper is not None
    ]


def bulk_number(number: str, kind: str) -> str:
    """As the USPTO prints it: DOCDB leaves out the first zero of an application's seven digits."""
    return f"{number[:4]}{number[4:]:0>7}" if kind == "A1" else number


def _patent(type_: str, day: date, place: int, paper: Paper, revision: int) -> Patent:
    week = day.toordinal() // 7
    if type_ == "grant":
        return Patent(type_, f"{10_000_000 + week % 9_000 * 1_000 + place}", "B2", day, paper, revision)
    return Patent(type_, f"{day.year}{day.timetuple().tm_yday * 10_000 + place:07d}", "A1", day, paper, revision)


def weekly_file(found: list[Patent]) -> Iterator[bytes]:
    """The documents of one week as the USPTO writes them: one after the other, a sequence listing among them.

    Never an empty file: a small world has weeks without a patent, and a file of nothing is a damaged one.
    """
    yield from (document(patent) for patent in found[:1])
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<sequence-cwu id="S"><number>1</number></sequence-cwu>\n'
    yield from (document(patent) for patent in found[1:])


def zipped(name: str, found: list[Patent]) -> bytes:
    """A zip with one XML file; same patents, same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name.removesuffix(".zip") + ".xml", _TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, b"".join(weekly_file(found)))
    return packed.getvalue()


def document(patent: Patent, description: str = "SIMULATED description.") -> bytes:
    """One document with all parts that a real one has."""
    root = f"us-patent-{patent.type}"
    bib = f"us-bibliographic-data-{patent.type}"
    produced = patent.day - timedelta(days=14 - min(patent.revision, 13))
    abstract = f"{patent.paper.abstract or ''}{' (reissued)' if patent.revision else ''}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {root} SYSTEM "{_DTD[patent.type]}" [ ]>\n'
        f'<{root} lang="EN" dtd-version="v4.7 2022-02-17" status="PRODUCTION" id="{root}" country="US" '
        f'date-produced="{produced:%Y%m%d}" date-publ="{patent.day:%Y%m%d}">\n<{bib}>\n'
        f"<publication-reference><document-id><country>US</country><doc-number>{patent.number}</doc-number>"
        f"<kind>{patent.kind}</kind><date>{patent.day:%Y%m%d}</date></document-id></publication-reference>\n"
        f"{_filing(patent)}{_priorities(patent)}{_classes(patent)}"
        f'<invention-title id="d2e43">{escape(to_unicode(patent.paper.title))}</invention-title>\n'
        f"{_parties(patent)}</{bib}>\n"
        f'<abstract id="abstract"><p id="p-0001" num="0000">{escape(to_unicode(abstract))}</p></abstract>\n'
        f'<description id="description"><p id="p-0002" num="0001">{escape(description)}</p></description>\n'
        f'<claims id="claims"><claim id="CLM-00001" num="00001"><claim-text>1. It.</claim-text></claim></claims>\n'
        f"</{root}>\n"
    ).encode()


def _filing(patent: Patent) -> str:
    """The same application number for the application and the grant of one paper."""
    key = key_of(patent.paper.id)
    number, day = str(16_000_000 + key % 3_000_000), patent.paper.announced - timedelta(days=400 + key % 300)
    if patent.planned is not None and patent.planned.priority is not None:
        office, _, first = patent.planned.priority
        # Twelve months are allowed between the first filing and those that follow it.
        number, day = patent.planned.application, first if office == "US" else first + timedelta(days=360)
    return (
        f'<application-reference appl-type="utility"><document-id><country>US</country>'
        f"<doc-number>{number}</doc-number><date>{day:%Y%m%d}</date></document-id>"
        "</application-reference>\n"
    )


def _priorities(patent: Patent) -> str:
    """The first filing, where it was at another office."""
    first = None if patent.planned is None else patent.planned.priority
    if first is None or first[0] == "US":
        return ""
    return (
        f'<priority-claims><priority-claim sequence="01" kind="national"><country>{first[0]}</country>'
        f"<doc-number>{first[1]}</doc-number><date>{first[2]:%Y%m%d}</date></priority-claim></priority-claims>\n"
    )


def _symbols(patent: Patent) -> list[tuple[str, ...]]:
    """Section, class, subclass, main group and subgroup of each symbol."""
    if patent.planned is not None:
        return [_divided(symbol) for symbol in patent.planned.cpc]
    categories = patent.paper.categories.split()
    found: list[tuple[str, ...]] = [
        symbol for name, symbol in _SYMBOLS.items() if any(c.startswith(name) for c in categories)
    ]
    return found or [("G", "01", "N", "33", "00")]


def _divided(symbol: str) -> tuple[str, ...]:
    group, _, subgroup = symbol.partition("/")
    return group[0], group[1:3], group[3], group[4:], subgroup


def _classes(patent: Patent) -> str:
    parts = [
        f"<classification-cpc><section>{section}</section><class>{number}</class><subclass>{subclass}</subclass>"
        f"<main-group>{group}</main-group><subgroup>{subgroup}</subgroup>"
        "<classification-value>I</classification-value></classification-cpc>"
        for section, number, subclass, group, subgroup in _symbols(patent)
    ]
    further = f"<further-cpc>{''.join(parts[1:])}</further-cpc>" if parts[1:] else ""
    return f"<classifications-cpc><main-cpc>{parts[0]}</main-cpc>{further}</classifications-cpc>\n"


def _parties(patent: Patent) -> str:
    paper, told = patent.paper, patent.planned
    name, country = _APPLICANTS[key_of(paper.id) % len(_APPLICANTS)]
    if told is not None:
        name, country = told.applicant, told.country
    inventors = "".join(
        f'<inventor sequence="{place:03d}" designation="us-only"><addressbook><last-name>{escape(last)}</last-name>'
        f"<first-name>{escape(first)}</first-name><address><country>{country}</country></address></addressbook></inventor>"
        for place, (first, _, last) in enumerate((a.rpartition(" ") for a in split_authors(paper.authors)), start=1)
    )
    return (
        f'<us-parties><us-applicants><us-applicant sequence="001" app-type="applicant" designation="us-only">'
        f"<addressbook><orgname>{escape(name)}</orgname><address><country>{country}</country></address></addressbook>"
        f"</us-applicant></us-applicants><inventors>{inventors}</inventors></us-parties>\n"
    )
