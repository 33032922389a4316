"""The simulated world: deterministic, marked, and with its planted truth really in the data."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from horizon.errors import UsageError
from horizon.weeks import IsoWeek
from scrapers.replay.prose import MARK, templates
from scrapers.replay.simulated import SimulatedWorld
from scrapers.replay.truth import labels, truth, write_labels, write_truth
from scrapers.replay.world import Paper
from taxonomy.load import Taxonomy


@pytest.fixture(scope="module")
def known(simulated: SimulatedWorld) -> list[dict[str, Any]]:
    return list(labels(simulated))


@pytest.fixture(scope="module")
def planted(simulated: SimulatedWorld) -> dict[str, Any]:
    return truth(simulated)


@pytest.fixture(scope="module")
def newest(simulated: SimulatedWorld) -> list[Paper]:
    return list(simulated.records(until=date(2027, 12, 31)))


def digest(papers: Sequence[Paper]) -> str:
    return hashlib.sha256(repr(papers).encode()).hexdigest()


def shares(known: Sequence[dict[str, Any]], area: str, world: SimulatedWorld) -> list[float]:
    """Share of an area in each 52 weeks."""
    hits, totals = np.zeros(world.weeks), np.zeros(world.weeks)
    for label in known:
        week = IsoWeek.parse(label["week"]) - world.first_week
        totals[week] += 1
        hits[week] += area in label["areas"]
    return [float(hits[y : y + 52].sum() / totals[y : y + 52].sum()) for y in (0, 52, 104)]


def test_the_same_seed_gives_the_same_papers_and_another_seed_others(taxonomy: Taxonomy) -> None:
    def made(seed: int) -> str:
        world = SimulatedWorld(taxonomy, seed=seed, items_per_week=40, weeks=10)
        return digest(world.describe(range(len(world.events.ids))))

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_order_of_asking_does_not_matter(simulated: SimulatedWorld) -> None:
    alone = simulated.describe([777])[0]
    simulated.describe(range(500))
    assert simulated.describe([777])[0] == alone


def test_three_years_of_weeks_of_about_the_size_asked_for(simulated: SimulatedWorld) -> None:
    sizes = Counter(str(simulated.week_of(item)) for item in range(simulated.items))
    assert len(sizes) == 156
    assert max(sizes) == "2026-W47"
    ordinary = [n for week, n in sizes.items() if week[-2:] not in ("52", "53", "01")]
    assert min(ordinary) > 240
    assert max(ordinary) < 360


def test_every_abstract_says_simulated(newest: list[Paper]) -> None:
    assert all(paper.abstract and paper.abstract.endswith(MARK) for paper in newest)
    assert all(paper.title and "{" not in paper.title for paper in newest)


def test_ids_are_distinct_and_of_the_month_of_announcement(simulated: SimulatedWorld) -> None:
    ids = [simulated.item_id(item) for item in range(simulated.items)]
    assert len(set(ids)) == len(ids)
    for paper in simulated.describe(range(2000)):
        if "/" not in paper.id and len(paper.versions) == 1:
            assert paper.id.startswith(f"{paper.announced:%y%m}.")


def test_announcements_are_on_weekdays_and_after_submission(simulated: SimulatedWorld) -> None:
    for paper in simulated.describe(range(3000)):
        assert paper.announced.weekday() < 5
        delay = (paper.announced - paper.versions[-1].submitted.date()).days
        assert 0 < delay <= 7


def test_titles_are_varied(newest: list[Paper]) -> None:
    assert len({paper.title for paper in newest}) > 0.85 * len(newest)
    assert sum(len(v) for k, v in templates().items() if isinstance(v, list) and k.endswith(("_en", "_zh"))) > 100


def test_some_items_are_chinese(known: list[dict[str, Any]], newest: list[Paper]) -> None:
    assert 0.02 < sum(label["language"] == "zh" for label in known) / len(known) < 0.06
    assert any("研究" in paper.title for paper in newest)


def test_the_surge_doubles_in_the_last_year(
    simulated: SimulatedWorld, known: list[dict[str, Any]], planted: dict[str, Any]
) -> None:
    (area,) = [a for a, plan in planted["areas"].items() if plan["role"] == "surge"]
    plan = planted["areas"][area]
    assert plan["growth_pct"] == 100.0
    assert plan["share_last_week"] == pytest.approx(2 * plan["share_first_week"], rel=0.02)
    first, second, third = shares(known, area, simulated)
    assert second / first == pytest.approx(1.0, abs=0.15)
    # The mean of a year in which the share doubles is 1 / ln 2 times its start.
    assert third / second == pytest.approx(1.44, abs=0.2)


def test_the_decline_and_the_constant_are_there(
    simulated: SimulatedWorld, known: list[dict[str, Any]], planted: dict[str, Any]
) -> None:
    by_role = {plan["role"]: area for area, plan in planted["areas"].items() if plan["role"] != "ordinary"}
    first, second, third = shares(known, by_role["decline"], simulated)
    assert second / first == pytest.approx(0.75, abs=0.1)
    assert third / second == pytest.approx(0.75, abs=0.1)
    first, second, third = shares(known, by_role["constant"], simulated)
    assert second / first == pytest.approx(1.0, abs=0.15)
    assert third / second == pytest.approx(1.0, abs=0.15)


def test_one_route_overtakes_another(known: list[dict[str, Any]], planted: dict[str, Any]) -> None:
    plan = planted["overtaking"]
    loser, winner = (f"{plan['area']}/{plan[name]}" for name in ("overtaken", "overtaking"))
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for label in known:
        (before if label["week"] < plan["crossing_week"] else after).update(label["routes"])
    assert before[loser] > 1.3 * before[winner]
    assert after[winner] > 1.3 * after[loser]


def test_the_new_term_appears_in_the_third_year_and_is_in_no_area(
    taxonomy: Taxonomy, known: list[dict[str, Any]], planted: dict[str, Any], newest: list[Paper]
) -> None:
    with_term = [label for label in known if label["new_term"]]
    assert min(label["week"] for label in with_term) >= planted["new_term"]["first_week"] >= "2025-W40"
    halves = Counter(label["week"] >= "2026-W22" for label in with_term)
    assert halves[True] > 1.5 * halves[False] > 0
    assert all(label["areas"] == [] for label in with_term)
    vocabulary = {term.text.lower() for area in taxonomy.areas for term in area.terms}
    assert not vocabulary & {variant.lower() for variant in planted["new_term"]["variants"]}
    by_id = {f"arxiv:{paper.id}": paper for paper in newest}
    for label in with_term:
        paper = by_id[label["id"]]
        found = f"{paper.title} {paper.abstract}".lower()
        assert paper.withdrawn or any(variant in found for variant in planted["new_term"]["variants"])


def test_items_of_an_area_use_its_words(
    taxonomy: Taxonomy, known: list[dict[str, Any]], newest: list[Paper], planted: dict[str, Any]
) -> None:
    by_id = {f"arxiv:{paper.id}": paper for paper in newest}
    words: defaultdict[str, set[str]] = defaultdict(set)
    for area in taxonomy.areas:
        words[area.id] |= {term.text.lower() for term in area.terms if term.weight >= 1}
        words[area.id] |= {term.text.lower() for route in area.routes for term in route.terms}
    checked = 0
    for label in known[:20_000]:
        paper = by_id[label["id"]]
        if len(label["areas"]) == 1 and not label["withdrawn"]:
            found = f"{paper.title} {paper.abstract}".lower().replace("$_", "").replace("$", "")
            assert any(word.replace("$_", "").replace("$", "") in found for word in words[label["areas"][0]]), paper
            checked += 1
    assert checked > 3000


def test_there_are_several_labels_near_misses_and_background(known: list[dict[str, Any]]) -> None:
    sizes = Counter(len(label["areas"]) for label in known)
    assert sizes[2] > 100
    assert sizes[0] > sizes[1] > 0
    assert sum(label["near_miss"] is not None for label in known) > 1000
    assert all(not label["areas"] for label in known if label["near_miss"])


def test_replacements_withdrawals_cross_lists_and_old_papers(newest: list[Paper]) -> None:
    revised = sum(len(paper.versions) > 1 for paper in newest) / len(newest)
    assert 0.2 < revised < 0.3
    withdrawn = [paper for paper in newest if paper.withdrawn]
    assert 50 < len(withdrawn) < 300
    assert all(paper.versions[-1].source_type == "I" and "withdrawn" in str(paper.comments) for paper in withdrawn)
    assert all("withdrawn" in str(p.abstract) or "撤回" in str(p.abstract) for p in withdrawn)
    assert 0.2 < sum(" " in paper.categories for paper in newest) / len(newest) < 0.6
    old = [paper for paper in newest if "/" in paper.id]
    assert len(old) > 20
    assert all(paper.versions[0].submitted.year < 2006 < paper.versions[-1].submitted.year for paper in old)


def test_a_later_version_shows_only_after_its_announcement(simulated: SimulatedWorld, newest: list[Paper]) -> None:
    last = next(paper for paper in newest if len(paper.versions) == 2 and "/" not in paper.id)
    events = simulated.events_of(last.id)
    first, second = simulated.describe(events)
    assert (len(first.versions), len(second.versions)) == (1, 2)
    assert first.title == second.title
    assert first.abstract != second.abstract
    assert simulated.events.superseded[events[0]] == simulated.events.modified[events[1]]


def test_a_twelfth_area_needs_no_code_and_moves_no_other_plan(taxonomy: Taxonomy, planted: dict[str, Any]) -> None:
    new = taxonomy.areas[0].model_copy(update={"id": "zz_twelfth"})
    world = SimulatedWorld(Taxonomy((*taxonomy.areas, new), "test"), items_per_week=50, weeks=60)
    assert any("zz_twelfth" in label["areas"] for label in labels(world))
    after = truth(world)["areas"]
    assert {a: after[a]["growth_pct"] for a in planted["areas"]} == {
        a: plan["growth_pct"] for a, plan in planted["areas"].items()
    }


@pytest.mark.parametrize("number", [1, 2, 3])
def test_few_areas_are_enough(taxonomy: Taxonomy, number: int) -> None:
    world = SimulatedWorld(Taxonomy(taxonomy.areas[:number], "few"), items_per_week=20, weeks=3)
    assert len(world.describe(range(10))) == 10
    json.dumps(truth(world))


def test_truth_files_are_the_same_bytes_each_time(taxonomy: Taxonomy, tmp_path: Path) -> None:
    for name in ("a", "b"):
        world = SimulatedWorld(taxonomy, items_per_week=20, weeks=5)
        write_truth(world, tmp_path / f"{name}.json")
        write_labels(world, tmp_path / f"{name}.jsonl")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert "SIMULATED" in (tmp_path / "a.json").read_text()


@pytest.mark.parametrize(("size", "weeks"), [(0, 5), (20_000, 5), (5, 0)])
def test_sizes_that_ids_cannot_hold_are_refused(taxonomy: Taxonomy, size: int, weeks: int) -> None:
    with pytest.raises(UsageError, match="items a week"):
        SimulatedWorld(taxonomy, items_per_week=size, weeks=weeks)
