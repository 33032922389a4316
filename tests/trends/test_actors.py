"""Who moves an area, on works made for it. Everything here is SIMULATED."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count

import numpy as np
import pytest

from horizon.records import Item, ItemKind
from horizon.weeks import IsoWeek
from trends.actors import Actors, Kind, actors, works_of
from trends.conversion import conversion

WEEK = IsoWeek(2026, 40)
NOW = WEEK.monday
Pair = tuple[str, Item]
_numbers = count(1)


def item(
    day: date = NOW,
    organisations: Sequence[str] = (),
    countries: Sequence[str] = (),
    source: str = "europepmc",
    kind: ItemKind = "article",
    family: str | None = None,
    work: str | None = None,
) -> Pair:
    """A work id with its item."""
    name = f"{source}:{next(_numbers):06d}"
    found = Item(
        id=name,
        source=source,
        kind=kind,
        title=f"SIMULATED {name}",
        published=day,
        organisations=tuple(organisations),
        countries=tuple(countries),
        family=family,
        url="https://example.org/",
    )
    return work or name, found


def patent(day: date, organisations: Sequence[str], family: str, source: str = "epo_ops") -> Pair:
    return item(day, organisations, ["CN"], source, "patent_application", family)


def told(pairs: Sequence[Pair], kind: Kind = "papers") -> Actors:
    return actors(pairs, "fusion", kind, WEEK)


def back(weeks: int) -> date:
    return NOW - timedelta(weeks=weeks)


def test_presence_is_whole_and_shares_are_fractional() -> None:
    pairs = [item(countries=["CN"]) for _ in range(10)] + [item(countries=["CN", "US"]) for _ in range(10)]
    found = told(pairs)
    assert [(each.key, each.works) for each in found.countries] == [("CN", 20), ("US", 10)]
    assert [each.share.mean for each in found.countries] == [0.75, 0.25]
    for each in found.countries:
        assert 0 < each.share.lo80 < each.share.mean < each.share.hi80 < 1
        assert len(each.ids) == 10
    assert found.china is not None
    assert (found.china.works, found.china.of, found.china.share.mean) == (20, 20, 1.0)


def test_missing_actors_are_unknown_and_never_zero() -> None:
    known = [item(organisations=["Shanghai Lab"], countries=["CN"]) for _ in range(15)]
    known += [item(organisations=["Vienna Lab"], countries=["AT"]) for _ in range(15)]
    silent = [item(source="arxiv", kind="preprint") for _ in range(500)]
    found, alone = told([*known, *silent]), told(known)
    assert found.countries == alone.countries
    assert found.shanghai == alone.shanghai
    assert found.shanghai is not None
    assert (found.shanghai.works, found.shanghai.of) == (15, 30)
    coverage = [(each.source, each.works, each.with_organisations, each.with_countries) for each in found.coverage]
    assert coverage == [(None, 530, 30, 30), ("arxiv", 500, 0, 0), ("europepmc", 30, 30, 30)]


def test_with_hardly_any_known_actors_nothing_is_told() -> None:
    found = told([item(countries=["CN"], organisations=["A"]) for _ in range(19)])
    assert found.countries == ()
    assert found.organisations == ()
    assert (found.china, found.shanghai, found.newcomers, found.growing) == (None, None, None, None)
    assert (found.country_concentration, found.organisation_concentration) == (None, None)
    assert told([]).coverage[0].works == 0


def test_shanghai_is_found_in_english_and_in_chinese() -> None:
    names = [
        "Shanghai Jiao Tong University",
        "上海交通大学",
        "复旦大学",
        "Fudan University",
        "中国科学院上海硅酸盐研究所",
    ]
    pairs = [item(organisations=["Some Institute", name]) for name in names]
    pairs += [item(organisations=["Peking University"]) for _ in range(20)]
    found = told(pairs)
    assert found.shanghai is not None
    assert (found.shanghai.works, found.shanghai.of) == (5, 25)
    assert found.china is None, "were only those counted whose name tells their country, China would seem larger"
    by_key = {each.name: each.works for each in found.organisations}
    assert by_key["Fudan University"] == 2


def test_a_work_of_several_items_counts_once_with_all_they_tell() -> None:
    pairs = []
    for number in range(20):
        name = f"arxiv:{number}"
        pairs.append(item(back(60), source="arxiv", kind="preprint", work=name))
        pairs.append(item(organisations=["A"], countries=["CN"], work=name))
        pairs.append(item(organisations=["B"], countries=["DE"]))
    works = works_of(pairs, "papers")
    assert len(works) == 40
    assert told(pairs).coverage[0].works == 20, "the others were first published before the window"
    joined = next(work for work in works if work.id.startswith("arxiv"))
    assert joined.published == back(60)
    assert (tuple(joined.organisations.values()), joined.countries) == (("A",), ("CN",))
    assert joined.sources == ("arxiv", "europepmc")


def test_papers_patents_and_utility_models_are_never_added() -> None:
    pairs = [item(), patent(NOW, ["A"], "1"), item(kind="utility_model"), item(kind="patent_grant", family="1")]
    assert told(pairs).coverage[0].works == 1
    families = told(pairs, "patents").coverage[0]
    assert (families.works, families.with_organisations) == (1, 1)


def test_concentration_is_the_chance_that_two_works_agree() -> None:
    one = told([item(countries=["CN"]) for _ in range(30)]).country_concentration
    assert one is not None
    assert one.mean == pytest.approx(1.0)
    random = np.random.default_rng(2)
    shares = np.array([0.5, 0.3, 0.2])
    codes = ("CN", "US", "DE")
    found = []
    for _ in range(60):
        drawn = told([item(countries=[codes[each]]) for each in random.choice(3, 40, p=shares)]).country_concentration
        assert drawn is not None
        found.append(drawn)
    truth = float((shares**2).sum())
    assert np.mean([each.mean for each in found]) == pytest.approx(truth, abs=0.02), "no bias from small numbers"
    assert np.mean([each.lo80 <= truth <= each.hi80 for each in found]) == pytest.approx(0.8, abs=0.15)


def _history(weeks: int) -> list[Pair]:
    return [item(back(week), ["Old Institute"], ["US"]) for week in range(weeks)]


def test_newcomers_are_those_first_seen_in_the_window() -> None:
    new = [item(organisations=["New Robotics Co., Ltd.", "Old Institute"]) for _ in range(3)]
    early = [item(back(53), ["Early Lab"]), item(back(2), ["EARLY LAB Inc."])]
    found = told([*_history(260), *new, *early]).newcomers
    assert found is not None
    assert [(each.name, each.works) for each in found.organisations] == [("New Robotics Co., Ltd.", 3)]
    assert found.count == 1
    assert found.share.mean == pytest.approx(1 / 3)
    assert found.history_weeks == 208


def test_nobody_is_new_before_three_years_of_history() -> None:
    new = [item(organisations=["New Robotics"]) for _ in range(3)]
    assert told([*_history(52 + 155), *new]).newcomers is None
    assert told([*_history(52 + 157), *new]).newcomers is not None


def test_who_grew_is_told_and_who_only_flickers_is_not() -> None:
    pairs = []
    for week in range(104):
        recent = week < 52
        pairs += [item(back(week), countries=["US"]) for _ in range(4)]
        pairs += [item(back(week), countries=["CN"]) for _ in range(4 if recent else 1)]
    found = told(pairs).growing
    assert found is not None
    assert [each.key for each in found] == ["CN"]
    assert (found[0].works, found[0].works_before) == (208, 52)
    truth = (0.5 / 0.2 - 1) * 100
    assert found[0].change_pct.lo80 <= truth <= found[0].change_pct.hi80 * 1.1
    flat = []
    random = np.random.default_rng(3)
    for week in range(104):
        flat += [item(back(week), organisations=[f"Lab {random.integers(30)}"]) for _ in range(5)]
    flickering = told(flat).growing
    assert flickering is not None
    assert len(flickering) <= 1


def test_no_sure_grower_carries_an_unsure_one_into_the_list() -> None:
    pairs = []
    for week in range(104):
        recent = week < 52
        pairs += [item(back(week), organisations=[f"Crowd {number}"]) for number in range(12 if recent else 10)]
        pairs += [item(back(week), organisations=[f"Riser {number}"]) for number in range(6) if recent or week % 6 == 0]
        pairs += [item(back(week), organisations=["Unsure Lab"]) for _ in range(1) if week % 9 == 0 or week == 5]
    found = told(pairs).growing
    assert found is not None
    assert {each.key for each in found} >= {f"riser {number}" for number in range(6)}
    for each in found:
        assert each.probability > 0.9
        assert each.change_pct.lo80 > 0, each.key


def test_hostile_names_stay_data() -> None:
    names = ['=HYPERLINK("http://evil.example")', "\u202eelive", "\x1b[2J", "x" * 5000, "'; DROP TABLE item;--", "\x00"]
    found = told([item(organisations=names, countries=["CN"]) for _ in range(20)])
    assert len(found.organisations) == 5, "the last is no name at all"
    assert all(len(each.name) <= 120 and each.name.isprintable() for each in found.organisations)
    empty = told([item(organisations=["\x00", "..."]) for _ in range(30)])
    assert empty.coverage[0].with_organisations == 0


def test_conversion_counts_families_after_the_first_paper() -> None:
    pairs = [item(back(200), [f"Lab {number}"]) for number in range(20)]
    pairs += [patent(back(96), ["LAB 1 INC"], "f1"), patent(back(95), ["Lab 1"], "f1", "uspto_grants")]
    pairs += [patent(back(300), ["Lab 2"], "f2"), patent(back(50), ["Stranger"], "f3")]
    pairs += [item(back(10), ["Too Young"]), patent(back(5), ["Too Young"], "f4")]
    found = conversion(pairs, WEEK)
    assert found is not None
    assert (found.organisations, found.converted, found.families) == (20, 1, 1)
    assert found.names == ("LAB 1 INC",)
    assert found.median_years == pytest.approx(104 * 7 / 365.25)
    assert found.share.lo80 < 0.05 < found.share.hi80
    assert conversion(pairs[:19] + pairs[20:], WEEK) is None
    assert conversion(pairs[:20], WEEK) is None, "no patents of known organisations"


def test_what_is_published_later_changes_nothing_and_order_neither() -> None:
    pairs = [*_history(260), *(item(organisations=["A", "B"], countries=["CN", "JP"]) for _ in range(25))]
    later = item(NOW + timedelta(weeks=3), ["C"], ["FR"])
    assert told([*pairs, later]) == told(pairs) == told(pairs[::-1])
    assert conversion([*pairs, later], WEEK) == conversion(pairs, WEEK)
