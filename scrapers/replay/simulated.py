"""The simulated world: years of weekly arXiv-like items with planted truth. Seeded; the same seed gives the same bytes.

Who, when and what is drawn for all items at once; texts are composed when an item is asked for.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from horizon.errors import UsageError
from horizon.weeks import IsoWeek
from scrapers.replay.arxiv_categories import is_category
from scrapers.replay.planting import ARXIV, SECOND_AREA, Plan, Theme, make_plan
from scrapers.replay.prose import Matter, Writer, templates
from scrapers.replay.world import (
    DAY_S,
    NEVER,
    Events,
    Ints,
    Paper,
    Version,
    World,
    announcement_times,
    draw,
    fractions,
    moderation_days,
)
from taxonomy.load import Taxonomy
from taxonomy.schema import AreaFile

LAST_WEEK = IsoWeek(2026, 47)
WEEKS = 156
ITEMS_PER_WEEK = 1_000
LARGEST_WEEK = 10_000
_NUMBERS_A_WEEK = 12_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Archive, category and subject of papers that were replaced many years after their first version.
_OLD = (
    ("cond-mat", "cond-mat.soft", "polymers"),
    ("hep-th", "hep-th", "string_theory"),
    ("gr-qc", "gr-qc", "gravitational_waves"),
)
# Cumulative share of submissions from Monday to Sunday.
_WEEKDAYS = np.array([0.19, 0.39, 0.58, 0.76, 0.91, 0.955])
# Channels of randomness of an item; its text has a stream of its own.
_KIND, _DAY, _SECOND, _MODERATION, _SPREAD, _VERSIONS, _WITHDRAWN, _CATEGORY, _GAP = range(9)
_LAST_CHANNEL = 16
_REVISED, _REVISED_TWICE, _WITHDRAWN_SHARE = 0.25, 0.05, 0.003


class SimulatedWorld(World):
    """Items of `weeks` weeks up to `last_week`, about `items_per_week` of them by first-version date.

    What other feeds than arXiv's tell of are collections of their own (`literature`, `inventions`), made by the same
    generator.
    """

    theme: Theme = ARXIV
    _salt = 0
    """Keeps the draws of collections apart."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        seed: int = 1,
        items_per_week: int = ITEMS_PER_WEEK,
        last_week: IsoWeek = LAST_WEEK,
        weeks: int = WEEKS,
    ) -> None:
        if not (1 <= items_per_week <= LARGEST_WEEK and weeks >= 1):
            raise UsageError(
                f"expected 1 to {LARGEST_WEEK} items a week and a week or more, found {items_per_week}, {weeks}"
            )
        self.name = "simulated"
        self.notice = "SIMULATED: every item was composed by a generator with planted trends"
        self.seed, self.items_per_week, self.weeks = seed, items_per_week, weeks
        self.first_week, self.last_week = last_week + (1 - weeks), last_week
        self.taxonomy, self.taxonomy_version = taxonomy, taxonomy.version
        self.plan: Plan = make_plan(taxonomy, tuple(templates()[self.theme.subjects]), weeks, self.theme)
        self.outage_week = self.first_week + (weeks - 17 if weeks > 34 else weeks // 2)
        # The scan of a week runs in the days after it: that is when the source must be silent.
        self.outages = ((self.outage_week.end, self.outage_week.end + timedelta(days=7)),)
        self._writer = Writer(taxonomy.areas)
        self._draw_items()
        self._draw_events()

    @cached_property
    def literature(self) -> World:
        """Works of the life sciences: what bioRxiv, medRxiv and Europe PMC show."""
        from scrapers.replay.literature import Literature

        return Literature(self)

    @cached_property
    def inventions(self) -> World:
        """What the patent offices publish."""
        from scrapers.replay.inventions import Inventions

        return Inventions(self)

    def describe(self, events: Sequence[int] | Ints) -> list[Paper]:
        return [self._paper(int(event)) for event in np.asarray(events, dtype=np.int64)]

    @property
    def items(self) -> int:
        """Number of distinct papers."""
        return len(self._kind)

    def item_id(self, item: int) -> str:
        """arXiv id of an item (items are numbered by week)."""
        return bytes(self._ids[item]).decode()

    def week_of(self, item: int) -> IsoWeek:
        """Week of the first version; for a paper from the archives, the week of its replacement."""
        return self.first_week + int(self._week[item])

    def first_day(self, item: int) -> date:
        """Day on which the item was first announced."""
        return date.fromordinal(_EPOCH_ORDINAL + int(self._announced[item]) // DAY_S)

    def submitted_day(self, item: int) -> date:
        """Day of the first version."""
        return date.fromordinal(_EPOCH_ORDINAL + int(self._submitted[item]) // DAY_S)

    def is_withdrawn(self, item: int) -> bool:
        """Whether the item's last version is a withdrawal."""
        return bool(self._withdrawn[item])

    def matter(self, item: int) -> Matter:
        """What the item is about."""
        return self._matter(random.Random(int(self._keys[item])), item)  # noqa: S311  # not for secrets

    def _draw_items(self) -> None:
        totals = _weekly_totals(self.first_week, self.weeks, self.items_per_week, self.seed)
        self._week: Ints = np.repeat(np.arange(self.weeks, dtype=np.int64), totals)
        starts = np.cumsum(totals) - totals
        place = np.arange(len(self._week), dtype=np.int64) - starts[self._week]
        self._keys = draw(
            (self._week * LARGEST_WEEK * 4 + place).astype(np.uint64), _LAST_CHANNEL + self.seed + self._salt
        )
        # The gap that rounding may leave at the end of a row must not fall outside the kinds.
        cumulated = np.minimum(np.cumsum(self.plan.shares, axis=1), 1.0)[:, :-1]
        chances = fractions(draw(self._keys, _KIND))
        parts = [
            np.searchsorted(cumulated[w], chances[starts[w] : starts[w] + totals[w]], "right")
            for w in range(self.weeks)
        ]
        self._kind: Ints = np.concatenate(parts).astype(np.int64)
        weekday = np.searchsorted(_WEEKDAYS, fractions(draw(self._keys, _DAY)), side="right").astype(np.int64)
        monday = self.first_week.monday.toordinal() - _EPOCH_ORDINAL
        seconds = (draw(self._keys, _SECOND) % np.uint64(DAY_S)).astype(np.int64)
        self._submitted: Ints = (monday + 7 * self._week + weekday) * DAY_S + seconds
        self._spread: Ints = (draw(self._keys, _SPREAD) >> np.uint64(1)).astype(np.int64)
        days = moderation_days(draw(self._keys, _MODERATION))
        self._announced: Ints = announcement_times(self._submitted, days, self._spread)
        self._old: npt.NDArray[np.bool_] = self._kind == self.plan.old_paper
        self._old_number: Ints = np.cumsum(self._old).astype(np.int64)
        self._ids = np.array([self._make_id(i, int(n)).encode() for i, n in enumerate(place)], dtype=np.bytes_)

    def _make_id(self, item: int, place: int) -> str:
        """YYMM.NNNNN by the month of announcement; each week has its own block of numbers within the month."""
        day = date.fromordinal(_EPOCH_ORDINAL + int(self._announced[item]) // DAY_S)
        if self._old[item]:
            return _old_id(int(self._old_number[item]))
        monday = self.first_week.monday.toordinal() + 7 * int(self._week[item])
        block = monday // 7 - day.replace(day=1).toordinal() // 7 + 2
        return f"{day:%y%m}.{block * _NUMBERS_A_WEEK + place + 1:05d}"

    def _draw_events(self) -> None:
        chance = fractions(draw(self._keys, _VERSIONS))
        self._withdrawn: npt.NDArray[np.bool_] = fractions(draw(self._keys, _WITHDRAWN)) < _WITHDRAWN_SHARE
        self._withdrawn &= ~self._old
        extra = (chance < _REVISED).astype(np.int64) + (chance < _REVISED_TWICE)
        extra = np.where(self._withdrawn, np.maximum(extra, 1), extra)
        extra[self._old] = 0
        gap = (draw(self._keys, _GAP) % np.uint64(190)).astype(np.int64) + 10
        self._gap_s: Ints = gap * DAY_S
        items, versions = np.arange(self.items), np.ones(self.items, dtype=np.int64)
        later = [np.flatnonzero(extra >= k) for k in (1, 2)]
        event_item = np.concatenate([items, *later]).astype(np.int64)
        event_version = np.concatenate([versions, *(np.full(len(x), k + 2) for k, x in enumerate(later))]).astype(
            np.int64
        )
        modified = self._announced_version(event_item, event_version)
        following = self._announced_version(event_item, event_version + 1)
        superseded = np.where(event_version <= extra[event_item], following, NEVER)
        order = np.lexsort((self._ids[event_item], modified))
        self._event_item, self._event_version = event_item[order], event_version[order]
        self._last_version: Ints = extra + 1
        index, strings = self._draw_categories()
        ids = self._ids[self._event_item]
        self.events = Events(modified[order], superseded[order], ids, index[self._event_item], strings)

    def _announced_version(self, items: Ints, versions: Ints) -> Ints:
        """Later versions are not moderated; the gap to the first makes them later in any case."""
        later = announcement_times(self._submitted_version(items, versions), np.zeros_like(items), self._spread[items])
        return np.where(versions == 1, self._announced[items], later)

    def _submitted_version(self, items: Ints, versions: Ints) -> Ints:
        return np.asarray(self._submitted[items] + (versions - 1) * self._gap_s[items], dtype=np.int64)

    def _draw_categories(self) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
        strings: dict[str, int] = {}
        draws = draw(self._keys, _CATEGORY)
        index = np.zeros(self.items, dtype=np.int32)
        for kind in range(self.plan.shares.shape[1]):
            palette = [strings.setdefault(text, len(strings)) for text in self._palette(kind)]
            chosen = np.flatnonzero(self._kind == kind)
            if kind == self.plan.old_paper:
                draws[chosen] = self._old_number[chosen].astype(np.uint64)
            index[chosen] = np.array(palette, dtype=np.int32)[
                (draws[chosen] % np.uint64(len(palette))).astype(np.int64)
            ]
        return index, tuple(strings)

    def _palette(self, kind: int) -> list[str]:
        """Category strings of a kind, the usual ones more often."""
        plan = self.plan
        if kind < plan.new_term:
            return _area_palette(plan.areas[kind % len(plan.areas)])
        if kind == plan.new_term:
            return list(templates()["new_term"]["categories"])
        if kind == plan.old_paper:
            return [category for _, category, _ in _OLD]
        primary, *cross = templates()[self.theme.subjects][plan.subjects[kind - plan.first_subject]]["categories"]
        return [primary, primary, *(f"{primary} {other}" for other in cross), *cross[:1]]

    def _matter(self, rng: random.Random, item: int) -> Matter:
        plan, kind = self.plan, int(self._kind[item])
        if kind < plan.near_miss:
            return self._area_matter(rng, item, plan.areas[kind])
        language = "zh" if rng.random() < self.theme.chinese else "en"
        subject = plan.subjects[int(rng.random() * len(plan.subjects))]
        if kind < plan.new_term:
            return Matter(near_miss=plan.areas[kind - plan.near_miss].id, subject=subject)
        if kind == plan.new_term:
            return Matter(new_term=True, language=language)
        if kind == plan.old_paper:
            return Matter(subject=_OLD[int(self._old_number[item]) % 3][2])
        if kind >= plan.first_subject:
            subject = plan.subjects[kind - plan.first_subject]
        return Matter(subject=subject, language=language)

    def _area_matter(self, rng: random.Random, item: int, area: AreaFile) -> Matter:
        week = int(self._week[item])
        chinese = rng.random() < self.theme.chinese and self._writer.has_chinese(area.id)
        areas, routes = [area.id], []
        for place, group in enumerate(area.route_groups):
            # Every item has a route of the first group, half of them one of each further group.
            if place == 0 or rng.random() < 0.5:
                weights = self.plan.route_weights(area, group, week)
                routes.append((area.id, rng.choices(group.routes, weights)[0].id))
        if rng.random() < SECOND_AREA:
            shares = [float(share) for share in self.plan.shares[week, : len(self.plan.areas)]]
            second = rng.choices(self.plan.areas, shares)[0].id
            areas += [second] if second != area.id and (not chinese or self._writer.has_chinese(second)) else []
        weak = rng.random() < 0.2
        return Matter(tuple(areas), tuple(routes), language="zh" if chinese else "en", weak=weak)

    def _paper(self, event: int) -> Paper:
        item, number = int(self._event_item[event]), int(self._event_version[event])
        rng = random.Random(int(self._keys[item]))  # noqa: S311  # not for secrets
        matter = self._matter(rng, item)
        title, abstract = self._writer.compose(rng, matter, number)
        withdrawn = bool(self._withdrawn[item]) and number == self._last_version[item]
        comments = (
            f"{4 + int(rng.random() * 30)} pages, {1 + int(rng.random() * 9)} figures" if rng.random() < 0.6 else None
        )
        if withdrawn:
            abstract = self._writer.withdrawn(matter.language)
            comments = "This paper has been withdrawn by the authors due to an error in Section 3"
        authors = self._writer.authors(rng)
        has_msc = rng.random() < 0.03
        return Paper(
            id=self.item_id(item),
            title=title,
            abstract=abstract,
            authors=authors,
            categories=self.events.category_strings[self.events.category_index[event]],
            versions=self._versions(rng, item, number, withdrawn),
            announced=(_EPOCH + timedelta(seconds=int(self.events.modified[event]))).date(),
            submitter=authors.split(",")[0].split(" (")[0].split(" and ")[0],
            comments=comments,
            licence=templates()["licences"][int(rng.random() * 4)],
            doi=f"10.5555/simulated.{self.item_id(item)}" if rng.random() < 0.1 else None,
            journal_ref="J. Simul. Res. 12 (2025) 345" if rng.random() < 0.05 else None,
            report_no="SIMULATED-TR-7" if rng.random() < 0.01 else None,
            msc_class="68T05" if has_msc else None,
            acm_class="I.2.6" if has_msc else None,
            withdrawn=withdrawn,
        )

    def _versions(self, rng: random.Random, item: int, number: int, withdrawn: bool) -> tuple[Version, ...]:
        base = self._submitted[item]
        times = [int(base + k * self._gap_s[item]) for k in range(number)]
        size = 20 + int(rng.random() * 4000)
        kind = "D" if rng.random() < 0.15 else None
        made = [Version(k + 1, _EPOCH + timedelta(seconds=t), size + 7 * k, kind) for k, t in enumerate(times)]
        if self._old[item]:
            first = datetime.combine(_old_day(self.item_id(item)), time(10, 20, 30), UTC)
            made = [Version(1, first, size), Version(2, made[0].submitted, size + 3)]
        if withdrawn:
            made[-1] = made[-1]._replace(size_kb=1, source_type="I")
        return tuple(made)


def _old_id(number: int) -> str:
    """A distinct archive/YYMMNNN for each number, spread over the 13 years from 1992 (7 and 156 have no divisor)."""
    years, month = divmod(number * 7 % 156, 12)
    archive = _OLD[number % 3][0]
    return f"{archive}/{(92 + years) % 100:02d}{month + 1:02d}{number // 156 + 1:03d}"


def _old_day(paper_id: str) -> date:
    number = paper_id.split("/")[1]
    year = int(number[:2])
    return date(year + (1900 if year > 50 else 2000), int(number[2:4]), 12)


def _weekly_totals(first: IsoWeek, weeks: int, base: int, seed: int) -> Ints:
    """Items a week: five per cent more every year, fewer at the turn of the year and in August, and some noise."""
    noise = fractions(draw(np.arange(weeks, dtype=np.uint64), seed))
    season = np.array([_season((first + w).number) for w in range(weeks)])
    totals = base * 1.05 ** ((np.arange(weeks) - weeks + 1) / 52) * season * (0.97 + 0.06 * noise) * 1.05
    return np.asarray(np.maximum(1, np.rint(totals)), dtype=np.int64)


def _season(week_number: int) -> float:
    if week_number in (52, 53, 1):
        return 0.65
    return 0.93 if 31 <= week_number <= 34 else 1.0


def _area_palette(area: AreaFile) -> list[str]:
    weights = area.codes.arxiv
    known = [name for name in sorted(weights, key=lambda n: (-weights[n], n)) if is_category(name)] or [
        "physics.gen-ph"
    ]
    first, second = known[0], known[min(1, len(known) - 1)]
    palette = [first, first, first, second, f"{first} {known[-1]}", *known[:5]]
    palette += [f"{first} {other}" for other in known[1:4]] + [f"{second} {first}", f"{known[-1]} {first} {second}"]
    return [" ".join(dict.fromkeys(text.split())) for text in palette]
