"""The term channel in a world where it is known what rises, who writes about it and when."""

from dataclasses import replace

import numpy as np
import pytest

from horizon.records import Signal
from tests.trends.papers import AS_OF, FIRST, LAST_WEEK, RISING, background, index_of, planted
from trends.signals.detect import detect
from trends.signals.flags import FEATURES, find_flags
from trends.signals.index import build_index
from trends.signals.outcomes import settle
from trends.signals.prior import RatePrior, fit_prior
from trends.signals.ranking import PastFlag, fit_ranking, shipped_model
from trends.terms import Paper, extract_week, from_bytes, to_bytes, week_number

WORLD = tuple(background())
TOPIC = planted("quantum teapots", RISING)


def _signals(papers: list[Paper], **options: object) -> dict[str, Signal]:
    found = detect(index_of([*WORLD, *papers]), LAST_WEEK, "sim", **options)  # type: ignore[arg-type]
    return {signal.term: signal for signal in found.signals}


def test_a_planted_topic_is_found_with_its_papers_groups_and_reasons() -> None:
    signal = _signals(TOPIC)["quantum teapot"]
    assert signal.n_recent == 40
    assert signal.n_base == 8
    assert signal.eb05 > 1.5
    assert signal.groups == 40
    assert signal.categories == 4
    assert signal.first_seen == TOPIC[0].day
    assert len(signal.item_ids) == 10
    assert all(item.startswith("new:") for item in signal.item_ids)
    assert signal.why_now["weeks_active"] == 26
    assert signal.why_now["growth_26w"] > 3
    assert signal.killed_by["groups"] == 6
    assert signal.p_sustained is None
    assert set(signal.variants) == {"quantum", "teapot"}


def test_nothing_else_in_that_world_is_a_signal() -> None:
    assert set(_signals(TOPIC)) == {"quantum teapot"}
    assert _signals([]) == {}


def test_dates_at_random_make_no_signal() -> None:
    days = np.random.default_rng(3).permutation([paper.day.toordinal() for paper in (*WORLD, *TOPIC)])
    mixed = [replace(paper, day=FIRST.fromordinal(int(day))) for paper, day in zip((*WORLD, *TOPIC), days, strict=True)]
    assert detect(index_of(mixed), LAST_WEEK, "sim").signals == ()


def test_first_sight_becomes_confirmed_when_the_half_year_before_was_flagged_by_itself() -> None:
    late = [*range(214, 240), *range(214, 240)]
    assert _signals(planted("quantum teapots", late))["quantum teapot"].tier == "first_sight"
    early = [*range(188, 214), *range(214, 240), *range(214, 240)]
    assert _signals(planted("quantum teapots", early))["quantum teapot"].tier == "confirmed"


@pytest.mark.parametrize(
    ("why", "papers"),
    [
        ("proceedings", planted("quantum teapots", [220] * 30 + list(range(214, 240)))),
        ("one group", planted("quantum teapots", RISING, authors=3)),
        ("one category", planted("quantum teapots", RISING, categories=1)),
        ("few weeks", planted("quantum teapots", [215, 219, 223, 227, 231, 235] * 5)),
        ("never in a title", planted("quantum teapots", RISING, title=False)),
        ("prose", planted("promising extensive results", RISING)),
    ],
)
def test_what_is_no_technology_is_refused(why: str, papers: list[Paper]) -> None:
    assert _signals(papers) == {}, why


def test_terms_of_one_event_are_one_signal() -> None:
    """A third of the papers name a part of it too: less than half of all, but hardly ever without it."""
    both = [
        replace(paper, title=f"{paper.title} of ceramic spoutlets") if place % 3 == 0 else paper
        for place, paper in enumerate(TOPIC)
    ]
    flagged = {flag.term for flag in find_flags(index_of([*WORLD, *both]), LAST_WEEK)}
    assert {"quantum teapot", "ceramic spoutlet"} <= flagged
    found = _signals(both)
    assert set(found) == {"quantum teapot"}
    assert "ceramic spoutlet" in found["quantum teapot"].variants


def test_what_the_taxonomy_watches_is_no_signal() -> None:
    assert _signals(TOPIC, lexicon=("Quantum Teapots",)) == {}


def test_spellings_are_merged_even_without_common_papers() -> None:
    half = [week for week in RISING if week >= 200]
    short = planted("QTEA", half[::2], name="short")
    long = planted("quite tepid earthen ambers", half[1::2], name="long")
    said = [replace(paper, abstract=f"{paper.abstract} Tepid amber cups (TAC)") for paper in planted("TAC", half)]
    found = _signals([*said, *planted("tepid amber cups", half, name="more")])
    assert len(found) == 1
    assert len(_signals([*short, *long])) == 2


def test_nearest_area_and_sector_come_from_the_hook() -> None:
    signal = _signals(TOPIC, place=lambda term, items: ("quantum_technology", f"{term} {len(items)}"))
    assert signal["quantum teapot"].nearest_area == "quantum_technology"
    assert signal["quantum teapot"].sector == "quantum teapot 10"


def test_nothing_after_the_week_changes_anything() -> None:
    week = LAST_WEEK - 8
    until = [paper for paper in (*WORLD, *TOPIC) if week_number(paper.day) <= week]
    junk = [
        Paper(f"junk:{at}", paper.day, "quantum teapots \\ $ junk", "promising (QT)", ("X. Y",), ("z.ZZ",))
        for at, paper in enumerate((*WORLD, *TOPIC))
        if week_number(paper.day) > week
    ]
    whole, cut, junked = (index_of([*papers]) for papers in ((*WORLD, *TOPIC), until, (*until, *junk)))
    assert detect(whole, week, "sim").signals
    assert detect(whole, week, "sim") == detect(cut, week, "sim") == detect(junked, week, "sim")


def test_weeks_kept_as_bytes_and_added_one_by_one_give_the_same_index_as_all_at_once() -> None:
    weeks: dict[int, list[Paper]] = {}
    for paper in (*WORLD, *TOPIC):
        weeks.setdefault(week_number(paper.day), []).append(paper)
    kept = [from_bytes(to_bytes(extract_week(weeks[week]))) for week in sorted(weeks, reverse=True)]
    whole, added = index_of([*WORLD, *TOPIC]), build_index(kept)
    for name in ("hashes", "anchored", "pointers", "terms", "in_title", "week", "last_author", "category"):
        assert np.array_equal(getattr(whole, name), getattr(added, name)), name
    assert detect(whole, LAST_WEEK, "sim") == detect(added, LAST_WEEK, "sim")


def test_a_week_twice_is_refused() -> None:
    block = extract_week([WORLD[0]])
    with pytest.raises(ValueError, match="one block a week"):
        build_index([block, block])


def test_without_a_year_of_base_there_are_no_flags() -> None:
    index = index_of([*WORLD, *TOPIC])
    assert find_flags(index, week_number(FIRST) + 60) == ()
    assert find_flags(build_index([]), LAST_WEEK) == ()


def test_the_prior_finds_the_two_parts_that_made_the_counts() -> None:
    random = np.random.default_rng(2)
    expected = np.full(20_000, 12.0)
    rates = np.where(random.random(20_000) < 0.15, random.gamma(2, 1, 20_000), random.gamma(60, 1 / 60, 20_000))
    found = fit_prior(random.poisson(rates * expected).astype(float), expected, np.ones(20_000))
    assert found.weight == pytest.approx(0.15, abs=0.03)
    assert found.shape[1] / found.rate[1] == pytest.approx(1, abs=0.03)
    assert found.shape[0] / found.rate[0] == pytest.approx(2, abs=0.3)


def test_the_lower_bound_is_the_5_percent_point_of_the_posterior() -> None:
    prior = RatePrior(0.5, (2.0, 2.0), (2.0, 2.0))
    posterior = prior.posterior(np.array([10.0]), np.array([5.0]))
    draws = np.random.default_rng(1).gamma(12, 1 / 7, 200_000)
    assert posterior.quantile(0.05)[0] == pytest.approx(np.quantile(draws, 0.05), rel=0.01)
    assert posterior.mean()[0] == pytest.approx(12 / 7)


def test_an_outcome_is_the_later_share_over_the_share_at_the_flag() -> None:
    flagged = LAST_WEEK - 104
    at = flagged - week_number(FIRST)
    same = planted("quantum teapots", [*range(at - 25, at + 105)])
    twice = planted("copper kettles", [*range(at - 25, at + 1), *[*range(at + 53, at + 105)] * 2], name="kettle")
    gone = planted("silver spoons", [*range(at - 25, at + 1), at + 30], name="spoon")
    index = index_of([*WORLD, *same, *twice, *gone])
    past = [PastFlag(flagged, term, (0.0,) * 4) for term in ("quantum teapot", "copper kettle", "silver spoon")]
    ratios = [flag.ratio for flag in settle(index, past)]
    assert ratios[0] == pytest.approx(1, abs=0.1)
    assert ratios[1] == pytest.approx(2, abs=0.2)
    assert ratios[2] == 0
    young = settle(index, [PastFlag(LAST_WEEK - 60, "quantum teapot", (0.0,) * 4)])[0]
    assert young.ratio is None
    assert young.ratio_52 is not None


def _history(weeks: int = 20, seed: int = 4) -> list[PastFlag]:
    """Flags that last when their first feature is above 0."""
    random = np.random.default_rng(seed)
    found = []
    for week in range(weeks):
        for number in range(60):
            features = tuple(random.normal(size=len(FEATURES)).tolist())
            ratio = float(np.exp(features[0] + 0.5 * random.normal()))
            found.append(PastFlag(13 * week, f"{week}.{number}", features, ratio, ratio, ratio))
    return found


def test_the_ranking_learns_what_lasts_and_says_how_sure_it_is() -> None:
    model = fit_ranking(_history(), 13 * 20 + 104)
    assert model is not None
    (low, _, _), (high, below, above) = model.predict([(-1.0, 0, 0, 0), (1.0, 0, 0, 0)])
    assert low < 0.25
    assert high > 0.75
    assert below < high < above


def test_the_ranking_knows_no_outcome_before_its_time() -> None:
    history = _history()
    week = 13 * 20
    known = [
        replace(
            flag,
            ratio=flag.ratio if flag.week + 104 <= week else 99.0,
            ratio_78=flag.ratio_78 if flag.week + 78 <= week else 99.0,
            ratio_52=flag.ratio_52 if flag.week + 52 <= week else 99.0,
        )
        for flag in history
    ]
    assert fit_ranking(history, week) == fit_ranking(known, week)
    assert fit_ranking(history, 13 * 5) is None


def test_with_little_history_the_shipped_model_speaks_and_with_much_it_is_moved() -> None:
    shipped = shipped_model()
    assert fit_ranking([], 100, shipped) is shipped
    moved = fit_ranking(_history(), 13 * 20 + 104, shipped)
    assert moved is not None
    assert moved.coefficients[1] > shipped.coefficients[1]
    signal = _signals(TOPIC, model=shipped)["quantum teapot"]
    assert signal.p_sustained is not None
    assert signal.p_sustained_lo80 is not None
    assert signal.p_sustained_hi80 is not None
    assert signal.p_sustained_lo80 < signal.p_sustained < signal.p_sustained_hi80


def test_at_most_ten_reach_a_person_but_every_flag_is_remembered() -> None:
    names = [
        "teapot",
        "kettle",
        "spoon",
        "saucer",
        "ladle",
        "whisk",
        "goblet",
        "pitcher",
        "cauldron",
        "skillet",
        "griddle",
        "tureen",
    ]
    topics = [paper for name in names for paper in planted(f"porcelain{name}", RISING, name=name)]
    found = detect(index_of([*WORLD, *topics]), LAST_WEEK, "sim")
    assert len(found.signals) == 10
    assert {flag.term for flag in found.flags} == {f"porcelain{name}" for name in names}
    assert week_number(AS_OF) == found.flags[0].week
