"""Patents of a world: some of its papers told once more as publications of offices. SIMULATED as the world is."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from scrapers.parsers.author_names import split_authors
from scrapers.parsers.tex_accents import to_unicode
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
_ORIGINAL_ONLY = 15


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

    @property
    def name(self) -> str:
        return f"{self.office}.{self.number}.{self.kind}"


@dataclass
class PatentShelf:
    """The publications of a world, made day by day when they are asked for."""

    world: World
    _days: dict[date, list[Patent]] = field(default_factory=dict)

    def published(self, view: View, since: date, until: date) -> list[Patent]:
        """Publications of these days (both included) up to the view's instant, by day and number."""
        last = min(until, view.now.date())
        days = (last - since).days + 1 + _LONGEST_WAIT_DAYS
        found = [
            patent
            for offset in range(max(days, 0))
            for patent in self._announced(since - timedelta(days=_LONGEST_WAIT_DAYS - offset))
            if since <= patent.day <= last
        ]
        return sorted(found, key=lambda patent: (patent.day, patent.name))

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


def patent_of(paper: Paper, day: date) -> Patent:
    """The publication of a paper that was announced on a day; European ones wait for Wednesday."""
    draw = key_of(f"{paper.id}/office")
    office, kind = _publication(draw % 1000)
    if office == "EP":
        day += timedelta(days=(_WEDNESDAY - day.weekday()) % 7)
    title = to_unicode(" ".join(paper.title.split()))
    abstract = to_unicode(" ".join(paper.abstract.split())) if paper.abstract else None
    bare = kind in ("B1", "B2", "B") or draw % _WITHOUT_ABSTRACT == 0
    return Patent(
        office=office,
        number=_number(office, kind, key_of(paper.id), day.year),
        kind=kind,
        day=day,
        family=str(70_000_000 + key_of(paper.id) % 20_000_000),
        title=title,
        abstract=None if bare else abstract,
        language="zh" if any("\u3400" <= sign <= "\u9fff" for sign in title) else "en",
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
            symbols = tuple(_symbol(code) for code in area.codes.cpc.core)
            for category in area.codes.arxiv:
                _AREAS_BY_CATEGORY.setdefault(category, []).append(symbols)
    choices = _AREAS_BY_CATEGORY.get(paper.categories.split()[0], [])
    if not choices:
        return ("G06F17/10",)
    symbols = choices[key_of(f"{paper.id}/area") % len(choices)]
    first = key_of(f"{paper.id}/code") % len(symbols)
    return tuple(dict.fromkeys((symbols[first], symbols[(first + 1) % len(symbols)])))


def _symbol(code: str) -> str:
    """A whole symbol for a prefix of the taxonomy."""
    if "/" not in code:
        return f"{code}1/00"
    group, _, subgroup = code.partition("/")
    return f"{group}/{subgroup.ljust(2, '0')}"
