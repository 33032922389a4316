"""Patents of a world: its planned inventions, else some of its papers told once more as publications of offices.

SIMULATED as the world is.
"""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from scrapers.parsers.author_names import split_authors
from scrapers.parsers.tex_accents import to_unicode
from scrapers.replay.inventions import PATTERNS, Inventions, as_date, filed, symbol_of
from scrapers.replay.world import DAY_S, Ints, Paper, View, World, key_of
from taxonomy.load import load_taxonomy

_EPOCH = date(1970, 1, 1).toordinal()
_WEDNESDAY = 2
_ONE_IN = 3
_LONGEST_WAIT_DAYS = 6
# Office, kind and its share of a thousand: Chinese utility models are many, as in the world outside.
_PUBLICATIONS = (
    ("CN", "A", 230), ("CN", "B", 110), ("CN", "U", 110), ("US", "A1", 130), ("US", "B2", 90), ("EP", "A1", 90),
    ("EP", "B1", 50), ("WO", "A1", 90), ("JP", "A", 60), ("KR", "A", 40),
)  # fmt: skip
_COUNTRIES = {"WO": "DE", "EP": "FR"}
_WITHOUT_ABSTRACT = 12
_WORD = re.compile(r"\w+")
_MOST_KEPT = 60_000
_FIRST_FAMILY = 70_000_000
# Numbers of an office begin so; the invention's own is added.
_CN_BASE, _US_GRANT_BASE, _EP_BASE, US_FILING_BASE = 10_000_000, 11_000_000, 4_000_000, 16_000_000
_HOMES = {"CN": ("CN",), "US": ("US", "US", "US", "JP", "KR", "DE", "NL"), "WO": ("DE", "FR", "GB", "CN")}
_ENDINGS = {
    "CN": "Co., Ltd.",
    "US": "Inc.",
    "JP": "K.K.",
    "KR": "Co., Ltd.",
    "DE": "GmbH",
    "NL": "B.V.",
    "FR": "S.A.S.",
}
_TRADES = ("Instruments", "Devices", "Therapeutics", "Materials", "Systems", "Works", "Photonics", "Robotics")


def words_of(text: str) -> str:
    """Text as it is compared: words in lower case, whatever stood between them a blank."""
    return f" {' '.join(_WORD.findall(text.lower()))} "


@dataclass(frozen=True, slots=True)
class Patent:
    """One publication. `number` has no leading zeros that its office would not print."""

    office: str
    number: str
    kind: str
    day: date
    family: str
    title: str
    abstract: str | None
    language: str
    """Of title and abstract: `en`, or `zh` for Chinese documents that nobody has translated yet."""
    applicant: str
    country: str
    inventors: tuple[str, ...]
    cpc: tuple[str, ...]
    application: str = ""
    """Number of the application at the office, where it is known."""
    priority: tuple[str, str, date] | None = None
    """Office, number and day of the family's first filing."""
    paper: Paper | None = field(default=None, repr=False, compare=False)
    """Whose text it is, where it was planned."""
    title_words: str = field(default="", init=False, repr=False, compare=False)
    """As a search sees the title: words in lower case between single blanks."""
    all_words: str = field(default="", init=False, repr=False, compare=False)
    """The same of title and abstract."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "title_words", words_of(self.title))
        abstract = words_of(self.abstract) if self.abstract else " "
        # No phrase runs from the title into the abstract.
        object.__setattr__(self, "all_words", f"{self.title_words}|{abstract}")

    @property
    def name(self) -> str:
        return f"{self.office}.{self.number}.{self.kind}"


@dataclass
class PatentShelf:
    """The publications of a world, made when they are asked for."""

    world: World
    _days: dict[date, list[Patent]] = field(default_factory=dict)
    _made: dict[int, Patent] = field(default_factory=dict)

    def published(self, view: View, since: date, until: date) -> list[Patent]:
        """Publications of these days (both included) up to the view's instant, by day and number."""
        last = min(until, view.now.date())
        inventions = self.world.inventions
        if isinstance(inventions, Inventions):
            found = [self.planned(inventions, place) for place in inventions.between(since, last)]
        else:
            found = self._derived(since, last)
        return sorted(found, key=lambda patent: (patent.day, patent.name))

    def find(self, view: View, office: str, number: str, kind: str, since: date) -> Patent | None:
        """One publication, if it came out since that day."""
        inventions = self.world.inventions
        if isinstance(inventions, Inventions):
            places = inventions.places_of(_invention_of(office, number, kind))
            found = [self.planned(inventions, place) for place in places]
        else:
            found = self.published(view, since, view.now.date())
        named = f"{office}.{number}.{kind}"
        return next((each for each in found if each.name == named and since <= each.day <= view.now.date()), None)

    def planned(self, inventions: Inventions, place: int) -> Patent:
        """The publication at a place of `Inventions.publications`, whether it is out or not."""
        if place not in self._made:
            if len(self._made) > _MOST_KEPT:
                self._made.clear()
            told = inventions.publications
            invention, pattern = int(told.invention[place]), int(told.pattern[place])
            member = PATTERNS[pattern][1][int(told.member[place])]
            first = PATTERNS[pattern][1][0].office
            paper = inventions.text_of(invention)
            self._made[place] = _member(paper, invention, (member.office, member.kind), first, as_date(told.day[place]))
        return self._made[place]

    def _derived(self, since: date, last: date) -> list[Patent]:
        days = (last - since).days + 1 + _LONGEST_WAIT_DAYS
        return [
            patent
            for offset in range(max(days, 0))
            for patent in self._announced(since - timedelta(days=_LONGEST_WAIT_DAYS - offset))
            if since <= patent.day <= last
        ]

    @cached_property
    def _firsts(self) -> tuple[Ints, Ints]:
        """First events of all papers and their days since 1970, by day."""
        events, order = self.world.events, self.world.by_id
        new = np.ones(len(order), dtype=bool)
        new[1:] = events.ids[order][1:] != events.ids[order][:-1]
        firsts = np.sort(order[new])
        return firsts, np.asarray(events.modified[firsts] // DAY_S, dtype=np.int64)

    def _announced(self, day: date) -> list[Patent]:
        if day not in self._days:
            firsts, days = self._firsts
            low, high = np.searchsorted(days, [day.toordinal() - _EPOCH, day.toordinal() - _EPOCH + 1])
            papers = self.world.describe(firsts[low:high])
            self._days[day] = [patent_of(paper, day) for paper in papers if key_of(paper.id) % _ONE_IN == 0]
        return self._days[day]


def named(inventions: Inventions, place: int) -> tuple[str, str, str, date]:
    """Office, number, kind and day of the publication at a place of `Inventions.publications`, without its text."""
    told = inventions.publications
    invention = int(told.invention[place])
    member, day = PATTERNS[int(told.pattern[place])][1][int(told.member[place])], as_date(told.day[place])
    return member.office, _planned_number(member.office, member.kind, invention, day.year), member.kind, day


def _member(paper: Paper, invention: int, publication: tuple[str, str], first: str, day: date) -> Patent:
    """One publication of an invention whose first one was at the office `first`."""
    office, kind = publication
    title, abstract, language = _texts(paper)
    homes = _HOMES.get(first, (first,))
    country = homes[invention // 7 % len(homes)]
    filing = filed(paper.announced, invention)
    bare = kind.startswith("B") or invention % _WITHOUT_ABSTRACT == 0
    return Patent(
        office=office,
        number=_planned_number(office, kind, invention, day.year),
        kind=kind,
        day=day,
        family=str(_FIRST_FAMILY + invention),
        title=title,
        abstract=None if bare else abstract,
        language=language,
        applicant=_applicant(invention, country),
        country=country,
        inventors=split_authors(paper.authors)[:6],
        cpc=tuple(paper.categories.split()),
        application=str(US_FILING_BASE + invention) if office == "US" else "",
        priority=_priority(first, invention, filing),
        paper=paper,
    )


def _priority(first: str, invention: int, filing: date) -> tuple[str, str, date]:
    """As DOCDB writes it: year of filing and the application's digits."""
    digits = f"{US_FILING_BASE + invention}" if first == "US" else f"1{invention:07d}"
    return first, f"{filing.year}{digits}", filing


def _applicant(invention: int, country: str) -> str:
    """Some file often, most seldom."""
    number = invention * 7919 % 997
    number = number % 12 if number % 3 else number % 90
    return f"SIMULATED {_TRADES[number % len(_TRADES)]} {number + 1} {_ENDINGS.get(country, 'Ltd')}"


def _planned_number(office: str, kind: str, invention: int, year: int) -> str:
    """In the length of the office, as DOCDB writes it; applications and grants of CN and EP share theirs."""
    if office == "CN":
        return f"{2 if kind == 'U' else 1}{_CN_BASE + invention:08d}"
    if office == "EP":
        return str(_EP_BASE + invention)
    return str(_US_GRANT_BASE + invention) if (office, kind) == ("US", "B2") else f"{year}{invention:06d}"


def _invention_of(office: str, number: str, kind: str) -> int:
    """The inverse of `_planned_number`; -1 for what it never makes."""
    if not number.isascii() or not number.isdecimal() or len(number) > 12:
        return -1
    if office == "CN":
        return int(number[1:] or 0) - _CN_BASE
    if office == "EP":
        return int(number) - _EP_BASE
    return int(number) - _US_GRANT_BASE if (office, kind) == ("US", "B2") else int(number[4:] or 0)


def _texts(paper: Paper) -> tuple[str, str | None, str]:
    """Title, abstract and their language."""
    title = to_unicode(" ".join(paper.title.split()))
    abstract = to_unicode(" ".join(paper.abstract.split())) if paper.abstract else None
    return title, abstract, "zh" if any("\u3400" <= sign <= "\u9fff" for sign in title) else "en"


def patent_of(paper: Paper, day: date) -> Patent:
    """The publication of a paper that was announced on a day; European ones wait for Wednesday."""
    draw = key_of(f"{paper.id}/office")
    office, kind = _publication(draw % 1000)
    if office == "EP":
        day += timedelta(days=(_WEDNESDAY - day.weekday()) % 7)
    title, abstract, language = _texts(paper)
    bare = kind in ("B1", "B2", "B") or draw % _WITHOUT_ABSTRACT == 0
    return Patent(
        office=office,
        number=_number(office, kind, key_of(paper.id), day.year),
        kind=kind,
        day=day,
        family=str(70_000_000 + key_of(paper.id) % 20_000_000),
        title=title,
        abstract=None if bare else abstract,
        language=language,
        applicant=f"SIMULATED Works {key_of(paper.id) % 40} Ltd",
        country=_COUNTRIES.get(office, office),
        inventors=split_authors(paper.authors)[:6],
        cpc=_codes(paper),
    )


def _publication(thousandth: int) -> tuple[str, str]:
    for office, kind, share in _PUBLICATIONS:
        thousandth -= share
        if thousandth < 0:
            return office, kind
    return "US", "A1"


def _number(office: str, kind: str, key: int, year: int) -> str:
    """In the length and with the beginning that the office uses."""
    if office == "CN":
        return f"{2 if kind == 'U' else 1}{key % 100_000_000:08d}"
    if office == "EP":
        return f"{1_000_000 + key % 3_900_000}"
    if office in ("US", "WO") and kind.startswith("A"):
        return f"{year}{key % 1_000_000:06d}"
    return f"{10_000_000 + key % 80_000_000}" if office == "US" else f"{year}{key % 1_000_000:06d}"


_AREAS_BY_CATEGORY: dict[str, list[tuple[str, ...]]] = {}


def _codes(paper: Paper) -> tuple[str, ...]:
    """Two codes of the area whose category the paper has; a code outside all areas otherwise."""
    if not _AREAS_BY_CATEGORY:
        for area in load_taxonomy().areas:
            symbols = tuple(symbol_of(code) for code in area.codes.cpc.core)
            for category in area.codes.arxiv:
                _AREAS_BY_CATEGORY.setdefault(category, []).append(symbols)
    choices = _AREAS_BY_CATEGORY.get(paper.categories.split()[0], [])
    if not choices:
        return ("G06F17/10",)
    symbols = choices[key_of(f"{paper.id}/area") % len(choices)]
    first = key_of(f"{paper.id}/code") % len(symbols)
    return tuple(dict.fromkeys((symbols[first], symbols[(first + 1) % len(symbols)])))
