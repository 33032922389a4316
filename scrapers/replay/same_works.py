"""Which ids of a simulated world are one work: across servers, from preprint to article, within a family of patents."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from scrapers.replay.inventions import Inventions
from scrapers.replay.life_science import SERVERS, article_doi, day_of, preprint_doi, record_id
from scrapers.replay.literature import Literature
from scrapers.replay.patents import named
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.uspto_documents import bulk_number
from scrapers.replay.world import NEVER

_Work = dict[str, Any]


def same_works(world: SimulatedWorld, end: date) -> Iterator[_Work]:
    """The works of the life sciences, by number, with the ids that are public by the day `end`."""
    literature = world.literature
    if not isinstance(literature, Literature):
        return
    fates = literature.fates
    for number in range(literature.items):
        found = _Ids(end)
        article, server = int(fates.article_s[number]), int(fates.server[number])
        published = None if article == NEVER else f"epmc:MED{record_id('MED', number)}"
        if server:
            day = literature.first_day(number)
            posted = f"{SERVERS[server - 1]}:{preprint_doi(number, day)}"
            shown = f"epmc:{record_id('PPR', number)}"
            found.add(posted, day)
            found.add(shown, day)
            found.join(posted, shown, "doi")
            if published:
                found.join(posted, published, "article" if fates.linked[number] else "title")
            if number in literature.twins:
                twin = literature.twins[number]
                found.add(f"arxiv:{world.item_id(twin)}", world.submitted_day(twin))
                found.join(posted, f"arxiv:{world.item_id(twin)}", "title")
        if published:
            found.add(published, day_of(article))
        yield found.told("literature") | ({"article_doi": article_doi(number)} if published in found.days else {})


def families(world: SimulatedWorld, end: date) -> Iterator[_Work]:
    """The families of patents, by invention, with the publications that are out by the day `end`."""
    inventions = world.inventions
    if not isinstance(inventions, Inventions):
        return
    members: list[list[int]] = [[] for _ in range(inventions.items)]
    for place, invention in enumerate(inventions.publications.invention):
        members[invention].append(place)
    for places in members:
        found = _Ids(end)
        first: str | None = None
        for office, number, kind, day in (named(inventions, place) for place in places):
            name = f"epo:{office}.{number}.{kind}"
            found.add(name, day)
            if office == "US":
                bulk = f"uspto:US.{bulk_number(number, kind)}.{kind}"
                found.add(bulk, day)
                found.join(name, bulk, "publication")
            if first is not None:
                found.join(first, name, "family")
            first = first or name
        yield found.told("family")


class _Ids:
    """The ids of one work that are public by a day."""

    def __init__(self, end: date) -> None:
        # A record indexed on the day after counts with the day on which the work came out.
        self._end = end + timedelta(days=1)
        self.days: dict[str, str] = {}
        self._joins: list[tuple[str, str, str]] = []

    def add(self, name: str, day: date) -> None:
        if day < self._end:
            self.days[name] = day.isoformat()

    def join(self, one: str, other: str, how: str) -> None:
        self._joins.append((one, other, how))

    def told(self, kind: str) -> _Work:
        joins = [list(join) for join in self._joins if join[0] in self.days and join[1] in self.days]
        return {"kind": kind, "ids": self.days, "joins": joins}
